"""What a trace says of one MSR, in sentences: who wrote it in a burst, who only read it, who was refused, which vCPU differs."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tdxkit.linux.msr.register import FEATURE_CONTROL, LOCK

TOLD = 40  # sentences that a reading says; the rest is in its fields
Time = float | int  # seconds; an int is a count of a clock that counts something else


@dataclass(frozen=True, slots=True)
class Vcpu:
    """One vCPU thread: how often it read and wrote the register (the refused tries too, which are `faults`), its last known value (None:
    never seen) and when it was seen."""

    label: str
    vcpu: int | None
    pid: int | None
    reads: int
    writes: int
    faults: int
    value: int | None
    first: Time
    last: Time
    refused_writes: int = 0


@dataclass(frozen=True, slots=True)
class Burst:
    """The value was written on each of these vCPUs, in this order, from `start` to `end`."""

    vcpus: tuple[str, ...]
    value: int
    start: Time
    end: Time


@dataclass(frozen=True, slots=True)
class Look:
    """Each of these vCPUs, in this order, read the value `reads` times and wrote nothing; `tried` writes of each were refused."""

    vcpus: tuple[str, ...]
    reads: int
    value: int
    start: Time
    end: Time
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Each of these vCPUs tried `times` to read the register (`value` is None: none came back) or to write this value to it, and took
    #GP. `held` is the value last seen there before, None where none was."""

    vcpus: tuple[str, ...]
    op: str
    value: int | None
    times: int
    start: Time
    end: Time
    held: int | None
    msr: int

    @property
    def locked(self) -> bool:
        """Whether the value last seen says why: the lock bit of MSR 0x3A."""
        return self.op == "write" and self.msr == FEATURE_CONTROL and bool(self.held and self.held & LOCK)


Happening = Burst | Look | Refused


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
    refusals: tuple[Refused, ...] = ()

    @property
    def happened(self) -> tuple[Happening, ...]:
        """All of it in the order of time."""
        return tuple(sorted((*self.bursts, *self.checks, *self.refusals), key=lambda what: what.start))

    def __str__(self) -> str:
        if not self.vcpus:
            others = ", ".join(f"{m:x} ({n} times)" for m, n in list(self.msrs.items())[:8])
            return f"no access to MSR {self.msr:x}" + (f"; the trace has {others}" if others else "")
        told = self.happened
        more = [f"… and {len(told) - TOLD} bursts, checks and refusals more"] if len(told) > TOLD else []
        return "\n".join([*map(sentence, told[:TOLD]), *more, *self._last_words(), *self.notes])

    def _last_words(self) -> Iterable[str]:
        by_label = {v.label: v for v in self.vcpus}
        for label in self.differs[:TOLD]:
            v = by_label[label]
            how = "written otherwise" if v.writes > v.refused_writes else "never written"
            yield f"{label} (pid {v.pid}) differs: {v.value:#x}, {how}"

    def as_json(self) -> dict:
        """The reading as plain data; the MSRs are counted by number."""
        return asdict(self)


def sentence(what: Happening) -> str:
    """A burst, a check or a refusal in words."""
    who, many = together(what.vcpus), len(what.vcpus) > 1
    when = f"{what.start:.6f}" if isinstance(what.start, float) else str(what.start)
    if isinstance(what, Burst):
        return f"{when}  {who} wrote {what.value:#x}{_within(what) if many else ''}"
    if isinstance(what, Look):
        refused = "its write was" if what.tried == 1 else f"its {what.tried} writes were"
        then = f"; {refused} refused" if what.tried else ", no write"
        return f"{when}  {who} read {what.value:#x} {_times(what.reads)}{' each' * many}{then}"
    did = "read it" if what.op == "read" else f"write {what.value:#x}"
    why = "no value came back" if what.op == "read" else "nothing was written"
    why += f": it held {what.held:#x}, and so was locked" if what.locked else ""
    return f"{when}  {who} tried to {did} {_times(what.times)}{' each' * many}, refused (#GP): {why}"


def _within(what: Burst) -> str:
    if isinstance(what.start, float):
        return f" in one burst of {(what.end - what.start) * 1e6:.0f} µs"
    return " one after the other; in what time, this clock does not say"


def together(labels: tuple[str, ...]) -> str:
    """`("vCPU 0", "vCPU 3")` as `vCPU 0, 3`, cut after a dozen; threads in the same way."""
    short = [
        label.removeprefix(kind)
        if k and (kind := label[: label.find(" ") + 1]) and labels[k - 1].startswith(kind)
        else label
        for k, label in enumerate(labels)
    ]
    return ", ".join(short[:12]) + (f" and {len(short) - 12} more" if len(short) > 12 else "")


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
