"""Whether a mail's own diffstat and its diff say the same. A sentence only where there is proof that they do not.

No proof is: a bar (git, `git apply --stat` and diffstat(1) scale theirs in different ways); a path that is part of another one (git cuts long
ones, diffstat(1) leaves out common directories); a file without changed lines that is not listed; a file whose lines are not all in the mail.
"""

from collections import Counter
from collections.abc import Sequence

from tdxkit.mail.diffstat import Diffstat, FileStat
from tdxkit.mail.patchdiff import Diff

_TRIED = 200  # files of one name that a row is held against
_SCANNED = 1_000_000  # paths looked at for rows whose name is cut


def mismatches(stated: Diffstat, diff: Diff) -> tuple[str, ...]:
    """Where a mail's own diffstat and its diff do not agree, as sentences; empty when they do."""
    found = _totals(stated, diff)
    pairs = _pairs(stated.files, diff.stat.files)
    said = Counter[str]()  # lines that the rows of a file come to: some tools write one for each commit
    for row, alike in pairs:
        said.update({file.path: row.changes for file in alike or ()})
    for row, alike in pairs:
        if alike == [] and row.changes:
            found.append(f"{row.path} is in the diffstat and not in the diff")
        elif alike and row.changes and not stated.modified and not any(_agree(row, f, said, diff) for f in alike):
            has = alike[0].changes if len(alike) == 1 else "has another number in each file of that name"
            found.append(f"{row.path}: the diffstat has {row.changes} changed lines, the diff {has}")
    if stated.listed and all(alike is not None for _, alike in pairs):
        shown = {file.path for _, alike in pairs for file in alike or ()}
        left = [file.path for file in diff.stat.files if file.changes and file.path not in shown]
        found += [f"{path} is in the diff and not in the diffstat" for path in left]
    return tuple(found)


def _agree(row: FileStat, file: FileStat, said: Counter[str], diff: Diff) -> bool:
    return file.changes in (row.changes, said[file.path]) or file.path in diff.hidden


def _totals(stated: Diffstat, diff: Diff) -> list[str]:
    found = []
    counted = diff.stat
    least = sum(f.changes > 0 and f.path not in diff.hidden for f in counted.files)  # the others need not be listed
    again = len(stated.files) - len({row.path for row in stated.files})
    if stated.files_changed < least or stated.files_changed - again > diff.entries:
        found.append(f"the diffstat says {stated.files_changed} files changed, the diff has {counted.files_changed}")
    if diff.hidden - {f.path for f in counted.files if f.binary and not f.changes} or stated.modified:
        return found
    for what in ("insertions", "deletions"):
        says, has = getattr(stated, what), getattr(counted, what)
        if says != has:
            found.append(f"the diffstat says {says} {what}, the diff has {has}")
    return found


def _pairs(rows: Sequence[FileStat], files: Sequence[FileStat]) -> list[tuple[FileStat, list[FileStat] | None]]:
    """Each row with the files that it may speak of; None where that cannot be told with reasonable work."""
    by_name: dict[str, list[FileStat]] = {}
    for file in files:
        by_name.setdefault(_name(file), []).append(file)
    found: list[tuple[FileStat, list[FileStat] | None]] = []
    scans = 0
    for row in rows:
        near = by_name.get(_name(row), [])
        alike = [file for file in near if matches(row, file.path)] if len(near) <= _TRIED else None
        if alike == []:  # its name itself may be cut
            scans += len(files)
            alike = [f for f in files if _tight(f.path).endswith(_tail(row))] if scans <= _SCANNED else None
        found.append((row, alike))
    return found


def matches(row: FileStat, path: str) -> bool:
    """Whether a row may speak of this path: the same one, or one of them an ending of the other."""
    shown, path = _tail(row), _tight(path)
    return f"/{path}".endswith(shown if row.abbreviated else f"/{shown}") or shown.endswith(f"/{path}")


def _tail(row: FileStat) -> str:
    return _tight(row.path[3:] if row.abbreviated else row.path)


def _tight(path: str) -> str:
    return "".join(path.split())  # mailers squeeze spaces


def _name(file: FileStat) -> str:
    return _tight(file.path.rpartition("/")[2])
