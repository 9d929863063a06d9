"""Hunks of a diff that mail programs and their users had in hand: read by what their heads count.

The signs of a quotation are what stands before the `@@`, in whatever spelling makes the lines as many as the head counts. What was written
between the lines is left out. A line that was broken at some width is joined where the counts say that its rest is no line of the hunk.
Where the lines do not add up in any way, what is there is given, cut wherever something may be missing, and said not to be whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tdxkit.mail.counting import WIDE, Gap, Reader, Reading, columns, reach, unquoted
from tdxkit.mail.hunks import HEAD, Hunk, counts
from tdxkit.mail.lines import Notes
from tdxkit.mail.quoting import Quoting, quoting_of


@dataclass(frozen=True, slots=True)
class Mended:
    """The lines of a text without their quoting, its hunks read; `signs` of the first quotation that was found, or nothing; `orphans`: lines with a
    plus that stand below no head of a hunk."""

    parts: list[str | Hunk]
    signs: str = ""
    orphans: int = 0


def mended(lines: Sequence[str], numbers: Sequence[int], notes: Notes) -> Mended:
    """Read every hunk of a text; `numbers` says where each line stood, `notes` takes what had to be done.

    Of a quoted diff what is not quoted is left out, above it that stays.

    >>> [str(part) if isinstance(part, str) else part.lines for part in mended(
    ...     ["Hello,", "> Text.", "> --- x.c", "> +++ x.c", "why?", "> @@ -1 +1 @@", "> -a", ">+b"], range(1, 9), Notes()).parts]
    ['Hello,', 'Text.', '--- x.c', '+++ x.c', ('-a', '+b')]
    """
    heads = {at: found for at, line in enumerate(lines) if _may_head(line) and (found := quoting_of(lines, at))}
    if not heads:
        return Mended(list(lines))
    quoting = next(iter(heads.values()))[0]
    above = True
    parts: list[str | Hunk] = []
    orphans: list[int] = []
    signs, at = "", 0
    while at < len(lines):
        if at in heads:
            quoting, is_hunk = heads[at]
            signs, above = signs or (quoting.signs.strip() and quoting.signs), False
            if is_hunk:
                hunks, at = _mend(lines, numbers, at, quoting, notes)
                parts += hunks
                continue
        text = quoting.off(lines[at]) if quoting.signs else lines[at]
        if text is not None or above:
            parts.append(lines[at] if text is None else text)
        if text and not above and text[0] == "+" and not text.startswith("+++ "):
            orphans.append(numbers[at])
        at += 1
    if orphans:
        notes.add(
            orphans[0],
            f"{_some(len(orphans), 'line')} with a plus, the first one here, below no head of a hunk: left out",
        )
    return Mended(parts, signs, len(orphans))


def _may_head(line: str) -> bool:
    return "@@ -" in line or "diff --" in line or "--- " in line or "Index: " in line


def _mend(
    lines: Sequence[str], numbers: Sequence[int], start: int, quoting: Quoting, notes: Notes
) -> tuple[list[Hunk], int]:
    """The hunk whose head is `lines[start]`, in pieces where it has holes, and the index of the line after it."""
    head = HEAD.match(lines[start][len(quoting.signs) :])
    assert head
    reading, twofold = _best(lines, start, quoting, head)
    if twofold:
        notes.add(
            numbers[start],
            "the lines of the hunk add up with and without a blank taken for one of the quotation: it is",
        )
    if not reading.kept:
        if counts(head)[1] or counts(head)[3]:
            notes.add(numbers[start], "the head of a hunk without the lines that it counts: passed over")
        return [], start + 1
    whole = Hunk(numbers[start], *counts(head), head[5], (), not twofold)
    return _Pieces(lines, numbers, whole, quoting, reading, notes).hunks(), reading.kept[-1][0] + 1


def _best(lines: Sequence[str], start: int, quoting: Quoting, head: re.Match) -> tuple[Reading, bool]:
    """The reading of a hunk that its head bears out, else the one that has most lines; and whether it bears out two."""
    ways = (False, True)[: 1 + (quoting.depth > 0)]
    exact = Reader(lines, quoting, False, stops=False).counted(start + 1, head)
    odd = any(text[:2] in (" +", " -") for _, text in exact.kept)  # no C begins so: did a blank of the quoting stay?
    if len(ways) > 1 and (odd or not exact.whole):
        loose = Reader(lines, quoting, True).counted(start + 1, head)
        if loose.whole and not loose.broken:  # two harms in one: more ways to add up than can be told apart
            return loose, exact.whole and loose.kept != exact.kept
    if exact.whole:
        return exact, False
    return max(
        (Reader(lines, quoting, way).uncounted(start + 1, head) for way in ways), key=lambda found: len(found.kept)
    ), False


@dataclass(slots=True)
class _Pieces:
    """A reading made into hunks: one where it is whole, else one for each stretch without a hole."""

    lines: Sequence[str]
    numbers: Sequence[int]
    hunk: Hunk
    quoting: Quoting
    reading: Reading
    notes: Notes

    def hunks(self) -> list[Hunk]:
        """The hunks; what was done is noted."""
        kept, gaps = self.reading.kept, [gap for gap in self.reading.gaps if gap.kind != "heading"]
        if not self.reading.whole:
            self._count()
        elif self.reading.left:
            lost = _some(self.reading.left, "line")
            self._say(
                kept[-1][0],
                f"{lost} of context are missing at the end of the hunk: taken for blank ones that were lost",
            )
        joins = self.reading.whole and self._evenly_broken()
        cuts, doubtful = [(0, self.hunk.line)], not (self.reading.whole and self.hunk.whole)
        for gap in gaps:
            if gap.kind == "broken" and joins:
                self._join(gap)
                doubtful = doubtful or self._may_be_an_answer(gap)
                continue
            doubtful = doubtful or gap.kind in ("broken", "unclear", "stray") or self._may_be_its_rest(gap)
            self._leave(gap)
            if not self.reading.whole:
                cuts.append((gap.above, self.numbers[gap.first]))
        found = []
        for (begin, line), end in zip(cuts, [*(at for at, _ in cuts[1:]), len(kept)]):
            rows = tuple(text for _, text in kept[begin:end])
            places = tuple(self.numbers[at] for at, _ in kept[begin:end])
            found += [replace(self.hunk, line=line, lines=rows, numbers=places, whole=not doubtful)] if rows else []
        return found

    def _say(self, at: int, what: str) -> None:
        self.notes.add(self.numbers[at], what)

    def _count(self) -> None:
        """Say how the lines differ from what the head counts."""
        old, new = self.hunk.old_count, self.hunk.new_count
        left, right = self.reading.left, self.reading.right
        here = f"here are {old - left} and {new - right}"
        if min(left, right) < 0 < max(left, right):
            what = f"{here}: some are others"
        elif left == right == 0:
            what = "and so many are here, but among others that may be some of them"
        else:
            what = f"{here}: {'some are missing' if max(left, right) > 0 else 'there are more'}"
        self.notes.add(
            self.hunk.line, f"the head of the hunk counts {old} lines before the change and {new} after it, {what}"
        )

    def _evenly_broken(self) -> bool:
        """Whether the lines that seem broken were broken at one width: all lines that have a blank to break at are shorter."""
        rests = self.reading.broken
        when = {self.quoting.off(self.lines[at]) is None for at in rests}  # broken before they were quoted, or after
        breakable = [
            self.lines[at].rstrip()
            for at in (*(at for at, _ in self.reading.kept), *rests)
            if " " in unquoted(self.lines[at], self.quoting)[1:].strip()
        ]
        return len(when) == 1 and any(
            max(map(measure, breakable), default=0)
            < min(WIDE + 1, *(reach(self.lines, at, self.quoting, measure) for at in rests))
            for measure in (len, columns)
        )

    def _may_be_an_answer(self, gap: Gap) -> bool:
        """Whether nothing but its place tells the rest of a line from what somebody wrote below it."""
        return (
            len(self.reading.broken) == 1
            and bool(self.quoting.depth)
            and self.quoting.off(self.lines[gap.first]) is None
        )

    def _may_be_its_rest(self, gap: Gap) -> bool:
        """May what is left out belong to the line above, of which nothing but its sign is left?"""
        above = self.reading.kept[gap.above - 1][1] if gap.above else " "
        return gap.kind == "reply" and not above[1:].strip() and self.lines[gap.first][:1] in (" ", "\t")

    def _join(self, gap: Gap) -> None:
        at, text = self.reading.kept[gap.above - 1]
        rest = [unquoted(self.lines[k], self.quoting).strip() for k in range(gap.first, gap.last)]
        self.reading.kept[gap.above - 1] = at, " ".join([text.rstrip(), *rest])
        self._say(
            gap.first, f"joined to line {self.numbers[at]}, which a mail program broke: the hunk adds up without it"
        )

    def _leave(self, gap: Gap) -> None:
        where = f"{_some(gap.last - gap.first, 'line')} inside a hunk"
        what = {
            "broken": "which may be the rest of the line above, or an answer to it",
            "unclear": "which may be the rest of the line above, or an answer to it",
            "stray": "without the sign of a line of it",
            "reply": "not quoted as it is",
            "snip": "with a mark that something was cut",
        }[gap.kind]
        self._say(gap.first, f"{where}, {what}: left out")


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"
