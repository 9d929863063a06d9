"""A reader's functions read before a step is run: programs that are made and never run, calls that are no part of a model.

Read is the text, where Python finds it; what a name stands for is looked up where the function would find it, aliases included.
"""

import ast
import inspect
import os
import time
import types
from functools import cache, partial
from typing import Any

from tdxkit.errors import ModelError
from tdxkit.explore.libraries import looked_over
from tdxkit.explore.names import Names
from tdxkit.explore.outside import Outside
from tdxkit.explore.program import Scenario
from tdxkit.explore.slips import slips
from tdxkit.explore.whose import librarys, ours

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


def refuse(function: types.FunctionType, scenario: Scenario) -> list[str]:
    """ModelError for a program that is made and not run, for a call that waits in earnest and for a rule that is always true; what else
    is to be told of it."""
    told = []
    names = Names(function)
    above = {child: node for node in names.nodes for child in ast.iter_child_nodes(node)}
    for node in names.nodes:
        if not isinstance(node, ast.Call):
            continue
        where, text = f"line {node.lineno} of {function.__name__}", ast.unparse(node)
        called = names.value(node.func)
        if any(_makes(value, names) for value in called) and not _driven(node, above, names):
            raise ModelError(
                f"{where}: {text}", "that makes a program and does not run it", f"write: yield from {text}"
            )
        if any(_says_labels(value) for value in called) and _dropped(node, above):
            raise ModelError(
                f"{where}: {text}", "it runs in one go there, and its steps are no steps", f"write: yield from {text}"
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
    return told + slips(names, scenario) + looked_over(function, names)


def _driven(call: ast.AST, above: dict, names: Names | None) -> bool:
    """Does anybody take the program that a call makes, and can run it?"""
    node, parent = call, above.get(call)
    while isinstance(parent, GOES_ON):
        if isinstance(parent, ast.IfExp) and node is parent.test:
            return False
        if isinstance(parent, ast.NamedExpr) and (names is None or _used(names, parent.target)):
            return True
        node, parent = parent, above.get(parent)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        return names is None or any(_used(names, part) for target in targets for part in ast.walk(target))
    if isinstance(parent, ast.Return):
        return names is not None and not names.yields
    if isinstance(parent, ast.Call) and names is not None and node in parent.args:
        return all(_takes(value, parent.args.index(node)) for value in names.value(parent.func))
    gone = (ast.Expr, ast.Yield, ast.If, ast.While, ast.UnaryOp, ast.Compare, ast.BinOp, ast.Assert, ast.AugAssign)
    return not isinstance(parent, gone)


def _dropped(call: ast.AST, above: dict) -> bool:
    """Is what a program yields thrown away where it is gone over?"""
    over = above.get(call)
    if isinstance(over, ast.Call):
        return isinstance(above.get(over), ast.Expr)
    if isinstance(over, ast.comprehension):
        where: Any = above[over]
    elif isinstance(over, ast.For) and over.iter is call:
        where = ast.Module(over.body, [])
    else:
        return False
    used = {node.id for node in ast.walk(where) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return not used & {node.id for node in ast.walk(over.target) if isinstance(node, ast.Name)}


def _says_labels(value: Any) -> bool:
    """Is it a generator function that yields texts and nothing else, as programs do?"""
    if not inspect.isgeneratorfunction(value):
        return False
    yields = [node.value for node in Names(value).nodes if isinstance(node, ast.Yield)]
    first = [y.elts[0] if isinstance(y, ast.Tuple) and y.elts else y for y in yields]
    return bool(first) and all(
        isinstance(y, ast.JoinedStr) or (isinstance(y, ast.Constant) and isinstance(y.value, str)) for y in first
    )


def _takes(called: Any, number: int) -> bool:
    """Does a function do something with its argument that could run a program? One of a library, or with arguments of another sort, may."""
    if not isinstance(called, types.FunctionType) or librarys(called) or number >= called.__code__.co_argcount:
        return True
    inner = Names(called)
    return not inner.nodes or _used(inner, ast.Name(called.__code__.co_varnames[number]))


def _used(names: Names, target: ast.AST) -> bool:
    """Is this variable looked at in a way that can run what it holds? A place in an object counts."""
    if not isinstance(target, ast.Name):
        return isinstance(target, (ast.Attribute, ast.Subscript))
    loads = {n for n in names.nodes if isinstance(n, ast.Name) and n.id == target.id and isinstance(n.ctx, ast.Load)}
    above = {child: node for node in names.nodes for child in ast.iter_child_nodes(node)}
    return any(_driven(load, above, None) for load in loads)


def _makes(value: Any, names: Names) -> bool:
    """Does a call of it make a program, instead of running one?"""
    while isinstance(value, partial):
        value = value.func
    if isinstance(value, ast.Lambda):
        return isinstance(value.body, ast.Call) and any(_makes(v, names) for v in names.value(value.body.func, 3))
    if inspect.isgeneratorfunction(value):
        return True
    return isinstance(value, types.FunctionType) and _hands_out(value)


@cache
def _hands_out(function: types.FunctionType) -> bool:
    """A function that is no program and gives one."""
    if ours(function):
        return False
    names = Names(function)
    gives = [n.value for n in names.nodes if isinstance(n, ast.Return) and isinstance(n.value, ast.Call)]
    return any(_makes(v, names) for call in gives for v in names.value(call.func) if v is not function)


def _waits(value: Any) -> bool:
    """Would it stop the explorer?"""
    module = getattr(value, "__module__", None) or ""
    return any(value is known for known in WAITING) or module.partition(".")[0] in WAITING_MODULES
