"""The digest of a whole tree: FNV-1a 64 over a text of it, also for a tree of eight million nodes.

    text   = "X" marks "|" tree                       marks: one digit each
    tree   = "-" | "V" number | "Z" | "S" slot | "N" shift "," offset rest
    rest   = "," count "," nr_values "," mark "," mark "," mark "(" { slot ":" tree ";" } ")"     marks in hex

FNV-1a takes one byte at a time: h = (h ^ byte) * prime mod 2^64. The exclusive or touches the low eight bits only, so over a
fixed text the result is (what a state of only those eight bits gives) + (the rest of h) * prime^length. `rest` depends on the
node alone, the offset having gone before: for a shared node it is worked out once for each low byte it is met with.
"""

from tdxkit.linux.xarray.node import XA_ZERO_ENTRY, XaNode, XArray, entry_text

OFFSET_BASIS, PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def fnv1a(data: bytes, state: int = OFFSET_BASIS) -> int:
    """FNV-1a 64 of `data`, going on from `state`."""
    for byte in data:
        state = (state ^ byte) * PRIME & MASK
    return state


class Digests:
    """Digests of one array again and again: what is shared, and so never changed in place, is worked out once.

    It keeps the shared nodes it met alive; over MAX_KNOWN results it starts afresh.
    """

    MAX_KNOWN = 1 << 17

    def __init__(self):
        self.known: dict[tuple[int, int], tuple[int, int, int]] = {}
        self.alive: dict[int, XaNode] = {}  # so that an id means the same node as long as it is a key

    def of(self, xa: XArray) -> str:
        """The digest of the tree as 16 hex digits; equal trees have equal ones, shared or not."""
        if len(self.known) > self.MAX_KNOWN:
            self.known, self.alive = {}, {}
        state = fnv1a("X{:d}{:d}{:d}|".format(*xa.marks).encode())
        head = xa.head
        if type(head) is XaNode:
            state, _ = self.rest(head, fnv1a(f"N{head.shift},0".encode(), state))
        else:
            state = fnv1a((_word(head) if head else "-").encode(), state)
        return f"{state:016x}"

    def rest(self, node: XaNode, state: int) -> tuple[int, int]:
        """The state after `rest` of a node, and how many bytes that was."""
        if not node.shared:
            return self._rest(node, state)
        low = state & 255
        known = self.known.get((id(node), low))
        if known is None:
            after, length = self._rest(node, low)
            known = self.known[id(node), low] = after, length, pow(PRIME, length, 1 << 64)
            self.alive[id(node)] = node
        after, length, power = known
        return (after + (state - low) * power) & MASK, length

    def _rest(self, node: XaNode, state: int) -> tuple[int, int]:
        marks = ",".join(f"{bits:x}" for bits in node.marks)
        text = f",{node.count},{node.nr_values},{marks}("
        length = 0
        for slot, entry in enumerate(node.slots):
            if type(entry) is XaNode:
                text += f"{slot}:N{entry.shift},{slot}"
                state, below = self.rest(entry, fnv1a(text.encode(), state))
                length += len(text) + below
                text = ";"
            elif entry:
                text += f"{slot}:{_word(entry)};"
        text += ")"
        return fnv1a(text.encode(), state), length + len(text)


def _word(entry: int) -> str:
    if entry & 1:
        return f"V{entry >> 1}"
    return "Z" if entry == XA_ZERO_ENTRY else entry_text(entry)


def digest(xa: XArray) -> str:
    """The digest of the tree as 16 hex digits."""
    return Digests().of(xa)
