"""A piece of a text's tree as C again, for a line that names it."""

from pycparser import c_ast

from tdxkit.errors import printable

NOT_READ = {  # what pycparser reads: its name for it, what C calls it, and what to write
    "GenericSelection": ("`_Generic`", "it is not read", "write the branch that is meant"),
    "InitList": ("`{ … }`", "a list of values stands in a declaration", "assign the members one by one"),
    "Typename": ("a type", "a value is to stand here", "write one"),
}  # fmt: skip


def spelt(node: c_ast.Node) -> str:
    """The piece in backquotes, cut where it is long.

    >>> spelt(c_ast.BinaryOp("+", c_ast.ID("a"), c_ast.Constant("int", "1")))
    '`a + 1`'
    """
    from pycparser.c_generator import CGenerator  # nobody needs it but who is refused

    try:
        text = CGenerator().visit(node)
    except (RecursionError, AttributeError, TypeError):  # too deep for it, or a form that it does not know
        text = "…"
    return f"`{printable(' '.join(text.split()), 40)}`"
