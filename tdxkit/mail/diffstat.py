"""A diffstat read backwards: from git's bars to how many lines were added and removed, exactly or between bounds.

git prints added + removed as a number and their shares as a bar. Where the longest bar does not fit, every bar of the block is
scaled: `1 + changes * (width - 1) // largest`, at least 2 where both signs occur; the smaller share is scaled the same way and the other one is
the rest. So a scaled bar bounds the two counts, and the block's totals tighten the bounds. Source: `git-diffstat`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

SOURCES = ("git-diffstat",)


Bounds = tuple[int, int]

_TOTALS = re.compile(
    r"\s*(\d{1,9}) files? changed(?:, (\d{1,9}) insertions?\(\+\))?(?:, (\d{1,9}) deletions?\(-\))?,?\s*"
)
_COUNT = re.compile(r"(\d{1,12})(?: (\+*)(-*))?\s*")
_BINARY = re.compile(r"Bin(?: \d+ -> \d+ bytes)?\s*")
_NOTE = re.compile(r" \((?:new|gone|(?:new |gone |mode )?[+-][xl])\)$")  # what --compact-summary adds to a path
_OCTAL = re.compile(r"\\([0-7]{3}|.)")
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11}


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
        return self.shown_as.startswith("...")


@dataclass(frozen=True, slots=True)
class Diffstat:
    """A block of rows and its total line; `consistent`: the rows, the bars and the totals agree."""

    files: tuple[FileStat, ...]
    files_changed: int
    insertions: int
    deletions: int
    consistent: bool = True


@dataclass(slots=True)
class _Row:
    path: str
    changes: int
    plus: int
    minus: int
    binary: bool


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
    path, bar, count = line.rpartition("|")
    if not bar or line[:1] != " " or len(line) > 2000:
        return None
    path, count = path.strip(), count.strip(" ")
    if found := _COUNT.fullmatch(count):
        return _Row(path, int(found[1]), len(found[2] or ""), len(found[3] or ""), False) if path else None
    return _Row(path, 0, 0, 0, True) if path and _BINARY.fullmatch(count) else None


def _block(rows: list[_Row], files_changed: int, insertions: int, deletions: int) -> Diffstat:
    scale = _scale(rows)
    read = [_bounds(row, scale) for row in rows]
    fits = all(ok for _, ok in read) and len(rows) == files_changed
    added = [bounds for bounds, _ in read]
    if fits and sum(r.changes for r in rows) == insertions + deletions:
        added, fits = _tighten(added, insertions)
    else:
        fits = False
    files = tuple(_file(row, bounds) for row, bounds in zip(rows, added))
    return Diffstat(files, files_changed, insertions, deletions, fits)


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
    if " => " not in shown:
        return shown, ""
    head, brace, rest = shown.partition("{")
    middle, end, tail = rest.partition("}")
    if not (brace and end and " => " in middle):
        head, middle, tail = "", shown, ""
    before, _, after = middle.partition(" => ")
    joined = [f"{head}{part}{tail}".replace("//", "/") for part in (after, before)]
    return unquoted(joined[0]), unquoted(joined[1])


def unquoted(path: str) -> str:
    """A path without the quotes and escapes that git puts around unusual characters."""
    if len(path) < 2 or not path[0] == path[-1] == '"':
        return path
    raw = bytearray()
    at = 1
    inside = path[:-1]
    while at < len(inside):
        if found := _OCTAL.match(inside, at):
            code = found[1]
            octal = len(code) == 3 and code[0] in "0123"
            raw += bytes([int(code, 8)]) if octal else bytes([_ESCAPES[code]]) if code in _ESCAPES else code.encode()
            at = found.end()
        else:
            raw += inside[at].encode("utf-8", "replace")
            at += 1
    return raw.decode("utf-8", "replace")


def added_up(files: Iterable[FileStat]) -> Diffstat:
    """The diffstat of files whose counts are exact, as git would print its totals."""
    files = tuple(replace(f, shown_as=f.shown_as or f.path) for f in files)
    return Diffstat(files, len(files), sum(f.added[0] for f in files), sum(f.removed[0] for f in files))
