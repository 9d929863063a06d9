"""What of tdxkit was replaced by a reader's file, whose a class is, and which line of an error is the reader's."""

import gc
import sys
import types

import pytest

from tdxkit.explore import guard, whose
from tdxkit.explore.guard import _readers_line
from tdxkit.explore.whose import at_home, compiled, librarys, ours, readers, replaced, snapshot

TEXT = "class Own:\n    size = 3\n    def does(self): return 1\ndef acts(): return 2\nnumber = 7\n"


def module(name, text, monkeypatch):
    """A module of tdxkit with this text."""
    made = types.ModuleType(name)
    made.__file__ = whose.__file__
    monkeypatch.setitem(sys.modules, name, made)
    exec(text, vars(made))
    return made


@pytest.fixture
def part(monkeypatch):
    return module("tdxkit.a_part", TEXT, monkeypatch)


def test_a_snapshot_holds_modules_and_what_is_in_their_classes_and_functions(part):
    found = snapshot()
    assert found["tdxkit.a_part", "number"] == 7 and found["tdxkit.a_part", "Own"] is part.Own
    assert found["tdxkit.a_part.Own", "size"] == 3 and found["tdxkit.a_part.Own", "does"] is part.Own.does
    assert found["tdxkit.a_part.acts", "__code__"] is part.acts.__code__
    assert ("tdxkit.a_part.Own", "__module__") not in found and not any(
        where.startswith("pytest") for where, _ in found
    )
    assert ("tdxkit.explore.whose.WeakValueDictionary", "get") not in found, "of another's class nothing is looked at"


def by_me(self=None):
    return 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda part: None, ""),
        (lambda part: setattr(part, "number", 8), "tdxkit.a_part.number"),
        (lambda part: setattr(part, "acts", by_me), "tdxkit.a_part.acts"),
        (lambda part: setattr(part, "new", by_me), "tdxkit.a_part.new"),
        (lambda part: setattr(part, "new", 8), ""),
        (lambda part: setattr(part, "new", len), ""),
        (lambda part: setattr(part.Own, "size", 4), "tdxkit.a_part.Own.size"),
        (lambda part: setattr(part.Own, "does", by_me), "tdxkit.a_part.Own.does"),
        (lambda part: setattr(part.Own, "__call__", by_me), "tdxkit.a_part.Own.__call__"),
        (lambda part: setattr(part.acts, "__code__", by_me.__code__), "tdxkit.a_part.acts.__code__"),
        (lambda part: delattr(part, "number"), "tdxkit.a_part.number"),
        (lambda part: delattr(part.Own, "size"), "tdxkit.a_part.Own.size"),
    ],
)
def test_what_was_replaced_is_named(part, change, said):
    before = snapshot()
    change(part)
    assert replaced(before) == said


def test_a_module_that_is_loaded_later_is_ours_unless_it_holds_anothers(monkeypatch):
    before = snapshot()
    later = module("tdxkit.a_later_part", TEXT, monkeypatch)
    assert replaced(before) == ""
    later.acts = by_me
    assert replaced(before) == "tdxkit.a_later_part.acts"


def test_a_class_is_at_home_where_its_name_leads_to_it(part):
    assert at_home(part.Own) and ours(part.Own) and ours(part.Own()) and ours(part.acts) and librarys(part.acts)
    hidden = type("Hidden", (), {"does": part.acts, "__module__": "tdxkit.a_part"})
    assert not at_home(hidden) and ours(hidden), "all that is in it is ours"
    mixed = type("Mixed", (), {"does": part.acts, "mine": by_me, "__module__": "tdxkit.a_part"})
    assert not ours(mixed) and not ours(type("Bare", (), {"__module__": "tdxkit.a_part"})) and not ours(by_me)


def test_a_module_that_no_import_leads_to_is_known_while_a_function_of_it_lives():
    made = types.ModuleType("tdxkit.of_c_alone")
    made.__file__ = whose.__file__
    exec("def acts(): return 1", vars(made))
    acts = made.acts
    assert not ours(acts)
    compiled(made)
    del made
    gc.collect()
    assert ours(acts)
    del acts
    gc.collect()
    assert "tdxkit.of_c_alone" not in whose._compiled


def test_the_line_of_a_stop_is_the_readers_innermost():
    def mine():
        return called(sys._getframe)

    called = types.FunctionType(compile("def called(f): return f()", guard.__file__, "exec").co_consts[0], vars(guard))
    assert _readers_line(mine()) == f"line {mine.__code__.co_firstlineno + 1} of mine"
    assert _readers_line(sys._getframe()).endswith("of test_the_line_of_a_stop_is_the_readers_innermost")


def test_the_line_of_a_step_is_the_innermost_that_is_no_line_of_tdxkit():
    mine, house = by_me.__code__, guard.timed.__code__
    assert readers(((mine, 1), (mine, 2), (house, 3))) == (mine, 2) and readers(((house, 1), (house, 3))) == (house, 3)
