"""A button that opens files from the reader's disk, and says how large they may be.

    opened = Files("Open an mbox", ".mbox,.txt")
    opened.observe(lambda change: change["new"] and read(change["new"][0]), "value")     # File(name, content), a tuple of them

CSS class that tests may rely on: `.tdx-files button`, `.tdx-files input[type=file]`.
"""

import json
from pathlib import Path
from typing import NamedTuple

import anywidget
import traitlets

from tdxkit.view.kit import scripts, theme
from tdxkit.view.kit.svg import visible

PAGE = Path(__file__).parent / "page"
MOST = 10_000_000  # bytes: Jupyter's server takes no larger message from a page
MANY = 100  # files at once


class File(NamedTuple):
    """A file that was opened."""

    name: str
    content: bytes


class Files(anywidget.AnyWidget):
    """See the module. `value`: the files that were opened last; set it to () to have the same opened again."""

    _esm = scripts.script(PAGE, "files.js")
    _css = theme.css() + scripts.read(PAGE, "kit.css")
    look = traitlets.Unicode("{}").tag(sync=True)  # as JSON
    value = traitlets.Tuple()

    def __init__(self, words: str, accept: str = "", several: bool = False):
        look = {"words": visible(words), "accept": accept, "several": several, "most": MOST}
        super().__init__(look=json.dumps(look, ensure_ascii=False))
        self.on_msg(self._heard)

    def _heard(self, _widget, message: object, buffers) -> None:
        names = message.get("names") if isinstance(message, dict) else None
        if not isinstance(names, list) or not 0 < len(names) <= MANY or len(names) != len(buffers):
            return
        if all(isinstance(name, str) for name in names):
            self.value = ()
            self.value = tuple(File(name[:300], bytes(content)) for name, content in zip(names, buffers))

    def __str__(self) -> str:
        return json.loads(self.look)["words"]
