"""Addresses as code: of cells on the CPU's own stack, and so many cells on."""

import ast

from tdxkit.c.flow import BASE, STACK, call, constant, name
from tdxkit.c.runtime import OWN


def on_stack(at: int) -> ast.expr:
    """A pointer to a cell of this function's part of the stack."""
    return ast.Tuple([constant(OWN), ast.BinOp(name(BASE), ast.Add(), constant(at))], ast.Load())


def is_own(code: ast.expr | None) -> bool:
    """Does it point there, as is plain to see?"""
    return isinstance(code, ast.Tuple)


def index_of(code: ast.expr) -> ast.expr:
    """Which cell of the stack it is."""
    assert isinstance(code, ast.Tuple), "a pointer to the stack is written out"
    return code.elts[1]


def on_top(code: ast.expr) -> ast.expr:
    """What lies there."""
    return ast.Subscript(name(STACK), index_of(code), ast.Load())


def offset(code: ast.expr) -> int:
    """Which cell it is of the function's part."""
    return index_of(code).right.value  # type: ignore[attr-defined]


def moved(code: ast.expr, cells: int, by: int) -> ast.expr:
    """A pointer so many cells on, which are so many bytes, worked out now where it can be."""
    if not cells and not by:
        return code
    if isinstance(code, ast.Constant):
        return constant((code.value[0], code.value[1] + cells) if isinstance(code.value, tuple) else code.value + by)  # type: ignore[operator]
    return on_stack(offset(code) + cells) if is_own(code) else call("moved", code, constant(cells), constant(by))
