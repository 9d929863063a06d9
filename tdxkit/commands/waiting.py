"""What commands that take their time share: one line on standard error for a person who waits at a terminal."""

import sys
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from tdxkit.work import Job, drive

_WIDTH = 30
_PATIENCE, _EVERY = 1.0, 0.1  # seconds before anything is said, and between two sayings

T = TypeVar("T")


def wait(job: Job[T], words: Callable[[float, float], str] | None = None) -> T:
    """Drive a job to its end; `words(done, total)` says how far it is, in MiB where nothing else is given.

    Nobody watches: nothing is said. Ctrl-C ends the job, and the line is gone before cli.main says that it stopped.
    """
    if not sys.stderr.isatty():
        return drive(job)
    line = _Line(words or in_mib)
    try:
        return drive(job, line)
    finally:
        line.clear()


class _Line:
    def __init__(self, words: Callable[[float, float], str]):
        self.words, self.due, self.width = words, monotonic() + _PATIENCE, 0

    def __call__(self, done: float, total: float) -> None:
        now = monotonic()
        if now < self.due:
            return
        self.due = now + _EVERY
        filled = int(_WIDTH * done / total) if total else 0
        text = (f"[{'#' * filled:.<{_WIDTH}}]  " if total else "") + self.words(done, total)
        print(f"\r{text:{self.width}}", end="", file=sys.stderr, flush=True)
        self.width = len(text)

    def clear(self) -> None:
        if self.width:
            print(f"\r{'':{self.width}}\r", end="", file=sys.stderr, flush=True)


def in_mib(done: float, total: float) -> str:
    """How much of a file has been read."""
    mib = 1 << 20
    if not total:
        return f"{done // mib} MiB"
    return f"{done / total:4.0%}  {done // mib} of {total // mib} MiB"
