"""Reports of a kernel that is stuck, as it prints them: who, which kernel, where it stood, registers, callers.

`reading` puts the lines of a text together to these.

User space's registers are those whose RSP or RIP stands behind a user selector; where no selector was pasted, those that come again or name a
system call. A kernel thread, an interrupt or an exception has registers of its own before them.

Facts: the posted report, snp-lockup-v2; what the kernel prints, linux-report.

Fidelity card
  modelled: soft and hard lockups, RCU stalls, hung tasks, oopses, warnings, panics, backtraces of x86-64: heads, task, hardware, every set of
    registers, the callers of each stack
  simplified: all that follows MAX_LINES lines of a report is left alone
  left out: other architectures but for heads and callers, the list of modules
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.facts import load_toml
from tdxkit.review.softlockup.lines import Line

SOURCES = ("snp-lockup-v2", "linux-report")
MAX_LINES = 800  # of a report
_BACK = ("</IRQ>", "</NMI>", "</SOFTIRQ>", "<TASK>", "<EOI>", "<EOE>")


@dataclass(frozen=True, slots=True)
class Report:
    """All lines in order. at: the number of its first line in the text; mixed: lines of another CPU's report stand among them, and nothing says
    whose each is; doubt: another's lines may be among these, or these be another's."""

    lines: tuple[Line, ...]
    at: int = 1
    mixed: bool = False
    doubt: bool = False

    @property
    def kind(self) -> str:
        """A key of `lines.HEADS`, "task" for a task's stack, "trace" for registers or callers without a head."""
        first = self.lines[0]
        return first.fields["report"] if first.kind == "head" else "task" if first.kind == "state" else "trace"

    @property
    def fields(self) -> dict[str, str]:
        """What head, task, state and hardware line say, by name, the first of a name; what they do not say is not there."""
        found: dict[str, str] = {}
        for line in self.lines:
            if line.kind in ("head", "time", "task", "state", "hardware"):
                found = {**line.fields, **found}
        return {key: value for key, value in found.items() if key != "report"}

    @property
    def cpus(self) -> tuple[int, ...]:
        """The CPUs it speaks of."""
        named = [line.fields.get("cpu", "") for line in self.lines if line.kind in ("head", "stalled", "task")]
        named[:0] = re.findall(r"\b\d{1,6}\b", self.fields.get("cpus", ""))  # { 5}, { 0-... 7-... }
        own = [int(cpu) for cpu in named if cpu]
        return tuple(dict.fromkeys(own if self.kind == "RCU stall" else own[:1]))

    @property
    def frames(self) -> tuple[Line, ...]:
        """The callers, the innermost first."""
        return tuple(line for line in self.lines if line.kind == "frame")

    @property
    def task_frames(self) -> tuple[Line, ...]:
        """The callers on the task's own stack: an interrupt's are left out."""
        found, inside = [], False
        for line in self.lines:
            mark = line.text if line.kind == "mark" else f"<{line.fields.get('stack', '')}>"
            inside = mark in ("<IRQ>", "<NMI>", "<SOFTIRQ>", "<#DF>") or (inside and mark not in _BACK)
            if line.kind == "frame" and not inside:
                found.append(line)
        return tuple(found)

    @property
    def where(self) -> str:
        """The function and offset at which the kernel was, "" where no RIP of the kernel is shown."""
        return next((line.fields.get("where", "") for line in self.lines if line.kind == "rip" and not line.user), "")

    @property
    def others(self) -> int:
        """Lines that are none of a report's."""
        return sum(line.kind == "other" for line in self.lines)

    @property
    def kernel_context(self) -> int | None:
        """Which set of registers is the kernel's on the task's stack: the last before the user's; None for none, and where all are mixed."""
        return None if self.mixed else max((n for n, user in self._contexts() if not user), default=None)

    @property
    def user_context(self) -> int | None:
        """Which is the user's."""
        return None if self.mixed else max((n for n, user in self._contexts() if user), default=None)

    @property
    def kernel(self) -> dict[str, int]:
        """The kernel's registers."""
        return self._registers(self.kernel_context)

    @property
    def user(self) -> dict[str, int]:
        """User space's registers; empty where the report does not show them."""
        return self._registers(self.user_context)

    def _contexts(self) -> Iterator[tuple[int, bool]]:
        return ((line.context, line.user) for line in self.lines if line.registers and line.context is not None)

    def _registers(self, context: int | None) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self.lines if context is not None else ():
            if line.context == context:
                found |= {name: value for name, value in line.registers.items() if name not in found}
        return found


def posted_text() -> str:
    """The posted report, put together from `data/lockup_report.toml` in the kernel's form."""
    data = load_toml("lockup_report.toml")
    r = data["report"]
    kdump = "Kdump: loaded " if r["kdump"] else ""
    rows = [
        f"watchdog: BUG: soft lockup - CPU#{r['cpu']} stuck for {r['stuck']}s! [{r['command']}:{r['pid']}]",
        f"CPU: {r['cpu']} UID: {r['uid']} PID: {r['pid']} Comm: {r['command']} {kdump}{r['taint']} {r['release']} {r['build']} {r['preempt']}",
        f"Hardware name: {r['hardware']}, BIOS {r['bios']}",
        *_context(data["kernel"]),
        "Call Trace:", " <TASK>", *(f" {frame}" for frame in r["frames"]),
        *_context(data["user"]),
    ]  # fmt: skip
    return "\n".join(rows) + "\n"


def _context(part: dict) -> list[str]:
    """RIP, code and registers as the kernel lays them out, three to a line."""
    names = [
        ["RAX", "RBX", "RCX"],
        ["RDX", "RSI", "RDI"],
        ["RBP", "R8", "R9"],
        ["R10", "R11", "R12"],
        ["R13", "R14", "R15"],
    ]
    stack = f"RSP: {part['RSP']} EFLAGS: {part['EFLAGS']}" + (
        f" ORIG_RAX: {part['ORIG_RAX']}" if "ORIG_RAX" in part else ""
    )
    rows = [f"RIP: {part['RIP']}", f"Code: {part['Code']}", stack]
    rows += [" ".join(f"{n[0]}0{n[1]}: {part[n]}" if len(n) == 2 else f"{n}: {part[n]}" for n in row) for row in names]
    if "CR0" in part:
        rows += [
            f"FS:  {part['FS']} GS:{part['GS']} knlGS:{part['knlGS']}",
            f"CS:  {part['CS']} DS: {part['DS']} ES: {part['ES']} CR0: {part['CR0']}",
            f"CR2: {part['CR2']} CR3: {part['CR3']} CR4: {part['CR4']}",
            f"PKRU: {part['PKRU']}",
        ]
    return rows
