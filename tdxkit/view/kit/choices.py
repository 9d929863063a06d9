"""A table with a button in each row of which there is more to see, and a text to take away with a button that copies it.

    table = Choices("Verdicts", ("patch", "verdict"), [Row(("1/2", "✗ violation"), more="1/2", role="bad")])
    table.observe(lambda change: show(change["new"]), "chosen")      # the row's index
    Copied("the packet", text)

CSS classes that tests may rely on: `.tdx-choices button` (aria-pressed; aria-label "Show MORE"), `.tdx-copied button` ("Copy LABEL"), `.tdx-copied pre`.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import anywidget
import traitlets

from tdxkit.text import columns
from tdxkit.view.kit import scripts, tables, theme
from tdxkit.view.kit.svg import visible

PAGE = Path(__file__).parent / "page"
CSS = theme.css() + tables.STYLE + scripts.read(PAGE, "kit.css")


class Row(NamedTuple):
    """A row: its cells, what its button says it shows ("": it has none), the colour of the cell `at`, or of
    several, which say the same in words."""

    cells: Sequence[str]
    more: str = ""
    role: str = ""
    at: int | tuple[int, ...] = 1


class Choices(anywidget.AnyWidget):
    """See the module. `chosen`: the index of the row that is shown, -1 for none."""

    _esm = scripts.script(PAGE, "choices.js")
    _css = CSS
    data = traitlets.Unicode("{}").tag(sync=True)  # as JSON
    chosen = traitlets.Int(-1).tag(sync=True)

    def __init__(self, title: str, header: Sequence[str], rows: Iterable[Row], chosen: int = -1):
        self.title, self.header, self.rows = title, tuple(header), tuple(rows)
        made = [
            {"cells": [_cell(row, k) for k in range(len(row.cells))], "more": visible(row.more)} for row in self.rows
        ]
        data = {"title": visible(title), "header": self.header, "rows": made}
        super().__init__(data=json.dumps(data, ensure_ascii=False), chosen=chosen)

    def __str__(self) -> str:
        return visible("\n".join([self.title, *columns(self.header, (row.cells for row in self.rows))]))


def _cell(row: Row, k: int) -> dict[str, str]:
    coloured = row.at if isinstance(row.at, tuple) else (row.at,)
    return {"text": visible(row.cells[k]), "role": row.role if k in coloured else ""}


class Copied(anywidget.AnyWidget):
    """See the module. What is copied is the text itself; what is seen of it hides nothing."""

    _esm = scripts.script(PAGE, "copied.js")
    _css = CSS
    label = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    shown = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, text: str):
        super().__init__(label=label, text=text, shown=visible(text))

    def __str__(self) -> str:
        return self.shown
