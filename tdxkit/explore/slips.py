"""Statements that cannot mean what they say: a rule that is always true, an assert that is caught, an answer that nobody looks at."""

import ast
import dis
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from tdxkit.errors import ModelError
from tdxkit.explore.aside import says
from tdxkit.explore.names import Names, nested
from tdxkit.explore.program import Scenario

DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
EMPTY = {"[]", "()", "{}", "{*()}"}
OVER = {"any", "all", "sum", "max", "min"}
CATCHES = {"AssertionError", "Exception", "BaseException"}
# what the wrapper of a SEAMCALL answers: the constant of a scenario in which it may fail, and the fault that sets it
ANSWERS = {
    "tdh_phymem_pamt_add": ("add_may_fail", "add-fails"),
    "tdh_phymem_pamt_remove": ("remove_may_fail", "remove-fails"),
}


def slips(names: Names, scenario: Scenario) -> list[str]:
    """What is to be told of a function's statements; ModelError for a rule that holds whatever happens."""
    told = []
    caught = set(_caught(names))
    over_keys(names.function, scenario)
    node: Any
    for node in names.nodes:
        where = f"line {getattr(node, 'lineno', 0)} of {names.function.__name__}"
        _always_true(node, where)
        if (
            isinstance(node, ast.Assert)
            and isinstance(node.test, ast.Name)
            and (kind := _holds_many(names, node.test.id))
        ):
            told.append(f"{where}: assert {node.test.id}: a {kind} with something in it is always true")
        if isinstance(node, ast.Assert) and node in caught:
            told.append(f"{where}: an assert whose failure is caught breaks no rule: write m.must(…)")
        if how := _unseen(node, names):
            call: Any = node.value.value
            called = [v.__name__ for v in names.value(call.func) if callable(v)] if isinstance(call, ast.Call) else []
            told += [
                f"{where}: {ast.unparse(call)}: its status is {how}; faults={fault} asks what then"
                for name, (constant, fault) in ANSWERS.items()
                if name in called and not scenario.constants.get(constant)
            ]
    return told


def _holds_many(names: Names, name: str) -> str:
    """The kind of what a variable holds, where that is written out with something in it wherever it is bound."""
    kinds = {
        type(n).__name__.lower() if isinstance(n, DISPLAYS) and ast.unparse(n) not in EMPTY else ""
        for n in names.bound(name)
    }
    return kinds.pop() if len(kinds) == 1 else ""


def _text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _unseen(node: Any, names: Names) -> str:
    """What becomes of the answer of a program that a statement runs, where nobody looks at it: no look after the statement or, in a loop
    that has it, anywhere in that; "" where somebody does."""
    if not isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.YieldFrom):
        return ""
    if isinstance(node, ast.Expr):
        return "thrown away"
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not all(isinstance(target, ast.Name) for target in targets):
        return ""
    kept = {target.id for target in targets if isinstance(target, ast.Name)}
    loops = [n for n in names.nodes if isinstance(n, (ast.For, ast.While)) and node in ast.walk(n)]
    first = min((loop.lineno, loop.col_offset) for loop in loops) if loops else (node.end_lineno, node.end_col_offset)
    looks = (n for n in names.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in kept)
    seen = any((look.lineno, look.col_offset) >= first for look in looks)
    return "" if seen else f"kept in {', '.join(sorted(kept))}, and nobody looks at it"


def _always_true(node: ast.AST, where: str) -> None:
    """ModelError for a condition that is a list, a tuple or the like, written out."""
    call = says(node)
    condition = node.test if isinstance(node, ast.Assert) else None
    named = isinstance(node, ast.Assert)
    if call and call.func.attr == "must":
        given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "condition")]
        condition = given[0] if given else None
        named = bool(call.args) and _text(
            call.args[0]
        )  # else the two may have changed places, which is another mistake
    text = named and _text(condition)
    if isinstance(condition, DISPLAYS) or text:
        kind = "text" if text else type(condition).__name__.lower()
        raise ModelError(
            f"{where}: {ast.unparse(node)}",
            f"a {kind} with something in it is always true",
            'write assert condition, "rule"' if isinstance(node, ast.Assert) else 'write m.must("rule", condition)',
        )


def over_keys(function: FunctionType, scenario: Scenario) -> None:
    """ModelError for any(m.busy) and the like of a keyed variable, in a program or a rule: they go over its keys, not its values."""
    for code in nested(function.__code__):
        found = [ins for ins in dis.get_instructions(code) if ins.opname not in ("CACHE", "PRECALL", "PUSH_NULL")]
        for call, of, name, does in zip(found, found[1:], found[2:], found[3:]):
            over = (
                call.opname == "LOAD_GLOBAL"
                and call.argval in OVER
                and of.opname.startswith(("LOAD_FAST", "LOAD_DEREF"))
            )
            if over and name.opname == "LOAD_ATTR" and name.argval in scenario.layout.keyed and does.arg == 1:
                whole = f"{of.argval}.{name.argval}"
                raise ModelError(
                    f"line {code.co_firstlineno} of {code.co_name}: {call.argval}({whole})",
                    f"that goes over the keys of {whole}, not its values",
                    f"write {call.argval}({whole}[k] for k in {whole})",
                )


def _caught(names: Names) -> Iterator[ast.AST]:
    """What stands in a try that catches an AssertionError."""
    for node in names.nodes:
        if isinstance(node, (ast.Try, ast.TryStar)) and any(_catches(handler.type) for handler in node.handlers):
            yield from (inner for part in node.body for inner in ast.walk(part))


def _catches(kind: ast.expr | None) -> bool:
    return kind is None or any(isinstance(node, ast.Name) and node.id in CATCHES for node in ast.walk(kind))
