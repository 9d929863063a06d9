"""What the page is given: the script, which is every module of page/ as one, since a widget hands a browser one file; and the style.

An author sees a change live: with ANYWIDGET_HMR=1, in a checkout that has watchfiles, anywidget watches page/ and the steppers on
the page take each change at once.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from zlib import crc32

from anywidget._file_contents import FileContents
from anywidget._util import _should_start_thread

from tdxkit.view.kit import scripts, theme

PAGE = Path(__file__).parent / "page"
ENTRY, LADDER = "widget.js", "ladder.js"


def modules() -> tuple[str, ...]:
    """The files of the script, each after those that it imports."""
    return scripts.modules(PAGE, ENTRY)


def script() -> str:
    """The modules as one. No two of them may use one name at their top."""
    return scripts.script(PAGE, ENTRY)


def ladder_script() -> str:
    """The same for a ladder of games, which has a stepper in it."""
    return scripts.script(PAGE, LADDER)


@cache
def version() -> str:
    """What tells a page's steppers apart from those that another version left in it."""
    return f"{crc32((script() + style()).encode()):08x}"


def style() -> str:
    """The theme's variables and the stepper's own style, which goes before what JupyterLab and other pages say of lists, headings, tables."""
    own = scripts.lean(scripts.read(PAGE, "stepper.css"))
    return theme.css() + re.sub(r"\.tdx-stepper(?![\w-])", ":is(.tdx-stepper,#tdx)", own)


class Live(FileContents):
    """A text that is built anew whenever a file of page/ changes; steppers that are shown follow."""

    def __init__(self, build: Callable[[], str]):
        super().__init__(PAGE / ENTRY, start_thread=False)
        self._path, self._build = PAGE, build  # anywidget would watch one file
        self.watch_in_thread()

    def __str__(self) -> str:
        if self._contents is None:
            self._contents = self._build()
        return self._contents


@cache
def given(build: Callable[[], str]) -> str | Live:
    """`build()`, script or style, as a widget takes it. Only an author's is live: what is live keeps every stepper it was given to."""
    return Live(build) if _should_start_thread(PAGE) else build()
