"""Ranges of pages made private and shared again, at hand in a notebook: a line of calls, and below them their run, store by store."""

import re
from functools import lru_cache

import ipywidgets as w

from tdxkit.c.memattr import Call, record_set
from tdxkit.errors import InputError, printable
from tdxkit.text import many
from tdxkit.units import U64_MAX
from tdxkit.view.fields import WIDE, choice, fields_row
from tdxkit.view.kit.board import Board
from tdxkit.view.stepper import Stepper
from tdxkit.view.xarray_picture import xarray

MOST, MOST_CALLS = 64, 4  # pages of a range; ranges
LAST = U64_MAX >> 12  # the last GFN that a 64-bit address can name
ATTRIBUTES = {"private": 8, "shared": 0}  # KVM_MEMORY_ATTRIBUTE_PRIVATE or none
KERNELS = {"as released": "", "with the three lines of version 2": "v2"}  # a list takes None for no choice
LONG = 100  # steps from which on a reader is told that they are being recorded
HOW = "write it like 62-66 private; 64-65 shared"
recorded = lru_cache(16)(record_set)


class RangeBoard(Board):
    """Calls one after the other, each `FIRST-END private` or `shared`, pages in decimal or with 0x; `run` is what they came to last."""

    question = "a range whose first reserve makes four nodes"

    def __init__(self, calls: str = "62-66 private", patch: str = ""):
        self.text = w.Text(
            calls, description="Ranges:", continuous_update=False, style=WIDE, layout={"flex": "3 1 360px"}
        )
        self.kernel = choice("Kernel", list(KERNELS.items()), patch)
        super().__init__(fields_row(self.text, self.kernel))
        self.watch(self.text, self.kernel)

    def update(self) -> tuple[str, list[Stepper]]:
        """Make the calls and say what the first reserve did."""
        calls = calls_in(self.text.value)
        pages = sum(end - start for start, end, _ in calls)
        if pages * (4 if self.kernel.value else 2) > LONG:
            self.say(f"{many(pages, 'page')}: the run is being recorded …")
        self.run = recorded(calls, f"{many(len(calls), 'call')}, {many(pages, 'page')}", self.kernel.value or None)
        first = self._first_reserve
        said = f"the first reserve: {self.run.steps[first - 1].sentence}" if first else "nothing was reserved"
        left = self.run.state(len(self.run))
        at_end = f"at the end {many(left['nodes'], 'node')}, {many(left['values'], 'value')}"
        return f"{many(pages, 'page')}; {said}; {at_end}", [Stepper(self.run, picture=xarray, position=first)]

    def answer(self) -> str:
        """A first reserve that allocates four nodes: on an empty tree."""
        first = self._first_reserve  # nothing before it allocates
        four = first and self.run.state(first)["allocs"] == 4
        return f"{self.run.steps[first - 1].label}: its index needs four levels, a node in each." if four else ""

    @property
    def _first_reserve(self) -> int:
        """The number of that step, 0 where nothing is reserved."""
        return next((k for k, step in enumerate(self.run.steps, 1) if step.does == "xa_reserve"), 0)


def calls_in(text: str) -> tuple[Call, ...]:
    """The calls of a line. InputError where one is none, a range is too long, or there are too many."""
    parts = list(filter(None, (part.strip() for part in re.split(r"[;\n]|,\s", text))))
    if not 0 < len(parts) <= MOST_CALLS:
        raise InputError(many(len(parts), "range"), f"here are 1 to {MOST_CALLS}, with ; between them", HOW)
    return tuple(map(_call, parts))


def _call(part: str) -> Call:
    words = part.replace("–", "-").split()
    word = words.pop().lower() if words and words[-1][:1].isalpha() else "private"
    first, sign, last = "".join(words).partition("-")
    if word not in ATTRIBUTES or not sign:
        raise InputError(f"range {printable(part)}", "it is FIRST-END and private or shared, END not in it", HOW)
    start, end = _page(first, "first page"), _page(last, "page after the range")
    if not 0 < end - start <= MOST:
        rule = f"a range here has 1 to {MOST} pages"
        raise InputError(f"pages {start:,} to {end:,}", rule, "give the end after the start")
    return start, end, ATTRIBUTES[word]


def _page(text: str, what: str) -> int:
    """A page number as people type it."""
    clean = text.strip().replace(",", "").replace("_", "")
    number = re.fullmatch(r"0[xX]([0-9a-fA-F]{1,18})|([0-9]{1,20})", clean)
    page = number and (int(number[1], 16) if number[1] else int(number[2]))
    if page is None or page > LAST:
        raise InputError(
            f"{what} {printable(text)}", f"a page has a number from 0 to {LAST:#x}", "write it like 4094 or 0xffe"
        )
    return page
