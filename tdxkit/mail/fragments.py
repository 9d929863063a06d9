"""One text in which mails or pieces of mails stand below each other, cut into them: what a reviewer copied from here and there.

A piece begins with a line `Subject:` that names a patch, alone or among other fields of a header, quoted or not; with a whole header,
whatever its subject; or as a page of lore.kernel.org shows a thread: `* TITLE`, an overview with dates,
`From: NAME @ DATE (permalink / raw)`. What has none of these belongs to the piece above. Each piece is given as a mail with a header.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from tdxkit.mail.lines import Notes, decoded
from tdxkit.mail.mbox import RawMail
from tdxkit.mail.people import HEADER_LIMIT
from tdxkit.mail.subject import Subject, subject

LIMIT = 20_000  # pieces of one text
_MAY_BEGIN = re.compile(rb"^(?:(?:> ?){0,9}+Subject:|\* |\^ permalink raw reply)", re.MULTILINE | re.IGNORECASE)
_SIGNS = re.compile(rb"(?:> ?){0,9}+")
_FIELD = re.compile(rb"([A-Za-z][!-9;-~]{0,75}):(?:\s|$)")  # and no line of a hunk
_USUAL = (b"from", b"date", b"to", b"message-id")  # one of them beside a subject makes a header
_TRAILER = re.compile(rb"(?:[a-z]+(?:-[a-z]+)*-by|link|fixes|closes|cc|changes in .*)", re.IGNORECASE)
_APART = (b"From ", b"--", b"* ", b"^ permalink", b"==", b"__")  # what may stand right above a header
_ENTRY = re.compile(rb"[ @] \d{4}-\d\d-\d\d +\d\d?:\d\d ")  # of the overview that stands above a mail on lore's page
_ON_PAGE = re.compile(rb"From: (.{1,400}?) @ (\d{4}-\d\d-\d\d +\d\d?:\d\d.{0,10}?) +\(permalink ?/ ?raw\)")
_END = b"^ permalink raw reply"
_BOUNDARY = re.compile(rb'content-type:\s*multipart/[^:]{0,400}?boundary="?([^\s";]{1,100})', re.IGNORECASE)


@dataclass(slots=True)
class _Head:
    """Where a header stands: the lines from `first` to before `body`, which is the first of its text; `rows` is what to read instead."""

    first: int
    body: int
    rows: list[bytes]
    what: Subject
    signs: bytes = b""


def pieces_of(raw: RawMail, notes: Notes) -> Iterator[RawMail]:
    """The pieces of a text in their order; a text with at most one header, which stands at its top, is given as it is."""
    if raw.marked or raw.bare == "commit" or not _MAY_BEGIN.search(raw.data):
        yield raw
        return
    lines = raw.data.split(b"\n")
    heads = list(islice(_heads(lines), LIMIT + 1))
    if len(heads) > LIMIT:
        end = heads.pop().first
        notes.add(raw.line + end, f"there are more than {LIMIT:,} mails in one text: what begins here is not read")
        del lines[end:]
    if not heads or (len(heads) == 1 and not heads[0].first and not raw.bare and _END not in raw.data):
        yield raw
        return
    if any(line.strip() for line in lines[: heads[0].first]):
        yield replace(raw, data=_text(lines[: heads[0].first]), bare="text", piece=True)
    for head, end in zip(heads, [*(head.first for head in heads[1:]), len(lines)]):
        text = _text(lines[head.body : end])
        data = b"\n".join([*head.rows, b"", text])
        yield RawMail(raw.line + head.first, data, piece=True, body=raw.line + head.body)


def _text(lines: Sequence[bytes]) -> bytes:
    """A piece's lines, without what a page or a separator puts below the text."""
    end = next((at for at, line in enumerate(lines) if line.startswith(_END)), len(lines))
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith((b"From ", b"-----"))):
        end -= 1
    return b"\n".join(lines[:end]) + b"\n"


def _heads(lines: Sequence[bytes]) -> Iterator[_Head]:
    """All headers, in their order."""
    at, last, until, said = 0, None, b"", False  # `said`: text stands below the last header
    while at < len(lines):
        line = lines[at]
        if until:  # inside of a mail that is made of parts: what looks like a header there is one of its parts'
            until = b"" if line.startswith(until) else until
            at += 1
            continue
        found, after = (None, at + 1)
        if line.startswith(b"* "):
            found, after = _on_page(lines, at)
        elif b":" in line and _FIELD.match(line, _SIGNS.match(line).end()):
            found, after = _header(lines, at)
            if found and not _counts(lines, found, last.what if last and (found.signs or not said) else None):
                found = None
        if found:
            boundary = _BOUNDARY.search(b"\n".join(found.rows)[:4096])
            until = b"--" + boundary[1] + b"--" if boundary else b""
            last = found
            yield found
        said = not found and (said or bool(line.strip()))
        at = after


def _on_page(lines: Sequence[bytes], at: int) -> tuple[_Head | None, int]:
    """A mail on lore's page that begins here, and the index behind its header."""
    end, dated = at + 1, False
    while end < len(lines) and lines[end][:1] in (b" ", b"@"):
        dated = dated or bool(_ENTRY.match(lines[end]))
        end += 1
    sent = _ON_PAGE.match(lines[end]) if end < len(lines) and dated else None
    if not sent:
        return None, end
    end += 1
    while end < len(lines) and lines[end][:1] == b" ":  # To:, Cc:
        end += 1
    rows = [b"Subject: " + lines[at][2:].strip(), b"From: " + sent[1], b"Date: " + sent[2]]
    return _Head(at, _below(lines, end), rows, _subject(lines[at][2:])), end


def _header(lines: Sequence[bytes], at: int) -> tuple[_Head | None, int]:
    """The fields that begin here, if one of them is a subject, and the index behind them; a second subject begins another header."""
    signs = _SIGNS.match(lines[at]).group()
    rows: list[bytes] = []
    title, first, end = b"", at, at
    while end < len(lines) and lines[end].startswith(signs):
        row = lines[end][len(signs) :]
        field = _FIELD.match(row)
        name = field[1].lower() if field else b""
        if not (field or (rows and row[:1] in (b" ", b"\t") and row.strip())):
            break
        if name == b"subject":
            if title:
                break
            title = row[8:].strip() or b" "
        if not title and name in _USUAL and rows and all(map(_is_trailer, rows)):
            rows, first = [], end  # they belong to the text above
        rows.append(row)
        end += 1
    if not title:
        return None, max(end, at + 1)
    above = next(k for k, row in enumerate(rows) if row[:8].lower() == b"subject:")
    if all(map(_is_trailer, rows[:above])):
        rows, first = rows[above:], first + above
    return _Head(first, _below(lines, end, signs), rows, _subject(title), signs), max(end, at + 1)


def _is_trailer(row: bytes) -> bool:
    return bool(_TRAILER.fullmatch(row.partition(b":")[0])) or row[:1] in (b" ", b"\t")


def _below(lines: Sequence[bytes], end: int, signs: bytes = b"") -> int:
    """Where the text begins below a header that ends here."""
    return end + (end < len(lines) and not lines[end][len(signs) :].strip() and lines[end].startswith(signs.rstrip()))


def _counts(lines: Sequence[bytes], head: _Head, above: Subject | None) -> bool:
    """Whether a header begins a piece: it names a patch, or is a whole one and stands apart.

    `above`: of the mail that it may speak of, as the lines `From:` and `Subject:` do that may come first in a text, and the header of what
    an answer quotes.
    """
    what = head.what
    named = what.posted or bool(what.tags and (what.marks or what.n is not None))
    if above and (
        not named or (what.n, what.title) == (above.n, above.title) or (not head.signs and what.n in (None, above.n))
    ):
        return False
    if named or head.signs:
        return named
    over = lines[head.first - 1] if head.first else b""
    names = {row.partition(b":")[0].lower() for row in head.rows}
    return bool(names & {*_USUAL}) and (not over.strip() or over.startswith(_APART))


def _subject(row: bytes) -> Subject:
    return subject(decoded(row[:HEADER_LIMIT])[0])
