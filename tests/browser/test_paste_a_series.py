"""A reviewer's path through notebook 09, in a real Lab: a thread pasted, the table, the worst race stepped in C, its packet copied; both themes."""

import re

import pytest

from tdxkit.lessons.exercises import exercise_named
from tdxkit.review.clinic import practice_pairs
from tests.browser.test_be_the_scheduler import CONTRAST

MAILS = practice_pairs()
LAST = "x86/tdx: Put without the lock while users are left"
EVIL = "x86/tdx: <img src=x onerror=window.hit=1></script><b>$x$ \u202egnp " + "y" * 120


@pytest.fixture(scope="module")
def lab_page(lab, chromium):
    page = chromium.open(lab, "09-patch-review.ipynb", permissions=["clipboard-read", "clipboard-write"])
    page.page.set_default_timeout(20_000)
    page.run("tools")
    page.run("paste-the-mails")
    page.run("your-series")
    page.cell("your-series").locator(".tdx-mails textarea").wait_for()
    yield page
    page.close()


@pytest.fixture
def board(lab_page):
    """The empty board; whatever a test does, the console stays silent and nothing is asked outside."""
    yield lab_page.cell("your-series")
    assert lab_page.complaints == [] and lab_page.outside == []
    assert lab_page.page.evaluate("window.hit") is None


def paste(board, text):
    """As a reader does: all of the box selected, and the clipboard's text in its place."""
    area = board.locator(".tdx-mails textarea")
    area.focus()
    area.press("ControlOrMeta+a")
    board.page.keyboard.insert_text(text)


def judge(board):
    board.get_by_role("button", name="Judge the series").click()


def show(board, what):
    return board.get_by_role("button", name=f"Show {what}")


def test_mails_that_are_in_the_box_wait_for_the_button(lab_page):
    cell = lab_page.cell("paste-the-mails")
    cell.get_by_text("not judged yet: Judge the series").wait_for()
    assert cell.locator(".tdx-choices").count() == 0 and "5/5" in cell.locator(".tdx-mails textarea").input_value()
    judge(cell)
    cell.locator(".tdx-choices tbody tr").nth(4).wait_for()


def test_a_review_mail_is_told_what_it_lacks_and_passes(lab_page):
    lab_page.run("review-mail")
    cell, one = lab_page.cell("review-mail"), exercise_named("review-mail")
    area = cell.locator(".tdx-editor textarea")
    area.wait_for()
    check = cell.get_by_role("button", name="Check")
    assert cell.locator("[class*=tdx-c-]").count() == 0  # a mail has no colours of C
    check.click()
    cell.get_by_text("it waits for your answer").wait_for()
    for text, says in ((one.wrong[1].answer, "It has no schedule code"), (one.solution, "only a reader can say")):
        area.focus()
        area.press("ControlOrMeta+a")
        cell.page.keyboard.insert_text(text.strip("\n"))
        check.click()
        cell.get_by_text(says).first.wait_for()
    assert cell.locator(".tdx-stepper").count() == 1


def test_a_thread_is_pasted_and_its_worst_race_stepped_in_c_with_keys(lab_page, board):
    paste(board, MAILS)
    judge(board)
    rows = board.locator(".tdx-choices tbody tr")
    rows.nth(4).wait_for()
    assert [row.split("\t")[1] for row in rows.all_inner_texts()] == ["–", "✗ violation", "✓ ok", "✓ ok", "✗ violation"]
    assert show(board, "v1 5/5, violation").get_attribute("aria-pressed") == "true"
    said = board.locator(".tdx-which", has_text="After 5/5").inner_text()
    assert LAST in said and "Message-ID 20250203.v1-5-one@example.org" in said
    stepper = board.locator(".tdx-stepper")
    stepper.get_by_role("button", name="First", exact=True).click()
    stepper.locator("[role=slider]").first.focus()
    now, plus = [], set()
    for _ in range(17):
        lab_page.page.keyboard.press("ArrowRight")
        now += [line.strip() for line in stepper.locator("li.tdx-now").all_inner_texts()]
        plus |= {line.strip() for line in stepper.locator("li:has(ins)").all_inner_texts()}
    assert now[0] == "if (atomic_inc_not_zero(users))" and now[-1] == "free_pamt_array(pages);"
    assert any("spin_lock(&pair_lock);" in line for line in plus) and all(line.startswith("+") for line in plus)
    assert "tdx-broken" in stepper.locator(".tdx-say").get_attribute("class")


def test_a_plus_stands_beside_its_line_and_on_no_number(board):
    line = board.locator(".tdx-stepper li:has(ins)").first
    ends = "e => [e.querySelector('ins').getBoundingClientRect().left - e.getBoundingClientRect().left, parseFloat(getComputedStyle(e, '::after').left) + parseFloat(getComputedStyle(e, '::after').width)]"
    plus, number = line.evaluate(ends)
    assert plus >= number


def test_the_packet_and_the_command_are_copied(lab_page, board):
    clip = "() => navigator.clipboard.readText()"
    board.get_by_role("button", name="Copy the review packet").click()
    board.get_by_text("copied", exact=True).wait_for()
    packet = lab_page.page.evaluate(clip)
    assert "The model finds: a get failed that nothing had made fail" in packet and "-- >8 -- mine.c" in packet
    assert packet == board.locator(".tdx-copied pre").first.text_content() and "\tatomic_t *users" in packet
    button = board.get_by_role("button", name="Copy the command")
    button.focus()
    button.press("Enter")
    lab_page.page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).startsWith('python -m tdxkit series ')"
    )
    assert "--after 5 > v1-after-5.c; python -m tdxkit replay v1-after-5.c" in lab_page.page.evaluate(clip)


def test_each_row_is_shown_by_a_key(lab_page, board):
    ok = show(board, "v1 3/5, ok")
    ok.focus()
    ok.press("Enter")
    board.locator(".tdx-which", has_text="After 3/5").wait_for()
    assert board.locator(".tdx-stepper").count() == 0 and board.locator(".tdx-copied").count() == 0
    text = board.locator(".tdx-verdict details[open] pre").inner_text()
    assert re.search(r"^\+ 18 +spin_lock\(&pair_lock\); +3/5, line \d+$", text, re.MULTILINE)
    assert (
        ok.inner_text() == "▸ shown below"
        and lab_page.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Show v1 3/5, ok"
    )
    worst = show(board, "v1 5/5, violation")
    worst.press("Space")
    board.locator(".tdx-stepper").wait_for()


def test_two_versions_in_one_paste_part_in_the_lens(board):
    paste(board, MAILS + practice_pairs(2))
    judge(board)
    board.locator(".tdx-choices").nth(1).wait_for()
    parted = board.locator("table.tdx-plain", has_text="Held against each other")
    assert "atomic_dec_and_test(refcount[0])" in parted.inner_text()
    show(board, "v2 2/5, violation").click()
    board.locator(".tdx-which", has_text="After 2/5").wait_for()
    assert board.locator(".tdx-choices button[aria-pressed=true]").count() == 1


def test_a_hostile_subject_is_seen_as_what_it_is(board):
    paste(board, MAILS.replace(LAST, EVIL))
    judge(board)
    board.locator(".tdx-choices", has_text="<img src=x").wait_for()
    table = board.locator(".tdx-choices")
    assert table.evaluate("e => e.scrollWidth - e.clientWidth") <= 1, (
        "one long word does not push the buttons out of sight"
    )
    seen = board.inner_text()
    assert "<img src=x onerror=window.hit=1></script><b>$x$ \\u202egnp" in seen
    assert board.locator(".jp-OutputArea-output :is(img, script, b:has-text('$x$'), .MathJax)").count() == 0


def test_what_is_wrong_is_one_line_and_what_was_shown_stays(board):
    before = board.locator(".tdx-choices").count()
    paste(board, "what is this")
    judge(board)
    said = board.locator("[role=alert]")
    said.filter(has_text="there is no mail in it").wait_for()
    assert "\n" not in said.locator("span").inner_text() and board.locator(".tdx-choices").count() == before
    paste(board, "From " + MAILS.split("\nFrom ")[5])
    judge(board)
    board.locator(".tdx-choices", has_text=re.compile("5/5 changes page_pair_put.* paste .*1/5.* too")).wait_for()
    assert "Traceback" not in board.inner_text() and board.locator(".tdx-stepper").count() == 0


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_it_reads_in_both_themes(lab_page, board, theme):
    lab_page.theme(theme)
    cell = lab_page.cell("paste-the-mails")
    if not cell.locator(".tdx-choices").count():  # where this test runs alone
        judge(cell)
        cell.locator(".tdx-choices tbody tr").nth(4).wait_for()
    for part in (".tdx-choices", ".tdx-copied", ".tdx-verdict"):
        for one in cell.locator(part).all():
            assert one.evaluate(CONTRAST) == []
    wide = "e => { const o = e.closest('.jp-OutputArea-output'); return o.scrollWidth - o.clientWidth; }"
    assert cell.locator(".tdx-choices").evaluate(wide) <= 1
