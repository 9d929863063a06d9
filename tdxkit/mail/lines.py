"""The lines of a mail or a digest: numbered, of bounded length, and notes of what had to be left out of them."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.errors import printable
from tdxkit.intake import STRIDE, Broken, Stream
from tdxkit.work import Tick

LINE_LIMIT = 64 * 1024  # of one line, in bytes; the rest of a longer one is skipped
ENDLESS = 256 << 20  # bytes after which a line is taken for one without end, such as a device gives
NOTES_KEPT = 100
_SKIP = 1 << 20
# Character sets that mail uses; others (punycode, unicode_escape …) cost more than they are worth to a reader of hostile text.
_CHARSETS = (
    "utf-8",
    "utf_8",
    "ascii",
    "iso8859",
    "iso2022",
    "cp125",
    "koi8",
    "gb",
    "big5",
    "euc",
    "shift_jis",
    "utf-16",
)


@dataclass(frozen=True, slots=True)
class Note:
    """What had to be left out or guessed, and the line (from 1) where it stands; line 0 is the file as a whole."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}" if self.line else self.what


class Notes:
    """Notes in the order they were made: the first hundred are kept, all are counted."""

    def __init__(self):
        self.count = 0
        self.kept: list[Note] = []

    def add(self, line: int, what: str) -> None:
        """One thing that is wrong or missing; `what` may quote outside text and is made printable here."""
        self.count += 1
        if len(self.kept) < NOTES_KEPT:
            self.kept.append(Note(line, printable(what, 300)))

    def take(self, others: "Notes") -> None:
        """What others hold, after what is here."""
        for note in others:
            self.add(note.line, note.what)
        self.count += others.count - len(others.kept)

    def __iter__(self) -> Iterator[Note]:
        return iter(self.kept)

    def __len__(self) -> int:
        return self.count

    def __str__(self) -> str:
        more = [f"… and {self.count - len(self.kept)} more"] if self.count > len(self.kept) else []
        return "\n".join([*map(str, self.kept), *more])


def numbered(stream: Stream, notes: Notes) -> Iterator[tuple[int, bytes | Tick]]:
    """The lines of a stream with their numbers from 1, each with its newline, none longer than LINE_LIMIT.

    NUL bytes are dropped, a byte order mark too. After every STRIDE bytes and at the end comes a 0 with a tick, to be passed on.
    """
    done, due, number = 0, STRIDE, 0
    try:
        while line := stream.readline(LINE_LIMIT):
            number += 1
            done += len(line)
            if len(line) == LINE_LIMIT and line[-1] != 10:
                skipped = 0
                while (rest := stream.readline(_SKIP)) and rest[-1] != 10:
                    skipped += len(rest)
                    yield 0, stream.at
                    if skipped > ENDLESS:
                        raise Broken(stream.title, f"line {number} has no end")
                notes.add(number, f"longer than {LINE_LIMIT} bytes: {skipped + len(rest)} more are skipped")
                line += b"\n"
            if number == 1:
                line = _without_mark(line)
            if b"\0" in line:
                notes.add(number, f"{line.count(0)} NUL bytes are dropped")
                line = line.replace(b"\0", b"")
            yield number, line
            if done >= due:
                due = done + STRIDE
                yield 0, stream.at
    except Broken as broken:
        notes.add(number + 1, f"the file ends early ({broken.why})")
    yield 0, stream.at


def _without_mark(line: bytes) -> bytes:
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        line = line.removeprefix(mark)
    return line


def decoded(raw: bytes, charset: str = "") -> tuple[str, bool]:
    """Text of some bytes, and whether it is what it says it is: else read as Windows-1252, where any byte means something."""
    try:
        name = codecs.lookup(charset or "utf-8").name
        if name.startswith(_CHARSETS):
            text = raw.decode("utf-8" if name == "ascii" else name)
            text.encode("utf-8")  # a lone surrogate would stop every printer
            return text, True
    except (LookupError, ValueError):
        pass
    return raw.decode("cp1252", "replace"), False
