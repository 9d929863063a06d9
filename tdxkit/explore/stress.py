"""Random schedules from a seed: what a stress test would have seen, and what it would have missed."""

from dataclasses import dataclass
from random import Random

from tdxkit.explore.moves import Steps, able, first
from tdxkit.explore.program import Scenario
from tdxkit.explore.schedule import encode
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import Teller


@dataclass(frozen=True, slots=True)
class Walk:
    """One random run: its steps and code, the rules it broke with the step at which each broke, and did it come to an end."""

    steps: Steps
    schedule: str
    broken: tuple[tuple[int, str], ...]
    ended: bool


def walk(scenario: Scenario, seed: int, limit: int = 10_000, tables: Tables | None = None) -> Walk:
    """One run in which a seeded die says who goes next, past broken rules, to its end or to `limit` steps."""
    tables = tables or Tables(scenario)
    teller, die, state = Teller(tables), Random(seed), first(tables)
    steps: list[tuple[int, int]] = []
    broken: dict[str, int] = dict.fromkeys(teller.false_rules(state), 0)
    while len(steps) < limit:
        found = able(tables, state)
        if not found:
            break
        k, move = found[die.randrange(len(found))]
        steps.append((k, move.choice))
        state = move.state
        for name in (*move.outcome.broken, *(() if move.outcome.raised else teller.false_rules(state))):
            broken.setdefault(name, len(steps))
        if move.outcome.raised:
            break
    told = tuple((step, name) for name, step in broken.items())
    return Walk(tuple(steps), encode(scenario, tuple(steps), tables), told, len(steps) < limit)


def walks(scenario: Scenario, seed: int, count: int, limit: int = 10_000) -> list[Walk]:
    """So many random runs, each with its own seed made from `seed`: the same seed gives the same runs."""
    tables = Tables(scenario)
    return [walk(scenario, seed * 1_000_003 + k, limit, tables) for k in range(count)]
