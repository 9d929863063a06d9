"""Multi-index entries (CONFIG_XARRAY_MULTI): one entry for many indexes. KVM uses none of this.

An entry of order n takes 2^(n mod 6) slots of a node n div 6 levels up: the first slot holds it, the rest siblings of that slot.
A range that is no power of two is stored as few pieces, node by node.
"""

from tdxkit.errors import InputError, printable
from tdxkit.linux.xarray.node import CHUNK_MASK, CHUNK_SHIFT, CHUNK_SIZE, NULL, XArray, xa_err, xa_is_sibling
from tdxkit.linux.xarray.state import ERROR, XaState, invalid, xas_create, xas_load, xas_nomem, xas_result
from tdxkit.linux.xarray.store import xas_store
from tdxkit.units import U64_MAX


def xas_set_order(xas: XaState, index: int, order: int) -> None:
    """void xas_set_order(struct xa_state *, unsigned long index, unsigned int order): aim at the aligned block around `index`."""
    if not 0 <= order <= 64:
        raise InputError(f"order {printable(order)}", "an order lies between 0 and 64", "give one in that range")
    xas.restart()
    xas.index = index >> order << order
    xas.shift, xas.sibs = order - order % CHUNK_SHIFT, (1 << order % CHUNK_SHIFT) - 1


def xas_set_range(xas: XaState, first: int, last: int) -> None:
    """The largest piece at the start of [first, last] that lies in slots of one node: as high up as alignment and length allow."""
    xas.restart()
    xas.index = first
    shift, sibs, slot, aligned_end = 0, last - first, first, True
    while not slot & CHUNK_MASK and (sibs > CHUNK_MASK or (sibs == CHUNK_MASK and aligned_end)):
        aligned_end = aligned_end and sibs & CHUNK_MASK == CHUNK_MASK
        shift, sibs, slot = shift + CHUNK_SHIFT, sibs >> CHUNK_SHIFT, slot >> CHUNK_SHIFT
    sibs = min(sibs, CHUNK_MASK - (slot & CHUNK_MASK))
    if ((slot + sibs + 1 << shift) - 1) & U64_MAX > last:
        sibs -= 1
    xas.shift, xas.sibs = shift, sibs


def xa_store_range(xa: XArray, first: int, last: int, entry: int) -> int:
    """void *xa_store_range(struct xarray *, unsigned long first, unsigned long last, void *entry, gfp_t): one entry for
    [first, last], both included; NULL clears. Returns NULL or an error entry; -EINVAL for last < first.

    The kernel's loop does not end for a range up to 2^64 - 1, because the next index wraps to 0; this one ends.
    """
    if entry & 3 == 2 or last < first:
        return invalid()
    xas, end = XaState(xa, first), last + 1
    XaState(xa, last)  # refuses an index that is too large
    while True:
        xa.calls += 1
        if entry:
            xas_set_order(xas, last, (end & -end).bit_length() - 1)
            xas_create(xas, True)
        while xas.where is not ERROR and first <= last:
            xas_set_range(xas, first, last)
            xas_store(xas, entry)
            if xas.where is not ERROR:
                first += xas.sibs + 1 << xas.shift
        if not xas_nomem(xas):
            return xas_result(xas, NULL)
        xa.calls -= 1  # xas_nomem() counted the lock


def xa_store_order(xa: XArray, index: int, order: int, entry: int) -> int:
    """Store an entry of 2^order indexes around `index`, as a caller of xas_set_order() and xas_store() does; 0 or -errno."""
    xas = XaState(xa, index)
    xas_set_order(xas, index, order)
    shift, sibs, base = xas.shift, xas.sibs, xas.index
    xa.calls += 1
    while True:
        xas_store(xas, entry)
        if not xas_nomem(xas):
            return xa_err(xas_result(xas, NULL))
        xas.shift, xas.sibs, xas.index = shift, sibs, base


def xa_get_order(xa: XArray, index: int) -> int:
    """int xa_get_order(struct xarray *, unsigned long index): log2 of the indexes that the entry covers, as its siblings show."""
    xas = XaState(xa, index)
    if not xas_load(xas) or not xas.path:
        return 0
    node, order = xas.path[-1], 0
    while (slot := xas.offsets[-1] + (1 << order)) < CHUNK_SIZE and xa_is_sibling(node.slots[slot]):
        order += 1
    return order + node.shift
