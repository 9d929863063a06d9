"""What random C is made of: integer types, literals, and pieces of an expression that know what they read and write."""

from random import Random
from typing import NamedTuple

CHAR_IS_SIGNED = False  # as a kernel is built since 6.2 (-funsigned-char, commit 3bc753c06dd0); x86's C has it signed


class Type(NamedTuple):
    """An integer type of C: how wide, 1 for a bool, and whether it has a sign."""

    bits: int
    signed: bool


BOOL, INT, UINT, LONG, ULONG = Type(1, False), Type(32, True), Type(32, False), Type(64, True), Type(64, False)
SPELLINGS = (
    {"bool": BOOL, "char": Type(8, CHAR_IS_SIGNED), "signed char": Type(8, True), "unsigned char": Type(8, False)}
    | {"short": Type(16, True), "unsigned short int": Type(16, False), "int": INT, "unsigned int": UINT}
    | {"unsigned": UINT, "short int": Type(16, True), "unsigned short": Type(16, False), "long unsigned int": ULONG}
    | {"long": LONG, "unsigned long": ULONG, "long long": LONG, "unsigned long long": ULONG, "size_t": ULONG}
    | {f"{sign}{bits}": Type(bits, sign == "s") for bits in (8, 16, 32, 64) for sign in "us"}
)
ROWS = (",", "=", "?", "||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %")
LEVEL = {operator: level for level, row in enumerate(ROWS) for operator in row.split()}
UNARY, POSTFIX = len(ROWS), len(ROWS) + 1
NONE: frozenset[str] = frozenset()


def promoted(kind: Type) -> Type:
    """What an operand becomes before anything is done with it."""
    return INT if kind.bits < 32 else kind


def common(one: Type, other: Type) -> Type:
    """The type that two operands are brought to."""
    one, other = promoted(one), promoted(other)
    return max(one, other) if one.bits != other.bits else Type(one.bits, one.signed and other.signed)


def wrapped(value: int, kind: Type) -> int:
    """A number as a type holds it."""
    value &= (1 << kind.bits) - 1
    return value - (1 << kind.bits) if kind.signed and value >> (kind.bits - 1) else value


class Expr(NamedTuple):
    """A piece of C: its text, type, how closely its outermost operator binds, and the objects that it reads and writes."""

    text: str
    type: Type
    level: int = POSTFIX
    reads: frozenset[str] = NONE
    writes: frozenset[str] = NONE

    def at(self, level: int) -> str:
        """The text as an operand of something that binds so closely."""
        return self.text if self.level >= level else f"({self.text})"

    def also(self, *others: "Expr") -> "Expr":
        """The same, doing what the others do as well."""
        reads, writes = (frozenset().union(*sets) for sets in zip(self[3:], *(o[3:] for o in others)))
        return self._replace(reads=reads, writes=writes)


class Thing(NamedTuple):
    """What an expression may name: a variable, a field, an array, a whole struct, what a pointer points to."""

    path: str
    spelling: str  # its type; an array's: of an element
    objects: frozenset[str]
    length: int = 0  # an array's
    level: int = POSTFIX
    reads: frozenset[str] = NONE  # the pointer on the way
    writable: bool = True
    root: str = ""  # the name that a declaration further in would hide


class Place(NamedTuple):
    """A scalar that can be read or written: how to get there, and what lies there."""

    way: Expr
    objects: frozenset[str]
    spelling: str

    def value(self) -> Expr:
        """What lies there."""
        return self.way._replace(reads=self.way.reads | self.objects)


NUMBERS = {"decimal literal": 8, "hexadecimal literal": 4, "octal literal": 1}
LITERALS = NUMBERS | {"character literal": 2}
BOUNDS = [(1 << bits) + off for bits in (7, 8, 15, 16, 31, 32, 63) for off in (-1, 0, 1)] + [(1 << 64) - 1]
CHARACTERS = {"a": 97, "Z": 90, "0": 48, " ": 32, '"': 34, r"\n": 10, r"\0": 0, r"\\": 92, r"\'": 39, r"\"": 34}
CHARACTERS |= {r"\t": 9, r"\x41": 65, r"\x7f": 127, r"\101": 65, r"\7": 7}
CHARACTERS |= {text: wrapped(255, Type(8, CHAR_IS_SIGNED)) for text in (r"\xff", r"\377")}


def fitting(value: int, decimal: bool, suffix: str) -> Type | None:
    """The type of a literal: the first of C's list that holds it; None where there is none."""
    unsigned, long = "u" in suffix.lower(), "l" in suffix.lower()
    for kind in (INT, UINT, LONG, ULONG):
        allowed = (kind.bits == 64 or not long) and (not kind.signed if unsigned else kind.signed or not decimal)
        if allowed and wrapped(value, kind) == value:
            return kind
    return None


def number(die: Random, form: str) -> tuple[Expr, int]:
    """A number in one of `NUMBERS`' forms, now and then a limit of a type or with a suffix; and its value."""
    value = die.choice(BOUNDS) if die.random() < 0.3 else die.getrandbits(die.choice((2, 4, 7, 16, 40)))
    suffix = die.choice((*[""] * 9, "u", "U", "l", "UL", "LL", "ull"))
    kind = fitting(value, form == "decimal literal", suffix)
    if kind is None:
        return number(die, form)
    text = {"d": f"{value}", "h": f"{value:#x}", "o": f"0{value:o}"}[form[0]] + suffix
    if die.random() < 0.2:
        return Expr(f"-{text}", kind, UNARY), wrapped(-value, kind)
    return Expr(text, kind), value


def literal(die: Random, form: str) -> tuple[Expr, int]:
    """A number, or a character, which is an int; and its value."""
    if form != "character literal":
        return number(die, form)
    text = die.choice(list(CHARACTERS))
    return Expr(f"'{text}'", INT), CHARACTERS[text]
