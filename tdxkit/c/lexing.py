"""C text to tokens, each with its line and column in the paste.

A backslash at the end of a line joins it to the next, comments are a blank, and a token keeps the place at which it begins. What cannot be told
here waits: a quote that is never closed is a token of the kind "other", and is refused where somebody wants to read it, for a branch that an #if leaves
out may hold any text.

>>> [(t.text, t.line, t.column) for t in lexed("a /* b */ +=\\\\\\n 1")]
[('a', 1, 1), ('+=', 1, 11), ('1', 2, 2)]
"""

import re
from typing import NamedTuple

from tdxkit.errors import InputError, printable

MOST_TEXT = 200_000  # characters
SPLICE = re.compile(r"\\[ \t\f\v]*\r?\n")
WORD = re.compile(
    r"""(?P<space>[ \t\f\v\r\u00a0\u200b\ufeff]+|//[^\n]*|/\*(?s:.*?)\*/)
    |(?P<line>\n)
    |(?P<open>/\*)
    |(?P<string>(?:u8|[LuU])?"(?:[^"\\\n]|\\[^\n])*")
    |(?P<char>(?:u8|[LuU])?'(?:[^'\\\n]|\\[^\n])+')
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>\.?[0-9](?:[eEpP][-+]|[\w.])*)
    |(?P<sign>\.\.\.|<<=|>>=|\#\#|::|->|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^<>=!]=|[-+*/%&|^<>=!~?:;,.(){}\[\]\#])
    |(?P<other>.)""",
    re.VERBOSE | re.ASCII,
)
NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
TURNED = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
GLUED, SPACED, FIRST = range(3)  # what stands before a token: nothing, white space, the start of its line


class Token(NamedTuple):
    """A word of C: its kind (name, number, char, string, sign, other), as it is written, where it begins, and what stands before it.

    `whole` is false for a name that a macro's own expansion has brought, which is not expanded again.
    """

    kind: str
    text: str
    line: int
    column: int
    before: int = GLUED
    whole: bool = True


def place(line: int, column: int, text: str) -> str:
    """What every refusal of a text begins with."""
    return f"line {line}, column {column}: `{printable(text, 40)}`"


def refused(token: Token, rule: str, action: str) -> InputError:
    """The refusal of a token."""
    return InputError(place(token.line, token.column, token.text), rule, action)


def lexed(text: str, most: int = MOST_TEXT) -> list[Token]:
    """The tokens of a text, those of directives among them; InputError where it is no text, has more than `most` characters, or a comment never
    ends."""
    _check(text, most)
    plain, starts = _joined(text)
    starts.append(len(plain) + 1)
    found: list[Token] = []
    line, before = 1, FIRST
    for match in WORD.finditer(plain):
        kind, at = match.lastgroup, match.start()
        while starts[line] <= at:
            line += 1
        if kind == "space":
            before = before or SPACED
        elif kind == "line":
            before = FIRST
        elif kind == "open":
            raise InputError(
                place(line, at - starts[line - 1] + 1, "/*"),
                "a comment that begins here never ends",
                "close it with */",
            )
        else:
            found.append(Token(kind or "other", match.group(), line, at - starts[line - 1] + 1, before))
            before = GLUED
    return found


def _joined(text: str) -> tuple[str, list[int]]:
    """The text with its split lines joined, and where in it each line of the paste begins, the first at 0."""
    pieces, starts, since, cut = [], [0], 0, 0
    for splice in SPLICE.finditer(text):
        pieces.append(text[since : splice.start()])
        cut += splice.start() - since
        starts.append(cut)
        since = splice.end()
    pieces.append(text[since:])
    plain = "".join(pieces)
    starts.extend(match.end() for match in re.finditer("\n", plain))
    starts.sort()
    return plain, starts


def _check(text: str, most: int) -> None:
    if len(text) > most:
        raise InputError(
            f"a text of {len(text):,} characters",
            f"C is read up to {most:,}",
            "paste the functions in question only",
        )
    if found := NOT_TEXT.search(text):
        raise _sign(text, found.start(), "this is no text: C has no control characters", "paste the source itself")
    if found := TURNED.search(text):
        raise _sign(
            text, found.start(), "a sign that turns the direction of writing hides what the text says", "take it out"
        )


def _sign(text: str, at: int, rule: str, action: str) -> InputError:
    return InputError(place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), text[at]), rule, action)
