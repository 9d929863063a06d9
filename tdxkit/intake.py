"""The one way in for what comes from outside: a file, standard input, an upload, a paste; gzip too. Bounded, never trusted.

Every reader opens with `opened`, so all take the same sources and complain in the same words. A path that is "-" is standard input; a
file of that name is "./-", or a Path.
"""

import gzip
import io
import json
import os
import re
import sys
import zlib
from typing import BinaryIO

from tdxkit.errors import InputError, printable
from tdxkit.work import Tick

STRIDE = 256 * 1024  # bytes of a buffer, and between two ticks of a reading: milliseconds of work
HEAD = 64 * 1024  # bytes of a source by which its kind is told
_FREELY, _GROWTH = (
    16 << 20,
    250,
)  # bytes that gzip may unpack to however small it is, and how many times its size beyond
_PACKED = 16 * 1024  # bytes of gzip that are read at a time: so `done` is near to what was unpacked
_SNIFFED = 8192
_NESTED = 100  # lists and objects of JSON in each other: a browser's stack ends long before Python's, and takes the kernel along
_JUDGED = 1024  # a shorter beginning may hold anything: its few lines are read, and named where they cannot be
_CONTROL = bytes({*range(32), 127} - {*b"\t\n\r\f\b\x1b"})  # no text has many of these

Source = str | bytes | os.PathLike | BinaryIO  # a path, "-" for standard input; the bytes themselves; a stream


class Broken(InputError):
    """What was opened stops before its end: a device that fails, gzip that was cut. `why` is the system's word for it."""

    def __init__(self, title: str, why: object):
        self.why = printable(str(getattr(why, "strerror", None) or why), 200)
        super().__init__(title, f"reading stopped ({self.why})", "give a file that can be read to its end")


class Stream(io.BufferedReader):
    """What `opened` gives: the bytes unpacked, with `title`, what to call it, and `at`, how far its reading is."""

    def __init__(self, raw: io.RawIOBase, stored: "_Stored"):
        self._looked = _LookedAt(raw)
        super().__init__(self._looked, STRIDE)
        self._stored = stored
        self.title = stored.title

    def head(self, size: int) -> bytes:
        """The first bytes, without taking them: so many, or all where there are fewer. A pipe is waited for; ask before anything is read."""
        return self._looked.look(size)

    @property
    def at(self) -> Tick:
        """Bytes taken so far and in all, as they are stored, that is packed; in all is 0 where nobody knows."""
        return self._stored.done, self._stored.total


class _LookedAt(io.RawIOBase):
    """What stands between a stream and its bytes, so that the first of them can be looked at, however slowly they come."""

    def __init__(self, raw: io.RawIOBase):
        self.raw, self._ahead = raw, bytearray()
        self._failed: Broken | None = None

    def look(self, size: int) -> bytes:
        """The next bytes, `size` of them where there are so many; what fails on the way fails again when it is read."""
        while len(self._ahead) < size and not self._failed:
            try:
                piece = self.raw.read(STRIDE)
            except Broken as broken:
                self._failed = broken
                break
            if not piece:
                break
            self._ahead += piece
        return bytes(self._ahead[:size])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if self._ahead:
            piece = self._ahead[: len(buffer)]
            del self._ahead[: len(buffer)]
            buffer[: len(piece)] = piece
            return len(piece)
        if self._failed:
            raise self._failed
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _Stored(io.RawIOBase):
    """The bytes as they come in, counted; the first ones can be looked at before they are read."""

    def __init__(self, stream: BinaryIO, title: str, ours: bool):
        self.stream, self.title, self._ours = stream, title, ours
        self.done, self.total, self._ahead = 0, _bytes_left(stream), b""
        self._take = getattr(stream, "read1", stream.read)  # read1 gives what a pipe has, and does not wait for more

    def begins(self, mark: bytes) -> bool:
        while len(self._ahead) < len(mark) and (piece := self._next(STRIDE)):
            self._ahead += piece
        return self._ahead.startswith(mark)

    def _next(self, size: int) -> bytes:
        try:
            return self._take(size) or b""
        except OSError as error:
            raise Broken(self.title, error) from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        size = len(buffer)
        piece, self._ahead = self._ahead[:size] or self._next(size), self._ahead[size:]
        buffer[: len(piece)] = piece
        self.done += len(piece)
        return len(piece)

    def close(self) -> None:
        if self._ours and not self.closed:
            self.stream.close()
        super().close()


class _Unpacked(io.RawIOBase):
    """gzip, one or several ends to end, unpacked.

    Readers take what comes piece by piece, so a bomb costs them no memory; it costs time. _FREELY is read in seconds. What is more than
    that and than _GROWTH times its size is given up: text comes to 5 to 50 times, the same line without end to 1,000.
    """

    def __init__(self, stored: _Stored):
        self.stored = stored
        self.size = 0
        self.gzip = gzip.GzipFile(fileobj=io.BufferedReader(stored, _PACKED))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        try:
            piece = self.gzip.read1(len(buffer))  # read would lose what came before a failure
        except (EOFError, OSError, zlib.error) as error:
            raise Broken(self.stored.title, error) from None
        self.size += len(piece)
        if self.size > max(_FREELY, _GROWTH * self.stored.done):
            raise Broken(self.stored.title, f"it unpacks to more than {_FREELY >> 20} MiB and {_GROWTH} times its size")
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self.stored.close()
        super().close()


def opened(source: Source, text: bool = False) -> Stream:
    """A source as a stream of bytes, which the caller closes; gzip, told by its first bytes, is unpacked on the way.

    `text` refuses what is binary. A stream that was given stays open when this one is closed. Raises InputError where there is
    nothing to read, Broken (at any read) where the reading cannot go on.
    """
    if isinstance(source, Stream):
        return source
    title = name_of(source)
    if isinstance(source, bytes):
        stored = _Stored(io.BytesIO(source), title, ours=True)
    elif source == "-":
        stored = _Stored(_standard_input(title), title, ours=False)
    elif isinstance(source, str | os.PathLike):
        stored = _Stored(_file(source, title), title, ours=True)
    else:
        stored = _Stored(source, title, ours=False)
    stream = Stream(_Unpacked(stored) if stored.begins(b"\x1f\x8b") else stored, stored)
    if text and is_binary(peek(stream, _SNIFFED)):
        stream.close()
        raise no_text(title)
    return stream


def no_text(title: str) -> InputError:
    """The complaint about what is binary."""
    return InputError(title, "it is binary (or UTF-16), and text is needed", "give it as plain text")


def _file(path: str | os.PathLike, title: str) -> BinaryIO:
    try:
        return open(path, "rb", buffering=0)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "that is no file name"
        raise InputError(title, why.lower(), "give the path of a file") from None


def _standard_input(title: str) -> BinaryIO:
    if not hasattr(sys.stdin, "buffer"):  # a notebook's
        raise InputError(title, "there is none here", "give the path of a file")
    return sys.stdin.buffer


def _bytes_left(stream: BinaryIO) -> int:
    try:
        here = stream.tell()
        total = stream.seek(0, io.SEEK_END)
        stream.seek(here)
        return max(0, total - here)
    except (OSError, ValueError, AttributeError):
        return 0


def is_binary(head: bytes) -> bool:
    """Whether the first bytes of a file are no text: one in twenty of them controls something."""
    return len(head) >= _JUDGED and len(head) - len(head.translate(None, _CONTROL)) > len(head) // 20


def peek(stream: Stream, size: int) -> bytes:
    """The next bytes, `size` at most, without taking them; fewer where a pipe has no more to give yet."""
    return stream.peek(size)[:size]


def name_of(source: Source) -> str:
    """What to call a source in a complaint."""
    if source == "-":
        return "standard input"
    return printable(os.fspath(source), 200) or "no name" if isinstance(source, str | os.PathLike) else "what was given"


def pasted(text: object, limit: int) -> bytes:
    """What was pasted or typed as the bytes of a file: cut at `limit` characters, half a surrogate replaced."""
    return str(text)[:limit].encode("utf-8", "replace")


def read_json(line: str | bytes) -> object:
    """The value of one line of JSON; ValueError where it is none, or nests more than 100 deep."""
    text = line if isinstance(line, str) else line.decode("utf-8")
    if text.count("[") + text.count("{") > _NESTED:
        depth = 0
        for mark in re.findall(r"[][{}]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
            depth += 1 if mark in "[{" else -1
            if depth > _NESTED:
                raise ValueError(f"it nests more than {_NESTED} deep")
    return json.loads(text)
