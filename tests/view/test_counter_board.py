"""Refcounts on a memory map of one's own: the picture says what the arrays say, and the question has an answer that no ready map gives away."""

import re

import pytest

from tdxkit.linux.refcount.counters import VERSIONS, build
from tdxkit.linux.refcount.memory_map import MACHINES, memory_map
from tdxkit.view.counter_board import LAYOUTS, CounterBoard
from tdxkit.view.counter_picture import BAR, LEFT, WIDTH, counter_picture
from tdxkit.view.kit.live import static
from tdxkit.view.kit.picture import NARROW
from tdxkit.view.kit.verdict import STALE

HOLE, CUT = "0-2G+4K, 4G-64G", "0-3G+4K"


def said(board) -> str:
    return board.said.value.rpartition("</style>")[2]


def picture(text, version, dynamic=True):
    memory = memory_map(text)
    return counter_picture(memory, build(version, memory, dynamic_pamt=dynamic))


def test_no_ready_machine_answers_the_question_and_a_page_more_does():
    board = CounterBoard()
    for text in MACHINES.values():
        board.machine.value = text
        assert board.text.value == text and not board.found and "✓ works" in str(board)
    board.text.value = CUT  # a hole, but past the end
    assert "past the end" in str(board) and not board.found
    board.text.value = HOLE
    assert "2 GiB … 0x80001000" in board.found and board.machine.label == "your own"
    assert "crashes at first use" in said(board) and "nothing behind it" in said(board)
    board.text.value = "0-8G"
    assert "✓ Found" in board.asked_text and "✓ Found" in str(board) and board.machine.label == "a small machine"


def test_the_question_is_not_answered_where_nobody_counts_or_set_up_fails():
    board = CounterBoard(version="v4")
    board.dynamic.value = False
    board.text.value = HOLE
    assert not board.found
    board.text.value = "2G-2G+4K, 4G-8G"
    board.dynamic.value = True
    assert board.arrays["v2"].failed and not board.found


@pytest.mark.parametrize(
    "text, version, dynamic, words",
    [
        ("0-62G+4K", "v4", True, "left behind"), ("0-62G+4K", "v6", True, "works"), ("2G-2G+4K", "v3", True, "no bytes"), ("0-2G", "v1", False, "tear-down"),
        ("0-2G", "v2", False, "panic"), ("0-2G", "v5", False, "nothing to do"), (CUT, "v1", True, "past the end"), (HOLE, "v3", True, "crashes"),
    ],
)  # fmt: skip
def test_the_bar_says_what_comes_of_it(text, version, dynamic, words):
    board = CounterBoard(text, version)
    board.dynamic.value = dynamic
    assert words in said(board) and str(board).count("\n> ") == 1
    assert f"> {version}, {LAYOUTS[version]}" in str(board)


@pytest.mark.parametrize("text", ["", "4G", "0-2G, 1G-3G", "<b>", "0-1"])
def test_bad_input_is_a_line_and_what_was_shown_stays_dimmed(text):
    board = CounterBoard()
    shown, array = board.shown.children, board.array
    board.text.value = text
    assert 'role="alert"' in said(board) and "\n" not in said(board) and "<b></b>" not in said(board)
    assert board.shown.children == shown and board.array is array and STALE in board.shown._dom_classes
    board.text.value = "0-8G"
    assert STALE not in board.shown._dom_classes


@pytest.mark.parametrize("text", [*MACHINES.values(), HOLE, CUT, "0-62G+4K", "2G-2G+4K", "0-4096T", "0-4K"])
def test_nothing_is_drawn_outside_and_both_strips_have_one_scale(text):
    for version in VERSIONS:
        drawn = picture(text, version).svg
        for x, wide in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn):
            assert float(x) >= LEFT - 0.01 and float(x) + float(wide) <= WIDTH - LEFT + 0.02
    memory = memory_map(text)
    top = memory[-1].end
    flat = picture(text, "v6").svg
    ends = [float(x) + float(wide) for x, y, wide in re.findall(r'<rect x="([\d.]+)" y="(26)" width="([\d.]+)"', flat)]
    array = build("v6", memory).length // 4 * 512
    assert max(ends) == pytest.approx(max(LEFT + BAR * top / array, LEFT + 5), abs=5)


def test_what_is_wrong_has_a_sign_a_word_and_its_role():
    hole = picture(HOLE, "v2")
    assert (
        "✗ no counter for 2 GiB … 0x80001000" in hole.text and "✗ no counter" in hole.svg and "--tdx-bad-bg" in hole.svg
    )
    fine = picture(HOLE, "v4")
    assert "✗" not in fine.text + fine.svg and "--tdx-bad" not in fine.svg
    stays = picture("0-62G+4K", "v4")
    assert "↯ 4 KiB stay behind" in stays.text and "stays behind ↯" in stays.svg and "--tdx-exclusive-bg" in stays.svg
    last = picture("0-8G, 60G-63G+4K", "v2")  # at the right edge the words stand left of it
    assert "no counter for 63 GiB … 0xfc0001000 ✗" in last.svg


def test_a_picture_stays_as_wide_as_a_small_screen_shows_whole():
    assert WIDTH * 0.95 <= 574 and WIDTH > NARROW


def test_the_static_form_has_settings_question_and_table():
    page = static(CounterBoard(HOLE, "v6"))
    assert "Memory: 0-2G+4K, 4G-64G" in page and "Counters: v6, flat" in page and "☑ Dynamic PAMT" in page
    assert "Find:" in page and "by memblock, rounded up" in page and "<svg" in page
