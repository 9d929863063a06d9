"""get and put on a host: the very generators that the explorer runs, against the real module model.

Where a step of tdxkit.linux.refcount is a SEAMCALL, that call is made here and its status sent back in; where it takes or frees the pages
of a pair, they come from the allocator or a vCPU's pool and go back to the allocator. One caller at a time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from tdxkit.explore.running import request
from tdxkit.kinds import ALLOC, FREE, SEAMCALL
from tdxkit.linux.host.allocator import Allocator
from tdxkit.linux.host.calls import Calls
from tdxkit.linux.host.log import Log
from tdxkit.linux.refcount.module import PAIR
from tdxkit.linux.refcount.posted import Posted
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import PT_PAMT
from tdxkit.units import PAGE_2M

Takes = Callable[
    [Callable[[], int | None], Callable[[int], object]], Iterable[int]
]  # (take, free): both pages, or none


class Counters:
    """What get and put see of the host: the counters and the lock, as the explorer's shared memory would show them."""

    memory_may_run_out = add_may_fail = remove_may_fail = one_by_one = False

    def __init__(self, log: Log):
        self.refcount: dict[int, int] = defaultdict(int)
        self.pamt_lock = False
        self.said = ""  # a design's own words for what it does; the last ones stand
        self._log = log

    def must(self, name: str, condition: object) -> None:
        """A rule of the design: breaking one is a warning here."""
        if not condition:
            self._log.warn(f"broken: {name}")

    def note(self, what: str, change: int = 0) -> int:
        """What the explorer keeps with a CPU; here the pages are real."""
        return 0

    def tell(self, sentence: str) -> None:
        """A design's own words for the step."""
        self.said = sentence


class Pairs:
    """The page pairs of a host. `take` gets a page out of a vCPU's pool; with `dynamic` off get and put do nothing."""

    def __init__(
        self,
        posted: Posted,
        module: Module,
        allocator: Allocator,
        calls: Calls,
        log: Log,
        take: Callable[[str], int | None],
        dynamic: bool,
    ):
        self._posted, self._module, self._allocator = posted, module, allocator
        self._calls, self._log, self._take, self._dynamic = calls, log, take, dynamic
        self.counters = Counters(log)
        self._hands: list[int] = []  # pages between allocator and module
        self.takes: Takes | None = None  # a reader's own way to both pages of a pair

    def has(self, region: int) -> bool:
        """Whether the module holds a pair for this region (HPA >> 21)."""
        return self._module.m.pamt_2m[region].type == PT_PAMT

    @property
    def count(self) -> int:
        """Pairs the module holds."""
        return sum(1 for e in self._module.m.pamt_2m.values() if e.type == PT_PAMT)

    @property
    def references(self) -> int:
        """Sum of the kernel's counts."""
        return sum(self.counters.refcount.values())

    def regions(self) -> list[int]:
        """Every region (HPA >> 21) that is counted or has a pair."""
        paired = (r for r, e in self._module.m.pamt_2m.items() if e.type == PT_PAMT)
        return sorted({*self.counters.refcount, *paired})

    def get(self, page: int, pool: str = "") -> int:
        """tdx_pamt_get(): 0 or a negative errno. `pool` names the vCPU whose pool gives the pair, "" allocates."""
        return self._counted("tdx_pamt_get", self._posted.code.get, page, pool)

    def put(self, page: int) -> None:
        """tdx_pamt_put()."""
        self._counted("tdx_pamt_put", self._posted.code.put, page, "")

    def _counted(self, name: str, program: Callable, page: int, pool: str) -> int:
        """Run get or put on the page's region and write down what became of the count."""
        if not self._dynamic:
            return 0
        region, counters = page >> 21, self.counters
        before, self._hands, counters.said = counters.refcount[region], [], ""
        errno = self._drive(program(counters, region), region, pool)
        said = f" ({counters.said.rstrip('.')})" if counters.said else ""
        end = f", returns {errno}" if errno else ""
        self._log.step(name, f"{name}{said}: refcount {before} → {counters.refcount[region]}{end}", does=name)
        return errno

    def _drive(self, program, region: int, pool: str) -> int:
        """Run a get or put to its end, doing for real what its steps are."""
        answer: object = None
        while True:
            try:
                act, choices = request(program.send(answer), program)
            except StopIteration as end:
                return end.value or 0
            if act.kind == ALLOC:
                answer = self._take_pair(pool)
            elif act.kind == FREE:
                answer = self._free_pair()
            elif act.kind == SEAMCALL:
                answer = {"TDH.PHYMEM.PAMT.ADD": self._add, "TDH.PHYMEM.PAMT.REMOVE": self._remove}[act.does](region)
            else:
                answer = choices[0]

    def _take_pair(self, pool: str) -> bool:
        take = partial(self._take, pool) if pool else partial(self._allocator.alloc, "pair")
        if self.takes:
            self._hands = list(self.takes(take, self._allocator.free))
            return bool(self._hands)
        for _ in range(PAIR):
            page = take()
            if page is None:
                if not self._posted.drops_first_page:
                    self._free_pair()
                return False
            self._hands.append(page)
        return True

    def _free_pair(self) -> None:
        for page in self._hands:
            self._allocator.free(page, clean=self._posted.clears_pair)
        self._hands = []

    def _add(self, region: int) -> int:
        first, second = self._hands
        result = self._calls.make("TDH.PHYMEM.PAMT.ADD", rcx=region * PAGE_2M | 1, rdx=first, r8=second)
        if result.ok:
            self._hands = []
        return result.status

    def _remove(self, region: int) -> int:
        result = self._calls.make("TDH.PHYMEM.PAMT.REMOVE", rcx=region * PAGE_2M | 1)
        if result.ok:
            self._hands = [result["RDX"], result["R8"]]
        else:
            self._log.warn(f"TDH.PHYMEM.PAMT.REMOVE of region {region} failed: {result}")
        return result.status
