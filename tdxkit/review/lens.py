"""One race under several versions: how it can end and in how many ways, where two versions part, what each version costs.

Everything is computed from the explorer's scenarios; nothing about a version is written down here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tdxkit.c.naming import scenario_of
from tdxkit.errors import InputError
from tdxkit.explore.buffers import SC
from tdxkit.explore.endings import outcomes
from tdxkit.explore.judging import that_counts
from tdxkit.explore.moves import Steps, first, follow, moves
from tdxkit.explore.program import Scenario
from tdxkit.explore.schedule import code_name, encode, parse, same_text
from tdxkit.explore.search import explore
from tdxkit.explore.split import meant
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.kinds import ALLOC
from tdxkit.review.lens_text import told
from tdxkit.rules import result
from tdxkit.run import Run, diff
from tdxkit.text import words

ZAP = "TDH.MEM.PAGE.REMOVE"  # where a user of a page stands once it has it
PAIR_CALLS = ("TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE")
MOST = 12  # versions side by side
BOUND = 300_000  # states; an outcome table needs all of them in memory


@dataclass(frozen=True, slots=True)
class Row:
    """An outcome of one version, in words, with the exact number of interleavings that end so and a schedule that does."""

    version: str
    outcome: str
    interleavings: int | None
    schedule: str
    bad: bool


@dataclass(frozen=True, slots=True)
class Parting:
    """The first step of a schedule at which two versions do not do the same, or None where they agree to its end."""

    versions: tuple[str, str]
    step: int | None
    labels: tuple[str, str]
    why: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a round (get, use, put) costs one CPU: alone, and while another CPU holds the pair."""

    version: str
    alone: dict[str, int]
    shared: dict[str, int]


@dataclass(frozen=True, slots=True)
class Lens:
    """Several versions under one scenario. `states`: how many each has; `runs`: the parting schedule as far as it fits each;
    paired: does each get and put? own: is one a reader's, with locks of its own?"""

    threads: int
    rounds: int
    memory: str
    rows: tuple[Row, ...]
    states: dict[str, int]
    schedule: str | None
    partings: tuple[Parting, ...]
    costs: tuple[Cost, ...]
    runs: dict[str, Run]
    paired: bool = True
    own: bool = False

    def as_json(self) -> dict:
        """The form that `lens --json` prints; counts of interleavings are decimal strings."""
        counted = {r: None if r.interleavings is None else str(r.interleavings) for r in self.rows}
        return {
            "memory": self.memory,
            "outcomes": [
                {"version": r.version, "outcome": r.outcome, "interleavings": counted[r], "schedule": r.schedule}
                for r in self.rows
            ],
            "parting": {
                "schedule": self.schedule,
                "pairs": [
                    {"versions": list(p.versions), "step": p.step, "labels": list(p.labels), "why": p.why}
                    for p in self.partings
                ],
            },
            "cost": {
                c.version: {"alone": c.alone, "shared": c.shared, "states": self.states[c.version]} for c in self.costs
            },
        }

    def __str__(self) -> str:
        return "\n".join(told(self))


def lens(
    versions: Iterable[object], threads: int = 2, rounds: int = 1, code: str | None = None, memory: str | None = None
) -> Lens:
    """Look at one scenario under each of these versions: names, or what else `scenario_of` takes, such as a reader's own file or put.

    `code` is a schedule of one of them to hold against the others; by default the fewest-switch counterexample of the first
    version that has one, run on past the broken rule until every thread has finished; where none has, the first version's threads one
    after the other. memory: `sc` or `tso` (that of `code` where there is one, else each version's own). InputError for unknown names, the same name twice, or a scenario too large to tabulate.
    """
    made = [scenario_of(version, threads, rounds) for version in versions]
    made = [one.on(memory or one.memory) for one in made]
    made = [meant(one, parse(code)) if code else that_counts(one) for one in made]
    scenarios = {one.name: one for one in made}
    names = tuple(scenarios)
    if not 1 <= len(made) <= MOST or len(names) < len(made):
        raise InputError(f"{len(made)} versions", f"a lens compares 1 to {MOST} different ones", "name each once")
    rows, states = [], {}
    for name, one in scenarios.items():
        table = outcomes(one, bound := min(BOUND, one.bound))
        if not table.complete:
            raise InputError(
                f"{name} {threads}x{rounds}",
                f"its outcomes need more than {bound:,} states",
                "take fewer threads or rounds",
            )
        states[name] = table.states
        moving = {key for o in table.rows for key, value in o.state.items() if value != table.rows[0].state.get(key)}
        rows += [
            Row(name, _outcome(o, moving), o.interleavings, o.schedule, bool(o.broken))
            for o in sorted(table.rows, key=lambda o: (bool(o.broken), o.steps))
        ]
    base, steps = _schedule(scenarios, code)
    order = (base, *(n for n in names if n != base))
    runs = {name: _follow(scenarios[name], steps) for name in order}
    partings = tuple(_part(base, runs[base], other, runs[other], scenarios[other], steps) for other in order[1:])
    code = encode(scenarios[base], steps)
    return Lens(
        threads,
        rounds,
        made[0].memory,
        tuple(rows),
        states,
        code,
        partings,
        tuple(map(cost, made)),
        runs,
        all(getattr(one.own, "pair", True) for one in made),
        any(one.own for one in made),
    )


def _outcome(outcome, moving: set[str]) -> str:
    """How it ended, with counters and pairs; where there are none with the variables that do not end alike in all outcomes."""
    shown = {k: v for k, v in outcome.state.items() if k.startswith(("refcount[", "pair["))}
    shown = shown or {k: v for k, v in outcome.state.items() if k in moving} or outcome.state
    state = ", ".join(f"{k} {words(v)}" for k, v in shown.items())
    return f"{outcome.ended}: {state}" + (f"; {', '.join(map(result, outcome.broken))}" if outcome.broken else "")


def _schedule(scenarios: dict[str, Scenario], code: str | None) -> tuple[str, Steps]:
    if code is not None:
        parsed = parse(code)
        base = next((name for name, one in scenarios.items() if code_name(one) == parsed.name), None)
        if base is None:
            raise InputError(
                f"schedule of {parsed.name}", "it belongs to one of the versions compared", "add that version"
            )
        same_text(scenarios[base], parsed)
        return base, parsed.steps
    for name, one in scenarios.items():
        found = explore(one, fewest_switches=True).schedule
        if found:
            return name, _to_the_end(one, parse(found).steps)
    name, one = next(iter(scenarios.items()))
    return name, _to_the_end(one, ())


def _to_the_end(one: Scenario, steps: Steps) -> Steps:
    """The schedule, then its last thread until it stops, then each other one: what a broken rule leads to may part two versions."""
    tables = Tables(one)
    state, last = _after(tables, steps), steps[-1][0] if steps else 0
    for k in sorted(range(len(state[1])), key=lambda k: k != last):
        more = _take(tables, state, k)
        steps, state = (*steps, *more), _after(tables, [*steps, *more])
    return steps


def _follow(one: Scenario, steps: Steps) -> Run:
    """The schedule as far as it fits: a thread that cannot take its step ends it."""
    tables = Tables(one)
    fit = sum(1 for _ in follow(tables, steps))
    return replay_steps(one, steps[:fit], tables)


def _part(base: str, mine: Run, other: str, theirs: Run, one: Scenario, steps: Steps) -> Parting:
    """Compare step by step: what the step does, then the variables that both have after it."""
    both = mine.first.keys() & theirs.first.keys()
    for k, (a, b) in enumerate(zip(mine.steps, theirs.steps)):
        if (a.does or a.label) != (b.does or b.label):
            return Parting((base, other), k + 1, (a.label, b.label), f"the code of {a.actor} differs here")
        changed = [c for c in diff(mine.state(k + 1), theirs.state(k + 1)) if c.key in both]
        if changed:
            return Parting(
                (base, other),
                k + 1,
                (a.label, b.label),
                "; ".join(f"{c.key}: {words(c.old)} here, {words(c.new)} there" for c in changed),
            )
    if len(theirs) < len(mine):
        step = mine.steps[len(theirs)]
        last = theirs.steps[-1].waits if theirs.steps else ()
        why = next((w.why for w in last if w.actor == step.actor), f"{step.actor} has finished")
        return Parting((base, other), len(theirs) + 1, (step.label, ""), why)
    return Parting((base, other), None, ("", ""), "the schedule means the same in both")


def cost(version: object) -> Cost:
    """What a round of this version costs; of a reader's own with nothing going wrong, on one region."""
    one = scenario_of(version).on(SC)  # the steps of its own: when a store leaves the buffer costs it none
    plain = {"roles": (), "regions": 1, "faults": ()} if one.own and one.make else {}
    plain |= {"softirq": ""} if plain and one.own.in_c else {}
    name, one = one.name, one.make(threads=max(2, one.count), rounds=1, **plain) if one.make else one
    tables = Tables(one)
    alone = _take(tables, first(tables), 0)
    waits = _take(tables, first(tables), 0, stop=ZAP)
    return Cost(
        name, _count(one, alone, 0, tables), _count(one, [*waits, *_take(tables, _after(tables, waits), 1)], 1, tables)
    )


def _take(tables: Tables, state, k: int, stop: str | None = None) -> list:
    """Steps of thread k alone, first choice, until it stands at `stop`, has finished, cannot go on or goes round in a circle."""
    steps, seen = [], set()
    while state not in seen and state[1][k] != FINISHED and tables.places[state[1][k]].label.does != stop:
        seen.add(state)
        found = moves(tables, state, k)
        if not found:
            break
        steps.append((k, found[0].choice))
        state = found[0].state
    return steps


def _after(tables: Tables, steps: list):
    state = first(tables)
    for *_, move in follow(tables, steps):
        state = move.state
    return state


def _count(one: Scenario, steps: list, k: int, tables: Tables) -> dict[str, int]:
    run = replay_steps(one, tuple(steps), tables)
    actor, locks = run.actors[k], one.locks if one.own else ("pamt_lock",)
    own = [(step, before) for step, before in zip(run.steps, run.states()) if step.actor == actor]
    return {
        "steps": len(own),
        "seamcalls": sum(step.does in PAIR_CALLS for step, _ in own),
        "locked": sum(any(before.get(name) == actor for name in locks) for _, before in own),
        "pages": 2 * sum(step.kind == ALLOC for step, _ in own),
    }
