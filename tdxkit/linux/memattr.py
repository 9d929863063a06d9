"""KVM memory attributes: which pages of a guest are private, kept as one XArray entry a page.

The ioctl KVM_SET_MEMORY_ATTRIBUTES and what it calls, on the model's XArray, by kernel text and by patch. A call hands out what
each of its loops did, in order, so that a watchdog can put times on it. Index = GFN, value = attribute bits, NULL = none.

    >>> kvm = Kvm()
    >>> result = kvm_set_memory_attributes(kvm, 1 << 40, 4096, KVM_MEMORY_ATTRIBUTE_PRIVATE, 0)
    >>> result.ret, [phase.loop for phase in result.phases]
    (0, ['slots_lock', 'check', 'reserve', 'pre', 'store', 'post'])

Fidelity card
  modelled: the checks in their order, the early exit, both loops, the handlers over memslots with their 2M and 1G flags, return
    values and what a failed reserve leaves, compared with KVM's own code command by command
  modelled: three kernel texts; v1's batches of 512 GiB and v2's cond_resched()
  simplified: text 3 (no reserve loop when clearing) is reconstructed from the subject of its commit
  simplified: every zap finds something to zap, so each range over a memslot costs one remote TLB flush
  simplified: the check says how many entries it looked at; NULL entries that it skips node by node count for nothing
  left out: mappings and vCPU faults; the VM of another mm and copy_from_user() are two switches
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr_abi import KVM_MEMORY_ATTRIBUTE_PRIVATE, MemoryAttributes, tracepoint
from tdxkit.linux.memattr_result import Phase, SetResult
from tdxkit.linux.memslots import Memslot, init_mixed, update_mixed, widened
from tdxkit.linux.xarray import NULL, XArray, xa_load, xa_mk_value, xa_to_value
from tdxkit.linux.xarray_bulk import reserve_loop, store_loop
from tdxkit.linux.xarray_node import XA_ZERO_ENTRY
from tdxkit.linux.xarray_tree import runs
from tdxkit.units import PAGE_4K, PAGE_SHIFT, U64_MAX

BATCH = 512 << 30 >> PAGE_SHIFT  # pages: version 1 of the patch took the range in steps of 512 GiB
EIO, EFAULT, EINVAL = 5, 14, 22


@dataclass(frozen=True, slots=True)
class KernelText:
    """Which kernel. number 1: 6.8 to 6.12.107, so 6.15 too: reserved entries count as attributes; 2: 6.12.113 and later skips them;
    3: no reserve loop when clearing (reconstructed). patch: None, ``v1`` (batches) or ``v2`` (cond_resched() after each page).
    """

    number: int = 1
    patch: str | None = None

    def __post_init__(self):
        if self.number not in (1, 2, 3):
            raise InputError(f"kernel text {printable(self.number)}", "there are 1, 2 and 3", "choose one")
        if self.patch not in (None, "v1", "v2"):
            raise InputError(f"patch {printable(self.patch)}", "there are v1 and v2", "choose one, or None")


class Kvm:
    """struct kvm, as far as memory attributes need it. All page numbers are GFNs."""

    def __init__(self, text: KernelText | None = None, xa: XArray | None = None, *, private: bool = True):
        self.text = text or KernelText()
        self.mem_attr_array = xa or XArray()
        self.private = private  # kvm_arch_has_private_mem()
        self.usable = True  # neither dead nor of another mm
        self.readable = True  # the ioctl's argument can be copied from user space
        self.slots: list[Memslot] = []
        self.mmu_invalidate_seq = self.mmu_invalidate_in_progress = 0

    def add_slot(self, base: int, npages: int) -> bool:
        """Add a memslot of `npages` pages at gfn `base`; False where it has no pages, wraps or overlaps."""
        slot = Memslot(base, npages, set())
        if not npages > 0 or base < 0 or slot.end > 1 << 52:
            return False
        if any(slot.base < other.end and other.base < slot.end for other in self.slots):
            return False
        self.slots = sorted([*self.slots, slot], key=lambda s: s.base)
        if self.private:  # what was set before the slot came may be mixed already
            init_mixed(slot, self._pieces(base, slot.end), self.text.number == 1, self._uniform, self._attributes)
        return True

    def _pieces(self, start: int, end: int) -> list[tuple[int, int, bool]]:
        return [(a, b, entry == XA_ZERO_ENTRY) for a, b, entry in runs(self.mem_attr_array, start, end)]

    def _attributes(self, gfn: int) -> int:
        return kvm_get_memory_attributes(self, gfn)

    def _uniform(self, start: int, end: int, attributes: int) -> bool:
        return kvm_range_has_memory_attributes(self, start, end, U64_MAX, attributes)

    def mixed_pages(self) -> list[list]:
        """Huge pages flagged as mixed: [level, gfn], the 2M ones first, each level by gfn."""
        return [
            list(page) for page in sorted((p for s in self.slots for p in s.mixed), key=lambda p: (p[0] == "1G", p[1]))
        ]


def supported(kvm: Kvm) -> int:
    """u64 kvm_supported_mem_attributes(struct kvm *): PRIVATE, or nothing without private memory."""
    return KVM_MEMORY_ATTRIBUTE_PRIVATE if kvm.private else 0


def kvm_get_memory_attributes(kvm: Kvm, gfn: int) -> int:
    """unsigned long kvm_get_memory_attributes(struct kvm *, gfn_t): the bits of one page, 0 for NULL or a reserved entry."""
    return xa_to_value(xa_load(kvm.mem_attr_array, gfn))


def kvm_range_has_memory_attributes(kvm: Kvm, start: int, end: int, mask: int, attributes: int) -> bool:
    """bool kvm_range_has_memory_attributes(struct kvm *, gfn_t start, gfn_t end, mask, attrs): does every page have them?"""
    return look_up(kvm, start, end, mask, attributes)[0]


def look_up(kvm: Kvm, start: int, end: int, mask: int, attributes: int) -> tuple[bool, int]:
    """As kvm_range_has_memory_attributes(), and how many entries that took."""
    mask &= supported(kvm)
    if attributes & ~mask:
        return False, 0
    if end == start + 1:
        return kvm_get_memory_attributes(kvm, start) & mask == attributes, 1
    looked = 0
    for first, stop, entry in runs(kvm.mem_attr_array, start, end):
        reserved = entry == XA_ZERO_ENTRY
        if attributes:
            if reserved or xa_to_value(entry) & mask != attributes:
                return False, looked + 1
            looked += stop - first
        elif reserved and kvm.text.number > 1:
            looked += stop - first
        elif entry != NULL:
            return False, looked + 1
    return True, looked


def attribute_runs(kvm: Kvm, start: int, end: int) -> tuple[tuple[int, int, int], ...]:
    """Who has what: (first gfn, end gfn, attributes) over [start, end), neighbours with equal bits merged."""
    merged: list[tuple[int, int, int]] = []
    for first, stop, entry in runs(kvm.mem_attr_array, start, end):
        bits = 0 if entry == XA_ZERO_ENTRY else xa_to_value(entry)
        if merged and merged[-1][2] == bits:
            first = merged.pop()[0]
        merged.append((first, stop, bits))
    return tuple(merged)


Watch = Callable[[str, int | None], None]  # what was just done: a loop's name, the GFN for a page of it


def kvm_vm_set_mem_attributes(kvm: Kvm, start: int, end: int, attributes: int, watch: Watch | None = None) -> SetResult:
    """int kvm_vm_set_mem_attributes(struct kvm *, gfn_t start, gfn_t end, unsigned long attributes): GFNs [start, end).

    0, or -ENOMEM when a page could not be reserved: the reservations made so far stay. With `watch` the loops go page by page,
    and it is called after each.
    """
    return _Set(kvm, start, end, attributes, watch).run()


class _Set:
    """One call in progress, a method for each stretch of it."""

    def __init__(self, kvm: Kvm, start: int, end: int, attributes: int, watch: Watch | None):
        if not 0 <= start <= end <= U64_MAX:
            raise InputError(
                f"GFNs {printable(f'{start} to {end}')}", "a range ascends inside 0 to 2^64 - 1", "give start and end"
            )
        self.kvm, self.xa, self.start, self.end, self.attributes = kvm, kvm.mem_attr_array, start, end, attributes
        self.entry = xa_mk_value(attributes) if attributes else NULL
        self.watch = watch
        self.phases: list[Phase] = []
        self.inval: tuple[int, int] | None = None
        self.unmap: list[tuple[int, int, str]] = []
        self.warns = self.bugs = 0

    def run(self) -> SetResult:
        self.note(Phase("slots_lock"))
        same, looked = look_up(self.kvm, self.start, self.end, U64_MAX, self.attributes)
        self.note(Phase("check", looked))
        rc = 0 if same else self.change()
        return SetResult(
            rc,
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

    def change(self) -> int:
        """Everything after the early exit."""
        wanted = self.attributes or self.kvm.text.number < 3
        if wanted and (rc := self.loop("reserve", self.reserve)):
            return rc
        self.over_slots("pre", self.pre)
        rc = self.loop("store", self.store)
        self.bugs += bool(rc)
        self.over_slots("post", self.post)
        return rc

    def reserve(self, start: int, end: int) -> tuple[int, int]:
        return reserve_loop(self.xa, start, end)

    def store(self, start: int, end: int) -> tuple[int, int]:
        return store_loop(self.xa, start, end, self.entry)

    def loop(self, name: str, pages: Callable[[int, int], tuple[int, int]]) -> int:
        """One of the two loops over every GFN: in bulk, or a page at a time with somebody watching."""
        xa, slab = self.xa, self.xa.slab
        allocs, frees, walked = slab.allocs, slab.frees, xa.walked
        rc, reached = (0, self.start) if self.watch else pages(self.start, self.end)
        while self.watch and not rc and reached < self.end:
            rc, _ = pages(reached, reached + 1)
            self.watch(name, reached)
            reached += not rc
        done = reached - self.start
        resched = done if self.kvm.text.patch == "v2" else 0
        self.phases.append(
            Phase(name, done + bool(rc), resched, slab.allocs - allocs, slab.frees - frees, xa.walked - walked)
        )
        return rc

    def note(self, phase: Phase) -> None:
        self.phases.append(phase)
        if self.watch:
            self.watch(phase.loop, None)

    def over_slots(self, name: str, handler: Callable[[Memslot, int, int], None]) -> None:
        """kvm_handle_gfn_range(): each slot's part of the range; mmu_lock and the invalidation only if there is one."""
        parts = [(s, max(self.start, s.base), min(self.end, s.end)) for s in self.kvm.slots]
        parts = [part for part in parts if part[1] < part[2]]
        if parts:
            self.kvm.mmu_invalidate_in_progress += 1 if name == "pre" else -1
            self.kvm.mmu_invalidate_seq += name == "post"
        for slot, start, end in parts:
            handler(slot, start, end)
        self.note(Phase(name, sum(end - start for _, start, end in parts), mmu_lock=int(bool(parts))))

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
            update_mixed(slot, start, end, self.attributes, self.kvm._uniform, self.kvm._attributes)
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
