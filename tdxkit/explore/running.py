"""One thread's program run: begun, resumed step by step, its rules judged, and whatever goes wrong there told in one line."""

import inspect
import re
import types
from collections.abc import Callable
from typing import TypeGuard

from tdxkit.errors import ModelError, printable, said
from tdxkit.explore.guard import guarded, lines_wanted, place_of, watched
from tdxkit.explore.memory import ALWAYS_TRUE, HELD, MANY, RESERVED, Layout, Memory
from tdxkit.explore.place import delegate
from tdxkit.explore.program import Program, Thread
from tdxkit.explore.rules import Property
from tdxkit.explore.values import LONGEST, frozen
from tdxkit.explore.whose import ours
from tdxkit.kinds import Act

MOST_CHOICES = 1_000
NO_CHOICE = (None,)
MISTAKES = (NameError, AttributeError, TypeError, ImportError, SyntaxError, RecursionError, MemoryError)


def request(item: object, program: Program) -> tuple[Act, tuple]:
    """What a program yielded, as (label, values to choose from); ModelError for anything but a label or (label, choices)."""
    if _is_act(item) and len(item) <= LONGEST:
        return item, NO_CHOICE
    label, choices = item if isinstance(item, tuple) and len(item) == 2 else (item, NO_CHOICE)
    if isinstance(label, types.GeneratorType):
        raise ModelError(
            f"{speaker(program)} yields {label.__name__}(…)",
            "that makes a program and does not run it",
            f"write yield from {label.__name__}(…)",
        )
    if not isinstance(label, str) or not isinstance(choices, tuple) or not choices:
        raise ModelError(
            f"{speaker(program)} yields {printable(item, 40)}",
            "a step starts with a label, or with a label and a tuple of values to choose from",
            'write yield "what happens" or yield "what happens", (1, 0)',
        )
    if not _is_act(label):  # a text of a class of the reader's own: what it says, and no more
        label = Act(str.__str__(label))
    if len(label) > LONGEST:
        frozen(str(label), f"the label of a step of {speaker(program)}")
    if len(choices) > MOST_CHOICES:
        raise ModelError(
            f"{speaker(program)}, step {printable(label)}",
            f"each of its {len(choices):,} choices is a branch, and {MOST_CHOICES:,} are the limit",
            "let it choose between the cases that differ",
        )
    return label, choices


def _is_act(label: object) -> TypeGuard[Act]:
    """Is it an act of the house, whatever class of ours it is of?"""
    return type(label) is Act or (isinstance(label, Act) and ours(type(label)))


def speaker(generator: Program) -> str:
    """The name of the program that yields: the innermost, where one delegates to another."""
    while isinstance(inner := delegate(generator), types.GeneratorType) and inner.gi_frame is not None:
        generator = inner
    return generator.__name__


def resume(thread: Thread, generator: Program, value: object, memory: Memory, again: bool = False) -> object:
    """Let a thread's generator go on to its next yield; a reader's program is watched, and so is what it reaches beside `m`.

    `again`: the same step on the same values was looked at before.
    """
    if not thread.foreign:
        return watched(generator.send, value) if lines_wanted() else generator.send(value)
    try:
        return guarded(generator.send, value, told=memory._told)
    finally:
        if not again:
            memory._layout.outside.check()


def begin(thread: Thread, memory: Memory) -> tuple[Program, object]:
    """The thread's generator, gone on to its first yield, and what it yielded; it must not touch the memory before that."""
    name = getattr(thread.program, "__name__", "program")
    try:
        generator = _made(thread, memory)
    except TypeError as error:
        raise ModelError(
            f"{name}{printable(thread.args)}", printable(said(error), 90), "give it the arguments it takes"
        ) from None
    if not isinstance(generator, types.GeneratorType):
        raise ModelError(name, "a program is a generator function", 'start each atomic step with yield "label"')
    object.__setattr__(memory, "_notes", dict(thread.noted))
    object.__setattr__(memory, "_open", False)
    try:
        return generator, resume(thread, generator, None, memory)
    except StopIteration:
        return generator, None
    except ModelError:
        raise
    except Exception as error:
        raise mistake(error, name, memory._layout) from None
    finally:
        object.__setattr__(memory, "_open", True)


def _made(thread: Thread, memory: Memory) -> object:
    """What a thread's program gives: its generator, where a program made it, as a lambda does, in a run that is watched."""
    if not thread.foreign or inspect.isgeneratorfunction(thread.program):
        return thread.program(memory, *thread.args)
    return guarded(thread.program, memory, *thread.args, told=memory._told)


def settle(threads: tuple[Thread, ...], layout: Layout) -> None:
    """Before the first step: what the programs are given can be compared, and what they reach beside `m` is noted."""
    strangers = [thread for thread in threads if thread.foreign]
    if strangers:
        layout.outside.settle()
    for thread in strangers:
        for number, value in enumerate(thread.args, 1):
            frozen(value, f"argument {number} of {getattr(thread.program, '__name__', 'program')}", layout.outside)


def mistake(error: Exception, program: str, layout: Layout) -> ModelError:
    """A slip in the model's own Python, told in one line with its place."""
    local = re.search(r"local variable '(\w+)'", said(error)) if isinstance(error, UnboundLocalError) else None
    name = local[1] if local else getattr(error, "name", None)
    if isinstance(error, (NameError, AttributeError)) and (name in layout.plain or name in layout.keyed):
        if isinstance(error, NameError):
            return ModelError(place_of(error, program), f"{name} is a shared variable", f"write m.{name}")
        asked = f"{name} is asked of {printable(error.obj, 20)}, and m has it"
        return ModelError(place_of(error, program), asked, "give m itself, as in spin_lock(m)")
    text = f"{type(error).__name__}: {printable(said(error), 90)}"
    return ModelError(place_of(error, program), text.removesuffix(": "), "correct the model")


def rule_of(error: Exception, program: str, layout: Layout) -> str:
    """The name of the rule that an exception broke: the text of an assert, else type and text; ModelError for a slip."""
    if isinstance(error, ModelError):
        raise error
    if isinstance(error, MISTAKES):
        raise mistake(error, program, layout) from None
    text = printable((said(error).splitlines() or [""])[0], 160)
    if isinstance(error, AssertionError):
        return f"assert: {text}" if text in RESERVED else text or "assert"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def holds(rule: Property, view: Memory, cause: Callable[[], str] = str) -> bool:
    """Does a rule hold in this state? ModelError where it cannot be judged; `cause` knows what may have led there."""
    assert rule.check is not None, "a rule that the programs check themselves is not asked for here"
    try:
        if ours(rule.check):
            return bool(rule.check(view))
        truth = guarded(rule.check, view, told=[])
        view._layout.outside.check()
        if isinstance(truth, ALWAYS_TRUE):
            raise TypeError(f"it gives a {type(truth).__name__}, which is always true")
        if isinstance(truth, MANY) or (isinstance(truth, HELD) and not any(truth is v for v in view._values)):
            raise TypeError(
                f"it gives a {type(truth).__name__}, true with anything in it: write all(…), any(…) or a comparison"
            )
        return bool(truth)
    except ModelError:
        raise
    except Exception as error:
        why = cause() or place_of(error, "")
        raise ModelError(
            f"rule {printable(rule.name)}",
            f"it cannot be judged{f', {why}' if why else ''}: {type(error).__name__}: {printable(said(error), 90)}",
            "correct the step, or the rule",
        ) from None
