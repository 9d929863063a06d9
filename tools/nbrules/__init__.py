"""The rules that every notebook keeps, each a small function named after what it asks for, in a file a subject.

A rule gets a notebook (its JSON) and yields what it finds as (cell id, what to mend). Its docstring says who is lost without it.
"""

import ast
import re
from collections.abc import Iterator

Notebook = dict
Finding = tuple[str, str]
RULES = []


def rule(check):
    """Register a rule; one without a docstring is not one."""
    assert check.__doc__
    RULES.append(check)
    return check


def cells(nb: Notebook, kind: str = "") -> Iterator[tuple[str, str, dict]]:
    """(id, source, cell) of every cell of a kind, or of all; a cell without an id goes by its number."""
    for number, cell in enumerate(nb["cells"], 1):
        if cell["cell_type"] == kind or not kind:
            yield cell.get("id", f"cell {number}"), "".join(cell["source"]), cell


def prose(nb: Notebook) -> Iterator[tuple[str, str]]:
    """(id, text) of every Markdown cell, code blocks taken out."""
    for cell_id, text, _ in cells(nb, "markdown"):
        yield cell_id, re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.S | re.M)


def imported(text: str) -> Iterator[str]:
    """Top-level names that a code cell imports; nothing from a cell that does not parse, another rule says so."""
    try:
        tree = parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def parse(text: str) -> ast.AST:
    """A code cell as Python; a cell may await at its top level."""
    return compile(text, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
