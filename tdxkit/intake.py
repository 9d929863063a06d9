"""Bytes from outside, line by line: bounded in memory, never trusted, what is wrong with them counted and named.

Every reader of evidence stands on this: it sees numbered lines of bounded length, and a `Notes` collects what had to be left out.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from tdxkit.errors import InputError, TdxkitError, printable

LINE_LIMIT = 64 * 1024  # of one line, in bytes; the rest of a longer one is skipped
NOTES_KEPT = 100
_STRIDE = 256 * 1024  # bytes between two calls of `progress`
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
_ENDS = (EOFError, OSError, zlib.error)  # how a compressed or vanishing file ends early

Progress = Callable[[int, int], None]
Source = str | bytes | Path | BinaryIO
Result = TypeVar("Result")


class Cancelled(TdxkitError):
    """Somebody pressed cancel: what `progress` raises to end a reading."""

    def __init__(self):
        super().__init__("reading", "it was cancelled", "start it again")


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

    def __iter__(self) -> Iterator[Note]:
        return iter(self.kept)

    def __len__(self) -> int:
        return self.count

    def __str__(self) -> str:
        more = [f"… and {self.count - len(self.kept)} more"] if self.count > len(self.kept) else []
        return "\n".join([*map(str, self.kept), *more])


def opened(source: Source) -> io.BufferedReader:
    """A file by its path, bytes at hand, or a stream, as a stream that can `peek`; whoever opens it closes it.

    gzip, which lore.kernel.org hands out, is unpacked on the way. Raises InputError where there is no readable file.
    """
    if hasattr(source, "peek"):
        raw = source
    elif isinstance(source, bytes) or hasattr(source, "readinto"):
        raw = io.BufferedReader(io.BytesIO(source) if isinstance(source, bytes) else source)
    else:
        try:
            raw = open(source, "rb")  # noqa: SIM115  the caller closes it
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "that is no file name"
            raise InputError(printable(str(source)), why.lower(), "give the path of a file") from None
    return _Gzip(raw) if not isinstance(raw, _Gzip) and peek(raw, 2) == b"\x1f\x8b" else raw


def peek(stream: io.BufferedReader, size: int) -> bytes:
    """The next bytes, `size` at most, without taking them; fewer where a pipe has no more to give yet."""
    try:
        return stream.peek(size)[:size]
    except _ENDS:
        return b""


def name_of(source: Source) -> str:
    """What to call a source in a complaint."""
    return printable(str(source)) if isinstance(source, str | Path) else "what was given"


class _Gzip(gzip.GzipFile):
    """A gzip stream that knows its compressed size, for the progress bar."""

    def __init__(self, raw: BinaryIO):
        super().__init__(fileobj=raw)
        self.raw = raw

    def close(self) -> None:
        super().close()
        self.raw.close()


def size_of(stream: BinaryIO) -> int:
    """Bytes in a stream as it is stored; 0 where it cannot be known."""
    raw = getattr(stream, "raw", None) if isinstance(stream, _Gzip) else stream
    try:
        here = raw.tell()
        total = raw.seek(0, io.SEEK_END)
        raw.seek(here)
        return total
    except (OSError, ValueError, AttributeError):
        return 0


def numbered(stream: BinaryIO, notes: Notes, progress: Progress | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines of a stream with their numbers from 1, each with its newline, none longer than LINE_LIMIT.

    NUL bytes are dropped, a byte order mark too. `progress(done, total)` hears in bytes how far it is and may raise to stop.
    """
    total = size_of(stream) if progress else 0
    done, due, number = 0, 0, 0
    while True:
        try:
            line = stream.readline(LINE_LIMIT)
            if not line:
                break
            number += 1
            done += len(line)
            if len(line) == LINE_LIMIT and line[-1] != 10:
                skipped = 0
                while (rest := stream.readline(1 << 20)) and rest[-1] != 10:
                    skipped += len(rest)
                    done += len(rest)
                    due = _report(stream, progress, done, due, total)
                notes.add(number, f"longer than {LINE_LIMIT} bytes: {skipped + len(rest)} more are skipped")
                line += b"\n"
        except _ENDS as error:
            notes.add(number + 1, f"the file ends early ({error})")
            break
        if number == 1:
            for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                line = line.removeprefix(mark)
        if b"\0" in line:
            notes.add(number, f"{line.count(0)} NUL bytes are dropped")
            line = line.replace(b"\0", b"")
        yield number, line
        if done >= due:
            due = _report(stream, progress, done, due, total)
    if progress:
        progress(total or done, total or done)


def finish(steps: Generator[object, None, Result]) -> Result:
    """Run a reading that pauses to its end, without the pauses."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _report(stream: BinaryIO, progress: Progress | None, done: int, due: int, total: int) -> int:
    if progress is None or done < due:
        return max(due, done + _STRIDE)
    at = stream.raw.tell() if isinstance(stream, _Gzip) else done
    progress(min(at, total) if total else at, total)
    return done + _STRIDE


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
