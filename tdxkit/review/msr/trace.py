"""Reads `kvm_msr` events out of a trace: tracefs `trace` and `trace_pipe`, `trace-cmd report` (also -l), `perf script` and `perf trace`.

Push bytes in with `TraceReader.feed`, events come out: nothing is kept but counts, so a trace may be of any size. A line of another
event, a comment, a header, a frame of a stack and a blank line are passed over; a line that should be read and cannot be is counted and
the first of them are named, with line number and reason. A date, a syslog head or a mark of quoting in front of a line is taken off.

Times are seconds on whatever clock the trace was taken with, as floats. A clock that counts (trace_clock x86-tsc, counter) writes whole
numbers: those are ints, and nobody can make seconds of them. The layouts are in layouts.py and in `cite("trace-layouts")`. A vCPU
thread's name may hold spaces, slashes and dashes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tdxkit.intake import STRIDE, Source, opened, pasted
from tdxkit.linux.msr.register import Event
from tdxkit.review.msr import layouts
from tdxkit.review.msr.layouts import read_head, read_payload, read_time
from tdxkit.work import Tick

SOURCES = ("trace-layouts",)
MAX_LINE = 1024  # longer than any tool writes; what is longer is no line of a trace
MAX_BAD = 20  # bad lines that are named; the rest is only counted
_CACHE = 4096  # distinct heads and payloads remembered: a trace repeats the same few
_make = tuple.__new__  # an Event from its tuple, without a Python call in between


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read: its number from 1, why, and how it begins (from outside: escape it)."""

    line: int
    why: str
    start: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What a trace held: lines, kvm_msr events, other events, bad lines (the first ones named) and events its buffer lost; `clock` is
    "seconds", "count" (of a clock that counts something else), or "" where there was no event."""

    lines: int
    events: int
    other: int
    skipped: int
    lost: int
    bad: tuple[BadLine, ...]
    clock: str = ""


class TraceReader:
    """Takes a trace in pieces of any size, gives the events of each piece. `close` gives those of an unfinished last line."""

    def __init__(self):
        self._tail = b""
        self._overlong = False  # inside a line whose beginning was thrown away
        self._lines = self._events = self._other = self._skipped = self._lost = 0
        self._bad: list[BadLine] = []
        self._clock: type | None = None  # of the times: float for seconds, int for counts
        self._other_clock = False  # what made the last line unreadable
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
        clock = {None: "", float: "seconds", int: "count"}[self._clock]
        return Counts(self._lines, self._events, self._other, self._skipped, self._lost, tuple(self._bad), clock)

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
            rows = layouts.PLAIN.findall(block)
            found = [self._event(row) for row in rows] if len(rows) == lines else None
            if found and None not in found:
                self._lines += lines
                self._events += lines
                return found
        return [event for line in block.split(b"\n")[:-1] if (event := self._line(line))]

    def _event(self, row: tuple[bytes, bytes, bytes]) -> Event | None:
        head, time, payload = row
        who = self._heads.get(head, 0) or _remember(self._heads, head, read_head)
        what = self._payloads.get(payload, 0) or _remember(self._payloads, payload, read_payload)
        return self._put(who, read_time(time), what) if who and what else None

    def _put(self, who: tuple, time: float | int, what: tuple) -> Event | None:
        """The event of these three; None where its clock is another than that of the events before."""
        if type(time) is not self._clock:
            if self._clock:
                self._other_clock = True
                return None
            self._clock = type(time)
        vcpu, pid, cpu, name = who
        op, msr, value, fault, note = what
        return _make(Event, (vcpu, pid, cpu, time, op, msr, value, fault, name, note))

    def _line(self, line: bytes) -> Event | None:
        self._lines += 1
        if not line:
            return None
        if len(line) > MAX_LINE:
            return self._reject(line, f"longer than {MAX_LINE} bytes")
        bare = line[layouts.FRONT.match(line).end() :]
        if b"kvm_msr" in bare and (event := self._access(bare)):
            self._events += 1
            return event
        if layouts.is_other(bare):
            self._other += 1
            return None
        if self._other_clock:
            self._other_clock = False
            return self._reject(line, "its clock is another one than that of the events before")
        if not layouts.is_passed_over(bare):
            why = layouts.why_not(bare if b"kvm_msr" in bare else line) if len(self._bad) < MAX_BAD else ""
            return self._reject(line, why)
        if lost := layouts.LOST.match(bare):
            self._lost += int(lost[1])
        return None

    def _access(self, line: bytes) -> Event | None:
        if row := layouts.LINE.match(line):
            return self._event(row.groups())
        if row := layouts.PERF_TRACE.fullmatch(line):
            ms, name, pid, payload = row.groups()
            what = read_payload(payload)
            return self._put(layouts.read_thread(name, pid), float(ms) / 1e3, what) if what else None
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
