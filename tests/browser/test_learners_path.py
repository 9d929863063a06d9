"""A learner's way through 00 and 04 in a real Lab: a question answered wrong and right, an exercise wrong, its hints, right; a fix in C; the kernel restarted,
and all of it still there. The same in the page that nbconvert makes, as far as it goes without a kernel."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from tdxkit.lessons.exercises import exercise_named
from tdxkit.lessons.gates import gate_named
from tdxkit.view.kit.sources_view import address_of

NUMBER = """from tdxkit.lessons.progress import reset
from tdxkit.view import gate

reset("04")  # another test may have answered it
gate("fewest-switches", "behind it")"""
TABLE = """from tdxkit.view import table, words

display(table(("problem", "schedule"), [("B18", "A6 B1 A2 B4")]))
words()"""
START, RACES = "00-start-here.ipynb", "04-refcount-races.ipynb"


@pytest.fixture(scope="module")
def start(lab, chromium):
    page = chromium.open(lab, START)
    page.run_all()
    page.page.set_default_timeout(20_000)
    page.cell("progress").get_by_role("button", name="Forget what I did there").click()
    page.run("step-it")  # another test may have answered it
    yield page
    page.close()


def answer(cell, number):
    """Choose an option by keyboard, as a reader without a mouse would."""
    cell.get_by_role("radio").nth(number - 1).focus()
    cell.page.keyboard.press("Space")
    cell.get_by_role("button", name="Answer").focus()
    cell.page.keyboard.press("Enter")


def test_a_question_waits_and_what_is_behind_it_stands_still(start):
    cell, one = start.cell("step-it"), gate_named("who-needs-the-lock")
    cell.scroll_into_view_if_needed()
    assert not cell.get_by_text(one.after[:40]).is_visible()
    fog = cell.locator(".tdx-gate-fog")
    assert fog.evaluate("node => node.inert") and "pamt_lock" in cell.inner_text()
    cell.get_by_role("button", name="Answer").click()
    assert cell.get_by_role("status").first.inner_text() == "Choose one first."
    answer(cell, 1)
    cell.locator(".tdx-gate-said", has_text="✗ not so").wait_for()
    assert cell.get_by_text(one.after[:40]).is_visible() and not fog.evaluate("node => node.inert")
    assert [cell.get_by_text(option.why[:40]).last.is_visible() for option in one.options] == [True] * 3
    answer(cell, 2)
    cell.locator(".tdx-gate-said", has_text="✓ right").wait_for()
    assert start.complaints == [] and start.outside == []


def test_an_exercise_goes_from_waiting_over_wrong_to_passed(start):
    cell = start.cell("take-it-back")
    cell.scroll_into_view_if_needed()
    assert "it waits for your answer" in cell.inner_text() and "Traceback" not in cell.inner_text()
    start.write("take-it-back", 'exercise("take-it-back", "A9 B4 A6")')
    start.run("take-it-back")
    cell.get_by_text("✗ not yet").first.wait_for()
    assert "is done by CPU 0, and CPU 1 was asked for" in cell.inner_text()
    hints = exercise_named("take-it-back").hints
    for number, word in enumerate(("A hint", "Another hint", "The last hint")):
        assert not cell.get_by_text(hints[number][:30]).is_visible()
        cell.get_by_text(word, exact=True).click()
        assert cell.get_by_text(hints[number][:30]).is_visible()
    solve(start)
    assert start.complaints == [] and start.outside == []


def solve(start):
    start.write("take-it-back", f'exercise("take-it-back", "{exercise_named("take-it-back").solution}")')
    start.run("take-it-back")
    start.cell("take-it-back").get_by_text("✓ passed", exact=True).wait_for()


def test_what_was_done_is_there_after_the_kernel_was_restarted(start):
    solve(start)
    answer(start.cell("step-it"), 2)
    start.cell("step-it").locator(".tdx-gate-said", has_text="✓ right").wait_for()
    start._panel("await panel.sessionContext.session.kernel.restart();")
    start.until("panel.sessionContext.session?.kernel?.status === 'idle'")
    for cell_id in ("tools", "step-it", "take-it-back", "progress"):
        start.run(cell_id)
    table = start.cell("progress").locator("table")
    table.get_by_text("1 of 3").first.wait_for()
    assert table.get_by_role("row").nth(1).inner_text().split("\t")[-2:] == ["1 of 3", "1 of 3"]
    assert "✓ right" in start.cell("step-it").inner_text()
    assert "✓ passed before" in start.cell("take-it-back").inner_text()


def test_a_word_is_explained_where_it_is_met(start):
    start.cell("one-idea").scroll_into_view_if_needed()
    plural = start.cell("title").locator("abbr.tdx-word[data-word='memory attribute']")
    assert plural.inner_text() == "memory attributes", "the s is the word's"
    assert "KVM's memory attributes, and MSR 0x3A" in start.cell("title").inner_text()
    word = start.cell("one-idea").locator("abbr.tdx-word", has_text="TDX module")
    assert word.get_attribute("title").startswith("Intel's software in SEAM mode")
    words = start.cell("tools").locator(".tdx-words")
    words.locator("summary").click()
    assert words.locator("li b").get_by_text("TDX module", exact=True).is_visible() and words.locator("li").count() > 10


def test_a_fix_in_c_breaks_and_then_holds(lab, chromium):
    page = chromium.open(lab, RACES)
    page.page.set_default_timeout(30_000)
    page.run("tools")
    page.run("mend-put")
    cell = page.cell("mend-put")
    check = cell.get_by_role("button", name="Check")
    check.wait_for()
    check.click()
    cell.get_by_text("✗ not yet").first.wait_for()
    assert "It breaks: REMOVE found no pair, after 27 steps." in cell.inner_text()
    cell.get_by_text("Broken here").first.wait_for()
    cell.locator(".tdx-editor textarea").fill(exercise_named("mend-put").solution)
    cell.locator(".tdx-editor textarea").press("Control+Enter")
    cell.get_by_text("✓ passed", exact=True).wait_for()
    assert page.complaints == [] and page.outside == []
    page.close()


def test_the_same_in_a_page_without_a_kernel(lab, chromium, tmp_path):
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "--output-dir", str(tmp_path)]
    subprocess.run([*command, str(Path(lab.root) / START)], check=True, capture_output=True, timeout=120)
    context = chromium.browser.new_context()
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / "00-start-here.html").as_uri())
    question = page.locator("[data-gate='who-takes-it-back']")
    after = gate_named("who-takes-it-back").after[:40]
    assert not question.get_by_text(after).is_visible()
    question.get_by_role("radio").nth(0).check()
    question.get_by_role("button", name="Answer").click()
    question.locator(".tdx-gate-said", has_text="✗ not so").wait_for()
    assert question.get_by_text(after).is_visible()
    task = page.locator("[data-exercise='take-it-back']")
    task.get_by_text("A solution, and why").click()
    assert task.locator(".tdx-solution").get_by_text(exercise_named("take-it-back").solution).is_visible()
    assert page.locator("abbr.tdx-word").count() > 10 and complaints == []
    page.emulate_media(media="print")
    key = page.locator(".tdx-key")
    assert key.get_by_text(gate_named("what-a-code-holds").after[:40]).is_visible()
    context.close()


def test_a_number_is_told_what_people_took_for_true(lab, open_notebook):
    cells = [v4.new_code_cell(NUMBER, id="asks")]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), lab.root / "number.ipynb")
    page = open_notebook("number.ipynb")
    page.run_all()
    cell, one = page.cell("asks"), gate_named("fewest-switches")
    field, said = cell.get_by_role("textbox", name="your answer, a number of switches"), cell.locator(".tdx-gate-said")
    for typed, says in (
        ("two", "A whole number is asked for."),
        ("5", "✗ not so"),
        (" 4 ", "✗ not so"),
        ("77", "✗ not so"),
        ("2", "✓ right"),
    ):
        field.fill(typed)
        field.press("Enter")
        said.filter(has_text=says).wait_for()
        told = said.inner_text()
        if typed == "two":
            assert not cell.get_by_text("behind it", exact=True).is_visible()
        elif typed == "77":
            assert one.otherwise[:40] in told
        elif typed != "2":
            assert next(belief.why for belief in one.beliefs if belief.number == int(typed))[:40] in told
        else:
            assert one.why[:40] in told and cell.get_by_text("behind it", exact=True).is_visible()
    assert page.complaints == [] and page.outside == []


def test_a_key_is_explained_in_brackets_and_a_turn_of_a_schedule_is_not(lab, open_notebook):
    text = "The race (B16) of v2, in (`tdx-v6`), `v6` and `tdx-v6 as code`. Its code: v2:2x1:37b4 A6 B1 A2 B2 B6 `B6`."
    cells = [v4.new_markdown_cell(text, id="said"), v4.new_code_cell(TABLE, id="shown")]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), lab.root / "keys-in-brackets.ipynb")
    page = open_notebook("keys-in-brackets.ipynb")
    page.run_all()
    page.cell("said").locator("abbr.tdx-word").first.wait_for()
    page.cell("shown").locator("abbr.tdx-word").first.wait_for()
    assert page.cell("said").locator("abbr.tdx-word").all_inner_texts() == ["B16", "tdx-v6"]
    assert page.cell("shown").locator("td abbr.tdx-word").all_inner_texts() == ["B18"]
    source = page.cell("said").get_by_role("link", name="tdx-v6")
    assert source.get_attribute("href") == address_of("tdx-v6") and source.get_attribute("rel") == "noopener noreferrer"
