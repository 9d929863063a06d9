"""The known problems of the posted versions in one table, with a filter by version and word, and how to see each."""

from tdxkit.review.bugs import Bug, all_verdicts
from tdxkit.view.kit.filtered import Filtered, filtered
from tdxkit.view.kit.tables import table

VERSIONS = ("v1", "v2", "v3", "v4", "v5", "v6", "after-v6", "lazy")
# What shows one better than its own line: the run to step in, the table of all faults. Behind `python -m tdxkit`.
SEE = {
    "B1": "explore v2", "B2": "explore v1-remove-fails", "B14": "explore v3-not-zeroed", "B15": "explore v3-unoptimised",
    "B19": "life --version v4 --faults", "B21": "decode 0x8000ff000000000e", "B24": "explore v5-softirq", "B27": "contention --toggling 1", "B28": "contention",
    "B33": "explore lazy",
}  # fmt: skip


def bugs_table() -> Filtered:
    """A row for each; each that a model can show is run for it."""
    found = list(all_verdicts())
    rows = [
        (
            bug.id,
            bug.versions,
            bug.problem,
            verdict.text if verdict else f"not shown: {bug.unshown}",
            see(bug) if verdict else "–",
        )
        for bug, verdict in found
    ]
    made = table(("id", "versions", "problem", "the model finds", "see it: python -m tdxkit …"), rows)
    concerns = {name: [k for k, (bug, _) in enumerate(found) if bug.concerns(name)] for name in VERSIONS}
    return filtered(made, "versions", concerns)


def see(bug: Bug) -> str:
    """The command that shows it."""
    return SEE.get(bug.id, f"bugs {bug.id}")
