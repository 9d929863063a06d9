"""What a step is: declared or read off the memory; and a new wording changes nothing but words."""

import json
import re

import pytest

from tdxkit import kinds as k
from tdxkit.explore import Scenario, Thread, explore, graph, outcomes, replay_steps
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.holding import held_after
from tdxkit.explore.schedule import parse
from tdxkit.explore.telling import replay
from tdxkit.linux.host.life import live
from tdxkit.linux.refcount import names, scenario
from tdxkit.review.bugs_counting import freed_under_the_lock
from tdxkit.review.lens import lens
from tdxkit.review.packet import packet
from tdxkit.view.series_tables import contexts_table


def kinds_of(program, shared, locks=()):
    one = Scenario("s", shared, (Thread(program),), locks=locks)
    (row,) = outcomes(one).rows
    return [step.kind for step in replay(one, row.schedule).steps]


def test_an_undeclared_step_has_the_kind_of_what_it_did():
    def all_sorts(m):
        yield "nothing"
        yield "look"
        x = m.n
        yield "write"
        m.n = 7
        yield "both"
        m.n += x
        yield "take"
        m.word = True
        yield "let go"
        m.word = False
        yield "same again"
        m.n = max(m.n, 7)

    assert kinds_of(all_sorts, {"n": 0, "word": False}, ("word",)) == [
        "", "load", "store", "locked", "lock", "unlock", "locked",
    ]  # fmt: skip


@pytest.mark.parametrize(("first", "kind"), [(0, "load"), (3, "locked")])
def test_a_conditional_operation_has_the_kind_of_what_it_did(first, kind):
    def get(m):
        yield k.conditional("atomic_inc_not_zero", "n")
        if m.n:
            m.n += 1

    assert kinds_of(get, {"n": first}) == [kind]


@pytest.mark.slow
def test_every_step_of_every_shipped_scenario_has_one_of_eight_kinds_and_a_name():
    for name in names():
        one = scenario(name)
        for row in outcomes(one).rows[:6]:
            for step in replay(one, row.schedule).steps:
                assert step.kind in k.KINDS and step.does, (name, step)


HELD = [
    ((), [(3, False, True)], (3,)),
    ((3,), [(3, True, False)], ()),
    ((), [(3, True, True)], ()),  # taken over by force: it was not made heavier
    ((), [(3, True, False)], ()),  # somebody else's
    ((), [(3, 1, 2)], (3,)),  # the second reader
    ((3,), [(3, 2, 1)], ()),
    ((3,), [(3, 1, 2)], (3, 3)),
    ((), [(3, 0, -1)], (3,)),
    ((), [(3, 0, 2)], (3, 3)),  # two at once, of which one may be let go
    ((3, 3), [(3, 2, 1)], (3,)),
    ((3, 3), [(3, 5, 2)], ()),  # of three that went two can be ours
    ((3,), [(3, 4, 0)], ()),
    ((3,), [(3, None, "x"), (1, 0, 1)], (1, 3, 3)),
    ((3,), [(3, 2, 2)], (3,)),
]


def test_nobody_goes_to_sleep_who_does_not_say_so():
    assert not k.Act("look").sleeps and k.Act("look", sleeps=True).sleeps and k.sleep("msleep").sleeps


@pytest.mark.parametrize(("held", "writes", "after"), HELD)
def test_who_makes_a_word_heavier_holds_it(held, writes, after):
    assert held_after(held, writes) == after


def test_a_lock_of_a_thread_that_ended_is_still_its_own():
    def forgets(m):
        while True:
            yield "take"
            if not m.word:
                m.word = True
                return

    one = Scenario("s", {"word": False}, (Thread(forgets), Thread(forgets)), locks=("word",))
    run = replay(one, explore(one).schedule)
    assert run.state(len(run))["word"] == "CPU 0"
    assert run.steps[-1].waits[0].why == "CPU 1 waits for word, held by CPU 0 since step 1"
    made = graph(one)
    ends = [node for node, edges in zip(made.nodes, made.edges) if not edges]
    assert {made.shared[node.shared]["word"] for node in ends} == {"CPU 0", "CPU 1"}


def test_readers_are_all_named_and_a_writer_waits_for_them():
    def reads(m):
        yield k.lock("read_lock")
        m.word += 1
        yield "in between"
        yield k.unlock("read_unlock")
        m.word -= 1

    def writes(m):
        while True:
            yield k.lock("write_lock")
            if not m.word:
                m.word = -1
                return

    one = Scenario("s", {"word": 0}, (Thread(reads), Thread(reads), Thread(writes)), locks=("word",))
    run = replay_steps(one, ((0, 0), (1, 0)))
    assert run.state(1)["word"] == ("CPU 0",) and run.state(2)["word"] == ("CPU 0", "CPU 1")
    assert run.steps[1].waits[0].why == "CPU 2 waits for word, held by CPU 0 and CPU 1 since step 2"
    assert replay_steps(one, ((2, 0),)).state(1)["word"] == "CPU 2"


def test_what_a_thread_holds_tells_two_places_apart_in_both_engines():
    def takes(m):
        which = yield "which", (0, 1)
        if which:
            yield "take"
            m.a = True
        else:
            yield "take"
            m.b = True
        which = 0
        yield "look"
        m.n = 1

    one = Scenario("s", {"a": False, "b": False, "n": 0}, (Thread(takes), Thread(takes)), locks=("a", "b"))
    assert explore(one, "none").states == explore_readably(one).states


def what_is_told():
    """Everything that a label must not decide, of a few runs; words are left out."""
    found = explore(scenario("v2"), fewest_switches=True)
    run = replay(scenario("v2"), found.schedule)
    seen = lens(["v2", "v6", "v3", "lazy"]).as_json()
    life = live("v5", record=True)
    return json.dumps(
        [
            found.as_json(),
            [(s.kind, s.does, s.actor, s.broken, [str(c) for c in s.changes]) for s in run.steps],
            [(row["outcome"], row["interleavings"], row["schedule"]) for row in seen["outcomes"]],
            [(pair["versions"], pair["step"]) for pair in seen["parting"]["pairs"]],
            seen["cost"],
            freed_under_the_lock().shown,
            re.findall(r"\d +[P-]$", packet(run, "v2"), re.MULTILINE),
            [life.result, life.seamcalls, life.points, len(life.run)],
            contexts_table(life).rows,
        ]
    )


@pytest.mark.slow
def test_renaming_every_label_changes_words_and_nothing_else(monkeypatch):
    before = what_is_told()
    code = explore(scenario("v2")).schedule
    make = k.Act.__new__

    def renamed(cls, label, *more):
        return make(cls, f"#{len(label)} {label[::-1]}", *more)

    monkeypatch.setattr(k.Act, "__new__", renamed)
    run = replay(scenario("v2"), code)
    assert run.steps[0].label.startswith("#29 ") and parse(code).steps
    assert what_is_told() == before
