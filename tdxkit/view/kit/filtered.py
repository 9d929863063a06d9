"""A long table with a filter over it: a choice and a word. It filters by itself, in a saved page too; without its script all rows are there.

filtered(table(("id", "versions", "problem"), rows), "versions", {"v1": [0, 2], "v2": [1]})
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tdxkit.view.kit import scripts, theme
from tdxkit.view.kit.svg import Markup, element, framed, script, script_json, style, visible
from tdxkit.view.kit.tables import Table

PAGE = Path(__file__).parent / "page"
_S = ".tdx .tdx-sieve"
STYLE = (
    f"{_S}{{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;margin:6px 0 2px;color:var(--tdx-ink);font-size:13px}}{_S}:empty{{display:none}}"
    f"{_S} :is(input,select,button){{font:inherit;color:inherit;background:var(--tdx-panel);border:1px solid var(--tdx-edge);border-radius:4px;height:26px;padding:0 8px}}"
    f"{_S} input{{width:22ch}}{_S} :is(input,select,button):focus-visible{{outline:2px solid var(--tdx-a0);outline-offset:2px}}"
    f"{_S} output{{color:var(--tdx-soft);font-variant-numeric:tabular-nums}}"
    ".tdx .tdx-filter [hidden]{display:none!important}"
)


@dataclass(frozen=True, slots=True, repr=False)
class Filtered:
    """A table, what its choice is called, and for each choice the indexes of its rows."""

    table: Table
    label: str
    choices: tuple[tuple[str, tuple[int, ...]], ...]

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def html(self) -> Markup:
        """The table, and over it the place of the filter."""
        given = {"label": visible(self.label), "choices": [[visible(name), rows] for name, rows in self.choices]}
        place = element(
            "div", element("div", class_="tdx-sieve"), self.table.html(), script_json(given), class_="tdx-filter"
        )
        code = script(f"{scripts.script(PAGE, 'filter.js')}\nfilterHere();")
        return framed(style(theme.css() + STYLE), place, code)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def filtered(table: Table, label: str, choices: Mapping[str, Iterable[int]]) -> Filtered:
    """A filter over a table; `choices`: the rows of each, by their indexes."""
    return Filtered(table, label, tuple((name, tuple(rows)) for name, rows in choices.items()))
