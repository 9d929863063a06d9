"""A small table for a notebook, light and dark, with the same table as text.

    table(("design", "waits"), [("global", 1200), ("hashed", 7)])
    table(head, rows, marked=[3], lit="the versions part here")     # yellow: look here
    table(head, rows, broken=[0], totals=[4])                       # red and ✗; bold

A column of figures stands to the right (but the first, which names the row), with thousands set apart. A colour never says anything alone: a row that is lit or broken
has its sign in front, and a line under the table says what that means.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tdxkit.text import columns, numeric, shown
from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import Markup, element, framed, joined, link, style, visible

# Lab styles tables in outputs too (right-aligned, striped): each rule here names one class more than Lab's.
LONGEST_WORD = 20  # characters of a cell that are kept on one line
SIGNED = re.compile(r"(?<!\S)(\S*->\S*|-\w\S*)")  # kvm->lock, -ENOMEM: browsers break a line after a hyphen
LINKED = re.compile(r"(https?://[^\s<>\"',;)]+|(?<=Message-ID )[\w.+-]+@[\w.-]+\w)")
LORE = "https://lore.kernel.org/r/"
NARROW = (
    420  # px that any page has room for: a table that needs more can be reached, so that the keyboard can scroll it
)
SIGNS = {"broken": "✗", "marked": ">"}
_T = ".tdx table.tdx-plain.tdx-plain"
STYLE = (
    f"{_T}{{border-collapse:collapse;margin:6px 0;font-variant-numeric:tabular-nums;color:var(--tdx-ink);line-height:1.35;"
    "table-layout:auto;font-size:13px}"
    f"{_T} caption{{text-align:left;font-weight:600;padding:2px 6px 6px}}"
    f"{_T} tr{{background:none}}"
    f"{_T} :is(td,th){{padding:4px 16px 4px 6px;text-align:left;vertical-align:top;border:0;max-width:none;"
    "border-bottom:1px solid var(--tdx-line);overflow-wrap:break-word;word-break:normal;white-space:normal}"
    f"{_T} .tdx-word{{white-space:nowrap}}"
    f"{_T} .tdx-figure{{text-align:right;padding-left:14px}}{_T} td.tdx-figure{{white-space:nowrap}}"
    f"{_T} th{{color:var(--tdx-soft);font-weight:600}}"
    f"{_T} tr.tdx-marked td{{background:var(--tdx-hot)}}{_T} tr.tdx-marked td:first-of-type{{font-weight:600}}"
    f"{_T} tr.tdx-broken td{{background:var(--tdx-bad-bg)}}"
    f"{_T} tr.tdx-total td{{font-weight:700;border-top:1px solid var(--tdx-edge)}}"
    f"{_T} .tdx-sign{{padding:4px 0 4px 6px;width:1em;font-weight:700;color:var(--tdx-bad)}}"
    f"{_T} tr.tdx-marked .tdx-sign{{color:var(--tdx-ink)}}"
    ".tdx .tdx-wide{overflow-x:auto;max-width:100%}.tdx .tdx-wide:focus-visible{outline:2px solid var(--tdx-a0);outline-offset:2px}"
    ".tdx .tdx-legend{margin:0 6px 6px;font-size:12px;color:var(--tdx-soft)}.tdx .tdx-legend span{margin-right:18px}"
    ".tdx .tdx-legend i{font-style:normal;font-weight:700;padding:0 5px;margin-right:5px;color:var(--tdx-ink)}"
    ".tdx .tdx-legend .tdx-marked{background:var(--tdx-hot)}.tdx .tdx-legend .tdx-broken{background:var(--tdx-bad-bg);color:var(--tdx-bad)}"
)


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """`rows` of values under a `header`. `marked`, `broken` and `totals` are indexes of rows; `lit` and `fault` say what the signs of
    the first two mean. `links`: addresses and Message-IDs in the cells can be followed, for tables of this project's own words."""

    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    title: str = ""
    marked: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    totals: frozenset[int] = frozenset()
    lit: str = "look here"
    fault: str = "broken"
    links: bool = False

    def __str__(self) -> str:
        head, *body = columns(self.header, self.rows)
        if self._signed:
            head, body = f"  {head}", [f"{SIGNS.get(self._role(i), '')!s:1} {row}" for i, row in enumerate(body)]
        return visible("\n".join([*([self.title] if self.title else []), head, *body]))

    __repr__ = __str__

    def _role(self, row: int) -> str:
        return "broken" if row in self.broken else "marked" if row in self.marked else ""

    @property
    def _signed(self) -> bool:
        return bool(self.marked | self.broken)

    def html(self) -> Markup:
        """The table alone, with its style; a wide one in a box that scrolls and that the keyboard reaches."""
        cells = [[shown(value) for value in row] for row in self.rows]
        figures = [
            k > 0 and numeric(row[k] for row in cells) for k in range(len(self.header))
        ]  # the first names the row
        sign = element("td", "", class_="tdx-sign") if self._signed else ""
        heads = (
            element("th", h, scope="col", class_="tdx-figure" if f else None) for h, f in zip(self.header, figures)
        )
        head = element("tr", sign, *heads)
        body = [self._row(i, row, figures) for i, row in enumerate(cells)]
        caption = element("caption", self.title) if self.title else ""
        made = element("table", caption, head, *body, class_="tdx-plain")
        reached = {
            "tabindex": 0,
            "role": "group",
            "aria_label": f"table: {self.title or ', '.join(filter(None, self.header))}",
        }
        box = element("div", made, class_="tdx-wide", **(reached if self._least(cells) > NARROW else {}))
        return framed(style(theme.css() + STYLE), box, self._legend())

    def _row(self, index: int, cells: Sequence[str], figures: Sequence[bool]) -> Markup:
        role = self._role(index)
        sign = element("td", SIGNS.get(role, ""), class_="tdx-sign") if self._signed else ""
        class_ = " ".join(filter(None, (role and f"tdx-{role}", "tdx-total" if index in self.totals else "")))
        made = (_cell(said, figure, self.links) for said, figure in zip(cells, figures))
        return element("tr", sign, *made, class_=class_ or None)

    def _least(self, cells: Sequence[Sequence[str]]) -> int:
        """About how many px it takes with every line broken wherever it may be."""
        longest = (
            max((len(word) for row in (self.header, *cells) for word in row[k].split()), default=0)
            for k in range(len(self.header))
        )
        return sum(22 + 7 * n for n in longest)

    def _legend(self) -> Markup:
        """What the colours mean, of those that occur."""
        said = [(role, words) for role, words in (("broken", self.fault), ("marked", self.lit)) if getattr(self, role)]
        parts = (element("span", element("i", SIGNS[role], class_=f"tdx-{role}"), words) for role, words in said)
        return element("p", *parts, class_="tdx-legend") if said else joined()

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def _cell(said: str, figure: bool, links: bool) -> Markup:
    """A cell; a short word (-ENOMEM, v3-unoptimised) is not broken at its hyphens, nor are errnos and members in a sentence."""
    if figure:
        return element("td", said, class_="tdx-figure")
    if links and LINKED.search(said):
        return element("td", with_links(said))
    if " " not in said:
        return element("td", said, class_="tdx-word" if len(said) <= LONGEST_WORD else None)
    parts = SIGNED.split(said)  # what was captured stands at the odd places
    return element("td", *(element("span", part, class_="tdx-word") if i % 2 else part for i, part in enumerate(parts)))


def with_links(said: str) -> Markup:
    """Text in which addresses, and what follows the word Message-ID, can be followed."""
    parts = LINKED.split(said)
    return joined(*(_link(part) if i % 2 else part for i, part in enumerate(parts)))


def _link(part: str) -> Markup:
    return link(part) if part.startswith("http") else link(f"{LORE}{part}", part)


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], title: str = "", marked: Iterable[int] = (), *,
    broken: Iterable[int] = (), totals: Iterable[int] = (), **more: str | bool,
) -> Table:  # fmt: skip
    """A table; `marked`, `broken` and `totals` are indexes of rows; `more` is lit, fault or links, see `Table`."""
    places = {"marked": frozenset(marked), "broken": frozenset(broken), "totals": frozenset(totals)}
    return Table(tuple(header), tuple(tuple(row) for row in rows), title, **places, **more)
