"""A stretch of a long run, and two runs together: which steps travel, by which numbers they are told, what both are called."""

import json
import re

import pytest

from tdxkit.run import Recorder
from tdxkit.view.stepper import Stepper, still
from tdxkit.view.stepper import widget as module
from tdxkit.view.stepper.payload import StepRow, run_data


def long_run(steps):
    recorder = Recorder({"x": 0})
    for k in range(steps):
        recorder.step("CPU 0", f"step {k}", "x" * 40, {"x": k + 1})
    return recorder.run("long", ("CPU 0",))


@pytest.fixture
def stretch(monkeypatch):
    """A stepper that holds a stretch from the middle of a run."""
    monkeypatch.setattr(module, "LIMIT", 20_000)
    return Stepper(long_run(600), position=300)


def answered(stepper, message):
    """What a stepper sends for a message of a page."""
    sent, stepper.send = [], lambda answer: sent.append(answer)
    stepper._heard(stepper, message, [])
    return sent


@pytest.mark.parametrize("beside", ["before", "after", "start", "end"])
def test_what_lies_beside_it_is_sent_from_there(stretch, beside):
    (first, last), sent = stretch._span, stretch.data
    assert 0 < first <= 300 <= last < 600 and json.loads(sent)["total"] == 600
    position = {"before": first - 1, "after": last + 1, "start": 0, "end": 600}[beside]
    [answer] = answered(stretch, {"more": position, "reader": "r1"})
    top = json.loads(answer["stretch"])
    steps = len(top["views"][0]["steps"])
    assert answer["reader"] == "r1" and top["first"] <= position <= top["offset"] + steps
    assert top["offset"] == max(top["first"] - 1, 0), "with the step that leads there"
    assert (stretch.position, stretch.data) == (300, sent), "who else reads it stays where they are"


@pytest.mark.parametrize("odd", [-1, 601, True, "300", None])
def test_a_place_that_is_none_is_not_gone_to(stretch, odd):
    assert answered(stretch, {"more": odd}) == answered(stretch, {"at": odd}) == [] and stretch.position == 300


def test_where_a_reader_stands_and_what_they_speak_goes_to_nobody_else(stretch, monkeypatch):
    told = []
    monkeypatch.setattr(Stepper, "send_state", lambda self, key=None: told.append(key))
    stretch.open()
    told.clear()
    stretch._heard(stretch, {"at": 12}, [])
    stretch._heard(stretch, {"lines": "c"}, [])
    stretch._heard(stretch, {"lines": "fortran"}, [])
    assert (stretch.position, stretch.lines) == (12, "c") and told == []
    stretch.position = 13
    assert told == ["position"], "what Python sets is for all"


@pytest.mark.parametrize("at", [0, 12, 300, 590, 600])
def test_beyond_its_stretch_it_is_drawn_and_kept_where_the_reader_stands(stretch, at):
    sent, span = stretch.data, stretch._span
    stretch._heard(stretch, {"at": at}, [])
    said = f"Step {at} ·" if at else "Nothing has happened yet"
    assert said in str(stretch.still()) and said in stretch.html()
    top = json.loads(re.search(r"<script[^>]*json[^>]*>(.*?)</script>", str(stretch.static()), re.DOTALL)[1])
    assert top["first"] <= at <= top["offset"] + len(top["views"][0]["steps"]), "what came along holds that place"
    alone = Stepper(long_run(600), position=at)
    assert stretch.drawing() == alone.drawing()
    assert (stretch.data, stretch._span) == (sent, span), "who else reads it keeps theirs"


def causes(*found):
    return lambda data, position: found


@pytest.mark.parametrize(
    "cause, said",
    [
        ((2, 4, "x", False), "It read x as CPU 1 left it in step 1,002."),
        ((2, 3, "x", False), "It read x in step 1,003 as CPU 1 left it in step 1,002."),
        ((2, 4, "x", True), "It read x before what CPU 1 stored in step 1,002 had left its buffer."),
        ((0, 4, "x", False), "It read x as step 1,000 left it."),
        ((1, 4, "x", False), "It read x as CPU 0 left it in step 1,001."),
    ],
)
def test_a_step_is_told_by_its_number_in_the_whole_run(cause, said, monkeypatch):
    monkeypatch.setattr(still, "causes", causes(cause))
    steps = [StepRow(actor, "label", "", [], None, None, [], [], [], "", []) for actor in (0, 1, 0, 1)]
    assert still.because({"actors": ["CPU 0", "CPU 1"], "steps": steps, "offset": 1000}, 4) == said


def test_who_waits_for_whom_is_a_picture_where_somebody_waits(make_run):
    data = run_data(make_run("0100001111"))
    drawn = ["Who waits for whom" in still.still(data, k) for k in range(len(data["waiting"]))]
    assert drawn == [place >= 0 for place in data["waiting"]] and {True, False} == set(drawn)


def test_a_run_is_called_as_it_is_or_as_somebody_calls_it(make_run):
    run = make_run("01")
    tops = [json.loads(Stepper(run, **more).data) for more in ({}, {"title": "T", "subtitle": "S"})]
    assert [(top["title"], top["subtitle"]) for top in tops] == [(run.title, "a sample"), ("T", "S")]


def test_two_runs_have_both_titles_unless_they_are_given_one(make_run):
    one, alike, other = (
        make_run("01", title="A"),
        make_run("10", title="B"),
        make_run("10", title="C", subtitle="another"),
    )
    both = json.loads(Stepper(one, other).data)
    assert (both["title"], both["subtitle"]) == ("A · C", "two runs under one position")
    for runs, subtitle in (((one, alike), "a sample"), ((one, other), "")):
        top = json.loads(Stepper(*runs, title="T").data)
        assert (top["title"], top["subtitle"]) == ("T", subtitle)
    assert json.loads(Stepper(one, other, title="T", subtitle="S").data)["subtitle"] == "S"


@pytest.mark.parametrize(
    "first, second, parts", [("01", "01", 0), ("01", "10", 1), ("0000", "0001", 4), ("01", "010", 3)]
)
def test_two_runs_part_at_the_first_step_that_is_not_the_same(first, second, parts, make_run):
    stepper = Stepper(make_run(first), make_run(second))
    assert stepper._parts == parts
    assert [view["parts"] for view in json.loads(stepper.data)["views"]] == [parts, parts]


@pytest.mark.parametrize("given, place", [(-3, 0), (0, 0), (2, 2), (3, 2)])
def test_a_stepper_begins_within_its_run(given, place, make_run):
    assert Stepper(make_run("01"), position=given).position == place


def test_beyond_what_came_along_only_a_run_of_the_explorer_leads(make_run):
    stepper, sent = Stepper(make_run("01")), []
    stepper.send = sent.append
    for code in ("v2:2x1:9f3c A2", "<nonsense>", 7):
        stepper._heard(stepper, {"beyond": code}, [])
    assert sent == [] and stepper._ways_beyond("v2:2x1:9f3c A2") is None


def test_a_run_that_takes_another_s_place_begins_at_its_start(make_run):
    stepper = Stepper(make_run("01"), position=2, replay=lambda code: make_run("010"))
    assert stepper.paste("a code") == "It fits: 3 steps." and stepper.position == 0
    assert json.loads(stepper.data)["total"] == 3


@pytest.mark.parametrize("lines", ["", "python"])
def test_only_a_language_that_was_asked_for_overrules_what_the_reader_chose(lines, make_run):
    assert f'data-lines="{lines}"' in Stepper(make_run("01"), lines=lines).static()


def test_a_graph_to_walk_is_told_with_what_it_is_of(make_scheduler):
    rows = str(make_scheduler()).splitlines()
    assert (
        rows[0] == "You are the scheduler" and rows[1] == "a sample" and rows[2].endswith("you choose who moves next.")
    )
    assert rows[3].startswith("Goal: break the rule “REMOVE must find a pair”. Make a CPU remove")
    assert "Goal" not in str(make_scheduler(goal="", goal_text=""))
