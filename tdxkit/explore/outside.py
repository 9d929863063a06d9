"""What a reader's program can reach beside the shared memory, watched: no step may change it, for no state would show the change.

Followed from the functions of a scenario: the global names that their code uses (of nested code too), what these are made of, what
functions close over, their defaults and attributes, attributes of classes and objects. Functions and classes of tdxkit, of the
standard library and of installed packages are trusted and not entered; a name that is only made up while the program runs is not followed.
"""

import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import EnumType
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

from tdxkit.errors import ModelError, printable
from tdxkit.explore.coded import ALIASED, UNSEEN, hidden_names, names_of
from tdxkit.explore.values import PLAIN, state_of
from tdxkit.explore.whose import librarys, ours, trusted

LARGEST = 20_000  # things that are watched
PYTHONS = {  # what Python itself keeps in a class
    *(
        "__dict__",
        "__weakref__",
        "_abc_impl",
        "__abstractmethods__",
        "__annotations__",
        "__annotations_cache__",
        "__annotate_func__",
    ),
    *(
        "__annotate__",
        "__dataclass_fields__",
        "__dataclass_params__",
        "__orig_bases__",
        "__parameters__",
        "__type_params__",
    ),
}
MISSING = object()
CACHE = type(lru_cache(int))


class Spot(NamedTuple):
    """Something that could change: what it is called and where, how to look at it, what was there."""

    name: str
    line: str
    look: Callable[[], Mapping]
    before: Mapping


class Outside:
    """What some functions and values reach. `settle` looks at it anew, `check` says whether it is still so."""

    def __init__(self, roots: Iterable[object] = (), values: Iterable[object] = ()):
        self._roots, self._values = tuple(roots), tuple(_leaves(values))
        self._kept: dict[int, object] | None = None
        self._spots: list[Spot] = []

    def __contains__(self, ident: object) -> bool:
        """Was this function or class, by its id, there before the first step?"""
        if self._kept is None:
            self.settle()
        return ident in (self._kept or ())

    def settle(self) -> None:
        """Take what is there now for what has to stay."""
        self._kept, self._spots = {id(value): value for value in self._values}, []
        todo = deque((root, getattr(root, "__name__", type(root).__name__), "") for root in self._roots)
        while todo:
            value, name, line = todo.popleft()
            if type(value) in PLAIN or id(value) in self._kept:
                continue
            if any(value is known for known in ALIASED) and name.rpartition(".")[2] not in ("locals", "dir"):
                raise _unseen(f"{line}{name}")
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
        return [f for f in kept if isinstance(f, types.FunctionType) and not librarys(f) and not _generated(f)]

    def caches(self) -> list[str]:
        """The names of what answers from what it kept of an earlier call."""
        return sorted(getattr(v, "__name__", "") for v in (self._kept or {}).values() if isinstance(v, CACHE))

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


def _leaves(values: Iterable[object]) -> Iterable[object]:
    """Values, and those in tuples and sets of them."""
    for value in values:
        if isinstance(value, (tuple, frozenset)):
            yield from _leaves(value)
        else:
            yield value


def _unseen(what: str) -> ModelError:
    return ModelError(what, "what it reaches cannot be seen", "name what you mean")


def _generated(function: types.FunctionType) -> bool:
    """Is it a method that a dataclass wrote, and no text of anybody's?"""
    return function.__code__.co_filename == "<string>" and function.__name__.startswith("__")


def _fill(value: Any, kind: type) -> None:
    """Every cached_property of a reader's object is had before the first step, so that from then on it stays as it is."""
    for c in kind.__mro__:
        for name, there in vars(c).items():
            if isinstance(there, cached_property) and name not in getattr(value, "__dict__", {}):
                with suppress(Exception):
                    getattr(value, name)


def _by_name(value: object) -> bool:
    """Does its pickle only say where it is found?"""
    import pickle  # only a reader's program can have such values

    return hasattr(value, "__dict__") and pickle.loads(pickle.dumps(value)) is value


def _spots(value: Any, name: str, line: str):
    """What could change in a value, as (name, line, look)."""
    kind = type(value)
    if isinstance(value, types.FunctionType):
        if not librarys(value):
            yield from _of_function(value)
        else:
            yield value.__name__, line, lambda: dict(value.__dict__)
    elif isinstance(value, type):
        if not librarys(value):
            yield value.__name__, line, partial(_of_class, value)
        else:  # not entered, but nothing is to be hung on it
            yield value.__name__, line, lambda: dict.fromkeys(vars(value))
    elif isinstance(value, types.ModuleType) or ours(kind):
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
    elif not librarys(kind):
        _fill(value, kind)
        yield name, line, lambda: {"__class__": kind, **state_of(value, kind), **getattr(value, "__dict__", {})}
    else:
        yield name, line, lambda: {"": _pickled(value, f"{line}{name}")}
        if _by_name(value):  # what hangs on it is in no pickle
            yield name, line, lambda: {k: v if type(v) in PLAIN else id(v) for k, v in vars(value).items()}


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
    import pickle

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
    enums = isinstance(value, EnumType)
    if isinstance(value, EnumType):  # a member is itself, but may hold something
        own = {name: vars(value[name]) for name in value.__members__}
    return (
        own
        | {
            n: v
            for n, v in vars(value).items()
            if not isinstance(v, (cached_property, types.MemberDescriptorType, types.GetSetDescriptorType))
            and n not in PYTHONS
            and (not enums or isinstance(v, types.FunctionType) or not (n.startswith("_") or n in own))
        }
        | {f"base {k}": base for k, base in enumerate(value.__bases__)}
    )


def _of_function(function: types.FunctionType):
    """What a function reaches: by name, by closing over it, as a default, as an attribute."""
    name, code, there = function.__name__, function.__code__, function.__globals__
    builtins = there.get("__builtins__", {})
    builtins = builtins if isinstance(builtins, dict) else vars(builtins)
    names, attributes = names_of(code)
    if hidden := next(iter(hidden_names(code)), None):
        raise _unseen(f"line {hidden[1]} of {name}: {hidden[0]}")
    for used, line in names.items():
        where = f"line {line} of {name}: "
        if used in UNSEEN and used not in there:
            raise _unseen(f"{where}{used}()")
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
        return {
            k: v
            for k, v in taken.items()
            if isinstance(v, (types.MethodType, types.BuiltinFunctionType)) or v in ALIASED[-5:-3]
        }
    return taken
