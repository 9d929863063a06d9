"""Files as they stand after a patch: hunks laid over each other by their context, without the tree that they were cut from.

A file is known in chunks, each a stretch of lines that stand below each other; what stands between two is not known. A hunk is laid where its
lines before the change are found, white space squeezed. What it shows above and below that, and no hunk did before, makes the chunk longer,
and two chunks that it bridges one. Lines of context at its ends may be unknown; lines with a minus may be where the numbers agree.

The numbers in a hunk's head are not needed for more than that. They tell which of two places is meant, whether a few lines of context are enough,
and where a hunk that fits nowhere would have changed what is known: those lines are doubted from then on. The hunk is a chunk of its own then, or,
where some of its lines are missing, nothing. Source of the form: `git-diff`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tdxkit.mail.hunks import Hunk

SOURCES = ("git-diff",)
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
    `key`: what it is compared by; `doubt`: what may have changed it."""

    text: str
    patch: int
    line: int
    key: str
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


class _Change:
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

    def place(self, chunk: Chunk, at: int) -> "_Place | None":
        """The place with its first line before the change at this index of a chunk, where all lines that the chunk has of it agree."""
        over, end = max(0, -at), min(len(self.before), len(chunk.rows) - at)
        if over >= end:
            return None
        if any(row.key != key for row, key in zip(chunk.rows[at + over : at + end], self.before[over:end])):
            return None
        context = over <= self.top and len(self.before) - end <= self.bottom
        return _Place(chunk, at, end - over, self.hunk.old - chunk.first - at, context)

    def rows(self, old: Sequence[Row | None]) -> Iterator[Row]:
        """The lines after the change; of the old rows, one for each line before it, what stays is kept."""
        at = 0
        for sign, key, text, line in self.lines:
            if sign == "+":
                yield Row(text, self.patch, line, key)
                continue
            if sign == " ":
                yield old[at] or Row(text, self.patch, line, key)
            at += 1


class _Place(NamedTuple):
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


@dataclass(slots=True)
class Laid:
    """One file as it stands after the patches that were laid so far. `complete`: all of it is known; `exact`: the numbers of hunks were those
    of what is known, so that no patch in between seems to be missing."""

    chunks: list[Chunk] = field(default_factory=list)
    complete: bool = False
    exact: bool = True

    @classmethod
    def of_text(cls, text: str) -> "Laid":
        """A file as it was."""
        lines = text.split("\n")
        lines = lines[: len(lines) - (not lines[-1])]
        return cls([Chunk(1, [Row(line, 0, n, squeezed(line)) for n, line in enumerate(lines, 1)])], True)

    def lay(self, hunks: Iterable[Hunk], patch: int) -> list[Doubt]:
        """Lay the hunks that a patch has for this file. What comes back did not fit, where it would have changed what is known."""
        changes = [_Change(hunk, patch) for hunk in hunks]
        known = _Known(self.chunks)
        placed, left = self._placed(changes, known)
        doubts = [doubt for change, why in left if (doubt := self._doubt(change, why, known))]
        at = [(place.chunk.first + place.at, place.drift, change) for change, place in placed]
        for (number, *_), (change, place) in zip(at, placed):
            _show(change, place.chunk, number)
        self._join()
        for number, _, change in sorted(at, key=lambda one: -one[0]):
            _put(
                change,
                next(c for c in self.chunks if c.first <= number <= number + len(change.before) <= c.stop),
                number,
            )
        between = [change.hunk for change, _ in left if not change.before]
        self._renumber([c.hunk for c in changes], sorted((number, drift) for number, drift, _ in at), between)
        apart = [change for change, _ in left if change.hunk.whole and not self.complete]
        self.chunks += [Chunk(change.hunk.new, [*change.rows([None] * len(change.before))]) for change in apart]
        self.complete = self.complete or any(c.hunk.whole and not (c.hunk.old or c.hunk.old_count) for c in changes)
        self._join()
        return doubts

    def takes(self, hunk: Hunk) -> bool:
        """Does a hunk fit here, all of it?"""
        change = _Change(hunk, 0)
        return any(
            place.known == len(change.before) > 0
            for place in _Known(self.chunks).places(change, self.exact, self.complete)
        )

    def _placed(
        self, changes: Sequence[_Change], known: "_Known"
    ) -> tuple[list[tuple[_Change, _Place]], list[tuple[_Change, str]]]:
        """Which changes lie where, by the file as it was before all of them; and which do not, and why."""
        placed: list[tuple[_Change, _Place]] = []
        left: list[tuple[_Change, str]] = []
        partly: list[tuple[_Change, list[_Place]]] = []
        for change in changes:
            places = known.places(change, self.exact, self.complete) if change.hunk.whole else []
            sure = [place for place in places if not place.drift or known.sure(change, place)]
            full = [place for place in sure if place.known == len(change.before)]
            if chosen := _chosen(full, {0}):
                placed.append((change, chosen))
            elif full or not change.hunk.whole:
                left.append((change, f"it fits at {len(full)} places" if full else "lines of it are missing"))
            else:
                partly.append((change, places))
        drifts = {place.drift for _, place in placed} or {0}
        self.exact = self.exact and drifts == {0}
        for change, places in partly:
            by_number = [place for place in places if place.drift in drifts]
            chosen = _chosen(by_number, drifts) or _chosen([p for p in places if known.sure(change, p)], drifts)
            if chosen:
                placed.append((change, chosen))
            else:
                left.append((change, "it does not fit what stands there"))
        return placed, left

    def _doubt(self, change: _Change, why: str, known: "_Known") -> Doubt | None:
        """Mark the rows that a change which could not be laid may be about; None where there are none.

        By its numbers it is about the lines that they count. Where those cannot be trusted, about lines that it takes away, and about the
        function that its heading names.
        """
        hunk = change.hunk
        gone = [row for sign, key, *_ in change.lines if sign == "-" and telling(key) for row in known.rows(key)]
        shown = [row for sign, key, *_ in change.lines if sign == " " and telling(key) for row in known.rows(key)]
        named = known.named(squeezed(hunk.heading))
        marked = known.between(hunk.old, hunk.old + max(hunk.old_count, 1))
        if self.exact:
            marked += gone if named or self.complete else []
            marked += named if self.complete else []
        else:
            several = len({row.key for row in shown}) > 1 or bool(gone)
            marked += gone
            marked += shown if several or named else []
            marked += named if several or not hunk.whole else []
        doubt = Doubt(change.patch, hunk.line, why)
        for row in marked:
            row.doubt = doubt
        return doubt if marked or self.complete else None

    def _renumber(self, hunks: Sequence[Hunk], at: Sequence[tuple[int, int]], apart: Sequence[Hunk]) -> None:
        """Give the chunks the numbers that they have after the patch. at: where its hunks lie, and by how much their numbers are off; apart: those
        without lines before them that lie in no chunk."""
        for chunk in self.chunks:
            nearest = max(0, bisect_right(at, (chunk.first, MANY)) - 1)
            chunk.first += at[nearest][1] if at else 0
            chunk.first += sum(
                _growth(hunk) for hunk in hunks if hunk.old + (not hunk.old_count) < chunk.first + (hunk in apart)
            )

    def _join(self) -> None:
        """Join each two chunks of which the lower begins where the upper ends, or within it, and says the same."""
        joined: list[Chunk] = []
        for chunk in sorted(self.chunks, key=lambda chunk: chunk.first):
            over = _overlap(joined[-1], chunk) if joined else None
            if over is None or (not over and not self.exact):
                joined.append(chunk)
                continue
            at = chunk.first - joined[-1].first
            for row, other in zip(joined[-1].rows[at:], chunk.rows):
                row.doubt = row.doubt or other.doubt
            joined[-1].rows += chunk.rows[over:]
        self.chunks = joined


class _Known:
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

    def places(self, change: _Change, exact: bool, complete: bool) -> list[_Place]:
        """Where a change fits, wholly or with context beyond a chunk's ends."""
        hunk, before = change.hunk, change.before
        if not before:  # an insertion without context: by its number alone
            inside = [(chunk, hunk.old + 1 - chunk.first) for chunk in (self.chunks if exact else ())]
            return [
                _Place(chunk, at, 0, 0)
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

    def sure(self, change: _Change, place: _Place) -> bool:
        """Are the lines that a chunk has of a change enough without its numbers? It may be another function with the same lines."""
        over = max(0, -place.at)
        some = change.before[over : over + place.known]
        enough = place.context and place.known >= SURE
        return (
            enough
            and any(telling(key) and len(self.at[key]) == 1 for key in some)
            and _headed(place, squeezed(change.hunk.heading))
        )


def _headed(place: _Place, heading: str) -> bool:
    """Does a hunk's heading name the function that is above its place, as far as that is known?"""
    above = place.chunk.rows[: max(0, place.at)]
    row = next((row for row in reversed(above) if _HEADING.match(row.text)), None)
    return row is None or not heading or row.key.startswith(heading)


def telling(key: str) -> bool:
    """Is a line one that is not met everywhere?"""
    return len(key) >= TELLING


def _growth(hunk: Hunk) -> int:
    return hunk.new_count - hunk.old_count


def _chosen(places: Sequence[_Place], drifts: set[int]) -> _Place | None:
    """The one place that is meant: there is one, or the numbers tell it. Two with the same numbers are one, in two chunks that it bridges."""
    if len(places) > 1:
        places = [place for place in places if place.drift in drifts]
    if len({place.drift for place in places}) != 1:
        return None
    return max(places, key=lambda place: place.known)


def _show(change: _Change, chunk: Chunk, number: int) -> None:
    """What a change shows of the file before it beyond a chunk's ends becomes a part of the chunk. number: that of its first line."""
    shown = [Row(text, change.patch, line, key) for sign, key, text, line in change.lines if sign != "+"]
    above, below = max(0, chunk.first - number), max(0, number + len(shown) - chunk.stop)
    chunk.rows[:0] = shown[:above]
    chunk.rows += shown[len(shown) - below :]
    chunk.first -= above


def _put(change: _Change, chunk: Chunk, number: int) -> None:
    """Change the rows of a chunk that has all lines of the change."""
    at = number - chunk.first
    chunk.rows[at : at + len(change.before)] = change.rows(chunk.rows[at : at + len(change.before)])


def _overlap(upper: Chunk, lower: Chunk) -> int | None:
    """How many lines the two share, as their numbers have it; None where there is something between them, or they say something else."""
    at = lower.first - upper.first
    over = min(len(upper.rows) - at, len(lower.rows))
    return over if over >= 0 and upper.keys[at : at + over] == lower.keys[:over] else None
