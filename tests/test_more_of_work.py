"""Long work at its edges: when a cancel is heard, and which Python gives a page how long."""

import asyncio
import runpy
import sys

import pytest

from tdxkit import browser, work
from tdxkit.work import Cancelled, drive_async


def test_a_cancel_that_comes_while_the_page_is_answered_is_heard_before_more_is_done(monkeypatch):
    monkeypatch.setattr(work, "SLICE", 0)
    done, pressed = [], []

    def counts():
        for k in range(9):
            done.append(k)
            yield k, 9

    async def scene():
        asyncio.get_running_loop().call_soon(pressed.append, True)
        await drive_async(counts(), None, lambda: bool(pressed))

    with pytest.raises(Cancelled):
        asyncio.run(scene())
    assert done == [0]


@pytest.mark.parametrize("platform, there", [("emscripten", True), ("wasi", False), ("linux", False)])
def test_only_the_python_of_a_browser_is_one(platform, there, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    assert runpy.run_path(browser.__file__)["IN_A_BROWSER"] is there


def test_in_a_browser_slices_are_longer_and_a_page_is_given_more_than_one_turn(monkeypatch):
    lengths = []
    for there in (False, True):
        monkeypatch.setattr(browser, "IN_A_BROWSER", there)
        made = runpy.run_path(work.__file__)
        lengths.append((made["SLICE"], made["_PAUSE"]))
    (here, pause), (browsers, browsers_pause) = lengths
    assert here < browsers <= 0.25, "each look costs more there, and a click is still answered before it feels slow"
    assert 0 < pause < 0.004 < browsers_pause < browsers / 4, "less than 4 ms is one turn of the loop there"
