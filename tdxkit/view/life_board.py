"""A TD's life with one thing gone wrong: the version, the pool, a patch left out, where a failure strikes and how."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import ipywidgets as w

from tdxkit.linux.host.faults import HOWS, NO_FAULT, Fault
from tdxkit.linux.host.kvm.places import BUILD_TOPUP
from tdxkit.linux.host.life import Point, live, points
from tdxkit.linux.host.patches import ALL_PATCHES, PatchNo
from tdxkit.linux.refcount.posted import versions
from tdxkit.review.patches import FOUNDATION
from tdxkit.run import Run
from tdxkit.text import many
from tdxkit.view.fields import choice
from tdxkit.view.host_picture import host
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.slider import Slider
from tdxkit.view.kit.verdict import Bar
from tdxkit.view.life_bar import bar, left_regions
from tdxkit.view.stepper import Stepper

LARGEST_POOL = 20
NO_MEMORY = "no memory"
lived = lru_cache(32)(live)  # a reader goes to and fro


class Asked(NamedTuple):
    """What a board of lives asks, and what answers it: the answer in words, "" where the board does not answer it."""

    question: str
    answer: Callable[["LifeBoard"], str]


def _one_pair(board: "LifeBoard") -> str:
    life = board.life
    if (life.pairs_left, life.pages_left) != (1, 2):
        return ""
    return f"{board.where}, on {board.version.value}: the module keeps the pair, and nobody asks for it again."


def _smallest_pool(board: "LifeBoard") -> str:
    pages, plain = board.pool.value, board.fault == NO_FAULT and not board.huge.value
    if board.version.value != "v6" or not plain or board.life.stopped or not pages:
        return ""
    if not lived("v6", pool_pages=pages - 1).stopped:
        return ""
    return (
        f"{many(pages, 'page')}, one pair. The second pair of the first page is missing, the fault is taken again, and each pass fills the "
        f"pool anew. With {many(pages - 1, 'page')} no pass gets anywhere."
    )


ONE_PAIR = Asked("a failure after which one pair stays behind, its two pages, and nothing else", _one_pair)
SMALLEST_POOL = Asked("the smallest pool with which a TD on v6 still gets its first page mapped", _smallest_pool)


class LifeBoard(Board):
    """Controls over one life; `life` is the one that was lived last. pool_first: the pool stands before everything else, and the life is shown from where
    it is used."""

    def __init__(self, version: str = "v2", asked: Asked = ONE_PAIR, pool_first: bool = False):
        self._asks, self.question, self._pool_first = asked, asked.question, pool_first
        self._version, self._points = version, points(version)
        self.version = choice("Version", list(versions()), version)
        sizes = [(many(n, "page"), n) for n in range(LARGEST_POOL + 1)]
        self.pool = Slider(sizes, versions()[version].pool_pages, "Pool")
        self.without = choice(
            "Leave out", [("nothing", 0), *((f"patch {p}, {_brings(p)}", int(p)) for p in _optional())], 0
        )
        self.huge = w.Checkbox(False, description="a huge page too", indent=False, layout={"width": "max-content"})
        self.point = choice("What fails", _offered(self._points), 0)
        self.how = choice("How", [NO_MEMORY], NO_MEMORY)
        self.lasting = w.Checkbox(
            False, description="each later one too", indent=False, layout={"width": "max-content"}
        )
        first = [self.pool, self.version] if pool_first else [self.version, self.pool]
        super().__init__([*first, self.without, self.huge], [self.point, self.how, self.lasting])
        self.watch(self.version, self.pool, self.without, self.huge, self.point, self.how, self.lasting)

    def update(self) -> tuple[Bar, list[object]]:
        """Live as the controls say: what came of it, what is left, and the run where it went wrong."""
        self._offer()
        self.life = lived(
            self.version.value, self.patches, self.fault, huge=self.huge.value, record=True, pool_pages=self.pool.value
        )
        run, left = self.life.run, left_regions(self.life)
        stands = min(self.reached, len(run)) or (self._first_page(run) if self._pool_first else 0)
        stepper = Stepper(run, picture=host, position=self.life.wrong_at or stands)
        return bar(self.life), [stepper, *([left] if left else [])]

    def answer(self) -> str:
        """As what is asked has it."""
        return self._asks.answer(self)

    @property
    def patches(self) -> frozenset[int]:
        """The patches that are there."""
        return ALL_PATCHES - {self.without.value}

    @property
    def fault(self) -> Fault:
        """What fails."""
        if not self.point.value:
            return NO_FAULT
        return Fault(self.point.value, self.how.value, lasting=self.lasting.value)

    @property
    def where(self) -> str:
        """What fails, in words."""
        at = self.point.value
        return (
            f"{self._points[at - 1].what} fails at point {at}, in {self._points[at - 1].lane}"
            if at
            else "nothing fails"
        )

    def _first_page(self, run: Run) -> int:
        """The step before the first that uses a pool."""
        return next((k for k, step in enumerate(run.steps) if step.actor == BUILD_TOPUP.lane), 0)

    def _offer(self) -> None:
        """Offer what the version has: its pool, its patches, the points of its life, how one of them can fail."""
        if self.version.value != self._version:
            if self.pool.value == versions()[self._version].pool_pages:
                self.pool.value = versions()[self.version.value].pool_pages
            self._version = self.version.value
        self.without.disabled = self._version != "v2"
        self.without.value = 0 if self.without.disabled else self.without.value
        there = points(self._version, self.huge.value, self.patches, self.pool.value)
        if there != self._points:
            at = _same(self._points, there, self.point.value)
            self._points, self.point.options = there, _offered(there)
            self.point.value = at
        hows = [how for how in HOWS if (how == NO_MEMORY) == self._allocates()]
        if list(self.how.options) != hows:
            self.how.options = hows
        self.how.disabled = self.lasting.disabled = not self.point.value

    def _allocates(self) -> bool:
        at = self.point.value
        return not at or self._points[at - 1].what.startswith("alloc")

    def __str__(self) -> str:
        left = left_regions(self.life)
        return "\n\n".join([str(bar(self.life)), *([str(left)] if left else []), self.asked_text, str(self.life.run)])


def _optional() -> list[PatchNo]:
    return [patch for patch in PatchNo if patch not in FOUNDATION]


def _brings(patch: PatchNo) -> str:
    return patch.name.replace("_", " ").lower().replace("td pages", "TD pages").replace("vcpu", "vCPU")


def _offered(there: tuple[Point, ...]) -> list[tuple[str, int]]:
    """The points of a life with their numbers, and none of them."""
    named = (f"{what.replace('alloc', 'memory for:')}, {lane}" for what, lane in there)
    return [("nothing", 0), *((f"{k}: {what}", k) for k, what in enumerate(named, 1))]


def _same(before: tuple[Point, ...], after: tuple[Point, ...], at: int) -> int:
    """The point that a point of another life is in this one: of its name, as many of them before it; 0 where there is none."""
    one = before[at - 1] if at else None
    alike = [k for k, other in enumerate(after, 1) if other == one]
    return alike[min(before[:at].count(one), len(alike)) - 1] if alike else 0
