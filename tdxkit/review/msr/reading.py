"""What a trace says about one MSR: who wrote it in a burst, who only read it, who was refused, which vCPU differs. Facts of the trace,
no guesses; told.py has the words.

A *burst* is one write on each of several vCPUs, one after the other within BURST_GAP; a *check* is a visit to the register that reads
and does not write, told together for vCPUs that did the same in the same phase; a pause of PHASE_GAP starts a new phase; a *refusal* is
an access that took #GP: a read then has no value, a write left none. On a clock that counts nobody knows a gap: what follows each
other is taken together. All of it is built event by event in bounded memory, so a reading of a gigabyte costs what a reading of a page
costs.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tdxkit.intake import Source
from tdxkit.linux.msr.register import FEATURE_CONTROL, Event
from tdxkit.review.msr.told import Burst, Look, Reading, Refused, Time, Vcpu
from tdxkit.review.msr.trace import Counts, TraceReader, read_events
from tdxkit.text import many
from tdxkit.work import Job, Progress, drive

BURST_GAP = 0.010  # seconds; firmware's APs come within microseconds, an OS brings CPUs up tens of milliseconds apart
PHASE_GAP = 1.0
KEEP = 5000  # events, and visits, that are kept for a picture
MAX_THREADS = 4096
MAX_MSRS = 1024


def _gap(before: Time, after: Time) -> float:
    """The seconds between two times; 0 where a clock that counts something else tells none."""
    return abs(after - before) if isinstance(after, float) else 0


class _Thread:
    __slots__ = ("faults", "first", "last", "reads", "refused_writes", "value", "vcpu", "writes")

    def __init__(self, event: Event):
        self.vcpu, self.first = event.vcpu, event.time
        self.reads = self.writes = self.faults = self.refused_writes = 0
        self.value: int | None = None
        self.last = event.time


class ReadingBuilder:
    """Takes events as they come, gives the reading so far at any time."""

    def __init__(self, msr: int = FEATURE_CONTROL):
        self.msr = msr
        self.events: list[Event] = []  # of this MSR, the first KEEP
        self._threads: dict[tuple, _Thread] = {}
        self._msrs: dict[int, int] = {}
        # [key, start, end, reads, writes, value, tried]: one vCPU's accesses with no other's in between; tried: refused writes
        self._visits: list[list] = []
        self._refused: list[list] = []  # [key, op, value, start, end, times, held]
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
            thread.refused_writes += writes
            self._refuse(key, event, thread.value)
        else:
            thread.value = event[6]
            if writes:
                self._write(key, time, event[6])
        self._visit(key, time, writes, event)

    def _visit(self, key: tuple, time: Time, writes: bool, event: Event) -> None:
        last = self._visits[-1] if self._visits else None
        fault = event[7]
        if not (last and last[0] == key and _gap(last[2], time) < PHASE_GAP):
            if len(self._visits) >= KEEP:
                self._unkept += 1
                return
            last = [key, time, time, 0, 0, None, 0]
            self._visits.append(last)
        last[2] = time
        if fault:
            last[6] += writes
        else:
            last[3 + writes] += 1
            last[5] = event[6]

    def _write(self, key: tuple, time: Time, value: int) -> None:
        last = self._bursts[-1] if self._bursts else None
        if last and last[2] == value and _gap(last[1], time) <= BURST_GAP and key not in last[3]:
            last[1] = time
            last[3][key] = None
        elif len(self._bursts) < KEEP:
            self._bursts.append([time, time, value, {key: None}])
        else:
            self._unkept += 1

    def _refuse(self, key: tuple, event: Event, held: int | None) -> None:
        op, value, time = event[4], event[6] if event[4] == "write" else None, event[3]
        last = self._refused[-1] if self._refused else None
        if last and last[:3] == [key, op, value] and last[6] == held and _gap(last[4], time) < PHASE_GAP:
            last[4] = time
            last[5] += 1
        elif len(self._refused) < KEEP:
            self._refused.append([key, op, value, time, time, 1, held])
        else:
            self._unkept += 1

    def reading(self) -> Reading:
        """What the events so far say."""
        labels = self._labels()
        vcpus = tuple(
            Vcpu(labels[key], *key, t.reads, t.writes, t.faults, t.value, t.first, t.last, t.refused_writes)
            for key, t in self._threads.items()
        )
        usual = Counter(v.value for v in vcpus if v.value is not None).most_common(1)
        return Reading(
            self.msr,
            vcpus,
            tuple(Burst(tuple(labels[k] for k in keys), value, start, end) for start, end, value, keys in self._bursts),
            self._checks(labels),
            tuple(v.label for v in vcpus if v.writes > v.refused_writes),
            tuple(v.label for v in vcpus if not v.writes and v.value is not None),
            tuple(v.label for v in vcpus if usual and v.value is not None and v.value != usual[0][0]),
            dict(self._msrs),
            self._notes(),
            self._refusals(labels),
        )

    def _checks(self, labels: dict[tuple, str]) -> tuple[Look, ...]:
        """Visits that only read, those of one phase with the same count and value told together."""
        checks: list[Look] = []
        for key, start, end, reads, writes, value, tried in self._visits:
            if writes or not reads:
                continue
            last = checks[-1] if checks else None
            label = labels[key]
            alike = last and (last.reads, last.value, last.tried) == (reads, value, tried) and label not in last.vcpus
            if last and alike and _gap(last.end, start) < PHASE_GAP:
                checks[-1] = Look((*last.vcpus, label), reads, value, last.start, end, tried)
            else:
                checks.append(Look((label,), reads, value, start, end, tried))
        return tuple(checks)

    def _refusals(self, labels: dict[tuple, str]) -> tuple[Refused, ...]:
        """Tries that took #GP, those of one phase that were alike told together."""
        told: list[Refused] = []
        for key, op, value, start, end, times, held in self._refused:
            last, label = told[-1] if told else None, labels[key]
            alike = (
                last
                and (last.op, last.value, last.times, last.held) == (op, value, times, held)
                and label not in last.vcpus
            )
            if last and alike and _gap(last.end, start) < PHASE_GAP:
                told[-1] = Refused((*last.vcpus, label), op, value, times, last.start, end, held, self.msr)
            else:
                told.append(Refused((label,), op, value, times, start, end, held, self.msr))
        return tuple(told)

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
        head = f"{many(c.events, 'kvm_msr event')} in {many(c.lines, 'line')}, {c.other:,} of other kinds, {c.skipped:,} not readable"
        if c.clock == "count":
            head += "; the trace's clock counts (x86-tsc or counter), its times are no seconds"
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
