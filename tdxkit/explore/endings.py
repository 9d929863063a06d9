"""How it can all end, and in how many ways: every outcome of a scenario with its exact number of interleavings.

Here nothing stops at a broken rule: a run goes on and its outcome remembers which rules it broke on the way. The count goes once
over the states in an order in which each comes after all that lead to it; threads that stand at one place count as many as they
are. It counts schedules, each as one: it is no probability.
"""

from dataclasses import dataclass

from tdxkit.explore.given import given_scenario
from tdxkit.explore.livelock import without_end
from tdxkit.explore.moves import Steps
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Scenario
from tdxkit.explore.schedule import encode
from tdxkit.explore.space import Space, Turn
from tdxkit.explore.tables import Tables
from tdxkit.rules import result
from tdxkit.text import many, words


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to end: `ended` is finished, deadlock, raised or livelock; the shared state then (in a livelock: where no end can be reached
    any more), the rules broken on the way.

    interleavings: how many schedules end so, None where they never stop growing (a loop that changes something). schedule: the
    code of a shortest one.
    """

    ended: str
    state: dict[str, object]
    broken: tuple[str, ...]
    interleavings: int | None
    steps: int
    schedule: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcome table, shortest example first.

    `complete` is false where the bound on states was reached; `counted` is false then, and where a loop makes runs endless.
    """

    scenario: str
    rows: tuple[Outcome, ...]
    states: int
    complete: bool
    counted: bool

    @property
    def interleavings(self) -> int | None:
        """All schedules from the first step to the last; None where they cannot be counted."""
        return self._sum(self.rows)

    @property
    def bad(self) -> int | None:
        """The schedules on which some rule is broken."""
        return self._sum([row for row in self.rows if row.broken])

    def _sum(self, rows) -> int | None:
        return sum(row.interleavings for row in rows) if self.counted else None

    def __str__(self) -> str:
        rows = [
            f"{self.scenario}: {many(len(self.rows), 'outcome')}"
            + ("" if self.complete else f", bounded at {self.states:,} states")
        ]
        for row in self.rows:
            ways = "endless" if row.interleavings is None else f"{row.interleavings:,}"
            state = ", ".join(f"{k} {words(v)}" for k, v in row.state.items())
            rows.append(
                f"{ways:>14}  {row.ended}: {state}"
                + (f"  !! {'; '.join(map(result, row.broken))}" if row.broken else "")
            )
            rows.append(f"{'':14}  {row.schedule}")
        return "\n".join(rows)


def outcomes(scenario: Scenario, bound: int | None = None) -> Outcomes:
    """Every outcome of a scenario with its number of interleavings and an example; at most `bound` states (`scenario.bound`)."""
    given_scenario("outcomes", scenario)
    tables, bound = Tables(scenario), bound or scenario.bound
    graph = _Graph(Space(tables, fuse=False), bound)
    ways = graph.ways() if graph.complete else None
    if graph.complete and ways is None:
        graph.name_livelocks()
    table: dict[tuple, list] = {}
    for index, ended in graph.ends.items():
        sid, _, rules = graph.states[index]
        table.setdefault((ended, sid, rules), []).append(index)
    rows = []
    for (ended, sid, rules), indexes in table.items():
        steps = graph.steps(indexes[0])
        many = sum(ways[i] for i in indexes) if ways else None
        code = encode(scenario, steps, tables)
        rows.append(Outcome(ended, tables.state(sid), rules, many, len(steps), code))
    return Outcomes(scenario.name, tuple(rows), len(graph.states), graph.complete, ways is not None)


class _Graph:
    """All states, unfused, each with the rules broken so far: (shared state, places in order of their numbers, rules)."""

    def __init__(self, space: Space, bound: int):
        self.space = space
        first = space.first()
        start = (first.sid, tuple(sorted(first.lids)), space.false("always", first.sid))
        if space.interrupts:
            start = (first.sid, first.lids, start[2])
        self.states = [start]
        self.parents: list = [None]
        self.leaving: list[list[tuple[int, int]]] = []
        self.ends: dict[int, str] = {}
        self.complete = True
        number = {start: 0}
        for index, state in enumerate(self.states):
            self.leaving.append([])
            if index not in self.ends:
                self._expand(index, state, number)
            if len(self.states) > bound:
                self.complete = False
                break

    def _expand(self, index: int, state: tuple, number: dict) -> None:
        sid, lids, rules = state
        space, moved = self.space, False
        waiting = space.tables.suspended(lids) if space.interrupts else ()
        for k, lid in enumerate(lids):
            if not lid or lid in lids[:k] or k in waiting:
                continue
            for edge, raised in self._edges(sid, lid):
                moved = True
                after = space.tables.handed((*lids[:k], edge.lid, *lids[k + 1 :]))
                broken = rules + tuple(name for name in edge.broken if name not in rules)
                target = self._number(
                    (edge.sid, after if space.interrupts else tuple(sorted(after)), broken), raised, number
                )
                if target == len(self.parents):
                    self.parents.append((index, Turn(lid, edge.lid, edge.choices)))
                self.leaving[index].append((target, lids.count(lid)))
        if not moved:
            ended = DEADLOCK if any(lids) else "finished"
            names = [DEADLOCK] if any(lids) else space.false("at_end", sid)
            self.states[index] = (sid, lids, rules + tuple(name for name in names if name not in rules))
            self.ends[index] = ended

    def _edges(self, sid: int, lid: int):
        """The edges with the mark whether the program raised: it goes no further then."""
        space = self.space
        for edge in space.edges(sid, lid):
            yield edge, space.tables.outcome(sid, lid, edge.choices[0]).raised

    def _number(self, state: tuple, raised: bool, number: dict) -> int:
        key = (*state, raised) if raised else state
        if key not in number:
            number[key] = len(self.states)
            self.states.append(state)
            if raised:
                self.ends[number[key]] = "raised"
        return number[key]

    def ways(self) -> list[int] | None:
        """For each state the number of schedules that lead to it; None where a loop makes them endless."""
        missing = [0] * len(self.states)
        for leaving in self.leaving:
            for target, _ in leaving:
                missing[target] += 1
        ways = [0] * len(self.states)
        ways[0] = 1
        ready = [k for k, n in enumerate(missing) if not n]
        for index in ready:
            for target, times in self.leaving[index]:
                ways[target] += ways[index] * times
                missing[target] -= 1
                if not missing[target]:
                    ready.append(target)
        return ways if len(ready) == len(self.states) else None

    def name_livelocks(self) -> None:
        """Where runs come into states without a way to an end, the first of them is how they end."""
        lost = without_end({index: [target for target, _ in leaving] for index, leaving in enumerate(self.leaving)})
        for index in sorted(lost):
            before = self.parents[index]
            if before is None or before[0] not in lost:
                sid, lids, rules = self.states[index]
                self.states[index] = (sid, lids, (*rules, LIVELOCK))
                self.ends[index] = LIVELOCK

    def steps(self, index: int) -> Steps:
        """A shortest schedule to a state."""
        path = []
        while self.parents[index] is not None:
            index, turn = self.parents[index]
            path.append(turn)
        return self.space.named(path[::-1])
