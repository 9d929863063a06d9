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
_ONCE = ("task", "hardware", "rip", "code")  # besides registers: what a report has once


class _Open:
    """A report that lines are still put to."""

    def __init__(self, row: Row):
        self.at, self.caller = row.line, row.caller
        self.lines: list[Line] = []
        self.had: set[tuple[bool, str]] = set()  # (of the user's part, which line of a report)
        self.context, self.user, self.names = -1, False, set()
        self.selected = self.mixed = self.doubt = self.named = self.over = False
        self.quiet, self.kinds = 0, set()

    @property
    def cpu(self) -> str:
        return next((line.fields["cpu"] for line in self.lines if line.fields.get("cpu")), "")

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
        if report.over:  # what began before it and was not gone on with is over too
            for one in live:
                one.over = one.over or one.at < report.at

    def choose(self, line: Line, live: list[_Open], last: _Open | None) -> _Open | None:
        """The report that a line goes on with, None for a new one."""
        last = last if last in live else live[-1] if live else None
        if line.kind == "head":
            return self.headed(line, last)
        if last is None:
            return None
        if line.kind == "state" and last.kinds & {"frame", "stalled", "time", "registers"}:
            return None
        if line.kind == "task" and last.lines[0].fields.get("report") != "hung task":
            own = [one for one in live if one.cpu == line.fields.get("cpu", "none") and "task" not in one.kinds]
            if own:
                own[-1].named = True
                return own[-1]
            return last if "task" not in last.kinds and (not last.cpu or "stalled" in last.kinds) else None
        if len(live) < 2 or not (last.key(line)):
            return last
        fits = [one for one in live if one.takes(line)]
        if last in fits:
            bare = [one for one in live if one.kinds <= {"head", "other"}]  # heads, and now one trace that names no CPU
            last.doubt = last.doubt or (last in bare and any(one.cpu != last.cpu for one in bare))
            return last
        if not fits:
            return last
        last.mixed = fits[-1].mixed = True
        return fits[-1]

    def headed(self, line: Line, last: _Open | None) -> _Open | None:
        """The report that a head goes on with: of what went before it, or of the one CPU whose stall was told."""
        what = line.fields["report"]
        if what == "backtrace":
            stalls = [
                one
                for one in self.all[-5:]
                if one.lines[0].fields.get("report") in ("RCU stall", "hard lockup") and "frame" not in one.kinds
            ]
            named = [
                one
                for one in stalls
                if {k.fields.get("cpu") for k in one.lines if k.fields.get("cpu")} == {line.fields["cpu"]}
            ]
            return named[-1] if named else None
        begun = last and last.kinds <= {"head", "other"} and len(last.lines) < 10
        before = last.lines[0].fields.get("report") if begun else ""
        return (
            last
            if begun and (what == "panic" or before == what == "oops" or (before == "oops" and what == "warning"))
            else None
        )

    def reports(self) -> tuple[Report, ...]:
        """All that came of it, in order."""
        return tuple(report for report in (one.done() for one in self.all) if report)
