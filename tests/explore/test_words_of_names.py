"""What names of kernel functions say: which are one instruction, what it gives back, who may sleep, whose code something is."""

import functools
import json
import math
import random
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

from tdxkit.explore import whose
from tdxkit.explore.instruction import Instruction, name_of, plain, saturates, takes_lock
from tdxkit.explore.memory import Layout
from tdxkit.explore.onego import Yielded
from tdxkit.explore.search import explore
from tdxkit.explore.sleeping import asleep, in_words, takes_at_once, takes_mutex
from tdxkit.kinds import Act, conditional, load, lock, locked, seamcall, unlock

LAYOUT = Layout({"n": 0, "q": 0, "K": {0: 0, 1: 0}, "L": False}, {})
N, Q, K0, K1, L = range(5)
LOAD, STORE = "load", "store"


@pytest.mark.parametrize(
    ("does", "name"),
    [("__atomic_inc", "atomic_inc"), ("if (!test_and_set_bit(0, &w))", "test_and_set_bit"), ("while (cmpxchg(x))", "cmpxchg"),
     ("lock incl", "incl"), ("", ""), ("return xchg(&x)", "xchg"), ("iffy(x)", "iffy")],
)  # fmt: skip
def test_the_name_of_an_operation(does, name):
    assert name_of(does) == name


@pytest.mark.parametrize("does", ["smp_mb", "mb", "barrier", "cpu_relax", "prefetchw", "x++", "++x", "x|=1", "incl", "add", "__set_bit", "__test_and_clear_bit", "__SetPageDirty", "atomic_set", "atomic_read", "atomic_set_release", "READ_ONCE", "smp_store_release", "list_add", "init_rwsem", "raw_cpu_add", "this_cpu_inc", "local_inc", "assign_bit", "count_vm_event", "test_bit", "memcpy"])  # fmt: skip
def test_what_its_name_says_to_be_no_locked_instruction(does):
    assert plain(does)


@pytest.mark.parametrize("does", ["atomic_inc", "lock@incl", "xchg", "test_and_set_bit", "set_bit", "cmpxchg", "atomic_fetch_add", "spin_lock", "mutex_unlock", "percpu_ref_get", "local_lock", "xa_cmpxchg", "xas_foo_lock", "__atomic_inc", "read_lock"])  # fmt: skip
def test_what_it_says_to_be_one(does):
    assert not plain(does.replace("@", " "))


@pytest.mark.parametrize(
    ("label", "takes"),
    [
        (lock("anything", "L"), True),
        (unlock("anything", "L"), True),
        (locked("mutex_trylock", "L"), True),
        (locked("spin_unlock_irqrestore", "L"), True),
        (locked("down_read", "L"), True),
        (locked("up", "L"), True),
        (locked("rcu_read_lock", "L"), False),
        (locked("atomic_dec_and_lock", "n"), False),
        (locked("atomic_inc", "n"), False),
        (load("spin_lock", "L"), False),
    ],
)
def test_who_takes_a_lock_or_lets_go(label, takes):
    assert takes_lock(label) is takes


@pytest.mark.parametrize(
    ("does", "before", "after", "warns"),
    [
        ("refcount_inc", 0, 1, "from 0 warns"),
        ("refcount_inc", 1, 2, ""),
        ("refcount_inc", False, 1, ""),
        ("kref_get", 0, 1, "from 0 warns"),
        ("refcount_inc_not_zero", 0, 1, ""),
        ("refcount_dec", 1, 0, "to 0 warns"),
        ("refcount_dec", 2, 1, ""),
        ("refcount_dec", 1, False, ""),
        ("refcount_dec_and_test", 1, 0, ""),
        ("atomic_inc", 0, 1, ""),
    ],
)
def test_what_saturates(does, before, after, warns):
    said = saturates(does, before, after)
    assert warns in said and bool(said) == bool(warns)


def test_an_instruction_is_about_the_variable_that_it_names_first():
    assert Instruction(locked("atomic_inc", "n"), LAYOUT).words == ("n",)
    assert Instruction(locked("atomic_add", "q, n, q"), LAYOUT).words == ("q",)
    assert Instruction(locked("cmpxchg16b", "q, n, q"), LAYOUT).words == ("q", "n")
    nobody = Instruction(locked("atomic_inc", "x"), LAYOUT)
    assert (nobody.words, nobody.sure) == ((), False)
    assert Instruction(Act("atomic_inc of n", "locked"), LAYOUT).words == ("n",)
    assert Instruction(locked("atomic_inc", "n"), LAYOUT).sure and Instruction(lock("take", ""), LAYOUT, ("L",)).sure
    assert not Instruction(locked("atomic_inc", ""), LAYOUT, ("L",)).sure


def test_what_is_one_instruction_and_what_it_gives_back():
    ones = {"atomic_inc": (True, False, False), "atomic_inc_return": (True, True, True), "spin_lock": (True, False, True),
            "atomic_set": (False, False, False), "xchg": (True, True, True)}  # fmt: skip
    for does, (one, back, tests) in ones.items():
        made = Instruction(locked(does, "n"), LAYOUT)
        assert (made.is_one, made.gives_back, made.tests) == (one, back, tests), does
    assert Instruction(unlock("clear", "L"), LAYOUT).tests and not Instruction(load("xchg", "n"), LAYOUT).is_one
    this_cpu = locked("this_cpu_inc", "n")
    assert Instruction(this_cpu, LAYOUT, (), True).is_one and not Instruction(this_cpu, LAYOUT).is_one
    assert not Instruction(locked("__this_cpu_inc", "n"), LAYOUT, (), True).is_one


def test_which_looks_and_stores_are_part_of_it():
    inc = Instruction(locked("atomic_inc", "n"), LAYOUT)
    assert inc.part(LOAD, N, ()) is inc and inc.part(STORE, N, [(LOAD, N)]) is inc
    assert inc.part(LOAD, N, [(LOAD, N), (STORE, N)]) is None, "it gives nothing back"
    assert inc.part(STORE, N, [(STORE, N)]) is None, "it stores once"
    assert inc.part(LOAD, Q, ()) is None, "it is about one variable"
    again = inc.part(LOAD, N, [(LOAD, N)])
    assert again is not inc and again is not None and inc.part(STORE, N, [(LOAD, N), (LOAD, N)]) is again
    back = Instruction(locked("atomic_inc_return", "n"), LAYOUT)
    assert back.part(LOAD, N, [(STORE, N)]) is back and back.part(LOAD, N, [(LOAD, N)]) is back
    assert back.part(STORE, N, [(STORE, N)]) is None
    keyed = Instruction(locked("atomic_inc", "K"), LAYOUT)
    assert keyed.part(LOAD, K1, ()) is keyed and keyed.part(LOAD, K0, ()) is None, "one key of it"
    words = Instruction(Act("atomic_inc", "locked", "atomic_inc"), LAYOUT)
    assert words.part(LOAD, Q, ()) is words and words.words == ("q",) and words.part(LOAD, N, ()) is None
    takes = Instruction(lock("take", ""), LAYOUT, ("L",))
    assert takes.part(LOAD, N, ()) is None and takes.part(LOAD, L, ()) is takes
    assert Instruction(load("READ_ONCE", "n"), LAYOUT).part(LOAD, N, ()) is None


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("msleep(10)", 'sleep("msleep")'),
        ("mutex_lock(&m)", 'sleep("mutex_lock")'),
        ("down", 'sleep("down")'),
        ("down the stairs", ""),
        ("schedule()", 'sleep("schedule")'),
        ("schedule a walk", ""),
        ("vmalloc(8)", 'alloc("vmalloc")'),
        ("kmalloc(8, GFP_KERNEL)", 'alloc("kmalloc")'),
        ("kmalloc(8, GFP_ATOMIC)", ""),
        ("guard(mutex)(&l)", 'sleep("mutex")'),
        ("guard(spinlock)(&l)", ""),
        ("wait_for_completion_interruptible", 'sleep("wait_for_completion_interruptible")'),
        ("spin_lock(&l)", ""),
    ],
)
def test_a_name_in_words_that_may_sleep(label, said):
    assert in_words(label) == said


def test_which_locks_one_may_sleep_under():
    assert [takes_mutex(n) for n in ("down", "down_read", "mutex_lock", "rt_mutex_lock", "downgrade", "spin_lock")] == [True, True, True, True, False, False]  # fmt: skip
    assert [takes_at_once(n) for n in ("mutex_trylock", "rcu_read_lock", "srcu_read_lock", "mutex_lock")] == [True, True, True, False]  # fmt: skip


def test_who_sleeps_until_somebody_wakes_it():
    waits = Act("wait_event(wq): sleep", "locked", "wait_event", "load", True)
    at = ((asleep.__code__, 7),)
    assert asleep(waits, at) == "sleeps in wait_event() on wq"
    for other in (
        Act("wait_event(wq)", "locked", "wait_event", "load", False),
        Act("wait_event(wq)", "load", "wait_event", "load", True),
        Act("wait_event(wq)", "locked", "wait_event", "locked", True),
        Act("wait_event", "locked", "wait_event", "load", True),
    ):
        assert asleep(other, at) == ""
    in_c = compile("def take(): pass", "a text in C", "exec").co_consts[0]
    assert asleep(waits, ((in_c, 12), *at)) == "sleeps in wait_event() of line 12 on wq"


def ours_and_others():
    """Things, whether each is ours, and whether it is ours or a library's."""

    def mine():
        pass

    @functools.wraps(explore)
    def dressed():
        pass

    class Own:
        def method(self):
            pass

    @dataclass
    class Made:
        n: int

    pretends = type("Scenario", (), {"__module__": "tdxkit.explore.program", "__qualname__": "Scenario"})
    again = types.FunctionType(explore.__code__, dict(vars(sys.modules["tdxkit.explore.search"])))
    return {
        "explore": (explore, True, True),
        "the same text with other globals": (again, False, False),
        "a partial of ours": (functools.partial(explore, reduce="all"), True, True),
        "a partial with mine": (functools.partial(explore, mine), False, False),
        "a partial with mine by name": (functools.partial(explore, prop=mine), False, False),
        "a partial with a number": (functools.partial(explore, 1), True, True),
        "mine": (mine, False, False),
        "mine, dressed": (dressed, False, False),
        "json.dumps": (json.dumps, False, True),
        "math.sqrt": (math.sqrt, False, True),
        "len": (len, False, True),
        "int": (int, False, True),
        "a method of a set": (whose.asked.add, False, False),
        "a bound method of mine": (Own().method, False, False),
        "a class of mine": (Own, False, False),
        "an object of mine": (Own(), False, False),
        "a dataclass of mine": (Made, False, False),
        "a library's object": (random.Random(1), False, True),
        "a module of ours": (whose, True, True),
        "a library": (json, False, True),
        "a made module": (types.ModuleType("json"), False, False),
        "a class that pretends": (pretends, False, False),
        "an act": (Act("x"), True, True),
    }


@pytest.mark.parametrize("name", ours_and_others())
def test_whose_something_is(name):
    value, ours, trusted = ours_and_others()[name]
    assert (whose.ours(value), whose.librarys(value)) == (ours, trusted)


def test_what_was_asked_to_be_run_is_the_readers(monkeypatch):
    assert whose.trusted("tdxkit.explore.search") and whose.trusted("json") and whose.trusted("sys")
    assert not whose.trusted("no_such_module") and not whose.trusted(7) and not whose.trusted(__name__)
    monkeypatch.setattr(whose, "asked", {"json", "tdxkit.explore.search"})
    assert not whose.trusted("json") and not whose.ours(explore) and not whose.librarys(json.dumps)


def test_a_module_without_a_file_is_trusted_where_python_has_it_in_itself(monkeypatch):
    bare = types.ModuleType("bare")
    monkeypatch.setitem(sys.modules, "bare", bare)
    assert not whose.trusted("bare")
    bare.__spec__ = types.SimpleNamespace(origin="frozen")
    assert whose.trusted("bare")
    bare.__file__ = "/somewhere/bare.py"
    assert not whose.trusted("bare")
    bare.__file__ = str(Path(json.__file__).with_name("bare.py"))
    assert whose.trusted("bare")


def test_the_line_of_a_place_is_the_innermost_of_the_readers():
    mine, house = test_whose_something_is.__code__, explore.__code__
    assert whose.readers(((mine, 1), (mine, 2), (house, 3))) == (mine, 2)
    assert whose.readers(((house, 3), (house, 4))) == (house, 4)


@pytest.mark.slow
def test_what_of_tdxkit_was_replaced_is_named(monkeypatch):
    before = whose.snapshot()
    assert whose.replaced(before) == ""
    assert before["tdxkit.explore.whose", "ours"] is whose.ours
    assert ("tdxkit.kinds.Act", "kind_when") in before and ("tdxkit.kinds.Act", "__module__") not in before
    with monkeypatch.context() as patch:
        patch.setattr(whose, "at_home", lambda kind: True)
        assert whose.replaced(before) == "tdxkit.explore.whose.at_home"
    with monkeypatch.context() as patch:
        patch.setattr(Act, "kind_when", lambda *_: "")
        assert whose.replaced(before) == "tdxkit.kinds.Act.kind_when"
    with monkeypatch.context() as patch:
        patch.setattr(whose.of_ours, "__code__", (lambda there: True).__code__)
        assert whose.replaced(before) == "tdxkit.explore.whose.of_ours.__code__"
    with monkeypatch.context() as patch:
        patch.delattr(whose, "STAYS")
        assert whose.replaced(before) == "tdxkit.explore.whose.STAYS"
    with monkeypatch.context() as patch:
        patch.setattr(whose, "brought", lambda: 0, raising=False)
        assert whose.replaced(before) == "tdxkit.explore.whose.brought"
    with monkeypatch.context() as patch:
        patch.setattr(whose, "a_number", 7, raising=False)
        assert whose.replaced(before) == "", "a cache of one's own"


def test_programs_run_in_one_go_are_noticed():
    def nap():
        yield Act("nap")

    def frame_of(generator):
        next(generator)
        return generator.gi_frame

    def noted(value):
        yielded = Yielded()
        yielded.note(frame_of(nap()), value)
        return yielded

    for value in (Act("nap"), (Act("nap"), (1, 2))):
        with pytest.raises(Exception, match=r"it runs in one go there.*write: yield from nap"):
            noted(value).check(Act("other"))
        with pytest.raises(Exception, match="it runs in one go"):
            noted(value).check(None)
    noted(Act("nap")).check(Act("nap"))
    noted(Act("nap")).check((Act("nap"), (1,)))
    noted(Act("nap")).check("before the nap")
    noted("nap").check(None)
    noted(()).check(None)
    yielded = Yielded()
    yielded.note(sys._getframe(), Act("nap"))  # a function that returns a label is no program
    yielded.check(None)


def test_conditional_and_seamcall_are_told_by_kind():
    assert Instruction(conditional("cmpxchg", "n"), LAYOUT).is_one
    assert not Instruction(seamcall("TDH.MNG.CREATE", "n"), LAYOUT).is_one
