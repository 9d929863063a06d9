"""switch: which case a value leads to; what stands before the first case is reached by a goto only."""

import ast

from pycparser import c_ast

from tdxkit.c.flow import Block, constant
from tdxkit.c.forms import is_range
from tdxkit.c.types import Int, promoted


class Switches:
    """The switches of one routine."""

    def __init__(self, statements):
        self.statements, self.r, self.declared, self.values = (
            statements,
            statements.r,
            statements.declared,
            statements.values,
        )
        self.cases: dict[int, Block] = {}  # of the switches that were met, by the node

    def switch(self, node: c_ast.Switch) -> None:
        """A switch."""
        value = self.values.number(node.cond)
        assert isinstance(value.type, Int), "it is an integer"
        seen: dict[object, c_ast.Node] = {}
        value = self.values.to(value, promoted(value.type), node)
        code, after, cases = self.r.temp(value.code), Block(), list(_cases(node.stmt))
        blocks = {id(case): Block() for case in cases}
        default = after
        for case in cases:
            if isinstance(case, c_ast.Default):
                default = blocks[id(case)]
                self._once(seen, None, case, "default")
                continue
            ends = case.expr.args.exprs if is_range(case.expr) else [case.expr]
            numbers = [value.type.wrap(self.declared.constant(end)) for end in ends]
            self._once(seen, tuple(numbers), case, f"case {' ... '.join(map(str, numbers))}")
            miss = Block()
            low, high = constant(numbers[0]), constant(numbers[-1])
            fits = (
                ast.Compare(low, [ast.LtE(), ast.LtE()], [code, high])
                if len(ends) > 1
                else ast.Compare(code, [ast.Eq()], [low])
            )
            self.r.branch(fits, blocks[id(case)], miss)
            self.r.at = miss
        self.r.jump(default)
        self.cases |= blocks
        self.statements.body(node.stmt, after, None)
        self.r.jump(after)
        self.r.at = after

    def _once(self, seen: dict, value: object, node: c_ast.Node, said: str) -> None:
        """InputError where a switch has a case a second time."""
        if value in seen:
            raise self.declared.refuse(
                node, f"`{said}`", f"the switch has it at {self.declared.at(seen[value])} already", "take one out"
            )
        seen[value] = node

    def case(self, node: c_ast.Case | c_ast.Default) -> None:
        """A case, or the default."""
        if id(node) not in self.cases:
            raise self.declared.refuse(
                node, "`case`" if isinstance(node, c_ast.Case) else "`default`", "it stands in no switch", "take it out"
            )
        self.r.begin(self.cases[id(node)])
        for item in node.stmts or []:
            self.statements.statement(item)


def _cases(node: c_ast.Node):
    """The cases of a switch, not those of one inside."""
    for _, child in node.children():
        if isinstance(child, (c_ast.Case, c_ast.Default)):
            yield child
        if not isinstance(child, c_ast.Switch):
            yield from _cases(child)
