"""Where threads stand: places as numbers, what a CPU's store buffer holds there, and who of one CPU may run."""

from dataclasses import replace

from tdxkit.explore.buffers import DRAIN, DRAINS, TSO, Buffer
from tdxkit.explore.effects import Effect, Place
from tdxkit.explore.program import Scenario
from tdxkit.explore.states import States
from tdxkit.kinds import Act

FINISHED = 0  # the place of every thread whose program has ended and whose stores have reached memory


class Standing(States):
    """The places of a scenario's threads, numbered as they are met: `places[lid]` is a Place.

    hands: the places of interrupts that have ended and leave a buffer to who goes on there.
    """

    def __init__(self, scenario: Scenario, apart: bool):
        super().__init__(scenario)
        self.apart, self.tso = apart, scenario.memory == TSO
        self.places: list[Place] = [Place(Act(""), (), (), (), (), None, None, -1)]
        self._lids: dict[object, int] = {}
        self.hands: set[int] = set()
        self.first_lids: tuple[int, ...] = ()
        self.interrupts = [(i, host) for i, host in enumerate(scenario.hosts) if host is not None]
        self.hosted = bool(self.interrupts)
        self._off = {
            i: (scenario.notes.index(off[0]), off[1]) for i, _ in self.interrupts if (off := scenario.threads[i].off)
        }
        bound = {host for _, host in self.interrupts}
        self.roles = [k if apart or k in bound or host is not None else None for k, host in enumerate(scenario.hosts)]

    def suspended(self, lids: tuple[int, ...]) -> dict[int, int]:
        """The threads that cannot move because an interrupt of their CPU has started and not finished: thread, interrupt."""
        beneath, first = self.scenario.beneath, self.first_lids
        found = {k: i for i, _ in self.interrupts if lids[i] not in (FINISHED, first[i]) for k in beneath[i]}
        for i, _ in self.interrupts:
            if lids[i] == first[i]:
                found.update((i, k) for k in beneath[i] if self.keeps_off(i, lids[k]))
        return found

    def keeps_off(self, i: int, lid: int) -> bool:
        """Does who stands here keep interrupt i from beginning: by a store in the buffer, or by what it has switched off?"""
        return bool(self.places[lid].buffer) or self.holds_off(i, lid)

    def holds_off(self, i: int, lid: int) -> bool:
        """Has who stands here noted what holds interrupt i off? Who has finished has nothing."""
        at = self.places[lid]
        note, least = self._off.get(i, (0, 0))
        return i in self._off and not at.over and at.notes[note] >= least

    def lets_in(self, lid: int) -> tuple:
        """What a thread that stands here keeps interrupts from beginning with."""
        return (self.places[lid].buffer, *(self.holds_off(i, lid) for i in self._off))

    def handed(self, lids: tuple[int, ...]) -> tuple[int, ...]:
        """The same places where an interrupt that has just ended leaves its CPU's buffer to who goes on there."""
        for i, _ in self.interrupts if self.hands else ():
            at = self.places[lids[i]]
            if lids[i] in self.hands:
                ended = (*lids[:i], FINISHED, *lids[i + 1 :])
                kept = self.suspended(ended)
                (heir,) = (k for k in self.scenario.beneath[i] if k not in kept and self._runs(k, ended[k]))
                return (
                    *ended[:heir],
                    self.with_buffer(self.standing_at(heir, ended[heir]), at.buffer),
                    *ended[heir + 1 :],
                )
        return lids

    def _runs(self, k: int, lid: int) -> bool:
        """Is it the thread of a CPU itself, or an interrupt that has begun and not ended?"""
        return self.scenario.hosts[k] is None or lid not in (FINISHED, self.first_lids[k])

    def _drain(self, at: Place) -> Effect:
        """The oldest store of the buffer reaches memory."""
        (slot, number), *rest = at.buffer
        told = f"the store {self.said(slot, number)} leaves the buffer: now all see it"
        after = self.with_buffer(at, tuple(rest))
        at.rows[DRAIN] = Effect((), ((slot, number),), after, (), False, told, DRAINS, at.held, at.notes)
        return at.rows[DRAIN]

    def standing_at(self, k: int, lid: int) -> Place:
        """Where thread k stands, as a place of its own where it has finished."""
        return self.places[lid] if lid != FINISHED else over(self.roles[k], k)

    def with_buffer(self, at: Place, buffer: Buffer) -> int:
        """The number of the same place with another buffer."""
        if at.over and not buffer:
            return FINISHED
        key = (*at.key, buffer) if buffer else at.key
        lid = self._lids.get(key)
        if lid is None:
            lid = self._lids[key] = len(self.places)
            self.places.append(replace(at, buffer=buffer, rows=[], pool=[]))
            if at.over and self.scenario.hosts[at.start] is not None:
                self.hands.add(lid)
        return lid


def over(role: object, start: int) -> Place:
    """Where a thread stands whose program has ended, or has not been begun."""
    return Place(Act(""), (), (), (), (), None, role, start, key=(role, "over"))
