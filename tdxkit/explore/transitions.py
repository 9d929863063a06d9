"""All that the threads of a scenario may do, written out: what must be the case, what changes. For those who want the tables as a whole.

A search asks the tables for the steps of one state; another tool wants them once and for all. Here each is a Transition over the shared
variables and over the place where each thread stands; who is kept back by an interrupt, or by a store buffer that is not empty, is a
condition on where others stand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tdxkit.explore.buffers import DRAIN
from tdxkit.explore.effects import Ask, Effect, ways
from tdxkit.explore.tables import FINISHED, Tables

Seen = tuple[tuple[int, int], ...]  # (slot, number of a value)


@dataclass(slots=True)
class Transition:
    """A step of `thread` from place `lid`, given a choice: when, what it does, which rules it breaks.

    stands: where others must stand, one of these places each. avoids: places where others must not stand. sees: what shared variables must
    hold; not_all: not all of these at once; but_not: what one of them must not hold. writes: what they hold then. goes: where threads stand
    then. known: False stands for every step of which the tables do not know what it does.
    """

    thread: int
    lid: int
    choice: int
    stands: dict[int, tuple[int, ...]] = field(default_factory=dict)
    avoids: dict[int, tuple[int, ...]] = field(default_factory=dict)
    sees: Seen = ()
    not_all: Seen = ()
    but_not: Seen = ()
    writes: Seen = ()
    goes: dict[int, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    known: bool = True


class Transitions:
    """The transitions of a scenario whose tables a search has filled. complete: it has filled them to the last."""

    def __init__(self, tables: Tables, complete: bool):
        self.tables, self.complete = tables, complete
        self._beneath = tables.scenario.beneath
        heirs = {j for i, _ in tables.interrupts if tables.hands for j in self._beneath[i]}
        self._inherits = {j: {tables.places[hand].buffer for hand in tables.hands} for j in heirs}

    def __iter__(self) -> Iterator[Transition]:
        for k in range(len(self.tables.scenario.threads)):
            yield from self._thread(k)

    def _thread(self, k: int) -> Iterator[Transition]:
        tables = self.tables
        order = [tables.first_lids[k]]
        if k in self._inherits:
            order.append(FINISHED)
        known = {FINISHED, *order}
        for lid in order:
            at, new = tables.places[lid], []
            for choice in at.options if lid != FINISHED else ():
                for sees, effect in self._ways(lid, choice):
                    new += [effect.after] if effect.after not in tables.hands else []
                    yield from self._steps(k, lid, choice, sees, effect)
                if not self.complete and choice != DRAIN:
                    for sees, but_not in _gaps(at.rows[choice] if at.rows else None, ()):
                        gap = self._step(k, lid, choice, sees)
                        gap.but_not, gap.known = but_not, False
                        yield gap
            if not at.buffer:  # an interrupt may leave its buffer to who stands here, and to who has finished
                new += [tables.with_buffer(tables.standing_at(k, lid), b) for b in self._inherits.get(k, ())]
            order += [after for after in dict.fromkeys(new) if after not in known]
            known.update(new)

    def _ways(self, lid: int, choice: int) -> Iterator[tuple[Seen, Effect]]:
        """What a step is known to do, under each of the values that it reads."""
        if choice == DRAIN:
            yield (), self.tables.outcome(self.tables.first_sid, lid, DRAIN)
            return
        rows = self.tables.places[lid].rows
        yield from ((tuple(sees.items()), effect) for _, sees, effect in ways(rows[choice : choice + 1]))

    def _step(self, k: int, lid: int, choice: int, sees: Seen) -> Transition:
        """A transition with what keeps its thread back: an interrupt of its CPU and, where it is one, its CPU's buffer and what that has switched off."""
        tables, first = self.tables, self.tables.first_lids
        over: dict[int, tuple[int, ...]] = {
            i: (FINISHED, first[i]) for i, _ in tables.interrupts if k in self._beneath[i]
        }
        full: dict[int, tuple[int, ...]] = {}
        if tables.scenario.hosts[k] is not None and lid == first[k]:
            full = {j: tuple(p for p in self._places(j) if tables.keeps_off(k, p)) for j in self._beneath[k]}
        return Transition(k, lid, choice, over, full, sees)

    def _steps(self, k: int, lid: int, choice: int, sees: Seen, effect: Effect) -> Iterator[Transition]:
        """The transitions of one way; none where nothing would change, several where who goes on with a buffer depends on where it stands."""
        step = self._step(k, lid, choice, sees)
        step.broken, step.writes = effect.broken, effect.writes
        if effect.after == lid and not effect.broken:
            step.not_all = tuple(write for write in effect.writes if write not in sees)
            if not step.not_all:
                return
        if effect.after not in self.tables.hands or effect.broken:
            step.goes = {k: effect.after}
            yield step
            return
        for j in self._beneath[k]:
            yield from self._handed(step, j, self.tables.places[effect.after].buffer)

    def _handed(self, step: Transition, j: int, buffer) -> Iterator[Transition]:
        """An interrupt's last step where thread j goes on with its buffer."""
        tables, k, first = self.tables, step.thread, self.tables.first_lids
        free = {i: (FINISHED, first[i]) for i, _ in tables.interrupts if i != k and j in self._beneath[i]}
        idle = (FINISHED, first[j]) if tables.scenario.hosts[j] is not None else ()
        for lid in self._places(j):
            if not tables.places[lid].buffer and lid not in idle:
                after = tables.with_buffer(tables.standing_at(j, lid), buffer)
                yield Transition(
                    k, step.lid, step.choice, {**step.stands, **free, j: (lid,)}, step.avoids, step.sees, step.not_all,
                    writes=step.writes, goes={k: FINISHED, j: after},
                )  # fmt: skip

    def _places(self, k: int) -> list[int]:
        """Every place that thread k, one of a CPU with interrupts, may stand at."""
        return [FINISHED, *(lid for lid, at in enumerate(self.tables.places) if at.role == k)]


def _gaps(row, sees: Seen) -> Iterator[tuple[Seen, Seen]]:
    """Where a row knows only some values of what it asks: what was seen before, and what it knows."""
    if type(row) is Ask:
        yield sees, tuple((row.slot, number) for number in row.branches)
        for number, branch in row.branches.items():
            yield from _gaps(branch, (*sees, (row.slot, number)))
