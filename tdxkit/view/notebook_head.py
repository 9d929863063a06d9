"""The head of a notebook: which edition it is, of which tdxkit; a newer one offered; its words on hover.

    opened("04", edition=3)          # ends a notebook's first code cell
    reset("04")                      # a fresh copy beside this one, which stays as it is

A saved copy stays as it was when the workbook behind it is updated, in a browser-only lab for ever: so it says which edition it is, and what came later.

CSS classes that tests may rely on: `.tdx-edition` (the line; in it a button "Put edition 4 beside it" where there is a newer one).
"""

from pathlib import Path
from typing import NamedTuple

import ipywidgets as w

from tdxkit import __version__
from tdxkit.errors import InputError
from tdxkit.lessons.copies import edition_of, fresh
from tdxkit.lessons.notebooks import Lesson, lesson_of
from tdxkit.view.kit import live
from tdxkit.view.kit.svg import Markup, element, framed, joined, style
from tdxkit.view.kit.verdict import alert
from tdxkit.view.words_list import Words, words

STYLE = ".tdx .tdx-edition{margin:0 0 4px;font-size:.9em;color:var(--tdx-soft)}"


class Head:
    """See the module. newest: the edition that came with this tdxkit."""

    needs_kernel = False

    def __init__(self, lesson: Lesson, edition: int):
        self.lesson, self.edition = lesson, edition
        self.newest = edition_of(lesson.read())[1]
        self.words: Words = words()

    @property
    def said(self) -> str:
        """What is to be said of this edition; "" where it is the newest."""
        if self.edition < self.newest:
            return f'This copy of the notebook is edition {self.edition}; tdxkit {__version__} has edition {self.newest}. reset("{self.lesson.number}") in a cell puts that beside this one, which stays as it is.'
        if self.edition > self.newest:
            return f"This copy of the notebook is edition {self.edition}, of a later tdxkit than the one that runs here, {__version__}, which has edition {self.newest}: update it, or open its own copy."
        return ""

    def static(self) -> Markup:
        """The line, what is to be said, the words."""
        line = element("p", str(self).partition("\n")[0], class_="tdx-edition")
        told = alert(self.said) if self.said else joined()
        return joined(framed(style(STYLE), line), told, self.words.static())

    def __str__(self) -> str:
        line = f"tdxkit {__version__}, notebook {self.lesson.number}, edition {self.edition}"
        return "\n".join(filter(None, [line, self.said, str(self.words)]))

    def _ipython_display_(self) -> None:
        live.display(self)
        if self.edition < self.newest:
            from IPython.display import display

            display(self.offer())

    def offer(self) -> w.HBox:
        """A button that puts the newest edition beside this one, and says where."""
        button = w.Button(
            description=f"Put edition {self.newest} beside it", icon="copy", layout={"width": "max-content"}
        )
        place = w.Label()

        def put(_button) -> None:
            try:
                place.value = f"{reset(self.lesson.number)}, in the list of files beside this one"
                button.disabled = True
            except InputError as error:
                place.value = str(error)

        button.on_click(put)
        return w.HBox([button, place])


class Fresh(NamedTuple):
    """Where a fresh copy lies; in a notebook a link to it."""

    path: Path

    def __str__(self) -> str:
        return f"A fresh copy: {self.path.name}"

    def _repr_markdown_(self) -> str:
        return f"A fresh copy: [{self.path.name}]({self.path.name})"


def opened(number: str, edition: int) -> Head:
    """The head of a notebook, by its number. InputError for one that is not there."""
    return Head(lesson_of(number), edition)


def reset(number: str) -> Fresh:
    """Put a fresh copy of a notebook ("04") beside the reader's, into the folder that Python runs in. Nothing is written over."""
    return Fresh(fresh(number, Path.cwd()))
