"""A value as a key that is equal for two values exactly when no program can tell them apart.

Values are compared with their types, since True == 1. What is fine: numbers, texts, bytes, tuples, named tuples, frozensets of numbers,
ranges, members of an Enum, frozen dataclasses and partials of these, functions that remember nothing, objects that carry nothing and were
there before the first step: such a one is itself. Whatever cannot be compared by value is refused, never guessed: lists and dicts,
subclasses of built-in types, iterators, objects with state of their own, functions, classes and objects made by a step. Two frozensets
that iterate differently are two values; of texts and objects the order differs from process to process, so they are refused.
"""

import enum
import struct
import sys
import types
from collections.abc import Container, Hashable
from dataclasses import is_dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

from tdxkit.errors import ModelError, printable
from tdxkit.explore.whose import HEAP_TYPE, at_home, librarys, ours

LONGEST, MOST, WIDEST = 10_000, 1_000, 1 << 16  # characters or bytes; items; bits of a number
WHOLE = 10_000  # items of a value and of all that is in it
SMALL = 1 << 62  # the numbers below are answered for at once
NO_STATE = {"__dict__", "__weakref__", "__traceback__"}
NUMBERS = (int, bool, float, complex)  # their hash is the same in every process
Reached = Container[object]  # ids of the functions, classes and objects that were there before the first step


def frozen(value: Any, where: str, reached: Reached = ()) -> Hashable:
    """`value` as a key; ModelError where it could change behind our back, or is too large to be kept for every state."""
    kind: type = type(value)
    if value is None or kind is bool or (kind is int and -SMALL < value < SMALL):
        return kind, value
    if kind not in PLAIN and (as_local := _of_the_house(kind)) is not None:  # the memory, of which each frame has one
        return kind, as_local(value)
    return weighed(value, where, reached)[0]


def weighed(value: Any, where: str, reached: Reached = ()) -> tuple[Hashable, int]:
    """`value` as a key, and how many items are in it."""
    kind, keys = type(value), _Keys(where, reached)
    try:
        return keys.of(value, kind), WHOLE - keys.left
    except RecursionError:
        raise ModelError(f"{where} holds a {kind.__name__}", "it is nested too deep", "make it flat") from None


class _Keys:
    """The keys of one value and of all that is in it. left: how many items more there may be."""

    __slots__ = ("left", "reached", "where")

    def __init__(self, where: str, reached: Reached):
        self.where, self.reached, self.left = where, reached, WHOLE

    def of(self, value: Any, kind: type) -> Hashable:
        """The key of a value, or of one inside."""
        if kind in PLAIN:
            return PLAIN[kind](value, self.where)
        if kind is types.FunctionType:
            return self._function(value)
        as_local = _of_the_house(kind)
        if as_local is not None:
            return kind, as_local(value)
        if kind is tuple or kind is frozenset or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
            return self._items(value, kind)
        if isinstance(value, types.MethodType):
            return kind, self._function(value.__func__), self.of(value.__self__, type(value.__self__))
        if kind is types.BuiltinFunctionType:
            of = value.__self__
            return kind, value.__name__, id(of) if _by_identity(of) else self.of(of, type(of))
        if kind is partial:
            inside = (
                value.func,
                value.args,
                tuple(sorted(value.keywords.items())),
                tuple(sorted(value.__dict__.items())),
            )
            return kind, self.of(inside, tuple)
        if isinstance(value, type) and id(value) not in self.reached and not at_home(value) and not librarys(value):
            raise _made(self.where, "class", value.__name__)
        return (kind, id(value)) if _by_identity(value) else self._object(value, kind)

    def _items(self, value: Any, kind: type) -> Hashable:
        if len(value) > MOST:
            raise _too_large(self.where, f"{len(value):,} items", f"{MOST:,}")
        self.left -= len(value)
        if self.left < 0:
            raise _too_large(self.where, f"more than {WHOLE:,} items in all", f"{WHOLE:,}")
        key = (kind, tuple(self.of(v, type(v)) for v in value))
        if kind is not frozenset:
            return key if kind is tuple else (*key, self._carried(value, kind))
        if len(value) > 1 and (odd := next((v for v in value if not _ordered(v)), value)) is not value:
            raise ModelError(
                f"{self.where} holds {printable(value, 40)}",
                f"the order of a frozenset with {printable(odd, 20)} in it differs from process to process",
                "use a tuple, or numbers",
            )
        return *key, value.__sizeof__()  # what is added to it comes where there is room

    def _object(self, value: Any, kind: type) -> Hashable:
        """An instance: a frozen dataclass by its fields, another that carries nothing by which one it is."""
        own = vars(kind).get("__dataclass_params__")
        if is_dataclass(kind) and own is not None and own.frozen and not _hidden(kind):
            return kind, self._carried(value, kind)
        if kind is object or empty(value):
            if id(value) in self.reached:
                return kind, id(value)
            raise ModelError(
                f"{self.where} holds a {kind.__name__}",
                "it carries nothing, so only its identity tells it from another, and a step made it",
                "make it at the top of the file, or use a number or a text",
            )
        raise ModelError(
            f"{self.where} holds {printable(value, 40)}",
            "the explorer compares states by value, so models hold numbers, strings, tuples and other immutable values",
            f"use a tuple or a frozenset instead of {kind.__name__}",
        )

    def _function(self, function: Any) -> Hashable:
        """A function that was there before the first step is itself; one made since is what it does, and must remember nothing."""
        made = isinstance(function, types.FunctionType) and "<" in function.__qualname__
        if not made or id(function) in self.reached:
            return types.FunctionType, id(function)
        if function.__closure__ or function.__dict__:
            raise _made(self.where, "function", function.__name__)
        defaults = (function.__defaults__ or (), tuple(sorted((function.__kwdefaults__ or {}).items())))
        return types.FunctionType, function.__code__, id(function.__globals__), self.of(defaults, tuple)

    def _carried(self, value: Any, kind: type) -> Hashable:
        return tuple((name, self.of(v, type(v))) for name, v in sorted(state_of(value, kind).items()))


def _ordered(value: Any) -> bool:
    """Has it the same hash in every process, so that sets of it have the same order?"""
    kind = type(value)
    if kind is tuple or (issubclass(kind, tuple) and kind.__hash__ is tuple.__hash__):
        return all(map(_ordered, value))
    if is_dataclass(kind):
        return all(map(_ordered, state_of(value, kind).values()))
    return kind in NUMBERS


def exception_key(error: BaseException, where: str, reached: Reached = ()) -> Hashable:
    """A live exception as a key: its arguments, its attributes, what it came from. Where it was raised does not count, nor does
    what the caller of the explorer is handling."""
    if error is sys.exception():
        return ("outside",)
    state = []
    for name, value in state_of(error, type(error)).items():
        key = (
            exception_key(value, where, reached) if isinstance(value, BaseException) else frozen(value, where, reached)
        )
        state.append((name, key))
    return type(error), tuple(state)


def _number(value: int, where: str) -> Hashable:
    if value.bit_length() > WIDEST:
        raise _too_large(where, f"a number of {value.bit_length():,} bits", f"{WIDEST:,}")
    return int, value


def _text(value: str | bytes, where: str) -> Hashable:
    if len(value) > LONGEST:
        raise _too_large(where, f"{len(value):,} characters", f"{LONGEST:,}")
    return type(value), value


# Types whose values are what they show. Floats go by their bits: 0.0 is not -0.0, and nan is itself.
PLAIN: dict[type, Any] = {
    int: _number,
    str: _text,
    bytes: _text,
    bool: lambda value, where: (bool, value),
    type(None): lambda value, where: (type(None), value),
    type(...): lambda value, where: (type(...), value),
    float: lambda value, where: (float, struct.pack("d", value)),
    complex: lambda value, where: (complex, struct.pack("dd", value.real, value.imag)),
    range: lambda value, where: (range, value.start, value.stop, value.step),
}


@lru_cache(256)
def _of_the_house(kind: type) -> Any:
    """Types of tdxkit say themselves what they count for in a thread's own state."""
    if not ours(kind):
        return None
    return getattr(kind, "_as_local", None) or getattr(kind, "as_local", None)


def _by_identity(value: object) -> bool:
    return value is None or isinstance(value, (type, types.ModuleType, enum.Enum))


def _hidden(kind: type) -> bool:
    """Has a value of this type room for something that is neither in its `__dict__` nor in its slots: a list's items, C's fields?"""
    slots = sum(isinstance(v, types.MemberDescriptorType) for c in kind.__mro__ for v in vars(c).values())
    offsets = (getattr(kind, "__dictoffset__", 0), getattr(kind, "__weakrefoffset__", 0))
    words = slots + sum(offset > 0 for offset in offsets)
    return kind.__itemsize__ != 0 or kind.__basicsize__ != object.__basicsize__ + struct.calcsize("P") * words


def empty(value: Any) -> bool:
    """Is it an object of a class of Python's that carries nothing?"""
    kind = type(value)
    return bool(kind.__flags__ & HEAP_TYPE) and not _hidden(kind) and not state_of(value, kind)


def state_of(value: Any, kind: type) -> dict[str, Any]:
    """All that an object carries, by name: its slots and fields of C, its `__dict__` without what is derived (cached_property)."""
    found: dict[str, Any] = {}
    derived: set[str | None] = set()
    for c in kind.__mro__[:-1]:
        for name, there in vars(c).items():
            if isinstance(there, cached_property):
                derived.add(there.attrname)
            elif isinstance(there, (types.MemberDescriptorType, types.GetSetDescriptorType)) and name not in NO_STATE:
                try:
                    found[name] = there.__get__(value)
                except AttributeError:  # a slot that was never filled
                    continue
    return found | {k: v for k, v in getattr(value, "__dict__", {}).items() if k not in derived}


def _made(where: str, what: str, name: str) -> ModelError:
    return ModelError(
        f"{where} holds the {what} {printable(name, 40)}",
        "it was made by a step, and what it remembers cannot be compared",
        "write it at the top of the file and hand it what it needs",
    )


def _too_large(where: str, what: str, limit: str) -> ModelError:
    return ModelError(
        f"{where} holds {what}", f"every state is kept, so the limit is {limit}", "keep a number or a mark instead"
    )
