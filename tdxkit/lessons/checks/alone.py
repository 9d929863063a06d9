"""Does a text wait for nobody? Whoever can only wait until another CPU goes on stands before a lock, whatever that is called and of whatever it is made.

held_up(scenario)      # the first place at which a CPU that is left alone comes to no end, None where there is none
"""

from collections.abc import Iterable
from typing import NamedTuple

from tdxkit.errors import ModelError
from tdxkit.explore.moves import State, Steps, able, first, moves, pick
from tdxkit.explore.program import Scenario
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.run import Run
from tdxkit.work import Job

MOST_STATES = 20_000
TICK = 200  # states


class HeldUp(NamedTuple):
    """A run to where a CPU, left alone, comes to no end."""

    run: Run
    actor: str


def held_up(one: Scenario, before: Iterable[int] = ()) -> Job[HeldUp | None]:
    """The first such place that there is; before: CPUs that come to their end, one after the other, before the others begin. ModelError where it is too large."""
    tables = Tables(one)
    steps = _ended(tables, before)
    ways: dict[State, Steps] = {_after(tables, steps): steps}
    back: dict[tuple[int, State], list[State]] = {}  # of a CPU the states from which a step of its own leads here
    states = list(ways)
    for at, state in enumerate(states, 1):
        for k, move in able(tables, state):
            back.setdefault((k, move.state), []).append(state)
            if move.state not in ways:
                ways[move.state] = (*ways[state], (k, move.choice))
                states.append(move.state)
        if len(states) > MOST_STATES:
            raise ModelError(one.title, f"it has more than {MOST_STATES:,} states", "look for a smaller text")
        if not at % TICK:
            yield at, len(states)
    cpus = range(len(states[0][1]))
    ending = [_ending(k, states, back) for k in cpus]
    found = next(((state, k) for state in states for k in cpus if state not in ending[k]), None)
    return found and HeldUp(replay_steps(one, ways[found[0]], tables), one.actors[found[1]])


def _ending(k: int, states: list[State], back: dict) -> set[State]:
    """The states from which a CPU comes to its end by steps of its own."""
    there = {state for state in states if state[1][k] == FINISHED}
    todo = list(there)
    while todo:
        new = [state for state in back.get((k, todo.pop()), ()) if state not in there]
        there.update(new)
        todo += new
    return there


def _ended(tables: Tables, cpus: Iterable[int]) -> Steps:
    """The steps on which these CPUs come to their end, one after the other."""
    steps: list[tuple[int, int]] = []
    for k in cpus:
        state = _after(tables, steps)
        while state[1][k] != FINISHED and (found := moves(tables, state, k)):
            steps.append((k, found[0].choice))
            state = found[0].state
    return tuple(steps)


def _after(tables: Tables, steps: Iterable[tuple[int, int]]) -> State:
    state = first(tables)
    for k, choice in steps:
        move = pick(tables, state, k, choice)
        assert move is not None, "it was taken before"
        state = move.state
    return state
