"""Looking through an XArray: the next entry, the next marked one, the neighbours of an index.

Two kinds of function. xa_find() and friends show neither NULL nor reserved entries. The xas_ walkers show what is there:
xas_find() and xas_next_entry() skip NULL only, xas_next() and xas_prev() go to the neighbouring index, NULL or not. A walk
that runs off the array is in ``bounds``.
"""

from collections.abc import Iterator

from tdxkit.linux.xarray.node import (
    CHUNK_MASK,
    CHUNK_SHIFT,
    CHUNK_SIZE,
    NULL,
    XA_RETRY_ENTRY,
    XA_ZERO_ENTRY,
    XaNode,
    XArray,
    xa_is_sibling,
)
from tdxkit.linux.xarray.state import BOUNDS, ERROR, HEAD, NODE, RESTART, XA_FREE_MARK, XaState, max_index, xas_load
from tdxkit.units import U64_MAX


def xas_retry(xas: XaState, entry: "int | XaNode") -> bool:
    """bool xas_retry(struct xa_state *, const void *entry): look again? Yes for a reserved entry (the walk just goes on) and a
    retry entry (the walk starts again)."""
    if entry == XA_RETRY_ENTRY:
        xas.restart()
    return entry in (XA_ZERO_ENTRY, XA_RETRY_ENTRY)


def _move(xas: XaState, offset: int) -> None:
    """Stand at slot `offset` (64: just behind the node); the index follows."""
    shift = xas.path[-1].shift
    xas.offsets[-1] = offset
    xas.index = (xas.index & ~CHUNK_MASK << shift) + (offset << shift) & U64_MAX


def _up(xas: XaState, step: int) -> None:
    """To the slot after (step 1) or before (-1) the one that led to this node."""
    xas.path.pop()
    xas.offsets.pop()
    if xas.path:
        xas.offsets[-1] += step


def xas_find(xas: XaState, last: int) -> "int | XaNode":
    """void *xas_find(struct xa_state *, unsigned long max): the next entry up to `last`, reserved ones included; NULL if none.

    A fresh state starts at its own index, later calls after the entry they returned.
    """
    if xas.where in (ERROR, BOUNDS):
        return NULL
    if xas.index > last:
        return xas.leave(BOUNDS)
    if xas.where is HEAD:
        xas.index = 1
        return xas.leave(BOUNDS)
    if xas.where is RESTART:
        entry = xas_load(xas)
        if entry or xas.where is not NODE:
            return entry
    elif not xas.path[-1].shift and xas.offsets[-1] != xas.index & CHUNK_MASK:
        xas.offsets[-1] = (xas.index - 1 & CHUNK_MASK) + 1
    _move(xas, xas.offsets[-1] + 1)
    while xas.path and xas.index <= last:
        offset = xas.offsets[-1]
        if offset == CHUNK_SIZE:
            _up(xas, 1)
            continue
        entry = xas.path[-1].slots[offset]
        if type(entry) is XaNode:
            xas.path.append(entry)
            xas.offsets.append(0)
            continue
        if entry and not xa_is_sibling(entry):
            return entry
        _move(xas, offset + 1)
    if not xas.path:
        xas.leave(BOUNDS)
    return NULL


def xas_next_entry(xas: XaState, last: int) -> "int | XaNode":
    """void *xas_next_entry(struct xa_state *, unsigned long max): as xas_find(), but quick inside one leaf."""
    if xas.where is not NODE or xas.path[-1].shift or xas.offsets[-1] != xas.index & CHUNK_MASK:
        return xas_find(xas, last)
    slots = xas.path[-1].slots
    while xas.index < last and xas.offsets[-1] != CHUNK_MASK:
        entry = slots[xas.offsets[-1] + 1]
        if entry & 3 == 2:
            break
        xas.offsets[-1] += 1
        xas.index += 1
        if entry:
            return entry
    return xas_find(xas, last)


def xas_for_each(xas: XaState, last: int) -> Iterator["int | XaNode"]:
    """xas_for_each(): every entry up to `last`, reserved ones too."""
    entry = xas_find(xas, last)
    while entry:
        yield entry
        entry = xas_next_entry(xas, last)


def xas_find_marked(xas: XaState, last: int, mark: int) -> "int | XaNode":
    """void *xas_find_marked(struct xa_state *, unsigned long max, xa_mark_t): the next entry up to `last` that bears the mark."""
    entry = _find_marked(xas, last, mark)
    if entry is not None:
        return entry
    if xas.index > last:
        xas.restart()
        return NULL
    return xas.leave(BOUNDS)


def _find_marked(xas: XaState, last: int, mark: int) -> "int | XaNode | None":
    """The entry, or None: nothing found, and the index says how far the search came."""
    if xas.where is ERROR:
        return NULL
    if xas.index > last:
        return None
    here = xas.where is not NODE  # may the slot we stand at be the answer? Not when it was the last one
    if xas.where is HEAD:
        xas.index = 1
        return None
    if here:
        head = xas.xa.head
        xas.leave(HEAD)
        if xas.index > max_index(head):
            return None
        if type(head) is not XaNode:
            if xas.xa.marks[mark]:
                return head
            xas.index = 1
            return None
        xas.where, xas.path, xas.offsets = NODE, [head], [xas.index >> head.shift]
    while xas.index <= last:
        node, offset = xas.path[-1], xas.offsets[-1]
        if offset == CHUNK_SIZE:
            _up(xas, 1)
            if not xas.path:
                return None
            here = True
            continue
        if here and xa_is_sibling(node.slots[offset]):
            offset = node.slots[offset] >> 2
            _move(xas, offset)
        bits = node.marks[mark] >> (offset if here else offset + 1)
        found = (offset if here else offset + 1) + (bits & -bits).bit_length() - 1 if bits else CHUNK_SIZE
        if found > offset:
            here = True
            _move(xas, found)
            if (xas.index - 1 & U64_MAX) >= last:
                xas.restart()
                return NULL
            if found == CHUNK_SIZE:
                continue
        entry = node.slots[xas.offsets[-1]]
        if not entry and not (xas.xa.track_free and mark == XA_FREE_MARK):
            return None
        if type(entry) is not XaNode:
            return entry
        xas.path.append(entry)
        xas.offsets.append(xas.index >> entry.shift & CHUNK_MASK)
    return None


def _beside(xas: XaState, step: int) -> "int | XaNode":
    """The entry at the next (step 1) or previous (-1) index; a fresh state first gives the one at its own index."""
    if xas.where not in (RESTART, ERROR):
        xas.index = xas.index + step & U64_MAX
    if xas.where is HEAD:
        return xas.leave(BOUNDS)
    if xas.where is not NODE:
        return xas_load(xas)
    if xas.offsets[-1] != xas.index >> xas.path[-1].shift & CHUNK_MASK:
        xas.offsets[-1] += step
    while xas.offsets[-1] in (CHUNK_SIZE, -1):
        _up(xas, step)
        if not xas.path:
            return xas.leave(BOUNDS)
    while True:
        entry = xas.path[-1].slots[xas.offsets[-1]]
        if type(entry) is not XaNode:
            return entry
        xas.path.append(entry)
        xas.offsets.append(xas.index >> entry.shift & CHUNK_MASK)


def xas_next(xas: XaState) -> "int | XaNode":
    """void *xas_next(struct xa_state *): the entry at the next index, NULL and reserved ones too."""
    return _beside(xas, 1)


def xas_prev(xas: XaState) -> "int | XaNode":
    """void *xas_prev(struct xa_state *): the entry at the previous index."""
    return _beside(xas, -1)


def xa_find(xa: XArray, index: int, last: int, mark: int | None = None) -> tuple[int, int] | None:
    """void *xa_find(struct xarray *, unsigned long *indexp, unsigned long max, xa_mark_t filter): first at or after `index`.

    (index, entry), or None. mark None: any entry (XA_PRESENT).
    """
    xas = XaState(xa, index)
    entry = _next(xas, last, mark)
    while xas_retry(xas, entry):
        entry = _next(xas, last, mark)
    return (xas.index, entry) if entry else None


def xa_find_after(xa: XArray, index: int, last: int, mark: int | None = None) -> tuple[int, int] | None:
    """void *xa_find_after(struct xarray *, unsigned long *indexp, unsigned long max, xa_mark_t filter): first after `index`."""
    if index == U64_MAX:
        return None
    xas = XaState(xa, index + 1)
    while True:
        entry = _next(xas, last, mark)
        if xas.where not in (NODE, HEAD):
            break
        if not _inside(xas) and not xas_retry(xas, entry):
            break
    return (xas.index, entry) if entry else None


def _next(xas: XaState, last: int, mark: int | None) -> "int | XaNode":
    return xas_find(xas, last) if mark is None else xas_find_marked(xas, last, mark)


def _inside(xas: XaState) -> bool:
    """xas_sibling(): did the walk start in the middle of a multi-index entry?"""
    if not xas.path:
        return False
    shift = xas.path[-1].shift
    return xas.index & (1 << shift + CHUNK_SHIFT) - 1 > xas.offsets[-1] << shift


def xa_for_each_range(xa: XArray, start: int, last: int) -> Iterator[tuple[int, int]]:
    """xa_for_each_range(): every (index, entry) in [start, last], neither NULL nor reserved."""
    found = xa_find(xa, start, last)
    while found:
        yield found
        found = xa_find_after(xa, found[0], last)
