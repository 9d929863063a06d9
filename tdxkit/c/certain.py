"""Which local variables surely have a value where they are read: the forward data flow. Only where one may have none is it looked at.

A variable is read as `known(c_x, "x")`; where each way there has set it, that becomes `c_x`.
"""

import ast
from collections.abc import Iterable

from tdxkit.c.flow import Block, nodes

KNOWN = "known"


def settle(blocks: Iterable[Block], entry: Block, given: Iterable[str]) -> None:
    """Take the looks away that are not needed; `given`: what has a value from the start."""
    blocks = list(blocks)
    before: dict[Block, frozenset[str]] = {entry: frozenset(given)}
    sets = {block: _set(block) for block in blocks}
    todo = [entry]
    while todo:
        block = todo.pop()
        after = before[block] | sets[block]
        for way in block.ways:
            known = before.get(way)
            new = after if known is None else known & after
            if new != known:
                before[way] = new
                todo.append(way)
    for block in blocks:
        certain = set(before[block])
        for at, statement in enumerate(block.body):
            block.body[at] = _Sure(certain).visit(statement)
            if isinstance(statement, ast.Assign):
                certain |= _names(statement)
        if block.test is not None:
            block.test = _Sure(certain).visit(block.test)


def _set(block: Block) -> frozenset[str]:
    return frozenset().union(*(_names(s) for s in block.body if isinstance(s, ast.Assign)))


def _names(statement: ast.Assign) -> set[str]:
    """What an assignment gives a value; a declaration without one takes it away, which is nobody's business here."""
    if isinstance(statement.value, ast.Constant) and statement.value.value is None:
        return set()
    return {n.id for target in statement.targets for n in nodes(target) if isinstance(n, ast.Name)}


class _Sure(ast.NodeTransformer):
    """Reads without a look, of these variables."""

    def __init__(self, certain: set[str]):
        self.certain = certain

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """known(c_x, "x") where x is certain."""
        self.generic_visit(node)
        looks = isinstance(node.func, ast.Name) and node.func.id == KNOWN
        return node.args[0] if looks and getattr(node.args[0], "id", "") in self.certain else node
