"""Trees of C that are compared: what a node is and holds, without where it stands."""

from pycparser import c_ast

from tdxkit.c.parse import parsed
from tdxkit.errors import InputError


def shape(node):
    """A node as nested tuples."""
    held = tuple(
        tuple(value) if isinstance(value, list) else value for value in map(node.__getattribute__, node.attr_names)
    )
    return (type(node).__name__, held, tuple((name, shape(child)) for name, child in node.children()))


def shapes(text, **defines):
    """What a text declares."""
    return [shape(node) for node in parsed(text, defines).tree.ext]


def body(statements, before=""):
    """What a function of these statements holds."""
    return shapes(f"{before}\nint f(struct foo *p, int a, int b)\n{{\n{statements}\n}}\n")


def found(tree, kind):
    """All nodes of a kind, from the top."""
    nodes, seen = [tree], []
    while nodes:
        node = nodes.pop(0)
        nodes[:0] = [child for _, child in node.children()]
        seen += [node] * isinstance(node, getattr(c_ast, kind))
    return seen


def refusal(text, **defines):
    """The one line with which a text is refused; the text itself must not be read."""
    try:
        parsed(text, defines)
    except InputError as error:
        said = str(error)
        assert "\n" not in said and said.count(": ") >= 1 and "; " in said and len(said) < 400
        return said
    raise AssertionError(f"it is read: {text[:200]!r}")
