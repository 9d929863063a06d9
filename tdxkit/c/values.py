"""Expressions: what is read and written, in which order, and what comes of it.

Each access of a shared cell is a step of its own. Operands are taken from left to right, which C leaves open; of an assignment the right side
comes first, then where it goes. An expression becomes Python that has no step in it and can be written anywhere behind the steps it needs.
"""

import ast
from typing import Any

from pycparser import c_ast

from tdxkit.c.cpus import CURRENT
from tdxkit.c.flow import Block, assign, constant, name
from tdxkit.c.forms import is_same
from tdxkit.c.initial import TEXT
from tdxkit.c.known import LIST
from tdxkit.c.literals import number, type_of_constant
from tdxkit.c.operators import Operators, is_truth, truth_of, wrapped
from tdxkit.c.places import Places, Value
from tdxkit.c.routine import Fixed, Routine
from tdxkit.c.spelt import NOT_READ, spelt
from tdxkit.c.typed import ALIGNED
from tdxkit.c.types import (
    CHAR,
    INT,
    ULONG,
    VOID,
    Int,
    Pointer,
    Struct,
    Type,
    Void,
    common,
    measured,
    promoted,
    whole,
)
from tdxkit.errors import InputError

NAMES_OF_FUNCTIONS = ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__")
OF_TEXT = Pointer(CHAR)


class Values(Operators):
    """The expressions of one routine."""

    def __init__(self, routine: Routine, calls):
        self.r, self.calls = routine, calls
        self.declared, self.unit = routine.declared, routine.unit
        self.places = Places(routine, self)
        self.braced: Any = None  # what knows statements puts itself here

    def refuse(self, node: c_ast.Node, what: str, rule: str, action: str) -> InputError:
        """What cannot be read, in one line."""
        return self.declared.refuse(node, what, rule, action)

    # values

    def of(self, node: c_ast.Node) -> Value:
        """The value of an expression; its steps are taken."""
        self.r.move(node)
        how = getattr(self, f"_{type(node).__name__}", None)
        if how is None:
            said = NOT_READ.get(type(node).__name__, (spelt(node), "this is not read", "write it in plain C"))
            raise self.refuse(node, *said)
        return how(node)

    def number(self, node: c_ast.Node) -> Value:
        """The same, an integer."""
        return self.integer(self.of(node), node)

    def integer(self, value: Value, node: c_ast.Node) -> Value:
        """A value that must be an integer."""
        if not isinstance(value.type, Int):
            raise self.refuse(
                node,
                spelt(node),
                f"an integer stands here, and this is of type {value.type}",
                "convert it, or follow the pointer",
            )
        return value

    def _Constant(self, node: c_ast.Constant) -> Value:
        if node.type == "string" or node.value[:1] == '"':
            return Value(constant(TEXT), OF_TEXT)
        value, kind = number(node, self.declared)
        return Value(constant(value), kind)

    def _ID(self, node: c_ast.ID) -> Value:
        found = self.r.find(node.name)
        if isinstance(found, Fixed):
            return Value(found.code, found.type)
        if found is not None:
            return self.places.load(self.places.place(node), node)
        if node.name in self.declared.constants or node.name in ("true", "false"):
            value, kind = self.declared.folded(node)
            return Value(constant(value), kind)
        if node.name in self.unit.kernel.constants:
            value = self.unit.kernel.constants[node.name]
            if node.name == "NULL" or not isinstance(value, int):
                return Value(constant(value), Pointer(VOID) if node.name == "NULL" else ULONG)
            kind = type_of_constant(node.name, value)
            return Value(constant(kind.wrap(value)), kind)
        if node.name == CURRENT:
            return self.calls.cpus.task()
        if node.name in NAMES_OF_FUNCTIONS:
            return Value(constant(TEXT), OF_TEXT)
        if self.calls.is_function(node.name):
            raise self.refuse(
                node, f"`{node.name}`", "a function is called, not passed on", "call it where it is passed to"
            )
        out = self.unit.kernel.way_out(node.name, self.declared, False, self.r.writes(node.name), self.r.known_here())
        raise self.refuse(node, f"`{node.name}`", "it is not declared", out)

    def _StructRef(self, node: c_ast.StructRef) -> Value:
        return self.places.load(self.places.place(node), node)

    _ArrayRef = _StructRef

    def _Cast(self, node: c_ast.Cast) -> Value:
        value, kind = self.of(node.expr), self.declared.type_of(node.to_type)
        return self.to(value, kind, node)

    def _ExprList(self, node: c_ast.ExprList) -> Value:
        *before, last = node.exprs
        for one in before:
            self.of(one)
        return self.of(last)

    def _Compound(self, node: c_ast.Compound) -> Value:
        return self.braced.value(node)

    def _CompoundLiteral(self, node: c_ast.CompoundLiteral) -> Value:
        return self.places.load(self.places.place(node), node)

    def _FuncCall(self, node: c_ast.FuncCall) -> Value:
        return self.calls.value(node)

    def _TernaryOp(self, node: c_ast.TernaryOp) -> Value:
        yes, no, after, word = Block(), Block(), Block(), self.r.variable()
        same = self._same(node, yes, no)
        ends, kinds = [], []
        for block, side in ((yes, node.iftrue), (no, node.iffalse)):
            self.r.at = block
            value = same if same is not None and block is yes else self.of(side)
            ends.append((self.r.at, value))
            kinds.append(value.type)
        kind = self._of_two(kinds, [v for _, v in ends])
        for (end, value), side in zip(ends, (node.iftrue, node.iffalse)):
            self.r.at = end
            if not isinstance(kind, Void):
                self.r.emit(assign(word, self.to(value, kind, side).code))
            self.r.at.ways, self.r.at.line = (after,), self.r.line
        self.r.at = after
        return Value(name(word) if not isinstance(kind, Void) else constant(0), kind)

    def _same(self, node: c_ast.TernaryOp, yes: Block, no: Block) -> Value | None:
        """Which way a ternary goes; of `a ?: b` the value of a, taken once."""
        if not is_same(node):
            self.truth(node.cond, yes, no)
            return None
        value = self.of(node.cond)
        value = Value(self.r.temp(value.code), value.type)
        self.r.branch(value.code, yes, no)
        return value

    def _of_two(self, kinds: list[Type], values: list[Value]) -> Type:
        one, other = kinds
        if isinstance(one, Int) and isinstance(other, Int):
            return common(one, other)
        if isinstance(one, Void) or isinstance(other, Void):
            return VOID
        return other if isinstance(one, Int) or (isinstance(one, Pointer) and isinstance(one.to, Void)) else one

    def _Assignment(self, node: c_ast.Assignment) -> Value:
        if node.op == "=":
            if self.calls.assigns(node):
                return Value(constant(0), VOID)
            kind = self.places.type_of(node.lvalue)
            if isinstance(kind, Struct) or kind is LIST:
                return self._copied(node, kind)
            value = self.to(self.of(node.rvalue), kind, node)
            code = self.r.temp(value.code) if not _lasts(value.code) else value.code
            self.places.store(self.places.place(node.lvalue), Value(code, kind), node)
            return Value(code, kind)
        right = self.of(node.rvalue)
        right = Value(self.r.temp(right.code), right.type)  # it has its value before the old one is read
        place = self.places.opened(self.places.place(node.lvalue))
        old = self.places.load(place, node.lvalue)
        new = self.to(self.binary(node.op[:-1], old, right, node), place.type, node)
        code = self.r.temp(new.code)
        self.places.store(place, Value(code, place.type), node)
        return Value(code, place.type)

    def _copied(self, node: c_ast.Assignment, kind: Type) -> Value:
        """A struct assigned as a whole: cell by cell. READ_ONCE() is of one that is a word."""
        does, read = self.calls.accesses.once(node.rvalue, kind)
        if (given := self.places.type_of(read)) is not kind:
            raise self.refuse(
                node,
                spelt(node),
                f"{kind} is assigned to, and this is of type {given}",
                "follow the pointer, or take the address",
            )
        source, target = (
            self.places.steady(self.places.place(read)),
            self.places.steady(self.places.place(node.lvalue)),
        )
        self.places.neighbours.copy(source, target, kind, node.rvalue, does)
        return Value(constant(0), VOID)

    def _UnaryOp(self, node: c_ast.UnaryOp) -> Value:
        if node.op == "&":
            return self.places.address(node.expr)
        if node.op == "*":
            return self.places.load(self.places.place(node), node)
        if node.op == "sizeof":
            return Value(constant(self._size(node.expr)), ULONG)
        if node.op in ALIGNED:
            return Value(constant(self.declared.alignment(node.expr)), ULONG)
        if node.op in ("++", "--", "p++", "p--"):
            return self._counted(node)
        if node.op == "!":
            return Value(truth_of(ast.UnaryOp(ast.Not(), self.of(node.expr).code)), INT)
        value = self.number(node.expr)
        kind = promoted(value.type)  # type: ignore[arg-type]
        value = self.to(value, kind, node)
        if node.op == "+":
            return value
        op: ast.unaryop = ast.USub() if node.op == "-" else ast.Invert()
        if isinstance(value.code, ast.Constant):
            return Value(constant(kind.wrap(-value.code.value if node.op == "-" else ~value.code.value)), kind)  # type: ignore[operator]
        return Value(wrapped(ast.UnaryOp(op, value.code), kind), kind)

    def _size(self, node: c_ast.Node) -> int:
        if isinstance(node, c_ast.Typename):
            return self.declared.size(node)
        if isinstance(node, c_ast.Constant) and node.value[:1] == '"':
            return len(node.value) - 1
        kind = self.places.type_of(node)
        return measured(
            self.declared.at(node), kind if isinstance(kind, Void) else whole(f"{self.declared.at(node)}: sizeof", kind)
        ).size

    def _counted(self, node: c_ast.UnaryOp) -> Value:
        place = self.places.opened(self.places.place(node.expr))
        old = self.places.load(place, node.expr)
        code = self.r.temp(old.code) if node.op[0] == "p" else old.code
        one = Value(constant(1), INT)
        new = self.to(self.binary("+" if "+" in node.op else "-", Value(code, old.type), one, node), place.type, node)
        value = self.r.temp(new.code)
        self.places.store(place, Value(value, place.type), node)
        return Value(code if node.op[0] == "p" else value, place.type)

    def _BinaryOp(self, node: c_ast.BinaryOp) -> Value:
        if node.op in ("&&", "||"):
            return self._both(node)
        left = self.of(node.left)
        if not _lasts(left.code):
            left = Value(self.r.temp(left.code), left.type)
        return self.binary(node.op, left, self.of(node.right), node)

    def _both(self, node: c_ast.BinaryOp) -> Value:
        yes, no, after, word = Block(), Block(), Block(), self.r.variable()
        self.truth(node, yes, no)
        for block, answer in ((yes, 1), (no, 0)):
            self.r.at = block
            self.r.emit(assign(word, constant(answer)))
            self.r.at.ways, self.r.at.line = (after,), self.r.line
        self.r.at = after
        return Value(name(word), INT)

    # conditions

    def truth(self, node: c_ast.Node, yes: Block, no: Block) -> None:
        """Go on in one of two blocks, by the truth of an expression."""
        self.r.move(node)
        if isinstance(node, c_ast.UnaryOp) and node.op == "!":
            return self.truth(node.expr, no, yes)
        if isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||"):
            between = Block()
            self.truth(node.left, *((between, no) if node.op == "&&" else (yes, between)))
            self.r.at = between
            return self.truth(node.right, yes, no)
        code = self.of(node).code
        if isinstance(code, ast.Constant):
            self.r.jump(yes if code.value else no)
        else:
            self.r.branch(_bare(code), yes, no)
        return None


def _bare(code: ast.expr) -> ast.expr:
    """A truth as Python's `if` takes it."""
    return code.args[0] if is_truth(code) else code  # type: ignore[attr-defined]


def _lasts(code: ast.expr) -> bool:
    """Does an expression mean the same after what comes next?"""
    return isinstance(code, ast.Constant) or (isinstance(code, ast.Name) and code.id[:2] == "t_")
