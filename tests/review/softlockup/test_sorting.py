"""Which line goes to which report: row by row, where one ends and another begins, and when nobody knows."""

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.packet import packet
from tdxkit.review.softlockup.lines import kind_of
from tdxkit.review.softlockup.reading import NEAR, _kept, read_report
from tdxkit.review.softlockup.report import MAX_LINES
from tdxkit.review.softlockup.rows import MAX_JOINED, Joiner, Row
from tdxkit.review.softlockup.sorting import MAX_REPORTS, QUIET, Sorter

SOFT = "watchdog: BUG: soft lockup - CPU#{} stuck for 26s! [x:1]"
TASK = "CPU: {} PID: 1 Comm: x Not tainted 6.15.0 #1"
RIP = "RIP: 0010:f+0x1/0x2"
USER = [
    "RIP: 0033:0x1",
    *(f"{a}: {1:016x} {b}: {2:016x} {c}: {3:016x}" for a, b, c in (("RAX", "RBX", "RCX"), ("R13", "R14", "R15"))),
]
OTHER = "Modules linked in: kvm"
FRAME = "f+0x1/0x2"


def sorted_rows(*rows: str | Row):
    made = Sorter()
    for k, row in enumerate(rows, 1):
        made.add(Row(row, "", k) if isinstance(row, str) else row)
    return made


def shapes(*rows: str | Row) -> list[tuple[int, int, bool, bool]]:
    """Of each report where it begins, its lines, and whether it is mixed or in doubt."""
    return [(one.at, len(one.lines), one.mixed, one.doubt) for one in sorted_rows(*rows).reports()]


def test_the_limits():
    assert (MAX_REPORTS, QUIET, MAX_JOINED) == (200, 40, 6) and MAX_LINES > 100


def test_reports_one_after_another():
    one = [SOFT.format(1), TASK.format(1), RIP, "Call Trace:", FRAME]
    assert shapes(*one) == [(1, 5, False, False)]
    assert [shape[:2] for shape in shapes(*one, *one)] == [(1, 5), (6, 5)]


def test_a_report_ends_where_user_space_s_last_registers_do():
    one = [SOFT.format(1), TASK.format(1), RIP, *USER]
    assert [shape[:2] for shape in shapes(*one, FRAME, FRAME)] == [(1, 6), (7, 2)]
    assert [shape[:2] for shape in shapes(*one[:-1], FRAME, FRAME)] == [(1, 7)]
    kernel = [SOFT.format(1), TASK.format(1), RIP, USER[2]]  # R15 of the kernel's ends nothing
    assert [shape[:2] for shape in shapes(*kernel, FRAME, FRAME)] == [(1, 6)]


@pytest.mark.parametrize(("quiet", "reports"), [(40, [(1, 44)]), (41, [(1, 2)])])
def test_a_report_ends_after_forty_lines_of_no_kind(quiet, reports):
    one = [SOFT.format(1), TASK.format(1), *[OTHER] * quiet, FRAME, FRAME]
    found = [shape[:2] for shape in shapes(*one)]
    assert found[0] == reports[0] and len(found) == (1 if quiet == 40 else 2)


def test_lines_of_no_kind_at_the_end_are_no_part():
    assert shapes(SOFT.format(1), TASK.format(1), OTHER, OTHER) == [(1, 2, False, False)]


def test_one_function_that_a_line_names_is_no_report():
    assert shapes(FRAME) == shapes(OTHER) == shapes("Call Trace:") == [] and shapes(FRAME, FRAME) == [
        (1, 2, False, False)
    ]
    assert shapes(SOFT.format(1)) == [(1, 1, False, False)] and shapes(RIP) == [(1, 1, False, False)]


def test_a_head_goes_on_with_what_it_follows():
    oops = "BUG: unable to handle page fault for address: 1"
    panic = "Kernel panic - not syncing: x"
    assert len(shapes(oops, "Oops: 0000 [#1]", TASK.format(1))) == 1
    assert len(shapes(SOFT.format(1), panic, TASK.format(1))) == 1
    assert len(shapes(SOFT.format(1), SOFT.format(2), TASK.format(1))) == 2
    assert len(shapes(oops, *[OTHER] * 8, "Oops: 0000 [#1]")) == 1
    assert len(shapes(oops, *[OTHER] * 9, "Oops: 0000 [#1]")) == 2, "ten lines below it is another"
    assert len(shapes(oops, TASK.format(1), "Oops: 0000 [#1]")) == 2
    assert len(shapes(oops, SOFT.format(1))) == 2


def test_a_task_line_goes_to_the_report_of_its_cpu():
    found = sorted_rows(SOFT.format(1), SOFT.format(2), TASK.format(1), TASK.format(2)).reports()
    assert [one.fields["cpu"] for one in found] == ["1", "2"] and [len(one.lines) for one in found] == [2, 2]
    assert [shape[:2] for shape in shapes(SOFT.format(1), TASK.format(1), TASK.format(1))] == [(1, 2), (3, 1)]
    assert [shape[:2] for shape in shapes(SOFT.format(1), TASK.format(3))] == [(1, 1), (2, 1)]
    bare = "Oops: 0000 [#1]"
    assert [shape[:2] for shape in shapes(bare, TASK.format(3))] == [(1, 2)]


def test_two_cpus_that_print_at_once_are_mixed_and_in_doubt():
    rows = [SOFT.format(1), SOFT.format(2), TASK.format(1), TASK.format(2), RIP, RIP]
    assert all(mixed or doubt for *_, mixed, doubt in shapes(*rows))
    callers = [Row(text, caller, k) for k, (text, caller) in enumerate([(SOFT.format(1), "C1"), (SOFT.format(2), "C2"), (TASK.format(1), "C1"), (TASK.format(2), "C2"), (RIP, "C1"), (RIP, "C2")], 1)]  # fmt: skip
    assert shapes(*callers) == [(1, 3, False, False), (2, 3, False, False)], "where the log says whose each line is"


def test_a_backtrace_is_that_of_the_one_cpu_whose_stall_was_told():
    stall = [
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
        "rcu: 3-....: (1 GPs behind) idle=1",
        "rcu: (detected by 1, t=21000 jiffies, g=1, q=1)",
    ]
    back = ["NMI backtrace for cpu {}", TASK.format(3), FRAME, FRAME]
    assert len(shapes(*stall, back[0].format(3), *back[1:])) == 1
    assert len(shapes(*stall, back[0].format(4), *back[1:])) == 2
    assert len(shapes(*stall, FRAME, back[0].format(3), *back[1:])) == 2, "it has its callers"


def test_two_hundred_reports_are_read():
    made = sorted_rows(*[SOFT.format(1)] * 200)
    assert (len(made.reports()), made.full) == (200, False)
    made = sorted_rows(*[SOFT.format(1)] * 201)
    assert (len(made.reports()), made.full) == (200, True)


def test_lines_about_the_kernel_stand_elsewhere():
    made = sorted_rows("Linux version 6.15.0 (x) #1", SOFT.format(1))
    assert [line.fields["release"] for line in made.banner] == ["6.15.0"] and len(made.reports()[0].lines) == 1


CODE = "Code:" + " 00" * 12


def joined(*lines: str) -> list[str]:
    joiner = Joiner(kind_of)
    return [row.text for row in (*joiner.rows(enumerate(lines, 1)), *joiner.rest())]


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (["RIP: 0010:", "f+0x1/0x2"], ["RIP: 0010:f+0x1/0x2"]),
        (["RIP:", "0010:f+0x1/0x2"], ["RIP: 0010:f+0x1/0x2"]),
        ([CODE, "02 03"], [f"{CODE} 02 03"]),
        ([CODE, "no bytes"], [CODE, "no bytes"]),
        (["Hardware name: A B,", "BIOS 1 01/02/2025"], ["Hardware name: A B, BIOS 1 01/02/2025"]),
        (["Hardware name: A B", "other words"], ["Hardware name: A B", "other words"]),
        (["f+0x1/0x2", "[kvm]"], ["f+0x1/0x2 [kvm]"]),
        (["f+0x1/0x2", "g+0x1/0x2"], ["f+0x1/0x2", "g+0x1/0x2"]),
        (["RAX: 00000000", "00000001 RBX: 0000000000000002"], ["RAX: 0000000000000001 RBX: 0000000000000002"]),
        (["RAX:", "0000000000000001"], ["RAX: 0000000000000001"]),
        (["RAX: 0000", "0001 RBX: 0000000000000002"], ["RAX: 00000001 RBX: 0000000000000002"]),
        ([CODE, "[ 1.000001] 01 02"], [CODE, "01 02"]),  # it has a time stamp of its own
        ([CODE, "", "01"], [f"{CODE} 01"]),
        ([CODE, "", "", "01"], [CODE, "01"]),  # three lines away
        (["hello", "world"], ["hello", "world"]),
    ],
)
def test_rows_that_a_mailer_broke(lines, rows):
    assert joined(*lines) == rows


def test_a_row_goes_on_over_six_lines():
    assert joined(CODE, *["01"] * 6) == [CODE + " 01" * 6]
    assert joined(CODE, *["01"] * 7) == [CODE + " 01" * 6, "01"]


def test_nothing_that_is_a_report_is_refused():
    with pytest.raises(InputError):
        read_report("hello\nworld\n")


def test_a_long_code_is_broken_into_lines_of_a_mail():
    one = scenario("v2", 3, 1)
    code = explore(one).schedule
    lines = packet(replay(one, code), "v2").split("\n")
    at = lines.index("Replay it with tdxkit:")
    assert lines[at + 1] == "  python -m tdxkit replay v2 \\"
    assert " ".join(line.strip(" \\") for line in lines[at + 2 :]).strip() == code and max(map(len, lines)) <= 75


def test_two_lines_that_come_to_nothing_do_not_keep_the_second_from_the_third():
    joiner = Joiner(lambda text: "head" if text == "Call Trace:" else "")
    rows = [*joiner.rows([(1, "words"), (2, "Call"), (3, "Trace:"), (4, "more")]), *joiner.rest()]
    assert [row.text for row in rows] == ["words", "Call Trace:", "more"]


def test_fifty_nine_lines_after_one_that_may_be_a_reports_are_read():
    lines = ["words", "BUG: soft lockup", *(f"line {k}" for k in range(1, 100))]
    kept, near = _kept("\n".join(lines).encode(), 10, 0)
    assert NEAR == 60 and kept == [(number, lines[number - 11]) for number in range(12, 72)] and near == 0
    assert _kept(b"a\nb\nc", 0, 3) == ([(1, "a"), (2, "b")], 0) and _kept(b"a", 0, 3)[1] == 2
