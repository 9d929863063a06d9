"""What each line of a report means, where the values stand at an edge of what is said of them."""

import pytest

from tdxkit.review.softlockup.report import posted_text
from tests.review.softlockup.test_report import follows
from tests.review.softlockup.test_told_facts import HEAD, TASK, registers, rows

TEXT = posted_text()
STACK = "RSP: 0018:ffffc90000001000 EFLAGS: 00000246"


@pytest.mark.parametrize(
    ("rbx", "near"), [(0x1000, False), (0x1001, True), (0x1FFF, True), (0x2000, False), (0xFFF, False)]
)
def test_what_lies_close_above_the_stack_pointer_is_on_the_stack(rbx, near):
    said = registers(STACK, f"RAX: 0000000000000001 RBX: {0xFFFFC90000000000 + rbx:016x} RCX: 0000000000000003")
    assert (f"RBX: {rbx - 0x1000:#x} bytes above RSP, so on the stack: the XA_STATE, it seems" in said) == near


def test_without_a_stack_pointer_nothing_lies_above_it():
    assert registers("RAX: 0000000000000001 RBX: 0000000000000002 RCX: 0000000000000003") == ""
    assert "RBX" not in registers(
        "RSP: 0018:0000000000000000 EFLAGS: 00000246", "RAX: 0000000000000001 RCX: 0000000000000003"
    )


@pytest.mark.parametrize(("selector", "level"), [("0010", 0), ("0013", 3), ("0014", 0)])
def test_the_privilege_level_is_in_the_two_lowest_bits(selector, level):
    assert registers(f"CS:  {selector} DS: 0000 ES: 0000 CR0: 0000000080050033") == f"CS: privilege level {level}"


@pytest.mark.parametrize(
    ("address", "side"), [("00007fffffffffff", "of user space"), ("0000800000000000", "of the kernel")]
)
def test_an_address_of_user_space_has_47_bits(address, side):
    assert f"the last page fault, {side}" in registers(f"CR2: {address} CR3: 0000000000000000 CR4: 0000000000000000")


def test_bases_are_told_where_they_are_printed():
    said = registers("FS:  00007f5578a2a400(0000) GS:ffff97ed317e1000(0000) knlGS:0000000000000000")
    assert "FS: the thread pointer" in said and "GS: where this CPU's own" in said and "knlGS: user space's GS" in said
    assert "thread pointer" not in registers(STACK)


def test_the_head_of_the_tree_lies_eight_bytes_into_it():
    assert "R12: the address of the XArray's head" in follows("R10: 0000000000000000") + follows("R10")
    moved = TEXT.replace("R12: ffffad890a356868", "R12: ffffad890a356869")
    assert "the address of the XArray's head" not in follows("R10", moved) + follows("R13: ffffad", moved)
    assert "R14: order 0: a single index" in follows("R13: ffffad")


def test_equal_registers_of_user_space_are_told_and_others_are_not():
    assert "RBX: equals RSI" in follows("RAX: ffffffffffffffda")
    other = TEXT.replace("RBX: 000000004020aed2", "RBX: 000000004020aed3")
    assert "RBX: equals RSI" not in follows("RAX: ffffffffffffffda", other)
    bare = TEXT.replace("RAX: ffffffffffffffda RBX: 000000004020aed2 RCX: 00007f5578d031bb\n", "")
    assert "RBX" not in follows("RDX: 00007ffe", bare)


def test_whose_registers_a_row_has():
    kernel = rows(HEAD.format(26), TASK, "RIP: 0010:f+0x1/0x2", STACK)[-1]
    user = rows(
        HEAD.format(26), TASK, "RIP: 0033:0x1", "RSP: 002b:00007ffe0a742b88 EFLAGS: 00000246 ORIG_RAX: 0000000000000010"
    )[-1]
    assert (kernel.says, user.says) == ("the kernel's registers", "user space's registers")


@pytest.mark.parametrize(("state", "said"), [("D", "it sleeps and takes no signal"), ("S", ""), ("R", "")])
def test_a_task_that_sleeps_takes_no_signal(state, said):
    row = rows(
        "INFO: task x:1 blocked for more than 120 seconds.",
        f"task:x state:{state} stack:0 pid:1 ppid:1 flags:0x00000000",
    )[-1]
    assert (row.says, row.follows) == ("a task, its state and its numbers", said)


def test_who_interrupted_the_kernel_is_the_timer_in_a_soft_lockups_first_registers_alone():
    timer = "the instruction at which the timer interrupted the kernel"
    plain = "the instruction at which the kernel was"
    assert rows(HEAD.format(26), TASK, "RIP: 0010:f+0x1/0x2")[-1].says == timer
    assert rows(HEAD.format(26), TASK, "RIP: 0010:f+0x1/0x2", "f+0x1/0x2", "RIP: 0010:g+0x1/0x2")[-1].says == plain
    assert rows("kernel BUG at mm/slub.c:1!", "RIP: 0010:f+0x1/0x2")[-1].says == plain
    odd = rows(HEAD.format(26), TASK, "RIP: 0010:0xffffffff81000000")[-1]
    assert (odd.says, odd.follows) == (timer, "")


def test_a_jump_is_told_of_the_registers_that_it_looks_at():
    assert "it goes on with that entry" in follows("Code: 00 00")
    zero = TEXT.replace("RAX: ffff96f30b261daa", "RAX: 0000000000000000")
    assert "RAX is zero: it jumps" in follows("Code: 00 00", zero)
    for code in ("48 85 c0 <75> 67", "48 85 c1 <74> 67"):
        assert "test RAX" not in follows("Code: 00 00", TEXT.replace("48 85 c0 <74> 67", code))
    user = TEXT.replace("b8 10 00 00 00 0f 05 <48>", "b8 10 00 00 48 85 c0 <74>")
    assert "test RAX" not in follows("Code: ff ff", user), "user space's are not looked at"


@pytest.mark.parametrize(("preempt", "said"), [(" PREEMPT(voluntary)", True), (" PREEMPT", True), ("", False)])
def test_the_preemption_model_is_told_where_one_is_printed(preempt, said):
    row = rows(HEAD.format(26), f"CPU: 8 PID: 1 Comm: x Not tainted 6.15.0 #1{preempt}")[-1]
    assert ("PREEMPT" in row.follows or "preempt" in row.follows) == said
