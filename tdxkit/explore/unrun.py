"""Statements that no run executed, told by their lines: an answer about code that never ran is told to be one.

What ran is known by instruction, so of `if …: return` on one line the half that never ran is told; and so is the branch of an
expression that would have called something.
"""

import ast
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from tdxkit.explore.aside import says
from tdxkit.explore.guard import Ran
from tdxkit.explore.names import nested, tree_of

At = tuple[int, int]  # line and column
BEFORE = {"__init__", "__new__", "__post_init__"}  # an object that is there at the first step has run them
DOES = (ast.Call, ast.Yield, ast.YieldFrom)


class Part(NamedTuple):
    """A statement, or of one that holds others its head alone; or a branch of an expression: from where to where, its last line."""

    first: At
    end: At
    last: int
    branch: bool = False

    def has(self, first: At, end: At) -> bool:
        """Does an instruction of this place belong to it? One that chooses between branches begins where the first of them does."""
        return self.first <= first < self.end and (end <= self.end or not self.branch)


def unrun(functions: Iterable[Callable], ran: Ran) -> tuple[str, ...]:
    """For each function with statements that are not among what ran: "line 7, 9–10 of put". Nothing where nothing was noted."""
    if not ran:
        return ()
    said = []
    for function in functions:
        name, codes = _called(function.__code__), list(nested(function.__code__))
        done = {at for code in codes for at in _places(code, ran.get(code, ()))}
        parts, branches = _parts(function.__code__, {at for code in codes for at in _places(code)})
        left = [part for part in parts if not _ran(part, done)]
        did = [part for part in parts if part not in left]
        left += [b for b in branches if not _ran(b, done) and any(part.has(b.first, b.end) for part in did)]
        said += missed(name, parts, left) if did or name not in BEFORE else []
    return tuple(said)


def missed(name: str, parts: list[Part], left: list[Part]) -> list[str]:
    """What is to be said of the parts of a function that are left, of all it has; all in the order of the text."""
    did = [part for part in parts if part not in left]
    if parts and not did:
        return [f"all of {name}"]
    lines = {line for part in did for line in range(part.first[0], part.last + 1)}
    half = [part for part in left if lines & set(range(part.first[0], part.last + 1))]
    whole = [part for part in left if part not in half]
    rows = ", ".join(str(n) for n in sorted({p.first[0] for p in half}))
    return [
        *([f"line {_ranges(parts, whole)} of {name}"] if whole else []),
        *([f"part of line {rows} of {name}"] if half else []),
    ]


def _called(code: types.CodeType) -> str:
    return code.co_name if code.co_name != "<lambda>" else f"the lambda in line {code.co_firstlineno}"


def _places(code: types.CodeType, offsets: Iterable[int] | None = None) -> Iterator[tuple[At, At]]:
    """From where to where in the text the instructions of a code are: all, or those at some offsets."""
    found = list(code.co_positions())
    for k in range(len(found)) if offsets is None else (offset // 2 for offset in offsets):
        line, last, column, end = found[k]
        if line and last and column is not None and end is not None:
            yield (line, column), (last, end)


def _ran(part: Part, done: Iterable[tuple[At, At]]) -> bool:
    return any(part.has(first, end) for first, end in done)


def _parts(code: types.CodeType, can_run: set[tuple[At, At]]) -> tuple[list[Part], list[Part]]:
    """The statements of a function that can run, and the branches of its expressions that would do something."""
    tree = tree_of(code)
    if tree is None:  # made by Python itself, or typed where nobody keeps it
        return [], []
    parts: set[Part] = set()
    branches: set[Part] = set()
    telling = {
        inner for node in ast.walk(tree) if says(node) or isinstance(node, ast.Assert) for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not (
            getattr(node, "name", None) == code.co_name and node in getattr(tree, "body", ())
        ):
            parts.add(_part(node))
        elif isinstance(node, (ast.IfExp, ast.BoolOp)) and node not in telling:
            rest = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values[1:]
            does = [n for n in rest if any(isinstance(inner, DOES) for inner in ast.walk(n))]
            branches |= {_part(n)._replace(branch=True) for n in does}
    return sorted(p for p in parts if _ran(p, can_run)), sorted(p for p in branches if _ran(p, can_run))


def _part(node: Any) -> Part:
    first = node.lineno, node.col_offset
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not isinstance(body, list) or not body:
        return Part(first, (node.end_lineno, node.end_col_offset), node.end_lineno)
    inner = body[0].pattern if isinstance(node, ast.Match) else body[0]
    return Part(first, (inner.lineno, inner.col_offset), max(node.lineno, inner.lineno - 1))


def _ranges(parts: list[Part], left: list[Part]) -> str:
    """Some of the parts as lines: "7, 9–10", those that follow each other together."""
    number = {part: k for k, part in enumerate(parts)}
    groups: list[list[Part]] = []
    for part in left:
        if groups and number[part] == number[groups[-1][-1]] + 1:
            groups[-1].append(part)
        else:
            groups.append([part])
    spans = [(group[0].first[0], max(part.last for part in group)) for group in groups]
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in spans)
