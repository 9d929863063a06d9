"""Marks: three bits an entry, a bit in each node on the way up, and one in the array for "anything in here bears it"."""

from tdxkit.linux.xarray.node import XaNode
from tdxkit.linux.xarray.state import XA_FREE_MARK, XaState, xas_own


def squash_marks(node: XaNode, offset: int, sibs: int) -> None:
    """Marks of the slots that become siblings count for the first slot."""
    tail = ((1 << sibs) - 1) << offset + 1
    for mark, bits in enumerate(node.marks):
        if bits & tail:
            node.marks[mark] = (bits | 1 << offset) & ~tail


def xas_set_mark(xas: XaState, mark: int) -> None:
    """void xas_set_mark(const struct xa_state *, xa_mark_t): here, in each ancestor, in the array; stop where it is set."""
    xas_own(xas)
    for node, offset in zip(reversed(xas.path), reversed(xas.offsets)):
        if node.marks[mark] >> offset & 1:
            return
        node.marks[mark] |= 1 << offset
    xas.xa.marks[mark] = True


def xas_clear_mark(xas: XaState, mark: int) -> None:
    """void xas_clear_mark(const struct xa_state *, xa_mark_t): here, and upwards while a node has none left."""
    xas_own(xas)
    for node, offset in zip(reversed(xas.path), reversed(xas.offsets)):
        if not node.marks[mark] >> offset & 1:
            return
        node.marks[mark] &= ~(1 << offset)
        if node.marks[mark]:
            return
    xas.xa.marks[mark] = False


def xas_init_marks(xas: XaState) -> None:
    """void xas_init_marks(const struct xa_state *): no marks (but "free" in an allocating array)."""
    for mark, borne in enumerate(xas.xa.marks):
        if xas.xa.track_free and mark == XA_FREE_MARK:
            xas_set_mark(xas, mark)
        elif borne:
            xas_clear_mark(xas, mark)
