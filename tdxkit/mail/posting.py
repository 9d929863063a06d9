"""What one mail posts: its header, the text above the diff, the diff; and what an answer quotes of the patch that it answers."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from email.errors import MessageError
from email.message import Message as Mime
from email.parser import BytesHeaderParser

from tdxkit.mail.agree import mismatches
from tdxkit.mail.body import is_quoted_printable, printable_lines, text_begins, text_of
from tdxkit.mail.files import MailFiles, files_of
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.lines import Notes, decoded
from tdxkit.mail.mbox import RawMail
from tdxkit.mail.mending import mended
from tdxkit.mail.message import message
from tdxkit.mail.patchdiff import Diff, counted, diff_start, read_diff
from tdxkit.mail.people import HEADER_LIMIT, Person, person, plain, sender_of
from tdxkit.mail.post import Post
from tdxkit.mail.quoting import signs_of
from tdxkit.mail.subject import Subject, subject

_LOOKED_AT = 2000  # lines of an answer among which it is looked for whom it quotes
_WROTE = re.compile(
    r"(?:(?:,|\d|[AP]M|[+-]\d{4}\)?|UTC) +(?![AP]M )([^,<>\d:]{1,100} <[^<>\s]{3,200}>)"
    r"|(?:\d\d:\d\d(?: ?[AP]M)?|[+-]\d{4}\)?),? +([^,<>\d:]{2,100}))\s+(?:wrote|writes)\s*:\s*$"
)  # "On Wed, Jan 01, 2025 at 10:00:00AM +0000, One <one@example.org> wrote:", often without the address
TEXT_LIMIT = 100_000  # lines of a mail above its diff
_HEAD_LIMIT = 256 * 1024
_END_OF_HEAD = re.compile(rb"\r?\n(?:\r?\n|(?=diff --git |--- \S))")
_ID = re.compile(r"<[^<>\s]{3,400}>")
_IN_BODY = re.compile(r"(From|Subject|Date):\s+(\S.*)")
_SCISSORS = re.compile(
    r"(?=.*(?:>8|8<|>%|%<))(?=.*-)(?:[-\s]|>8|8<|>%|%<|cut here|remove everything above)+|[-\s]+(?:>8|8<)[-\s]+\S.{0,60}(?:>8|8<)[-\s]+"
)
_EMBEDDED = re.compile(
    r">?From [0-9a-z]{5,64} Mon Sep 17 00:00:00 2001\s*"
)  # what git format-patch wrote, put into an answer
CUT = re.compile(rb"^>From [0-9a-z]{5,64} Mon Sep 17 00:00:00 2001|^[- \t]*-[- \t]*(?:>8|8<)[- \t]*-", re.MULTILINE)
MAY_HOLD = re.compile(
    rb"^(?:diff --git |\+\+\+ \S|Submodule )|^content-transfer-encoding:\s*base64", re.MULTILINE | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A mail that answers another one: what its header says; `references` end with the one it answers."""

    subject: Subject
    sender: Person
    line: int
    message_id: str
    references: tuple[str, ...]
    date: str


def headers(raw: RawMail, notes: Notes) -> Mime:
    """The header of a mail, within bounds."""
    end = _END_OF_HEAD.search(raw.data)
    head = raw.data[: end.end() if end else len(raw.data)]
    if len(head) > _HEAD_LIMIT:
        notes.add(raw.line, f"headers longer than {_HEAD_LIMIT >> 10} KiB are cut")
        head = head[: head.rfind(b"\n", 0, _HEAD_LIMIT) + 1]
    return BytesHeaderParser().parsebytes(head)


def header(mime: Mime, name: str) -> str:
    """A header as text; raw bytes in it are read as UTF-8 or Windows-1252."""
    value = next((str(value) for key, value in mime.raw_items() if key.lower() == name.lower()), "")[:HEADER_LIMIT]
    return decoded(value.encode("utf-8", "surrogateescape"))[0]


def answer_of(raw: RawMail, head: Mime, what: Subject) -> Answer:
    """What is kept of an answer."""
    ids = _ID.findall(header(head, "Message-ID"))
    return Answer(
        what, _sender(head), raw.line, ids[0] if ids else "", references_of(head), plain(header(head, "Date"))
    )


def _sender(head: Mime) -> Person:
    return sender_of(*(header(head, name) for name in ("From", "Reply-To", "X-Original-From")))


def references_of(head: Mime) -> tuple[str, ...]:
    """The mails that this one names as those above it, the one that it answers last."""
    return tuple(_ID.findall(f"{header(head, 'References')} {header(head, 'In-Reply-To')}"))


def read_post(raw: RawMail, head: Mime, what: Subject, notes: Notes, keep: bool = False) -> tuple[Post, bool]:
    """The post that a mail carries, and whether its text quotes another mail. `keep`: with the files of its diff, mended."""
    read = _mended if keep else _counted
    references = references_of(head)
    text, diff, cut, quoted, first = read(raw, head, notes, bool(references))
    if signature := [i for i, line in enumerate(text) if line == "-- "]:
        del text[signature[-1] :]
    if len(text) > TEXT_LIMIT:
        notes.add(raw.line, f"its text has more than {TEXT_LIMIT} lines: those in the middle are not read")
        text = text[: TEXT_LIMIT // 2] + text[-TEXT_LIMIT // 2 :]
    ids = _ID.findall(header(head, "Message-ID"))
    sender, within = _sender(head), _in_body(text)
    author = person(within.get("From", ""))
    post = Post(
        subject(within["Subject"]) if "Subject" in within and not (what.posted and not cut) else what,
        author if "@" in author.email else sender,
        sender,
        message(text),
        diff,
        raw.line,
        ids[0] if ids else "",
        references,
        plain(header(head, "Date")),
        body=first,
        quoted=quoted,
        piece=raw.piece and not ids and not references,
    )
    return post, post.quoted or any(line.startswith(">") for line in text)


def _lines_of(raw: RawMail, head: Mime, notes: Notes) -> tuple[list[str], int]:
    """The lines of a mail's text, and the number of the first one in the file if the mail is not made of parts."""
    end = _END_OF_HEAD.search(raw.data)
    start = end.end() if end else len(raw.data)
    first = raw.body or raw.line + raw.data[:start].count(b"\n")
    return text_of(raw.data, head, start, raw.line, notes).split("\n"), first


def _counted(raw: RawMail, head: Mime, notes: Notes, answers: bool) -> tuple[list[str], Diff | None, int, bool, int]:
    """The text above the diff, the diff counted, how many lines are left out above the text, whether it is quoted, where the mail's text begins."""
    lines, first = _lines_of(raw, head, notes)
    cut = _scissors(lines)
    begin = diff_start(lines[cut:])
    quoted = False
    if begin is None and not answers and (bare := _handed_on(lines, first)):  # and no answer
        notes.add(raw.line, "its patch is quoted: the signs before its lines are taken off")
        lines, cut, begin, quoted = bare, 0, diff_start(bare), True
    diff = None if begin is None else read_diff(lines[cut + begin :], notes, first + cut + begin)
    return lines[cut : None if begin is None else cut + begin], diff, cut, quoted, first


def _mended(raw: RawMail, head: Mime, notes: Notes, answers: bool) -> tuple[list[str], Diff | None, int, bool, int]:
    """The same with the files of the diff, mended; a hunk without a file's head, or one that is quoted, is read too."""
    lines, first = _readable_lines(raw, head, notes)
    cut = _scissors(lines)
    begin = diff_start(lines[cut:])
    top = cut + (begin or 0)
    found = files_of(lines[top:], range(first + top, first + len(lines)), notes, _flowed(head) and begin is None)
    if begin is None and found.files:
        return list(found.above), _diff(found), cut, bool(found.signs), first
    return (
        lines[cut : None if begin is None else top],
        _diff(found) if found.files else None,
        cut,
        False,
        first,
    )


def _diff(found: MailFiles) -> Diff:
    return replace(counted(found.files, True), orphans=found.orphans)


def read_quoted(raw: RawMail, head: Mime, what: Subject, notes: Notes) -> Post | None:
    """The patch that a mail quotes, as far as it does; None where it quotes no hunk of one."""
    lines, first = _readable_lines(raw, head, notes)
    found = files_of(lines, range(first, first + len(lines)), notes, _flowed(head))
    files = []
    for file in found.files:
        hunks = tuple(hunk for hunk in file.hunks if lines[hunk.numbers[0] - first].lstrip()[:1] in (">", "|"))
        files += [replace(file, hunks=hunks)] if hunks else []
    if not files:
        return None
    within = _in_quotation(lines)
    if not (what.marks or what.n is not None) and "Subject" in within:
        what = subject(within["Subject"])
    tags, title = "".join(f"[{tag}] " for tag in what.tags), what.title[len(signs_of(what.title)) :]
    what = replace(what, text=f"{tags}{title}", title=title, reply=False, forward=False)
    ids, references = _ID.findall(header(head, "Message-ID")), references_of(head)
    author = person(within.get("From", ""))
    return Post(
        what,
        author,
        author,
        message(found.above),
        counted(files, True),
        raw.line,
        ids[0] if ids else "",
        references,
        plain(header(head, "Date")),
        body=first,
        quoted=True,
        piece=not ids and not references,
    )


def _readable_lines(raw: RawMail, head: Mime, notes: Notes) -> tuple[list[str], int]:
    """The lines of a mail's text with what a paste may have done to them undone, and the number of the first one in the file."""
    lines, first = _lines_of(raw, head, notes)
    if head.get_content_maintype() == "multipart":
        end = _END_OF_HEAD.search(raw.data)
        start = end.end() if end else len(raw.data)
        first += raw.data[start : text_begins(raw.data, head, start)].count(b"\n")
    lines = [line.rstrip("\r").replace("\xa0", " ") for line in lines]
    if is_quoted_printable("\n".join(line for line in lines if line[:2] != "--" or line == "--=20")):
        notes.add(first, "its text is quoted-printable, though no header says so: it is decoded")
        lines = printable_lines(lines, range(len(lines)))[0]
    return lines, first


def _flowed(head: Mime) -> bool:
    with suppress(MessageError, ValueError, LookupError):
        return str(head.get_param("format") or "").lower() == "flowed"
    return False


def _in_quotation(lines: Sequence[str]) -> dict[str, str]:
    """What an answer says of the mail that it quotes: the line that says who wrote, the header if it is quoted with it."""
    found: dict[str, str] = {}
    for at, line in enumerate(lines[:_LOOKED_AT]):
        bare = line[len(signs_of(line)) :]
        if bare.startswith(("From:", "Subject:")) and (field := _IN_BODY.fullmatch(bare[:HEADER_LIMIT])):
            found.setdefault(field[1], field[2])
        elif line.rstrip().endswith(":") and (wrote := _WROTE.search(f"{lines[at - 1] if at else ''} {line}"[-1000:])):
            found.setdefault("From", wrote[1] or wrote[2])
        if "@@ -" in line:
            break
    return found


def _handed_on(lines: list[str], first: int) -> list[str | Hunk]:
    """The lines of a mail whose diff is quoted, as they were before, its hunks read; none where no diff is quoted."""
    found = mended(lines, range(first, first + len(lines)), Notes())
    begin = diff_start(found.parts) if found.signs else None
    if begin is None:
        return []
    return [part for at, part in enumerate(found.parts) if at > begin or isinstance(part, str)]


def _scissors(lines: Sequence[str]) -> int:
    """How many lines stand above the patch, to its scissors: `-- >8 --`."""
    for at, line in enumerate(lines):
        if line.startswith(("diff --git ", "@@ ")):
            return 0
        if line.startswith((">From ", "From ")) and _EMBEDDED.fullmatch(line):
            return at + 1
        if ("8" in line or "%" in line) and len(line) < 120 and _SCISSORS.fullmatch(line):
            return at + 1
    return 0


def _in_body(text: Sequence[str]) -> dict[str, str]:
    """The lines `From:`, `Subject:` and `Date:` that may come first in a body: they speak of the patch, as the header does of the mail."""
    found: dict[str, str] = {}
    last = ""
    for line in text:
        if field := _IN_BODY.fullmatch(line[:HEADER_LIMIT]):
            last = field[1]
            found.setdefault(last, field[2])
        elif line.strip() and found and line[0] in " \t" and len(found[last]) < HEADER_LIMIT:
            found[last] += f" {line.strip()}"
        elif line.strip() or found:
            break
    return found


def complain(post: Post, notes: Notes) -> None:
    """Notes of what is missing in a post, and of where its own diffstat is not that of its diff."""
    name = post.subject.text or "(no subject)"
    for what in post.missing():
        notes.add(post.line, f"{name}: {what}")
    if post.diff and post.message.stat and post.message.own_stat and post.subject.role == "patch":
        for what in mismatches(post.message.stat, post.diff):
            notes.add(post.line, f"{name}: {what}")
