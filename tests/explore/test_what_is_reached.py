"""What a reader's program reaches beside the memory, which values and places are told apart, what the tables of it show."""

import collections
import dataclasses
import enum
import functools
import types

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import hints, outside, running, values
from tdxkit.explore.outside import Outside
from tdxkit.explore.place import _slots, _stack, ends, live_locals, place
from tdxkit.explore.program import interrupt
from tdxkit.explore.shown import source_of
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.unmet import never_failed, never_taken, not_modelled
from tdxkit.explore.values import empty, exception_key, frozen, state_of, weighed
from tdxkit.explore.visit import visit
from tdxkit.kinds import Act, conditional, load, lock, locked, store
from tests.explore.small_programs import one
from tests.house import Housed


def program(m):
    yield "a"


class Own:
    def __init__(self, x=1):
        self.x = x

    @functools.cached_property
    def late(self):
        return [self.x]


class Slotted:
    __slots__ = ("x", "y")


class Colour(enum.Enum):
    RED = 1


def watching(thing):
    """A function that reaches a thing by closing over it, watched."""

    def reaches():
        return thing

    made = Outside([reaches])
    made.settle()
    made.check()
    return made


CHANGES = {
    "a list": (lambda: [1], lambda v: v.append(2)),
    "an item": (lambda: [1], lambda v: v.__setitem__(0, 2)),
    "a list in a list": (lambda: [[1]], lambda v: v[0].append(2)),
    "a dict": (lambda: {"a": 1}, lambda v: v.update(a=2)),
    "a new key": (lambda: {"a": 1}, lambda v: v.update(b=2)),
    "a set": (lambda: {1}, lambda v: v.add(2)),
    "a deque": (lambda: collections.deque([1]), lambda v: v.append(2)),
    "an object": (Own, lambda v: setattr(v, "x", 2)),
    "what an object gets": (Own, lambda v: setattr(v, "z", 2)),
    "its class": (lambda: type("Made", (), {"a": 1})(), lambda v: setattr(type(v), "a", 2)),
    "slots": (Slotted, lambda v: setattr(v, "y", 1)),
    "bytes": (lambda: bytearray(b"a"), lambda v: v.append(1)),
    "a namespace": (lambda: types.SimpleNamespace(a=1), lambda v: setattr(v, "a", 2)),
    "a partial's list": (lambda: functools.partial(len, [1]), lambda v: v.args[0].append(2)),
    "a method's object": (lambda: Own().__init__, lambda v: setattr(v.__self__, "x", 9)),
    "a bound builtin": (lambda: [1].append, lambda v: v(2)),
    "a function's default": (lambda: lambda a=[1]: a, lambda v: v.__defaults__[0].append(2)),
    "a function's keyword": (lambda: lambda *, a=[1]: a, lambda v: v.__kwdefaults__["a"].append(2)),
    "a function's attribute": (lambda: lambda: 1, lambda v: setattr(v, "x", 1)),
    "True for 1": (lambda: [1], lambda v: v.__setitem__(0, True)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_outside_is_seen(name):
    make, change = CHANGES[name]
    thing = make()
    made = watching(thing)
    change(thing)
    with pytest.raises(ModelError, match="it is outside m and changed while a step ran"):
        made.check()
    made.settle()
    made.check()


@pytest.mark.parametrize(
    "thing", [7, "x", (1, 2), frozenset({1}), len, Own, Colour, Colour.RED, Own().late, collections.Counter]
)
def test_what_stays_is_not_called_changed(thing):
    watching(thing).check()


def test_what_was_there_before_is_known_and_what_is_too_much_refused(monkeypatch):
    inner = Own()
    made = Outside([], [inner, (Colour.RED, frozenset({7}))])
    assert id(inner) in made and id(Colour.RED) in made and id(object()) not in made
    monkeypatch.setattr(outside, "LARGEST", 5)
    with pytest.raises(ModelError, match="it reaches more than 5 things outside m"):
        watching([Own() for _ in range(9)])
    with pytest.raises(ModelError, match="cannot be seen"):
        watching(n for n in (1,))
    assert [f.__name__ for f in Outside([program, len]).functions()] == ["program"]
    cached = Outside([functools.lru_cache(program)])
    cached.settle()
    assert cached.caches() == ["program"] and Outside([program]).caches() == []


@dataclasses.dataclass(frozen=True)
class Point:
    x: object


@dataclasses.dataclass
class Loose:
    x: object


Pair = collections.namedtuple("Pair", "x y")


def test_keys_of_values_by_hand():
    key = functools.partial(frozen, where="w")
    assert key(1) == (int, 1) and key(True) == (bool, True) and key(None) == (type(None), None)
    assert key((1, (True,))) == (tuple, ((int, 1), (tuple, ((bool, True),))))
    assert key(1 << 62) == (int, 1 << 62) and key(-(1 << 62)) == (int, -(1 << 62)) and key(b"a") == (bytes, b"a")
    assert key(Point(1)) == (Point, (("x", (int, 1)),)) and key(Colour.RED) == (Colour, id(Colour.RED))
    assert key(range(1, 9, 2)) == (range, 1, 9, 2) and key(...) == (type(...), ...)
    assert key(Pair(1, 2)) == (Pair, ((int, 1), (int, 2)), ()) and key(0.0) != key(-0.0) and key(1j) != key(-1j)
    assert key(len) == (types.BuiltinFunctionType, "len", key(len)[2]) and key(Own().__init__.__func__) == (types.FunctionType, id(Own.__init__))  # fmt: skip
    assert key(functools.partial(len, (1,))) != key(functools.partial(len, (2,))) != key(functools.partial(abs, (2,)))
    assert weighed((1, (2, 3)), "w")[1] == 4 and weighed(7, "w")[1] == 0
    bare = object()
    assert frozen(bare, "w", {id(bare)}) == (object, id(bare))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("x" * 10_001, "10,001 characters"),
        (tuple(range(1001)), "1,001 items"),
        (tuple([tuple(range(1000))] * 10), "more than 10,000 items in all"),
        (frozenset({"a", "b"}), "the order of a frozenset with . in it"),
        (frozenset({(1, "a"), 2}), "the order of a frozenset"),
        (Loose(1), "use a tuple or a frozenset instead of Loose"),
        ([1], "instead of list"),
        (object(), "it carries nothing"),
        (lambda x=[1]: x, "instead of list"),
        (type("Made", (), {}), "the class Made"),
    ],
)
def test_what_has_no_key(value, says):
    with pytest.raises(ModelError, match=says):
        frozen(value, "w")


def test_what_is_just_small_enough_has_one():
    with pytest.raises(ModelError, match="a number of 65,537 bits"):
        frozen(1 << (1 << 16), "w")
    for value in (1 << ((1 << 16) - 1), "x" * 10_000, tuple(range(1000)), tuple([tuple(range(999))] * 10), frozenset({"a"}), frozenset({1, 2.0, (3, True)}), frozenset({Point(1), Point(2)})):  # fmt: skip
        assert frozen(value, "w") == frozen(value, "w")


def test_what_an_object_carries():
    made = Slotted()
    made.x = 1
    assert state_of(made, Slotted) == {"x": 1} and state_of(Own(3), Own) == {"x": 3}
    own = Own(3)
    assert own.late == [3] and state_of(own, Own) == {"x": 3}, "what is derived does not count"
    assert empty(type("Bare", (), {})()) and not empty(own) and not empty(7) and not empty([])
    first, second = ValueError(1), ValueError(1)
    second.__cause__ = KeyError()
    assert exception_key(first, "w") != exception_key(second, "w") != exception_key(ValueError(2), "w")
    try:
        raise first
    except ValueError:
        assert exception_key(first, "w") == ("outside",)
    assert values._hidden(list) and not values._hidden(Own) and not values._hidden(Slotted)


def test_where_a_generator_stands_is_told_by_what_is_still_read():
    def stands(a, b, c=0):
        yield a
        for each in (a, b):
            yield each + 0
        yield b

    generator = stands(1, 2)
    next(generator)
    code = generator.gi_code
    assert live_locals(code, generator.gi_frame.f_lasti) == ("a", "b")
    next(generator)
    assert live_locals(code, generator.gi_frame.f_lasti) == ("b",) and live_locals(code, -7) == ("a", "b", "c", "each")
    assert len(_stack(generator, code, generator.gi_frame.f_locals)) == 1
    assert _slots(code) == (("a", "b", "c", "each"), 0) and _slots((lambda: [code for _ in ()]).__code__)[1] == 1
    assert [ends(name) for name in ("RETURN_VALUE", "RERAISE", "JUMP_FORWARD", "POP_JUMP_FORWARD_IF_TRUE", "LOAD_FAST")] == [True, True, True, False, False]  # fmt: skip


def deep(n):
    if n:
        yield from deep(n - 1)
    yield n


def test_programs_run_each_other_so_deep_and_no_deeper():
    shallow, below = deep(99), deep(100)
    next(shallow), next(below)
    place(shallow)
    with pytest.raises(ModelError, match="programs run programs 100 deep"):
        place(below)


def test_what_the_tables_of_a_program_show():
    def waits(m):
        while True:
            yield load("READ_ONCE", "n")
            if m.n:
                return

    def swaps(m):
        yield locked("xchg", "n")
        m.n = m.n + 1

    def compares(m):
        yield conditional("cmpxchg", "n")
        if m.n < 2:
            m.n = 2

    def right(m):
        yield locked("xchg", "n")
        m.n = 3

    def takes(m):
        yield lock("spin_lock", "L")
        m.L += 1
        yield store("WRITE_ONCE", "n")
        m.n = 1

    def told(*threads, whole=True, **more):
        tables = Tables(one(*threads, shared={"n": 0, "L": 0}, **more))
        visit(Space(tables, False), True, 1000)
        return hints.hints(tables, whole)

    cpu = Housed(right)
    (masked,) = told(cpu, interrupt(waits, on=cpu))
    assert masked.startswith("interrupt on CPU 0 begins by waiting for n: ") and 'lock("spin_lock", "n")' in masked
    assert told(cpu, interrupt(right, on=cpu)) == () == told(Housed(waits), Housed(right))
    (said,) = told(Housed(swaps), Housed(swaps))
    assert "stores what depends on what it finds" in said and told(Housed(right), Housed(right)) == ()
    (said,) = told(Housed(compares), Housed(lambda m: (yield locked("xchg", "n")) or setattr(m, "n", 1)))
    assert "stores over several values, and compares with one" in said and 'conditional("cmpxchg", "n")' in said
    (said,) = told(Housed(takes), Housed(takes), locks=("L",))
    assert "it takes L where that is taken too" in said and told(Housed(takes), Housed(takes), locks=("L",), whole=False) == ()  # fmt: skip
    assert told(Housed(takes), locks=("L",)) == ()
    begun = Tables(one(Housed(right), shared={"n": 0, "L": True}, locks=("L",)))
    assert hints.hints(begun, True) == ("lock L begins with True, which counts as taken: its word is False or 0 where it is free",)  # fmt: skip


def test_what_no_run_meets_is_told():
    def calls(m):
        yield Act("PAMT_ADD(region)")
        m.pamt_lok = 1

    made = one(Housed(calls), shared={"pamt_lock": False, "pamt_lok": 0}, locks=("pamt_lock",))
    tables = Tables(made)
    tables.outcome(tables.first_sid, tables.first_lids[0], 0)
    assert never_taken(tables) == ["lock pamt_lock: no step takes it, and there is pamt_lok: correct the name"]
    (said,) = not_modelled(tables)
    assert said.startswith("line ") and "of calls: PAMT_ADD(region) with no lock held: BUSY" in said
    failing = one(Housed(calls), shared={"pamt_lok": 0}, constants={"add_may_fail": True, "one_by_one": False})
    assert [s.partition(":")[0] for s in never_failed(failing, {calls.__code__: {1}})] == ["faults=add-fails"]
    assert never_failed(failing, {}) == []


def test_the_text_of_a_program_is_shown():
    assert source_of(program).lines == ("def program(m):", '    yield "a"') and source_of(len) is None
    shown = types.SimpleNamespace(shown="its own")
    assert source_of(shown) == "its own" and running.MOST_CHOICES == 1000
