"""The lens as tables: how a race can end under each version, where versions part, what a round costs."""

from collections.abc import Iterable

from tdxkit.explore.search import explore
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.lens import Lens
from tdxkit.view.kit.tables import Table, table


def outcomes_table(seen: Lens) -> Table:
    """Every outcome of every version with the number of interleavings that end so; bad ones are lit."""
    total = {v: sum(r.interleavings or 0 for r in seen.rows if r.version == v) for v in seen.states}
    rows = [
        (r.version, r.outcome, "endless" if r.interleavings is None else f"{r.interleavings:,}",
         "" if r.interleavings is None else f"{r.interleavings / total[r.version]:.0%}", r.schedule)
        for r in seen.rows
    ]  # fmt: skip
    bad = [k for k, r in enumerate(seen.rows) if r.bad]
    return table(
        ("version", "it ends", "interleavings", "share", "shortest schedule"),
        rows,
        f"{seen.threads} CPUs × {seen.rounds}, run past broken rules",
        bad,
    )


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
    head = ("steps", "SEAMCALLs", "steps with pamt_lock", "pages allocated")
    return table(("version", *head, *(f"{h}, pair there" for h in head)), rows, "What a round costs")


def verdicts_table(names: Iterable[str], threads: int = 2, rounds: int = 1) -> Table:
    """One line a design: what breaks first, how soon, how many states were looked at."""
    rows = []
    for name in names:
        one = scenario(name, threads, rounds)
        found, calm = explore(one, "none"), explore(one, fewest_switches=True)
        shown = (found.property, found.steps, calm.switches) if found.schedule else ("nothing", "", "")
        rows.append((name, *shown, found.states, calm.schedule or ""))
    lit = [k for k, row in enumerate(rows) if row[1] != "nothing"]
    return table(
        ("design", "the model finds broken", "shortest", "switches", "states", "schedule with fewest switches"),
        rows,
        f"{threads} CPUs × {rounds}",
        lit,
    )
