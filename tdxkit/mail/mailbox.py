"""Mails that carry patches, read with the standard library's `email`: encodings, folded headers, attachments.

A mail costs no more memory than itself, and from it only what a `Post` holds is kept. Of answers who answers what is kept, of other talk
nothing. A mail posts a patch if its subject says so, or if it brings a diff and is no answer.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.errors import MessageError
from email.parser import BytesParser

from tdxkit.errors import InputError
from tdxkit.intake import Source, is_binary, opened, peek
from tdxkit.mail.bare import as_mail
from tdxkit.mail.fragments import pieces_of
from tdxkit.mail.held import Held
from tdxkit.mail.lines import Notes
from tdxkit.mail.mbox import RawMail, raw_mails
from tdxkit.mail.post import Post
from tdxkit.mail.posting import CUT, MAY_HOLD, Answer, answer_of, complain, header, headers, read_post, read_quoted
from tdxkit.mail.subject import subject
from tdxkit.work import Job, Progress, Tick, drive

_GIVE = "give an mbox, a raw mail or what git format-patch writes"
_SNIFFED = 8192
_BASE64 = re.compile(rb"^content-transfer-encoding:\s*base64", re.MULTILINE | re.IGNORECASE)
_MAY_HOLD_TEXT = re.compile(
    rb"%b|^[>| \t]{0,40}(?:@@ -\d|diff --git )" % MAY_HOLD.pattern, re.MULTILINE | re.IGNORECASE
)


class Mailbox:
    """The posts of a file of mails, one at a time: iterate once, then read what else was in it.

    `mails` counts all, `answers` holds those that answer, `others` counts what posts no patch either; `notes` says what could not be read.
    `text` keeps each patch's files with their hunks, mended: `post.diff.files`; then a text of pieces is cut into them (`fragments`), and
    what quotes a patch stands in for it where the patch is missing (`held`). Those posts come last.
    """

    def __init__(self, source: Source, text: bool = False):
        self.source, self.text = source, text
        self.notes = Notes()
        self.mails = self.others = 0
        self.answers: list[Answer] = []
        self._held = Held(self.notes)

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
            for raw in raw_mails(stream, self.notes, self.text):
                if isinstance(raw, RawMail):
                    yield from self._posts(raw)
                else:
                    yield raw
            yield from self._held.rest()
            if not self.mails:
                ended = next((f", as far as it goes: {n.what}" for n in self.notes if " ends early " in n.what), "")
                raise InputError(stream.title, f"there is no mail in it{ended}", _GIVE)

    def _posts(self, raw: RawMail) -> Iterator[Post]:
        for one in _taken_apart(raw, self.notes):
            for piece in pieces_of(one, self.notes) if self.text else (one,):
                if post := self._text_post(piece) if self.text else self._post(piece, self.notes):
                    yield post

    def _text_post(self, raw: RawMail) -> Post | None:
        """The post of a mail with its hunks, if it need not wait until all mails are read."""
        notes, more = Notes(), Notes()
        post = self._post(raw, notes)
        if (post is None or post.quoted) and (b"@@ -" in raw.data or _BASE64.search(raw.data)):
            one = as_mail(raw, self.text) if raw.bare else raw
            head = headers(one, more)
            if quoted := read_quoted(one, head, subject(header(head, "Subject")), more):
                return self._held.take(quoted, more)
        if post is not None:
            return self._held.take(post, notes)
        self.notes.take(notes)
        return None

    def _post(self, raw: RawMail, notes: Notes) -> Post | None:
        may_hold = _MAY_HOLD_TEXT if self.text else MAY_HOLD
        raw = as_mail(raw, self.text) if raw.bare else raw
        head = headers(raw, notes)
        if not any(head.get(name) for name in ("From", "Subject", "Message-ID")):
            if not may_hold.search(raw.data):
                notes.add(raw.line, "no mail: neither From, Subject nor Message-ID among its headers")
                return None
            raw = as_mail(replace(raw, bare="text"), self.text)
            head = headers(raw, notes)
        what = subject(header(head, "Subject"))
        if raw.bare and not may_hold.search(raw.data):
            return None  # text that is no mail and brings no patch
        self.mails += 1
        inside = what.reply and CUT.search(raw.data)  # an answer may bring a patch of its own below its scissors
        if (inside or not what.reply) and (what.posted or may_hold.search(raw.data)):
            post, quotes = read_post(raw, head, what, notes, self.text)
            what = post.subject
            answers = (
                bool(post.references)
                and quotes
                and not (what.posted and (post.diff or post.stat or post.message.shortlog))
            )
            if not (answers or what.reply) and (what.posted or (post.diff and post.diff.stat.files)):
                complain(post, notes)
                return post
            what = subject(f"Re: {what.text}") if answers else what
        if what.reply:
            self.answers.append(answer_of(raw, head, what))
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
