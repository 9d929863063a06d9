"""A reader's code run with care: a step that never ends is stopped, one that would end the program is told, what it prints is caught.

A refusal is final, whatever the step catches: it is raised again when the step is over.

Code of tdxkit itself is not watched. A debugger or coverage tool that traces already keeps its place.
"""

import io
import os
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from contextvars import ContextVar
from typing import TypeVar

from tdxkit.errors import Ear, ModelError, printable
from tdxkit.explore.onego import Yielded
from tdxkit.explore.stopping import Stop, Stopped
from tdxkit.explore.whose import of_library, ours
from tdxkit.work import Job

INSTRUCTIONS = 1_000_000
SECONDS = 10  # of a step, where somebody can stop it (tdxkit.commands.apart)
alarm: Callable[[float], object] | None = None  # ends this process after so many seconds; 0: no more
HERE = os.path.dirname(__file__)
Ran = dict[types.CodeType, set[int]]  # offsets of instructions that ran


class RanAgain(Ran):
    """The same where programs are run again and again to where they stood: what they yield then comes to nobody."""


_ran: ContextVar[Ran | None] = ContextVar("ran", default=None)
for_nothing: list[object] = []  # not empty while a step runs only to come to its end, and nothing of it is noted
T = TypeVar("T")


def noting(ran: Ran, job: Job[T]) -> Job[T]:
    """The job; the instructions that its steps run are noted, of whatever program. None are where a debugger or coverage tool traces already."""

    @contextmanager
    def here() -> Iterator[None]:
        token = _ran.set(ran)
        try:
            yield
        finally:
            _ran.reset(token)

    return inside(here, job)


def inside(around: Callable[[], AbstractContextManager], job: Job[T]) -> Job[T]:
    """The job, each slice of it inside what `around` gives: the next one may run in another task, and two jobs may take turns."""
    try:
        while True:
            with around():
                try:
                    tick = next(job)
                except StopIteration as end:
                    return end.value
            yield tick
    finally:
        job.close()


def foreign(values: tuple) -> bool:
    """Is any of these a function that is not part of tdxkit?"""
    return not all(ours(f) for f in values if callable(f))


def guarded(function: Callable, *args, told: list[str]):
    """The result of function(*args); what it prints becomes a sentence of `told`. ModelError for what no program may do."""
    said = io.StringIO()
    refused: list[ModelError] = []
    before, Ear.hears = Ear.hears, refused
    try:
        with redirect_stdout(said):
            return watched(function, *args)
    except KeyboardInterrupt:
        refused.clear()
        raise
    except Exception:
        raise
    except BaseException as error:
        raise ModelError(
            place_of(error, "the program"),
            f"a step cannot end the program, and this one raises {type(error).__name__}",
            "return, or break a rule with assert or m.must",
        ) from None
    finally:
        Ear.hears = before
        if text := said.getvalue():
            told.append(f"It prints {printable(text.rstrip(), 200)}.")
        if refused:
            raise _placed(refused[0]) from None


def _placed(error: ModelError) -> ModelError:
    """A refusal that begins with the reader's line, where it came up on one."""
    where = "" if error.thing.startswith("line ") else place_of(error, "")
    return ModelError(f"{where}: {error.thing}", error.rule, error.action) if where else error


def place_of(error: BaseException, otherwise: str) -> str:
    """The line of a model in which an error came up: the innermost one of the reader's, or else the innermost outside the explorer."""
    own, where, tb = "", otherwise, error.__traceback__
    while tb is not None:
        frame, code = tb.tb_frame, tb.tb_frame.f_code
        at = f"line {tb.tb_lineno} of {code.co_name}"
        if not of_library(frame.f_globals):
            own = at
        elif os.path.dirname(code.co_filename) != HERE and not code.co_filename.startswith("<frozen"):
            where = at
        tb = tb.tb_next
    return own or where


def _readers_line(frame: types.FrameType) -> str:
    """Where a frame stands: in the innermost function that is not part of tdxkit, if there is one."""
    at: types.FrameType | None = frame
    while at is not None and of_library(at.f_globals):
        at = at.f_back
    at = at or frame
    return f"line {at.f_lineno} of {at.f_code.co_name}"


def lines_wanted() -> bool:
    """Are the lines that steps run to be noted?"""
    return _ran.get() is not None


def watched(function: Callable, *args):
    """The result of function(*args); ModelError after so many instructions, and where it runs a program's steps in one go."""
    if sys.gettrace() is not None:
        return function(*args)
    stop, yielded = Stop(), Yielded()
    sys.settrace(_tracer(_ran.get(), stop, yielded))
    try:
        try:
            item = timed(function, *args)
        finally:
            stop.going[:] = ()  # no call: nothing is raised between this line and the loop
            while True:
                try:
                    stop.rest()
                    break
                except Stopped:  # one that was on its way
                    continue
            sys.settrace(None)
    except Stopped:
        raise stop.why or ModelError("a step", "it raises what stops one", "raise something else") from None
    except StopIteration:
        yielded.check(None)
        raise
    yielded.check(item)
    return item


def _tracer(ran: "Ran | None", stop: Stop, yielded: Yielded) -> Callable:
    """What Python calls for each instruction of a step."""
    left, again = INSTRUCTIONS, isinstance(ran, RanAgain)

    def count(frame, event, value):
        nonlocal left
        left -= 1
        if ran is not None:
            if event == "opcode" and not for_nothing:
                ran[frame.f_code].add(frame.f_lasti)
            elif event == "return" and not again:
                yielded.note(frame, value)
        if left < 0:
            left = INSTRUCTIONS  # so that the program's own clean-up may run
            stop.now(
                ModelError(
                    _readers_line(frame),
                    f"a step must end, and this one has run {INSTRUCTIONS:,} instructions",
                    "put a yield into the loop",
                )
            )
        return count

    def enter(frame, event, _):
        if frame.f_code.co_filename.startswith(HERE):  # the engine's own: who calls it for ever is watched
            return None
        frame.f_trace = count  # without it Python 3.14 looks at the next line no sooner than in this code's next run
        frame.f_trace_opcodes = True  # a loop on one line has no line events
        if ran is not None:
            ran.setdefault(frame.f_code, set())
        return count

    return enter


def timed(function: Callable, *args):
    """The result of function(*args), which must not take longer than a step may."""
    if alarm is None:
        return function(*args)
    alarm(SECONDS)
    try:
        return function(*args)
    finally:
        alarm(0)
