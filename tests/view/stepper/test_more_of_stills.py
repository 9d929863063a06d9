"""The stepper without a script, line by line: what is said at a position, what changed, the fog, the run in words, its pictures."""

import re
from base64 import b64decode

import pytest
from drawn import parts, px

from tdxkit.run import Change, Line, Recorder, Run, Step, Text, Track, Wait
from tdxkit.view.kit import svg
from tdxkit.view.stepper import still
from tdxkit.view.stepper.payload import in_other_lines, run_data
from tdxkit.view.stepper.timeline import FORMS, rows_of, timeline
from tdxkit.view.stepper.waits import _edge, waits_picture, waits_text

ACTORS = ("CPU 0", "CPU 1")


def counted(steps):
    recorder = Recorder({"x": 0, "y": "a"})
    for k in range(steps):
        recorder.step(f"CPU {k % 2}", f"step {k}", "", {"x": k + 1, "y": "a"})
    return recorder.run("counted", ACTORS, subtitle="from nothing")


def images(markup):
    """The images of a page by what is said of them, as drawings."""
    found = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]*)" alt="([^"]*)"', markup)
    return {words: b64decode(coded).decode() for coded, words in found}


@pytest.mark.parametrize("count, words", [(0, "0 steps follow"), (1, "1 step follows"), (2, "2 steps follow")])
def test_before_the_first_step_it_is_said_how_many_follow(count, words):
    assert still.said(run_data(counted(count)), 0) == ("Start", f"Nothing has happened yet. {words}.", False)
    assert still.said({**run_data(counted(count)), "hint": "Go on."}, 0)[1] == "Go on."


def test_a_step_of_a_stretch_is_told_by_its_number_in_the_run_and_by_its_label_where_it_has_no_sentence():
    data = run_data(counted(2000), None, 1500, 1510)
    assert still.said(data, 5) == ("Step 1,505 · CPU 0", "step 1504", False)
    assert still.said(data, 0) == ("Step 1,500", "What was before is not in this stretch of 2,000 steps.", False)


def test_what_a_step_changed_is_told_from_what_it_was_just_before():
    steps = (
        Step("CPU 0", "a", "", (Change("x", 0, 1), Change("y", "a", "b"))),
        Step("CPU 1", "b", ""),
        Step("CPU 0", "c", "", (Change("x", 1, 5),)),
    )
    data = run_data(Run("t", ACTORS, {"x": 0, "y": "a"}, steps))
    assert [still.changed(data, k) for k in range(4)] == [[], ["x 0 → 1", "y a → b"], [], ["x 1 → 5"]]
    for k in range(4):
        chips = re.findall(r'<code class="tdx-chip">(.*?)</code>', still.still(data, k))
        assert chips == still.changed(data, k)


@pytest.mark.parametrize("seen", [0, 3, 5])
def test_in_a_fog_nothing_is_left_of_what_comes(seen):
    data = run_data(counted(5)) | {"columns": 9, "parts": 2, "marks": [2, 3, 5], "tracks": [track([0, 1, 2, 3, 4, 5])]}
    fog = still.fogged(data, seen)
    assert fog["steps"] == data["steps"][:seen] and fog["tracks"][0]["values"] == list(range(seen + 1))
    assert fog["marks"] == [k for k in (2, 3, 5) if k <= seen] and fog["parts"] == 0 and fog["columns"] == 9
    assert fog["beside"] == ["x"], "its rows stay, or their coming would tell"
    assert still.fogged(run_data(counted(5)), seen)["columns"] == 5
    assert still.fogged(run_data(counted(0)), 0)["columns"] == 0


def track(values, kind="value"):
    return {"kind": kind, "name": "x", "key": "x", "role": "", "values": values}


def test_the_picture_in_a_fog_is_of_what_was_seen(bad_run):
    data = run_data(bad_run)
    clear, fog = (next(iter(images(still.still(one, 3)).values())) for one in (data, data | {"fog": True}))
    assert clear.count("tdx-cross") == 2 and "tdx-cross" not in fog and "at step 3" in fog and "at step 3" in clear
    assert "<summary>as text</summary>" in still.still(data, 3)


def test_a_broken_step_looks_it_and_no_other(bad_run):
    data = run_data(bad_run)
    assert [k for k in range(11) if "tdx-say tdx-broken" in still.still(data, k)] == [9]
    assert still.still(data, -4) == still.still(data, 0) and still.still(data, 99) == still.still(data, 10)


def test_a_run_under_another_is_headed_by_its_name():
    data = run_data(counted(1))
    assert "<h3>counted</h3>" in still.still(data, 0)
    assert "<h3>v6</h3>" in still.still(data | {"name": "v6"}, 0)
    assert 'aria-label="Stepper: counted"' in still.still(data | {"name": "v6"}, 0)


def test_beside_the_timeline_is_the_state_s_picture_of_the_position():
    draw = lambda state: svg.drawing(9, 9, "x", svg.text(0, 9, f"x is {state['x']}"))  # noqa: E731
    data = run_data(counted(3), draw)
    for k in range(4):
        found = images(still.still(data, k))
        assert len(found) == 2 and f"x is {k}" in found["The state at this step"]
    assert list(images(still.still(run_data(counted(3)), 1))) == ["Timeline: Step 1 · CPU 0, step 0"]


def test_a_walk_begins_with_the_picture_of_its_first_state():
    data = run_data(counted(0)) | {
        "pictures": [svg.drawing(9, 9, f"picture {k}") for k in range(3)],
        "pics": [2, 0, 1],
        "graph": {"nodes": [[1, [], [], [], -1], [0, [], [], [], -1]]},
    }
    assert "picture 0" in images(still.still(data, 0))["The state at this step"]


def test_the_run_in_words_has_the_line_of_c_of_each_step_with_its_number_and_its_sign():
    lines = ("int a;", "  lock();", "\tunlock();  ")
    steps = (
        Step("CPU 0", "a", "", line=Line("f", 1), next=Line("f", 2)),
        Step("CPU 1", "b", "says", (Change("x", 0, 1),), line=None),
        Step("CPU 0", "c", "", line=Line("g", 2)),
    )
    texts = {"f": Text("F", lines, added=(1,), first=40), "g": Text("G", lines)}
    run = Run("t", ACTORS, {"x": 0}, steps, texts=texts)
    data = run_data(run) | {"c": in_other_lines(run, 0, 3)}
    title, ours, *rows = still.as_text(data, "c").splitlines()
    assert title == "t" and ours.startswith("The C was written for this workbook")
    assert rows == [
        "   1  CPU 0  a   41  f: + lock();",
        "   2  CPU 1  b   [x 0 → 1]",
        "   3  CPU 0  c   g: unlock();",
    ]
    assert still.as_text(data).splitlines()[1:] == [
        "   1  CPU 0  a",
        "   2  CPU 1  b   [x 0 → 1]",
        "   3  CPU 0  c",
    ]
    part = run_data(run, None, 2, 3) | {"c": in_other_lines(run, 2, 3)}
    assert still.as_text(part, "c").splitlines()[2:] == ["   3  CPU 0  c   g: unlock();"]


def test_a_value_that_never_changes_has_a_row_in_a_walk_and_beside_a_run_that_has_it():
    data = run_data(counted(2)) | {"tracks": [track(["1", "1", "1"])]}
    assert rows_of(data, FORMS["roomy"]) == []
    for more in ({"graph": {}}, {"beside": ["x"]}):
        assert len(rows_of(data | more, FORMS["roomy"])) == 1


def test_a_number_that_goes_up_by_one_goes_up_ten_px():
    data = run_data(counted(2)) | {"tracks": [track(["0", "0", "1"])]}
    y = 18 + 2 * 24 + 10 - 2
    assert f"M70 {y + 5}H126V{y - 5}H182 ink/2" in " ".join(parts(timeline(data, 0)))


@pytest.mark.parametrize("columns, there", [(77, True), (78, False), (75, True), (73, True)])
def test_a_digit_needs_five_px_beside_its_letter(columns, there):
    data = run_data(counted(columns)) | {"tracks": [track(["2", "1"] + ["2"] * (columns - 1))]}
    assert ((908 - 70 - 4) / columns >= 5.8 + 5) == there
    assert ("'1' soft middle" in " ".join(parts(timeline(data, 0)))) == there


@pytest.mark.parametrize("width, there", [(774, True), (773, False), (794, True)])
def test_words_in_a_box_need_four_px_beside_their_letters(width, there):
    data = run_data(counted(20)) | {"tracks": [track([-1, 1, *[-1] * 19], "lock")]}
    step = (width - 70 - 4) / 20
    assert (step - 2 >= 5.8 * 5 + 4) == there, "a box is two px narrower than its column"
    assert ("'CPU 1' paper a1" in " ".join(parts(timeline(data, 0, width)))) == there


def test_a_stretch_of_a_narrow_column_is_half_a_px_long():
    data = run_data(counted(600)) | {"tracks": [track([True, True, False, *[True] * 598], "rule")]}
    x = 70 + 834 / 600 + 1
    assert f"M{px(x)} 74H{px(x + 0.5)} bad/" in " ".join(parts(timeline(data, 0)))


def test_one_mark_in_a_short_run_beside_a_long_one_is_drawn():
    data = run_data(counted(2)) | {"columns": 400, "marks": [2]}
    assert f"M{px(70 + 834 / 400)} 4v6" in " ".join(parts(timeline(data, 0)))
    assert "4v6" not in timeline(data | {"marks": [1, 2]}, 0), "two of two would be a hatching"


def test_who_waits_for_itself_is_in_no_company():
    assert waits_text([Wait("A", "A", "A waits for itself")]) == "A waits for itself"
    assert "1 actor" not in waits_text([Wait("A", "B", "x"), Wait("B", "A", "y")])
    assert waits_text([Wait("A", "B", "x"), Wait("B", "A", "y")]) == "x; y; 2 actors wait for each other"


def test_words_at_an_arrow_stand_beside_it_and_never_on_it():
    """On the side to which an arrow that meets another one is moved."""
    for end, below in (((10, 100), True), ((-10, 100), False), ((100, 10), True), ((-100, 10), False)):
        (line, head, words) = parts(_edge((0, 0), end, False, True, "w"))
        (x1, y1), (x2, y2) = (
            tuple(map(float, pair.split())) for pair in line.split("M")[1].rsplit(" ", 1)[0].split("L")
        )
        y = float(words.split()[2])
        assert y == pytest.approx((y1 + y2) / 2 + (12 if below else -5), abs=0.1) and head.endswith("z ink")
        assert float(words.split()[1]) == pytest.approx((x1 + x2) / 2, abs=0.1)


def test_waits_are_drawn_for_the_actors_of_the_run_in_their_order():
    made = waits_picture(("C", "B", "A"), [Wait("A", "B", "A waits for B", what="")])
    names = [part.split("'")[1] for part in parts(made) if "/650 middle" in part]
    assert names == ["B", "A"] and "C" not in names


def test_tracks_of_a_run_have_their_rows_by_kind():
    run = counted(2)
    data = run_data(
        Run(run.title, run.actors, run.first, run.steps, tracks=(Track("x", "x", "value"), Track("y", "y", "fact")))
    )
    assert [row["values"] for row in rows_of(data, FORMS["roomy"])] == [["0", "1", "2"], [True, True, True]]
