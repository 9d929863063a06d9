"""A value as a key that is equal for two values exactly when no program can tell them apart.

Values are compared with their types, since True == 1. What is fine: numbers, texts, bytes, tuples, named tuples, frozensets, ranges,
members of an Enum, frozen dataclasses of these, functions that remember nothing, objects that carry nothing. Whatever cannot be
compared by value is refused, never guessed: lists and dicts, subclasses of built-in types, iterators, partials, objects with state of
their own, nested functions made by a step.
"""

import enum
import struct
import sys
import types
from collections.abc import Container, Hashable
from dataclasses import is_dataclass
from functools import cached_property, lru_cache
from typing import Any

from tdxkit.errors import ModelError, printable

LONGEST, MOST, WIDEST = 10_000, 1_000, 1 << 16  # characters or bytes; items; bits of a number
SMALL = 1 << 62  # the numbers below are answered for at once
HEAP_TYPE = 1 << 9  # flag of a type that was made while Python ran
NO_STATE = {"__dict__", "__weakref__", "__traceback__"}
Reached = Container[object]  # ids of the functions and classes that were there before the first step


def frozen(value: Any, where: str, reached: Reached = ()) -> Hashable:
    """`value` as a key; ModelError where it could change behind our back, or is too large to be kept for every state."""
    kind = type(value)
    if value is None or kind is bool or (kind is int and -SMALL < value < SMALL):
        return kind, value
    try:
        return _key(value, kind, where, reached)
    except RecursionError:
        raise ModelError(f"{where} holds a {kind.__name__}", "it is nested too deep", "make it flat") from None


def _key(value: Any, kind: type, where: str, reached: Reached) -> Hashable:
    if kind in PLAIN:
        return PLAIN[kind](value, where)
    if kind is types.FunctionType:
        return _function(value, where, reached)
    as_local = _of_the_house(kind)
    if as_local is not None:
        return kind, as_local(value)
    if kind is tuple or kind is frozenset or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        if len(value) > MOST:
            raise _too_large(where, f"{len(value):,} items", f"{MOST:,}")
        items = (_key(v, type(v), where, reached) for v in value)
        key = (kind, frozenset(items) if kind is frozenset else tuple(items))
        return key if kind in (tuple, frozenset) else (*key, _carried(value, kind, where, reached))
    if isinstance(value, types.MethodType):
        return (
            kind,
            _function(value.__func__, where, reached),
            _key(value.__self__, type(value.__self__), where, reached),
        )
    if kind is types.BuiltinFunctionType:
        of = value.__self__
        return kind, value.__name__, id(of) if _by_identity(of) else _key(of, type(of), where, reached)
    if isinstance(value, type) and "<locals>" in value.__qualname__ and id(value) not in reached:
        raise _made(where, "class", value.__name__)
    if _by_identity(value):
        return kind, id(value)
    if kind.__flags__ & HEAP_TYPE and not _hidden(kind):
        own = vars(kind).get("__dataclass_params__")
        carried = (
            _carried(value, kind, where, reached) if is_dataclass(kind) and own is not None and own.frozen else None
        )
        if carried is not None or not state_of(value, kind):
            return kind, carried
    raise ModelError(
        f"{where} holds {printable(value, 40)}",
        "the explorer compares states by value, so models hold numbers, strings, tuples and other immutable values",
        f"use a tuple or a frozenset instead of {kind.__name__}",
    )


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
    if not kind.__module__.startswith("tdxkit."):
        return None
    return getattr(kind, "_as_local", None) or getattr(kind, "as_local", None)


def _by_identity(value: object) -> bool:
    return value is None or isinstance(value, (type, types.ModuleType, enum.Enum))


def _function(function: Any, where: str, reached: Reached) -> Hashable:
    """A function that was there before the first step is itself; one made since is what it does, and must remember nothing."""
    if not isinstance(function, types.FunctionType) or "<" not in function.__qualname__ or id(function) in reached:
        return types.FunctionType, id(function)
    if function.__closure__ or function.__dict__:
        raise _made(where, "function", function.__name__)
    defaults = (function.__defaults__ or (), tuple(sorted((function.__kwdefaults__ or {}).items())))
    return types.FunctionType, function.__code__, id(function.__globals__), _key(defaults, tuple, where, reached)


def _hidden(kind: type) -> bool:
    """Has a value of this type room for something that is neither in its `__dict__` nor in its slots: a list's items, C's fields?"""
    slots = sum(isinstance(v, types.MemberDescriptorType) for c in kind.__mro__ for v in vars(c).values())
    offsets = (getattr(kind, "__dictoffset__", 0), getattr(kind, "__weakrefoffset__", 0))
    words = slots + sum(offset > 0 for offset in offsets)
    return kind.__itemsize__ != 0 or kind.__basicsize__ != object.__basicsize__ + struct.calcsize("P") * words


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


def _carried(value: Any, kind: type, where: str, reached: Reached) -> Hashable:
    return tuple((name, _key(v, type(v), where, reached)) for name, v in sorted(state_of(value, kind).items()))


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
