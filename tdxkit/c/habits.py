"""The kernel's habits that no macro and no grammar of C covers, turned into C that says the same; each token keeps its place.

| kernel C | read as |
|---|---|
| `T x __free(kfree) = e;` | `T x = e; __cleanup(kfree, x);` |
| `list_for_each_entry(p, h, m) s` and whatever else is called for_each | `for (__list_for_each_entry(p, h, m); ; ) s` |
| `a ?: b` | `a ? __same : b` |
| `case 1 ... 5:`, `[1 ... 5] = x` | `case __range(1, 5):`, `[__range(1, 5)] = x` |
| a type as an argument, `container_of(p, struct foo, m)` | `__type(struct foo)`, of which parse makes the type |
"""

import re
from collections import defaultdict

from tdxkit.c.lexing import Token, refused
from tdxkit.c.scopes import BODY, EXPRESSION, FILE, PARAMETERS, Scopes
from tdxkit.c.typenames import BASE, JUMPS, KEYWORDS, QUALIFIERS, TAGS, TYPEOF

LOOP = re.compile(r"\w*for_?each\w*", re.IGNORECASE)
KERNELS = re.compile(
    r"(h?list|llist|xa)_for_each\w*|for_each_(set|clear)_bit"
)  # a loop too where nothing but `;` follows
STATEMENT = {";", "{", "}", ")", "else", "do", ":"}


class Habits:
    """The edits of a text: what is put before and after tokens, by number, and which are left out."""

    def __init__(self, tokens: list[Token], found: Scopes, types: set[str], out: set[int]):
        self.tokens, self.scopes, self.out = tokens, found, out
        self.types = types | BASE | TAGS | QUALIFIERS | TYPEOF
        self.declared = -1  # where the last declaration with a __free ends
        self.before: defaultdict[int, list[Token]] = defaultdict(list)
        self.after: defaultdict[int, list[Token]] = defaultdict(list)
        for at, token in enumerate(tokens):
            if token.kind == "name":
                self._name(at, token)
            elif token.text == "?" and self._text(at + 1) == ":":
                self.after[at] += _words(token, "__same")
            elif token.text == "[":
                self._range(at + 1, found.partner[at])
            if token.text in ("(", ",") and at + 1 < len(tokens) and tokens[at + 1].text in self.types:
                self._type(at)

    def made(self) -> list[Token]:
        """The text with its edits."""
        if not (self.before or self.after or self.out):
            return self.tokens
        made: list[Token] = []
        for at, token in enumerate(self.tokens):
            made += self.before.get(at, ())
            if at not in self.out:
                made.append(token)
            made += self.after.get(at, ())
        return made

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ";"

    def _past(self, at: int) -> int:
        """The token after this one, or after what this one opens."""
        return max(at, self.scopes.partner.get(at, at)) + 1

    def _name(self, at: int, token: Token) -> None:
        name, calls = token.text, self._text(at + 1) == "("
        if name == "case":
            self._range(at + 1, self._colon(at + 1))
        elif calls and name == "__free" and at:
            self._free(at)
        elif calls and self._text(at - 1) in STATEMENT:
            end = self.scopes.partner[at + 1]
            begins = self._begins(end + 1) or (KERNELS.fullmatch(name) and self._text(end + 1) == ";")
            if LOOP.fullmatch(name) and self.scopes.inside[at] == BODY and begins:
                self.before[at] += _words(token, "for (")
                self.out.add(at)
                self.after[at] += _words(token, "__" + name.lstrip("_"))
                self.after[end] += _words(token, "; ; )")

    def _begins(self, at: int) -> bool:
        """Does a statement begin here?"""
        return self._text(at) in ("{", "*", "(", "++", "--") or (
            at < len(self.tokens) and self.tokens[at].kind == "name"
        )

    def _free(self, at: int) -> None:
        """__free(how) behind a name: taken out, and told after the declaration."""
        token, end = self.tokens[at], self.scopes.partner[at + 1]
        if (
            end != at + 3
            or self.tokens[at - 1].kind != "name"
            or self.scopes.inside[at] in (FILE, EXPRESSION, PARAMETERS)
        ):
            raise refused(
                token, "__free(how) stands behind the name of a local variable", "write TYPE name __free(how) = value;"
            )
        self.out.update(range(at, end + 1))
        if at > self.declared:
            self.declared = end
            while self._text(self.declared) not in (";", "}"):
                self.declared = self._past(self.declared)
        how, name = self.tokens[end - 1], self.tokens[at - 1]
        opening, comma, closing = _words(token, "__cleanup ("), _words(token, ","), _words(token, ") ;")
        self.after[self.declared] += [*opening, how, *comma, name, *closing]

    def _colon(self, at: int) -> int:
        """The colon of the case that begins before `at`."""
        choices = 0
        while (text := self._text(at)) not in (";", "}", "case"):
            if text == ":" and not choices:
                return at
            choices += (text == "?") - (text == ":")
            at = self._past(at)
        return at

    def _range(self, start: int, end: int) -> None:
        """`a ... b` between two places."""
        at = start
        while at < end:
            if self._text(at) == "..." and start < at < end - 1:
                like = self.tokens[at]
                self.before[start] = _words(like, "__range (") + self.before[start]
                self.out.add(at)
                self.after[at] += _words(like, ",")
                self.before[end] += _words(like, ")")
                return
            at = self._past(at)

    def _type(self, at: int) -> None:
        """What begins with a type between the commas of a call's arguments. Where it is a variable of that name, the mark does no harm."""
        start = end = at + 1
        if self.scopes.inside[start] != EXPRESSION or not self._called(self.scopes.around[start]):
            return
        while self._text(end) not in (",", ")"):
            end = self._past(end)
        self.before[start] += _words(self.tokens[start], "__type (")
        self.after[end - 1] += _words(self.tokens[start], ")")

    def _called(self, at: int) -> bool:
        """Is the parenthesis at `at` that of a call? A declaration's has a type before its name, perhaps with stars between."""
        if at < 1 or self.tokens[at - 1].kind != "name" or self.tokens[at - 1].text in KEYWORDS:
            return False
        before = at - 2
        while self._text(before) == "*":
            before -= 1
        if before < at - 2:
            return self._text(before) not in self.types and self._text(before - 1) not in TAGS
        return at < 2 or self.tokens[before].kind != "name" or self.tokens[before].text in JUMPS


def _words(like: Token, text: str) -> list[Token]:
    """Words of ours at another token's place."""
    return [
        like._replace(kind="name" if word[0].isalpha() or word[0] == "_" else "sign", text=word)
        for word in text.split()
    ]
