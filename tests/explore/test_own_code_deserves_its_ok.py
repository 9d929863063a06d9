"""A reader's own put: no `ok` that the same C would not deserve, each slip said with the reader's line, and a right twin of each is ok."""

import linecache
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import Scenario, Thread, explore, interrupt, replay
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.judging import judge
from tdxkit.explore.search import AS_IT_STANDS
from tdxkit.kinds import lock, unlock
from tdxkit.linux.refcount import registry
from tdxkit.linux.refcount.own import of_programs
from tdxkit.linux.refcount.posted import DESIGNS

pytestmark = pytest.mark.slow

HEAD = """
from functools import partial
import time
from pathlib import Path
from tdxkit.kinds import alloc, conditional, free, load, lock, locked, seamcall, sleep, store, unlock
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.module import (
    free_pages, pamt_add, pamt_remove, spin_lock, spin_unlock, tdh_phymem_pamt_remove)
"""
FIRST = HEAD.count("\n") + 1  # the line of `def put`

RIGHT = """
def put(m, region):
    yield conditional("atomic_add_unless", "refcount, -1, 1")
    if m.refcount[region] != 1:
        m.refcount[region] -= 1
        return
    yield from spin_lock(m)
    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if m.refcount[region]:
        yield from spin_unlock(m)
        return
    yield from tdh_phymem_pamt_remove(m, region)
    yield from spin_unlock(m)
    yield from free_pages(m)
"""
LOCKED = """
def put(m, region):
    yield from spin_lock(m)
    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if not m.refcount[region]:
        yield "TDH.PHYMEM.PAMT.REMOVE(region)"
        pamt_remove(m, region)
        yield from spin_unlock(m)
        yield from free_pages(m)
        return
    yield from spin_unlock(m)
"""


def changed(text, *changes):
    """The text with each `(old, new)` done once."""
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


def put_of(text, name="<a reader's file>"):
    """The function put of a file with this text."""
    text = HEAD + text.lstrip("\n")
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    exec(compile(text, name, "exec"), there := {"__name__": "reader"})
    return there["put"]


def judged(text, threads=2, rounds=1, **how):
    return judge(of_programs(put_of(text), threads=threads, rounds=rounds), **how).result


UNLOCKED_DEC = changed(
    RIGHT,
    ('yield conditional("atomic_add_unless", "refcount, -1, 1")', 'yield "look, then count down"'),
    ("!= 1", "> 1"),
)
IN_ONE = """
def put(m, region):
    yield "all of it"
    if m.pamt_lock:
        return
    m.pamt_lock = True
    m.refcount[region] -= 1
    if not m.refcount[region]:
        pamt_remove(m, region)
    m.pamt_lock = False
    yield from free_pages(m)
"""
OWN_SPIN = changed(
    LOCKED,
    ("yield from spin_lock(m)", 'yield "spin"\n    while m.pamt_lock:\n        yield "spin"\n    m.pamt_lock = True'),
)

# name: text, verdict, property, what is said of it (a regex), under which line of put (None: none is named)
VERDICTS = {
    "right": (RIGHT, "ok", None, r"^mine, 2 threads × 1 round: ok$"),
    "right, lock first": (LOCKED, "ok", None, r"^mine, 2 threads × 1 round: ok$"),
    # learn.md, Writing my own put
    "second look, no count up": (
        """
def put(m, region):
    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if m.refcount[region]:
        return
    yield from spin_lock(m)
    yield load("atomic_read", "refcount")
    if m.refcount[region]:
        yield from spin_unlock(m)
        return
    yield from tdh_phymem_pamt_remove(m, region)
    yield from spin_unlock(m)
    yield from free_pages(m)
""",
        "violation", "REMOVE must find a pair", "27 steps",
    ),
    "read, decrement in the next step": (
        changed(UNLOCKED_DEC, ("    m.refcount[region] -= 1\n        return", "    yield 'dec'\n        m.refcount[region] -= 1\n        return")),
        "violation", None, "the rule: ",
    ),
    "read and decrement under one yield": (
        UNLOCKED_DEC, "violation", None,
        r"^line 4 of put: its load of refcount\[0\] is a step of its own, and CPU \d comes in before it \(step \d+\); "
        r'if it is one instruction, say so: yield conditional\("atomic_add_unless", "refcount"\)$',
    ),
    "a decrement that does not say locked": (
        changed(LOCKED, ('locked("atomic_dec_and_test", "refcount")', '"dec"')), "violation", None,
        r'^line 4 of put: its store of refcount\[0\] is a step of its own, .*yield locked\("atomic_dec", "refcount"\)$',
    ),
    "a critical section in one step": (
        IN_ONE, "violation", None, r"^line 9 of put: pamt_lock is taken and let go under one yield, so nobody ever meets it taken",
    ),
    "a spin and a set": (OWN_SPIN, "violation", None, r"say so: yield lock\(\"spin_lock\", \"pamt_lock\"\)$"),
    "a spin that says lock": (
        changed(LOCKED, ("yield from spin_lock(m)", 'while True:\n        yield lock("spin_lock", "pamt_lock")\n        if not m.pamt_lock:\n            m.pamt_lock = True\n            break')),
        "ok", None, r"^mine, 2 threads × 1 round: ok$",
    ),
    "locked keeps one variable together, not two": (
        changed(LOCKED, ("    if not m.refcount[region]:\n", "    if m.pamt_lock and not m.refcount[region]:\n")), "ok", None,
        r"^line 5 of put: more than one load or store under one yield; judged load by load and store by store as well$",
    ),
    "never frees": (changed(LOCKED, ("yield from free_pages(m)", "pass")), "violation", "no page may be lost", ""),
    "unlocks before REMOVE": (
        changed(RIGHT, ("    yield from tdh_phymem_pamt_remove(m, region)\n    yield from spin_unlock(m)", "    yield from spin_unlock(m)\n    yield from tdh_phymem_pamt_remove(m, region)")),
        "violation", "REMOVE must find no page in use", "",
    ),
    "peeks": (
        changed(LOCKED, ("pamt_remove(m, region)", "if m.pair[region]:\n            pamt_remove(m, region)")), "ok", None,
        r"^line 7 of put: it reads m\.pair, which the kernel cannot see: PAMT\.ADD and PAMT\.REMOVE answer it$",
    ),
    "peeks by another name": (
        changed(LOCKED, ("pamt_remove(m, region)", "inside = m.users\n        if not inside[region]:\n            pamt_remove(m, region)")), "ok", None,
        r"^line 8 of put: it reads m\.users, which the kernel cannot see",
    ),
    "a rule may look": (
        changed(LOCKED, ("pamt_remove(m, region)", 'm.must("there", m.pair[region])\n        assert m.pair[region]\n        pamt_remove(m, region)')),
        "ok", None, r"^mine, 2 threads × 1 round: ok$",
    ),
    "a rule in a function inside": (
        changed(LOCKED, ("pamt_remove(m, region)", "def look():\n            m.must('there', m.pair[region])\n        look()\n        pamt_remove(m, region)")),
        "ok", None, r"^mine, 2 threads × 1 round: ok$",
    ),
    "lines of a function inside": (
        changed(LOCKED, ("pamt_remove(m, region)", "def look():\n            if region > 7:\n                return 5\n        look()\n        pamt_remove(m, region)")),
        "ok", None, r"^mine, 2 threads × 1 round: ok; never executed: line 9 of put$",
    ),
    "prints": (
        changed(LOCKED, ("pamt_remove(m, region)", "print('x')\n        pamt_remove(m, region)")), "ok", None,
        r"^line 7 of put: print: a step is run many times",
    ),
    "sleeps under the spinlock": (
        changed(LOCKED, ("        pamt_remove(m, region)", '        pamt_remove(m, region)\n        yield sleep("msleep")')), "violation", "nobody may sleep under a spinlock", "",
    ),
    "sleeps without it": (changed(LOCKED, ("    yield from spin_lock(m)", '    yield sleep("msleep")\n    yield from spin_lock(m)')), "ok", None, ""),
    "goes round for ever": ("def put(m, region):\n    while True:\n        yield 'round'\n", "deadlock", None, "CPU 0 goes round for ever and looks at nothing"),
    "forgets to unlock": (LOCKED.replace("yield from spin_unlock(m)", "pass"), "violation", "a lock must be let go before its holder is done", ""),
    "waits for ever": (changed(LOCKED, ("yield from spin_lock(m)", "yield from spin_lock(m)\n    while True:\n        yield 'wait'\n        if not m.refcount[region]:\n            break")), "deadlock", None, "waits for pamt_lock, held by CPU"),
    "locks twice": (changed(LOCKED, ("yield from spin_lock(m)", "yield from spin_lock(m)\n    yield from spin_lock(m)")), "violation", "a lock must not be taken by who holds it", ""),
    "asserts": ("def put(m, region):\n    yield 'x'\n    assert m.refcount[region] == 1, 'I thought I was the last'\n", "violation", "I thought I was the last", ""),
    "an ok about lines that never ran": (
        changed(LOCKED, ("        pamt_remove(m, region)\n", "        if pamt_remove(m, region):\n            yield store('atomic_set', 'refcount, 1')\n            m.refcount[region] = 1\n            yield from spin_unlock(m)\n            return\n")),
        "ok", None, r"^mine, 2 threads × 1 round: ok; never executed: line 8–11 of put$",
    ),
}  # fmt: skip


def said_of(text, line):
    """The lines of an answer, those of put counted from its first."""
    return re.sub(r"line (\d+)(?:–(\d+))? of put", lambda m: "line " + "–".join(str(int(n) - line + 1) for n in m.groups() if n) + " of put", text)  # fmt: skip


@pytest.mark.parametrize("name", VERDICTS)
def test_each_slip_has_its_verdict_and_its_line(name):
    text, verdict, rule, says = VERDICTS[name]
    result = judged(text)
    told = said_of(str(result), FIRST)
    assert (result.verdict, rule or result.property) == (verdict, result.property), told
    assert re.search(says, told, re.MULTILINE), told
    assert result.as_json()["remarks"] == list(result.remarks)
    assert ("+split" in result.scenario) == (
        verdict == "violation" and explore(of_programs(put_of(text))).verdict == "ok"
    )


REFUSED = {
    "never run": ("spin_lock(m)", "line 2 of put: spin_lock(m): that makes a program and does not run it; write: yield from spin_lock(m)"),
    "yielded": ("yield spin_lock(m)", "that makes a program and does not run it; write: yield from spin_lock(m)"),
    "kept and dropped": ("lock = spin_lock(m)", "line 2 of put: spin_lock(m): that makes"),
    "by another name": ("take = spin_lock\n    take(m)", "line 3 of put: take(m): that makes"),
    "two names at once": ("take, give = spin_lock, spin_unlock\n    take(m)", "line 3 of put: take(m)"),
    "of a module": ("module.spin_lock(m)", "write: yield from module.spin_lock(m)"),
    "a partial": ("take = partial(spin_lock, m)\n    take()", "line 3 of put: take()"),
    "as a test": ("if spin_lock(m):\n        pass", "line 2 of put: spin_lock(m)"),
    "not": ("ok = not spin_lock(m)", "line 2 of put: spin_lock(m)"),
    "kept, then tested": ("ok = spin_lock(m)\n    if ok:\n        pass", "line 2 of put: spin_lock(m)"),
    "one of two": ("m.refcount[region] and spin_lock(m)", "line 2 of put: spin_lock(m)"),
    "in a list": ("[spin_lock(m)]", "line 2 of put: spin_lock(m)"),
    "a lambda": ("take = lambda: spin_lock(m)\n    take()", "line 3 of put: take()"),
    "given back": ("return spin_lock(m)", "line 2 of put: spin_lock(m)"),
    "of a helper": ("helper(m)", "line 2 of put: helper(m)"),
    "in a program it calls": ("yield from other(m)", "line 15 of other: spin_lock(m)"),
    "writes what is the module's": ("yield 'x'\n    m.pair[region] = False", "line 3 of put: m.pair[0] = …: only the TDX module changes that"),
    "sleeps in earnest": ("yield 'x'\n    time.sleep(0.1)", 'line 3 of put: time.sleep(0.1): it stops the explorer, not the CPU of the model, and no rule sees it; write yield sleep("msleep")'),
    "asks": ("yield 'x'\n    input()", "line 3 of put: input()"),
    "a loop without a yield": ("yield 'x'\n    while m.refcount[region] > 0:\n        pass", "of put: a step must end"),
    "a loop in a helper of the house": ("yield 'x'\n    while m.note('x') == 0:\n        pass", "of put: a step must end"),
}  # fmt: skip
TAIL = """
    yield "end"

def helper(m):
    return spin_lock(m)

def other(m):
    yield "other"
    spin_lock(m)
"""


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_judged_is_refused_with_the_readers_line(name):
    body, says = REFUSED[name]
    text = f"def put(m, region):\n    {body}\n" + TAIL
    with pytest.raises(ModelError) as error:
        judged(text)
    told = said_of(str(error.value), FIRST)
    if "of other" in says:
        says = says.replace("line 15", f"line {FIRST + text.splitlines().index('    spin_lock(m)')}")
    assert says in told and "\n" not in told


DRIVEN = {
    "from a name": "take = spin_lock(m)\n    yield from take",
    "from a helper": "yield from helper(m)",
    "by hand": "for step in spin_lock(m):\n        yield step",
    "in a list": "for part in [spin_lock(m)]:\n        yield from part",
    "of one": "yield from (spin_lock if region == 0 else spin_unlock)(m)",
    "kept by a walrus": "if take := spin_lock(m):\n        yield from take",
}


@pytest.mark.parametrize("name", DRIVEN)
def test_a_program_that_is_run_is_not_taken_for_one_that_is_not(name):
    body = DRIVEN[name]
    text = changed(LOCKED, ("yield from spin_lock(m)", body)) + "\ndef helper(m):\n    return spin_lock(m)\n"
    assert judged(text).verdict == "ok"


def test_an_ok_of_steps_as_they_stand_says_that_it_is_one():
    made = of_programs(put_of(UNLOCKED_DEC))
    assert explore(made).remarks == (AS_IT_STANDS,) and AS_IT_STANDS not in str(judge(made))
    assert explore(registry.scenario("v6")).remarks == ()


def test_a_count_that_grows_for_ever_is_bounded_and_not_taken_apart():
    text = "def put(m, region):\n    while True:\n        yield locked('atomic_inc', 'refcount')\n        m.refcount[region] += 1\n"
    started = time.monotonic()
    result = judged(text, bound=2000)
    assert result.verdict == "bounded" and "+split" not in result.scenario and time.monotonic() - started < 10


def test_the_schedule_of_steps_taken_apart_replays_and_is_the_answers_own():
    found = judge(of_programs(put_of(UNLOCKED_DEC)))
    assert found.scenario.name == "mine+split" and found.result.schedule.startswith("mine+split:2x1:")
    for one in (found.scenario, of_programs(put_of(UNLOCKED_DEC))):
        told = replay(one, found.result.schedule)
        assert told.steps[-1].broken and any("load refcount[0] (line" in step.label for step in told.steps)
        where = [step.line for step in told.steps if step.line and step.line.text == "put"]
        assert {line.index for line in where} == {1, 3}, "a part of a step has the reader's line"


@pytest.mark.parametrize("name", [n for n, d in DESIGNS.items() if n not in ("lazy",)])
def test_the_posted_designs_as_a_readers_own_are_judged_as_they_are(name):
    """They say what is one instruction: nothing of them is taken apart, and the answer is the same."""
    code = DESIGNS[name].code
    there = {"__name__": "reader"}
    source = linecache.getlines(code.__file__)
    file = f"<copy of {name}>"
    linecache.cache[file] = len(source), None, source, file
    exec(compile("".join(source), file, "exec"), there)
    own = type("design", (), {k: v for k, v in vars(code).items() if k.isupper()} | {"__doc__": code.__doc__, "get": staticmethod(there["get"]), "put": staticmethod(there["put"])})  # fmt: skip
    if "use" in there and hasattr(code, "use"):
        own.use = staticmethod(there["use"])
    mine, its = registry.of_design(own, name, 2, 1), registry.scenario(name)
    assert any(thread.foreign for thread in mine.threads)
    one, other = judge(mine).result, explore(its, "all")
    assert (one.verdict, one.property, one.states, one.steps) == (
        other.verdict,
        other.property,
        other.states,
        other.steps,
    )
    assert one.remarks == ()


# -- orders of locks, and interrupts --------------------------------------------------------------------------------------


def take(m, name):
    while True:
        yield lock("spin_lock", name)
        if not getattr(m, name):
            setattr(m, name, True)
            return


def give(m, name):
    yield unlock("spin_unlock", name)
    setattr(m, name, False)


def both(m, gate, first, second):
    for name in (gate, first, second):
        yield from take(m, name)
    for name in (second, first, gate):
        yield from give(m, name)


def tries(m, first, second):
    yield from take(m, first)
    yield lock("spin_trylock", second)
    if not getattr(m, second):
        setattr(m, second, True)
        yield from give(m, second)
    yield from give(m, first)


def locks(*threads):
    names = ("G", "A", "B")
    return Scenario("locks", dict.fromkeys(names, False), tuple(Thread(p, a) for p, *a in threads), locks=names)


def test_orders_of_locks_that_no_run_lets_meet_are_told():
    made = Scenario("locks", {"G": False, "A": False, "B": False}, (Thread(both, ("G", "A", "B")), Thread(both, ("G", "B", "A"))), locks=("G", "A", "B"))  # fmt: skip
    result = judge(made).result
    line = take.__code__.co_firstlineno + 2
    assert result.verdict == "ok" and result.orders == (
        f"orders of locks that could meet: A before B (line {line} of take), B before A (line {line} of take); "
        "whoever is in them at once may wait for each other for ever; no run here did",
    )
    assert result.orders[0] in str(result) and result.as_json()["orders"] == list(result.orders)
    same = Scenario("locks", {"G": False, "A": False, "B": False}, (Thread(both, ("G", "A", "B")), Thread(both, ("G", "A", "B"))), locks=("G", "A", "B"))  # fmt: skip
    assert judge(same).result.orders == ()


def test_a_try_makes_no_order():
    shared = {"A": False, "B": False}
    made = Scenario("locks", shared, (Thread(tries, ("A", "B")), Thread(tries, ("B", "A"))), locks=("A", "B"))
    assert judge(made).result.orders == ()


def holds(m):
    yield lock("spin_lock", "A")
    m.A = True
    yield unlock("spin_unlock", "A")
    m.A = False


def waits_in_two(m):
    while True:
        yield "try"
        if not m.A:
            return
        yield "relax"


def waits_for_irqs_on(m):
    while True:
        yield "try"
        if not m.A:
            return


def test_an_interrupt_that_comes_back_to_its_first_place_has_begun():
    cpu = Thread(holds)
    for program, verdict, states in ((waits_in_two, "livelock", 8), (waits_for_irqs_on, "ok", 6)):
        made = Scenario("irq", {"A": False}, (cpu, interrupt(program, on=cpu)))
        assert [explore(made, reduce).verdict for reduce in ("none", "sym", "all")] == [verdict] * 3
        assert explore(made, "none").states == explore_readably(made).states == states


OFTEN = """
import gc, sys
sys.path.insert(0, {here!r})
import test_own_code_deserves_its_ok as t
gc.set_threshold(7, 3, 2)
for k in range(60):
    text = t.RIGHT if k % 2 else t.LOCKED
    assert t.judge(t.of_programs(t.put_of(text, f"<{{k}}>"))).result.verdict == "ok"
"""


@pytest.mark.slow
def test_a_collection_of_garbage_in_the_middle_of_a_step_disturbs_nothing():
    """Programs that nobody holds any more are ended by the collector, and what they do at their end runs inside another's step."""
    code = OFTEN.format(here=str(Path(__file__).parent))
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=200).returncode == 0
