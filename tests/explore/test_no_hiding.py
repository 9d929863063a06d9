"""What a reader's file could hide from the search: told apart, seen, or refused in a line; and the right twin of each."""

import subprocess
import sys

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import closer, whose
from tdxkit.explore.judging import judge
from tdxkit.linux.refcount.naming import scenario_of

pytestmark = pytest.mark.slow

HEAD = """
import functools, logging
from functools import cached_property, partial, wraps
from tdxkit.explore import Scenario, Thread
from tdxkit.explore.memory import Layout, Memory
from tdxkit.explore.rules import always, at_end, must
from tdxkit.kinds import load, locked
from tdxkit.linux.refcount import v6
"""
INC = 'def inc(m):\n    yield "n"\n    m.n += 1\n'
TWO = 'S = Scenario("c", {"n": 0}, (Thread(inc), Thread(inc)), (at_end("two", lambda m: m.n == 2),))\n'
WAITS = """
def go(m, me):
    yield locked("atomic_or", "q")
    m.q = frozenset([*m.q, me])
def look(m):
    while True:
        yield load("q", "q")
        q = m.q
        if len(q) == 2:
            break
    yield "choose"
    m.must("never last", next(iter(q)) != LAST)
S = Scenario("c", {"q": frozenset()}, (Thread(go, (0,)), Thread(go, (LAST,)), Thread(look)), (must("never last"),))
"""
TASKS = """
class Task: pass
A, B = Task(), Task()
def prog(m, me):
    yield "owner = current"
    m.owner = me
    yield "still mine?"
    m.must("still mine", m.owner is me)
S = Scenario("c", {"owner": None}, (Thread(prog, (A,)), Thread(prog, (B,))), (must("still mine"),))
"""


def busy(before, on, off, look):
    """A flag outside m that one thread sets and the other looks at."""
    return f"""{before}
def a(m):
    yield "on"
    {on}
    yield "off"
    {off}
def b(m):
    yield "look"
    m.must("nobody", not {look})
S = Scenario("c", {{"x": 0}}, (Thread(a), Thread(b)), (must("nobody"),))
"""


def hides(line, look, before=""):
    return f"""{before}
def prog(m):
    {line}
    yield "later"
    m.must("never 7", {look} != 7)
S = Scenario("c", {{"x": 0}}, (Thread(prog),), (must("never 7"),))
"""


def one(body, shared='{"n": 0}', before=""):
    return f'{before}\ndef prog(m):\n    yield "x"\n    {body}\nS = Scenario("c", {shared}, (Thread(prog),), ())\n'


# name: text, how it ends ("ok", "violation", or what the refusal says)
TRIES = {
    "wraps a function of ours": (INC.replace("def", "@wraps(v6.put)\ndef", 1) + TWO, "violation"),
    "calls itself ours": ('__name__ = "tdxkit.mine"\n' + INC + TWO, "violation"),
    "right twin": (INC.replace('"n"', 'locked("atomic_inc", "n")') + TWO, "ok"),
    "patches": ("import tdxkit.explore.closer as j\nj.split = lambda scenario, pieces: scenario\n" + INC + TWO, "tdxkit.explore.closer.split: it is part of tdxkit"),
    "class attribute": (busy("class C:\n    _busy_ = False", "C._busy_ = True", "C._busy_ = False", "C._busy_"), "C._busy_: it is outside m and changed"),
    "logger": (busy("log = logging.getLogger('k')\nlog.busy = False", "log.busy = True", "log.busy = False", "log.busy"), "log.busy: it is outside m and changed"),
    "cached_property": (busy("class C:\n    @cached_property\n    def busy(self): return False\nc = C()", "c.busy = True", "c.busy = False", "c.busy"), "c.busy: it is outside m and changed"),
    "cached_property that stays": (busy("class C:\n    @cached_property\n    def busy(self): return False\nc = C()", "pass", "pass", "c.busy"), "ok"),
    "__globals__": (busy("", "a.__globals__['busy'] = True", "pass", "a.__globals__.get('busy')"), "__globals__: what it reaches cannot be seen"),
    "by a text": (busy("", "getattr(a, '__globals__')['busy'] = True", "pass", "0"), "__globals__: what it reaches cannot be seen"),
    "the memory's own": (busy("", "m._layout.busy = 1", "pass", "0"), "_layout: what it reaches cannot be seen"),
    "a class of one's own with such a name": (busy("class K:\n    _count = 1\n    def n(self): return self._count", "K().n()", "pass", "0"), "ok"),
    "alias of locals": (hides('n = yield "pick", (0, 7)', 'look()["n"]', "look = locals"), "look: what it reaches cannot be seen"),
    "locals": (hides('n = yield "pick", (0, 7)', 'locals()["n"]'), "violation"),
    "a Memory of its own": (hides('own = Memory(Layout({"n": 0}, {})); own.n = yield "pick", (0, 7)', "own.n"), "a Memory of a step's own: no state shows"),
    "identity": (TASKS, "violation"),
    "identity, made by a step": (TASKS.replace('    yield "owner', '    me = Task()\n    yield "owner', 1), "holds a Task: it carries nothing"),
    "identity, a class made by a step": (TASKS.replace('    yield "owner', '    me = type("X", (), {})\n    yield "owner', 1), "holds the class X: it was made by a step"),
    "order of a set": (WAITS.replace("LAST", "8"), "violation"),
    "order of a set that is not looked at": (WAITS.replace("next(iter(q)) != LAST", "len(q) == 2").replace("LAST", "8"), "ok"),
    "a set of texts": (WAITS.replace("LAST", "'b'").replace("(0,)", "('a',)"), "differs from process to process; use a tuple, or numbers"),
    "swallows a refusal": (one("try:\n        m.lock = True\n    except Exception:\n        pass"), "m.lock: the shared variables of this scenario are n"),
    "swallows its stop": (one("while True:\n        try:\n            while True: pass\n        except BaseException: pass"), "of prog: a step must end"),
    "swallows an error of its own": (one("try:\n        raise ValueError\n    except Exception:\n        pass"), "ok"),
    "an error that cannot say itself": (one("raise E()", before="class E(Exception):\n    def __str__(self): raise ValueError"), "violation"),
    "a label that cannot": (one("pass", before="class L(str):\n    def __str__(self): raise ValueError").replace('yield "x"', 'yield L("x")'), "ok"),
    "a key that cannot": (one("pass", '{"n": {K(): 0}}', "class K:\n    def __str__(self): raise ValueError"), "ok"),
    "runs itself for ever": ('def wait(m):\n    yield "look"\n    if not m.n:\n        m.k = 1 - m.k\n        yield from wait(m)\nS = Scenario("c", {"n": 0, "k": 0}, (Thread(wait),), ())\n', "line 9 of wait: programs run programs 100 deep"),
    "partial": ('def inc(by, m):\n    yield locked("atomic_add", "n")\n    m.n += by\nS = Scenario("c", {"n": 0}, (Thread(partial(inc, 1)), Thread(partial(inc, 1))), (at_end("two", lambda m: m.n == 2),))\n', "ok"),
    "a frozen dataclass": (one("m.n = V(1)", before="import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass V:\n    a: int"), "ok"),
    "a value that doubles": (one("while (yield locked('on'), (True, False)):\n        m.n = (m.n, m.n)", '{"n": ()}'), "more than 10,000 items in all"),
    "a guard with state": (one("with Guard(m):\n        yield 'in'", before="class Guard:\n    def __init__(self, m): self.m = m\n    def __enter__(self): pass\n    def __exit__(self, *a): pass"), "a with, a loop or an expression around a yield of prog holds"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIES)
def test_what_could_be_hidden_is_seen_or_refused(name, tmp_path, monkeypatch):
    monkeypatch.setattr(closer, "split", closer.split)  # one of them replaces it
    text, ends = TRIES[name]
    (tmp_path / "race.py").write_text(HEAD + text)
    if ends not in ("ok", "violation"):
        with pytest.raises(ModelError) as error:
            judge(scenario_of(f"{tmp_path / 'race.py'}:S"))
        assert ends in str(error.value) and "\n" not in str(error.value)
        return
    result = judge(scenario_of(f"{tmp_path / 'race.py'}:S")).result
    never = tuple(said for said in result.unrun if "__str__" not in said)  # of what nobody asks to say itself
    assert (result.verdict, never) == (ends, ()), result


def test_a_file_is_the_readers_wherever_it_lies(tmp_path):
    there = tmp_path / "site-packages"
    there.mkdir()
    (there / "race.py").write_text(HEAD + INC + TWO)
    assert judge(scenario_of(f"{there / 'race.py'}:S")).result.verdict == "violation"
    assert whose.trusted("logging") and whose.trusted("pytest") and not whose.trusted("reader_race")


@pytest.mark.parametrize("name", ["a: b", "", "a" * 34 + "+split", "b+split"])
def test_the_code_of_a_name_of_any_kind_replays(name, tmp_path):
    text = HEAD + INC + TWO.replace('"c"', repr(name)).replace("== 2", "== 3")
    (tmp_path / "race.py").write_text(text)
    found = judge(scenario_of(f"{tmp_path / 'race.py'}:S"))
    done = subprocess.run(
        [sys.executable, "-m", "tdxkit", "replay", f"{tmp_path / 'race.py'}:S", found.result.schedule],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "do what they did when it was written" in done.stdout, done.stderr


def test_a_search_of_long_ways_back_stops_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr("tdxkit.explore.tables.AGAIN", 2_000)
    text = 'def prog(m):\n    n = 0\n    while (yield "on?", (True, False)):\n        n += 1\n    m.x = n\nS = Scenario("c", {"x": 0}, (Thread(prog),), ())\n'
    (tmp_path / "race.py").write_text(HEAD + text)
    result = judge(scenario_of(f"{tmp_path / 'race.py'}:S")).result
    assert result.verdict == "bounded" and "stopped at 2,000 steps taken again: a program comes to each" in str(result)
