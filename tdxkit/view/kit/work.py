"""A board of long work: a start, a bar, a cancel button, and a line that says how far it is and what came of it.

The work is a job (see tdxkit.work), run under the kernel's own asyncio loop slice by slice, so cancel is heard within a slice, in
JupyterLab and in a kernel that lives in the browser. Without a running loop (a script, a test) it runs to its end at once.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import ipywidgets as w

from tdxkit.errors import TdxkitError, not_installed
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.verdict import STALE
from tdxkit.work import Cancelled, Job, Started, Tick, drive_async

PATIENCE = 1.0  # seconds of work that a reader waits for without a bar


class WorkBoard(Board):
    """Rows of controls, and last a row with `start` (where it does not begin by itself), the bar and the cancel button; a subclass says what of its work.

    `at`: how far the work is, or was when it ended.
    """

    def __init__(self, *rows: w.Widget | Sequence[w.Widget], start: w.Button | None = None):
        self.bar = w.FloatProgress(min=0, max=1, layout=w.Layout(width="220px", display="none"))
        self.cancel = w.Button(
            description="Cancel", icon="stop", disabled=True, layout=w.Layout(width="110px", display="none")
        )
        self.at: Tick = (0, 0)
        self._task, self._stop = None, False
        self.cancel.on_click(lambda _: setattr(self, "_stop", True))
        begin = [start] if start else []
        for button in begin:
            button.button_style = "primary"  # one look for what begins
        said = w.HTML()
        super().__init__(*rows, [*begin, self.cancel, self.bar, said], said=said)

    def under_way(self, done: float, total: float) -> str:
        """What is said of a tick."""
        raise NotImplementedError

    def finished(self, result: object) -> tuple[object, Iterable[object]]:
        """What to say of a result, and the things to show."""
        raise NotImplementedError

    def given_up(self) -> tuple[object, Iterable[object] | None]:
        """The same after a cancel; None leaves what was shown."""
        raise NotImplementedError

    def work(self, job: Job) -> None:
        """Do this; work that is under way is given up."""
        if self._task:
            self._task.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(self._work(job))
        else:
            self._task = loop.create_task(self._work(job))

    def soon(self, job: Job, patience: float = PATIENCE) -> None:
        """Do this at once where that takes no more than so many seconds, so that it is there with what a cell shows; else the rest as `work`."""
        if self._task:
            self._task.cancel()
        try:
            started = Started(job, patience, lambda *tick: setattr(self, "at", tick))
        except (TdxkitError, ModuleNotFoundError) as error:
            self._complain(error)
            return
        if started.over:
            self.bar.value = self.bar.max
            self._conclude(lambda: self.finished(started.result))
        else:
            self.work(started.rest())

    async def _work(self, job: Job) -> None:
        self._stop, self.cancel.disabled, self.bar.value, self.at = False, False, 0, (0, 0)
        self.bar.layout.display = self.cancel.layout.display = ""
        try:
            result = await drive_async(job, self._tick, lambda: self._stop)
            self.bar.value = self.bar.max
            self._conclude(lambda: self.finished(result))
        except Cancelled:
            self.say("cancelled")  # a page may take longer to draw what there is than the work took to stop
            self._conclude(self.given_up)
        except (TdxkitError, ModuleNotFoundError) as error:
            self._complain(error)
        finally:
            self.cancel.disabled = True
            self.bar.layout.display = self.cancel.layout.display = "none"  # what is over has no bar

    def _complain(self, error: Exception) -> None:
        """Say what went wrong; what was shown stays, dimmed."""
        self.complain(error if isinstance(error, TdxkitError) else not_installed(error))

    def _conclude(self, end: Callable[[], tuple[object, Iterable[object] | None]]) -> None:
        """Say and show what the work came to."""
        try:
            said, shown = end()
        except (TdxkitError, ModuleNotFoundError) as error:
            self._complain(error)
            return
        if shown is not None:
            self.show(shown)
        elif self.shown.children:
            self.shown.add_class(STALE)
        self.say(said)
        self._ask(self.answer())

    def _tick(self, done: float, total: float) -> None:
        self.at = done, total
        self.bar.value = done / total if total else 0
        self.say(self.under_way(done, total))
