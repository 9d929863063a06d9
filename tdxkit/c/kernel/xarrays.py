"""XArrays: xa_store(), xa_reserve(), xa_load() and their kin, on the workbook's model of the XArray [linux-xarray].

The tree is kept in one cell, as nodes in nodes. So whether an operation needs memory is what the
tree says: only a slot whose nodes are not there does. An operation is one step, in which the xa_lock is taken and let go; who finds it
taken waits. xa_reserve() and xa_cmpxchg() say of themselves that they may sleep, by their flags, and so do xa_store_bh() and xa_store_irq();
xa_store() sleeps where it needs memory.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.contexts import may_sleep, switches_on
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.heap import RECLAIMS
from tdxkit.c.kernel.locks import give, of_form, take, tries
from tdxkit.c.runtime import OWN, cell, get, put
from tdxkit.c.types import BOOL, INT, ULONG, VOID, Pointer
from tdxkit.c.widths import u64
from tdxkit.errors import ModelError
from tdxkit.explore.rules import NO_SLEEP
from tdxkit.kinds import LOAD, LOCK, Act, load, store
from tdxkit.linux.xarray import api
from tdxkit.linux.xarray.node import NULL, XA_ZERO_ENTRY, XaNode, XArray, xa_err, xa_is_value

SOURCES = ("linux-xarray",)
SIMPLIFIED = (
    "a call is one step, into which no softirq comes: that xa_store() beside one in a softirq has to be xa_store_bh() is not found",
    "an operation of the XArray is one step, seen by all at once: that it drops its xa_lock to get memory, and that it is several stores, is not",
    "where memory runs out the XArray gets no node at all; a node that is freed is gone at once",
)
MOST = 512  # entries of one XArray: every state holds all of them
TREE = 1  # the cell after the xa_lock
POINTERS = 1 << 20  # words that stand for pointers to objects begin here
# What changes an XArray: what it takes after the index, and whether it says of itself, in its plain form, that it may sleep.
CHANGES = {
    "xa_store": ("vv", False), "xa_erase": ("", False), "xa_reserve": ("v", True), "xa_release": ("", False),
    "xa_insert": ("vv", True), "xa_cmpxchg": ("vvv", True),
}  # fmt: skip
NUMBERS = ("xa_reserve", "xa_insert")  # they return an errno, the others an entry
FORMS = ("", "_bh", "_irq")


class Node(NamedTuple):
    """A node of the tree as its cell has it: the bits of an index below one slot; the slots in use, with what is in each."""

    shift: int
    slots: tuple[tuple[int, object], ...]

    def __str__(self) -> str:
        """The entries below it, by index: `62–63: 8, 64: reserved`."""
        runs: list[list] = []
        for index, entry in entries(self, 0):
            shown = "reserved" if entry == XA_ZERO_ENTRY else _shown(entry)
            if runs and runs[-1][1:] == [index - 1, shown]:
                runs[-1][1] = index
            else:
                runs.append([index, index, shown])
        return ", ".join(f"{a if a == b else f'{a}–{b}'}: {shown}" for a, b, shown in runs) or "nodes without an entry"


def entries(kept: object, base: int) -> Iterator[tuple[int, object]]:
    """What lies in a tree, by index."""
    if isinstance(kept, Node):
        for slot, inner in kept.slots:
            yield from entries(inner, base + (slot << kept.shift))
    elif kept:
        yield base, kept


class Tree:
    """An XArray out of its cell, with a word for each pointer to an object."""

    def __init__(self, kept: object):
        self.words: dict[object, int] = {}
        self.pointers: dict[int, object] = {}
        self.xa = XArray()
        self.xa.head = self._node(kept)
        self.entries = 0

    def word(self, entry: object) -> int:
        """The machine word that an entry is."""
        if type(entry) is not tuple:
            return u64(entry)  # type: ignore[arg-type]
        if entry[0] == OWN:
            raise Defect("a pointer to a local variable is given to other CPUs")
        if entry not in self.words:
            self.words[entry] = POINTERS + 8 * len(self.words)
            self.pointers[self.words[entry]] = entry
        return self.words[entry]

    def entry(self, word: int) -> object:
        """The entry that a word is."""
        return self.pointers.get(word, word)

    def _node(self, kept: object) -> "int | XaNode":
        if not isinstance(kept, Node):
            return self.word(kept)
        node = XaNode(kept.shift)
        for slot, inner in kept.slots:
            node.slots[slot] = self._node(inner)
            node.count += 1
            node.nr_values += xa_is_value(node.slots[slot])
        return node

    def kept(self, what: "int | XaNode | None" = None) -> object:
        """It as its cell has it."""
        what = self.xa.head if what is None else what
        if type(what) is not XaNode:
            return self.entry(what)  # type: ignore[arg-type]
        self.entries += sum(1 for inner in what.slots if inner)
        if self.entries > MOST:
            raise ModelError("an XArray", f"it has at most {MOST:,} entries and nodes here", "use a smaller range")
        return Node(what.shift, tuple((slot, self.kept(inner)) for slot, inner in enumerate(what.slots) if inner))


def _title(m, p) -> str:
    return cell(m, p).removesuffix(".xa_lock")


def _shown(value: object) -> str:
    """An entry in a label: the number of a value, the name of an object."""
    if type(value) is tuple:
        return value[0]
    return api.entry_text(u64(value)) if value else "NULL"  # type: ignore[arg-type]


def _call(does: str, tree: Tree, index: int, more: tuple) -> int:
    """The call on the model's XArray; the flags, which come last, are not its business."""
    words = [tree.word(value) for value in more[: len(CHANGES[does][0].removesuffix("v"))]]
    return getattr(api, does)(tree.xa, index, *words)


def changes(does: str, form: str):
    """One that changes an XArray: it waits for the xa_lock."""

    def program(m, p, index, *more):
        where, index = (p[0], p[1] + TREE), u64(index)
        flags = more[-1] if more else 0
        asks, stored = (CHANGES[does][1] or bool(form)) and bool(flags & RECLAIMS), more[:-1]
        label = f"{does}{form}({', '.join([_title(m, p), str(index), *map(_shown, stored)])})"
        while True:
            act = Act(label, LOCK, f"{does}{form}", LOAD, asks, cell(m, where))
            got = yield act, ((True, False) if m.memory_may_run_out else (True,))
            may_sleep(m, asks)
            if get(m, p):
                continue
            tree = Tree(get(m, where))
            tree.xa.slab.limit = None if got else 0
            answer = _call(does, tree, index, more)
            slab = tree.xa.slab
            if not asks and flags & RECLAIMS and (slab.allocs or slab.refused):
                may_sleep(m)
                m.must(NO_SLEEP, not any(m._holds(word) for word in m.c_spins))
            if slab.refused and m.c_may_fail:
                m.c_failed = True
            put(m, where, tree.kept())
            if form == "_irq":
                switches_on(m, f"xa_unlock{form}")
            if slab.refused:
                m.tell(f"There is no memory for index {index}.")
            return tree.entry(answer)  # an errno is the word of no pointer

    return program


def _load(m, p, index):
    where = p[0], p[1] + TREE
    yield load("xa_load", cell(m, where), label=f"xa_load({_title(m, p)}, {u64(index)})")
    tree = Tree(get(m, where))
    return tree.entry(api.xa_load(tree.xa, u64(index)))


def _empty(m, p):
    where = p[0], p[1] + TREE
    yield load("xa_empty", cell(m, where), label=f"xa_empty({_title(m, p)})")
    return int(get(m, where) == NULL)


def following(m, p, index, last):
    """The first entry from an index on up to the last that was not only reserved: (index, entry); 0 where there is none."""
    where = p[0], p[1] + TREE
    yield load("xa_find", cell(m, where), label=f"xa_find({_title(m, p)}, {u64(index)})")
    for at, entry in entries(get(m, where), 0):
        if index <= at <= last and entry != XA_ZERO_ENTRY:
            return at, entry
    return 0


def _starts(does: str):
    def program(m, p, *more):
        yield store(does, cell(m, (p[0], p[1] + TREE)))
        put(m, (p[0], p[1] + TREE), NULL)

    return program


def _destroy(m, p):
    where = p[0], p[1] + TREE
    while True:
        yield Act(f"xa_destroy({_title(m, p)})", LOCK, "xa_destroy", LOAD, operand=cell(m, where))
        if not get(m, p):
            put(m, where, NULL)
            return


def _value(m, number):
    if number >> 63 & 1:
        raise Defect(f"xa_mk_value() of {number}, which has more than 63 bits")
    return number << 1 | 1


def _locks() -> Iterator[Entry]:
    """The xa_lock by itself: a spinlock, the first cell of the XArray."""
    for form, back, takes, gives in (
        ("", "", "p", "p"),
        ("_bh", "_bh", "p", "p"),
        ("_irq", "_irq", "p", "p"),
        ("_irqsave", "_irqrestore", "ps", "pv"),
    ):
        yield Entry(f"xa_lock{form}", take(f"xa_lock{form}"), takes, VOID, rules=of_form(form))
        yield Entry(f"xa_unlock{back}", give(f"xa_unlock{back}"), gives, VOID, rules=of_form(form))
    yield Entry("xa_trylock", tries("xa_trylock"), "p", INT)


def functions() -> Iterator[Entry]:
    """All of them."""
    anything = Pointer(VOID)
    for does, (takes, _) in CHANGES.items():
        for form in FORMS if does != "xa_release" else ("",):
            returns = INT if does in NUMBERS else VOID if does == "xa_release" else anything
            yield Entry(f"{does}{form}", changes(does, form), "pv" + takes, returns)
    yield Entry("xa_load", _load, "pv", anything)
    yield Entry("xa_empty", _empty, "p", BOOL)
    yield Entry("the_xa_find", following, "pvv", VOID)
    for word in ("xa_init", "xa_init_flags"):
        yield Entry(word, _starts(word), "p…" if word.endswith("flags") else "p", VOID)
    yield Entry("xa_destroy", _destroy, "p", VOID)
    yield Entry("xa_mk_value", _value, "v", anything, steps=False)
    yield Entry("xa_to_value", lambda m, entry: entry >> 1 if type(entry) is int else 0, "v", ULONG, steps=False)
    yield Entry("xa_is_value", lambda m, entry: int(type(entry) is int and entry & 1), "v", BOOL, steps=False)
    yield Entry("xa_err", lambda m, entry: xa_err(u64(entry)) if type(entry) is int else 0, "v", INT, steps=False)
    yield Entry(
        "xa_is_err", lambda m, entry: int(type(entry) is int and bool(xa_err(u64(entry)))), "v", BOOL, steps=False
    )
    yield from _locks()
