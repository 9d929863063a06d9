"""Files as they stand after a patch: hunks laid over each other by their context, without the tree that they were cut from.

A file is known in chunks, each a stretch of lines that stand below each other; what stands between two is not known. A hunk is laid where its
lines before the change are found, white space squeezed. What it shows above and below that, and no hunk did before, makes the chunk longer,
and two chunks that it bridges one. Lines of context at its ends may be unknown; lines with a minus may be where the numbers agree.

The numbers in a hunk's head are not needed for more than that. They tell which of two places is meant, whether a few lines of context are enough,
and where a hunk that fits nowhere would have changed what is known: those lines are doubted from then on. The hunk is a chunk of its own then, or,
where some of its lines are missing, nothing. Source of the form: `git-diff`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tdxkit.mail.hunks import Hunk
from tdxkit.mail.placing import Change, Chunk, Doubt, Known, Place, Row, by_heading, chosen, is_named, squeezed, telling

SOURCES = ("git-diff",)


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
        once = {(hunk.old, hunk.old_count, hunk.new, hunk.new_count, hunk.lines): hunk for hunk in hunks}
        changes = [Change(hunk, patch) for hunk in once.values()]
        known = Known(self.chunks)
        placed, left = self._placed(changes, known)
        doubts = [doubt for change, why in left if (doubt := self._doubt(change, why, known))]
        if lost := _lost_above(changes):
            doubts += self.doubt_all(Doubt(patch, lost.line, "by its numbers a hunk above it is missing"))
        at = [(place.chunk.first + place.at, place.drift, change) for change, place in placed]
        for (number, *_), (change, place) in zip(at, placed):
            _show(change, place.chunk, number)
        self._join()
        firsts = [chunk.first for chunk in self.chunks]
        laid_in = [(change, self._with(firsts, number, change.before), number) for number, _, change in at]
        for change, chunk, number in sorted(laid_in, key=lambda one: -one[2]):
            _put(change, chunk, number)
        between = {change.hunk for change, _ in left if not change.before}
        self._renumber([c.hunk for c in changes], sorted((number, drift) for number, drift, _ in at), between)
        apart = [change for change, _ in left if change.hunk.whole and not self.complete]
        self.chunks += [Chunk(change.hunk.new, [*change.rows([None] * len(change.before))]) for change in apart]
        self.complete = self.complete or any(c.hunk.whole and not (c.hunk.old or c.hunk.old_count) for c in changes)
        self._join()
        return doubts

    def takes(self, hunk: Hunk) -> bool:
        """Does a hunk fit here, all of it?"""
        change = Change(hunk, 0)
        return any(
            place.known == len(change.before) > 0
            for place in Known(self.chunks).places(change, self.exact, self.complete)
        )

    def _placed(
        self, changes: Sequence[Change], known: "Known"
    ) -> tuple[list[tuple[Change, Place]], list[tuple[Change, str]]]:
        """Which changes lie where, by the file as it was before all of them; and which do not, and why."""
        placed: list[tuple[Change, Place]] = []
        left: list[tuple[Change, str]] = []
        partly: list[tuple[Change, list[Place]]] = []
        for change in changes:
            places = known.places(change, self.exact, self.complete) if change.hunk.whole else []
            sure = [
                place for place in places if not place.drift or known.sure(change, place) or is_named(change, place)
            ]
            full = by_heading(change, [place for place in sure if place.known == len(change.before)])
            if place := chosen(full, {0}):
                placed.append((change, place))
            elif full or not change.hunk.whole:
                left.append((change, f"it fits at {len(full)} places" if full else "lines of it are missing"))
            else:
                partly.append((change, places))
        drifts = {place.drift for _, place in placed} or {0}
        self.exact = self.exact and drifts == {0}
        for change, places in partly:
            by_number = [place for place in places if place.drift in drifts]
            if place := chosen(by_number, drifts) or chosen([p for p in places if known.sure(change, p)], drifts):
                placed.append((change, place))
            else:
                left.append((change, "it does not fit what stands there"))
        return _apart(placed, left), left

    def doubt_all(self, doubt: Doubt) -> list[Doubt]:
        """Mark all that is known of the file; the doubt, where that is anything."""
        rows = [row for chunk in self.chunks for row in chunk.rows]
        for row in rows:
            row.doubt = doubt
        return [doubt] if rows else []

    def _doubt(self, change: Change, why: str, known: "Known") -> Doubt | None:
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

    def _renumber(self, hunks: Sequence[Hunk], at: Sequence[tuple[int, int]], apart: set[Hunk]) -> None:
        """Give the chunks the numbers that they have after the patch. at: where its hunks lie, and by how much their numbers are off; apart: those
        without lines before them that lie in no chunk."""
        grown = sorted((hunk.old + (not hunk.old_count) - (hunk in apart), _growth(hunk)) for hunk in hunks)
        places, sums = [place for place, _ in grown], [0, *accumulate(growth for _, growth in grown)]
        for chunk in self.chunks:
            nearest = max(0, bisect_right(at, chunk.first, key=lambda one: one[0]) - 1)
            chunk.first += at[nearest][1] if at else 0
            chunk.first += sums[bisect_left(places, chunk.first)]

    def _with(self, firsts: Sequence[int], number: int, keys: Sequence[str]) -> Chunk:
        """The chunk that has these lines from this number on: where a patch is missing, another one may have the numbers too. firsts: those of
        the chunks' first lines."""
        below = bisect_right(firsts, number)
        return next(chunk for chunk in reversed(self.chunks[:below]) if chunk.has(number, keys))

    def _join(self) -> None:
        """Join each two chunks of which the lower begins where the upper ends, or within it, and says the same."""
        joined: list[Chunk] = []
        for chunk in sorted(self.chunks, key=lambda chunk: chunk.first):
            over = _overlap(joined[-1], chunk) if joined else None
            if over is None or (not over and not self.exact):
                self.exact = self.exact and (not joined or joined[-1].stop < chunk.first)
                joined.append(chunk)
                continue
            at = chunk.first - joined[-1].first
            for row, other in zip(joined[-1].rows[at:], chunk.rows):
                row.doubt = row.doubt or other.doubt
            joined[-1].rows += chunk.rows[over:]
        self.chunks = joined


def _apart(placed: list[tuple[Change, Place]], left: list[tuple[Change, str]]) -> list[tuple[Change, Place]]:
    """The changes that are laid, but those that would change lines of another one: these go to what is left."""
    kept: list[tuple[Change, Place]] = []
    for change, place in sorted(placed, key=lambda found: found[1].chunk.first + found[1].at):
        number = place.chunk.first + place.at
        above = kept[-1] if kept else None
        if above and change.before and number < above[1].chunk.first + above[1].at + len(above[0].before):
            left.append((change, "it changes lines that another hunk of the patch shows"))
        else:
            kept.append((change, place))
    return kept


def _lost_above(changes: Sequence[Change]) -> Hunk | None:
    """The first hunk whose numbers say that the hunks above it are not all there: they differ by more than those add."""
    added = 0
    if not all(change.hunk.whole for change in changes):
        return None  # those are doubted one by one
    for hunk in sorted((change.hunk for change in changes), key=lambda hunk: hunk.old):
        if hunk.new + (not hunk.new_count) - hunk.old - (not hunk.old_count) != added:
            return hunk
        added += _growth(hunk)
    return None


def _growth(hunk: Hunk) -> int:
    return hunk.new_count - hunk.old_count


def _show(change: Change, chunk: Chunk, number: int) -> None:
    """What a change shows of the file before it beyond a chunk's ends becomes a part of the chunk. number: that of its first line."""
    shown = [Row(text, change.patch, line, key) for sign, key, text, line in change.lines if sign != "+"]
    above, below = max(0, chunk.first - number), max(0, number + len(shown) - chunk.stop)
    chunk.rows[:0] = shown[:above]
    chunk.rows += shown[len(shown) - below :]
    chunk.first -= above


def _put(change: Change, chunk: Chunk, number: int) -> None:
    """Change the rows of a chunk that has all lines of the change."""
    at = number - chunk.first
    chunk.rows[at : at + len(change.before)] = change.rows(chunk.rows[at : at + len(change.before)])


def _overlap(upper: Chunk, lower: Chunk) -> int | None:
    """How many lines the two share, as their numbers have it; None where there is something between them, or they say something else."""
    at = lower.first - upper.first
    over = min(len(upper.rows) - at, len(lower.rows))
    return over if over >= 0 and upper.keys[at : at + over] == lower.keys[:over] else None
