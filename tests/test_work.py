"""Long work in one form: a job is driven to its result, told by the clock, stopped at once, and always closed."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tdxkit import work
from tdxkit.work import SLICE, Cancelled, Started, drive, drive_async, in_parts

ROOT = Path(__file__).parent.parent


def counting(end, closed=None, pause=0.0):
    try:
        for k in range(end):
            time.sleep(pause)
            yield k + 1, end
    finally:
        if closed is not None:
            closed.append(True)
    return end * 2


def test_a_job_is_driven_to_its_result_and_told_at_each_tick():
    heard = []
    assert drive(counting(3), lambda *tick: heard.append(tick)) == 6 and heard == [(1, 3), (2, 3), (3, 3)]
    assert drive(counting(0)) == 0 == asyncio.run(drive_async(counting(0)))


def nested():
    first = yield from counting(2)
    second = yield from counting(first)
    return first, second


def test_a_job_may_pass_on_anothers_ticks():
    assert drive(nested()) == (4, 8) == asyncio.run(drive_async(nested()))


def test_several_jobs_tick_as_one_and_each_is_closed():
    closed, heard = [], []
    jobs = {"a": counting(2, closed), "b": counting(1, closed)}
    assert drive(in_parts(jobs), lambda *tick: heard.append(tick)) == {"a": 4, "b": 2}
    assert heard == [(0.5, 2), (1, 2), (2, 2)] and closed == [True, True]

    def endless():
        yield 7, 0  # nobody knows how long

    ticks = in_parts({"x": endless(), "y": counting(5, closed)})
    assert next(ticks) == (0, 2)
    ticks.close()
    assert list(in_parts({})) == []


@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt, ValueError])
def test_a_listener_may_stop_it_and_the_job_is_closed(error):
    closed = []

    def stop(done, total):
        raise error

    with pytest.raises(error) as caught:  # its traceback holds the frames, so that nothing closes by being dropped
        drive(counting(3, closed), stop)
    assert closed == [True] and caught
    with pytest.raises(error):
        asyncio.run(drive_async(counting(3, closed, SLICE), stop))
    assert closed == [True] * 2


@pytest.mark.slow
def test_a_page_is_answered_after_each_slice_not_after_each_tick():
    async def scene():
        heard, turns = [], 0

        async def page():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(page())
        begin = time.monotonic()
        result = await drive_async(counting(100, pause=0.002), lambda *tick: heard.append(tick))
        took = time.monotonic() - begin
        other.cancel()
        return result, heard, turns, took

    result, heard, turns, took = asyncio.run(scene())
    assert result == 200 and heard[-1] == (100, 100)
    assert 2 <= len(heard) <= took / SLICE + 2  # told by the clock
    assert turns > 2 * len(heard), "several turns of the loop a slice: a click takes more than one"


@pytest.mark.slow
@pytest.mark.parametrize("outside", [False, True])
def test_cancel_is_noticed_within_a_slice_and_closes_the_job(outside):
    async def scene():
        stop, closed = [], []
        task = asyncio.create_task(drive_async(counting(10**6, closed, 0.001), None, lambda: bool(stop)))
        await asyncio.sleep(0.1)
        begin = time.monotonic()
        task.cancel() if outside else stop.append(True)
        with pytest.raises(asyncio.CancelledError if outside else Cancelled):
            await task
        return closed, time.monotonic() - begin

    closed, took = asyncio.run(scene())
    assert closed == [True] and took < SLICE + 0.25  # the quarter is for a machine that is busy


def test_what_a_job_raises_comes_out_as_it_is():
    def bad():
        yield 0, 0
        raise KeyError("x")

    for way in (lambda: drive(bad()), lambda: asyncio.run(drive_async(bad()))):
        with pytest.raises(KeyError):
            way()


@pytest.mark.slow
def test_what_is_started_at_once_goes_on_where_it_stopped():
    closed = []
    short = Started(counting(3, closed), 60)
    assert short.over and short.result == drive(counting(3, closed))
    long = Started(counting(200, closed, 0.001), 0.02)
    assert not long.over
    ticks = []
    assert drive(long.rest(), lambda *tick: ticks.append(tick)) == drive(counting(200, closed))
    assert 0 < len(ticks) < 200 and len(closed) == 4


def test_no_second_loop_runs_a_generator_to_its_end():
    """Programs that are stepped (explore, seam, the host) are no jobs; beside them nobody catches StopIteration."""
    catch = {
        str(p.relative_to(ROOT / "tdxkit"))
        for p in (ROOT / "tdxkit").rglob("*.py")
        if "StopIteration" in p.read_text() and p.parts[len(ROOT.parts) + 1] not in ("explore", "seam")
    }
    assert catch == {"linux/host/pairs.py"} and "StopIteration" not in Path(work.__file__).read_text()


def test_it_starts_without_asyncio():
    names = "import sys; import tdxkit.work; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", names], cwd=ROOT).returncode == 0
