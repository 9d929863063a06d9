"""C's integers as x86-64 has them (LP64): widths, conversions, arithmetic that wraps, and the types that a tree names."""

from typing import NamedTuple

from pycparser import c_ast


class Unreadable(Exception):
    """The text is outside the C that the judge knows, or does what C leaves open."""


class Broken(Exception):
    """The program does what ends a run at once: args[0] is the kind of the defect."""


class Int(NamedTuple):
    """An integer type. `name` is "bool", or that of a kernel type whose values are integers."""

    bits: int
    signed: bool
    name: str = ""

    def fit(self, number: int | None) -> int:
        """The number converted to this type."""
        if number is None:
            raise Broken("uninitialised")
        if self.name == "bool":
            return int(number != 0)
        number &= (1 << self.bits) - 1
        return number - (1 << self.bits) if self.signed and number >> self.bits - 1 else number


class Pointer(NamedTuple):
    """To a scalar, or to an element of an array."""

    to: object


class Array(NamedTuple):
    """So many of one type."""

    of: object
    size: int


class Struct(NamedTuple):
    """Fields in order: (name, type)."""

    fields: tuple


VOID = None
INT, UINT, LONG, ULONG = Int(32, True), Int(32, False), Int(64, True), Int(64, False)
BOOL = Int(8, False, "bool")
SPINLOCK, MUTEX = Int(8, False, "spinlock"), Int(8, False, "mutex")
LOCKS = (SPINLOCK, MUTEX)
NAMED = {f"{sign}{bits}": Int(bits, sign == "s") for sign in "us" for bits in (8, 16, 32, 64)} | {
    "bool": BOOL,
    "_Bool": BOOL,
    "size_t": ULONG,
    "atomic_t": Int(32, True, "atomic"),
    "refcount_t": Int(32, False, "refcount"),
    "spinlock_t": SPINLOCK,
    "raw_spinlock_t": SPINLOCK,
}
PRELUDE = " ".join(f"typedef int {name};" for name in NAMED if name != "_Bool")


def spelled(words: list[str]) -> Int | None:
    """The type that these words name, such as `unsigned long`; None for void."""
    if len(words) == 1 and words[0] in NAMED:
        return NAMED[words[0]]
    kinds = set(words)
    if kinds == {"void"}:
        return VOID
    if not kinds <= {"signed", "unsigned", "char", "short", "int", "long"}:
        raise Unreadable(f"type {' '.join(words)}")
    bits = 8 if "char" in kinds else 16 if "short" in kinds else 64 if "long" in kinds else 32
    return Int(bits, "unsigned" not in kinds)


def literal(node: c_ast.Constant) -> tuple[int, Int]:
    """The value and type of a constant: the first type of C's list that holds it."""
    text = node.value.lower()
    if node.type == "char":
        inside = node.value[1:-1]
        return ord({"\\0": "\0", "\\n": "\n", "\\t": "\t", "\\\\": "\\", "\\'": "'"}.get(inside, inside)), INT
    if not set(node.type.split()) <= {"int", "long", "unsigned"}:
        raise Unreadable(f"constant {node.value}")
    digits = text.rstrip("ul")
    suffix = text[len(digits) :]
    number = int(digits, 8 if digits.startswith("0") and digits.isdigit() and len(digits) > 1 else 0)
    decimal = not digits.startswith("0") or digits == "0"
    kinds = [
        t for t in (INT, UINT, LONG, ULONG) if not ("u" in suffix and t.signed) and not ("l" in suffix and t.bits < 64)
    ]
    fits = [t for t in kinds if (t.signed or not decimal or "u" in suffix) and t.fit(number) == number]
    if not fits:
        raise Unreadable(f"constant {node.value}")
    return number, fits[0]


def size_of(kind) -> int:
    """In bytes, of scalars and arrays of them."""
    if isinstance(kind, Array):
        return kind.size * size_of(kind.of)
    if isinstance(kind, Struct):
        raise Unreadable("sizeof of a struct")
    return 8 if isinstance(kind, Pointer) else kind.bits // 8


def promoted(kind: Int) -> Int:
    """What a narrow integer counts as."""
    return INT if kind.bits < 32 else Int(kind.bits, kind.signed)


def usual(left: Int, right: Int) -> Int:
    """The common type of C's usual arithmetic conversions."""
    left, right = promoted(left), promoted(right)
    if left.bits == right.bits:
        return Int(left.bits, left.signed and right.signed)
    return max(left, right)


COMPARISONS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}


def binary_type(op: str, left: Int, right: Int) -> Int:
    """The type of `left op right`."""
    if op in COMPARISONS or op in ("&&", "||"):
        return INT
    return promoted(left) if op in ("<<", ">>") else usual(left, right)


def binary(op: str, left: int, right: int, left_type: Int, right_type: Int) -> int:
    """The value of `left op right`. Broken where it divides by zero, or shifts by what is no bit's number."""
    kind = promoted(left_type) if op in ("<<", ">>") else usual(left_type, right_type)
    left, right = kind.fit(left), promoted(right_type).fit(right) if op in ("<<", ">>") else kind.fit(right)
    if op in COMPARISONS:
        return int(COMPARISONS[op](left, right))
    if op in ("<<", ">>"):
        if not 0 <= right < kind.bits:
            raise Broken("shift")
        return kind.fit(left << right if op == "<<" else left >> right)
    if op in ("/", "%"):
        quotient = abs(left) // abs(right) if right else None
        if quotient is None or (kind.signed and quotient >> kind.bits - 1 and (left < 0) == (right < 0)):
            raise Broken("divide")  # the machine traps where the result does not fit too
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        return quotient if op == "/" else left - quotient * right
    if op not in ARITHMETIC:
        raise Unreadable(f"operator {op}")
    return kind.fit(ARITHMETIC[op](left, right))


def unary(op: str, value: int, kind: Int) -> int:
    """The value of `op value`."""
    if op == "!":
        return int(kind.fit(value) == 0)
    wide = promoted(kind)
    return wide.fit({"-": -wide.fit(value), "+": value, "~": ~wide.fit(value)}[op])
