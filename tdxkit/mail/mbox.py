"""A file of mails cut into single ones: an mbox, `git format-patch` output, or one raw mail. Streaming, one mail at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.intake import Stream
from tdxkit.mail.lines import Notes, numbered
from tdxkit.work import Tick

MAIL_LIMIT = 8 << 20  # bytes of one mail; the rest of a longer one is skipped
# "From someone Mon Sep 17 00:00:00 2001": a separator has a date, prose that begins with "From" has none.
_SEPARATOR = re.compile(
    rb"From \S.{0,200}? ?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [A-Z0-9][A-Za-z0-9 ]{1,12} \d\d?:\d\d.{0,60}$"
)
_HEADER = re.compile(rb"[!-9;-~]{1,76}:(?:\s|$)")


@dataclass(frozen=True, slots=True)
class RawMail:
    """The bytes of one mail, headers first, and the number of its first line in the file."""

    line: int
    data: bytes


def raw_mails(stream: Stream, notes: Notes) -> Iterator[RawMail | Tick]:
    """Cut a stream into mails, with ticks between them. What comes before the first header is skipped and noted."""
    collected: list[bytes] = []
    first, size, skipped = 0, 0, 0
    boxed = False  # the file begins with a separator, or with something odd: only then does a separator end a mail
    pending: tuple[int, bytes] | None = None
    blank = True
    for number, line in numbered(stream, notes):
        if not number:
            yield line
            continue
        if pending:  # a separator stands if a header follows it
            if _HEADER.match(line):
                if collected:
                    yield RawMail(first, b"".join(collected))
                collected, first, size, boxed = [], number, 0, True
            elif collected:
                collected.append(pending[1])
            pending = None
        if blank and line[:5] == b"From " and (boxed or not collected) and _SEPARATOR.match(line[:400]):
            pending = number, line
            blank = False
            continue
        blank = line in (b"\n", b"\r\n")
        if not collected and not (line[:5].lower() != b"from " and _HEADER.match(line)):
            skipped += not blank
            boxed = boxed or not blank
            continue
        if not collected:
            first = number
        if size <= MAIL_LIMIT:
            collected.append(line)
            size += len(line)
            if size > MAIL_LIMIT:
                notes.add(
                    number,
                    f"the mail that begins at line {first} is longer than {MAIL_LIMIT >> 20} MiB; its rest is skipped",
                )
    if collected:
        yield RawMail(first, b"".join(collected))
    if skipped:
        notes.add(0, f"{skipped} lines before the first header of a mail are skipped")
