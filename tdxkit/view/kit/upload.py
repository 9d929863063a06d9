"""A file from the reader's disk, a paste, or a path on the server, read in slices: a bar, a cancel button, the page stays alive.

    Upload(job, show)

`job(source)` is the job that reads (see tdxkit.work and tdxkit.intake): it gets the bytes, or a path. `show(result)` gives what is shown
of what it returns.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as w

from tdxkit.errors import InputError, printable
from tdxkit.intake import Source, name_of, pasted
from tdxkit.units import human
from tdxkit.view.kit.files import MOST, Files
from tdxkit.view.kit.work import WorkBoard
from tdxkit.work import Job

SERVER_LIMIT = f"{MOST // 1_000_000} MB"
PASTE_LIMIT = 5_000_000


class Upload(WorkBoard):
    """See the module. `result` holds what the last finished reading returned, None before."""

    def __init__(
        self, job: Callable[[Source], Job[object]], show: Callable[[object], Sequence[object]], *,
        what: str = "file", accept: str = "", hint: str = "",
    ):  # fmt: skip
        self._job, self._views, self.result = job, show, None
        self.file = Files(f"Open a {what}", accept)
        self.paste = w.Textarea(
            placeholder=hint or f"… or paste a {what} here", layout=w.Layout(width="calc(100% - 4px)", height="110px")
        )
        self.read = w.Button(description="Read the paste", icon="play")
        self.path = w.Text(
            placeholder=f"… or the path of a file on the server (larger than {SERVER_LIMIT})",
            continuous_update=False,
            layout=w.Layout(width="auto", flex="1 1 260px"),
        )
        self.file.observe(self._opened, "value")
        self.read.on_click(lambda _: self.settled(self._pasted))
        self.path.observe(lambda change: change["new"] and self._begin_path(Path(change["new"])), "value")
        super().__init__([self.file, self.path], self.paste, start=self.read)

    def begin(self, source: Source, name: str = "") -> None:
        """Read these bytes, called `name`, or the file of this path; a reading that is under way is given up."""
        self._name = f"{printable(name, 80)}: " if name else ""
        self.work(self._job(source))

    def _begin_path(self, path: Path) -> None:
        """Read a file of the server's; a pipe would be waited for without end, a device read without end, and no button heard."""
        if path.exists() and not path.is_file():
            self.complain(InputError(name_of(path), "it is no file", "give the path of a file"))
            return
        self.begin(path)

    def _pasted(self) -> None:
        """Read what was pasted."""
        if self.paste.value.strip():
            self.path.value = ""  # it names another file
            self.begin(pasted(self.paste.value, PASTE_LIMIT))
        else:
            self.complain(InputError("the box", "there is nothing in it", "paste into it, open a file, or give a path"))

    def _opened(self, change) -> None:
        if change["new"]:
            self.path.value = ""  # it names another file
            self.begin(change["new"][0].content, change["new"][0].name)
            self.file.value = ()  # so that the same file can be opened again

    def under_way(self, done: int, total: int) -> str:
        """How much of the file has been read."""
        return f"{human(done)} of {human(total)}" if total else human(done)

    def finished(self, result: object) -> tuple[str, Sequence[object]]:
        """The result, kept and shown."""
        self.result = result
        return f"{self._name}{human(max(self.at))} read", self._views(result)

    def given_up(self) -> tuple[str, None]:
        """Where it was, and what was shown stays."""
        return f"cancelled at {human(self.at[0])}; what was shown stays", None

    def __str__(self) -> str:
        return str(self.result) if self.result is not None else "nothing read yet: open a file, paste, or give a path"
