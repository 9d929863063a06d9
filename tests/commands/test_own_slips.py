"""What goes wrong in a reader's file is one line that names his own line: exit code 2, no traceback, and `--json` stays JSON."""

import json
import subprocess
import sys

import pytest

from tdxkit.cli import main
from tdxkit.explore.telling import replay
from tdxkit.linux.refcount import scenario_of

pytestmark = pytest.mark.slow

HEAD = "def put(m, region):\n    yield 'first'\n"
# what follows line 2, and what is said of it
SLIPS = {
    **{
        f"refcount {value}": (
            f"    m.refcount[region] = {value}\n    yield 'b'",
            r"rule the refcount must never be negative: it cannot be judged, the step after line 2 of put makes refcount[0] ",
        )
        for value in ("None", "'a'", "(1,)", "b'x'", "...", "print", "m")
    },
    "GeneratorExit": (
        "    raise GeneratorExit",
        "line 3 of put: a step cannot end the program, and this one raises GeneratorExit",
    ),
    "own BaseException": (
        "    class Own(BaseException): pass\n    raise Own",
        "line 4 of put: a step cannot end the program, and this one raises Own",
    ),
    "exit 0": (
        "    import sys\n    sys.exit(0)",
        "line 4 of put: a step cannot end the program, and this one raises SystemExit",
    ),
    "exit text": ("    raise SystemExit('bye <b>')", "line 3 of put: a step cannot end the program"),
    "deep": (
        "    x = ()\n    for _ in range(100_000): x = (x,)\n    yield 'b'\n    m.pamt_lock = x",
        "the local variable x of put holds a tuple: it is nested too deep",
    ),
    "memory": ("    x = [0] * 10 ** 14", "line 3 of put: MemoryError"),
    "text that grows": (
        "    s = ''\n    while True:\n        s = s + 'x' * 100000\n        yield 'b'\n        m.pamt_lock = s",
        "the local variable s of put holds 100,000 characters",
    ),
    "tuple that grows": (
        "    s = ()\n    while True:\n        s = (*s, *range(100))\n        yield 'b'\n        m.pamt_lock = len(s)",
        "the local variable s of put holds 1,100 items",
    ),
    "many choices": ("    yield 'b', tuple(range(100_000))", "put, step b: each of its 100,000 choices is a branch"),
    "long label": ("    yield 'b' * 100_000", "the label of a step of put holds 100,000 characters"),
    "rule named wrongly": ("    m.must(m.pair[region], 'a pair is there')", "a rule is named by a text"),
}


def answer(capsys, *words):
    code = main(list(words))
    return code, *capsys.readouterr()


@pytest.mark.parametrize("command", ["explore", "stress"])
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_one_line_that_names_the_readers_own(slip, command, tmp_path, capsys):
    text, says = SLIPS[slip]
    (path := tmp_path / "slip.py").write_text(HEAD + text)
    code, out, err = answer(capsys, command, f"{path}:put", "--json")
    assert (code, out) == (2, "") and says in err and err.count("\n") == 1 and "Traceback" not in err


RULES = """
from tdxkit.explore import Scenario, Thread, always

def sets(m):
    yield "set"
    m.n = 0

def small(m):
    return {says}

s = Scenario("own", {{"n": 2}}, (Thread(sets),), (always("small", small),))
"""


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("2 // m.n", "line 9 of small: ZeroDivisionError"),
        ("m.n < 'a'", "line 9 of small: TypeError"),
        ("m.n < nowhere", "line 9 of small: NameError"),
        ("(m.n < 9 for _ in ())", "TypeError: it gives a generator, which is always true"),
        ("exit()", "a step cannot end the program, and this one raises SystemExit"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_one_line(says, why, tmp_path, capsys):
    (path := tmp_path / "rules.py").write_text(RULES.format(says=says))
    code, out, err = answer(capsys, "explore", f"{path}:s")
    assert (code, out) == (2, "") and why in err and err.count("\n") == 1
    path.write_text(RULES.format(says="m.n < 9"))
    assert answer(capsys, "explore", f"{path}:s")[0] == 0


PRINTS = """
print("at import")

def put(m, region):
    print("at the start")
    yield "atomic_dec_and_test(refcount)"
    m.refcount[region] -= 1
    print("in a \\x1b[1mstep\\nof two lines")
    yield "end"
"""


def test_what_a_model_prints_is_told_by_its_step_and_json_stays_json(tmp_path, capsys):
    (path := tmp_path / "prints.py").write_text(PRINTS)
    code, out, err = answer(capsys, "explore", f"{path}:put", "--json")
    assert code == 0 and json.loads(out)["verdict"] == "violation" and err == "at import\n"
    schedule = json.loads(out)["schedule"]
    assert answer(capsys, "replay", f"{path}:put", schedule)[0] == 0
    told = [step.sentence for step in replay(scenario_of(f"{path}:put"), schedule).steps]
    assert "It prints in a \\x1b[1mstep\\nof two lines." in told


def test_nan_is_a_value_like_another(tmp_path, capsys):
    (path := tmp_path / "nan.py").write_text(
        HEAD + "    m.refcount[region] -= 1\n    m.pamt_lock = float('nan')\n    yield 'b'\n    m.pamt_lock = False"
    )
    code, out, err = answer(capsys, "explore", f"{path}:put")
    assert code == 0 and err == "" and "violation" in out


STUBBORN = """
from tdxkit.explore.program import Scenario, Thread

def inner(m):
    try:
        yield "try"
        m.n += 1
        yield "tried"
    finally:
        yield "finally"
        m.n -= 1

def outer(m):
    try:
        yield from inner(m)
        yield "between"
    finally:
        yield "last"
        m.n = {last}

s = Scenario("stubborn", {{"n": 0}}, tuple(Thread(outer) for _ in range(2)))
"""


@pytest.mark.parametrize("reduction", ["none", "all"])
def test_a_yield_in_a_finally_is_judged_without_a_complaint(reduction, tmp_path):
    (path := tmp_path / "stubborn.py").write_text(STUBBORN.format(last="m.n"))
    words = [sys.executable, "-m", "tdxkit", "explore", f"{path}:s", "--reduce", reduction, "--outcomes"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "ok" in done.stdout and "finished: n 0" in done.stdout
