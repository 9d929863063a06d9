"""A mailing-list digest: who posted how much, and the covers and first patches of a period.

A heading is a heading only where one can stand: after the rule that closes the entry before it (or the section's own title), and with a
subject and an author that fit it. Text inside a mail may imitate one; the tables at the top of the digest then decide, where they can.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.errors import InputError
from tdxkit.intake import Source, opened
from tdxkit.mail.diffstat import diffstats
from tdxkit.mail.lines import Notes, decoded, numbered
from tdxkit.mail.message import message
from tdxkit.mail.people import Person, person
from tdxkit.mail.post import Post
from tdxkit.mail.subject import Subject, subject
from tdxkit.review.digest_tables import Counted, Ledger, Line, tables_of
from tdxkit.work import Job, Progress, Tick, drive

ENTRY_LIMIT = 4 << 20  # characters of one entry; the rest of a longer one is skipped
RULE = "-" * 70
_HEAD_LINES = 50  # in which a digest says that it is one
_RANGE = re.compile(r"From ([0-9a-f]{4,64}) to ([0-9a-f]{4,64})\s*")
_HEAD = re.compile(r"([^\s>|].{0,200}?) mailing list update from ([0-9a-f]{4,64}) to ([0-9a-f]{4,64})\s*")
_KIND = re.compile(r"([A-Z][A-Za-z]{1,20}):  ?(\S.*)")


@dataclass(frozen=True, slots=True)
class Digest:
    """A whole digest. Hashes are those of the list's archive, one commit a mail, not of a kernel tree.

    patch_list: the lines of its section "Patch list"; None where it has no such section.
    """

    list: str
    from_commit: str
    to_commit: str
    domains: tuple[Counted, ...]
    contributors: tuple[Counted, ...]
    entries: tuple[Post, ...]
    patch_list: tuple[str, ...] | None
    notes: Notes

    def unposted(self) -> tuple[Counted, ...]:
        """Contributors who are counted although no entry is theirs."""
        seen = {post.author.email for post in self.entries}
        return tuple(row for row in self.contributors if row.who.email not in seen)

    def as_json(self) -> dict:
        """The form that `digest --json` prints."""
        people = [{**row.who.as_json(), "count": row.count} for row in self.contributors]
        return {
            "list": self.list,
            "from": self.from_commit,
            "to": self.to_commit,
            "domains": [{"domain": row.who, "count": row.count} for row in self.domains],
            "contributors": people,
            "entries": [post.as_json() for post in self.entries],
            "patch_list": None if self.patch_list is None else list(self.patch_list),
        }


def is_digest(head: str) -> bool:
    """Whether a text that begins so is a digest: its first lines say it."""
    return any(_HEAD.fullmatch(line[:500]) for line in head.split("\n", _HEAD_LINES)[:_HEAD_LINES])


def read_digest(source: Source, progress: Progress | None = None) -> Digest:
    """Read a digest from a file or from bytes; InputError where it is none."""
    return drive(digest_job(source), progress)


def digest_job(source: Source) -> Job[Digest]:
    """The same as a job."""
    notes, entries = Notes(), []
    with opened(source) as stream:
        lines = _text(numbered(stream, notes), notes)
        ends, listed = yield from _head(lines, notes, stream.title)
        tables, patch_list = yield from tables_of(lines, notes)
        for what in _entries(lines, notes, Ledger(tables)):
            if isinstance(what, Post):
                entries.append(what)
            else:
                yield what
    domains, people = (tuple(t.rows) for t in tables)
    return Digest(listed, *ends, domains, people, tuple(entries), patch_list, notes)


def _text(lines: Iterator[tuple[int, bytes]], notes: Notes) -> Iterator[Line]:
    for number, raw in lines:
        if not number:
            yield number, raw
            continue
        text, clean = decoded(raw.rstrip(b"\r\n"))
        if not clean:
            notes.add(number, "not UTF-8: read as Windows-1252")
        yield number, text


def _head(lines: Iterator[Line], notes: Notes, source: str) -> Job[tuple[tuple[str, str], str]]:
    ends = None
    for number, line in lines:
        if not number:
            yield line
        elif number > _HEAD_LINES:
            break
        elif found := _RANGE.fullmatch(line[:300]):
            ends = found.groups()
        elif found := _HEAD.fullmatch(line[:500]):
            if ends != (found[2], found[3]):
                notes.add(number, "the two heads do not name the same range" if ends else "the first head is missing")
            return (found[2], found[3]), found[1]
    raise InputError(
        source,
        "a digest begins with 'LIST mailing list update from … to …'",
        "give a digest",
    )


@dataclass(slots=True)
class _Heading:
    line: int
    kind: str
    subject: Subject
    author: Person


def _entries(lines: Iterator[Line], notes: Notes, ledger: Ledger) -> Iterator[Post | Tick]:
    """The entries in order. `ahead` holds the lines to come, as many as a heading has."""
    ahead: deque[Line] = deque()
    current: _Heading | None = None
    body: list[str] = []
    stray = size = 0
    closed = True  # the section's title serves as a rule
    for number, line in _peeking(lines, ahead):
        if not number:
            yield line
            continue
        heading = _heading(number, line, ahead) if closed else None
        if heading and current and (doubt := ledger.doubt(heading.author, heading.subject, _ends_entry(body))):
            notes.add(number, f"imitates a heading and is read as text of its mail: {doubt}")
            heading = None
        if heading:
            if current:
                yield _post(current, body, notes)
            ledger.book(heading.author, heading.subject)
            current, body, closed, size = heading, [], False, 0
            ahead.popleft()
            ahead.popleft()
            continue
        closed = line.rstrip() == RULE or (closed and not line.strip())
        if current is None:
            stray += bool(line.strip())
        elif size <= ENTRY_LIMIT:
            body.append(line)
            size += len(line) + 1
            if size > ENTRY_LIMIT:
                notes.add(number, f"an entry is longer than {ENTRY_LIMIT} characters; the rest of it is skipped")
    if stray:
        notes.add(0, f"{stray} lines between the section's title and its first heading are skipped")
    if current:
        if not closed:
            notes.add(0, "the last entry is not closed by a rule: the digest was cut")
        yield _post(current, body, notes)


def _peeking(lines: Iterator[Line], ahead: deque[Line]) -> Iterator[Line]:
    """The lines one by one, with the three that follow in `ahead`; what the caller takes from there is not yielded."""
    for number, line in lines:
        if not number:
            yield number, line
            continue
        ahead.append((number, line))
        if len(ahead) > 3:
            yield ahead.popleft()
    while ahead:
        yield ahead.popleft()


def _heading(number: int, line: str, ahead: deque[Line]) -> _Heading | None:
    """A heading, if this line and the three to come have its form: kind and title, subject, author, a blank line."""
    found = _KIND.fullmatch(line[:2000])
    if not found or len(ahead) < 2 or not ahead[1][1].startswith("Author: "):
        return None
    if len(ahead) > 2 and ahead[2][1].strip():
        return None
    what = subject(ahead[0][1])
    title = " ".join(found[2].split())
    if not what.text.endswith(title):
        return None
    return _Heading(number, found[1], what, person(ahead[1][1].removeprefix("Author: ")))


def _ends_entry(body: list[str]) -> bool:
    """Whether a body ends as an entry's does: the total of a diffstat, a blank line, the rule."""
    tail = [line for line in body[-6:] if line.strip()]
    return len(tail) > 1 and tail[-1].rstrip() == RULE and any(diffstats(tail[-2:-1]))


def _post(heading: _Heading, body: list[str], notes: Notes) -> Post:
    while body and (not body[-1].strip() or body[-1].rstrip() == RULE):
        body.pop()
    post = Post(heading.subject, heading.author, heading.author, message(body), line=heading.line, kind=heading.kind)
    for what in post.missing():
        notes.add(heading.line, f"{heading.subject.text}: {what}")
    return post
