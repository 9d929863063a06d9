"""A struct list_head leads to itself while its list is empty [linux-list]: what one begins with must name it, and a copy of one is none."""

import ast

from pycparser import c_ast

from tdxkit.c.flow import MEMORY, STACK, call, name
from tdxkit.c.forms import calls
from tdxkit.c.kernel.lists import COPIED
from tdxkit.c.known import LIST
from tdxkit.c.runtime import fetch
from tdxkit.c.spelt import spelt
from tdxkit.c.types import Type
from tdxkit.errors import InputError

SOURCES = ("linux-list",)
INIT = "LIST_HEAD_INIT"


def checked(text, title: str, kind: Type, init: c_ast.Node | None) -> None:
    """InputError where a list_head in an object called `title` begins by leading to another, or to one that is not named."""
    paths = (
        [path for path, leaf in kind.leaves()] if init is not None and any(k is LIST for _, k in kind.leaves()) else []
    )
    if not paths:
        return
    entries = text.listed(kind, init) if isinstance(init, c_ast.InitList) and kind is not LIST else [(0, kind, init)]
    for at, leaf, node in entries:
        if leaf is LIST and (leads := _led_to(text, node)) not in ("", f"{title}{paths[at]}"):
            rule = f"it would lead to {leads}, and an empty list leads to itself"
            raise text.refuse(node, f"{spelt(node)} in {title}{paths[at]}", rule, f"write {INIT}({title}{paths[at]})")


def _led_to(text, node: c_ast.Node) -> str:
    """What a list_head leads to that begins so; "" where it leads nowhere."""
    if isinstance(node, c_ast.Cast):
        return _led_to(text, node.expr)
    if calls(node, INIT) and node.args and len(node.args.exprs) == 1:
        return _path(text, node.args.exprs[0])
    if isinstance(node, c_ast.InitList):  # { &x, &x }
        both = {
            _led_to(text, each.expr if isinstance(each, c_ast.NamedInitializer) else each) for each in node.exprs or []
        }
        return both.pop() if len(both) == 1 else " and ".join(sorted(both))
    if isinstance(node, c_ast.Constant) or (isinstance(node, c_ast.ID) and node.name == "NULL"):
        return ""
    return _path(text, node.expr if isinstance(node, c_ast.UnaryOp) and node.op == "&" else node)


def _path(text, node: c_ast.Node) -> str:
    """What is written of an object, its indices as numbers."""
    if isinstance(node, c_ast.StructRef) and node.type == ".":
        return f"{_path(text, node.name)}.{node.field.name}"
    if isinstance(node, c_ast.ArrayRef):
        try:
            return f"{_path(text, node.name)}[{text.constant(node.subscript)}]"
        except InputError:
            pass
    return spelt(node).strip("`")


def made(node: c_ast.Node) -> bool:
    """Is a list_head, or another structure of the kernel, made by this, and not left as zeros?"""
    if isinstance(node, c_ast.InitList):
        return any(made(each.expr if isinstance(each, c_ast.NamedInitializer) else each) for each in node.exprs or [])
    if isinstance(node, c_ast.Cast):
        return made(node.expr)
    return (
        (isinstance(node, c_ast.ID) and node.name != "NULL")
        or calls(node, INIT)
        or (isinstance(node, c_ast.UnaryOp) and node.op == "&")
    )


def copied(m, stack, source, target, value: object) -> object:
    """What the cell of a list_head holds that others are copied to: it leads to where that one is, or leads, unless it was deleted or never made."""
    if source == target or type(value) is not tuple:
        return value
    if value[:1] != (COPIED,):
        return (COPIED, *source)
    return fetch(m, stack, target) if value[1:] == target else value  # back where it was


RUNTIME = {"head_copied": copied}


def copy(source: ast.expr, target: ast.expr, value: ast.expr) -> ast.expr:
    """The value of a list_head that is copied."""
    return call("head_copied", name(MEMORY), name(STACK), source, target, value)
