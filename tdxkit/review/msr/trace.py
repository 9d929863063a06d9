"""Reads `kvm_msr` events out of a trace: tracefs `trace` and `trace_pipe`, `trace-cmd report` (also -l), `perf script`.

Push bytes in with `TraceReader.feed`, events come out: nothing is kept but counts, so a trace may be of any size. A line of another
event, a comment, a header and a blank line are passed over; a line that should be read and cannot be is counted and the first of
them are named, with line number and reason. Times are seconds on whatever clock the trace was taken with.

The layouts are in `cite("trace-layouts")`: flags of any length from 4 or none, a tgid column or none, times in µs or ns, the event
with its system (`kvm:`) or without, padding behind the event's name. A vCPU thread's name may hold spaces, slashes and dashes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tdxkit.intake import STRIDE, Source, opened, pasted
from tdxkit.linux.msr.register import Event
from tdxkit.work import Tick

SOURCES = ("trace-layouts",)
MAX_LINE = 1024  # longer than any tool writes; what is longer is no line of a trace
MAX_BAD = 20  # bad lines that are named; the rest is only counted
_CACHE = 4096  # distinct heads and payloads remembered: a trace repeats the same few

# Every repetition is bounded, so that no line can cost more than a few hundred tries.
_REST = rb"[ ]{1,40}(\d{1,12}\.\d{1,9}):[ ]{1,40}(?:kvm:)?kvm_msr:[ ]{1,40}(msr_[^\n\0]{1,700})$"
_LINE = re.compile(rb"^([^\n\0]{3,160}?)" + _REST)
_PLAIN = re.compile(rb"^([^\n\0:]{3,160})" + _REST, re.MULTILINE)  # no colon in the name: twice as fast
_HEAD = re.compile(
    rb"[ ]{0,40}(\S.{0,60}?)(?:-|[ ]{1,40}(?:\d{1,10}/)?)(\d{1,10})[ ]{1,40}"  # name, dash or space, pid
    rb"(?:\([ ]{0,10}(?:\d{1,10}|-{1,10})\)[ ]{1,10})?"  # tgid
    rb"(?:\[(\d{1,6})\](?:[ ]{1,10}[.0-9A-Za-z]{4,12})?|(\d{1,6})[dbDBX.][.0-9A-Za-z]{3,11})"  # CPU and flags; or those of -l
)
_PAYLOAD = re.compile(rb"msr_(read|write) ([0-9a-fA-F]{1,8}) = 0x([0-9a-fA-F]{1,16})( \(#GP\))?(?:\s(.*))?")
_OTHER = re.compile(
    rb"[^\n\0]{1,160}?[ ]\d{1,12}(?:\.\d{1,9})?:[ ]{1,40}(?:\d{1,12}[ ]{1,10})?([A-Za-z_][\w:.-]{0,100}:)"
)
_HEADER = re.compile(
    rb"\s*(?:$|#|cpus=\d|version\s*=|CPU \d+ is empty|(?:CPU|cpu):?\s*\d+ \[(?:LOST )?\d+ EVENTS(?: DROPPED)?\])"
)
_LOST = re.compile(rb"\s*(?:CPU|cpu):?\s*\d+ \[(?:LOST )?(\d{1,15}) EVENTS")
_VCPU = re.compile(r"(?:\bv?cpu|_vcpu|\bCPU)[ _/-]?(\d{1,6})(?!\d)")
_make = tuple.__new__  # an Event from its tuple, without a Python call in between


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read: its number from 1, why, and how it begins (from outside: escape it)."""

    line: int
    why: str
    start: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What a trace held: lines, kvm_msr events, other events, bad lines (the first ones named) and events its buffer lost."""

    lines: int
    events: int
    other: int
    skipped: int
    lost: int
    bad: tuple[BadLine, ...]


class TraceReader:
    """Takes a trace in pieces of any size, gives the events of each piece. `close` gives those of an unfinished last line."""

    def __init__(self):
        self._tail = b""
        self._overlong = False  # inside a line whose beginning was thrown away
        self._lines = self._events = self._other = self._skipped = self._lost = 0
        self._bad: list[BadLine] = []
        self._heads: dict[bytes, tuple | None] = {}
        self._payloads: dict[bytes, tuple | None] = {}

    def feed(self, piece: bytes) -> list[Event]:
        """The events of the lines that end in this piece."""
        cut = piece.rfind(b"\n") + 1
        if not cut:
            self._keep(piece)
            return []
        if self._overlong:  # its rest ends here; it was counted when it became too long
            first = piece.find(b"\n") + 1
            self._overlong, self._tail, piece, cut = False, b"", piece[first:], cut - first
        block, rest = self._tail + piece[:cut], piece[cut:]
        self._tail = b""
        found = self._block(block)
        self._keep(rest)
        return found

    def close(self) -> list[Event]:
        """The end of the trace: the events of a last line without a line feed."""
        return self.feed(b"\n") if self._tail else []

    @property
    def counts(self) -> Counts:
        """What has been seen so far."""
        return Counts(self._lines, self._events, self._other, self._skipped, self._lost, tuple(self._bad))

    def _keep(self, rest: bytes) -> None:
        if self._overlong:
            return
        self._tail += rest
        if len(self._tail) > MAX_LINE:
            self._lines += 1
            self._reject(self._tail, f"longer than {MAX_LINE} bytes")
            self._tail, self._overlong = b"", True

    def _block(self, block: bytes) -> list[Event]:
        """Whole lines. Where every line names the event, one search of the block does; else, or if it fails, line by line."""
        lines = block.count(b"\n")
        if block.count(b"kvm_msr:") == lines:
            rows = _PLAIN.findall(block)
            found = [self._event(row) for row in rows] if len(rows) == lines else None
            if found and None not in found:
                self._lines += lines
                self._events += lines
                return found
        return [event for line in block.split(b"\n")[:-1] if (event := self._line(line))]

    def _event(self, row: tuple[bytes, bytes, bytes]) -> Event | None:
        head, time, payload = row
        who = self._heads.get(head, 0) or _remember(self._heads, head, _read_head)
        what = self._payloads.get(payload, 0) or _remember(self._payloads, payload, _read_payload)
        if not (who and what):
            return None
        vcpu, pid, cpu, name = who
        op, msr, value, fault, note = what
        return _make(Event, (vcpu, pid, cpu, float(time), op, msr, value, fault, name, note))

    def _line(self, line: bytes) -> Event | None:
        self._lines += 1
        if len(line) > MAX_LINE:
            return self._reject(line, f"longer than {MAX_LINE} bytes")
        if b"kvm_msr:" in line:
            row = _LINE.match(line)
            event = self._event(row.groups()) if row else None
            if event:
                self._events += 1
                return event
        other = _OTHER.match(line)
        if other and not other[1].endswith(b"kvm_msr:"):
            self._other += 1
            return None
        if not _HEADER.match(line):
            return self._reject(line, _why(line))
        if lost := _LOST.match(line):
            self._lost += int(lost[1])
        return None

    def _reject(self, line: bytes, why: str) -> None:
        self._skipped += 1
        if len(self._bad) < MAX_BAD:
            self._bad.append(BadLine(self._lines, why, line[:60].decode("utf-8", "replace")))


def _remember(cache: dict, key: bytes, read: Callable) -> tuple | None:
    if len(cache) >= _CACHE:
        cache.clear()
    cache[key] = value = read(key)
    return value


def _read_head(head: bytes) -> tuple | None:
    found = _HEAD.fullmatch(head.rstrip(b" "))
    if not found:
        return None
    name = found[1].decode("utf-8", "replace")
    vcpu = _VCPU.search(name)
    return int(vcpu[1]) if vcpu else None, int(found[2]), int(found[3] or found[4]), name


def _read_payload(payload: bytes) -> tuple | None:
    found = _PAYLOAD.fullmatch(payload.rstrip(b"\r "))
    if not found:
        return None
    op, msr, value, fault, note = found.groups(b"")
    return op.decode(), int(msr, 16), int(value, 16), bool(fault), note.decode("utf-8", "replace").strip()


def _why(line: bytes) -> str:
    """Why a line could not be read: the first thing that is missing, from left to right."""
    if b"\0" in line:
        return "NUL bytes: binary data or UTF-16"
    if b"kvm_msr:" not in line:
        return "no event: no “time: name:” in it"
    head, _, payload = line.partition(b"kvm_msr:")
    timed = re.search(rb"[ ](\d{1,12}\.\d{1,9}):[ ]{1,40}(?:kvm:)?$", head[-80:])
    if not timed:
        return "no time in seconds before the event's name"
    if not _HEAD.fullmatch(head[: len(head) - len(timed[0]) + (len(head[-80:]) - timed.end())].rstrip(b" ")):
        return "no “name-pid [cpu]” before the time"
    if len(payload) > 700:
        return "more than 700 bytes behind the event's name"
    access = re.match(rb"[ ]{1,40}msr_(read|write) ", payload)
    if not access:
        return "neither msr_read nor msr_write behind the event's name"
    if not re.match(rb"[0-9a-fA-F]{1,8} = ", payload[access.end() :]):
        return "the MSR is not a 32-bit number in hex"
    return "the value is not “= 0x” and a 64-bit number in hex"


def read_events(source: Source, reader: TraceReader) -> Iterator[tuple[list[Event], Tick]]:
    """The events of a trace, a list for each chunk of it, and how far the reading is. InputError where it is binary."""
    with opened(source, text=True) as stream:
        while piece := stream.read1(STRIDE):
            yield reader.feed(piece), stream.at
        yield reader.close(), stream.at


def parse(text: str | bytes | Iterable[str]) -> tuple[list[Event], Counts]:
    """All events of a short trace (a paste, a list of lines) and what else was in it."""
    if not isinstance(text, (str, bytes)):
        text = "\n".join(text)
    reader = TraceReader()
    data = pasted(text, len(text)) if isinstance(text, str) else text
    return [*reader.feed(data), *reader.close()], reader.counts
