"""Storing through a state, and what follows from it: counters, siblings, nodes that empty, heads that are needed no more."""

from tdxkit.linux.xarray.marks import squash_marks, xas_init_marks
from tdxkit.linux.xarray.node import CHUNK_MASK, NULL, XA_ZERO_ENTRY, XaNode, xa_is_sibling
from tdxkit.linux.xarray.state import BOUNDS, HEAD, NODE, XA_FREE_MARK, XaState, xas_create, xas_load, xas_own
from tdxkit.linux.xarray.tree import count_nodes


def xas_store(xas: XaState, entry: int) -> "int | XaNode":
    """void *xas_store(struct xa_state *, void *entry): put `entry` where the state is or walks to; returns what was there.

    A multi-index entry goes into its first slot, siblings into the others; NULL clears an entry and its siblings.
    """
    first = xas_create(xas, entry != XA_ZERO_ENTRY) if entry else xas_load(xas)
    where = xas.where
    if where is not NODE:
        if where is HEAD and first != entry:
            _store_head(xas, entry)
        return first
    node = xas.path[-1]
    if xas.shift < node.shift:
        xas.sibs = 0
    if xas.sibs or xas.shift:
        xas.xa.multi |= bool(entry)
        return _store_slots(xas, first, entry)
    if first == entry:
        return first
    if not entry or node.shift:
        return _store_slots(xas, first, entry)
    node.slots[xas.offsets[-1]] = entry  # one slot of a leaf, what KVM does all day
    if not first:
        node.count += 1
    node.nr_values = node.nr_values + (entry & 1) - (first & 1) & 0xFF
    return first


def _store_head(xas: XaState, entry: int) -> None:
    """Index 0 alone: the entry is the head."""
    if not entry:
        xas_init_marks(xas)
    old, xas.xa.head = xas.xa.head, entry
    if type(old) is XaNode:
        xas.xa.slab.frees += count_nodes(old)


def _store_slots(xas: XaState, first: "int | XaNode", entry: int) -> "int | XaNode":
    """The general store: several slots, or NULL, or a slot above the leaves; counters and marks follow."""
    if first == entry and not xas.sibs:
        return first
    xas_own(xas)
    node, offset = xas.path[-1], xas.offsets[-1]
    last, slots = offset + xas.sibs, node.slots
    if xas.sibs:
        squash_marks(node, offset, xas.sibs)
    if not entry:
        xas_init_marks(xas)
    value = bool(entry & 1)
    count = values = 0
    old, word = first, entry
    while True:
        slots[offset] = word
        if type(old) is XaNode and node.shift:
            xas.xa.slab.frees += count_nodes(old)
        count += (not old) - (not word)
        # The kernel compares with the last entry that is no sibling: where ranges overlap, nr_values drifts.
        values += value - (type(first) is not XaNode and first & 1)
        if offset == (last if word else CHUNK_MASK):
            break
        if word:
            word = xas.offsets[-1] << 2 | 2
        offset += 1
        old = slots[offset]
        if not xa_is_sibling(old):
            if not word and offset > last:
                break
            first = old
    _update_node(xas, node, count, values)
    return first


def _update_node(xas: XaState, node: XaNode, count: int, values: int) -> None:
    node.count = node.count + count & 0xFF
    node.nr_values = node.nr_values + values & 0xFF
    if count < 0:
        xas_delete_node(xas)


def xas_delete_node(xas: XaState) -> None:
    """static void xas_delete_node(struct xa_state *): free empty nodes upwards; shrink if that reaches the head."""
    xa, path, offsets = xas.xa, xas.path, xas.offsets
    while not path[-1].count:
        path.pop()
        offsets.pop()
        xa.slab.frees += 1
        if not path:
            xa.head = NULL
            xas.where = BOUNDS
            return
        path[-1].slots[offsets[-1]] = NULL
        path[-1].count -= 1
    if len(path) == 1:
        xas_shrink(xas)


def xas_shrink(xas: XaState) -> None:
    """static void xas_shrink(struct xa_state *): take away heads that use slot 0 only.

    It stops at an entry in a node above the leaves (it covers many indexes); a lone entry of a leaf moves into the head.
    """
    xa, node = xas.xa, xas.path[0]
    while node.count == 1 and node.slots[0]:
        entry = node.slots[0]
        below = type(entry) is XaNode
        if not below and node.shift:
            break
        if entry == XA_ZERO_ENTRY and xa.zero_busy:
            entry = NULL
        xas.leave(BOUNDS)
        xa.head = entry
        if xa.track_free and not node.marks[XA_FREE_MARK] & 1:
            xa.marks[XA_FREE_MARK] = False
        xa.slab.frees += 1
        if not below:
            break
        if node.shared:
            entry.shared = True
        node = entry
