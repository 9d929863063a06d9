"""What of some stretches of files is needed to run a function: itself, what it calls and names, and what that does. The rest of what a patch
shows is of no use to a reader who races two functions, and may be C that is not read.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from tdxkit.c.items import Item
from tdxkit.c.kernel import kernel
from tdxkit.c.named import Named, named_in

SPECIAL = (
    "BUG BUG_ON WARN WARN_ON WARN_ONCE WARN_ON_ONCE READ_ONCE WRITE_ONCE kmalloc kzalloc kcalloc container_of guard scoped_guard min max ARRAY_SIZE "
    "likely unlikely list_for_each_entry list_for_each_entry_safe list_for_each_entry_rcu IS_ENABLED"
)


class Stretch(NamedTuple):
    """Lines that stand below each other in a file."""

    file: str
    text: str


class Piece(NamedTuple):
    """An item that is needed: in which stretch, and the item."""

    stretch: int
    named: Named


class Needed(NamedTuple):
    """The pieces, stretch by stretch in their order; `twice`: functions that stand in several places, with the files; `hidden`: those in whose place
    stands one of a file that goes first, with that file, the other one, and how it is spelled there."""

    pieces: tuple[Piece, ...]
    twice: dict[str, tuple[str, ...]]
    hidden: dict[str, tuple[str, str, str]]

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
        self.asked = {(k, item): names for k, found in enumerate(self.named) for item, names in _asked(found).items()}
        self.taken: set[tuple[int, Item]] = set()
        self.twice: dict[str, tuple[str, ...]] = {}
        self.hidden: dict[str, tuple[str, str, str]] = {}
        self.means: dict[str, dict[str, set[str]]] = {}  # of each name what it is, by the file that has it

    def run(self, wanted: Iterable[str]) -> None:
        """Take what these names need, each as the file means it that names it, and what the conditions around that ask for."""
        todo, seen = [(name, "") for name in wanted], set[tuple[str, str]]()
        while todo:
            name, file = todo.pop()
            if (name, file) in seen:
                continue
            seen.add((name, file))
            here = [piece for piece in self.declared.get(name, []) if self._is_seen(piece, name, file)]
            bodies = [piece for piece in here if piece.named.function == name]
            meant = self._meant(name, bodies, file) + self._others([p for p in here if p not in bodies], file)
            self._one(name, meant)
            for piece in meant:
                if (piece.stretch, piece.named.item) not in self.taken:
                    self.taken.add((piece.stretch, piece.named.item))
                    names = {*piece.named.uses, *self.asked.get((piece.stretch, piece.named.item), ())}
                    names |= {word for way in piece.named.pasted for word in self.declared if re.fullmatch(way, word)}
                    todo += [(word, self.file(piece)) for word in sorted(names)]

    def _is_seen(self, piece: Piece, name: str, file: str) -> bool:
        """May the file that names something mean this? What is static in another file it cannot see, and the kernel's own it has from the kernel."""
        there = self.file(piece)
        if there in (file, *self.first):
            return True
        if not file or file in self.first:
            return True  # the statements of the CPUs, and the files beside, name what they like
        return not (piece.named.static and not there.endswith(".h")) and name not in kernels()

    def _one(self, name: str, meant: Iterable[Piece]) -> None:
        """A name that means one thing in one file and another in the next is told: in one text it cannot be both."""
        kept = self.means.setdefault(name, {})
        for piece in meant:
            if piece.named.defines or piece.named.function:
                kept.setdefault(self.file(piece), set()).add(piece.named.spelled)
        every = [words for some in kept.values() for words in some]
        again = any(words.startswith("# undef") for words in every)  # it is another from there on
        same = len({frozenset(some) for some in kept.values()}) == 1
        if any(file in self.first for file in kept):
            return  # whoever gives a file beside says what is meant
        if len(kept) > 1 and not (all(words.startswith("# ") for words in every) and (same or again)):
            self.twice[name] = tuple(kept)

    def file(self, piece: Piece) -> str:
        """The file of a piece."""
        return self.stretches[piece.stretch].file

    def _others(self, pieces: list[Piece], file: str) -> list[Piece]:
        """Types, macros and variables of a name: where a file that goes first defines it, or the one that names it, no other does; of a macro that is
        taken back there the earlier ones count too."""
        beside = [piece for which in self.first for piece in pieces if self.file(piece) == which]
        if any(piece.named.defines for piece in beside):
            last = {piece.named.macro: self.file(piece) for piece in beside if piece.named.defines}
            return [piece for piece in beside if self.file(piece) == last.get(piece.named.macro)]
        here = [piece for piece in pieces if self.file(piece) == file]
        if any(piece.named.defines for piece in here):
            again = any(piece.named.spelled.startswith("# undef") for piece in here)
            return [piece for piece in pieces if piece in here or (again and piece.named.macro)]
        return pieces

    def _meant(self, name: str, bodies: list[Piece], file: str) -> list[Piece]:
        """Of several functions of a name those that may be meant: in a file that goes first, in that of who calls it, in one that is no header."""
        for which in (*reversed(self.first), file):
            if some := [piece for piece in bodies if self.file(piece) == which]:
                break
        else:
            some = [piece for piece in bodies if not self.file(piece).endswith(".h")] or bodies
        if some and self.file(some[0]) in self.first:
            others = [piece for piece in bodies if self.file(piece) != self.file(some[0])]
            if others:
                self.hidden[name] = (self.file(some[0]), self.file(others[-1]), others[-1].named.spelled)
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


def _asked(found: Sequence[Named]) -> dict[Item, set[str]]:
    """Of each item that stands between an #if and its #endif the names that the conditions around it ask for."""
    names: dict[Item, set[str]] = {}
    open_: list[tuple[set[str], list[Item]]] = []
    for one in found:
        if one.condition == "if":
            open_.append((set(one.uses), []))
        elif one.condition and open_:
            open_[-1][0].update(one.uses)
            if one.condition == "endif":
                uses, items = open_.pop()
                for item in items:
                    names.setdefault(item, set()).update(uses)
        for _, items in open_:
            items.append(one.item)
    return names


@cache
def kernels() -> frozenset[str]:
    """The kernel's functions and macros that the reader of C has itself."""
    return frozenset(kernel().functions) | {*SPECIAL.split()}


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
