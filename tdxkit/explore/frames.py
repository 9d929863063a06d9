"""The frames of a program under way: which are the reader's, which line it is at, through what of tdxkit it touches the memory."""

import sys
import types
from typing import Any

from tdxkit.explore.whose import of_ours

ENGINE = "tdxkit.explore."
OF_C = "a text in C"  # what a function that C became says its file is, before whatever else it says of itself


def program_stack() -> list[types.FrameType]:
    """The frames of the program under way, innermost first: those of the engine above and below it left out."""
    found: list[types.FrameType] = []
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        engine = frame.f_globals.get("__name__", "").startswith(ENGINE) and of_ours(frame.f_globals)
        if engine and found:
            break
        if not engine:
            found.append(frame)
        frame = frame.f_back
    return found


def line_of(stack: list[types.FrameType]) -> tuple[types.CodeType, int]:
    """The line of the innermost frame that has a name."""
    frame = next((f for f in stack if not f.f_code.co_name.startswith("<")), stack[0])
    return frame.f_code, frame.f_lineno


def own(frame: types.FrameType | None) -> bool:
    """Is it the frame of a function of the reader's own?"""
    return frame is not None and not of_ours(frame.f_globals)


def call_of(stack: list[types.FrameType]) -> types.FrameType:
    """The outermost of the frames of tdxkit that an access comes from: the call that the reader's function made."""
    last = stack[0]
    for frame in stack:
        if own(frame):
            break
        last = frame
    return last


def works_on(call: types.FrameType, memory: object) -> bool:
    """Was this function of tdxkit called with the memory, and not with something that hands on looks at it?"""
    code = call.f_code
    return code.co_argcount > 0 and call.f_locals.get(code.co_varnames[0]) is memory


def innermost(generator: Any) -> types.FrameType | None:
    """The frame of the generator that yields."""
    while isinstance(generator.gi_yieldfrom, types.GeneratorType):
        generator = generator.gi_yieldfrom
    return generator.gi_frame


def step_at(lines: tuple) -> str:
    """A step by the line at which its program stands, of (code, line) outermost first: at the access, or the call, in C; below a yield of Python."""
    code, line = next((at for at in reversed(lines) if in_c(at[0])), lines[-1])
    return f"{'' if in_c(code) else 'the step after '}line {line} of {code.co_name}"


def line_in_c(lines: tuple) -> str:
    """The same line as the C alone says it, with its --run; "" where no C stands there."""
    code, line = next((at for at in reversed(lines) if in_c(at[0])), lines[-1])
    return f"{code.co_filename.removeprefix(OF_C)}line {line}" if in_c(code) else ""


def in_c(code: types.CodeType) -> bool:
    """Is it a function that C became?"""
    return code.co_filename.startswith(OF_C)
