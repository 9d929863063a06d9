"""The tree of an XArray as a flat state, in a form that a picture can draw.

A state has `head` (a `Content`), `nodes`, `bytes`, `values`, `reserved`, `allocs`, `frees`, `at` (the index of the last call), `walk`
(names of the nodes on the way to it, the head first), and for each node ``N<shift>@<first index>``: its slots in use by stretches of
the same content (`Slots`, read ``5: 8`` and ``60–63: Z``), with ``.count``, ``.nr_values`` and, where it bears any, ``.marks`` (three
bitmaps, read in hex) beside it. `tree_of` reads the tree back from such a state.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tdxkit.errors import InputError
from tdxkit.linux.xarray.node import CHUNK_MASK, CHUNK_SHIFT, CHUNK_SIZE, EMPTY, Content, XaNode, XArray, content
from tdxkit.linux.xarray.tree import xa_stat
from tdxkit.run import State

MAX_NODES = 200  # in a state that is to be drawn


class Slots(NamedTuple):
    """Neighbouring slots, first to last, that hold the same.

    >>> str(Slots(60, 63, content(0x11)))
    '60–63: 8'
    """

    first: int
    last: int
    content: Content

    def __str__(self) -> str:
        where = f"{self.first}" if self.first == self.last else f"{self.first}–{self.last}"
        return f"{where}: {self.content}"


class Marks(int):
    """One mark of a node's 64 slots as a bitmap, which people read in hexadecimal."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{int(self):x}"


def node_key(shift: int, index: int) -> str:
    """The name of the node with this shift on the way to an index."""
    return f"N{shift}@{index >> shift + CHUNK_SHIFT << shift + CHUNK_SHIFT}"


def flat(xa: XArray, index: int | None = None) -> dict[str, object]:
    """The array as a flat state; `index`: whose way down is shown."""
    stat = xa_stat(xa)
    if stat.nodes > MAX_NODES:
        raise InputError(
            f"tree of {stat.nodes} nodes", f"a tree to be drawn has at most {MAX_NODES}", "take a smaller range"
        )
    state: dict[str, object] = {
        "head": content(xa.head),
        "nodes": stat.nodes,
        "bytes": stat.bytes,
        "values": stat.values,
        "reserved": stat.zeros,
        "allocs": xa.slab.allocs,
        "frees": xa.slab.frees,
        "at": index,
        "walk": tuple(_walk(xa, index)) if index is not None else (),
    }
    todo = [(xa.head, 0)]
    while todo:
        node, base = todo.pop()
        if type(node) is XaNode:
            key = node_key(node.shift, base)
            state |= {f"{key}.count": node.count, f"{key}.nr_values": node.nr_values, key: tuple(_stretches(node))}
            if any(node.marks):
                state[f"{key}.marks"] = tuple(Marks(bits) for bits in node.marks)
            todo += [(e, base + (k << node.shift)) for k, e in reversed([*enumerate(node.slots)])] if node.shift else []
    return state


def _walk(xa: XArray, index: int) -> Iterator[str]:
    node = xa.head
    if type(node) is XaNode and index >> node.shift > CHUNK_MASK:
        return
    while type(node) is XaNode:
        yield node_key(node.shift, index)
        node = node.slots[index >> node.shift & CHUNK_MASK]


def _stretches(node: XaNode) -> Iterator[Slots]:
    first, last, held = 0, node.slots[0], content(node.slots[0])
    for slot, entry in enumerate([*node.slots, None]):
        if entry is last or (here := None if entry is None else content(entry)) == held:
            continue
        if held != EMPTY:
            yield Slots(first, slot - 1, held)
        first, last, held = slot, entry, here


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node of a recorded state: what it covers, its counters, its slots in use by stretches, its child nodes in order."""

    key: str
    shift: int
    first: int
    offset: int
    count: int
    nr_values: int
    marks: tuple[int, int, int]
    slots: tuple[Slots, ...]
    children: tuple["TreeNode", ...]

    @property
    def last(self) -> int:
        """The last index below the node."""
        return self.first + (CHUNK_SIZE << self.shift) - 1

    def all(self) -> "Iterator[TreeNode]":
        """The node and all below it, each before its children."""
        yield self
        for child in self.children:
            yield from child.all()


def tree_of(state: State) -> TreeNode | None:
    """The tree of a state, None if its head is no node: what a picture draws, read from the state alone."""
    head: Content = state["head"]  # type: ignore[assignment]
    return _tree(state, head.number, 0, 0) if head.kind == "node" else None


def _tree(state: State, shift: int, first: int, offset: int) -> TreeNode:
    key = node_key(shift, first)
    slots: tuple[Slots, ...] = state[key]  # type: ignore[assignment]
    below = [(k, s.content.number) for s in slots if s.content.kind == "node" for k in range(s.first, s.last + 1)]
    children = tuple(_tree(state, lower, first + (slot << shift), slot) for slot, lower in below)
    counts = state[f"{key}.count"], state[f"{key}.nr_values"]
    return TreeNode(key, shift, first, offset, *counts, state.get(f"{key}.marks", (0, 0, 0)), slots, children)


def tree_text(state: State) -> str:
    """The tree of a state as indented text, one line a node."""
    tree = tree_of(state)
    if tree is None:
        return f"head: {state['head']}"

    def rows(node: TreeNode, depth: int) -> Iterator[str]:
        used = [str(slots) for slots in node.slots if slots.content.kind != "node"]
        yield (
            f"{'  ' * depth}[{node.offset}] shift {node.shift}, indexes {node.first}–{node.last}, count {node.count}, "
            f"nr_values {node.nr_values}" + (f"   {', '.join(used)}" if used else "")
        )
        for child in node.children:
            yield from rows(child, depth + 1)

    return "\n".join(rows(tree, 0))


def nodes_of(state: State) -> dict[str, TreeNode]:
    """The nodes of a state by their names."""
    tree = tree_of(state)
    return {node.key: node for node in tree.all()} if tree else {}
