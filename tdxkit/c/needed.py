"""What of some stretches of files is needed to run a function: itself, what it calls and names, and what that does. The rest of what a patch
shows is of no use to a reader who races two functions, and may be C that is not read.

A file's items are told apart by their words alone: what one declares is guessed generously, as too much does no harm.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from tdxkit.c.items import OPENS_IF, WITHIN_IF, Item, parted, tokens_of, unpaired_of
from tdxkit.c.lexing import FIRST, Token
from tdxkit.c.typenames import KEYWORDS
from tdxkit.errors import InputError

MARKED = ("__attribute__", "__printf", "__section", "__aligned", "__acquires", "__releases", "__must_hold", "__malloc", "__no_sanitize")  # fmt: skip
_FORWARD = re.compile(r"(?:struct|union|enum) \w+ ;")
_CALLED = re.compile(r"(?:static )?[A-Z][A-Z0-9_]* \(")
KEPT = 20_000  # stretches whose items are kept
MOST_FILE = 4 << 20  # characters


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

    @property
    def defines(self) -> bool:
        """Is it more than a declaration: is it what its names are?"""
        if _FORWARD.fullmatch(self.spelled) or self.spelled.startswith("extern "):
            return False
        return not self.spelled.endswith(") ;") or bool(_CALLED.match(self.spelled)) or "{" in self.spelled

    @property
    def early(self) -> bool:
        """Is it a macro or a type, which others need above them?"""
        word = self.spelled.partition(" ")[0]
        kind = word in ("struct", "union", "enum") and ("{" in self.spelled or bool(_FORWARD.fullmatch(self.spelled)))
        return kind or word == "typedef" or self.spelled.startswith(("# define", "# undef"))


class Piece(NamedTuple):
    """An item that is needed: in which stretch, and the item."""

    stretch: int
    named: Named


class Needed(NamedTuple):
    """The pieces, stretch by stretch in their order; `twice`: functions that stand in several places, with the files; `hidden`: those in whose place
    stands one of a file that goes first, with that file and how they are spelled."""

    pieces: tuple[Piece, ...]
    twice: dict[str, tuple[str, ...]]
    hidden: dict[str, tuple[str, str]]

    @property
    def functions(self) -> dict[str, Piece]:
        """The functions by their names."""
        return {piece.named.function: piece for piece in self.pieces if piece.named.function}


def needed(
    stretches: Sequence[Stretch], wanted: Iterable[str], first: Sequence[str] = (), skipped: Iterable[str] = ()
) -> Needed:
    """The items that these names need, and those that they need. first: files whose functions go before others of their names, the last most;
    skipped: functions that are taken from these files alone, as somebody else has them too.

    >>> found = needed([Stretch("a.c", "int a, b;\\nint c;\\nvoid f(void)\\n{\\n\\ta++;\\n}")], ["f"])
    >>> [(piece.named.item.first, piece.named.item.last) for piece in found.pieces]
    [(1, 1), (3, 6)]
    """
    search = _Search(stretches, first, frozenset(skipped))
    search.run(wanted)
    return Needed(tuple(_with_conditions(search.named, search.taken)), search.twice, search.hidden)


class _Search:
    """What is reached from some names."""

    def __init__(self, stretches: Sequence[Stretch], first: Sequence[str], skipped: frozenset[str]):
        self.stretches, self.first = stretches, first
        self.named = [named_in(stretch.text) for stretch in stretches]
        self.declared: dict[str, list[Piece]] = {}
        for k, found in enumerate(self.named):
            for one in found:
                for name in one.declares - skipped if stretches[k].file not in first else one.declares:
                    self.declared.setdefault(name, []).append(Piece(k, one))
        self.taken: set[tuple[int, Item]] = set()
        self.twice: dict[str, tuple[str, ...]] = {}
        self.hidden: dict[str, tuple[str, str]] = {}
        self.means: dict[str, dict[str, set[str]]] = {}  # of each name what it is, by the file that has it

    def run(self, wanted: Iterable[str]) -> None:
        """Take what these names need, each as the file means it that names it."""
        todo, seen = [(name, "") for name in wanted], set[tuple[str, str]]()
        while todo:
            name, file = todo.pop()
            if (name, file) in seen:
                continue
            seen.add((name, file))
            here = self.declared.get(name, [])
            bodies = [piece for piece in here if piece.named.function == name]
            meant = self._meant(name, bodies, file) + self._others(
                [piece for piece in here if piece not in bodies], file
            )
            self._one(name, meant)
            for piece in meant:
                if (piece.stretch, piece.named.item) not in self.taken:
                    self.taken.add((piece.stretch, piece.named.item))
                    todo += [(word, self.file(piece)) for word in sorted(piece.named.uses)]

    def _one(self, name: str, meant: Iterable[Piece]) -> None:
        """A name that means one thing in one file and another in the next is told: in one text it cannot be both."""
        kept = self.means.setdefault(name, {})
        for piece in meant:
            if piece.named.defines or piece.named.function:
                kept.setdefault(self.file(piece), set()).add(piece.named.spelled)
        macros = all(words.startswith("# define") for some in kept.values() for words in some)
        if len(kept) > 1 and not (macros and len({frozenset(some) for some in kept.values()}) == 1):
            self.twice[name] = tuple(kept)

    def file(self, piece: Piece) -> str:
        """The file of a piece."""
        return self.stretches[piece.stretch].file

    def _others(self, pieces: list[Piece], file: str) -> list[Piece]:
        """Types, macros and variables of a name: where a file that goes first defines it, or the one that names it, no other does."""
        for which in (*reversed(self.first), file):
            if any(self.file(piece) == which and piece.named.defines for piece in pieces):
                return [piece for piece in pieces if self.file(piece) == which]
        return pieces

    def _meant(self, name: str, bodies: list[Piece], file: str) -> list[Piece]:
        """Of several functions of a name those that may be meant: in a file that goes first, in that of who calls it, in one that is no header."""
        for which in (*reversed(self.first), file):
            if some := [piece for piece in bodies if self.file(piece) == which]:
                break
        else:
            some = [piece for piece in bodies if not self.file(piece).endswith(".h")] or bodies
        if some and self.file(some[0]) in self.first:
            others = [piece.named.spelled for piece in bodies if self.file(piece) not in self.first]
            self.hidden |= {name: (self.file(some[0]), others[-1])} if others else {}
        if len(some) > 1 and not self._branches(some):
            self.twice[name] = tuple(map(self.file, some))
        return some

    def _branches(self, bodies: list[Piece]) -> bool:
        """Do some functions stand in branches of one condition, so that there is one whatever it says?"""
        if len({piece.stretch for piece in bodies}) > 1:
            return False
        found, ways = self.named[bodies[0].stretch], list[tuple[tuple[int, int], ...]]()
        stack: list[tuple[int, int]] = []
        for at, one in enumerate(found):
            if one.condition == "if":
                stack.append((at, 0))
            elif one.condition and stack:
                begun, branch = stack.pop()
                stack += [(begun, branch + 1)] if one.condition == "else" else []
            elif one.item in (piece.named.item for piece in bodies):
                ways.append(tuple(stack))
        pairs = ((a, b) for k, a in enumerate(ways) for b in ways[k + 1 :])
        return all(any(x[0] == y[0] and x[1] != y[1] for x in a for y in b) for a, b in pairs)


def _with_conditions(all_named: Sequence[Sequence[Named]], taken: set[tuple[int, Item]]) -> Iterator[Piece]:
    """What is taken, in its order, inside of the #if and #endif that it stands between."""
    for k, found in enumerate(all_named):
        chosen = {at for at, one in enumerate(found) if (k, one.item) in taken}
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
        tokens = tokens_of(text, MOST_FILE)
    except InputError:
        return ()
    odd = unpaired_of(tokens)
    return tuple(_named(item, own) for item, own in parted(text, tokens) if item.whole and item.first not in odd)


def unread(text: str) -> str:
    """Why nothing of a stretch is taken; "" where it is read."""
    try:
        tokens_of(text, MOST_FILE)
    except InputError as error:
        return str(error)
    return ""


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
    if words[0].startswith("EXPORT_SYMBOL"):
        return Named(item, frozenset(), frozenset(), spelled)
    return Named(item, frozenset(_declared(words, depths)), uses, spelled)


def _directive(item: Item, words: list[str], uses: frozenset[str], spelled: str) -> Named:
    """A macro, a condition, or what nobody needs."""
    kind = words[1] if len(words) > 1 else ""
    condition = "if" if kind in OPENS_IF else "endif" if kind == "endif" else "else" if kind in WITHIN_IF else ""
    return Named(
        item, frozenset(words[2:3]) if kind in ("define", "undef") else frozenset(), uses, spelled, "", condition
    )


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
            (not depth and follows in before and not given)
            or (above in ("struct", "union", "enum") and follows in ("{", ";"))
            or (depth == 1 and given)
            or (words[0] in ("enum", "typedef") and depth == 1 and above in ("{", ",") and follows in ("=", ",", "}"))
            or (words[max(0, k - 2) : k] == ["(", "*"] and follows == ")" and depth == 1)  # a pointer to a function
        ):
            yield word
