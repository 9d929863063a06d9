"""Ranges made private and shared, one after the other: what is read, what is said, and the question that the board answers by itself."""

import pytest

from tdxkit.errors import InputError
from tdxkit.view import range_board
from tdxkit.view.kit.live import static
from tdxkit.view.kit.verdict import STALE
from tdxkit.view.range_board import MOST, RangeBoard, calls_in, recorded
from tdxkit.view.stepper import Stepper
from tdxkit.view.xarray_picture import xarray


def test_a_range_has_its_boundaries():
    assert calls_in("0-1") == ((0, 1, 8),) and calls_in("5–7 shared; 5-69") == ((5, 7, 0), (5, 69, 8))
    assert len(calls_in("1-2\n1-2, 3-4;5-6")) == 4 and calls_in("1-2" + " " * 5000 + "shared") == ((1, 2, 0),)
    with pytest.raises(InputError, match="5 ranges: here are 1 to 4"):
        calls_in("1-2" + ";" * 3000 + "1-2;1-2;1-2;1-2")
    with pytest.raises(InputError, match=f"pages 5 to 70: a range here has 1 to {MOST} pages"):
        calls_in("5-70")


def said(board) -> str:
    return board.said.value.rpartition("</style>")[2]


def test_a_line_has_calls_that_are_made_one_after_the_other(live_widgets):
    board = RangeBoard("4094-4098 private")
    assert "4 pages; the first reserve: allocates 2 nodes" in said(board) and board.found == ""
    before = len(live_widgets(Stepper))
    board.text.value = "62-66 private; 64-65 shared"
    assert "5 pages; the first reserve: allocates 1 node" in said(board) and "at the end 3 nodes, 3 values" in said(
        board
    )
    assert len(live_widgets(Stepper)) == before
    assert [step.label for step in board.run.steps].count("mutex_lock(slots_lock)") == 2


def test_the_kernel_with_the_three_lines_gives_way_page_by_page():
    board = RangeBoard("62-66")
    assert not any(step.does == "cond_resched" for step in board.run.steps)
    board.kernel.value = "v2"
    assert sum(step.does == "cond_resched" for step in board.run.steps) == 8  # four pages, two loops
    board.text.value = "0-4 shared"
    assert "4 pages; nothing was reserved; at the end 0 nodes" in said(board)


@pytest.mark.parametrize("calls", ["0x40000-0x40001", "262,144-262,145 private", "16777215-16777216; 5-6 shared"])
def test_four_nodes_at_once_are_found_and_stay_found(calls):
    board = RangeBoard()
    assert not board.found and "Find:" in board.asked_text and "Found" not in board.asked.value
    for other in ("0x3fffe-0x40002", "5-6; 262144-262150", "0x1000000-0x1000001", "262144-262146 shared"):
        board.text.value = other  # nodes that come later, five levels, nothing reserved
        assert not board.found
    board.text.value = calls
    assert "✓ Found: xa_reserve(" in str(board) and "Found" in board.asked.value
    board.text.value = "62-66"
    assert board.found


@pytest.mark.parametrize(
    "calls",
    [
        "", "5", "5-5", "6-5", "0-65", "-3", "-1-3", "x-3", "1e3-1001", "0x-3", "0-" + "9" * 30, "٣-4", "62-66 secret", "1-2;1-2;1-2;1-2;1-2", "<b>-3",
    ],
)  # fmt: skip
def test_what_is_no_range_is_said_in_a_line_and_what_was_shown_stays_dimmed(calls):
    board = RangeBoard(calls)
    assert 'role="alert"' in said(board) and "\n" not in said(board) and "<b>-3" not in said(board)
    assert not board.shown.children
    board.text.value = "62-66"
    run, shown = board.run, board.shown.children
    board.text.value = calls
    assert board.shown.children == shown and board.run is run and STALE in board.shown._dom_classes
    board.text.value = "63-66"
    assert 'role="status"' in said(board) and STALE not in board.shown._dom_classes


def test_long_ranges_say_that_they_are_being_recorded():
    board, heard = RangeBoard(), []
    board.said.observe(lambda change: heard.append(change["new"]), "value")
    board.text.value = f"0-{MOST}"
    assert "64 pages: the run is being recorded" in heard[0] and "the first reserve" in heard[-1]


@pytest.mark.parametrize("pages, kernel, told", [(50, "", False), (51, "", True), (25, "v2", False), (26, "v2", True)])
def test_a_run_of_over_a_hundred_steps_is_told_while_it_is_recorded(pages, kernel, told, monkeypatch):
    board, heard = RangeBoard(), []
    monkeypatch.setattr(range_board, "recorded", lambda *call: recorded(((62, 66, 8),), "", None))
    monkeypatch.setattr(board, "say", lambda words: heard.append(words))
    board.kernel.value, board.text.value = kernel, f"0-{pages}"
    assert any("being recorded" in words for words in heard) == told


def test_a_run_is_recorded_once():
    recorded.cache_clear()
    board = RangeBoard("62-66")
    for calls in ("62-67", "62-66", "62-67"):
        board.text.value = calls
    assert recorded.cache_info().misses == 2 and calls_in("62-66") == ((62, 66, 8),)


def test_the_static_form_has_settings_question_and_run():
    page = static(RangeBoard("62-66 private"))
    assert "Ranges: 62-66 private" in page and "Kernel: as released" in page and "four nodes" in page


def test_the_tree_points_at_the_page_of_the_step_on_its_way_only():
    run = recorded(((62, 66, 8),), "", None)
    states = list(run.states())
    pointed = [xarray(state).count("h8l-4 6z") for state in states]
    assert pointed == [len(state["walk"]) if state["at"] is not None else 0 for state in states] and max(pointed) == 2
