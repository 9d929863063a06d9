"""A soft-lockup report as the kernel prints it, taken apart line by line: who, which kernel, where it stood, registers, callers.

    >>> found = read_report(posted_text())
    >>> found.fields["stuck"], found.fields["pid"], len(found.frames), found.user["R9"] >> 30
    ('26', '6372', 8, 1498)

What is pasted is hostile until parsed: at most MAX_TEXT characters and MAX_LINES lines are read, a line that is none of a report's is
kept as one of kind "other" and says nothing. Time stamps before the lines are taken off.

Facts: the posted report, snp-lockup-v2; what the kernel prints, linux-report.

Fidelity card
  modelled: the lines of an x86-64 report: head, task, hardware, RIP, code bytes, registers, call trace, for the kernel and for user space
  simplified: text before the first soft-lockup line and from a second one on is left alone, and so is all that follows MAX_LINES lines
  left out: other architectures, the list of modules, interrupt stacks, the lines of a panic
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tdxkit.errors import InputError, printable
from tdxkit.facts import load_toml
from tdxkit.intake import Source, opened
from tdxkit.work import Job

SOURCES = ("snp-lockup-v2", "linux-report")

MAX_TEXT = 100_000
MAX_LINES = 200
LONGEST = 500  # characters of a line that are looked at
_STAMP = re.compile(r"^(?:<\d>)?(?:\[ *\d{1,12}\.\d{1,9}\] ?)?(?:\[ *[TC]\d{1,9}\] ?)?")
_HEX16 = "[0-9a-f]{16}"
_KINDS = {
    "head": re.compile(r"(?:watchdog: )?BUG: soft lockup - CPU#(?P<cpu>\d{1,6}) stuck for (?P<stuck>\d{1,9})s! \[(?P<command>.{1,40}):(?P<pid>\d{1,9})\]"),
    "task": re.compile(
        r"CPU: \d{1,6} (?:UID: (?P<uid>\d{1,10}) )?PID: \d{1,9} Comm: \S{1,40} (?P<kdump>Kdump: loaded )?"
        r"(?P<taint>Not tainted|Tainted: [^#]{1,120}?) +(?P<release>\d\S{1,100}) (?P<build>#\d{1,9})(?: (?P<preempt>\S[^#]{0,60}))?"
    ),
    "hardware": re.compile(r"Hardware name: (?P<hardware>.{1,200}?)(?:, BIOS (?P<bios>.{1,80}))?"),
    "rip": re.compile(r"RIP: (?P<selector>[0-9a-f]{4}):(?P<where>\S{1,120})"),
    "code": re.compile(r"Code: (?P<code>(?:(?:[0-9a-f]{2}|<[0-9a-f]{2}>) ?){8,80})"),
    "frame": re.compile(r"(?P<unsure>\? )?(?P<function>[\w.]{1,100})\+0x(?P<at>[0-9a-f]{1,8})/0x(?P<size>[0-9a-f]{1,8})(?: \[(?P<module>[\w-]{1,60})\])?"),
    "mark": re.compile(r"Call Trace:|</?(?:TASK|IRQ|NMI|SOFTIRQ)>"),
}  # fmt: skip
_REGISTER = re.compile(
    rf"\b(ORIG_RAX|R[A-D]X|R[SD]I|RBP|R(?:0?8|0?9|1[0-5])|CR[0-4]|knlGS): {{0,2}}({_HEX16})\b"
    rf"|\b([FG]S): {{0,2}}({_HEX16})\(\d{{1,4}}\)|\b(RSP): ?[0-9a-f]{{4}}:({_HEX16})\b"
    r"|\b(EFLAGS|PKRU): ?([0-9a-f]{8})\b|\b([CDES]S): {0,2}([0-9a-f]{4})\b"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report. kind: a key of _KINDS, "registers" or "other"; user: of the part about user space; registers: name to
    value, in the order of the line."""

    kind: str
    text: str
    user: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    registers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All lines in order; `others` is how many of them are no report's."""

    lines: tuple[Line, ...]

    @property
    def fields(self) -> dict[str, str]:
        """What head, task and hardware line say, by name; what they do not say is not there."""
        named = (line.fields for line in self.lines if line.kind in ("head", "task", "hardware"))
        return {key: value for one in named for key, value in one.items() if value}

    @property
    def frames(self) -> tuple[Line, ...]:
        """The callers, the innermost first."""
        return tuple(line for line in self.lines if line.kind == "frame")

    @property
    def others(self) -> int:
        """Lines that are none of a report's."""
        return sum(line.kind == "other" for line in self.lines)

    @property
    def kernel(self) -> dict[str, int]:
        """The kernel's registers."""
        return self._registers(user=False)

    @property
    def user(self) -> dict[str, int]:
        """User space's registers; empty where the report does not show them."""
        return self._registers(user=True)

    def _registers(self, user: bool) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self.lines:
            if line.user == user:
                found = {**line.registers, **found}  # the first of a name counts
        return found


def read_report(text: str) -> Report:
    """The report in a text. InputError where there is none, and for more than MAX_TEXT characters."""
    if len(text) > MAX_TEXT:
        raise InputError(f"a report of {len(text):,} characters", f"{MAX_TEXT:,} are read", "paste only the report")
    found = Report(tuple(_lines(text)))
    if all(line.kind in ("other", "mark") for line in found.lines):
        raise InputError(
            "the report", "no line of it is one of a soft-lockup report", "paste it from BUG: soft lockup on"
        )
    return found


def report_job(source: Source) -> Job[Report]:
    """The same from a file, a paste or standard input."""
    with opened(source, text=True) as stream:
        raw = stream.read(4 * MAX_TEXT + 1)
        yield stream.at
    return read_report(raw.decode("utf-8", "replace"))


def _lines(text: str) -> Iterator[Line]:
    rows = [_STAMP.sub("", row.rstrip()[:LONGEST], count=1).strip() for row in text.splitlines() if row.strip()]
    heads = [k for k, row in enumerate(rows) if _KINDS["head"].fullmatch(row)]
    if heads:
        rows = rows[heads[0] : heads[1] if len(heads) > 1 else None]
    user, seen = False, set()
    for row in rows[:MAX_LINES]:
        line = _line(row)
        # user space begins with its own RIP; where only registers were pasted, with a name that comes again
        again = line.kind == "registers" and ("ORIG_RAX" in line.registers or bool(seen & set(line.registers)))
        user = user or again or (line.kind == "rip" and line.fields["selector"] == "0033")
        seen |= set(line.registers)
        yield Line(line.kind, printable(row, LONGEST), user, line.fields, line.registers)


def _line(row: str) -> Line:
    for kind, form in _KINDS.items():
        if found := form.fullmatch(row):
            return Line(kind, row, fields={key: (value or "").strip() for key, value in found.groupdict().items()})
    registers: dict[str, int] = {}
    for groups in _REGISTER.findall(row):
        name, value = (part for part in groups if part)
        registers[re.sub(r"^R0", "R", name)] = int(value, 16)
    return Line("registers" if registers else "other", row, registers=registers)


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
