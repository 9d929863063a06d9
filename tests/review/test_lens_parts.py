"""The lens part by part: the words of an outcome, where two runs part and why, what a round costs, and what is refused."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c.naming import of_text
from tdxkit.errors import InputError
from tdxkit.explore.tables import Tables
from tdxkit.linux.refcount import v2, v6
from tdxkit.linux.refcount.own import of_programs
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review import lens as lenses
from tdxkit.review.lens import Cost, Lens, Parting, Row, cost, lens
from tdxkit.run import Recorder, Wait
from tests.review.pair_in_c import LOCKED


def outcome(ended="all finished", broken=(), **state):
    return Made(ended=ended, state=state, broken=broken)


def test_an_outcome_names_counters_and_pairs_else_what_differs_else_all():
    many = outcome(**{"refcount[0]": 1, "pair[0]": True, "users": 3})
    assert lenses._outcome(many, {"users"}) == "all finished: refcount[0] 1, pair[0] yes"
    assert lenses._outcome(outcome(a=1, b=2), {"b"}) == "all finished: b 2"
    assert lenses._outcome(outcome(a=1, b=2), set()) == "all finished: a 1, b 2"
    broken = outcome(broken=("REMOVE must find a pair", "at the end no pair may be left"), a=1)
    assert lenses._outcome(broken, set()) == "all finished: a 1; REMOVE found no pair, at the end a pair was left"


def run(*steps, first=None, **more):
    """steps: (actor, label, state)."""
    recorder = Recorder(first or {"x": 0})
    for actor, label, state in steps:
        recorder.step(actor, label, "", state, **more)
    return recorder.run("t", ("A", "B"))


def part(mine, theirs):
    return lenses._part("v1", mine, "v2", theirs, None, ())


A1, A2 = ("A", "one", {"x": 1}), ("A", "two", {"x": 2})


def test_two_runs_that_do_the_same_do_not_part():
    assert part(run(A1, A2), run(A1, A2)) == Parting(
        ("v1", "v2"), None, ("", ""), "the schedule means the same in both"
    )
    with_more = run(("A", "one", {"x": 1, "y": 5}), first={"x": 0, "y": 4})
    assert part(run(A1), with_more).step is None, "y is none of both"


def test_they_part_where_a_step_is_another_or_leaves_something_else():
    assert part(run(A1, A2), run(A1, ("A", "three", {"x": 2}))) == Parting(
        ("v1", "v2"), 2, ("two", "three"), "the code of A differs here"
    )
    assert part(run(A1, A2), run(A1, ("A", "two", {"x": 9}))) == Parting(
        ("v1", "v2"), 2, ("two", "two"), "x: 2 here, 9 there"
    )
    same = part(run(A1, does="f"), run(("A", "other words", {"x": 1}), does="f"))
    assert same.step is None, "what it does counts, where it is known"


def test_they_part_where_one_cannot_go_on():
    assert part(run(A1, A2), run(A1)) == Parting(("v1", "v2"), 2, ("two", ""), "A has finished")
    waits = (Wait("B", "A", "B waits for A"), Wait("A", "B", "A waits for B"))
    assert part(run(A1, A2), run(A1, waits=waits)).why == "A waits for B"
    assert part(run(A1), run()) == Parting(("v1", "v2"), 1, ("one", ""), "A has finished")
    assert part(run(A1), run(A1, A2)).step is None


def test_too_many_states_are_refused(monkeypatch):
    monkeypatch.setattr(lenses, "BOUND", 5)
    with pytest.raises(InputError, match="its outcomes need more than 5 states"):
        lens(["v6"])


def test_a_schedule_goes_on_with_its_own_thread_and_then_the_others():
    one = scenario("v6")
    ends = lenses._to_the_end(one, ((1, 0),))
    assert [k for k, _ in ends] == [1] * (len(ends) - 15) + [0] * 15
    assert [k for k, _ in lenses._to_the_end(one, ())] == [0] * 15 + [1] * 15


def test_a_thread_that_waits_takes_no_step():
    one = of_text("static DEFINE_SPINLOCK(l);\nint x;\n", run=("spin_lock(&l); x = 1;", "spin_lock(&l); x = 2;"))
    tables = Tables(one)
    alone = lenses._take(tables, lenses.first(tables), 0)
    assert len(alone) == 2 and lenses._take(tables, lenses._after(tables, alone), 1) == []


def test_a_round_costs_the_same_whatever_else_is_asked():
    plain = cost(of_programs(v6.put))
    assert plain.alone == cost("v6").alone and plain.shared == cost("v6").shared
    many = of_programs(v6.put, threads=3, rounds=2, faults=("add-fails",), regions=2)
    assert (cost(many).alone, cost(many).shared) == (plain.alone, plain.shared)


def test_in_c_steps_with_a_lock_are_those_with_its_own():
    """Of a get: to read the count, to write it, and to unlock; of a put as many. A softirq costs nothing of it."""
    plain = cost(of_text(LOCKED, get="dev_get", put="dev_put"))
    assert plain.alone["locked"] == 6 and plain.alone["seamcalls"] == 0
    assert cost(of_text(LOCKED, get="dev_get", put="dev_put", softirq="put")).alone == plain.alone


def a_lens(*rows: Row, **more) -> Lens:
    costs = tuple(
        Cost(r.version, dict.fromkeys(("steps", "seamcalls", "locked", "pages"), 1), dict.fromkeys("abcd", 2))
        for r in rows
    )
    return Lens(2, 1, "sc", rows, {r.version: 7 for r in rows}, "v1:2x1 A1", (), costs, {}, **more)


def test_ways_without_end_are_no_number():
    seen = a_lens(
        Row("lazy", "ends", None, "x", True), Row("v6", "ends", 5, "y", False), Row("v6", "too", 3, "z", False)
    )
    assert [row["interleavings"] for row in seen.as_json()["outcomes"]] == [None, "5", "3"]
    told = str(seen)
    assert "endless" in told and "5 of 8" in told and "!! ends" in told and "pamt_lock, there" in told
    own = str(a_lens(Row("v6", "ends", 5, "y", False), own=True))
    assert "pamt_lock" not in own and "with a lock, there" in own
    assert "where the pair is there" not in str(a_lens(Row("v6", "ends", 5, "y", False), paired=False))


def test_what_gets_and_puts_is_paired_and_a_run_is_not():
    assert lens(["v6"]).paired and not lens(["v6"]).own
    run_only = lens([of_text("int x;\n", run=("x = 1;",))])
    assert not run_only.paired and run_only.own
    assert lens([of_programs(v2.put)]).paired


def test_a_code_of_another_text_is_refused():
    one, two = (of_text(f"int x;\nint y{n};\n", run=("x = 1;",)) for n in (1, 2))
    code = lens([one]).schedule
    assert lens([one], code=code).schedule == code
    with pytest.raises(InputError, match="it was made from a reader's text"):
        lens([two], code=code)
