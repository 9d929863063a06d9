"""The page allocator as the host sees it: each kind of page from regions of its own, each allocation able to fail on demand."""

from collections import defaultdict
from collections.abc import Callable

from tdxkit.errors import ModelError
from tdxkit.kinds import ALLOC
from tdxkit.linux.host.faults import Points
from tdxkit.linux.host.log import Log
from tdxkit.units import PAGE_2M, PAGE_4K

BASES = {"TD": 8, "vCPU": 12, "S-EPT": 16, "pair": 24, "shared": 30, "guest": 64}  # first region of each kind
REGION_KINDS = tuple(sorted((first, kind) for kind, first in BASES.items()))


def kind_of(region: int) -> str:
    """What the pages of a region (HPA >> 21) are for."""
    return next((kind for first, kind in reversed(REGION_KINDS) if region >= first), "other")


def guest_page(gpa: int) -> int:
    """The page behind a GPA: the guest's memory is one run from a 2 MiB boundary."""
    return BASES["guest"] * PAGE_2M + gpa


class Allocator:
    """`pages` maps the HPA of each page that is allocated to what it is for; `dirty_frees` counts those freed uncleared."""

    def __init__(self, points: Points, log: Log, may_sleep: Callable[[], bool]):
        self._points, self._log, self._may_sleep = points, log, may_sleep
        self.pages: dict[int, str] = {}
        self.dirty_frees = 0
        self._spare: dict[str, list[int]] = defaultdict(list)
        self._next = {kind: first * PAGE_2M for kind, first in BASES.items()}

    def alloc(self, kind: str, atomic: bool = False) -> int | None:
        """HPA of a 4 KiB page for `kind`, or None when this allocation is the one that fails.

        ModelError where the caller may not sleep and does not ask for GFP_ATOMIC.
        """
        if not atomic and not self._may_sleep():
            raise ModelError(
                "alloc_page(GFP_KERNEL)",
                f"{self._log.context.name} may not sleep here",
                "take the page from a pool or GFP_ATOMIC",
            )
        if self._points.fails(f"alloc {kind}") is not None:
            self._log.goes_wrong()
            self._log.step("alloc_page", f"No memory for a page ({kind})", kind=ALLOC, does="alloc_page")
            return None
        if self._spare[kind]:
            page = self._spare[kind].pop()
        else:
            page = self._next[kind]
            self._next[kind] += PAGE_4K
        self.pages[page] = kind
        return page

    def free(self, page: int, clean: bool = True) -> None:
        """Back to the page allocator. ModelError for a page that is not allocated: the kernel model frees it twice."""
        kind = self.pages.pop(page, None)
        if kind is None:
            raise ModelError(f"page {page:#x}", "only an allocated page can be freed", "look at who frees it twice")
        self.dirty_frees += not clean
        self._spare[kind].append(page)
