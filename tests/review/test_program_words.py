"""A design's program in rows: values in words, lines of C, and what a packet makes of labels, heads and commands."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError
from tdxkit.explore import explore
from tdxkit.explore.rows import Row
from tdxkit.explore.telling import replay
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.evidence import read_evidence
from tdxkit.review.of_c import beside, labels
from tdxkit.review.packet import _paired, _range, _shell, _short, _width, _wrapped
from tdxkit.review.program import (
    COUNTED,
    SHOWN,
    VALUES,
    Told,
    answered,
    bare,
    design_named,
    domain,
    lines,
    told,
    told_of,
)


def row(step, does="", answer=None, when=(), changes=(), breaks=(), then=None) -> Row:
    return Row(step, does, answer, when, changes, breaks, then)


def words_of(*rows: Row, **more) -> list[tuple]:
    return [*lines(Told("x", rows, **more))]


def test_what_a_variable_is_given():
    assert domain("refcount") == (-3, -2, -1, 0, 1, 2, 3, 4) and domain("users") == (0, 1, 2, 3)
    assert domain("pair") == domain("pamt_lock") == (False, True) and domain("other") == COUNTED == (-1, 0, 1, 2)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "as the module says"),
        (True, "yes"),
        (False, "no"),
        (0xC0000505, "fails: 0xc0000505"),
        (0, "fails: 0x0"),
        ("free", "free"),
    ],
)
def test_answers(answer, said):
    assert answered(answer) == said


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("refcount[r]", (1, 2, 3, 4), "> 0"),
        ("refcount[r]", (3, 4), "> 2"),
        ("refcount[r]", (4,), "4"),
        ("refcount[r]", (-3, -2, -1), "< 0"),
        ("refcount[r]", (-3, -2), "< -1"),
        ("refcount[r]", (-3,), "-3"),
        ("refcount[r]", (0,), "0"),
        ("refcount[r]", (0, 2), "0 or 2"),
        ("refcount[r]", (-3, -1, 0, 2), "-3 or -1 or 0 or 2"),
        ("refcount[r]", (-3, -1, 0, 2, 4), "other than -2, 1, 3"),
        ("pair[r]", (True,), "yes"),
        ("pair[r]", (False,), "no"),
        ("count", (1, 2), "> 0"),
        ("count", (True,), "yes"),
    ],
)
def test_values_in_words(name, values, said):
    assert words_of(row(1, when=((name, values),)))[0][2] == f"{bare(name)} {said}"


def test_rows_in_words():
    rows = (
        row(1, "lock", when=(("pair[r]", (True,)),), changes=(("pair[r]", "=False"), ("refcount[r]", "+1")), then=2),
        row(1, "lock", answer=False, breaks=("a rule",), then=None),
        row(2, "next", changes=(("pair[r]", "=True"),), then=3),
    )
    assert words_of(*rows) == [
        (1, "lock", "pair[r] yes", "pair[r] cleared, refcount[r] +1", 2),
        ("", "", "no", "!! a rule", "the end"),
        (2, "next", "", "pair[r] set", 3),
    ]


def test_lines_of_c_stand_beside_a_step_once():
    text = ("", "\tlock();", "x" * 44, "y" * 45)
    found = words_of(
        row(1, "a", then=2),
        row(1, "a"),
        row(2, "b"),
        row(3, "c"),
        row(4, "d"),
        lines={1: (2, 3), 2: (3,), 3: (4,)},
        text=text,
    )
    assert [cells[1:3] for cells in found] == [
        ("2, 3", "lock();"),
        ("", ""),
        ("3", "x" * 44),
        ("4", "y" * 44 + "…"),
        ("", ""),
    ]
    assert SHOWN == 44


def test_a_program_as_data_and_in_lines():
    one = Told(
        "x",
        (
            row(1, "lock", when=(("refcount[r]", (0,)),), changes=(("pair[r]", "=True"),), then=2),
            row(2, "go", answer=True, breaks=("a",)),
        ),
    )
    first, second = one.as_json()["rows"]
    assert first == {"step": 1, "does": "lock", "when": {"refcount[r]": [0]}, "changes": {"pair[r]": "set"}, "then": 2}
    assert second["answer"] == "yes" and second["breaks"] == ["a"] and "when" not in second and "changes" not in second
    assert (
        "Step 3 is the end." in str(one)
        and "from -3 to 4, pages in use from 0 to 3" in str(one)
        and VALUES["refcount"][0] == -3
    )
    assert str(one).split("\n")[0].split() == ["step", "does", "where", "changes", "then"]
    of_c = Told("x", one.rows, {1: (1,)}, ("lock();",))
    assert [entry["lines"] for entry in of_c.as_json()["rows"]] == [[1], []] and "line" in str(of_c).split("\n")[0]


def test_a_program_is_that_of_a_design():
    assert told("v2").name == "v2" and design_named("v2")
    with pytest.raises(InputError, match="take v2, with its faults on"):
        design_named("v2-add-fails")
    with pytest.raises(InputError, match="it is told of a get and a put"):
        told_of(scenario("v2"))


@pytest.mark.parametrize(
    ("label", "width", "rows"),
    [
        ("short", 9, ["short"]),
        ("", 9, [""]),
        ("name(arg)", 9, ["name(arg)"]),
        ("name(args)", 9, ["name", "  (args)"]),
        ("two words here", 9, ["two words", "  here"]),
        ("a_name(one, two)", 8, ["a_name", "  (one,", "  two)"]),
    ],
)
def test_a_label_is_broken_before_its_argument(label, width, rows):
    assert _wrapped(label, width) == rows


def test_lanes_share_the_columns_of_a_mail():
    """75 columns, of which a step's number takes 4, each lane after the first 3, the facts 3 and what stands between them."""
    assert [
        _width(lanes, heads) for lanes, heads in ((1, []), (2, []), (2, ["rc"]), (2, ["rc", "P"]), (3, ["abc"]))
    ] == [68, 32, 31, 30, 19]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("pair[r]", True, "P"),
        ("pair[r]", False, "-"),
        ("x", True, "yes"),
        ("p", ("obj", 0), "&obj"),
        ("p", ("obj", 3), "&obj+3"),
        ("p", (1, 3), "1, 3"),
        ("p", ("a", 1, 2), "a, 1, 2"),
        ("n", 7, "7"),
    ],
)
def test_a_value_beside_a_step(key, value, said):
    assert _short(key, value) == said


def test_words_of_a_command():
    assert [*_paired(["a", "--get", "x", "--b=c", "d", "-e"])] == ["a", "--get x", "--b=c", "d", "-e"]
    assert [*_paired(["--get", "-x"])] == ["--get -x"] and [*_paired([])] == []
    assert _shell(["cmd", "a" * 64]) == [f"cmd {'a' * 64}"] and _shell(["cmd", "a" * 66, "b"]) == [
        "cmd",
        "a" * 66 + " b",
    ]
    assert _range(3, 3) == "line 3" and _range(3, 5) == "lines 3-5"


def test_what_a_file_brings_is_told_by_its_first_lines():
    mail = read_evidence(b"From: A <a@x>\nSubject: [PATCH] t\n\ntext\n")
    assert mail.digest is None and mail.mailbox.mails == 1 and [one.title for one in mail.series] == ["t"]


def test_a_step_of_statements_is_said_with_its_row_where_there_are_several():
    short, long = "users = 1;", "int n = 0;\n\nusers = 2;\nBUG_ON(users == 2);"
    one = scenario_of_c("int users;\n", run=(short, long))
    broken = replay(one, explore(one).schedule)
    assert [*map(labels(one), broken.steps)] == ["--run 2, line 3: write users", "--run 2, line 4: read users"]
    assert [*map(beside(broken), broken.steps)] == ["--run 2: users = 2;", "--run 2: BUG_ON(users == 2);"]
    other = scenario_of_c("int users;\n", run=(short, "BUG_ON(users);"))
    assert labels(other)(replay(other, explore(other).schedule).steps[0]) == "--run 1: write users"
