"""A box in which a reader writes or pastes C, or Python, and has it judged: each slip at its line, the verdict, the race in the text's own lines.

write_own()                                  # a put that does not look again, in C
write_own("int users;\\n…", run=("take();", "drop();"))
"""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import ipywidgets as w

from tdxkit.c.harness import MAY_FAIL
from tdxkit.c.naming import scenario_of
from tdxkit.c.paste import language_of
from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.explore.buffers import SC
from tdxkit.explore.frames import OF_C
from tdxkit.explore.program import Scenario
from tdxkit.facts import data_path
from tdxkit.linux.refcount.own_file import TEXT, of_python
from tdxkit.review.own import Opinion
from tdxkit.rules import SIGNS
from tdxkit.run import Run
from tdxkit.view.box_words import in_the_box, of_the_box
from tdxkit.view.editor import CodeBox, Mark
from tdxkit.view.editor.widget import LANGUAGES
from tdxkit.view.fields import WIDE, check_numbers, fields_row, lines_of, number_field, numbers_in, run_field
from tdxkit.view.kit.svg import Markup, element
from tdxkit.view.own_board import OwnBoard, opinion_box

BEGIN = "write-your-own.c"
LINE = re.compile(r"\bline (\d+)(?:, column (\d+))?\b")


class WriteBoard(OwnBoard):
    """See the module. `code`: the box; `language`: "" where the text itself tells; `run`, `stubs`, `sets`: what goes with C."""

    verb = "Judge"

    def __init__(
        self,
        text: str,
        run: Iterable[str],
        stubs: Mapping[str, int],
        sets: Mapping[str, int],
        threads: int,
        rounds: int,
        fault: str,
        memory: str,
        softirq: str = "",
    ):
        self._softirq = softirq
        self.code = CodeBox(text, label="Your code")
        self.language = w.Dropdown(
            options={"told by the text": "", **{name: key for key, name in LANGUAGES.items()}},
            description="language:", style=WIDE, layout=w.Layout(width="230px"),
        )  # fmt: skip
        self.reads = w.HTML()
        self.run = run_field(run)
        self.stubs = number_field("stubs:", "lookup=0, charge=-12", stubs)
        self.sets = number_field("first values:", "refcount=-1, users=2", sets)
        self.of_c = fields_row(self.run, self.stubs, self.sets)
        self._judged: tuple[str, ...] = ()
        self._in_c = True
        super().__init__(
            self._scenario,
            (),
            threads,
            rounds,
            fault,
            False,
            memory,
            above=([self.language, self.reads], self.code, self.of_c),
        )
        self.code.on_judge(self.judge)
        self.code.observe(self._typed, "text")
        for field in (self.language, self.run, self.stubs, self.sets):
            field.observe(self._typed, "value")

    @property
    def spoken(self) -> str:
        """The language that the text is read in."""
        return self.language.value or language_of(self.code.text) or "c"

    def pressed(self, _change: object = None) -> None:
        """A control asks for a verdict: of the text that the reader sees."""
        self.settled(self.judge)

    def judge(self, _change: object = None) -> None:
        """Judge the text as it stands."""
        self._tell_language()
        self.code.mark(())
        self._judged, self._in_c = self._stands(), self.spoken == "c"
        super().judge()

    def finished(self, result: Opinion) -> tuple[str, list]:
        """The opinion with its run, and a mark at the line that it is about."""
        text = self._judged[0] if self._judged else ""
        if result.error:
            result = replace(result, error=of_the_box(result.error))
        elif result.result:
            remarks = tuple(map(in_the_box, result.result.remarks))
            result = replace(result, result=replace(result.result, remarks=remarks))
        if result.error and not result.line and (mark := _slip(result.error, text)):
            result = replace(result, line=f"{mark.line}: {printable(text.split(chr(10))[mark.line - 1].strip(), 200)}")
        said, shown = super().finished(replace(result, in_c=self._in_c))
        if self.code.text == text:  # else the reader went on, and its lines are others
            self.code.mark(_marks(result, text, self.ran) or (self._slips() if result.error else ()))
        return said, shown

    def boxed(self, opinion: Opinion) -> Markup:
        """The box of an opinion; what was judged stands in the box above."""
        mark = opinion.error and self._judged and _slip(opinion.error, self._judged[0])
        if not mark:
            return opinion_box(opinion, source=False)
        said = replace(opinion, line="")  # the box above has the line, and what is wrong with it
        return opinion_box(said, source=False, head=f"{SIGNS['']} not judged: {LINE.search(str(opinion.error))[0]}, see above")  # fmt: skip

    def _scenario(self, threads: int, rounds: int, faults: str) -> Scenario:
        """What is judged."""
        self._check_fields()
        return self._read(threads, rounds, faults)

    def _check_fields(self) -> None:
        """InputError for the first part of a field that is no name with a number."""
        for field in (self.stubs, self.sets) if self.spoken == "c" else ():
            check_numbers(field)

    def _read(self, threads: int, rounds: int, faults: str) -> Scenario:
        """The scenario of the text, with what of the fields can be read."""
        text = self.code.text if self.code.text.endswith("\n") else self.code.text + "\n"
        if not text.strip():
            raise InputError("the box", "there is nothing in it", "write or paste C, or Python with a put(m, region)")
        if self.spoken == "python":
            return of_python(text, threads, rounds, faults=faults)
        if language_of(text) == "python":
            raise InputError(
                "the text", "it is Python, and read as C", "let the text tell its language, or choose Python"
            )
        run = self._runs()
        failing = tuple(word for word, fault in MAY_FAIL.items() if fault in faults.split(","))
        options = {"stubs": numbers_in(self.stubs.value)[0], "sets": numbers_in(self.sets.value)[0]}
        return scenario_of(
            text, None if len(run) > 1 else threads, rounds, run=run, may_fail=failing, softirq=self._softirq, **options
        )

    def _stands(self) -> tuple[str, ...]:
        """What is judged: the text, and what goes with it."""
        return self.code.text, self.language.value, self.run.value, self.stubs.value, self.sets.value

    def _runs(self) -> tuple[str, ...]:
        """What the CPUs run, where their functions' names do not say it."""
        return lines_of(self.run)

    def _typed(self, _change: object) -> None:
        """A moment after the last letter: which language it is, and whether it can be read."""
        self._tell_language()
        stale = self._judged != self._stands()
        (self.shown.add_class if stale else self.shown.remove_class)("tdx-stale")
        self.say("changed since it was judged; Judge, or Ctrl+Enter in the box" if stale else "")
        self.code.mark(self._slips())
        try:
            self._check_fields()
        except InputError as error:
            self.say(error, "alert")

    def _slips(self) -> tuple[Mark, ...]:
        """What keeps the text from being read, at its line; said where it is about none. Python is not run for that."""
        text = self.code.text
        try:
            if self.spoken == "python":
                ast.parse(text)
            elif text.strip():
                self._read(self.threads.value, self.rounds.value, self.faults.value)
        except SyntaxError as error:
            return (Mark(error.lineno or 1, error.offset or 0, "slip", f"it is not Python: {printable(error.msg)}"),)
        except TdxkitError as error:
            error = of_the_box(error)
            if mark := _slip(error, text):
                return (mark,)
            self.say(error, "alert")
        except (ValueError, RecursionError, MemoryError) as error:
            return (Mark(1, 0, "slip", f"it is not Python: {printable(str(error))}"),)
        return ()

    def _tell_language(self) -> None:
        spoken = self.spoken
        self.code.language, self.code.label = spoken, f"Your code, {LANGUAGES[spoken]}"
        self.threads.disabled = spoken == "c" and len(self._runs()) > 1  # a line is a CPU
        self.of_c.layout.display = "none" if spoken == "python" else ""
        self.reads.value = element("span", f"read as {LANGUAGES[spoken]}")


def write_own(
    text: str = "", *, run: Iterable[str] | str = (), stubs: Mapping[str, int] | None = None, sets: Mapping[str, int] | None = None,
    may_fail: Iterable[str] = (), threads: int = 2, rounds: int = 1, faults: str = "", memory: str = SC, softirq: str = "",
) -> WriteBoard:  # fmt: skip
    """A board with a box for C or Python, and what the box holds judged. run, stubs, sets, may_fail, softirq: as `explore --run --stub --set
    --may-fail --softirq` for C; faults: as of `judge_own` for Python; memory: `sc` or `tso`. InputError for what cannot fail."""
    text = text or data_path(BEGIN).read_text(encoding="utf-8")
    run, may_fail = ((words,) if isinstance(words, str) else tuple(words) for words in (run, may_fail))
    if odd := next((word for word in may_fail if word not in MAY_FAIL), None):
        raise InputError(f"may_fail {printable(odd)}", f"what may fail is {', '.join(MAY_FAIL)}", "use one of these")
    faults = ",".join(filter(None, (faults, *(MAY_FAIL[word] for word in may_fail))))
    return WriteBoard(text, run, stubs or {}, sets or {}, threads, rounds, faults, memory, softirq)


def _slip(error: TdxkitError, text: str) -> Mark | None:
    """The mark of an error, where it names a line of the text."""
    at = None if error.thing.startswith('"') else LINE.search(error.thing) or LINE.search(str(error))
    if at is None or not 0 < int(at[1]) <= text.count("\n") + 1:
        return None
    thing = error.thing[: at.start()] + error.thing[at.end() :] if at.string == error.thing else error.thing
    thing = thing.replace(TEXT, "").strip(" :,")
    where = f"column {at[2]}: " if at[2] else ""
    return Mark(
        int(at[1]), int(at[2] or 0), "slip", f"{where}{thing}{': ' if thing else ''}{error.rule}; {error.action}"
    )


def _marks(opinion: Opinion, text: str, run: Run | None) -> Iterable[Mark]:
    """Where an opinion has something to say of a line."""
    if opinion.error:
        mark = _slip(opinion.error, text)
        if mark is None and (at := re.match(r"(\d+): ", opinion.line)):
            mark = Mark(int(at[1]), 0, "slip", str(opinion.error))
        return (mark,) if mark else ()
    if not (opinion.result and opinion.scenario and run):
        return ()
    said = opinion.result.defect
    if at := LINE.search(said):  # a WARN, a slip of the run
        number = int(at[1])
    else:
        step = next((step for step in reversed(run.steps) if step.broken and step.line), None)
        lines = {
            f.__name__: f.__code__.co_firstlineno
            for f in opinion.scenario.texts
            if f.__code__.co_filename in (OF_C, TEXT)
        }
        if step is None or step.line.text not in lines:
            return ()
        number = lines[step.line.text] + step.line.index
    return (Mark(number, 0, "broken", said),) if 0 < number <= text.count("\n") + 1 else ()
