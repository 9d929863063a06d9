"""keys.js, lab.js, controls.js, forms.js and view.js: keys and the notebook around, play, the pointer, and the size of the window."""

import pytest

from tdxkit.view.stepper import Stepper
from tests.view.stepper.chance import by_chance

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def heard(one, keys):
    """Which of these keys the page hears that the stepper stands on."""
    one.page.evaluate(
        "window.keys = []; document.body.onkeydown = e => { keys.push(e.key + (e.defaultPrevented ? '!' : '')); }; 0"
    )
    one.press(*keys)
    return [key for key in one.page.evaluate("keys") if key not in ("Control", "Alt", "Meta", "Shift")]


class TestKeys:
    OURS = ("ArrowRight", "ArrowLeft", "Home", "End", "PageDown", "PageUp", " ", "f", "t")

    @pytest.mark.parametrize("held", ["Control", "Alt", "Meta"])
    def test_with_another_key_held_nothing_of_it_is_ours(self, widget, bad_run, held):
        one = widget(Stepper(bad_run, position=5))
        one.focus()
        assert heard(one, [f"{held}+{key}" for key in self.OURS]) == list(self.OURS)
        assert one.count() == "step 5 of 10" and one.page.locator(".tdx-panel:visible, .tdx-projector").count() == 0
        assert one.page.get_by_label("Play", exact=True).count() == 1

    def test_what_is_ours_does_not_reach_the_notebook_and_what_is_not_does(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        one.focus()
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
        assert one.count() == "step 3 of 10" and one.page.get_by_label("A schedule code").input_value() == "f"
        assert one.page.locator(".tdx-compact, .tdx-projector").count() == one.page.locator(".tdx-compact").count()

    def test_space_plays_but_on_a_button_presses_it(self, widget, bad_run):
        one = widget(Stepper(bad_run))
        one.page.get_by_label("Next", exact=True).press(" ")
        assert one.count() == "step 1 of 10" and one.page.get_by_label("Pause").count() == 0
        one.focus()
        one.press(" ")
        assert one.page.get_by_label("Pause").count() == 1
        one.press(" ")
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
        one.press(f"{held}+Enter")
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
        one.focus()
        form = one.page.get_by_label("Form")
        for wanted in ("compact", "projector", "fitted"):
            one.press("f")
            assert form.input_value() == wanted
            root = one.page.locator(".tdx-stepper").get_attribute("class").split()
            assert ("tdx-compact" in root, "tdx-projector" in root) == (wanted != "fitted", wanted == "projector")
        text = one.page.get_by_role("button", name="as text")
        for shown in ("true", "false"):
            one.press("t")
            assert text.get_attribute("aria-expanded") == shown and one.page.locator(".tdx-panel:visible").count() == (
                shown == "true"
            )


class TestPlaying:
    def test_it_goes_a_step_at_its_pace_and_a_listener_is_not_flooded(self, widget, bad_run, timed):
        one = widget(Stepper(bad_run, position=1), page=timed)
        say = one.page.locator(".tdx-say")
        one.page.get_by_label("Play", exact=True).click()
        assert one.page.get_by_label("Pause").get_attribute("title") == "Pause"
        for wide, at in ((799, 1), (1, 2), (799, 2), (1, 3)):
            one.page.clock.run_for(wide)
            assert one.count() == f"step {at} of 10"
        assert say.get_attribute("aria-live") == "off", "not every step of a play is said"
        one.page.get_by_label("Speed").select_option("4")
        one.page.clock.run_for(800)
        one.page.clock.run_for(200)
        assert one.count() == "step 5 of 10"
        one.focus()
        one.press("ArrowRight")
        assert one.count() == "step 6 of 10" and one.page.get_by_label("Play", exact=True).count() == 1, (
            "the hand stops it"
        )
        assert say.get_attribute("aria-live") == "polite"
        one.page.clock.run_for(5_000)
        assert one.count() == "step 6 of 10"
        one.press(" ")
        one.page.clock.run_for(800)
        assert one.count() == "step 10 of 10"
        one.page.clock.run_for(300)
        assert one.page.get_by_label("Play", exact=True).count() == 1
        one.press(" ")
        assert one.count() == "step 0 of 10", "from the end it begins again"
        one.page.get_by_label("Pause").click()
        one.page.clock.run_for(5_000)
        assert one.count() == "step 0 of 10"


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
        assert one.count() == "step 0 of 10"
        one.page.mouse.move(box["x"] + box["width"] / 2, y)
        assert one.count() == "step 0 of 10", "the pointer only passes"
        one.page.mouse.move(right, y)
        one.page.mouse.down()
        assert one.count() == "step 10 of 10"
        one.page.mouse.move(box["x"] + 3, y + 300)
        assert one.count() == "step 0 of 10", "it is held, and may leave the timeline"
        one.page.mouse.up()
        one.page.mouse.move(right, y)
        assert one.count() == "step 0 of 10"

    def test_in_a_projectors_form_the_point_is_still_the_step(self, widget, bad_run):
        one = widget(Stepper(bad_run, position=7))
        one.page.evaluate("Element.prototype.requestFullscreen = undefined")  # large in its place: nothing moves later
        one.page.get_by_label("Form").select_option("projector")
        one.page.wait_for_timeout(60)
        where = "e => { const { x, y, width } = e.getBoundingClientRect(); return { x, y, width }; }"
        frame = one.page.locator(".tdx-frame").evaluate(where)
        one.focus()
        one.press("Home")
        one.page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + 20)
        assert one.count() == "step 7 of 10"
        plot = one.page.locator(".tdx-plot")
        assert float(plot.get_attribute("width")) / float(plot.get_attribute("viewBox").split()[2]) == pytest.approx(
            1.5, abs=0.01
        )
        one.press("Escape")


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
        rows = "Number(getComputedStyle(document.querySelector('.tdx-lane ol')).getPropertyValue('--rows'))"
        found = []
        for more in (0, 6):
            one = widget(Stepper(by_chance(1, more=more)))
            one.page.set_viewport_size({"width": 1200, "height": 1000})
            one.page.wait_for_timeout(60)
            found.append(one.page.evaluate(rows))
        assert 7 <= found[0] < found[1] <= 15


def test_the_signs_on_the_buttons_mirror_each_other_and_fill_their_square(widget, bad_run):
    one = widget(Stepper(bad_run))
    outline = """button => { const path = button.querySelector("path"), { x, y, width, height } = path.getBBox();
        const all = path.getTotalLength(), points = Array.from({ length: 400 }, (_, i) => path.getPointAtLength((i / 400) * all));
        const mean = side => points.reduce((sum, point) => sum + point[side], 0) / 400;
        return [x, x + width, y, y + height, mean("x"), mean("y"), all].map(n => Math.round(n * 10) / 10); }"""
    shape = lambda name: one.page.get_by_label(name, exact=True).evaluate(outline)  # noqa: E731
    for ahead, back in (("Last", "First"), ("Next", "Back")):
        left, right, *rest = shape(ahead)
        assert shape(back)[:2] == pytest.approx([14 - right, 14 - left], abs=0.11)
        assert shape(back)[2:4] == rest[:2] and shape(back)[6] == pytest.approx(rest[4], abs=0.3)
        assert shape(back)[4] == pytest.approx(14 - rest[2], abs=0.3) and rest[3] == pytest.approx(7, abs=0.3)
    assert shape("Play")[:4] == [3, 12, 1, 13] and shape("Play")[5] == pytest.approx(7, abs=0.2)
    one.page.get_by_label("Play", exact=True).click()
    assert shape("Pause")[:6] == [2, 12, 1, 13, 7, 7]
