"""The VM that has memory attributes: its array, its memslots, which kernel it runs on, and who has which attribute."""

from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr.abi import KVM_MEMORY_ATTRIBUTE_PRIVATE
from tdxkit.linux.memattr.memslots import Memslot, init_mixed
from tdxkit.linux.xarray.api import NULL, XArray, xa_load, xa_to_value
from tdxkit.linux.xarray.node import XA_ZERO_ENTRY
from tdxkit.linux.xarray.tree import runs
from tdxkit.units import U64_MAX

TEXTS = {
    1: "Linux 6.8 to 6.12.107, so 6.15 too: a reserved entry counts as an attribute",
    2: "Linux 6.12.113 and later: reserved entries do not count",
    3: "as 2, without the reserve loop when clearing (reconstructed from the subject of upstream 119e9db233ad)",
}
PATCHES = {
    None: "unpatched",
    "v1": "version 1: batches of 512 GiB, slots_lock dropped between them",
    "v2": "version 2, as merged: cond_resched() after each page of both loops",
}


@dataclass(frozen=True, slots=True)
class KernelText:
    """Which kernel: the number of its text (a key of TEXTS) and the patch against the lockup it carries (a key of PATCHES)."""

    number: int = 1
    patch: str | None = None

    def __post_init__(self):
        if self.number not in TEXTS:
            raise InputError(f"kernel text {printable(self.number)}", "there are 1, 2 and 3", "choose one")
        if self.patch not in PATCHES:
            raise InputError(f"patch {printable(self.patch)}", "there are v1 and v2", "choose one, or None")

    def __str__(self) -> str:
        return f"{TEXTS[self.number]}; {PATCHES[self.patch]}"


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
            init_mixed(slot, self._pieces(base, slot.end), self.text.number == 1, self.uniform, self.attributes)
        return True

    def _pieces(self, start: int, end: int) -> list[tuple[int, int, bool]]:
        return [(a, b, entry == XA_ZERO_ENTRY) for a, b, entry in runs(self.mem_attr_array, start, end)]

    def attributes(self, gfn: int) -> int:
        """The bits of one page."""
        return kvm_get_memory_attributes(self, gfn)

    def uniform(self, start: int, end: int, attributes: int) -> bool:
        """Does every page of [start, end) have these bits?"""
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
