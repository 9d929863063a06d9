"""get and put on a host: the very generators that the explorer runs, against the real module model.

Where tdxkit.linux.refcount says "TDH.PHYMEM.PAMT.ADD", that SEAMCALL is made here and its status sent back in; where it takes or frees
two pages, they come from the allocator or a vCPU's pool and go back to the allocator. One caller at a time.
"""

from collections import defaultdict

from tdxkit.linux.host.pool import take
from tdxkit.units import PAGE_2M

PAIR = 2  # pages


class Counters:
    """What get and put see of the host: the counters and the lock, as the explorer's shared memory would show them."""

    memory_may_run_out = add_may_fail = remove_may_fail = False

    def __init__(self, host: "Pairs"):
        self.refcount: dict[int, int] = defaultdict(int)
        self.pamt_lock = False
        self._host = host

    def must(self, name: str, condition: object) -> None:
        """A rule of the design: breaking one is a warning here."""
        if not condition:
            self._host.warn(f"broken: {name}")

    def tell(self, sentence: str) -> None:
        """A design's own words for the step: the last one stands."""
        self._host.said = sentence


class Pairs:
    """The part of a Host that gets and puts page pairs."""

    def pamt_get(self, page: int, pool: str = "") -> int:
        """tdx_pamt_get(): 0 or a negative errno. `pool` names the vCPU whose pool gives the pair, "" allocates."""
        if not self.dynamic:
            return 0
        region = page >> 21
        before = self.memory.refcount[region]
        errno = self._drive(self.version.code.get(self.memory, region), region, pool)
        self.step(
            "tdx_pamt_get",
            f"{self._say('tdx_pamt_get')}: refcount {before} → {self.memory.refcount[region]}"
            + (f", returns {errno}" if errno else ""),
        )
        return errno

    def pamt_put(self, page: int) -> None:
        """tdx_pamt_put()."""
        if not self.dynamic:
            return
        region = page >> 21
        before = self.memory.refcount[region]
        self._drive(self.version.code.put(self.memory, region), region, "")
        self.step("tdx_pamt_put", f"{self._say('tdx_pamt_put')}: refcount {before} → {self.memory.refcount[region]}")

    def _say(self, what: str) -> str:
        return f"{what}" + (f" ({self.said.rstrip('.')})" if self.said else "")

    def _drive(self, program, region: int, pool: str) -> int:
        """Run a get or put to its end, doing for real what its steps name."""
        self.hands, self.said, answer = [], "", None
        while True:
            try:
                item = program.send(answer)
            except StopIteration as end:
                return end.value or 0
            label, choices = item if isinstance(item, tuple) else (item, (None,))
            doing = {"alloc_page() twice": self._take_pair, "__free_page() twice": self._free_pair,
                     "TDH.PHYMEM.PAMT.ADD(region)": self._add, "TDH.PHYMEM.PAMT.REMOVE(region)": self._remove}.get(label)  # fmt: skip
            answer = doing(region, pool) if doing else choices[0]

    def _take_pair(self, region: int, pool: str) -> bool:
        for _ in range(PAIR):
            page = take(self, pool) if pool else self.alloc("pair")
            if page is None:
                if not self.version.drops_first_page:
                    self._free_pair(region, pool)
                return False
            self.hands.append(page)
        return True

    def _free_pair(self, region: int, pool: str) -> None:
        for page in self.hands:
            self.free(page, clean=self.version.clears_pair)
        self.hands = []

    def _add(self, region: int, pool: str) -> int:
        first, second = self.hands
        result = self.seamcall("TDH.PHYMEM.PAMT.ADD", rcx=region * PAGE_2M | 1, rdx=first, r8=second)
        if result.ok:
            self.hands = []
        return result.status

    def _remove(self, region: int, pool: str) -> int:
        result = self.seamcall("TDH.PHYMEM.PAMT.REMOVE", rcx=region * PAGE_2M | 1)
        if result.ok:
            self.hands = [result["RDX"], result["R8"]]
        else:
            self.warn(f"TDH.PHYMEM.PAMT.REMOVE of region {region} failed: {result}")
        return result.status

    def alloc_page(self, kind: str, patch: int) -> int | None:
        """tdx_alloc_page(): a page with its pair, or None. Without `patch` the caller takes a plain page."""
        page = self.alloc(kind)
        if page is None or patch not in self.patches or not self.pamt_get(page):
            return page
        self.free(page)
        return None

    def free_page(self, page: int | None, patch: int) -> None:
        """tdx_free_page(): the reference, then the page. Without `patch` only the page."""
        if page is None:
            return
        if patch in self.patches:
            self.pamt_put(page)
        self.free(page)
