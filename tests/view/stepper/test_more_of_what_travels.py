"""What travels of a run, at its edges: who waits for whom, rows that two runs share, chapters of a stretch, sizes, and names of rules."""

import json

import pytest

from tdxkit.errors import InputError
from tdxkit.run import Change, Line, Read, Recorder, Run, Step, Text, Track, Wait
from tdxkit.view.kit import svg
from tdxkit.view.stepper import still
from tdxkit.view.stepper.payload import LIMIT, StepRow, WaitRow, aligned, packed, run_data, source, window
from tdxkit.view.stepper.pictures import Waits

ACTORS = ("CPU 0", "CPU 1")


def counted(steps, title="counted", **more):
    recorder = Recorder({"x": 0})
    for k in range(steps):
        recorder.step(f"CPU {k % 2}", f"step {k}", "", {"x": k + 1})
    return recorder.run(title, ACTORS, **more)


def made(*steps, first=None, **more):
    return Run("t", ACTORS, first or {"x": 0}, steps, **more)


def test_who_waits_travels_with_who_holds_it_or_nobody():
    waits = (
        Wait("CPU 0", "CPU 1", "a\u202e"),
        Wait("CPU 1", None, "b"),
        Wait("guest", "CPU 0", "d"),
    )
    (step,) = run_data(made(Step("CPU 0", "l", "s", waits=waits)))["steps"]
    assert step.waits == [WaitRow(0, 1, "a\\u202e"), WaitRow(1, -1, "b")], "a stranger has no lane"


def test_nobody_waiting_has_no_picture():
    step = Step("CPU 0", "l", "s", waits=(Wait("CPU 0", "CPU 1", "a"),))
    data = run_data(made(step, Step("CPU 1", "l", "s"), step))
    assert data["waiting"] == [-1, 0, -1, 0] and len(data["waitPictures"]) == 1
    assert Waits(ACTORS).place([Wait("guest", "CPU 0", "d")]) == -1


def test_what_a_step_read_travels_where_the_state_has_it():
    reads = (Read("x", 0), Read("nowhere", 0), Read("y", 0, missed=True))
    data = run_data(made(Step("CPU 0", "l", "s", (Change("y", None, 2),), reads=reads)))
    assert data["keys"] == ["x", "y"] and data["steps"][0].reads == [[0, 0, 0], [1, 0, 1]]
    assert data["first"][0] == "0"
    assert data["steps"][0].changes == [[1, "2"]]


def test_rows_of_facts_have_colours_in_their_order_and_others_none():
    kinds = ("fact", "lock", "fact", "fact", "value", "fact", "rule")
    tracks = tuple(Track(f"row {k}", f"k{k}", kind) for k, kind in enumerate(kinds))
    data = run_data(counted(1, tracks=tracks))
    assert [track["role"] for track in data["tracks"]] == ["pair", "", "used", "exclusive", "", "pair", ""]
    assert [("broken" in track) for track in data["tracks"]] == [kind == "rule" for kind in kinds]


@pytest.mark.parametrize(
    "key, name, said",
    [
        ("REMOVE must find a pair", "a name of its own", "a name of its own"),
        ("my key", "REMOVE must find a pair", "REMOVE must find a pair"),
        ("WARN_ON() of line 7 never fires", "the check", "WARN_ON() of line 7 fires"),
        ("at most two", "at most two", "the rule “at most two”"),
    ],
)
def test_a_broken_rule_is_not_said_as_its_opposite(key, name, said):
    step = Step("CPU 0", "l", "s", broken=(key,))
    data = run_data(made(step, tracks=(Track(name, key, "rule"),)))
    assert data["tracks"][0]["broken"] == said and still.said(data, 1)[0] == f"Broken here: {said}"


@pytest.mark.parametrize(
    "kind, values, blank",
    [("fact", [False, True, True], False), ("lock", [-1, 0, 0], -1), ("value", ["0", "1", "1"], ""), ("rule", [True, False, True], True)],
)  # fmt: skip
def test_beside_a_run_that_has_a_row_the_other_has_it_empty(kind, values, blank):
    one, other = run_data(counted(2)), run_data(counted(3))
    one["tracks"] = [{"kind": kind, "key": "k", "name": "n", "role": "", "values": values}]
    aligned(one, other, 0)
    assert one["tracks"][0]["values"] == values and one["beside"] == other["beside"] == ["k"]
    (row,) = other["tracks"]
    assert row["values"] == [blank] * 4 and all(type(value) is type(blank) for value in row["values"])


def test_a_row_that_is_empty_in_both_runs_is_not_kept_for_the_other():
    one, other = (run_data(counted(1, tracks=(Track("l", "nobody", "lock"), Track("r", "r", "rule")))) for _ in "ab")
    aligned(one, other, 1)
    assert one["beside"] == other["beside"] == []


@pytest.mark.parametrize(
    "titles, subtitles, names",
    [
        (("A", "B"), ("x", "y"), ["A", "B"]),
        (("A", "A"), ("x", "y"), ["x", "y"]),
        (("A", "A"), ("x", ""), ["x", "A"]),
        (("A", "B"), ("", ""), ["A", "B"]),
    ],
)
def test_two_runs_are_called_by_what_tells_them_apart(titles, subtitles, names):
    views = [run_data(counted(1, title, subtitle=below)) for title, below in zip(titles, subtitles)]
    aligned(*views, 0)
    assert [view["name"] for view in views] == names
    assert [f"<h3>{name}</h3>" in still.still(view, 0) for name, view in zip(names, views)] == [True, True]


@pytest.mark.parametrize("parts, offset, seen", [(5, 4, 1), (4, 4, 0), (7, 4, 3), (8, 4, 4), (9, 4, 0), (0, 0, 0)])
def test_of_a_stretch_the_step_at_which_two_runs_part_is_counted_from_its_beginning(parts, offset, seen):
    views = [run_data(counted(8), None, offset, offset + steps) for steps in (4, 3)]
    aligned(*views, parts)
    assert [(view["parts"], view["columns"]) for view in views] == [(seen, 4)] * 2


@pytest.mark.parametrize(
    "start, stop, chapters", [(0, 50, [[2, "one"], [10, "two"], [45, "three"]]), (5, 45, [[5, "two"], [40, "three"]]), (10, 44, [])]
)  # fmt: skip
def test_chapters_are_those_of_the_stretch(start, stop, chapters):
    run = counted(50, chapters=((2, "one"), (10, "two"), (45, "three")))
    assert run_data(run, None, start, stop)["chapters"] == chapters


def test_two_chapters_are_chapters():
    assert len(run_data(counted(41, chapters=((1, "a"), (20, "b"))))["chapters"]) == 2


@pytest.mark.parametrize(
    "lines, kept", [(("a", "\t\tb"), ["a", "    b"]), (("ab\tc",), ["ab  c"]), (("a", "\t\t\tb"), ["a", " " * 6 + "b"])]
)  # fmt: skip
def test_a_tab_is_four_columns_of_which_a_lane_shows_half(lines, kept):
    assert source(Text("t", lines)) == kept


def test_letters_travel_as_they_are():
    assert packed(["µs →", {"a": 1}]) == '["µs →",{"a":1}]'


def test_a_message_has_two_million_bytes_at_most():
    assert LIMIT == 2_000_000 and window(lambda start, stop: "x" * LIMIT, 1, 0)[:2] == (0, 1)
    for raw in ("x" * (LIMIT + 1), "é" * (LIMIT // 2 + 1)):
        with pytest.raises(InputError, match=r"2,000,00[12] bytes, 2,000,000 can be shown"):
            window(lambda start, stop, raw=raw: raw, 1, 0)


@pytest.mark.parametrize("length, each, limit, steps", [(5, 3, 14, 4), (2, 5, 8, 1), (2, 5, 10, 2), (100, 1, 99, 89)])
def test_a_stretch_is_no_shorter_than_it_must_be(length, each, limit, steps):
    start, stop, raw = window(lambda start, stop: "x" * each * (stop - start), length, 0, limit)
    assert (start, stop, len(raw)) == (0, steps, each * steps)


def test_a_window_of_a_window_keeps_where_everybody_stands():
    steps = (
        Step("CPU 0", "a", "", line=Line("t", 0), next=Line("t", 1)),
        Step("CPU 1", "b", "", line=Line("t", 0), next=None),
        Step("CPU 0", "c", "", line=Line("t", 1), next=Line("t", 2)),
    )
    run = made(*steps, start={"CPU 1": Line("t", 0)})
    stands = [run_data(run, None, start, 3)["start"] for start in range(4)]
    assert stands == [[None, ("t", 0)], [("t", 1), ("t", 0)], [("t", 1), None], [("t", 2), None]]
    assert [len(run_data(run, None, start)["steps"]) for start in range(4)] == [3, 2, 1, 0]


def test_a_picture_of_each_position_of_a_stretch_travels():
    draw = lambda state: svg.drawing(9, 9, "x", svg.text(0, 9, state["x"]))  # noqa: E731
    data = run_data(counted(6), draw, 2, 4)
    assert (
        data["pic"] == [0, 1, 2]
        and [f">{k}<" in picture for k, picture in zip((2, 3, 4), data["pictures"])] == [True] * 3
    )
    assert run_data(counted(6))["pic"] == run_data(counted(6))["pictures"] == []


def test_a_step_comes_back_from_json_as_it_went():
    step = Step("CPU 1", "l", "s", (Change("x", 0, True),), kind="lock", line=Line("t", 3), broken=("r",))
    row = StepRow(*json.loads(packed(run_data(made(step))["steps"][0])))
    assert (row.actor, row.changes, row.line, row.next, row.kind, row.broken) == (
        1,
        [[0, "yes"]],
        ["t", 3],
        None,
        "lock",
        ["r"],
    )
