"""Reports out of a text: which line belongs to which, and where the text has them at all.

    >>> from tdxkit.review.softlockup.report import posted_text
    >>> found = read_report(posted_text())
    >>> found.kind, found.fields["stuck"], found.fields["pid"], len(found.frames), found.user["R9"] >> 30
    ('soft lockup', '26', '6372', 8, 1498)

Fidelity card
  modelled: reports anywhere in a text of MAX_BYTES, packed or not
  simplified: a line is looked at where something that may be a report's stands less than NEAR lines before it
  left out: what is more than that, than MAX_LOOKED lines near such a one, or than `sorting` takes
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tdxkit.errors import InputError
from tdxkit.intake import STRIDE, Source, Stream, opened
from tdxkit.linux.memattr.ioctl import KVM_SET_MEMORY_ATTRIBUTES
from tdxkit.review.softlockup.lines import Line, kind_of
from tdxkit.review.softlockup.report import Report
from tdxkit.review.softlockup.rows import Joiner
from tdxkit.review.softlockup.sorting import Sorter
from tdxkit.work import Job, drive

SOURCES = ("linux-report",)
MAX_BYTES = 64 << 20
MAX_LINE = 4096
MAX_LOOKED = 100_000  # lines that may be a report's
NEAR = 60  # lines after one that may be a report's, which are read; elsewhere in a log nothing is
_MAY_BE = re.compile(
    rb"soft lockup|LOCKUP on|INFO: (?:rcu_|task )|stall|BUG:|kernel BUG|Oops|WARNING: |Kernel panic|NMI backtrace|Call [Tt]race|\bR[A-Z0-9]{2}: |"
    rb"\+0x[0-9a-f]{1,8}/0x|ORIG_RAX|Comm: |Pid: |state:[A-Z] |Linux version|Dynamic Preempt|general protection|double fault|invalid opcode|divide error"
)


@dataclass(frozen=True, slots=True)
class Reports:
    """All reports of a text in order; lines: how many it has; more: is there more than was read?; banner: what the log says of the kernel elsewhere."""

    items: tuple[Report, ...]
    lines: int
    more: bool = False
    banner: tuple[Line, ...] = ()

    @property
    def main(self) -> Report:
        """The one that this workbook has most to say of: one that sets memory attributes, else one in a system call, else the first."""

        def weight(report: Report) -> int:
            sets = any(line.fields["function"].startswith("kvm_vm_set_mem_attributes") for line in report.frames)
            asks = report.user.get("RSI") == KVM_SET_MEMORY_ATTRIBUTES
            return 4 * (asks and report.kind != "trace") + 3 * asks + 2 * sets + bool(report.user)

        return max(self.items, key=weight)


def read_report(text: str) -> Report:
    """The report in a text that matters most here. InputError where there is none."""
    return read_reports(text).main


def read_reports(text: str) -> Reports:
    """All reports in a text. InputError where there is none."""
    return drive(reports_job(text.encode("utf-8", "replace")))


def reports_job(source: Source) -> Job[Reports]:
    """The same from a file, a paste or standard input."""
    sorter, joiner, numbers = Sorter(), Joiner(kind_of), _Numbers()
    with opened(source, text=True) as stream:
        for piece in _pieces(stream, numbers):
            numbers.looked += len(piece)
            for row in joiner.rows(piece):
                sorter.add(row)
            yield stream.at
            numbers.enough = sorter.full or numbers.looked > MAX_LOOKED
    for row in joiner.rest():
        sorter.add(row)
    if not (items := sorter.reports()):
        rule = "no line of it is one of a kernel's report of a lockup, a stall, a hung task or an oops"
        raise InputError(stream.title, rule, "give it from BUG: soft lockup on")
    return Reports(items, numbers.lines, numbers.cut or sorter.full, tuple(sorter.banner[:4]))


class _Numbers:
    """What is known of the text as a whole: its lines, how many were looked at, is that enough, is there more than was read?"""

    def __init__(self):
        self.lines, self.looked, self.enough, self.cut = 0, 0, False, False


def _pieces(stream: Stream, numbers: _Numbers) -> Iterator[Sequence[tuple[int, str]]]:
    """The text in pieces of whole lines, those near to what may be a report's; b"" ends it."""
    rest, read, near = b"", 0, 0
    while True:
        block = stream.read1(STRIDE)
        if block and (numbers.enough or read >= MAX_BYTES):
            numbers.cut = True
            return
        read += len(block)
        whole, _, rest = (rest + block).rpartition(b"\n") if block else (rest, b"", b"")
        if not block and not whole:
            return
        rest = rest[:MAX_LINE] if len(rest) > STRIDE else rest
        count = whole.count(b"\n") + 1 if whole else 0
        if whole and (near > 0 or _MAY_BE.search(whole)):
            kept, near = _kept(whole, numbers.lines, near)
            yield kept
        else:
            near = 0
            yield ()
        numbers.lines += count
        if not block:
            return


def _kept(whole: bytes, before: int, near: int) -> tuple[list[tuple[int, str]], int]:
    kept = []
    for number, line in enumerate(whole.split(b"\n"), before + 1):
        near = NEAR if _MAY_BE.search(line) else near - 1
        if near > 0:
            kept.append((number, line[:MAX_LINE].decode("utf-8", "replace")))
    return kept, max(near, 0)
