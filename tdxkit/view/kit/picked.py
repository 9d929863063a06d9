"""What listens for a cell of a grid: the row and the column that somebody wants to see played.

A `Grid` with `plays` has a button in its line for the cell that is pinned, wherever a `Picked` of that name is on the page.

    picked = Picked("pair", lambda row, column: …)      # stands in a board

CSS classes that tests may rely on: `.tdx-picked` (where it stands, data-plays), `.tdx-grid .tdx-play` (the button).
"""

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from tdxkit.view.kit import scripts

PAGE = Path(__file__).parent / "page"
LONGEST = 100  # letters of a name that a page sends


class Picked(anywidget.AnyWidget):
    """See the module. `does(row, column)` is called with the names in the grid."""

    _esm = scripts.script(PAGE, "picked.js")
    plays = traitlets.Unicode().tag(sync=True)

    def __init__(self, plays: str, does: Callable[[str, str], None]):
        super().__init__(plays=plays)
        self._does = does
        self.on_msg(self._heard)

    def _heard(self, _widget, message: object, _buffers) -> None:
        cell = message.get("cell") if isinstance(message, dict) else None
        if isinstance(cell, list) and len(cell) == 2 and all(isinstance(name, str) for name in cell):
            self._does(*(name[:LONGEST] for name in cell))

    def __str__(self) -> str:
        return ""
