"""Work that a cell waits for: after a second a line says how far it is, and goes when it is done.

    found = waited_for(conflicts.table_job(), "pairs of calls")

The stop button of the notebook gives it up. Without a notebook nothing is said.
"""

from time import monotonic
from typing import TypeVar

from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import element, framed, style
from tdxkit.view.kit.work import PATIENCE
from tdxkit.work import Job, drive

T = TypeVar("T")
BETWEEN = 0.25  # seconds between two words of the line: a job ticks every few ms, and each word travels with its style


def waited_for(job: Job[T], what: str) -> T:
    """The result of a job. what: its unit, as in "210 of 1,936 pairs of calls"."""
    line, due = _Line(), monotonic() + PATIENCE

    def tell(done: float, total: float) -> None:
        nonlocal due
        if (now := monotonic()) >= due:
            due = now + BETWEEN
            line.say(f"{done:,.0f} of {total:,.0f} {what}; the square in the toolbar stops it")

    try:
        return drive(job, tell)
    finally:
        line.say("")


class _Line:
    """A line of a cell's output that can change, and be empty."""

    def __init__(self):
        self.handle = None

    def say(self, words: str) -> None:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is None or (self.handle is None and not words):
            return
        html = framed(style(theme.css()), element("p", words, role="status")) if words else ""
        bundle = {"text/html": str(html), "text/plain": words}
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)
