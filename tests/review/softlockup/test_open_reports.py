"""A report that lines are still put to: which of its lines comes once, whose registers a line is of, and when it is over."""

import pytest

from tdxkit.review.softlockup.lines import read_line
from tdxkit.review.softlockup.rows import Row
from tdxkit.review.softlockup.sorting import MAX_LINES, QUIET, Sorter, _Open

KERNEL_RIP, USER_RIP = "RIP: 0010:f+0x1/0x2", "RIP: 0033:0x7f5578d031bb"
REGISTERS = "RAX: 0000000000000001 RBX: 0000000000000002 RCX: 0000000000000003"
LAST = "R13: 0000000000000001 R14: 0000000000000002 R15: 0000000000000003"
USER_STACK = "RSP: 002b:00007ffe0a742b88 EFLAGS: 00000246 ORIG_RAX: 0000000000000010"
KERNEL_STACK = "RSP: 0018:ffffad890a34b940 EFLAGS: 00000286"
CODE, TASK = f"Code: {'00 ' * 42}<74> {'67 ' * 20}67", "CPU: 1 PID: 1 Comm: x Not tainted 6.15.0 #1"
HEAD, FRAME, OTHER = "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [x:1]", "f+0x1/0x2", "Modules linked in: kvm"


def opened(*rows: str) -> _Open:
    made = _Open(Row(rows[0] if rows else HEAD, "", 1))
    for row in rows:
        made.add(read_line(row))
    return made


def users(*rows: str) -> list[tuple[bool, int | None]]:
    return [(line.user, line.context) for line in opened(*rows).lines]


@pytest.mark.parametrize(
    ("before", "row", "key"),
    [
        ([], REGISTERS, (False, "RAX")),
        ([USER_RIP], REGISTERS, (True, "RAX")),
        ([], USER_STACK, (True, "RSP")),
        ([USER_RIP], KERNEL_STACK, (False, "RSP")),
        ([], USER_RIP, (True, "rip")),
        ([USER_RIP], KERNEL_RIP, (False, "rip")),
        ([], CODE, (False, "code")),
        ([USER_RIP], CODE, (True, "code")),
        ([USER_RIP], TASK, (False, "task")),
        ([USER_RIP], "Call Trace:", (False, "mark")),
        ([], "call trace:", (False, "mark")),
        ([], "<TASK>", None),
        ([], FRAME, None),
        ([], OTHER, None),
    ],
)
def test_which_line_comes_once(before, row, key):
    assert opened(*before).key(read_line(row)) == key


def test_a_line_that_was_had_is_not_taken_but_an_interrupts_behind_callers():
    rip = read_line(KERNEL_RIP)
    assert opened().takes(rip) and opened(TASK).takes(rip) and not opened(KERNEL_RIP).takes(rip)
    assert opened(KERNEL_RIP, FRAME).takes(rip) and opened(KERNEL_RIP, "<IRQ>").takes(rip)
    assert not opened(KERNEL_RIP, REGISTERS).takes(rip) and not opened(KERNEL_RIP, FRAME, REGISTERS).takes(rip)
    assert not opened(TASK, FRAME).takes(read_line(TASK))


def test_behind_another_rip_of_the_kernels_its_registers_come_anew_and_its_task_does_not():
    twice = opened(TASK, "Call Trace:", KERNEL_RIP, REGISTERS, FRAME, KERNEL_RIP)
    assert (
        twice.takes(read_line(REGISTERS))
        and not twice.takes(read_line(TASK))
        and not twice.takes(read_line("Call Trace:"))
    )
    once = opened(KERNEL_RIP, REGISTERS, USER_RIP)
    assert not once.takes(read_line(KERNEL_STACK.replace("RSP", "RIP"))) or once.had
    assert (False, "RAX") in once.had, "user space's own begins nothing anew of the kernel's"


@pytest.mark.parametrize(
    ("rows", "whose"),
    [
        ([KERNEL_RIP, REGISTERS, USER_RIP, REGISTERS], [(False, 0), (False, 0), (True, 1), (True, 1)]),
        ([REGISTERS, LAST], [(False, 0), (False, 0)]),
        ([REGISTERS, REGISTERS], [(False, 0), (True, 1)]),  # without selectors: what comes again is the user's
        ([KERNEL_RIP, REGISTERS, REGISTERS], [(False, 0), (False, 0), (False, 1)]),  # with them nothing is guessed
        ([KERNEL_STACK, USER_STACK], [(False, 0), (True, 1)]),
        ([KERNEL_STACK, REGISTERS, KERNEL_STACK], [(False, 0), (False, 0), (False, 1)]),
        ([USER_STACK, REGISTERS], [(True, 0), (True, 0)]),
        ([REGISTERS, "ORIG_RAX: 0000000000000010"], [(False, 0), (True, 1)]),
        ([REGISTERS, "ORIG_RAX: ffffffffffffffff"], [(False, 0), (True, 1)]),  # it comes again, and nothing says whose
        ([USER_RIP, REGISTERS, "ORIG_RAX: 0000000000000010"], [(True, 0), (True, 0), (True, 0)]),
        (["ORIG_RAX: 0000000000000010"], [(True, 0)]),
        (["ORIG_RAX: ffffffffffffffff"], [(False, 0)]),
        ([CODE], [(False, 0)]),
        ([USER_RIP, CODE], [(True, 0), (True, 0)]),
    ],
)
def test_whose_registers_a_line_is_of(rows, whose):
    assert users(*rows) == whose


def test_a_report_is_over_behind_user_spaces_last_registers():
    assert opened(USER_RIP, REGISTERS, LAST).over and not opened(USER_RIP, REGISTERS).over
    assert not opened(KERNEL_RIP, REGISTERS, LAST).over and not opened(REGISTERS, REGISTERS, LAST).over, (
        "nobody knows whose"
    )
    assert opened(USER_RIP, LAST, FRAME).over, "and stays so"


def test_a_report_is_over_after_forty_lines_in_a_row_that_are_of_no_kind():
    assert not opened(HEAD, *[OTHER] * QUIET).over and opened(HEAD, *[OTHER] * (QUIET + 1)).over
    assert not opened(HEAD, *[OTHER] * QUIET, FRAME, *[OTHER] * QUIET).over


def test_a_report_keeps_so_many_lines():
    assert len(opened(HEAD, *[FRAME] * MAX_LINES).lines) == MAX_LINES


def test_who_prints_and_what_it_is():
    one = opened(HEAD, TASK)
    assert (one.cpu, one.cpus, one.what) == ("1", {"1"}, "soft lockup")
    two = opened(HEAD, TASK.replace("CPU: 1", "CPU: 2"))
    assert (
        (two.cpu, two.cpus) == ("1", {"1", "2"})
        and opened(FRAME).cpu == "" == opened(FRAME).what
        and opened(FRAME).cpus == set()
    )


@pytest.mark.parametrize(
    ("rows", "report"),
    [
        ([HEAD], True),
        ([TASK], True),
        ([KERNEL_RIP], True),
        ([REGISTERS], True),
        ([FRAME], False),
        ([FRAME, OTHER, FRAME], True),
        (["Call Trace:", FRAME], False),
    ],
)
def test_what_is_a_report(rows, report):
    assert bool(opened(*rows).done()) == report


def sort(*rows: str | tuple[str, str]) -> Sorter:
    made = Sorter()
    for number, row in enumerate(rows, 1):
        text, caller = (row, "") if isinstance(row, str) else row
        made.add(Row(text, caller, number))
    return made


def lines(*rows) -> list[tuple[int, int, bool, bool]]:
    return [(one.at, len(one.lines), one.mixed, one.doubt) for one in sort(*rows).reports()]


HEAD2, TASK2 = HEAD.replace("CPU#1", "CPU#2"), TASK.replace("CPU: 1", "CPU: 2")


def test_callers_tell_whose_a_line_is():
    assert lines((HEAD, "C1"), (HEAD2, "C2"), (TASK, "C1"), (TASK2, "C2"), (KERNEL_RIP, "C1"), (KERNEL_RIP, "C2")) == [
        (1, 3, False, False), (2, 3, False, False),
    ]  # fmt: skip


def test_without_callers_the_task_lines_tell_until_registers_do_not():
    assert lines(HEAD, TASK, KERNEL_RIP, HEAD2, TASK2, KERNEL_RIP) == [(1, 3, False, False), (4, 3, False, False)]
    assert lines(HEAD, HEAD2, TASK, TASK2, KERNEL_RIP) == [(1, 2, False, False), (2, 3, False, True)]
    mixed = lines(HEAD, TASK, HEAD2, TASK2, KERNEL_RIP, KERNEL_RIP)
    assert [shape[2:] for shape in mixed] == [(True, True), (True, True)]


def test_a_head_that_follows_bare_heads_goes_on_with_them():
    oops, warning, panic = (
        "BUG: unable to handle page fault for address: 0",
        "WARNING: CPU: 1 PID: 1 at f+0x1/0x2",
        "Kernel panic - not syncing: x",
    )
    assert [shape[:2] for shape in lines(oops, "Oops: 0000 [#1]", KERNEL_RIP)] == [(1, 3)]
    assert [shape[0] for shape in lines(warning, oops, KERNEL_RIP)] == [1, 2]
    assert [shape[:2] for shape in lines(HEAD, panic, KERNEL_RIP)] == [(1, 3)]
    assert [shape[0] for shape in lines(HEAD, TASK, panic, KERNEL_RIP)] == [1, 3]
    assert [shape[:2] for shape in lines(HEAD, *[OTHER] * 8, panic)] == [(1, 10)]
    assert [shape[0] for shape in lines(HEAD, *[OTHER] * 9, panic)] == [1, 11]
