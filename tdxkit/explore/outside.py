"""What a reader's program can reach beside the shared memory, watched: no step may change it, for no state would show the change.

Followed from the functions of a scenario: the global names that their code uses (of nested code too), what these are made of, what
functions close over, their defaults and attributes, attributes of classes and objects. Functions and classes of tdxkit, of the
standard library and of installed packages are trusted and not entered; a name that is only made up while the program runs is not followed.
"""

import dis
import pickle
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import EnumType
from functools import cache, cached_property, partial
from typing import Any, NamedTuple

from tdxkit.errors import ModelError, printable
from tdxkit.explore.values import PLAIN, state_of

LARGEST = 20_000  # things that are watched
UNSEEN = {"globals", "eval", "exec", "__import__"}
MISSING = object()


class Spot(NamedTuple):
    """Something that could change: what it is called and where, how to look at it, what was there."""

    name: str
    line: str
    look: Callable[[], Mapping]
    before: Mapping


class Outside:
    """What some functions and values reach. `settle` looks at it anew, `check` says whether it is still so."""

    def __init__(self, roots: Iterable[object] = ()):
        self._roots = tuple(roots)
        self._kept: dict[int, object] | None = None
        self._spots: list[Spot] = []

    def __contains__(self, ident: object) -> bool:
        """Was this function or class, by its id, there before the first step?"""
        if self._kept is None:
            self.settle()
        return ident in (self._kept or ())

    def settle(self) -> None:
        """Take what is there now for what has to stay."""
        self._kept, self._spots = {}, []
        todo = deque((root, getattr(root, "__name__", type(root).__name__), "") for root in self._roots)
        while todo:
            value, name, line = todo.popleft()
            if type(value) in PLAIN or id(value) in self._kept:
                continue
            if len(self._kept) > LARGEST:
                raise ModelError(
                    f"{line}{name}", f"it reaches more than {LARGEST:,} things outside m", "a model needs fewer"
                )
            self._kept[id(value)] = value
            for spot_name, spot_line, look in _spots(value, name, line):
                before = look()
                self._spots.append(Spot(spot_name, spot_line, look, before))
                todo.extend((v, _name(spot_name, key), spot_line or line) for key, v in before.items())

    def functions(self) -> list[types.FunctionType]:
        """The functions of the reader's own among them."""
        self.settle()
        kept = (self._kept or {}).values()
        return [f for f in kept if isinstance(f, types.FunctionType) and not trusted(f.__globals__.get("__name__"))]

    def check(self) -> None:
        """ModelError where something is not as it was."""
        for spot in self._spots:
            now = spot.look()
            if now.keys() == spot.before.keys() and all(_same(now[k], was) for k, was in spot.before.items()):
                continue
            key = next(
                (k for k in (*now, *spot.before) if not _same(now.get(k, MISSING), spot.before.get(k, MISSING))), ""
            )
            name = _name(spot.name, key)
            root = name.partition(".")[0].partition("[")[0]
            raise ModelError(
                f"{spot.line}{name}",
                "it is outside m and changed while a step ran, and no state shows that",
                f"make it a shared variable, m.{root}"
                if root not in sys.stdlib_module_names
                else 'let it be a choice: yield "what happens", (1, 0)',
            )


def _same(now: object, was: object) -> bool:
    return now is was or (type(now) is type(was) and type(now) in PLAIN and now == was)


def _name(owner: str, key: object) -> str:
    if type(key) is tuple and len(key) == 2:  # a name as the code writes it
        return str(key[1])
    return owner if key == "" else f"{owner}.{key}" if isinstance(key, str) else f"{owner}[{printable(key, 20)}]"


def trusted(module: object) -> bool:
    """Code that is not the reader's own: ours, the standard library's, an installed package's."""
    name = module if isinstance(module, str) else ""
    root = name.partition(".")[0]
    if root == "tdxkit" or (root in sys.stdlib_module_names and root != "__main__"):
        return True
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file


def _spots(value: Any, name: str, line: str):
    """What could change in a value, as (name, line, look)."""
    kind = type(value)
    if isinstance(value, types.FunctionType):
        if not trusted(value.__module__):
            yield from _of_function(value)
        else:
            yield value.__name__, line, lambda: dict(value.__dict__)
    elif isinstance(value, type):
        if not trusted(value.__module__):
            yield value.__name__, line, partial(_of_class, value)
        else:  # not entered, but nothing is to be hung on it
            yield value.__name__, line, lambda: dict.fromkeys(vars(value))
    elif isinstance(value, types.ModuleType) or (kind.__module__ or "").startswith("tdxkit."):
        return
    elif isinstance(value, (tuple, frozenset, list, deque)):
        yield name, line, lambda: dict(enumerate(value))
    elif isinstance(value, set):
        yield name, line, lambda: {(id(v), name): v for v in value}
    elif isinstance(value, Mapping):
        yield name, line, lambda: {(k, f"{name}[{printable(k, 20)}]"): v for k, v in dict(value).items()}
    elif isinstance(value, (types.MethodType, types.BuiltinFunctionType)):
        if not isinstance(value.__self__, (types.ModuleType, type, types.NoneType)):
            yield name, line, lambda: {"": value.__self__, "__func__": getattr(value, "__func__", None)}
    elif found := _wrapped(value):
        yield name, line, lambda: dict(enumerate(found))
    elif not trusted(kind.__module__):
        yield name, line, lambda: {"__class__": kind, **state_of(value, kind)}
    else:
        yield name, line, lambda: {"": _pickled(value, f"{line}{name}")}


def _wrapped(value: Any) -> tuple:
    """The functions and values inside what wraps them."""
    if isinstance(value, partial):
        return value.func, value.args, value.keywords
    names = ("fget", "fset", "fdel") if isinstance(value, property) else ("__func__", "__wrapped__", "func")
    return tuple(f for n in names if callable(f := getattr(value, n, None))) if hasattr(type(value), "__get__") else ()


def _pickled(value: Any, where: str) -> bytes:
    """All that a value of a built-in or installed type carries."""
    if isinstance(value, types.WrapperDescriptorType | types.MethodDescriptorType | types.GetSetDescriptorType):
        return b""
    try:
        return pickle.dumps(value)
    except Exception:
        raise ModelError(
            where,
            f"it is outside m, and whether a step changes a {type(value).__name__} cannot be seen",
            "make what it stands for a shared variable",
        ) from None


def _of_class(value: type) -> dict:
    """What a class holds, without what Python keeps there for itself."""
    own: dict[str, Any] = {}
    if isinstance(value, EnumType):  # a member is itself, but may hold something
        own = {name: vars(value[name]) for name in value.__members__}
    return (
        own
        | {
            n: v
            for n, v in vars(value).items()
            if not isinstance(v, (cached_property, types.MemberDescriptorType, types.GetSetDescriptorType))
            and (
                isinstance(v, types.FunctionType)
                if n.startswith("_") and (n.endswith("_") or "_abc" in n)
                else n not in own
            )
        }
        | {f"base {k}": base for k, base in enumerate(value.__bases__)}
    )


def _of_function(function: types.FunctionType):
    """What a function reaches: by name, by closing over it, as a default, as an attribute."""
    name, code, there = function.__name__, function.__code__, function.__globals__
    builtins = there.get("__builtins__", {})
    builtins = builtins if isinstance(builtins, dict) else vars(builtins)
    names, attributes = _names(code)
    for used, line in names.items():
        where = f"line {line} of {name}: "
        if used in UNSEEN and used not in there:
            raise ModelError(f"{where}{used}()", "what it reaches cannot be seen", "name what you mean")
        yield name, where, partial(_global, there, builtins, used, attributes)
    if cells := tuple(zip(code.co_freevars, function.__closure__ or ())):
        yield name, f"line {code.co_firstlineno} of {name}: ", lambda: {("", n): _content(c) for n, c in cells}
    yield name, "", lambda: dict(enumerate(function.__defaults__ or ())) | dict(function.__kwdefaults__ or {})
    yield name, f"line {code.co_firstlineno} of {name}: ", lambda: dict(function.__dict__)


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return MISSING


def _global(there: dict, builtins: dict, used: str, attributes: frozenset) -> dict:
    """What a name stands for; of a module what the code takes from it."""
    value = there.get(used, builtins.get(used, MISSING))
    if value is MISSING and used not in there:
        value = sys.modules.get(used, MISSING)
    if not isinstance(value, types.ModuleType):
        return {("", used): value}
    taken = {("", f"{used}.{a}"): vars(value)[a] for a in sorted(attributes & vars(value).keys())}
    if trusted(value.__name__) and not value.__name__.startswith(
        "tdxkit."
    ):  # of a library, what is bound to something that changes, as random.random is
        return {k: v for k, v in taken.items() if isinstance(v, (types.MethodType, types.BuiltinFunctionType))}
    return taken


@cache
def _names(code: types.CodeType) -> tuple[dict[str, int], frozenset[str]]:
    """The global names that code uses, nested code included, with the line that does; and the attributes it names."""
    names: dict[str, int] = {}
    attributes: set[str] = set()
    line = code.co_firstlineno
    for ins in dis.get_instructions(code):
        line = ins.starts_line if type(ins.starts_line) is int else getattr(ins, "line_number", None) or line
        if ins.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "IMPORT_NAME"):
            names.setdefault(ins.argval, line)
        elif ins.opname.endswith(("_ATTR", "_METHOD")) or ins.opname == "IMPORT_FROM":
            attributes.add(ins.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner, more = _names(constant)
            names, attributes = inner | names, attributes | more
    return names, frozenset(attributes)
