"""The text about a wrong sentence, filled in on a page that has no kernel."""

import pytest

from tdxkit.lessons.mistakes import note_on
from tdxkit.lessons.notebooks import lesson_of
from tdxkit.view import static, this_is_wrong

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CODE = "v2:2x1:37b4 A10 B15 A3 +066fa5"


@pytest.fixture
def form(blank):
    blank.goto("about:blank")
    blank.set_content(f"<!doctype html><meta charset=utf-8><body>{static(this_is_wrong('04'))}")
    blank.wait_for_selector(".tdx-wrong[data-mounted]", state="attached")
    blank.locator(".tdx-wrong summary").click()
    return blank


def test_it_writes_what_the_python_side_writes(form):
    note = note_on(lesson_of("04"))
    text = form.locator(".tdx-wrong pre")
    assert text.inner_text().strip() == note.text("title").strip()
    form.get_by_label("Cell").select_option("harm")
    form.get_by_label("The sentence").fill("  a {mark} $& <b>word</b>  ")
    form.get_by_label("Code of a run").fill(CODE)
    assert text.inner_text().strip() == note.text("harm", "a {mark} $& <b>word</b>", CODE).strip()


def test_the_keyboard_does_it_and_lab_hears_none_of_the_keys(form):
    form.evaluate("document.addEventListener('keydown', event => (window.heard = (window.heard ?? '') + event.key))")
    form.get_by_label("The sentence").press_sequentially("jk")
    assert form.evaluate("window.heard ?? ''") == ""
    form.keyboard.press("Tab")
    form.keyboard.press("Tab")
    assert form.evaluate("document.activeElement.textContent") == "Copy the text"
    form.keyboard.press("Enter")
    form.wait_for_function("document.querySelector('.tdx-wrong [role=status]').textContent !== ''")
    assert form.locator(".tdx-wrong [role=status]").inner_text() in ("copied", "selected: press Ctrl+C")
