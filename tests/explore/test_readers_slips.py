"""What a reader's text says that cannot be meant: programs that nobody runs, answers nobody looks at, what libraries keep."""

import ast
import functools
import math
import sys
from pathlib import Path

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import Scenario, Thread
from tdxkit.explore.libraries import _home, looked_over
from tdxkit.explore.names import Names
from tdxkit.explore.reading import _driven, _dropped, _hands_out, _makes, _says_labels, _takes, _used, _waits, refuse
from tdxkit.explore.search import explore
from tdxkit.explore.slips import _caught, _holds_many, _unseen, slips

sys.path.insert(0, str(Path(__file__).parent))
from readers_texts import expression, nodes, written


def program(m):
    yield "a"


def labels(m):
    yield "a", (1, 2)
    yield f"b{m}"


def numbers(m):
    yield 1
    yield "a"


def hands(m):
    return program(m)


def hands_two(m):
    return partial_program(m)


partial_program = functools.partial(program)


def test_what_makes_a_program():
    names = Names(program)
    makes = [program, partial_program, hands, hands_two, expression("lambda m: program(m)")]
    assert [_makes(v, names) for v in makes] == [True] * 5
    assert [_makes(v, names) for v in (len, test_what_makes_a_program, expression("lambda: 1"), 7, expression("lambda: len(x)"))] == [False] * 5  # fmt: skip
    assert _hands_out(hands) and not _hands_out(explore) and not _hands_out(test_what_makes_a_program)
    assert [_says_labels(v) for v in (program, labels, numbers, hands)] == [True, True, False, False]


def call_in(text):
    """The call of `program` in a function of this text; its tree above; the names."""
    f = written(f"def program(m): yield 'a'\ndef takes(p):\n    yield from p\ndef drops(p):\n    pass\ndef f(m):\n    {text}\n", file=f"<{text}>")  # fmt: skip
    names = Names(f)
    above = {child: node for node in names.nodes for child in ast.iter_child_nodes(node)}
    return next(n for n in names.nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "program"), above, names


@pytest.mark.parametrize(
    ("text", "driven"),
    [
        ("program(m)", False),
        ("yield from program(m)", True),
        ("yield program(m)", False),
        ("p = program(m)", False),
        ("p = program(m); yield from p", True),
        ("p = program(m); print(1 if p else 2)", False),
        ("p: object = program(m); yield from p", True),
        ("m.p = program(m)", True),
        ("p, q = program(m), 1; yield from p", True),
        ("p = [program(m)]; yield from p[0]", True),
        ("if program(m): pass", False),
        ("while not program(m): pass", False),
        ("assert program(m)", False),
        ("x = 1; x += program(m)", False),
        ("x = program(m) == 1", False),
        ("for x in program(m): yield x", True),
        ("yield from (program(m) if m else ())", True),
        ("yield from (m if program(m) else ())", False),
        ("takes(program(m))", True),
        ("drops(program(m))", False),
        ("print(program(m))", True),
        ("yield 1; return program(m)", False),
        ("return program(m)", True),
        ("if (p := program(m)): yield from p", True),
        ("if (p := program(m)): pass", False),
    ],
)
def test_whether_somebody_runs_the_program_that_is_made(text, driven):
    call, above, names = call_in(text)
    assert bool(_driven(call, above, names)) is driven


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("for _ in program(m): pass", True),
        ("for x in program(m): yield x", False),
        ("for x in program(m):\n        x = 1", True),
        ("list(program(m))", True),
        ("x = list(program(m))", False),
        ("[1 for _ in program(m)]", True),
        ("[x for x in program(m)]", False),
        ("for x in (1, 2): program(m)", False),
        ("yield from program(m)", False),
    ],
)
def test_whether_what_it_yields_is_thrown_away(text, dropped):
    call, above, _ = call_in(text)
    assert _dropped(call, above) is dropped


def test_what_takes_a_program_and_what_waits():
    f = written("def takes(a, p):\n    yield from p\ndef drops(a, p): pass\ndef f(m): pass\n")
    there = f.__globals__
    assert _takes(there["takes"], 1) and not _takes(there["takes"], 0) and not _takes(there["drops"], 1)
    assert _takes(there["drops"], 2) and _takes(len, 0) and _takes(explore, 0)
    names = Names(there["takes"])
    assert _used(names, ast.Name("p")) and not _used(names, ast.Name("a")) and _used(names, expression("x.y"))
    import threading
    import time

    assert _waits(time.sleep) and _waits(input) and _waits(threading.Lock) and not _waits(len) and not _waits(7)


ONE = Scenario("one", {"n": 0, "busy": {0: False}}, (Thread(program),))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("program(m)", "that makes a program and does not run it"),
        ("list(program(m))", "it runs in one go there"),
        ("time.sleep(1)", "it stops the explorer"),
        ('m.must("r", [m.n])', "a list with something in it is always true"),
        ('m.must("r", condition=(m.n, 1))', "a tuple with something in it"),
        ('m.must("r", "text")', "a text with something in it"),
        ('assert (m.n, "text")', "assert condition"),
        ("assert {m.n}", "a set with something in it"),
        ('assert "text"', "a text with something in it"),
        ("any(m.busy)", r"write any\(m.busy\[k\] for k in m.busy\)"),
        ("x = lambda: sum(m.busy)", r"sum\(m.busy\)"),
        ("random.random()", "it gives something else each time"),
        ("datetime.now()", "it gives something else each time"),
        ("time.time()", "it gives something else each time"),
        ("math.x = 1", "it is outside m"),
        ("setattr(math, 'x', 1)", "it is outside m"),
        ("m._values = 1", "it is outside m"),
        ("x = m._values", "it is outside m"),
        ("type(m).x = 1", "it is outside m"),
        ("m.__class__.x = 1", "it is outside m"),
        ("dict.x = 1", "it is outside m"),
    ],
)
def test_what_is_refused(lines, says):
    f = written(f"def program(m): yield 'a'\ndef f(m):\n    yield 'a'\n    {lines}\n", file=f"<{lines}>")
    with pytest.raises(ModelError, match=says) as raised:
        refuse(f, ONE)
    said = str(raised.value).partition(": ")[0]
    assert said == "line 7 of f" or (said in ("line 5 of f", "line 7 of <lambda>") and "m.busy" in lines)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("m.n = 1", ()),
        ("print(m.n)", ("line 7 of f: print: ",)),
        ("os.getcwd()", ("line 7 of f: os.getcwd: what a library keeps",)),
        ("math.sqrt(4); re = [1, 2].sort(); functools.reduce(max, ())", ()),
        ("open('x'); x = id(m)", ("line 7 of f: open, id: ",)),
        ("x = [1]; assert x", ("line 7 of f: assert x: a list with something in it",)),
        ("x = []; assert x", ()),
        ("x = [1]; x = 2; assert x", ()),
        ("try: assert m.n\n    except AssertionError: pass", ("line 7 of f: an assert whose failure is caught",)),
        ("try: assert m.n\n    except ValueError: pass", ()),
        ("any(m.n for _ in (1,)); m.must(m.n, 'text'); m.x = 1", ()),
        ("x = m.own; x.y = 1", ()),
    ],
)
def test_what_is_told(lines, says):
    f = written(f"def program(m): yield 'a'\ndef f(m):\n    yield 'a'\n    {lines}\n", file=f"<told {lines}>")
    told = refuse(f, ONE)
    assert len(told) == len(says) and all(t.startswith(s) for t, s in zip(told, says))
    assert set(slips(Names(f), ONE)) | set(looked_over(f, Names(f))) <= set(told)


def test_an_answer_that_nobody_looks_at():
    def answer(lines):
        f = written(f"def f(m):\n    {lines}\n", file=f"<answer {lines}>")
        names = Names(f)
        node = next(n for n in names.nodes if isinstance(n, ast.Expr | ast.Assign | ast.AnnAssign) and isinstance(n.value, ast.YieldFrom))  # fmt: skip
        return _unseen(node, names)

    assert answer("yield from g(m)") == "thrown away"
    assert answer("x = yield from g(m)") == "kept in x, and nobody looks at it"
    assert answer("x: int = yield from g(m)") == "kept in x, and nobody looks at it"
    assert answer("x = yield from g(m); return x") == ""
    assert answer("y = x; x = yield from g(m)") == "kept in x, and nobody looks at it"
    assert answer("x = 0\n    while x < 3:\n        x = yield from g(m)") == ""
    assert answer("print(x)\n    while m:\n        x = yield from g(m)") == "kept in x, and nobody looks at it"
    assert answer("m.x = yield from g(m)") == "" == answer("x, y = yield from g(m)")
    assert answer("x = y = yield from g(m)") == "kept in x, y, and nobody looks at it"
    assert _unseen(nodes("x = 1")[0], Names(program)) == "" == _unseen(nodes("pass")[0], Names(program))
    two = Names(written("def f(m):\n    x = {1}\n    y = (1,)\n    y = {2: 3}\n    z = {}\n", file="<many>"))
    assert [_holds_many(two, n) for n in "xyz"] == ["set", "", ""]
    assert len(list(_caught(Names(written("def f(m):\n    try:\n        a\n    except: b\n", file="<caught>"))))) > 0


def test_where_something_comes_from():
    import random

    assert [_home(v) for v in (len, math.sqrt, random.random, random, [].append, explore, program, 7)] == ["builtins", "math", "random", "random", "builtins", "", "", "builtins"]  # fmt: skip
