"""Hands on in a real Lab: a race taken over in its middle, states beyond those that travelled, two SEAMCALLs made to collide, the grid that leads to
them; and the same in the page that nbconvert makes, which has no kernel."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from tests.browser.gates import open_gates

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
MIDDLE = 10
MANY = """many = scenario("v2", 3, 2)
Stepper(replay(many, explore(many).schedule), position=4)"""
RACE = f"""two = scenario("v2")
Stepper(replay(two, explore(two).schedule), position={MIDDLE})"""
PLAYED = ("conflict-grid", "both-add", "tools")


def short(name: str, wanted: tuple[str, ...], more: dict[str, str]) -> nbformat.NotebookNode:
    """Some cells of a notebook, and some of ours: what is tried here needs no more."""
    nb = nbformat.read(NOTEBOOKS / name, as_version=4)
    nb.cells = [cell for cell in nb.cells if cell.id in wanted]
    nb.cells += [v4.new_code_cell(source, id=cell_id) for cell_id, source in more.items()]
    return nb


@pytest.fixture(scope="module")
def races():
    return short("04-refcount-races.ipynb", ("tools", "verdicts"), {"many": MANY, "race": RACE})


def opened(lab, chromium, name: str, nb: nbformat.NotebookNode):
    """A notebook in Lab, run; whatever a test does, no cell fails, the console stays silent and nothing is asked outside."""
    nbformat.write(nb, lab.root / name)
    made = chromium.open(lab, name)
    made.run_all()
    made.page.set_default_timeout(20_000)
    open_gates(made.page)
    yield made
    assert made.cell_errors() == [] and made.complaints == [] and made.outside == []
    made.close()


@pytest.fixture(scope="module")
def page(lab, chromium, races):
    yield from opened(lab, chromium, "hands-on-races.ipynb", races)


@pytest.fixture(scope="module")
def calls(lab, chromium):
    yield from opened(lab, chromium, "hands-on-calls.ipynb", short("02-walks-and-locks.ipynb", PLAYED, {}))


def goal(stepper) -> str:
    return stepper.locator(".tdx-goal").inner_text()


def press(stepper, keys) -> None:
    for key in keys:
        stepper.press(key)


def ends_well(stepper) -> None:
    """Takes a race over in its middle, and lets one CPU after the other finish."""
    press(stepper, "o")
    assert f"Taken over at step {MIDDLE}: the run goes on with CPU 0; CPU 1 could have moved too." in goal(stepper)
    press(stepper, "2" * 20 + "1" * 30)
    assert goal(stepper).startswith("Reached: everybody has finished, and nothing broke.")
    assert stepper.locator(".tdx-broken").count() == 0
    press(stepper, "o")
    assert stepper.locator(".tdx-count").inner_text() == f"step {MIDDLE} of 27"


def test_the_race_is_taken_over_in_its_middle_and_ends_well(page):
    ends_well(page.cell("race").locator(".tdx-stepper"))


def test_the_stale_hint_is_stepped_to_and_then_kept_from_being_stale(page):
    stepper = page.cell("verdicts").locator(".tdx-stepper")
    press(stepper, ["ArrowRight"] * 5)
    assert "TDX_PAMT_PAGE_NOT_EMPTY" in stepper.locator(".tdx-say.tdx-broken").inner_text()
    press(stepper, ["ArrowLeft"] * 5 + ["o", "1", "1"])  # the hint, and at once the pair is asked back
    assert "pair[0]" in stepper.locator(".tdx-say").inner_text() and stepper.locator(".tdx-broken").count() == 0


def test_states_beyond_those_that_came_along_are_asked_of_the_kernel(page):
    stepper = page.cell("many").locator(".tdx-stepper").last
    press(stepper, "om")
    words = stepper.locator(".tdx-map-words")
    assert "nearest states of more" in words.inner_text()
    for keys in ("3", "2", "1") * 6:
        press(stepper, keys * 30)
        stepper.locator(".tdx-goal", has_text="on its way").wait_for(state="detached")
    assert "The end: everybody has finished" in goal(stepper) or "Reached" in goal(stepper)
    assert "ends here" not in goal(stepper)


def test_two_calls_are_made_to_collide(calls):
    board = calls.cell("both-add").locator(".tdx-live")
    stepper = board.locator(".tdx-stepper")
    press(stepper, "1" * 10 + "2" * 10 + "12")  # both hold the 2M entry shared, and both ask for more
    assert goal(stepper).startswith("Reached: “no SEAMCALL may meet BUSY” is broken.")
    assert "TDX_OPERAND_BUSY|RCX" in stepper.locator(".tdx-say").inner_text()
    assert "Found" not in board.locator(".tdx-asked").inner_text()
    board.get_by_role("combobox", name="CPU 0").select_option(label="MEM.PAGE.DEMOTE")
    board.get_by_text(
        "✓ Found: TDH.MEM.PAGE.DEMOTE: TDX_OPERAND_BUSY|R8; TDH.PHYMEM.PAMT.ADD: TDX_OPERAND_BUSY|RCX"
    ).wait_for()


def test_a_way_to_an_end_is_shown_and_an_operand_of_ones_own_is_tried(calls):
    board = calls.cell("both-add").locator(".tdx-live")
    board.get_by_text("how the two can end").click()
    board.get_by_role("button", name="Show an order in which").first.click()
    board.locator(".tdx-goal.tdx-met").wait_for()
    board.get_by_text("the operands, register by register").click()
    box = board.get_by_label("RCX =").last
    box.fill("0x7")
    box.press("Enter")
    board.get_by_text("TDX_OPERAND_INVALID|RCX").first.wait_for()


def test_a_pinned_cell_of_the_grid_is_played(calls):
    grid, board = calls.cell("conflict-grid").locator(".tdx-grid").last, calls.cell("both-add").locator(".tdx-live")
    row = grid.locator('tbody tr:has(th:text-is("PHYMEM.PAMT.REMOVE"))')
    row.locator("td[class]").last.click()
    button = grid.locator(".tdx-play")
    words = button.inner_text()
    button.click()
    board.locator("h3", has_text="TDH.PHYMEM.PAMT.REMOVE beside ").wait_for()
    assert board.get_by_role("combobox", name="CPU 0").evaluate("it => it === document.activeElement")
    assert words.startswith("play PHYMEM.PAMT.REMOVE and ")
    grid.locator('tbody tr:has(th:text-is("SYS.TDMR.INIT")) td').first.click()
    assert button.count() == 0 and "brings the module up" in grid.locator(".tdx-told").inner_text()


def test_a_pair_with_a_question_mark_is_played_under_its_condition(calls):
    grid, board = calls.cell("conflict-grid").locator(".tdx-grid").last, calls.cell("both-add").locator(".tdx-live")
    grid.locator('tbody tr:has(th:text-is("VP.ENTER")) td[class*="tdx-dashed"]').first.click()
    grid.locator(".tdx-play").click()
    board.locator("h3", has_text="TDH.VP.ENTER beside ").wait_for()
    board.get_by_text("in each other's way").wait_for()
    assert board.get_by_role("combobox", name="and").evaluate("it => it.selectedOptions[0].label") == "suspected"


@pytest.mark.parametrize("which", ["races", "calls"])
def test_without_a_kernel_the_same_is_played(which, chromium, tmp_path, races):
    nb = races if which == "races" else short("02-walks-and-locks.ipynb", ("tools", "both-add"), {})
    file = tmp_path / "made.ipynb"
    nbformat.write(nb, file)
    make = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", str(file)]
    subprocess.run(make, check=True, capture_output=True, timeout=180)
    context = chromium.browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    plain = context.new_page()
    plain.set_default_timeout(20_000)
    plain.goto(file.with_suffix(".html").as_uri())
    plain.wait_for_selector(".tdx-stepper")
    if which == "calls":
        stepper = plain.locator(".tdx-stepper").last
        press(stepper, "1" * 10 + "2" * 10 + "12")
        assert goal(stepper).startswith("Reached: “no SEAMCALL may meet BUSY” is broken.")
        assert "Find: two different calls" in plain.locator(".tdx-asked").inner_text()
    else:
        ends_well(plain.locator(".tdx-stepper").last)
        cut = plain.locator(".tdx-stepper").nth(1)
        press(cut, "o" + "3" * 30 + "2" * 30)
        assert "What came along of the states ends here." in goal(cut) and "where the notebook's kernel runs" in goal(
            cut
        )
    context.close()
