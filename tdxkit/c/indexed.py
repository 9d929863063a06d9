"""Loops over an XArray: xa_for_each() and kin. Each round looks at the XArray again, from the index after the last on [linux-xarray]."""

import ast

from pycparser import c_ast

from tdxkit.c.flow import Block, assign, call, constant, name
from tdxkit.c.places import Value
from tdxkit.c.types import INT, ULONG

SOURCES = ("linux-xarray",)
MOST = (1 << 64) - 1
LOOPS = {"xa_for_each": 3, "xa_for_each_start": 4, "xa_for_each_range": 5}  # and how many arguments each has


class Indexed:
    """The loops over XArrays of one routine."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places

    def walk(self, node: c_ast.For, word: str, args: list, body) -> None:
        """A loop; `body(leave, again)` is its body. At its end the entry is NULL."""
        if len(args) != LOOPS[word]:
            raise self.declared.refuse(node, f"`{word}(…)`", f"it takes {LOOPS[word]} arguments", "correct the loop")
        where = self.r.variable()
        self.r.emit(assign(where, self.values.of(args[0]).code))
        first, last = (
            self._number(args[at]) if len(args) > at else constant(otherwise) for at, otherwise in ((3, 0), (4, MOST))
        )
        now, found = self.r.variable(), self.r.variable()
        self.r.emit(assign(now, first))
        again, inside, over, on, after = Block(), Block(), Block(), Block(), Block()
        self.r.begin(again)
        entry = self.unit.kernel.functions["the_xa_find"]
        self.r.emit(assign(found, self.calls.run(entry, [name(where), name(now), last], INT).code))
        self.r.branch(name(found), inside, over)
        self.r.at = inside
        index, entry_ = (ast.Subscript(name(found), constant(k), ast.Load()) for k in (0, 1))
        self.r.emit(assign(now, ast.BinOp(index, ast.Add(), constant(1))))
        self._gives(args[1], ast.Subscript(name(found), constant(0), ast.Load()))
        self._gives(args[2], entry_)
        body(after, on)
        self.r.begin(on)
        self.r.do(call("again"))
        self.r.jump(again)
        self.r.at = over
        self._gives(args[2], constant(0))
        self.r.jump(after)
        self.r.at = after

    def _number(self, node: c_ast.Node) -> ast.expr:
        return self.r.temp(self.values.to(self.values.number(node), ULONG, node).code)

    def _gives(self, variable: c_ast.Node, code: ast.expr) -> None:
        place = self.places.place(variable)
        self.places.store(place, Value(self.r.temp(code), place.type), variable)
