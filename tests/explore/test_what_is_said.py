"""What is said of a run and of an answer: codes and their parts, steps that do not fit, waits, results, counts of random runs."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import schedule
from tdxkit.explore.misfit import do_what_they_did
from tdxkit.explore.program import DEADLOCK, Own, Scenario
from tdxkit.explore.schedule import Code, encode, parse, switches
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import compared, replay, replay_steps
from tdxkit.kinds import store
from tests.explore.small_programs import PLAIN, chooses, one, steps
from tests.house import Housed


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
    with pytest.raises(InputError, match=r"schedule step 2.*the run ended at step 1"):
        replay_steps(broken, ((0, 0), (1, 0)))
