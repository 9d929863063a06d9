"""The box: a textarea with line numbers and colours, marks at lines, and the text as the kernel knows it.

    box = CodeBox("int users;\\n")
    box.observe(lambda change: check(change["new"]), "text")     # a moment after the last letter
    box.on_judge(judge)                                           # Ctrl+Enter
    box.mark([Mark(1, 5, "slip", "`users`: …")])

CSS classes and labels that tests and other pages may rely on: `.tdx-editor textarea` (aria-label: what `label` says), `.tdx-gutter div` and
`.tdx-ink div` (a line each; `.tdx-slip`, `.tdx-broken`), `.tdx-slips li` (role status around them; a button goes to the line),
`.tdx-written` (what was written here last stands in the box; a button begins anew).
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import anywidget
import traitlets

from tdxkit.view.kit import scripts, theme
from tdxkit.view.kit.svg import visible

PAGE = Path(__file__).parent / "page"
ENTRY = "box.js"
LANGUAGES = {"c": "C", "python": "Python"}
TEXT = "text"  # no code: a mail, which has no colours
MOST = 200_000  # characters of a text, as the reader of C takes them


class Mark(NamedTuple):
    """Something to say of a line: its number, the column (both from 1; column 0: the whole line), the kind (slip: it cannot be read;
    broken: here a rule breaks), and the words."""

    line: int
    column: int
    kind: str
    said: str


class CodeBox(anywidget.AnyWidget):
    """See the module. `text` follows the reader; set it to show another."""

    typed = "text"  # the trait with what a reader types

    _esm = scripts.script(PAGE, ENTRY)
    _css = theme.css() + "".join(scripts.read(PAGE, name) for name in ("editor.css", "words.css"))
    text = traitlets.Unicode("").tag(sync=True)
    begun = traitlets.Unicode("").tag(sync=True)  # the text at first, under which the browser keeps what is written
    language = traitlets.Enum((*LANGUAGES, TEXT), "c").tag(sync=True)
    label = traitlets.Unicode("Your code").tag(sync=True)
    marks = traitlets.Unicode("[]").tag(sync=True)  # as JSON

    def __init__(self, text: str = "", **more):
        self._judges: list[Callable[[], object]] = []
        super().__init__(text=text, begun=text, **more)
        self.on_msg(self._heard)

    def on_judge(self, does: Callable[[], object]) -> None:
        """Call this when the reader asks for a verdict."""
        self._judges.append(does)

    def mark(self, marks: Iterable[Mark]) -> None:
        """Mark these lines and no others."""
        rows = [mark._replace(said=visible(mark.said))._asdict() for mark in marks]
        self.marks = json.dumps(rows, ensure_ascii=False)

    def _heard(self, _widget, message: object, _buffers) -> None:
        if not isinstance(message, dict):
            return
        text = message.get("text")
        if isinstance(text, str) and len(text) <= MOST:
            with self._lock_property(text=text):  # the page has it, and may be further on
                self.text = text
        if message.get("judge") is True:
            for does in self._judges:
                does()

    def __str__(self) -> str:
        width = len(str(self.text.count("\n") + 1))
        said = {mark["line"]: mark["said"] for mark in json.loads(self.marks)}
        rows = []
        for number, line in enumerate(self.text.split("\n"), 1):
            rows.append(f"{number:{width}}  {line}".rstrip())
            rows += [f"{'':{width}}  ^ {said[number]}"] if number in said else []
        return "\n".join(rows)
