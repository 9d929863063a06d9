"""Operators on values, and what a value becomes in another type."""

import ast

from pycparser import c_ast

from tdxkit.c import arithmetic
from tdxkit.c.flow import call, constant
from tdxkit.c.places import Value
from tdxkit.c.spelt import spelt
from tdxkit.c.types import BOOL, INT, LONG, Array, Int, Pointer, Type, Void, common
from tdxkit.c.widths import WRAPS

OPS: dict[str, ast.operator] = {
    "+": ast.Add(), "-": ast.Sub(), "*": ast.Mult(), "&": ast.BitAnd(), "|": ast.BitOr(), "^": ast.BitXor(),
}  # fmt: skip
COMPARES: dict[str, ast.cmpop] = {
    "==": ast.Eq(), "!=": ast.NotEq(), "<": ast.Lt(), ">": ast.Gt(), "<=": ast.LtE(), ">=": ast.GtE(),
}  # fmt: skip
CALLS = {"/": "div", "%": "mod", "<<": "shl", ">>": "shr"}


class Operators:
    """What Values has of operators; it gives `refuse`, `places` and `unit`."""

    def to(self, value: Value, kind: Type, node: c_ast.Node) -> Value:
        """A value as it is in another type."""
        if isinstance(kind, Void):
            return Value(value.code, kind)
        if isinstance(kind, Int) and isinstance(value.type, Int):
            return Value(self._fitted(value, kind), kind)
        if isinstance(kind, Pointer) and isinstance(value.type, (Pointer, Array, Int)):
            self.places.views.becomes(value, kind)
            as_number = isinstance(value.type, Int) and value.type.most > LONG.most
            return Value(_numbered(value.code, LONG) if as_number else value.code, kind)
        if isinstance(kind, Int) and isinstance(value.type, Pointer):
            return Value(truth_of(value.code) if kind is BOOL else _numbered(value.code, kind), kind)
        if kind is value.type:
            return value
        rule, action = f"it is of type {value.type}, and {kind} is wanted", "assign its members"
        raise self.refuse(node, spelt(node), rule, "return a value from it" if isinstance(value.type, Void) else action)

    def _fitted(self, value: Value, kind: Int) -> ast.expr:
        code, was = value.code, value.type
        assert isinstance(was, Int)
        if kind is BOOL or kind.name == "_Bool":
            return code if was.name == "_Bool" or is_truth(code) else truth_of(code)
        if isinstance(code, ast.Constant) and isinstance(code.value, int):
            return constant(kind.wrap(code.value))
        if is_truth(code) or (kind.least <= was.least and was.most <= kind.most):
            return code
        return wrapped(code, kind)

    def binary(self, op: str, left: Value, right: Value, node: c_ast.Node) -> Value:
        """The value of an operator on two values."""
        if not (isinstance(left.type, Int) and isinstance(right.type, Int)):
            return self._on_pointers(op, left, right, node)
        one, other = left.type, right.type
        if any(isinstance(v.code, ast.Constant) and not isinstance(v.code.value, int) for v in (left, right)):
            if op in ("==", "!="):
                return Value(truth_of(ast.Compare(left.code, [COMPARES[op]], [right.code])), INT)
            raise self.refuse(node, spelt(node), "an address is no number here", "compare pointers, or keep it one")
        if isinstance(left.code, ast.Constant) and isinstance(right.code, ast.Constant):
            try:
                value, kind = arithmetic.binary(op, left.code.value, one, right.code.value, other)  # type: ignore[arg-type]
                return Value(constant(value), kind)
            except arithmetic.Defect:
                pass  # it is told where it runs
        if op in COMPARES:
            meet = common(one, other)
            a, b = self.to(left, meet, node), self.to(right, meet, node)
            return Value(truth_of(ast.Compare(a.code, [COMPARES[op]], [b.code])), INT)
        meet = arithmetic.result(op, one, other)
        if op in ("<<", ">>"):
            a = self.to(left, meet, node)
            shifted = call(CALLS[op], a.code, right.code, constant(meet.bits))
            return Value(wrapped(shifted, meet) if op == "<<" else shifted, meet)
        a, b = self.to(left, meet, node), self.to(right, meet, node)
        if op in CALLS:
            over = b.code
            if meet.signed and not (isinstance(over, ast.Constant) and over.value != -1):
                over = self.r.temp(over)
                return Value(call(CALLS[op], call("quot", a.code, over, constant(meet.bits)), over), meet)
            return Value(call(CALLS[op], a.code, over), meet)
        if op not in OPS:
            raise self.refuse(node, f"`{op}`", "this operator is not read", "write it otherwise")
        code = ast.BinOp(a.code, OPS[op], b.code)
        return Value(code if op in "&|^" else wrapped(code, meet), meet)

    def _on_pointers(self, op: str, left: Value, right: Value, node: c_ast.Node) -> Value:
        if op in COMPARES:
            if op not in ("==", "!="):
                order = call("order", left.code, right.code)
                return Value(truth_of(ast.Compare(order, [COMPARES[op]], [constant(0)])), INT)
            if self.unit.careful:
                meets = call("meets", left.code, right.code)
                return Value(truth_of(meets if op == "==" else ast.UnaryOp(ast.Not(), meets)), INT)
            return Value(truth_of(ast.Compare(left.code, [COMPARES[op]], [right.code])), INT)
        if op == "+" and isinstance(left.type, Int):
            left, right = right, left
        if isinstance(left.type, Pointer) and isinstance(right.type, Int) and op in "+-":
            by = right.code if op == "+" else ast.UnaryOp(ast.USub(), right.code)
            return Value(self.places.views.along(left.code, by, left.type.to), left.type)
        if op == "-" and isinstance(left.type, Pointer) and isinstance(right.type, Pointer):
            return Value(self.places.views.apart(left, right), LONG)
        raise self.refuse(node, f"`{op}`", f"it does not go with a {left.type} and a {right.type}", "use integers")


def _numbered(code: ast.expr, kind: Int) -> ast.expr:
    """What may be an address, or the number of an error that stands for one, in a type: there an error is the number that the type has for it."""
    if isinstance(code, ast.Constant):
        return constant(kind.wrap(code.value)) if type(code.value) is int else code
    return code if isinstance(code, ast.Tuple) else call("numbered", code, constant(kind.bits), constant(kind.signed))


def wrapped(code: ast.expr, kind: Int) -> ast.expr:
    """A number as a type has it; gcc works with a wide bit-field in its own width."""
    if (kind.bits, kind.signed) in WRAPS:
        return call(WRAPS[kind.bits, kind.signed], code)
    return call("narrow", code, constant(kind.bits), constant(kind.signed))


def truth_of(code: ast.expr) -> ast.expr:
    """1 or 0."""
    if isinstance(code, ast.Constant):
        return constant(int(bool(code.value)))
    if isinstance(code, (ast.Compare, ast.UnaryOp)):
        return call("int", code)
    return call("int", call("bool", code))


def is_truth(code: ast.expr) -> bool:
    """Is it 1 or 0 by its form?"""
    return isinstance(code, ast.Call) and isinstance(code.func, ast.Name) and code.func.id == "int"
