"""What a step read that others had written, or had written and it could not see yet: what a wrong turn rests on."""

from collections.abc import Iterable

from tdxkit.explore.moves import Move, State
from tdxkit.explore.tables import Tables
from tdxkit.run import Read


def put_into_buffer(tables: Tables, state: State, k: int, move: Move) -> tuple[int, ...]:
    """The variables whose new values a move of thread k from this state leaves in its CPU's store buffer."""
    before, after = (tables.places[lids[k]].buffer for lids in (state[1], move.state[1]))
    return tuple(slot for slot, _ in after[len(before) :])


def looked(tables: Tables, state: State, k: int, move: Move) -> tuple[int, ...]:
    """The variables that a move of thread k from this state reads in memory: no locks, and none whose value its own buffer has."""
    own = {slot for slot, _ in tables.places[state[1][k]].buffer}
    return tuple(slot for slot in move.outcome.reads if slot not in own and slot not in tables.locks)


def hidden(tables: Tables, state: State, k: int, slot: int) -> tuple[int, ...]:
    """The threads whose CPUs' buffers hold a newer value of a variable than thread k can see."""
    cpus, places = tables.scenario.cpus, (tables.places[lid] for lid in state[1])
    return tuple(
        other for other, at in enumerate(places) if cpus[other] != cpus[k] and any(s == slot for s, _ in at.buffer)
    )


def others(tables: Tables, moment, k: int, move: Move) -> tuple[Read, ...]:
    """What a move of thread k reads that others wrote; `moment` (see telling.py) knows who wrote what when. A read of which a newer store
    waits in another CPU's buffer is told by that store."""
    labels, found = tables.layout.labels, []
    for slot in looked(tables, moment.state, k, move):
        late = _steps(moment, slot, hidden(tables, moment.state, k, slot))
        who, step = moment.wrote.get(slot, (k, 0))
        if late:
            found.append(Read(labels[slot], max(late), missed=True))
        elif who != k:
            found.append(Read(labels[slot], step))
    return tuple(found)


def _steps(moment, slot: int, threads: Iterable[int]) -> list[int]:
    return [step for who in threads if (step := moment.stored.get((who, slot)))]
