"""A step of a reader's program that never ends is stopped: its lines are counted while it runs.

Programs of tdxkit itself are not watched. A debugger or coverage tool that traces already keeps its place.
"""

import sys
from collections.abc import Callable

from tdxkit.errors import ModelError

LINES = 1_000_000


def foreign(values: tuple) -> bool:
    """Is any of these a function that is not part of tdxkit?"""
    return not all((getattr(f, "__module__", None) or "").startswith("tdxkit.") for f in values if callable(f))


def watched(function: Callable, *args):
    """The result of function(*args); ModelError after so many lines."""
    if sys.gettrace() is not None:
        return function(*args)
    left = LINES

    def line(frame, event, _):
        nonlocal left
        left -= 1
        if left < 0:
            left = LINES  # so that the program's own clean-up may run
            raise ModelError(
                f"{frame.f_code.co_name}, line {frame.f_lineno}",
                f"a step must end, and this one has run {LINES:,} lines",
                "put a yield into the loop",
            )
        return line

    sys.settrace(lambda frame, event, _: line)
    try:
        return function(*args)
    finally:
        sys.settrace(None)
