"""widget.js and mount.js with a model that no kernel hears: what the kernel is told and when, a long run that is asked for, which controls there are;
foot.js and save.js."""

import json

import pytest

from tdxkit.run import Recorder
from tdxkit.view.stepper import Stepper

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class TestWidget:
    def test_the_kernel_is_told_once_the_reader_rests_and_its_echo_takes_nobody_back(self, widget, bad_run, timed):
        one = widget(Stepper(bad_run, position=2), page=timed)
        one.focus()
        one.press("ArrowRight", "ArrowRight")
        timed.clock.run_for(119)
        one.press("ArrowRight")
        timed.clock.run_for(119)
        assert one.count() == "step 5 of 10" and one.sent == [] and one.page.evaluate("model.values.position") == 5
        one.gets("position", 3)  # an echo, while the reader goes on
        assert one.count() == "step 5 of 10"
        timed.clock.run_for(1)
        assert one.sent == [{"at": 5}] and one.saved == [], "the state is every reader's"
        one.gets("position", 7)  # the kernel's own
        assert one.count() == "step 7 of 10"
        timed.clock.run_for(500)
        assert len(one.sent) == 1, "what came from the kernel is not told to it"

    def test_another_run_comes_and_stands_where_the_kernel_says(self, widget, bad_run, make_run):
        one = widget(Stepper(bad_run, position=9))
        one.page.evaluate("data => { model.values.position = 2; }", None)
        one.gets("data", Stepper(make_run("011")).data)
        assert one.count() == "step 2 of 3" and one.page.locator(".tdx-say b").inner_text() == "Step 2 · CPU 1"

    def test_a_pasted_code_is_asked_of_the_kernel_and_its_answer_is_said(self, widget, bad_run):
        one = widget(Stepper(bad_run), asks=True)
        one.page.get_by_role("button", name="paste a schedule").click()
        box = one.page.get_by_label("A schedule code")
        assert box.evaluate("e => e === document.activeElement") and box.get_attribute("placeholder").startswith(
            "sample:2x1:9f3c A9"
        )
        box.fill("abc")
        box.press("Enter")
        assert one.sent == [{"ask": "abc"}]
        one.hears("msg:custom", {"answer": "it does not fit"})
        said = one.page.locator(".tdx-paste output")
        assert said.inner_text() == "it does not fit" and said.get_attribute("aria-live") == "polite"
        one.page.get_by_role("button", name="Run it").click()
        assert said.inner_text() == "" and one.sent == [{"ask": "abc"}] * 2, "the old answer is no answer to this"
        one.page.get_by_role("button", name="paste a schedule").click()
        assert not box.is_visible()
        one.page.get_by_role("button", name="paste a schedule").click()
        assert box.input_value() == "abc", "what was typed stays"

    def test_where_nobody_can_open_a_code_none_is_asked_for(self, widget, bad_run):
        assert widget(Stepper(bad_run)).page.get_by_role("button", name="paste a schedule").count() == 0

    def test_taken_away_it_is_silent(self, widget, bad_run, timed):
        one = widget(Stepper(bad_run), page=timed)
        one.focus()
        one.press("ArrowRight", "Space")
        assert one.ends() == 0
        timed.clock.run_for(5_000)
        assert one.sent == one.saved == [] and one.count() == "step 1 of 10", "it plays no more, and tells no more"

    def test_the_language_of_the_lanes_is_told_and_heard(self, widget):
        from tdxkit.explore import explore, replay
        from tdxkit.linux.refcount import scenario

        two = scenario("v2")
        one = widget(Stepper(replay(two, explore(two).schedule), lines="python"))
        pressed = one.page.locator(".tdx-ways [aria-pressed=true]")
        assert pressed.all_inner_texts() == ["Python"]
        one.focus()
        one.press("l")
        assert pressed.all_inner_texts() == ["C"] and one.sent == [{"lines": "c"}]
        one.page.get_by_role("button", name="C", exact=True).click()
        assert len(one.sent) == 1, "it is C already"
        one.gets("lines", "python")
        assert pressed.all_inner_texts() == ["Python"] and len(one.sent) == 1 and one.saved == []
        assert one.page.locator(".tdx-sub:visible").all_inner_texts()[1:] == []
        one.gets("lines", "c")
        assert any("in its own words" in said for said in one.page.locator(".tdx-sub:visible").all_inner_texts())

    def test_it_is_saved_with_its_own_script_and_style(self, widget, bad_run):
        one = widget(Stepper(bad_run, position=4))
        with one.page.expect_download() as kept:
            one.page.get_by_role("button", name="save as one file").click()
        text = kept.value.path().read_text(encoding="utf-8")
        assert (
            "<style>/* style */</style>" in text
            and '<script type="module">// script\nmountHere("saved");</script>' in text
        )
        assert 'data-position="4"' in text and str(bad_run).splitlines()[3].strip() in text
        assert kept.value.suggested_filename == "two-cpus-give-back-one-page-pair.html"


def long_run(n=60):
    recorder = Recorder({"x": 0})
    for k in range(n):
        recorder.step("CPU 0" if k % 7 else "CPU 1", f"step {k + 1}", "", {"x": k + 1})
    return recorder.run("long", ("CPU 0", "CPU 1"))


@pytest.fixture
def part(monkeypatch):
    """The steps 20 to 40 of a run of 60, as the kernel sends a stretch."""
    stepper = Stepper(long_run())
    stepper.data = json.dumps(stepper._top(20, 40))
    stepper.position = 30
    return stepper


def asked(one):
    """The positions that a page has asked a stretch for."""
    return [row["more"] for row in one.sent if "more" in row]


class TestLong:
    def test_where_the_stretch_ends_more_is_asked_for_and_what_is_here_is_shown_at_once(self, widget, part):
        one = widget(part)
        assert one.count() == "step 30 of 60"
        one.focus()
        for _ in range(10):
            one.press("ArrowRight")
        assert (
            one.count() == "step 40 of 60"
            and asked(one) == []
            and one.page.locator(".tdx-say b").inner_text() == "Step 40 · CPU 0"
        )
        one.press("ArrowRight")
        assert asked(one) == [41] and one.count() == "step 40 of 60", "until it comes"
        one.press("Home")
        assert asked(one) == [41, 0]
        one.press("End")
        assert asked(one)[2:] == [60]

    def test_the_first_of_a_stretch_is_here_and_the_one_before_is_not(self, widget, part):
        one = widget(part, position=20)
        assert one.count() == "step 20 of 60" and asked(one) == []
        one.focus()
        one.press("ArrowLeft")
        assert asked(one) == [19]

    def test_pages_turn_to_where_another_goes_on_also_beyond_the_stretch(self, widget, part):
        one = widget(part)
        one.focus()
        marks = long_run().marks()
        at = 30
        for key in ("PageDown", "PageDown", "PageUp", "PageUp", "PageUp", "PageUp"):
            at = min(m for m in marks if m > at) if key == "PageDown" else max(m for m in marks if m < at)
            one.press(key)
            assert one.count() == f"step {at} of 60"
        assert at < 30 and asked(one) == []
        for position, key, wanted in ((39, "PageDown", 43), (20, "PageUp", 16)):
            one = widget(part, position=position)
            one.focus()
            one.press(key)
            assert asked(one) == [wanted] and wanted in marks

    def test_what_one_reader_asked_for_comes_to_that_reader_alone(self, widget, part):
        one = widget(part)
        one.focus()
        one.press("Home")
        [message] = [row for row in one.sent if "more" in row]
        start = json.dumps(Stepper(long_run())._top(0, 20))
        one.hears("msg:custom", {"stretch": start, "reader": message["reader"] + "x"})
        assert one.page.locator(".tdx-say b").inner_text() != "Start"
        one.hears("msg:custom", {"stretch": start, "reader": message["reader"]})
        assert one.count() == "step 0 of 60" and one.page.locator(".tdx-say b").inner_text() == "Start"
        other = widget(part)
        other.focus()
        other.press("Home")
        [asks] = [row for row in other.sent if "more" in row]
        assert asks["reader"] != message["reader"], "each page has a name of its own"

    def test_a_stretch_is_shown_where_its_reader_stands_also_after_an_echo(self, widget, part, timed):
        one = widget(part, page=timed)
        one.focus()
        one.press("Home")
        [message] = [row for row in one.sent if "more" in row]
        one.gets("position", 15)  # an echo, while the reader goes on
        start = json.dumps(Stepper(long_run())._top(0, 20))
        one.hears("msg:custom", {"stretch": start, "reader": message["reader"]})
        assert one.count() == "step 0 of 60"


def test_controls_only_where_they_are_of_use(widget, bad_run):
    few = widget(Stepper(bad_run)).page
    assert (
        few.get_by_label("Chapter").count()
        == few.get_by_label("Steps that touch").count()
        == few.locator(".tdx-over, .tdx-ways").count()
        == 0
    )
    assert (
        few.get_by_role("button", name="map of the states").count() == 0
        and few.get_by_role("button", name="show all").count() == 0
    )


@pytest.mark.parametrize(("many", "there"), [(40, 0), (41, 1)])
def test_a_filter_stands_over_long_runs_in_which_several_names_change_often(widget, many, there):
    recorder = Recorder({"x": 0, "y": 0, "once": 0})
    for k in range(many):
        recorder.step("CPU 0", f"step {k + 1}", "", {"x": k, "y": k // 9, "once": int(k > 20)})
    page = widget(Stepper(recorder.run("r", ("CPU 0",)))).page
    box = page.get_by_label("Steps that touch")
    assert box.count() == there
    if there:
        assert box.locator("option").all_inner_texts() == ["all steps", "with x", "with y"]
        assert page.locator(".tdx-rank").inner_text() == ""
        box.select_option("y")
        assert page.locator(".tdx-rank").inner_text() == "0 of 4"
        page.get_by_label("Next", exact=True).click()
        assert (page.locator(".tdx-rank").inner_text(), page.locator(".tdx-count").inner_text()) == (
            "1 of 4",
            "step 10 of 41",
        )
        page.get_by_label("Back", exact=True).click()
        assert page.locator(".tdx-count").inner_text() == "step 10 of 41", "none is before"


def test_the_count_of_a_large_run_has_its_thousands_and_keeps_its_room(widget, part):
    assert widget(part).page.locator(".tdx-count b").evaluate("e => e.style.minWidth") == "2ch"
