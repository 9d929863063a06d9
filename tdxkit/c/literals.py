"""C's literals: integers with their suffixes, characters, strings."""

import re
from collections.abc import Sequence

from pycparser import c_ast

from tdxkit.c.kernel.constants import SPELLED
from tdxkit.c.types import INT, INTS, LONG, UINT, ULONG, Int

INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)([uUlL]*)")
ESCAPES = {
    "n": 10,
    "t": 9,
    "r": 13,
    "0": 0,
    "a": 7,
    "b": 8,
    "f": 12,
    "v": 11,
    "\\": 92,
    "'": 39,
    '"': 34,
    "?": 63,
    "e": 27,
}
PIECE = re.compile(r"\\(?:x[0-9a-fA-F]+|[0-7]{1,3}|.)|[^\\]", re.DOTALL)
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)")


def number(node: c_ast.Constant, declared) -> tuple[int, Int]:
    """The value and type of a literal that is a number; InputError for one that is none."""
    if node.type == "char" or node.value[:1] == "'":
        return _character(node.value[1:-1]), INT
    found = INTEGER.fullmatch(node.value)
    if not found:
        raise declared.refuse(node, f"`{node.value[:40]}`", "only integers are read", "use an integer")
    digits, suffix = found[1], found[2].lower()
    base = (
        16
        if digits[:2].lower() == "0x"
        else 2
        if digits[:2].lower() == "0b"
        else 8
        if digits[0] == "0" and len(digits) > 1
        else 10
    )
    value = int(digits[2:] if base in (2, 16) else digits, base)
    if value >> 64:
        raise declared.refuse(node, f"`{node.value[:40]}`", "an integer has at most 64 bits", "use a smaller one")
    return value, _type(value, base == 10, suffix)


def _type(value: int, decimal: bool, suffix: str) -> Int:
    """The first type of C's list for such a literal in which the value fits."""
    names = ["int", "long", "long long"]
    names = names[min(suffix.count("l"), 2) :]
    for name in names:
        signed, unsigned = INTS[name], INTS[f"unsigned {name}"]
        if "u" not in suffix and value <= signed.most:
            return signed
        if ("u" in suffix or not decimal) and value <= unsigned.most:
            return unsigned
    return INTS["unsigned long long"]


def is_text(node: c_ast.Node | None) -> bool:
    """Is it a string?"""
    return isinstance(node, c_ast.Constant) and node.value[:1] == '"'


def as_list(node: c_ast.Constant, count: int) -> c_ast.InitList:
    """A string as the list of its characters that an array of `count` begins with, 0: as many as there are with the NUL behind them."""
    values = [
        _character(found) if found[0] == "\\" else code
        for found in PIECE.findall(node.value[1:-1])
        for code in (found.encode()[:1] if found[0] == "\\" else found.encode())
    ]
    values = values[:count] if count else [*values, 0]
    return c_ast.InitList([c_ast.Constant("int", str(value), node.coord) for value in values], node.coord)


def _character(text: str) -> int:
    found = ESCAPE.fullmatch(text)
    if not found:
        code = ord(text) if len(text) == 1 else 0
    elif found[1][0] == "x":
        code = int(found[1][1:], 16)
    elif found[1][0] in "01234567":
        code = int(found[1], 8)
    else:
        code = ESCAPES.get(found[1], ord(found[1]))
    return INTS["char"].wrap(code)


def type_of_constant(word: str, value: int) -> Int:
    """The type of one of the kernel's constants."""
    return INTS[SPELLED.get(word, "int" if -(1 << 31) <= value < 1 << 31 else "unsigned long")]


OF_INT = range(INT.least, INT.most + 1)


def of_values(values: Sequence[int]) -> Int:
    """The type of an enum whose enumerators have these values, as gcc chooses: without a sign where none is negative. Those that an int holds are int."""
    least, most = min(values), max(values)
    return next(
        (k for k in ((INT, LONG) if least < 0 else (UINT, ULONG)) if k.least <= least and most <= k.most), ULONG
    )
