"""widget.js and mount.js with a model that no kernel hears: what the kernel is told and when, a long run that is asked for, and what the reader hears;
controls.js, keys.js, lab.js, foot.js, forms.js, view.js and steady.js by keys, pointer and window."""

import json

import pytest

from tdxkit.run import Recorder, parts
from tdxkit.view.stepper import Stepper

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def count(one):
    return one.page.locator(".tdx-count").inner_text()


def press(one, *keys):
    for key in keys:
        one.page.keyboard.press(key)


def focus(one):
    one.page.locator(".tdx-stepper").focus()


def rested(one, saved):
    one.page.wait_for_function("n => model.saved.length === n", arg=saved)


class TestWidget:
    def test_the_kernel_is_told_once_the_reader_rests_and_its_echo_takes_nobody_back(self, widget, bad_run):
        one = widget(Stepper(bad_run, position=2))
        focus(one)
        press(one, "ArrowRight", "ArrowRight", "ArrowRight")
        assert count(one) == "step 5 of 10" and one.saved == [] and one.page.evaluate("model.values.position") == 5
        one.gets("position", 3)  # an echo, while the reader goes on
        assert count(one) == "step 5 of 10"
        rested(one, 1)
        assert one.saved[0]["position"] == 5
        one.gets("position", 7)  # the kernel's own
        assert count(one) == "step 7 of 10"
        one.page.wait_for_timeout(200)
        assert len(one.saved) == 1, "what came from the kernel is not told to it"

    def test_another_run_comes_and_stands_where_the_kernel_says(self, widget, bad_run, make_run):
        one = widget(Stepper(bad_run, position=9))
        one.page.evaluate("data => { model.values.position = 2; }", None)
        one.gets("data", Stepper(make_run("011")).data)
        assert count(one) == "step 2 of 3" and one.page.locator(".tdx-say b").inner_text() == "Step 2 · CPU 1"

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

    def test_taken_away_it_is_silent(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        focus(one)
        press(one, "ArrowRight", "Space")
        assert one.ends() == 0
        at = count(one)
        one.page.wait_for_timeout(1_000)
        assert one.saved == [] and count(one) == at, "it plays no more, and tells no more"

    def test_the_language_of_the_lanes_is_told_and_heard(self, widget):
        from tdxkit.explore import explore, replay
        from tdxkit.linux.refcount import scenario

        two = scenario("v2")
        one = widget(Stepper(replay(two, explore(two).schedule), lines="python"))
        pressed = one.page.locator(".tdx-ways [aria-pressed=true]")
        assert pressed.all_inner_texts() == ["Python"]
        focus(one)
        press(one, "l")
        assert pressed.all_inner_texts() == ["C"] and [row["lines"] for row in one.saved] == ["c"]
        one.page.get_by_role("button", name="C", exact=True).click()
        assert len(one.saved) == 1, "it is C already"
        one.gets("lines", "python")
        assert pressed.all_inner_texts() == ["Python"] and len(one.saved) == 1
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


class TestLong:
    def test_where_the_stretch_ends_more_is_asked_for_and_what_is_here_is_shown_at_once(self, widget, part):
        one = widget(part)
        assert count(one) == "step 30 of 60"
        focus(one)
        for _ in range(10):
            press(one, "ArrowRight")
        assert (
            count(one) == "step 40 of 60"
            and one.sent == []
            and one.page.locator(".tdx-say b").inner_text() == "Step 40 · CPU 0"
        )
        press(one, "ArrowRight")
        assert one.sent == [{"more": 41}] and count(one) == "step 40 of 60", "until it comes"
        press(one, "Home")
        assert one.sent == [{"more": 41}, {"more": 0}]
        press(one, "End")
        assert one.sent[2:] == [{"more": 60}]

    def test_the_first_of_a_stretch_is_here_and_the_one_before_is_not(self, widget, part):
        one = widget(part, position=20)
        assert count(one) == "step 20 of 60" and one.sent == []
        focus(one)
        press(one, "ArrowLeft")
        assert one.sent == [{"more": 19}]

    def test_pages_turn_to_where_another_goes_on_also_beyond_the_stretch(self, widget, part):
        one = widget(part)
        focus(one)
        marks = long_run().marks()
        at = 30
        for key in ("PageDown", "PageDown", "PageUp", "PageUp", "PageUp", "PageUp"):
            at = min(m for m in marks if m > at) if key == "PageDown" else max(m for m in marks if m < at)
            press(one, key)
            assert count(one) == f"step {at} of 60"
        assert at < 30 and one.sent == []
        for position, key, wanted in ((39, "PageDown", 43), (20, "PageUp", 16)):
            one = widget(part, position=position)
            focus(one)
            press(one, key)
            assert one.sent == [{"more": wanted}] and wanted in marks


def heard(one, keys):
    """Which of these keys the page hears that the stepper stands on."""
    one.page.evaluate(
        "window.keys = []; document.body.onkeydown = e => { keys.push(e.key + (e.defaultPrevented ? '!' : '')); }; 0"
    )
    press(one, *keys)
    return [key for key in one.page.evaluate("keys") if key not in ("Control", "Alt", "Meta", "Shift")]


class TestKeys:
    OURS = ("ArrowRight", "ArrowLeft", "Home", "End", "PageDown", "PageUp", " ", "f", "t")

    @pytest.mark.parametrize("held", ["Control", "Alt", "Meta"])
    def test_with_another_key_held_nothing_of_it_is_ours(self, widget, bad_run, held):
        one = widget(Stepper(bad_run, position=5))
        focus(one)
        assert heard(one, [f"{held}+{key}" for key in self.OURS]) == list(self.OURS)
        assert count(one) == "step 5 of 10" and one.page.locator(".tdx-panel:visible, .tdx-projector").count() == 0
        assert one.page.get_by_label("Play", exact=True).count() == 1

    def test_what_is_ours_does_not_reach_the_notebook_and_what_is_not_does(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        focus(one)
        assert heard(one, self.OURS) == []
        assert heard(one, ("a", "1", "u", "h", "o", "l", "Enter", "x")) == ["a", "1", "u", "h", "o", "l", "Enter", "x"]

    def test_in_a_field_or_a_list_keys_are_the_fields(self, widget, bad_run):
        one = widget(Stepper(bad_run, position=3), asks=True)
        one.page.get_by_role("button", name="paste a schedule").click()
        one.page.get_by_label("A schedule code").press("f")
        one.page.get_by_label("A schedule code").press("Home")
        one.page.get_by_label("Speed").press("Home")
        one.page.get_by_role("button", name="as text").click()
        one.page.locator(".tdx-panel pre").press("End")
        assert count(one) == "step 3 of 10" and one.page.get_by_label("A schedule code").input_value() == "f"
        assert one.page.locator(".tdx-compact, .tdx-projector").count() == one.page.locator(".tdx-compact").count()

    def test_space_plays_but_on_a_button_presses_it(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        one.page.get_by_label("Next", exact=True).press(" ")
        assert count(one) == "step 1 of 10" and one.page.get_by_label("Pause").count() == 0
        focus(one)
        press(one, " ")
        assert one.page.get_by_label("Pause").count() == 1
        press(one, " ")
        assert one.page.get_by_label("Play", exact=True).count() == 1

    @pytest.mark.parametrize(("cell", "at"), [('tabindex="0"', "cell"), ('tabindex="-1"', "cell"), ("", "jp-Notebook")])
    def test_escape_gives_the_focus_back_to_the_cell_or_the_notebook(self, widget, bad_run, cell, at):
        one = widget(Stepper(bad_run), cell=cell)
        one.page.locator(".tdx-timeline").focus()
        assert heard(one, ["Escape"]) == []
        assert one.page.evaluate("document.activeElement.id || document.activeElement.className") == at

    @pytest.mark.parametrize("held", ["Shift", "Control", "Alt", "Meta"])
    def test_the_keys_that_run_a_cell_run_it_from_within(self, widget, bad_run, held):
        one = widget(Stepper(bad_run))
        one.page.evaluate(
            "window.ran = []; document.querySelector('#cell').addEventListener('keydown', e => ran.push([e.target.id, e.key, e.code, e.keyCode, e.which, e.shiftKey, e.ctrlKey, e.altKey, e.metaKey]))"
        )
        one.page.locator(".tdx-timeline").focus()
        press(one, f"{held}+Enter")
        keys = [held == name for name in ("Shift", "Control", "Alt", "Meta")]
        ran = [row for row in one.page.evaluate("ran") if row[1] == "Enter"]
        assert ran == [["cell", "Enter", "Enter", 13, 13, *keys]]

    def test_enter_alone_runs_nothing(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        one.page.locator(".tdx-timeline").focus()
        assert (
            heard(one, ["Enter"]) == ["Enter"]
            and one.page.evaluate("document.activeElement.className") == "tdx-timeline"
        )

    def test_f_goes_round_the_forms_and_t_opens_and_closes_the_text(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        one.page.set_viewport_size({"width": 1000, "height": 1000})
        focus(one)
        form = one.page.get_by_label("Form")
        for wanted in ("compact", "projector", "fitted"):
            press(one, "f")
            assert form.input_value() == wanted
            root = one.page.locator(".tdx-stepper").get_attribute("class").split()
            assert ("tdx-compact" in root, "tdx-projector" in root) == (wanted != "fitted", wanted == "projector")
        text = one.page.get_by_role("button", name="as text")
        for shown in ("true", "false"):
            press(one, "t")
            assert text.get_attribute("aria-expanded") == shown and one.page.locator(".tdx-panel:visible").count() == (
                shown == "true"
            )


class TestPlaying:
    def test_it_goes_a_step_at_its_pace_and_a_listener_is_not_flooded(self, widget, bad_run):
        one = widget(Stepper(bad_run, position=1))
        one.page.clock.install(time=0)
        one.page.clock.pause_at(1_000)
        say = one.page.locator(".tdx-say")
        one.page.get_by_label("Play", exact=True).click()
        assert one.page.get_by_label("Pause").get_attribute("title") == "Pause"
        for wide, at in ((799, 1), (1, 2), (799, 2), (1, 3)):
            one.page.clock.run_for(wide)
            assert count(one) == f"step {at} of 10"
        assert say.get_attribute("aria-live") == "off", "not every step of a play is said"
        one.page.get_by_label("Speed").select_option("4")
        one.page.clock.run_for(800)
        one.page.clock.run_for(200)
        assert count(one) == "step 5 of 10"
        focus(one)
        press(one, "ArrowRight")
        assert count(one) == "step 6 of 10" and one.page.get_by_label("Play", exact=True).count() == 1, (
            "the hand stops it"
        )
        assert say.get_attribute("aria-live") == "polite"
        one.page.clock.run_for(5_000)
        assert count(one) == "step 6 of 10"
        press(one, " ")
        one.page.clock.run_for(800)
        assert count(one) == "step 10 of 10"
        one.page.clock.run_for(300)
        assert one.page.get_by_label("Play", exact=True).count() == 1
        press(one, " ")
        assert count(one) == "step 0 of 10", "from the end it begins again"
        one.page.get_by_label("Pause").click()
        one.page.clock.run_for(5_000)
        assert count(one) == "step 0 of 10"


class TestPointer:
    def test_a_click_leaves_the_focus_where_it_belongs(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        now = lambda: one.page.evaluate("document.activeElement.className || document.activeElement.tagName")  # noqa: E731
        one.page.locator(".tdx-say").click()
        assert "tdx-stepper" in now()
        one.page.locator(".tdx-plot").click()
        assert now() == "tdx-timeline"
        one.page.locator(".tdx-lane ol").first.click()
        assert now() == "tdx-code" or "tdx-stepper" in now()
        one.page.get_by_role("button", name="as text").click()
        assert now() == "BUTTON"

    def test_only_the_first_button_drags_and_only_while_it_is_held(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        box = one.page.locator(".tdx-plot").bounding_box()
        right, y = box["x"] + box["width"] - 6, box["y"] + 30
        one.page.mouse.click(right, y, button="right")
        assert count(one) == "step 0 of 10"
        one.page.mouse.move(box["x"] + box["width"] / 2, y)
        assert count(one) == "step 0 of 10", "the pointer only passes"
        one.page.mouse.move(right, y)
        one.page.mouse.down()
        assert count(one) == "step 10 of 10"
        one.page.mouse.move(box["x"] + 3, y + 300)
        assert count(one) == "step 0 of 10", "it is held, and may leave the timeline"
        one.page.mouse.up()
        one.page.mouse.move(right, y)
        assert count(one) == "step 0 of 10"

    def test_in_a_projectors_form_the_point_is_still_the_step(self, widget, bad_run):
        one = widget(Stepper(bad_run, position=7))
        one.page.get_by_label("Form").select_option("projector")
        one.page.wait_for_timeout(60)
        where = "e => { const { x, y, width } = e.getBoundingClientRect(); return { x, y, width }; }"
        frame = one.page.locator(".tdx-frame").evaluate(where)
        focus(one)
        press(one, "Home")
        one.page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + 20)
        assert count(one) == "step 7 of 10"
        plot = one.page.locator(".tdx-plot")
        assert float(plot.get_attribute("width")) / float(plot.get_attribute("viewBox").split()[2]) == pytest.approx(
            1.5, abs=0.01
        )
        press(one, "Escape")


class TestWindow:
    @pytest.mark.parametrize(("kind", "most"), [("run", 840), ("scheduler", 980), ("pair", 10_000)])
    def test_the_form_fits_the_height_of_the_window(self, widget, bad_run, make_run, make_scheduler, kind, most):
        made = {
            "run": lambda: Stepper(bad_run),
            "scheduler": make_scheduler,
            "pair": lambda: Stepper(bad_run, make_run("01")),
        }
        one = widget(made[kind]())
        for high in (839, 841, 979, 981):
            one.page.set_viewport_size({"width": 1000, "height": high})
            one.page.wait_for_timeout(30)
            assert one.page.locator(".tdx-compact").count() == (high <= most), high

    def test_the_timeline_is_drawn_anew_for_another_width_and_not_for_none(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        width = "Number(document.querySelector('.tdx-plot').getAttribute('width'))"
        for wide in (1100, 600):
            one.page.set_viewport_size({"width": wide, "height": 900})
            one.page.wait_for_timeout(60)
            room = one.page.locator(".tdx-timeline").evaluate(
                "e => { const s = getComputedStyle(e); return e.clientWidth - parseFloat(s.paddingLeft) - parseFloat(s.paddingRight); }"
            )
            assert one.page.evaluate(width) == pytest.approx(room, abs=1)
        one.page.evaluate(
            "window.plot = document.querySelector('.tdx-plot'); document.querySelector('#place').hidden = true"
        )
        one.page.wait_for_timeout(40)
        one.page.evaluate("document.querySelector('#place').hidden = false")
        one.page.wait_for_timeout(40)
        assert one.page.evaluate("plot === document.querySelector('.tdx-plot')")

    def test_the_lanes_take_the_room_that_the_state_beside_them_has(self, widget):
        from tests.view.stepper.chance import by_chance

        rows = "Number(getComputedStyle(document.querySelector('.tdx-lane ol')).getPropertyValue('--rows'))"
        found = []
        for more in (0, 6):
            one = widget(Stepper(by_chance(1, more=more)))
            one.page.set_viewport_size({"width": 1200, "height": 1000})
            one.page.wait_for_timeout(60)
            found.append(one.page.evaluate(rows))
        assert 7 <= found[0] < found[1] <= 15


def chaptered():
    from dataclasses import replace

    run = long_run()
    return replace(run, chapters=parts(run.steps, lambda step: "early" if step.label < "step 3" else "late"))


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
