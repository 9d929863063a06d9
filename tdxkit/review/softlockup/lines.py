"""The lines of the kernel's reports, each by its form: what begins a report, who and which kernel, registers, callers.

    >>> read_line("RIP: 0010:xas_create+0x78/0x1f0").fields["where"]
    'xas_create+0x78/0x1f0'
    >>> read_line("? xa_store+0x2c/0x50").fields["function"], kind_of("hello")
    ('xa_store', '')

Facts: what the kernel prints, linux-report; the preemption models as it names them, linux-preempt-string.

Fidelity card
  modelled: heads of soft and hard lockups, RCU stalls, hung tasks, oopses, warnings, panics, backtraces; task, hardware, RIP, code bytes, registers
    and callers of x86-64, from 4.x on; callers of other architectures
  simplified: the numbers of an RCU stall that are no time, the list of modules and what stands between reports are lines of no kind
  left out: registers of other architectures and of 32 bits
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from tdxkit.errors import printable
from tdxkit.review.softlockup.rows import LONGEST

SOURCES = ("snp-lockup-v2", "linux-report", "linux-preempt-string")

_WHO = r"\[(?P<command>.{1,40}):(?P<pid>\d{1,9})\]"
_WATCHDOG = r"(?:NMI )?(?:watchdog: )?(?:CPU\d{1,6}: )?"
HEADS = {
    "soft lockup": re.compile(rf"{_WATCHDOG}BUG: soft lockup - CPU#(?P<cpu>\d{{1,6}}) stuck for (?P<stuck>\d{{1,9}}) ?s(?:econds)?!?(?: {_WHO}.{{0,400}})?"),
    "hard lockup": re.compile(rf"{_WATCHDOG}(?:Watchdog detected )?hard LOCKUP on cpu (?P<cpu>\d{{1,6}})(?:\.?d?Modules linked in.{{0,400}})?"),
    "RCU stall": re.compile(
        r"(?:rcu: )?INFO: (?P<flavour>rcu_\w{1,20}) (?:self-)?(?:detected )?(?:expedited )?stalls? (?:on|from) (?:CPU|CPUs/tasks|tasks):?"
        r"(?: ?\{ ?(?P<cpus>[^}]{0,80})\}?)?(?: +(?P<stuck>\d{1,9}) jiffies.{0,120}| +\((?:detected by (?P<by>\d{1,6}), )?t=(?P<time>\d{1,9}) jiffies.{0,120})?"
    ),
    "hung task": re.compile(r"INFO: task (?P<command>.{1,40}):(?P<pid>\d{1,9}) (?:<\S{1,40}> )?(?:(?:is )?blocked (?P<on>on .{1,60}?|in I/O wait )?|can't die )for more than (?P<stuck>\d{1,9}) seconds\.?"),
    "warning": re.compile(r"WARNING: (?:(?:CPU: (?P<cpu>\d{1,6}) PID: (?P<pid>\d{1,9}) |\S{1,120}:\d{1,6} )at |(?=possible |suspicious |bad ))(?P<what>.{1,160})"),
    "oops": re.compile(
        r"(?P<what>BUG: (?:unable to handle|kernel NULL pointer|KASAN|sleeping function|scheduling while|workqueue lockup|Bad page|TASK stack|stack guard).{0,160}"
        r"|kernel BUG at .{1,120}|(?:Oops: )?(?:general protection fault|double fault|invalid opcode|divide error)[,:].{0,120}|Oops: .{1,100})"
    ),
    "panic": re.compile(r"Kernel panic - not syncing: (?P<what>.{1,160})"),
    "backtrace": re.compile(r"NMI backtrace for cpu (?P<cpu>\d{1,6})"),
}  # fmt: skip
_KINDS = {
    "idle": re.compile(r"NMI backtrace for cpu (?P<cpu>\d{1,6}) skipped: .{0,120}"),
    "stalled": re.compile(r"(?:rcu: )?\s*(?P<cpu>\d{1,6})-[.\w!?]{3,5}: ?\(.{1,60}\).{0,200}|Task dump for CPU (?P<dumped>\d{1,6}):"),
    "time": re.compile(r"(?:rcu: )?\s*\((?:detected by (?P<by>\d{1,6}), )?t=(?P<stuck>\d{1,9}) jiffies\b.{0,120}"),
    "task": re.compile(
        r"CPU: (?P<cpu>\d{1,6}) (?:UID: (?P<uid>\d{1,10}) )?PID: (?P<pid>\d{1,9}) Comm: (?:(?P<command>.{1,40}?) (?P<kdump>Kdump: loaded )?"
        r"(?P<taint>Not tainted|Tainted: [^#]{1,120}?) +(?P<release>\d+\.\d\S{0,100}) (?P<build>#\d{1,9}\S{0,40})(?: [0-9a-f]{40})?(?: +(?P<preempt>\S[^#]{0,80}))?"
        r"|(?P<only>\S{1,40}|CPU \d{1,5}/KVM))"
        r"|Pid: (?P<id>\d{1,9}), comm: (?P<comm>.{1,40}?) +(?P<tainted>Not tainted|Tainted: [^#]{1,120}?) +\(?(?P<version>\d+\.\d\S{0,100}) (?P<nth>#\d{1,9}\S{0,40}).{0,120}"
    ),
    "state": re.compile(r"task:(?P<command>.{1,40}?) +state:(?P<state>[A-Z]).{0,200}|(?P<name>\S.{0,39}?) +(?P<was>[RSDTtXZIPK])(?:\d| )[ \w]{1,80} 0x[0-9a-f]{8,16}"),
    "hardware": re.compile(r"Hardware name: (?P<hardware>.{1,200}?)(?:, BIOS (?P<bios>.{1,80}))?"),
    "kernel": re.compile(r"Linux version (?P<release>\d+\.\S{1,100}) .{0,400}|Dynamic Preempt: (?P<mode>none|voluntary|full|lazy)"),
    "rip": re.compile(
        r"RIP: (?P<selector>[0-9a-f]{4}):(?:\[<[0-9a-f]{16}>\] *){0,2}(?P<where>[^\s\[]\S{0,120})?(?: \(?\S{1,160}:\d{1,6}.{0,200}| \[[\w-]{1,60}\])?"
        r"|(?:EIP: (?:[0-9a-f]{4}:)?|pc : |epc : )(?P<other>[A-Za-z_][^\s\[]{0,120})(?: .{0,200})?"
    ),
    "code": re.compile(
        r"Code: (?P<code>(?:(?:[0-9a-f]{2}|<[0-9a-f]{2}>) ?){8,80})[0-9a-f]?(?:>|…|\.\.\.)?|Code: (?:Unable to access opcode bytes|Bad RIP value).{0,80}"
    ),
    "frame": re.compile(
        r"(?:<{1,2}(?P<stack>IRQ|EOI|NMI|EOE|#DF)>{1,2} +)?(?:\[ ?<?[0-9a-f]{8,16}>?\] ){0,2}(?P<unsure>\? )?(?P<function>[A-Za-z_.][\w.]{0,100})(?:\+0x(?P<at>[0-9a-f]{1,8})/0x(?P<size>[0-9a-f]{1,8})"
        r"| \((?=\S*\.[chS]:\d))(?P<path>.{0,200}?)(?: \[(?P<module>[\w-]{1,60})(?: [0-9a-f]{8,64})?\])?(?: \([A-Z ]{1,12}\))?"
        r"|(?:\[<[0-9a-f]{8}>\] \((?P<callee>[\w.]{1,100})(?:\+\S{1,30})?\)|(?P<inner>[A-Za-z_][\w.]{0,100})) from .{1,160}\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}\)?.{0,70}"  # ARM's
    ),
    "mark": re.compile(r"(?i:Call Trace):?|<{1,2}/?(?:TASK|IRQ|NMI|SOFTIRQ|EOI|#DF|EOE)>{1,2}|Stack:|Backtrace:|---\[ end (?:trace|Kernel panic).{0,120}"),
}  # fmt: skip
_OPEN = re.compile(
    r"(?:(?:NMI )?watchdog: )?BUG: soft lockup|(?:rcu: )?INFO: (?:rcu_|task )|CPU: \d{1,6} (?:UID|PID): |task:|Oops: |RIP: ?|Hardware name: "
)
_HEX16 = "[0-9a-f]{16}"
_REGISTER = re.compile(
    rf"\b(ORIG_RAX|R[A-D]X|R[SD]I|RBP|R(?:0?8|0?9|1[0-5])|CR[0-4]|knlGS): {{0,2}}({_HEX16})\b"
    rf"|\b([FG]S): {{0,2}}({_HEX16})\(\d{{1,4}}\)|\b(RSP): ?[0-9a-f]{{4}}:({_HEX16})\b"
    r"|\b(EFLAGS|PKRU): ?([0-9a-f]{8})\b|\b([CDES]S): {0,2}([0-9a-f]{4})\b"
)
_STACK = re.compile(r"\bRSP: ?([0-9a-f]{4}):[0-9a-f]{16}\b")
_PREEMPT = re.compile(
    r"\b(PREEMPT(?:_\{RT[^}]{1,20}\}|_RT|_DYNAMIC|LAZY|\((?:none|voluntary|full|lazy|undef)\))?|VOLUNTARY|NONE)(?![\w(])"
)
_SAME = {"id": "pid", "comm": "command", "tainted": "taint", "version": "release", "nth": "build"}  # before 3.11
_SAME |= {
    "callee": "function",
    "inner": "function",
    "dumped": "cpu",
    "only": "command",
    "name": "command",
    "was": "state",
    "other": "where",
}
USER_SELECTORS = ("0033", "002b", "0023")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a report. kind: "head", a key of _KINDS, "registers" or "other"; user: of the part about user space; registers: name to
    value, in the order of the line; context: which set of registers it belongs to, 0 for the first (None: to none)."""

    kind: str
    text: str
    user: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    registers: Mapping[str, int] = field(default_factory=dict)
    context: int | None = None

    @property
    def selector(self) -> str:
        """The segment selector that RIP or RSP stands behind, "" where there is none."""
        found = _STACK.search(self.text)
        return self.fields.get("selector", "") if self.kind == "rip" else found[1] if found else ""


@lru_cache(maxsize=64)
def read_line(text: str) -> Line:
    """What a row says."""
    for what, form in HEADS.items():
        if found := form.fullmatch(text):
            return Line("head", _shown(text), fields={"report": what} | _given(found))
    for kind, form in _KINDS.items():
        if found := form.fullmatch(text):
            return Line(kind, _shown(text), fields=_given(found))
    registers: dict[str, int] = {}
    for groups in _REGISTER.findall(text):
        name, value = (part for part in groups if part)
        registers.setdefault(re.sub(r"^R0", "R", name), int(value, 16))
    return Line("registers" if registers else "other", _shown(text), registers=registers)


def kind_of(text: str) -> str:
    """The kind of a row: as in Line, "open" for one that began and is not whole, "" for none."""
    line = read_line(text)
    if line.kind == "other":
        return "open" if _OPEN.match(text) else ""
    return line.kind


def preemption_in(text: str) -> str:
    """The preemption model that a banner or a version names, as it is written there; "" for none."""
    found = _PREEMPT.search(text)
    return found[1] if found else ""


def _given(found: re.Match) -> dict[str, str]:
    """What the form's groups hold; of two ways to say one thing, under the one name."""
    given = {key: value.strip() for key, value in found.groupdict().items() if value and value.strip()}
    return {_SAME.get(key, key): value for key, value in given.items()}


def _shown(text: str) -> str:
    return printable(text, LONGEST)
