"""Exercises: a task of a notebook, and the check that judges what a reader puts in the place of `...`.

    task = exercise_named("second-look")
    task.check("v2:2x1:b14f A10 B15 A3")     # a job: drive() it to what is Said

Four kinds. read: a value from a run, a code for a state. break: find a schedule. fix: at most twelve lines, Python or C. build: something of one's own.
What an exercise says is data (data/quizzes/NN.toml); what judges is a function of `tdxkit.lessons.checks`, named there with what it is given.
Each has three hints, a solution with its reason, and wrong answers that people give, each with the sentence that it is promised.
"""

import linecache
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from types import FunctionType, GeneratorType
from typing import NamedTuple

from tdxkit.errors import InputError, ModelError, TdxkitError, printable
from tdxkit.explore.program import Scenario
from tdxkit.facts import data_path
from tdxkit.lessons.patience import patient
from tdxkit.lessons.quizzes import by_name, check_keys, named, refusing, rows
from tdxkit.run import Run
from tdxkit.work import Job

KINDS = ("read", "break", "fix", "build")
LANGUAGES = ("python", "c", "code")  # of a solution; code: it is given as a text
HINTS, WRONG = 3, 2
NEEDED = ("name", "kind", "asks", "check", "solution", "why", "source")
KEYS = {*NEEDED, "hints", "with", "language", "wrong", "box"}
OPEN = re.compile(r"(?m)^[ \t]*(\.\.\.|…)[ \t]*;?[ \t]*$")


class Sheet(NamedTuple):
    """A table beside what is said of an answer."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


class Said(NamedTuple):
    """What is said of an answer. run: one to be stepped through, of this scenario, opened at this position (-1: its end)."""

    passed: bool
    says: str
    run: Run | None = None
    scenario: Scenario | None = None
    at: int = -1
    sheets: tuple[Sheet, ...] = ()


class Wrong(NamedTuple):
    """An answer that people give, as Python, C or a text like the solution, and what it is told."""

    answer: object
    says: str


class Unanswered(NotImplementedError):
    """An exercise that waits: raised where `...` still stands. A notebook shows one line of it."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task. asks, hints, why: paragraphs as in a notebook; checked_by: module.function of tdxkit.lessons.checks; given: what that is told
    beside the answer; solution: in `language`, and why it is one; source: of the facts in it; box: a text of data/ that is answered in a box, in which
    it stands first, "" where the answer stands in the cell."""

    name: str
    notebook: str
    kind: str
    asks: str
    hints: tuple[str, ...]
    solution: object
    language: str
    why: str
    source: str
    checked_by: str
    given: Mapping[str, object]
    wrong: tuple[Wrong, ...]
    box: str = ""

    @property
    def begins(self) -> str:
        """What stands in the box first."""
        return data_path(self.box).read_text(encoding="utf-8") if self.box else ""

    def check(self, answer: object) -> Job[Said]:
        """What is said of an answer, as a job. Unanswered where there is none; whatever else is wrong with it is said, and not raised."""
        if waits(answer):
            raise Unanswered(f"exercise {self.name}: it waits for your answer, in the place of ...")
        return self._judging(answer)

    def _judging(self, answer: object) -> Job[Said]:
        try:
            found = check_named(self.checked_by)(answer, self, **self.given)
            return (yield from patient(found)) if isinstance(found, GeneratorType) else found
        except TdxkitError as error:
            return Said(False, f"{error}.")

    @property
    def runs(self) -> bool:
        """Is something of the reader's run: a program in C, a function in Python?"""
        return self.language == "c" or (self.language == "python" and "def " in str(self.solution))

    def belief(self, answer: object) -> str:
        """What is promised to this very answer, if it is one of the wrong ones; else ""."""
        return next((one.says for one in self.wrong if one.answer == answer), "")


def waits(answer: object) -> bool:
    """Is that no answer yet: `...`, nothing, a text in which a line is still `...`, a function in which nothing stands?

    >>> waits(...), waits("void put(void)\\n{\\n\\t...\\n}"), waits(0)
    (True, True, False)
    """
    if answer is ... or answer is None:
        return True
    if isinstance(answer, str):
        return not answer.strip() or bool(OPEN.search(answer))
    if isinstance(answer, (tuple, list)):
        return any(map(waits, answer))
    if not isinstance(answer, FunctionType):
        return False
    code = answer.__code__
    bare = code.co_code in (_nothing.__code__.co_code, (lambda: None).__code__.co_code)
    return code.co_names == ("NotImplementedError",) or (bare and {*code.co_consts} <= {None, answer.__doc__})


def _nothing():
    """A function in which nothing stands."""


@cache
def _exercises() -> dict[str, Exercise]:
    return by_name("exercise", tuple(made(row, notebook) for row, notebook in rows("exercise")))


def exercises(notebook: str = "") -> tuple[Exercise, ...]:
    """The exercises of a notebook ("04") in its order, or of all. ModelError where one cannot be built, or has another's name."""
    return tuple(one for one in _exercises().values() if notebook in ("", one.notebook))


def exercise_named(name: str) -> Exercise:
    """The exercise of this name. InputError where there is none."""
    return named("exercise", name, _exercises())


def check_named(name: str) -> Callable:
    """The function of `tdxkit.lessons.checks` that is meant by MODULE.FUNCTION. ModelError where there is none."""
    module, _, function = name.partition(".")
    found = None
    if module.isidentifier() and not function.startswith("_"):
        try:
            found = getattr(import_module(f"tdxkit.lessons.checks.{module}"), function, None)
        except ModuleNotFoundError:
            found = None
    if not callable(found):
        raise ModelError(f"check {printable(name)}", "there is no such check", "name one of tdxkit.lessons.checks")
    return found


def made(row: Mapping, notebook: str) -> Exercise:
    """The exercise of a row of data. ModelError, naming it, for one that cannot be set or judged."""
    refuse = refusing("exercise", row, notebook)
    check_keys(row, KEYS, NEEDED, refuse)
    if row["kind"] not in KINDS:
        raise refuse(f"its kind is {printable(row['kind'])}", f"take one of {', '.join(KINDS)}")
    language = row.get("language", "python")
    if language not in LANGUAGES:
        raise refuse(f"its language is {printable(language)}", f"take one of {', '.join(LANGUAGES)}")
    hints = tuple(row.get("hints", ()))
    if len(hints) != HINTS or not all(hint.strip() for hint in hints):
        raise refuse(f"it has {len(hints)} hints", f"write {HINTS}, from a question to nearly all")
    wrong = tuple(Wrong(one.get("answer"), one.get("says", "")) for one in row.get("wrong", ()))
    if len(wrong) < WRONG or not all(one.says.strip() for one in wrong):
        raise refuse("it has too few wrong answers", f"give {WRONG}, each with what it is told")
    if (box := row.get("box", "")) and not data_path(box).is_file():
        raise refuse(f"its box begins with {printable(box)}, which is not there", "name a text of data/")
    check_named(row["check"])
    return Exercise(
        row["name"], notebook, row["kind"], row["asks"], hints, row["solution"], language, row["why"], row["source"], row["check"],
        row.get("with", {}), wrong, row.get("box", ""),
    )  # fmt: skip


def answer_of(text: object, language: str) -> object:
    """The answer that a solution, or a wrong answer of data, stands for: as it is where it is no text, or C, or a code; else what Python makes of it.

    Python is an expression, or the definition of functions, of which the last is the answer, or of all in their order where there are several.
    """
    if language != "python" or not isinstance(text, str):
        return text
    here: dict[str, object] = {}
    file = f"<answer {sha256(text.encode()).hexdigest()[:12]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # where a function's lines are looked up
    try:
        return eval(compile(text, file, "eval"), here)
    except SyntaxError:
        exec(compile(text, file, "exec"), here)
    own = tuple(value for value in here.values() if isinstance(value, FunctionType) and value.__globals__ is here)
    if not own:
        raise InputError("a solution", "it is an expression, or defines a function", "write one of these")
    return own[0] if len(own) == 1 else own
