"""Which loop a stuck CPU was in: one of KVM_SET_MEMORY_ATTRIBUTES, told by its callers, or another, named by its symbols.

    >>> loop_of(["xas_create", "xas_store", "__xa_store", "xa_store", "kvm_vm_set_mem_attributes"]).name
    'store'
    >>> loop_of(["kvm_set_pfn_dirty", "__handle_changed_spte", "tdp_mmu_zap_root"])
    Loop(name='', says='kvm_set_pfn_dirty(), called by __handle_changed_spte(), tdp_mmu_zap_root()')

Reserving goes by __xa_cmpxchg(), storing by xa_store(), the check by kvm_range_has_memory_attributes() (linux-memattr, linux-xarray). What the compiler
has put into its caller is not among the callers: where nothing tells the loops apart, both are said.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tdxkit.review.softlockup.report import Report

SOURCES = ("linux-memattr", "linux-xarray", "kvm-ioctls")
SETTERS = ("kvm_vm_set_mem_attributes", "kvm_vm_ioctl_set_mem_attributes")
_STEPS = (  # the loop, who is called in it, the first that fits counts
    ("slots_lock", ("mutex_lock", "__mutex_lock", "__mutex_lock_slowpath")),
    ("check", ("kvm_range_has_memory_attributes", "xa_load", "xas_find", "__xas_next", "xas_next")),
    ("post", ("kvm_arch_post_set_memory_attributes", "hugepage_has_attrs")),
    ("pre", ("kvm_pre_set_memory_attributes", "kvm_arch_pre_set_memory_attributes", "kvm_unmap_gfn_range", "kvm_mmu_unmap_gfn_range", "kvm_tdp_mmu_unmap_gfn_range")),
    ("pre or post", ("kvm_handle_gfn_range",)),
    ("store", ("xa_store", "__xa_store")),
    ("reserve", ("__xa_cmpxchg", "__xa_cmpxchg_raw", "xa_cmpxchg", "xa_reserve")),
    ("reserve or store", ("xas_create", "xas_store", "xas_load", "xas_start", "xas_expand", "xas_alloc", "xas_nomem", "__xas_nomem")),
)  # fmt: skip
SAYS = {
    "slots_lock": "it waits for slots_lock",
    "check": "the check, which looks whether the range has the attributes already",
    "reserve": "the reserve loop, which reserves an entry for every page",
    "store": "the store loop, which stores the attributes of every page",
    "pre": "the handlers before the store loop, which go through the memslots and zap",
    "post": "the handlers after the store loop, which go through the memslots",
    "pre or post": "the handlers before or after the store loop, which go through the memslots",
    "reserve or store": "a walk down the XArray, of the reserve loop or of the store loop: the callers shown do not tell which",
    "?": "one of its loops: the callers shown do not tell which",
}
_WAITS = (
    (("queued_spin_lock_slowpath", "native_queued_spin_lock_slowpath", "queued_write_lock_slowpath", "queued_read_lock_slowpath"), "it spins for a lock"),
    (("smp_call_function_many_cond", "smp_call_function_many", "smp_call_function_single", "generic_exec_single", "csd_lock_wait"), "it waits for a function to run on other CPUs"),
    (("multi_cpu_stop",), "it is the stopper, and waits for the other CPUs"),
    (("__synchronize_srcu", "synchronize_srcu", "synchronize_rcu"), "it waits for readers under SRCU or RCU"),
    (("__mutex_lock", "mutex_lock", "__mutex_lock_slowpath"), "it waits for a mutex"),
)  # fmt: skip
_PASSED = re.compile(  # the way into the kernel, what sleeps, and what prints the report
    r"(?:__)?schedule|do_syscall_64|x64_sys_call|entry_SYSCALL_64\w*|__x64_sys_ioctl|(?:asm_)?sysvec_\w+|asm_\w+|(?:smp_)?apic_timer_interrupt|ret_from_intr|(?:__)?dump_stack(?:_lvl)?|dump_backtrace|show_(?:stack|regs)|panic"
    r"|__warn(?:_printk)?|warn_slowpath_\w+|nmi_cpu_backtrace\w*|nmi_trigger_cpumask_backtrace|rcu_dump_cpu_stacks|_?sched_show_task"
)
_ADDED = re.compile(r"\.(?:isra|part|constprop|cold|llvm)\b.*")
SYS_IOCTL = 0x10
IOCTLS = {
    0x4020AED2: "KVM_SET_MEMORY_ATTRIBUTES",
    0x0000AE01: "KVM_CREATE_VM",
    0x0000AE41: "KVM_CREATE_VCPU",
    0x0000AE80: "KVM_RUN",
    0x4010AE42: "KVM_GET_DIRTY_LOG",
    0xC018AEC0: "KVM_CLEAR_DIRTY_LOG",
    0x4020AE46: "KVM_SET_USER_MEMORY_REGION",
    0x40A0AE49: "KVM_SET_USER_MEMORY_REGION2",
    0xC008AEBA: "KVM_MEMORY_ENCRYPT_OP",
    0xC040AED4: "KVM_CREATE_GUEST_MEMFD",
    0xC040AED5: "KVM_PRE_FAULT_MEMORY",
}


class Loop(NamedTuple):
    """name: a loop of the call's, as `preempt` has it, two of them or "?" for one of its loops; "" for another function's. says: in words, "" where no function is
    shown."""

    name: str
    says: str


def loop_of(names: Sequence[str]) -> Loop:
    """The loop by the functions on the stack, the innermost first."""
    at = next((k for k, name in enumerate(names) if name in SETTERS), None)
    if at is not None:
        inner = set(names[:at])
        name = next((loop for loop, called in _STEPS if inner & set(called)), "?")
        return Loop(name, f"KVM_SET_MEMORY_ATTRIBUTES: {SAYS[name]}")
    if not names:
        return Loop("", "")
    own = [name for name in names if not _PASSED.fullmatch(name)] or list(names)
    callers = ", ".join(f"{name}()" for name in own[1:5])
    waits = next((f"; {says}" for called, says in _WAITS if set(names[:8]) & set(called)), "")
    return Loop("", f"{own[0]}()" + (f", called by {callers}" if callers else "") + waits)


def names_of(report: Report) -> list[str]:
    """The functions on the task's own stack, the innermost first: where RIP stands, then the callers that are sure."""
    return list(_names(report))


def _names(report: Report) -> Iterator[str]:
    shown = [plain(line.fields["function"]) for line in report.task_frames if "unsure" not in line.fields]
    rips = [line for line in report.lines if line.kind == "rip" and not line.user]
    where = plain(rips[-1].fields.get("where", "")) if rips and not report.mixed else ""
    if where and not where.startswith("0x") and where not in shown[:1]:
        yield where
    yield from shown


def plain(name: str) -> str:
    """A function's name without offset and without what a compiler adds to it."""
    return _ADDED.sub("", name.partition("+")[0].removeprefix("."))  # a dot before it: PowerPC's


def call_of(user: dict[str, int]) -> str:
    """The system call that user space's registers name, "" where they name none."""
    number = user.get("ORIG_RAX", 1 << 63)
    if number >> 63:
        return ""
    if number != SYS_IOCTL or "RSI" not in user:
        return f"system call {number}"
    asked = user["RSI"] & 0xFFFF_FFFF
    return f"ioctl {IOCTLS[asked]}" if asked in IOCTLS else f"ioctl {asked:#x}"
