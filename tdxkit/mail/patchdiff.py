"""The diff of a mail, counted: which files, how many lines, and whether its own diffstat says the same.

Only counts and a fingerprint of the changed lines are kept. A hunk whose lines do not add up (a mailer wrapped them, the mail was cut)
is named and left; counting goes on at the next one. (unidiff, which judges this file in the tests, stops at such a hunk and takes some
three times as long for a whole mailbox.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from tdxkit.mail.diffstat import Diffstat, FileStat, added_up, unquoted
from tdxkit.mail.lines import Notes

_HUNK = re.compile(r"@@ -\d{1,10}(?:,(\d{1,9}))? \+\d{1,10}(?:,(\d{1,9}))? @@")
_GIT = "diff --git "


@dataclass(frozen=True, slots=True)
class Diff:
    """The counted diffstat, and a fingerprint a path: equal ones mean the same lines added and removed, wherever they moved."""

    stat: Diffstat
    prints: tuple[tuple[str, str], ...] = ()
    broken: int = 0  # hunks that do not add up


@dataclass(slots=True)
class _File:
    before: str = ""
    after: str = ""
    renamed: bool = False
    binary: bool = False
    added: int = 0
    removed: int = 0
    changed: list[str] = field(default_factory=list)


def diff_start(lines: Sequence[str]) -> int | None:
    """Index of the first line of a diff, or None: `diff --git`, or `---`, `+++` and a hunk."""
    for at, line in enumerate(lines):
        if line.startswith(_GIT) or (
            line.startswith("--- ") and lines[at + 1 : at + 2] and lines[at + 1].startswith("+++ ")
        ):
            return at
    return None


def read_diff(lines: Sequence[str], notes: Notes, first: int = 1) -> Diff:
    """Count a diff; `first` is the number of its first line in the file, for the notes."""
    files: list[_File] = []
    at, broken = 0, 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("@@ ") and files and (hunk := _HUNK.match(line)):
            at, whole = _hunk(lines, at + 1, files[-1], *(1 if g is None else int(g) for g in hunk.groups()))
            if not whole:
                broken += 1
                notes.add(first + at, "a hunk of the diff does not add up; its remaining lines are not counted")
            continue
        if line.startswith(_GIT):
            files.append(_git_file(line))
        elif line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            if not files or files[-1].changed or not line.startswith(("--- /dev/null", '--- "', "--- a/")):
                files.append(_File())
            _names(files[-1], line[4:], lines[at + 1][4:])
            at += 1
        elif files:
            _header(files[-1], line)
        at += 1
    return Diff(added_up(map(_stat, files)), tuple((f.after, _print(f.changed)) for f in files), broken)


def _hunk(lines: Sequence[str], at: int, file: _File, old: int, new: int) -> tuple[int, bool]:
    """Count one hunk of `old` lines before and `new` after; returns where it ends and whether it was whole."""
    end = len(lines)
    while (old > 0 or new > 0) and at < end:
        line = lines[at]
        sign = line[:1]
        if sign == "+" and new > 0:
            new -= 1
            file.added += 1
            file.changed.append(line)
        elif sign == "-" and old > 0:
            old -= 1
            file.removed += 1
            file.changed.append(line)
        elif sign in (" ", "", "\r") and old > 0 and new > 0:  # mailers eat the space of an empty line
            old -= 1
            new -= 1
        elif sign != "\\":
            return at, False
        at += 1
    return at, not (old or new)


def _git_file(line: str) -> _File:
    """`diff --git a/x b/x`: enough where no other line names the file (a mode change, a binary one)."""
    names = line[len(_GIT) :].strip()
    half = len(names) // 2
    before, after = unquoted(names[:half]), unquoted(names[half + 1 :])
    if names[half : half + 1] == " " and before[2:] == after[2:]:  # the same name twice
        return _File(before[2:], after[2:])
    before, _, after = names.partition(" b/")
    return _File(unquoted(before).removeprefix("a/"), unquoted(after))


def _names(file: _File, before: str, after: str) -> None:
    names = []
    for text, side in ((before, "a/"), (after, "b/")):
        name = unquoted(text.partition("\t")[0].rstrip())
        names.append("" if name == "/dev/null" else name.removeprefix(side))
    file.before, file.after = names[0] or names[1], names[1] or names[0]


def _header(file: _File, line: str) -> None:
    if line.startswith(("rename from ", "copy from ")):
        file.before, file.renamed = unquoted(line.split(" ", 2)[2].strip()), line[0] == "r"
    elif line.startswith(("rename to ", "copy to ")):
        file.after = unquoted(line.split(" ", 2)[2].strip())
    elif line.startswith(("Binary files ", "GIT binary patch")):
        file.binary = True


def _stat(file: _File) -> FileStat:
    counts = ((n, n) for n in (file.added, file.removed))
    return FileStat(
        file.after,
        file.added + file.removed,
        *counts,
        renamed_from=file.before if file.renamed else "",
        binary=file.binary,
    )


def _print(changed: list[str]) -> str:
    return blake2b("\n".join(changed).encode("utf-8", "replace"), digest_size=8).hexdigest()


def mismatches(stated: Diffstat, counted: Diffstat) -> tuple[str, ...]:
    """Where a mail's own diffstat and its diff do not agree, as sentences; empty when they do."""
    found = []
    for what in ("files_changed", "insertions", "deletions"):
        says, has = getattr(stated, what), getattr(counted, what)
        if says != has:
            found.append(f"the diffstat says {says} {what.replace('_', ' ')}, the diff has {has}")
    real = {f.path: f for f in counted.files}
    for file in stated.files:
        other = real.pop(file.path, None)
        if file.abbreviated:  # git cut its beginning: any file with that ending will do
            continue
        if other is None:
            found.append(f"{file.path} is in the diffstat and not in the diff")
        elif not file.added[0] <= other.added[0] <= file.added[1] or file.changes != other.changes:
            found.append(f"{file.path}: the diffstat has {file.changes} changed lines, the diff {other.changes}")
    if not any(f.abbreviated for f in stated.files):
        found += [f"{path} is in the diff and not in the diffstat" for path in real]
    return tuple(found)
