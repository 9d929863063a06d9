"""How long a step of a learner's may take where exercises are judged, and what ends it.

A loop in Python is counted, everywhere (tdxkit.explore.guard). A call that goes on and on is rung after SECONDS where Python runs on a
system's main thread; in a kernel that lives in the browser, and inside a single call of C, nothing can: `UNSTOPPABLE` says what to do.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from tdxkit.errors import ModelError
from tdxkit.explore import guard
from tdxkit.work import Job

T = TypeVar("T")
SECONDS = 5
UNSTOPPABLE = "If a step of yours never ends: in Lab, Kernel, Interrupt; in a kernel that lives in the browser, Kernel, Restart, which takes some ten seconds, and the first cell again. What you typed stays."


def patient(job: Job[T]) -> Job[T]:
    """The job; a step of a reader's that takes longer than SECONDS is ended, where that is possible, with a ModelError."""
    return guard.inside(_ringing, job)


@contextmanager
def _ringing() -> Iterator[None]:
    try:
        before = None if guard.alarm or not hasattr(signal, "setitimer") else signal.signal(signal.SIGALRM, _too_long)
    except ValueError:  # on another thread than the main one
        before = None
    if before is None:
        yield
        return
    guard.alarm = lambda seconds: signal.setitimer(signal.ITIMER_REAL, SECONDS if seconds else 0)
    try:
        yield
    finally:
        guard.alarm = None
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _too_long(_number, _frame):
    raise ModelError(
        "a step", f"it must end, and this one has run {SECONDS} seconds", "look for a call that goes on and on"
    )
