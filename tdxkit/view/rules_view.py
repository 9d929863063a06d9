"""The rules of a search in one table: what each catches, what is said where it is broken, how it is named."""

from tdxkit.rules import rules
from tdxkit.view.kit.tables import Table, table


def rules_table() -> Table:
    """A row for each rule of `data/rules.json`; the id is what `without` and `--without` take."""
    rows = [(r.name, r.catches, r.defect, r.id) for r in rules().values()]
    return table(("rule", "catches", "broken, it says", "id"), rows)
