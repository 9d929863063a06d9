"""Statements: if and switch, loops, goto in every direction, guards that are undone on each way out."""

import ast

from pycparser import c_ast

from tdxkit.c.braced import Braced
from tdxkit.c.calls import Calls
from tdxkit.c.certain import settle
from tdxkit.c.entries import BITS
from tdxkit.c.flow import BASE, MEMORY, STACK, Block, assign, call, constant, function, name, reached
from tdxkit.c.guards import SCOPED, Guards
from tdxkit.c.indexed import LOOPS
from tdxkit.c.locals import Locals
from tdxkit.c.places import Value
from tdxkit.c.reach import counts
from tdxkit.c.routine import Local, Routine, Scope, Slot
from tdxkit.c.switches import Switches
from tdxkit.c.types import Type, Void
from tdxkit.c.unit import Unit

BLOCKS = (c_ast.If, c_ast.While, c_ast.DoWhile, c_ast.Switch)  # a block each: an object in a condition lasts as long


class Statements:
    """The statements of one routine. `made()` is the generator function that it becomes."""

    def __init__(self, unit: Unit, node: c_ast.FuncDef):
        self.r = Routine(unit, node)
        self.calls = Calls(self.r)
        self.values, self.declared, self.unit = self.calls.values, unit.declared, unit
        self.guards, self.locals, self.switches = Guards(self), Locals(self), Switches(self)
        self.values.braced = Braced(self)
        self.declared.of_expression = self.values.places.type_of

    def made(self) -> ast.FunctionDef:
        """The function, as Python's tree."""
        r, decl = self.r, self.r.node.decl
        r.move(r.node)
        first = r.line
        params = decl.type.args.params if decl.type.args else []
        start: list[tuple[Slot, str]] = []
        lent: list[tuple[c_ast.Decl, Type]] = []
        for param, kind in zip(params, self.declared.takes[r.title].takes):
            word = param.name or f"unnamed_{len(r.params)}"
            if word in r.scopes[-1].names:
                raise self.declared.refuse(param, f"`{word}`", "there are two parameters of this name", "rename one")
            if id(param) in self.unit.escaping:
                lent.append((self.locals.taken(param, kind), kind))
                continue
            found = r.declare(word, kind)
            r.params.append(found.word if isinstance(found, Local) else f"c_{word}")
            if isinstance(found, Slot):
                start.append((found, f"c_{word}"))
        for slot, word in start:
            r.emit(
                assign(
                    STACK, call("laid", name(STACK), ast.BinOp(name(BASE), ast.Add(), constant(slot.at)), name(word))
                )
            )
        for made, kind in lent:
            self.locals.lend(made, kind)
        self.block(r.node.body)
        self.leave(None)
        self._jump_all()
        head = Block(line=first)
        head.body = [
            assign(BASE, call("len", name(STACK))),
            *([assign(STACK, ast.BinOp(name(STACK), ast.Add(), r.empty()))] if r.slots else []),
        ]
        head.ways = (r.entry,)
        settle(reached(head), head, (MEMORY, STACK, *r.params))
        return function(self.unit.word(r.title), (MEMORY, STACK, *r.params), head, first)

    def leave(self, value: Value | None) -> None:
        """Return: undo what is to be undone, and give the value and the stack as it was."""
        r = self.r
        code = constant(None) if value is None else value.code
        if value is not None and any(scope.undo for scope in r.scopes):
            code = r.temp(code)
        r.undo(0)
        stack = ast.Subscript(name(STACK), ast.Slice(None, name(BASE), None), ast.Load()) if r.slots else name(STACK)
        r.emit(ast.Return(ast.Tuple([code, stack], ast.Load())))
        r.at = Block()

    # statements

    def block(self, node: c_ast.Compound) -> None:
        """A block with names of its own."""
        self.r.scopes.append(Scope(end=self.r.end(node)))
        for item in node.block_items or []:
            self.statement(item)
        depth = len(self.r.scopes) - 1
        self.r.undo(depth)
        self.r.scopes.pop()

    def statement(self, node: c_ast.Node) -> None:
        """Any statement of the text."""
        self.r.move(node)
        if counts(node):
            self.r.mark(node)
        self.without_mark(node)

    def without_mark(self, node: c_ast.Node) -> None:
        """The same, or one that stands for what the text leaves to the compiler."""
        self.r.move(node)
        how = getattr(self, f"_{type(node).__name__}", None)
        if isinstance(node, BLOCKS):
            self.r.scopes.append(Scope())
            how(node)  # type: ignore[misc]
            self.r.undo(len(self.r.scopes) - 1)
            self.r.scopes.pop()
        elif how is not None:
            how(node)
        elif isinstance(node, c_ast.FuncCall) and self.guards.guards(node):
            pass
        else:
            self.values.of(node)

    def _Compound(self, node: c_ast.Compound) -> None:
        self.block(node)

    def _EmptyStatement(self, node: c_ast.EmptyStatement) -> None:
        pass

    def _Pragma(self, node: c_ast.Pragma) -> None:
        pass

    def _StaticAssert(self, node: c_ast.StaticAssert) -> None:
        self.declared.asserted(node, "static_assert", node.cond, True)

    def _Typedef(self, node: c_ast.Typedef) -> None:
        self.declared.types[node.name] = self.declared.type_of(node.type)

    def _DeclList(self, node: c_ast.DeclList) -> None:
        for decl in node.decls:
            self.statement(decl)

    def _Decl(self, node: c_ast.Decl) -> None:
        self.locals.declare(node)

    def _If(self, node: c_ast.If) -> None:
        yes, no, after = Block(), Block(), Block()
        self.values.truth(node.cond, yes, no)
        for block, side in ((yes, node.iftrue), (no, node.iffalse)):
            self.r.at = block
            if side is not None:
                self._alone(side)
            self.r.jump(after)
        self.r.at = after

    def _alone(self, node: c_ast.Node) -> None:
        """A statement that is a block of its own, as the body of an if."""
        self.r.scopes.append(Scope())
        self.statement(node)
        self.r.undo(len(self.r.scopes) - 1)
        self.r.scopes.pop()

    def body(self, node: c_ast.Node, leave: Block, again: Block | None) -> None:
        """The body of a loop or switch."""
        self.r.scopes.append(Scope(leave=leave, again=again))
        self.statement(node)
        self.r.undo(len(self.r.scopes) - 1)
        self.r.scopes.pop()

    def _round(self, to: Block) -> None:
        """Back to the beginning of a loop."""
        self.r.do(call("again"))
        self.r.jump(to)

    def _While(self, node: c_ast.While) -> None:
        if (
            isinstance(node.cond, c_ast.FuncCall)
            and isinstance(node.cond.name, c_ast.ID)
            and node.cond.name.name == SCOPED
        ):
            return self.guards.scoped(node)
        head, body, after = Block(), Block(), Block()
        self.r.begin(head)
        self.values.truth(node.cond, body, after)
        self.r.at = body
        self.body(node.stmt, after, head)
        self._round(head)
        self.r.at = after
        return None

    def _DoWhile(self, node: c_ast.DoWhile) -> None:
        body, test, back, after = Block(), Block(), Block(), Block()
        self.r.begin(body)
        self.body(node.stmt, after, test)
        self.r.begin(test)
        self.values.truth(node.cond, back, after)
        self.r.at = back
        self._round(body)
        self.r.at = after

    def _For(self, node: c_ast.For) -> None:
        init = node.init
        if isinstance(init, c_ast.FuncCall) and isinstance(init.name, c_ast.ID) and "for_each" in init.name.name:
            return self._each(node, init.name.name, init.args.exprs)
        self.r.scopes.append(Scope())
        if node.init is not None:
            self.statement(node.init)
        head, body, step, after = Block(), Block(), Block(), Block()
        self.r.begin(head)
        if node.cond is not None:
            self.values.truth(node.cond, body, after)
            self.r.at = body
        self.body(node.stmt, after, step)
        self.r.begin(step)
        if node.next is not None:
            self.values.of(node.next)
        self._round(head)
        self.r.at = after
        self.r.undo(len(self.r.scopes) - 1)
        self.r.scopes.pop()

    def _Switch(self, node: c_ast.Switch) -> None:
        self.switches.switch(node)

    def _each(self, node: c_ast.For, word: str, args: list) -> None:
        """A loop that is a macro of the kernel's, over a list, an XArray or the bits of a word."""
        word, entries = word.lstrip("_"), self.calls.entries
        if word in BITS:
            return self._For(entries.bits(node, word, args))
        walk = self.calls.indexed.walk if word in LOOPS else entries.loop
        return walk(node, word, args, lambda leave, again: self.body(node.stmt, leave, again))

    def _Case(self, node: c_ast.Case | c_ast.Default) -> None:
        self.switches.case(node)

    _Default = _Case

    def _Break(self, node: c_ast.Break) -> None:
        self._out(node, "break", "leave")

    def _Continue(self, node: c_ast.Continue) -> None:
        self._out(node, "continue", "again")

    def _out(self, node: c_ast.Node, word: str, where: str) -> None:
        for depth in range(len(self.r.scopes) - 1, -1, -1):
            if (to := getattr(self.r.scopes[depth], where)) is not None:
                self.r.undo(depth)
                return self.r.jump(to)
            if self.r.scopes[depth].inside:
                break
        raise self.declared.refuse(node, f"`{word}`", "it stands in no loop", "take it out")

    def _Return(self, node: c_ast.Return) -> None:
        returns = self.r.returns
        value = None
        if node.expr is not None:
            if isinstance(node.expr, c_ast.FuncCall):
                self.calls.wanted = returns
            value = self.values.to(self.values.of(node.expr), returns, node)
        self.leave(None if isinstance(returns, Void) else value)

    def _Label(self, node: c_ast.Label) -> None:
        block = Block()
        self.r.begin(block)
        if node.name in self.r.labels:
            raise self.declared.refuse(node, f"`{node.name}:`", "there are two labels of this name", "rename one")
        self.r.labels[node.name] = block, list(self.r.scopes)
        self.statement(node.stmt)

    def _Goto(self, node: c_ast.Goto) -> None:
        """The jump is made when all labels are known; until then this is where it begins."""
        start = Block()
        self.r.begin(start)
        self.r.jumps.append((node, start, list(self.r.scopes), self.r.line))
        self.r.at = Block()

    def _jump_all(self) -> None:
        r = self.r
        for node, start, scopes, line in r.jumps:
            found = r.labels.get(node.name)
            if found is None:
                raise self.declared.refuse(node, f"`goto {node.name}`", "there is no such label", "correct the name")
            to, there = found
            common = sum(1 for _ in _alike(scopes, there))
            if any(scope.undo for scope in there[common:]):
                raise self.declared.refuse(
                    node, f"`goto {node.name}`", "it jumps past a guard", "put the label before it"
                )
            r.at, r.scopes, r.line = start, scopes, line
            r.undo(common)
            if line >= to.line:
                r.do(call("again"))
            r.jump(to)


def _alike(one: list, other: list):
    for a, b in zip(one, other):
        if a is not b:
            return
        yield a
