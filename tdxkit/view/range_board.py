"""A range of pages made private, at hand in a notebook: two boxes, and below them the call's run, store by store."""

import ipywidgets as w

from tdxkit.c.memattr import record_set
from tdxkit.errors import InputError, printable
from tdxkit.text import many
from tdxkit.units import U64_MAX
from tdxkit.view.kit.board import Board
from tdxkit.view.stepper import Stepper
from tdxkit.view.xarray_picture import xarray

MOST = 64  # pages of a range
LAST = U64_MAX >> 12  # the last GFN that a 64-bit address can name
PRIVATE = 8  # KVM_MEMORY_ATTRIBUTE_PRIVATE


class RangeBoard(Board):
    """The first page and the one after the last, in decimal or with 0x; `run` is what setting them PRIVATE came to last."""

    def __init__(self, start: int = 62, end: int = 66):
        box = {"continuous_update": False, "layout": w.Layout(width="260px"), "style": {"description_width": "110px"}}
        self.start = w.Text(str(start), description="First page", **box)
        self.end = w.Text(str(end), description="Page after it", **box)
        super().__init__((self.start, self.end))
        self.watch(self.start, self.end)

    def update(self) -> tuple[str, list[Stepper]]:
        """Set the range and say what its first reserve did."""
        start, end = _page(self.start.value, "first page"), _page(self.end.value, "page after the range")
        if not 0 < end - start <= MOST:
            raise InputError(
                f"pages {start:,} to {end:,}", f"a range here has 1 to {MOST} pages", "give the end after the start"
            )
        self.run = record_set([(start, end, PRIVATE)], f"Pages {start:,} to {end - 1:,} become private")
        first = next(k for k, step in enumerate(self.run.steps, 1) if step.label.startswith("xa_reserve"))
        said = f"{many(end - start, 'page')}; the first reserve: {self.run.steps[first - 1].sentence}"
        return said, [Stepper(self.run, picture=xarray, position=first)]

    def __str__(self) -> str:
        return f"{self.said.value}\n{self.run}"


def _page(text: str, what: str) -> int:
    """A page number as people type it."""
    clean = text.strip().replace(",", "").replace("_", "")
    number = clean.isascii() and len(clean) <= 20
    try:
        page = int(clean, 16 if clean[:2].lower() == "0x" else 10) if number else -1
    except ValueError:
        page = -1
    if not 0 <= page <= LAST:
        raise InputError(
            f"{what} {printable(text)}", f"a page has a number from 0 to {LAST:#x}", "write it like 4094 or 0xffe"
        )
    return page
