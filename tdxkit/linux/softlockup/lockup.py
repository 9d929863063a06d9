"""Does setting memory attributes on a whole guest trip the watchdog? The call as the model runs it, timed, scheduled, watched.

    >>> verdict = lockup(1500 << 30, "6.15", "voluntary")
    >>> verdict.lockup, verdict.loop, verdict.stuck, round(verdict.longest.seconds, 1)
    (True, 'store', 22, 34.8)
    >>> lockup(1500 << 30, "6.15", "voluntary", patch="v2").lockup
    False

How many pages each loop goes through is counted by the XArray model, how long one takes is a parameter (`loop_cost`), where the CPU
gives way comes from `preempt`, who notices from `watchdog`.

Fidelity card
  modelled: one ioctl a range of the guest's RAM, the loops in their order, where each preemption model lets the scheduler in, the
    watchdog's samples, which loop runs when it reports
  modelled: that only the store loop is unbroken on a voluntary kernel follows from the loops' preemption points. It fits the mails
    (the reported stack, the batches of version 1); no mail says it
  simplified: other runnable tasks share the CPU evenly wherever the loop gives way; what they missed before is not made up for
  simplified: an RCU stall is due after `rcu_timeout` seconds without a quiescent state, counted from the start of the stretch. 21 is the
    default of CONFIG_RCU_CPU_STALL_TIMEOUT (linux-rcu-stall); distributions commonly set 60, UEK's and Red Hat's configurations among
    them (distro-rcu-stall). What the reported host's had is not known
  left out: memory running short, a host that migrates the thread, SMT
"""

from dataclasses import dataclass
from functools import cached_property

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr.guest_ram import set_guest
from tdxkit.linux.memattr.ioctl import KernelText, Kvm
from tdxkit.linux.memattr.result import SetResult
from tdxkit.linux.softlockup.kernels import Kernel, kernel_named
from tdxkit.linux.softlockup.loop_cost import PageCost, cost_named
from tdxkit.linux.softlockup.preempt import model_named, stops
from tdxkit.linux.softlockup.watchdog import SECOND, WORST, Sample, Unbroken, chance, longest_of, reports, watch
from tdxkit.linux.xarray.tree import Stat, xa_stat
from tdxkit.units import GIB, TIB, human

SOURCES = ("linux-memattr", "linux-preempt", "linux-watchdog", "linux-rcu-stall", "distro-rcu-stall")
RCU_STALL_TIMEOUT = 21  # s, the default; the kernel takes RCU_STALL_RANGE
RCU_STALL_RANGE = 3, 300
MAX_OTHERS = 100


def size_text(size: int) -> str:
    """A guest's size as people order it: in GiB, up to a hundred TiB."""
    if not GIB <= size < 100 * TIB:
        return human(size)
    return f"{size // GIB:,} GiB" if size % GIB == 0 else f"{size / GIB:,.1f} GiB"


@dataclass(frozen=True, slots=True)
class Work:
    """What the model did for a whole guest: the results of the ioctls in order, the tree afterwards, and whether it was cleared."""

    size: int
    text: KernelText
    results: tuple[SetResult, ...]
    tree: Stat
    clearing: bool = False

    @property
    def pages(self) -> int:
        """Pages that the store loops went through."""
        return sum(result.total("store") for result in self.results)


def work(size: int, text: KernelText | None = None, *, clear: bool = False, amd: bool = True) -> Work:
    """Set PRIVATE on all RAM of a guest of `size` bytes; with `clear` set it first and take it away again, counting that.

    `tree` is the full tree in both cases.
    """
    kvm = Kvm(text or KernelText())
    results = set_guest(kvm, size, amd=amd)
    tree = xa_stat(kvm.mem_attr_array)
    if clear:
        results = set_guest(kvm, size, 0, amd=amd)
    return Work(size, kvm.text, results, tree, clear)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A loop of one ioctl in time: [start, end) in ns, and the preemption points at which the CPU may give way in it."""

    call: int
    loop: str
    pages: int
    start: int
    end: int
    stops: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.end - self.start) / SECOND


def schedule(done: Work, preempt: str, cost: PageCost, others: int = 0) -> tuple[Stretch, ...]:
    """Every loop in time; where it gives way, each of `others` runnable tasks gets as much of the CPU as it does."""
    if not 0 <= others <= MAX_OTHERS:
        raise InputError(f"{printable(others)} other tasks", f"0 to {MAX_OTHERS} may want the CPU", "give fewer")
    made, now = [], 0
    for call, result in enumerate(done.results):
        for phase in result.phases:
            points = stops(preempt, phase)
            took = cost.ns(phase.loop, phase.pages, done.clearing) * (1 + others * bool(points))
            made.append(Stretch(call, phase.loop, phase.pages, now, now + took, points))
            now += took
    return tuple(made)


def end_of(stretches: tuple[Stretch, ...]) -> int:
    """When the last one ends, in ns; 0 where there is none."""
    return max((s.end for s in stretches), default=0)


def unbroken_of(stretches: tuple[Stretch, ...]) -> tuple[Unbroken, ...]:
    """Where the CPU gives way to nobody: from one preemption point to the next, or to the return to user space."""
    found, start, loops = [], 0, []

    def close(end: int) -> None:
        if loops and end > start:
            found.append(Unbroken(start, end, max(loops, key=lambda s: s.end - s.start).loop))
        loops.clear()

    for before, stretch in zip((None, *stretches), stretches):
        if before and before.call != stretch.call:
            close(before.end)
            start = stretch.start
        if stretch.stops:
            close(stretch.start)
            start = stretch.end
        else:
            loops.append(stretch)
    close(end_of(stretches))
    return tuple(found)


@dataclass(frozen=True)
class Judgement:
    """What came of it. Times in ns; `preempt` is a name of `preempt.MODELS`, `build` "dynamic" or "fixed"."""

    work: Work
    kernel: Kernel
    preempt: str
    cost: PageCost
    stretches: tuple[Stretch, ...]
    unbroken: tuple[Unbroken, ...]
    samples: tuple[Sample, ...]
    others: int
    build: str
    from_idle: bool
    rcu_timeout: int

    @property
    def patched(self) -> bool:
        """Does it have cond_resched() in both loops?"""
        return self.work.text.patch == "v2"

    @property
    def end(self) -> int:
        """When the last ioctl returns, in ns."""
        return end_of(self.stretches)

    @property
    def seconds(self) -> float:
        """How long the calls take in all."""
        return self.end / SECOND

    @property
    def longest(self) -> Unbroken:
        """The longest unbroken stretch."""
        return longest_of(self.unbroken)

    @cached_property
    def reports(self) -> tuple[Sample, ...]:
        """The watchdog's reports in order."""
        return reports(self.samples)

    @property
    def lockup(self) -> bool:
        """Did the watchdog report?"""
        return bool(self.reports)

    @property
    def stuck(self) -> int | None:
        """The number that the first report prints."""
        return self.reports[0].stuck if self.reports else None

    @property
    def loop(self) -> str | None:
        """The loop that ran when the first report came."""
        return self.loop_at(self.reports[0].at) if self.reports else None

    @property
    def chance(self) -> float:
        """In which share of the watchdog's phases a report comes."""
        return chance(self.longest.seconds, self.from_idle)

    @property
    def rcu_stall(self) -> bool:
        """Is a warning of RCU due too? Only the check is an RCU reader; elsewhere a fixed NONE or VOLUNTARY build has PREEMPT_RCU off
        and must give way to make a quiescent state."""
        preemptible = self.build == "dynamic" or self.preempt in ("full", "lazy")
        reading = any(s.seconds > self.rcu_timeout for s in self.stretches if s.loop == "check")
        return reading or (not preemptible and self.longest.seconds > self.rcu_timeout)

    def loop_at(self, at: int) -> str:
        """The loop that runs at a time."""
        return next((s.loop for s in self.stretches if s.start <= at < s.end), "")

    def as_json(self) -> dict[str, object]:
        """The answer of `python -m tdxkit lockup --json`, but for the guest's size as it was written."""
        return {
            "guest": self.work.size,
            "pages": self.work.pages,
            "nodes": self.work.tree.nodes,
            "bytes": self.work.tree.bytes,
            "seconds": round(self.seconds, 2),
            "lockup": self.lockup,
            "stuck": self.stuck,
            "loop": self.loop,
            "kernel": self.kernel.name,
            "preempt": self.preempt,
            "patched": self.patched,
            "cost": self.cost.name,
        }


def lockup(
    size: int, kernel: str = "6.15", preempt: str = "voluntary", cost: str | PageCost = "reporter", *, patch: str | None = "as is",
    others: int = 0, phase: int = WORST, from_idle: bool = False, dynamic: bool = True, clear: bool = False,
    rcu_timeout: int = RCU_STALL_TIMEOUT,
) -> Judgement:  # fmt: skip
    """Set (or `clear`) the attributes of a guest of `size` bytes and judge it.

    patch: None, "v1", "v2", or "as is": what the release carries. others: tasks that want the same CPU. phase, from_idle: as for
    `watchdog.watch`. dynamic: a PREEMPT_DYNAMIC build, which has PREEMPT_RCU. rcu_timeout: CONFIG_RCU_CPU_STALL_TIMEOUT, in s, 3 to 300.
    InputError for a kernel without this preemption model.
    """
    release = kernel_named(kernel)
    done = work(size, release.with_patch(release.patch if patch == "as is" else patch), clear=clear)
    return judge(
        done, release, preempt, cost, others=others, phase=phase, from_idle=from_idle, dynamic=dynamic, rcu_timeout=rcu_timeout
    )  # fmt: skip


def judge(
    done: Work, kernel: Kernel, preempt: str = "voluntary", cost: str | PageCost = "reporter", *, others: int = 0, phase: int = WORST,
    from_idle: bool = False, dynamic: bool = True, rcu_timeout: int = RCU_STALL_TIMEOUT,
) -> Judgement:  # fmt: skip
    """As `lockup`, for work that is done already."""
    low, high = RCU_STALL_RANGE
    if not low <= rcu_timeout <= high:
        raise InputError(
            f"RCU stall timeout {printable(rcu_timeout)}", f"the kernel takes {low} to {high} s", "give one of these"
        )
    name = model_named(preempt).name
    kernel.must_have(name)
    cost = cost if isinstance(cost, PageCost) else cost_named(cost)
    stretches = schedule(done, name, cost, others)
    unbroken = unbroken_of(stretches)
    samples = watch(unbroken, end_of(stretches), phase, from_idle=from_idle)
    build = "dynamic" if dynamic else "fixed"
    return Judgement(done, kernel, name, cost, stretches, unbroken, samples, others, build, from_idle, rcu_timeout)
