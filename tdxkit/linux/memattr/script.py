"""XArray scripts: commands as data, [name, argument...], run on the array of a VM's memory attributes.

An entry is written as a number (a value), null (NULL), "Z" (reserved), "R" (retry), "S<slot>" (sibling), "N<shift>" (node) or
{"err": errno}. Scripts come from outside: each argument is checked, and what a command may ask for is bounded.
"""

from collections.abc import Callable, Iterable, Sequence

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr import ioctl as memattr
from tdxkit.linux.xarray import api as xarray
from tdxkit.linux.xarray import bulk as xarray_bulk
from tdxkit.linux.xarray import multi as xarray_multi
from tdxkit.linux.xarray import walk as xarray_walk
from tdxkit.linux.xarray.digest import Digests
from tdxkit.linux.xarray.node import EMPTY, NULL, XaNode, XArray, content, xa_mk_value
from tdxkit.linux.xarray.state import XaState
from tdxkit.linux.xarray.tree import xa_stat
from tdxkit.units import U64_MAX

MAX_ROWS = 100_000  # rows that one command may ask for

Answer = int | str | list | dict | None


def shown(entry: "int | XaNode") -> Answer:
    """An entry as the vectors write it."""
    is_ = content(entry)
    if is_.kind == "error":
        return {"err": is_.number}
    return None if is_ == EMPTY else is_.number if is_.kind == "value" else str(is_)


class Script:
    """An empty array, a VM with memory attributes on it, and the commands that can be given to them. patch: of its kernel, as of KernelText."""

    def __init__(self, patch: str | None = "v2"):
        self.patch = patch
        self.kvm = memattr.Kvm(memattr.KernelText(1, patch))
        self.digests = Digests()

    @property
    def xa(self) -> XArray:
        """The array the commands work on: the VM's mem_attr_array."""
        return self.kvm.mem_attr_array

    def do(self, command: Sequence[object]) -> Answer:
        """Run one command, answer as the vectors do; InputError if it is not one."""
        arguments = self.arguments(command)
        return COMMANDS[command[0]][1](self, *arguments)

    def arguments(self, command: Sequence[object]) -> list:
        """The arguments of a command, read and checked."""
        if not isinstance(command, (list, tuple)) or not command or not isinstance(command[0], str):
            raise InputError(
                f"command {printable(command)}", "a command is a list that starts with its name", "correct it"
            )
        if command[0] not in COMMANDS:
            raise InputError(f"command {printable(command[0])}", "there is no such command", "see the list in COMMANDS")
        return _arguments(command, COMMANDS[command[0]][0].split())

    def state(self) -> dict[str, object]:
        """What a vector expects after a command, but for the result."""
        stat, slab = xa_stat(self.xa), self.xa.slab
        return {
            "head": stat.head,
            "height": stat.height,
            "nodes": stat.nodes,
            "levels": list(stat.levels),
            "vals": stat.values,
            "zeros": stat.zeros,
            "sibs": stat.sibs,
            "allocs": slab.allocs,
            "frees": slab.frees,
            "fnv": self.digests.of(self.xa),
            "xm": "".join(str(int(mark)) for mark in self.xa.marks),
        }


def _arguments(command: Sequence[object], kinds: list[str]) -> list:
    """The arguments of a command, each read by its kind; a kind ending in ? may lack."""
    given = command[1:]
    if not len([k for k in kinds if not k.endswith("?")]) <= len(given) <= len(kinds):
        raise InputError(
            f"command {printable(command[0])}",
            f"its arguments are: {' '.join(kinds) or 'none'}",
            "give as many as that",
        )
    return [READ[kind.rstrip("?")](command[0], value) for kind, value in zip(kinds, given)]


def _whole(what: str, low: int, high: int) -> Callable[[str, object], int]:
    def read(op: str, value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise InputError(f"{op} {printable(value)}", f"{what} is a whole number from {low} to {high}", "correct it")
        return value

    return read


def _entry(op: str, value: object) -> int:
    return NULL if value in (None, "null") else xa_mk_value(READ["number"](op, value))


def _word(*words: str) -> Callable[[str, object], str]:
    def read(op: str, value: object) -> str:
        if value not in words:
            raise InputError(f"{op} {printable(value)}", f"it takes one of {', '.join(words)}", "correct it")
        return str(value)

    return read


def _filter(op: str, value: object) -> int | None:
    return None if value == "present" else READ["mark"](op, value)


READ: dict[str, Callable] = {
    "index": _whole("an index", 0, U64_MAX),
    "end": _whole("an index", 0, U64_MAX),
    "u64": _whole("a number", 0, U64_MAX),
    "number": _whole("a value", 0, (1 << 63) - 1),
    "order": _whole("an order", 0, 63),
    "mark": _whole("a mark", 0, 2),
    "n": _whole("a count", 0, MAX_ROWS),
    "flag": _whole("a switch", 0, 1),
    "text": _whole("a kernel text", 1, 3),
    "entry": _entry,
    "filter": _filter,
    "flavour": _word("plain", "account", "alloc", "alloc1"),
    "pressure": _word("ok", "fail"),
    "limit": lambda op, value: None if value == "off" else READ["u64"](op, value),
}


# What the commands do, one line each where possible.


def _new(s: Script, flavour: str = "plain") -> int:
    xa = XArray(track_free=flavour.startswith("alloc"), zero_busy=flavour == "alloc1", account=flavour == "account")
    s.kvm = memattr.Kvm(memattr.KernelText(1, s.patch), xa)
    return 0


def _xload(s: Script, index: int) -> list:
    entry, where = xarray.xa_place(s.xa, index)
    return [shown(entry), where]


def _find(s: Script, index: int, last: int, mark: int | None = None) -> list | None:
    found = xarray_walk.xa_find(s.xa, index, last, mark)
    return found and [found[0], shown(found[1])]


def _find_after(s: Script, index: int, last: int, mark: int | None = None) -> list | None:
    found = xarray_walk.xa_find_after(s.xa, index, last, mark)
    return found and [found[0], shown(found[1])]


def _first(rows: Iterable, n: int) -> list:
    return [row for row, _ in zip(rows, range(n))] if n else []


def _for_each(s: Script, start: int, last: int, n: int) -> list:
    return _first(([i, shown(e)] for i, e in xarray_walk.xa_for_each_range(s.xa, start, last)), n)


def _xeach(s: Script, start: int, last: int, n: int) -> list:
    xas = XaState(s.xa, start)
    return _first(([xas.index, shown(e), xas.where] for e in xarray_walk.xas_for_each(xas, last)), n)


def _steps(step: Callable) -> Callable:
    def walk(s: Script, start: int, *more: int) -> list:
        xas = XaState(s.xa, start)
        *last, n = more
        return [[xas.index, shown(entry), xas.where] for entry in (step(xas, *last) for _ in range(n))]

    return walk


def _dump(s: Script) -> Answer:
    def tree(entry: "int | XaNode", offset: int = 0) -> Answer:
        if type(entry) is not XaNode:
            return {"v": entry >> 1} if entry & 1 else shown(entry)
        slots = {str(k): tree(e, k) for k, e in enumerate(entry.slots) if e}
        marks = [f"{bits:x}" for bits in entry.marks]
        return {"sh": entry.shift, "off": offset, "cnt": entry.count, "nv": entry.nr_values, "m": marks, "s": slots}

    if xa_stat(s.xa).nodes > MAX_ROWS:
        raise InputError("dump", f"a dump has at most {MAX_ROWS} nodes", "use a smaller array")
    return tree(s.xa.head)


def _set(name: str) -> Callable:
    def change(s: Script, value) -> int:
        setattr(s.xa.slab, name, value == "fail" if name == "pressure" else value)
        return 0

    return change


def _kvm(s: Script, text: int) -> int:
    s.kvm.text = memattr.KernelText(text, s.patch)
    return 0


def _private(s: Script, flag: int) -> int:
    s.kvm.private = bool(flag)
    return 0


def _call(function: Callable, *, entry: bool = False) -> Callable:
    """A command that is one call on the array: an entry comes back, or a number (None and truth values as 0 or 1)."""
    if entry:
        return lambda s, *a: shown(function(s.xa, *a))
    return lambda s, *a: int(function(s.xa, *a) or 0)


COMMANDS: dict[str, tuple[str, Callable]] = {
    "new": ("flavour?", _new),
    "store": ("index entry", _call(xarray.xa_store, entry=True)),
    "erase": ("index", _call(xarray.xa_erase, entry=True)),
    "load": ("index", _call(xarray.xa_load, entry=True)),
    "cmpxchg": ("index entry entry", _call(xarray.xa_cmpxchg, entry=True)),
    "insert": ("index entry", _call(xarray.xa_insert)),
    "reserve": ("index", _call(xarray.xa_reserve)),
    "release": ("index", _call(xarray.xa_release)),
    "xload": ("index", _xload),
    "store_range": ("index index entry", _call(xarray_multi.xa_store_range, entry=True)),
    "store_order": ("index order entry", _call(xarray_multi.xa_store_order)),
    "get_order": ("index", _call(xarray_multi.xa_get_order)),
    "reserve_loop": ("index end", lambda s, a, b: list(xarray_bulk.reserve_loop(s.xa, a, b))),
    "store_loop": ("index end entry", lambda s, a, b, e: list(xarray_bulk.store_loop(s.xa, a, b, e))),
    "erase_loop": ("index end", lambda s, a, b: xarray_bulk.erase_loop(s.xa, a, b)),
    "set_mark": ("index mark", _call(xarray.xa_set_mark)),
    "clear_mark": ("index mark", _call(xarray.xa_clear_mark)),
    "get_mark": ("index mark", _call(xarray.xa_get_mark)),
    "marked": ("mark", _call(xarray.xa_marked)),
    "find": ("index index filter?", _find),
    "find_after": ("index index filter?", _find_after),
    "for_each": ("index index n", _for_each),
    "xeach": ("index index n", _xeach),
    "xnext": ("index n", _steps(xarray_walk.xas_next)),
    "xprev": ("index n", _steps(xarray_walk.xas_prev)),
    "xnext_entry": ("index index n", _steps(xarray_walk.xas_next_entry)),
    "empty": ("", _call(xarray.xa_empty)),
    "destroy": ("", _call(xarray.xa_destroy)),
    "dump": ("", _dump),
    "stat": ("", lambda s: 0),
    "nomem": ("limit", _set("limit")),
    "nowait": ("pressure", _set("pressure")),
    "allocinfo": ("", lambda s: [s.xa.slab.blocking, s.xa.slab.refused]),
    "kvm": ("text", _kvm),
    "private_vm": ("flag", _private),
    "slot": ("index u64", lambda s, base, pages: int(s.kvm.add_slot(base, pages))),
    "set_attrs": ("index end u64", lambda s, a, b, v: memattr.kvm_vm_set_mem_attributes(s.kvm, a, b, v).as_vector()),
    "ioctl": ("u64 u64 u64 u64", lambda s, *a: memattr.kvm_set_memory_attributes(s.kvm, *a).as_vector()),
    "get_attr": ("index", lambda s, gfn: memattr.kvm_get_memory_attributes(s.kvm, gfn)),
    "has_attrs": (
        "index end u64 u64",
        lambda s, a, b, mask, v: int(memattr.kvm_range_has_memory_attributes(s.kvm, a, b, mask, v)),
    ),
    "mixed": ("", lambda s: s.kvm.mixed_pages()),
}
