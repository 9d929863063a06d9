"""Notebook 10 in a real Lab: race a mended in its box, with a slip on the way; answers folded until they are asked for; both themes."""

import re

import pytest

from tdxkit.c.races import race
from tests.browser.test_be_the_scheduler import CONTRAST
from tests.browser.test_paste_c import judged, line_of, paste

AS_FOUND, MENDED = race("user-count").text, race("user-count", "mutex").text


@pytest.fixture(scope="module")
def lab_page(lab, chromium):
    page = chromium.open(lab, "10-your-patch.ipynb")
    for cell in ("tools", "reach", "show-count", "count-box", "count-mends", "your-box", "refusals", "take-packet"):
        page.run(cell)
    page.page.set_default_timeout(20_000)
    page.cell("count-box").locator(".tdx-editor textarea").wait_for()
    yield page
    assert page.complaints == [] and page.outside == []
    page.close()


@pytest.fixture
def box(lab_page):
    return lab_page.cell("count-box")


def test_the_race_stands_there_judged_and_is_stepped_in_its_lines(lab_page, box):
    box.locator(".tdx-opinion h3", has_text="✗ violation: line 21: NULL is followed").wait_for()
    marked = box.locator(".tdx-gutter .tdx-broken")
    assert marked.inner_text().split() == ["▸", str(line_of(AS_FOUND, "atomic_inc(&log->lines);"))]
    stepper = box.locator(".tdx-stepper")
    assert "of 5" in stepper.locator(".tdx-count").inner_text()
    stepper.get_by_role("button", name="First", exact=True).click()
    stepper.locator("[role=slider]").first.focus()
    lab_page.page.keyboard.press("ArrowRight")
    assert stepper.locator("li.tdx-now").inner_text().strip() == "if (users++ == 0)"


def test_a_slip_on_the_way_is_told_at_its_line_and_mended_it_is_ok(box):
    paste(box, MENDED.replace("users++ == 0)", "users++ == 0"))
    said = box.locator(".tdx-slips li")
    said.filter(has_text="column").wait_for()
    at = line_of(MENDED, "users++ == 0")
    found = int(re.search(r"line (\d+)", said.inner_text())[1])
    assert said.count() == 1 and found in (at, at + 1)
    assert box.locator(".tdx-gutter .tdx-slip").inner_text().split() == ["✗", str(found)]
    judged(box, f"^! not judged: line {found}, column ")
    assert box.locator(".tdx-stepper").count() == 0 and "Traceback" not in box.inner_text()
    paste(box, MENDED)
    said.wait_for(state="detached")
    judged(box, "^✓ ok: ")
    assert box.locator(".tdx-gutter :is(.tdx-slip, .tdx-broken)").count() == 0


def test_half_a_mend_is_another_race(box):
    paste(box, race("user-count", "dec-and-test").text)
    judged(box, r"^✗ violation: line 24: use of log#\d\.lines after it was freed")
    paste(box, AS_FOUND)
    judged(box, "^✗ violation: line 21: NULL is followed")


def test_answers_are_folded_until_they_are_asked_for(lab_page):
    folded = lab_page.page.locator(".jp-RenderedMarkdown details")
    assert folded.count() >= 8 and lab_page.page.locator(".jp-RenderedMarkdown details[open]").count() == 0
    answer = lab_page.cell("count-read").locator("details").first
    words = answer.get_by_text("All four.")
    assert not words.is_visible()
    answer.locator("summary").click()
    assert words.is_visible()


def test_what_is_taken_away_has_the_command_and_the_text(lab_page):
    said = lab_page.cell("take-packet").locator(".jp-OutputArea").inner_text()
    assert "python -m tdxkit replay mine.c" in said and "--set limit=1" in said and "static int seat_take(void)" in said


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_tables_and_boxes_read_in_both_themes(lab_page, theme):
    lab_page.theme(theme)
    for cell, what in (
        ("reach", "table"),
        ("count-mends", "table"),
        ("refusals", "table"),
        ("your-box", ".tdx-opinion"),
    ):
        drawn = lab_page.cell(cell).locator(f".jp-OutputArea {what}").first
        drawn.wait_for()
        assert drawn.evaluate(CONTRAST) == [], cell
