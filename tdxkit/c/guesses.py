"""What a text uses and does not define, where C leaves only one reading of it: a type, an attribute, a macro for the linker. Each is said in a remark.

| stands there | taken for |
|---|---|
| `foo_t x;`, `foo_t *f(void)`, `(foo_t *)p` | a type, int |
| `FOO int x;`, `int FOO f(void)`, `f(void) __foo {`, `int x __foo = 1;` | an attribute: left out |
| `"a" FOO "b"` | a string: left out |
| `EXPORT_SYMBOL…(f);`, `MODULE_…(…);`, `module_init(f);`, `…_initcall(f);` at file scope | what they are for the linker: left out, in silence |
| `FOO(x);` at file scope, FOO in capitals | something for the linker: left out |
"""

import re

from tdxkit.c.lexing import Token, refused
from tdxkit.c.scopes import BODY, FILE, LIST, MEMBERS, PARAMETERS, Scopes
from tdxkit.c.typenames import BASE, HEADS, JUMPS, KEYWORDS, OFFSETS, QUALIFIERS, SPECIFIERS, STORAGE, TAGS

LINKER = re.compile(
    r"EXPORT_\w+|MODULE_\w+|module_\w+|builtin_\w+|\w*_initcall\w*|\w*_exitcall\w*|__initcall|__exitcall|early_param|__setup|__setup_param|"
    r"ALLOW_ERROR_INJECTION|NOKPROBE_SYMBOL|BTF_\w+|STACK_FRAME_NON_STANDARD\w*|core_param"
)
ENDS = {";", "=", ",", ")", "[", ":"}
OF_OBJECTS = {
    "=",
    "+=",
    "-=",
    "*=",
    "/=",
    "%=",
    "&=",
    "|=",
    "^=",
    "<<=",
    ">>=",
    "++",
    "--",
    "->",
    ".",
}  # behind a name: it is no type
# fmt: off
CPLUSPLUS = {
    "class", "template", "namespace", "using", "new", "delete", "try", "catch", "throw", "public", "private", "protected", "virtual", "friend",
    "operator", "typename",
}
# fmt: on


class Guesses:
    """The guesses about a text: `types`, names taken for types and where; `out`, numbers of tokens that are left out; `remarks`."""

    def __init__(self, tokens: list[Token], found: Scopes, types: set[str]):
        self.tokens, self.scopes, self.known = tokens, found, types
        self.types: dict[str, Token] = {}
        self.out: set[int] = set()
        self.remarks: list[str] = []
        self._first: dict[int, int] = {}  # of what is left out, for its last token
        self._said: set[str] = set()
        self._lists: dict[int, bool] = {}  # for the parenthesis of a list of parameters: are there types in it?
        self._objects = {token.text for at, token in enumerate(tokens) if token.kind == "name" and self._is_object(at)}
        for at, token in enumerate(tokens):
            if token.kind == "name" and token.text not in KEYWORDS and at not in self.out and token.text not in types:
                self._name(at, token)

    def _name(self, at: int, token: Token) -> None:
        inside = self.scopes.inside[at]
        if self._string(at):
            self._leave_out(at, self._end(at), "is taken for a string, and left out")
        elif inside in (FILE, MEMBERS, BODY) and self._attribute(at, inside):
            self._leave_out(at, self._end(at))
        elif inside == FILE and self._starts(at) and self._text(at + 1) == "(" and not self._called_back(at):
            self._macro(at)
        elif not (token.text in self.types or token.text in self._objects or inside == LIST) and self._type(at, inside):
            self.types[token.text] = token
            self.remarks.append(f"line {token.line}: {token.text} is taken for a type (int)")

    # What stands around a name

    def _is_object(self, at: int) -> bool:
        """Is the name here one of a variable, whatever may stand around it elsewhere?"""
        if self.scopes.inside[at] == LIST and self._text(at - 1) in ("{", ",") and self._text(at + 1) in (",", "}"):
            return True  # an enumerator, or a value
        return self._text(at + 1) in OF_OBJECTS or self._text(at - 1) in BASE or self._text(at - 1) in self.known

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ";"

    def _kind(self, at: int) -> str:
        return self.tokens[at].kind if 0 <= at < len(self.tokens) else ""

    def _plain(self, at: int) -> bool:
        """A name that is no word of C."""
        return self._kind(at) == "name" and self._text(at) not in KEYWORDS

    def _end(self, at: int) -> int:
        """The last token of a name with its arguments, where it has some."""
        return self.scopes.partner[at + 1] if self._text(at + 1) == "(" and at + 1 in self.scopes.partner else at

    def _past(self, at: int, stars: bool = True) -> int:
        """The first token after `at` that is no qualifier, and no *."""
        at += 1
        while self._text(at) in QUALIFIERS or (stars and self._text(at) == "*"):
            at += 1
        return at

    def _before(self, at: int) -> int:
        """What a declaration's qualifiers stand behind."""
        at -= 1
        while at in self._first or self._text(at) in QUALIFIERS:
            at = self._first.get(at, at) - 1
        return at

    def _starts(self, at: int) -> bool:
        """May a declaration's type stand here?"""
        before = self._before(at)
        if self._text(before) == "}":
            return self.scopes.inside[self.scopes.partner[before] + 1] not in (MEMBERS, LIST)
        return self._text(before) in (";", "{") or self._text(before) in STORAGE

    def _called_back(self, at: int) -> bool:
        """`T (*name)(`"""
        return [self._text(at + k) for k in (1, 2, 4, 5)] == ["(", "*", ")", "("]

    # What is left out

    def _leave(self, start: int, end: int) -> None:
        self.out.update(range(start, end + 1))
        self._first[end] = self._first.pop(start - 1, start)

    def _leave_out(self, start: int, end: int, how: str = "is not known here and left out", name: int = -1) -> None:
        token = self.tokens[start if name < 0 else name]
        self._leave(start, end)
        if token.text not in self._said:
            self._said.add(token.text)
            self.remarks.append(f"line {token.line}: {token.text} {how}")

    def _string(self, at: int) -> bool:
        """A macro beside a string?"""
        if not (self._text(at).isupper() or self._text(at) == "__stringify"):
            return False
        return "string" in (self._kind(at - 1), self._kind(self._end(at) + 1))

    def _attribute(self, at: int, inside: str) -> bool:
        """An attribute of a function, of a variable, of the declaration that it begins, or of one that has begun?"""
        private, after = self._text(at).startswith("__"), self._text(self._end(at) + 1)
        if private and inside == FILE and self._text(self._before(at)) == ")":  # int f(void) __foo(x) {
            return after in (";", "{") or after.startswith("__")
        if self._text(at) == "__free" or LINKER.fullmatch(self._text(at)):
            return False
        if private and after in (";", "=", ","):  # int x __foo = 1;
            return self._declared(at - 1)
        if self._starts(at):  # FOO int x;
            return self._text(at) not in CPLUSPLUS and self._before_type(self._end(at), inside)
        if inside != FILE or not self._plain(at + 1) or self._text(at + 2) not in ENDS | {"("}:  # int FOO f(void)
            return False
        before = self._text(at - 1)
        typed = before in BASE or before in self.known or before == "*" or self._text(at - 2) in TAGS
        return typed and (private or not self._text(at + 1).startswith("__"))

    def _declared(self, at: int) -> bool:
        """Does the name of what is declared end here, with its dimensions?"""
        while self._text(at) == "]":
            at = self.scopes.partner[at] - 1
        if not self._plain(at) or self._starts(at) or self._text(at) in self.known or self._text(at - 1) in TAGS:
            return False
        return self._plain(at - 1) or self._text(at - 1) in BASE or self._text(at - 1) in ("*", ",")

    def _before_type(self, at: int, inside: str) -> bool:
        """Does a type follow, with what it declares? One that is not known does at file scope only: FOO foo_t f(void)."""
        kind = self._past(at, stars=False)
        name = self._past(kind)
        if self._text(kind) in BASE | STORAGE | TAGS:
            return True
        unknown = inside == FILE and self._plain(kind) and kind == at + 1 and self._text(name + 1) in ENDS | {"("}
        return self._plain(name) and (self._text(kind) in self.known or unknown)

    def _macro(self, at: int) -> None:
        """NAME(…) where a declaration would stand."""
        token, end = self.tokens[at], self._end(at)
        after = self._text(end + 1)
        if LINKER.fullmatch(token.text):
            self._leave(at, end + (after == ";"))
        elif after == "{":
            rule = "it looks like a function and has no type (a macro that the text does not define?)"
            raise refused(token, rule, "put its #define in the text, or write the function out")
        elif token.text.isupper() and after in (";", "="):
            start = at
            while self._text(start - 1) in STORAGE | QUALIFIERS:
                start -= 1
            while self._text(end + 1) != ";":
                end = self.scopes.partner.get(end + 1, end + 1)
            self._leave_out(start, end, name=at)

    # What is taken for a type

    def _type(self, at: int, inside: str) -> bool:
        name = self._past(at)
        declares, starred = self._plain(name), name > at + 1
        if self._text(at) in CPLUSPLUS and declares:
            return False
        if inside in (FILE, MEMBERS, BODY):  # foo_t *x = …, foo_t (*call)(void)
            starts = self._starts(at) or (inside == BODY and self._text(at - 1) == ":")
            called = (self._text(name + 1) == "(" and declares and inside == FILE) or (
                inside != BODY and self._called_back(at)
            )
            return starts and (called or (declares and self._text(name + 1) in ENDS))
        listed, opener = self._text(self._before(at)) in ("(", ","), self._text(at - 2)
        if not listed or (opener in HEADS and opener != "for"):
            return False
        if starred and self._text(name) in (",", ")"):  # foo_t *)
            return True
        if inside == PARAMETERS:
            return (
                (declares and self._text(name + 1) in ENDS)
                or self._called_back(at)
                or (self._text(name) in (",", ")") and self._typed(at))
            )
        return self._text(at - 1) == "(" and self._in_expression(at, name, opener)

    def _in_expression(self, at: int, name: int, opener: str) -> bool:
        """`for (foo_t x = …`, `offsetof(foo_t, member)`, `(foo_t)x` behind an operator."""
        if opener == "for":
            return self._plain(name) and self._text(name + 1) in ("=", ";", ",")
        if opener in OFFSETS:
            return self._text(name) == ","
        value = self._plain(name + 1) or self._kind(name + 1) in ("number", "string", "char")
        return self._text(name) == ")" and value and not self._plain(at - 2) and opener not in KEYWORDS - JUMPS

    def _typed(self, at: int) -> bool:
        """Are there types among the parameters around? Then each of them has one."""
        start = self.scopes.around[at]
        if start not in self._lists:
            within = self.tokens[start : self.scopes.partner[start]]
            self._lists[start] = any(t.text in SPECIFIERS or t.text == "*" or t.text in self.known for t in within)
        return self._lists[start]
