"""A file of mails cut into single ones: an mbox, `git format-patch` output, a list's digest, one raw mail; and what is no mail but may hold
a patch: `git log -p`, `git show`, a bare diff. Streaming, one at a time.
"""

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
_GIT = re.compile(
    rb"From [0-9a-zA-Z]{5,64} Mon Sep 17 00:00:00 2001\s*$"
)  # files put end to end may lack a blank line before it
_DATELESS = re.compile(rb"From \S{1,200}\s*$")  # only in a file that begins with one
_HEADER = re.compile(rb"[!-9;-~]{1,76}:(?:\s|$)")
_USUAL = re.compile(
    rb"(?:from|subject|date|message-id|received|return-path|to|reply-to|sender|mime-version|content-type|delivered-to|dkim-signature"
    rb"|message|authentication-results|x-[a-z-]+|list-[a-z]+):\s",
    re.IGNORECASE,
)
_COMMIT = re.compile(rb"commit [0-9a-f]{7,64}(?: \(.*\))?\s*$")
_DIFF = re.compile(rb"diff --(?:git|cc|combined) |diff -[a-zA-Z]+ |--- \S|Index: \S|Submodule \S+ [0-9a-f]{7,}\.\.")
_RULES = (b"-" * 30, b"-" * 70)  # RFC 1153: before the first mail of a digest, and between them
_OF_DIGEST = re.compile(rb"subject:\s+(?!(?:re|aw|fwd?)\s*:).*\bdigest, vol\b", re.IGNORECASE)
_BLANK = (b"\n", b"\r\n")
_F = ord("F")


@dataclass(frozen=True, slots=True)
class RawMail:
    """The bytes of one mail, headers first, and the number of its first line in the file; `bare`: what it is instead of a mail.

    `marked`: a separator stands above it. `piece`: cut out of a text with several. `body`: the number of the first line of its text, where
    its header is not as it was read; else 0.
    """

    line: int
    data: bytes
    bare: str = ""  # "commit" (git log), "text" (a diff, and what stands above it)
    marked: bool = False
    piece: bool = False
    body: int = 0


def raw_mails(stream: Stream, notes: Notes, keep: bool = False) -> Iterator[RawMail | Tick]:
    """Cut a stream into mails, with ticks between them. What comes before the first header is skipped and noted, or with `keep` given."""
    cutter = _Cutter(notes, keep)
    for number, line in numbered(stream, notes):
        size = cutter.size + len(line)
        if cutter.flows and number and len(line) > 2 and line[0] != _F and size <= MAIL_LIMIT:
            cutter.data += line  # most lines: the middle of a paragraph or of a hunk
            cutter.size = size
        elif number and cutter.blank and line in _BLANK and not cutter.held:  # one more blank line
            if cutter.data and cutter.size < MAIL_LIMIT:
                cutter.data += line
                cutter.size += len(line)
        elif not number:
            yield line
        elif mail := cutter.feed(number, line):
            yield mail
    yield from cutter.end()


class _Cutter:
    """Takes lines, gives mails; what may be a separator is held back until the lines after it have told."""

    def __init__(self, notes: Notes, keep: bool = False):
        self.notes, self.keep = notes, keep
        self.data = (
            bytearray()
        )  # of the mail under way; a list of its lines would be forty times as large where they are blank
        self.first = self.size = self.skipped = self.stray = 0  # `stray`: lines of text before anything that is known
        self.kind = ""  # of the mail under way: "" a mail, "commit", "text", "?" what stands before any mail
        self.held: list[tuple[int, bytes]] = []  # what may be a separator
        self.boxed = (
            False  # the file begins with a separator, or with something odd: only then does a separator end a mail
        )
        self.dateless = self.digest = self.told = self.marked = False  # `told`: a mail was found
        self.head = self.blank = True
        self.flows = False  # no next line but a blank one can change anything

    def feed(self, number: int, line: bytes) -> RawMail | None:
        """One more line; the mail that it shows to be over, if any."""
        done = None
        if self.held:
            done, again = self._judge(number, line)
            if again:
                return done
        if (self.blank and self._may_cut(line)) or (self.boxed and not self.head and _GIT.match(line[:120])):
            self.held.append((number, line))
            self.flows = False
            return done
        self._take(number, line)
        return done

    def end(self) -> Iterator[RawMail]:
        """What is left at the end of the file."""
        for number, line in self.held:
            self._take(number, line)
        if mail := self._over():
            yield mail
        if self.skipped:
            self.notes.add(0, f"{self.skipped} lines before the first header of a mail are skipped")

    def _may_cut(self, line: bytes) -> bool:
        if line[:5] == b"From " and (self.boxed or self.kind in ("?", "text") or not self.data):
            begins = not self.told and not self.stray
            return bool(_SEPARATOR.match(line[:400]) or ((begins or self.dateless) and _DATELESS.match(line[:400])))
        if line[:5] == b"-----":
            return line.rstrip() in _RULES and (self.digest or line.rstrip() == _RULES[1])
        return (
            (self.kind in ("?", "commit") or not self.told)
            and line[:7] == b"commit "
            and bool(_COMMIT.match(line[:400]))
        )

    def _judge(self, number: int, line: bytes) -> tuple[RawMail | None, bool]:
        """What the line after a separator tells: the mail that is over, and whether this line was taken with it."""
        mark = self.held[0][1]
        if mark[:5] == b"-----" and len(self.held) == 1 and line in _BLANK and not (self.told and not self.digest):
            self.held.append((number, line))
            return None, True
        if mark[:5] == b"-----":
            stands = len(self.held) == 2 and bool(_USUAL.match(line))
        elif mark[:7] == b"commit ":
            stands = line.startswith((b"Author:", b"Merge:", b"AuthorDate:", b"tree "))
        elif _SEPARATOR.match(mark[:400]):
            stands = bool(_HEADER.match(line))
        else:
            stands = bool(_USUAL.match(line))
        held, self.held = self.held, []
        if not stands:
            for one in held:
                self._take(*one)
            return None, False
        done = self._over()
        self.boxed = self.marked = True
        self.digest = mark[:5] == b"-----" or (self.digest and mark[:5] != b"From ")
        self.dateless = self.dateless or bool(mark[:5] == b"From " and not _SEPARATOR.match(mark[:400]))
        self._begin(held[0][0] if mark[:7] == b"commit " else number, "commit" if mark[:7] == b"commit " else "")
        self._take(number, line)
        return done, True

    def _begin(self, number: int, kind: str) -> None:
        self.data, self.first, self.size, self.kind, self.head = bytearray(), number, 0, kind, True
        self.told = self.told or kind != "?"

    def _take(self, number: int, line: bytes) -> None:
        self.blank = line in _BLANK
        if (not self.data and not self.told) or (self.kind == "?" and self._starts_here(line)):
            self._start(number, line)
        if self.head and self.kind == "":
            self.digest = self.digest or bool(_OF_DIGEST.match(line[:400]))
            self.head = not self.blank
        self.flows = self.told and not (self.blank or (self.head and self.kind == ""))
        self.stray += self.kind == "?" and not self.blank
        if self.size <= MAIL_LIMIT:
            self.data += line
            self.size += len(line)
            if self.size > MAIL_LIMIT and self.kind != "?":
                self.notes.add(
                    number,
                    f"the mail that begins at line {self.first} is longer than {MAIL_LIMIT >> 20} MiB; its rest is skipped",
                )

    def _starts_here(self, line: bytes) -> bool:
        named = _USUAL if self.stray else _HEADER  # below other text it takes more than any word with a colon
        return bool((line[:5].lower() != b"from " and named.match(line)) or _DIFF.match(line))

    def _start(self, number: int, line: bytes) -> None:
        """The first line of the file, or the first that may begin a mail or a diff."""
        if _DIFF.match(line) or (self.keep and self.kind == "?"):
            if self.kind == "?":  # what stands above a diff is its message
                self.kind = "text"
            else:
                self._begin(number, "text")
            self.told = True
        elif self._starts_here(line):
            self.skipped, self.stray = self.skipped + self.stray, 0
            self.boxed = self.boxed or self.skipped > 0 or not _USUAL.match(line)
            self._begin(number, "")
        elif not self.data:
            self._begin(number, "?")

    def _over(self) -> RawMail | None:
        """The mail under way, finished; what stood before the first one is counted and left."""
        if not self.data:
            return None
        if self.kind == "?" and not self.keep:
            self.skipped, self.stray = self.skipped + self.stray, 0
            return None
        return RawMail(self.first, bytes(self.data), "text" if self.kind == "?" else self.kind, self.marked)
