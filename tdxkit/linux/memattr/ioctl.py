"""KVM memory attributes: which pages of a guest are private, kept as one XArray entry a page.

The ioctl KVM_SET_MEMORY_ATTRIBUTES and what it calls, on the model's XArray, by kernel text and by patch. A call hands out what
each of its loops did, in order, so that a watchdog can put times on it. Index = GFN, value = attribute bits, NULL = none.

    >>> kvm = Kvm()
    >>> result = kvm_set_memory_attributes(kvm, 1 << 40, 4096, KVM_MEMORY_ATTRIBUTE_PRIVATE, 0)
    >>> result.ret, [phase.loop for phase in result.phases]
    (0, ['slots_lock', 'check', 'reserve', 'pre', 'store', 'post'])

Fidelity card
  modelled: the checks in their order, the early exit, both loops, the handlers over memslots with their 2M and 1G flags, return
    values and what a failed reserve leaves, compared with KVM's own code command by command (source linux-memattr)
  modelled: three kernel texts; v1's batches of 512 GiB (snp-lockup-v1) and v2's cond_resched() (snp-lockup-v2)
  simplified: text 3 (no reserve loop when clearing) is reconstructed from the subject of its commit
  simplified: every zap finds something to zap, so each range over a memslot costs one remote TLB flush
  simplified: the check says how many entries it looked at; NULL entries that it skips node by node count for nothing
  left out: mappings and vCPU faults; the VM of another mm and copy_from_user() are two switches
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr.abi import (
    KVM_MEMORY_ATTRIBUTE_PRIVATE,
    KVM_SET_MEMORY_ATTRIBUTES,
    MemoryAttributes,
    decode_ioctl,
    ioctl_number,
    tracepoint,
)
from tdxkit.linux.memattr.memslots import Memslot, update_mixed, widened
from tdxkit.linux.memattr.result import Phase, SetResult
from tdxkit.linux.memattr.vm import (
    KernelText,
    Kvm,
    attribute_runs,
    kvm_get_memory_attributes,
    kvm_range_has_memory_attributes,
    look_up,
    supported,
)
from tdxkit.linux.xarray.api import NULL, xa_mk_value
from tdxkit.linux.xarray.bulk import reserve_loop, store_loop
from tdxkit.units import PAGE_4K, PAGE_SHIFT, U64_MAX

SOURCES = ("linux-memattr", "snp-lockup-v1", "snp-lockup-v2", "memattr-fixes-7-3")


__all__ = [
    "BATCH",
    "KVM_MEMORY_ATTRIBUTE_PRIVATE",
    "KVM_SET_MEMORY_ATTRIBUTES",
    "Did",
    "KernelText",
    "Kvm",
    "MemoryAttributes",
    "Phase",
    "SetResult",
    "attribute_runs",
    "decode_ioctl",
    "ioctl_number",
    "kvm_get_memory_attributes",
    "kvm_range_has_memory_attributes",
    "kvm_set_memory_attributes",
    "kvm_vm_set_mem_attributes",
    "look_up",
    "page_by_page",
    "supported",
    "tracepoint",
]

BATCH = 512 << 30 >> PAGE_SHIFT  # pages: version 1 of the patch took the range in steps of 512 GiB
EIO, EFAULT, EINVAL = 5, 14, 22


class Did(NamedTuple):
    """What a call has just done. does: a phase, `unlock`, or of one page `reserve`, `store` or `resched`; the page; 0 or -errno."""

    does: str
    gfn: int | None = None
    rc: int = 0


Pages = Callable[[int, int], tuple[int, int]]  # goes over GFNs; 0 or -errno, and the first GFN that is not done


def kvm_vm_set_mem_attributes(kvm: Kvm, start: int, end: int, attributes: int) -> SetResult:
    """int kvm_vm_set_mem_attributes(struct kvm *, gfn_t start, gfn_t end, unsigned long attributes): GFNs [start, end).

    0, or -ENOMEM when a page could not be reserved: the reservations made so far stay.
    """
    call = Call(kvm, start, end, attributes, paged=False)
    for _ in call.run():
        pass
    return call.result()


def page_by_page(kvm: Kvm, start: int, end: int, attributes: int) -> Generator[Did, None, SetResult]:
    """The same, its loops going page by page, and stopping after each thing that it did."""
    return Call(kvm, start, end, attributes, paged=True).run()


class Call:
    """One call in progress, a method for each stretch of it."""

    def __init__(self, kvm: Kvm, start: int, end: int, attributes: int, paged: bool):
        if not 0 <= start <= end <= U64_MAX:
            raise InputError(
                f"GFNs {printable(f'{start} to {end}')}", "a range ascends inside 0 to 2^64 - 1", "give start and end"
            )
        self.kvm, self.xa, self.start, self.end, self.attributes = kvm, kvm.mem_attr_array, start, end, attributes
        self.entry = xa_mk_value(attributes) if attributes else NULL
        self.paged = paged
        self.phases: list[Phase] = []
        self.inval: tuple[int, int] | None = None
        self.unmap: list[tuple[int, int, str]] = []
        self.rc = self.warns = self.bugs = 0

    def run(self) -> Generator[Did, None, SetResult]:
        yield self.did("slots_lock")
        same, looked = look_up(self.kvm, self.start, self.end, U64_MAX, self.attributes)
        yield self.did("check", looked)
        self.rc = 0 if same else (yield from self.change())
        yield Did("unlock")
        return self.result()

    def result(self) -> SetResult:
        return SetResult(
            self.rc,
            tuple(self.phases),
            self.inval,
            tuple(self.unmap),
            int(bool(self.unmap)),
            self.warns,
            self.bugs,
            self.kvm.mmu_invalidate_seq,
            self.kvm.mmu_invalidate_in_progress,
            (tracepoint(self.start, self.end, self.attributes),),
        )

    def change(self) -> Generator[Did, None, int]:
        """Everything after the early exit."""
        wanted = self.attributes or self.kvm.text.number < 3
        if wanted and (rc := (yield from self.loop("reserve", self.reserve))):
            return rc
        yield self.over_slots("pre", self.pre)
        rc = yield from self.loop("store", self.store)
        self.bugs += bool(rc)
        yield self.over_slots("post", self.post)
        return rc

    def reserve(self, start: int, end: int) -> tuple[int, int]:
        return reserve_loop(self.xa, start, end)

    def store(self, start: int, end: int) -> tuple[int, int]:
        return store_loop(self.xa, start, end, self.entry)

    def loop(self, name: str, pages: Pages) -> Generator[Did, None, int]:
        """One of the two loops over every GFN: in bulk, or a page at a time."""
        xa, slab = self.xa, self.xa.slab
        allocs, frees, walked = slab.allocs, slab.frees, xa.walked
        if self.paged:
            rc, reached = yield from self.each_page(name, pages)
        else:
            rc, reached = pages(self.start, self.end)
        done = reached - self.start
        resched = done if self.kvm.text.patch == "v2" else 0
        self.phases.append(
            Phase(name, done + bool(rc), resched, slab.allocs - allocs, slab.frees - frees, xa.walked - walked)
        )
        return rc

    def each_page(self, name: str, pages: Pages) -> Generator[Did, None, tuple[int, int]]:
        for gfn in range(self.start, self.end):
            rc, _ = pages(gfn, gfn + 1)
            yield Did(name, gfn, rc)
            if rc:
                return rc, gfn
            if self.kvm.text.patch == "v2":
                yield Did("resched", gfn)
        return 0, self.end

    def did(self, name: str, pages: int = 0, mmu_lock: int = 0) -> Did:
        """A phase that is no loop is over."""
        self.phases.append(Phase(name, pages, mmu_lock=mmu_lock))
        return Did(name)

    def over_slots(self, name: str, handler: Callable[[Memslot, int, int], None]) -> Did:
        """kvm_handle_gfn_range(): each slot's part of the range; mmu_lock and the invalidation only if there is one."""
        parts = [(s, max(self.start, s.base), min(self.end, s.end)) for s in self.kvm.slots]
        parts = [part for part in parts if part[1] < part[2]]
        if parts:
            self.kvm.mmu_invalidate_in_progress += 1 if name == "pre" else -1
            self.kvm.mmu_invalidate_seq += name == "post"
        for slot, start, end in parts:
            handler(slot, start, end)
        return self.did(name, sum(end - start for _, start, end in parts), int(bool(parts)))

    def pre(self, slot: Memslot, start: int, end: int) -> None:
        """kvm_pre_set_memory_attributes(): invalidate, wider by the huge pages that can no longer stay, and zap."""
        ranges = [(start, end)]
        if self.kvm.private:
            ranges += widened(slot, start, end)
            self.unmap.append((start, end, "shared" if self.attributes & KVM_MEMORY_ATTRIBUTE_PRIVATE else "private"))
        else:
            self.warns += 1
        if self.inval:
            ranges.append(self.inval)
        self.inval = min(low for low, _ in ranges), max(high for _, high in ranges)

    def post(self, slot: Memslot, start: int, end: int) -> None:
        """kvm_arch_post_set_memory_attributes(): the flags of the huge pages at both ends."""
        if self.kvm.private:
            update_mixed(slot, start, end, self.attributes, self.kvm.uniform, self.kvm.attributes)
        else:
            self.warns += 1


def kvm_set_memory_attributes(kvm: Kvm, address: int, size: int, attributes: int, flags: int = 0) -> SetResult:
    """The ioctl: checks in the kernel's order, then kvm_vm_set_mem_attributes(). address and size are in bytes.

    -EIO, -EFAULT, -EINVAL before anything happens, else 0 or -ENOMEM. Text with patch v1: in batches of 512 GiB.
    """
    MemoryAttributes(address, size, attributes, flags)  # refuses what is no u64
    end = address + size
    checks = (
        (kvm.usable, EIO),
        (kvm.readable, EFAULT),
        (flags == 0, EINVAL),
        (not attributes & ~supported(kvm), EINVAL),
        (size and end <= U64_MAX, EINVAL),
        (address % PAGE_4K == 0 and size % PAGE_4K == 0, EINVAL),
    )
    for passed, errno in checks:
        if not passed:
            return SetResult(-errno, seq=kvm.mmu_invalidate_seq, in_progress=kvm.mmu_invalidate_in_progress)
    first, last = address >> PAGE_SHIFT, end >> PAGE_SHIFT
    if kvm.text.patch != "v1":
        return kvm_vm_set_mem_attributes(kvm, first, last, attributes)
    return _in_batches(kvm, first, last, attributes)


def _in_batches(kvm: Kvm, start: int, end: int, attributes: int) -> SetResult:
    """Version 1 of the patch: slots_lock is dropped after each 512 GiB, so that the next mutex_lock() may schedule."""
    results = []
    for first in range(start, end, BATCH):
        results.append(kvm_vm_set_mem_attributes(kvm, first, min(first + BATCH, end), attributes))
        if results[-1].ret:
            break
    last, met = results[-1], [r.inval for r in results if r.inval]
    split = end - start > BATCH
    return replace(
        last,
        phases=tuple(phase for r in results for phase in r.phases),
        inval=met[-1] if met else None,
        unmap=tuple(zap for r in results for zap in r.unmap),
        tlb=sum(r.tlb for r in results),
        warns=sum(r.warns for r in results),
        trace=tuple(split * " ." + line for r in results for line in r.trace),
    )
