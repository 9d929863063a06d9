"""Loads aside from the program: those of m.must(…), m.tell(…) and assert, which judge and tell, and after which it goes on the same.

Told by the very instruction, not by its line: a load is aside where it stands in the arguments of a statement that is nothing but such a
call of the memory itself, or in the test of an assert; where nothing in there could keep what it saw; and where nobody up the stack
would catch what goes wrong there, for then the program could go on another way.
"""

import ast
import builtins
import types
from collections.abc import Iterable, Iterator
from typing import Any

from tdxkit.explore.names import Names, nested

JUDGING = {"must", "tell"}
KEEPS_NOTHING = {
    *("abs", "all", "any", "ascii", "bin", "bool", "chr", "divmod", "enumerate", "float", "format", "frozenset", "hex", "int"),
    *("isinstance", "len", "max", "min", "oct", "ord", "pow", "range", "repr", "reversed", "round", "set", "sorted", "str"),
    *("sum", "tuple", "type", "zip", "dict", "list"),
}  # fmt: skip
LEAVES = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)
JUMPS = (ast.Return, ast.Break, ast.Continue)


class Aside:
    """The loads aside of some functions, those in them included."""

    def __init__(self, functions: Iterable[types.FunctionType]):
        # offset of an instruction: the name of the memory ("" in an assert), and the statement that it is part of
        self._looks: dict[types.CodeType, dict[int, tuple[str, ast.AST]]] = {}
        self._caught: dict[types.CodeType, frozenset[int]] = {}  # offsets where an exception may be caught
        for function in functions:
            self._read(Names(function))

    def _read(self, names: Names) -> None:
        codes = list(nested(names.function.__code__))
        local = {name for code in codes for name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars)}
        looks = {
            _position(n): (of, judging)
            for part, of, judging in _judging(names, local)
            for n in ast.walk(part)
            if hasattr(n, "lineno")
        }
        guards = [_position(node)[:2] for node in names.nodes if _catches(node)]
        for code in codes:
            at = [(2 * k, position) for k, position in enumerate(code.co_positions())]
            self._looks[code] = {offset: looks[position] for offset, position in at if position in looks}
            self._caught[code] = frozenset(
                offset for offset, (line, *_) in at if line and any(first <= line <= last for first, last in guards)
            )

    def __call__(self, stack: list[types.FrameType], own: Any, memory: object) -> ast.AST | None:
        """The statement in which the innermost of these frames looks aside; None where it does not. own: is a frame the reader's; memory:
        the one that counts."""
        for frame in stack:
            of, judging = self._looks.get(frame.f_code, {}).get(frame.f_lasti, ("", None))
            if judging is None:
                return None
            if not frame.f_code.co_name.startswith(
                "<"
            ):  # a comprehension or lambda in the arguments: on to whose it is
                break
        if of and frame.f_locals.get(of) is not memory:
            return None
        caught = any(own(f) and f.f_lasti in self._caught.get(f.f_code, (f.f_lasti,)) for f in stack)
        return None if caught else judging


def _position(node: Any) -> tuple:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def says(node: ast.AST) -> Any:
    """The call of a statement that is nothing but m.must(…) or m.tell(…), whatever m is; None of any other."""
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call if call.func.attr in JUDGING else None
    return None


def tells(node: Any) -> bool:
    """Is it m.tell(…), which is a sentence and judges nothing?"""
    return bool(call := says(node)) and call.func.attr == "tell"


def _judging(names: Names, local: set[str]) -> Iterator[tuple[ast.expr, str, ast.AST]]:
    """The expressions that only judge or tell, the name of whom they ask to, and the statements that they are part of."""
    for node in names.nodes:
        if isinstance(node, ast.Assert):
            parts, of = [node.test], ""
        elif call := says(node):
            parts, of = [*call.args, *(k.value for k in call.keywords)], call.func.value.id
        else:
            continue
        if all(_plain(inner, names, local) for part in parts for inner in ast.walk(part)):
            yield from ((part, of, node) for part in parts)


def _plain(node: ast.AST, names: Names, local: set[str]) -> bool:
    """Does this part of an expression keep nothing of what it sees?"""
    if not isinstance(node, ast.Call):
        return not isinstance(node, LEAVES)
    if any(k.arg not in ("default", "reverse", "start") and not isinstance(k.value, ast.Lambda) for k in node.keywords):
        return False
    called = node.func
    if isinstance(called, ast.Attribute):
        return isinstance(called.value, (ast.Constant, ast.JoinedStr)) and called.attr in ("format", "join")
    if not isinstance(called, ast.Name) or called.id in local or called.id not in KEEPS_NOTHING:
        return False
    return all(value is getattr(builtins, called.id) for value in names.value(called))


def _catches(node: ast.AST) -> bool:
    """May an exception in it be caught, so that the program goes on?"""
    if isinstance(node, (ast.Try, ast.TryStar)):
        return bool(node.handlers) or any(isinstance(n, JUMPS) for part in node.finalbody for n in ast.walk(part))
    return isinstance(node, (ast.With, ast.AsyncWith))
