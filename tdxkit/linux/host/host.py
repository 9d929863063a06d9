"""A Linux host with a TDX module: pages, locks held, SEAMCALLs made, page pairs got and put.

The SEAMCALLs go to the real module model, so what the kernel model does wrong is answered by the module. Its parts: `log` (contexts,
steps, warnings), `allocator`, `calls` (SEAMCALLs), `pairs` (get and put); what may fail is counted by `points`. KVM's paths, which run
on top of this: tdxkit.linux.host.kvm.

Fidelity card
  modelled: which page lies in which 2 MiB region, who has it; every SEAMCALL with its operands; locks held and whether the caller may
    sleep; each allocation and each SEAMCALL able to fail on demand; up to 10 tries of a SEAMCALL that finds no entropy
  simplified: one thing happens at a time, so no lock is ever contended here (see the explorer and the lock simulation for that)
  simplified: pages of one kind (TD, vCPU, S-EPT, pair, guest) come from regions of their own, so each needs its own pair
  left out: NUMA (a pair comes from the node of whoever tops up), page migration, memory pressure beyond a failed allocation; which memory
    group pays (pairs are accounted from v4 on), the reset of pages on CPUs with the partial-write erratum
"""

from typing import NamedTuple

from tdxkit.kinds import ALLOC, FREE
from tdxkit.linux.host import pool
from tdxkit.linux.host.allocator import Allocator
from tdxkit.linux.host.calls import Calls
from tdxkit.linux.host.faults import NO_FAULT, Fault, Points
from tdxkit.linux.host.log import Context, Log
from tdxkit.linux.host.pairs import PAIR, Pairs
from tdxkit.linux.host.patches import ALL_PATCHES, PatchNo
from tdxkit.linux.refcount.posted import Posted, posted_named
from tdxkit.run import Run
from tdxkit.seam.module import Module
from tdxkit.units import GIB, PAGE_4K

SOURCES = ("tdx-v2-00", "kvm-tdx-base")

EINTR, EIO, EAGAIN, ENOMEM, EBUSY, EINVAL = -4, -5, -11, -12, -16, -22
KVM_EXIT_INTERNAL_ERROR = 17  # no errno: KVM_RUN returns 0 and tells user space why the guest is left
ERRNO = {
    EINTR: "-EINTR",
    EIO: "-EIO",
    EAGAIN: "-EAGAIN",
    ENOMEM: "-ENOMEM",
    EBUSY: "-EBUSY",
    EINVAL: "-EINVAL",
    KVM_EXIT_INTERNAL_ERROR: "KVM_EXIT_INTERNAL_ERROR",
}


class RegionUse(NamedTuple):
    """A region (HPA >> 21) as a value of the state: the kernel's refcount, the module's page count, is there a pair."""

    region: int
    refcount: int
    users: int
    pair: bool

    def __str__(self) -> str:
        return f"kernel {self.refcount} · module {self.users} · {'pair' if self.pair else 'no pair'}"


class Store(NamedTuple):
    """Pages that a vCPU keeps, as a value of the state."""

    what: str
    pages: int

    def __str__(self) -> str:
        return str(self.pages)


class Host:
    """A host kernel of one posted version and a set of patches of the series.

    `fault` makes one allocation or SEAMCALL fail; `record` keeps every step for `run()`. Dynamic PAMT is on when PatchNo.ENABLE is in.
    `pool_pages`: what vCPUs' pools are filled to, by default as the version has it.
    `pools`: each vCPU's pages for pairs, None where never set up; `sept_caches`: its pages for the Secure EPT.
    """

    def __init__(
        self,
        version: str = "v2",
        patches: frozenset[int] = ALL_PATCHES,
        fault: Fault = NO_FAULT,
        record: bool = True,
        pool_pages: int | None = None,
    ):
        self.posted: Posted = posted_named(version)
        self.pool_pages = self.posted.pool_pages if pool_pages is None else pool_pages
        self.patches = patches
        self.dynamic = PatchNo.ENABLE in patches
        self.module = Module(tdmrs=[(0, GIB)], dynamic_pamt=self.dynamic)
        self.pools: dict[str, list[int] | None] = {}
        self.sept_caches: dict[str, list[int]] = {}
        self.log, self.points = Log(self.state), Points(fault)
        self.allocator = Allocator(self.points, self.log, lambda: self.may_sleep)
        self.calls = Calls(self.module, self.points, self.log)
        self.pairs = Pairs(
            self.posted,
            self.module,
            self.allocator,
            self.calls,
            self.log,
            lambda vcpu: pool.take(self, vcpu),
            self.dynamic,
        )
        if record:
            self.log.begin()

    def state(self) -> dict[str, object]:
        """The host as a flat state: locks, totals, pools, and for each region (HPA >> 21) in use the kernel's refcount, the module's
        page count and whether it has its pair."""
        context, counters = self.log.context, self.pairs.counters
        state: dict[str, object] = dict.fromkeys(("mmu_lock", "mmu_lock held for", "pamt_lock"))
        for lock in context.locks:
            name, _, side = lock.partition(" ") if lock.startswith("mmu_lock") else (lock, "", "")
            state[name] = context.name
            if side:
                state["mmu_lock held for"] = side
        if counters.pamt_lock:
            state["pamt_lock"] = context.name
        state |= {"may sleep": self.may_sleep, "pairs": self.pairs.count, "references": self.pairs.references}
        state |= {"pages allocated": len(self.allocator.pages)}
        stores = [Store(f"pool of {vcpu}", len(pool or ())) for vcpu, pool in self.pools.items()]
        if not self.posted.pool_holds_sept:
            stores += [Store(f"S-EPT pages of {vcpu}", len(pages)) for vcpu, pages in self.sept_caches.items()]
        state |= {store.what: store for store in stores}
        if self.meminfo_kb is not None:
            state["meminfo TDX kB"] = self.meminfo_kb
        for region in self.pairs.regions():
            users, pair = self.module.m.count[region], self.pairs.has(region)
            state[f"region {region}"] = RegionUse(region, counters.refcount[region], users, pair)
        if self.calls.last:
            state["last SEAMCALL"] = self.calls.last
        return state

    def run(self, title: str, **more) -> Run:
        """Everything that happened so far."""
        return self.log.run(title, **more)

    @property
    def may_sleep(self) -> bool:
        """Whether the caller may wait for memory: the context allows it and pamt_lock, a spinlock, is not held."""
        return self.log.context.may_sleep and not self.pairs.counters.pamt_lock

    @property
    def meminfo_kb(self) -> int | None:
        """The TDX line of /proc/meminfo in kB; None where the version or PatchNo.MEMINFO does not print one."""
        printed = self.posted.meminfo and PatchNo.MEMINFO in self.patches
        return self.pairs.count * PAIR * PAGE_4K // 1024 if printed else None

    def alloc_page(self, kind: str, patch: PatchNo) -> int | None:
        """tdx_alloc_page(): a page with its pair, or None. Without `patch` the caller takes a plain page."""
        page = self.allocator.alloc(kind)
        if page is None or patch not in self.patches or not self.dynamic:
            return page
        name, _ = self.posted.helpers
        errno = self.pairs.get(page)
        if errno:
            self.allocator.free(page)
            self.log.step(
                name, f"{name}(): the get says {ERRNO[errno]}, the page goes back; NULL", kind=ALLOC, does=name
            )
            return None
        said = f"{name}(): page {page:#x} ({kind}), counted: ready to be given to the module"
        self.log.step(name, said, kind=ALLOC, does=name)
        return page

    def free_page(self, page: int | None, patch: PatchNo) -> None:
        """tdx_free_page(): the reference, then the page. Without `patch` only the page."""
        if page is None:
            return
        counted = patch in self.patches and self.dynamic
        if counted:
            self.pairs.put(page)
        self.allocator.free(page)
        if counted:
            _, name = self.posted.helpers
            said = f"{name}(): the reference is given up, then page {page:#x} is freed"
            self.log.step(name, said, kind=FREE, does=name)


__all__ = [
    "ALL_PATCHES",
    "EAGAIN",
    "EBUSY",
    "EINTR",
    "EINVAL",
    "EIO",
    "ENOMEM",
    "ERRNO",
    "KVM_EXIT_INTERNAL_ERROR",
    "Context",
    "Host",
]
