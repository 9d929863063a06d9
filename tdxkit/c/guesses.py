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
from tdxkit.c.scopes import BODY, EXPRESSION, FILE, LIST, MEMBERS, PARAMETERS, Scopes
from tdxkit.c.typenames import BASE, HEADS, JUMPS, KEYWORDS, QUALIFIERS, SPECIFIERS, STORAGE, TAGS

LINKER = re.compile(
    r"EXPORT_\w+|MODULE_\w+|module_\w+|builtin_\w+|\w*_initcall\w*|\w*_exitcall\w*|__initcall|__exitcall|early_param|__setup|__setup_param|"
    r"ALLOW_ERROR_INJECTION|NOKPROBE_SYMBOL|BTF_\w+|STACK_FRAME_NON_STANDARD\w*|core_param"
)
ENDS = {";", "=", ",", ")", "[", ":"}
CPLUSPLUS = set("class template namespace using new delete try catch throw public private protected virtual friend operator typename".split())


class Guesses:
    """The guesses about a text: `types`, the names taken for types and where; `out`, numbers of tokens that are left out; `remarks`."""

    def __init__(self, tokens: list[Token], found: Scopes, types: set[str]):
        self.tokens, self.scopes, self.known = tokens, found, types
        self.types: dict[str, Token] = {}
        self.out: set[int] = set()
        self._ended: dict[int, int] = {}  # for the last token of what is left out, the first
        self.remarks: list[str] = []
        self._said: set[str] = set()
        self._lists: dict[int, bool] = {}  # for the parenthesis of a list of parameters: are there types in it?
        for at, token in enumerate(tokens):
            if token.kind == "name" and token.text not in KEYWORDS and at not in self.out:
                self._name(at, token)

    def _name(self, at: int, token: Token) -> None:
        inside = self.scopes.inside[at]
        if token.text in self.known:
            return
        if self._string(at):
            self._leave_out(at, self._end(at), "is taken for a string, and left out")
        elif inside == LIST:
            return
        elif self._attribute(at, inside):
            self._leave_out(at, self._end(at))
        elif inside == FILE and self._starts(at) and self._text(at + 1) == "(":
            self._macro(at)
        elif token.text not in self.types and (self._declares(at, inside) or self._casts(at, inside)):
            self.types[token.text] = token
            self.remarks.append(f"line {token.line}: {token.text} is taken for a type (int)")

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ";"

    def _plain(self, at: int) -> bool:
        """A name that is no word of C."""
        return 0 <= at < len(self.tokens) and self.tokens[at].kind == "name" and self.tokens[at].text not in KEYWORDS

    def _before(self, at: int) -> int:
        """What a declaration's qualifiers stand behind."""
        at -= 1
        while at in self._ended or self._text(at) in QUALIFIERS:
            at = self._ended.get(at, at) - 1
        return at

    def _leave(self, start: int, end: int) -> None:
        self.out.update(range(start, end + 1))
        self._ended[end] = self._ended.pop(start - 1, start)

    def _starts(self, at: int) -> bool:
        """May a declaration's type stand here?"""
        before = self._before(at)
        if self._text(before) == "}":
            return self.scopes.inside[self.scopes.partner[before] + 1] not in (MEMBERS, LIST)
        return self._text(before) in (";", "{") or self._text(before) in STORAGE

    def _end(self, at: int) -> int:
        """The last token of a name with its arguments, where it has some."""
        return self.scopes.partner[at + 1] if self._text(at + 1) == "(" and at + 1 in self.scopes.partner else at

    def _stars(self, at: int) -> int:
        """The first token after `at` that is neither * nor a qualifier."""
        at += 1
        while self._text(at) == "*" or self._text(at) in QUALIFIERS:
            at += 1
        return at

    def _attribute(self, at: int, inside: str) -> bool:
        """Is it one, by what stands around it?"""
        if inside not in (FILE, MEMBERS, BODY):
            return False
        after, before, private = self._text(at + 1), self._text(at - 1), self._text(at).startswith("__")
        if private and inside == FILE and before == ")":  # int f(void) __foo(x) {
            return self._text(self._end(at) + 1) in (";", "{") or self._text(self._end(at) + 1).startswith("__")
        if private and after in (";", "=", ",") and (before == "]" or (self._plain(at - 1) and self._declared(at - 1))):  # int x __foo;
            return True
        name = self._stars(at + 1)  # … if a type follows
        if self._starts(at) and self._text(at) not in CPLUSPLUS:
            one_more = inside == FILE and self._plain(at + 1) and self._text(name + 1) in ENDS | {"("}
            if after in SPECIFIERS or (self._plain(name) and (after in self.known or one_more)):
                return True
        typed = before in BASE or before in self.known or before == "*" or self._text(at - 2) in TAGS
        return inside == FILE and typed and self._plain(at + 1) and (private or not after.startswith("__")) and self._text(at + 2) in ENDS | {"("}

    def _declared(self, at: int) -> bool:
        """Is this the name of a declaration, and no part of its type?"""
        return not self._starts(at) and self._text(at) not in self.known and self._text(at - 1) not in TAGS

    def _string(self, at: int) -> bool:
        """A macro's name beside a string."""
        if not (self._text(at).isupper() or self._text(at) == "__stringify"):
            return False
        return any(0 <= k < len(self.tokens) and self.tokens[k].kind == "string" for k in (at - 1, self._end(at) + 1))

    def _leave_out(self, start: int, end: int, how: str = "is not known here and left out") -> None:
        token = self.tokens[start]
        self._leave(start, end)
        if token.text not in self._said:
            self._said.add(token.text)
            self.remarks.append(f"line {token.line}: {token.text} {how}")

    def _macro(self, at: int) -> None:
        """NAME(…) where a declaration would stand."""
        token, end = self.tokens[at], self._end(at)
        after = self._text(end + 1)
        if after == "{" and not LINKER.fullmatch(token.text):
            rule = "it looks like a function and has no type (a macro that the text does not define?)"
            raise refused(token, rule, "put its #define in the text, or write the function out")
        if LINKER.fullmatch(token.text):
            self._leave(at, end + (after == ";"))
        elif token.text.isupper() and after in (";", "="):
            while after != ";":
                end += 1
                end, after = self.scopes.partner.get(end, end), self._text(end + 1)
            start = at
            while self._text(start - 1) in STORAGE | QUALIFIERS:
                start -= 1
            self._leave_out(start, end)
            if start != at:
                self.remarks[-1] = f"line {token.line}: {token.text} is not known here and left out"

    def _declares(self, at: int, inside: str) -> bool:
        """`T x;`, `T *x = …`, `static T f(`, `T (*f)(`, a parameter `T x` or `T *`."""
        if self._text(at) in CPLUSPLUS and self._plain(at + 1):
            return False
        before, end = self._text(at - 1), self._stars(at)
        after, starred = self._text(end + 1), end > at + 1
        listed = self._text(self._before(at)) in ("(", ",")
        if listed and starred and self._text(end) in (",", ")") and inside in (PARAMETERS, EXPRESSION):
            return self._text(at - 2) not in HEADS
        if inside == PARAMETERS:
            return listed and (self._plain(end) and after in ENDS or self._called_back(at) or self._text(end) in (",", ")") and self._typed_list(at))
        if inside == EXPRESSION:
            sized = before == "(" and self._text(end) == "," and self._text(at - 2) in ("offsetof", "__builtin_offsetof")
            return sized or before == "(" and self._text(at - 2) == "for" and self._plain(end) and after in ("=", ";", ",")
        if not self._starts(at) and not (inside == BODY and before == ":"):
            return False
        return (self._plain(end) and (after in ENDS or (inside == FILE and after == "("))) or (inside != BODY and self._called_back(at))

    def _called_back(self, at: int) -> bool:
        """`T (*name)(`"""
        return [self._text(at + 1), self._text(at + 2), self._text(at + 4), self._text(at + 5)] == ["(", "*", ")", "("]

    def _typed_list(self, at: int) -> bool:
        """Are there types among the parameters around? Then each of them has one."""
        start = self.scopes.around[at]
        if start not in self._lists:
            within = self.tokens[start : self.scopes.partner[start]]
            self._lists[start] = any(t.text in SPECIFIERS or t.text == "*" or t.text in self.known for t in within)
        return self._lists[start]

    def _casts(self, at: int, inside: str) -> bool:
        """`(T *)`, and `(T)x` behind an operator."""
        if inside != EXPRESSION or self._text(at - 1) != "(":
            return False
        end, opener = self._stars(at), self._text(at - 2)
        if self._text(end) != ")" or self._plain(at - 2) or opener in HEADS:
            return False
        value = self._plain(end + 1) or (end + 1 < len(self.tokens) and self.tokens[end + 1].kind in ("number", "string", "char"))
        return end > at + 1 or (value and opener not in KEYWORDS - JUMPS)
