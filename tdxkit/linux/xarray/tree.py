"""Looking at a whole XArray: what it holds level by level, runs of equal entries, the form that equals the kernel's by formula.

Shared subtrees are looked at once and counted as often as they stand in the tree, so a guest of any size takes a few hundred
looks. Nothing here changes an array.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.errors import InputError
from tdxkit.linux.xarray.node import (
    CHUNK_SHIFT,
    CHUNK_SIZE,
    NODE_BYTES,
    NULL,
    SLAB_NODES,
    SLAB_SIZE,
    XA_ZERO_ENTRY,
    XaNode,
    XArray,
    xa_is_sibling,
)


@dataclass(frozen=True, slots=True)
class Stat:
    """What an array holds. head: null, value, zero or node; levels[k]: nodes with shift 6k; values, zeros, sibs: slots."""

    head: str
    height: int
    levels: tuple[int, ...]
    values: int
    zeros: int
    sibs: int

    @property
    def nodes(self) -> int:
        """Nodes in the tree, each counted as often as it stands there."""
        return sum(self.levels)

    @property
    def bytes(self) -> int:
        """Nodes times sizeof(struct xa_node)."""
        return self.nodes * NODE_BYTES

    @property
    def slab_bytes(self) -> int:
        """Whole slabs of 28 nodes, 16 KiB each."""
        return -(-self.nodes // SLAB_NODES) * SLAB_SIZE


Sum = tuple[tuple[int, ...], int, int, int]  # levels, values, zeros, sibs


def node_sum(node: XaNode, memo: dict[int, Sum]) -> Sum:
    """What a subtree holds; `memo` remembers shared nodes as long as they live unchanged."""
    if node.shared and id(node) in memo:
        return memo[id(node)]
    slots = node.slots
    levels = [0] * (node.shift // CHUNK_SHIFT) + [1]
    values = zeros = sibs = 0
    last, times = None, 0
    for entry in [*slots, None]:
        if entry is last:
            times += 1
            continue
        if type(last) is XaNode:
            below = node_sum(last, memo)
            for k, n in enumerate(below[0]):
                levels[k] += n * times
            values, zeros, sibs = values + below[1] * times, zeros + below[2] * times, sibs + below[3] * times
        elif last:
            if last & 1:
                values += times
            elif last == XA_ZERO_ENTRY:
                zeros += times
            elif xa_is_sibling(last):
                sibs += times
        last, times = entry, 1
    result = tuple(levels), values, zeros, sibs
    if node.shared:
        memo[id(node)] = result
    return result


def xa_stat(xa: XArray) -> Stat:
    """Everything about the array's size at once."""
    head = xa.head
    if type(head) is XaNode:
        return Stat("node", head.shift // CHUNK_SHIFT + 1, *node_sum(head, {}))
    kind = "null" if not head else "zero" if head == XA_ZERO_ENTRY else "value" if head & 1 else "pointer"
    return Stat(kind, 0, (), int(kind == "value"), int(kind == "zero"), 0)


def count_nodes(node: XaNode) -> int:
    """Nodes of a subtree, itself included."""
    return sum(node_sum(node, {})[0])


def objects(xa: XArray) -> int:
    """Nodes that the model really holds: shared subtrees once."""
    seen: set[int] = set()
    todo = [xa.head]
    while todo:
        node = todo.pop()
        if type(node) is XaNode and id(node) not in seen:
            seen.add(id(node))
            todo += set(node.slots) if node.shift else ()
    return len(seen)


def expected_levels(ranges: list[tuple[int, int]]) -> tuple[int, ...]:
    """Nodes by level of an array with every index of the half-open ranges, by formula: distinct index >> 6(k+1) at level k.

    Ranges ascend and do not overlap. Not for index 0 alone, where it depends on history.

    >>> sum(expected_levels([(0, 2 << 18), (1 << 28, (1 << 28) + (1898 << 18))]))
    7905932
    """
    last = -1
    for start, end in ranges:
        if not last < start < end:
            raise InputError("ranges", "they ascend, hold something and do not overlap", "sort and merge them first")
        last = end - 1
    levels, shift = [], 0
    while last >= 0:
        shift += CHUNK_SHIFT
        nodes, top = 0, -1
        for start, end in ranges:
            nodes += ((end - 1) >> shift) - max(start >> shift, top + 1) + 1
            top = (end - 1) >> shift
        levels.append(nodes)
        if not last >> shift:
            break
    return tuple(levels)


class Uniform:
    """Do all entries below a node have the same word? Remembered per shared node for the length of one look."""

    def __init__(self):
        self._known: dict[int, int | None] = {}

    def word(self, node: XaNode) -> int | None:
        """The word that fills every index below `node`, None if there are two."""
        if node.shared and id(node) in self._known:
            return self._known[id(node)]
        first = node.slots[0]
        word = self.word(first) if type(first) is XaNode else first
        if word is not None and node.slots.count(first) != CHUNK_SIZE:
            same = (word == (self.word(entry) if type(entry) is XaNode else entry) for entry in node.slots)
            word = word if all(same) else None
        if node.shared:
            self._known[id(node)] = word
        return word


def runs(xa: XArray, start: int = 0, end: int = 1 << 64) -> Iterator[tuple[int, int, int]]:
    """Maximal runs (first, end, word) of equal raw words in [start, end), NULL included, in order.

    A multi-index entry is a run of its own word.
    """
    at, have = start, None
    for first, word in _pieces(xa.head, start, end, Uniform()) if start < end else ():
        if have is not None and word != have:
            yield at, first, have
            at = first
        have = word
    if have is not None:
        yield at, end, have


def _pieces(head: "int | XaNode", start: int, end: int, uniform: Uniform) -> Iterator[tuple[int, int]]:
    """Where each piece of one word starts, cut at node borders, and its word."""
    top = CHUNK_SIZE << head.shift if type(head) is XaNode else 1
    if start < top:
        if type(head) is XaNode:
            yield from _node_pieces(head, 0, start, min(end, top), uniform)
        else:
            yield start, head
    if end > top:
        yield max(start, top), NULL


def _node_pieces(node: XaNode, base: int, start: int, end: int, uniform: Uniform) -> Iterator[tuple[int, int]]:
    shift = node.shift
    for slot in range((start - base) >> shift, ((end - 1 - base) >> shift) + 1):
        entry = node.slots[slot]
        first = base + (slot << shift)
        low, high = max(start, first), min(end, first + (1 << shift))
        while xa_is_sibling(entry):
            entry = node.slots[entry >> 2]
        if type(entry) is XaNode:
            word = uniform.word(entry)
            if word is None:
                yield from _node_pieces(entry, first, low, high, uniform)
                continue
            entry = word
        yield low, entry
