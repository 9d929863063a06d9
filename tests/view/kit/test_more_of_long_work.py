"""A board of long work from one work to the next: its bar and its cancel button are seen while it lasts, and a cancel is over with what it cancelled."""

import asyncio

import ipywidgets as w

from tdxkit import work
from tdxkit.view.kit.work import WorkBoard


class Count(WorkBoard):
    """Counts, and remembers of each thing it said whether the bar and the button were to be seen."""

    def __init__(self):
        self.told = []
        super().__init__([w.IntText(1)])

    def under_way(self, done, total):
        return f"{done} so far"

    def finished(self, result):
        return f"counted {result}", []

    def given_up(self):
        return "stopped", None

    def say(self, words, *more):
        self.told.append((words, self.seen()))
        super().say(words, *more)

    def seen(self):
        return [one.layout.display != "none" for one in (self.bar, self.cancel)] + [not self.cancel.disabled]


def counting(end, error=None):
    for k in range(end):
        yield k + 1, end
    if error:
        raise error
    return end


def endless():
    while True:
        yield 1, 0


def test_the_bar_and_its_button_are_seen_while_work_is_under_way_and_then_no_more():
    board = Count()
    assert board.seen() == [False, False, False]
    board.work(counting(3))
    assert board.told == [("3 so far", [True] * 3), ("counted 3", [True] * 3)] and board.seen() == [False] * 3
    board.work(counting(3, ModuleNotFoundError("no", name="simpy")))
    assert board.seen() == [False] * 3 and "simpy: this needs a package" in board.said.value


def test_a_cancel_is_said_at_once_and_the_work_after_it_is_not_cancelled(monkeypatch):
    monkeypatch.setattr(work, "SLICE", 0)  # at each tick it is asked for

    async def scene():
        board = Count()
        board.work(endless())
        await asyncio.sleep(0)
        board.cancel.click()
        await board._task
        board.work(counting(7))
        await board._task
        return board

    board = asyncio.run(scene())
    assert [words for words, _ in board.told if "so far" not in words] == ["cancelled", "stopped", "counted 7"]
    assert board.seen() == [False] * 3 and board.bar.value == board.bar.max
