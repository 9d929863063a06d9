"""Memslots and the huge pages in them that mix private and shared: KVM_LPAGE_MIXED on x86.

A 2 MiB or 1 GiB page of a slot may be mapped as one only if all its pages have the same attributes. KVM keeps a flag for each
that has not. A range changes only pages at its two ends from one to the other; those inside become uniform, unseen. So the
model keeps the set of mixed pages, and a range of any size costs four looks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

LEVELS = {"2M": 1 << 9, "1G": 1 << 18}  # pages in a huge page of each level, in the order they are handled


@dataclass(frozen=True, slots=True)
class Memslot:
    """struct kvm_memory_slot: guest pages [base, base + npages), both in 4 KiB pages; `mixed` holds (level, gfn)."""

    base: int
    npages: int
    mixed: set[tuple[str, int]]

    @property
    def end(self) -> int:
        """One past the last gfn."""
        return self.base + self.npages

    def holds(self, gfn: int, size: int) -> bool:
        """Does the slot hold the whole huge page at `gfn`?"""
        return gfn >= self.base and gfn + size <= self.end


def _ends(start: int, end: int, size: int) -> Iterator[int]:
    """Huge pages that [start, end) covers in part: at its head, at its tail, the same one once."""
    head, tail = start & -size, end - 1 & -size
    if head != start or head + size > end:
        yield head
    if tail != head and tail + size > end:
        yield tail


def widened(slot: Memslot, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Huge pages to invalidate beyond [start, end): those at its ends that could be mapped as one until now."""
    for level, size in LEVELS.items():
        for gfn in _ends(start, end, size):
            if slot.holds(gfn, size) and (level, gfn) not in slot.mixed:
                yield gfn, gfn + size


Uniform = Callable[[int, int, int], bool]  # does every page of [first, last) have these attributes?
Attributes = Callable[[int], int]  # of one page


def update_mixed(
    slot: Memslot, start: int, end: int, attributes: int, uniform: Uniform, attributes_at: Attributes
) -> None:
    """Set the flags again after [start, end) got `attributes`."""
    for level, size in LEVELS.items():
        first = start & -size  # the ends that are covered in part are judged again below
        slot.mixed.difference_update({page for page in slot.mixed if page[0] == level and first <= page[1] < end})
        for gfn in _ends(start, end, size):
            if slot.holds(gfn, size):
                _judge(slot, level, gfn, attributes, uniform, attributes_at)


def init_mixed(
    slot: Memslot,
    pieces: list[tuple[int, int, bool]],
    reserved_counts: bool,
    uniform: Uniform,
    attributes_at: Attributes,
) -> None:
    """The flags of a new slot, from what was set before it came.

    pieces: (first, end, reserved) runs of equal entries over the slot; only a huge page that two runs share can be mixed, or,
    where a reserved entry counts as an attribute, one that holds such entries.
    """
    for level, size in LEVELS.items():
        pages = {first & -size for first, _, _ in pieces if first % size}
        for first, end, reserved in pieces:
            if reserved and reserved_counts:
                pages.update(range(first & -size, end, size))
        for gfn in sorted(pages):
            if slot.holds(gfn, size):
                _judge(slot, level, gfn, attributes_at(gfn), uniform, attributes_at)


def _judge(slot: Memslot, level: str, gfn: int, attributes: int, uniform: Uniform, attributes_at: Attributes) -> None:
    """Flag one huge page, or not: 2 MiB by all its pages, 1 GiB by its 2 MiB pages and the first page of each."""
    step, size = LEVELS["2M"], LEVELS[level]
    if level == "2M":
        same = uniform(gfn, gfn + size, attributes)
    else:
        same = all(
            ("2M", page) not in slot.mixed and attributes_at(page) == attributes
            for page in range(gfn, gfn + size, step)
        )
    (slot.mixed.discard if same else slot.mixed.add)((level, gfn))
