"""Steps forward from a state with named threads: what replay, the stepper's graph, random walks, audits and codes have in common.

A state is (sid, lids): the number of a state of the shared memory and, for each thread in order, the number of its place.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tdxkit.explore.tables import FINISHED, Effect, Tables

State = tuple[int, tuple[int, ...]]
Steps = tuple[tuple[int, int], ...]  # a schedule: which thread, and the index of the value it is given


class Move(NamedTuple):
    """A step that a thread can take: the value it is given, what comes of it, the state after it."""

    choice: int
    outcome: Effect
    state: State


def first(tables: Tables) -> State:
    """The state before the first step."""
    return tables.first_sid, tables.first_lids


def moves(tables: Tables, state: State, k: int) -> list[Move]:
    """The steps that thread k can take; none where it has finished, is interrupted or blocked."""
    sid, lids = state
    lid = lids[k]
    if lid == FINISHED or (tables.interrupts and k in tables.suspended(lids)):
        return []
    found = []
    for choice in tables.places[lid].options:
        if step := tables.step(sid, lid, choice):
            effect, after = step
            found.append(Move(choice, effect, (after, tables.handed((*lids[:k], effect.after, *lids[k + 1 :])))))
    return found


def able(tables: Tables, state: State) -> list[tuple[int, Move]]:
    """Every step that some thread can take, as (thread, move)."""
    return [(k, move) for k in range(len(state[1])) for move in moves(tables, state, k)]


def pick(tables: Tables, state: State, k: int, choice: int) -> Move | None:
    """The move of thread k with this choice; None where it cannot be made."""
    return next((m for m in moves(tables, state, k) if m.choice == choice), None) if k < len(state[1]) else None


def follow(tables: Tables, steps: Iterable[tuple[int, int]]) -> Iterator[tuple[int, State, Move]]:
    """A schedule from the first state on, as (thread, state before, move), up to a step that does not fit or a raised error."""
    state = first(tables)
    for k, choice in steps:
        move = pick(tables, state, k, choice)
        if move is None:
            return
        yield k, state, move
        if move.outcome.raised:
            return
        state = move.state


def one_by_one(tables: Tables, last: bool, limit: int = 2000) -> Iterator[tuple[int, State, Move]]:
    """The threads one after the other, each as far as it gets, and again while any moves; as `follow` yields it.

    `last` takes the last of several values instead of the first.
    """
    state, steps, moved = first(tables), 0, True
    while moved:
        moved = False
        for k in range(len(tables.first_lids)):
            while steps < limit and (found := moves(tables, state, k)):
                move = found[-1 if last else 0]
                yield k, state, move
                if move.outcome.raised:
                    return
                state, steps, moved = move.state, steps + 1, True
