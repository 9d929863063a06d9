"""How a scenario can end, each end with the number of interleavings that lead there."""

from tdxkit.explore.endings import Outcomes
from tdxkit.rules import SIGNS, result
from tdxkit.text import many, words
from tdxkit.view.kit.tables import Table, table


def ends_table(found: Outcomes) -> Table:
    """A row for each end: what holds then, what was broken on the way, in how many interleavings, and a shortest of them."""
    rows = []
    for one in found.rows:
        state = ", ".join(f"{name} {words(value)}" for name, value in one.state.items())
        broken = "; ".join(f"{SIGNS['violation']} {result(rule)}" for rule in one.broken) or f"{SIGNS['ok']} nothing"
        rows.append(
            (one.ended, state, broken, "endless" if one.interleavings is None else one.interleavings, one.schedule)
        )
    head = ("it ends", "with", "broken on the way", "interleavings", "a shortest one")
    return table(head, rows, f"{found.scenario}: {many(len(rows), 'outcome')}")
