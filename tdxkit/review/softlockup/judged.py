"""What this workbook has to say of a report: how long, in which loop, on which kernel; and what its model finds with the patch and without.

    >>> from tdxkit.review.softlockup.reading import read_report
    >>> from tdxkit.review.softlockup.report import posted_text
    >>> found = Finding(read_report(posted_text()))
    >>> found.loop.name, [(v.without.lockup, v.patched.lockup) for v in found.verdicts]
    ('store', [(True, False)])

The model is of the loops of KVM_SET_MEMORY_ATTRIBUTES. It judges the call whose range the registers show, alone and on an empty tree, with the
costs that the reporter measured; where the banner names no preemption model, each that the release has. Of any other loop it says nothing.

Fidelity card
  modelled: the call's range, the release's text without the patch and with its version 2, the preemption model and build of the banner
  simplified: the tree is empty before the call; a page costs what it cost on the reporter's machine
  left out: ranges of more than 64 TiB, what a distribution has put in or taken out, PREEMPT_RT, hung tasks and hard lockups: those loops sleep nowhere and leave interrupts on
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from tdxkit.linux.memattr.ioctl import Kvm, MemoryAttributes, kvm_set_memory_attributes
from tdxkit.linux.softlockup.kernels import Kernel, kernel_named
from tdxkit.linux.softlockup.lockup import Judgement, Work, judge, size_text
from tdxkit.linux.softlockup.preempt import MODELS
from tdxkit.linux.softlockup.watchdog import SECOND, UNIT
from tdxkit.linux.xarray.tree import xa_stat
from tdxkit.review.softlockup.banner import attributes_since, banner_in
from tdxkit.review.softlockup.lines import Line
from tdxkit.review.softlockup.loops import Loop, call_of, loop_of, names_of
from tdxkit.review.softlockup.registers import Reading, reading_of
from tdxkit.review.softlockup.report import Report
from tdxkit.text import many, plural
from tdxkit.units import TIB, human

SOURCES = ("linux-memattr", "linux-watchdog", "linux-rcu-stall", "snp-lockup-v1", "rhel-guest-lockup", "linux-report")
UNKNOWN = "6.15"  # the release that is judged where the banner names none
OLDEST = "6.8"
COST = "the reporter's"
MOST = 64 * TIB  # larger ranges are not judged: their calls take hours
_JUDGED = ("soft lockup", "RCU stall", "backtrace", "trace", "task")
_SPINS = ("soft lockup", "RCU stall", "hard lockup")
_GUEST = (
    "QEMU",
    "KVM",
    "VMware",
    "VirtualBox",
    "Virtual Machine",
    "Bochs",
    "Google Compute Engine",
    "Amazon EC2",
    "OpenStack",
    "Xen HVM",
)


@dataclass(frozen=True)
class Verdict:
    """The model's two answers under one preemption model."""

    without: Judgement
    patched: Judgement

    def words(self) -> str:
        """In a sentence."""
        without, patched = _word(self.without), _word(self.patched)
        return (
            f"with the patch and without {patched}"
            if patched == without
            else f"without the patch {without}; with it {patched}"
        )

    def as_json(self) -> dict[str, object]:
        """As data: seconds is the longest stretch in which the CPU gives way to nobody."""
        one = self.without
        return {"kernel": one.kernel.name, "preempt": one.preempt, "build": one.build, "without": _data(one), "patched": _data(self.patched)}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """A report and what follows from it; elsewhere: lines of the same log about the kernel."""

    report: Report
    elsewhere: tuple[Line, ...] = ()

    @cached_property
    def loop(self) -> Loop:
        """The loop it was in."""
        found = loop_of(names_of(self.report))
        if not found.name and self.reading:
            return Loop(
                "?", "KVM_SET_MEMORY_ATTRIBUTES by user space's registers; the callers shown do not tell in which loop"
            )
        return found

    @cached_property
    def reading(self) -> Reading | None:
        """The range that was being set, None where the registers do not say."""
        return reading_of(self.report)[0]

    @cached_property
    def banner(self):
        """The kernel, as the banner has it."""
        return banner_in(self.report, self.elsewhere)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The model's answers; none where it has nothing to say."""
        if not self.reading or self.report.kind not in _JUDGED or self.banner.rt or self.reading.call.size > MOST:
            return ()
        kernel = self.banner.kernel or kernel_named(OLDEST if self.banner.release else UNKNOWN)
        models = (self.banner.model,) if self.banner.model in kernel.models else kernel.models
        return _verdicts(self.reading.call, kernel, models, self.banner.build)

    def says(self) -> tuple[str, ...]:
        """All of it in sentences, what was printed first."""
        first, where, model = self._parts()
        return (*first, *where, *model)

    def columns(self) -> tuple[str, str, str]:
        """The same as three cells of a table: what the kernel says, where it was, what the model says."""
        return tuple(". ".join([*part[:1], *(one[:1].upper() + one[1:] for one in part[1:])]) for part in self._parts())

    def _parts(self) -> tuple[list[str], list[str], list[str]]:
        shown = f"in {self.loop.says}" if self.loop.says else "no function that it was in is shown"
        loop = self.loop.says if self.loop.name else shown
        return [self.headline(), *self._whose(), *self._kernel()], [loop, *self._call()], self._model()

    def headline(self) -> str:
        """What the kernel complains of, of whom, and how long."""
        said, kind = self.report.fields, self.report.kind
        cpus = self.report.cpus
        who = (
            f"{said['command']} (thread {said['pid']})"
            if "pid" in said and "command" in said
            else said.get("command", "")
        )
        on = f" on {plural(len(cpus), 'CPU')} {', '.join(map(str, cpus))}" if cpus and kind != "hung task" else ""
        long = how_long(kind, said)
        what = {
            "trace": "registers or callers, without the line that says why they were printed",
            "task": "a task's stack",
            "backtrace": "a backtrace by NMI",
        }.get(kind, kind)
        if kind in ("oops", "warning", "panic"):
            what += f": {said.get('what', '')}"
        return what + on + (f", {who}" if who else "") + (f": {long}" if long else "")

    def _whose(self) -> list[str]:
        rows = []
        if self.report.mixed:
            rows.append(
                "lines of several CPUs stand among each other and nothing says whose each is, so no registers are read; a kernel with CONFIG_PRINTK_CALLER would print it"
            )
        if self.report.doubt:
            rows.append(
                "other reports begin before it or go on in it, and nothing says whose each line is: what follows may be of one of them"
            )
        hardware = self.report.fields.get("hardware", "")
        if self.report.kind in _SPINS and any(name in hardware for name in _GUEST):
            rows.append(
                f"{hardware}: this kernel is itself a guest. A vCPU that the host does not run looks the same from inside"
            )
        return rows

    def _kernel(self) -> list[str]:
        name = f"Linux {self.banner.release}: " if self.banner.release else ""
        return [name + self.banner.preemption()] if name or self.banner.printed else []

    def _call(self) -> list[str]:
        asked = call_of(self.report.user)
        if self.reading:
            call, (start, end) = self.reading.call, self.reading.gfns
            attributes = {8: "PRIVATE", 0: "no attribute"}[call.attributes]
            guest = (
                f"the upper RAM of a guest of {size_text(self.reading.guest)}"
                if self.reading.guest
                else "the upper RAM of no guest of whole GiB, so it may be a part that is converted, or not the range"
            )
            return [
                f"address {call.address:#x}, size {call.size:#x} ({size_text(call.size)} at {human(call.address)}), {attributes}: "
                f"GFNs [{start:#x}, {end:#x}), {many(self.reading.pages, 'page')}, {guest}"
            ]
        return [f"user space asked for {asked}"] if asked else []

    def _model(self) -> list[str]:
        if not self.verdicts:
            return [f"this workbook's model has nothing to say of it: {self._silent()}"]
        said: dict[str, list[str]] = {}  # models that come to the same stand together
        for verdict in self.verdicts:
            said.setdefault(verdict.words(), []).append(MODELS[verdict.without.preempt].shown)
        late = attributes_since(self.banner)
        each = "" if self.banner.model else "; the banner does not say which preemption model runs"
        whole = f"this workbook's model, {self.verdicts[0].without.kernel}, {COST} costs{each}"
        return [
            *([late] if late else []),
            whole,
            *(f"{' and '.join(models)}: {words}" for words, models in said.items()),
        ]

    def _silent(self) -> str:
        if self.report.kind not in _JUDGED:
            return {
                "hung task": "a task that sleeps too long holds no CPU",
                "hard lockup": "the loops that it models leave interrupts on",
            }.get(self.report.kind, "it models no oops, warning or panic")
        if self.banner.rt:
            return "it has no PREEMPT_RT"
        if self.reading and self.reading.call.size > MOST:
            return "it judges ranges of up to 64 TiB"
        if self.loop.name:
            return f"the range is not known: {reading_of(self.report)[1]}"
        another = ", and this is another" if self.loop.says else ": which this was the report does not show"
        return f"it is of the loops of KVM_SET_MEMORY_ATTRIBUTES{another}"

    def as_json(self) -> dict[str, object]:
        """The answer of `python -m tdxkit report --json` for one report."""
        said, reading = self.report.fields, self.reading
        number = said.get("stuck") or said.get("time")
        return {
            "kind": self.report.kind, "line": self.report.at, "cpus": list(self.report.cpus), "command": said.get("command"),
            "pid": int(said["pid"]) if "pid" in said else None, "time": int(number) if number else None,
            "unit": ("jiffies" if self.report.kind == "RCU stall" else "s") if number else None,
            "release": self.banner.release or None, "preempt": self.banner.printed or None, "model": self.banner.model,
            "loop": self.loop.name or None, "stack": names_of(self.report), "asked": call_of(self.report.user) or None,
            "call": reading and call_json(reading), "mixed": self.report.mixed, "doubt": self.report.doubt, "verdicts": [v.as_json() for v in self.verdicts],
            "says": list(self.says()),
        }  # fmt: skip


def call_json(reading: Reading) -> dict[str, object]:
    """The range of a call as data."""
    return {"start": reading.gfns[0], "end": reading.gfns[1], "pages": reading.pages, "guest": reading.guest}


def how_long(kind: str, said: dict[str, str]) -> str:
    """The time that a head prints, in seconds where that is known."""
    stuck, jiffies = int(said.get("stuck", 0)), int(said.get("stuck") or said.get("time") or 0)
    if kind == "soft lockup":
        low, high = stuck * UNIT / SECOND, (stuck + 1) * UNIT / SECOND
        return f"{many(stuck, 'unit')} of 2³⁰ ns, {low:.1f} to {high:.1f} s since the stopper's last stamp"
    if kind == "RCU stall" and jiffies:
        return (
            f"{many(jiffies, 'jiffy')}: {_seconds(jiffies / 1000)} s at HZ=1000, {_seconds(jiffies / 250)} s at HZ=250"
        )
    if kind == "hung task":
        return f"blocked for more than {stuck} s"
    return ""


def _seconds(time: float) -> str:
    return f"{time:,.1f}" if time >= 1 else f"{time:.3f}"


@lru_cache(maxsize=64)  # a log repeats its reports
def _verdicts(call: MemoryAttributes, kernel: Kernel, models: tuple[str, ...], build: str) -> tuple[Verdict, ...]:
    without, patched = (_done(call, kernel, patch) for patch in (None, "v2"))
    dynamic = build != "fixed"
    pairs = ([judge(done, kernel, model, dynamic=dynamic) for done in (without, patched)] for model in models)
    return tuple(Verdict(*pair) for pair in pairs)


def _done(call: MemoryAttributes, kernel: Kernel, patch: str | None) -> Work:
    """What the model does for this one call; what is to be cleared is set first."""
    kvm, clear = Kvm(kernel.with_patch(patch)), not call.attributes
    result = kvm_set_memory_attributes(kvm, call.address, call.size, call.attributes or 8)
    tree = xa_stat(kvm.mem_attr_array)
    if clear:
        result = kvm_set_memory_attributes(kvm, call.address, call.size, 0)
    return Work(call.size, kvm.text, (result,), tree, clear)


def _word(verdict: Judgement) -> str:
    held = f"the CPU is held for {verdict.longest.seconds:.1f} s"
    if not verdict.lockup:
        return f"no lockup, {held} at most"
    stall = ", and an RCU stall" if verdict.rcu_stall else ""
    odds = "" if verdict.chance == 1 else f" in {verdict.chance:.0%} of the watchdog's phases"
    return f"a soft lockup{odds}, in the {verdict.loop} loop, first “stuck for {verdict.stuck}s”{stall}: {held}"


def _data(verdict: Judgement) -> dict[str, object]:
    return {"lockup": verdict.lockup, "stuck": verdict.stuck, "loop": verdict.loop, "seconds": round(verdict.longest.seconds, 2), "rcu_stall": verdict.rcu_stall}  # fmt: skip
