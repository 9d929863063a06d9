"""C's operators on integers: the type in which two meet, and the value that comes of it. Signed arithmetic wraps.

What C leaves open is a defect of the text: dividing by zero, shifting by a negative amount or by all the bits there are.
"""

from collections.abc import Callable

from tdxkit.c.types import INT, Int, common, promoted


class Defect(AssertionError):
    """What a text must not do, met while it runs: the step breaks it, and its CPU goes no further."""


def divided(a: int, b: int) -> int:
    """a / b in C: towards zero."""
    if not b:
        raise Defect("division by zero")
    return -(-a // b) if (a < 0) != (b < 0) else a // b


def remainder(a: int, b: int) -> int:
    """a % b in C: it has the sign of a."""
    return a - b * divided(a, b)


def whole_quotient(a: int, b: int, bits: int) -> int:
    """a where a / b of signed integers of so many bits is one too; the one that is not ends in a trap of x86, as division by zero does."""
    if b == -1 and a == -(1 << (bits - 1)):
        raise Defect(f"a division of {a} by -1, whose quotient has no {bits} bits")
    return a


def shifted_left(a: int, b: int, bits: int) -> int:
    """a << b, before it is wrapped; `bits` are those of a's type."""
    _in_range(b, bits)
    return a << b


def shifted_right(a: int, b: int, bits: int) -> int:
    """a >> b; of a negative number it keeps the sign, as gcc has it."""
    _in_range(b, bits)
    return a >> b


def _in_range(b: int, bits: int) -> None:
    if not 0 <= b < bits:
        raise Defect(f"a shift by {b} of {bits} bits")


ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "/": divided,
    "%": remainder,
}
COMPARED: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
SHIFTS = {"<<": shifted_left, ">>": shifted_right}


def result(op: str, one: Int, other: Int) -> Int:
    """The type of `a op b`; of a comparison that is int, whatever was compared."""
    if op in COMPARED:
        return INT
    return promoted(one) if op in SHIFTS else common(one, other)


def binary(op: str, a: int, one: Int, b: int, other: Int) -> tuple[int, Int]:
    """The value and type of `a op b`."""
    if op in SHIFTS:
        kind = promoted(one)
        return kind.wrap(SHIFTS[op](a, b, kind.bits)), kind
    meet = common(one, other)
    if op in COMPARED:
        return int(COMPARED[op](meet.wrap(a), meet.wrap(b))), INT
    if op in "/%" and meet.signed:
        whole_quotient(meet.wrap(a), meet.wrap(b), meet.bits)
    return meet.wrap(ARITHMETIC[op](meet.wrap(a), meet.wrap(b))), meet
