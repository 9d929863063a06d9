"""What a reviewer pastes, as the C that it leaves behind: a unified diff, a mail with one, an answer that quotes one, or C as it is.

A hunk shows a stretch of a file: its context and its added lines are text, the rest of the paste is not. Two stretches never touch, for
what stands between them in the file is not known. Source of the form, the combined one that is refused too: `git-diff`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tdxkit.errors import InputError, printable
from tdxkit.mail.files import files_of
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.lines import Notes
from tdxkit.mail.pasted import WHAT, Mail, heads_in, mails_in, pasted_lines
from tdxkit.mail.patchdiff import PatchFile
from tdxkit.mail.quoting import unquoted_text

SOURCES = ("git-diff",)
_C = (".c", ".h")
_NAMED = 5  # files that a remark names


@dataclass(frozen=True, slots=True)
class FileText:
    """The lines of the text, from 1, that come from one file; without a name where the paste names none."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines of the text, from 1, that stand below each other in their file. Not `whole`: some may be missing, or be none of it."""

    first: int
    last: int
    whole: bool


@dataclass(frozen=True, slots=True)
class AfterText:
    """C after a patch. `lines` has the paste's line number, from 1, for each line of `text`; both are empty where no C is left.

    `kind`: "plain", "quoted", "diff", "quoted diff". `remarks`: what was left out, mended or does not add up, as sentences. Nothing that
    begins in one of the `stretches` may be read on into the next one; of a plain text there is one.
    """

    text: str
    lines: tuple[int, ...]
    files: tuple[FileText, ...]
    kind: str
    remarks: tuple[str, ...]
    stretches: tuple[Stretch, ...]


def after_text(paste: str) -> AfterText:
    """The C that a paste leaves behind, and where each of its lines stood.

    InputError where it is too large, no text, or a diff of a form that has no one text before the change.

    >>> found = after_text("> --- a/x.c\\n> +++ b/x.c\\n> @@ -1,2 +1,2 @@\\n>  int users;\\n> -int a;\\n> +int b;\\n\\nWhy?")
    >>> found.text, found.lines, found.kind, found.files
    ('int users;\\nint b;', (4, 6), 'quoted diff', (FileText(name='x.c', first=1, last=2),))
    """
    notes, decoding = Notes(), Notes()
    lines = pasted_lines(paste, notes)
    mails = list(mails_in(lines[: len(lines) - (not lines[-1])], decoding))  # behind the last newline stands no line
    if not heads_in(mails):
        return _plain(lines, mails, notes)
    notes.take(decoding)
    found = _Found(notes)
    mails = [mail for mail in mails if _add(found, mail)]
    if len(mails) > 1:
        begins = ", ".join(str(mail.line) for mail in mails[:_NAMED]) + ", …" * (len(mails) > _NAMED)
        notes.add(
            0, f"{len(mails)} mails bring hunks, from lines {begins}: each one's text stands below the one before it"
        )
    return found.text()


def _plain(lines: list[str], mails: list[Mail], notes: Notes) -> AfterText:
    """A text without a diff: as it is, or without the quoting that all of it has."""
    first = next((mail for mail in mails if len(mail.head)), None)
    if first and first.encoding == "base64":
        rule = "the mail is encoded in base64, and there is no diff in it"
        raise InputError(f"line {first.line} of {WHAT}", rule, "paste its text as a mail program shows it")
    bare = unquoted_text(lines)
    if bare is None and (quoted := [at for at, line in enumerate(lines, 1) if line.startswith(">")]):
        notes.add(
            quoted[0],
            f"{_lines(len(quoted))} of {len(lines)} begin with the sign of a quotation: all is left as it stands",
        )
    text = lines if bare is None else bare
    kind = "plain" if bare is None else "quoted"
    count = len(text)
    return AfterText("\n".join(text), tuple(range(1, count + 1)), (), kind, _remarks(notes), (Stretch(1, count, True),))


def _add(found: "_Found", mail: Mail) -> bool:
    """Take the text of one mail's diff; whether it has hunks."""
    if mail.html:
        found.notes.add(mail.line, "what begins here is HTML: not read")
        return False
    diff = files_of(mail.lines, mail.numbers, found.notes, mail.flowed)
    if diff.signs:
        found.quoted = found.quoted or bool(diff.hunks)
        at = diff.hunks[0].line if diff.hunks else mail.line
        found.notes.add(at, f'the signs of a quotation, "{diff.signs}", are taken off')
    for file in diff.files:
        found.add(file)
    return bool(diff.hunks)


@dataclass(slots=True)
class _Found:
    """The text as it grows."""

    notes: Notes
    quoted: bool = False
    rows: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    files: list[FileText] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    others: dict[str, None] = field(default_factory=dict)  # files that are no C
    seen: set[tuple] = field(default_factory=set)
    begun: list[tuple[int, str]] = field(default_factory=list)  # said last: there may be many

    def add(self, file: PatchFile) -> None:
        """The lines of a file after the change, if it is C."""
        if file.path and not file.path.endswith(_C):
            self.others[file.path] = None
            return
        name = printable(file.path, 200)
        if file.what == "gone":
            self.notes.add(
                file.hunks[0].line if file.hunks else 0, f"{name} is deleted: nothing of it is left after the patch"
            )
            return
        if not file.hunks:
            self.notes.add(0, f"{name}: {_without_hunks(file)}")
        if file.hunks and not file.path:
            self.notes.add(file.hunks[0].line, "no file is named above the hunk: it is taken for C")
        first = len(self.rows) + 1 + bool(self.rows)
        for hunk in file.hunks:
            self._add_hunk(file, hunk)
        if len(self.rows) >= first:
            self.files.append(FileText(file.path, first, len(self.rows)))

    def _add_hunk(self, file: PatchFile, hunk: Hunk) -> None:
        key = (file.path, hunk.old, hunk.new, hunk.old_count, hunk.new_count, hunk.lines)
        after = list(hunk.after_as_read())
        if key in self.seen:
            self.notes.add(hunk.line, "the same hunk stands above: left out here")
        elif after:
            self.seen.add(key)
            if self.rows:
                self.rows.append("")
                self.places.append(hunk.line)
            self.stretches.append(Stretch(len(self.rows) + 1, len(self.rows) + len(after), hunk.whole))
            self.rows += [text for _, text in after]
            self.places += [number for number, _ in after]
            if begun := _begun_above(hunk.heading, [text for _, text in after]):
                self.begun.append((hunk.line, begun))

    def text(self) -> AfterText:
        """What was found, with all that there is to say."""
        if self.others:
            named = ", ".join(printable(name, 100) for name in list(self.others)[:_NAMED])
            more = f" and {len(self.others) - _NAMED} more" if len(self.others) > _NAMED else ""
            self.notes.add(0, f"left out, for a name that does not end in {' or '.join(_C)}: {named}{more}")
        for line, what in self.begun:
            self.notes.add(line, what)
        kind = "quoted diff" if self.quoted else "diff"
        return AfterText(
            "\n".join(self.rows),
            tuple(self.places),
            tuple(self.files),
            kind,
            _remarks(self.notes),
            tuple(self.stretches),
        )


def _without_hunks(file: PatchFile) -> str:
    """Why a file has no text here."""
    if file.what in ("rename", "copy"):
        did = "renamed from" if file.what == "rename" else "copied from"
        return f"{did} {printable(file.before, 200)} without a change, so that its text is not in the paste"
    return "no hunk of it is in the paste"


def _begun_above(heading: str, rows: Sequence[str]) -> str:
    """A remark where a hunk begins inside of something: a brace at the edge closes before one opens, or all is indented below a name."""
    opened = next((at for at, row in enumerate(rows) if _opens(row)), len(rows))
    closed = next((at for at, row in enumerate(rows) if row[:1] == "}"), len(rows))
    top = next((row for row in rows if row.strip()), "")
    bare = opened == closed and heading.strip() and top[:1] in (" ", "\t")
    if not (closed < opened or bare):
        return ""
    name = (
        f'"{printable(heading.strip(), 80)}", as its head has it, which may name another'
        if heading.strip()
        else "what its head does not name"
    )
    return f"the hunk begins inside of {name}: what stands above is not in the paste"


def _opens(row: str) -> bool:
    return row[:1] == "{" or (row[:1] not in (" ", "\t", "}", "/", "*", "#", "") and row.rstrip().endswith("{"))


def _lines(count: int) -> str:
    return f"{count} line{'s' if count != 1 else ''}"


def _remarks(notes: Notes) -> tuple[str, ...]:
    return tuple(str(notes).split("\n")) if len(notes) else ()
