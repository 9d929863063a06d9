"""Sizes of what a text allocates and where members lie: struct_size(), array_size(), offsetof(); sums that say whether they overflow [linux-macros].

A size that does not fit is the largest there is, so that its allocation fails.
"""

import ast

from pycparser import c_ast

from tdxkit.c.flow import call, constant
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.operators import truth_of
from tdxkit.c.places import Place, Value
from tdxkit.c.types import INT, ULONG, Array, Int, Struct, Type
from tdxkit.c.widths import WRAPS

SOURCES = ("linux-macros",)
MOST = (1 << 64) - 1
ARITHMETIC = {
    "array_size": lambda m, a, b: min(a * b, MOST), "size_mul": lambda m, a, b: min(a * b, MOST), "size_add": lambda m, a, b: min(a + b, MOST),
    "array3_size": lambda m, a, b, c: min(a * b * c, MOST), "size_sub": lambda m, a, b: MOST if MOST in (a, b) or b > a else a - b,
}  # fmt: skip
OVERFLOWS = {"check_add_overflow": ast.Add, "check_sub_overflow": ast.Sub, "check_mul_overflow": ast.Mult}


class Sizes:
    """The sizes that one routine asks for."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = dict.fromkeys(ARITHMETIC, self._sum) | dict.fromkeys(OVERFLOWS, self._overflows)
        self.words |= {
            "struct_size": self._struct,
            "struct_size_t": self._struct,
            "flex_array_size": self._flexible,
            "offsetof": self._offset,
        }

    def _unsigned(self, node: c_ast.Node) -> ast.expr:
        return self.r.temp(self.values.to(self.values.number(node), ULONG, node).code)

    def _run(self, word: str, given: list[ast.expr]) -> Value:
        if all(isinstance(code, ast.Constant) for code in given):
            return Value(constant(ARITHMETIC[word](None, *(code.value for code in given))), ULONG)  # type: ignore[attr-defined]
        entry = Entry(f"the_{word}", ARITHMETIC[word], "v" * len(given), ULONG, steps=False)
        return self.calls.run(entry, given, ULONG)

    def _sum(self, node, word: str, args: list) -> Value:
        return self._run(word, [self._unsigned(arg) for arg in args])

    def whole(self, word: str, args: list) -> tuple[Type, Array]:
        """The struct and its array of a struct_size(p, member, count) or flex_array_size()."""
        kind = self.declared.type_of(args[0]) if word == "struct_size_t" else self.places.pointee(Value(constant(0), self.places.type_of(args[0])), args[0])  # fmt: skip
        member = kind.members.get(args[1].name) if isinstance(kind, Struct) and isinstance(args[1], c_ast.ID) else None
        if member is None or not isinstance(member.type, Array):
            raise self.declared.refuse(
                args[1], "this member", f"{kind} has no such array here", "paste the struct's definition"
            )
        return kind, member.type

    def _struct(self, node, word: str, args: list) -> Value:
        kind, array = self.whole(word, args)
        return self._run("size_add", [constant(kind.size), self.product(args[2], array.of.size)])

    def product(self, number: c_ast.Node, size: int) -> ast.expr:
        """The bytes of so many elements."""
        return self._run("array_size", [self._unsigned(number), constant(size)]).code

    def _flexible(self, node, word: str, args: list) -> Value:
        _, array = self.whole(word, args)
        return Value(self.product(args[2], array.of.size), ULONG)

    def _offset(self, node, word: str, args: list) -> Value:
        _, byte = self.declared.within(self.declared.type_of(args[0]), args[1])
        return Value(constant(byte), ULONG)

    def _overflows(self, node, word: str, args: list) -> Value:
        """check_add_overflow(a, b, d): what fits is in *d, and whether that is not the sum."""
        one, other = (self.r.temp(self.values.number(arg).code) for arg in args[:2])
        pointer = self.values.of(args[2])
        kind = self.places.pointee(pointer, args[2])
        if not isinstance(kind, Int):
            raise self.declared.refuse(args[2], f"a {kind}", "an integer stands here", "give the address of one")
        exact = self.r.temp(ast.BinOp(one, OVERFLOWS[word](), other))
        fits = self.r.temp(call(WRAPS[kind.bits, kind.signed], exact))
        self.places.store(Place(kind, pointer=self.r.temp(pointer.code)), Value(fits, kind), node)
        return Value(truth_of(ast.Compare(exact, [ast.NotEq()], [fits])), INT)
