"""The lessons as the notebooks have them: how long each takes, and what it asks.

for lesson in lessons():
    print(lesson.name, lesson.minutes, lesson.gates, lesson.exercises)
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.facts import notebooks_path
from tdxkit.text import near

FOLDER = notebooks_path()
MINUTES = re.compile(r"\*\*About (\d+) minutes\.?\*\*")
ASKS = ("gate", "exercise", "answers")
TITLE = re.compile(r"\A# (.+)")


class Lesson(NamedTuple):
    """A notebook. name: its file's, without the end; gates, exercises: the names of what it asks, in its order."""

    name: str
    title: str
    minutes: int
    gates: tuple[str, ...]
    exercises: tuple[str, ...]

    @property
    def number(self) -> str:
        """What its quizzes go by, such as "04"."""
        return self.name.partition("-")[0]

    def read(self) -> dict:
        """The notebook itself, its JSON."""
        return json.loads((FOLDER / f"{self.name}.ipynb").read_text(encoding="utf-8"))

    def as_json(self) -> dict:
        """The form that `lessons --json` prints."""
        return {"name": self.name, "minutes": self.minutes, "gates": len(self.gates), "exercises": len(self.exercises)}


@cache
def lessons(folder: Path = FOLDER) -> tuple[Lesson, ...]:
    """Every notebook of a folder, in the order of its name. InputError where there is none."""
    files = sorted(folder.glob("[0-9][0-9]-*.ipynb"))
    if not files:
        raise InputError(f"folder {folder}", "the notebooks are not there", "run it in a checkout of the workbook")
    return tuple(map(_lesson, files))


def lesson_of(given: str) -> Lesson:
    """The notebook that is meant by its number or its name. InputError where there is none."""
    for one in lessons():
        if given.removesuffix(".ipynb") in (one.number, one.name):
            return one
    meant = near(given, [one.name for one in lessons()])
    raise InputError(
        f"notebook {printable(given, 40)}",
        "there is none of that number or name",
        f"did you mean {meant}?" if meant else "give one of 00 to 10",
    )


def _lesson(file: Path) -> Lesson:
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    first = "".join(cells[0]["source"])
    minutes = MINUTES.search(first)
    asked = [call for cell in cells if cell["cell_type"] == "code" for call in calls("".join(cell["source"]))]
    return Lesson(
        file.stem,
        TITLE.search(first)[1],  # type: ignore[index]
        int(minutes[1]) if minutes else 0,
        *(tuple(name for what, name in asked if what == kind) for kind in ("gate", "exercise")),
    )


def calls(text: str) -> Iterator[tuple[str, str]]:
    """What a code cell asks: ("gate" or "exercise", its name) for each, in its order; "answers" and the notebook for the key."""
    try:
        tree = compile(text, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        first = node.args[0] if node.args else None
        if node.func.id in ASKS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield node.func.id, first.value
