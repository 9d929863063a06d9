"""Local variables: what a declaration makes, and what it begins with."""

import ast

from pycparser import c_ast

from tdxkit.c.flow import BASE, STACK, assign, call, constant, name
from tdxkit.c.places import Place, on_stack
from tdxkit.c.routine import Local
from tdxkit.c.types import Atomic, Function, Kernels, Lock, Struct, Type, whole


class Locals:
    """The declarations of one routine."""

    def __init__(self, statements):
        self.r, self.values = statements.r, statements.values
        self.declared, self.unit, self.calls = statements.declared, statements.unit, statements.calls

    def declare(self, node: c_ast.Decl) -> None:
        """A declaration: a name, and what it begins with."""
        r = self.r
        kind = self._declared_type(node)
        if node.name is None or isinstance(kind, Function) or "extern" in (node.storage or []):
            return
        if node.name in r.scopes[-1].names:
            raise self.declared.refuse(
                node, f"`{node.name}`", "this block has a variable of this name already", "rename one"
            )
        kind, init = self.declared.sized(kind, node.init)
        node.init = init
        whole(self.declared.at(node), kind)
        if "static" in (node.storage or []):
            variable = self.declared.static(node, kind, r.title)
            self.unit.share(variable)
            r.scopes[-1].names[node.name] = variable
            return
        found, value = r.declare(node.name, kind), None  # its own initialiser may ask for its size
        init = None if isinstance(kind, (Kernels, Lock, Atomic)) else node.init
        if init is not None and not isinstance(init, c_ast.InitList) and not isinstance(kind, Struct):
            self.calls.wanted = kind
            value = self.values.to(self.values.of(init), kind, node)
        if isinstance(found, Local):
            r.emit(assign(found.word, constant(None) if value is None else value.code))
        elif value is not None:
            self.values.places.store(Place(kind, pointer=on_stack(found.at)), value, node)
        elif isinstance(init, c_ast.InitList):
            self._filled(found.at, kind, init)
        elif init is not None:
            self.values.of(c_ast.Assignment("=", c_ast.ID(node.name, node.coord), node.init, node.coord))
        else:
            self._emptied(found.at, kind)

    def _declared_type(self, node: c_ast.Decl) -> Type:
        """The type of a declaration; one that is left to its initialiser is that."""
        inner = node.type
        if isinstance(inner, c_ast.TypeDecl) and type(inner.type).__name__ == "InferredType":
            return self.values.places.type_of(node.init)
        return self.declared.type_of(node.type)

    def _emptied(self, at: int, kind: Type) -> None:
        """A local object begins with no values; what the kernel's functions alone touch begins as it does."""
        for k, (_, leaf) in enumerate(kind.leaves()):
            first = getattr(leaf, "first", None)
            self.r.emit(
                assign(
                    STACK,
                    call("laid", name(STACK), ast.BinOp(name(BASE), ast.Add(), constant(at + k)), constant(first)),
                )
            )

    def _filled(self, at: int, kind: Type, init: c_ast.InitList) -> None:
        """A local object that begins with a list: what the list leaves out is 0."""
        for k, (_, leaf) in enumerate(kind.leaves()):
            first = getattr(leaf, "first", 0)
            self.r.emit(
                assign(
                    STACK,
                    call("laid", name(STACK), ast.BinOp(name(BASE), ast.Add(), constant(at + k)), constant(first)),
                )
            )
        for offset, leaf, node in self.declared.listed(kind, init):
            value = self.values.to(self.values.of(node), leaf, node)
            self.values.places.store(Place(leaf, pointer=on_stack(at + offset)), value, node)
