"""The boards of notebook 01 in a real Lab, by keyboard alone: a mistake found by its status, a row's button, a stale hint, an entry."""

import pytest


@pytest.fixture
def lesson(lab, chromium):
    """Notebook 01 with its boards; the console stays silent, and nothing is asked outside."""
    page = chromium.open(lab, "01-pamt-memory.ipynb")
    page.page.set_default_timeout(20_000)
    for cell in ("tools", "add-board", "two-tds-board", "another-entry"):
        page.run(cell)
    yield page
    assert page.complaints == [] and page.outside == []
    page.close()


def word_of(box):
    """What a list shows; the page writes its blanks as hard ones."""
    return box.evaluate("it => it.selectedOptions[0].label").replace("\xa0", " ")


def choose(page, box, word):
    """A word of a list by the keys alone: down from the first until it is there."""
    box.focus()
    page.page.keyboard.press("Home")
    for _ in range(20):
        if word_of(box) == word:
            return
        page.page.keyboard.press("ArrowDown")
    raise AssertionError(word)


def test_by_keyboard_a_reader_finds_the_mistake_that_a_status_does_not_name(lesson):
    cell, press = lesson.cell("add-board"), lesson.page.keyboard.press
    bar = cell.locator(".tdx-bar")
    bar.get_by_text("TDX_SUCCESS").wait_for()
    choose(lesson, cell.get_by_role("combobox", name="RCX"), "in no TDMR")
    bar.get_by_text("TDX_OPERAND_ADDR_RANGE_ERROR|RCX").wait_for()
    assert cell.get_by_text("Found:").count() == 0
    box = cell.get_by_role("textbox", name="R8 =")
    box.focus()
    press("Control+a")
    lesson.page.keyboard.type("0x12345")
    press("Enter")
    bar.get_by_text("TDX_OPERAND_INVALID|R8").wait_for()
    cell.get_by_text("R8 is named").wait_for()
    assert word_of(cell.get_by_role("combobox", name="R8")) == "a number of my own"


def test_a_rows_button_is_pressed_and_keeps_the_focus_while_all_below_follows(lesson):
    cell, press = lesson.cell("add-board"), lesson.page.keyboard.press
    button = cell.get_by_role("button", name="Show check 14, TDX_PAGE_NOT_FREE|RDX")
    button.focus()
    press("Enter")
    cell.locator(".tdx-bar").get_by_text("TDX_PAGE_NOT_FREE|RDX").wait_for()
    assert button.get_attribute("aria-pressed") == "true" and button.evaluate("it => it === document.activeElement")
    assert word_of(cell.get_by_role("combobox", name="RDX")) == "a page of another pair"
    stepper = cell.locator(".tdx-stepper")
    assert stepper.count() == 1 and stepper.locator(".tdx-count b").inner_text() == "19"
    cell.get_by_role("combobox", name="SEAMCALL").select_option(label="MEM.PAGE.DEMOTE")
    cell.get_by_role("textbox", name="R13 =").wait_for()
    assert cell.get_by_role("button", name="Show check").count() == 34


def test_a_hint_turns_stale_by_keyboard(lesson):
    cell = lesson.cell("two-tds-board")
    bar = cell.locator(".tdx-bar")
    for act, answer in (
        ("host: PAMT.ADD", "TDX_SUCCESS"), ("TD A: AUG a page", "page count is 1"), ("TD A: remove its page", "bit 62 of RCX is 1"),
        ("TD B: AUG a page", "act 4"), ("host: PAMT.REMOVE", "TDX_PAMT_PAGE_NOT_EMPTY|1"),
    ):  # fmt: skip
        cell.get_by_role("button", name=act).press("Enter")
        bar.get_by_text(answer).first.wait_for()
    cell.get_by_text("Found: the hint of act 3").wait_for()


def test_the_largest_entry_is_found_with_the_arrow_keys(lesson):
    cell = lesson.cell("another-entry")
    slider = cell.get_by_role("slider", name="an entry")
    slider.focus()
    for _ in range(16):
        lesson.page.keyboard.press("ArrowLeft")
    cell.locator(".tdx-bar").get_by_text("✓ a pair").wait_for()
    lesson.page.keyboard.press("ArrowRight")
    cell.get_by_text("Found: 16 bytes").wait_for()
    cell.locator(".tdx-bar").get_by_text("✗ no pair").wait_for()
