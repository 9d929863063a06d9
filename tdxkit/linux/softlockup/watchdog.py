"""The kernel's soft-lockup watchdog: a timer interrupt every four seconds that asks when the CPU last gave way.

Each CPU has a timer of its own; interrupts work even while the CPU gives way to nobody. A tick queues a job for the stopper, the
task of the highest class, then compares. The job, when it gets to run, writes a stamp. A stamp older than 20 units at a tick is a
soft lockup. A unit is 2^30 ns, though the report prints it as a second.

    >>> [r.stuck for r in reports(watch([Unbroken(0, 30 * SECOND, "store")], 30 * SECOND))]
    [22]
    >>> [r.stuck for r in reports(watch([Unbroken(0, 30 * SECOND, "store")], 30 * SECOND, from_idle=True))]
    [26]

Facts: linux-watchdog.

Fidelity card
  modelled: sample period, threshold, units cut off to whole ones, the two stamps (written by the job, and since when the period of
    a report counts), repeated reports, the restart of the period on a CPU that has just left NO_HZ idle
  simplified: an interrupt takes no time, the job runs at the first point where the CPU gives way and takes none either
  left out: the hard-lockup detector (interrupts are on), softlockup_panic, a watchdog_thresh other than 10
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tdxkit.errors import InputError, printable

SOURCES = ("linux-watchdog",)
SECOND = 10**9  # ns, as all times here
UNIT = 1 << 30  # ns: get_timestamp() shifts
WATCHDOG_THRESH = 10  # s
THRESHOLD = 2 * WATCHDOG_THRESH  # units
SAMPLE = THRESHOLD * SECOND // 5  # the timer's period
WORST = SAMPLE - 1  # the phase in which a stall is reported soonest: the last stamp is as old as it can be
MAX_TICKS = 100_000


@dataclass(frozen=True, slots=True)
class Unbroken:
    """A stretch of time in which the CPU gives way to nobody: [start, end) in ns, and the loop that takes most of it."""

    start: int
    end: int
    loop: str = ""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.end - self.start) / SECOND


@dataclass(frozen=True, slots=True)
class Sample:
    """What the watchdog did at a time (ns from the start of the call).

    who: "timer" (compares) or "stopper" (stamps). stamp: when the stopper last stamped, in ns. age: units since that stamp; period: units
    since the report's period began, None where it waits for a tick to begin. stuck: the number it reports, or None.
    """

    at: int
    who: str
    stamp: int
    age: int
    period: int | None
    stuck: int | None = None


def watch(
    unbroken: Iterable[Unbroken], end: int, phase: int = WORST, *, from_idle: bool = False, clock: int = 0
) -> tuple[Sample, ...]:
    """Every sample from 0 to `end`, and the job that still waits then.

    phase: ns from the last tick to the beginning of the longest unbroken stretch (of the call, where there is none), 0 to SAMPLE - 1.
    from_idle: the CPU has just left NO_HZ idle when that stretch begins. clock: how many ns of a unit have passed at that last tick, 0 to
    UNIT - 1; it decides where whole units end. InputError outside these ranges, and for more than MAX_TICKS ticks.
    """
    if not 0 <= phase < SAMPLE:
        raise InputError(f"phase {printable(phase)}", "a tick comes every 4 s", f"give 0 to {WORST} ns")
    if not 0 <= clock < UNIT:
        raise InputError(f"clock {printable(clock)}", "a unit has 2^30 ns", f"give 0 to {UNIT - 1}")
    if end > MAX_TICKS * SAMPLE:
        raise InputError(f"a call of {end // SECOND:,} s", f"{MAX_TICKS:,} ticks are watched", "take a smaller guest")
    spans = sorted(unbroken, key=lambda u: u.start)
    longest = longest_of(spans)
    last = longest.start - phase
    return _Watch(spans, longest.start if from_idle else None, clock - last).run(last, end)


def longest_of(unbroken: Sequence[Unbroken]) -> Unbroken:
    """The longest stretch, the first of equals; an empty one at 0 where there is none."""
    return max(unbroken, key=lambda u: u.end - u.start, default=Unbroken(0, 0))


class _Watch:
    """The two stamps of one CPU, and what came of them."""

    def __init__(self, spans: list[Unbroken], idle_until: int | None, clock: int):
        self.spans, self.idle_until, self.clock = spans, idle_until, clock
        self.samples: list[Sample] = []
        self.touched: int  # ns, as the period, which is None for "delay": the next tick begins it
        self.period: int | None
        self.queued = False

    def unit(self, at: int) -> int:
        return (at + self.clock) >> 30

    def run(self, tick: int, end: int) -> tuple[Sample, ...]:
        """Ticks on the grid of `tick`, from the last one before the call on."""
        tick -= (tick // SAMPLE + (tick % SAMPLE > 0)) * SAMPLE  # the last tick at or before 0
        self.touched = self.period = tick
        k = 0
        for at in range(tick + SAMPLE, end + 1, SAMPLE):
            while k < len(self.spans) and self.spans[k].end <= at:
                self.give_way(self.spans[k].end)
                k += 1
            self.wake(at)
            self.tick(at)
            if k == len(self.spans) or at <= self.spans[k].start:
                self.give_way(at)
        self.give_way(max(end, *(s.end for s in self.spans[k:])) if self.spans[k:] else end)
        return tuple(self.samples)

    def wake(self, at: int) -> None:
        """Leaving idle asks that the period begin anew at the next tick."""
        if self.idle_until is not None and at > self.idle_until:
            self.period, self.idle_until = None, None

    def tick(self, at: int) -> None:
        """watchdog_timer_fn(): queue the job, compare, report."""
        self.queued = True
        now, age = self.unit(at), self.unit(at) - self.unit(self.touched)
        if self.period is None:
            self.samples.append(Sample(at, "timer", self.touched, age, None))
            self.period = at
            return
        period = now - self.unit(self.period)
        stuck = age if period > THRESHOLD else None
        self.samples.append(Sample(at, "timer", self.touched, age, period, stuck))
        if stuck is not None:
            self.period = at

    def give_way(self, at: int) -> None:
        """softlockup_fn(), on the stopper: both stamps are new."""
        if self.queued:
            self.queued, self.touched, self.period = False, at, at
            self.samples.append(Sample(at, "stopper", at, 0, 0))


def reports(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """The samples that report a soft lockup."""
    return tuple(s for s in samples if s.stuck is not None)


def chance(seconds: float, from_idle: bool = False) -> float:
    """In which share of all phases an unbroken stretch of this length is reported: 0 up to 20 s, 1 from 24 s on (4 s later from idle)."""
    return min(max((seconds - (24 if from_idle else 20)) / 4, 0.0), 1.0)
