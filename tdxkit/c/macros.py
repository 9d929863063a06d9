"""Macros: what a #define says, and its replacement with the arguments put in."""

from collections.abc import Callable
from typing import NamedTuple

from tdxkit.c.lexing import GLUED, SPACED, Token, lexed, refused

MOST_GLUED = 4000  # characters of one token that # or ## makes
REST = "__VA_ARGS__"
Argument = list[Token]
Alone = Callable[[Argument], list[Token]]  # an argument with its own macros replaced


class Macro(NamedTuple):
    """What a #define says. `takes`: its parameters, None where it is used without parentheses; `rest`: the last one takes all that is left."""

    name: str
    takes: tuple[str, ...] | None
    rest: bool
    body: tuple[Token, ...]


def macro(line: list[Token], start: Token) -> Macro:
    """The macro of the tokens after the `#define` at `start`; InputError where C has no such macro."""
    if not line or line[0].kind != "name" or line[0].text in ("defined", REST, "__VA_OPT__"):
        raise refused(line[0] if line else start, "a #define names its macro first", "write #define NAME …")
    name, *after = line
    if not after or after[0].text != "(" or after[0].before != GLUED:
        return _checked(Macro(name.text, None, False, tuple(after)))
    end = next((at for at, token in enumerate(after) if token.text == ")"), None)
    if end is None:
        raise refused(after[0], "the parameters of this macro never end", "close them with )")
    takes, rest = _parameters(after[1:end])
    return _checked(Macro(name.text, takes, rest, tuple(after[end + 1 :])))


def _parameters(tokens: list[Token]) -> tuple[tuple[str, ...], bool]:
    """The names between the parentheses, and whether the last takes the rest: `a, b`, `a, ...`, `a, rest...`."""
    takes: list[str] = []
    rest = False
    for at, token in enumerate(tokens):
        comma = (
            bool(takes) and not rest and tokens[at - 1].kind == "name"
        )  # may a comma stand here, or ... after a name?
        if token.text == "..." and not rest and (comma or not at or tokens[at - 1].text == ","):
            rest = True
            if not comma:
                takes.append(REST)
        elif token.text == "," and comma and at + 1 < len(tokens):
            pass
        elif token.kind == "name" and token.text not in (*takes, REST) and not rest and not comma:
            takes.append(token.text)
        else:
            raise refused(token, "a macro's parameters are names, each once, and ... as the last", "mend the #define")
    return tuple(takes), rest


def _checked(found: Macro) -> Macro:
    """The macro, where its # and ## have what they work on."""
    body, named = found.body, (*(found.takes or ()), *(["__VA_OPT__"] if found.rest else []))
    for at, token in enumerate(body):
        if token.text == "##" and at in (0, len(body) - 1):
            raise refused(token, "## glues two tokens, so one stands on each side of it", "mend the #define")
        if token.text == "#" and found.takes is not None and (at + 1 == len(body) or body[at + 1].text not in named):
            raise refused(token, "# makes a string of a parameter, and none follows it", "name a parameter after it")
        if token.text == "__VA_OPT__" and found.rest and (at + 1 == len(body) or body[at + 1].text != "("):
            raise refused(token, "__VA_OPT__ is followed by what it may bring, in parentheses", "mend the #define")
    return found


class _Hole:
    """What an empty argument is beside ##: nothing, and yet something to glue to."""


HOLE = _Hole()


class Use:
    """One use of a macro: its replacement, the arguments put in."""

    def __init__(self, use: Token, found: Macro, given: list[Argument], alone: Alone):
        self.use, self.found, self.alone = use, found, alone
        self.given = dict(zip(found.takes or (), given))  # a rest that is left out is not in it
        self.last = found.takes[-1] if found.rest and found.takes else None

    def replacement(self) -> list[Token]:
        """Its tokens; InputError where ## makes none."""
        return [token for token in self._put_in(self.found.body) if isinstance(token, Token)]

    def _put_in(self, body: tuple[Token, ...]) -> list[Token | _Hole]:
        made: list[Token | _Hole] = []
        at, glue = 0, False
        while at < len(body):
            token = body[at]
            if token.text == "##" and made:
                glue, at = True, at + 1
                continue
            size = self._size(body, at)
            more = at + size < len(body) and body[at + size].text == "##"
            if (
                glue and not more and token.text == self.last and getattr(made[-1], "text", "") == ","
            ):  # no comma before nothing
                if self.last not in self.given:
                    made[-1] = HOLE
                made += self.given.get(self.last, ())
            else:
                piece = self._piece(body[at : at + size], glue or more)
                if glue:
                    piece[:1] = [self._glued(made.pop(), piece[0])]
                made += piece
            at, glue = at + size, False
        return made

    def _size(self, body: tuple[Token, ...], at: int) -> int:
        """How many tokens of the body belong together: a # and its parameter, a __VA_OPT__ and its parentheses, else one."""
        start, name = at, body[at].text
        if name == "#" and self.found.takes is not None:
            at += 1
            name = body[at].text
        if name != "__VA_OPT__" or not self.last:
            return at + 1 - start
        depth = 0
        for end in range(at + 1, len(body)):
            depth += (body[end].text == "(") - (body[end].text == ")")
            if not depth:
                return end + 1 - start
        raise refused(body[at], "what __VA_OPT__ may bring never ends", "close it with )")

    def _piece(self, body: tuple[Token, ...], beside: bool) -> list[Token | _Hole]:
        """What such a piece of the body becomes; beside a ## it is one token at least, if only a hole, and its macros wait."""
        token = body[0]
        if token.text == "#" and len(body) > 1:
            inner = self.given.get(body[1].text, []) if len(body) == 2 else self._optional(body[1:])
            return [token._replace(kind="string", text=self._string(inner), line=self.use.line, column=self.use.column)]
        if len(body) > 1:
            return self._optional(body) or [HOLE]
        if token.text not in (self.found.takes or ()):
            return [token._replace(line=self.use.line, column=self.use.column)]
        given = self.given.get(token.text, [])
        inner = list(given) if beside else self.alone(given)
        if inner:
            inner[0] = inner[0]._replace(before=token.before)
        return [*inner] or [HOLE]

    def _optional(self, body: tuple[Token, ...]) -> list[Token | _Hole]:
        """__VA_OPT__(…): what stands in it, where the rest is something."""
        return self._put_in(body[2:-1]) if self.alone(self.given.get(self.last or "", [])) else []

    def _string(self, inner: list) -> str:
        """# of an argument: as it is written, white space as one blank, quotes and backslashes of its strings escaped."""
        said = ""
        for token in inner:
            if isinstance(token, Token):
                said += " " * (token.before != GLUED and bool(said))
                said += (
                    token.text.replace("\\", "\\\\").replace('"', '\\"')
                    if token.kind in ("string", "char")
                    else token.text
                )
        return self._short(f'"{said}"')

    def _glued(self, left: Token | _Hole, right: Token | _Hole) -> Token | _Hole:
        if not isinstance(left, Token) or not isinstance(right, Token):
            return left if isinstance(left, Token) else right
        text = self._short(left.text + right.text)
        made = lexed(text)
        if len(made) != 1 or made[0].text != text or made[0].kind == "other":
            raise refused(
                self.use,
                f"its ## makes `{text[:30]}` of two tokens, which is not one",
                "take the ## out of the #define",
            )
        return made[0]._replace(line=self.use.line, column=self.use.column, before=min(left.before, SPACED))

    def _short(self, text: str) -> str:
        if len(text) > MOST_GLUED:
            raise refused(self.use, f"# and ## make tokens of at most {MOST_GLUED:,} characters", "write the macro out")
        return text
