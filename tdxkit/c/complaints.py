"""What is wrong where the grammar of C does not go on: pycparser says at which token, this says what the reader has to do about it."""

from collections.abc import Iterator

from tdxkit.c.guesses import CPLUSPLUS
from tdxkit.c.lexing import FIRST, Token, refused
from tdxkit.c.typenames import BASE, HEADS, JUMPS, KEYWORDS, SPECIFIERS, STORAGE, TAGS
from tdxkit.errors import InputError

CPP = "this is C++, and C is read", "write it in C"
CPP_FORMS = {
    ("template", "<"), ("public", ":"), ("private", ":"), ("protected", ":"), ("try", "{"), ("catch", "("), ("namespace", "{"), ("class", "{"),
}  # fmt: skip
PASTE = "paste the whole of the function"
CUT = ["..."], ["[", "...", "]"], ["<", "snip", ">"], ["[", "snip", "]"]
OPENS, CLOSES = {"(", "[", "{"}, {")", "]", "}"}
VALUE = {"number", "string", "char"}
SAID_BY_PYCPARSER = {  # where its own words, which never reach the reader, are about more than one token
    "Non-typedef": ("it is the name of a type", "choose another name"),
    "Typedef": ("it is the name of something else", "choose another name"),
    "Missing type": ("a declaration begins with a type", "write one before it"),
    "Invalid declar": ("a declaration is a type and the names that have it", "mend it"),
    "Invalid multiple": ("a declaration has one type", "take one out"),
    "Invalid spec": ("a type is to stand here", "write one"),
}


class Complaint:
    """A text's tokens and the number of the one with which they stop being C (their count where the text ends), with pycparser's message."""

    def __init__(self, tokens: list[Token], at: int, message: str):
        self.tokens, self.at, self.message = tokens, at, message
        self.token = tokens[min(at, len(tokens) - 1)]
        self.before = self._text(at - 1)
        self.start = at  # of the statement
        while self._text(self.start - 1) not in (";", "{", "}", ""):
            self.start -= 1

    def error(self) -> InputError:
        """The refusal: the first that fits, from the plainest mistake to the most general."""
        looks = (
            self._cut_out,
            self._cplusplus,
            self._no_semicolon,
            self._block,
            self._word,
            self._outside,
            self._statement,
            self._value,
        )
        for look in looks:
            if (found := look()) is not None:
                return found
        return refused(self.token, f"C does not go on like this after `{self.before[:30]}`", "mend the line")

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _plain(self, at: int) -> bool:
        """A name that is no word of C."""
        return 0 <= at < len(self.tokens) and self.tokens[at].kind == "name" and self._text(at) not in KEYWORDS

    def _cut_out(self) -> InputError | None:
        around = [self._text(k) for k in range(self.at, self.at + 3)]
        if any(around[: len(cut)] == cut for cut in CUT):
            return refused(self.token, "something was cut out of the text here", PASTE)
        if around[0] == ">" and self.token.before == FIRST:
            return refused(
                self.token, "a line of C does not begin like this: is it quoted mail?", "take the marks of quoting off"
            )
        return None

    def _cplusplus(self) -> InputError | None:
        for at in range(self.start, min(self.at + 3, len(self.tokens))):
            text, after = self._text(at), self._text(at + 1)
            named = self._text(at - 1) in TAGS | {".", "->"}  # struct class is C
            if (
                not named
                and text in CPLUSPLUS
                and (self._plain(at + 1) or after in SPECIFIERS or (text, after) in CPP_FORMS)
            ):
                return refused(self.tokens[at], *CPP)
            if text == "extern" and after.startswith('"'):
                return refused(self.tokens[at], *CPP)
            typed = self._text(at - 1) in BASE or (
                self._plain(at - 1) and self._text(at - 2) in ("(", ",", "{", ";", "const", *TAGS)
            )
            if text == "&" and self._plain(at + 1) and typed and at >= self.at - 1:
                return refused(self.tokens[at], "references are C++, and C is read", "use a pointer")
        if (
            self._text(self.at) == "="
            and self._plain(self.at - 1)
            and self._text(self._around()) == "("
            and self._text(self.start) in SPECIFIERS
        ):
            return refused(
                self.token, "a parameter's default is C++, and C is read", "give the value where the function is called"
            )
        if self._text(self.at) == "[" and self.before in ("=", "(", ",", "return"):
            return refused(self.token, *CPP)
        return None

    def _around(self) -> int:
        """The bracket that is open where it stops; -1 where none is."""
        depth = 0
        for at in range(self.at - 1, -1, -1):
            depth += (self._text(at) in CLOSES) - (self._text(at) in OPENS)
            if depth < 0:
                return at
        return -1

    def _no_semicolon(self) -> InputError | None:
        """A line begins something new while the one before has not ended."""
        for at in range(self.start + 1, min(self.at + 1, len(self.tokens))):
            token, last = self.tokens[at], self.tokens[at - 1]
            ended = (
                last.kind in VALUE
                or last.text in (")", "]", "++", "--", "break", "continue", "return")
                or self._plain(at - 1)
            )
            begins = (
                token.text in SPECIFIERS | JUMPS | HEADS
                or token.text == "}"
                or (at == self.at and token.kind == "name")
            )
            controls = last.text == ")" and self._text(self.start) in HEADS | {"else", "do"}
            if token.before == FIRST and ended and begins and not controls:
                if last.text == ")" and self._plain(self.start) and self._text(self.start + 1) == "(":
                    rule = "a `;` is missing after this call, or it is a macro that the text does not define"
                    return refused(self.tokens[self.start], rule, "write the ; or put its #define in the text")
                return refused(last, "a `;` is missing after it", "end the line with ;")
        if self.message.startswith("Invalid multiple"):
            for at in self._ends_of_bodies():
                return refused(self.tokens[at], "a `;` is missing after it", "end the declaration with ;")
        return None

    def _ends_of_bodies(self) -> Iterator[int]:
        """The } behind the token that are followed by the start of something else."""
        depth = 0
        for at in range(self.at, len(self.tokens)):
            depth += (self._text(at) == "{") - (self._text(at) == "}")
            if self._text(at) == "}" and not depth and self._text(at + 1) in SPECIFIERS:
                yield at

    def _block(self) -> InputError | None:
        """NAME(…) { where no block can be."""
        if self._text(self.at) != "{" or self.before != ")":
            return None
        name = self._head(self.at - 1)
        if not self._plain(name):
            return None
        if not (self._plain(name - 1) or self._text(name - 1) in SPECIFIERS | {"*"}):
            rule = "it is not known here and has a block behind it (a macro that the text does not define?)"
            return refused(self.tokens[name], rule, "put its #define in the text, or write the loop out")
        if {self._text(self._around() - 1), self._text(self._around() - 2)} & TAGS:
            return refused(self.tokens[name], "a struct has no functions in C", "write it in C")
        return refused(
            self.tokens[name], "a function stands outside all others", "move it before the function around it"
        )

    def _head(self, at: int) -> int:
        """The name before the parentheses that end at `at`."""
        depth = 1
        while depth and at > 0:
            at -= 1
            depth += (self._text(at) == ")") - (self._text(at) == "(")
        return at - 1

    def _word(self) -> InputError | None:
        if self._text(self.at) in KEYWORDS and (
            self.before in BASE | STORAGE | TAGS or self.before in ("*", "goto", "->", ".")
        ):
            return refused(self.token, "it is a word of C and no name", "choose another name")
        for beginning, said in SAID_BY_PYCPARSER.items():
            if self.message.startswith(beginning):
                return refused(self.token, *said)
        return None

    def _outside(self) -> InputError | None:
        """Outside any function."""
        if sum((token.text == "{") - (token.text == "}") for token in self.tokens[: self.at]):
            return None
        first = self.tokens[min(self.start, len(self.tokens) - 1)]
        if all(self._plain(self.start + k) for k in range(3)):
            return refused(first, "this is no declaration of C", "paste C only, without the words around it")
        if first.text in HEADS | JUMPS or self._text(self.start + 1) in ("=", "++", "--", "->", "+=", "-="):
            return refused(first, "a statement stands in a function", PASTE)
        if self._plain(self.start) and self._text(self.start + 1) == "(":
            rule = "a call stands in a function, and a declaration begins with a type"
            return refused(first, rule, f"{PASTE}, or put the macro's #define in the text")
        if self.at >= len(self.tokens):
            return refused(
                self.token, "the text ends in the middle of a declaration", "end it, or paste the whole of it"
            )
        return refused(self.token, "outside functions C has declarations only", f"{PASTE}, and nothing beside C")

    def _statement(self) -> InputError | None:
        text, start = self._text(self.at), self._text(self.start)
        if text == "else":
            return refused(self.token, "no if stands before it", "take out the ; or } before it, or the else")
        if self.before in HEADS and text != "(":
            return refused(self.tokens[self.at - 1], "what it asks stands in parentheses", "write ( ) around it")
        if start == "for" and text == ")":
            return refused(self.tokens[self.start], "a for has two ; in its parentheses", "write for (…; …; …)")
        if start == "goto":
            return refused(self.token, "a goto names a label", "write goto NAME;")
        if start == "case":
            return refused(self.tokens[self.start], "a case ends with :", "write case VALUE:")
        return None

    def _value(self) -> InputError | None:
        if self.message == "Invalid expression" and self._plain(self.at):
            return refused(
                self.token,
                "it is read as a type, and a value is to stand here",
                "choose another name, or give it a type",
            )
        if self.message == "Invalid expression":
            return refused(self.token, f"a value is to stand after `{self.before[:30]}`", "write one")
        begins = self.token.kind in ("name", *VALUE)
        if begins and (self.tokens[self.at - 1].kind in ("name", *VALUE) or self.before in (")", "]")):
            return refused(
                self.token, f"an operator, a comma or a ; is missing between `{self.before[:30]}` and it", "write it"
            )
        return None
