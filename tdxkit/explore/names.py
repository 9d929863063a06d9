"""What a reader's function says: its text as a tree, and what the names in it stand for."""

import ast
import builtins
import inspect
import sys
import types
from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any

from tdxkit.explore.whose import librarys

UNKNOWN = object()


@cache
def tree_of(code: types.CodeType) -> ast.AST | None:
    """The text of a function as a tree, its lines and columns counted as in its file; None where Python cannot find it."""
    try:
        lines, first = inspect.getsourcelines(code)
        text = "".join(lines)
        inside = text[
            :1
        ].isspace()  # put into a block, not moved to the left: its columns are to be those of its instructions
        tree = ast.parse(f"if True:\n{text}" if inside else text)
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if code.co_name.isidentifier() and all(getattr(node, "name", "") != code.co_name for node in ast.walk(tree)):
        return None  # another's: Python 3.13 keeps the text of `python -c`, and all that is executed from a string has its file name
    if inside and isinstance(block := tree.body[0], ast.If):
        tree = ast.Module(block.body, [])
    return ast.increment_lineno(tree, max(first, 1) - 1 - inside)


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


class Names:
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
            elif isinstance(node, (ast.For, ast.comprehension)):
                self._bind(node.target, ast.Starred(node.iter))
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self._bound.setdefault(name, []).append(_imported(node, alias))

    def _bind(self, target: ast.AST, value: ast.AST) -> None:
        if isinstance(target, ast.Name):
            self._bound.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts):
                self._bind(one, other)

    def bound(self, name: str) -> list[ast.AST]:
        """What a name is set to in the function itself."""
        return self._bound.get(name, [])

    def value(self, node: ast.AST, depth: int = 5) -> list[Any]:
        """What an expression may stand for; none where that is known only while it runs."""
        if not depth:
            return []
        if isinstance(node, ast.Constant):
            return [node.value]
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
            owners = [*self.value(node.value, depth - 1), *self._own_class(node.value)]
            found = [_attribute(owner, node.attr) for owner in owners]
            return [value for value in found if value is not UNKNOWN]
        if isinstance(node, ast.Lambda):
            return [node]
        if isinstance(node, ast.Subscript):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else UNKNOWN
            return [v for owner in self.value(node.value, depth - 1) for v in _items(owner, key)]
        if isinstance(node, ast.Starred):  # each of what is gone over
            if isinstance(node.value, (ast.Tuple, ast.List, ast.Set)):
                return [v for one in node.value.elts for v in self.value(one, depth - 1)]
            return [v for owner in self.value(node.value, depth - 1) for v in _items(owner, UNKNOWN)]
        if isinstance(node, ast.Call) and any(v is partial for v in self.value(node.func, depth - 1)) and node.args:
            return self.value(node.args[0], depth - 1)
        if isinstance(node, ast.Call):  # an instance, as far as its methods go
            return [Instance(v) for v in self.value(node.func, depth - 1) if isinstance(v, type) and not librarys(v)]
        if isinstance(node, ast.IfExp):
            return self.value(node.body, depth - 1) + self.value(node.orelse, depth - 1)
        return []

    def _own_class(self, node: ast.AST) -> list[Any]:
        """The class of which a method's first argument is an instance."""
        code, (of, _, _) = self.function.__code__, self.function.__qualname__.rpartition(".")
        first = code.co_varnames[: min(1, code.co_argcount)]
        cls = self.function.__globals__.get(of)
        return [Instance(cls)] if isinstance(cls, type) and isinstance(node, ast.Name) and (node.id,) == first else []


class Instance:
    """Some instance of a class."""

    def __init__(self, of: type):
        self.of = of


def _attribute(owner: Any, name: str) -> Any:
    """An attribute of something, where a look at it runs nothing; of an object of the reader's own its methods too."""
    if isinstance(owner, (types.ModuleType, type, types.SimpleNamespace)):
        return getattr(owner, name, UNKNOWN)
    of = owner.of if isinstance(owner, Instance) else type(owner)
    if librarys(of) and of is not types.SimpleNamespace:
        return UNKNOWN
    found = inspect.getattr_static(of if isinstance(owner, Instance) else owner, name, UNKNOWN)
    return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found


def _items(owner: Any, key: Any) -> list[Any]:
    """What a table or a sequence holds: at a key, or anywhere."""
    values = list(owner.values()) if type(owner) in (dict, types.MappingProxyType) else owner
    if not isinstance(values, (list, tuple)):
        return []
    if key is not UNKNOWN:
        try:
            return [owner[key]]
        except (LookupError, TypeError):
            return []
    return list(values)


def _imported(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.AST:
    """What an import inside a function stands for; nothing is imported that is not part of Python or there already."""
    path = (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
    path = path if isinstance(node, ast.ImportFrom) or alias.asname else path.partition(".")[0]
    found = (
        import_module(f"{path}")
        if path.partition(".")[0] in sys.stdlib_module_names
        else sys.modules.get(path, UNKNOWN)
    )
    if isinstance(node, ast.ImportFrom):
        found = getattr(found, alias.name, UNKNOWN)
    constant: Any = found
    return ast.Constant(constant)
