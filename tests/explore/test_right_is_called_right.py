"""What is said beside an answer is true, and right code is called right: each row a file, its verdict, what is said of it or never said.

A row: what stands in the file, its verdict, a regular expression for something it says ("" for nothing), then the change that makes its
twin, that one's verdict and what it says.
"""

import linecache
import re

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import Scenario, Thread, always, explore
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.judging import judge
from tdxkit.kinds import alloc

HEAD = """
from functools import lru_cache
from tdxkit.explore import Scenario, Thread, always, at_end, interrupt, must
from tdxkit.kinds import alloc, conditional, load, lock, locked, sleep, store, unlock
from tdxkit.linux.refcount.module import HANDS, spin_lock, spin_unlock, tdh_phymem_pamt_remove

def take(m, k):
    while True:
        yield lock("spin_lock", f"l[{k}]")
        if not m.l[k]:
            m.l[k] = True
            return

def give(m, k):
    yield unlock("spin_unlock", f"l[{k}]")
    m.l[k] = False
""".lstrip()


def scenario(text, name="<right>"):
    text = HEAD + text
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    exec(compile(text, name, "exec"), there := {"__name__": "reader"})
    return there["S"]


ANSWERS = """
def p(m):
    yield locked("atomic_dec_and_test", "ref")
    m.ref -= 1
    m.stat += 1
    if m.ref == 0:
        yield "free"
        m.must("once", not m.freed)
        m.freed = True

S = Scenario("o", {"ref": 2, "stat": 0, "freed": False}, (Thread(p), Thread(p)), (must("once"),))
"""
OLD = (
    "    m.ref -= 1\n    m.stat += 1\n    if m.ref == 0:\n",
    "    m.ref -= 1\n    last = m.ref == 0\n    m.stat += 1\n    if last:\n",
)
BETWEEN = """
def p(m):
    yield locked("atomic_fetch_add", "n")
    old = m.n
    m.k = 1
    m.n = old + 1

def q(m):
    yield load("READ_ONCE", "k")
    if m.k:
        yield store("WRITE_ONCE", "n")
        m.n = 5
        yield store("WRITE_ONCE", "stored")
        m.stored = True

S = Scenario("o", {"n": 0, "k": 0, "stored": False}, (Thread(p), Thread(q)), (at_end("kept", lambda m: not m.stored or m.n == 5),))
"""
BACKS_OFF = """
def t(m, i, j):
    while True:
        yield from take(m, i)
        yield conditional("spin_trylock", f"l[{j}]")
        if not m.l[j]:
            m.l[j] = True
            break
        yield from give(m, i)
    yield from give(m, j)
    yield from give(m, i)

S = Scenario("k", {"l": {0: False, 1: False}}, (Thread(t, (0, 1)), Thread(t, (1, 0))), locks=("l",))
"""
TRIES = """
def t(m, i, j):
    yield from take(m, 2)
    yield from take(m, i)
    while True:
        yield conditional("spin_trylock", f"l[{j}]")
        if not m.l[j]:
            m.l[j] = True
            break
    for k in (j, i, 2):
        yield from give(m, k)

S = Scenario("k", {"l": {0: False, 1: False, 2: False}}, (Thread(t, (0, 1)), Thread(t, (1, 0))), locks=("l",))
"""
OWNER = """
def t(m, me):
    while True:
        yield conditional("cmpxchg", "l")
        if m.l == 0:
            m.l = me
            break
    yield "n"
    m.n += 1
    yield unlock("smp_store_release", "l")
    m.l = 0

S = Scenario("own", {"l": 0, "n": 0}, (Thread(t, (1,)), Thread(t, (2,))), (at_end("two", lambda m: m.n == 2),), locks=("l",))
"""
CPUS = OWNER.replace("m.l == 0", "m.l is None").replace("m.l = 0", "m.l = None").replace('"l": 0', '"l": None').replace("(1,)", "(0,)").replace("(2,)", "(1,)")  # fmt: skip
SEMAPHORE = """
def t(m):
    while True:
        yield lock("down", "sem")
        if m.sem < 2:
            m.sem += 1
            break
    yield unlock("up", "sem")
    m.sem -= 1

S = Scenario("sem", {"sem": 0}, (Thread(t), Thread(t), Thread(t)), locks=("sem",), mutexes=("sem",))
"""
UPGRADES = """
def reads(m):
    while True:
        yield lock("read_lock", "rw")
        if m.rw >= 0:
            m.rw += 1
            break

def reader(m):
    yield from reads(m)
    yield unlock("read_unlock", "rw")
    m.rw -= 1

def upgrader(m):
    yield from reads(m)
    while True:
        yield lock("upgrade", "rw")
        if m.rw == 1:
            m.rw = -1
            break
    yield unlock("downgrade_write", "rw")
    m.rw = 1
    yield unlock("read_unlock", "rw")
    m.rw -= 1

S = Scenario("rw", {"rw": 0}, (Thread(upgrader), Thread(reader)), locks=("rw",))
"""
ATOMIC = """
def t(m):
    yield from spin_lock(m, "s")
    yield alloc("kmalloc(8, GFP_ATOMIC)")
    yield from spin_unlock(m, "s")

S = Scenario("at", {"s": False}, (Thread(t), Thread(t)), locks=("s",))
"""
MUTEX = """
def t(m):
    while True:
        yield lock("mutex_lock", "mx")
        if not m.mx:
            m.mx = True
            break
    yield alloc("kmalloc")
    yield unlock("mutex_unlock", "mx")
    m.mx = False

S = Scenario("mx", {"mx": False}, (Thread(t), Thread(t)), locks=("mx",))
"""
GROWS = """
def grows(m):
    for _ in range(40):
        yield locked("atomic_inc", "k")
        m.k += 1

def takes(m):
    yield "take"
    if not m.taken:
        m.taken = True
        m.must("alone", not m.inside)
        m.inside = True

S = Scenario("g", {"k": 0, "taken": False, "inside": False}, (Thread(grows), Thread(takes), Thread(takes)), (must("alone"),))
"""
EXCHANGES = """
def inc(m):
    yield locked("xchg", "n")
    m.n = m.n + 1

S = Scenario("x", {"n": 0}, (Thread(inc), Thread(inc)), (always("small", lambda m: m.n < 3),))
"""
LOOP = ('    yield locked("xchg", "n")\n    m.n = m.n + 1\n', '    while True:\n        yield "look"\n        old = m.n\n        yield conditional("cmpxchg", "n")\n        if m.n == old:\n            m.n = old + 1\n            return\n')  # fmt: skip
STATUS = """
def put(m):
    err = yield from tdh_phymem_pamt_remove(m, 0)
    yield "next"
    m.n = 1

S = Scenario("c", {"n": 0, "pair": {0: True}, "users": {0: 0}}, (Thread(put),), HANDS[:1], constants={"remove_may_fail": False})
"""
UNSEEN = r"^line 18 of put: tdh_phymem_pamt_remove\(m, 0\): its status is kept in err, and nobody looks at it; faults=remove-fails asks"
METHOD = """
class Device:
    def __init__(self, name):
        self.name = name
    def open(self, m):
        yield locked("atomic_inc", "n")
        m.n += 1

S = Scenario("dev", {"n": 0}, (Thread(Device("x").open), Thread(Device("y").open)), (at_end("two", lambda m: m.n == 2),))
"""
LAMBDAS = """
def t(m, k):
    yield locked("atomic_add", "n")
    m.n += k

S = Scenario("la", {"n": 0}, (Thread(lambda m: t(m, 1)), Thread(lambda m: t(m, 2))), (at_end("three", lambda m: m.n == 3),))
"""
LATE = ("t(m, 1)", "t(m, 1 if m else (lambda: m.n)())")
ROWS = {
    "an answer kept too late": (ANSWERS, "violation", r"; atomic_dec_and_test is over where another variable is touched: keep what it gives back before that", OLD, "ok", ""),
    "another variable in between": (BETWEEN, "violation", r"; atomic_fetch_add is over where another variable is touched: touch that one before it or after it$", ("    m.k = 1\n    m.n = old + 1\n", "    m.n = old + 1\n    m.k = 1\n"), "ok", ""),
    "a try that does not let go": (TRIES, "ok", "orders of locks that could meet: l.0. before l.1.", (TRIES, BACKS_OFF), "ok", ""),
    "a lock that is counted": (SEMAPHORE.replace("if m.sem < 2", "if True"), "ok", r"^line \d+ of t: it takes sem where that is taken too, so several have it at once; where only one may, look first and write True$", ("if True", "if m.sem < 2"), "ok", ""),
    "a GFP that sleeps": (ATOMIC.replace("GFP_ATOMIC", "GFP_KERNEL"), "violation", "the rule: nobody may sleep under a spinlock", ("GFP_KERNEL", "GFP_NOWAIT"), "ok", ""),
    "a mutex by its name": (MUTEX.replace("mutex_", "spin_"), "violation", "the rule: nobody may sleep under a spinlock", ("spin_lock", "mutex_lock"), "ok", r"mutex_lock\(mx\): it may sleep, so mx counts as a mutex: MUTEXES = "),
    "an owner that lets go of another's": (CPUS.replace("if m.l is None", "if True"), "violation", "", ("if True", "if m.l is None"), "ok", ""),
    "an owner that takes twice": (CPUS.replace('    yield "n"\n', '    yield lock("cmpxchg", "l")\n    m.l = me\n    yield "n"\n'), "violation", "the rule: a lock must not be taken by who holds it", ('    yield lock("cmpxchg", "l")\n    m.l = me\n', ""), "ok", ""),
    "two upgraders": (UPGRADES.replace("Thread(reader)", "Thread(upgrader)"), "deadlock", "waits for rw", ("Thread(upgrader))", "Thread(reader))"), "ok", ""),
    "a reader that writes": (UPGRADES.replace("if m.rw == 1:", "if m.rw == 0:"), "violation", "the rule: a lock must not be taken by who holds it", ("m.rw == 0:", "m.rw == 1:"), "ok", ""),
    "an exchange of what it finds": (EXCHANGES, "ok", r"^line 18 of inc: xchg\(n\) stores what depends on what it finds, and knows it before: that is more than one instruction; look in a step before, then yield conditional\(\"cmpxchg\", \"n\"\)", LOOP, "ok", ""),
    "a compare of nothing": (EXCHANGES.replace("xchg", "cmpxchg"), "ok", r"cmpxchg\(n\) stores over several values, and compares with one", ('"cmpxchg"', '"atomic_inc"'), "ok", ""),
    "a status kept": (STATUS, "ok", UNSEEN, ("    m.n = 1", "    m.n = err"), "ok", ""),
    "a status kept in a loop": (STATUS.replace("    err", "    for _ in range(1):\n        err"), "ok", "its status is kept in err", ("        err", "        if _ and err:\n            return\n        err"), "ok", ""),
    "a status looked at on its line": (STATUS.replace("0)\n    yield", "0); print\n    yield"), "ok", "its status is kept in err", ("; print", "; m.tell(str(err))"), "ok", ""),
    "a method": (METHOD.replace('locked("atomic_inc", "n")', '"n"'), "violation", r"of open: its store of n", ('"n"\n        m.n', 'locked("atomic_inc", "n")\n        m.n'), "ok", ""),
    "a lambda": (LAMBDAS.replace(*LATE), "ok", r"never executed: part of line 21 of the lambda in line 21", LATE[::-1], "ok", ""),
}  # fmt: skip
QUIET = {"owner": OWNER, "CPU 0": CPUS, "semaphore": SEMAPHORE, "upgrade": UPGRADES, "backs off": BACKS_OFF, "lambda": LAMBDAS, "a reader that says conditional": UPGRADES.replace('lock("read_lock"', 'conditional("read_lock"'), "method": METHOD, "atomic": ATOMIC, "xchg": OWNER.replace("cmpxchg", "xchg")}  # fmt: skip


def said(text):
    result = judge(scenario(text)).result
    return result, str(result)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_wrong_code_is_told_why_and_its_twin_is_not(name):
    text, verdict, says, change, other, twin_says = ROWS[name]
    result, told = said(text)
    assert result.verdict == verdict and re.search(says, told, re.MULTILINE), told
    assert change[0] in text
    twin, more = said(text.replace(*change, 1))
    assert twin.verdict == other or other is None, more
    assert re.search(twin_says, more, re.MULTILINE) if twin_says else not says or not re.search(says, more, re.M), more


@pytest.mark.slow
@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_said_against_right_code(name):
    result, told = said(QUIET[name])
    assert (result.verdict, result.orders, result.unrun) == ("ok", (), ()), told
    assert [r for r in result.remarks if "more than one load or store" not in r] == []
    made = scenario(QUIET[name])
    assert explore(made, "none").states == explore_readably(made).states


@pytest.mark.slow
def test_a_search_that_is_bounded_is_taken_apart_within_the_same_bound():
    assert explore(scenario(GROWS), bound=40).verdict == "bounded"
    found = judge(scenario(GROWS), bound=40).result
    assert (found.verdict, found.property, found.scenario) == ("violation", "alone", "g+split")
    once = GROWS.replace('yield "take"', 'yield conditional("test_and_set_bit", "taken")').replace("takes(m):\n", "takes(m):\n    yield 'x'\n    m.k = m.k\n")  # fmt: skip
    both = judge(scenario(once), bound=40).result
    assert (both.verdict, both.scenario) == ("bounded", "g")
    assert any("taken apart, there is no end to it within the bound" in remark for remark in both.remarks)


SLIPS = {
    "keyed, counted down": ("m.l -= 1", "line 19 of t: m.l: it is keyed, and what it holds is under its keys; write m.l[0]"),
    "keyed, called": ("m.l(0)", "line 19 of t: m.l: it is keyed, and what it holds is under its keys; write m.l[0]"),
    "without m.": ("l[0] -= 1", "line 19 of t: l is a shared variable; write m.l"),
    "without m., a local": ("n += 1", "line 19 of t: n is a shared variable; write m.n"),
    "the word for its name": ("yield from spin_lock(m, m.s)", 'line 19 of t: spin_lock(False): what it works on is given by its name; write the name as a text, like "pamt_lock"'),
    "the word for the memory": ("yield from spin_lock(m.s, 's')", "line 19 of t: s is asked of False, and m has it; give m itself, as in spin_lock(m)"),
    "a cache": ("while not cached(m, 0):\n        yield 'again'", "cached is cached, and answers from an earlier step: take the cache away"),
}  # fmt: skip
SLIP = """
def t(m):
    yield "x"
    BODY

def sets(m):
    yield "set"
    m.n = 1

S = Scenario("b", {"n": 0, "s": False, "l": {0: False}}, (Thread(t), Thread(sets)))

@lru_cache(None)
def cached(m, k):
    return m.n
"""


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_of_python_is_told_with_what_to_write(name):
    body, says = SLIPS[name]
    with pytest.raises(ModelError) as error:
        judge(scenario(SLIP.replace("BODY", body)))
    assert str(error.value).endswith(says)


def sets(m):
    yield "x"
    m.lock = True


def test_one_name_alone_is_no_row_of_letters():
    made = Scenario("b", {"lock": False}, Thread(sets), always("x", lambda m: True), locks="lock", mutexes="lock")
    assert (made.locks, made.mutexes) == (("lock",), ("lock",))
    with pytest.raises(ModelError, match=r"write \(Thread\(sets\),\)$"):
        Scenario("b", {"lock": False}, (sets,))


def test_an_allocation_says_in_its_words_whether_it_sleeps():
    assert [alloc(*a).sleeps for a in (("kmalloc",), ("kmalloc", "8, GFP_ATOMIC"), ("f", "", "f(GFP_NOWAIT)"))] == [
        True,
        False,
        False,
    ]


CACHE = """
from tdxkit.linux.refcount.module import ENOMEM, alloc_pages, free_pages, keep_pages, pamt_add, take_kept, tdh_phymem_pamt_add
from tdxkit.linux.refcount.own import of_programs

def get(m, region):
    yield from spin_lock(m)
    have = yield from take_kept(m, "cache")
    yield from spin_unlock(m)
    if not have:
        have = yield from alloc_pages(m)
    if not have:
        return ENOMEM
    yield from spin_lock(m)
    yield locked("atomic_inc_return", "refcount")
    m.refcount[region] += 1
    first = m.refcount[region] == 1
    if first and (yield from tdh_phymem_pamt_add(m, region)):
        m.tell("never asked")
    yield from spin_unlock(m)
    if not first:
        yield from free_pages(m)
    return 0

def put(m, region):
    yield from spin_lock(m)
    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if not m.refcount[region] and not (yield from tdh_phymem_pamt_remove(m, region)):
        yield from keep_pages(m, "cache")
    yield from spin_unlock(m)

S = of_programs(put, get, shared={"cache": 0}, threads=2, rounds=2)
"""
UNLOCKED = [
    ('    yield from spin_lock(m)\n    have = yield from take_kept(m, "cache")\n    yield from spin_unlock(m)\n', '    have = yield from take_kept(m, "cache")\n'),
    ('        yield from keep_pages(m, "cache")\n    yield from spin_unlock(m)\n', '        yield from spin_unlock(m)\n        yield from keep_pages(m, "cache")\n        return\n    yield from spin_unlock(m)\n'),
]  # fmt: skip


@pytest.mark.slow
def test_a_cache_of_pages_keeps_them_from_being_lost_where_a_lock_keeps_it():
    right = judge(scenario(CACHE)).result
    assert (right.verdict, [r for r in right.remarks if "more than one" not in r]) == ("ok", [])
    for change in UNLOCKED:
        wrong = judge(scenario(CACHE.replace(*change, 1))).result
        assert wrong.property == "a cache of pages must be as it was seen when it is written", str(wrong)
    forgets = judge(scenario(CACHE.replace('keep_pages(m, "cache")', "nothing(m)") + "\n\ndef nothing(m):\n    yield 'x'\n")).result  # fmt: skip
    assert forgets.property == "no page may be lost"


TOKENS = """
class Task: pass
A, B = Task(), Task()

def owns(m, me):
    yield "owner = current"
    m.owner = me
    yield "am I still the owner?"
    m.must("still mine", m.owner is me)

S = Scenario("c", {"owner": None}, (Thread(owns, (A,)), Thread(owns, (B,))), (must("still mine"),))
"""


def test_a_code_does_not_know_where_an_object_lies():
    one, other = scenario(TOKENS), scenario(TOKENS)
    assert explore(one).schedule == explore(other).schedule
