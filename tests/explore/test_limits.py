"""Limits reached exactly: at the limit all is as before, one beyond it something is said. And what a limit is where nobody says a number."""

import ast
import inspect

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import (
    audit,
    closing,
    declared,
    dice,
    foreseen,
    guard,
    livelock,
    logged,
    outside,
    place,
    program,
    running,
    schedule,
    shrinking,
    space,
    split,
    tables,
    values,
    visit,
    waiting,
)
from tdxkit.explore.closing import discard
from tdxkit.explore.dice import stress, walk, walks
from tdxkit.explore.engine import World
from tdxkit.explore.judging import judge
from tdxkit.explore.moves import first, one_by_one
from tdxkit.explore.names import Names
from tdxkit.explore.outside import Outside
from tdxkit.explore.program import COUNTERS, Thread
from tdxkit.explore.reachable import graph
from tdxkit.explore.running import request
from tdxkit.explore.search import explore
from tdxkit.explore.shortest import Way
from tdxkit.explore.space import LONGEST_FUSE, Space, Turn
from tdxkit.explore.tables import Tables
from tdxkit.explore.values import MOST, WHOLE, WIDEST, frozen
from tdxkit.kinds import locked
from tests.explore.small_programs import one, steps
from tests.house import Housed


def test_limits_that_decide_what_is_answered():
    known = {
        guard: {"INSTRUCTIONS": 1_000_000, "SECONDS": 10},
        declared: {"MAX_THREADS": 15},
        place: {"DEEPEST": 100},
        outside: {"LARGEST": 20_000},
        program: {"BOUND": 1_000_000, "OWN_BOUND": 50_000, "COUNTERS": 3},
        running: {"MOST_CHOICES": 1_000},
        schedule: {"MAX_STEPS": 20_000, "MAX_TEXT": 20_000, "LONGEST_NAME": 40, "TEXT_DIGITS": 8},
        values: {"LONGEST": 10_000, "MOST": 1_000, "WIDEST": 65_536, "WHOLE": 10_000},
        split: {"LONGEST": 2_000},
        logged: {"MOST": 64},
        dice: {"LONGEST": 10_000},
        tables: {"AGAIN": 500_000, "KEPT": 500_000},
        foreseen: {"MOST": 20_000},
        livelock: {"PATIENCE": 20_000},
        shrinking: {"TRIES": 3000, "LONGEST": 20_000},
        audit: {"ROUNDS": 2, "LONGEST": 300},
        waiting: {"LONGEST_ROUND": 1000},
        space: {"LONGEST_FUSE": 30, "SHARED_BITS": 24},
        visit: {"TICK": 256},
    }
    for module, limits in known.items():
        assert {name: getattr(module, name) for name in limits} == limits, module.__name__


@pytest.mark.parametrize(
    ("function", "known"),
    [
        (stress, {"runs": 1000, "seed": 1, "stay": 0.0}),
        (walk, {"limit": 10_000, "stay": 0.0}),
        (walks, {"limit": 10_000, "stay": 0.0}),
        (graph, {"limit": 5000, "along": (), "ahead": False}),
        (one_by_one, {"limit": 2000}),
        (explore, {"fewest_switches": False, "whole": True, "count": False, "bound": None, "memory": None}),
        (judge, {"lines": False}),
    ],
)
def test_what_is_meant_where_nobody_says(function, known):
    given = inspect.signature(function).parameters
    assert {name: given[name].default for name in known} == known


def ever(m):
    while True:
        yield locked("atomic_xor", "n")
        m.n = 1 - m.n


def test_one_after_the_other_goes_on_for_so_long():
    counted = Tables(one(Housed(ever), Housed(ever)))
    assert [len(list(one_by_one(counted, False, limit))) for limit in (0, 1, 7)] == [0, 1, 7]
    assert len(list(one_by_one(counted, False))) == 2000


def many(length):
    return one(Housed(steps, (length,)))


def test_a_run_that_takes_as_many_steps_as_it_may_has_not_ended_yet():
    assert walk(many(3), 1, limit=4).ended and len(walk(many(3), 1, limit=4).steps) == 3
    assert not walk(many(3), 1, limit=3).ended and len(walk(many(3), 1, limit=3).steps) == 3


def thread(k):
    return Housed(steps, (1,), f"CPU number {k}")


def test_so_many_threads_and_no_more():
    assert len(one(*map(thread, range(15))).actors) == 15
    for wrong in (0, 16):
        with pytest.raises(InputError, match=f"one with {wrong} threads: a scenario has 1 to 15 threads"):
            one(*map(thread, range(wrong)))


def test_the_number_of_threads_is_looked_at_before_the_memory():
    with pytest.raises(InputError, match="one with 0 threads"):
        one(memory="arm")
    with pytest.raises(InputError, match="memory arm: there are sc and tso; use one of these"):
        one(thread(0), memory="arm", locks=("missing",))


def test_the_program_of_a_thread_is_looked_at_before_its_arguments():
    with pytest.raises(ModelError, match=r"Thread\(3\): it runs a program"):
        Thread(3, [1])
    with pytest.raises(ModelError, match=r"arguments \[1\]: they are a tuple"):
        Thread(steps, [1])


def test_values_and_all_that_is_in_them():
    assert frozen((0,) * MOST, "n") and frozen(((0,) * MOST,) * 9 + ((0,) * (MOST - 10),), "n")
    with pytest.raises(ModelError, match="n holds more than 10,000 items in all: every state is kept, so the limit is"):
        frozen(((0,) * MOST,) * 9 + ((0,) * (MOST - 9),), "n")
    assert frozen((1 << WIDEST) - 1, "n") and frozen(-(1 << WIDEST) + 1, "n") and WHOLE == 10 * MOST


def test_choices_are_as_many_as_they_may_be():
    assert len(request(("a", tuple(range(1000))), steps(None, 1))[1]) == 1000


def nested(depth):
    """A program that runs itself so deep."""

    def dive(m, left):
        if left > 1:
            yield from dive(m, left - 1)
        else:
            yield "at the bottom"

    return one(Thread(dive, (depth,)))


def test_programs_run_programs_so_deep_and_no_deeper():
    assert explore(nested(100)).verdict == "ok"
    with pytest.raises(ModelError, match="programs run programs 100 deep, and every state keeps them all"):
        explore(nested(101))


def test_so_much_outside_is_watched_and_no_more(monkeypatch):
    monkeypatch.setattr(outside, "LARGEST", 5)
    for size in (5, 6):
        held = [[] for _ in range(size)]  # the list itself is one more
        if size == 5:
            assert len(held) and Outside([held]).check() is None and id(held[-1]) in Outside([held])
        else:
            with pytest.raises(ModelError, match="it reaches more than 5 things outside m"):
                Outside([held]).settle()


def test_rows_for_the_first_numbers_only():
    names = [f"n{k}" for k in range(COUNTERS + 1)]
    made = one(Housed(steps, (1, "n0")), shared=dict.fromkeys(names, 0))
    assert [row.key for row in made.counters] == names[:COUNTERS]


def thinks(m, times):
    for _ in range(times):
        yield "think"
    m.n = 1


def test_steps_are_taken_together_up_to_a_limit():
    made = Space(Tables(one(Housed(thinks, (2 * LONGEST_FUSE,)))), True)
    (edge,) = made.edges(made.first().sid, made.first().lids[0])
    assert len(edge.choices) == LONGEST_FUSE


class Clings:
    """A program that yields again so often when it is closed."""

    def __init__(self, times):
        self.left = times
        self.made = self.run()
        next(self.made)

    def run(self):
        while self.left >= 0:
            try:
                yield 1
            finally:
                self.left -= 1
                if self.left >= 0:
                    continue  # noqa: B012


def test_a_program_that_clings_is_closed_as_often_as_that_takes(monkeypatch):
    monkeypatch.setattr(closing, "TRIES", 4)
    held = Clings(3)
    discard(held.made, True)
    assert held.made.gi_frame is None
    held = Clings(4)
    discard(held.made, True)
    assert held.made.gi_frame is not None
    discard(held.made, True)
    assert held.made.gi_frame is None


def goes_round(m, length):
    """Comes back to where it stood after so many steps."""
    while True:
        for number in range(length):
            yield f"step {number}"


def test_a_round_is_told_calmly_where_it_is_not_too_long(monkeypatch):
    monkeypatch.setattr(waiting, "LONGEST_ROUND", 5)
    for length, told in ((5, 5), (6, 0)):
        going = Tables(one(Housed(goes_round, (length,))))
        assert len(waiting._one_by_one(going, first(going), [0])) == told
        assert [len(part) for part in waiting.round_from(going, first(going))] == [0, length]


def test_an_end_is_looked_for_in_so_many_states():
    made = Space(Tables(one(Housed(goes_round, (5,)))), False)
    assert [livelock.no_end(made, made.first(), patience) for patience in (3, 4, 5)] == [False, False, True]
    assert not livelock.no_end(made, made.first(), 0)


def test_the_tables_are_compared_with_so_many_runs_of_so_many_steps(monkeypatch):
    runs = []
    run_step = audit.World.run_step
    monkeypatch.setattr(audit, "World", lambda scenario: runs.append([]) or World(scenario))
    monkeypatch.setattr(World, "run_step", lambda *given: runs[-1].append(1) or run_step(*given))
    for thread, expected in ((Housed(goes_round, (2,)), [300]), (Thread(goes_round, (2,)), [300, 300])):
        runs.clear()
        audit.audit(Tables(one(thread)))
        assert [len(run) for run in runs] == expected
    runs.clear()
    audit.audit(Tables(one(Housed(goes_round, (2,)))), ((0, 0), (0, 0)))
    assert [len(run) for run in runs] == [300, 2]


def chained():
    a = 1
    b = a
    c = b
    d = c
    e = d
    return a, b, c, d, e


def test_what_a_name_stands_for_is_followed_so_far():
    names = Names(chained)
    assert [names.value(ast.Name(name)) for name in "abcde"] == [[1], [1], [1], [1], []]
    assert [names.value(ast.Constant(7), depth) for depth in (0, 1)] == [[], [7]]
    for inner in (ast.Starred(ast.Name("a")), ast.Starred(ast.List([ast.Name("a")]))):
        assert names.value(inner, 1) == [], "what is in it is one further"
    assert names.value(ast.Starred(ast.List([ast.Constant(3), ast.Constant(4)])), 2) == [3, 4]
    assert names.value(ast.IfExp(ast.Constant(True), ast.Name("a"), ast.Constant(2)), 3) == [1, 2]
    assert names.value(ast.IfExp(ast.Constant(True), ast.Name("a"), ast.Constant(2)), 2) == [2]


def test_threads_are_told_apart_where_that_is_asked_for_only():
    made = one(Housed(steps, (1,)), Housed(steps, (1,)))
    assert Tables(made).roles == [None, None] and Tables(made, apart=True).roles == [0, 1]
    assert Turn(1, 2, (0,)).own and Way((), "r", 1).exact and not Turn(1, 2, (0,)).drains and Turn(1, 2, (-1,)).drains
    twice = one(Housed(steps, (1,)), Housed(steps, (1,), on=made.threads[0]), Housed(steps, (1,)))
    assert Tables(twice).roles == [0, 1, None]
