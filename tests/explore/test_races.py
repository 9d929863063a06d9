"""Data races as KCSAN tells them: which pairs of lines are told, which are not, and that the verdict stays what it is."""

import pytest

from tdxkit.explore import Scenario, Thread, explore
from tdxkit.explore.judging import judge
from tdxkit.kinds import load, lock, locked, store, unlock
from tdxkit.linux.refcount import names, scenario
from tdxkit.seam.scenes import EMPTY, PAIR, world_at
from tdxkit.seam.threads import together


def plain_inc(m):
    yield "users++"
    m.users += 1


def plain_store(m):
    yield "users = 1"
    m.users = 1


def plain_load(m):
    yield "seen = users"
    seen = m.users  # noqa: F841


def once_load(m):
    yield load("READ_ONCE", "users")
    seen = m.users  # noqa: F841


def once_store(m):
    yield store("WRITE_ONCE", "users")
    m.users = 2


def data_race_load(m):
    yield load("data_race", "users")
    seen = m.users  # noqa: F841


def atomic(m):
    yield locked("atomic_inc", "users")
    m.users += 1


def under_lock(m):
    yield lock("spin_lock", "l")
    while m.l:
        yield lock("spin_lock", "l")
    m.l = True
    yield from plain_inc(m)
    yield unlock("spin_unlock", "l")
    m.l = False


def two(first, second):
    """The scenario of these two programs on one variable and one lock."""
    return Scenario("two", {"users": 0, "l": False}, (Thread(first), Thread(second)), locks=("l",))


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (plain_store, plain_store, [("plain store", "plain store")]),
        (plain_store, plain_load, [("plain load", "plain store")]),
        (plain_store, once_load, [("marked load", "plain store")]),
        (plain_load, once_store, [("marked store", "plain load")]),
        (plain_store, atomic, [("marked store", "plain store")]),
        (plain_store, data_race_load, []),
        (plain_load, plain_load, []),
        (once_store, once_load, []),
        (once_store, atomic, []),
    ],
)
def test_which_pairs_are_told(first, second, told, memory):
    result = explore(two(first, second), memory=memory)
    assert result.verdict == "ok" and result.memory == memory
    assert len(result.races) == len(told)
    for sentence, kinds in zip(result.races, told):
        assert sentence.startswith("data race on users: ") and all(f"(a {kind})" in sentence for kind in kinds)
        assert all(f"of {program.__name__}" in sentence for program in (first, second))
    assert result.as_json()["races"] == list(result.races) and all(race in str(result) for race in result.races)


def test_two_unlocked_users_and_one_beside_a_once_are_told_with_both_lines():
    both, beside = judge(two(plain_inc, plain_inc)).result, judge(two(plain_inc, once_load)).result
    line = plain_inc.__code__.co_firstlineno + 1
    assert both.races and all(f"line {line} of plain_inc" in race for race in both.races)
    assert any(f"line {line} of plain_inc" in race and "of once_load (a marked load)" in race for race in beside.races)


def test_under_a_common_lock_none_is_told():
    assert judge(two(under_lock, under_lock)).result.races == ()
    assert judge(two(under_lock, plain_load)).result.races


def test_of_two_calls_of_the_module_none_is_told():
    calls = [("TDH.PHYMEM.PAMT.ADD", {"rcx": EMPTY | 1, "rdx": PAIR[0] + i, "r8": PAIR[1] + i}) for i in (0, 0x1000)]
    both = together(world_at("ready").module, calls)
    plain, tso = explore(both, "none"), explore(both, "none", memory="tso")
    assert plain.races == tso.races == () and plain.verdict == tso.verdict and tso.states > plain.states


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_of_shipped_designs_none_is_told(name):
    assert explore(scenario(name)).races == ()


def under_lock_in_words(m):
    yield "take l"
    while m.l:
        yield "take l once more"
    m.l = True
    yield from plain_inc(m)
    yield "let go of l"
    m.l = False


def test_the_word_of_a_declared_lock_is_the_locks_own_business():
    assert explore(two(under_lock_in_words, under_lock_in_words)).races == ()
