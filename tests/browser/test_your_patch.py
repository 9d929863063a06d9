"""Notebook 10 in a real Lab: a race mended in its box, with a slip on the way; answers that wait; both themes."""

import re

import pytest

from tdxkit.c.races import race
from tests.browser.test_be_the_scheduler import CONTRAST
from tests.browser.test_paste_c import line_of, paste

AS_FOUND, MENDED = race("user-count").text, race("user-count", "mutex").text


CELLS = ("tools", "reach", "show-count", "how-many-harms", "judge-count", "mend-count", "your-box", "refusals", "take-packet")  # fmt: skip


@pytest.fixture(scope="module")
def lab_page(lab, chromium):
    page = chromium.open(lab, "10-your-patch.ipynb")
    for cell in CELLS:
        page.run(cell)
    page.page.set_default_timeout(40_000)  # a search, beside other work of the machine
    page.cell("mend-count").locator(".tdx-editor textarea").wait_for()
    yield page
    assert page.complaints == [] and page.outside == []
    page.close()


@pytest.fixture
def box(lab_page):
    return lab_page.cell("mend-count")


def checked(box, words):
    box.get_by_role("button", name="Check").click()
    box.locator(".widget-html", has_text=words).first.wait_for()


def test_what_was_found_breaks_and_is_stepped_in_its_lines(lab_page, box):
    checked(box, "It breaks: line 21: NULL is followed, after 5 steps.")
    marked = box.locator(".tdx-gutter .tdx-broken")
    assert marked.inner_text().split() == ["▸", str(line_of(AS_FOUND, "atomic_inc(&log->lines);"))]
    stepper = box.locator(".tdx-stepper")
    assert "of 5" in stepper.locator(".tdx-count").inner_text()
    stepper.get_by_role("button", name="First", exact=True).click()
    stepper.locator("[role=slider]").first.focus()
    lab_page.page.keyboard.press("ArrowRight")
    assert stepper.locator("li.tdx-now").inner_text().strip() == "if (users++ == 0)"


def test_a_slip_on_the_way_is_told_at_its_line_and_mended_it_passes(box):
    paste(box, MENDED.replace("users++ == 0)", "users++ == 0"))
    at = line_of(MENDED, "users++ == 0")
    checked(box, f"line {at}, column ")
    assert box.locator(".tdx-gutter .tdx-slip").inner_text().split() == ["✗", str(at)]
    assert box.locator(".tdx-stepper").count() == 0 and "Traceback" not in box.inner_text()
    paste(box, MENDED)
    checked(box, "✓ passed")
    assert box.locator(".tdx-gutter :is(.tdx-slip, .tdx-broken)").count() == 0


def test_half_a_mend_is_another_race(box):
    paste(box, race("user-count", "dec-and-test").text)
    checked(box, re.compile(r"line 24: use of log#\d\.lines after it was freed"))


def test_answers_are_not_there_until_one_has_answered(lab_page):
    cell = lab_page.cell("judge-count")
    cell.scroll_into_view_if_needed()
    behind, veiled = cell.locator(".tdx-gate-after"), cell.locator(".tdx-gate-veiled")
    assert behind.count() and not any(one.is_visible() for one in behind.all())
    assert [
        one.evaluate("it => [it.inert, getComputedStyle(it.firstElementChild).filter]") for one in veiled.all()
    ] == [[True, "blur(9px)"]] * 2
    cell.get_by_role("radio").nth(1).check()
    cell.get_by_role("button", name="Answer").click()
    cell.locator(".tdx-gate-said", has_text="✓ right").wait_for()
    assert cell.get_by_text("No update is lost in it").is_visible()
    assert [
        one.evaluate("it => [it.inert, getComputedStyle(it.firstElementChild).filter]") for one in veiled.all()
    ] == [[False, "none"]] * 2
    steppers = cell.locator(".tdx-stepper")
    for one in steppers.all():
        one.get_by_role("button", name="show all").click()
    assert [one.locator(".tdx-count").inner_text().split()[-1] for one in steppers.all()] == ["5", "18"]
    assert steppers.first.locator("[role=slider]").first.bounding_box()["width"] > 300


def test_what_is_taken_away_has_the_command_and_the_text(lab_page):
    said = lab_page.cell("take-packet").locator(".jp-OutputArea").inner_text()
    assert "python -m tdxkit replay mine.c" in said and "--set limit=1" in said and "static int seat_take(void)" in said


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_tables_and_boxes_read_in_both_themes(lab_page, theme):
    lab_page.theme(theme)
    for cell, what in (
        ("reach", "table"),
        ("refusals", "table"),
        ("your-box", ".tdx-opinion"),
    ):
        drawn = lab_page.cell(cell).locator(f".jp-OutputArea {what}").first
        drawn.wait_for()
        assert drawn.evaluate(CONTRAST) == [], cell
