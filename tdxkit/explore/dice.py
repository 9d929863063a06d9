"""Random schedules from a seed: what a stress test would have seen, and what it would have missed.

A die says who takes the next step. `stay` is how often whoever moved last simply goes on: at 0 every step is anybody's, at 0.99 a CPU is
overtaken once in a hundred steps, as on a machine where two CPUs seldom meet. It is no probability of a real machine's.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import cache
from random import Random

from tdxkit.explore.livelock import no_end
from tdxkit.explore.moves import Move, Steps, able, first, follow
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Scenario
from tdxkit.explore.schedule import encode
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.rules import result

LONGEST = 10_000  # steps; a run that is still going then is left, or told up to where no end could be reached any more


@dataclass(frozen=True, slots=True)
class Walk:
    """One random run: its steps and code, the rules it broke with the step at which each broke, and did it come to an end."""

    steps: Steps
    schedule: str
    broken: tuple[tuple[int, str], ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class Stress:
    """So many random runs of a scenario. `met`: how many broke each rule; `bad`: how many broke any; `first`: the first that did,
    counted from 1, and its schedule; None and "" where none did."""

    scenario: str
    runs: int
    stay: float
    bad: int
    met: dict[str, int]
    first: int | None
    schedule: str

    def as_json(self) -> dict:
        """The form that `stress --json` prints."""
        names = ("scenario", "runs", "stay", "bad", "met", "first", "schedule")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        head = f"{self.scenario}: {self.runs:,} random runs, {self.bad:,} of them break a rule"
        rows = [f"{many:8,}  {result(rule)}" for rule, many in self.met.items()]
        return "\n".join([head, *rows, *([f"the first is run {self.first:,}: {self.schedule}"] if self.first else [])])


def walk(scenario: Scenario, seed: int, limit: int = LONGEST, tables: Tables | None = None, stay: float = 0.0) -> Walk:
    """One run in which a seeded die says who goes next, past broken rules, to its end or to `limit` steps."""
    tables = tables or Tables(scenario)
    steps, broken, ended = _roll(tables, Random(seed), limit, stay)
    told = tuple((step, name) for name, step in broken.items())
    return Walk(steps, encode(scenario, steps, tables), told, ended)


def _roll(tables: Tables, die: Random, limit: int, stay: float) -> tuple[Steps, dict[str, int], bool]:
    """The steps of a random run, the step at which each rule broke, and whether it came to an end."""
    state = first(tables)
    steps: list[tuple[int, int]] = []
    broken = dict.fromkeys(tables.false("always", state[0]), 0)
    while len(steps) < limit:
        found = able(tables, state)
        if not found:
            ends = (DEADLOCK,) if any(state[1]) else tables.false("at_end", state[0])
            return tuple(steps), broken | {name: broken.get(name, len(steps)) for name in ends}, True
        k, move = _next(die, found, steps, stay)
        steps.append((k, move.choice))
        state, effect = move.state, move.outcome
        for name in (*effect.broken, *(() if effect.raised else tables.false("always", state[0]))):
            broken.setdefault(name, len(steps))
        if effect.raised:
            return tuple(steps), broken, True
    number = _no_end_from(tables, tuple(steps))
    return (
        (tuple(steps), broken, False) if number is None else (tuple(steps[:number]), broken | {LIVELOCK: number}, False)
    )


def _no_end_from(tables: Tables, steps: Steps) -> int | None:
    """The step from which a run that is left could reach no end; None where it still could."""
    space = Space(tables, fuse=True)
    states = [first(tables), *(move.state for _, _, move in follow(tables, steps))]
    known = cache(lambda state: no_end(space, space.node(*state)))
    return bisect_left(states, True, key=known) if known(states[-1]) else None


def _next(die: Random, found: list[tuple[int, Move]], steps: list[tuple[int, int]], stay: float) -> tuple[int, Move]:
    """Whose step it is: the last one's where the die says so and it can go on, else anybody's."""
    if stay and steps and die.random() < stay:
        found = [(k, move) for k, move in found if k == steps[-1][0]] or found
    return found[die.randrange(len(found))]


def walks(scenario: Scenario, seed: int, count: int, limit: int = LONGEST, stay: float = 0.0) -> list[Walk]:
    """So many random runs, each with its own seed made from `seed`: the same seed gives the same runs."""
    tables = Tables(scenario)
    return [walk(scenario, _seed(seed, k), limit, tables, stay) for k in range(count)]


def stress(scenario: Scenario, runs: int = 1000, seed: int = 1, stay: float = 0.0) -> Stress:
    """How often a stress test of so many runs would have met each rule's breaking."""
    tables, met = Tables(scenario), Counter[str]()
    bad, number, schedule = 0, None, ""
    for run in range(runs):
        steps, broken, _ = _roll(tables, Random(_seed(seed, run)), LONGEST, stay)
        met.update(broken.keys())
        bad += bool(broken)
        if broken and number is None:
            number, schedule = run + 1, encode(scenario, steps, tables)
    return Stress(scenario.name, runs, stay, bad, dict(met.most_common()), number, schedule)


def _seed(seed: int, run: int) -> int:
    return seed * 1_000_003 + run
