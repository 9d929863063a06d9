"""What an #if asks: whole numbers of 64 bits, defined(), IS_ENABLED(); a name that is no macro is 0."""

import re
from collections.abc import Callable

from tdxkit.c.expanding import ON, Expander, Spent
from tdxkit.c.lexing import Token, refused
from tdxkit.c.macros import Macro

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
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)([uUlL]*)", re.ASCII)
ESCAPED = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
MOST, DEEPEST = 2000, 50
WORD = 1 << 64


class Condition:
    """One #if, #ifdef or #elif at `start`; `unknown` is told of each name that is not defined."""

    def __init__(self, start: Token, table: dict[str, Macro], spent: Spent, unknown: Callable[[Token], None]):
        self.start, self.table, self.spent, self.unknown = start, table, spent, unknown
        self.tokens: list[Token] = []
        self.at = self.depth = 0

    def defined(self, line: list[Token]) -> bool:
        """#ifdef NAME."""
        if not line or line[0].kind != "name":
            raise refused(line[0] if line else self.start, "the name of a macro is to stand here", "name one")
        return self._is_defined(line[0])

    def holds(self, line: list[Token]) -> bool:
        """#if EXPRESSION."""
        self.tokens = list(Expander(iter(self._without_defined(line)), self.table, self.spent))
        if len(self.tokens) > MOST:
            raise refused(self.start, f"an #if has at most {MOST:,} tokens", "make it shorter")
        value, _ = self._ternary(True)
        if self.at < len(self.tokens):
            raise self._wrong(self.tokens[self.at])
        return value != 0

    def _is_defined(self, name: Token) -> bool:
        if name.text not in self.table:
            self.unknown(name)
        return name.text in self.table

    def _without_defined(self, line: list[Token]) -> list[Token]:
        """The tokens with each defined X and IS_ENABLED(X) answered, before macros are replaced."""
        made: list[Token] = []
        at = 0
        while at < len(line):
            token, texts = line[at], [t.text for t in line[at + 1 : at + 4]]
            in_parentheses = len(texts) == 3 and texts[0] == "(" and texts[2] == ")" and line[at + 2].kind == "name"
            size = 4 if in_parentheses else 2
            if token.text == "defined" and (in_parentheses or (texts and line[at + 1].kind == "name")):
                answer = self._is_defined(line[at + size // 2])
            elif token.text in ON and in_parentheses:
                answer = self._is_defined(line[at + 2]) and _on(line[at + 2], self.table)
            elif token.text == "defined":
                raise refused(token, "defined asks for one name", "write defined(NAME)")
            else:
                made.append(token)
                at += 1
                continue
            made.append(token._replace(kind="number", text=str(int(answer))))
            at += size
        return made

    def _wrong(self, token: Token | None) -> Exception:
        rule = "an #if is an expression of whole numbers, defined() and macros"
        if token is not None and token.text == "(" and self.at and self.tokens[self.at - 1].kind == "name":
            token = self.tokens[self.at - 1]
            return refused(token, "this is not defined, and an #if calls it", "put its #define in the text")
        return refused(token or self.start, rule, "write it so, or choose the branch yourself")

    def _peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def _next(self) -> Token:
        if self.at >= len(self.tokens):
            raise self._wrong(None)
        self.at += 1
        return self.tokens[self.at - 1]

    def _ternary(self, asked: bool) -> tuple[int, bool]:
        """A value and whether it is unsigned; where it is not asked for, division by zero is no matter."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise refused(self.start, f"an #if is nested to a depth of {DEEPEST}", "make it simpler")
        value, unsigned = self._binary(0, asked)
        if self._peek() == "?":
            self._next()
            yes, one = self._ternary(asked and value != 0)
            if self._next().text != ":":
                raise self._wrong(self.tokens[self.at - 1])
            no, other = self._ternary(asked and value == 0)
            unsigned = one or other
            value = _wrapped(yes if value else no, unsigned)
        self.depth -= 1
        return value, unsigned

    def _binary(self, level: int, asked: bool) -> tuple[int, bool]:
        left = self._unary(asked)
        while LEVEL.get(self._peek(), -1) >= level:
            sign = self._next()
            needed = asked and not (sign.text == "&&" and not left[0]) and not (sign.text == "||" and left[0])
            left = self._of(sign, left, self._binary(LEVEL[sign.text] + 1, needed), needed)
        return left

    def _of(self, sign: Token, left: tuple[int, bool], right: tuple[int, bool], asked: bool) -> tuple[int, bool]:
        name, unsigned = sign.text, left[1] or right[1]
        if name in ("&&", "||"):
            return int(bool(left[0]) and bool(right[0]) if name == "&&" else bool(left[0]) or bool(right[0])), False
        if name in ("<<", ">>"):
            by = right[0] if name == "<<" else -right[0]
            by = max(-64, min(64, by))
            return _wrapped(left[0] << by if by >= 0 else left[0] >> -by, left[1]), left[1]
        a, b = _wrapped(left[0], unsigned), _wrapped(right[0], unsigned)
        if name in ("/", "%"):
            if not b:
                if asked:
                    raise refused(sign, "an #if divides by zero", "mend it")
                return 0, unsigned
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return _wrapped(quotient if name == "/" else a - b * quotient, unsigned), unsigned
        value, compared = BINARY[name](a, b), name in LEVELS[5] + LEVELS[6]
        return (int(value), False) if compared else (_wrapped(value, unsigned), unsigned)

    def _unary(self, asked: bool) -> tuple[int, bool]:
        token = self._next()
        if token.text in ("!", "~", "-", "+"):
            self.depth += 1
            if self.depth > DEEPEST:
                raise refused(token, f"an #if is nested to a depth of {DEEPEST}", "make it simpler")
            value, unsigned = self._unary(asked)
            self.depth -= 1
            if token.text == "!":
                return int(not value), False
            return _wrapped({"~": ~value, "-": -value, "+": value}[token.text], unsigned), unsigned
        if token.text == "(":
            found = self._ternary(asked)
            if self._next().text != ")":
                raise self._wrong(self.tokens[self.at - 1])
            return found
        if token.kind == "name":
            if self._peek() != "(":
                self.unknown(token)
            return int(token.text == "true"), False
        return self._constant(token)

    def _constant(self, token: Token) -> tuple[int, bool]:
        if token.kind == "char" and len(token.text) == 3:
            return ord(token.text[1]), False
        if token.kind == "char" and len(token.text) == 4 and token.text[1] == "\\":
            return ESCAPED.get(
                token.text[2], ord(token.text[2]) if not token.text[2].isdigit() else int(token.text[2], 8)
            ), False
        match = NUMBER.fullmatch(token.text) if token.kind == "number" else None
        if not match or len(token.text) > 70:
            raise self._wrong(token)
        digits = match[1]
        value = int(digits, 8) if digits.isdigit() and digits[0] == "0" else int(digits, 0)
        unsigned = "u" in match[2].lower() or value >= WORD // 2
        return _wrapped(value, unsigned), unsigned


BINARY: dict[str, Callable[[int, int], int]] = {
    "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "&": lambda a, b: a & b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
}  # fmt: skip


def _wrapped(value: int, unsigned: bool) -> int:
    value %= WORD
    return value if unsigned or value < WORD // 2 else value - WORD


def _on(name: Token, table: dict[str, Macro]) -> bool:
    return [token.text for token in table[name.text].body] not in (["0"], ["n"])
