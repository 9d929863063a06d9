"""How long vCPUs wait for pamt_lock: a seeded discrete-event simulation of N TDs with M vCPUs that fault their memory in.

Each vCPU walks through regions of its own: one get that finds a count of 0 and adds a pair under a lock, then 511 gets that find
one. When a TD has all its regions one of its vCPUs tears it down: 511 puts that leave a count, one that removes the pair. A design
says which lock a region has and whether a get or put that leaves the pair alone takes it too. SimPy runs the clock; locks are
first come first served, as the kernel's queued spinlock is, so a wait is known when it begins. Times are microseconds.

Fidelity card
  modelled: lock choice of each design, the two SEAMCALLs under it, short sections waiting behind a SEAMCALL
  simplified: SEAMCALL times are drawn between the posted minimum and maximum around the posted mean
  simplified: two short sections that meet do not delay each other (they are some 50 ns long), and one that waits
    does not make the next caller wait longer
  simplified: each vCPU faults at a steady pace in regions of its own; the pace is inferred from 160 GiB in about 60 s
  left out: the timings posted in 2026 stand beside the simulation in notebook 05; it is fitted to their means and not to their maxima
  left out: cache lines of the lock and of PAMT_2M, preemption of the holder, interrupts, BUSY between pairs hosted in one another's
    regions, which per-region and hashed locks would have to handle
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from random import Random

from tdxkit.errors import InputError
from tdxkit.linux.lock.designs import ADD, DESIGNS, FAULT, PAGES, REMOVE, REST_OF_GET, REST_OF_PUT, ZAP, design_named
from tdxkit.work import Job, drive

SOURCES = ("tdx-lock-figures",)


@dataclass(frozen=True, slots=True)
class Section:
    """One turn at a lock: who, for which region, when it asked, got and left it (us), and whose region it waited behind."""

    actor: str
    what: str
    region: int
    lock: int
    asked: float
    got: float
    left: float
    behind: int | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """What a simulation measured; times in microseconds.

    `waits`: how many waits lasted less than 1, 2, 4 … us (key: the bound); `false_waits`: those behind another region's section;
    `timeline`: the first sections, for a picture.
    """

    design: str
    tds: int
    vcpus: int
    seconds: float
    gets: int
    seamcalls: int
    contentions: int
    false_waits: int
    total_wait: float
    max_wait: float
    busy: float
    waits: dict[int, int]
    timeline: tuple[Section, ...]

    @property
    def mean_wait(self) -> float:
        """Mean over the waits that happened, 0 without any."""
        return self.total_wait / self.contentions if self.contentions else 0.0

    def as_json(self) -> dict:
        """A run of `contention --json`."""
        return {k: v for k, v in asdict(self).items() if k != "timeline"} | {"mean_wait": self.mean_wait}


@dataclass(slots=True)
class _Burst:
    """The 511 counts of one actor in one region: their pace, and by how much waiting has held them up since last asked."""

    region: int
    pace: float
    delay: float = 0.0


class Simulation:
    """Give it a design and a size, `advance()` it, read `result()` at any time.

    `toggling`: that many TDs do nothing but convert one region between private and shared, a SEAMCALL under the lock each time.
    """

    def __init__(self, design: str, tds: int = 10, vcpus: int = 4, seconds: float = 60.0, *, regions: int = 8192, toggling: int = 0,
                 fault: float = FAULT, seed: int = 1, keep: int = 2000):  # fmt: skip
        for name, value, low, high in (("TDs", tds, 1, 1000), ("vCPUs", vcpus, 1, 256), ("seconds", seconds, 1e-6, 3600),
                                       ("regions", regions, 1, 1 << 24), ("toggling TDs", toggling, 0, tds), ("fault", fault, 0.1, 1e6)):  # fmt: skip
            if not low <= value <= high:
                raise InputError(
                    f"{name} {value}", f"a simulation has {low:g} to {high:g}", "give a number in that range"
                )
        self.design, self.tds, self.vcpus, self.seconds = design_named(design), tds, vcpus, seconds
        from simpy import Environment  # here, not above: the table of designs and the other bugs do without it

        self.regions, self.toggling, self.fault = regions, toggling, fault
        self.random, self.env, self.end = Random(seed), Environment(), seconds * 1e6
        self.free_at: dict[int, tuple[float, int]] = {}  # lock -> when it is free, and the region it is busy with
        self.bursts: dict[str, _Burst] = {}
        self.gets = self.seamcalls = self.contentions = self.false_waits = 0
        self.total_wait = self.max_wait = self.busy = 0.0
        self.waits: dict[int, int] = {}
        self.timeline: list[Section] = []
        self.keep = keep
        for td in range(tds):
            if td < toggling:
                self.env.process(self._toggle(td))
            else:
                self.env.process(self._life(td))

    def advance(self, events: int = 256) -> bool:
        """Run at most so many events; False when the simulation is over."""
        for _ in range(events):
            if self.env.peek() > self.end:
                return False
            self.env.step()
        return True

    def job(self) -> Job[Waits]:
        """To the end in chunks of a few ms (at the largest sizes some 20); ticks are simulated microseconds. Given up, it still has its `result()` so far."""
        while self.advance():
            yield min(self.env.now, self.end), self.end
        return self.result()

    def run(self) -> Waits:
        """To the end in one go."""
        return drive(self.job())

    def result(self) -> Waits:
        """What was measured up to now."""
        return Waits(self.design.name, self.tds, self.vcpus, min(self.env.now, self.end) / 1e6, self.gets, self.seamcalls,
                      self.contentions, self.false_waits, self.total_wait, self.max_wait, self.busy, dict(sorted(self.waits.items())),
                      tuple(self.timeline))  # fmt: skip

    # The actors. A yield is time passing.

    def _life(self, td: int) -> Iterator:
        first = td * self.regions
        own = [range(first + cpu, first + self.regions, self.vcpus) for cpu in range(self.vcpus)]
        yield self.env.all_of(
            [self.env.process(self._vcpu(f"TD {td} vCPU {cpu}", own[cpu])) for cpu in range(self.vcpus)]
        )
        for region in range(first, first + self.regions):
            yield from self._burst(f"TD {td} teardown", region, ZAP)
            yield self._section(f"TD {td} teardown", "REMOVE", region, REMOVE.draw(self.random) + REST_OF_PUT)

    def _vcpu(self, actor: str, regions: range) -> Iterator:
        yield self.env.timeout(self.random.uniform(0, PAGES * self.fault))  # vCPUs do not start in step
        for region in regions:
            yield self.env.timeout(self.fault)
            yield self._section(actor, "ADD", region, ADD.draw(self.random) + REST_OF_GET)
            self.gets += 1
            yield from self._burst(actor, region, self.fault)
            self.gets += PAGES - 1

    def _toggle(self, td: int) -> Iterator:
        region = td * self.regions
        while True:
            yield self._section(f"TD {td} toggling", "ADD", region, ADD.draw(self.random) + REST_OF_GET)
            yield self.env.timeout(self.fault)
            yield self._section(f"TD {td} toggling", "REMOVE", region, REMOVE.draw(self.random) + REST_OF_PUT)
            yield self.env.timeout(ZAP)

    def _section(self, actor: str, what: str, region: int, hold: float):
        """Ask for the region's lock, hold it for a SEAMCALL; the event of having left it."""
        now, lock = self.env.now, self.design.lock_of(region)
        free, holder = self.free_at.get(lock, (0.0, region))
        got = max(now, free)
        left = got + hold
        self.free_at[lock] = left, region
        self.seamcalls += 1
        self.busy += hold
        if got > now:
            self._waited(got - now, holder != region)
        if len(self.timeline) < self.keep:
            self.timeline.append(Section(actor, what, region, lock, now, got, left, holder if got > now else None))
        if self.design.counts_under_lock:
            for burst in self.bursts.values():
                if self.design.lock_of(burst.region) == lock:
                    self._hold_up(burst, got, left, region)
        return self.env.timeout(left - now)

    def _burst(self, actor: str, region: int, pace: float) -> Iterator:
        """511 gets or puts that only count. Without the lock they are time passing; with it each may wait behind a SEAMCALL."""
        time = (PAGES - 1) * pace
        burst = self.bursts[actor] = _Burst(region, pace)
        while time:
            yield self.env.timeout(time)
            time, burst.delay = burst.delay, 0.0
        del self.bursts[actor]

    def _hold_up(self, burst: "_Burst", got: float, left: float, region: int) -> None:
        """A count that is asked for while a SEAMCALL runs waits for its end. Counts come at random (a Poisson stream), so the
        time to the next one does not depend on the last one, and vCPUs do not fall into step."""
        wait = left - got - self.random.expovariate(1 / burst.pace)
        if wait > 0:
            burst.delay += wait
            self._waited(wait, burst.region != region)

    def _waited(self, time: float, false: bool) -> None:
        self.contentions += 1
        self.false_waits += false
        self.total_wait += time
        self.max_wait = max(self.max_wait, time)
        bound = 1 << max(0, int(time).bit_length())
        self.waits[bound] = self.waits.get(bound, 0) + 1


def designs_job(results: dict[str, Waits], designs: Iterable[str] = DESIGNS, **size) -> Job[dict[str, Waits]]:
    """Simulate several designs at one size into `results`, which has what there is when it is given up. Ticks are designs done."""
    names = tuple(designs)
    for k, name in enumerate(names):
        simulation = Simulation(name, **size)
        try:
            for now, end in simulation.job():
                yield k + now / end, len(names)
        finally:
            results[name] = simulation.result()
    return results


def under_way(designs: Iterable[str] = DESIGNS) -> Callable[[float, float], str]:
    """What a tick of `designs_job` says: the design that is simulated, and how far it is."""
    names = tuple(designs)
    return lambda done, _total: f"{names[min(int(done), len(names) - 1)]}: {done % 1:.0%}"


__all__ = ["DESIGNS", "Section", "Simulation", "Waits", "designs_job", "under_way"]
