"""Whether a mail's own diffstat and its diff say the same. A sentence only where there is proof that they do not.

No proof is: a bar (git, `git apply --stat` and diffstat(1) scale theirs in different ways); a path that is part of another one (git cuts long
ones, diffstat(1) leaves out common directories); a file without changed lines that is not listed; a file whose lines are not all in the mail.
"""

from collections.abc import Iterable

from tdxkit.mail.diffstat import Diffstat, FileStat
from tdxkit.mail.patchdiff import Diff

_TRIED = 200  # files of one name that a row is held against


def mismatches(stated: Diffstat, diff: Diff) -> tuple[str, ...]:
    """Where a mail's own diffstat and its diff do not agree, as sentences; empty when they do."""
    found = _totals(stated, diff)
    rows, files = _by_name(stated.files), _by_name(diff.stat.files)
    cut = [row for row in stated.files if row.abbreviated and "/" not in row.path]
    for row in stated.files:
        near = diff.stat.files if row.abbreviated and "/" not in row.path else files.get(_name(row), ())
        alike = [file for file in near if matches(row, file.path)] if len(near) <= _TRIED else None
        if alike == [] and row.changes:
            found.append(f"{row.path} is in the diffstat and not in the diff")
        elif alike and not row.binary and not any(f.changes == row.changes or f.path in diff.hidden for f in alike):
            has = alike[0].changes if len(alike) == 1 else "has another number in each file of that name"
            found.append(f"{row.path}: the diffstat has {row.changes} changed lines, the diff {has}")
    for file in diff.stat.files if stated.listed and len(cut) <= _TRIED else ():
        near = [*rows.get(_name(file), ()), *cut]
        if file.changes and len(near) <= _TRIED and not any(matches(row, file.path) for row in near):
            found.append(f"{file.path} is in the diff and not in the diffstat")
    return tuple(found)


def _totals(stated: Diffstat, diff: Diff) -> list[str]:
    found = []
    counted = diff.stat
    least = sum(f.changes > 0 and f.path not in diff.hidden for f in counted.files)  # the others need not be listed
    if not least <= stated.files_changed <= counted.files_changed:
        found.append(f"the diffstat says {stated.files_changed} files changed, the diff has {counted.files_changed}")
    if diff.hidden - {f.path for f in counted.files if f.binary and not f.changes} or stated.modified:
        return found
    for what in ("insertions", "deletions"):
        says, has = getattr(stated, what), getattr(counted, what)
        if says != has:
            found.append(f"the diffstat says {says} {what}, the diff has {has}")
    return found


def matches(row: FileStat, path: str) -> bool:
    """Whether a row may speak of this path: the same one, or one of them an ending of the other."""
    shown, path = _tight(row.path), _tight(path)
    if row.abbreviated:
        return f"/{path}".endswith(shown[3:])
    return shown == path or path.endswith(f"/{shown}") or shown.endswith(f"/{path}")


def _tight(path: str) -> str:
    return "".join(path.split())  # mailers squeeze spaces


def _by_name(files: Iterable[FileStat]) -> dict[str, list[FileStat]]:
    found: dict[str, list[FileStat]] = {}
    for file in files:
        found.setdefault(_name(file), []).append(file)
    return found


def _name(file: FileStat) -> str:
    return _tight(file.path.rpartition("/")[2])
