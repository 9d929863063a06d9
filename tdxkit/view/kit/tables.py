"""A small table for a notebook, light and dark, with the same table as text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tdxkit.text import columns, words
from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import Markup, element, style, visible

# Lab styles tables in outputs too (right-aligned, striped): each rule here names one class more than Lab's.
LONGEST_WORD = 20  # characters of a cell that are kept on one line
SIGNED = re.compile(r"(?<!\S)(\S*->\S*|-\w\S*)")  # kvm->lock, -ENOMEM: browsers break a line after a hyphen
_T = ".tdx table.tdx-plain.tdx-plain"
STYLE = (
    f"{_T}{{border-collapse:collapse;margin:6px 0;font-variant-numeric:tabular-nums;color:var(--tdx-ink);line-height:1.35;"
    "table-layout:auto;font-size:13px}"
    f"{_T} caption{{text-align:left;font-weight:600;padding:2px 6px 6px}}"
    f"{_T} tr{{background:none}}"
    f"{_T} :is(td,th){{padding:4px 16px 4px 6px;text-align:left;vertical-align:top;border:0;max-width:none;"
    "border-bottom:1px solid var(--tdx-line);overflow-wrap:break-word;word-break:normal;white-space:normal}"
    f"{_T} .tdx-word{{white-space:nowrap}}"
    f"{_T} th{{color:var(--tdx-soft);font-weight:600}}"
    f"{_T} tr.tdx-marked td{{background:var(--tdx-hot)}}{_T} tr.tdx-marked td:first-child{{font-weight:600}}"
)


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """`rows` of values under a `header`; rows whose index is in `marked` are lit, and have a ``>`` before them in the text."""

    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    title: str = ""
    marked: frozenset[int] = frozenset()

    def __str__(self) -> str:
        marked = bool(self.marked)
        rows = [[("> " if i in self.marked else "  ") * marked + words(r[0]), *r[1:]] for i, r in enumerate(self.rows)]
        lines = columns(["  " * marked + self.header[0], *self.header[1:]], rows)
        return visible("\n".join([*([self.title] if self.title else []), *lines]))

    __repr__ = __str__

    def html(self) -> Markup:
        """The table alone, with its style."""
        head = element("tr", *(element("th", h, scope="col") for h in self.header))
        body = [
            element("tr", *(_cell(words(v)) for v in row), class_="tdx-marked" if i in self.marked else None)
            for i, row in enumerate(self.rows)
        ]
        caption = element("caption", self.title) if self.title else ""
        made = element("table", caption, head, *body, class_="tdx-plain")
        return element("div", style(theme.css() + STYLE), made, class_="tdx")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def _cell(said: str) -> Markup:
    """A cell; a short word (-ENOMEM, v3-unoptimised) is not broken at its hyphens, nor are errnos and members in a sentence."""
    if " " not in said:
        return element("td", said, class_="tdx-word" if len(said) <= LONGEST_WORD else None)
    parts = SIGNED.split(said)  # what was captured stands at the odd places
    return element("td", *(element("span", part, class_="tdx-word") if i % 2 else part for i, part in enumerate(parts)))


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], title: str = "", marked: Iterable[int] = ()
) -> Table:
    """A table; `marked` are the indexes of the rows to light."""
    return Table(tuple(header), tuple(tuple(row) for row in rows), title, frozenset(marked))
