"""A diffstat read backwards: from its bars to how many lines were added and removed, exactly or between bounds.

git prints added + removed as a number and their shares as a bar. Where the longest bar does not fit, every bar of the block is
scaled: `1 + changes * (width - 1) // largest`, at least 2 where both signs occur; the smaller share is scaled the same way and the other one is
the rest. So a scaled bar bounds the two counts, and the block's totals tighten the bounds. Source: `git-diffstat`.

That is git's rule of today. Older ones, `git apply --stat` (StGit) and diffstat(1) round in other ways, up to a sign too few; they set the
number in five columns where git takes as many as it needs. Of their scaled bars nothing is concluded but what the totals leave.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tdxkit.mail.names import unquoted

SOURCES = ("git-diffstat",)


Bounds = tuple[int, int]

_TOTALS = re.compile(
    r"\s*(\d{1,9}) files? changed(?:, ?(\d{1,9}) insertions?\(\+\))?(?:, ?(\d{1,9}) deletions?\(-\))?"
    r"(?:, ?(\d{1,9}) modifications?\(!\))?,?\s*"
)
_COUNT = re.compile(r"(\d{1,12}) ?(\+*)(-*)(!*)\s*")
_BINARY = re.compile(r"(?:Bin(?: .{0,60})?|binary|Unmerged)\s*")
_NOTE = re.compile(r" \((?:new|gone|(?:new |gone |mode )?[+-][xl])\)$")  # what --compact-summary adds to a path
_RENAMED = re.compile(r"(.*?)\{([^{}]*?) ?=> ?([^{}]*)\}(.*)")
_FIVE = 5  # columns of a number, where it is not git's own diffstat of today


@dataclass(frozen=True, slots=True)
class FileStat:
    """One row: the path after the change, changed lines, and bounds (low, high) of the added and the removed ones."""

    path: str
    changes: int
    added: Bounds
    removed: Bounds
    shown_as: str = ""
    renamed_from: str = ""
    binary: bool = False

    @property
    def exact(self) -> bool:
        """Whether the bounds leave one answer."""
        return self.added[0] == self.added[1]

    @property
    def abbreviated(self) -> bool:
        """Whether git cut the path on the left, so that its beginning is unknown."""
        return self.path.startswith("...")


@dataclass(frozen=True, slots=True)
class Diffstat:
    """A block of rows and its total line; `consistent`: the rows, the bars and the totals agree.

    `modified`: lines that diffstat(1) calls modified where it was asked to; they are in neither total.
    """

    files: tuple[FileStat, ...]
    files_changed: int
    insertions: int
    deletions: int
    consistent: bool = True
    modified: int = 0

    @property
    def listed(self) -> bool:
        """Whether every file that it counts has its row."""
        return len(self.files) >= self.files_changed


@dataclass(slots=True)
class _Row:
    path: str
    changes: int
    plus: int
    minus: int
    binary: bool
    columns: int  # of the number, with what stands before it


def diffstats(lines: Iterable[str]) -> Iterator[tuple[int, int, Diffstat]]:
    """Every diffstat among some lines: the index of its first line, of its total line, and what it says."""
    rows: list[_Row] = []
    start = 0
    for at, line in enumerate(lines):
        row = _row(line)
        if row:
            start = start if rows else at
            rows.append(row)
        elif found := len(line) < 200 and _TOTALS.fullmatch(line):
            yield start if rows else at, at, _block(rows, *(int(g or 0) for g in found.groups()))
            rows = []
        elif line.strip() != "...":  # git's sign for rows left out
            rows = []


def _row(line: str) -> _Row | None:
    path, bar, text = line.rpartition("|")
    path, count = path.strip(), text.strip(" ")
    if not bar or not path or len(line) > 2000:
        return None
    if found := _COUNT.fullmatch(count):
        columns = len(text) - len(text.lstrip(" ")) + len(found[1])
        return _Row(path, int(found[1]), len(found[2]), len(found[3]), False, columns)
    return _Row(path, 0, 0, 0, True, 0) if _BINARY.fullmatch(count) else None


def _block(rows: list[_Row], files_changed: int, insertions: int, deletions: int, modified: int) -> Diffstat:
    scale = _scale(rows)
    drawn = scale is None or _by_git(rows)
    read = [_bounds(row, scale) if drawn else ((0, row.changes), True) for row in rows]
    fits = all(ok for _, ok in read) and len(rows) == files_changed
    if drawn and not all(ok for _, ok in read):  # somebody edited a bar, or another tool drew them all
        read = [((0, row.changes), False) for row in rows]
    added = [bounds for bounds, _ in read]
    if len(rows) == files_changed and sum(r.changes for r in rows) == insertions + deletions:
        added, possible = _tighten(added, insertions)
        fits = fits and possible
    else:
        fits = False
    files = tuple(_file(row, bounds) for row, bounds in zip(rows, added))
    return Diffstat(files, files_changed, insertions, deletions, fits, modified)


def _by_git(rows: list[_Row]) -> bool:
    """Whether the numbers stand as git sets them today: in as many columns as the largest needs, and not as others do, in five."""
    counted = [row for row in rows if not row.binary]
    digits = max((len(str(row.changes)) for row in counted), default=0)
    digits = max(digits, 3) if len(counted) < len(rows) else digits  # as wide as "Bin"
    return digits != _FIVE - 1 and all(row.columns == 1 + digits for row in counted)


def _scale(rows: list[_Row]) -> tuple[int, int] | None:
    """The largest count and the width of its bar; None where every bar is as long as its count."""
    if all(r.plus + r.minus == r.changes for r in rows):
        return None
    largest = max(rows, key=lambda r: r.changes)
    return largest.changes, largest.plus + largest.minus


def _bounds(row: _Row, scale: tuple[int, int] | None) -> tuple[Bounds, bool]:
    """Bounds of the added lines of a row, and whether its bar is one that git draws."""
    n, plus, minus = row.changes, row.plus, row.minus
    if scale is None:
        return (plus, plus), True
    if n and not plus and not minus:
        return (0, n), False
    if not minus:
        return (n, n), _length(n, False, scale) == plus
    if not plus:
        return (0, 0), _length(n, False, scale) == minus
    largest, width = scale
    found = []
    if width > 1 and _length(n, True, scale) == plus + minus:
        low, high = _unscale(plus, largest, width)
        found += [(low, min(high, (n - 1) // 2))]  # fewer added than removed: the added ones were scaled
        low, high = _unscale(minus, largest, width)
        found += [(n - min(high, n // 2), n - low)]
    found = [(low, high) for low, high in found if low <= high]
    if not found:
        return (min(1, n), max(n - 1, 0)), False  # somebody edited the bar: only the signs are left to believe
    return (min(f[0] for f in found), max(f[1] for f in found)), True


def _length(n: int, both: bool, scale: tuple[int, int]) -> int:
    largest, width = scale
    return max(1 + n * (width - 1) // largest, 2 if both else 1) if n and largest else 0


def _unscale(bar: int, largest: int, width: int) -> Bounds:
    """Which counts git draws as a bar of this length: 1 + count * (width - 1) // largest == bar."""
    return max(1, -(-(bar - 1) * largest // (width - 1))), -(-bar * largest // (width - 1)) - 1


def _tighten(added: list[Bounds], insertions: int) -> tuple[list[Bounds], bool]:
    """What the total leaves to each row when all the others are at their ends; False where no row can be right."""
    low, high = sum(a for a, _ in added), sum(b for _, b in added)
    if not low <= insertions <= high:
        return added, False
    return [(max(a, insertions - (high - b)), min(b, insertions - (low - a))) for a, b in added], True


def _file(row: _Row, added: Bounds) -> FileStat:
    path, before = _paths(row.path)
    n = row.changes
    return FileStat(path, n, added, (n - added[1], n - added[0]), row.path, before, row.binary)


def _paths(shown: str) -> tuple[str, str]:
    """The path after the change, and before it where it was renamed: `a/{b => c}/d`, `b => c`, quoted or not."""
    shown = _NOTE.sub("", shown)
    if shown[:1] == '"' and shown.endswith('"') and " => " not in shown:
        return unquoted(shown), ""
    if shown.startswith("...") and "}" in shown and "{" not in shown:  # cut within the braces
        return "..." + shown[3:].rpartition("=> ")[2].replace("}", "", 1), ""
    if "=>" not in shown:
        return shown, ""
    if found := _RENAMED.fullmatch(shown):
        head, before, after, tail = found.groups()
        joined = [f"{head}{part.strip()}{tail}".replace("//", "/") for part in (after, before)]
        return unquoted(joined[0]), unquoted(joined[1])
    before, arrow, after = shown.partition(" => ")
    return (unquoted(after), unquoted(before)) if arrow else (shown, "")


def added_up(files: Iterable[FileStat]) -> Diffstat:
    """The diffstat of files whose counts are exact, as git would print its totals."""
    files = tuple(replace(f, shown_as=f.shown_as or f.path) for f in files)
    return Diffstat(files, len(files), sum(f.added[0] for f in files), sum(f.removed[0] for f in files))
