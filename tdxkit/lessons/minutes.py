"""How long a notebook takes, section by section: what its headings say, and what it adds up to.

    for section in sections(notebook):
        print(section.title, section.stated, section.adds_up)

A section is what stands under a heading "## Title (8 minutes)", or "(extra, 8 minutes)" where a reader or a room may leave it out. What it adds up
to is counted: words that are read, lines of code, pictures, steps, questions and exercises, each at the pace below. What no count knows, the time somebody plays with a board,
the cell says itself, as {"tdxkit": {"minutes": 3}} in its metadata; and {"tdxkit": {"steps": 27}} are the steps of the steppers that it shows.
The paces are ours: that of somebody who reads kernel code and sees this subject for the first time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tdxkit.errors import ModelError
from tdxkit.lessons.exercises import exercise_named
from tdxkit.lessons.gates import gate_named
from tdxkit.lessons.notebooks import calls

WORDS = 200  # a minute
LINE, LOOK, STEP = 2, 20, 2  # seconds for a line of code, for what a cell shows, and for a step with its sentence
THOUGHT = 15  # seconds before an answer to a gate
WORK = {"read": 1.5, "break": 3, "fix": 4, "build": 4}  # minutes of an exercise, by its kind, beside reading it
FOLDED = re.compile(r"(?s)<details.*?</details>")  # is read by whom it interests
UNREAD = re.compile(r"(?s)<!--.*?-->|<[a-z/][^>]*>|^(```|~~~).*?^\1", re.M)
HEADING = re.compile(r"(?m)^## (.+?)(?: \((extra, )?(\d+) minutes?\))?$")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a notebook. stated: minutes that its heading says, 0 for one that is looked up and not read; at: the cell with the heading; cells: its cells' ids, in order."""

    title: str
    at: str = ""
    stated: int = 0
    extra: bool = False
    words: int = 0
    lines: int = 0
    shows: int = 0
    steps: int = 0
    gates: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()
    played: float = 0
    cells: tuple[str, ...] = ()

    @property
    def adds_up(self) -> float:
        """Minutes, by the paces of this module."""
        asked, given = [gate_named(name) for name in self.gates], [exercise_named(name) for name in self.exercises]
        read = self.words + sum(
            words(" ".join((one.asks, *(option.says for option in one.options), one.right.why, one.after)))
            for one in asked
        )
        read += sum(words(one.asks) for one in given)
        seconds = LINE * self.lines + LOOK * self.shows + STEP * self.steps + THOUGHT * len(asked)
        return read / WORDS + seconds / 60 + sum(WORK[one.kind] for one in given) + self.played

    def as_json(self) -> dict:
        """The form that `lessons NN --json` prints."""
        return {
            "title": self.title, "minutes": self.stated, "extra": self.extra, "adds_up": round(self.adds_up, 1), "words": self.words, "steps": self.steps,
            "gates": len(self.gates), "exercises": len(self.exercises),
        }  # fmt: skip


def words(text: str) -> int:
    """How many words of Markdown are read: no code blocks, no comments, nothing that is folded."""
    return len(UNREAD.sub(" ", FOLDED.sub(" ", text)).split())


def sections(notebook: Mapping) -> tuple[Section, ...]:
    """The sections of a notebook (its JSON), in order. What stands above the first heading is counted to the first section. ModelError where there is none."""
    found, above = [], Section("")
    for cell in notebook["cells"]:
        text, own = "".join(cell["source"]), cell["metadata"].get("tdxkit", {})
        if cell["cell_type"] == "markdown":
            parts = re.split(r"(?m)^(?=## )", text)
            for part in filter(None, parts):
                if heading := HEADING.match(part):
                    found.append(Section(heading[1], cell["id"], int(heading[3] or 0), bool(heading[2])))
                above, found = _grown(above, found, words=words(part), cells=cell["id"])
            continue
        asked = [name for what, name in calls(text) if what == "gate"]
        tasks = [name for what, name in calls(text) if what == "exercise"]
        above, found = _grown(
            above, found, lines=len(text.splitlines()), shows=int("import " not in text), steps=own.get("steps", 0), gates=asked, exercises=tasks,
            played=own.get("minutes", 0), cells=cell["id"],
        )  # fmt: skip
    if not found:
        raise ModelError("notebook", "it has sections, each under a heading with ##", "give it headings")
    first = found[0]
    found[0] = replace(
        first,
        words=first.words + above.words,
        lines=first.lines + above.lines,
        shows=first.shows + above.shows,
        cells=above.cells + first.cells,
    )
    return tuple(found)


def _grown(above: Section, found: list[Section], **more) -> tuple[Section, list[Section]]:
    """One cell's share, added to the last section, or to what stands above all."""
    at = found[-1] if found else above
    summed = {
        name: getattr(at, name) + more[name] for name in ("words", "lines", "shows", "steps", "played") if name in more
    }
    asked = {name: (*getattr(at, name), *more[name]) for name in ("gates", "exercises") if name in more}
    grown = replace(at, **summed, **asked, cells=(*at.cells, more["cells"]))
    return (above, [*found[:-1], grown]) if found else (grown, [])
