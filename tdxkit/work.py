"""Long work in one form: a generator that says now and then how far it is, and returns its result.

    def longest(lines):                       # a Job[int]
        best = 0
        for k, line in enumerate(lines, 1):
            best = max(best, len(line))
            yield k, len(lines)               # a tick: done and total, in any unit; total 0 where nobody knows it
        return best

    drive(longest(lines))                     # a terminal, a test
    await drive_async(longest(lines), ...)    # a notebook: the page stays alive, and cancel is heard
    Started(longest(lines), 1.0)              # at once what takes a second, the rest in one of these ways

A job ticks every few milliseconds and leaves the clock to whoever drives it. Whoever gives one up closes it, and what it has open with it.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from time import monotonic
from typing import Generic, TypeVar

from tdxkit.browser import IN_A_BROWSER
from tdxkit.errors import TdxkitError

T = TypeVar("T")
Tick = tuple[float, float]
Job = Generator[Tick, None, T]
Progress = Callable[[float, float], None]

# Seconds of work between two looks at the page: a click is answered before it feels slow. In a browser each look costs more, and an answer may take longer.
SLICE = 0.1 if IN_A_BROWSER else 0.04
# Seconds that an event loop is given: a click needs several of its turns, and sleep(0) is one. In a browser it needs some fifteen, and less than 4 ms are one turn there too.
_PAUSE = 0.01 if IN_A_BROWSER else 0.001


class Cancelled(TdxkitError):
    """Somebody pressed cancel; what was done until then is given up, or stays with whoever holds it."""

    def __init__(self):
        super().__init__("the work", "it was cancelled", "start it again")


class _Running(Generic[T]):
    """A job under way: iterate over its ticks, then read its `result`."""

    def __init__(self, job: Job[T]):
        self._job = job

    def __iter__(self) -> Iterator[Tick]:
        self.result = yield from self._job


class Started(Generic[T]):
    """A job that was worked on at once, for no more than so many seconds: is it `over`, its `result` then, else the `rest` of it."""

    def __init__(self, job: Job[T], seconds: float, progress: Progress | None = None):
        self._running = _Running(job)
        self._ticks = iter(self._running)
        self.over, end = True, monotonic() + seconds
        for tick in self._ticks:
            if progress:
                progress(*tick)
            if monotonic() > end:
                self.over = False
                break

    @property
    def result(self) -> T:
        """What it came to."""
        return self._running.result

    def rest(self) -> Job[T]:
        """What is left to do, as a job."""
        yield from self._ticks
        return self._running.result


def drive(job: Job[T], progress: Progress | None = None) -> T:
    """Run a job to its end; `progress(done, total)` hears every tick and may raise to stop it."""
    running = _Running(job)
    try:
        for tick in running:
            if progress:
                progress(*tick)
    finally:
        job.close()
    return running.result


def in_parts(jobs: Mapping[str, Job[T]]) -> Job[dict[str, T]]:
    """Several jobs, one after the other: their results by name. Ticks are jobs done, and of the one under way the part that is."""
    found = {}
    for k, (name, job) in enumerate(jobs.items()):
        running = _Running(job)
        try:
            for done, total in running:
                yield k + (done / total if total else 0), len(jobs)
        finally:
            job.close()
        found[name] = running.result
    return found


async def drive_async(
    job: Job[T], progress: Progress | None = None, cancelled: Callable[[], bool] = lambda: False
) -> T:
    """Run a job under an event loop, SLICE seconds at a time; after each `progress` is told and `cancelled` asked, at the end told.

    Raises Cancelled where that says yes; a task that is cancelled from outside closes the job as well.
    """
    from asyncio import sleep  # here, not above: it would double the start of a command

    running = _Running(job)
    try:
        begin, tick = monotonic(), None
        for tick in running:
            if monotonic() - begin < SLICE:
                continue
            if progress:
                progress(*tick)
            await sleep(_PAUSE)
            if cancelled():
                raise Cancelled
            begin = monotonic()
        if progress and tick:
            progress(*tick)
    finally:
        job.close()
    return running.result
