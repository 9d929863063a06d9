"""The lines of a hunk, told from what was written between them by what its head counts.

Where they are not as many, all that looks like a line of the hunk is taken, and the reading is not whole.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tdxkit.mail.hunks import adds_up, counts, is_signature
from tdxkit.mail.patchdiff import names_file
from tdxkit.mail.quoting import HUNK_SIGNS, Quoting, begins_hunk_or_file

_AROUND = " \t<>[](){}-.…=~*_|:"  # what people put around a word that says that something was cut, or instead of one
_CUT = ("snip", "snipped", "cut", "trimmed", "skip", "skipped", "8", "✂")
_BELOW = (
    "Index: ",
    "From ",
    "commit ",
    "Only in ",
    "Binary files ",
    "====",
)  # how lines begin that may stand right under a hunk
_RUN = 3  # lines in a row that may stand inside a hunk and be none of it
_NEAR = 6  # lines below a blank one among which the rest of a hunk is looked for
WIDE = 80  # columns: mail programs break lines that are wider, or narrower ones
_NARROW = 60  # columns: no mail program breaks lines that are shorter


@dataclass(slots=True)
class Gap:
    """Lines inside a hunk that are none of it: how many of it stand above, the indices of the first one and behind the last one."""

    above: int
    first: int
    last: int
    kind: str


@dataclass(slots=True)
class Reading:
    """The lines of a hunk in one reading, with their indices; `left` and `right`: what the counts lack before and after the change."""

    left: int
    right: int
    kept: list[tuple[int, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    whole: bool = False

    @property
    def broken(self) -> list[int]:
        """The indices of the lines that seem to be the rests of lines which a mail program broke."""
        return [at for gap in self.gaps if gap.kind == "broken" for at in range(gap.first, gap.last)]


@dataclass(slots=True)
class Reader:
    """Reads hunks in one way of taking the quoting off. `stops`: at what may be a head, though it may be a line of the hunk too."""

    lines: Sequence[str]
    quoting: Quoting
    loosely: bool
    stops: bool = True

    def counted(self, at: int, head: re.Match) -> Reading:
        """As many lines as the head counts; `whole` if they are there, and nothing below that looks like more of them."""
        _, left, _, right = counts(head)
        found = Reading(left, right)
        while at < len(self.lines) and (found.left > 0 or found.right > 0):
            text = self.line(at)
            if text is None:
                if not (gap := self._gap(at, found)):
                    break
                at = gap.last
                continue
            sign = text[:1] or " "
            if (sign in "+ " and found.right <= 0) or (sign in "- " and found.left <= 0):
                break
            if text[:2] == "--" and found.left == found.right and is_signature(self._below(at)):
                break
            self._take(found, at, text)
            at += 1
        end = found.kept[-1][0] + 1 if found.kept else at
        found.whole = adds_up(found.left, found.right, [*self._below(end), ""]) and not self._goes_on(
            end, not (self.quoting.depth or (found.kept and found.kept[-1][1]))
        )
        found.gaps = [gap for gap in found.gaps if gap.above < len(found.kept)]
        found.whole = found.whole and not self._ends_in_doubt(found, end)
        if found.whole and found.kept and (rest := self._rest(end)):
            found.gaps.append(Gap(len(found.kept), end, rest, "broken" if self._broken(end, rest) else "unclear"))
            found.whole = not self._goes_on(rest)
        return found

    def _ends_in_doubt(self, found: Reading, end: int) -> bool:
        """Whether the last lines are blank ones of which nothing tells that they are context which lost its blank."""
        last = next((at for at in range(len(found.kept), 0, -1) if found.kept[at - 1][1]), 0)
        if last == len(found.kept) or self.quoting.depth:
            return False
        lost = any(not text for _, text in found.kept[:last])
        below = self._below(end)
        at_end = end < len(self.lines) and (begins_hunk_or_file(below[0]) or _is_rule(below[0]) or names_file(below, 0))
        return not (lost or at_end)

    def uncounted(self, at: int, head: re.Match) -> Reading:
        """All lines that look like the hunk's, and no more than one blank stretch behind what its head counts."""
        _, left, _, right = counts(head)
        found = Reading(left, right)
        while at < len(self.lines):
            done = found.left <= 0 and found.right <= 0
            text = self.line(at)
            if text is None:
                if done or not (gap := self._gap(at, found)):
                    break
                at = gap.last
                continue
            if (done and not text.strip()) or _is_rule(text) or names_file(self._below(at), 0):
                break
            self._take(found, at, text)
            at += 1
        while found.kept and not found.kept[-1][1]:
            found.kept.pop()
            found.left, found.right = found.left + 1, found.right + 1
        found.gaps = [gap for gap in found.gaps if gap.above < len(found.kept)]
        return found

    def line(self, at: int) -> str | None:
        """The line of a hunk that stands here; None where none does."""
        line = self.lines[at]
        text = self.quoting.off(line, self.loosely)
        if text is None or (self.stops and self.quoting.depth and begins_hunk_or_file(line)):
            return None
        if self.loosely and text[:2] in (" <", " [") and _is_cut(text):
            return None  # the blank is one of the quotation: no C begins so
        return text if text[:1] in HUNK_SIGNS else None

    def _take(self, found: Reading, at: int, text: str) -> None:
        sign = text[:1] or " "
        found.left -= sign in "- "
        found.right -= sign in "+ "
        found.kept.append((at, text))

    def _below(self, at: int) -> list[str]:
        return [self.quoting.off(line, self.loosely) or "" for line in self.lines[at : at + 4]]

    def _goes_on(self, at: int, blank: bool = False) -> bool:
        """Whether the line under a hunk looks like one more of it; or, where its last one is `blank`, a line soon below it does."""
        for k in range(at, min(at + (_NEAR if blank else 1), len(self.lines))):
            text = self.line(k) or ""
            if text.strip() and text[0] != "\\":
                return not (_is_rule(text) or names_file(self._below(k), 0))
            if begins_hunk_or_file(self.lines[k]):
                break
        return False

    def _gap(self, first: int, found: Reading) -> Gap | None:
        """Lines from here on that are none of the hunk, though it goes on behind them; None where it ends here."""
        last = first
        while last < len(self.lines) and self.line(last) is None and not begins_hunk_or_file(self.lines[last]):
            last += 1
        if rest := self._rest(first) if found.kept else 0:
            last = rest  # what is below that is looked at by itself
        run = self.lines[first:last]
        if not run:
            return None
        behind = self.line(last) if last < len(self.lines) else None
        beside = any((self.quoting.off(line) or "").strip() for line in run)  # with the signs of the hunk's own lines
        if any(map(_is_cut, run)):
            kind = "snip"
        elif not found.kept and len(run) <= _RUN and all(line.strip() for line in run):
            kind = "heading"
        elif rest:
            kind = "broken" if self._broken(first, last) else "unclear"
        elif not beside:
            kind = "reply"
        elif len(run) <= _RUN and behind and behind.strip():
            kind = "stray"
        else:
            return None
        found.gaps.append(Gap(len(found.kept), first, last, kind))
        return found.gaps[-1]

    def _rest(self, first: int) -> int:
        """The index behind what may be the rest of the line above: its first word did not fit there. 0 where nothing may."""
        last = first
        while last < len(self.lines) and self.line(last) is None and not self._is_apart(self.lines[last]):
            last += 1
        fits = len(self.lines[first - 1]) <= WIDE
        return last if last > first and fits and reach(self.lines, first, self.quoting, columns) > _NARROW else 0

    def _is_apart(self, line: str) -> bool:
        """Whether a line stands for itself, blank ones too."""
        return (
            not line.strip() or begins_hunk_or_file(line) or line.startswith(_BELOW) or _is_cut(line) or _is_rule(line)
        )

    def _broken(self, first: int, last: int) -> bool:
        """Whether so few lines are the rest of the one above, and no text that somebody wrote below it."""
        return last - first < _RUN and all(
            reach(self.lines, k, self.quoting, columns) > _NARROW for k in range(first, last)
        )


def _is_cut(line: str) -> bool:
    """Whether somebody says here that he left something out: `<snip>`, `[...]`, `--- 8< ---`."""
    if len(line) > 80:
        return False
    word = line.strip(_AROUND).lower()
    return word in _CUT or (not word and (".." in line or "…" in line))


def columns(line: str) -> int:
    """How wide a line is shown."""
    return len(line.expandtabs(8))


def unquoted(line: str, quoting: Quoting) -> str:
    """A line without the quoting, if it has it."""
    found = quoting.off(line)
    return line if found is None else found


def reach(lines: Sequence[str], at: int, quoting: Quoting, measure: Callable[[str], int]) -> int:
    """How long the line above would be with the first word of this one."""
    return measure(lines[at - 1].rstrip()) + 1 + measure((unquoted(lines[at], quoting).split() or [""])[0])


def _is_rule(text: str) -> bool:
    """Dashes alone: what stands above a signature, or between mails."""
    return len(text) > 1 and not text.strip("- ") and text.startswith("--")
