"""A reader's text as it is read: what its names stand for, what only judges, what is refused or told, where a load or a store stands."""

import ast
import math
import sys
import types
from pathlib import Path

import pytest

from tdxkit.explore.aside import Aside, _catches, says, tells
from tdxkit.explore.coded import hidden_names, names_of
from tdxkit.explore.frames import call_of, in_c, innermost, line_in_c, line_of, own, step_at, works_on
from tdxkit.explore.names import UNKNOWN, Instance, Names, _attribute, _items, nested, tree_of, walk
from tdxkit.explore.slips import _catches as catches_assert

sys.path.insert(0, str(Path(__file__).parent))
from readers_texts import expression, nodes, written

LINES = """
LIMIT = 7
TABLE = {"a": 1, "b": [2, 3]}

class Own:
    limit = 9
    @staticmethod
    def fixed(): pass
    def method(self): pass

own = Own()
plain = types.SimpleNamespace(x=4)

def outer():
    inner = 5
    def f(m, given):
        a = LIMIT
        b: int = 6
        c, d = 1, (2, 3)
        e, (g, h) = given
        if (n := 8):
            pass
        for each in (1, 2):
            pass
        import math as maths
        from os import path
        import os.path
        return inner, later
    later = 1
    del later
    return f

f = outer()
"""


def test_what_names_and_expressions_stand_for():
    names = Names(written(LINES))
    meant = {
        "a": [7], "b": [6], "c": [1], "d": [], "n": [8], "each": [1, 2], "maths": [math], "inner": [5],
        "later": [], "LIMIT": [7], "len": [len], "nowhere": [], "given": [], "3": [3], "math.sqrt": [math.sqrt],
        "TABLE['a']": [1], "TABLE['c']": [], "TABLE[a]": [1, [2, 3]], "TABLE['b'][1]": [3], "plain.x": [4], "own.limit": [9],
        "1 if a else 2": [1, 2], "partial(len, 1)": [len], "a + 1": [],
        "functools.partial(LIMIT)": [7], "own.nothing": [], "math.nothing": [], "Own.limit": [9], "Own().limit": [9], "LIMIT.real": [],
    }  # fmt: skip
    for text, values in meant.items():
        assert names.value(expression(text)) == values, text
    (made,) = names.value(expression("Own()"))
    assert isinstance(made, Instance) and made.of.__name__ == "Own"
    assert names.value(expression("dict()")) == [], "a library's class makes what nobody looks into"
    (lambda_,) = names.value(expression("lambda: 1"))
    assert isinstance(lambda_, ast.Lambda) and names.value(expression("LIMIT"), 0) == []
    assert [v.__name__ for v in names.value(expression("path"))] == ["posixpath"] and len(names.bound("os")) == 1
    assert names.value(expression("os"))[0].__name__ == "os" and names.bound("nobody") == [] and not names.yields
    assert (
        names.value(ast.Starred(expression("(1, LIMIT)"))) == [1, 7] == names.value(ast.Starred(expression("[1, 7]")))
    )
    assert names.value(ast.Starred(expression("TABLE"))) == [1, [2, 3]]


def test_the_first_argument_of_a_method_is_of_its_class():
    class_ = written("class Own:\n    limit = 3\n    def method(self, other): pass\n", "Own")
    names = Names(class_.method)
    assert names.value(expression("self.limit")) == [] or names.value(expression("self.limit")) == [3]
    assert names.value(expression("other.limit")) == []


def test_what_is_looked_into_runs_nothing():
    class Loud:
        def __getattr__(self, name):
            raise AssertionError("it ran")

        @property
        def loud(self):
            raise AssertionError("it ran")

        kept = staticmethod(len)

    assert _attribute(Loud(), "nothing") is UNKNOWN and isinstance(_attribute(Loud(), "loud"), property)
    assert _attribute(Loud(), "kept") is len and _attribute(Instance(Loud), "kept") is len
    assert _attribute([1], "append") is UNKNOWN and _attribute(types.SimpleNamespace(x=1), "x") == 1
    assert _attribute(math, "pi") == math.pi and _attribute(math, "no") is UNKNOWN
    assert _items({1: "a"}, 1) == ["a"] and _items({1: "a"}, 2) == [] and _items((5, 6), 1) == [6]
    assert _items((5, 6), UNKNOWN) == [5, 6] and _items(7, UNKNOWN) == [] and _items((5,), "x") == []
    assert _items(types.MappingProxyType({1: "a"}), UNKNOWN) == ["a"]


def test_a_text_is_found_with_its_lines_and_columns():
    f = written(LINES)
    tree = tree_of(f.__code__)
    assert tree.body[0].lineno == f.__code__.co_firstlineno and tree.body[0].col_offset == 4
    whole = written("def f(m):\n    return 1\n")
    assert tree_of(whole.__code__).body[0].lineno == 4 and tree_of(whole.__code__).body[0].col_offset == 0
    assert [n.lineno for n in walk(whole.__code__) if isinstance(n, ast.Return)] == [5]
    bare = compile("def g(): pass", "<nowhere>", "exec").co_consts[0]
    assert tree_of(bare) is None and list(walk(bare)) == []
    assert [c.co_name for c in nested(written("def f():\n    def g():\n        return lambda: 1\n").__code__)] == ["f", "g", "<lambda>"]  # fmt: skip


PARTS = """
def f(m, other):
    m.must("rule", m.a == 1)
    m.tell(f"{m.b}")
    assert m.c < 2, m.d
    m.must("keeps", keep(m.e))
    m.must("sorted", sorted(m.f, key=m.g))
    m.must("sum", sum((m.h, 1), start=m.i))
    x = m.j
    m.must("names", (y := m.k))
    m.must("with", "{}".format(m.l), "-".join(m.n))
    m.must("all", all(m.o == k for k in (1, 2)))
    try:
        m.must("caught", m.p)
    except ValueError:
        pass
    try:
        m.must("finally", m.q)
    finally:
        x = 1
    other.must("another", m.r)
    m.must("method", m.s.bit_length())
    m.must("lambda", (lambda: m.t)())
def keep(x): pass
"""


def looks(f, *args):
    """The names that a function asks of its memory, each with the statement in which it looks aside (None: in none)."""
    aside, found = Aside([f]), {}

    class Memory:
        def __getattr__(self, name):
            if name in ("must", "tell"):
                return lambda *_: None
            stack, frame = [], sys._getframe(1)
            while frame.f_code.co_filename == f.__code__.co_filename:
                stack.append(frame)
                frame = frame.f_back
            found[name] = aside(stack, lambda _: True, memory)
            return {"f": (1,), "g": abs, "n": ("1",)}.get(name, 1)

    memory = Memory()
    f(memory, memory if not args else args[0])
    return found


def test_which_loads_only_judge():
    found = looks(written(PARTS, file="<parts>"))
    assert {name for name, at in found.items() if at} == set("abchilnoqr")
    assert isinstance(found["c"], ast.Assert) and ast.unparse(found["a"]) == "m.must('rule', m.a == 1)"
    assert not found["e"] and not found["g"] and not found["f"] and not found["j"] and not found["k"] and not found["p"]
    assert not found["s"] and not found["t"]

    class Other:
        must = tell = staticmethod(lambda *_: None)

    assert not looks(written(PARTS, file="<parts>"), Other())["r"], "another's rule judges nothing of this memory"


def test_statements_that_judge_and_tell():
    (must, tell, assigned, bare, other) = nodes(
        'm.must("x", 1)\nm.tell("y")\nx = m.must("z", 1)\nmust(1)\nm.note("x", 1)'
    )
    assert says(must) is must.value and says(tell) is tell.value and not any(map(says, (assigned, bare, other)))
    assert tells(tell) and not tells(must) and not tells(other)


@pytest.mark.parametrize(
    ("text", "asserts", "judges"),
    [
        ("try: x\nexcept ValueError: pass", False, True),
        ("try: x\nexcept AssertionError: pass", True, True),
        ("try: x\nexcept (ValueError, Exception): pass", True, True),
        ("try: x\nexcept: pass", True, True),
        ("try: x\nfinally: y", None, False),
        ("while 1:\n try: x\n finally: break", None, True),
        ("with x: y", None, True),
        ("if x: y", None, False),
    ],
)
def test_what_is_caught(text, asserts, judges):
    node = next((n for n in ast.walk(nodes(text)[0]) if isinstance(n, ast.Try | ast.With)), nodes(text)[0])
    assert _catches(node) is judges
    if isinstance(node, ast.Try) and node.handlers:
        assert catches_assert(node.handlers[0].type) is asserts


def program(m):
    yield "a"


def test_what_code_names():
    def f(m):
        return len(math.sqrt(m._values)), lambda: zip.__globals__

    names, attributes = names_of(f.__code__)
    line = f.__code__.co_firstlineno + 1
    assert names == {"len": line, "math": line, "zip": line} and attributes == {"sqrt", "_values", "__globals__"}
    assert hidden_names(f.__code__) == [("_values", line), ("__globals__", line)]

    def by_text(m):
        return getattr(m, "f_back"), "f_back"  # noqa: B009

    def in_words(m):
        return "f_back"

    class Own:
        def method(self):
            return self._values

    assert {name for name, _ in hidden_names(by_text.__code__)} == {"f_back"}
    assert hidden_names(in_words.__code__) == [] == hidden_names(Own.method.__code__)

    def imports():
        import json
        from os import path

        return path, json

    names, attributes = names_of(imports.__code__)
    assert set(names) == {"os", "json"} and attributes == {"path"}


def c_code(name="take", run=""):
    return compile(f"def {name}(): pass", f"a text in C{run}", "exec").co_consts[0]


def test_which_frames_are_the_readers():
    frame = sys._getframe()
    assert own(frame) and not own(None)

    def inner():
        yield sys._getframe()

    def outer():
        yield from inner()

    generator = outer()
    there = next(generator)
    assert innermost(generator) is there and innermost(there and generator).f_code is inner.__code__
    assert line_of([there, frame]) == (inner.__code__, there.f_lineno)
    (nested_frame,) = [sys._getframe() for _ in (1,)]
    named = next(f for f in (nested_frame, frame) if not f.f_code.co_name.startswith("<"))
    assert line_of([nested_frame, frame])[0] is named.f_code
    assert works_on(there, 1) is False and call_of([frame]) is frame

    def first(m):
        return sys._getframe()

    assert works_on(first("m"), frame) is False
    given = object()
    assert works_on(first(given), given)


def test_a_place_in_words():
    mine, c = program.__code__, c_code()
    assert step_at(((mine, 1), (mine, 2))) == "the step after line 2 of program"
    assert step_at(((mine, 1), (c, 12), (mine, 3))) == "line 12 of take"
    assert step_at(((c, 11), (c, 12))) == "line 12 of take" and in_c(c) and not in_c(mine)
    assert line_in_c(((c_code(run="--run "), 12), (mine, 3))) == "--run line 12" and line_in_c(((mine, 3),)) == ""
