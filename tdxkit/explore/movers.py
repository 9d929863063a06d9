"""Locks that move: which steps about a lock may be taken together with the step after or before them (Lipton's movers).

Taking a lock moves right: what other threads do between it and the step after it could as well have come before it, for none of them can do
anything about a lock that is taken but wait. Letting go moves left, past what came after the step before it. So a lock that is taken goes
together with the next step, unless that looks at another lock, and a step together with the unlock after it. What is left out are states that
differ from others in the words of locks alone, and no deadlock is among them: where two threads have each taken a lock and cannot go on, what
they wait for is not a lock that the other has just taken, so the second comes there after the first, step by step.

That holds of a lock that is nothing but a lock: whoever does not hold it and looks at it takes it, or waits. No rule about states looks at it,
and no interrupt may come in, which would keep back the one who has just taken it. Whether a lock is such a one is known for sure when the
search is over; where it was not, the search is made again without it.

Sources: in SOURCES; that it changes no answer is shown on random programs and on every shipped design.
"""

from collections.abc import Iterator

from tdxkit.errors import TdxkitError
from tdxkit.explore.effects import Ask, Effect, effects
from tdxkit.explore.holding import weight
from tdxkit.explore.tables import Tables
from tdxkit.kinds import UNLOCK

SOURCES = ("lipton-movers",)


class Movers:
    """Which of a scenario's locks are taken for movers. `locks`: those that are; none where an interrupt may come in."""

    def __init__(self, tables: Tables):
        self.tables = tables
        self.locks = frozenset() if tables.interrupts else tables.locks

    def together(self, lid: int, effect: Effect, sid: int) -> bool:
        """Is a step from place `lid` that did this, in shared state `sid` after it, taken together with the step that follows?"""
        tables, ahead = self.tables, self.tables.places[effect.after]
        held = tables.places[lid].held
        taken = set(effect.held) - set(held)
        if taken and taken == {slot for slot, _ in effect.writes} and self._only(effect, taken):
            return self._moves(sid, effect.after)
        if ahead.held and ahead.label.kind in (UNLOCK, "") and len(ahead.choices) == 1 and not ahead.buffer:
            step = tables.step(sid, effect.after, 0)
            return step is not None and step[0].kind == UNLOCK and self._lets_go(step[0], ahead.held)
        return False

    def _lets_go(self, effect: Effect, held: tuple[int, ...]) -> bool:
        return not effect.broken and self._only(effect, set(held) - set(effect.held))

    def _only(self, effect: Effect, slots: set[int]) -> bool:
        """Does a step touch nothing but one lock that moves?"""
        return len(slots) == 1 and slots <= self.locks and {*effect.reads, *(s for s, _ in effect.writes)} <= slots

    def _moves(self, sid: int, lid: int) -> bool:
        """Can the step from here be taken, whatever it is given, and can no other thread's taking a lock stop it?"""
        at = self.tables.places[lid]
        others = self.tables.locks.difference(at.held)
        steps = [self.tables.step(sid, lid, choice) for choice in range(len(at.choices))]
        return bool(steps) and all(step and others.isdisjoint(step[0].reads) for step in steps)

    def doubt(self) -> bool:
        """Was a lock taken for a mover that is none, as far as the tables know? Then it is one no more."""
        wrong = {slot for slot in self.locks if slot in self.tables.judged or not all(self._waits(slot))}
        self.locks -= wrong
        return bool(wrong)

    def _waits(self, slot: int) -> Iterator[bool]:
        """For each step that looks at a lock which its thread does not hold: does it wait where the lock is taken?"""
        tables = self.tables
        taken = {n for numbers in tables.shared for n in (numbers[slot],) if weight(tables.lock_word(slot, n))}
        taken |= {
            n
            for at in tables.places
            for e in effects(at.rows)
            for s, n in e.writes
            if s == slot and weight(tables.lock_word(slot, n))
        }
        for lid in range(1, len(tables.places)):
            at = tables.places[lid]
            for choice, row in enumerate(at.rows[: len(at.choices)]):
                if slot not in at.held:
                    for seen in list(_before(row, slot, ())):
                        yield from (self._blocked(lid, choice, seen, slot, number) for number in sorted(taken))

    def _blocked(self, lid: int, choice: int, seen: tuple, slot: int, number: int) -> bool:
        """Does the step wait where it sees these values and the lock taken so, whatever else there is?

        It is tried, and then forgotten: no run need come there."""
        tables = self.tables
        numbers = list(tables.shared[tables.first_sid])
        for at, value in (*seen, (slot, number)):
            numbers[at] = value
        try:
            with tables.aside(lid):
                sid = tables.sid(tuple(numbers))
                asked = tables.outcome(sid, lid, choice).reads
                return tables.step(sid, lid, choice) is None and {*asked} <= {slot, *(s for s, _ in seen)}
        except TdxkitError:
            return False  # nobody comes there, or what it does there cannot be known


def _before(row, slot: int, seen: tuple) -> Iterator[tuple]:
    """What a step has seen before it asks for a slot, each way there is."""
    if type(row) is Ask:
        if row.slot == slot:
            yield seen
            return
        for number, branch in row.branches.items():
            yield from _before(branch, slot, (*seen, (row.slot, number)))
