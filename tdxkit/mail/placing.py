"""Where in what is known of a file a hunk fits: by what its lines say, white space squeezed, and by the numbers in its head."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tdxkit.mail.hunks import Hunk

TELLING = 10  # characters of a line that is not met everywhere, as a brace or `return 0;` is
SURE = 3  # lines of context, one of them met nowhere else, that place a hunk whose numbers do not
FEW, MANY = 20, 2_000  # places at which one line is looked for: to place a part of a hunk, to place all of it
NAMED = 60  # characters of a heading that are looked up; git cuts it at 80
_HEADING = re.compile(r"[A-Za-z_$](?!\w*:\s*(?:$|/[/*]))")  # a line that git takes for a heading


class Doubt(NamedTuple):
    """A hunk that could not be laid where it would have changed what is known: the patch, where it stands in what was read, and why."""

    patch: int
    line: int
    why: str


@dataclass(eq=False, slots=True)
class Row:
    """A line of a file. `patch`: the number of the patch that brought it, 0 for the file as it was; `line`: where it stood in what was read;
    `key`: what it is compared by; `added`: brought, and not only shown; `doubt`: what may have changed it."""

    text: str
    patch: int
    line: int
    key: str
    added: bool = False
    doubt: Doubt | None = None


@dataclass(eq=False, slots=True)
class Chunk:
    """Rows that stand below each other in their file. `first`: the number of the first one there, as the hunks have it."""

    first: int
    rows: list[Row] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """What its rows are compared by."""
        return [row.key for row in self.rows]

    @property
    def stop(self) -> int:
        """The number behind that of its last row."""
        return self.first + len(self.rows)

    @property
    def text(self) -> str:
        """Its lines."""
        return "\n".join(row.text for row in self.rows)

    def has(self, number: int, keys: Sequence[str]) -> bool:
        """Do rows that say this stand here, from the number on?"""
        at = number - self.first
        return 0 <= at <= len(self.rows) and [row.key for row in self.rows[at : at + len(keys)]] == keys


class Change:
    """A hunk as it is laid: its lines (sign, key, text, where it stood) and the keys of those before the change, of which the first `top` and the
    last `bottom` are context that may be unknown."""

    def __init__(self, hunk: Hunk, patch: int):
        self.hunk, self.patch = hunk, patch
        lines = [(line[:1], line[1:], at) for line, at in zip(hunk.lines, hunk.numbers) if line[:1] != "\\"]
        self.lines = [(sign if sign in ("+", "-") else " ", squeezed(text), text, at) for sign, text, at in lines]
        self.before = [key for sign, key, *_ in self.lines if sign != "+"]
        signs = [sign for sign, *_ in self.lines if sign != "+"]
        most = max(0, len(signs) - 1)
        self.top = signs.index("-") if "-" in signs else most
        self.bottom = signs[::-1].index("-") if "-" in signs else most

    def place(self, chunk: Chunk, at: int) -> "Place | None":
        """The place with its first line before the change at this index of a chunk, where all lines that the chunk has of it agree."""
        over, end = max(0, -at), min(len(self.before), len(chunk.rows) - at)
        if over >= end:
            return None
        if any(row.key != key for row, key in zip(chunk.rows[at + over : at + end], self.before[over:end])):
            return None
        context = over <= self.top and len(self.before) - end <= self.bottom
        return Place(chunk, at, end - over, self.hunk.old - chunk.first - at, context)

    def rows(self, old: Sequence[Row | None]) -> Iterator[Row]:
        """The lines after the change; of the old rows, one for each line before it, what stays is kept."""
        at = 0
        for sign, key, text, line in self.lines:
            if sign == "+":
                yield Row(text, self.patch, line, key, True)
                continue
            if sign == " ":
                yield old[at] or Row(text, self.patch, line, key)
            at += 1


class Place(NamedTuple):
    """Where a change fits: the chunk, the index at which its first line before the change would lie, how many of those lines the chunk has,
    by how much the numbers in its head are off, and whether nothing but context lies beyond the chunk."""

    chunk: Chunk
    at: int
    known: int
    drift: int
    context: bool = True


def squeezed(text: str) -> str:
    """What a line is compared by: mail programs change white space."""
    return " ".join(text.split())


class Known:
    """What is known of a file before a patch, to look things up in: where a line stands, by what it says and by its number."""

    def __init__(self, chunks: Sequence[Chunk]):
        self.chunks = sorted(chunks, key=lambda chunk: chunk.first)
        self.firsts = [chunk.first for chunk in self.chunks]
        self.at: dict[str, list[tuple[Chunk, int]]] = {}
        self.begins: dict[str, list[Row]] = {}
        for chunk in self.chunks:
            for k, row in enumerate(chunk.rows):
                self.at.setdefault(row.key, []).append((chunk, k))
                if telling(row.key):
                    self.begins.setdefault(row.key[:NAMED], []).append(row)

    def rows(self, key: str) -> list[Row]:
        """The rows that say this."""
        return [chunk.rows[k] for chunk, k in self.at.get(key, ())]

    def named(self, heading: str) -> list[Row]:
        """The rows that begin with the heading of a hunk."""
        found = self.begins.get(heading[:NAMED], []) if telling(heading) else []
        return [row for row in found if row.key.startswith(heading)]

    def between(self, first: int, stop: int) -> list[Row]:
        """The rows with these numbers."""
        found: list[Row] = []
        for chunk in self._near(first, stop):
            found += chunk.rows[max(0, first - chunk.first) : max(0, stop - chunk.first)]
        return found

    def _near(self, first: int, stop: int) -> Iterator[Chunk]:
        """The chunks that may have some of these numbers: no two have the same, but for some that did not fit."""
        at = max(0, bisect_right(self.firsts, first) - 2)
        while at < len(self.chunks) and self.chunks[at].first < stop:
            yield self.chunks[at]
            at += 1

    def places(self, change: Change, exact: bool, complete: bool) -> list[Place]:
        """Where a change fits, wholly or with context beyond a chunk's ends."""
        hunk, before = change.hunk, change.before
        if not before:  # an insertion without context: by its number alone
            inside = [(chunk, hunk.old + 1 - chunk.first) for chunk in (self.chunks if exact else ())]
            return [
                Place(chunk, at, 0, 0)
                for chunk, at in inside
                if (-1 if complete else 0) < at < len(chunk.rows) + complete
            ]
        here = [(len(self.at.get(key, ())), n) for n, key in enumerate(before)]
        count, rarest = min(here)
        tried = {rarest} if 0 < count <= MANY else set()
        tried |= {n for many, n in here if 0 < many <= FEW}
        found = {(id(chunk), k - n): (chunk, k - n) for n in tried for chunk, k in self.at[before[n]]}
        by_number = self._near(hunk.old, hunk.old + len(before))
        found |= {(id(chunk), hunk.old - chunk.first): (chunk, hunk.old - chunk.first) for chunk in by_number}
        return [place for chunk, at in found.values() if (place := change.place(chunk, at))]

    def sure(self, change: Change, place: Place) -> bool:
        """Are the lines that a chunk has of a change enough without its numbers? It may be another function with the same lines."""
        over = max(0, -place.at)
        some = change.before[over : over + place.known]
        enough = place.context and place.known >= SURE
        return (
            enough
            and any(telling(key) and len(self.at[key]) == 1 for key in some)
            and _headed(place, squeezed(change.hunk.heading))
        )


def _headed(place: Place, heading: str) -> bool:
    """Does a hunk's heading name the function that is above its place, as far as that is known?"""
    row = _named_above(place)
    return row is None or not heading or row.key.startswith(heading)


def _named_above(place: Place) -> Row | None:
    """The line that git would take for the heading of a hunk at this place."""
    above = place.chunk.rows[: max(0, place.at)]
    return next((row for row in reversed(above) if _HEADING.match(row.text)), None)


def telling(key: str) -> bool:
    """Is a line one that is not met everywhere?"""
    return len(key) >= TELLING


def by_heading(change: Change, places: Sequence[Place]) -> Sequence[Place]:
    """Of several places those in the function that the hunk's heading names, where there are any: two functions may have the same lines."""
    return [place for place in places if is_named(change, place)] or places


def is_named(change: Change, place: Place) -> bool:
    """Is a place that has all lines of a change in the function that its hunk's heading names?"""
    heading, enough = squeezed(change.hunk.heading), max(SURE, len(change.before))
    return place.known >= enough and bool(heading and _named_above(place)) and _headed(place, heading)


def chosen(places: Sequence[Place], drifts: set[int]) -> Place | None:
    """The one place that is meant: there is one, or the numbers tell it. Two with the same numbers are one, in two chunks that it bridges."""
    if len(places) > 1:
        places = [place for place in places if place.drift in drifts]
    if len({place.drift for place in places}) != 1:
        return None
    return max(places, key=lambda place: place.known)
