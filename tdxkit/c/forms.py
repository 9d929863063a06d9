"""What an expression is by its form."""

from pycparser import c_ast

EACH_CPUS = ("per_cpu", "get_cpu_var")  # calls that stand for a variable


def is_place(node: c_ast.Node) -> bool:
    """Can it be assigned to, by its form?"""
    if isinstance(node, c_ast.FuncCall):
        return getattr(node.name, "name", "") in EACH_CPUS
    follows = isinstance(node, c_ast.UnaryOp) and node.op == "*"
    return follows or isinstance(node, (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef, c_ast.CompoundLiteral))


def says_volatile(node: c_ast.Node | None) -> bool:
    """Is it a declaration or declarator of something volatile: itself, or what an array of it has?"""
    if isinstance(node, (c_ast.PtrDecl, c_ast.FuncDecl)) or node is None:
        return "volatile" in (getattr(node, "quals", None) or [])
    inner = getattr(node, "type", None) if isinstance(node, (c_ast.Decl, c_ast.ArrayDecl, c_ast.TypeDecl)) else None
    return "volatile" in (getattr(node, "quals", None) or []) or says_volatile(inner)


def is_volatile(node: c_ast.Node) -> bool:
    """Is it a cast to a pointer to something volatile, as READ_ONCE() was written before it had a name?"""
    pointed = node.to_type.type if isinstance(node, c_ast.Cast) else None
    return isinstance(pointed, c_ast.PtrDecl) and "volatile" in (getattr(pointed.type, "quals", None) or [])


def is_same(node: c_ast.TernaryOp) -> bool:
    """Is it `a ?: b`, as the front writes it?"""
    return isinstance(node.iftrue, c_ast.ID) and node.iftrue.name == "__same"


def calls(node: c_ast.Node, *words: str) -> bool:
    """Is it a call of one of these?"""
    return isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.name.name in words


def is_range(node: c_ast.Node) -> bool:
    """Is it `1 ... 5`, as the front writes it?"""
    return calls(node, "__range")
