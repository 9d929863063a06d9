"""Whole ranges at once: what a loop of xa_reserve(), xa_store() or xa_erase() over every index leaves, without doing the loop.

The tree, the counters and what the loop cost (calls, nodes walked, allocated and freed) come out the same. A full subtree is
one shared object, whatever it stands for; a change inside one copies the path to it. Growth, and whatever may be odd at the
head, is left to the single-index call on the first index of each height; between those, every call walks the same way down.

Page by page, because equal subtrees or costs cannot be told in advance: arrays with multi-index entries, allocating arrays, and
a slab under memory pressure; at most MAX_LOOP indexes.
"""

from collections.abc import Callable

from tdxkit.errors import InputError, printable
from tdxkit.linux.xarray.api import xa_erase, xa_reserve, xa_store
from tdxkit.linux.xarray.node import CHUNK_SHIFT, CHUNK_SIZE, NULL, XA_ZERO_ENTRY, XaNode, XArray, xa_err
from tdxkit.linux.xarray.state import XaState
from tdxkit.linux.xarray.store import xas_shrink
from tdxkit.linux.xarray.tree import Sum, node_sum

MAX_LOOP = 1 << 20


def reserve_loop(xa: XArray, start: int, end: int) -> tuple[int, int]:
    """xa_reserve() on every index of [start, end), until one fails: (0 or -ENOMEM, the index reached)."""
    return _ascend(xa, start, end, XA_ZERO_ENTRY, lambda index: xa_reserve(xa, index))


def store_loop(xa: XArray, start: int, end: int, entry: int) -> tuple[int, int]:
    """xa_store() of `entry` on every index of [start, end), until one fails: (0 or -ENOMEM, the index reached).

    NULL clears: the same as erase_loop().
    """
    if not entry and not xa.track_free:
        erase_loop(xa, start, end)
        return 0, max(start, end)
    if entry == XA_ZERO_ENTRY:
        raise InputError("store_loop", "a reserved entry is made by reserving", "use reserve_loop")
    return _ascend(xa, start, end, entry, lambda index: xa_err(xa_store(xa, index, entry)))


def erase_loop(xa: XArray, start: int, end: int) -> int:
    """xa_erase() on every index of [start, end): how many entries went, not counting reserved ones."""
    if _page_by_page(xa, start, end):
        return sum(1 for index in range(start, end) if xa_erase(xa, index))
    xa.calls += max(0, end - start)
    head = xa.head
    if type(head) is not XaNode:
        if start or not end or not head:
            return 0
        xa.calls -= 1
        return int(xa_erase(xa, 0) != NULL)
    end = min(end, CHUNK_SIZE << head.shift)
    if start >= end:
        return 0
    count = head.count
    gone = _Erase().below(head, start, end)
    xa.head, xa.walked = gone.node, xa.walked + gone.walked
    xa.slab.frees += gone.freed
    if gone.last >= 0:
        marks = gone.node.marks if gone.node else (0, 0, 0)
        xa.marks = [mark and bool(bits) for mark, bits in zip(xa.marks, marks)]
    if gone.node and gone.node.count < count:
        xas = XaState(xa, 0)
        xas.path, xas.offsets = [gone.node], [0]
        xas_shrink(xas)
        if xa.head is not gone.node:  # for the rest of the loop the array was too small: no step into the head
            xa.walked -= end - gone.last - 1
    return gone.erased


def _page_by_page(xa: XArray, start: int, end: int) -> bool:
    if start < 0 or end > 1 << 64:
        raise InputError(
            f"range {printable(f'{start} to {end}')}", "indexes lie between 0 and 2^64 - 1", "give a range inside that"
        )
    single = xa.multi or xa.track_free or xa.slab.pressure
    if single and end - start > MAX_LOOP:
        raise InputError(
            f"range of {end - start} indexes",
            f"an array that needs page-by-page loops takes at most {MAX_LOOP}",
            "give a shorter range",
        )
    return single


def _ascend(xa: XArray, start: int, end: int, word: int, one: Callable[[int], int]) -> tuple[int, int]:
    """Fill [start, end) with `word`; `one` does a single index."""
    if _page_by_page(xa, start, end):
        for index in range(start, end):
            if rc := one(index):
                return rc, index
        return 0, max(start, end)
    limit = xa.slab.limit
    if limit is None or _needs(xa, start, end, word) <= limit:
        _fill(xa, start, end, word)
        return 0, max(start, end)
    low, high = start, end  # [start, low) has memory enough, [start, high) has not
    while high - low > 1:
        middle = (low + high) // 2
        if _needs(xa, start, middle, word) <= limit:
            low = middle
        else:
            high = middle
    _fill(xa, start, low, word)
    return one(low), low


def _needs(xa: XArray, start: int, end: int, word: int) -> int:
    """Nodes that filling the range allocates: tried on a snapshot."""
    trial = xa.snapshot()
    trial.slab.limit = None
    _fill(trial, start, end, word)
    return trial.slab.allocs - xa.slab.allocs


def _fill(xa: XArray, start: int, end: int, word: int) -> None:
    """The loop without failures: one call at each height, the rest of that height in bulk."""
    fill = _Fill(word)
    while start < end:
        xa_reserve(xa, start) if word == XA_ZERO_ENTRY else xa_store(xa, start, word)
        head, start = xa.head, start + 1
        if type(head) is not XaNode:
            continue
        stop = min(end, CHUNK_SIZE << head.shift)
        if start < stop:
            xa.head, allocs = fill.below(head, head.shift, start, stop)
            xa.slab.take(allocs)
            xa.calls += stop - start
            xa.walked += (stop - start) * (head.shift // CHUNK_SHIFT + 1)
            start = stop


class _Fill:
    """Fills indexes below a node with one word. `below` gives the node to hang there and how many nodes had to be allocated."""

    def __init__(self, word: int):
        self.word = word
        self.full: dict[int, tuple[XaNode, int]] = {}
        self.seen: dict[
            int, tuple[XaNode, XaNode, int]
        ] = {}  # shared nodes filled whole: the old one, the new one, allocs
        self.sums: dict[int, Sum] = {}

    def below(self, node: "int | XaNode", shift: int, low: int, high: int) -> tuple[XaNode, int]:
        """Fill [low, high), counted from the first index below the node (NULL: there is none yet)."""
        whole = low == 0 and high == CHUNK_SIZE << shift
        if whole and not node:
            return self._full(shift)
        if whole and self.word != XA_ZERO_ENTRY and not any(node.marks):
            full, nodes = self._full(shift)
            return full, nodes - sum(node_sum(node, self.sums)[0])
        if whole and node.shared:
            if id(node) not in self.seen:
                new, allocs = self._part(node.copy(), low, high)
                new.shared = True
                self.seen[id(node)] = node, new, allocs
            return self.seen[id(node)][1:]
        if not node:
            new, allocs = self._part(XaNode(shift), low, high)
            return new, allocs + 1
        return self._part(node.copy() if node.shared else node, low, high)

    def _part(self, node: XaNode, low: int, high: int) -> tuple[XaNode, int]:
        """Fill a part of a node of one's own, in place."""
        slots, shift, allocs = node.slots, node.shift, 0
        for slot in range(low >> shift, (high - 1 >> shift) + 1):
            old = slots[slot]
            if shift:
                base = slot << shift
                slots[slot], more = self.below(
                    old, shift - CHUNK_SHIFT, max(low - base, 0), min(high - base, 1 << shift)
                )
                allocs += more
            elif old and self.word == XA_ZERO_ENTRY:
                continue
            else:
                slots[slot] = self.word
                node.nr_values += (self.word & 1) - (old & 1)
            if not old:
                node.count += 1
        return node, allocs

    def _full(self, shift: int) -> tuple[XaNode, int]:
        """The node with all indexes below it filled: one object for all places, and how many nodes it stands for."""
        if shift not in self.full:
            node, nodes = XaNode(shift), 1
            node.count, node.shared = CHUNK_SIZE, True
            if shift:
                child, below = self._full(shift - CHUNK_SHIFT)
                node.slots, nodes = [child] * CHUNK_SIZE, 1 + CHUNK_SIZE * below
            else:
                node.slots = [self.word] * CHUNK_SIZE
                node.nr_values = CHUNK_SIZE * (self.word & 1)
            self.full[shift] = node, nodes
        return self.full[shift]


class _Gone:
    """What erasing below a node did. node: what is left (NULL: nothing); freed: nodes; erased: entries, not counting reserved
    ones; last: the last index that held something (-1: none did); walked: nodes that the calls stepped into."""

    __slots__ = ("erased", "freed", "last", "node", "walked")

    def __init__(self, node: XaNode):
        self.node: int | XaNode = node
        self.freed = self.erased = self.walked = 0
        self.last = -1


class _Erase:
    """Clears indexes below a node, in ascending order."""

    def __init__(self):
        self.seen: dict[int, tuple[XaNode, _Gone]] = {}  # shared nodes erased whole

    def below(self, node: XaNode, low: int, high: int) -> _Gone:
        """Clear [low, high), counted from the first index below the node."""
        if not node.shared:
            return self._part(node, node, low, high)
        if low or high != CHUNK_SIZE << node.shift:
            return self._part(node, node.copy(), low, high)
        if id(node) not in self.seen:
            gone = self._part(node, node.copy(), low, high)
            if gone.node:
                gone.node.shared = True
            self.seen[id(node)] = node, gone
        return self.seen[id(node)][1]

    def _part(self, old: XaNode, node: XaNode, low: int, high: int) -> _Gone:
        gone = _Gone(node)
        shift = node.shift
        for slot in range(low >> shift, (high - 1 >> shift) + 1):
            entry = node.slots[slot]
            if not entry:
                continue
            if shift:
                self._child(gone, slot, entry, low, high)
            else:
                node.slots[slot] = NULL
                node.count -= 1
                node.nr_values -= entry & 1
                node.marks = [bits & ~(1 << slot) for bits in node.marks]
                gone.erased += entry != XA_ZERO_ENTRY
                gone.last = slot
        if gone.last < 0:
            gone.node = old  # untouched; an empty node that a failed allocation left stays too
        elif not node.count:
            gone.node, gone.freed = NULL, gone.freed + 1
        # Once it is freed, the calls that follow do not step into it.
        gone.walked += (high if gone.node else gone.last + 1) - low
        return gone

    def _child(self, gone: _Gone, slot: int, child: XaNode, low: int, high: int) -> None:
        node, base = gone.node, slot << gone.node.shift
        below = self.below(child, max(low - base, 0), min(high - base, 1 << node.shift))
        gone.freed, gone.erased = gone.freed + below.freed, gone.erased + below.erased
        gone.walked += below.walked
        if below.last < 0:
            return
        gone.last = base + below.last
        node.slots[slot] = below.node
        node.count -= not below.node
        left = below.node.marks if below.node else (0, 0, 0)
        node.marks = [bits if some else bits & ~(1 << slot) for bits, some in zip(node.marks, left)]
