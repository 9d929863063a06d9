"""A Linux host with a TDX module: pages, locks held, SEAMCALLs made, page pairs got and put.

The SEAMCALLs go to the real module model, so what the kernel model does wrong is answered by the module. get and put, which run on
top of this, are in pairs.py; KVM's paths in tdxkit.linux.host.kvm.

Fidelity card
  modelled: which page lies in which 2 MiB region, who has it; every SEAMCALL with its operands; locks held and whether the caller may
    sleep; each allocation and each SEAMCALL able to fail on demand; up to 10 tries of a SEAMCALL that finds no entropy
  simplified: one thing happens at a time, so no lock is ever contended here (see the explorer and the lock simulation for that)
  simplified: pages of one kind (TD, vCPU, S-EPT, pair, guest) come from regions of their own, so each needs its own pair
  left out: NUMA, page migration, memory pressure beyond a failed allocation
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from tdxkit.errors import ModelError
from tdxkit.linux.host.faults import NO_FAULT, Fault
from tdxkit.linux.host.pairs import PAIR, Counters, Pairs
from tdxkit.linux.host.versions import Posted, version_named
from tdxkit.run import Recorder, Run, Track
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.module import Begun, Module
from tdxkit.seam.pamt import PT_PAMT
from tdxkit.units import GIB, PAGE_2M, PAGE_4K

ALL_PATCHES = frozenset(range(1, 13))
BASES = {"TD": 8, "vCPU": 12, "S-EPT": 16, "pair": 24, "shared": 30, "guest": 64}  # first region of each kind
REGION_KINDS = tuple(sorted((first, kind) for kind, first in BASES.items()))
ENOMEM, EBUSY, EIO, EAGAIN = -12, -16, -5, -11
RDRAND_RETRY_LOOPS = 10  # tries of a SEAMCALL that finds no entropy


def kind_of(region: int) -> str:
    """What the pages of a region (HPA >> 21) are for."""
    return next((kind for first, kind in reversed(REGION_KINDS) if region >= first), "other")


@dataclass(frozen=True, slots=True)
class Context:
    """Where the kernel is: name, locks held, whether it may sleep."""

    name: str
    locks: tuple[str, ...] = ()
    may_sleep: bool = True


class Host(Pairs):
    """A host kernel of one version and a set of patches of the series.

    `fault` makes one allocation or SEAMCALL fail; `record` keeps every step for `run()`. Dynamic PAMT is on when patch 11 is in.
    """

    def __init__(
        self, version: str = "v2", patches: frozenset[int] = ALL_PATCHES, fault: Fault = NO_FAULT, record: bool = True
    ):
        self.version: Posted = version_named(version)
        self.patches = patches
        self.dynamic = 11 in patches
        self.module = Module(tdmrs=[(0, GIB)], dynamic_pamt=self.dynamic)
        self.memory = Counters(self)
        self.fault, self.points = fault, 0
        self.pages: dict[int, str] = {}  # HPA of every page that is allocated, and what for
        self.dirty_frees = 0
        self.spare: dict[str, list[int]] = defaultdict(list)
        self.next = {kind: first * PAGE_2M for kind, first in BASES.items()}
        self.context = Context("boot")
        self.pools: dict[str, list[int] | None] = {}
        self.sept_caches: dict[str, list[int]] = {}
        self.seamcalls: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.said, self.last = "", ("", 0)
        self.hands: list[int] = []  # pages between allocator and module
        self.recorder = Recorder(self.state()) if record else None
        self.actors: dict[str, None] = {}

    # What a Run shows.

    def state(self) -> dict[str, object]:
        """The host as a flat state: locks, totals, pools, and for each region (HPA >> 21) in use the kernel's refcount, the module's
        page count and whether it has its pair."""
        regions = sorted({*self.memory.refcount, *(r for r, e in self.module.m.pamt_2m.items() if e.type == PT_PAMT)})
        state: dict[str, object] = dict.fromkeys(("mmu_lock", "pamt_lock"))
        for lock in self.context.locks:
            state[lock.split()[0]] = self.context.name
        if self.memory.pamt_lock:
            state["pamt_lock"] = self.context.name
        state |= {
            "may sleep": self.may_sleep,
            "pairs": self.pairs,
            "references": self.references,
        }
        state |= {"pages allocated": len(self.pages), **{f"pool of {v}": len(p or ()) for v, p in self.pools.items()}}
        if not self.version.pool_holds_sept:
            state |= {f"S-EPT pages of {v}": len(p) for v, p in self.sept_caches.items()}
        if self.meminfo_kb is not None:
            state["meminfo TDX kB"] = self.meminfo_kb
        for region in regions:
            state[f"region {region}"] = (
                self.memory.refcount[region],
                self.module.m.count[region],
                self.has_pair(region),
            )
        if self.last[0]:
            state["last SEAMCALL"] = self.last[0]
        return state

    def step(self, label: str, sentence: str, actor: str = "") -> None:
        """Record where things stand. `actor` other than who the host works for: what happens elsewhere meanwhile."""
        if self.recorder is not None:
            actor = actor or self.context.name
            self.actors[actor] = None
            self.recorder.step(actor, label, sentence, self.state())

    def run(self, title: str, **more) -> Run:
        """Everything that happened so far."""
        tracks = (Track("mmu_lock", "mmu_lock", "lock"), Track("pairs in use", "pairs", "fact"))
        return self.recorder.run(title, self.actors, tracks=tracks, **more)

    def warn(self, text: str) -> None:
        """A WARN, or a line in the log."""
        self.warnings.append(text)
        self.step("warning", text)

    # Pages.

    def has_pair(self, region: int) -> bool:
        """Whether the module holds a pair for this region (HPA >> 21)."""
        return self.module.m.pamt_2m[region].type == PT_PAMT

    @property
    def pairs(self) -> int:
        """Pairs the module holds."""
        return sum(1 for e in self.module.m.pamt_2m.values() if e.type == PT_PAMT)

    @property
    def references(self) -> int:
        """Sum of the kernel's counts."""
        return sum(self.memory.refcount.values())

    @property
    def may_sleep(self) -> bool:
        """Whether the caller may wait for memory: the context allows it and pamt_lock, a spinlock, is not held."""
        return self.context.may_sleep and not self.memory.pamt_lock

    @property
    def meminfo_kb(self) -> int | None:
        """The TDX line of /proc/meminfo in kB; None where the version or patch 10 does not print one."""
        return self.pairs * PAIR * PAGE_4K // 1024 if self.version.meminfo and 10 in self.patches else None

    def alloc(self, kind: str, atomic: bool = False) -> int | None:
        """HPA of a 4 KiB page for `kind`, or None when this allocation is the one that fails."""
        if not self.may_sleep and not atomic:
            raise ModelError(
                "alloc_page(GFP_KERNEL)",
                f"{self.context.name} may not sleep here",
                "take the page from a pool or GFP_ATOMIC",
            )
        if self._fails(f"alloc {kind}") is not None:
            self.step("alloc_page", f"No memory for a page ({kind})")
            return None
        if self.spare[kind]:
            page = self.spare[kind].pop()
        else:
            page = self.next[kind]
            self.next[kind] += PAGE_4K
        self.pages[page] = kind
        return page

    def free(self, page: int, clean: bool = True) -> None:
        """Back to the page allocator. A page still in use by the module or freed twice is a bug of the kernel model."""
        kind = self.pages.pop(page, None)
        if kind is None:
            raise ModelError(f"page {page:#x}", "only an allocated page can be freed", "look at who frees it twice")
        self.dirty_frees += not clean
        self.spare[kind].append(page)

    def guest_page(self, gpa: int) -> int:
        """The page behind a GPA: the guest's memory is one run from a 2 MiB boundary."""
        return BASES["guest"] * PAGE_2M + gpa

    # SEAMCALLs.

    def seamcall(self, leaf: str, **registers: int) -> Answer:
        """Make a SEAMCALL, or have it fail where the fault says so; sc_retry() calls again while the module finds no entropy."""
        for _ in range(RDRAND_RETRY_LOOPS):
            status = self._fails(leaf)
            result = self.module.call(leaf, **registers) if status is None else Answer(status, {})
            self._called(leaf, result, status is not None)
            if result.name != "TDX_RND_NO_ENTROPY":
                break
        return result

    def enter_guest(self, tdvpr: int) -> tuple[Answer, Begun | None]:
        """TDH.VP.ENTER: success and the call under way while the guest runs, or the status that kept it out and None."""
        status = self._fails("TDH.VP.ENTER")
        entry = self.module.enter(tdvpr) if status is None else None
        refused = Answer(status, {}) if entry is None else entry.result if entry.done else None
        self._called("TDH.VP.ENTER", refused or Answer(0, {}), status is not None)
        return (refused, None) if refused else (Answer(0, {}), entry)

    def _called(self, leaf: str, result: Answer, injected: bool) -> None:
        self.seamcalls[leaf] += 1
        if result.status >> 63:
            self.last = (str(result), result.status)
        self.step(leaf, f"{leaf} → {result}" + (" (injected)" if injected else ""))

    def _fails(self, what: str) -> int | None:
        """The status to answer with if this is the point to fail, else None; allocations only look whether it is not None."""
        self.points += 1
        return self.fault.status if self.fault.hits(self.points, what) else None
