"""Rows against columns: a table of small signs, each of which says a sentence.

    Grid("Which call disturbs which", rows, columns, {(0, 3): Sign("cx", "exclusive", "While A is under way, B: BUSY")}, …)

Plain HTML with a script of its own, so it needs no kernel: the row and the column of a cell are lit, a line under the grid says the
cell in words, arrow keys, Home and End move, Enter or a click keeps the line where it is, and a word leaves only the rows and columns
that have it in their names. Without the script it is a table with names, tooltips and a legend.

CSS classes that tests may rely on: `.tdx-grid` (data-mounted), `.tdx-box` (it scrolls), `.tdx-told` (the line), `.tdx-only` (the input),
`td.tdx-pinned`, `.tdx-lit` on the row's and the column's name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tdxkit.view.kit import scripts, theme
from tdxkit.view.kit.svg import Markup, element, esc, framed, script, style

LETTER = 7.3  # px, of the names
PAGE = Path(__file__).parent / "page"


class Head(NamedTuple):
    """The name of a row or a column; `whole` where it is cut short, `note` a few words more; `still`: why no cell of it can be
    played, "" where one can."""

    name: str
    whole: str = ""
    note: str = ""
    still: str = ""


class Sign(NamedTuple):
    """What stands in a cell: a letter or two in the colour of a role, and what it says; `dashed` for what holds only sometimes."""

    sign: str
    role: str
    said: str
    dashed: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Grid:
    """`cells` by (row, column); `corner` says what rows and columns are, `empty` what a cell without a sign says, of {row} and {column};
    `legend` is (sign, role, words). `text` is the twin of it all. plays: the name under which a board on the page plays a cell, see
    `tdxkit.view.kit.picked`."""

    title: str
    corner: str
    rows: Sequence[Head]
    columns: Sequence[Head]
    cells: Mapping[tuple[int, int], Sign]
    legend: Sequence[tuple[str, str, str]]
    empty: str
    text: str
    plays: str = ""

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    @property
    def name(self) -> str:
        """What it is, for who cannot see it."""
        return f"{self.title}: {len(self.rows)} rows, {len(self.columns)} columns; {self.corner}"

    def html(self) -> Markup:
        """The grid with its style, its legend, its words under a fold, and its script."""
        only = element(
            "input", type="search", class_="tdx-only", placeholder="part of a name", data_lm_suppress_shortcuts="true"
        )
        tools = element("label", "only rows and columns with ", only, class_="tdx-tools", hidden="hidden")
        box = element("div", self._table(), class_="tdx-box", tabindex=0, role="group", aria_label=self.name)
        told = element("p", "", class_="tdx-told", role="status", hidden="hidden")
        words = element(
            "details", element("summary", "as text"), element("pre", esc(self.text), tabindex=0), class_="tdx-twin"
        )
        parts = (element("p", self.title, class_="tdx-title"), tools, box, told, self._legend(), words)
        made = element(
            "div", *parts, class_="tdx-grid", data_empty=self.empty, data_plays=self.plays, style=self._room()
        )
        rules = theme.css() + scripts.read(PAGE, "grid.css") + "".join(map(_rule, sorted(self._roles())))
        return framed(style(rules), made, script(scripts.read(PAGE, "grid.js")))

    def _room(self) -> str:
        """The room that the slanted names take, above the grid and to its right."""
        longest = max((len(column.name) for column in self.columns), default=0) * LETTER
        return f"--tdx-tall:{longest * 0.85 + 22:.0f}px;--tdx-lean:{longest * 0.53:.0f}px"

    def _roles(self) -> set[str]:
        return {cell.role for cell in self.cells.values()} | {role for _, role, _ in self.legend}

    def _table(self) -> Markup:
        heads = (element("th", element("span", column.name), scope="col", **_more(column)) for column in self.columns)
        corner = element("th", self.corner, class_="tdx-corner", scope="row")
        body = (element("tr", self._head(row), *self._row(i)) for i, row in enumerate(self.rows))
        return element(
            "table", element("thead", element("tr", corner, *heads)), element("tbody", *body), aria_label=self.name
        )

    def _head(self, row: Head) -> Markup:
        return element("th", row.name, element("small", row.note) if row.note else "", scope="row", **_more(row))

    def _row(self, row: int) -> Iterable[Markup]:
        for column in range(len(self.columns)):
            sign = self.cells.get((row, column))
            if sign is None:
                yield element("td")
            else:
                class_ = f"tdx-in-{sign.role}{' tdx-dashed' if sign.dashed else ''}"
                yield element("td", sign.sign, class_=class_, title=sign.said)

    def _legend(self) -> Markup:
        items = (element("li", element("i", sign, class_=f"tdx-in-{role}"), words) for sign, role, words in self.legend)
        return element("ul", *items, class_="tdx-key")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": self.text}


def _more(head: Head) -> dict[str, str]:
    """What the script needs to know of a name."""
    whole = {"title": head.whole} if head.whole and head.whole != head.name else {}
    return whole | ({"data_still": head.still} if head.still else {})


def _rule(role: str) -> str:
    """A sign in the colour of a role, on its tint."""
    tint = "transparent" if role in theme.GROUND else f"var(--tdx-{role}-bg)"
    return f".tdx-grid .tdx-in-{role}{{color:var(--tdx-{role});background:{tint}}}"
