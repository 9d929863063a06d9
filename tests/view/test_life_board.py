"""A TD's life with one thing gone wrong: what the controls offer, where the stepper stands, and that both questions have an answer."""

import pytest

from tdxkit.linux.host.faults import NO_FAULT, Fault
from tdxkit.linux.host.life import live, points
from tdxkit.linux.refcount.posted import versions
from tdxkit.view.kit.live import static
from tdxkit.view.life_bar import left_regions
from tdxkit.view.life_board import ONE_PAIR, SMALLEST_POOL, LifeBoard, lived
from tdxkit.view.stepper import Stepper

REMOVE = "TDH.PHYMEM.PAMT.REMOVE"


def numbers(board, what):
    return [k for k, point in enumerate(points(board.version.value), 1) if point.what == what]


def test_a_failure_strikes_and_the_stepper_stands_there(live_widgets):
    board = LifeBoard("v6")
    assert "✓ clean" in str(board) and not board.found and board.how.disabled and board.fault == NO_FAULT
    before = len(live_widgets()), len(live_widgets(Stepper))
    (first, *_) = numbers(board, "TDH.MEM.PAGE.AUG")
    board.point.value = first
    assert board.fault == Fault(first, "busy") and "✓ clean" in str(board)  # it is taken again
    assert "BUSY" in board.life.run.steps[board.reached - 1].sentence
    board.how.value = "error"
    assert "KVM_BUG_ON" in str(board) and board.reached == board.life.wrong_at
    board.lasting.value = True
    assert board.fault.lasting
    board.point.value = 1
    assert board.how.options == ("no memory",) and "TD init ends with -ENOMEM" in str(board)
    board.point.value = 0
    assert (len(live_widgets()), len(live_widgets(Stepper))) == before


@pytest.mark.slow
@pytest.mark.parametrize("version", versions())
def test_one_pair_stays_behind_after_a_remove_that_fails_and_after_nothing_else(version):
    board = LifeBoard(version, ONE_PAIR)
    assert not board.found and ONE_PAIR.question in board.asked.value
    for what in ("TDH.PHYMEM.PAGE.RECLAIM", "TDH.PHYMEM.PAGE.WBINVD", "TDH.MNG.KEY.FREEID"):
        board.point.value = numbers(board, what)[0]
        assert board.life.pairs_left and not board.found
    board.point.value = numbers(board, REMOVE)[0]
    assert (
        board.found.startswith(f"{REMOVE} fails at point {board.point.value}, in ") and f"on {version}" in board.found
    )
    assert "✓ Found" in str(board) and "What is left" in str(board)


@pytest.mark.slow
def test_the_smallest_pool_is_found_only_at_it():
    board = LifeBoard("v6", SMALLEST_POOL, pool_first=True)
    assert not board.found and board.pool.value == 10
    assert board.life.run.steps[board.reached].actor == "build", "the first step that uses the pool comes next"
    for pages in (20, 4, 3, 1, 0):
        board.pool.value = pages
        assert not board.found
    board.pool.value, board.version.value = 2, "v5"
    board.found = ""
    board._changed()
    assert not board.found
    board.version.value = "v6"
    assert board.found.startswith("2 pages, one pair") and "With 1 page no pass" in str(board)


def test_a_version_brings_its_pool_and_its_points_and_keeps_what_fails():
    board = LifeBoard("v2")
    board.point.value = numbers(board, REMOVE)[2]
    board.version.value = "v3"
    assert board.pool.value == 15 and board.point.value == numbers(board, REMOVE)[2]
    board.pool.value = 7
    board.version.value = "v6"
    assert board.pool.value == 7  # what the reader chose
    assert board.without.disabled and len(board.point.options) == 1 + len(points("v6", pool_pages=7))


def test_a_patch_is_left_out_of_v2_only():
    board = LifeBoard("v2")
    board.without.value = 9
    assert board.life.pairs_left == 5 and "left behind" in str(board) and len(left_regions(board.life).rows) == 5
    board.without.value = 7
    assert board.reached == board.life.wrong_at > 0
    board.version.value = "v6"
    assert board.without.value == 0 and len(board.patches) == 12 and "✓ clean" in str(board)


def test_huge_pages_have_points_of_their_own():
    board = LifeBoard("v6")
    board.huge.value = True
    labels = [label for label, _ in board.point.options]
    assert any("PAGE.DEMOTE" in label for label in labels) and "✓ clean" in str(board)
    board.point.value = next(k for label, k in board.point.options if "PAGE.DEMOTE" in label)
    board.huge.value = False
    assert board.point.value == 0, "there is no such point any more"


def test_a_life_is_lived_once():
    lived.cache_clear()
    board = LifeBoard("v6")
    for pages in (9, 10, 9, 10):
        board.pool.value = pages
    assert lived.cache_info().misses == 2


def test_what_is_left_is_what_the_life_counted():
    clean, leaky = live("v6", record=True), live("v2", fault=Fault(140, "busy"), record=True)
    assert left_regions(clean) is None
    rows = left_regions(leaky).rows
    assert sum(row[1] for row in rows) == leaky.refs_left and sum(row[3] == "yes" for row in rows) == leaky.pairs_left


def test_the_static_form_has_settings_question_and_verdict():
    board = LifeBoard("v6")
    page = static(board)
    for words in (
        "Version: v6",
        "Pool: 10 pages",
        "Leave out: nothing",
        "What fails: nothing",
        "☐ a huge page too",
        "Find:",
        "clean",
    ):
        assert words in page
