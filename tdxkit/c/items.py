"""What of a stretch of a file is whole: functions and declarations from their first word to their last. A hunk shows neither end of what it begins
or stops in the middle of, and what is left of that is no C.

Kernel style is taken for granted: what stands at file scope begins at the edge, what belongs to something begins with a blank.
"""

from typing import NamedTuple

from tdxkit.c.lexing import FIRST, MOST_TEXT, Token, lexed
from tdxkit.errors import InputError

OPENING, CLOSING = "{([", "})]"
OPENS_IF, WITHIN_IF = ("if", "ifdef", "ifndef"), ("else", "elif", "elifdef", "elifndef", "endif")


class Item(NamedTuple):
    """A function, a declaration or a directive: its lines, from 1. Of one that is not `whole` some lines are missing."""

    first: int
    last: int
    whole: bool


def items(text: str) -> list[Item]:
    """The items of a stretch, in their order. InputError where it is no text.

    >>> items("int a;\\nvoid f(void)\\n{\\n}\\nint b(")
    [Item(first=1, last=1, whole=True), Item(first=2, last=4, whole=True), Item(first=5, last=5, whole=False)]
    >>> items("\\tusers--;\\n}\\n\\nint a;")
    [Item(first=1, last=2, whole=False), Item(first=4, last=4, whole=True)]
    """
    return [item for item, _ in parted(text, tokens_of(text))]


def parted(text: str, tokens: list[Token]) -> list[tuple[Item, list[Token]]]:
    """The same of a stretch whose tokens are there already, each item with its own."""
    rows = text.split("\n")
    found: list[tuple[Item, list[Token]]] = []
    held: list[Token] = []
    depth, body = 0, False  # is the outermost brace that of a function?
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.text == "#" and token.before == FIRST:
            end = _directive(tokens, at)
            if held:
                held += tokens[at:end]
            else:
                found.append((Item(token.line, tokens[end - 1].line, True), tokens[at:end]))
            at = end
            continue
        at += 1
        if token.text == "{" and not depth:
            body = bool(held) and held[-1].text == ")"
        held.append(token)
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth < 0:  # of what began above
            found, held, depth = [(Item(1, token.line, False), [])], [], 0
        elif not depth and (token.text == ";" or (token.text == "}" and body)):
            found.append((_item(held, found, rows), held))
            held, body = [], False
    if held:
        found.append((Item(held[0].line, held[-1].line, False), held))
    return found


def unpaired(text: str) -> set[int]:
    """The lines of directives whose #if, or whose #endif, is not in the stretch."""
    return unpaired_of(tokens_of(text))


def unpaired_of(tokens: list[Token]) -> set[int]:
    """The same of a stretch's tokens."""
    ifs, odd = list[list[int]](), set[int]()
    for at, token in enumerate(tokens[:-1]):
        if token.text != "#" or token.before != FIRST:
            continue
        word, line = tokens[at + 1].text, token.line
        if word in OPENS_IF:
            ifs.append([line])
        elif word in WITHIN_IF and not ifs:
            odd.add(line)
        elif word == "endif":
            ifs.pop()
        elif word in WITHIN_IF:
            ifs[-1].append(line)
    return odd.union(*ifs)


def tokens_of(text: str, most: int = MOST_TEXT) -> list[Token]:
    """The tokens of a stretch, but of a comment that begins above or ends below. InputError where it is no text."""
    head, ends, rest = text.partition("*/")
    if ends and "/*" not in head:
        text = "\n" * head.count("\n") + "  " + rest
    try:
        return lexed(text, most)
    except InputError:
        begins = text.rfind("/*")
        if begins < 0 or "*/" in text[begins + 2 :]:
            raise
        return lexed(text[:begins], most)


def _directive(tokens: list[Token], at: int) -> int:
    """The token behind a directive."""
    end = at + 1
    while end < len(tokens) and tokens[end].before != FIRST:
        end += 1
    return end


def _item(held: list[Token], found: list[tuple[Item, list[Token]]], rows: list[str]) -> Item:
    """What was read up to its end. It is part of something else where it begins with a blank, a brace, a label, or behind the end of that."""
    first = held[0]
    indented = first.before == FIRST and rows[first.line - 1][:1] in (" ", "\t")
    behind = bool(found) and not found[-1][0].whole and found[-1][0].last == first.line
    label = len(held) > 1 and held[1].text == ":"
    return Item(first.line, held[-1].line, not (indented or behind or label or first.text == "{"))
