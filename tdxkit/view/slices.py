"""Work over a second, in slices: a bar that fills and a button that stops it, while the page goes on living.

The work is a generator that pauses often and returns its result. It runs in the kernel's own event loop, so a click on *Cancel* is heard
between two slices; nothing here needs a thread, so it works in a browser alone too.
"""

import asyncio
import time
from collections.abc import Callable, Generator
from typing import Any

from tdxkit.errors import TdxkitError

SLICE = 0.1  # seconds of work between two breaths
_BREATH = 0.005

Start = Callable[[Callable[[int, int], None]], Generator[object, None, Any]]


class Slices:
    """Runs one work at a time. `start(progress)` makes the generator; `done(result)` and `failed(sentence)` hear how it ended."""

    def __init__(self, done: Callable[[Any], None], failed: Callable[[str], None]):
        import ipywidgets as w

        self.done, self.failed = done, failed
        self.bar = w.IntProgress(0, 0, 100, layout=w.Layout(width="260px"))
        self.cancel = w.Button(description="Cancel", layout=w.Layout(width="90px"))
        self.box = w.HBox([self.bar, self.cancel], layout=w.Layout(display="none"))
        self.cancel.on_click(lambda _button: self.stop())
        self.task: asyncio.Task | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the work at its next pause."""
        self._stopped = True

    def run(self, start: Start) -> None:
        """Begin; what ran before is stopped. Without an event loop (a script, a test) it runs to its end at once."""
        if self.task and not self.task.done():
            self.task.cancel()
        self._stopped = False
        steps = start(self._progress)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._finish(steps)
            return
        self.task = loop.create_task(self._breathe(steps))

    def _progress(self, done: int, total: int) -> None:
        value = 100 * done // total if total else 0
        if value != self.bar.value:
            self.bar.value = value

    def _finish(self, steps: Generator) -> None:
        while self._slice(steps, float("inf")):
            pass

    async def _breathe(self, steps: Generator) -> None:
        self.bar.value = 0
        try:
            if self._slice(steps, SLICE):  # what is done within one slice needs no bar
                self.box.layout.display = ""
                await asyncio.sleep(_BREATH)
                while self._slice(steps, SLICE):
                    await asyncio.sleep(_BREATH)
        finally:
            self.box.layout.display = "none"

    def _slice(self, steps: Generator, seconds: float) -> bool:
        """Work for a while; True if there is more to do."""
        if self._stopped:
            steps.close()
            self.failed("Stopped: nothing of it is kept.")
            return False
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                next(steps)
        except StopIteration as end:
            self.done(end.value)
            return False
        except TdxkitError as error:
            self.failed(str(error))
            return False
        return True
