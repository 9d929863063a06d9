"""Throwing away a generator that stands in the middle of a program, without a word from Python.

A `finally:` that yields does not let its generator be closed at the first try, and Python complains of that wherever one is
forgotten. So such a generator is never left lying about: it is closed here, as often as that takes.
"""

import dis
import types
from contextlib import suppress
from functools import cache

from tdxkit.explore.guard import guarded
from tdxkit.explore.place import delegate, ends

TRIES = 100


def discard(generator, foreign: bool) -> None:
    """Close a generator; a reader's with those it delegates to, the innermost first. What they do on the way is no part of the model."""
    if not foreign:
        with suppress(Exception):
            generator.close()
        return
    chain = []
    while isinstance(generator, types.GeneratorType):
        chain.append(generator)
        generator = delegate(generator)
    for one in reversed(chain):
        for _ in range(TRIES):
            if one.gi_frame is None:
                break
            with suppress(Exception):
                guarded(one.close, told=[])


def clings(generator) -> bool:
    """Would it yield again if it were closed where it stands?"""
    while isinstance(generator, types.GeneratorType) and generator.gi_frame is not None:
        if _yields_when_closed(generator.gi_code, generator.gi_frame.f_lasti):
            return True
        generator = delegate(generator)
    return False


@cache
def _yields_when_closed(code: types.CodeType, offset: int) -> bool:
    """Can a `yield` be reached from a handler of the instruction at `offset` that a GeneratorExit would enter?"""
    handlers = getattr(dis.Bytecode(code), "exception_entries")  # noqa: B009 (typeshed does not know it)
    instructions = list(dis.get_instructions(code))
    index = {ins.offset: k for k, ins in enumerate(instructions)}
    todo = [index[h.target] for h in handlers if h.start <= offset < h.end]
    seen: set[int] = set()
    while todo:
        k = todo.pop()
        if k in seen:
            continue
        seen.add(k)
        before = instructions[
            k - 1 - (instructions[k - 1].opname == "TO_BOOL")
        ].opname  # of a value that Python 3.13 makes true or false first
        ins = instructions[k]
        if ins.opname == "YIELD_VALUE":
            return True
        if ins.opname == "CLEANUP_THROW":  # that of `yield from`: it raises again what was thrown
            continue
        jumps = ins.opcode in dis.hasjrel or ins.opcode in dis.hasjabs
        named = {str(i.argval) for i in instructions[max(0, k - 4) : k]}
        unmatched = before == "CHECK_EXC_MATCH" and not named & {"BaseException", "GeneratorExit"}
        if jumps and before != "WITH_EXCEPT_START":  # a guard that swallows a GeneratorExit is not thought of
            todo.append(index[ins.argval])
        if not ends(ins.opname) and not (jumps and unmatched):
            todo.append(k + 1)
    return False
