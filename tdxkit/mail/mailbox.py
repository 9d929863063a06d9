"""Mails that carry patches, read with the standard library's `email`: encodings, folded headers, attachments.

A mail costs no more memory than itself, and from it only what a `Post` holds is kept. Of answers who answers what is kept, of other talk
nothing. A mail posts a patch if its subject says so, or if it brings a diff and is no answer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message as Mime
from email.parser import BytesHeaderParser, BytesParser

from tdxkit.errors import InputError
from tdxkit.intake import Source, is_binary, opened, peek
from tdxkit.mail.agree import mismatches
from tdxkit.mail.bare import as_mail
from tdxkit.mail.body import text_of
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.lines import Notes, decoded
from tdxkit.mail.mbox import RawMail, raw_mails
from tdxkit.mail.mending import mended
from tdxkit.mail.message import message
from tdxkit.mail.patchdiff import diff_start, read_diff
from tdxkit.mail.people import HEADER_LIMIT, Person, person, plain, sender_of
from tdxkit.mail.post import Post
from tdxkit.mail.subject import Subject, subject
from tdxkit.work import Job, Progress, Tick, drive

_GIVE = "give an mbox, a raw mail or what git format-patch writes"
TEXT_LIMIT = 100_000  # lines of a mail above its diff
_SNIFFED = 8192
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
_CUT = re.compile(rb"^>From [0-9a-z]{5,64} Mon Sep 17 00:00:00 2001|^[- \t]*-[- \t]*(?:>8|8<)[- \t]*-", re.MULTILINE)
_MAY_HOLD = re.compile(
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


class Mailbox:
    """The posts of a file of mails, one at a time: iterate once, then read what else was in it.

    `mails` counts all, `answers` holds those that answer, `others` counts what posts no patch either; `notes` says what could not be read.
    `text` keeps each patch's files with their hunks: `post.diff.files`.
    """

    def __init__(self, source: Source, text: bool = False):
        self.source, self.text = source, text
        self.notes = Notes()
        self.mails = self.others = 0
        self.answers: list[Answer] = []

    @property
    def replies(self) -> int:
        """How many mails answer another one."""
        return len(self.answers)

    def __iter__(self) -> Iterator[Post]:
        return (what for what in self.posts_and_ticks() if isinstance(what, Post))

    def posts_and_ticks(self) -> Iterator[Post | Tick]:
        """As iteration, with ticks in between: a job passes them on. InputError at the end if the file held no mail."""
        with opened(self.source) as stream:
            if is_binary(peek(stream, _SNIFFED).replace(b"\0", b"")):  # UTF-16 may pass
                raise InputError(stream.title, "there is no mail in it, it is binary", _GIVE)
            for raw in raw_mails(stream, self.notes):
                if isinstance(raw, RawMail):
                    yield from self._posts(raw)
                else:
                    yield raw
            if not self.mails:
                ended = next((f", as far as it goes: {n.what}" for n in self.notes if " ends early " in n.what), "")
                raise InputError(stream.title, f"there is no mail in it{ended}", _GIVE)

    def _posts(self, raw: RawMail) -> Iterator[Post]:
        for one in _taken_apart(raw, self.notes):
            if post := self._post(one):
                yield post

    def _post(self, raw: RawMail) -> Post | None:
        raw = as_mail(raw) if raw.bare else raw
        head = _headers(raw, self.notes)
        if not any(head.get(name) for name in ("From", "Subject", "Message-ID")):
            if not _MAY_HOLD.search(raw.data):
                self.notes.add(raw.line, "no mail: neither From, Subject nor Message-ID among its headers")
                return None
            raw = as_mail(RawMail(raw.line, raw.data, "text"))
            head = _headers(raw, self.notes)
        what = subject(_header(head, "Subject"))
        if raw.bare and not _MAY_HOLD.search(raw.data):
            return None  # text that is no mail and brings no patch
        self.mails += 1
        inside = what.reply and _CUT.search(raw.data)  # an answer may bring a patch of its own below its scissors
        if (inside or not what.reply) and (what.posted or _MAY_HOLD.search(raw.data)):
            post, quotes = read_post(raw, head, what, self.notes, self.text)
            what = post.subject
            answers = (
                bool(post.references)
                and quotes
                and not (what.posted and (post.diff or post.stat or post.message.shortlog))
            )
            if not (answers or what.reply) and (what.posted or (post.diff and post.diff.stat.files)):
                complain(post, self.notes)
                return post
            what = subject(f"Re: {what.text}") if answers else what
        if what.reply:
            self.answers.append(_answer(raw, head, what))
        self.others += not what.reply
        return None


def mails_job(source: Source, text: bool = False) -> Job[tuple[tuple[Post, ...], Mailbox]]:
    """All posts of a file, and its mailbox with the counts and notes; InputError where no mail is found in it."""
    box, posts = Mailbox(source, text), []
    for what in box.posts_and_ticks():
        if isinstance(what, Post):
            posts.append(what)
        else:
            yield what
    return tuple(posts), box


def read_mails(
    source: Source, progress: Progress | None = None, text: bool = False
) -> tuple[tuple[Post, ...], Mailbox]:
    """The same to its end; `text` keeps the hunks of each patch."""
    return drive(mails_job(source, text), progress)


def _taken_apart(raw: RawMail, notes: Notes) -> Iterator[RawMail]:
    """The mails of a digest that wraps them in MIME; any other mail is itself."""
    if b"multipart/digest" not in raw.data.lower():
        yield raw
        return
    try:
        parts = BytesParser().parsebytes(raw.data).walk()
        found = [
            part.get_payload(0) for part in parts if part.get_content_type() == "message/rfc822" and part.get_payload()
        ]
        mails = [RawMail(raw.line, one.as_bytes()) for one in found] or [raw]
    except (MessageError, ValueError, LookupError, RecursionError, TypeError, AttributeError) as error:
        notes.add(raw.line, f"the mails of this digest cannot be told apart ({type(error).__name__})")
        mails = [raw]
    yield from mails


def _headers(raw: RawMail, notes: Notes) -> Mime:
    end = _END_OF_HEAD.search(raw.data)
    head = raw.data[: end.end() if end else len(raw.data)]
    if len(head) > _HEAD_LIMIT:
        notes.add(raw.line, f"headers longer than {_HEAD_LIMIT >> 10} KiB are cut")
        head = head[: head.rfind(b"\n", 0, _HEAD_LIMIT) + 1]
    return BytesHeaderParser().parsebytes(head)


def _header(mime: Mime, name: str) -> str:
    """A header as text; raw bytes in it are read as UTF-8 or Windows-1252."""
    value = next((str(value) for key, value in mime.raw_items() if key.lower() == name.lower()), "")[:HEADER_LIMIT]
    return decoded(value.encode("utf-8", "surrogateescape"))[0]


def _answer(raw: RawMail, head: Mime, what: Subject) -> Answer:
    ids = _ID.findall(_header(head, "Message-ID"))
    return Answer(what, _sender(head), raw.line, ids[0] if ids else "", _references(head), plain(_header(head, "Date")))


def _sender(head: Mime) -> Person:
    return sender_of(*(_header(head, name) for name in ("From", "Reply-To", "X-Original-From")))


def _references(head: Mime) -> tuple[str, ...]:
    return tuple(_ID.findall(f"{_header(head, 'References')} {_header(head, 'In-Reply-To')}"))


def read_post(raw: RawMail, head: Mime, what: Subject, notes: Notes, keep: bool = False) -> tuple[Post, bool]:
    """The post that a mail carries, and whether its text quotes another mail."""
    end = _END_OF_HEAD.search(raw.data)
    start = end.end() if end else len(raw.data)
    body_line = raw.line + raw.data[:start].count(b"\n")
    lines = text_of(raw.data, head, start, raw.line, notes).split("\n")
    cut, references = _scissors(lines), _references(head)
    begin = diff_start(lines[cut:])
    if begin is None and not references and (bare := _handed_on(lines, body_line)):  # and no answer
        notes.add(raw.line, "its patch is quoted: the signs before its lines are taken off")
        lines, cut, begin = bare, 0, diff_start(bare)
    diff = None if begin is None else read_diff(lines[cut + begin :], notes, body_line + cut + begin, keep)
    text = lines[cut : None if begin is None else cut + begin]
    if signature := [i for i, line in enumerate(text) if line == "-- "]:
        del text[signature[-1] :]
    if len(text) > TEXT_LIMIT:
        notes.add(raw.line, f"its text has more than {TEXT_LIMIT} lines: those in the middle are not read")
        text = text[: TEXT_LIMIT // 2] + text[-TEXT_LIMIT // 2 :]
    ids = _ID.findall(_header(head, "Message-ID"))
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
        plain(_header(head, "Date")),
    )
    return post, any(line.startswith(">") for line in text)


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
