"""Hunks: what a change makes of some lines of a file, under a head that counts them: `@@ -old,count +new,count @@`. Source: `git-diff`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SOURCES = ("git-diff",)

HEAD = re.compile(r"@@ -(\d{1,10})(?:,(\d{1,9}))? \+(\d{1,10})(?:,(\d{1,9}))? @@ ?(.*)")
_SIGNATURE = re.compile(r"\d+\.\d+")  # git's version, below its "-- "
_CONTEXT = 3  # lines that git shows around a change: as many blank ones may be lost at the end of a mail


@dataclass(frozen=True, slots=True)
class Hunk:
    """`@@ -old,old_count +new,new_count @@ heading` and its lines, each with its sign; `line` is the number of the `@@` in what was read.

    `numbers` has for each of the lines where it stood in what was read. `heading` names the last function that began before the
    hunk, as diff guesses it. Not `whole`: lines are missing or damaged.
    """

    line: int
    old: int
    old_count: int
    new: int
    new_count: int
    heading: str
    lines: tuple[str, ...]
    whole: bool = True
    numbers: Sequence[int] = ()

    def before(self) -> Iterator[tuple[int, str]]:
        """The lines before the change, with their numbers in the old file."""
        return enumerate((text for _, text in self._side("+")), self.old)

    def after(self) -> Iterator[tuple[int, str]]:
        """The lines after the change, with their numbers in the new file."""
        return enumerate((text for _, text in self._side("-")), self.new)

    def after_as_read(self) -> Iterator[tuple[int, str]]:
        """The lines after the change, with their numbers in what was read."""
        return ((self.numbers[at], text) for at, text in self._side("-"))

    def _side(self, other: str) -> Iterator[tuple[int, str]]:
        return ((at, line[1:]) for at, line in enumerate(self.lines) if not line.startswith((other, "\\")))


def counts(head: re.Match) -> tuple[int, int, int, int]:
    """Where a hunk begins before the change, its lines there, where it begins after it, its lines there."""
    return int(head[1]), 1 if head[2] is None else int(head[2]), int(head[3]), 1 if head[4] is None else int(head[4])


def read_hunk(lines: Sequence[str], start: int, first: int, head: re.Match) -> Hunk:
    """The hunk whose head is `lines[start]`; `first` is the number of `lines[0]`."""
    stated = counts(head)
    left, right = stated[1], stated[3]
    at, end = start + 1, len(lines)
    while (left > 0 or right > 0) and at < end:
        line = lines[at]
        sign = line[:1]
        if line.startswith("--") and left == right and is_signature(lines[at : at + 4]):
            break
        if sign == "+" and right > 0:
            right -= 1
        elif sign == "-" and left > 0:
            left -= 1
        elif sign in (" ", "", "\r") and left > 0 and right > 0:  # mailers eat the space of an empty line
            left -= 1
            right -= 1
        elif sign != "\\":
            break
        at += 1
    whole = adds_up(left, right, lines[at : at + 4])
    return Hunk(
        first + start, *stated, head[5], tuple(lines[start + 1 : at]), whole, range(first + start + 1, first + at)
    )


def adds_up(left: int, right: int, below: Sequence[str]) -> bool:
    """Whether a hunk that lacks so many lines before and after the change is all there; `below` are the lines under it."""
    lost = left == right <= _CONTEXT and (not below or is_signature(below))  # blank lines at the end of a mail
    return lost or not (left or right)


def is_signature(lines: Sequence[str]) -> bool:
    """Whether git's signature stands here: two dashes, its version, the end."""
    if len(lines) < 2 or lines[0].rstrip() != "--":
        return False
    return bool(_SIGNATURE.match(lines[1])) and not any(line.strip() for line in lines[2:4])
