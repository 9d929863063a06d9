"""What travels at the edges: stretches of a long run, chapters, boxes of lines, texts each once, what a page may ask for."""

import json
from dataclasses import replace

import pytest

from tdxkit.errors import InputError
from tdxkit.run import Change, Line, Read, Recorder, Run, Step, Text, Track
from tdxkit.seam.locks import Held
from tdxkit.view.stepper import Stepper, still
from tdxkit.view.stepper.graph_data import MOST, check_all_here, graph_data
from tdxkit.view.stepper.payload import (
    aligned,
    in_other_lines,
    line,
    run_data,
    shown,
    shown_text,
    source,
    track_value,
    window,
    with_rules,
)
from tdxkit.view.stepper.state_map import places

ACTORS = {"CPU 0": 0, "CPU 1": 1}


def counted(steps, **more):
    recorder = Recorder({"x": 0})
    for k in range(steps):
        recorder.step(
            f"CPU {k % 2}", f"step {k}", f"says {k}", {"x": k + 1}, line=Line("t", k % 3), next=Line("t", (k + 1) % 3)
        )
    return recorder.run(
        "counted", tuple(ACTORS), texts={"t": Text("a text", ("a", "b", "c"))}, start={"CPU 0": Line("t", 0)}, **more
    )


def test_what_a_step_read_of_others_is_said_with_who_wrote_it_and_when():
    first = Step("CPU 0", "a", "", (Change("n", 0, 1),))
    looked = Step("CPU 1", "b", "", reads=(Read("n", 1),))
    later = Step("CPU 1", "c", "", (Change("n", 1, 2),), broken=("rule",), reads=(Read("m", 1, True), Read("k", 0)))
    data = run_data(Run("t", tuple(ACTORS), {"n": 0, "m": 0, "k": 0}, (first, looked, later)))
    assert still.because(data, 0) == still.because(data, 1) == ""
    assert still.because(data, 2) == "It read n as CPU 0 left it in step 1."
    assert still.because(data, 3) == (
        "It read m before what CPU 0 stored in step 1 had left its buffer. It read k as step 0 left it. It read n in step 2 as CPU 0 left it in step 1."
    )
    assert still.because(data | {"offset": 1_000}, 2) == "It read n as step 1 left it."  # what lies before the stretch


@pytest.mark.parametrize("kind, value, seen", [
    ("lock", None, -1), ("lock", False, -1), ("lock", (), -1), ("lock", "CPU 1", 1), ("lock", ("CPU 1", "x", "CPU 0"), [0, 1]), ("lock", frozenset({"CPU 0"}), [0]), ("lock", "firmware", "firmware"),
    ("lock", Held("free"), -1), ("lock", Held("exclusive", ("CPU 1",)), 1), ("lock", Held("shared", ("CPU 0", "CPU 1")), [0, 1]), ("lock", Held("shared", None, 2), -1),
    ("fact", 2, True), ("fact", 0, False), ("value", None, ""), ("value", (), ""), ("value", "", ""), ("value", 0, "0"), ("value", False, "no"),
])  # fmt: skip
def test_a_row_shows_a_value_by_its_kind(kind, value, seen):
    found = track_value(Track("n", "k", kind), {"k": value}, ACTORS)
    assert found == seen and type(found) is type(seen)
    assert (
        track_value(Track("n", "k", "rule"), {}, ACTORS, {"k"}) is False
        and track_value(Track("n", "k", "rule"), {}, ACTORS, {"other"}) is True
    )


def test_a_value_has_four_hundred_letters_and_a_place_its_two_parts():
    assert shown("x" * 500) == "x" * 400 and line(None) is None and tuple(line(Line("t", 3))) == ("t", 3)
    assert (
        shown_text(Text("T", ("a", "\tb"), added=(1,), first=7)) == ["T", ["a", "  b"], [1], 7]
        or shown_text(Text("T", ("a",)))[0] == "T"
    )


@pytest.mark.parametrize("given, kept", [
    (("    a", "        b"), ["a", "  b"]), (("a\nb",), ["a b"]), ((), []), (("\ta", "\t\tb"), ["a", "  b"]),
    (('"""one"""', "a"), ['"""one"""', "a"]), (('"""one', "two", '"""', "a"), ['"""one', None, None, "a"]), (("m.tell(", "a", ")", "b"), [None, None, None, "b"]), (("m.tell(a)", "b"), [None, "b"]),
])  # fmt: skip
def test_a_lane_s_lines_lose_their_common_indent_and_half_of_the_rest(given, kept):
    assert source(Text("t", given)) == kept


@pytest.mark.parametrize("start, stop", [(0, 3), (3, 7), (9, 10), (10, 10)])
def test_a_stretch_knows_what_was_before_and_what_comes_after_it(start, stop):
    run = counted(10)
    data = run_data(run, None, start, stop)
    marks = run.marks()
    assert data["around"] == [
        max((k for k in marks if k <= start), default=0),
        min((k for k in marks if k > stop), default=10),
    ]
    assert (
        data["marks"] == [k - start for k in marks if start < k <= stop]
        and len(data["steps"]) == stop - start
        and data["first"] == [str(start)]
    )
    assert (
        len(data["waiting"]) == stop - start + 1
        and data["brokenBefore"] == 0
        and (data["offset"], data["total"]) == (start, 10)
    )
    what, said, _ = still.said(data, 0)
    assert (what, said) == (
        (f"Step {start}", "What was before is not in this stretch of 10 steps.")
        if start
        else ("Start", "Nothing has happened yet. 3 steps follow.")
    )


@pytest.mark.parametrize("start, before", [(8, 0), (9, 9), (10, 9)])
def test_a_break_before_a_stretch_is_known(bad_run, start, before):
    assert run_data(bad_run, None, start)["brokenBefore"] == before


@pytest.mark.parametrize(
    "steps, count, there", [(40, 3, False), (41, 3, True), (41, 1, False), (60, 24, True), (60, 25, False)]
)
def test_a_run_of_more_than_forty_steps_has_its_chapters_unless_they_are_too_many(steps, count, there):
    run = replace(counted(steps), chapters=tuple((k + 1, f"chapter {k}") for k in range(count)))
    assert run_data(run)["chapters"] == ([[k + 1, f"chapter {k}"] for k in range(count)] if there else [])


def test_a_window_is_as_long_as_fits_and_around_its_position():
    made = []
    build = lambda start, stop: made.append((start, stop)) or "x" * (stop - start)  # noqa: E731
    assert window(build, 10, 5, 10)[:2] == (0, 10) and window(build, 50_000, 25_000, 10**9)[:2] == (15_000, 35_000)
    assert (
        window(build, 100, 0, 50)[:2] == (0, 45)
        and window(build, 100, 100, 50)[:2] == (55, 100)
        and window(build, 100, 50, 50)[:2] == (28, 73)
    )
    with pytest.raises(InputError, match="needs 9 bytes, 8 can be shown"):
        window(lambda start, stop: "x" * 9, 1, 0, 8)
    assert window(lambda start, stop: "x" * 8, 1, 0, 8)[:2] == (0, 1)


def test_two_views_have_the_same_rows_and_part_where_they_part(make_run):
    one, other = run_data(counted(4)), run_data(replace(counted(2), title="other", tracks=(Track("x", "x", "value"),)))
    aligned(one, other, 2)
    assert [track["values"] for track in one["tracks"]] == [[""] * 5] and [
        len(track["values"]) for track in other["tracks"]
    ] == [3]
    assert (one["columns"], other["columns"], one["parts"], other["parts"], one["name"], other["name"]) == (
        4,
        4,
        2,
        2,
        "counted",
        "other",
    )
    assert one["beside"] == other["beside"] == ["x"]
    for parts, seen in ((0, 0), (1, 1), (4, 4), (5, 0)):
        aligned(one, other, parts)
        assert one["parts"] == seen


def test_a_rule_that_broke_and_has_no_row_gets_one_once():
    tracks = with_rules((Track("r", "r", "rule"), Track("s", "s", "fact")), ("r", "s", "t", "t"))
    assert [(track.key, track.kind) for track in tracks] == [("r", "rule"), ("s", "fact"), ("s", "rule"), ("t", "rule")]


def test_lines_of_another_language_are_those_of_the_stretch():
    run = counted(5)
    data = in_other_lines(run, 1, 3)
    assert (
        data["start"] == [("t", 1), None]
        and data["lines"] == [[("t", 1), ("t", 2)], [("t", 2), ("t", 0)]]
        and set(data["texts"]) == {"t"}
    )


@pytest.mark.parametrize("position, span", [(-5, 0), (0, 0), (4, 4), (99, 10)])
def test_a_stepper_begins_within_its_run(position, span):
    assert Stepper(counted(10), position=position).position == span


@pytest.mark.parametrize(
    "message, position",
    [
        ({"at": 0}, 0),
        ({"at": 10}, 10),
        ({"at": 11}, 3),
        ({"at": -1}, 3),
        ({"at": True}, 3),
        ({"at": "4"}, 3),
        ({"at": 4}, 4),
        ({"more": 4}, 3),
        (None, 3),
        ({}, 3),
    ],
)
def test_a_page_says_where_its_reader_stands_or_nothing(message, position):
    stepper = Stepper(counted(10), position=3)
    stepper._heard(stepper, message, [])
    assert stepper.position == position


def test_a_pasted_code_is_cut_and_a_language_that_is_not_there_is_told():
    asked = []
    stepper = Stepper(counted(2), replay=lambda code: asked.append(code) or counted(3))
    assert stepper.paste("x" * 5_000) == "It fits: 3 steps." and asked == ["x" * 4_000] and stepper.asks
    with pytest.raises(InputError, match="lanes are in python or in c"):
        Stepper(counted(2), lines="java")
    with pytest.raises(InputError, match="no C beside it"):
        Stepper(counted(2), lines="c")


def test_two_runs_are_titled_by_both_and_one_by_its_own():
    one, other = counted(2), replace(counted(3), title="other")
    top = json.loads(Stepper(one, other).data)
    assert (top["title"], top["subtitle"], top["total"]) == ("counted · other", "two runs under one position", 3)
    assert json.loads(Stepper(one, other, title="T", subtitle="S").data)["subtitle"] == "S"
    alone = json.loads(Stepper(replace(one, subtitle="sub")).data)
    assert (alone["title"], alone["subtitle"], alone["first"], alone["fog"]) == ("counted", "sub", 0, False)


def test_two_runs_part_at_the_first_step_that_differs_or_is_not_there():
    assert Stepper(counted(3), counted(3))._parts == 0 and Stepper(counted(3), counted(5))._parts == 4
    other = counted(3)
    steps = (other.steps[0], replace(other.steps[1], label="else"), other.steps[2])
    assert Stepper(counted(3), replace(other, steps=steps))._parts == 2


@pytest.mark.parametrize("count, fits", [(MOST, True), (MOST + 1, False)])
def test_five_thousand_states_travel_and_no_more(make_graph, count, fits):
    graph = make_graph()
    graph.nodes = graph.nodes[:1] * count
    if fits:
        check_all_here(graph, "T")
    else:
        with pytest.raises(InputError, match="over 5,000 states"):
            check_all_here(graph, "T")


def test_a_graph_s_texts_and_lines_travel_once_and_its_nodes_point_at_them(make_graph, make_run):
    graph = make_graph()
    data = graph_data(graph, make_run(""))
    inner = data["graph"]
    assert len(set(inner["strings"])) == len(inner["strings"]) and len({tuple(at) for at in inner["lines"]}) == len(
        inner["lines"]
    )
    for row, node in zip(inner["nodes"], graph.nodes, strict=True):
        assert [inner["lines"][at] if at >= 0 else None for at in row.lines] == [
            [where.text, where.index] if where else None for where in node.lines
        ]
        assert [inner["strings"][at] if at >= 0 else "" for at in row.whys] == [
            wait.why if wait else "" for wait in node.waits
        ]
        assert row.over == [int(over) for over in node.finished] and (row.waiting >= 0) == any(node.waits)
    for edges, moves in zip(inner["edges"], graph.edges, strict=True):
        for edge, move in zip(edges, moves, strict=True):
            assert [inner["strings"][at] for at in edge.broken] == list(move.broken) and edge.deed == move.deed
            assert inner["strings"][edge.sentence] == move.sentence if move.sentence else edge.sentence == -1
    assert (
        data["pics"] == []
        and data["total"] == 0
        and inner["map"][0] == [column for column, _ in places([[e.target for e in row] for row in graph.edges])]
    )
