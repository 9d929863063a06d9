"""One operation on an XArray in progress: struct xa_state, and how it walks down, grows, stores and deletes.

Every function here is a step of the kernel's; the names are the kernel's. A state is in one of five places: ``restart`` (not
walked yet), ``node`` (at a slot), ``head`` (at the head, which is no node), ``bounds`` (the index is past the array) or
``error``. The way down is kept as `path` (nodes, the head first) and `offsets` (the slot taken in each): the kernel climbs by
parent pointers, the model by this list, so that subtrees may be shared.
"""

from tdxkit.errors import InputError, printable
from tdxkit.linux.xarray.node import (
    CHUNK_MASK,
    CHUNK_SHIFT,
    CHUNK_SIZE,
    EINVAL,
    ENOMEM,
    MARKS,
    NULL,
    XA_RETRY_ENTRY,
    XA_ZERO_ENTRY,
    XaNode,
    XArray,
    xa_error,
    xa_is_sibling,
)
from tdxkit.units import U64_MAX

RESTART, NODE, HEAD, BOUNDS, ERROR = "restart", "node", "head", "bounds", "error"
XA_FREE_MARK = 0  # an allocating array keeps "free below here" in mark 0


def check_index(index: int) -> None:
    """Raise InputError unless `index` fits an unsigned long."""
    if index >> 64:
        raise InputError(f"index {printable(index)}", "an index lies between 0 and 2^64 - 1", "give one in that range")


class XaState:
    """struct xa_state: the array, the index asked for, the order (shift and further slots, sibs) and where the walk stands."""

    __slots__ = ("errno", "index", "offsets", "path", "shift", "sibs", "spare", "where", "xa")

    def __init__(self, xa: XArray, index: int, shift: int = 0, sibs: int = 0):
        if index >> 64:
            check_index(index)
        self.xa, self.index, self.shift, self.sibs = xa, index, shift, sibs
        self.where = RESTART
        self.path: list[XaNode] = []
        self.offsets: list[int] = []
        self.errno = self.spare = 0  # spare: nodes that xas_nomem() got for the next try (0 or 1)

    def restart(self) -> None:
        """Forget the walk, keep the index."""
        self.where, self.path, self.offsets = RESTART, [], []

    def leave(self, where: str) -> int:
        """Stop at `where` (bounds, error, head) with nothing in hand."""
        self.where, self.path, self.offsets = where, [], []
        return NULL


def max_index(head: "int | XaNode") -> int:
    """unsigned long max_index(void *entry): the largest index an array with this head has room for."""
    return (CHUNK_SIZE << head.shift) - 1 if type(head) is XaNode else 0


def xas_max(xas: XaState) -> int:
    """unsigned long xas_max(struct xa_state *): the largest index that the operation needs room for."""
    mask = ((xas.sibs + 1) << xas.shift) - 1
    top = xas.index | mask
    return top + 1 & U64_MAX if mask and mask == top else top  # so that an order-6n entry has a node above it


def xas_descend(xas: XaState, node: XaNode) -> "int | XaNode":
    """Step into `node`: note the slot for the index, follow a sibling to the slot with the entry."""
    offset = xas.index >> node.shift & CHUNK_MASK
    entry = node.slots[offset]
    while xa_is_sibling(entry):
        offset = entry >> 2
        entry = node.slots[offset]
        if node.shift and type(entry) is XaNode:
            entry = XA_RETRY_ENTRY
    xas.path.append(node)
    xas.offsets.append(offset)
    return entry


def xas_load(xas: XaState) -> "int | XaNode":
    """void *xas_load(struct xa_state *): walk from the head to the entry at the index; NULL with ``bounds`` past the end."""
    if xas.where is NODE:
        entry = xas.path[-1].slots[xas.index >> xas.path[-1].shift & CHUNK_MASK]
        return xas.path[-1].slots[entry >> 2] if xa_is_sibling(entry) else entry
    if xas.where is ERROR:
        return NULL
    entry = xas.xa.head
    if type(entry) is not XaNode:
        xas.leave(BOUNDS if xas.index else HEAD)
        return NULL if xas.index else entry
    if xas.index >> entry.shift > CHUNK_MASK:
        return xas.leave(BOUNDS)
    xas.path, xas.offsets, wanted = [], [], xas.shift
    while type(entry) is XaNode and entry.shift >= wanted:
        entry = xas_descend(xas, entry)
    xas.where = NODE if xas.path else HEAD
    xas.xa.walked += len(xas.path)
    return entry


def xas_alloc(xas: XaState, shift: int) -> XaNode | None:
    """static void *xas_alloc(struct xa_state *, unsigned int shift): an empty node, or None and the state holds -ENOMEM."""
    if xas.spare:
        xas.spare = 0
    elif not xas.xa.slab.grant(may_block=False):
        xas.leave(ERROR)
        xas.errno = ENOMEM
        return None
    return XaNode(shift)


def xas_expand(xas: XaState) -> int:
    """static int xas_expand(struct xa_state *, void *head): put heads on top until the index fits.

    The shift above the head, -ENOMEM, or 0 if the entry may lie in the head itself. An empty array gets no chain of empty heads.
    """
    xa, head, top = xas.xa, xas.xa.head, xas_max(xas)
    if not head and xa.zero_busy:  # index 0 of such an array is always taken
        head = XA_ZERO_ENTRY
    shift = head.shift + CHUNK_SHIFT if type(head) is XaNode else 0
    if not head:
        while top >> shift:
            shift += CHUNK_SHIFT
        return shift
    while top > max_index(head):
        node = xas_alloc(xas, shift)
        if node is None:
            return -ENOMEM
        node.count, node.slots[0] = 1, head
        if type(head) is not XaNode:
            node.nr_values = head & 1
        for mark in range(MARKS):
            if xa.track_free and mark == XA_FREE_MARK:
                node.marks[mark] = U64_MAX if xa.marks[mark] else U64_MAX - 1
                xa.marks[mark] = True
            elif xa.marks[mark]:
                node.marks[mark] = 1
        xa.head = head = node
        shift += CHUNK_SHIFT
    return shift


def xas_create(xas: XaState, allow_root: bool) -> "int | XaNode":
    """static void *xas_create(struct xa_state *, bool allow_root): walk down to the slot, allocating the nodes that lack.

    Returns what is in the slot. allow_root: the entry may go straight into the head (a reserved one may not). Nodes already
    linked stay when a later one cannot be had. The path comes out unshared: ready to be written.
    """
    xa, path, offsets, order = xas.xa, xas.path, xas.offsets, xas.shift
    if xas.where is NODE:
        xas_own(xas)
        shift, entry = path[-1].shift, path[-1].slots[offsets[-1]]
    elif xas.where is ERROR:
        return NULL
    else:
        entry = xa.head
        if type(entry) is XaNode and xas.index >> entry.shift <= CHUNK_MASK and not order:
            shift = entry.shift + CHUNK_SHIFT  # it fits: the usual case
        elif (shift := _grown(xas, allow_root)) < 0:
            return NULL
        entry, xas.where = xa.head, HEAD
    index, multi, known = xas.index, xa.multi, len(path)
    while shift > order:
        shift -= CHUNK_SHIFT
        if type(entry) is XaNode:
            node = _link(xas, entry.copy()) if entry.shared else entry
        elif entry:
            break
        else:
            node = xas_alloc(xas, shift)
            if node is None:
                xa.walked += len(path) - known
                return NULL
            if xa.track_free:
                node.marks[XA_FREE_MARK] = U64_MAX
            if path:
                path[-1].count += 1
            _link(xas, node)
        if multi:  # there may be siblings
            entry = xas_descend(xas, node)
            continue
        offset = index >> shift & CHUNK_MASK
        entry = node.slots[offset]
        path.append(node)
        offsets.append(offset)
    if path:
        xas.where = NODE
        xa.walked += len(path) - known
    return entry


def _grown(xas: XaState, allow_root: bool) -> int:
    """The shift above the head once the tree is high enough for the index; below 0 where memory ran out."""
    shift = xas_expand(xas)
    return CHUNK_SHIFT if not shift and not allow_root else shift


def _link(xas: XaState, node: XaNode) -> XaNode:
    """Hang a node where the walk stands."""
    if xas.path:
        xas.path[-1].slots[xas.offsets[-1]] = node
    else:
        xas.xa.head = node
    return node


def xas_own(xas: XaState) -> None:
    """Make every node on the path one's own: copies in place of shared ones, from the head down. The model's, not the kernel's."""
    path = xas.path
    for depth, node in enumerate(path):
        if node.shared:
            path[depth] = node = node.copy()
            if depth:
                path[depth - 1].slots[xas.offsets[depth - 1]] = node
            else:
                xas.xa.head = node


def xas_nomem(xas: XaState) -> bool:
    """bool __xas_nomem(struct xa_state *, gfp_t): after -ENOMEM, drop the lock, get ONE node in a way that may sleep, try again.

    True: the whole operation starts again from the head. False: it is over, well or badly.
    """
    if xas.where is not ERROR or xas.errno != ENOMEM:
        return False
    if not xas.xa.slab.grant(may_block=True):
        return False
    xas.spare, xas.errno = 1, 0
    xas.xa.calls += 1
    xas.restart()
    return True


def xas_fail(xas: XaState, errno: int) -> None:
    """xas_set_err(): the operation ends with -errno."""
    xas.leave(ERROR)
    xas.errno = errno


def xas_result(xas: XaState, entry: int) -> int:
    """void *xas_result(struct xa_state *, void *curr): the entry, or the errno as an entry."""
    return xa_error(xas.errno) if xas.where is ERROR else entry


def invalid() -> int:
    """What a call answers to an entry it must not store: -EINVAL as an entry."""
    return xa_error(EINVAL)
