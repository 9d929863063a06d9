"""Operations on an XArray as a Run: after each step the tree, flat, in a form that a picture can draw.

A state has `head`, `nodes`, `bytes`, `values`, `reserved`, `allocs`, `frees`, `at` (the index of the last call), `walk` (names
of the nodes on the way to it, the head first), and for each node ``N<shift>@<first index>``: its slots in use by stretches of
the same text (``5: 8``, ``60–63: Z``), with ``.count``, ``.nr_values`` and, where it bears any, ``.marks`` (three hex texts) beside it.
`tree_of` reads the tree back from such a state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tdxkit.card import card_of
from tdxkit.errors import InputError
from tdxkit.linux.memattr.ioctl import kvm_vm_set_mem_attributes
from tdxkit.linux.memattr.script import Script
from tdxkit.linux.xarray import api as xarray
from tdxkit.linux.xarray.node import CHUNK_MASK, CHUNK_SHIFT, CHUNK_SIZE, XaNode, XArray, entry_text
from tdxkit.linux.xarray.tree import xa_stat
from tdxkit.run import Recorder, Run, State
from tdxkit.text import many

MAX_NODES = 200  # in a state that is to be drawn
MAX_STEPS = 2000
ACTOR = "CPU 0"
LOOPS = {"reserve_loop": "reserve", "store_loop": "store", "erase_loop": "erase"}


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
        "head": entry_text(xa.head),
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
                state[f"{key}.marks"] = tuple(f"{bits:x}" for bits in node.marks)
            todo += [(e, base + (k << node.shift)) for k, e in reversed([*enumerate(node.slots)])] if node.shift else []
    return state


def _walk(xa: XArray, index: int) -> Iterator[str]:
    node = xa.head
    if type(node) is XaNode and index >> node.shift > CHUNK_MASK:
        return
    while type(node) is XaNode:
        yield node_key(node.shift, index)
        node = node.slots[index >> node.shift & CHUNK_MASK]


def _stretches(node: XaNode) -> Iterator[str]:
    first, last, text = 0, node.slots[0], entry_text(node.slots[0])
    for slot, entry in enumerate([*node.slots, None]):
        if entry is last or (here := "" if entry is None else entry_text(entry)) == text:
            continue
        if text != "null":
            yield f"{first}: {text}" if first == slot - 1 else f"{first}–{slot - 1}: {text}"
        first, last, text = slot, entry, here


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node of a recorded state: what it covers, its counters, its slots in use by stretches, its child nodes in order."""

    key: str
    shift: int
    first: int
    offset: int
    count: int
    nr_values: int
    marks: tuple[str, str, str]
    slots: tuple[tuple[int, int, str], ...]
    children: tuple["TreeNode", ...]

    @property
    def last(self) -> int:
        """The last index below the node."""
        return self.first + (CHUNK_SIZE << self.shift) - 1


def tree_of(state: State) -> TreeNode | None:
    """The tree of a state, None if its head is no node: what a picture draws, read from the state alone."""
    head = str(state["head"])
    return _tree(state, int(head[1:]), 0, 0) if head.startswith("N") else None


def _tree(state: State, shift: int, first: int, offset: int) -> TreeNode:
    key = node_key(shift, first)
    slots = tuple(_stretch(text) for text in state[key])  # type: ignore[attr-defined]
    below = [(slot, text) for low, high, text in slots if text[0] == "N" for slot in range(low, high + 1)]
    children = tuple(_tree(state, int(text[1:]), first + (slot << shift), slot) for slot, text in below)
    counts = state[f"{key}.count"], state[f"{key}.nr_values"]
    return TreeNode(key, shift, first, offset, *counts, state.get(f"{key}.marks", ("0", "0", "0")), slots, children)


def _stretch(text: str) -> tuple[int, int, str]:
    """``60–63: Z`` as (60, 63, "Z")."""
    where, _, entry = text.partition(": ")
    low, _, high = where.partition("–")
    return int(low), int(high or low), entry


def tree_text(state: State) -> str:
    """The tree of a state as indented text, one line a node."""
    tree = tree_of(state)
    if tree is None:
        return f"head: {state['head']}"

    def rows(node: TreeNode, depth: int) -> Iterator[str]:
        used = [text for text in state[node.key] if ": N" not in text]  # type: ignore[attr-defined]
        yield (
            f"{'  ' * depth}[{node.offset}] shift {node.shift}, indexes {node.first}–{node.last}, count {node.count}, "
            f"nr_values {node.nr_values}" + (f"   {', '.join(used)}" if used else "")
        )
        for child in node.children:
            yield from rows(child, depth + 1)

    return "\n".join(rows(tree, 0))


def record(commands: Sequence[Sequence[object]], title: str = "An XArray, call by call") -> Run:
    """Run the commands of a script (see xarray_script) and record the tree after each; loops and set_attrs are taken apart.

    Raises InputError for a command that is none, over MAX_STEPS steps or MAX_NODES nodes.
    """
    recording = _Recording()
    for command in _expand(commands):
        recording.do(command)
    return recording.recorder.run(title, [ACTOR], card=card_of(xarray))


CALLS = {
    "store": "xa_store",
    "erase": "xa_erase",
    "reserve": "xa_reserve",
    "release": "xa_release",
    "insert": "xa_insert",
    "cmpxchg": "xa_cmpxchg",
    "load": "xa_load",
    "store_range": "xa_store_range",
    "store_order": "xas_store",
    "set_mark": "xa_set_mark",
    "clear_mark": "xa_clear_mark",
}


def _expand(commands: Sequence[Sequence[object]]) -> Iterator[Sequence[object]]:
    """The commands, with each loop over a range as single calls."""
    for command in commands:
        single = LOOPS.get(str(command[0])) if command else None
        if single and len(command) > 2 and all(type(n) is int for n in command[1:3]):
            _bounded(command[2] - command[1])  # type: ignore[operator]
            yield from ((single, index, *command[3:]) for index in range(command[1], command[2]))  # type: ignore[call-overload]
        else:
            yield command


def _bounded(steps: int) -> None:
    if steps > MAX_STEPS:
        raise InputError(f"{steps} steps", f"a recorded run has at most {MAX_STEPS}", "take a smaller range")


class _Recording:
    """A script and what was recorded of it so far."""

    def __init__(self):
        self.script = Script()
        self.state: State = flat(self.script.xa)
        self.recorder = Recorder(self.state)

    def do(self, command: Sequence[object]) -> None:
        if command and command[0] == "set_attrs":
            return self.set_attributes(*self.script.arguments(command))
        answer = self.script.do(command)
        index = command[1] if command[0] in CALLS else None
        self.step(_label(command), index, answer)

    def set_attributes(self, start: int, end: int, attributes: int) -> None:
        """kvm_vm_set_mem_attributes(), a step for each page of each loop."""
        _bounded(2 * (end - start) + 4)
        labels = {
            "slots_lock": "mutex_lock(slots_lock)",
            "check": f"kvm_range_has_memory_attributes({start}, {end})",
            "pre": "kvm_pre_set_memory_attributes()",
            "post": "kvm_arch_post_set_memory_attributes()",
        }

        def watch(loop: str, gfn: int | None, rc: int) -> None:
            call = {"reserve": f"xa_reserve({gfn})", "store": f"xa_store({gfn}, {attributes or 'NULL'})"}
            self.step(labels.get(loop) or call[loop], gfn, {"err": rc} if rc else None)

        kvm_vm_set_mem_attributes(self.script.kvm, start, end, attributes, watch)

    def step(self, label: str, index: int | None, answer: object) -> None:
        state = flat(self.script.xa, index)
        _bounded(len(self.recorder.steps) + 1)
        self.recorder.step(ACTOR, label, _sentence(self.state, state, answer), state)
        self.state = state


def _label(command: Sequence[object]) -> str:
    name = CALLS.get(str(command[0]), str(command[0]))
    return f"{name}({', '.join('NULL' if a in (None, 'null') else str(a) for a in command[1:])})"


def _sentence(before: Mapping[str, object], after: Mapping[str, object], answer: object) -> str:
    """What came of a step, from the two states."""
    came = sum(key.endswith(".count") and key not in before for key in after)
    went = sum(key.endswith(".count") and key not in after for key in before)
    said = []
    if isinstance(answer, dict) and "err" in answer:
        said.append(f"it fails with {answer['err']}")
    for nodes, verb in ((came, "allocates"), (went, "frees")):
        if nodes:
            said.append(f"{verb} {many(nodes, 'node')}")
    for name, what in (("values", "value"), ("reserved", "reserved slot")):
        change = after[name] - before[name]  # type: ignore[operator]
        if change:
            said.append(f"{many(abs(change), what)} {'more' if change > 0 else 'less'}")
    same = all(after.get(key) == value for key, value in before.items() if "@" in key or key == "head")
    return "; ".join(said) or ("the tree stays as it is" if same else "a slot changes")
