"""One region, one pair, two TDs: acts one after the other, and what the module answers to each.

    played(("host: PAMT.ADD", "TD A: AUG a page", "TD A: remove its page", "host: PAMT.REMOVE"))

TD A's pages come from the region's beginning (page 0 of the pair), TD B's from its middle (page 1). To remove a page is BLOCK, TRACK and
PAGE.REMOVE; the first of the three that fails is the answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from tdxkit.errors import InputError, printable
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.leaves.metadata import HINT
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import L2M, PT_PAMT
from tdxkit.seam.scenes import EMPTY, EMPTY_WITH_PAIR, FRESH, GPA_FREE, PAIR, world_at
from tdxkit.seam.td import HostPages, SimpleTd
from tdxkit.units import PAGE_2M, PAGE_4K

SOURCES = ("model",)
REGION, OTHER_CONTROL = EMPTY, EMPTY_WITH_PAIR + PAGE_2M
A, B = "TD A", "TD B"
ADD, REMOVE = "host: PAMT.ADD", "host: PAMT.REMOVE"
AUG, DROP = ": AUG a page", ": remove its page"
ACTS = (ADD, A + AUG, A + DROP, B + AUG, B + DROP, REMOVE)
MOST = 40  # acts that are kept
FIRST_ENTRY = {A: 0, B: 256}
PLACES: Mapping[str, tuple[int, int]] = {
    "1 GiB apart": PAIR,
    "next to each other": (PAIR[0], PAIR[0] + PAGE_4K),
    "in a region that has a pair": (FRESH + 0x7000, FRESH + 0x8000),
    "inside the region itself": (REGION + PAGE_2M - 2 * PAGE_4K, REGION + PAGE_2M - PAGE_4K),
}


@dataclass(frozen=True)
class Done:
    """An act and what came of it: the leaf that answered last, its answer, the region's page count then (None: no pair), whether the
    hint was in the answer."""

    act: str
    leaf: str
    answer: Answer
    count: int | None
    hint: bool


@dataclass(frozen=True)
class Played:
    """All that was done, the module as it stands, and where the pages of the pair lie."""

    done: tuple[Done, ...]
    module: Module
    place: str

    @property
    def stale(self) -> tuple[int, int] | None:
        """The numbers of the act whose hint promised an empty region and of the REMOVE after it that found a page; None without such two."""
        hinted = 0
        for k, one in enumerate(self.done, 1):
            if one.act == REMOVE and one.answer.name == "TDX_PAMT_PAGE_NOT_EMPTY" and hinted:
                return hinted, k
            hinted = k if one.hint else 0 if one.act == REMOVE and one.answer.ok else hinted
        return None


@cache
def _start() -> tuple[Module, dict[str, int]]:
    """Two TDs that run, none with a page in the region, which has no pair; the TDRs by name."""
    world = world_at("runnable")
    other = SimpleTd(world.module, HostPages(world.module, OTHER_CONTROL)).build().run()
    other.sept(GPA_FREE, 0)
    return world.module, {A: world.td.tdr, B: other.tdr}


def played(acts: Iterable[str], place: str = "1 GiB apart") -> Played:
    """Do these acts, from the beginning. InputError for an act or a place that there is not."""
    if place not in PLACES:
        raise InputError(
            f"place {printable(place)}", "pages of a pair do not lie there here", f"take one of {', '.join(PLACES)}"
        )
    start, tdrs = _start()
    module, done = start.copy(), []
    pages = {A: 0, B: 0}  # in use, the last one goes first
    for act in acts:
        if act not in ACTS:
            raise InputError(f"act {printable(act)}", "it is none of this region's", f"take one of {', '.join(ACTS)}")
        td = act.partition(":")[0]
        if act == ADD:
            leaf, answer = _first_that_fails(
                module, [("PHYMEM.PAMT.ADD", dict(zip(("rcx", "rdx", "r8"), (REGION | L2M, *PLACES[place]))))]
            )
        elif act == REMOVE:
            leaf, answer = _first_that_fails(module, [("PHYMEM.PAMT.REMOVE", {"rcx": REGION | L2M})])
        elif act.endswith(AUG):
            leaf, answer = _aug(module, tdrs[td], td, pages[td])
            pages[td] += answer.ok
        else:
            leaf, answer = _drop(module, tdrs[td], max(pages[td] - 1, 0))
            pages[td] -= answer.ok
        hint = leaf == "MEM.PAGE.REMOVE" and answer.ok and bool(answer["RCX"] & HINT)
        done.append(Done(act, leaf, answer, _count(module), hint))
    return Played(tuple(done), module, place)


def _first_that_fails(module: Module, calls: Iterable[tuple[str, Mapping[str, int]]]) -> tuple[str, Answer]:
    for leaf, given in calls:
        answer = module.call(leaf, **given)
        if not answer.ok:
            break
    return leaf, answer


def _aug(module: Module, tdr: int, td: str, k: int) -> tuple[str, Answer]:
    page = REGION + (FIRST_ENTRY[td] + k) * PAGE_4K
    return _first_that_fails(module, [("MEM.PAGE.AUG", {"rcx": GPA_FREE + k * PAGE_4K, "rdx": tdr, "r8": page})])


def _drop(module: Module, tdr: int, k: int) -> tuple[str, Answer]:
    page = {"rcx": GPA_FREE + k * PAGE_4K, "rdx": tdr}
    calls = [("MEM.RANGE.BLOCK", page), ("MEM.TRACK", {"rcx": tdr}), ("MEM.PAGE.REMOVE", page)]
    return _first_that_fails(module, calls)


def _count(module: Module) -> int | None:
    m = module.m
    return m.count[REGION >> 21] if m.pamt_2m[REGION >> 21].type == PT_PAMT else None
