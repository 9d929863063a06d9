"""What is said of a run and of an answer: codes and their parts, steps that do not fit, waits, results, counts of random runs."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import schedule
from tdxkit.explore.dice import Stress, stress, walk, walks
from tdxkit.explore.endings import outcomes
from tdxkit.explore.given import given_scenario
from tdxkit.explore.judging import judge, that_counts
from tdxkit.explore.livelock import _last_left, without_end
from tdxkit.explore.misfit import do_what_they_did
from tdxkit.explore.orders import _way, crossing
from tdxkit.explore.program import DEADLOCK, Own, Scenario
from tdxkit.explore.result import Broken, Result
from tdxkit.explore.rules import NO_RELOCK, always, at_end
from tdxkit.explore.schedule import Code, encode, parse, switches
from tdxkit.explore.search import explore
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import compared, replay, replay_steps
from tdxkit.explore.unrun import Part, _ranges, missed
from tdxkit.kinds import lock as lock_act
from tdxkit.kinds import locked, sleep, store, unlock
from tests.house import Housed


def steps(m, many, name="n"):
    for number in range(many):
        yield store("WRITE_ONCE", name, label=f"write {number}")
        m.n = number


def chooses(m):
    m.n = yield "roll", (4, 5, 6)


def one(*threads, shared=None, **more):
    return Scenario("one", shared or {"n": 0}, threads, **more)


PLAIN = one(Housed(steps, (2,)), Housed(steps, (2,)))


@pytest.mark.parametrize(
    ("taken", "parts"),
    [
        ((), ""),
        (((0, 0),), "A1"),
        (((0, 0), (1, 0), (1, 0), (0, 0)), "A1 B2 A1"),
        (((0, 0), (0, 2), (0, 0)), "A2/2 A1"),
        (((1, 1), (1, 1)), "B1/1 B1/1"),
        (((0, 0), (0, -1), (0, -1), (0, 0)), "A1 a2 A1"),
        (((0, 0), (1, -1), (1, 0)), "A1 b1 B1"),
        (((14, 0),), "O1"),
    ],
)
def test_a_code_by_hand(taken, parts):
    code = encode(PLAIN, taken).split()
    assert code[0].startswith("one:2x1:") and code[-1][0] == "+" and " ".join(code[1:-1]) == parts
    said = f"one:2x1:9f3c {parts} +c41e07 @tso %{'ab' * 4}"
    assert parse(said) == Code("one", 2, 1, "9f3c", taken, "c41e07", "abababab", "tso")


def test_a_code_is_as_long_as_it_may_be_and_no_longer():
    full = f"v:1x1:0000 A{schedule.MAX_STEPS}"
    assert len(parse(full).steps) == schedule.MAX_STEPS
    with pytest.raises(InputError, match="all parts make 20000 at most"):
        parse(full + " A1")
    with pytest.raises(InputError, match="all parts make 20000 at most"):
        parse(f"v:1x1:0000 A1 a{schedule.MAX_STEPS} @tso")
    assert parse("v:1x1:0000 " + " " * (schedule.MAX_TEXT - 11)).steps == ()
    with pytest.raises(InputError, match="it starts with"):
        parse("v:1x1:0000 " + " " * (schedule.MAX_TEXT - 10))
    assert parse("v:99x12:0000").shape == "v:99x12"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("v:1x1:0000 +123456 A1", "its mark stands once and last"),
        ("v:1x1:0000 A1 +123456 +123456", "its mark stands once and last"),
        ("v:1x1:0000 A1 %12", "its mark stands once and last"),
        ("v:1x1:0000 A1 @arm", "on sc and tso memory"),
        ("v:1x1:0000 a1", "a part is a thread's letter"),
        ("v:1x1:0000 P1", "a part is a thread's letter"),
        ("v:1x1:0000 A0", "a part is a thread's letter"),
        ("v:1x1:000 A1", "it starts with"),
        ("v:0x1:0000", "it starts with"),
        ("", "it starts with"),
        (7, "it starts with"),
    ],
)
def test_what_is_no_code(text, says):
    with pytest.raises(InputError, match=says):
        parse(text)


def test_names_in_codes():
    assert schedule.code_name(one(Housed(steps, (1,)))) == "one"
    named = [Scenario(name, {"n": 0}, (Housed(steps, (1,)),)) for name in ("-a b-c", "é" * 50, "", "x+1.2_-")]
    assert [schedule.code_name(s) for s in named] == ["_a_b-c", "_" * 40, "_", "x+1.2_-"]


def test_a_drain_is_nobodys_turn():
    assert switches(((0, 0), (1, -1), (0, 0))) == 0 and switches(((0, 0), (1, 0), (0, 0))) == 2 and switches(()) == 0


def test_a_code_of_another_text_is_refused():
    own = Own("text", "", "")
    mine = one(Housed(steps, (1,)), own=own)
    code = encode(mine, ((0, 0),))
    assert code.endswith(f" %{own.digest[:8]}") and replay(mine, code).steps
    with pytest.raises(InputError, match=f"that of one begins {Own('other', '', '').digest[:8]}"):
        replay(one(Housed(steps, (1,)), own=Own("other", "", "")), code)
    with pytest.raises(InputError, match="here is none"):
        replay(one(Housed(steps, (1,))), code)
    tso = mine.on("tso")
    assert schedule.tail_marks(tso) == ("@tso", f"%{own.digest[:8]}") and schedule.tail_marks(one(Housed(steps, (1,))).on("tso")) == ("@tso",)  # fmt: skip


def test_the_digest_goes_to_the_end_of_what_is_modelled_and_is_kept():
    def refused(m):
        yield "first"
        m.n = 1
        yield "second"
        raise ModelError("more", "than there is", "less")

    short = one(Housed(refused))
    assert len(schedule.digest(short)) == 4
    tables = Tables(PLAIN)
    assert schedule.digest(PLAIN, tables) == tables.digest == schedule.digest(PLAIN)
    asked = Tables(PLAIN.asking(DEADLOCK))
    assert schedule.digest(PLAIN, asked) == tables.digest


def test_both_plain_runs_count_for_the_digest():
    def later(m, last):
        which = yield "roll", (0, 1, 2)
        yield store("WRITE_ONCE", "n")
        m.n = last if which == 2 else 1

    digests = {schedule.digest(one(Housed(later, (last,)))) for last in (1, 2)}
    assert len(digests) == 2


def test_what_is_compared_and_what_is_not():
    code = encode(PLAIN, ((0, 0), (1, 0)))
    assert compared(PLAIN, parse(code)) == "the 2 steps of this code do what they did when it was written" + "; no others were compared"  # fmt: skip
    assert do_what_they_did(1) == "the 1 step of this code does what it did when it was written"
    head, *parts, mark = code.split()
    bare = " ".join([head, *parts])
    assert compared(PLAIN, parse(bare)).startswith("a code without a mark")
    other = " ".join([head[:-4] + ("0000" if head[-4:] != "0000" else "1111"), *parts])
    assert compared(PLAIN, parse(f"{other} {mark}")).startswith("one has changed since; the 2 steps")
    for wrong, says in (
        (other, "all its 2 steps still fit, but may mean something else"),
        (
            f"{' '.join([head, *parts])} +000000",
            "one or the code has changed since; all its 2 steps still fit, but they do",
        ),
        (f"{head} A3 {mark}", "it stops fitting at schedule step 3, where CPU 0 has finished"),
        (f"two{code[3:]}", "this is one:2x1"),
    ):
        with pytest.raises(InputError, match=says):
            compared(PLAIN, parse(wrong))


@pytest.mark.parametrize(
    ("scenario", "taken", "says"),
    [
        (PLAIN, ((2, 0),), "schedule step 1.*there is no thread C.*A to B"),
        (PLAIN, ((0, 0), (0, 0), (0, 0)), "schedule step 3.*CPU 0 has finished"),
        (PLAIN, ((0, -1),), "the store buffer of CPU 0 is empty"),
        (one(Housed(chooses)), ((0, 3),), "CPU 0 has no choice 3 here.*choose 0 or 1 or 2"),
    ],
)
def test_a_step_that_does_not_fit_says_why(scenario, taken, says):
    with pytest.raises(InputError, match=says):
        replay_steps(scenario, taken)


def test_nothing_comes_after_an_error():
    def fails(m):
        yield "fail"
        raise ValueError("no\nmore")

    broken = one(Housed(fails), Housed(steps, (1,)))
    assert replay_steps(broken, ((0, 0),)).steps[0].broken == ("ValueError: no",)
    with pytest.raises(InputError, match="schedule step 2.*the run ended at step 1"):
        replay_steps(broken, ((0, 0), (1, 0)))


def spin(m, *locks):
    for name in locks:
        while True:
            yield lock_act("spin_lock", name)
            if not getattr(m, name):
                setattr(m, name, True)
                break


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
    base = dict(scenario="s", threads=2, rounds=1, reduction="all", verdict="ok", property=None, complete=True, states=3, steps=0, switches=0, schedule=None)  # fmt: skip
    return Result(**(base | more))


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
