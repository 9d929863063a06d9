"""What travels to the browser, the still picture, the text: pure functions of a run and a position."""

import json
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.run import Read, Recorder, Text, Track, Wait
from tdxkit.view.kit import svg
from tdxkit.view.kit.svg import Markup
from tdxkit.view.kit.theme import LIFE, actor_roles
from tdxkit.view.stepper import still, timeline
from tdxkit.view.stepper.payload import StepRow, aligned, packed, run_data, source, track_value, window
from tdxkit.view.stepper.waits import circle, waits_graph, waits_picture, waits_text

RULE = "REMOVE must find a pair"
anything = st.one_of(st.sampled_from(["<script>", '"', "a\0b", "\u202e", "'", "</svg>"]), st.text(max_size=12))


def replayed(data):
    """The states that the script will build from the data."""
    state = list(data["first"])
    yield state
    for step in timeline.steps_of(data):
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
    assert [data["actors"][s.actor] for s in timeline.steps_of(data)] == [s.actor for s in bad_run.steps]
    assert data["marks"] == list(bad_run.marks()) and data["code"] == bad_run.code


def test_a_step_says_what_it_is_where_it_knows(bad_run):
    rows = timeline.steps_of(json.loads(packed(run_data(bad_run))))
    assert {row.kind for row in rows} == {getattr(step, "kind", "") for step in bad_run.steps}
    kinds = [
        SimpleNamespace(**{f: getattr(step, f) for f in StepRow._fields if f != "kind"}, kind="lock")
        for step in bad_run.steps
    ]
    assert {row.kind for row in timeline.steps_of(run_data(replace(bad_run, steps=tuple(kinds))))} == {"lock"}


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
    last = {s.actor: s.next for s in timeline.steps_of(whole)[:4]}
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
    assert still.as_text(run_data(bad_run)) == str(bad_run)


def test_a_still_picture_at_every_position(bad_run):
    data = run_data(bad_run)
    seen = [timeline.timeline(data, k) for k in range(len(bad_run) + 1)]
    assert len(set(seen)) == len(seen)
    for k, made in enumerate(seen):
        ElementTree.fromstring(made)
        assert f"at step {k}" in made and "http" not in made
    assert still.said(data, 9) == (f"Broken here: {RULE}", "CPU 1 asks the module to remove the pair", True)
    assert not still.said(data, 8)[2] and still.said(data, 0)[0] == "Start"


def drawn(data, position, **more):
    """The rows of a timeline by kind, each as its elements: (name, attributes, text)."""
    root = ElementTree.fromstring(timeline.timeline(data, position, **more))
    groups = root.find(".//{*}g[@class='tdx-past']").iter("g")
    rows = [g for g in groups if g.attrib.get("class", "").startswith("tdx-row")]
    return [(g.attrib["class"].split("tdx-")[-1], [(e.tag, e.attrib, e.text or "") for e in g]) for g in rows]


def test_a_row_turns_at_the_step_and_says_so_without_colour(bad_run):
    data = run_data(bad_run)
    turns = next(k for k, step in enumerate(bad_run.steps, 1) if step.broken)
    (rule,) = [row for kind, row in drawn(data, 0) if kind == "rule"]
    held, broken, cross = (attributes for _, attributes, _ in rule)
    assert "stroke-dasharray" not in held and broken["stroke-dasharray"] == "5 4" and cross["class"] == "tdx-cross"
    edge = float(broken["d"][1:].split()[0])
    lock = next(row for kind, row in drawn(data, 0) if kind == "lock")
    assert edge > float(held["d"].split("H")[1]) and turns == 9
    assert [text for _, _, text in lock if text] == ["CPU 0", "CPU 1"]


def test_a_number_is_drawn_as_stairs_and_its_digits(bad_run):
    tracks = (*bad_run.tracks, Track("users", "refcount[0]", "value"), Track("last answer", "last", "value"))
    (stairs, *digits), boxes = [
        row for kind, row in drawn(run_data(replace(bad_run, tracks=tracks)), 10) if kind == "value"
    ]
    assert [text for _, _, text in digits] == ["1", "0"] and stairs[1]["d"].count("V") == 1
    assert "TDX_SUCCESS" in [text for _, _, text in boxes]


def test_rules_share_a_row_where_there_is_little_room(bad_run):
    data = run_data(replace(bad_run, tracks=(*bad_run.tracks, Track("another", "another", "rule"))))
    assert sum(kind == "rule" for kind, _ in drawn(data, 9)) == 2
    (folded,) = [row for kind, row in drawn(data, 9, form="compact") if kind == "rule"]
    assert sum(attributes.get("class") == "tdx-cross" for _, attributes, _ in folded) == 1
    assert "2 rules" in timeline.timeline(data, 9, form="compact")


def test_a_row_that_says_nothing_is_left_out_but_beside_a_run_that_has_it(bad_run, make_run):
    empty = Track("1G exclusive", "nobody", "lock")
    one = run_data(replace(bad_run, tracks=(empty, *bad_run.tracks)))
    assert "1G exclusive" not in timeline.timeline(one, 0)
    other = run_data(make_run("01000", title="v6"))
    other["tracks"] = [track for track in other["tracks"] if track["kind"] == "lock"]
    assert "pair in the region" not in timeline.timeline(other, 0)
    aligned(one, other, 3)
    names = [[track["name"] for track in view["tracks"]] for view in (one, other)]
    assert names[0] == names[1] and one["parts"] == other["parts"] == 3 and other["columns"] == 10
    (rule,) = [track for track in other["tracks"] if track["kind"] == "rule"]
    assert rule["values"] == [True] * 6, "a rule that the other run does not have is not broken in it"
    assert all(len(track["values"]) == 6 for track in other["tracks"]) and "≠" in timeline.timeline(other, 0)


def test_actors_have_their_colour_by_name_and_no_two_the_same():
    lone = {name: actor_roles((name,))[0] for name in ("QEMU", "guest", "stopper", "KVM", "TD 1", "firmware")}
    assert actor_roles(("CPU 3", "CPU 0")) == [3, 0] and actor_roles(LIFE) == list(range(7))
    for names in combinations(lone, 4):
        roles = actor_roles(names)
        assert len(set(roles)) == 4
        wanted = [lone[name] for name in names]
        assert all(
            role == want
            for role, want in zip(roles, wanted)
            if wanted.count(want) == 1 and want not in set(roles) - {role}
        )


def test_who_waits_for_nobody_is_in_no_circle():
    one = waits_graph([Wait("CPU 0", "CPU 1", "a", what="l"), Wait("CPU 2", None, "b")])
    assert circle(one) == set() and "waits for" in waits_picture(
        ("CPU 0", "CPU 1", "CPU 2"), [Wait("CPU 0", "CPU 1", "a")]
    )
    both = [Wait("CPU 0", "CPU 1", "a"), Wait("CPU 1", "CPU 0", "b"), Wait("CPU 2", "CPU 0", "c")]
    assert circle(waits_graph(both)) == {("CPU 0", "CPU 1"), ("CPU 1", "CPU 0")}
    assert circle(waits_graph([Wait("CPU 0", "CPU 0", "itself")])) == {("CPU 0", "CPU 0")}
    assert (
        "wait for each other" in waits_text(both)
        and ElementTree.fromstring(waits_picture(("CPU 0", "CPU 1", "CPU 2"), both)) is not None
    )


def test_what_a_step_rests_on(bad_run):
    steps = list(bad_run.steps)
    steps[6] = replace(steps[6], reads=(Read("refcount[0]", 1),))
    steps[8] = replace(steps[8], reads=(Read("pair[0]", 6, missed=True),))
    run = replace(bad_run, steps=tuple(steps))
    assert steps[8].broken and run.misled(9) == ((9, Read("pair[0]", 6, True)), (7, Read("refcount[0]", 1)))
    assert run.misled(0) == run.misled(2) == () and run.misled(7) == ((7, Read("refcount[0]", 1)),)
    data = json.loads(packed(run_data(run)))
    assert timeline.causes(data, 9) == [(6, 9, "pair[0]", True), (1, 7, "refcount[0]", False)]
    assert still.because(data, 9) == (
        "It read pair[0] before what CPU 0 stored in step 6 had left its buffer. It read refcount[0] in step 7 as CPU 0 left it in step 1."
    )
    arrows = ElementTree.fromstring(timeline.timeline(data, 9)).find(".//{*}g[@class='tdx-causes']")
    assert len(arrows) == 2 and sum("stroke-dasharray" in e.attrib for e in arrows.iter()) == 1
    part = json.loads(packed(run_data(run, None, 4, 10)))
    assert "as step 1 left it" in still.because(part, 5) and timeline.timeline(part, 5).count("<circle") == 1


@settings(max_examples=60, deadline=None)
@given(anything, anything, anything, anything)
def test_hostile_names_stay_text(actor, key, label, title):
    recorder = Recorder({key: label})
    recorder.step(actor, label, label, {key: title}, broken=(label,))
    run = recorder.run(title, (actor,), tracks=(Track(label, key, "lock"), Track(key, key, "fact")))
    data = json.loads(packed(run_data(run)))
    made = still.still(data, 1)
    assert isinstance(made, Markup)
    for word in ("<script", "\0", "\u202e"):
        assert made.count(word) == 0
    root = ElementTree.fromstring(made)
    assert {e.tag for e in root.iter()} <= {
        "section", "header", "h3", "div", "p", "img", "b", "span", "code", "details", "summary", "pre",
    }  # fmt: skip


def test_a_still_picture_under_a_fog_shows_no_more_than_was_seen(bad_run):
    data = run_data(bad_run) | {"fog": True}
    seen = still.fogged(data, 3)
    drawn = timeline.timeline(seen, 3)
    assert "tdx-cross" not in drawn and "tdx-mark-bad" not in drawn and drawn.count("CPU 1</text>") == 1
    assert timeline.timeline(still.fogged(data, 10), 10).count("tdx-cross") == timeline.timeline(data, 10).count(
        "tdx-cross"
    )
    assert "the whole run as text" in still.still(data, 3) and "the whole run" not in still.still(run_data(bad_run), 3)


def test_nothing_happens_in_an_empty_run():
    data = run_data(Recorder({"x": 1}).run("empty", ("CPU 0",)))
    assert "0 steps" in still.said(data, 0)[1] and ElementTree.fromstring(still.still(data, 0)) is not None
