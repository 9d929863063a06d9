"""Braces in expressions: `({ … })`, statements that come to a value, and `(TYPE){ … }`, an object without a name."""

from pycparser import c_ast

from tdxkit.c.addresses import on_stack
from tdxkit.c.flow import Block, assign, constant, name
from tdxkit.c.places import Place, Value
from tdxkit.c.routine import Scope
from tdxkit.c.spelt import spelt
from tdxkit.c.types import VOID, Type, Void

JUMPS = (c_ast.Return, c_ast.Goto, c_ast.Label)
STATEMENTS = (
    c_ast.Compound, c_ast.Decl, c_ast.DeclList, c_ast.If, c_ast.While, c_ast.DoWhile, c_ast.For, c_ast.Switch, c_ast.Break, c_ast.Continue,
    c_ast.EmptyStatement, c_ast.Typedef, c_ast.Pragma, c_ast.Case, c_ast.Default,
)  # fmt: skip


class Braced:
    """Those of one routine."""

    def __init__(self, statements):
        self.statements, self.locals = statements, statements.locals
        self.r, self.values, self.declared = statements.r, statements.values, statements.declared

    def value(self, node: c_ast.Compound) -> Value:
        """What `({ … })` comes to: its last expression's value, taken before its locals go."""
        self._stays(node)
        *items, last = node.block_items or [c_ast.EmptyStatement()]
        self.r.scopes.append(Scope(inside=True, end=self.r.end(node)))
        for item in items:
            self.statements.statement(item)
        value = Value(constant(0), VOID)
        if isinstance(last, STATEMENTS):
            self.statements.statement(last)
        else:
            value = self.values.of(last)
            value = value if isinstance(value.type, Void) else Value(self.r.temp(value.code), value.type)
        self.r.undo(len(self.r.scopes) - 1)
        self.r.scopes.pop()
        return value

    def _stays(self, node: c_ast.Node) -> None:
        """InputError for what would leave the braces otherwise than at their end, or come into them."""
        for _, child in node.children():
            if isinstance(child, JUMPS):
                raise self.declared.refuse(
                    child, spelt(child), "nobody jumps out of `({ … })` here, nor into it", "write a function"
                )
            self._stays(child)

    def literal(self, node: c_ast.CompoundLiteral) -> Place:
        """The object that `(TYPE){ … }` is, on the CPU's stack until its block ends."""
        kind, init = self.declared.sized(self.declared.type_of(node.type), node.init)
        if self.locals.shared(kind) or id(node) in self.statements.unit.escaping:
            return self._lent(node, kind, init)
        found = self.r.slot("", kind)
        self.locals.filled(found.at, kind, init)
        return Place(kind, pointer=on_stack(found.at))

    def _lent(self, node: c_ast.CompoundLiteral, kind: Type, init: c_ast.InitList) -> Place:
        """The same, where others may come to it: however often its block comes to it, it is one object until the block ends."""
        r, begun, new, on = self.r, Block(), Block(), Block()
        decl = c_ast.Decl(f"({kind}){{}}", [], [], [], [], node.type, init, None, node.coord)
        word, kept = r.variable(), r.variable()
        r.entry.body.insert(0, assign(word, constant(None)))
        r.branch(name(word), begun, new)
        r.at = new
        r.scopes[-1].undo.append(lambda: r.emit(assign(word, constant(None))))
        r.emit(assign(word, self.locals.lend(decl, kind)))
        r.jump(on)
        r.at = begun
        self.locals.again(decl, kind)
        r.jump(on)
        r.at = on
        r.emit(assign(kept, name(word)))  # a value outlives the block
        return Place(kind, pointer=name(kept))
