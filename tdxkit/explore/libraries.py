"""What a reader's function takes from Python's library or an installed package: what these keep for themselves is in no state.

Clocks and dice are refused, and so is hanging something on a module, a class of a library or the memory itself. Everything else but
what is known to keep nothing is told, since nobody looks at it.
"""

import ast
import types
from typing import Any

from tdxkit.errors import ModelError
from tdxkit.explore.memory import Memory
from tdxkit.explore.names import Names
from tdxkit.explore.values import PLAIN
from tdxkit.explore.whose import librarys, trusted

DICE = {"time", "random", "_random", "secrets", "uuid"}
NOW = {"now", "utcnow", "today"}  # of datetime
KEEPS_NOTHING = {
    *("abc", "bisect", "builtins", "cmath", "collections", "contextlib", "copy", "dataclasses", "enum", "fractions", "functools"),
    *("heapq", "itertools", "math", "numbers", "operator", "re", "statistics", "string", "struct", "textwrap", "types", "typing"),
}  # fmt: skip
KEEPS = (open, id)  # of Python itself: files, and numbers that differ from run to run
HANGS = (setattr, delattr, object.__setattr__, object.__delattr__, type.__setattr__)
OURS = {name for name in dir(Memory) if name.startswith("_") and not name.startswith("__")}


def looked_over(function: types.FunctionType, names: Names) -> list[str]:
    """What is to be told of a function's use of libraries; ModelError for what a step cannot take from them."""
    lines: dict[int, None] = {}
    things: dict[str, None] = {}
    for node in names.nodes:
        where = f"line {getattr(node, 'lineno', 0)} of {function.__name__}"
        if isinstance(node, ast.Attribute) and (not isinstance(node.ctx, ast.Load) or _of_memory(node, function)):
            _hung(names, node.value, node.attr, f"{where}: {ast.unparse(node)}")
        elif isinstance(node, ast.Call) and len(node.args) > 1 and any(v in HANGS for v in _known(names, node.func)):
            _hung(names, node.args[0], "name", f"{where}: {ast.unparse(node)}")
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            owners = names.value(node.value) if isinstance(node, ast.Attribute) else []
            if any(_keeps(value, owners, node, where) for value in names.value(node)):
                lines[node.lineno] = things[ast.unparse(node)] = None
    if not things:
        return []
    where = f"line {', '.join(map(str, sorted(lines)))} of {function.__name__}"
    return [
        f"{where}: {', '.join(things)}: what a library keeps for itself, or does outside this program, is not looked at"
    ]


def _known(names: Names, node: ast.AST) -> list[Any]:
    return [value for value in names.value(node) if callable(value)]


def _of_memory(node: ast.Attribute, function: types.FunctionType) -> bool:
    """Is it a name that the explorer has on the memory for itself?"""
    code = function.__code__
    given = code.co_varnames[: code.co_argcount]
    return node.attr in OURS and isinstance(node.value, ast.Name) and node.value.id in given and node.value.id != "self"


def _hung(names: Names, owner: ast.AST, attr: str, thing: str) -> None:
    """ModelError where something is put on what is no state: a module, a class of a library, the type of anything, the memory."""
    ours = attr in OURS and isinstance(owner, ast.Name) and owner.id not in ("self", "cls")
    of_a_type = isinstance(owner, ast.Call) and any(value is type for value in names.value(owner.func))
    of_a_type = of_a_type or (isinstance(owner, ast.Attribute) and owner.attr == "__class__")
    known = [v for v in names.value(owner) if isinstance(v, (types.ModuleType, type))]
    if ours or of_a_type or any(isinstance(v, types.ModuleType) or librarys(v) for v in known):
        raise ModelError(thing, "it is outside m, and no state shows that", "make it a shared variable")


def _keeps(value: Any, owners: list, node: ast.Attribute | ast.Name, where: str) -> bool:
    """May what a name or an attribute stands for keep something, or do something outside? ModelError for clocks and dice."""
    if (
        isinstance(value, types.ModuleType) or value is print or type(value) in PLAIN
    ):  # print is told where it is called
        return False
    homes = {_home(value), *(_home(owner) for owner in owners if isinstance(owner, types.ModuleType))} - {""}
    if homes & DICE or ("datetime" in homes and isinstance(node, ast.Attribute) and node.attr in NOW):
        raise ModelError(
            f"{where}: {ast.unparse(node)}",
            "it gives something else each time, and no state shows that",
            'let it be a choice: yield "…", (1, 0)',
        )
    return any(value is known for known in KEEPS) or bool(homes - KEEPS_NOTHING)


def _home(value: Any) -> str:
    """The library that something comes from; "" where it is the reader's own or tdxkit's."""
    of = getattr(value, "__self__", None)
    owner = of if isinstance(value, types.BuiltinFunctionType) and not isinstance(of, types.ModuleType) else None
    kind = owner if isinstance(owner, type) else type(owner) if owner is not None else None
    module = value.__name__ if isinstance(value, types.ModuleType) else None
    module = module or (kind.__module__ if kind else None) or getattr(value, "__module__", None)
    module = module if isinstance(module, str) else type(value).__module__
    root = module.partition(".")[0].lstrip("_") if module != "__main__" else ""
    return root if root != "tdxkit" and trusted(module) else ""
