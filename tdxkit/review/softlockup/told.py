"""A kernel's report told line by line: what each line says, and what follows from it where something does.

    >>> from tdxkit.review.softlockup.reading import read_report
    >>> from tdxkit.review.softlockup.report import posted_text
    >>> rows = told(read_report(posted_text()))
    >>> rows[0].follows.split(";")[0]
    "26 units of 2³⁰ ns, 27.9 to 29.0 s since the stopper's last stamp"

What follows is worked out from the line and the lines around it, for any report; what needs a certain function or call says nothing
where another one stands. Facts: linux-report, linux-preempt-string, linux-watchdog, linux-xarray.

Fidelity card
  modelled: the meaning of each line; what one register says of another; the code bytes around RIP as far as a handful of patterns go
  simplified: where a compiler keeps a variable is read off the posted report's code bytes, and said only where the same function stands
  left out: a disassembler
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tdxkit.errors import InputError
from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.review.softlockup.banner import banner_of
from tdxkit.review.softlockup.judged import how_long
from tdxkit.review.softlockup.lines import Line
from tdxkit.review.softlockup.loops import loop_of, names_of, plain
from tdxkit.review.softlockup.registers import reading_of
from tdxkit.review.softlockup.report import Report

SOURCES = ("snp-lockup-v2", "linux-report", "linux-preempt-string", "linux-watchdog", "linux-xarray")


class Told(NamedTuple):
    """A row: the line as it stands, what such a line says, what follows from this one ("" for nothing)."""

    line: str
    says: str
    follows: str


FRAMES = {
    "xas_create": "sees to it that there are nodes down to the slot",
    "xas_store": "puts an entry in its place",
    "__xa_store": "stores, with xa_lock held",
    "xa_store": "takes xa_lock, stores, lets it go",
    "__xa_cmpxchg": "reserves, or replaces one entry by another",
    "kvm_vm_set_mem_attributes": "KVM's loops over the range",
    "kvm_vm_ioctl": "an ioctl on a VM's file descriptor",
    "__x64_sys_ioctl": "the system call ioctl()",
    "do_syscall_64": "calls the system call of that number",
    "entry_SYSCALL_64_after_hwframe": "the way in from user space",
}
_EFLAGS_IF = 1 << 9
_CR4 = {7: "PGE", 12: "LA57", 16: "FSGSBASE", 17: "PCIDE", 20: "SMEP", 21: "SMAP", 22: "PKE", 23: "CET"}


def told(report: Report) -> tuple[Told, ...]:
    """Every line of the report that is one of a report's, in order."""
    teller = _Teller(report)
    return tuple(teller.tell(line) for line in report.lines if line.kind != "other")


class _Teller:
    """A report, and what its registers say of each other."""

    def __init__(self, report: Report):
        self.report = report
        self.reading, _ = reading_of(report)
        at = report.kernel_context
        rips = (line.fields.get("where", "") for line in report.lines if line.kind == "rip" and line.context == at)
        self.where = next(rips, "")
        self.notes = {at: dict(self._kernel())}  # by set of registers: an interrupt's are none of these
        if report.user_context is not None:
            self.notes[report.user_context] = dict(self._user())

    def tell(self, line: Line) -> Told:
        says, follows = getattr(self, f"_{line.kind}")(line)
        return Told(line.text, says, follows)

    def _head(self, line: Line) -> tuple[str, str]:
        said, what = line.fields, line.fields["report"]
        if what != "soft lockup":
            return _HEADS[what], how_long(what, said)
        units = int(said["stuck"])
        whom = f" reports {said['command']}, thread {said['pid']}" if "pid" in said else " reports a thread"
        says, follows = f"the watchdog of CPU {said['cpu']}{whom}", how_long(what, said)
        if units in (22, 23):
            follows += "; the first tick at which a report can come"
        elif units in (26, 27):
            follows += "; one tick after the first that can report, which would fit a CPU fresh from idle"
        return says, follows

    def _task(self, line: Line) -> tuple[str, str]:
        said = line.fields
        follows = []
        if said.get("uid") == "0":
            follows.append("run by root")
        if "kdump" in said:
            follows.append("a crash kernel is loaded: a panic would leave a dump")
        soft = self.report.kind == "soft lockup"
        if said.get("taint") == "Not tainted" and soft:
            follows.append("the first soft lockup since boot: the kernel taints itself (L) only after it has printed")
        elif re.search(r"\bL\b|SOFTLOCKUP", said.get("taint", "")):
            follows.append("not the first soft lockup since boot")
        return "user, process, crash kernel, taint, release, build, preemption", "; ".join(
            [*follows, *_kernel_of(said)]
        )

    def _hardware(self, line: Line) -> tuple[str, str]:
        return "the machine and its firmware, as DMI names them", ""

    def _rip(self, line: Line) -> tuple[str, str]:
        if line.user:
            return "where user space goes on", "selector 0033: user code, so no function is named"
        found = re.fullmatch(r"([\w.]+)\+0x([0-9a-f]+)/0x([0-9a-f]+)", line.fields.get("where", ""))
        timer = self.report.kind == "soft lockup" and line.context == 0
        says = (
            "the instruction at which the timer interrupted the kernel"
            if timer
            else "the instruction at which the kernel was"
        )
        if not found:
            return says, ""
        what = f"; it {FRAMES[found[1]]}" if found[1] in FRAMES else ""
        return says, f"{found[1]}(), {int(found[2], 16)} bytes into its {int(found[3], 16)}{what}"

    def _code(self, line: Line) -> tuple[str, str]:
        before, _, after = line.fields.get("code", "").partition("<")
        before, after = before.strip(), after.replace(">", "").strip()
        follows = []
        if before.endswith("48 85 c0") and after.startswith("74") and line.context == self.report.kernel_context:
            zero = self.report.kernel.get("RAX") == 0
            follows.append(
                f"test RAX, jump if zero: RAX is {'zero: it jumps' if zero else 'not zero: it goes on with that entry'}"
            )
        if found := re.search(r"b8 ([0-9a-f]{2}) 00 00 00 0f 05$", before):
            follows.append(f"the instructions before it are mov ${int(found[1], 16):#x}, EAX and syscall")
        if after.startswith("48 3d 01 f0 ff ff"):
            follows.append("compares the result with −4095, as a C library does after a system call")
        return "the bytes around RIP, the one at RIP in brackets", "; ".join(follows)

    def _registers(self, line: Line) -> tuple[str, str]:
        notes = self.notes.get(line.context, {})
        said = [f"{name}: {notes[name]}" for name in line.registers if name in notes]
        return "user space's registers" if line.user else "the kernel's registers", "; ".join(said)

    def _mark(self, line: Line) -> tuple[str, str]:
        stack = line.text.lower().startswith(("call trace", "stack", "backtrace"))
        return "what follows" if stack else "whose stack it is" if line.text[0] == "<" else "the end", _MARKS.get(
            line.text, ""
        )

    def _frame(self, line: Line) -> tuple[str, str]:
        said = line.fields
        where = f" in module {said['module']}" if "module" in said else ""
        at = said.get("path", "").strip() or "a place that is not printed"
        if "at" in said:
            at = f"byte {int(said['at'], 16)} of {int(said['size'], 16)}"
        says = f"goes on at {at}{where}" + (", perhaps a leftover" if "unsure" in said else "")
        function = plain(said["function"])
        follows = FRAMES.get(function, "")
        if function == "kvm_vm_set_mem_attributes":
            names = names_of(self.report)
            how = {"store": "by xa_store(), so the store loop: reserving goes by __xa_cmpxchg()"}
            loop = loop_of(names)
            follows += f"; {how.get(loop.name, loop.says)}" if function in names else ""
        return says, follows

    def _state(self, line: Line) -> tuple[str, str]:
        sleeps = "it sleeps and takes no signal" if line.fields.get("state", "").startswith("D") else ""
        return "a task, its state and its numbers", sleeps

    def _stalled(self, line: Line) -> tuple[str, str]:
        return f"CPU {line.fields['cpu']} has not gone through a quiescent state", ""

    def _time(self, line: Line) -> tuple[str, str]:
        return "since when the grace period lasts", how_long("RCU stall", line.fields)

    def _idle(self, line: Line) -> tuple[str, str]:
        return f"CPU {line.fields['cpu']} was idle", ""

    def _kernel(self) -> Iterator[tuple[str, str]]:
        have = self.report.kernel
        yield from (
            (name.removeprefix("kernel "), what) for name, _, what in self._read() if name.startswith("kernel ")
        )
        if "EFLAGS" in have:
            yield "EFLAGS", f"interrupts {'on: the timer could tick' if have['EFLAGS'] & _EFLAGS_IF else 'off'}"
        if "CS" in have:
            yield "CS", f"privilege level {have['CS'] & 3}"
        if self.where.startswith("xas_create+") and have.get("R12", 0) - have.get("R13", 0) == 8:
            yield "R13", "the XArray itself, 8 bytes before R12"
            yield "R12", "the address of the XArray's head"
            yield "R14", f"order {have.get('R14', 0)}: a single index"
        if 0 < have.get("RBX", 0) - have.get("RSP", 1 << 64) < 0x1000:
            yield "RBX", f"{have['RBX'] - have['RSP']:#x} bytes above RSP, so on the stack: the XA_STATE, it seems"
        if "CR3" in have:
            yield "CR3", f"page tables at {have['CR3'] & ~0xFFF:#x}, PCID {have['CR3'] & 0xFFF}"
        if "CR4" in have:
            on = [name for bit, name in _CR4.items() if have["CR4"] >> bit & 1]
            yield "CR4", ", ".join(on) + (" (no LA57: four levels of page tables)" if "LA57" not in on else "")
        if "CR2" in have:
            yield (
                "CR2",
                "the address of the last page fault, "
                + ("of user space" if have["CR2"] >> 47 == 0 else "of the kernel"),
            )
        if have.get("PKRU") == 0x55555554:
            yield "PKRU", "as the kernel sets it: of 16 keys only key 0 is open"
        yield from ((name, what) for name, what in _BASES.items() if name in have)

    def _user(self) -> Iterator[tuple[str, str]]:
        have = self.report.user
        yield from ((name, what) for name, _, what in self._read() if not name.startswith("kernel "))
        rip = next((line.fields["where"] for line in self.report.lines if line.kind == "rip" and line.user), "")
        if rip == f"{have.get('RCX', 0):#x}":
            yield "RCX", "equals RIP: syscall keeps the way back there"
        if "R11" in have and have["R11"] == have.get("EFLAGS"):
            yield "R11", "equals EFLAGS: syscall keeps them there"
        if have.get("RAX") == (1 << 64) - 38:
            yield "RAX", "−38, −ENOSYS: what the way in puts there until the call has a result"
        if self.reading:
            twins = (("RBX", "RSI"), ("RBP", "R8"), ("R13", "RDX"))
            yield from ((a, f"equals {b}") for a, b in twins if have.get(a, -1) == have.get(b))

    def _read(self) -> tuple[tuple[str, str, str], ...]:
        return self.reading.rows if self.reading else ()


_HEADS = {
    "RCU stall": "a grace period of RCU does not end",
    "hung task": "a task sleeps and is not woken",
    "hard lockup": "a CPU takes no timer interrupt",
    "oops": "the kernel has done what it may not",
    "warning": "a check in the kernel did not hold",
    "panic": "the kernel stops",
    "backtrace": "where a CPU is, asked for by NMI",
}
_MARKS = {"Call Trace:": "the callers, the innermost first", "<TASK>": "the task's own", "<IRQ>": "an interrupt's"}
_BASES = {
    "FS": "the thread pointer of the user thread",
    "GS": "where this CPU's own variables lie",
    "knlGS": "user space's GS, swapped out meanwhile",
}


def _kernel_of(said: Mapping[str, str]) -> Iterator[str]:
    """What the release and the preemption model tell."""
    banner = banner_of(said.get("release", ""), said.get("preempt", ""))
    name, candidate = banner.named
    if name:
        try:
            carries = "carries the patch" if kernel_named(name).patch else "does not carry the patch"
            yield f"Linux {name}{f' ({candidate})' if candidate else ''}: kernel.org's {name} {carries}"
        except InputError as error:
            yield str(error)
    if uek := re.search(r"\.el(\d{1,2})uek", banner.release):
        yield f"UEK, Oracle's own build for Oracle Linux {uek[1]}: what was put in or taken out is not known here"
    if banner.build == "dynamic" and not banner.rt:
        yield f"a PREEMPT_DYNAMIC build, since only that prints a mode in brackets; it runs as {banner.model}, and RCU can preempt its readers"
    elif banner.printed:
        yield banner.preemption()
