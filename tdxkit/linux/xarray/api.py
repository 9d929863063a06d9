"""The XArray's everyday calls, one index at a time, as the kernel has them.

Each call walks from the head again and takes the lock once: no cursor is kept between calls. That is why KVM, which does this
twice for every page of a guest, needs half a minute for a big one.

    >>> xa = XArray()
    >>> xa_store(xa, 5, xa_mk_value(8)), xa_to_value(xa_load(xa, 5))
    (0, 8)

Fidelity card
  modelled: entries, nodes, counters, marks, growth, shrinking, reserved entries, multi-index entries and what a failed allocation
    leaves, compared with Linux 6.12's own code command by command (source linux-xarray)
  modelled: allocation in two tries, the first may not sleep, the second drops the lock, gets one node and starts again
  simplified: no RCU: a freed node is gone at once, so nobody ever meets a retry entry in it
  simplified: xa_lock is never contended, so its cost is a count of calls
  simplified: equal subtrees may be one object; every count is that of the tree with each node apart
  left out: xa_alloc() and its ids; the flags of allocating arrays keep their free mark, which no vector checks
  left out: xas_split(), xas_pause(), LRU lists and memory accounting
"""

from tdxkit.linux.xarray.marks import xas_clear_mark, xas_set_mark
from tdxkit.linux.xarray.node import (
    CHUNK_MASK,
    EBUSY,
    NULL,
    XA_ZERO_ENTRY,
    Slab,
    XaNode,
    XArray,
    entry_text,
    xa_empty,
    xa_err,
    xa_is_advanced,
    xa_is_sibling,
    xa_is_value,
    xa_mk_value,
    xa_to_value,
)
from tdxkit.linux.xarray.state import (
    BOUNDS,
    ERROR,
    HEAD,
    NODE,
    XA_FREE_MARK,
    XaState,
    check_index,
    invalid,
    max_index,
    xas_fail,
    xas_load,
    xas_nomem,
    xas_result,
)
from tdxkit.linux.xarray.store import xas_store
from tdxkit.linux.xarray.tree import count_nodes

SOURCES = ("linux-xarray",)


__all__ = [
    "NULL",
    "XA_ZERO_ENTRY",
    "Slab",
    "XArray",
    "XaState",
    "entry_text",
    "xa_clear_mark",
    "xa_cmpxchg",
    "xa_destroy",
    "xa_empty",
    "xa_erase",
    "xa_err",
    "xa_get_mark",
    "xa_insert",
    "xa_is_value",
    "xa_load",
    "xa_marked",
    "xa_mk_value",
    "xa_release",
    "xa_reserve",
    "xa_set_mark",
    "xa_store",
    "xa_to_value",
    "xas_load",
    "xas_store",
]


def xa_load(xa: XArray, index: int) -> int:
    """void *xa_load(struct xarray *, unsigned long index): the entry, NULL for none or a reserved one. A reader: RCU, no lock."""
    check_index(index)
    entry = xa.head
    if index > max_index(entry):
        return NULL
    while type(entry) is XaNode:
        slots, offset = entry.slots, index >> entry.shift & CHUNK_MASK
        entry = slots[offset]
        while xa_is_sibling(entry):
            entry = slots[entry >> 2]
    return NULL if entry == XA_ZERO_ENTRY else entry


def xa_store(xa: XArray, index: int, entry: int) -> int:
    """void *xa_store(struct xarray *, unsigned long index, void *entry, gfp_t): returns the old entry, or an error entry."""
    if entry & 3 == 2 and xa_is_advanced(entry):
        return invalid()
    if xa.track_free and not entry:
        entry = XA_ZERO_ENTRY
    xas = XaState(xa, index)
    xa.calls += 1
    while True:
        old = xas_store(xas, entry)
        if xa.track_free:
            xas_clear_mark(xas, XA_FREE_MARK)
        if xas.where is not ERROR:
            return NULL if old == XA_ZERO_ENTRY else old
        if not xas_nomem(xas):
            return xas_result(xas, NULL)


def xa_erase(xa: XArray, index: int) -> int:
    """void *xa_erase(struct xarray *, unsigned long index): clears the entry, returns it (NULL if it was a reserved one)."""
    xas = XaState(xa, index)
    xa.calls += 1
    old = xas_store(xas, NULL)
    return NULL if old == XA_ZERO_ENTRY else old


def xa_cmpxchg(xa: XArray, index: int, old: int, entry: int) -> int:
    """void *xa_cmpxchg(struct xarray *, unsigned long index, void *old, void *entry, gfp_t): store if `old` is there.

    Returns what was there, or an error entry. A reserved entry is not NULL to it, but is returned as NULL. This call may sleep
    (might_alloc), which xa_store() does not say of itself.
    """
    if entry & 3 == 2 and xa_is_advanced(entry):
        return invalid()
    xas = XaState(xa, index)
    xa.calls += 1
    while True:
        there = xas_load(xas)
        if there == old:
            xas_store(xas, entry)
            if xa.track_free and entry and not there:
                xas_clear_mark(xas, XA_FREE_MARK)
        if not xas_nomem(xas):
            return xas_result(xas, NULL if there == XA_ZERO_ENTRY else there)


def xa_insert(xa: XArray, index: int, entry: int) -> int:
    """int xa_insert(struct xarray *, unsigned long index, void *entry, gfp_t): 0, -EBUSY if the slot is taken, -ENOMEM.

    NULL inserts a reserved entry; a reserved entry counts as taken.
    """
    if entry & 3 == 2 and xa_is_advanced(entry):
        return xa_err(invalid())
    xas = XaState(xa, index)
    xa.calls += 1
    while True:
        if xas_load(xas):
            xas_fail(xas, EBUSY)
        else:
            xas_store(xas, entry or XA_ZERO_ENTRY)
            if xa.track_free:
                xas_clear_mark(xas, XA_FREE_MARK)
        if not xas_nomem(xas):
            return -xas.errno


def xa_reserve(xa: XArray, index: int) -> int:
    """int xa_reserve(struct xarray *, unsigned long index, gfp_t): a slot that a later store needs no memory for; 0 or -ENOMEM."""
    return xa_err(xa_cmpxchg(xa, index, NULL, XA_ZERO_ENTRY))


def xa_release(xa: XArray, index: int) -> None:
    """void xa_release(struct xarray *, unsigned long index): take a reservation back; any other entry stays."""
    xa_cmpxchg(xa, index, XA_ZERO_ENTRY, NULL)


def xa_destroy(xa: XArray) -> None:
    """void xa_destroy(struct xarray *): every entry and node gone, marks too."""
    head, xa.head = xa.head, NULL
    xa.marks = [xa.track_free and not xa.zero_busy, False, False]
    xa.multi = False
    if type(head) is XaNode:
        xa.slab.frees += count_nodes(head)


def xa_marked(xa: XArray, mark: int) -> bool:
    """bool xa_marked(const struct xarray *, xa_mark_t): does any entry bear this mark (0, 1 or 2)?"""
    return xa.marks[mark]


def xa_get_mark(xa: XArray, index: int, mark: int) -> bool:
    """bool xa_get_mark(struct xarray *, unsigned long index, xa_mark_t): follows the marks down, not the entries."""
    check_index(index)
    entry = xa.head
    if not xa.marks[mark] or index > max_index(entry):
        return False
    while type(entry) is XaNode:
        offset = index >> entry.shift & CHUNK_MASK
        while xa_is_sibling(entry.slots[offset]):
            offset = entry.slots[offset] >> 2
        if not entry.marks[mark] >> offset & 1:
            return False
        entry = entry.slots[offset]
    return True


def xa_set_mark(xa: XArray, index: int, mark: int) -> None:
    """void xa_set_mark(struct xarray *, unsigned long index, xa_mark_t): reserved entries can bear marks, NULL cannot."""
    xas = XaState(xa, index)
    if xas_load(xas):
        xas_set_mark(xas, mark)


def xa_clear_mark(xa: XArray, index: int, mark: int) -> None:
    """void xa_clear_mark(struct xarray *, unsigned long index, xa_mark_t)."""
    xas = XaState(xa, index)
    if xas_load(xas):
        xas_clear_mark(xas, mark)


def xa_place(xa: XArray, index: int) -> tuple[int, str]:
    """The raw entry at an index, reserved ones visible, and where the walk ended (xas_load)."""
    xas = XaState(xa, index)
    entry = xas_load(xas)
    return entry, xas.where if xas.where in (NODE, HEAD, BOUNDS) else ERROR
