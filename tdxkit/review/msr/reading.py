"""What a trace says about one MSR: who wrote it in a burst, who only read it, which vCPU differs. Facts of the trace, no guesses.

A *burst* is one write on each of several vCPUs, one after the other within BURST_GAP; a *check* is a visit to the register that reads
and does not write, told together for vCPUs that did the same in the same phase; a pause of PHASE_GAP starts a new phase. All of it is
built event by event in bounded memory, so a reading of a gigabyte costs what a reading of a page costs.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tdxkit.intake import Source
from tdxkit.linux.msr.register import FEATURE_CONTROL, Event
from tdxkit.review.msr.trace import Counts, TraceReader, read_events
from tdxkit.work import Job, Progress, drive

BURST_GAP = 0.010  # seconds; firmware's APs come within microseconds, an OS brings CPUs up tens of milliseconds apart
PHASE_GAP = 1.0
TOLD = 40  # sentences that a reading says; the rest is in its fields
KEEP = 5000  # events, and visits, that are kept for a picture
MAX_THREADS = 4096
MAX_MSRS = 1024


@dataclass(frozen=True, slots=True)
class Vcpu:
    """One vCPU thread: how often it read and wrote the register, its last known value (None: never seen) and when it was seen."""

    label: str
    vcpu: int | None
    pid: int | None
    reads: int
    writes: int
    faults: int
    value: int | None
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Burst:
    """The value was written on each of these vCPUs, in this order, from `start` to `end` in seconds."""

    vcpus: tuple[str, ...]
    value: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Look:
    """Each of these vCPUs, in this order, read the value `reads` times and wrote nothing."""

    vcpus: tuple[str, ...]
    reads: int
    value: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the trace says of MSR `msr`. vCPUs are given by label, in order of first appearance; `msrs` counts every MSR in it."""

    msr: int
    vcpus: tuple[Vcpu, ...]
    bursts: tuple[Burst, ...]
    checks: tuple[Look, ...]
    written: tuple[str, ...]
    only_read: tuple[str, ...]
    differs: tuple[str, ...]
    msrs: dict[int, int]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        if not self.vcpus:
            others = ", ".join(f"{m:x} ({n} times)" for m, n in list(self.msrs.items())[:8])
            return f"no access to MSR {self.msr:x}" + (f"; the trace has {others}" if others else "")
        told = sorted((*self.bursts, *self.checks), key=lambda b: b.start)
        more = [f"… and {len(told) - TOLD} bursts and checks more"] if len(told) > TOLD else []
        return "\n".join([*map(sentence, told[:TOLD]), *more, *self._last_words(), *self.notes])

    def _last_words(self) -> Iterable[str]:
        by_label = {v.label: v for v in self.vcpus}
        for label in self.differs[:TOLD]:
            v = by_label[label]
            how = "written otherwise" if v.writes > v.faults else "never written"
            yield f"{label} (pid {v.pid}) differs: {v.value:#x}, {how}"

    def as_json(self) -> dict:
        """The reading as plain data; the MSRs are counted by number."""
        return asdict(self)


def sentence(what: Burst | Look) -> str:
    """A burst or a check in words."""
    who, many = together(what.vcpus), len(what.vcpus) > 1
    if isinstance(what, Burst):
        took = f" in one burst of {(what.end - what.start) * 1e6:.0f} µs" if many else ""
        return f"{what.start:.6f}  {who} written {what.value:#x}{took}"
    return f"{what.start:.6f}  {who} read {what.value:#x} {_times(what.reads)}{' each' * many}, no write"


def together(labels: tuple[str, ...]) -> str:
    """`("vCPU 0", "vCPU 3")` as `vCPU 0, 3`, cut after a dozen."""
    short = [
        label.removeprefix("vCPU ") if k and labels[k - 1].startswith("vCPU ") else label
        for k, label in enumerate(labels)
    ]
    return ", ".join(short[:12]) + (f" and {len(short) - 12} more" if len(short) > 12 else "")


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


class _Thread:
    __slots__ = ("faults", "first", "last", "reads", "value", "vcpu", "writes")

    def __init__(self, event: Event):
        self.vcpu, self.first = event.vcpu, event.time
        self.reads = self.writes = self.faults = 0
        self.value: int | None = None
        self.last = event.time


class ReadingBuilder:
    """Takes events as they come, gives the reading so far at any time."""

    def __init__(self, msr: int = FEATURE_CONTROL):
        self.msr = msr
        self.events: list[Event] = []  # of this MSR, the first KEEP
        self._threads: dict[tuple, _Thread] = {}
        self._msrs: dict[int, int] = {}
        self._visits: list[
            list
        ] = []  # [key, start, end, reads, writes, value]: one vCPU's accesses with no other's in between
        self._bursts: list[list] = []  # [start, end, value, keys]
        self._untracked = self._unkept = 0

    def add(self, events: Iterable[Event]) -> None:
        """The next events, in the order of the trace."""
        msr, msrs = self.msr, self._msrs
        for event in events:
            number = event[5]
            if number in msrs or len(msrs) < MAX_MSRS:
                msrs[number] = msrs.get(number, 0) + 1
            if number == msr:
                self._access(event)

    def _access(self, event: Event) -> None:
        key = event[:2]
        thread = self._threads.get(key)
        if thread is None:
            if len(self._threads) >= MAX_THREADS:
                self._untracked += 1
                return
            thread = self._threads[key] = _Thread(event)
        if len(self.events) < KEEP:
            self.events.append(event)
        time, writes, fault = event[3], event[4] == "write", event[7]
        thread.last = time
        if writes:
            thread.writes += 1
        else:
            thread.reads += 1
        if fault:
            thread.faults += 1
        else:
            thread.value = event[6]
            if writes:
                self._write(key, time, event[6])
        self._visit(key, time, writes, event)

    def _visit(self, key: tuple, time: float, writes: bool, event: Event) -> None:
        last = self._visits[-1] if self._visits else None
        if last and last[0] == key and abs(time - last[2]) < PHASE_GAP:
            last[2] = time
            last[3 + writes] += 1
            last[5] = event[6]
        elif len(self._visits) < KEEP:
            self._visits.append([key, time, time, int(not writes), int(writes), event[6]])
        else:
            self._unkept += 1

    def _write(self, key: tuple, time: float, value: int) -> None:
        last = self._bursts[-1] if self._bursts else None
        if last and last[2] == value and abs(time - last[1]) <= BURST_GAP and key not in last[3]:
            last[1] = time
            last[3][key] = None
        elif len(self._bursts) < KEEP:
            self._bursts.append([time, time, value, {key: None}])
        else:
            self._unkept += 1

    def reading(self) -> Reading:
        """What the events so far say."""
        labels = self._labels()
        vcpus = tuple(
            Vcpu(labels[key], *key, t.reads, t.writes, t.faults, t.value, t.first, t.last)
            for key, t in self._threads.items()
        )
        usual = Counter(v.value for v in vcpus if v.value is not None).most_common(1)
        return Reading(
            self.msr,
            vcpus,
            tuple(Burst(tuple(labels[k] for k in keys), value, start, end) for start, end, value, keys in self._bursts),
            self._checks(labels),
            tuple(v.label for v in vcpus if v.writes > 0),
            tuple(v.label for v in vcpus if not v.writes),
            tuple(v.label for v in vcpus if usual and v.value is not None and v.value != usual[0][0]),
            dict(self._msrs),
            self._notes(),
        )

    def _checks(self, labels: dict[tuple, str]) -> tuple[Look, ...]:
        """Visits that only read, those of one phase with the same count and value told together."""
        checks: list[Look] = []
        for key, start, end, reads, writes, value in self._visits:
            if writes:
                continue
            last = checks[-1] if checks else None
            label = labels[key]
            alike = last and (last.reads, last.value) == (reads, value) and label not in last.vcpus
            if alike and abs(start - last.end) < PHASE_GAP:
                checks[-1] = Look((*last.vcpus, label), reads, value, last.start, end)
            else:
                checks.append(Look((label,), reads, value, start, end))
        return tuple(checks)

    def _labels(self) -> dict[tuple, str]:
        """A name for each thread, with its pid where two threads claim the same vCPU."""
        seen = Counter(vcpu for vcpu, _ in self._threads)
        return {
            (vcpu, pid): f"thread {pid}"
            if vcpu is None
            else f"vCPU {vcpu} (pid {pid})"
            if seen[vcpu] > 1
            else f"vCPU {vcpu}"
            for vcpu, pid in self._threads
        }

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if any(n > 1 for vcpu, n in Counter(v for v, _ in self._threads).items() if vcpu is not None):
            notes.append(
                "a vCPU number has several threads: more than one guest, or a vCPU plugged twice; compare by pid"
            )
        if self._untracked or self._unkept:
            notes.append(f"a long trace: {self._untracked + self._unkept} accesses are counted and not told one by one")
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace that was read: its events of the MSR (the first KEEP of them), what else it held, and the reading."""

    events: tuple[Event, ...]
    counts: Counts
    reading: Reading

    def __str__(self) -> str:
        c = self.counts
        head = f"{c.events} kvm_msr events in {c.lines} lines, {c.other} of other kinds, {c.skipped} not readable"
        rows = [head + (f", {c.lost} lost by the tracer: what is missing may have been there" if c.lost else "")]
        return "\n".join([*rows, str(self.reading)])


def reading_job(source: Source, msr: int = FEATURE_CONTROL) -> Job[Trace]:
    """Read a trace of any size, a chunk at a time. InputError where it cannot be opened, or is binary."""
    reader, builder = TraceReader(), ReadingBuilder(msr)
    for events, tick in read_events(source, reader):
        builder.add(events)
        yield tick
    return Trace(tuple(builder.events), reader.counts, builder.reading())


def read_trace(source: Source, progress: Progress | None = None, msr: int = FEATURE_CONTROL) -> Trace:
    """The same to its end; `progress` is told how far it is, many times a second."""
    return drive(reading_job(source, msr), progress)
