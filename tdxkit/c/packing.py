"""Which structs a text lays out in its own way: packed, or aligned to more than their members. Attributes are no part of the tree, so this
looks at the tokens as they were pasted."""

from typing import NamedTuple

from tdxkit.c.lexing import Token

ATTRIBUTE = {"__attribute__", "__attribute"}
PACKED = {"__packed", "__packed__", "packed"}
ALIGNED = {"__aligned", "__aligned__", "aligned"}
LINE = {"____cacheline_aligned", "__cacheline_aligned", "____cacheline_aligned_in_smp", "__cacheline_aligned_in_smp"}
WORDS = {"struct", "union"}
BESIDE = ATTRIBUTE | PACKED | ALIGNED | LINE | {"(", ")", ","}
CACHE_LINE = 64


class Packing(NamedTuple):
    """How a struct is laid out. `odd`: in a way that is not known here, as where a member is aligned."""

    packed: bool = False
    align: int = 1
    odd: bool = False


PLAIN = Packing()


def packing(tokens: list[Token]) -> dict[tuple[int, int], Packing]:
    """Of the structs that say something of it, by line and column of their names, or of the { of one without."""
    found: dict[int, Packing] = {}
    heads: dict[int, Token] = {}  # by the number of the word struct
    open_: list[int | None] = []
    begun = closed = None  # the struct whose { is still to come; the one whose } was just there
    for at, token in enumerate(tokens):
        text = token.text
        if text in WORDS:
            begun, closed = at, None
        elif text == "{":
            if begun is not None:
                before = tokens[at - 1]
                named = before.kind == "name" and before.text not in WORDS and not _says(tokens, at - 1)
                heads[begun] = before if named else token
            open_.append(begun)
            begun = closed = None
        elif text == "}":
            begun, closed = None, open_.pop() if open_ else None
        elif text == ";":
            begun = closed = None
        elif _says(tokens, at):
            whose = closed if closed is not None else begun if _all_beside(tokens, at, begun) else None
            member = whose is None and bool(open_)
            of = open_[-1] if member else whose
            if of is not None:
                found[of] = _with(found.get(of, PLAIN), tokens, at, member)
        elif token.kind == "name" and text not in BESIDE:
            closed = None
    return {(heads[at].line, heads[at].column): says for at, says in found.items() if at in heads}


def _says(tokens: list[Token], at: int) -> bool:
    """Is it an attribute, and not a variable of this name?"""
    text = tokens[at].text
    plain = text in ("packed", "aligned", "__packed__", "__aligned__")
    return text in PACKED | ALIGNED | LINE and (
        not plain or any(t.text in ATTRIBUTE for t in tokens[max(0, at - 12) : at])
    )


def _all_beside(tokens: list[Token], at: int, begun: int | None) -> bool:
    """Does nothing but attributes stand between a struct's first word and here?"""
    return begun is not None and all(token.text in BESIDE for token in tokens[begun + 1 : at])


def _with(before: Packing, tokens: list[Token], at: int, member: bool) -> Packing:
    text = tokens[at].text
    if member:
        return before._replace(odd=True)
    if text in PACKED:
        return before._replace(packed=True)
    number = str(CACHE_LINE) if text in LINE else tokens[at + 2].text if at + 2 < len(tokens) else ""
    return before._replace(align=int(number)) if number.isdecimal() else before._replace(odd=True)
