"""A stream of tokens with its macros replaced, as gcc does it.

A macro's arguments are replaced first, each on its own; then, with the arguments put in, the replacement is read again together with what follows it.
While it is read, the macro's own name in it stays as it is, for good. What a macro brings has the place of the name that was used; an argument keeps
its own.
"""

from collections.abc import Callable, Iterable, Iterator

from tdxkit.c.lexing import Token, refused
from tdxkit.c.macros import Argument, Macro, Use

MOST_EXPANSIONS, MOST_TOKENS, DEEPEST = 10_000, 30_000, 50
OPTIONS = {"IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE", "IS_MODULE"}
BUILT_IN = {*OPTIONS, "__LINE__", "__COUNTER__", "defined"}
Told = Callable[[Token], None]


class Spent:
    """How much has been replaced so far, in all of a text."""

    def __init__(self) -> None:
        self.expansions = self.tokens = self.counted = 0

    def spend(self, use: Token, tokens: int) -> None:
        """One more replacement; InputError where it is too much."""
        self.expansions += 1
        self.tokens += tokens
        if self.expansions > MOST_EXPANSIONS or self.tokens > MOST_TOKENS:
            rule = f"macros are replaced at most {MOST_EXPANSIONS:,} times, by at most {MOST_TOKENS:,} tokens"
            raise refused(use, rule, "write this one out, or paste less")


class _Waiting:
    """Tokens still to be read: a macro's replacement, or, without a macro, an argument, beyond whose end nothing is read."""

    __slots__ = ("at", "macro", "tokens")

    def __init__(self, tokens: list[Token], macro: str | None):
        self.tokens, self.macro, self.at = tokens, macro, 0


class Expander:
    """The tokens of `source` with the macros of `table` replaced; both may change while it is read. InputError beyond the bounds.

    `unknown` is told of each option that is asked for and not defined; `asking`: it is the line of an #if, where defined() has a meaning.
    """

    def __init__(
        self, source: Iterable[Token], table: dict[str, Macro], spent: Spent, unknown: Told, asking: bool = False
    ):
        self.source, self.table, self.spent, self.unknown, self.asking = iter(source), table, spent, unknown, asking
        self.waiting: list[_Waiting] = []
        self.kept: Token | None = None  # read from the source and put back
        self.busy: set[str] = set()

    def __iter__(self) -> Iterator[Token]:
        table = self.table
        while (token := self._read()) is not None:
            if token.kind == "name" and token.whole:
                if (found := table.get(token.text)) is not None:
                    if self._replace(token, found):
                        continue
                elif token.text in BUILT_IN:
                    token = self._built_in(token)
            yield token

    def _read(self) -> Token | None:
        """The next token as it stands; None at the end."""
        while self.waiting:
            top = self.waiting[-1]
            if top.at < len(top.tokens):
                token = top.tokens[top.at]
                top.at += 1
                return token._replace(whole=False) if token.text in self.busy and token.kind == "name" else token
            if top.macro is None:
                return None
            self.waiting.pop()
            self.busy.discard(top.macro)
        token, self.kept = self.kept, None
        return token or next(self.source, None)

    def _opens(self) -> bool:
        """Does a parenthesis come next? It is read; anything else is not."""
        token = self._read()
        if token is not None and token.text == "(":
            return True
        if token is not None and self.waiting:
            self.waiting[-1].at -= 1
        else:
            self.kept = token if token is not None else self.kept
        return False

    def _replace(self, use: Token, found: Macro) -> bool:
        """Have the replacement read next; False where the macro takes arguments and none stand here."""
        given: list[Argument] = []
        if found.takes is not None:
            if not self._opens():
                return False
            given = self._arguments(use, found)
        if len(self.waiting) >= DEEPEST:
            raise refused(use, f"macros within macros are read to a depth of {DEEPEST}", "write some of them out")
        made = Use(use, found, given, self._alone).replacement()
        self.spent.spend(use, len(made))
        if made:
            made[0] = made[0]._replace(before=use.before)
        self.busy.add(found.name)
        self.waiting.append(_Waiting(made, found.name))
        return True

    def _arguments(self, use: Token, found: Macro) -> list[Argument]:
        """The arguments behind the parenthesis that has been read, one for each parameter; a rest that is left out is missing."""
        takes = found.takes or ()
        given = self._split(use, len(takes) if found.rest else 0)
        if given == [[]] and (not takes or (found.rest and len(takes) == 1)):
            return []
        if len(given) != len(takes) and not (found.rest and len(given) == len(takes) - 1):
            wanted = f"{len(takes) - 1} or more" if found.rest else str(len(takes))
            raise refused(
                use,
                f"this macro takes {wanted} arguments, {len(given)} stand here",
                "give as many as its #define names",
            )
        return given

    def _split(self, use: Token, most: int) -> list[Argument]:
        """What stands up to the closing parenthesis, parted at its commas into at most `most`, where that is not 0."""
        given: list[Argument] = [[]]
        depth = 0
        while (token := self._read()) is not None:
            if token.text == ")" and not depth:
                return given
            if token.text == "," and not depth and len(given) != most:
                given.append([])
                continue
            depth += (token.text == "(") - (token.text == ")")
            given[-1].append(token)
        raise refused(use, "the arguments of this macro never end", "close them with )")

    def _alone(self, tokens: Argument) -> list[Token]:
        """An argument with its own macros replaced."""
        if not any(token.kind == "name" for token in tokens):
            return list(tokens)
        self.waiting.append(_Waiting(tokens, None))
        made = list(self)
        self.waiting.pop()
        return made

    def _built_in(self, token: Token) -> Token:
        """What the compiler, or the kernel's configuration, knows."""
        if token.text in ("__LINE__", "__COUNTER__"):
            self.spent.counted += token.text == "__COUNTER__"
            return token._replace(
                kind="number", text=str(token.line if token.text == "__LINE__" else self.spent.counted - 1)
            )
        if token.text == "defined" and not self.asking:
            return token
        if self._opens():
            given = self._split(token, 0)
        elif token.text == "defined":
            given = [[name] if (name := self._read()) else []]
        else:
            return token
        if len(given) != 1 or len(given[0]) != 1 or given[0][0].kind != "name":
            raise refused(token, "it asks for one name", f"write {token.text}(NAME)")
        return token._replace(kind="number", text=str(int(self._is(token.text, given[0][0]))))

    def _is(self, asked: str, name: Token) -> bool:
        """Is a macro defined, or, asked otherwise than by defined(), an option of the configuration on, as include/linux/kconfig.h has it? Of -D
        it may be said in the words of a .config too: y or m."""
        found, module = self.table.get(name.text), self.table.get(f"{name.text}_MODULE")
        if found is None and module is None:
            self.unknown(name)
        if asked == "defined":
            return found is not None
        value = [token.text for token in found.body] if found else []
        built_in, loaded = value in (["1"], ["y"]), value == ["m"] or _is_one(module)
        if asked == "IS_REACHABLE":
            return built_in or (loaded and _is_one(self.table.get("MODULE")))
        return (built_in and asked != "IS_MODULE") or (loaded and asked != "IS_BUILTIN")


def _is_one(found: Macro | None) -> bool:
    return found is not None and [token.text for token in found.body] == ["1"]
