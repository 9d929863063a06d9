"""Where a suspended thread stands: a value that is equal for two generators exactly when they will go on alike.

A place is, for the generator and each one it delegates to: the code, the offset of the `yield`, the locals that are still live
there (found by a backward pass over the bytecode) and what lies on the value stack, such as the iterator of a `for` loop. Dead
locals are left out: a leftover variable must not make two equal states look different. How values compare is in `values`.
"""

import dis
import gc
import sys
import types
from collections.abc import Generator, Hashable
from functools import cache
from typing import Any

from tdxkit.errors import ModelError
from tdxkit.explore.values import MOST, SMALL, Reached, empty, exception_key, frozen

WALKED: tuple = ((), "", [], range(0), range(1 << 70), {}, {}.values(), {}.items(), set(), b"")
ITERATORS: tuple[type, ...] = (
    *(type(iter(x)) for x in WALKED),
    enumerate,
    zip,
    reversed,
    type(reversed([])),
    map,
    filter,
)
ROUNDS = type(iter(range(0)))
LOOKS_AT_ALL_LOCALS = {"locals", "eval", "exec", "vars", "dir"}
APART = sys.version_info >= (3, 14)
FUNCTIONS = (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
UNBOUND = ("unbound",)
DEEPEST = 100  # programs that run each other: every state keeps them all


def place(generator: Generator[Any, Any, Any], reached: Reached = ()) -> tuple:
    """The place of a suspended generator, a hashable value; ModelError for what cannot be compared.

    `reached`: ids of the functions and classes that were there before the first step.
    """
    frames: list = []
    at: Any = generator
    depth = 0
    while at is not None:
        frame = at.gi_frame
        code = frame.f_code
        known = frame.f_locals
        depth += 1
        if depth > DEEPEST:
            raise ModelError(
                f"line {code.co_firstlineno} of {code.co_name}",
                f"programs run programs {DEEPEST} deep, and every state keeps them all",
                "write it as a loop: while True: yield …",
            )
        live = live_locals(code, frame.f_lasti)
        frames.append(id(code))
        frames.append(frame.f_lasti)
        for name in live:
            value = known.get(name, UNBOUND)
            kind = type(value)
            if value is UNBOUND or (kind is int and -SMALL < value < SMALL):  # nearly all of them
                frames.append((kind, value))
            else:
                frames.append(frozen(value, f"the local variable {name} of {code.co_name}", reached))
        inner = at.gi_yieldfrom
        for value in _stack(at, code, known):
            if inner is None or value is not inner:  # a None that waits there is a value like any other
                frames.append(_on_stack(value, code, reached))
        if inner is not None and not isinstance(inner, types.GeneratorType):
            frames.append(_on_stack(inner, code, reached))
            inner = None
        at = inner
    return tuple(frames)


def lines(generator: Generator[Any, Any, Any]) -> list[tuple[types.CodeType, int]]:
    """The code and line (counted from 1 in its file) of the generator and each one it delegates to, outermost first."""
    chain = []
    at: Any = generator
    while isinstance(at, types.GeneratorType) and at.gi_frame is not None:
        chain.append((at.gi_code, at.gi_frame.f_lineno))
        at = at.gi_yieldfrom
    return chain + (at._lines() if hasattr(at, "_lines") else [])  # a program of which parts are run (split)


def delegate(generator: Any) -> Any:
    """The generator that one delegates to, or what else it has there; of a program run in parts (split) the program."""
    inner = generator.gi_yieldfrom
    return getattr(inner, "_program", inner)


def _on_stack(value: Any, code: types.CodeType, reached: Reached) -> Hashable:
    """A value of the stack as a key: an iterator by what it still has to give."""
    where = f"a with, a loop or an expression around a yield of {code.co_name}"
    kind = type(value)
    if kind is types.MethodType and value.__name__ == "__exit__" and empty(value.__self__):
        return kind, id(value.__func__), type(value.__self__)
    if kind is ROUNDS:  # nearly all of them
        _, (left,), *at = value.__reduce__()
        return kind, left.start, left.stop, left.step, *at
    if kind in ITERATORS:
        return (kind, *(_on_stack(v, code, reached) for v in value.__reduce__()[1:]))
    if kind is types.GeneratorType:
        return ("generator", place(value, reached)) if value.gi_frame is not None else ("finished",)
    if kind is list or kind is tuple:  # a list here belongs to an iterator: what is in it is what it will give
        if len(value) > MOST:
            raise ModelError(f"{where} goes over {len(value):,} items", f"the limit is {MOST:,}", "go over fewer")
        return (kind, *(_on_stack(v, code, reached) for v in value))
    if isinstance(value, BaseException):
        return exception_key(value, where, reached)
    return frozen(value, where, reached)


def _stack(generator: types.GeneratorType, code: types.CodeType, known) -> list:
    """What lies on the value stack: the collector visits function, code, locals, stack, in this order (see the canary)."""
    seen = gc.get_referents(generator)
    for k, value in enumerate(seen):
        if value is code and k and isinstance(seen[k - 1], types.FunctionType):
            start = k + 1
            break
    else:
        raise _refuse()
    names, always = _slots(code)
    left = seen[start + always + sum(name in known for name in names) :]
    # Last comes the exception that is being handled: none, or None where one was. The depth of the stack follows from the offset.
    left = left[:-1] if left and left[-1] is None else left
    return _bound(left) if APART and len(left) > 1 else left


def _bound(values: list) -> list:
    """Of each `with` its way out as one method: from Python 3.14 on the function and the guard lie there apart."""
    found: list = []
    for value in values:
        before = found[-1] if found else None
        if type(before) in FUNCTIONS and any(vars(one).get("__exit__") is before for one in type(value).__mro__):
            value = found.pop().__get__(value, type(value))
        found.append(value)
    return found


@cache
def _slots(code: types.CodeType) -> tuple[tuple[str, ...], int]:
    """The variables that have a slot when bound, and how many always have one: cells."""
    cells = {*code.co_cellvars, *code.co_freevars}
    return tuple(name for name in code.co_varnames if name not in cells), len(cells)


@cache
def live_locals(code: types.CodeType, offset: int) -> tuple[str, ...]:
    """The variables whose value may still be read after the instruction at `offset`; cells always count as live."""
    names, live = _liveness(code)
    if offset not in live:
        return tuple(code.co_varnames) + code.co_cellvars + code.co_freevars
    cells = (*code.co_cellvars, *code.co_freevars)
    bits = live[offset]
    return tuple(sorted(name for k, name in enumerate(names) if bits >> k & 1 and name not in cells)) + cells


@cache
def _liveness(code: types.CodeType) -> tuple[list[str], dict[int, int]]:
    """Variables, and which are live after each instruction, a bit for each: the backward data flow over the bytecode, exception handlers
    included.

    Where a generator waits, its offset is that of YIELD_VALUE up to Python 3.12 and of the RESUME behind it from 3.13.
    """
    instructions = list(dis.get_instructions(code))
    _check(code, instructions)
    if LOOKS_AT_ALL_LOCALS & set(code.co_names):
        return [], {}
    index = {ins.offset: k for k, ins in enumerate(instructions)}
    handlers = getattr(dis.Bytecode(code), "exception_entries")  # noqa: B009 (typeshed does not know it)
    jumps = {*dis.hasjrel, *dis.hasjabs}
    numbers: dict[str, int] = {}
    # From the last to the first: instruction, what it reads, what it leaves as it was, where control goes on.
    rows: list[tuple[int, int, int, list[int]]] = []
    for k in range(len(instructions) - 1, -1, -1):
        ins = instructions[k]
        onward = set() if ends(ins.opname) else {k + 1}
        if ins.opcode in jumps:
            onward.add(index[ins.argval])
        for h in handlers:
            if h.start <= ins.offset < h.end:
                onward.add(index[h.target])
        uses, sets = (_bits(named, numbers) for named in _effect(ins))
        rows.append((k, uses, ~sets, [n for n in onward if n < len(instructions)]))
    before, after = [0] * len(instructions), [0] * len(instructions)
    changed = True
    while changed:
        changed = False
        for k, uses, kept, nexts in rows:
            live = 0
            for n in nexts:
                live |= before[n]
            after[k] = live
            if (new := uses | live & kept) != before[k]:
                before[k], changed = new, True
    return list(numbers), {ins.offset: live for ins, live in zip(instructions, after)}


def _bits(names: frozenset, numbers: dict[str, int]) -> int:
    return sum(1 << numbers.setdefault(name, len(numbers)) for name in names)


def ends(opname: str) -> bool:
    """Control never goes on to the next instruction."""
    return opname.startswith(("RETURN", "RAISE", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_ABSOLUTE"))


def _effect(ins) -> tuple[frozenset, frozenset]:
    """Variables an instruction reads, and those it sets for sure; an instruction not known here reads what it names."""
    if "FAST" not in ins.opname:
        return frozenset(), frozenset()
    names = ins.argval if isinstance(ins.argval, tuple) else (ins.argval,)
    if ins.opname == "STORE_FAST_LOAD_FAST":
        return frozenset(names[1:]) - {names[0]}, frozenset(names[:1])
    if ins.opname.startswith("STORE_FAST"):
        return frozenset(), frozenset(names)
    return frozenset(names), frozenset()


def _check(code: types.CodeType, instructions: list) -> None:
    """Refuse code that changes variables outside its thread: no state would show it."""
    for ins in instructions:
        outside = ins.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
        if outside or (ins.opname in ("STORE_DEREF", "DELETE_DEREF") and ins.argval in code.co_freevars):
            raise ModelError(
                f"{code.co_name} sets the outside variable {ins.argval}",
                "threads share memory through m only, or no state would show the change",
                f"make it a shared variable: m.{ins.argval}",
            )


def _refuse() -> ModelError:
    return ModelError(
        "this Python", "the explorer must be able to see where a suspended generator stands", "use CPython 3.11 to 3.14"
    )


def _canary() -> None:
    """What a wrong look at frames would get wrong, tried out at import: a loop's round, and a variable nobody reads again."""

    def rounds(k):
        for _ in range(k):
            leftover = object
            yield leftover

    def dead(value):
        yield value
        value = 0
        yield value

    def walk(generator, k):
        for _ in range(k):
            next(generator)
        return place(generator)

    def asked():
        yield (7, (yield "first"))

    other = asked()
    next(other)
    a_round = walk(rounds(2), 1) != walk(rounds(2), 2) == walk(rounds(2), 2)
    stale = walk(dead(1), 1) == walk(dead(2), 1)
    if not (a_round and stale and walk(asked(), 1) == place(other) and _on_stack_of(other) == [7]):
        raise _refuse()


def _on_stack_of(generator: Any) -> list:
    return _stack(generator, generator.gi_code, generator.gi_frame.f_locals)


_canary()
