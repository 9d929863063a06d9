"""What of some stretches of files is needed to run a function: itself, what it calls and names, and what that does. The rest of what a patch
shows is of no use to a reader who races two functions, and may be C that is not read.

A file's items are told apart by their words alone: what one declares is guessed generously, as too much does no harm.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from tdxkit.c.items import OPENS_IF, WITHIN_IF, Item, items_of, tokens_of, unpaired_of
from tdxkit.c.lexing import FIRST, Token
from tdxkit.c.typenames import KEYWORDS
from tdxkit.errors import InputError

MARKED = ("__attribute__", "__printf", "__section", "__aligned", "__acquires", "__releases", "__must_hold", "__malloc", "__no_sanitize")  # fmt: skip
KEPT = 20_000  # stretches whose items are kept


class Stretch(NamedTuple):
    """Lines that stand below each other in a file."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """An item, what it declares, all names in it, its words without comments, and whether it is a function with a body, or a directive that
    opens, splits or ends a condition ("if", "else", "endif")."""

    item: Item
    declares: frozenset[str]
    uses: frozenset[str]
    spelled: str
    function: str = ""
    condition: str = ""


class Piece(NamedTuple):
    """An item that is needed: in which stretch, and the item."""

    stretch: int
    named: Named


class Needed(NamedTuple):
    """The pieces, stretch by stretch in their order; `twice`: functions that stand in several places, with the files; `partial`: needed names of
    which only a part stands somewhere."""

    pieces: tuple[Piece, ...]
    twice: dict[str, tuple[str, ...]]

    @property
    def functions(self) -> dict[str, Piece]:
        """The functions by their names."""
        return {piece.named.function: piece for piece in self.pieces if piece.named.function}


def needed(stretches: Sequence[Stretch], wanted: Iterable[str], first: Collection[str] = ()) -> Needed:
    """The items that these names need, and those that they need. first: files whose functions go before others of their names.

    >>> found = needed([Stretch("a.c", "int a, b;\\nint c;\\nvoid f(void)\\n{\\n\\ta++;\\n}")], ["f"])
    >>> [(piece.named.item.first, piece.named.item.last) for piece in found.pieces]
    [(1, 1), (3, 6)]
    """
    all_named = [named_in(stretch.text) for stretch in stretches]
    declared: dict[str, list[Piece]] = {}
    for k, found in enumerate(all_named):
        for one in found:
            for name in one.declares:
                declared.setdefault(name, []).append(Piece(k, one))
    taken: set[tuple[int, int]] = set()
    twice: dict[str, tuple[str, ...]] = {}
    todo = [(name, "") for name in wanted]
    seen: set[str] = set()
    while todo:
        name, file = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        here = declared.get(name, [])
        bodies = [piece for piece in here if piece.named.function == name]
        if len(bodies) > 1:
            bodies = _meant(bodies, stretches, file, first)
            if len(bodies) > 1:
                twice[name] = tuple(stretches[piece.stretch].file for piece in bodies)
        for piece in (*bodies, *(piece for piece in here if piece.named.function != name)):
            if (piece.stretch, piece.named.item.first) not in taken:
                taken.add((piece.stretch, piece.named.item.first))
                todo += [(word, stretches[piece.stretch].file) for word in sorted(piece.named.uses)]
    return Needed(tuple(_with_conditions(all_named, taken)), twice)


def _meant(bodies: list[Piece], stretches: Sequence[Stretch], file: str, first: Collection[str]) -> list[Piece]:
    """Of several functions of a name those that may be meant: in a file that goes first, in that of who calls it, in one that is no header."""
    for which in (lambda name: name in first, lambda name: name == file, lambda name: not name.endswith(".h")):
        if some := [piece for piece in bodies if which(stretches[piece.stretch].file)]:
            return some
    return bodies


def _with_conditions(all_named: Sequence[Sequence[Named]], taken: set[tuple[int, int]]) -> Iterator[Piece]:
    """What is taken, in its order, inside of the #if and #endif that it stands between."""
    for k, found in enumerate(all_named):
        chosen = {at for at, one in enumerate(found) if (k, one.item.first) in taken}
        open_: list[list[int]] = []
        for at, one in enumerate(found):
            if one.condition == "if":
                open_.append([at])
            elif one.condition and open_:
                open_[-1].append(at)
                if one.condition == "endif":
                    group = open_.pop()
                    if any(one in chosen for a, b in pairwise(group) for one in range(a + 1, b)):
                        chosen.update(group)
        yield from (Piece(k, found[at]) for at in sorted(chosen))


@lru_cache(KEPT)
def named_in(text: str) -> tuple[Named, ...]:
    """The whole items of a stretch, and the conditions of which all is there. None of a stretch that is no text."""
    try:
        tokens = tokens_of(text)
    except InputError:
        return ()
    by_line: dict[int, list[Token]] = {}
    for token in tokens:
        by_line.setdefault(token.line, []).append(token)
    odd = unpaired_of(tokens)
    whole = [item for item in items_of(text, tokens) if item.whole and item.first not in odd]
    return tuple(
        _named(item, [token for line in range(item.first, item.last + 1) for token in by_line.get(line, ())])
        for item in whole
    )


def functions_in(text: str) -> tuple[str, ...]:
    """The functions of a stretch that are whole."""
    return tuple(one.function for one in named_in(text) if one.function)


def _named(item: Item, tokens: list[Token]) -> Named:
    words = [token.text for token in tokens]
    spelled = " ".join(words)
    uses = frozenset(token.text for token in tokens if token.kind == "name")
    if tokens and tokens[0].text == "#" and tokens[0].before == FIRST:
        return _directive(item, words, uses, spelled)
    depths, depth = [], 0
    for word in words:
        depth -= word in ")]}"
        depths.append(depth)
        depth += word in "([{"
    calls = [w for w, follows, d in zip(words, [*words[1:], ""], depths) if follows == "(" and not d and (w[0].isalpha() or w[0] == "_")]  # fmt: skip
    if words[-1] == "}" and calls:
        title = next((word for word in calls if word not in MARKED), calls[0])
        return Named(item, frozenset([title]), uses, spelled, title)
    return Named(item, frozenset(_declared(words, depths)), uses, spelled)


def _directive(item: Item, words: list[str], uses: frozenset[str], spelled: str) -> Named:
    """A macro, a condition, or what nobody needs."""
    kind = words[1] if len(words) > 1 else ""
    condition = "if" if kind in OPENS_IF else "endif" if kind == "endif" else "else" if kind in WITHIN_IF else ""
    return Named(item, frozenset(words[2:3]) if kind == "define" else frozenset(), uses, spelled, "", condition)


def _declared(words: list[str], depths: list[int]) -> Iterator[str]:
    """What a declaration declares: what stands at its edge before `= , ; [ (` or a member list, tags, constants of an enum; of one that is
    written as a call, as `DEFINE_SPINLOCK(lock)`, what it is given."""
    before = ("=", ",", ";", "[", "(", "{", ":", ")")
    given = (
        len(words) > 2 and words[-2:] == [")", ";"] and any(w.isupper() and n == "(" for w, n in pairwise(words[:3]))
    )
    for k, (word, depth) in enumerate(zip(words, depths)):
        if not (word[0].isalpha() or word[0] == "_") or word in KEYWORDS:
            continue
        follows = words[k + 1] if k + 1 < len(words) else ""
        above = words[k - 1] if k else ""
        if (
            (not depth and follows in before)
            or (above in ("struct", "union", "enum") and follows in ("{", ";"))
            or (depth == 1 and given)
            or (words[0] in ("enum", "typedef") and depth == 1 and above in ("{", ",") and follows in ("=", ",", "}"))
            or (words[max(0, k - 2) : k] == ["(", "*"] and follows == ")" and depth == 1)  # a pointer to a function
        ):
            yield word
