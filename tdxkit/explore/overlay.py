"""The memory during one step of one thread: reads are noted in order, writes are kept aside, so that no step disturbs another."""

from typing import TYPE_CHECKING

from tdxkit.explore.memory import Layout, Memory

if TYPE_CHECKING:
    from tdxkit.explore.tables import Tables


class Overlay(Memory):
    """The memory during one step of one thread: reads are noted in order, writes are kept aside."""

    __slots__ = ("_base", "_reads", "_tables", "_writes")

    def __init__(self, layout: Layout, tables: "Tables"):
        put = object.__setattr__
        put(self, "_base", {})
        put(self, "_reads", None)
        put(self, "_writes", {})
        put(self, "_tables", tables)
        super().__init__(layout)

    def on(self, base) -> tuple[dict, dict]:
        """Start a step on these value numbers, by slot; gives the notes of reads and writes that the step will fill."""
        put = object.__setattr__
        reads, writes = {}, {}
        put(self, "_base", base)
        put(self, "_reads", reads)
        put(self, "_writes", writes)
        self.begin()
        return reads, writes

    def off(self) -> None:
        """No step runs: whatever a closing generator does is dropped."""
        object.__setattr__(self, "_reads", None)

    def load(self, slot: int) -> object:
        if self._reads is None:
            return self._values[slot]
        number = self._writes.get(slot)
        if number is None:
            try:
                number = self._reads[slot] = self._base[slot]
            except KeyError:
                raise self._tables.fickle() from None
        return self._tables.values[number]

    def store(self, slot: int, value: object) -> None:
        if self._reads is not None:
            self._writes[slot] = self._tables.number(value, slot)
