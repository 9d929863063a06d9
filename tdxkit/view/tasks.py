"""An exercise in a notebook: the task with its hints and its solution, folded, and what is said of the answer.

    exercise("which-step", ...)          # the task; the cell waits, with one line, until something stands in the place of ...
    exercise("which-step", 14)           # judged: passed, or the first difference; with the answer's own shortest schedule where there is one
    exercise("your-put", put, get)       # several things are one answer
    exercise("mend-put")                 # of one that is answered in a box, in which there is something already

What passes is kept on the reader's own disk (tdxkit.lessons.progress); it is not scored, and not sent. The task is plain HTML: it is read, hinted at
and solved in a page without a kernel too; only the judge needs Python.

CSS classes that tests may rely on: `.tdx-task` (data-exercise: its name), in it `.tdx-hint` (details, each inside the one before), `.tdx-solution` (details).
"""

from collections.abc import Callable
from pathlib import Path

import ipywidgets as w

from tdxkit.browser import IN_A_BROWSER
from tdxkit.errors import printable
from tdxkit.lessons.exercises import Exercise, Said, Unanswered, exercise_named
from tdxkit.lessons.patience import UNSTOPPABLE
from tdxkit.lessons.progress import Event, kept, notice, record
from tdxkit.view.editor import CodeBox, Mark
from tdxkit.view.editor.widget import TEXT
from tdxkit.view.host_picture import host
from tdxkit.view.kit import live, scripts, theme
from tdxkit.view.kit.svg import Markup, element, framed, prose, style, visible
from tdxkit.view.kit.tables import table
from tdxkit.view.kit.verdict import Bar, alert
from tdxkit.view.kit.work import WorkBoard
from tdxkit.view.msr_view import vcpus
from tdxkit.view.pamt_picture import picture_of
from tdxkit.view.region_picture import region
from tdxkit.view.stepper import Stepper
from tdxkit.view.write_board import LINE
from tdxkit.view.xarray_picture import xarray

PAGE = Path(__file__).parent / "kit" / "page"
LINE_OF_AN_ANSWER = 100  # characters
# Beside a run, by a name that its state has.
PICTURES = {"may sleep": host, "msr[0]": vcpus, "2M lock": picture_of(), "walk": xarray}


class Task:
    """An exercise as it is read."""

    needs_kernel = False

    def __init__(self, exercise: Exercise):
        self.exercise = exercise

    def static(self) -> Markup:
        """The task, its hints, each behind the one before, and its solution."""
        one = self.exercise
        head = element("p", element("b", f"Your turn: {one.kind}."), " ", self._done())
        solution = element(
            "details",
            element("summary", "A solution, and why"),
            element("pre", str(one.solution).strip("\n")),
            prose(one.why),
            class_="tdx-solution",
        )
        note = element("p", UNSTOPPABLE, class_="tdx-task-note") if one.runs else ""
        task = element(
            "div",
            head,
            prose(one.asks),
            _hints(one.hints),
            solution,
            note,
            class_="tdx-task",
            data_exercise=one.name,
            role="group",
            aria_label="An exercise",
        )
        return framed(style(theme.css() + scripts.lean(scripts.read(PAGE, "exercise.css"))), task)

    def _done(self) -> Markup:
        """Whether it passed before, and with what, where that is a line."""
        passed = kept().passed("exercise", self.exercise.name)
        if not passed:
            return element("span")
        short = passed.answer.isprintable() and 0 < len(passed.answer) <= LINE_OF_AN_ANSWER
        return element("span", "✓ passed before", *((", with ", element("code", passed.answer)) if short else ()))

    def __str__(self) -> str:
        one = self.exercise
        hints = [f"  hint {k}: {hint}" for k, hint in enumerate(one.hints, 1)]
        return visible("\n".join([f"Your turn: {one.kind}. {one.asks}", *hints]))

    def _ipython_display_(self) -> None:
        live.display(self)


def _hints(hints: tuple[str, ...]) -> Markup | str:
    """Each hint lies in the one before, so that they come one after the other."""
    inner: Markup | str = ""
    for number in range(len(hints), 0, -1):
        word = "A hint" if number == 1 else "Another hint" if number < len(hints) else "The last hint"
        inner = element("details", element("summary", word), prose(hints[number - 1]), inner, class_="tdx-hint")
    return inner


class ExerciseBoard(WorkBoard):
    """A task and what is said of an answer. `verdict`: that, as it was found; None while it is looked for."""

    def __init__(self, task: Task, *above: w.Widget, start: w.Button | None = None):
        self.task, self._answer, self.verdict = task, None, None
        super().__init__(w.HTML(str(task.static())), *above, start=start)

    def judge(self, answer: object) -> None:
        """Say what there is to say of an answer. Unanswered where it is none."""
        self._answer, self.verdict = answer, None
        self.soon(self.task.exercise.check(answer))

    def under_way(self, done: float, total: float) -> str:
        """How far the judge is."""
        return f"judging: {done:,.0f} states so far"

    def finished(self, result: Said) -> tuple[object, list]:
        """What was found, kept, with the answer's own run."""
        self.verdict, one = result, self.task.exercise
        record(Event("exercise", one.notebook, one.name, _as_text(self._answer), result.passed))
        shown: list = []
        if result.run is not None:
            at = len(result.run) if result.at < 0 else result.at
            shown.append(Stepper(result.run, picture=_picture(result), position=at))
        said = Bar("ok" if result.passed else "violation", result.says, "passed" if result.passed else "not yet")
        shown += [table(sheet.heads, sheet.rows, title=sheet.title) for sheet in result.sheets]
        if missed := notice():
            shown.append(alert(missed))
        return said.html(), shown

    def given_up(self) -> tuple[str, None]:
        """After a cancel nothing was found."""
        return f"cancelled after {self.at[0]:,.0f} states: no verdict", None

    def __str__(self) -> str:
        said = (
            f"{'✓ passed' if self.verdict.passed else '✗ not yet'}: {self.verdict.says}"
            if self.verdict
            else "not judged yet"
        )
        return f"{self.task}\n{visible(said)}"


class BoxBoard(ExerciseBoard):
    """An exercise that is answered in a box (`code`), as often as one likes."""

    def __init__(self, task: Task):
        language = TEXT if task.exercise.language == "code" else "c"
        self.code = CodeBox(task.exercise.begins, label="Your answer", language=language)
        check = w.Button(description="Check", icon="gavel")
        check.on_click(lambda _: self.settled(self.check))
        super().__init__(task, self.code, start=check)
        self.code.on_judge(self.check)
        self.code.observe(lambda _: self.code.mark(()), "text")

    def finished(self, result: Said) -> tuple[object, list]:
        """As ever, with a mark at the line that is named."""
        found = super().finished(result)
        at = None if result.passed else LINE.search(result.says)
        if at and self._answer == self.code.text and int(at[1]) <= self.code.text.count("\n") + 1:
            self.code.mark([Mark(int(at[1]), int(at[2] or 0), "broken" if result.run else "slip", result.says)])
        return found

    def check(self) -> None:
        """Judge what stands in the box."""
        try:
            self.judge(self.code.text)
        except Unanswered as waiting:
            self.say(str(waiting))


def _picture(said: Said) -> Callable | None:
    """What is drawn beside the steps of an answer's run: the region of a refcount, a host, a region's PAMT entries, the registers of vCPUs, the tree of
    an XArray; told by what its state has."""
    if "refcount" in getattr(said.scenario, "shared", ()):
        return region
    first = said.run.first if said.run is not None else ()
    return next((picture for name, picture in PICTURES.items() if name in first), None)


def exercise(name: str, *answer: object) -> ExerciseBoard | None:
    """The exercise of this name with an answer to it; without one where it has a box. InputError for a name that is none; Unanswered (a NotImplementedError)
    while there is no answer; in a browser-only lab that is said and not raised."""
    task, given = Task(exercise_named(name)), answer[0] if len(answer) == 1 else answer or ...
    if task.exercise.box and not answer:
        return BoxBoard(task)
    try:
        board = ExerciseBoard(task)
        board.judge(given)
        return board
    except Unanswered as waits:
        live.display(task)
        if not IN_A_BROWSER:
            raise
        print(waits)  # an error would drop every cell that waits behind it there
        return None


def _as_text(answer: object) -> str:
    """An answer as it is kept."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, (list, tuple)):
        return ", ".join(map(_as_text, answer))
    return getattr(answer, "__name__", "") or printable(answer, 200)
