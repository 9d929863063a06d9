"""A board of long work: its bar, its cancel button, what it says of what came of it."""

import asyncio
import time

import ipywidgets as w
import pytest

from tdxkit.errors import InputError
from tdxkit.view.kit.verdict import STALE
from tdxkit.view.kit.work import WorkBoard


class Count(WorkBoard):
    def __init__(self):
        super().__init__([w.IntText(1)], start=w.Button(description="Go"))

    def under_way(self, done, total):
        return f"<{done}> of {total}"

    def finished(self, result):
        return f"counted {result}", [w.HTML(f"{result}")]

    def given_up(self):
        return "stopped", None


def counting(end, total=None, pause=0.0, error=None):
    for k in range(end):
        time.sleep(pause)
        yield k + 1, end if total is None else total
    if error:
        raise error
    return end


def test_without_a_loop_it_runs_to_its_end():
    board = Count()
    board.work(counting(5))
    assert "counted 5" in board.said.value and board.shown.children[0].value == "5"
    assert (board.bar.value, board.at, board.cancel.disabled) == (1, (5, 5), True)
    board.work(counting(0))
    assert "counted 0" in board.said.value and board.bar.value == 1 and board.at == (0, 0)


@pytest.mark.slow
def test_soon_is_at_once_where_it_can_be_and_goes_on_beside_the_cell_where_not():
    async def scene():
        board = Count()
        board.soon(counting(5))
        assert "counted 5" in board.said.value and (board.bar.value, board.at) == (1, (5, 5))
        board.soon(counting(2, error=InputError("<x>", "it is no number", "give one")))
        assert 'role="alert"' in board.said.value
        board.soon(counting(200, pause=0.001), patience=0.02)
        assert 0 < board.at[0] < 200 and "counted 200" not in board.said.value
        await board._task
        assert "counted 200" in board.said.value and board.at == (200, 200)

    asyncio.run(scene())


def test_what_goes_wrong_is_said_and_what_was_shown_stays():
    board = Count()
    board.work(counting(5))
    for error, said in (
        (InputError("<x>", "it is no number", "give one"), "&lt;x&gt;: it is no number; give one"),
        (
            ModuleNotFoundError("no", name="simpy"),
            "simpy: this needs a package that is not installed; pip install simpy",
        ),
    ):
        board.work(counting(2, error=error))
        assert said in board.said.value and 'role="alert"' in board.said.value
        assert board.shown.children[0].value == "5" and board.cancel.disabled


def test_under_way_the_page_sees_it_and_may_cancel():
    async def scene():
        board = Count()
        board.work(counting(5))
        board.work(counting(10**6, 2 * 10**6, 0.001))
        await asyncio.sleep(0.12)
        seen = board.said.value, board.bar.value, board.cancel.disabled
        board.cancel.click()
        await board._task
        return board, seen

    board, (said, bar, disabled) = asyncio.run(scene())
    assert "&lt;" in said and "of 2000000" in said and 0 < bar < 0.01 and not disabled
    assert "stopped" in board.said.value and board.cancel.disabled and board.at[0] > 1


def test_a_total_that_nobody_knows_leaves_the_bar_alone():
    board, seen = Count(), []
    board.bar.observe(lambda change: seen.append(change["new"]), "value")
    board.work(counting(5, total=0))
    assert set(seen) <= {0, 1}


@pytest.mark.slow
def test_new_work_takes_over_and_can_be_cancelled_in_its_turn():
    async def scene():
        board = Count()
        board.work(counting(10**6, pause=0.001))
        await asyncio.sleep(0.06)
        first = board._task
        board.work(counting(10**6, pause=0.001))
        await asyncio.sleep(0.12)
        able = not board.cancel.disabled
        board.cancel.click()
        await board._task
        return first.cancelled(), able

    assert asyncio.run(scene()) == (True, True)


def endless():
    while True:
        yield 1, 0


@pytest.mark.parametrize("begin", [Count.work, Count.soon])
def test_new_work_gives_up_what_is_under_way(begin):
    async def scene():
        board, job = Count(), endless()
        board.work(job)
        first = board._task
        await asyncio.sleep(0)
        begin(board, counting(3))
        await asyncio.wait({first, board._task}, timeout=0.5)
        return first.cancelled(), job.gi_frame, board.said.value

    given_up, frame, said = asyncio.run(scene())
    assert given_up and frame is None and "counted 3" in said


def test_what_a_cancel_leaves_is_dimmed_and_nothing_is_dimmed_where_nothing_was():
    board = Count()
    board._conclude(board.given_up)
    assert STALE not in board.shown._dom_classes and "stopped" in board.said.value
    board.work(counting(1))
    assert STALE not in board.shown._dom_classes
    board._conclude(board.given_up)
    assert STALE in board.shown._dom_classes and board.shown.children[0].value == "1"


def test_a_result_that_cannot_be_shown_says_why_and_what_was_shown_stays():
    board = Count()
    board.work(counting(1))
    for error in (InputError("the graph", "it is too large", "take less"), ModuleNotFoundError("no", name="simpy")):

        def finished(result, error=error):
            raise error

        board.finished = finished
        board.work(counting(2))
        assert 'role="alert"' in board.said.value and board.shown.children[0].value == "1"
        assert ("the graph: it is too large" in board.said.value) == isinstance(error, InputError)


def test_what_is_done_at_once_has_a_full_bar_that_nobody_sees():
    board = Count()
    board.soon(counting(3))
    assert (board.bar.value, board.bar.layout.display, board.cancel.disabled, board.at) == (1, "none", True, (3, 3))
    board.soon(counting(2, error=ModuleNotFoundError("no", name="simpy")))
    assert "simpy: this needs a package" in board.said.value and STALE in board.shown._dom_classes


def test_new_results_close_the_old_ones():
    board = Count()
    board.work(counting(1))
    old = board.shown.children[0]
    board.finished = lambda result: ("", [w.Text()])
    board.work(counting(1))
    assert old.comm is None and len(board.shown.children) == 1
