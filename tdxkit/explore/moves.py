"""One step forward from a state with named threads: what replay, the stepper's graph, random walks and codes have in common.

A state is (sid, lids): the number of a state of the shared memory and, for each thread in order, the number of its place.
"""

from typing import NamedTuple

from tdxkit.explore.tables import FINISHED, Effect, Tables

State = tuple[int, tuple[int, ...]]
Steps = tuple[tuple[int, int], ...]  # a schedule: which thread, and the index of the value it is given


class Move(NamedTuple):
    """A step that a thread can take: the value it is given, what comes of it, the state after it."""

    choice: int
    outcome: Effect
    sid: int
    lids: tuple[int, ...]


def first(tables: Tables) -> State:
    """The state before the first step."""
    return tables.first_sid, tables.first_lids


def interrupter(tables: Tables, lids: tuple[int, ...], k: int) -> int | None:
    """The interrupt that has started and not finished and so keeps thread k from moving; None where there is none."""
    for i, host in enumerate(tables.scenario.hosts):
        if host == k and lids[i] not in (FINISHED, tables.first_lids[i]):
            return i
    return None


def moves(tables: Tables, state: State, k: int) -> list[Move]:
    """The steps that thread k can take; none where it has finished, is interrupted or blocked."""
    sid, lids = state
    lid = lids[k]
    if lid == FINISHED or interrupter(tables, lids, k) is not None:
        return []
    found = []
    for choice in range(len(tables.places[lid].choices)):
        outcome = tables.outcome(sid, lid, choice)
        after = tables.apply(sid, outcome)
        if outcome.broken or after != sid or outcome.after != lid:
            found.append(Move(choice, outcome, after, (*lids[:k], outcome.after, *lids[k + 1 :])))
    return found


def one_by_one(tables: Tables, last: bool, limit: int = 2000):
    """Run the threads one after the other, each as far as it gets, and again while any moves; yields (thread, move).

    `last` takes the last of several values instead of the first.
    """
    state, steps, moved = first(tables), 0, True
    while moved:
        moved = False
        for k in range(len(tables.first_lids)):
            while steps < limit and (found := moves(tables, state, k)):
                move = found[-1 if last else 0]
                yield k, move, tables.places[state[1][k]].label
                if move.outcome.raised:
                    return
                state, steps, moved = (move.sid, move.lids), steps + 1, True
