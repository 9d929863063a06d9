"""The tables against the real thing: a few schedules run on live generators must go as the tables say.

A model that uses a clock, a die or an outside object may do something else the second time; what a search says of it would be
worthless, so it is refused.
"""

from operator import is_

from tdxkit.errors import ModelError, printable
from tdxkit.explore.engine import World
from tdxkit.explore.moves import Steps, able, first
from tdxkit.explore.tables import Tables
from tdxkit.explore.values import PLAIN, frozen

ROUNDS, LONGEST = 2, 300


def audit(tables: Tables, steps: Steps | None = None) -> None:
    """Run `steps` and some seeded random schedules both ways; ModelError where they differ."""
    for seed in range(ROUNDS if tables.strange else 1):  # programs of ours are run so in the tests too
        _compare(tables, seed, None)
    if steps is not None:
        _compare(tables, 0, steps)
    _unchanged(tables)


def _unchanged(tables: Tables) -> None:
    """ModelError where a value that was kept is no longer the one it was: somebody changed it in its place."""
    for key, number in tables.numbers.items():
        value = tables.values[number]
        if type(value) not in PLAIN and frozen(value, "a shared variable", tables.layout.outside) != key:
            raise ModelError(
                f"{tables.scenario.name}: a shared variable holds {printable(value, 40)}",
                "it was changed in its place, which no state shows",
                "store a new value instead",
            )


def _compare(tables: Tables, seed: int, steps: Steps | None) -> None:
    world, state = World(tables.scenario), first(tables)
    for number in range(len(steps) if steps is not None else LONGEST):
        found = able(tables, state)
        if steps is not None:
            found = [(k, move) for k, move in found if (k, move.choice) == steps[number]]
        if not found:
            break
        k, move = found[hash((seed, number)) % len(found)]  # of numbers, so the same at each start
        label, asked = _ahead(tables, state[1][k]), world.asks[k]
        if (asked[0] if asked else "") != label:
            raise tables.fickle(label)
        broken = world.run_step(k, move.choice)
        if broken is None:
            raise tables.fickle(label)
        state = sid, lids = move.state
        shown, now = tables.shared[sid], world.memory._values
        same = all(map(is_, now, map(tables.values.__getitem__, shown)))
        same = same or all(tables.number(v, slot) == n for slot, (v, n) in enumerate(zip(now, shown)))
        after = [ask[0] if ask else "" for ask in world.asks]
        expected = [_ahead(tables, lid) for lid in lids]
        if tuple(broken) != move.outcome.broken or not same or after != expected:
            raise tables.fickle(label)
        if move.outcome.raised or broken or tables.false("always", sid):
            break  # no search goes past a broken rule, and what lies there may not be modelled
    world.close()


def _ahead(tables: Tables, lid: int) -> str:
    """What a thread that stands here is about to do; "" where its program has ended."""
    at = tables.places[lid]
    return "" if at.over else at.label
