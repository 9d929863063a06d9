"""Which line belongs to which report, where several CPUs print at once.

Where the log says who printed a line (a kernel with CONFIG_PRINTK_CALLER), that decides; else the task line names its CPU, and a line that the
report at hand has had already, and another lacks, shows that they are mixed: then nobody's registers are read.

Fidelity card
  modelled: reports one after another, among each other, and cut short; a backtrace by NMI as a report of its own, or as the stall's where that
    names this one CPU
  simplified: a report ends where user space's last registers do, or after QUIET lines of no kind
  left out: callers of two CPUs that are mixed where no register, head or mark is
"""

from dataclasses import replace

from tdxkit.review.softlockup.lines import USER_SELECTORS, Line, read_line
from tdxkit.review.softlockup.report import MAX_LINES, Report
from tdxkit.review.softlockup.rows import Row

SOURCES = ("linux-report",)
MAX_REPORTS = 200
QUIET = 40
_LOCKUPS = ("soft lockup", "hard lockup")
_ONCE = ("task", "hardware", "rip", "code")  # besides registers: what a report has once


class _Open:
    """A report that lines are still put to."""

    def __init__(self, row: Row):
        self.at, self.caller = row.line, row.caller
        self.lines: list[Line] = []
        self.had: set[tuple[bool, str]] = set()  # (of the user's part, which line of a report)
        self.context, self.user, self.names = -1, False, set()
        self.selected = self.mixed = self.doubt = self.named = self.over = False
        self.together = True  # is no line of another between its head and its task's?
        self.quiet, self.kinds = 0, set()

    @property
    def cpu(self) -> str:
        return next((line.fields["cpu"] for line in self.lines if line.fields.get("cpu")), "")

    @property
    def cpus(self) -> set[str]:
        return {line.fields["cpu"] for line in self.lines if line.fields.get("cpu")}

    @property
    def what(self) -> str:
        """What its head complains of, "" where it has none."""
        return self.lines[0].fields.get("report", "")

    def key(self, line: Line) -> tuple[bool, str] | None:
        """Which of the lines that a report has once this is; None for one that may come again."""
        if line.kind == "registers":
            first = next(iter(line.registers))
            return (line.selector in USER_SELECTORS if line.selector else self.user), first
        if line.kind in ("rip", "code"):
            return (line.selector in USER_SELECTORS if line.selector else self.user), line.kind
        return (False, line.kind) if line.kind in _ONCE or line.text.lower().startswith("call trace") else None

    def takes(self, line: Line) -> bool:
        """Does it lack this line? After callers an interrupt's registers may come again."""
        key = self.key(line)
        return key not in self.had or (
            key[1] == "rip" and bool(self.lines) and self.lines[-1].kind in ("frame", "mark")
        )

    def add(self, line: Line) -> None:
        if len(self.lines) >= MAX_LINES:
            return  # what follows is this one's still
        self.kinds.add(line.kind)
        self._place(line)
        if key := self.key(line):
            if key == (False, "rip") and key in self.had:  # another context of the kernel's: its lines come anew
                self.had = {k for k in self.had if k[1] in ("task", "hardware", "mark")}
            self.had.add(key)
        if line.kind in ("rip", "code", "registers"):
            line = replace(line, user=self.user, context=max(self.context, 0))
        self.lines.append(line)
        self.quiet = self.quiet + 1 if line.kind == "other" else 0
        ends = line.kind == "registers" and self.user and self.selected and "R15" in line.registers
        self.over = self.over or ends or self.quiet > QUIET

    def _place(self, line: Line) -> None:
        """Which set of registers it belongs to."""
        if line.kind == "rip":
            self._begin(line.selector in USER_SELECTORS)
            self.selected = True
        elif line.kind == "registers":
            names, selector = set(line.registers), line.selector
            again = bool(names & self.names) or ("ORIG_RAX" in names and "RAX" in self.names and not self.user)
            if self.context < 0 or again or (selector and (selector in USER_SELECTORS) != self.user):
                asks = line.registers.get("ORIG_RAX", 1 << 63) < 1 << 63  # an interrupt's is negative
                self._begin(selector in USER_SELECTORS if selector else asks or (again and not self.selected))
            self.selected = self.selected or bool(selector)
            self.names |= names

    def _begin(self, user: bool) -> None:
        self.context, self.user, self.names = self.context + 1, user, set()

    def done(self) -> Report | None:
        while self.lines and self.lines[-1].kind == "other":
            self.lines.pop()
        callers = sum(line.kind == "frame" for line in self.lines)
        if not self.kinds & {"head", "task", "rip", "registers", "state"} and callers < 2:
            return None  # a function that some line names is no report
        return Report(tuple(self.lines), self.at, self.mixed, self.doubt)


class Sorter:
    """Puts rows to reports. banner: lines about the kernel that stand elsewhere; full: there are more than MAX_REPORTS."""

    def __init__(self):
        self.all: list[_Open] = []
        self.last: dict[str, _Open] = {}  # by caller: where its last line went
        self.banner: list[Line] = []
        self.full = False

    def add(self, row: Row) -> None:
        line = read_line(row.text)
        if line.kind == "kernel":
            self.banner.append(line)
            return
        live = [one for one in self.all[-20:] if one.caller == row.caller and not one.over]
        report = self.choose(line, live, self.last.get(row.caller))
        if report is None:
            if line.kind in ("other", "mark", "idle", "time", "stalled", "hardware"):
                return
            if len(self.all) >= MAX_REPORTS:
                self.full = True
                return
            report = _Open(row)
            self.all.append(report)
        self.last[row.caller] = report
        report.add(line)

    def choose(self, line: Line, live: list[_Open], before: _Open | None) -> _Open | None:
        """The report that a line goes on with, None for a new one; before: where the last line went."""
        last = before if before in live else live[-1] if live else None
        if line.kind == "head":
            return self.headed(line, last)
        if last is None or (line.kind == "state" and last.kinds & {"frame", "stalled", "time", "registers"}):
            return None
        if line.kind == "task" and last.what != "hung task":
            return self.named(line, live, last)
        if not last.key(line):
            return last if last is before or line.kind == "other" else None  # who knows whose callers these are
        fits = [one for one in live if one.takes(line)]
        chosen = last if last in fits or not fits else fits[-1]
        if before and chosen is not before:  # one that had made room goes on, or is it another?
            chosen.doubt = before.doubt = True
        if chosen is not last or (chosen not in fits and (len(live) > 1 or chosen is not before)):
            chosen.mixed = last.mixed = True
        locked = [one for one in fits if one.what in _LOCKUPS and one.cpu != chosen.cpu]
        waits = any(one.named or one.kinds <= {"head", "other"} for one in locked)
        surely = (chosen.named and chosen.together) or chosen.what not in _LOCKUPS
        chosen.doubt = chosen.doubt or (waits and not surely)
        return chosen

    def named(self, line: Line, live: list[_Open], last: _Open) -> _Open | None:
        """The report of the CPU that a task line names."""
        cpu = line.fields.get("cpu", last.cpu)  # before 3.11 it names none
        own = [one for one in live if one.cpu == cpu and "task" not in one.kinds]
        if not own and ("task" in last.kinds or (last.cpu and "stalled" not in last.kinds)):
            return None
        chosen = own[-1] if own else last
        chosen.named, chosen.together = True, chosen is last
        return chosen

    def headed(self, line: Line, last: _Open | None) -> _Open | None:
        """The report that a head goes on with: of what went before it, or of the one CPU whose stall was told."""
        what = line.fields["report"]
        if what == "backtrace":
            stalls = (one for one in reversed(self.all[-5:]) if one.what in ("RCU stall", "hard lockup"))
            bare = (one for one in stalls if "frame" not in one.kinds)
            return next((one for one in bare if one.cpus == {line.fields["cpu"]}), None)
        if not last or not last.kinds <= {"head", "other"} or len(last.lines) > 9:
            return None
        goes_on = what == "panic" or (last.what == "oops" and what in ("oops", "warning"))
        return last if goes_on else None

    def reports(self) -> tuple[Report, ...]:
        """All that came of it, in order."""
        return tuple(report for report in (one.done() for one in self.all) if report)
