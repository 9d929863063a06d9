"""What an #if asks: whole numbers of 64 bits, as C reckons with them; a name that is no macro is 0."""

import re
from collections.abc import Callable
from typing import NamedTuple

from tdxkit.c.lexing import Token, refused
from tdxkit.errors import InputError

LEVELS = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
LEVEL = {sign: level for level, signs in enumerate(LEVELS) for sign in signs}
COMPARING = LEVELS[5] + LEVELS[6]
NUMBER = re.compile(
    r"(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)([uU]?(?:ll|LL|[lL])?|(?:ll|LL|[lL])[uU])", re.ASCII
)
ESCAPED = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
CHARACTER = re.compile(r"'(?:([ -&(-\[\]-~])|\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([abefnrtv\\'\"?])))'", re.ASCII)
MOST, DEEPEST = 2000, 50
WORD = 1 << 64
BINARY: dict[str, Callable[[int, int], int]] = {
    "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "&": lambda a, b: a & b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
}  # fmt: skip


class Value(NamedTuple):
    """A number, and whether it is unsigned."""

    number: int
    unsigned: bool = False

    def as_type(self, unsigned: bool) -> "Value":
        """The number in 64 bits."""
        number = self.number % WORD
        return Value(number if unsigned or number < WORD // 2 else number - WORD, unsigned)


class Condition:
    """The expression of the #if at `start`, its macros replaced; `unknown` is told of each name in it that is no macro."""

    def __init__(self, start: Token, tokens: list[Token], unknown: Callable[[Token], None]):
        self.start, self.tokens, self.unknown = start, tokens, unknown
        self.at = self.depth = 0
        if len(tokens) > MOST:
            raise refused(start, f"an #if has at most {MOST:,} tokens", "make it shorter")

    def holds(self) -> bool:
        """Its value; InputError where it has none."""
        value = self._comma(True)
        if self.at < len(self.tokens):
            raise self._wrong(self.tokens[self.at])
        return value.number != 0

    def _wrong(self, token: Token | None) -> InputError:
        rule = "an #if is an expression of whole numbers, defined() and macros"
        return refused(token or self.start, rule, "write it so, or leave the branch that you mean")

    def _text(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def _next(self, wanted: str = "") -> Token:
        if self.at >= len(self.tokens) or (wanted and self._text() != wanted):
            raise self._wrong(self.tokens[self.at] if self.at < len(self.tokens) else None)
        self.at += 1
        return self.tokens[self.at - 1]

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise refused(self.start, f"an #if is nested to a depth of {DEEPEST}", "make it simpler")

    def _comma(self, asked: bool) -> Value:
        """An expression. Where it is not asked for, as behind `0 &&`, it may divide by zero."""
        value = self._ternary(asked)
        while self._text() == ",":
            self._next()
            value = self._ternary(asked)
        return value

    def _ternary(self, asked: bool) -> Value:
        self._deeper()
        value = self._binary(0, asked)
        if self._text() == "?":
            self._next()
            yes = self._comma(asked and value.number != 0)
            self._next(":")
            no = self._ternary(asked and value.number == 0)
            value = (yes if value.number else no).as_type(yes.unsigned or no.unsigned)
        self.depth -= 1
        return value

    def _binary(self, level: int, asked: bool) -> Value:
        left = self._unary(asked)
        while LEVEL.get(self._text(), -1) >= level:
            sign = self._next()
            decided = (sign.text == "&&" and not left.number) or (sign.text == "||" and left.number != 0)
            left = self._of(sign, left, self._binary(LEVEL[sign.text] + 1, asked and not decided), asked)
        return left

    def _of(self, sign: Token, left: Value, right: Value, asked: bool) -> Value:
        name, unsigned = sign.text, left.unsigned or right.unsigned
        if name in ("&&", "||"):
            both = left.number and right.number if name == "&&" else left.number or right.number
            return Value(int(bool(both)))
        if name in ("<<", ">>"):
            by = max(-64, min(64, right.number if name == "<<" else -right.number))
            return Value(left.number << by if by >= 0 else left.number >> -by).as_type(left.unsigned)
        a, b = left.as_type(unsigned).number, right.as_type(unsigned).number
        if name in BINARY:
            number = int(BINARY[name](a, b))
            return Value(number) if name in COMPARING else Value(number).as_type(unsigned)
        if not b:
            if asked:
                raise refused(sign, "an #if divides by zero here", "define the names in it with -D")
            return Value(0, unsigned)
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return Value(quotient if name == "/" else a - b * quotient).as_type(unsigned)

    def _unary(self, asked: bool) -> Value:
        token = self._next()
        if token.text in ("!", "~", "-", "+"):
            self._deeper()
            value = self._unary(asked)
            self.depth -= 1
            if token.text == "!":
                return Value(int(not value.number))
            number = ~value.number if token.text == "~" else -value.number if token.text == "-" else value.number
            return Value(number).as_type(value.unsigned)
        if token.text == "(":
            value = self._comma(asked)
            self._next(")")
            return value
        if token.kind == "name":
            if self._text() == "(":
                raise refused(token, "an #if calls it, and it is not defined", "put its #define in the text")
            self.unknown(token)
            return Value(0)
        return self._constant(token)

    def _constant(self, token: Token) -> Value:
        if token.kind == "char" and (match := CHARACTER.fullmatch(token.text)):
            plain, octal, hexadecimal, escaped = match.groups()
            code = (
                int(octal, 8)
                if octal
                else int(hexadecimal, 16)
                if hexadecimal
                else ESCAPED.get(escaped) or ord(plain or escaped)
            )
            return Value(code - 256 if 127 < code < 256 else code)
        match = NUMBER.fullmatch(token.text) if token.kind == "number" and len(token.text) < 80 else None
        if not match:
            raise self._wrong(token)
        digits = match[1]
        number = int(digits, 8) if digits.isdigit() and digits[0] == "0" else int(digits, 0)
        unsigned = "u" in match[2].lower() or number >= WORD // 2
        return Value(number).as_type(unsigned)
