"""Answers and random runs in words: rules about locks, orders, results, stress, lines that never ran, outcomes."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore.dice import Stress, stress, walk, walks
from tdxkit.explore.endings import outcomes
from tdxkit.explore.given import given_scenario
from tdxkit.explore.judging import judge, that_counts
from tdxkit.explore.livelock import _last_left, without_end
from tdxkit.explore.orders import _way, crossing
from tdxkit.explore.result import Broken, Result
from tdxkit.explore.rules import NO_RELOCK, always, at_end
from tdxkit.explore.schedule import switches
from tdxkit.explore.search import explore
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.explore.unrun import Part, _ranges, missed
from tdxkit.kinds import lock as lock_act
from tdxkit.kinds import locked, sleep, store, unlock
from tests.explore.small_programs import PLAIN, one, spin, steps
from tests.house import Housed


def give(m, name):
    yield unlock("spin_unlock", name)
    setattr(m, name, False)


def test_why_a_rule_about_locks_is_broken_is_said():
    def sleeps(m):
        yield from spin(m, "L")
        yield sleep("msleep")

    made = one(Housed(sleeps), Housed(spin, ("L", "L")), shared={"n": 0, "L": False}, locks=("L",))
    told = replay_steps(made, ((0, 0), (0, 0))).steps[1]
    assert "msleep() may sleep, and it holds L, taken in step 1" in told.because.values()
    told = replay_steps(made, ((1, 0), (1, 0))).steps[1]
    assert told.because == {NO_RELOCK: "spin_lock(L) waits for L, taken in step 1"}


def test_a_reader_of_a_lock_and_a_thread_that_ended_with_it_are_named():
    def reads(m):
        yield lock_act("read_lock", "R")
        m.R += 1

    made = one(Housed(reads), Housed(reads), shared={"R": 0}, locks=("R",))
    run = replay_steps(made, ((0, 0), (1, 0)))
    assert [run.state(k)["R"] for k in range(3)] == [None, ("CPU 0",), ("CPU 0", "CPU 1")]
    taken = one(Housed(spin, ("L",)), shared={"L": True}, locks=("L",))
    assert replay_steps(taken, ()).state(0)["L"] == "nobody"


def test_a_circle_of_orders_is_told_once_and_by_its_shortest_way():
    assert _way({(1, 2): "", (2, 3): "", (1, 3): "", (3, 4): ""}, 1, 4) == [1, 3, 4]
    assert _way({(1, 2): ""}, 1, 1) == [1] and _way({(1, 2): ""}, 2, 1) == []

    def nested(m, *names):
        yield from spin(m, *names)
        for name in names[::-1]:
            yield from give(m, name)

    shared = {"A": False, "B": False, "C": False}
    ring = one(*(Housed(nested, tuple(pair)) for pair in ("AB", "BC", "CA")), shared=shared, locks=("A", "B", "C"))
    tables = Tables(ring)
    told = explore(ring).orders
    assert len(told) == 1 and "A before B" in told[0] and "B before C" in told[0] and "C before A" in told[0]
    assert "line " in told[0] and not told[0].endswith("no run here did")
    right = one(Housed(nested, ("A", "B")), Housed(nested, ("A", "B")), shared=shared, locks=("A", "B", "C"))
    assert explore(right).orders == () == crossing(tables)
    gated = one(Housed(nested, ("C", "A", "B")), Housed(nested, ("C", "B", "A")), shared=shared, locks=("A", "B", "C"))
    (said,) = explore(gated).orders
    assert said.endswith("no run here did")


def test_states_without_an_end():
    assert without_end({1: [2], 2: [1, 3], 3: []}) == set()
    assert without_end({1: [2, 4], 2: [3], 3: [2], 4: []}) == {2, 3}
    assert without_end({1: [1], 2: [9]}) == {1}, "what is not given may end"
    assert without_end({}) == set()
    assert _last_left({1: [2], 2: [3], 3: [1], 4: [1]}) == [3, 2, 1, 4]


def result(**more):
    sizes = {"threads": 2, "rounds": 1, "states": 3, "steps": 0, "switches": 0}
    answer = {"verdict": "ok", "property": None, "complete": True, "schedule": None}
    return Result(**({"scenario": "s", "reduction": "all"} | sizes | answer | more))


def test_an_answer_in_words():
    said = str(result(ends=True)).splitlines()
    assert said[0] == "s, 2 threads × 1 round: ok"
    assert said[1].startswith("3 states (all: ") and said[1].endswith("; complete, an end can be reached from each")
    assert said[2].startswith("memory: sc, ") and len(said) == 3
    bounded = str(result(verdict="bounded", complete=False, bounded=True))
    assert "bounded, nothing found so far" in bounded and "stopped at the bound, after 3 states" in bounded
    assert "to go on: fewer threads" in bounded
    spent = str(result(verdict="bounded", complete=False, bounded=True, spent="at 7 items"))
    assert "stopped at 7 items, after" in spent and "to go on" not in spent
    found = result(verdict="violation", property="small", complete=False, steps=4, switches=1, schedule="s:2x1:0000 A4",
                   broken={"small": "s:2x1:0000 A4", "large": None}, interleavings=1234, races=("a race",), orders=("orders",), remarks=("a remark",))  # fmt: skip
    rows = str(found).splitlines()
    assert rows[0] == "s, 2 threads × 1 round: violation, broken: small" and rows[1] == "a remark"
    assert "stopped at the first violation" in rows[2] and "an end can be reached" not in str(found)
    assert "4 steps, 1 switch: s:2x1:0000 A4" in rows and "also broken: large: no schedule within the bound" in rows
    assert rows[-3:] == ["orders", "a race", "1,234 interleavings"]
    assert "an end" not in str(result(ends=True, verdict="violation", property="x"))
    assert "the rule: " in str(result(verdict="violation", property=NO_RELOCK))


def test_what_is_said_behind_a_verdict():
    assert result(doubt="guessed", unrun=("line 7 of f", "all of g")).but == ", but guessed; never executed: line 7 of f; all of g"  # fmt: skip
    assert result(doubt="guessed", verdict="violation", property="x").but == "" == result().but


def test_the_kinds_of_an_answer():
    assert result().kinds() == frozenset()
    assert result(bounded=True).kinds() == {"bounded"}
    assert result(property="deadlock", broken={"x": None}).kinds() == {"deadlock", "violation"}
    assert result(property=NO_RELOCK).kinds() == {"deadlock", "violation"}
    assert result(property="deadlock", spins=True).kinds() == {"deadlock", "livelock"}


def test_an_answer_as_json():
    told = result(interleavings=12, doubt="", broken={"x": "code"}).as_json()
    assert (told["interleavings"], told["doubt"], told["broken"], told["loop"], told["defect"]) == ("12", None, {"x": "code"}, None, None)  # fmt: skip
    assert result().as_json()["interleavings"] is None


def test_schedules_of_other_rules_are_looked_for_when_asked_and_once():
    asked = []
    broken = Broken({"first": "1"}, ["second"], lambda rule: asked.append(rule) or f"code of {rule}")
    assert list(broken) == ["first", "second"] and len(broken) == 2 and not asked
    assert broken["first"] == "1" and broken["second"] == broken["second"] == "code of second" and asked == ["second"]
    assert repr(broken) == "{'first': '1', 'second': 'code of second'}"


def test_a_stress_test_counts_and_names_the_first():
    def late(m):
        yield store("WRITE_ONCE", "n")
        m.n += 1
        m.must("small", m.n < 2)

    def rolls(m):
        bad = yield "roll", (0, 0, 0, 1)
        m.must("small", not bad)

    made = one(Housed(rolls))
    told = stress(made, 40, seed=3)
    runs = [walk(made, schedule_seed(3, k)) for k in range(40)]
    assert told.bad == told.met["small"] == sum(bool(run.broken) for run in runs)
    first = next(k for k, run in enumerate(runs) if run.broken)
    assert (told.first, told.schedule) == (first + 1, runs[first].schedule)
    assert str(told).splitlines()[-1] == f"the first is run {first + 1}: {told.schedule}"
    assert str(Stress("s", 1000, 0.0, 0, {}, None, "")) == "s: 1,000 random runs, 0 of them break a rule"
    assert told.as_json()["runs"] == 40 and [w.steps for w in walks(made, 3, 2)] == [runs[0].steps, runs[1].steps]
    assert stress(one(Housed(late)), 5).met == {} and stress(one(Housed(late)), 5).first is None


def schedule_seed(seed, run):
    return seed * 1_000_003 + run


def test_who_stays_goes_on_as_long_as_it_can():
    made = one(Housed(steps, (5,)), Housed(steps, (5,)))
    assert {switches(walk(made, seed, stay=1.0).steps) for seed in range(5)} == {1}
    assert max(switches(walk(made, seed).steps) for seed in range(5)) > 2


def test_a_random_run_that_is_left_is_told_up_to_where_no_end_is():
    def ever(m):
        yield store("WRITE_ONCE", "n")
        m.n = 1
        yield store("WRITE_ONCE", "n")
        m.n = 2
        while True:
            yield locked("atomic_xor", "n")
            m.n = 3 - m.n

    left = walk(one(Housed(ever)), 1, limit=20)
    assert (left.broken, left.ended, len(left.steps)) == (((0, "livelock"),), False, 0)

    def never(m):
        while True:
            yield locked("atomic_inc", "n")
            m.n = (m.n + 1) % 5
            if (yield "leave?", (False, True)):
                return

    going = walk(one(Housed(never)), 1, limit=2)
    assert (going.broken, going.ended, len(going.steps)) == ((), False, 2)


def test_what_is_no_scenario_says_what_to_give():
    judged = judge(PLAIN)
    for value, write in ((judged, "its .scenario"), (steps, r"of_programs\(steps\)"), (7, "what a function like of_programs"), (one, "what a function like")):  # fmt: skip
        with pytest.raises(ModelError, match=write):
            given_scenario("explore", value)
    assert that_counts(PLAIN) is PLAIN and judged.scenario is PLAIN


def part(line, last=None, column=0):
    return Part((line, column), (line, column + 5), last or line)


def test_lines_that_never_ran_are_put_together():
    parts = [part(n) for n in (3, 4, 5, 7, 9)]
    assert _ranges(parts, parts[:1]) == "3" and _ranges(parts, parts[:2]) == "3–4"
    assert _ranges(parts, [parts[0], parts[2], parts[3]]) == "3, 5–7" and _ranges(parts, []) == ""
    assert missed("f", parts, parts) == ["all of f"] and missed("f", [], []) == [] == missed("f", parts, [])
    assert missed("f", parts, parts[3:]) == ["line 7–9 of f"]
    both = [part(3), part(3, column=9), part(4)]
    assert missed("f", both, both[1:2]) == ["part of line 3 of f"]
    assert missed("f", both, both[1:]) == ["line 4 of f", "part of line 3 of f"]


def test_outcomes_in_words():
    def ends(m, n):
        yield store("WRITE_ONCE", "n")
        m.n = n

    made = one(Housed(ends, (1,)), Housed(ends, (2,)), properties=(at_end("two", lambda m: m.n == 2),))
    found = outcomes(made)
    assert (found.interleavings, found.bad, found.complete, found.counted) == (2, 1, True, True)
    rows = str(found).splitlines()
    assert (
        rows[0] == "one: 2 outcomes"
        and sum("!! broken: two" in row for row in rows) == 1
        and "finished: n 2" in str(found)
    )
    assert all(row.startswith(" " * 13 + "1  finished") for row in rows[1::2])
    short = outcomes(made, 2)
    assert not short.complete and not short.counted and short.interleavings is None
    assert "bounded at 3 states" in str(short)
    false_at_once = outcomes(one(Housed(ends, (1,)), properties=(always("one", lambda m: m.n),)))
    assert [row.broken for row in false_at_once.rows] == [("one",)]
