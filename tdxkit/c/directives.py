"""Directives: #define and #undef, and which branches of #if are read; what stands outside them, with its macros replaced."""

from collections.abc import Iterable, Iterator, Mapping

from tdxkit.c.conditions import Condition
from tdxkit.c.expanding import MOST_TOKENS, Expander, Spent
from tdxkit.c.lexing import FIRST, Token, lexed, refused
from tdxkit.c.macros import Macro, macro
from tdxkit.c.predefined import predefined
from tdxkit.errors import InputError

IGNORED = {"include", "include_next", "import", "pragma", "warning", "line", "ident", "sccs", "assert", "unassert"}
OPENING = {"if", "ifdef", "ifndef"}
BRANCHING = {"elif", "elifdef", "elifndef", "else", "endif"}


class _Branch:
    """An #if that is open: where it stands, whether a branch of it has been read, whether this one is, and whether #else has been."""

    def __init__(self, start: Token, outer: bool):
        self.start, self.outer, self.taken, self.live, self.last = start, outer, False, False, False

    def turn(self, holds: bool) -> None:
        """Begin a branch."""
        self.live = self.outer and holds and not self.taken
        self.taken = self.taken or self.live


class Directives:
    """What a text's directives make of it: `table`, its macros so far; `remarks`, what was taken for granted."""

    def __init__(self, table: dict[str, Macro], remarks: list[str]):
        self.table, self.remarks, self.spent = table, remarks, Spent()
        self.open: list[_Branch] = []
        self.asked: set[str] = set()

    def live(self, tokens: list[Token]) -> Iterator[Token]:
        """The tokens outside directives in the branches that are read."""
        at, size, live = 0, len(tokens), True
        while at < size:
            token = tokens[at]
            at += 1
            if token.text == "#" and token.before == FIRST:
                end = at
                while end < size and tokens[end].before != FIRST:
                    end += 1
                self._directive(token, tokens[at:end])
                at, live = end, not self.open or self.open[-1].live
            elif live:
                yield token
        if self.open:
            raise refused(self.open[-1].start, "an #if that begins here never ends", "close it with #endif")

    def _directive(self, start: Token, line: list[Token]) -> None:
        if not line:
            return
        name, rest = line[0], line[1:]
        if name.text in OPENING:
            outer = not self.open or self.open[-1].live
            self.open.append(_Branch(name, outer))
            self.open[-1].turn(outer and self._holds(name, rest))
        elif name.text in BRANCHING:
            self._branch(name, rest)
        elif self.open and not self.open[-1].live:
            return
        elif name.text == "define":
            found = macro(rest, name)
            self.table[found.name] = found
        elif name.text == "undef":
            self.table.pop(rest[0].text if rest else "", None)
        elif name.text == "error":
            said = " ".join(token.text for token in rest)
            raise refused(
                name, f"this branch says it is not to be compiled ({said[:60]})", "define what it asks for with -D"
            )
        elif name.text not in IGNORED and name.kind != "number":
            raise refused(name, "C has no such directive", "take the line out")

    def _branch(self, name: Token, rest: list[Token]) -> None:
        if not self.open:
            raise refused(name, "no #if is open here", "take the line out, or paste from the #if on")
        branch = self.open[-1]
        if name.text == "endif":
            self.open.pop()
            return
        if branch.last:
            raise refused(name, "the #else of this #if has been", "take one of the two out")
        branch.last = name.text == "else"
        wanted = branch.outer and not branch.taken
        branch.turn(wanted and (branch.last or self._holds(name, rest)))

    def _holds(self, name: Token, rest: list[Token]) -> bool:
        """Is the branch that begins with this directive read?"""
        condition = Condition(name, self.table, self.spent, self._unknown)
        if name.text.endswith("def"):
            return condition.defined(rest) != name.text.endswith("ndef")
        return condition.holds(rest)

    def _unknown(self, name: Token) -> None:
        if name.text not in self.asked:
            self.asked.add(name.text)
            self.remarks.append(f"line {name.line}: {name.text} is not defined; -D {name.text} defines it")


def preprocessed(tokens: list[Token], defines: Mapping[str, str], remarks: list[str]) -> list[Token]:
    """The tokens with all directives carried out and all macros replaced."""
    table = dict(predefined())
    for name, value in defines.items():
        table[name] = _given(name, value)
    directives = Directives(table, remarks)
    return list(_bounded(Expander(directives.live(tokens), table, directives.spent)))


def _bounded(tokens: Iterable[Token]) -> Iterator[Token]:
    for number, token in enumerate(tokens):
        if number == MOST_TOKENS:
            raise refused(token, f"C is read up to {MOST_TOKENS:,} tokens", "paste the functions in question only")
        yield token


def _given(name: str, value: str) -> Macro:
    """The macro of `-D NAME=VALUE`; InputError where NAME is no name, or VALUE no C."""
    try:
        words = lexed(f"{name} {value}")
        if len(lexed(name)) == 1 and all(word.before != FIRST for word in words[1:]):
            return macro(words, words[0])
    except InputError:
        pass
    raise InputError(f"-D {name}", "it defines one name of C, as one line of C", "write -D NAME or -D NAME=VALUE")
