"""Values with a state that nothing shows are refused; those that are what they show are told apart."""

import collections
import dataclasses
import enum
import functools
import itertools
import sys
import types
from typing import NamedTuple

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import always
from tdxkit.explore.search import explore
from tdxkit.explore.values import LONGEST, MOST, WIDEST, frozen


class Count(int):
    pass


class Real(float):
    pass


class Word(str):
    pass


class Pair(tuple):
    pass


class Row(list):
    pass


class Table(dict):
    pass


class Few(frozenset):
    pass


class Box:
    def __init__(self, x):
        self.x = x


class Slot:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


class Empty:
    pass


@dataclasses.dataclass(frozen=True)
class ListInside(list):
    name: str = ""


@dataclasses.dataclass(frozen=True)
class Point:
    x: object
    made: dataclasses.InitVar[int] = 0

    @functools.cached_property
    def double(self):
        return [self.x, self.x]


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    x: object


class Loose(Point):
    pass


class Named(NamedTuple):
    x: object


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Bits(enum.Flag):
    A = 1
    B = 2


# What was once taken for "without state", or for another value of equal length: (the value that holds x, how x is read).
HIDING = {
    "int": (Count, int),
    "float": (Real, int),
    "str": (lambda x: Word(str(x)), int),
    "tuple": (lambda x: Pair((x,)), lambda v: v[0]),
    "list": (lambda x: Row([x]), lambda v: v[0]),
    "dict": (lambda x: Table(x=x), lambda v: v["x"]),
    "frozenset": (lambda x: Few({x}), lambda v: int(1 in v)),
    "Counter": (lambda x: collections.Counter(x=x), lambda v: v["x"]),
    "deque": (lambda x: collections.deque([x]), lambda v: v[0]),
    "partial of a list": (lambda x: functools.partial(int, *[[x]]), lambda v: v.args[0][0]),
    "dataclass that is a list": (lambda x: _filled(ListInside(), x), lambda v: v[0]),
    "object": (Box, lambda v: v.x),
    "slots": (Slot, lambda v: v.x),
    "heir of a dataclass": (Loose, lambda v: v.x),
    "iterator": (lambda x: iter([x]), next),
    "itertools": (itertools.count, next),
    "bound method of a list": (lambda x: [x].pop, lambda v: v()),
    "namespace": (lambda x: types.SimpleNamespace(x=x), lambda v: v.x),
    "exception": (ValueError, lambda v: v.args[0]),
    "plain list": (lambda x: [x], lambda v: v[0]),
}
HOLDING = {
    "number": (lambda x: x, lambda v: v),
    "tuple": (lambda x: (x, ()), lambda v: v[0]),
    "frozenset": (lambda x: frozenset({x}), lambda v: int(1 in v)),
    "range": (lambda x: range(x, x), lambda v: v.start),
    "step of a range": (lambda x: range(0, 3 + x, 2 + x), lambda v: v.step - 2),
    "dataclass": (Point, lambda v: v.x),
    "dataclass with slots": (Slotted, lambda v: v.x),
    "dataclass that has been asked": (lambda x: _asked(Point(x)), lambda v: v.x),
    "named tuple": (Named, lambda v: v.x),
    "member": (lambda x: (Colour.RED, Colour.BLUE)[x], lambda v: int(v is Colour.BLUE)),
    "flag": (lambda x: (Bits.A, Bits.A | Bits.B)[x], lambda v: int(bool(v & Bits.B))),
    "partial": (lambda x: functools.partial(int, str(x)), lambda v: v()),
    "partial with a name": (lambda x: functools.partial(divmod, y=x), lambda v: v.keywords["y"]),
    "method": (lambda x: Point(x).__eq__, lambda v: v.__self__.x),
    "method of a text": (lambda x: str(x).strip, lambda v: int(v())),
    "imaginary": (lambda x: complex(0, x), lambda v: int(v.imag)),
}


def _filled(value, x):
    value.append(x)
    return value


def _asked(point):
    assert point.double
    return point


def remembers(wrap, read):
    """One thread looks at x and writes what it saw; the other sets x and sets it back. `y is never 1` does not hold."""

    def reader(m):
        yield "look"
        seen = wrap(m.x)
        yield "write"
        m.y = read(seen)

    def toggler(m):
        yield "set"
        m.x = 1
        yield "set back"
        m.x = 0

    rule = always("y is never 1", lambda m: m.y != 1)
    return Scenario("remembers", {"x": 0, "y": 0}, (Thread(reader), Thread(toggler)), (rule,))


def shares(wrap, read):
    """The same through a shared variable."""

    def reader(m):
        yield "look"
        m.seen = wrap(m.x)
        yield "write"
        m.y = read(m.seen)

    made = remembers(wrap, read)
    return dataclasses.replace(made, shared={"x": 0, "y": 0, "seen": None}, threads=(Thread(reader), made.threads[1]))


@pytest.mark.parametrize("reduction", ["none", "all"])
@pytest.mark.parametrize("kind", HIDING)
def test_what_hides_a_state_is_refused_in_a_local_and_in_shared_memory(kind, reduction):
    with pytest.raises(ModelError, match=r"local variable seen of reader holds .*compares states by value"):
        explore(remembers(*HIDING[kind]), reduction)
    with pytest.raises(ModelError, match=r"shared variable seen holds .*compares states by value"):
        explore(shares(*HIDING[kind]), reduction)


@pytest.mark.parametrize("kind", HIDING)
def test_what_hides_a_state_is_refused_as_an_argument_and_where_it_is_sent(kind):
    def given(m, value):
        yield "write"
        m.y = 0

    def sent(m):
        yield "pick", (HIDING[kind][0](1),)

    says = r"argument 1 of given holds .*compares states by value"
    if kind == "itertools" and sys.version_info >= (3, 14):  # these hide their state from there on
        says = "whether a step changes a count cannot be seen"
    with pytest.raises(ModelError, match=says):
        explore(Scenario("given", {"y": 0}, (Thread(given, (HIDING[kind][0](1),)),)))
    with pytest.raises(ModelError, match=r"choices of pick holds? .*compares states by value"):
        explore(Scenario("sent", {"y": 0}, (Thread(sent),)))


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["none", "all"])
@pytest.mark.parametrize("kind", HOLDING)
def test_what_shows_its_state_is_told_apart(kind, reduction):
    for made in (remembers(*HOLDING[kind]), shares(*HOLDING[kind])):
        result = explore(made, reduction)
        assert (result.verdict, result.property, result.steps) == ("violation", "y is never 1", 3)


def test_keys_tell_values_of_equal_look_apart_and_are_the_same_for_equal_ones():
    distinct = [0, False, 0.0, -0.0, 0j, complex(0, -0.0), "0", b"0", (), frozenset(), range(0), range(1, 1), range(0, 3, 2), range(0, 4, 2),
                Named(0), (0,), Point(0), Point(False), Slotted(0), Colour.RED, None, ..., float("nan"), 1 << 100]  # fmt: skip
    assert len({frozen(v, "") for v in distinct}) == len(distinct)
    assert frozen(float("nan"), "") == frozen(float("nan"), "") and frozen(Point(1), "") == frozen(Point(1), "")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("x" * (LONGEST + 1), "holds 10,001 characters", id="text"),
        pytest.param(b"x" * (LONGEST + 1), "holds 10,001 characters", id="bytes"),
        pytest.param((0,) * (MOST + 1), "holds 1,001 items", id="items"),
        pytest.param(1 << WIDEST, "holds a number of 65,537 bits", id="bits"),
    ],
)
def test_a_value_too_large_to_be_kept_for_every_state_is_refused(value, said):
    with pytest.raises(ModelError, match=f"x {said}: every state is kept, so the limit is"):
        frozen(value, "x")
    frozen(value[:-1] if isinstance(value, (str, bytes, tuple)) else value >> 1, "x")


def test_a_tuple_nested_without_end_is_refused_in_a_line():
    def nests(m):
        deep = ()
        for _ in range(100_000):
            deep = (deep,)
        yield "keep"
        m.n = deep

    with pytest.raises(
        ModelError, match=r"local variable deep of nests holds a tuple: it is nested too deep; make it flat$"
    ):
        explore(Scenario("deep", {"n": 0}, (Thread(nests),)))
