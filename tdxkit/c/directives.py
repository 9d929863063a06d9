"""Directives: #define and #undef, and which branches of #if are read; and what stands outside them, its macros replaced."""

from collections.abc import Iterator, Mapping
from itertools import islice

from tdxkit.c.attributes import PRAGMA, PRAGMAS
from tdxkit.c.conditions import Condition
from tdxkit.c.expanding import MOST_TOKENS, Expander, Spent
from tdxkit.c.lexing import FIRST, SPACED, Token, lexed, refused
from tdxkit.c.macros import Macro, macro
from tdxkit.c.predefined import predefined
from tdxkit.errors import InputError, printable

INCLUDING = {"include", "include_next", "import"}  # beside functions: what the text needs of it is refused by name
IGNORED = INCLUDING | {"pragma", "warning", "line", "ident", "sccs", "assert", "unassert"}
OPENING = {"if", "ifdef", "ifndef"}
BRANCHING = {"elif", "elifdef", "elifndef", "else", "endif"}
DEEPEST = 50


class _Branch:
    """An #if that is open: where it began, whether the text around it is read, whether a branch of it has been, whether this one is."""

    def __init__(self, start: Token, outer: bool):
        self.start, self.outer, self.taken, self.live, self.last = start, outer, False, False, False

    def turn(self, holds: bool) -> None:
        """Begin a branch."""
        self.live, self.taken = holds, self.taken or holds


class Directives:
    """What a text's directives make of it. `table`: its macros so far; `remarks` hears what was taken for granted."""

    def __init__(self, table: dict[str, Macro], remarks: list[str]):
        self.table, self.remarks, self.spent = table, remarks, Spent()
        self.open: list[_Branch] = []
        self.asked: set[str] = set()
        self.depth = 0  # of braces that are open

    def live(self, tokens: list[Token]) -> Iterator[Token]:
        """The tokens outside directives, in the branches that are read."""
        at, size, live = 0, len(tokens), True
        while at < size:
            token = tokens[at]
            at += 1
            if token.text == "#" and token.before == FIRST:
                end = at
                while end < size and tokens[end].before != FIRST:
                    end += 1
                if end > at + 1 and tokens[at].text == "pragma" and live and tokens[at + 1].text in PRAGMAS:
                    yield from (mark := tokens[at + 1]._replace(kind=PRAGMA), *tokens[at + 2 : end], mark)
                elif end > at:
                    self._directive(tokens[at], tokens[at + 1 : end], [t.text for t in tokens[end : end + 3]])
                at, live = end, not self.open or self.open[-1].live
            elif live:
                self.depth += (token.text == "{") - (token.text == "}")
                yield token
        if self.open:
            raise refused(self.open[-1].start, "an #if that begins here never ends", "close it with #endif")

    def _directive(self, name: Token, rest: list[Token], after: list[str]) -> None:
        live = not self.open or self.open[-1].live
        if name.text in OPENING:
            if len(self.open) >= DEEPEST:
                raise refused(name, f"#if is nested to a depth of {DEEPEST}", "paste the branch that you mean")
            if name.text == "ifndef" and rest and after == ["#", "define", rest[0].text]:
                self.asked.add(rest[0].text)  # a header's guard: nobody wants to hear of it
            self.open.append(_Branch(name, live))
            self.open[-1].turn(live and self._holds(name, rest))
        elif name.text in BRANCHING:
            self._branch(name, rest)
        elif not live:
            return
        elif name.text == "define":
            found = macro(rest, name)
            self.table[found.name] = found
        elif name.text == "undef":
            self.table.pop(self._named(name, rest).text, None)
        elif name.text == "error":
            said = printable(" ".join(token.text for token in rest), 60)
            raise refused(
                name, f"this branch says that it is not to be compiled ({said})", "define what it asks for with -D"
            )
        elif name.text in INCLUDING and self.depth:
            raise refused(name, "what it brings into these braces is not here", "paste its lines in its place")
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
        branch.turn(branch.outer and not branch.taken and (branch.last or self._holds(name, rest)))

    def _holds(self, name: Token, rest: list[Token]) -> bool:
        """Is the branch that begins with this directive read?"""
        if name.text.endswith("def"):
            asked = self._named(name, rest)
            if asked.text not in self.table:
                self.unknown(asked)
            return (asked.text in self.table) != name.text.endswith("ndef")
        tokens = list(Expander(rest, self.table, self.spent, self.unknown, asking=True))
        return Condition(name, tokens, self.unknown).holds()

    @staticmethod
    def _named(name: Token, rest: list[Token]) -> Token:
        if not rest or rest[0].kind != "name":
            raise refused(rest[0] if rest else name, "the name of a macro is to stand here", "name one")
        return rest[0]

    def unknown(self, name: Token) -> None:
        """A name that is asked for is not defined: said, once."""
        if name.text not in self.asked:
            self.asked.add(name.text)
            self.remarks.append(
                f"line {name.line}: {name.text} is asked for and not defined; -D {name.text} defines it"
            )


def preprocessed(tokens: list[Token], defines: Mapping[str, str], remarks: list[str]) -> list[Token]:
    """The tokens with all directives carried out and all macros replaced."""
    table = predefined() | {name: _given(name, value) for name, value in defines.items()}
    directives = Directives(table, remarks)
    made = list(islice(Expander(directives.live(tokens), table, directives.spent, directives.unknown), MOST_TOKENS + 1))
    return bounded(made)


def bounded(tokens: list[Token]) -> list[Token]:
    """The tokens; InputError where they are too many."""
    if len(tokens) > MOST_TOKENS:
        raise refused(
            tokens[MOST_TOKENS], f"C is read up to {MOST_TOKENS:,} tokens", "paste the functions in question only"
        )
    return tokens


def _given(name: str, value: str) -> Macro:
    """The macro of `-D NAME=VALUE`; InputError where NAME is no name, or VALUE no line of C."""
    try:
        names, words = lexed(name), lexed(value)
        if len(names) == 1 and names[0].text == name and all(word.before != FIRST for word in words[1:]):
            return macro([names[0], *(word._replace(before=max(SPACED, word.before)) for word in words)], names[0])
    except InputError:
        pass
    raise InputError(
        f"-D {printable(name, 40)}", "it defines one name of C, as one line of C", "write -D NAME or -D NAME=VALUE"
    )
