"""Brackets: which closes which, and what kind of thing each token stands in."""

from typing import NamedTuple

from tdxkit.c.lexing import FIRST, Token, refused
from tdxkit.errors import InputError

DEEPEST = 60  # brackets in brackets: more than this, and pycparser would run out of Python's stack
CLOSER = {"(": ")", "[": "]", "{": "}"}
OPENER = {")": "(", "]": "[", "}": "{"}
NO_BLOCK = {"return", "sizeof", "case", "typeof"}
# What a token stands in: the file itself, a function's body or a block, the members of a struct, a list of initial values or of an enum's
# names, a function's parameters, or an expression.
FILE, BODY, MEMBERS, LIST, PARAMETERS, EXPRESSION = "file", "body", "members", "list", "parameters", "expression"


class Scopes(NamedTuple):
    """`inside`: what each token stands in (a bracket stands outside itself); `around`: the bracket that opens that, -1 for the file; `partner`: for
    a bracket, where its other half is.
    """

    inside: list[str]
    around: list[int]
    partner: dict[int, int]


def scopes(tokens: list[Token]) -> Scopes:
    """The scopes of a text whose brackets all close; InputError, naming the one at fault, where they do not."""
    found = Scopes([], [], {})
    inside, around, partner = found
    here, valued = FILE, False  # valued: behind the = of a declaration
    open_: list[tuple[int, str]] = []
    rows: dict[int, int] = {}  # for a bracket, how many stand before it in a row: f()()(), a[1][2][3]
    for at, token in enumerate(tokens):
        text = token.text if token.kind == "sign" else ""
        if text in OPENER:
            if not open_ or tokens[open_[-1][0]].text != OPENER[text]:
                raise _wrong(tokens, at, [start for start, _ in open_], partner)
            start, here = open_.pop()
            partner[at], partner[start], rows[at] = start, at, rows[start]
            valued = valued and (text != "}" or here != FILE)
        elif text in ("=", ";"):
            valued = text == "="
        inside.append(EXPRESSION if valued and here in (FILE, MEMBERS) and text != ";" else here)
        around.append(open_[-1][0] if open_ else -1)
        if text in CLOSER:
            rows[at] = rows.get(at - 1, 0) + 1
            if len(open_) >= DEEPEST or rows[at] > DEEPEST:
                raise refused(
                    token, f"brackets are nested to a depth of {DEEPEST}, and as many stand in a row", "make it simpler"
                )
            open_.append((at, here))
            here = _within(tokens, at, here, valued, partner)
    if open_:
        raise _unclosed(tokens, [start for start, _ in open_], partner, None)
    return found


def _within(tokens: list[Token], at: int, here: str, valued: bool, partner: dict[int, int]) -> str:
    """What stands in the bracket that opens at `at`."""
    before = tokens[at - 1].text if at else ";"
    if before in ("static_assert", "_Static_assert"):
        return EXPRESSION
    if tokens[at].text != "{":
        return (
            PARAMETERS if here in (FILE, MEMBERS, PARAMETERS) and not valued and tokens[at].text == "(" else EXPRESSION
        )
    if before == ")" and here in (BODY, EXPRESSION):
        head = tokens[partner[at - 1] - 1]  # what the parentheses before it belong to: `if`, or a cast's `=`
        return BODY if here == BODY and head.kind == "name" and head.text not in NO_BLOCK else LIST
    if here == LIST or before in ("=", ",", "]"):
        return LIST
    if before != ")":
        if not {"struct", "union"}.isdisjoint(token.text for token in tokens[max(0, at - 2) : at]):
            return MEMBERS
        head = at
        while head and (tokens[head - 1].kind == "name" or tokens[head - 1].text == ":"):
            head -= 1
        if any(token.text == "enum" for token in tokens[head:at]):  # `enum e : unsigned long {` too
            return LIST
    return BODY


def _indent(tokens: list[Token], at: int) -> int:
    """The column at which the line of a token begins."""
    while at and tokens[at].before != FIRST:
        at -= 1
    return tokens[at].column


def _suspect(tokens: list[Token], partner: dict[int, int]) -> tuple[int, int] | None:
    """The first } on a line of its own that stands further left, or right, than the line whose { it closes: where one was forgotten."""
    for end in sorted(partner):
        if tokens[end].text == "}" and tokens[end].before == FIRST:
            head = start = partner[end]
            if start and tokens[start - 1].text == ")":
                head = partner.get(start - 1, start)
            if _indent(tokens, head) != tokens[end].column:
                return start, end
    return None


def _wrong(tokens: list[Token], at: int, open_: list[int], partner: dict[int, int]) -> InputError:
    """The bracket at `at` closes nothing, or not what is open."""
    token = tokens[at]
    if open_ and (token.text == "}" or tokens[open_[-1]].text != "{"):
        return _unclosed(tokens, open_, partner, token)
    rule = f"no {OPENER[token.text]} is open here that it closes"
    if token.text == "}" and (found := _suspect(tokens, partner)):
        start, end = tokens[found[0]], tokens[found[1]]
        rule += f"; by the margins the }} of line {end.line} is one too many for the {{ of line {start.line}"
    return refused(token, rule, "take one out, or paste the whole function")


def _unclosed(tokens: list[Token], open_: list[int], partner: dict[int, int], by: Token | None) -> InputError:
    """The innermost open bracket is not closed before `by`, or at all; by the margins, perhaps one further in."""
    start = open_[-1]
    closer = CLOSER[tokens[start].text]
    if by is not None:
        rule = f"it is still open where the {by.text} of line {by.line}, column {by.column} comes"
        return refused(tokens[start], rule, f"close it with {closer}")
    if closer == "}" and (found := _suspect(tokens, partner)) and _indent(tokens, found[0]) > tokens[found[1]].column:
        end = tokens[found[1]]
        return refused(
            tokens[found[0]],
            f"it is never closed, by the margins: the }} of line {end.line} closes another",
            "close it with }",
        )
    return refused(tokens[start], "it is never closed", f"close it with {closer}, or paste the whole function")
