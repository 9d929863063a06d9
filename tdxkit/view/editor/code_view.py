"""Code to be read: numbered lines in the colours of the box, two texts side by side where a row has two, folded where it is long.

code((c_function("v2", "region_pair_put"), v2.put), (c_function("v2", "region_pair_get"), v2.get), v2.add)
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tdxkit.errors import InputError, printable
from tdxkit.facts import data_path
from tdxkit.view.kit import scripts, theme
from tdxkit.view.kit.svg import Markup, element, framed, script, style, visible

PAGE = Path(__file__).parent / "page"
UNFOLDED = 60  # lines of rows that stand open; the first row always does
_C = ".tdx.tdx-code"
STYLE = (
    f"{_C}{{color:var(--tdx-ink);font-size:13px;max-width:1180px;margin:6px 0}}"
    f"{_C} details{{border:1px solid var(--tdx-line);border-radius:6px;margin:6px 0;overflow:hidden;container-type:inline-size}}"
    f"{_C} summary{{cursor:pointer;padding:5px 12px;background:var(--tdx-panel);font-weight:600}}{_C} summary:focus-visible{{outline:2px solid var(--tdx-a0);outline-offset:-2px}}"
    f"{_C} summary small{{font-weight:400;color:var(--tdx-soft);margin-left:8px}}"
    f"{_C} .tdx-texts{{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);border-top:1px solid var(--tdx-line)}}"
    f"@container (max-width:760px){{{_C} .tdx-texts{{grid-auto-flow:row;grid-auto-columns:auto}}}}"
    f"{_C} figure{{margin:0;min-width:0}}{_C} figure+figure{{border-left:1px solid var(--tdx-line)}}"
    f"{_C} figcaption{{padding:3px 12px;color:var(--tdx-soft);font-size:12px;font-style:normal;font-weight:400;text-align:left}}"
    f"{_C} pre{{margin:0;padding:4px 12px 8px 0;overflow-x:auto;background:none;color:inherit;border:0;tab-size:8;white-space:pre-wrap;overflow-wrap:anywhere;"
    "font:12.5px/1.5 var(--jp-code-font-family, ui-monospace, 'DejaVu Sans Mono', monospace)}"
    f"{_C} pre:focus-visible{{outline:2px solid var(--tdx-a0);outline-offset:-2px}}"
    f"{_C} [data-n]{{display:block;position:relative;padding-left:6ch}}"  # a block of its own: tabs are counted from where the code begins
    f"{_C} [data-n]::before{{content:attr(data-n);position:absolute;left:0;width:4.5ch;text-align:right;color:var(--tdx-soft);user-select:none}}"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A function's text: its name, its language, where it stands, the number of its first line."""

    name: str
    language: str
    where: str
    first: int
    text: str

    @property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.rstrip("\n").split("\n")


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """Rows of texts; those of a row stand side by side."""

    rows: tuple[tuple[Text, ...], ...]

    def __str__(self) -> str:
        parts = []
        for text in (text for row in self.rows for text in row):
            numbered = (f"{n:4}  {line.expandtabs()}".rstrip() for n, line in enumerate(text.lines, text.first))
            parts.append("\n".join([f"{text.name}, {text.where}", *numbered]))
        return visible("\n\n".join(parts))

    __repr__ = __str__

    def html(self) -> Markup:
        """Each row under its name, the first open, the others as long as there is room."""
        shown, seen = [], 0
        for row in self.rows:
            seen += max(len(text.lines) for text in row)
            shown.append(_row(row, not shown or seen <= UNFOLDED))
        colours = script(f"{scripts.script(PAGE, 'shown.js')}\ncolourHere();")
        return framed(style(theme.css() + STYLE + scripts.read(PAGE, "words.css")), *shown, colours, class_="tdx-code")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def _row(row: tuple[Text, ...], unfold: bool) -> Markup:
    names = " · ".join(dict.fromkeys(f"{text.name}()" for text in row))
    count = " and ".join(str(len(text.lines)) for text in row)
    head = element("summary", names, element("small", f"{count} lines"))
    return element(
        "details", head, element("div", *map(_figure, row), class_="tdx-texts"), open="open" if unfold else None
    )


def _figure(text: Text) -> Markup:
    numbered = [element("span", f"{line}\n", data_n=n) for n, line in enumerate(text.lines, text.first)]
    shown = element(
        "pre",
        *numbered,
        class_="tdx-shown",
        data_language=text.language,
        tabindex=0,
        aria_label=f"{text.name}(), {text.where}",
    )
    return element("figure", element("figcaption", text.where), shown)


def code(*rows: Callable | Text | tuple[Callable | Text, ...]) -> Code:
    """Functions of Python and texts in C, a row each; several in a row stand side by side."""
    return Code(tuple(tuple(map(_text, row if isinstance(row, tuple) else (row,))) for row in rows))


def _text(of: Callable | Text) -> Text:
    if isinstance(of, Text):
        return of
    lines, first = inspect.getsourcelines(of)
    return Text(of.__name__, "python", f"the model: {of.__module__.replace('.', '/')}.py", first, "".join(lines))


def c_function(design: str, name: str) -> Text:
    """A function of the C beside a design, `data/designs/DESIGN.c`; InputError where there is none of that name."""
    file = data_path(f"designs/{design}.c") if re.fullmatch(r"[\w-]+", design) else None
    text = file.read_text(encoding="utf-8") if file and file.is_file() else ""
    found = re.search(
        rf"^[a-z][^\n;{{}}]*\b{re.escape(name)}\([^\n;]*\)\n\{{\n.*?^\}}\n", text, re.MULTILINE | re.DOTALL
    )
    if not found:
        raise InputError(
            f"{printable(name)} of {printable(design)}", "it names a function of data/designs", "look into the file"
        )
    return Text(
        name,
        "c",
        f"in C, written for this workbook: data/designs/{design}.c",
        text.count("\n", 0, found.start()) + 1,
        found[0],
    )
