"""What is asked of all states of a small scenario, beside its rules: who waits for whom, which locks are taken, which are held where something is written.

    walk = drive(walked(scenario))
    held_up(walk)          # a place at which a CPU that is left alone comes to no end; None where there is none

Whoever can only wait until another CPU goes on stands before a lock, whatever that is called and of whatever it is made.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tdxkit.errors import ModelError
from tdxkit.explore.buffers import DRAIN
from tdxkit.explore.instruction import TAKES
from tdxkit.explore.moves import Move, State, Steps, able, first, moves
from tdxkit.explore.program import Scenario
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.kinds import LOCK
from tdxkit.run import Run
from tdxkit.work import Job

MOST_STATES = 20_000
TICK = 200  # states


@dataclass(slots=True)
class Walk:
    """All states of a scenario. ways: a shortest way to each, the nearest first; steps: each step that can be taken, as (state, CPU, move)."""

    scenario: Scenario
    tables: Tables
    ways: dict[State, Steps]
    steps: list[tuple[State, int, Move]] = field(default_factory=list)

    def run(self, state: State, *more: tuple[int, int]) -> Run:
        """The run that leads to a state, and on by these steps."""
        return replay_steps(self.scenario, (*self.ways[state], *more), self.tables)

    def writes(self) -> Iterator[tuple[str, State, int, Move]]:
        """Each write that there is: what is written, and the step, which is not that in which a store leaves the buffer."""
        labels = self.tables.layout.labels
        for state, k, move in self.steps:
            for slot, _ in move.outcome.writes if move.choice != DRAIN else ():
                yield labels[slot], state, k, move


def walked(one: Scenario, before: Iterable[int] = ()) -> Job[Walk]:
    """All states; before: CPUs that come to their end, one after the other, before the others begin. ModelError where there are too many."""
    tables = Tables(one)
    start, steps = _ended(tables, before)
    walk = Walk(one, tables, {start: steps})
    states = [start]
    for at, state in enumerate(states, 1):
        for k, move in able(tables, state):
            walk.steps.append((state, k, move))
            if move.state not in walk.ways:
                walk.ways[move.state] = (*walk.ways[state], (k, move.choice))
                states.append(move.state)
        if len(states) > MOST_STATES:
            raise ModelError(one.title, f"it has more than {MOST_STATES:,} states", "look for a smaller text")
        if not at % TICK:
            yield at, len(states)
    return walk


def held_up(walk: Walk) -> tuple[str, Run] | None:
    """A CPU that, left alone, comes to no end, and the run to where it stands so; the nearest there is."""
    cpus = range(len(walk.scenario.actors))
    back: dict[tuple[int, State], list[State]] = {}  # of a CPU the states from which a step of its own leads here
    for state, k, move in walk.steps:
        back.setdefault((k, move.state), []).append(state)
    ending = [_ending(k, walk.ways, back) for k in cpus]
    found = next(((state, k) for state in walk.ways for k in cpus if state not in ending[k]), None)
    return found and (walk.scenario.actors[found[1]], walk.run(found[0]))


def _ending(k: int, states: Iterable[State], back: Mapping[tuple[int, State], list[State]]) -> set[State]:
    """The states from which a CPU comes to its end by steps of its own."""
    there = {state for state in states if state[1][k] == FINISHED}
    todo = list(there)
    while todo:
        new = [state for state in back.get((k, todo.pop()), ()) if state not in there]
        there.update(new)
        todo += new
    return there


def taken(walk: Walk) -> dict[str, Run]:
    """The locks that are taken in some run, each with the shortest in which it is; a bit that is taken as one is one too."""
    found: dict[str, tuple[State, tuple[int, int]]] = {}
    locks = {walk.tables.layout.labels[slot] for slot in walk.tables.locks}
    for name, state, k, move in walk.writes():
        label = walk.tables.places[state[1][k]].label
        if move.outcome.kind == LOCK or (label.does and TAKES.search(label.does)) or name in locks:
            found.setdefault(name, (state, (k, move.choice)))
    return {name: walk.run(state, step) for name, (state, step) in found.items()}


def unguarded(walk: Walk, holding: Mapping[str, list[str]]) -> tuple[str, tuple[str, ...], Run] | None:
    """A variable that is written, the locks that its writer should hold and does not, and the run to there."""
    labels = walk.tables.layout.labels
    for name, state, k, move in walk.writes():
        held = {labels[slot] for slot in walk.tables.places[state[1][k]].held}
        if free := tuple(lock for lock in holding.get(name, ()) if lock not in held):
            return name, free, walk.run(state, (k, move.choice))
    return None


def _ended(tables: Tables, cpus: Iterable[int]) -> tuple[State, Steps]:
    """The state in which these CPUs have come to their end, one after the other, and the steps."""
    state, steps = first(tables), []
    for k in cpus:
        while state[1][k] != FINISHED and (found := moves(tables, state, k)):
            steps.append((k, found[0].choice))
            state = found[0].state
    return state, tuple(steps)
