"""Lines that no run executed: an answer about code that never ran is told to be one."""

import ast
import types
from collections.abc import Callable, Iterable

from tdxkit.explore.guard import Ran
from tdxkit.explore.names import tree_of


def unrun(functions: Iterable[Callable], ran: Ran) -> tuple[str, ...]:
    """For each function with lines that are not among those that ran: "line 7, 9-10 of put". Nothing where no line was noted."""
    if not ran:
        return ()
    seen = {(code.co_filename, line) for code, line in ran}
    said = []
    for function in functions:
        parts = _parts(function.__code__)
        left = [
            (first, last)
            for first, last in parts
            if not any((function.__code__.co_filename, line) in seen for line in range(first, last + 1))
        ]
        if parts and len(left) == len(parts):
            said.append(f"all of {function.__name__}")
        elif left:
            said.append(f"line {_ranges(parts, left)} of {function.__name__}")
    return tuple(said)


def _parts(code: types.CodeType) -> list[tuple[int, int]]:
    """The statements of a function that can run, each from its first line to its last; of one that holds others its head alone."""
    tree = tree_of(code)
    can_run = set(_lines(code))
    if tree is None:
        return [(line, line) for line in sorted(can_run)]
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or (
            getattr(node, "name", None) == code.co_name and node in getattr(tree, "body", ())
        ):
            continue
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno or node.lineno
        part = node.lineno, max(last, node.lineno)
        if can_run & set(range(part[0], part[1] + 1)):
            found.append(part)
    return sorted(set(found))


def _lines(code: types.CodeType) -> Iterable[int]:
    """The lines of a function's code that belong to an instruction, those of nested functions too; not its own first."""
    yield from (line for _, _, line in code.co_lines() if line and line != code.co_firstlineno)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant.co_firstlineno
            yield from _lines(constant)


def _ranges(parts: list[tuple[int, int]], left: list[tuple[int, int]]) -> str:
    """Some of the parts as lines: "7, 9–10", those that follow each other together."""
    number = {part: k for k, part in enumerate(parts)}
    groups: list[list[tuple[int, int]]] = []
    for part in left:
        if groups and number[part] == number[groups[-1][-1]] + 1:
            groups[-1].append(part)
        else:
            groups.append([part])
    spans = [(group[0][0], max(last for _, last in group)) for group in groups]
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in spans)
