"""Lock words: what each says, and who holds what after a step that wrote some; rules about locks, one step at a time."""

import pytest

from tdxkit.explore.holding import held_after, more_than, weight, word
from tdxkit.explore.rules import (
    NO_LEFT,
    NO_RELOCK,
    NO_SLEEP,
    NO_SLEEP_IN_IRQ,
    NO_STEAL,
    UNLOCK_BY_HOLDER,
    Step,
    each_step,
    finished,
    locked_wrong,
    mutexes_of,
    noted_wrong,
)
from tdxkit.kinds import Act, lock, sleep

L, M = 4, 2  # slots of two locks


@pytest.mark.parametrize(
    ("said", "taken"), [(False, 0), (True, 1), (0, 0), (3, 3), (-1, 1), (None, 0), ("CPU 0", 1), ("", 0), ((), 0)]
)
def test_how_taken_a_word_is(said, taken):
    assert weight(said) == taken


def test_of_a_word_that_begins_with_none_everything_else_is_taken():
    assert (word(None, 0), word(None, None), word(False, 0), word(0, 7)) == (True, False, 0, 7)


@pytest.mark.parametrize(
    ("before", "writes", "after"),
    [
        ((), [(L, False, True)], (L,)),
        ((), [(L, 0, 1), (M, 0, 1)], (M, L)),  # in the order of their slots
        ((M,), [(L, 0, 1)], (M, L)),
        ((L,), [(L, 1, 2)], (L, L)),  # a reader once more
        ((L, L), [(L, 2, 1)], (L,)),
        ((L, L), [(L, 2, 0)], ()),
        ((L,), [(L, 3, 2)], ()),  # the others still read
        ((M,), [(L, 3, 2)], (M,)),  # another's share
        ((L,), [(L, 1, 1)], (L,)),
        ((L,), [(L, True, False)], ()),
        ((), [(L, True, False)], ()),
        ((L,), [(L, 1, -1)], (L,)),  # a reader becomes the writer
    ],
)
def test_what_is_held_after_a_step(before, writes, after):
    assert held_after(before, writes) == after


def test_others_hold_it_too_where_the_word_is_heavier_than_ones_own_share():
    assert [more_than((L,), L, n) for n in (0, 1, 2)] == [False, False, True]
    assert more_than((M,), L, 1) and not more_than((L, L), L, 2)


WORDS = Act("x")


def step(label=WORDS, held=(), left=(), looked=(), alone=(), words=(), waits=False, irq=False):
    return Step(label, held, left, looked, alone, words, waits, irq)


SPIN = lock("spin_lock", "L")
CASES = {
    "nothing": (step(), ()),
    "lets go of its own": (step(held=(L,), words=[(L, True, False)]), ()),
    "lets go of anothers": (step(words=[(L, True, False)]), (UNLOCK_BY_HOLDER,)),
    "lets go of a free one": (step(words=[(L, False, False)]), (UNLOCK_BY_HOLDER,)),
    "takes anothers share away": (step(words=[(L, 2, 1)]), (UNLOCK_BY_HOLDER,)),
    "takes a free one": (step(words=[(L, False, True)]), ()),
    "one more reader": (step(words=[(L, 1, 2)]), ()),
    "waits for its own": (step(SPIN, held=(L,), looked=(L,), alone=(L,), waits=True), (NO_RELOCK,)),
    "looks at more, says lock": (step(SPIN, held=(L,), looked=(L, 9), alone=(L,), waits=True), (NO_RELOCK,)),
    "waits in words": (step(held=(L,), looked=(L,), alone=(L,), waits=True), (NO_RELOCK,)),
    "looks at more, in words": (step(held=(L,), looked=(L, 9), alone=(L,), waits=True), ()),
    "a load of it": (step(Act("load", "load"), held=(L,), looked=(L,), alone=(L,), waits=True), ()),
    "waits for readers": (step(SPIN, held=(L,), looked=(L,), waits=True), ()),
    "goes on": (step(SPIN, held=(L,), looked=(L,), alone=(L,)), ()),
    "writes its own over": (step(held=(L,), words=[(L, True, True)]), (NO_RELOCK,)),
    "becomes the writer": (step(held=(L,), words=[(L, 1, -1)]), ()),
    "writes anothers over": (step(words=[(L, True, True)]), (NO_STEAL,)),
    "writes anothers over and waits": (step(words=[(L, True, True)], waits=True), ()),
    "ends with one": (step(held=(L,), left=(L,)), (NO_LEFT,)),
    "sleeps": (step(sleep("msleep")), ()),
    "sleeps with a spinlock": (step(sleep("msleep"), held=(L,)), (NO_SLEEP,)),
    "sleeps with a mutex": (step(sleep("msleep"), held=(M,)), ()),
    "sleeps in an interrupt": (step(sleep("msleep"), irq=True), (NO_SLEEP_IN_IRQ,)),
    "interrupted": (step(irq=True, held=(L,)), ()),
    "takes a mutex": (step(lock("mutex_lock", "M"), held=(L,), words=[(M, False, True)]), (NO_SLEEP,)),
    "takes a mutex at once": (step(lock("mutex_trylock", "M"), held=(L,), words=[(M, False, True)]), ()),
    "lets go of a mutex": (step(held=(M, L), words=[(M, True, False)]), ()),
    "a mutex in a mutex": (step(lock("mutex_lock", "M"), held=(M,), words=[(M, 1, 2)]), ()),
}


@pytest.mark.parametrize("name", CASES)
def test_the_rules_about_locks_of_one_step(name):
    made, broken = CASES[name]
    assert locked_wrong(made, frozenset({M})) == broken


def test_a_mutex_is_known_by_who_takes_it():
    took, gave, same = [(L, False, True)], [(L, True, False)], [(L, 1, 1)]
    assert mutexes_of(lock("mutex_lock", "L"), took) == {L}
    assert not mutexes_of(lock("mutex_lock", "L"), gave) and not mutexes_of(lock("mutex_lock", "L"), same)
    assert not mutexes_of(SPIN, took)


def test_notes_are_judged_when_they_change_and_at_the_end():
    rules = (each_step("few", "n", lambda n: n < 2), finished("none", "n", lambda n: not n))
    assert noted_wrong(rules, {"n": 1}, {"n": 2}, False) == ("few",)
    assert noted_wrong(rules, {"n": 2}, {"n": 2}, False) == ()  # told when it came to that
    assert noted_wrong(rules, {"n": 1}, {"n": 1}, True) == ("none",)
    assert noted_wrong(rules, {"n": 1}, {"n": 0}, True) == ()
    assert noted_wrong(rules, {"n": 1}, {"n": 2}, True) == ("few", "none")
