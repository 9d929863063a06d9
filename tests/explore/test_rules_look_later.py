"""A rule's look at what the access before it has not touched is a load of its own, and later: so is a WARN_ON() in C."""

import pytest

from tdxkit.explore import Scenario, Thread, at_end, must
from tdxkit.explore.judging import judge
from tdxkit.kinds import conditional, free, load, locked, seamcall, store, unlock
from tdxkit.linux.refcount.module import spin_lock, spin_unlock

ALIVE = (must("alive"),)
LATER = "a rule's look is a load too"


def judged(*programs, shared, rules=ALIVE, **more):
    return judge(Scenario("s", {"alive": True, **shared}, tuple(map(Thread, programs)), rules, **more)).result


def reads(m):
    yield load("rcu_dereference", "ptr")
    if m.ptr:
        m.must("alive", m.alive)


def asserts(m):
    yield load("rcu_dereference", "ptr")
    p = m.ptr
    if p:
        assert m.alive, "alive"


def reads_in_a_section(m):
    yield locked("rcu_read_lock", "readers")
    m.readers += 1
    yield load("rcu_dereference", "ptr")
    if m.ptr:
        m.must("alive", m.alive)
    yield locked("rcu_read_unlock", "readers")
    m.readers -= 1


def frees(m):
    yield store("rcu_assign_pointer", "ptr, NULL")
    m.ptr = 0
    while True:
        yield load("synchronize", "readers")
        if not m.readers:
            break
    yield free("kfree")
    m.alive = False


def drops(m):
    yield locked("atomic_dec_and_test", "n")
    m.n -= 1
    if m.n:
        m.must("alive", m.alive)
        return
    yield free("kfree")
    m.alive = False


def completes(m):
    yield store("complete", "done")
    m.done = 1
    m.must("alive", m.alive)


def waits(m):
    while True:
        yield load("done")
        if m.done:
            break
    yield free("the stack goes")
    m.alive = False


def lets_go_then_looks(m):
    yield from spin_lock(m, "l")
    yield load("listed")
    found = m.listed
    yield from spin_unlock(m, "l")
    if found:
        m.must("alive", m.alive)


def lets_go_itself(m):
    yield from spin_lock(m, "l")
    yield load("listed")
    found = m.listed
    yield unlock("spin_unlock", "l")
    m.l = False
    if found:
        m.must("alive", m.alive)


def looks_then_lets_go(m):
    yield from spin_lock(m, "l")
    yield load("listed")
    if m.listed:
        m.must("alive", m.alive)
    yield from spin_unlock(m, "l")


def kills(m):
    yield from spin_lock(m, "l")
    yield store("list_del", "listed")
    m.listed = False
    yield from spin_unlock(m, "l")
    yield free("kfree")
    m.alive = False


RCU = {"ptr": 1, "readers": 0}
LOCKED = {"shared": {"l": False, "listed": True}, "locks": ("l",)}


@pytest.mark.parametrize(
    ("programs", "more", "wrong"),
    [
        ((reads, frees), {"shared": RCU}, True),
        ((asserts, frees), {"shared": RCU}, True),
        ((reads_in_a_section, frees), {"shared": RCU}, False),
        ((drops, drops), {"shared": {"n": 2}}, True),
        ((completes, waits), {"shared": {"done": 0}}, True),
        ((lets_go_then_looks, kills), LOCKED, True),
        ((lets_go_itself, kills), LOCKED, True),
        ((looks_then_lets_go, kills), LOCKED, False),
    ],
    ids=lambda value: value[0].__name__ if isinstance(value, tuple) else None,
)
def test_what_a_rule_looks_at_may_have_changed(programs, more, wrong):
    found = judged(*programs, **more)
    if wrong:
        assert found.property == "alive" and any(LATER in remark for remark in found.remarks)
    else:
        assert found.verdict == "ok" and not found.remarks


def writes_one(m):
    yield "n = 1"
    m.n = 1
    m.must("it is 1", m.n == 1)


def writes_two(m):
    yield "n = 2"
    m.n = 2
    m.must("it is 1 or 2, and alive", m.n in (1, 2) and m.alive)


def test_a_rule_about_what_was_just_touched_is_that_moment_and_a_rule_is_one_moment():
    both = (must("it is 1"), must("it is 1 or 2, and alive"))
    assert judged(writes_one, writes_two, shared={"n": 0}, rules=both).verdict == "ok"
    fits = judged(raises, lowers, shared={"n": 0, "pair": 0}, rules=(must("they fit"),))
    assert fits.verdict == "ok"


def raises(m):
    yield "first pair"
    m.pair = 1
    yield "then n"
    m.n = 1
    m.must("they fit", not m.n or m.pair)  # looked at later as one: never n of now and pair of then


def lowers(m):
    while True:
        yield load("n")
        if m.n:
            break
    yield "first n"
    m.n = 0
    yield "then pair"
    m.pair = 0


def takes_unless_zero(m):
    yield conditional("atomic_inc_not_zero", "n")
    if m.n:
        m.must("alive", m.alive)
        m.n += 1


def drops_and_looks(m):
    yield locked("atomic_dec_and_test", "n")
    m.n -= 1
    m.must("alive", m.alive)
    if m.n == 0:
        m.last += 1


def fails_to_take(m):
    yield conditional("atomic_inc_not_zero", "n")
    if not m.n:
        m.must("alive", m.alive)
        return
    m.n += 1


def dies_after_the_last(m):
    yield locked("atomic_dec_and_test", "n")
    m.n -= 1
    if m.n == 0:
        yield free("kfree")
        m.alive = False


def in_the_module(m):
    yield seamcall("TDH.X", "owner")
    if m.owner == 0:
        m.must("alive", m.alive)
        m.owner = 1
        m.count += 1


def test_an_instruction_with_a_rule_in_its_middle_is_still_one():
    assert judged(takes_unless_zero, takes_unless_zero, shared={"n": 1}, rules=(*ALIVE, three)).verdict == "ok"
    rules = (*ALIVE, at_end("once", lambda m: m.last == 1))
    assert judged(drops_and_looks, drops_and_looks, shared={"n": 2, "last": 0}, rules=rules).verdict == "ok"
    rules = (*ALIVE, at_end("once", lambda m: m.count == 1))
    assert judged(in_the_module, in_the_module, shared={"owner": 0, "count": 0}, rules=rules).verdict == "ok"
    assert judged(fails_to_take, dies_after_the_last, shared={"n": 1}).property == "alive"


three = at_end("three", lambda m: m.n == 3)


def tells_what_was_there(m):
    yield locked("atomic_inc", "n")
    m.n += 1
    m.tell(f"now there are {m.n}, and it is {m.alive}")
    yield locked("atomic_inc", "n")
    seen = m.n
    m.tell(f"there were {m.n}")
    m.n = seen + 1


def test_a_sentence_is_no_look_of_an_instruction():
    both = (at_end("both", lambda m: m.n == 4),)
    found = judged(tells_what_was_there, tells_what_was_there, shared={"n": 0}, rules=both)
    assert found.verdict == "ok" and not found.remarks
