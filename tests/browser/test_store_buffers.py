"""Notebook 04's two flags on x86's memory in a real Lab: the buffer is a row, a drain is stepped and chosen, a code of this memory is pasted."""

from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from tdxkit.explore import explore
from tdxkit.linux.lock.flags import flags
from tests.browser.gates import open_gates

LESSON = Path(__file__).parents[2] / "notebooks" / "04-refcount-races.ipynb"
PLAY = 'Stepper.scheduler(two_flags, goal="one CPU must see the other")'
CODE = explore(flags(), memory="tso").schedule


@pytest.fixture(scope="module")
def lab_page(lab, chromium):
    nb = nbformat.read(LESSON, as_version=4)
    kept = [cell for cell in nb.cells if cell.get("id") in ("tools", "two-flags")]
    nb.cells = [*kept, v4.new_code_cell(PLAY, id="play")]
    nbformat.write(nb, lab.root / "04-two-flags.ipynb")
    page = chromium.open(lab, "04-two-flags.ipynb")
    page.run_all()
    assert page.cell_errors() == []
    page.page.set_default_timeout(30_000)
    yield page
    assert page.complaints == [] and page.outside == []
    page.close()


def test_the_buffer_is_a_row_and_a_drain_is_a_step(lab_page):
    open_gates(lab_page.cell("two-flags"))
    stepper = lab_page.cell("two-flags").locator(".tdx-stepper").last
    stepper.get_by_role("button", name="show all").click()
    assert "store buffer of CPU 0" in stepper.inner_text() and "x86-TSO memory" in stepper.inner_text()
    stepper.get_by_role("button", name="Last", exact=True).click()
    said = set()
    for _ in range(12):
        said.add(stepper.locator(".tdx-say").inner_text())
        stepper.get_by_role("button", name="Back", exact=True).click()
    assert any("leaves the buffer: now all see it" in words for words in said)
    stepper.get_by_role("button", name="First", exact=True).click()
    stepper.get_by_role("button", name="Next", exact=True).click()
    assert (
        "flag[" in stepper.locator(".tdx-state").inner_text() and " = 1" in stepper.locator(".tdx-state").inner_text()
    )


def test_a_drain_is_chosen_and_has_a_small_letter(lab_page):
    play = lab_page.cell("play").locator(".tdx-stepper")
    play.locator(".tdx-pick[data-actor='0']").first.click()
    moves = play.locator(".tdx-pick[data-actor='0']")
    assert moves.count() == 2
    moves.filter(has_text="leaves the buffer").click()
    assert (
        " A1 a1 " in play.locator(".tdx-schedule").inner_text() + " "
        and "@tso" in play.locator(".tdx-schedule").inner_text()
    )
    play.get_by_role("button", name="Start over").click()


def test_a_code_of_this_memory_is_pasted(lab_page):
    play = lab_page.cell("play").locator(".tdx-stepper")
    play.get_by_text("paste a schedule").click()
    box = play.locator(".tdx-paste input")
    box.fill(CODE)
    box.press("Enter")
    assert play.locator(".tdx-schedule").inner_text() == CODE
    assert "tdx-met" in play.locator(".tdx-goal").get_attribute("class")
    box.fill(CODE.replace(" @tso", ""))
    box.press("Enter")
    play.get_by_text("this scheduler's memory is another").wait_for()
