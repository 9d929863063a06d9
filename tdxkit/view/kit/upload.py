"""A file from the reader's disk, a paste, or a path on the server, read in slices: a bar, a cancel button, the page stays alive.

    Upload(job, show)

`job(stream)` is a generator over a binary stream: it yields the bytes it has read so far and returns a result. `show(result)` gives
the widgets that show it. The job runs under the kernel's own asyncio loop, slice by slice, so cancel is heard within a slice, in
JupyterLab and in a kernel that lives in the browser. Without a running loop (a script, a test) it runs to its end at once.
"""

import asyncio
import io
from collections.abc import Callable, Generator, Sequence
from typing import BinaryIO

import ipywidgets as w

from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.units import human
from tdxkit.view.kit.svg import element

SERVER_LIMIT = "10 MB"  # Jupyter's server takes no larger message from a page
PASTE_LIMIT = 5_000_000
_WIDE = w.Layout(width="100%")


class Upload(w.VBox):
    """See the module. `result` holds what the last finished reading returned, None before; `said` what was said of it."""

    def __init__(
        self, job: Callable[[BinaryIO], Generator[int, None, object]], show: Callable[[object], Sequence[w.Widget]], *,
        what: str = "file", accept: str = "", hint: str = "",
    ):  # fmt: skip
        self._job, self._show_result, self.result, self._task, self._stop = job, show, None, None, False
        self.file = w.FileUpload(accept=accept, description=f"Open a {what}", layout=w.Layout(width="180px"))
        self.paste = w.Textarea(
            placeholder=hint or f"… or paste a {what} here", layout=w.Layout(width="calc(100% - 4px)", height="110px")
        )
        self.read = w.Button(description="Read the paste", icon="play")
        self.path = w.Text(
            placeholder=f"… or the path of a file on the server (larger than {SERVER_LIMIT})",
            continuous_update=False,
            layout=w.Layout(width="auto", flex="1 1 260px"),
        )
        self.bar = w.FloatProgress(min=0, max=1, layout=w.Layout(width="220px"))
        self.cancel = w.Button(description="Cancel", icon="stop", disabled=True, layout=w.Layout(width="110px"))
        self._said = w.HTML()
        self._shown = w.VBox(layout=_WIDE)
        self.file.observe(self._opened, "value")
        self.read.on_click(lambda _: self.begin(self.paste.value[:PASTE_LIMIT].encode("utf-8", "replace")))
        self.path.observe(lambda change: change["new"] and self.begin_path(change["new"]), "value")
        self.cancel.on_click(lambda _: setattr(self, "_stop", True))
        row = w.Layout(flex_flow="row wrap", align_items="center")
        super().__init__([
            w.HBox([self.file, self.path], layout=row), self.paste,
            w.HBox([self.read, self.cancel, self.bar, self._said], layout=row), self._shown,
        ], layout=_WIDE)  # fmt: skip

    @property
    def said(self) -> str:
        """The line beside the bar, as markup."""
        return self._said.value

    def begin(self, data: bytes) -> None:
        """Read these bytes; a reading that is under way is given up."""
        self._start(io.BytesIO(data), len(data))

    def begin_path(self, name: str) -> None:
        """Read a file by its path; what is wrong with the path is said."""
        try:
            stream = open(name, "rb")  # noqa: SIM115  closed when its reading ends
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "that is no file name"
            self._say(InputError(printable(name), why.lower(), "give the path of a file"), "alert")
            return
        self._start(stream, size)

    def _opened(self, change) -> None:
        if change["new"]:
            self.begin(bytes(change["new"][0]["content"]))
            self.file.value = ()  # so that the same file can be opened again

    def _start(self, stream: BinaryIO, total: int) -> None:
        if self._task:
            self._task.cancel()
        work = self._go(stream, total)
        try:
            self._task = asyncio.get_running_loop().create_task(work)
        except RuntimeError:
            work.close()
            asyncio.run(self._go(stream, total))

    async def _go(self, stream: BinaryIO, total: int) -> None:
        self._stop, self.cancel.disabled, self.bar.value = False, False, 0
        try:
            with stream:
                result = await self._steps(self._job(stream), total)
            if result is not None:
                self.result = result[0]
                self._shown.children = tuple(self._show_result(self.result))
                self._say(f"{human(total)} read")
        except (TdxkitError, OSError) as error:
            self._say(error, "alert")
        finally:
            self.cancel.disabled = True

    async def _steps(self, steps: Generator[int, None, object], total: int) -> tuple | None:
        while True:
            try:
                done = next(steps)
            except StopIteration as end:
                self.bar.value = 1
                return (end.value,)
            share = done / total if total else 1
            if share - self.bar.value >= 0.01:  # a hundred messages to the page, not ten thousand
                self.bar.value = share
                self._say(f"{human(done)} of {human(total)}")
            await asyncio.sleep(0)
            if self._stop:
                steps.close()
                self._say(f"cancelled at {human(done)}; what was shown stays")
                return None

    def _say(self, what: object, role: str = "status") -> None:
        self._said.value = str(element("span", printable(str(what), 300), role=role))

    def __str__(self) -> str:
        return str(self.result) if self.result is not None else "nothing read yet: open a file, paste, or give a path"
