"""The diff of a mail: which files, which hunks with their line numbers, how many lines of each.

A hunk whose lines do not add up (a mailer wrapped them, the mail was cut) is named and left; reading goes on at the next one. (unidiff,
which judges this file in the tests, stops at such a hunk and takes some three times as long for a whole mailbox.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from tdxkit.mail import names
from tdxkit.mail.diffstat import Diffstat, FileStat, added_up
from tdxkit.mail.hunks import HEAD, Hunk, read_hunk
from tdxkit.mail.lines import Notes

_GIT = "diff --git "
_OTHER = ("diff -", "Index: ")  # another tool's heading: its files are named by the lines --- and +++
_SUBMODULE = re.compile(r"Submodule (\S.{0,2000}?) (?:[0-9a-f]{7,64}\.{2,3}[0-9a-f]{7,64}|contains )")
_BINARY = re.compile(r"Binary files (.+) and (.+) differ")
_HEADERS = ("old mode ", "new mode ", "new file mode ", "deleted file mode ", "index ", "similarity index ",
            "dissimilarity index ", "rename from ", "rename to ", "copy from ", "copy to ")  # fmt: skip
_INDEX = re.compile(r"index ([0-9a-f]{7,64})\.\.([0-9a-f]{7,64})(?: |$)")
_EMPTY = "e69de29"  # the name that git has for a file without content


@dataclass(frozen=True, slots=True)
class PatchFile:
    """One file of a patch. `what`: change, new, gone, rename, copy or mode; `before` is its path before, where that was another one.

    `hidden`: its changed lines are not all in the diff (a binary file, a submodule's log, a merge, a removal without its lines).
    `blobs`: what git calls the file before and after, as far as its header says.
    """

    path: str
    before: str
    what: str
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False
    hidden: bool = False
    blobs: tuple[str, str] = ("", "")

    @property
    def changed(self) -> list[str]:
        """The lines with a plus or a minus."""
        return [line for hunk in self.hunks for line in hunk.lines if line.startswith(("+", "-"))]

    @property
    def broken(self) -> int:
        """Hunks that do not add up."""
        return sum(not hunk.whole for hunk in self.hunks)


@dataclass(frozen=True, slots=True)
class Diff:
    """The counted diffstat, a path once; and a fingerprint a path: equal ones mean the same lines added and removed, wherever they moved."""

    stat: Diffstat
    prints: tuple[tuple[str, str], ...] = ()
    broken: int = 0  # hunks that do not add up
    hidden: frozenset[str] = frozenset()  # paths whose lines are not all there, a broken hunk's too
    entries: int = 0  # of files, one that comes twice counted twice
    files: tuple[PatchFile, ...] = ()  # kept where the reader was asked for the text
    orphans: int = 0  # then also how many changed lines belonged to no hunk


@dataclass(slots=True)
class _File:
    old: str = ""
    new: str = ""
    git: bool = False
    heading: bool = False  # its header may go on
    first: bool = True  # no line of it was read: what stands there may be the rest of a long `diff --git`, wrapped
    exact: bool = False  # the names have no prefix
    what: str = "change"
    binary: bool = False
    hidden: bool = False
    empty: bool = False
    blobs: tuple[str, str] = ("", "")
    hunks: list[Hunk] = field(default_factory=list)


def diff_start(lines: Sequence[str | Hunk]) -> int | None:
    """Index of the first line of a diff, or None: `diff --git` and its like, or `---`, `+++`."""
    for at, line in enumerate(lines):
        if isinstance(line, Hunk):
            continue
        if line.startswith((_GIT, "diff --cc ", "diff --combined ")) and line.count(" ") > 1 + line.startswith(_GIT):
            return at
        if names_file(lines, at):
            return at
        if line.startswith("Submodule ") and _SUBMODULE.match(line):
            return at
    return None


def names_file(lines: Sequence[str | Hunk], at: int) -> bool:
    """Whether a file is named here: `---`, and below it `+++`."""
    if not lines[at].startswith("--- ") or at + 1 >= len(lines):
        return False
    below = lines[at + 1]
    return isinstance(below, str) and below.startswith("+++ ")


def read_diff(lines: Sequence[str | Hunk], notes: Notes, first: int = 1, text: bool = False) -> Diff:
    """Count a diff; `first` is the number of its first line in the file, for the notes. `text` keeps its files with their hunks."""
    return counted(read_files(lines, notes, first), text)


def counted(files: Sequence[PatchFile], text: bool = False) -> Diff:
    """The files of a diff, counted; `text` keeps them."""
    changed: dict[str, list[str]] = {}
    for file in files:
        changed.setdefault(file.path, []).extend(file.changed)
    last = {file.path: file for file in files}  # a change of type is two entries of one file
    stat = added_up(_stat(last[path], rows) for path, rows in changed.items())
    hidden = frozenset(file.path for file in files if file.hidden or file.binary or file.broken)
    prints = tuple((path, _print(rows)) for path, rows in changed.items())
    broken = sum(file.broken for file in files)
    return Diff(stat, prints, broken, hidden, len(files), tuple(files) if text else ())


def read_files(lines: Sequence[str | Hunk], notes: Notes, first: int = 1) -> list[PatchFile]:
    """The files of a diff in its order, each with its hunks; a path comes twice where a file changes its type.

    `first` is the number of the first line, for the notes. Among the lines may be hunks that somebody else read: they belong to the file
    above them, and to one without a name where none is.
    """
    files: list[_File] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if hunk := _hunk(lines, at, first, files):
            at += 1 if hunk is line else 1 + len(hunk.lines)
            files[-1].hunks.append(hunk)
            files[-1].heading = False
            if not hunk.whole:
                place = hunk.line if hunk is line else first + at
                notes.add(place, "a hunk of the diff does not add up; its remaining lines are not counted")
            continue
        if names_file(lines, at):
            _named(files, line, lines[at + 1])
            at += 1
        elif line.startswith("diff "):
            _headed(files, line)
        elif started := _alone(files, line):
            files.append(started)
        elif files and files[-1].heading:
            _header(files[-1], line)
        at += 1
    known = frozenset(p for f in files if not f.exact for p in _prefixes(f.old, f.new))
    return [_finished(file, known) for file in files]


def _hunk(lines: Sequence[str | Hunk], at: int, first: int, files: list[_File]) -> Hunk | None:
    """The hunk that begins here, if any does."""
    line = lines[at]
    if isinstance(line, Hunk):
        if not files:
            files.append(_File())
        return line
    return (
        read_hunk(lines, at, first, found) if line.startswith("@@ ") and files and (found := HEAD.match(line)) else None
    )


def _headed(files: list[_File], line: str) -> None:
    """`diff --git`, `diff --cc`, and the headings of other tools, which name nothing that is needed."""
    if line.startswith(_GIT):
        one, two = names.in_git_line(line[len(_GIT) :]) or ("", "")
        files.append(_File(one, two, git=True, heading=True))
    elif line.startswith(("diff --cc ", "diff --combined ")):
        name = names.unquoted(line.split(" ", 2)[2].strip())
        files.append(_File(name, name, git=True, heading=True, exact=True, hidden=True))
    elif line.startswith(_OTHER) and files:
        files[-1].heading = False


def _named(files: list[_File], before: str, after: str) -> None:
    """`---` and `+++`: of the git header above, or of a file of their own."""
    one, two = names.in_file_line(before[4:]), names.in_file_line(after[4:])
    if files and files[-1].heading and files[-1].git and not files[-1].hunks:
        file = files[-1]
        file.heading = False
        if not file.exact and names.NOTHING not in (one, two):  # these count, as they do for git
            file.old, file.new = one, two
        return
    what = "new" if one == names.NOTHING else "gone" if two == names.NOTHING else "change"
    files.append(_File(one, two, what=what))


def _alone(files: list[_File], line: str) -> _File | None:
    """A file that one line tells of: a submodule's log, or a binary one of `diff -r`."""
    if line.startswith("Submodule ") and (found := _SUBMODULE.match(line)):
        return _File(found[1], found[1], exact=True, hidden=True)
    if line.startswith("Binary files ") and not (files and files[-1].heading) and (found := _BINARY.match(line)):
        return _File(*(names.in_file_line(name) for name in found.groups()), binary=True)
    return None


def _header(file: _File, line: str) -> None:
    if line.startswith(("Binary files ", "GIT binary patch")):
        file.binary, file.heading = True, False
    elif not line.startswith(_HEADERS):
        file.heading = file.first and bool(line.strip())
    elif line.startswith(("rename from ", "copy from ")):
        file.old, file.exact = names.unquoted(line.split(" ", 2)[2].strip()), True
        file.what = line.split(" ", 1)[0]
    elif line.startswith(("rename to ", "copy to ")):
        file.new, file.exact = names.unquoted(line.split(" ", 2)[2].strip()), True
    elif line.startswith(("new file ", "deleted file ")):
        file.what = "new" if line[0] == "n" else "gone"
    elif line.startswith("index "):
        file.empty = line.startswith(f"index {_EMPTY}")
        file.blobs = found.groups() if (found := _INDEX.match(line)) else ("", "")
    file.first = False


def _prefixes(old: str, new: str) -> set[str]:
    """What stands before the name that both share; the empty string where nothing does."""
    alike = names.ending(old, new)
    return {name[: len(name) - len(alike)] for name in (old, new)} if alike else set()


def _finished(file: _File, known: frozenset[str]) -> PatchFile:
    old, new = (file.old, file.new) if file.exact else names.without_prefix(file.old, file.new, known, file.git)
    untold = file.what == "gone" and file.git and not (file.hunks or file.empty)  # git format-patch -D
    return PatchFile(
        new or old,
        old if old != new else "",
        file.what,
        tuple(file.hunks),
        file.binary,
        file.hidden or untold,
        file.blobs,
    )


def _stat(file: PatchFile, changed: list[str]) -> FileStat:
    added = sum(line[0] == "+" for line in changed)
    removed = len(changed) - added
    before = file.before if file.what == "rename" else ""
    return FileStat(
        file.path, len(changed), (added, added), (removed, removed), renamed_from=before, binary=file.binary
    )


def _print(changed: list[str]) -> str:
    return blake2b("\n".join(changed).encode("utf-8", "replace"), digest_size=8).hexdigest()
