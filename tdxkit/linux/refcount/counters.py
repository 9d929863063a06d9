"""Where the kernel keeps its refcounts: one 4-byte counter for each 2 MiB of physical address space, in each posted form.

Every version looks a counter up by ``pfn >> 9`` in one array in kernel virtual space. The versions differ in how long that
array is and which of its 4 KiB pages have memory behind them, and a counter without memory behind it is a crash on first use.
Facts: dynamic-pamt threads v1 … v6, bugs B3, B4, B11, B12, B13, B31 of the list in `data/bugs.toml`.

Fidelity card
  modelled: the array's length, the pages populated for each memory range, shared edge pages, the support gate, freeing
  simplified: a lookup outside the array or in a hole is one verdict (fault); the real one depends on what lies there
  left out: init_mm.page_table_lock and the race to map an edge page, NUMA placement, memory hotplug
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from tdxkit.errors import InputError
from tdxkit.units import GIB, PAGE_4K

SOURCES = ("tdx-rfc-v1", "tdx-v2-00", "tdx-v3", "tdx-v4", "tdx-v5", "tdx-v6")
PFNS_PER_REGION = 512
COUNTER = 4  # bytes of an atomic_t
VERSIONS = ("v1", "v2", "v3", "v4", "v5", "v6")


@dataclass(frozen=True, slots=True)
class Range:
    """Page frames `start` (inclusive) to `end` (exclusive): a memblock range, or a TDMR with its holes."""

    start: int
    end: int

    def __post_init__(self):
        if not 0 <= self.start < self.end <= 1 << 40:
            raise InputError(
                f"memory range {self.start:#x}-{self.end:#x}",
                "a range has 0 <= start < end <= 2^40 page frames",
                "swap or fix its ends",
            )


@dataclass(frozen=True, slots=True)
class CounterArray:
    """The array as one version builds it.

    `length`: bytes of virtual space reserved; `mapped`: byte ranges of it with memory behind, page aligned, disjoint, sorted;
    `failed`: why set-up fails or crashes ("" if it does not); `freed`: bytes that tear-down gives back; `used`: somebody looks counters up,
    which without Dynamic PAMT nobody does.
    """

    version: str
    length: int
    mapped: tuple[tuple[int, int], ...]
    failed: str = ""
    freed: int = 0
    used: bool = True

    @property
    def bytes(self) -> int:
        """Memory behind the array."""
        return sum(end - start for start, end in self.mapped)

    @property
    def leaked(self) -> int:
        """Memory that stays behind after tear-down."""
        return self.bytes - self.freed

    @property
    def left_behind(self) -> tuple[tuple[int, int], ...]:
        """Where in the array that memory lies: whoever frees too short a length leaves the end."""
        found, rest = [], self.leaked
        for start, end in reversed(self.mapped):
            if not rest:
                break
            found.append((max(start, end - rest), end))
            rest -= end - found[-1][0]
        return tuple(reversed(found))

    def lookup(self, pfn: int) -> str:
        """What becomes of the first use of the counter for `pfn`: ``ok``, ``past the end`` or ``no memory behind it``."""
        at = offset_of(pfn)
        if at + COUNTER > self.length:
            return "past the end"
        return "ok" if any(start <= at < end for start, end in self.mapped) else "no memory behind it"

    def holes(self, memory: Iterable[Range]) -> tuple[Range, ...]:
        """The parts of usable memory, as page frames, whose counter cannot be used, where somebody does."""
        return tuple(hole for r in memory if self.used for hole in _holes(self, r))


def offset_of(pfn: int) -> int:
    """Byte offset of the counter of the region that `pfn` lies in."""
    return pfn // PFNS_PER_REGION * COUNTER


def build(
    version: str, memory: Iterable[Range], *, dynamic_pamt: bool = True, tdmrs: Iterable[Range] = ()
) -> CounterArray:
    """The array `version` builds for these memblock ranges; v1 goes by `tdmrs` (default: memory rounded out to 1 GiB), v5 is as v4."""
    if version not in VERSIONS:
        raise InputError(
            f"version {version!r}", "the counters' memory differs in " + ", ".join(VERSIONS), "name one of these"
        )
    memory = tuple(memory)
    max_pfn = max((r.end for r in memory), default=0)
    if not dynamic_pamt:
        return _without_support(version, memory)
    if version == "v6":
        length = _page_up(-(-max_pfn // PFNS_PER_REGION) * COUNTER)
        return CounterArray(version, length, ((0, length),) if length else (), freed=length)
    if version == "v1":
        populated = [_span(r.start, r.end - 1) for r in (tuple(tdmrs) or tdmrs_for(memory))]
    elif version in ("v2", "v3"):
        populated = [_span_v2(r) for r in memory]
    else:
        populated = [_span(r.start, r.end - 1) for r in memory]
    return _sparse(version, max_pfn, populated)


def _sparse(version: str, max_pfn: int, populated: list[tuple[int, int]]) -> CounterArray:
    regions = -(-max_pfn // PFNS_PER_REGION) if version in ("v4", "v5") else max_pfn // PFNS_PER_REGION
    length = regions * COUNTER if version in ("v1", "v2") else _page_up(regions * COUNTER)
    empty = next((start for start, end in populated if start >= end), None)
    if empty is not None:
        return CounterArray(version, length, (), failed=f"mapping a range of no bytes at offset {empty:#x} is an error")
    mapped = _merge(populated)
    # v4 (and v5, which keeps its counters) grew the array but walks the old, shorter length when it frees it.
    walked = _page_up(max_pfn // PFNS_PER_REGION * COUNTER)
    freed = sum(max(0, min(end, walked) - start) for start, end in mapped)
    return CounterArray(version, length, mapped, freed=freed)


def _without_support(version: str, memory: tuple[Range, ...]) -> CounterArray:
    """No Dynamic PAMT: nothing is reserved. Who goes on all the same works on a base pointer of NULL."""
    if version == "v1":
        return CounterArray(
            version, 0, (), "tear-down is not gated: it unmaps from address NULL, which others may use", used=False
        )
    if version in ("v2", "v3") and memory:
        return CounterArray(version, 0, (), "populating is not gated: it maps pages at address NULL, panic", used=False)
    return CounterArray(version, 0, (), used=False)


def _span(first_pfn: int, last_pfn: int) -> tuple[int, int]:
    """The pages of the array that hold the counters of `first_pfn` … `last_pfn`, both included."""
    return _page_down(offset_of(first_pfn)), _page_up(offset_of(last_pfn) + COUNTER)


def _span_v2(memory: Range) -> tuple[int, int]:
    """v2 and v3 take the counter of `end + 1` for an exclusive end: right unless it is the first one of a page (B12)."""
    return _page_down(offset_of(memory.start)), _page_up(offset_of(memory.end + 1))


def tdmrs_for(memory: Iterable[Range]) -> tuple[Range, ...]:
    """The ranges rounded out to 1 GiB and merged where they meet: what a TDMR covers, reserved holes included."""
    gib = GIB // PAGE_4K
    return tuple(Range(a, b) for a, b in _merge([(r.start // gib * gib, -(-r.end // gib) * gib) for r in memory]))


def _holes(counters: CounterArray, memory: Range) -> Iterable[Range]:
    """A verdict can change only where memory behind the array begins or ends, or the array itself, so only there it is asked."""
    edges = {counters.length // COUNTER, *(edge // COUNTER for span in counters.mapped for edge in span)}
    inside = (edge * PFNS_PER_REGION for edge in edges)
    cuts = sorted({memory.start, memory.end, *(pfn for pfn in inside if memory.start < pfn < memory.end)})
    bad = [(a, b) for a, b in pairwise(cuts) if counters.lookup(a) != "ok"]
    return (Range(a, b) for a, b in _merge(bad))


def _merge(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return tuple((a, b) for a, b in merged)


def _page_down(n: int) -> int:
    return n // PAGE_4K * PAGE_4K


def _page_up(n: int) -> int:
    return -(-n // PAGE_4K) * PAGE_4K
