"""Reports as people post them: each kind with the truth known, and property tests that write one in every form and read it back."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stuck_reports import PREFIXES, THREE, context, prefixed, quoted_printable, soft, text, user_of, wrapped

from tdxkit.errors import InputError
from tdxkit.intake import STRIDE
from tdxkit.linux.memattr.ioctl import KVM_MEMORY_ATTRIBUTE_PRIVATE
from tdxkit.review.softlockup.judged import Finding
from tdxkit.review.softlockup.reading import MAX_LOOKED, read_report, read_reports, reports_job
from tdxkit.review.softlockup.registers import read_registers, reading_of, registers_in
from tdxkit.review.softlockup.sorting import MAX_REPORTS
from tdxkit.review.softlockup.told import told
from tdxkit.review.wanted import wanted
from tdxkit.units import GIB, TIB
from tdxkit.work import drive

pytestmark = pytest.mark.many

KTHREAD = [
    "watchdog: BUG: soft lockup - CPU#3 stuck for 24s! [migration/3:31]",
    *context({"RBX": 1, "RSI": 0x18, "R8": 1}, False, "multi_cpu_stop+0x3c/0xc0"),
]
CUT = soft(12, 23, "qemu-system-x86", 4242, user=user_of(), frames=("kvm_vm_set_mem_attributes",))
TWO = (
    soft(8, 26, user=user_of(size=1498 * GIB)),
    soft(9, 22, "other", 77, frames=("clear_page", "fault"), user=user_of(1, 2, 3, asked=0xAE80)),
)


def found_in(rows):
    """The findings of these rows."""
    reports = read_reports(text(rows))
    return [Finding(report, reports.banner) for report in reports.items]


def only(rows):
    (one,) = found_in(rows)
    return one


# -- the two public cases and their kinds: a context before the one that matters, and lines that a mailer broke


@pytest.mark.parametrize(
    "before",
    [
        KTHREAD,
        [*KTHREAD, "Modules linked in: kvm_amd kvm", *KTHREAD],
        soft(3, 22, "kworker/3:1", 9, frames=("worker_thread", "kthread")),
        ["INFO: task qemu:12 blocked for more than 122 seconds.", "task:qemu state:D stack:0 pid:12 ppid:1 flags:0x0", "Call Trace:", " schedule+0x1/0x2"],
        soft(3, 22, "sh", 9, frames=("ksys_read",), user=user_of(ORIG_RAX=0, RSI=5)),
    ],
    ids=["a kernel thread", "twice", "a worker with callers", "a hung task", "another system call"],
)  # fmt: skip
@pytest.mark.parametrize("at_last", [True, False])
def test_the_report_that_sets_attributes_is_the_one_that_is_read(before, at_last):
    rows = [*before, *CUT] if at_last else [*CUT, *before]
    found = read_registers(registers_in(text(rows)))
    assert (found.call.address, found.call.size, found.guest) == (TIB, 510 * GIB, 512 * GIB)
    assert found.call.attributes == KVM_MEMORY_ATTRIBUTE_PRIVATE
    assert "call 0x10 with 0x0" not in str([Finding(r).says() for r in read_reports(text(rows)).items])


@pytest.mark.parametrize("width", [40, 60, 72, 78, 100])
@pytest.mark.parametrize("quote", ["", "> ", ">> ", "| "])
@pytest.mark.parametrize("stamp", ["none", "dmesg", "journald", "caller"])
def test_lines_that_a_mailer_broke_are_whole_again(width, quote, stamp):
    rows = [quote + row for row in prefixed(CUT, stamp)]
    one = only(wrapped(rows, max(width, 60) if stamp == "journald" else width, quote))
    assert (one.reading.call.address, one.reading.call.size, one.reading.guest) == (TIB, 510 * GIB, 512 * GIB)
    assert one.report.fields["stuck"] == "23" and one.banner.model == "voluntary" and len(one.report.frames) == 1


@pytest.mark.parametrize("cut", [3, 9, 15])
def test_a_value_that_a_terminal_broke_inside_is_whole_again(cut):
    rows = []
    for row in CUT:
        at = row.rfind(": ") + 2 + cut
        rows += [row[:at], row[at:]] if row[:1] == "R" and "RIP" not in row and "RSP" not in row else [row]
    assert only(rows).reading.call.size == 510 * GIB


@pytest.mark.parametrize("width", [75, 61, 70])
@pytest.mark.parametrize("stamp", ["none", "journald", "dmesg"])
def test_quoted_printable_is_undone(width, stamp):
    rows = quoted_printable([row + " " * (k == 1) for k, row in enumerate(prefixed(CUT, stamp))], width)
    one = only(rows)
    assert one.reading.call.size == 510 * GIB and one.banner.model == "voluntary"


@pytest.mark.parametrize("name", PREFIXES)
def test_what_tools_put_before_the_lines_is_taken_off(name):
    one = only(prefixed(CUT, name, 12))
    assert one.says() == only(CUT).says() and one.report.others == 0


# -- whose registers they are


@pytest.mark.parametrize("vector", ["ffffffffffffff13", "ffffffffffffffff", ""])
def test_an_interrupts_own_registers_are_not_the_users(vector):
    """Up to 5.x the kernel's registers have an ORIG_RAX too: a vector, negative."""
    one = only(soft(user=None, vector=vector))
    assert one.report.user == {} and one.reading is None and one.report.kernel["RDX"] == 30
    assert only(soft(user=user_of(), vector=vector)).reading.call.size == 510 * GIB


def test_an_interrupt_on_top_of_the_task():
    """The watchdog found it in a softirq: its registers, its callers, then the task's."""
    rows = soft(user=user_of(), where="handle_softirqs+0x8b/0x2a0")
    at = rows.index(" <TASK>")
    inside = [" <IRQ>", " irq_exit_rcu+0x1/0x2", " </IRQ>", " <TASK>", " asm_sysvec_apic_timer_interrupt+0x1a/0x20"]
    inside += context({"RAX": 0x1002, "RDX": 30}, False, "xas_load+0x8/0x40")
    one = only([*rows[:at], *inside, *rows[at + 1 :]])
    assert one.loop.name == "store" and "irq_exit_rcu" not in one.as_json()["stack"]
    assert one.report.kernel["RAX"] == 0x1002 and one.reading.call.size == 510 * GIB


def test_registers_without_selectors_are_told_by_what_comes_again():
    rows = [f"{n}: {k:016x}" for k, n in enumerate(("RAX", "RDX", "RBP", "R14"))]
    rows += [f"{n}: {v:016x}" for n, v in user_of().items()]
    assert read_registers(registers_in(text(rows))).call.size == 510 * GIB


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"RSI": 0xAE80}, "ioctl KVM_RUN"),
        ({"RSI": 0x4010AE42}, "ioctl KVM_GET_DIRTY_LOG"),
        ({"RSI": 0xC008AEBA}, "ioctl KVM_MEMORY_ENCRYPT_OP"),
        ({"RSI": 0x5401}, "ioctl 0x5401"),
        ({"ORIG_RAX": 1}, "system call 1:"),
        ({"R8": 4095}, "does not show the range"),
        ({"R14": 0x5575E5F961E0}, "does not show the range"),
        ({"R8": 1 << 60}, "does not show the range"),
        ({"R9": 0}, "does not show the range"),
    ],
)
def test_another_call_and_registers_that_do_not_fit_are_said(change, why):
    one = only(soft(user=user_of(**change)))
    assert one.reading is None and not one.verdicts and why in reading_of(one.report)[1]


def test_upper_halves_of_a_32_bit_request_do_not_matter():
    assert only(soft(user=user_of(RSI=0xFFFF_FFFF_4020_AED2))).reading.call.size == 510 * GIB


# -- which loop


@pytest.mark.parametrize(
    ("frames", "where", "loop"),
    [
        (("xas_store", "__xa_store", "xa_store", "kvm_vm_set_mem_attributes"), "xas_create+0x1/0x2", "store"),
        (("xas_store", "__xa_cmpxchg", "kvm_vm_set_mem_attributes"), "xas_create+0x1/0x2", "reserve"),
        (("__xa_cmpxchg_raw", "kvm_vm_set_mem_attributes"), "xas_load+0x1/0x2", "reserve"),
        (("kvm_range_has_memory_attributes", "kvm_vm_set_mem_attributes"), "xas_find+0x1/0x2", "check"),
        (("kvm_arch_pre_set_memory_attributes", "kvm_handle_gfn_range", "kvm_vm_set_mem_attributes"), "x+0x1/0x2", "pre"),
        (("kvm_arch_post_set_memory_attributes", "kvm_handle_gfn_range", "kvm_vm_set_mem_attributes"), "x+0x1/0x2", "post"),
        (("kvm_handle_gfn_range", "kvm_vm_set_mem_attributes"), "x+0x1/0x2", "pre or post"),
        (("__mutex_lock.constprop.0", "kvm_vm_set_mem_attributes.isra.0"), "x+0x1/0x2", "slots_lock"),
        (("xas_store", "kvm_vm_set_mem_attributes"), "xas_create+0x1/0x2", "reserve or store"),
        (("kvm_vm_ioctl",), "kvm_vm_set_mem_attributes+0x1/0x2", "?"),
        (("tdp_mmu_zap_root", "kvm_tdp_mmu_put_root"), "kvm_set_pfn_dirty+0x30/0x50", ""),
        (("smp_call_function_many_cond", "on_each_cpu"), "smp_call_function_many_cond+0x1/0x2", ""),
    ],
)  # fmt: skip
def test_the_loop_is_told_by_its_callers(frames, where, loop):
    one = only(soft(frames=frames, where=where))
    assert one.loop.name == loop and (loop or where.split("+")[0] + "()" in one.loop.says)
    assert "nothing to say" in one.says()[-1], "no range, no verdict"


@pytest.mark.parametrize(
    "prose", ["fault (src_id:0 ring:24 vmid:9)", "see do_it (in main.c) and more", "foo (bar:1)", "at 0x1/0x2"]
)
def test_words_are_no_callers(prose):
    one = only([*soft(frames=(), where="clear_page+0x1/0x2"), prose, prose])
    assert one.report.frames == () and one.loop.says == "clear_page()"


def test_where_nothing_shows_the_function_it_is_not_called_another():
    said = only(["BUG: soft lockup - CPU#1 stuck for 22s! [a:1]"]).says()
    assert said[1] == "no function that it was in is shown" and said[2].endswith(
        "which this was the report does not show"
    )


def test_what_prints_a_report_is_not_where_it_was():
    one = only(
        [
            "WARNING: CPU: 3 PID: 12 at kernel/x.c:1 fn+0x1/0x2",
            " dump_stack_lvl+0x1/0x2",
            " __warn+0x1/0x2",
            " rbtree_test_init+0x1/0x2",
        ]
    )
    assert one.loop.says == "rbtree_test_init()"


def test_an_old_kernels_task_line_and_callers():
    rows = [
        "Watchdog detected hard LOCKUP on cpu 0",
        "Pid: 0, comm: swapper/0 Not tainted 3.8.9-200.fc18.x86_64 #1",
        "Call Trace:",
    ]
    rows += [
        "  <NMI>  [<ffffffff8105cd86>] warn_slowpath_common+0x66/0x80",
        "  <<EOE>>  [<ffffffff810944f0>] tick_idle+0x90/0xa0",
    ]
    one = only(rows)
    assert (one.report.kind, one.banner.release, one.loop.says) == (
        "hard lockup",
        "3.8.9-200.fc18.x86_64",
        "tick_idle()",
    )


@pytest.mark.parametrize(
    "form",
    [
        "[<80de0078>] ({0}) from [<80de0574>] ({1}+0x28/0x2c)",
        " {0} from {1}+0x20/0x24",
        " {0} from {1}+0x20/0x24 [kvm]",
    ],
)
def test_callers_as_arm_prints_them(form):
    one = only(
        [
            "INFO: task a:1 blocked for more than 122 seconds.",
            *(form.format(*pair) for pair in (("__schedule", "wait"), ("wait", "caller"))),
        ]
    )
    assert one.loop.says == "wait()" and told(one.report)[1].says


def test_a_task_dump_names_the_stalled_cpu():
    rows = [
        "INFO: rcu_sched self-detected stall on CPU",
        "Task dump for CPU 4:",
        "a  R  running task    25256     1      0 0x00000008",
    ]
    assert found_in([*rows, " a+0x1/0x2"])[0].report.cpus == (4,)


def test_a_caller_that_is_a_leftover_tells_no_loop():
    rows = soft(frames=("ksys_read",), where="copy_page+0x1/0x2")
    rows[-1:-1] = [" ? xa_store+0x1/0x2", " ? kvm_vm_set_mem_attributes+0x1/0x2 [kvm]"]
    assert only(rows).loop.name == ""


def test_without_callers_the_users_registers_say_the_call_and_no_loop():
    one = only(soft(user=user_of(), frames=()))
    assert one.loop.name == "?" and "by user space's registers" in one.loop.says and one.verdicts


@pytest.mark.parametrize(
    "frame",
    [
        " [<ffffffffc0a1b2c3>] xa_store+0x2c/0x50",
        " xa_store (lib/xarray.c:1764 lib/xarray.c:1700) ",
        " xa_store+0x2c/0x50 lib/xarray.c:1764",
        " xa_store+0x2c/0x50 [some_module 0123456789abcdef0123]",
        " xa_store.cold+0x2c/0x50",
        " <TASK>  [<ffffffffc0a1b2c3>] xa_store+0x2c/0x50",
    ],
)
def test_callers_in_every_form(frame):
    rows = soft(frames=("kvm_vm_set_mem_attributes",))
    rows.insert(rows.index(" <TASK>") + 1, frame.replace("<TASK>", "<EOI>"))
    assert only(rows).loop.name == "store"


# -- how long, which kernel


@pytest.mark.parametrize(
    ("head", "kind", "what"),
    [
        ("BUG: soft lockup - CPU#1 stuck for 61s! [kswapd0:184]", "soft lockup", "65.5 to 66.6 s"),
        ("NMI watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a b/c:1:9]", "soft lockup", "a b/c:1 (thread 9)"),
        ("watchdog: BUG: soft lockup - CPU#5 stuck for 26 seconds! [bash:537]", "soft lockup", "bash"),
        ("watchdog: BUG: soft lockup - CPU#11 stuck for 94s!", "soft lockup", "on CPU 11: 94 units"),
        ("rcu: INFO: rcu_preempt self-detected stall on CPU", "RCU stall", "RCU stall"),
        ("INFO: rcu_sched self-detected stall on CPU { 5}  (t=60000 jiffies g=1 c=0 q=7)", "RCU stall", "60.0 s at HZ=1000, 240.0 s at HZ=250"),
        ("rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 0-... } 6 jiffies s: 85 root: 0x1/.", "RCU stall", "on CPU 0: 6 jiffies: 0.006 s at HZ=1000"),
        ("rcu: INFO: rcu_tasks detected stalls on tasks:", "RCU stall", "RCU stall"),
        ("INFO: task CPU 0/KVM:7834 blocked for more than 122 seconds.", "hung task", "CPU 0/KVM (thread 7834): blocked for more than 122 s"),
        ("INFO: task x:1 can't die for more than 143 seconds.", "hung task", "143 s"),
        ("INFO: task jbd2/a-8:9 blocked in I/O wait for more than 120 seconds.", "hung task", "120 s"),
        ("watchdog: Watchdog detected hard LOCKUP on cpu 3", "hard lockup", "on CPU 3"),
        ("watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3", "hard lockup", "on CPU 3"),
        ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 0dModules linked in: a b", "hard lockup", "on CPU 0"),
        ("BUG: unable to handle page fault for address: ffffc90000000000", "oops", "page fault"),
        ("BUG: kernel NULL pointer dereference, address: 0000000000000018", "oops", "NULL"),
        ("general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP", "oops", "general"),
        ("Oops: Oops: 0002 [#1] SMP NOPTI", "oops", "0002"),
        ("kernel BUG at arch/x86/kvm/x86.c:1!", "oops", "x86.c"),
        ("WARNING: CPU: 3 PID: 12 at virt/kvm/kvm_main.c:1 kvm_put+0x1/0x2 [kvm]", "warning", "kvm_main.c"),
        ("Kernel panic - not syncing: softlockup: hung tasks", "panic", "softlockup"),
        ("NMI backtrace for cpu 9", "backtrace", "on CPU 9"),
        ("task:kworker/0:1 state:R  running task     stack:0     pid:314   ppid:2 flags:0x00004008", "task", "kworker/0:1"),
    ],
)  # fmt: skip
def test_heads_of_every_kind(head, kind, what):
    for name in ("none", "journald", "caller", "quoted"):
        one = only([*prefixed([head], name), *prefixed([" foo+0x1/0x2", " bar+0x1/0x2"], name)])
        assert one.report.kind == kind and what in one.headline() and one.verdicts == ()
        assert one.loop.says.startswith("foo(), called by bar()")


def test_a_stall_over_several_lines_and_the_backtrace_of_its_one_cpu():
    rows = [
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
        "rcu: #0119-...0: (1 ticks this GP) idle=9d74/1/0x4000000000000000 softirq=30/30 fqs=2062",
        "rcu: \t(detected by 20, t=21002 jiffies, g=-831, q=85 ncpus=24)",
        "Sending NMI from CPU 20 to CPUs 9:",
        "NMI backtrace for cpu 9",
        *soft(9, head=False, user=user_of(size=1498 * GIB), preempt=" VOLUNTARY"),
    ]
    one = only(rows)
    assert one.report.kind == "RCU stall" and one.report.cpus == (9,) and "21.0 s at HZ=1000" in one.headline()
    assert one.loop.name == "store" and one.verdicts[0].without.rcu_stall and not one.verdicts[0].patched.rcu_stall
    two = [row.replace("1 ticks", "1 ticks") for row in rows]
    two.insert(2, "rcu: \t11-...0: (1 ticks this GP) idle=1/1/0x4 softirq=30/30 fqs=2062")
    stall, trace = found_in(two)
    assert stall.report.cpus == (9, 11) and trace.report.kind == "backtrace" and trace.verdicts


@pytest.mark.parametrize(
    ("printed", "model", "build", "says"),
    [
        (" PREEMPT(voluntary)", "voluntary", "dynamic", "it runs as voluntary"),
        (" PREEMPT(full) 0123456789abcdef0123456789abcdef01234567", "full", "dynamic", "it runs as full"),
        (" PREEMPT(lazy) ", "lazy", "dynamic", "it runs as lazy"),
        (" PREEMPT(none)", "none", "dynamic", "it runs as none"),
        (" PREEMPT(undef)", None, "dynamic", "is not printed"),
        (" VOLUNTARY", "voluntary", "fixed", "RCU cannot preempt"),
        (" NONE", "none", "fixed", "RCU cannot preempt"),
        (" PREEMPT", "full", "fixed", "RCU can preempt"),
        (" PREEMPTLAZY", "lazy", "fixed", "RCU can preempt"),
        (" PREEMPT_RT", None, "fixed", "does not model"),
        (" PREEMPT_{RT,(full)}", "full", "dynamic", "does not model"),
        (" PREEMPT_{RT,LAZY}", None, "fixed", "does not model"),
        ("", None, "", "names no preemption model"),
        (" Debian 6.12.107-1", None, "", "names no preemption model"),
    ],
)
def test_the_preemption_model_as_the_banner_names_it(printed, model, build, says):
    one = only(soft(user=user_of(size=1498 * GIB), preempt=printed))
    assert (one.banner.model, one.banner.build) == (model, build) and says in one.says()[1]
    assert len(one.verdicts) == (0 if "RT" in printed else 1 if model else 4)
    if one.verdicts and model in ("none", "voluntary"):
        assert one.verdicts[0].without.lockup and not one.verdicts[0].patched.lockup


def test_what_the_boot_said_of_preemption_counts_where_the_report_says_nothing():
    boot = ["Linux version 6.12.20-1 (a@b) (gcc) #1 SMP PREEMPT_DYNAMIC Mon", "Dynamic Preempt: voluntary"]
    one = only([*boot, *soft(user=user_of(size=1498 * GIB), release="6.12.20-1", preempt="")])
    assert one.banner.model == "voluntary" and one.banner.build == "dynamic" and one.banner.kernel.name == "6.12.20"


@pytest.mark.parametrize(
    ("release", "kernel", "says"),
    [
        ("6.15.0-rc7.20250520.el9uek", "6.15", ""), ("6.8.0-31-generic", "6.8", ""), ("6.12.39-1-pve", "6.12.39", ""),
        ("5.14.0-503.el9.x86_64", "6.8", "kernel.org's 5.14 has no memory attributes"),
    ],
)  # fmt: skip
def test_the_release_that_is_judged(release, kernel, says):
    one = only(soft(user=user_of(size=1498 * GIB), release=release))
    (verdict,) = one.verdicts
    assert verdict.without.kernel.name == kernel and says in " ".join(one.says())
    assert not verdict.without.patched and verdict.patched.patched and verdict.without.stuck == 22


def test_what_is_taken_away_is_set_first():
    (verdict,) = only(soft(user=user_of(size=1498 * GIB, attributes=0))).verdicts
    assert verdict.without.work.clearing and verdict.without.lockup and verdict.without.longest.seconds > 40


@pytest.mark.parametrize(("tib", "judged"), [(64, True), (65, False)])
def test_a_range_that_takes_hours_is_not_judged(tib, judged):
    one = only(soft(user=user_of(size=tib * TIB)))
    assert bool(one.verdicts) is judged and ("up to 64 TiB" in one.says()[-1]) is not judged


def test_a_guests_own_log_says_that_it_is_one():
    rows = [row.replace("Some Vendor Machine", "QEMU Standard PC (Q35)") for row in soft(frames=("default_idle",))]
    assert "itself a guest" in " ".join(only(rows).says()) and "guest" not in " ".join(only(soft(frames=())).says())


# -- several CPUs


def shuffled(a, b, order):
    """The rows of two reports among each other: order says whose is next."""
    a, b, made = list(a), list(b), []
    for first in order:
        made += [(a if first else b).pop(0)] if (a if first else b) else []
    return made + a + b


@pytest.mark.slow
@given(st.lists(st.booleans(), max_size=60))
@settings(max_examples=80)
def test_with_callers_nothing_is_mixed_however_they_lie(order):
    a, b = prefixed(TWO[0], "caller", 8), prefixed(TWO[1], "caller", 9)
    found = found_in(shuffled(a, b, order))
    assert sorted(one.report.cpus for one in found) == [(8,), (9,)]
    eight, nine = sorted(found, key=lambda one: one.report.cpus)
    assert eight.says() == only(TWO[0]).says() and nine.says() == only(TWO[1]).says()


@pytest.mark.slow
@given(st.lists(st.booleans(), max_size=60))
@settings(max_examples=300)
def test_without_callers_registers_are_read_right_or_not_at_all(order):
    right = {8: only(TWO[0]).report, 9: only(TWO[1]).report}
    for one in found_in(shuffled(*TWO, order)):
        if one.report.cpus and one.report.user and not one.report.doubt:
            assert one.report.user == right[one.report.cpus[0]].user
        assert one.reading is None or one.reading.call.size == 1498 * GIB


def test_mixed_lines_say_so_and_name_what_would_settle_it():
    order = [True, False] * 40
    found = found_in(shuffled(*TWO, order))
    said = " ".join(row for one in found for row in one.says())
    assert (
        any(one.report.mixed for one in found)
        and "CONFIG_PRINTK_CALLER" in said
        and not any(one.verdicts for one in found)
    )


def test_heads_of_other_cpus_before_one_trace_leave_a_doubt():
    rows = soft(user=user_of(), preempt="")
    del rows[1:3]
    heads = [f"watchdog: BUG: soft lockup - CPU#{cpu} stuck for 22s! [a:{cpu}]" for cpu in (1, 2)]
    assert found_in([*heads, *rows])[-1].report.doubt and not only(rows).report.doubt


# -- the truth in every form, with noise, read back

NOISE = (
    "systemd[1]: Started Session 1.",
    "",
    "audit: type=1400 apparmor=ALLOWED",
    "eth0: link is up",
    "$ dmesg | tail",
    "See below:",
)


@pytest.mark.slow
@given(
    cpu=st.integers(0, 999), stuck=st.integers(20, 9999), pid=st.integers(1, 9_999_999), gib=st.integers(64, 9000), name=st.sampled_from(list(PREFIXES)),
    command=st.sampled_from(["qemu-kvm", "CPU 0/KVM", "qemu-system-x86", "cloud-hyperviso", "a:b"]), how=st.sampled_from(["as it is", "wrapped", "encoded", "crlf"]),
    noise=st.lists(st.tuples(st.integers(0, 99), st.sampled_from(NOISE)), max_size=8), before=st.booleans(),
)  # fmt: skip
@settings(max_examples=150)
def test_a_known_truth_in_every_form_is_read_back(cpu, stuck, pid, gib, name, command, how, noise, before):
    rows = soft(cpu, stuck, command, pid, user=user_of(size=gib * GIB))
    rows = prefixed([*KTHREAD, *rows] if before else rows, name, cpu)
    if how == "wrapped" and "JSON" not in name:  # nobody mails that
        quote = "> > " if name == "quoted" else ""
        rows = wrapped(rows, 72, quote)
    elif how == "encoded" and "JSON" not in name:
        rows = quoted_printable(rows)
    else:
        for at, line in noise:  # between lines of the kernel, not inside one
            rows.insert(at % (len(rows) + 1), line)
    found = read_reports(("\r\n" if how == "crlf" else "\n").join(rows))
    main = Finding(found.main)
    assert main.report.fields["command"] == command and main.report.fields["pid"] == str(pid)
    assert (main.report.cpus, main.report.fields["stuck"]) == ((cpu,), str(stuck))
    assert main.loop.name == "store" and main.reading.call.size == gib * GIB and main.banner.model == "voluntary"
    assert len(found.items) == 1 + before


@given(st.lists(st.sampled_from([*soft(user=user_of()), *KTHREAD, *NOISE]) | st.text(max_size=60), max_size=60))
@settings(max_examples=150)
def test_any_order_of_lines_is_read_or_refused(lines):
    try:
        found = found_in(lines)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert all(one.says() and "\n" not in row for one in found for row in one.says())
        assert all(row.says for one in found for row in told(one.report))


# -- what is no report, and what is too much


@pytest.mark.parametrize(
    ("given_text", "command"),
    [
        ("CPU-1 [001] 1.0: kvm_msr: msr_read 3a = 0x5\n", "trace"),
        ("From a@b Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n", "series"),
        ("diff --git a/x b/x\n@@ -1 +1 @@\n", "series"),
        ("TDH_MEM_PAGE_AUG failed: 0x8000020000000001\n", "decode --scan"),
        ("hello\n", "give it from BUG"),
    ],
)
def test_another_kind_is_refused_and_named(given_text, command):
    with pytest.raises(InputError, match=re.escape(command)):
        drive(wanted(("report",), reports_job)(given_text.encode()))


@pytest.mark.slow
def test_what_is_more_than_is_read_is_said():
    head = "BUG: soft lockup - CPU#1 stuck for 22s! [a:1]\n"
    exact, over = read_reports(head * MAX_REPORTS), read_reports(head * (MAX_REPORTS + 1))
    assert (len(exact.items), exact.more, len(over.items), over.more) == (MAX_REPORTS, False, MAX_REPORTS, True)
    near = read_reports(head + "RAX: 12\n" * (2 * MAX_LOOKED))
    assert near.more and len(near.items) == 1


def test_a_report_far_down_in_a_log_has_its_line():
    quiet = "Jun 11 14:12:22 host systemd[1]: Started something or other.\n" * 20_000
    found = read_reports(quiet + text(prefixed(CUT, "journald")) + quiet)
    assert found.main.at == 20_001 and found.lines == 40_000 + len(CUT) and not found.more
    assert Finding(found.main).reading.call.size == 510 * GIB


@pytest.mark.parametrize("long", [0, 1, STRIDE - 1, STRIDE, 2 * STRIDE + 5])
def test_a_line_longer_than_what_is_read_at_once_is_one_line(long):
    found = read_reports(f"{'x' * long}\n{text(CUT)}{'y' * long}")
    assert found.main.at == 2 and found.lines == 1 + len(CUT) + bool(long)


def test_the_three_to_a_line_are_the_kernels():
    """The forms that these tests write: five lines of three."""
    assert [len(names) for names in THREE] == [3] * 5 and read_report(text(CUT)).kind == "soft lockup"
