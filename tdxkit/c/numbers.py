"""Macros of numbers: min(), clamp(), round_up(), BIT(), DIV_ROUND_UP(), ARRAY_SIZE() and kin [linux-macros].

Operands are taken once. Two meet in the type that C's arithmetic gives them; in the _t forms the type is named.
"""

import ast

from tdxkit.c.flow import call, constant, name
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.numbers import PLAIN
from tdxkit.c.places import Value
from tdxkit.c.types import INT, INTS, LONG, ULONG, Array, Int, common, promoted

SOURCES = ("linux-macros",)
MANY = {
    "min": "min",
    "max": "max",
    "umin": "min",
    "umax": "max",
    "min_not_zero": "min_not_zero",
    "min3": "min",
    "max3": "max",
    "clamp": "clamp",
    "clamp_val": "clamp",
}
TYPED = {"min_t": "min", "max_t": "max", "clamp_t": "clamp"}
ROUNDS = ("round_up", "round_down", "ALIGN", "ALIGN_DOWN", "roundup", "rounddown", "DIV_ROUND_UP", "DIV_ROUND_UP_ULL", "DIV_ROUND_CLOSEST", "PAGE_ALIGN", "IS_ALIGNED", "GENMASK",
          "GENMASK_ULL", "BIT", "BIT_ULL", "BIT_MASK", "BIT_WORD", "upper_32_bits", "lower_32_bits", "abs", "ilog2", "hweight32", "hweight64", "hweight_long",
          "fls", "ffs", "__ffs", "__fls", "is_power_of_2", "FIELD_GET", "FIELD_PREP", "roundup_pow_of_two", "rounddown_pow_of_two", "array_index_nospec", "in_range", "BITS_TO_LONGS", "div64_u64", "div_u64", "order_base_2")  # fmt: skip
RESULTS: dict[str, Int] = dict.fromkeys(
    (
        "GENMASK",
        "BIT",
        "BIT_MASK",
        "BIT_WORD",
        "BITS_TO_LONGS",
        "roundup_pow_of_two",
        "rounddown_pow_of_two",
        "__ffs",
        "__fls",
        "PAGE_ALIGN",
    ),
    ULONG,
)
RESULTS |= dict.fromkeys(
    ("GENMASK_ULL", "BIT_ULL", "DIV_ROUND_UP_ULL", "div64_u64", "div_u64"), INTS["unsigned long long"]
)
RESULTS |= dict.fromkeys(("IS_ALIGNED", "in_range", "ilog2", "fls", "ffs", "is_power_of_2", "order_base_2"), INT)
RESULTS |= dict.fromkeys(("upper_32_bits", "lower_32_bits", "hweight32"), INTS["unsigned int"])
RESULTS |= dict.fromkeys(("hweight64", "hweight_long"), ULONG)


class Numbers:
    """The macros of numbers in one routine."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = (
            dict.fromkeys(MANY, self._met) | dict.fromkeys(TYPED, self._typed) | dict.fromkeys(ROUNDS, self._plain)
        )
        self.words |= {
            "typecheck": lambda node, word, args: Value(constant(1), INT),
            "ARRAY_SIZE": self._count,
            "IS_ERR_VALUE": self._is_error,
            "sizeof_field": self._size,
        }

    def _numbers(self, args: list) -> list[Value]:
        found = []
        for arg in args:
            value = self.values.number(arg)
            found.append(Value(self.r.temp(value.code), value.type))
        return found

    def _met(self, node, word: str, args: list) -> Value:
        values = self._numbers(args)
        kind = values[0].type
        for value in values[1:]:
            kind = common(kind, value.type)  # type: ignore[arg-type]
        if word == "clamp_val":
            kind = values[0].type
        if word[0] == "u":
            kind = INTS["unsigned long long"]
        return self._picked(MANY[word], values, kind, node)

    def _typed(self, node, word: str, args: list) -> Value:
        return self._picked(TYPED[word], self._numbers(args[1:]), self.declared.type_of(args[0]), node)

    def _picked(self, word: str, values: list[Value], kind, node) -> Value:
        given = [self.values.to(value, kind, node).code for value in values]
        return Value(self._run(word, given), kind)

    def _run(self, word: str, given: list[ast.expr]) -> ast.expr:
        program = PLAIN[word]
        if all(isinstance(code, ast.Constant) for code in given):
            try:
                return constant(program(None, *(code.value for code in given)))  # type: ignore[attr-defined]
            except AssertionError:
                pass  # it is told where it runs
        entry = Entry(f"the_{word}", program, steps=False)
        return self.r.temp(call(self.unit.kernel_word(entry), name("m"), *given))

    def _plain(self, node, word: str, args: list) -> Value:
        values = self._numbers(args)
        first = values[-1 if word == "FIELD_GET" else 0].type
        meet = promoted(first)  # type: ignore[arg-type]
        for value in values[1:] if word in ("DIV_ROUND_UP", "roundup", "rounddown", "DIV_ROUND_CLOSEST") else ():
            meet = common(meet, value.type)  # type: ignore[arg-type]
        kind = RESULTS.get(word, meet)
        made = Value(self._run(word, [value.code for value in values]), LONG)
        return Value(self.values.to(made, kind, node).code, kind)

    def _count(self, node, word: str, args: list) -> Value:
        kind = self.places.type_of(args[0])
        if not isinstance(kind, Array):
            raise self.declared.refuse(node, "`ARRAY_SIZE(…)`", "it is asked of an array", "name the array")
        return Value(constant(kind.count), ULONG)

    def _size(self, node, word: str, args: list) -> Value:
        kind = self.declared.type_of(args[0])
        return Value(constant(kind.members[args[1].name].type.size), ULONG)  # type: ignore[attr-defined]

    def _is_error(self, node, word: str, args: list) -> Value:
        (value,) = self._numbers(args)
        return Value(self._run("is_error", [value.code]), INT)
