"""Versions as tables: what get and put do in each, where they part, what a round costs, what breaks first in each design, and on which memory."""

from collections.abc import Iterable

from tdxkit.explore import outcomes, stress
from tdxkit.explore.buffers import SC, TSO
from tdxkit.explore.program import Scenario
from tdxkit.explore.result import Result
from tdxkit.explore.search import explore
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.lens import Lens
from tdxkit.review.situations import beside
from tdxkit.review.verdict import Verdicts
from tdxkit.review.verdicts_text import table as verdict_rows
from tdxkit.rules import result
from tdxkit.view.kit.tables import Table, table


def changes_table(names: Iterable[str]) -> Table:
    """What get and put of several designs do in one situation after the other; designs that do the same share a row.

    Lit are the rows of the last design named. InputError as of `tdxkit.review.situations.beside`.
    """
    seen, rows, lit = beside(names), [], []
    for situation in seen.paths:
        for k, (same, path) in enumerate(seen.groups(situation)):
            lit += [len(rows)] if seen.names[-1] in same else []
            steps = ", ".join(f"{does} {change}".rstrip() for does, change in path.steps)
            rows.append(("" if k else situation, ", ".join(same), steps, path.returned, path.refcount, path.pair))
    head = ("situation", "design", "steps", "returns", "count then", "pair then")
    return table(head, rows, "What get and put do", lit, lit=str(seen.names[-1]))


def patches_table(found: Verdicts) -> Table:
    """A verdict for each patch of a series."""
    rows = [(*row[:2], one.title, row[3]) for row, one in zip(verdict_rows(found), found.patches)]
    return table(("patch", "verdict", "title", "the model finds"), rows, f"{found.series.title}, {found.series.label}")


def partings_table(seen: Lens) -> Table:
    """The first step of one schedule at which two versions do not do the same."""
    rows = [(" and ".join(p.versions), p.step or "never", *p.labels, p.why) for p in seen.partings]
    return table(
        ("versions", "part at step", "the one", "the other", "why"), rows, f"Held against each other on {seen.schedule}"
    )


def costs_table(seen: Lens) -> Table:
    """A round (get, use, put) of one CPU alone, and of one that finds the pair there."""
    keys = ("steps", "seamcalls", "locked", "pages")
    rows = [(c.version, *(c.alone[k] for k in keys), *(c.shared[k] for k in keys)) for c in seen.costs]
    head = ("steps", "SEAMCALLs", f"steps with {'a lock' if seen.own else 'pamt_lock'}", "pages allocated")
    return table(("version", *head, *(f"{h}, pair there" for h in head)), rows, "What a round costs")


def verdicts_table(names: Iterable[str], threads: int = 2, rounds: int = 1) -> Table:
    """One line a design: what breaks first, how soon, how many states were looked at."""
    rows = []
    for name in names:
        one = scenario(name, threads, rounds)
        found, calm = explore(one, "none"), explore(one, fewest_switches=True)
        shown = (result(found.property), found.steps, calm.switches) if found.schedule else ("nothing", "", "")
        rows.append((name, *shown, found.states, calm.schedule or ""))
    bad = [k for k, row in enumerate(rows) if row[1] != "nothing"]
    head = ("design", "the model finds", "shortest", "switches", "states", "schedule with fewest switches")
    return table(head, rows, f"{threads} CPUs × {rounds}", broken=bad, fault="a rule breaks")


def outcomes_table(names: Iterable[str], threads: int = 2) -> Table:
    """One line a design: its interleavings, counted one by one, how many of them break a rule, and how many in a hundred."""
    counted = [(name, outcomes(scenario(name, threads))) for name in names]
    rows = [
        (name, all_of.interleavings, all_of.bad, f"{all_of.bad / all_of.interleavings:.1%}") for name, all_of in counted
    ]
    bad = [k for k, (_, all_of) in enumerate(counted) if all_of.bad]
    head = ("design", "interleavings", "a rule breaks in", "that is")
    return table(head, rows, f"Every interleaving of {threads} CPUs", broken=bad, fault="a rule breaks")


def memory_table(scenarios: Iterable[Scenario]) -> Table:
    """One line a scenario: what breaks first, states and shortest schedule, where a store is seen at once and on x86-TSO; lit: they differ."""
    rows, lit = [], []
    for one in scenarios:
        at_once, x86 = (explore(one, "none", memory=memory) for memory in (SC, TSO))
        lit += [len(rows)] if (at_once.verdict, *sorted(at_once.broken)) != (x86.verdict, *sorted(x86.broken)) else []
        rows.append(
            (one.name, _first(at_once), _first(x86), at_once.states, x86.states, at_once.steps or "", x86.steps or "")
        )
    head = ("the model finds", "on x86-TSO", "states", "on x86-TSO", "shortest", "on x86-TSO")
    return table(("scenario", *head), rows, "Each store seen at once, and x86-TSO", lit, lit="the verdicts differ")


def stress_table(one: Scenario, runs: int, seed: int, overtaken: Iterable[int]) -> Table:
    """How many random runs break a rule where whoever moves is overtaken at one step in so many (1: every step is anybody's)."""
    rows = []
    for steps in overtaken:
        seen = stress(one, runs=runs, seed=seed, stay=1 - 1 / steps)
        rows.append((f"one step in {steps:,}", seen.bad, seen.first or "none", seen.schedule))
    head = ("a CPU is overtaken at", f"of {runs:,} runs break a rule", "the first of them", "its schedule")
    return table(head, rows, f"Random runs of {one.name}, seed {seed}")


def _first(found: Result) -> str:
    """What breaks first, as a result."""
    return result(found.property) if found.property else "nothing"
