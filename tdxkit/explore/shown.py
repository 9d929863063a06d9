"""The text of a program as its readers see it: Python from its file or notebook cell, C as it was pasted."""

import inspect
from textwrap import dedent

from tdxkit.run import Text


def source_of(function) -> Text | None:
    """The source text of a function as its file or notebook cell has it; a function that C became holds its own; None where Python cannot find it."""
    if shown := getattr(function, "shown", None):
        return shown
    try:
        return Text(function.__name__, tuple(dedent(inspect.getsource(function)).rstrip().splitlines()))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
