"""The verdicts of a series in words: which patches make a turn, who broke it first, and what a table of versions says."""

from dataclasses import dataclass, replace
from types import SimpleNamespace as Made

import pytest

from tdxkit.review.lens_text import told as lens_told
from tdxkit.review.verdict import Verdict, Verdicts, placed
from tdxkit.review.verdicts_text import MOST_REMARKS, by_shell, remarks, said, summary, table, told, worst


@dataclass
class Answer:
    """What `explore` finds, as far as it is told here."""

    verdict: str = "ok"
    property: str | None = None
    defect: str | None = None
    schedule: str | None = None
    steps: int = 0
    switches: int = 0
    states: int = 1
    but: str = ""
    remarks: tuple = ()
    orders: tuple = ()
    races: tuple = ()
    own: object = None


def one(n: int, answer: Answer | None = None, missing: tuple = (), **more) -> Verdict:
    judged = Made(result=answer, scenario=Made(own=answer.own, name="v1-after-1")) if answer else None
    return Verdict(n, f"{n}/5" if n else "before the series", f"title {n}", missing=missing, judged=judged, **more)


BAD = Answer("violation", "a rule", "it broke", "v:1", 7, 2)
OK = Answer(states=1234)


def all_of(*patches: Verdict, notes: tuple = ()) -> Verdicts:
    return Verdicts(Made(title="a series", label="v2", patches={1: None, 2: None}), patches, notes)


@pytest.mark.parametrize(
    ("answers", "turns", "breaks", "heals"),
    [
        ((OK, OK), (), None, None),
        ((BAD, BAD), (1,), 1, None),
        ((OK, BAD, BAD, OK, OK), (2, 4), 2, 4),
        ((BAD, None, OK, BAD), (1, 3, 4), 1, 3),
        ((None, None), (), None, None),
        ((BAD, OK, BAD, OK), (1, 2, 3, 4), 1, 4),
    ],
)
def test_turns(answers, turns, breaks, heals):
    found = all_of(*(one(n, answer) for n, answer in enumerate(answers, 1)))
    number = lambda verdict: verdict and verdict.n  # noqa: E731
    assert tuple(each.n for each in found.turns) == turns
    assert (number(found.breaks), number(found.heals)) == (breaks, heals)
    judged = [n for n, answer in enumerate(answers, 1) if answer]
    assert [each.n for each in found.judged] == judged and number(found.last) == (judged[-1] if judged else None)


def test_a_turn_may_have_been_made_by_patches_without_a_verdict_right_before_it():
    found = all_of(one(1, OK), one(2, missing=("x",)), one(3), one(4, missing=("y",)), one(5, BAD))
    assert [each.n for each in found.since(found.breaks)] == [2, 4, 5]
    found = all_of(one(1, missing=("x",)), one(2, OK), one(3, BAD))
    assert [each.n for each in found.since(found.breaks)] == [3]
    found = all_of(one(1, missing=("x",)), one(2, BAD))
    assert [each.n for each in found.since(found.breaks)] == [1, 2]


FRESH = Made(fresh=True)


@pytest.mark.parametrize(
    ("patches", "lines"),
    [
        ((one(0, OK), one(1, BAD)), ["first broken by 1/5: title 1"]),
        ((one(1, BAD),), ["broken after 1/5: title 1; how it was before was not judged"]),
        ((replace(one(1, BAD), text=FRESH),), ["first broken by 1/5: title 1"]),
        ((one(1, missing=("x",)), one(2, BAD)), ["broken after 2/5: title 2; how it was before was not judged"]),
        ((one(0, BAD), one(1, OK)), ["broken before the series", "healed by 1/5: title 1"]),
        ((one(0, OK), one(1, BAD), one(2, OK), one(3, BAD)), ["first broken by 1/5: title 1", "healed by 2/5: title 2", "broken again by 3/5: title 3"]),
        ((one(0, BAD), one(1, missing=("x",)), one(2, OK)), ["broken before the series", "healed by 1/5 or 2/5"]),
        ((one(1, OK),), []),
        ((one(1, missing=("x",)),), ["no patch was judged"]),
    ],
)  # fmt: skip
def test_who_broke_it_and_who_healed_it(patches, lines):
    assert [*summary(all_of(*patches))] == lines


@pytest.mark.parametrize(
    ("verdict", "word", "words"),
    [
        (one(1, BAD), "✗ violation", "it broke (7 steps, 2 switches)"),
        (one(1, Answer("violation", "a", "it broke", "v", 1, 1)), "✗ violation", "it broke (1 step, 1 switch)"),
        (one(1, Answer("violation", "a", "it broke")), "✗ violation", "it broke"),
        (one(1, OK), "✓ ok", "1,234 states, no rule breaks"),
        (one(1, Answer(but=", but look")), "✓ ok", "1 state, no rule breaks, but look"),
        (one(1, OK, ("2/5 is not at hand",)), "✓ ok", "1,234 states, no rule breaks; but 2/5 is not at hand"),
        (one(1, missing=("a", "b")), "! none", "a; b"),
        (one(1), "–", "changes nothing that is raced"),
    ],
)
def test_a_row_of_the_table(verdict, word, words):
    verdict = replace(verdict, functions=("f", "g"))
    assert table(all_of(verdict)) == [("1/5", word, "f, g", words)] and said(verdict) == words
    assert table(all_of(replace(verdict, n=0)))[0][0] == "before"


def test_the_worst_is_the_last_that_is_bad():
    assert worst(all_of(one(1, BAD), one(2, BAD), one(3, OK))).n == 2 and worst(all_of(one(1, OK))) is None


def test_a_verdict_as_data():
    assert replace(one(1, BAD, ("x",)), message_id="<1@x>", functions=("f",)).as_json() == {
        "n": 1, "title": "title 1", "message_id": "1@x", "functions": ["f"], "verdict": "violation", "property": "a rule", "defect": "it broke",
        "steps": 7, "schedule": "v:1", "missing": ["x"], "remarks": [],
    }  # fmt: skip
    empty = one(2).as_json()
    assert (empty["verdict"], empty["property"], empty["steps"], empty["schedule"], one(2).bad, one(2).scenario) == (
        None,
    ) * 4 + (False, None)
    assert one(2, OK).as_json()["steps"] is None and one(2, BAD).bad and not one(2, OK).bad


def test_lines_are_told_with_where_they_were_posted():
    origins = ("first", None, "third")
    assert (
        placed("line 1: x; line 2, line 3 and line 4", origins)
        == "line 1 (first): x; line 2, line 3 (third) and line 4"
    )
    assert placed("line 0 and online 1", origins) == "line 0 and online 1"


def remarked(n: int, *lines: str) -> Verdict:
    made = one(n, OK)
    return type("Told", (Verdict,), {"remarks": lines})(
        **{name: getattr(made, name) for name in made.__dataclass_fields__}
    )


def test_remarks_stand_once_with_their_patches():
    found = all_of(remarked(1, "a", "b: a stub"), remarked(2, "a", "c"))
    assert [*remarks(found)] == ["all: a", "2/5: c"]
    assert [*remarks(all_of(remarked(1, "a")))] == ["1/5: a"]
    assert [*remarks(all_of(remarked(0, "a"), remarked(1, "b")))] == ["before: a", "1/5: b"]
    raced = remarked(1, "data race on x: line 1", "data race on y: line 2", "data race on x: line 3")
    assert [*remarks(all_of(raced))] == [
        "1/5: data races, as KCSAN would tell them, on x, y: explore what --after prints to see each"
    ]


def test_twenty_remarks_are_told():
    assert MOST_REMARKS == 20
    for count, more in (
        (20, []),
        (21, ["and 1 more of this kind: --json has them"]),
        (23, ["and 3 more of this kind: --json has them"]),
    ):
        lines = [*remarks(all_of(remarked(1, *(f"r{k}" for k in range(count)))))]
        assert lines == [f"1/5: r{k}" for k in range(20)] + more


def test_a_series_told():
    lines = [*told(all_of(one(0, OK), one(1, BAD), notes=("a note",)))]
    assert lines[0] == "a series  v2, 2 patches at hand" and lines[1].split() == [
        "patch",
        "verdict",
        "changes",
        "the",
        "model",
        "finds",
    ]
    assert lines[-2:] == ["note: a note", "first broken by 1/5: title 1"] and len(lines) == 6


def test_the_commands_that_step_through_a_race():
    bad = one(1, replace(BAD, own=Made(options=("--get", "g et"))))
    assert by_shell(bad, ["a b.mbox"], "1", ["x.c"]) == (
        "python -m tdxkit series 'a b.mbox' --explore --base x.c --get 'g et' --after 1 > v1-after-1.c; "
        "python -m tdxkit replay v1-after-1.c --get 'g et' v:1"
    )


def test_a_table_of_versions_in_lines():
    rows = (
        Made(version="v1", outcome="done: a", interleavings=3, schedule="v1:a", bad=False),
        Made(version="v1", outcome="broken", interleavings=1, schedule="v1:b", bad=True),
        Made(version="v2", outcome="done: a", interleavings=None, schedule="v2:a", bad=False),
    )
    cost = Made(
        version="v1",
        alone={"steps": 3, "seamcalls": 1, "locked": 2, "pages": 4},
        shared={"steps": 5, "seamcalls": 0, "locked": 1, "pages": 0},
    )
    partings = (
        Made(versions=("v1", "v2"), step=4, labels=("x", "y"), why="other"),
        Made(versions=("v1", "v3"), step=None, labels=("", ""), why="alike"),
    )
    seen = Made(
        threads=2,
        rounds=1,
        memory="sc",
        rows=rows,
        states={"v1": 10, "v2": 20},
        schedule="v1:b",
        partings=partings,
        costs=(cost,),
        paired=True,
        own=False,
    )
    lines = [*lens_told(seen)]
    assert lines[0] == "2 threads x 1, memory sc; the model finds, run past broken rules:"
    assert [line.split() for line in lines[2:8]] == [
        ["v1", "3", "of", "4", "done:", "a"], ["v1:a"], ["v1", "1", "of", "4", "!!", "broken"], ["v1:b"], ["v2", "endless", "done:", "a"], ["v2:a"],
    ]  # fmt: skip
    assert lines[8:12] == [
        "",
        "held against each other on v1:b",
        "  v1 and v2 part at step 4: x / y (other)",
        "  v1 and v3 do not part (alike)",
    ]
    assert lines[13] == "a round costs a CPU, alone and where the pair is there:"
    assert lines[-1].split() == ["v1", "3", "1", "2", "4", "5", "0", "1", "0", "10"] and "pamt_lock" in lines[-2]
    assert "with a lock" in [*lens_told(Made(**{**vars(seen), "own": True}))][-2]
    alone = [*lens_told(Made(**{**vars(seen), "paired": False}))]
    assert alone[-3] == "a round costs a CPU that is alone:" and alone[-1].split() == ["v1", "3", "2", "10"]
    assert "held against" not in "\n".join(lens_told(Made(**{**vars(seen), "partings": ()})))
