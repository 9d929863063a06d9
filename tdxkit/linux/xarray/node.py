"""What an XArray is made of: entries (64-bit words), nodes, the slab that nodes come from, and the array itself.

An entry is one machine word, as in the kernel, told apart by its two low bits; 0 is NULL. KVM's PRIVATE, the number 8, is
stored as the word 0x11. Only a pointer to a node is something else here: it is the `XaNode` itself.

    word  = pointer | value | internal      low bits 00 | x1 | 10

Unlike the kernel's, a node does not know its parent nor its slot there (offset): both lie on the edge that was walked. So equal
subtrees can be ONE object with many edges to it. `shared` says that a second edge, or a snapshot, may point here; whoever
writes below such a node first takes a copy of it, which makes the children shared in turn.
"""

from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.units import U64_MAX

NULL = 0
CHUNK_SHIFT = 6
CHUNK_SIZE = 1 << CHUNK_SHIFT
CHUNK_MASK = CHUNK_SIZE - 1
MARKS = 3
MAX_SHIFT = 60  # of the node that covers 2^64 indexes

NODE_BYTES = 576  # sizeof(struct xa_node) on 64-bit
SLAB_BYTES = 584  # what one takes in its slab cache: a constructor keeps the free pointer outside the object
SLAB_NODES, SLAB_SIZE = 28, 16 << 10  # nodes in one slab, and its size in bytes

ENOMEM, EBUSY, EINVAL = 12, 16, 22


def xa_mk_value(number: int) -> int:
    """void *xa_mk_value(unsigned long v): a number below 2^63 as an entry.

    >>> hex(xa_mk_value(8))
    '0x11'
    """
    if number >> 63:
        raise InputError(f"value {printable(number)}", "a value entry holds 0 to 2^63 - 1", "give a smaller number")
    return number << 1 | 1


def xa_to_value(entry: int) -> int:
    """unsigned long xa_to_value(const void *entry): the number in a value entry; 0 for NULL, as the shift has it."""
    return entry >> 1


def xa_mk_internal(number: int) -> int:
    """void *xa_mk_internal(unsigned long v): an entry of the XArray's own."""
    return (number << 2 | 2) & U64_MAX


def xa_is_value(entry: "int | XaNode") -> bool:
    """bool xa_is_value(const void *entry)."""
    return type(entry) is not XaNode and entry & 1 == 1


def xa_is_sibling(entry: "int | XaNode") -> bool:
    """bool xa_is_sibling(const void *entry): does it only point to the slot with the entry (multi-index entries)?"""
    return type(entry) is not XaNode and entry & 3 == 2 and entry < SIBLING_END


def xa_is_advanced(entry: int) -> bool:
    """bool xa_is_advanced(const void *entry): may only the xas_ functions store it?"""
    return entry & 3 == 2 and entry <= XA_RETRY_ENTRY


def xa_err(entry: int) -> int:
    """int xa_err(void *entry): the negative errno in an error entry, 0 for any other entry."""
    return -((U64_MAX + 3 - entry) >> 2) if entry >= ERROR_START and entry & 3 == 2 else 0


def xa_error(errno: int) -> int:
    """The entry that stands for -errno.

    >>> xa_err(xa_error(12)), xa_err(xa_mk_value(12))
    (-12, 0)
    """
    return xa_mk_internal(-errno)


XA_ZERO_ENTRY = xa_mk_internal(257)
XA_RETRY_ENTRY = xa_mk_internal(256)
SIBLING_END = xa_mk_internal(CHUNK_MASK)  # siblings name slots 0 to 62
ERROR_START = xa_mk_internal(-4095)


class Content(NamedTuple):
    """An entry as a value: its kind (null, value, reserved, retry, sibling, error, node, pointer) and, where it has one, its number:
    the value, the sibling's slot, the negative errno, the node's shift, the word of a pointer."""

    kind: str
    number: int = 0

    def __str__(self) -> str:
        return WORDS[self.kind].format(self.number)


# As people read an entry.
WORDS = {
    "null": "null", "value": "{}", "reserved": "Z", "retry": "R", "sibling": "S{}", "error": "errno {}", "node": "N{}",
    "pointer": "ptr {:#x}",
}  # fmt: skip
EMPTY, RESERVED, RETRY = Content("null"), Content("reserved"), Content("retry")


def content(entry: "int | XaNode") -> Content:
    """What an entry is.

    >>> content(0x11), str(content(XA_ZERO_ENTRY))
    (Content(kind='value', number=8), 'Z')
    """
    if type(entry) is XaNode:
        return Content("node", entry.shift)
    if not entry:
        return EMPTY
    if entry & 1:
        return Content("value", entry >> 1)
    if xa_is_sibling(entry):
        return Content("sibling", entry >> 2)
    if xa_err(entry):
        return Content("error", xa_err(entry))
    return {XA_ZERO_ENTRY: RESERVED, XA_RETRY_ENTRY: RETRY}.get(entry) or Content("pointer", entry)


def entry_text(entry: "int | XaNode") -> str:
    """An entry as people read it: ``null``, ``8``, ``Z`` (reserved), ``S<slot>``, ``R`` (retry), ``N<shift>``, ``ptr 0x…``."""
    return str(content(entry))


class XaNode:
    """struct xa_node: 64 slots, how many are in use (u8 count) and how many hold values (u8 nr_values), three mark bitmaps.

    shift: bits of the index below one slot (u8), a multiple of 6; slots: words or nodes; marks: three 64-bit maps.
    """

    __slots__ = ("count", "marks", "nr_values", "shared", "shift", "slots")

    def __init__(self, shift: int):
        self.shift = shift
        self.count = self.nr_values = 0
        self.slots = [NULL] * CHUNK_SIZE
        self.marks = [0, 0, 0]
        self.shared = False

    def copy(self) -> "XaNode":
        """A node of one's own with the same slots; what hangs below now has a second edge."""
        twin = XaNode.__new__(XaNode)
        twin.shift, twin.count, twin.nr_values = self.shift, self.count, self.nr_values
        twin.slots, twin.marks, twin.shared = self.slots[:], self.marks[:], False
        if self.shift:
            for child in twin.slots:
                if type(child) is XaNode:
                    child.shared = True
        return twin


class Slab:
    """Where nodes come from: counts them, and fails when told to.

    limit: so many allocations more succeed (None: all); pressure: one that may not block fails.
    allocs, frees, peak: nodes; blocking, refused: attempts that may block, and attempts that got nothing.
    """

    __slots__ = ("allocs", "blocking", "frees", "limit", "peak", "pressure", "refused")

    def __init__(self):
        self.allocs = self.frees = self.peak = self.blocking = self.refused = 0
        self.limit: int | None = None
        self.pressure = False

    def grant(self, may_block: bool) -> bool:
        """One node, if there is one."""
        self.blocking += may_block
        if self.limit == 0 or (self.pressure and not may_block):
            self.refused += 1
            return False
        self.take(1)
        return True

    def take(self, nodes: int) -> None:
        """Count nodes that were allocated."""
        if self.limit is not None:
            self.limit -= nodes
        self.allocs += nodes
        if self.allocs - self.frees > self.peak:
            self.peak = self.allocs - self.frees


class XArray:
    """struct xarray: a head (entry or node) and the marks that anything in it bears (three bits of xa_flags).

    track_free, zero_busy: the flags of an allocating array (XA_FLAGS_ALLOC, XA_FLAGS_ALLOC1); account: XA_FLAGS_ACCOUNT.
    The model counts what its callers want to know: `calls` (times xa_lock was taken to change something) and `walked` (nodes
    stepped into on the way). `multi` is set once a multi-index entry was stored: bulk ranges then go page by page.
    """

    __slots__ = ("account", "calls", "head", "marks", "multi", "slab", "track_free", "walked", "zero_busy")

    def __init__(self, slab: Slab | None = None, *, track_free=False, zero_busy=False, account=False):
        self.head: int | XaNode = NULL
        self.marks = [track_free and not zero_busy, False, False]
        self.slab = slab or Slab()
        self.track_free, self.zero_busy, self.account = track_free, zero_busy, account
        self.calls = self.walked = 0
        self.multi = False

    def snapshot(self) -> "XArray":
        """The array as it is now, in constant time: the two share every node until one of them changes it."""
        twin = XArray(track_free=self.track_free, zero_busy=self.zero_busy, account=self.account)
        twin.head, twin.marks, twin.multi = self.head, self.marks[:], self.multi
        twin.calls, twin.walked = self.calls, self.walked
        if type(self.head) is XaNode:
            self.head.shared = True
        slab, other = self.slab, twin.slab
        other.allocs, other.frees, other.peak, other.limit = slab.allocs, slab.frees, slab.peak, slab.limit
        return twin


def xa_empty(xa: XArray) -> bool:
    """bool xa_empty(const struct xarray *): nothing at all, not even a node that a failed allocation left."""
    return xa.head == NULL if type(xa.head) is not XaNode else False
