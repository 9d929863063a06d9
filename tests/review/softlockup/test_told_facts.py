"""A stuck CPU told: which loop its callers name, how long its head says, which system call it is in, and what each line means."""

import pytest

from tdxkit.review.softlockup.judged import how_long
from tdxkit.review.softlockup.loops import IOCTLS, SAYS, SETTERS, call_of, loop_of, plain
from tdxkit.review.softlockup.reading import read_report
from tdxkit.review.softlockup.rows import LONGEST, bare
from tdxkit.review.softlockup.told import FRAMES, told


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("soft lockup", {"stuck": "26"}, "26 units of 2³⁰ ns, 27.9 to 29.0 s since the stopper's last stamp"),
        ("soft lockup", {"stuck": "1"}, "1 unit of 2³⁰ ns, 1.1 to 2.1 s since the stopper's last stamp"),
        ("RCU stall", {"time": "21000"}, "21,000 jiffies: 21.0 s at HZ=1000, 84.0 s at HZ=250"),
        ("RCU stall", {"stuck": "100"}, "100 jiffies: 0.100 s at HZ=1000, 0.400 s at HZ=250"),
        ("RCU stall", {"time": "1000"}, "1,000 jiffies: 1.0 s at HZ=1000, 4.0 s at HZ=250"),
        ("RCU stall", {"time": "1"}, "1 jiffy: 0.001 s at HZ=1000, 0.004 s at HZ=250"),
        ("RCU stall", {}, ""),
        ("hung task", {"stuck": "120"}, "blocked for more than 120 s"),
        ("oops", {"stuck": "9"}, ""),
    ],
)
def test_how_long(kind, said, words):
    assert how_long(kind, said) == words


@pytest.mark.parametrize("setter", SETTERS)
@pytest.mark.parametrize(
    ("callers", "name"),
    [
        (["mutex_lock"], "slots_lock"),
        (["xa_load", "kvm_range_has_memory_attributes"], "check"),
        (["kvm_arch_post_set_memory_attributes", "kvm_handle_gfn_range"], "post"),
        (["kvm_pre_set_memory_attributes", "kvm_handle_gfn_range"], "pre"),
        (["kvm_handle_gfn_range"], "pre or post"),
        (["xas_create", "xas_store", "__xa_store", "xa_store"], "store"),
        (["xas_create", "__xa_cmpxchg"], "reserve"),
        (["xas_create"], "reserve or store"),
        ([], "?"),
        (["something"], "?"),
    ],
)
def test_the_loops_of_the_call(setter, callers, name):
    found = loop_of([*callers, setter, "xa_store", "kvm_vm_ioctl"])
    assert (found.name, found.says) == (name, f"KVM_SET_MEMORY_ATTRIBUTES: {SAYS[name]}")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], ""),
        (["a"], "a()"),
        (["a", "b", "c", "d", "e", "f"], "a(), called by b(), c(), d(), e()"),
        (["schedule", "a"], "a()"),
        (["schedule", "do_syscall_64"], "schedule(), called by do_syscall_64()"),
        (["native_queued_spin_lock_slowpath", "a"], "native_queued_spin_lock_slowpath(), called by a(); it spins for a lock"),
        (["csd_lock_wait", "a"], "csd_lock_wait(), called by a(); it waits for a function to run on other CPUs"),
        (["multi_cpu_stop"], "multi_cpu_stop(); it is the stopper, and waits for the other CPUs"),
        (["schedule", "synchronize_rcu"], "synchronize_rcu(); it waits for readers under SRCU or RCU"),
        (["mutex_lock", "a"], "mutex_lock(), called by a(); it waits for a mutex"),
        ([*"abcdefg", "mutex_lock"], "a(), called by b(), c(), d(), e(); it waits for a mutex"),
        ([*"abcdefgh", "mutex_lock"], "a(), called by b(), c(), d(), e()"),
    ],
)  # fmt: skip
def test_other_loops_are_named_by_their_symbols(names, says):
    assert loop_of(names) == ("", says)


@pytest.mark.parametrize(
    ("name", "bare_name"),
    [
        ("f+0x1/0x2", "f"),
        ("f.isra.0", "f"),
        ("f.constprop.0.cold+0x1", "f"),
        (".f", "f"),
        ("f.llvm.123", "f"),
        ("f.other", "f.other"),
    ],
)
def test_a_function_without_what_a_compiler_adds(name, bare_name):
    assert plain(name) == bare_name


@pytest.mark.parametrize(
    ("user", "call"),
    [
        ({}, ""),
        ({"ORIG_RAX": 0x10, "RSI": 0x4020AED2}, "ioctl KVM_SET_MEMORY_ATTRIBUTES"),
        ({"ORIG_RAX": 0x10, "RSI": 0xFFFFFFFF_0000AE80}, "ioctl KVM_RUN"),
        ({"ORIG_RAX": 0x10, "RSI": 7}, "ioctl 0x7"),
        ({"ORIG_RAX": 0x10}, "system call 16"),
        ({"ORIG_RAX": 9, "RSI": 0x4020AED2}, "system call 9"),
        ({"ORIG_RAX": (1 << 64) - 1}, ""),
        ({"ORIG_RAX": 1 << 63}, ""),
        ({"ORIG_RAX": (1 << 63) - 1}, f"system call {(1 << 63) - 1}"),
    ],
)
def test_the_system_call(user, call):
    assert call_of(user) == call


def iow(direction: int, size: int, number: int) -> int:
    """An ioctl's number as <asm-generic/ioctl.h> puts it together, with KVM's letter 0xAE."""
    return direction << 30 | size << 16 | 0xAE << 8 | number


def test_numbers_of_ioctls_by_the_rule_of_the_uapi():
    """Directions: none 0, write 1, both 3; sizes of the structs, and the numbers, as linux/kvm.h has them."""
    assert {value: key for key, value in IOCTLS.items()} == {
        "KVM_SET_MEMORY_ATTRIBUTES": iow(1, 32, 0xD2), "KVM_CREATE_VM": iow(0, 0, 0x01), "KVM_CREATE_VCPU": iow(0, 0, 0x41),
        "KVM_RUN": iow(0, 0, 0x80), "KVM_GET_DIRTY_LOG": iow(1, 16, 0x42), "KVM_CLEAR_DIRTY_LOG": iow(3, 24, 0xC0),
        "KVM_SET_USER_MEMORY_REGION": iow(1, 32, 0x46), "KVM_SET_USER_MEMORY_REGION2": iow(1, 160, 0x49),
        "KVM_MEMORY_ENCRYPT_OP": iow(3, 8, 0xBA), "KVM_CREATE_GUEST_MEMFD": iow(3, 64, 0xD4), "KVM_PRE_FAULT_MEMORY": iow(3, 64, 0xD5),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "text", "caller", "stamped"),
    [
        ("> > [   48.1][ C8] Call Trace:", "Call Trace:", "C8", True),
        ("Jun  9 11:02:07 host kernel: x", "x", "", True),
        ("<4>x", "x", "", True),
        ("6,1234,5678,-,caller=T42;x", "x", "T42", True),
        ("[ 1.5] > x", "> x", "", True),
        ("> x", "x", "", False),
        ('{"MESSAGE": "a \\"b\\""}', 'a "b"', "", False),
        ("\x1b[31mx\x1b[0m", "x", "", False),
        ("[ 1.5] a#011b", "a b", "", True),
        ("&lt;TASK&gt;", "<TASK>", "", False),
        ("[T7] x", "x", "T7", True),
        ("x" * 600, "x" * 500, "", False),
    ],
)
def test_what_stands_before_a_row(line, text, caller, stamped):
    row = bare(line, 7)
    assert (row.text, row.caller, row.line, row.stamped) == (text, caller, 7, stamped) and LONGEST == 500


HEAD = "watchdog: BUG: soft lockup - CPU#8 stuck for {}s! [CPU 0/KVM:2117]"
TASK = "CPU: 8 UID: 0 PID: 2117 Comm: CPU 0/KVM Kdump: loaded Not tainted 6.15.0 #1 PREEMPT(voluntary)"


def rows(*lines: str):
    return told(read_report("\n".join(lines)))


@pytest.mark.parametrize(
    ("stuck", "more"),
    [
        (22, "; the first tick at which a report can come"),
        (23, "; the first tick at which a report can come"),
        (24, ""),
        (26, "; one tick after the first that can report, which would fit a CPU fresh from idle"),
        (27, "; one tick after the first that can report, which would fit a CPU fresh from idle"),
        (28, ""),
    ],
)
def test_a_soft_lockups_head(stuck, more):
    row = rows(HEAD.format(stuck), TASK)[0]
    assert row.says == "the watchdog of CPU 8 reports CPU 0/KVM, thread 2117"
    assert row.follows == how_long("soft lockup", {"stuck": str(stuck)}) + more


def test_a_task_line():
    follows = rows(HEAD.format(26), TASK)[1].follows.split("; ")
    assert follows[:3] == [
        "run by root", "a crash kernel is loaded: a panic would leave a dump",
        "the first soft lockup since boot: the kernel taints itself (L) only after it has printed",
    ]  # fmt: skip
    other = rows(
        HEAD.format(26),
        TASK.replace("UID: 0", "UID: 7")
        .replace(" Kdump: loaded", "")
        .replace("Not tainted", "Tainted: G             L"),
    )[1]
    assert other.follows.startswith("not the first soft lockup since boot") and "root" not in other.follows


@pytest.mark.parametrize(
    ("line", "says", "follows"),
    [
        ("RIP: 0010:xas_create+0x11/0x4f0", "the instruction at which the timer interrupted the kernel", f"xas_create(), 17 bytes into its 1264; it {FRAMES['xas_create']}"),
        ("RIP: 0010:other+0x10/0x20", "the instruction at which the timer interrupted the kernel", "other(), 16 bytes into its 32"),
        ("RIP: 0033:0x7f0000001234", "where user space goes on", "selector 0033: user code, so no function is named"),
        (" xa_store+0x1f/0x50", "goes on at byte 31 of 80", FRAMES["xa_store"]),
        (" ? xa_store+0x1f/0x50", "goes on at byte 31 of 80, perhaps a leftover", FRAMES["xa_store"]),
        (" kvm_vm_ioctl+0x1/0x2 [kvm]", "goes on at byte 1 of 2 in module kvm", FRAMES["kvm_vm_ioctl"]),
        ("Call Trace:", "what follows", "the callers, the innermost first"),
        (" <TASK>", "whose stack it is", "the task's own"),
        (" <IRQ>", "whose stack it is", "an interrupt's"),
        (" </TASK>", "whose stack it is", ""),
    ],
)  # fmt: skip
def test_lines_of_a_report(line, says, follows):
    lines = [HEAD.format(26), TASK] + (["Call Trace:"] if line[:1] == " " and "<" not in line else [])
    row = rows(*lines, line)[-1]
    assert (row.says, row.follows) == (says, follows)


def registers(*lines: str) -> str:
    return rows(HEAD.format(26), TASK, "RIP: 0010:f+0x1/0x2", *lines)[-1].follows


@pytest.mark.parametrize(
    ("line", "follows"),
    [
        ("RSP: 0018:ffffc90000000000 EFLAGS: 00000246", "EFLAGS: interrupts on: the timer could tick"),
        ("RSP: 0018:ffffc90000000000 EFLAGS: 00000046", "EFLAGS: interrupts off"),
        ("CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033", "CS: privilege level 0"),
        ("CR2: 00007f0000000000 CR3: 0000000123456007 CR4: 0000000000773ef0", None),
        ("PKRU: 55555554", "PKRU: as the kernel sets it: of 16 keys only key 0 is open"),
        ("PKRU: 55555550", ""),
    ],
)
def test_what_a_register_says(line, follows):
    found = registers(line)
    if follows is None:
        assert "CR2: the address of the last page fault, of user space" in found
        assert "CR3: page tables at 0x123456000, PCID 7" in found
        assert found.endswith("CR4: PGE, LA57, FSGSBASE, PCIDE, SMEP, SMAP, PKE")
    else:
        assert found == follows


def test_bits_of_cr4_and_the_side_of_a_fault():
    bits = {
        "PGE": 7,
        "LA57": 12,
        "FSGSBASE": 16,
        "PCIDE": 17,
        "SMEP": 20,
        "SMAP": 21,
        "PKE": 22,
        "CET": 23,
    }  # the manual's numbers
    for name, bit in bits.items():
        found = registers(f"CR2: ffff800000000000 CR3: 0000000000000000 CR4: {1 << bit:016x}")
        assert f"CR4: {name}" + (" (no LA57" if name != "LA57" else "") in found and "of the kernel" in found
