"""A reader's functions read before a step is run: programs that are made and never run, calls that are no part of a model.

Read is the text, where Python finds it; what a name stands for is looked up where the function would find it, aliases included.
"""

import ast
import builtins
import inspect
import os
import time
import types
from collections.abc import Iterator
from functools import cache, partial
from textwrap import dedent
from typing import Any

from tdxkit.errors import ModelError
from tdxkit.explore.outside import Outside
from tdxkit.explore.program import Scenario

JUDGING = {"must", "tell"}
WAITING = (time.sleep, input, os.system, os.wait)
WAITING_MODULES = {
    "threading",
    "_thread",
    "asyncio",
    "socket",
    "_socket",
    "subprocess",
    "select",
    "selectors",
    "signal",
    "multiprocessing",
}
UNKNOWN = object()
GOES_ON = (
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.Starred,
    ast.ListComp,
    ast.SetComp,
    ast.NamedExpr,
    ast.BoolOp,
    ast.IfExp,
    ast.keyword,
)


def functions_of(scenario: Scenario) -> list[types.FunctionType]:
    """The functions of the reader's own that the threads of a scenario reach, in the order of their lines."""
    found = Outside([root for t in scenario.threads for root in (t.program, *t.args)]).functions()
    return sorted(found, key=lambda f: (f.__code__.co_filename, f.__code__.co_firstlineno))


@cache
def tree_of(code: types.CodeType) -> ast.AST | None:
    """The text of a function as a tree, its lines counted as in its file; None where Python cannot find it."""
    try:
        lines, first = inspect.getsourcelines(code)
        tree = ast.parse(dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    return ast.increment_lineno(tree, max(first, 1) - 1)


def nested(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of a function, and that of each function in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from nested(constant)


def walk(code: types.CodeType) -> Iterator[ast.AST]:
    """Every node of a function's text; none where there is no text."""
    tree = tree_of(code)
    return iter(()) if tree is None else ast.walk(tree)


def judging(code: types.CodeType) -> frozenset[int]:
    """The lines of m.must(…), m.tell(…) and assert, which do not change what a program does."""
    found: set[int] = set()
    for node in walk(code):
        call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        says = call and isinstance(call.func, ast.Attribute) and call.func.attr in JUDGING
        plain = not any(isinstance(part, ast.NamedExpr) for part in ast.walk(node))
        if isinstance(node, ast.stmt) and plain and (says or isinstance(node, ast.Assert)):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return frozenset(found)


def refuse(function: types.FunctionType) -> list[str]:
    """ModelError for a program that is made and not run, and for a call that waits in earnest; what else is to be told of its calls."""
    told = []
    names = _Names(function)
    above = {child: node for node in walk(function.__code__) for child in ast.iter_child_nodes(node)}
    for node in walk(function.__code__):
        if not isinstance(node, ast.Call):
            continue
        where, text = f"line {node.lineno} of {function.__name__}", ast.unparse(node)
        called = names.value(node.func)
        if any(_makes(value) for value in called) and not _driven(node, above, names):
            raise ModelError(
                f"{where}: {text}", "that makes a program and does not run it", f"write: yield from {text}"
            )
        if any(_waits(value) for value in called):
            raise ModelError(
                f"{where}: {text}",
                "it stops the explorer, not the CPU of the model, and no rule sees it",
                'write yield sleep("msleep"), from tdxkit.kinds: nobody may do that under a spinlock',
            )
        if any(value is print for value in called):
            told.append(
                f"{where}: print: a step is run many times and in an order of the search; m.tell(…) says it once"
            )
    return told


def _driven(call: ast.AST, above: dict, names: "_Names") -> bool:
    """Does anybody take the program that a call makes, and can run it?"""
    node, parent = call, above.get(call)
    while isinstance(parent, GOES_ON):
        if isinstance(parent, ast.IfExp) and node is parent.test:
            return False
        if isinstance(parent, ast.NamedExpr) and names.used(parent.target):
            return True
        node, parent = parent, above.get(parent)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        return any(names.used(part) for target in targets for part in ast.walk(target))
    if isinstance(parent, ast.Return):
        return not names.yields
    gone = (ast.Expr, ast.Yield, ast.If, ast.While, ast.UnaryOp, ast.Compare, ast.BinOp, ast.Assert, ast.AugAssign)
    return not isinstance(parent, gone)


class _Names:
    """What the names of a function stand for."""

    def __init__(self, function: types.FunctionType):
        self.function, code = function, function.__code__
        self.nodes = list(walk(code))
        self.yields = inspect.isgeneratorfunction(function)
        self._closed = dict(zip(code.co_freevars, function.__closure__ or ()))
        self._bound: dict[str, list[ast.AST]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._bind(target, node.value)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                self._bind(node.target, node.value)

    def _bind(self, target: ast.AST, value: ast.AST) -> None:
        if isinstance(target, ast.Name):
            self._bound.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts):
                self._bind(one, other)

    def used(self, target: ast.AST) -> bool:
        """Is this variable looked at in a way that can run what it holds? A place in an object counts."""
        if not isinstance(target, ast.Name):
            return isinstance(target, (ast.Attribute, ast.Subscript))
        loads = {n for n in self.nodes if isinstance(n, ast.Name) and n.id == target.id and isinstance(n.ctx, ast.Load)}
        above = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        return any(_driven(load, above, _NOBODY) for load in loads)

    def value(self, node: ast.AST, depth: int = 5) -> list[Any]:
        """What an expression may stand for; none where that is known only while it runs."""
        if not depth:
            return []
        if isinstance(node, ast.Name):
            if node.id in self._bound:
                return [v for bound in self._bound[node.id] for v in self.value(bound, depth - 1)]
            if node.id in self._closed:
                try:
                    return [self._closed[node.id].cell_contents]
                except ValueError:
                    return []
            there = self.function.__globals__
            found = there.get(node.id, getattr(builtins, node.id, UNKNOWN))
            return [] if found is UNKNOWN else [found]
        if isinstance(node, ast.Attribute):
            owners = [
                v
                for v in self.value(node.value, depth - 1)
                if isinstance(v, (types.ModuleType, type, types.SimpleNamespace))
            ]
            return [getattr(owner, node.attr) for owner in owners if hasattr(owner, node.attr)]
        if isinstance(node, ast.Lambda):
            return [
                v
                for v in [node]
                if isinstance(node.body, ast.Call) and any(map(_makes, self.value(node.body.func, depth - 1)))
            ]
        if isinstance(node, ast.Call) and any(v is partial for v in self.value(node.func, depth - 1)) and node.args:
            return self.value(node.args[0], depth - 1)
        if isinstance(node, ast.IfExp):
            return self.value(node.body, depth - 1) + self.value(node.orelse, depth - 1)
        return []


class _Nobody:
    """Where a variable's own uses are looked at, no further variable is followed."""

    yields = True

    def used(self, target: ast.AST) -> bool:
        return True


_NOBODY: Any = _Nobody()


def _makes(value: Any) -> bool:
    """Does a call of it make a program, instead of running one?"""
    while isinstance(value, partial):
        value = value.func
    if isinstance(value, ast.Lambda):
        return True
    if inspect.isgeneratorfunction(value):
        return True
    return isinstance(value, types.FunctionType) and _hands_out(value)


@cache
def _hands_out(function: types.FunctionType) -> bool:
    """A function that is no program and gives one."""
    if (function.__module__ or "").startswith("tdxkit."):
        return False
    names = _Names(function)
    gives = [n.value for n in names.nodes if isinstance(n, ast.Return) and isinstance(n.value, ast.Call)]
    return any(_makes(v) for call in gives for v in names.value(call.func) if v is not function)


def _waits(value: Any) -> bool:
    """Would it stop the explorer?"""
    module = getattr(value, "__module__", None) or ""
    return any(value is known for known in WAITING) or module.partition(".")[0] in WAITING_MODULES
