"""What travels to the browser, the still picture, the text: pure functions of a run and a position."""

import json
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.run import Recorder, Text, Track
from tdxkit.view.kit import svg
from tdxkit.view.kit.svg import Markup
from tdxkit.view.stepper import lanes
from tdxkit.view.stepper.payload import StepRow, packed, run_data, source, track_value, window

RULE = "REMOVE must find a pair"
anything = st.one_of(st.sampled_from(["<script>", '"', "a\0b", "\u202e", "'", "</svg>"]), st.text(max_size=12))


def replayed(data):
    """The states that the script will build from the data."""
    state = list(data["first"])
    yield state
    for step in lanes.steps_of(data):
        state = list(state)
        for key, value in step.changes:
            state[key] = value
        yield state


def test_the_data_say_what_the_run_says(bad_run):
    data = run_data(bad_run)
    names = data["keys"]
    for shown, state in zip(replayed(data), bad_run.states(), strict=True):
        assert dict(zip(names, shown)) == {
            n: {True: "yes", False: "no", None: "none"}.get(state[n], str(state[n])) if not isinstance(state[n], int) or isinstance(state[n], bool) else str(state[n]) for n in names
        }  # fmt: skip
    assert [data["actors"][s.actor] for s in lanes.steps_of(data)] == [s.actor for s in bad_run.steps]
    assert data["marks"] == list(bad_run.marks()) and data["code"] == bad_run.code


def test_a_step_says_what_it_is_where_it_knows(bad_run):
    rows = lanes.steps_of(json.loads(packed(run_data(bad_run))))
    assert {row.kind for row in rows} == {getattr(step, "kind", "") for step in bad_run.steps}
    kinds = [
        SimpleNamespace(**{f: getattr(step, f) for f in StepRow._fields if f != "kind"}, kind="lock")
        for step in bad_run.steps
    ]
    assert {row.kind for row in lanes.steps_of(run_data(replace(bad_run, steps=tuple(kinds))))} == {"lock"}


def test_tracks_have_one_value_a_position(bad_run):
    lock, pair, rule = (t["values"] for t in run_data(bad_run)["tracks"])
    assert lock == [-1, -1, -1, 0, 0, 0, -1, 1, 1, 1, -1][: len(lock)] and len(lock) == len(bad_run) + 1
    turns = next(k for k, step in enumerate(bad_run.steps, 1) if step.broken)
    assert rule == [k < turns for k in range(len(bad_run) + 1)]
    assert pair[0] is True and pair[-1] is False


def test_a_rule_nobody_listed_gets_its_row(make_run):
    data = run_data(make_run("0100001111", tracks=()))
    assert [(t["name"], t["kind"]) for t in data["tracks"]] == [(RULE, "rule")]


def test_locks_held_shared_and_by_strangers():
    actors = {"CPU 0": 0, "CPU 1": 1}
    values = {None: -1, "CPU 1": 1, ("CPU 1", "CPU 0"): [0, 1], (): -1, "firmware": "firmware"}
    for held, shown in values.items():
        assert track_value(Track("l", "l", "lock"), {"l": held}, actors) == shown


def test_a_lane_leaves_out_what_the_sentence_says():
    told = (
        "    def put(m):", '        """one"""', '        """two', "        lines", '        """', '        m.tell("one line")',
        "        m.x = 1", "        m.tell(", '            "more (lines)"', "        )", "        return",
    )  # fmt: skip
    kept = ["def put(m):", '  """one"""', '  """two', None, None, None, "  m.x = 1", None, None, None, "  return"]
    assert source(Text("put", told)) == kept


def test_a_window_is_the_same_run_cut(bad_run):
    whole, part = run_data(bad_run), run_data(bad_run, None, 4, 8)
    assert part["steps"] == whole["steps"][4:8] and part["offset"] == 4 and part["total"] == len(bad_run)
    assert part["first"] == list(replayed(whole))[4]
    assert all(t["values"] == w["values"][4:9] for t, w in zip(part["tracks"], whole["tracks"]))
    assert part["marks"] == [k - 4 for k in whole["marks"] if 4 < k <= 8]
    last = {s.actor: s.next for s in lanes.steps_of(whole)[:4]}
    assert part["start"] == [last.get(a, whole["start"][a]) for a in range(2)]


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(200, 5000))
def test_windows_fit_and_hold_the_position(length, position, limit):
    position = min(position, length)
    start, stop, raw = window(lambda a, b: "x" * (7 * (b - a)), length, position, limit)
    assert 0 <= start <= position <= stop <= length and len(raw) <= limit
    assert len(raw) == 7 * length or len(raw) > limit * 0.6  # all of it, or nearly as much as fits


def test_a_state_too_big_to_send_is_said():
    with pytest.raises(InputError, match="smaller"):
        window(lambda a, b: "x" * 100, 10, 0, 50)


def test_pictures_travel_once_and_only_as_markup(bad_run):
    data = run_data(bad_run, lambda s: svg.drawing(9, 9, "pair", svg.text(0, 9, s["pair[0]"])))
    assert len(data["pictures"]) == 2 and len(data["pic"]) == len(bad_run) + 1
    states = list(bad_run.states())
    assert all((str(s["pair[0]"]) in data["pictures"][i]) for s, i in zip(states, data["pic"]))
    with pytest.raises(InputError, match="svg"):
        run_data(bad_run, lambda s: "<svg onload=alert(1)>")


def test_the_text_twin_is_the_runs_own(bad_run):
    assert lanes.as_text(run_data(bad_run)) == str(bad_run)


def test_a_still_picture_at_every_position(bad_run):
    data = run_data(bad_run)
    seen = [lanes.timeline(data, k) for k in range(len(bad_run) + 1)]
    assert len(set(seen)) == len(seen)
    for k, made in enumerate(seen):
        ElementTree.fromstring(made)
        assert f"at step {k}" in made and "http" not in made
    assert lanes.said(data, 9) == (f"Broken here: {RULE}", "CPU 1 asks the module to remove the pair", True)
    assert not lanes.said(data, 8)[2] and lanes.said(data, 0)[0] == "Start"


def test_a_row_turns_at_the_step_and_says_so_without_colour(bad_run):
    data = run_data(bad_run)
    turns = next(k for k, step in enumerate(bad_run.steps, 1) if step.broken)
    rows = lanes.bars(data["tracks"][2])
    assert rows == [(0, turns - 1, "ok", False), (turns - 1, len(bad_run), "bad", True)]
    assert "tdx-cross" in lanes.timeline(data, 0) and "pattern" in lanes.timeline(data, 0)


@settings(max_examples=60, deadline=None)
@given(anything, anything, anything, anything)
def test_hostile_names_stay_text(actor, key, label, title):
    recorder = Recorder({key: label})
    recorder.step(actor, label, label, {key: title}, broken=(label,))
    run = recorder.run(title, (actor,), tracks=(Track(label, key, "lock"), Track(key, key, "fact")))
    data = json.loads(packed(run_data(run)))
    made = lanes.still(data, 1)
    assert isinstance(made, Markup)
    for word in ("<script", "\0", "\u202e"):
        assert made.count(word) == 0
    root = ElementTree.fromstring(made)
    assert {e.tag for e in root.iter()} <= {
        "section", "header", "h3", "div", "svg", "defs", "clipPath", "rect", "g", "path", "text", "title", "b", "span", "details", "summary", "pre",
    }  # fmt: skip


def test_nothing_happens_in_an_empty_run():
    data = run_data(Recorder({"x": 1}).run("empty", ("CPU 0",)))
    assert "0 steps" in lanes.said(data, 0)[1] and ElementTree.fromstring(lanes.still(data, 0)) is not None
