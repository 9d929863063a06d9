"""Mails that carry patches, read with the standard library's `email`: encodings, folded headers, attachments.

A mail costs no more memory than itself, and from it only what a `Post` holds is kept. Answers and other talk are counted, not read.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from email.errors import MessageError
from email.message import Message as Mime
from email.parser import BytesHeaderParser, BytesParser

from tdxkit.errors import InputError
from tdxkit.intake import Source, opened
from tdxkit.mail.lines import Notes, decoded
from tdxkit.mail.mbox import RawMail, raw_mails
from tdxkit.mail.message import message
from tdxkit.mail.patchdiff import diff_start, mismatches, read_diff
from tdxkit.mail.people import HEADER_LIMIT, Person, person, plain
from tdxkit.mail.post import Post
from tdxkit.mail.subject import Subject, subject
from tdxkit.work import Job, Progress, Tick, drive

NESTING = 30  # multipart marks in a mail; one with more is not taken apart
_HEAD_LIMIT = 256 * 1024
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_MULTIPART = re.compile(rb"content-type:\s*(?:multipart|message)/", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s]{3,400}>")
_IN_BODY = re.compile(r"From:\s+(\S.*)")
_PATCH_TYPES = {"text/plain", "text/x-patch", "text/x-diff", "text/x-csrc", "application/x-patch"}


class Mailbox:
    """The posts of a file of mails, one at a time: iterate once, then read what else was in it.

    `mails` counts all, `replies` the answers, `others` what posts no patch either; `notes` says what could not be read.
    """

    def __init__(self, source: Source):
        self.source = source
        self.notes = Notes()
        self.mails = self.replies = self.others = 0

    def __iter__(self) -> Iterator[Post]:
        return (what for what in self.posts_and_ticks() if isinstance(what, Post))

    def posts_and_ticks(self) -> Iterator[Post | Tick]:
        """As iteration, with ticks in between: a job passes them on. InputError at the end if the file held no mail."""
        with opened(self.source) as stream:
            for raw in raw_mails(stream, self.notes):
                if not isinstance(raw, RawMail):
                    yield raw
                elif post := self._post(raw):
                    yield post
            if not self.mails:
                raise InputError(
                    stream.title, "there is no mail in it", "give an mbox, a raw mail or what git format-patch writes"
                )

    def _post(self, raw: RawMail) -> Post | None:
        head = _headers(raw, self.notes)
        if not any(head.get(name) for name in ("From", "Subject", "Message-ID")):
            self.notes.add(raw.line, "no mail: neither From, Subject nor Message-ID among its headers")
            return None
        self.mails += 1
        what = subject(_header(head, "Subject"))
        if not what.posted:
            self.replies += what.reply
            self.others += not what.reply
            return None
        return read_post(raw, head, what, self.notes)


def mails_job(source: Source) -> Job[tuple[tuple[Post, ...], Mailbox]]:
    """All posts of a file, and its mailbox with the counts and notes; InputError where no mail is found in it."""
    box, posts = Mailbox(source), []
    for what in box.posts_and_ticks():
        if isinstance(what, Post):
            posts.append(what)
        else:
            yield what
    return tuple(posts), box


def read_mails(source: Source, progress: Progress | None = None) -> tuple[tuple[Post, ...], Mailbox]:
    """The same to its end."""
    return drive(mails_job(source), progress)


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


def read_post(raw: RawMail, head: Mime, what: Subject, notes: Notes) -> Post:
    """The post that a mail carries."""
    end = _END_OF_HEAD.search(raw.data)
    body_line = raw.line + raw.data[: end.end()].count(b"\n") if end else raw.line
    lines = _text(raw, head, end.end() if end else len(raw.data), notes).replace("\r\n", "\n").split("\n")
    sender = person(_header(head, "From"))
    start = diff_start(lines)
    diff = None if start is None else read_diff(lines[start:], notes, body_line + start)
    text = lines[:start]
    if signature := [i for i, line in enumerate(text) if line == "-- "]:
        del text[signature[-1] :]
    references = tuple(_ID.findall(f"{_header(head, 'References')} {_header(head, 'In-Reply-To')}"))
    ids = _ID.findall(_header(head, "Message-ID"))
    post = Post(
        what,
        _author(text) or sender,
        sender,
        message(text),
        diff,
        raw.line,
        ids[0] if ids else "",
        references,
        plain(_header(head, "Date")),
    )
    _complain(post, notes)
    return post


def _author(text: list[str]) -> Person | None:
    """The `From:` line that git puts first in the body where the author is not the sender."""
    first = next((line for line in text if line.strip()), "")
    found = _IN_BODY.fullmatch(first)
    author = person(found[1]) if found else None
    return author if author and "@" in author.email else None


def _text(raw: RawMail, head: Mime, start: int, notes: Notes) -> str:
    """All the plain text of a mail: its body, or the parts that are text or patches, in order."""
    if head.get_content_maintype() != "multipart":
        head.set_payload(raw.data[start:].decode("ascii", "surrogateescape"))
        if head.get_content_type() == "text/html":
            notes.add(raw.line, "the mail is HTML only: it is read as it stands")
        return _decode(head, raw.line, notes)
    if len(_MULTIPART.findall(raw.data)) > NESTING:
        notes.add(raw.line, f"more than {NESTING} nested parts: the mail is read without taking them apart")
        return decoded(raw.data[start:])[0]
    try:
        parts = list(BytesParser().parsebytes(raw.data).walk())
    except (MessageError, ValueError, LookupError, RecursionError) as error:
        notes.add(raw.line, f"its parts cannot be told apart ({type(error).__name__}): read as it stands")
        return decoded(raw.data[start:])[0]
    readable = [part for part in parts if part.get_content_type() in _PATCH_TYPES]
    if not readable:
        notes.add(raw.line, "no part of the mail is plain text")
    return "\n".join(_decode(part, raw.line, notes) for part in readable)


def _decode(part: Mime, line: int, notes: Notes) -> str:
    """The text of one part, its transfer encoding and character set undone."""
    payload = b""
    with suppress(MessageError, ValueError, LookupError):
        payload = part.get_payload(decode=True) or b""
    charset = ""
    with suppress(MessageError, ValueError, LookupError):
        charset = str(part.get_content_charset() or "")
    text, clean = decoded(payload, charset)
    if not clean:
        notes.add(line, f"its text is not {charset or 'UTF-8'}: read as Windows-1252")
    return text


def _complain(post: Post, notes: Notes) -> None:
    name = post.subject.text or "(no subject)"
    for what in post.missing():
        notes.add(post.line, f"{name}: {what}")
    if post.diff and post.message.stat:
        for what in mismatches(post.message.stat, post.diff.stat):
            notes.add(post.line, f"{name}: {what}")
