"""The memory during one step of one thread: reads are noted in order, writes are kept aside, so that no step disturbs another."""

from typing import Protocol

from tdxkit.errors import ModelError
from tdxkit.explore.buffers import Buffer
from tdxkit.explore.holding import Held
from tdxkit.explore.memory import Layout, Memory


class Numbers(Protocol):
    """Values as numbers, and back: the tables that an overlay works for."""

    values: list[object]

    def number(self, value: object, slot: int) -> int:
        """The number of a value."""

    def fickle(self) -> ModelError:
        """What to say where a step reads what it did not read before."""


class Overlay(Memory):
    """The memory during one step of one thread: reads are noted in order, writes are kept aside."""

    __slots__ = ("_ahead", "_base", "_locks", "_own", "_reads", "_tables", "_writes")

    def __init__(self, layout: Layout, tables: Numbers, locks: frozenset[int]):
        put = object.__setattr__
        put(self, "_base", {})
        put(self, "_ahead", {})
        put(self, "_own", {})
        put(self, "_reads", None)
        put(self, "_writes", {})
        put(self, "_tables", tables)
        put(self, "_locks", locks)
        super().__init__(layout)

    def _on(self, base, noted: dict[str, int], buffer: Buffer = (), held: Held = ()) -> tuple[dict, dict]:
        """Start a step on these value numbers, by slot, what the thread has noted, what its CPU's buffer holds and which locks it holds; gives
        the reads of memory and the writes that the step will fill."""
        put = object.__setattr__
        reads: dict[int, int] = {}
        writes: dict[int, int] = {}
        put(self, "_base", base)
        put(self, "_ahead", dict(buffer))
        put(self, "_own", {})
        put(self, "_reads", reads)
        put(self, "_writes", writes)
        put(self, "_notes", noted)
        put(self, "_held", held)
        self._begin()
        return reads, writes

    def _off(self) -> None:
        """No step runs: whatever a closing generator does is dropped."""
        object.__setattr__(self, "_reads", None)

    def _load(self, slot: int) -> object:
        if self._reads is None:
            return self._values[slot]
        number = self._writes.get(slot)
        if number is None and slot in self._ahead:
            number = self._own[slot] = self._ahead[slot]
        if number is None:
            try:
                number = self._reads[slot] = self._base[slot]
            except KeyError:
                raise self._tables.fickle() from None
        return self._tables.values[number]

    def _written_word(self, slot: int) -> tuple[object, object] | None:
        if slot not in self._writes:
            return None
        before = self._reads[slot] if slot in self._reads else self._own[slot]
        return self._tables.values[before], self._tables.values[self._writes[slot]]

    def _store(self, slot: int, value: object) -> None:
        if self._reads is not None:
            if slot in self._locks:
                self._load(slot)  # whether a lock is taken or let go depends on what its word was
            self._writes[slot] = self._tables.number(value, slot)
