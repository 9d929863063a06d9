"""A step of a reader's program that never ends is stopped: its instructions are counted while it runs.

Programs of tdxkit itself are not watched. A debugger or coverage tool that traces already keeps its place.
"""

import sys
from collections.abc import Callable

from tdxkit.errors import ModelError

INSTRUCTIONS = 1_000_000


def foreign(values: tuple) -> bool:
    """Is any of these a function that is not part of tdxkit?"""
    return not all((getattr(f, "__module__", None) or "").startswith("tdxkit.") for f in values if callable(f))


def watched(function: Callable, *args):
    """The result of function(*args); ModelError after so many instructions."""
    if sys.gettrace() is not None:
        return function(*args)
    left = INSTRUCTIONS

    def count(frame, event, _):
        nonlocal left
        left -= 1
        if left < 0:
            left = INSTRUCTIONS  # so that the program's own clean-up may run
            raise ModelError(
                f"{frame.f_code.co_name}, line {frame.f_lineno}",
                f"a step must end, and this one has run {INSTRUCTIONS:,} instructions",
                "put a yield into the loop",
            )
        return count

    def enter(frame, event, _):
        frame.f_trace_opcodes = True  # a loop on one line has no line events
        return count

    sys.settrace(enter)
    try:
        return function(*args)
    finally:
        sys.settrace(None)
