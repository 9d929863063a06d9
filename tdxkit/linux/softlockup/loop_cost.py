"""What a page costs in each loop, in nanoseconds: a parameter, with named presets.

The kernel's speed is no property of the model: it says how many pages each loop goes through, a PageCost puts time on them.

Fidelity card
  modelled: a cost of its own for each loop: check, reserve, store; reserving what is there already, storing NULL
  simplified: a page costs the same wherever it lies. Measured, a tree of four levels is a third to a half faster than one of five,
    so guests under 64 GiB come out too slow
  simplified: the handlers (pre, post) and the locks take no time of their own
"""

from dataclasses import dataclass
from math import isfinite

from tdxkit.errors import InputError, printable

SOURCES = ("xarray-timing", "snp-lockup-v1")
_RANGE = 0, 1e6  # ns a page


@dataclass(frozen=True, slots=True)
class PageCost:
    """Nanoseconds a page. check: an entry looked at; reserve, store: to set; again: reserve a page that has an entry; clear: store NULL."""

    name: str
    reserve: float
    store: float
    check: float
    again: float
    clear: float
    where: str = ""

    def __post_init__(self):
        for loop in ("reserve", "store", "check", "again", "clear"):
            value = getattr(self, loop)
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
            if not number or not _RANGE[0] <= value <= _RANGE[1]:
                raise InputError(
                    f"cost of {loop} {printable(value)}",
                    "it is 0 to 1,000,000 ns a page",
                    "give a number in that range",
                )

    def ns(self, loop: str, pages: int, clearing: bool = False) -> int:
        """What `pages` pages of a loop take, in whole nanoseconds."""
        per_page = {
            "check": self.check,
            "reserve": self.again if clearing else self.reserve,
            "store": self.clear if clearing else self.store,
        }.get(loop, 0)
        return round(pages * per_page)


# Medians of three runs each, in user space, five levels deep from 1 TiB: the largest size that was measured (source xarray-timing).
_PLAIN = {"reserve": 47.9, "store": 50.0, "check": 4.5, "again": 24.7, "clear": 59.3}
_THUNK = {"reserve": 100.8, "store": 93.9, "check": 3.9, "again": 56.4, "clear": 118.5}

COSTS = {
    cost.name: cost
    for cost in (
        PageCost(
            "reporter",
            **(_THUNK | {"reserve": 88.7, "store": 88.7}),
            where="177.35 ns a page for both loops, measured by the reporter with ftrace; half for each is an inference. "
            "Checking and clearing were not reported: as thunk",
        ),
        PageCost(
            "plain", **_PLAIN, where="the kernel's XArray in user space, gcc -O2, medians of the row with 2^26 pages"
        ),
        PageCost(
            "thunk",
            **_THUNK,
            where="the same built with thunked returns and branches, medians of the row with 2^24 pages",
        ),
    )
}


def cost_named(name: str) -> PageCost:
    """The preset of this name; InputError with the known ones otherwise."""
    if name not in COSTS:
        raise InputError(f"cost {printable(name)}", "the presets are " + ", ".join(COSTS), "name one of these")
    return COSTS[name]
