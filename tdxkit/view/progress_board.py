"""How far a reader is: of each notebook the questions that were answered and the exercises that were passed, with a button that forgets them.

    progress()

It is read from one local file (tdxkit.lessons.progress) and shown to nobody else. A question that a page shows answered stays so until its cell runs again.
"""

import ipywidgets as w

from tdxkit.lessons.notebooks import lessons
from tdxkit.lessons.progress import kept, notice, reset, whereabouts
from tdxkit.text import columns
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.tables import table
from tdxkit.view.kit.verdict import alert

HEADS = ("notebook", "minutes", "questions answered", "exercises passed")
EVERY = "all of them"


class ProgressBoard(Board):
    """See the module."""

    def __init__(self):
        self.which = w.Dropdown(
            options=[(one.title, one.number) for one in lessons()] + [(EVERY, "")],
            description="notebook:",
            layout=w.Layout(width="420px"),
        )
        self.forget = w.Button(description="Forget what I did there", icon="undo", layout=w.Layout(width="220px"))
        self.again = w.Button(description="Look again", icon="refresh", layout=w.Layout(width="140px"))
        self.forget.on_click(self._forgotten)
        self.again.on_click(lambda _: self._changed())
        super().__init__([self.which, self.forget, self.again])
        self._changed()

    def update(self) -> tuple[object, list]:
        """Where the file is, and the table."""
        shown: list = [table(HEADS, self.rows())]
        if missed := notice():
            shown.insert(0, alert(missed))
        return whereabouts(), shown

    def rows(self) -> list[tuple[object, ...]]:
        """A row a notebook."""
        have = kept()
        answered = {one.name for one in have.since_reset() if one.kind == "gate"}
        passed = {one.name for one in have.since_reset() if one.kind == "exercise" and one.right}
        return [(one.title, one.minutes, _of(answered, one.gates), _of(passed, one.exercises)) for one in lessons()]

    def _forgotten(self, _button) -> None:
        for number in [self.which.value] if self.which.value else [one.number for one in lessons()]:
            reset(number)
        self._changed()

    def __str__(self) -> str:
        return "\n".join(columns(HEADS, self.rows()))


def _of(done: set[str], names: tuple[str, ...]) -> str:
    """How many of them."""
    return f"{len(done.intersection(names))} of {len(names)}" if names else "—"


def progress() -> ProgressBoard:
    """The board."""
    return ProgressBoard()
