"""What a text calls and no model needs: printing, tracing, hints to the compiler, barriers without an instruction; pointers that are errors.

On x86 a barrier between loads or between stores is no instruction [x86-tso].
"""

from collections.abc import Iterator

from tdxkit.c.kernel import constants
from tdxkit.c.kernel.contexts import RULES, may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, LONG, VOID, Pointer
from tdxkit.c.views import OPAQUE
from tdxkit.c.widths import numbered
from tdxkit.kinds import load, sleep, store

SOURCES = ("x86-tso",)
CONSTANTS = constants.CONSTANTS
LEVELS = ("emerg", "alert", "crit", "err", "warn", "warning", "notice", "info", "debug", "cont", "dbg")
FORMS = ("", "_once", "_ratelimited")
PRINTS = (
    *(f"pr_{level}{form}" for level in LEVELS for form in FORMS), *(f"dev_{level}{form}" for level in LEVELS for form in FORMS),
    "printk", "printk_once", "printk_ratelimited", "trace_printk", "dump_stack", "pr_tdx_error", "pr_tdx_error_1", "kvm_pr_unimpl", "vcpu_unimpl",
    "netdev_err", "netdev_warn", "netdev_info", "netdev_dbg", "pr_devel", "no_printk",
)  # fmt: skip
# What these are given is not looked at, nor is it by the kernel, without DEBUG or KCSAN.
NEVER_LOOKS = {
    *(word for word in PRINTS if "debug" in word or "dbg" in word or word in ("pr_devel", "no_printk")),
    "ASSERT_EXCLUSIVE_WRITER", "ASSERT_EXCLUSIVE_ACCESS",
}  # fmt: skip
ONCE = {word for word in PRINTS if word.endswith("_once")}  # what they are given is looked at the first time alone
NOTHING = (
    "barrier", "cpu_relax", "smp_rmb", "smp_wmb", "rmb", "wmb", "dma_rmb", "dma_wmb", "smp_mb__before_atomic", "smp_mb__after_atomic",
    "smp_mb__after_spinlock", "smp_mb__after_unlock_lock", "smp_acquire__after_ctrl_dep", "smp_read_barrier_depends", "smp_rmb__after_atomic",
    "prefetch", "prefetchw", "barrier_data",
    "cleanup_srcu_struct", "lockdep_init_map", "lockdep_set_class", "lockdep_set_subclass",
     "kmemleak_not_leak", "kmemleak_ignore", "udelay",
    "ndelay", "mdelay", "touch_nmi_watchdog", "instrumentation_begin", "instrumentation_end", "migrate_disable", "migrate_enable",
    "ASSERT_EXCLUSIVE_WRITER", "ASSERT_EXCLUSIVE_ACCESS", "init_rcu_head", "destroy_rcu_head", "tdx_clflush_page",
)  # fmt: skip


def _is_error(m, p) -> int:
    return int(type(p) is int and -4095 <= p < 0)


def _switch(does: str):
    def program(m, p):
        yield load(does, cell(m, p))
        return int(bool(get(m, p)))

    return program


def _switched(does: str, to: int):
    """static_branch_enable() and its twin, which take the lock of CPU hotplug: that may sleep."""

    def program(m, p):
        yield sleep("cpus_read_lock", label=f"{does}: cpus_read_lock()")
        may_sleep(m)
        yield store(does, cell(m, p))
        put(m, p, to)

    return program


def _cache(m):
    """A cache of objects is made, under a mutex."""
    yield sleep("kmem_cache_create", label="kmem_cache_create()")
    may_sleep(m)
    return "cache", 0


def functions() -> Iterator[Entry]:
    """All of them."""
    for word in (*PRINTS, *NOTHING):
        yield Entry(word, lambda m: None, "…", VOID, steps=False)
    yield Entry("IS_ERR", _is_error, "v", INT, steps=False)
    yield Entry("IS_ERR_OR_NULL", lambda m, p: int(p == 0 or _is_error(m, p)), "v", INT, steps=False)
    yield Entry("PTR_ERR", lambda m, p: p if type(p) is int else 1, "v", LONG, steps=False)
    yield Entry("PTR_ERR_OR_ZERO", lambda m, p: p if _is_error(m, p) else 0, "v", INT, steps=False)
    for word, gives in (("ERR_PTR", OPAQUE), ("ERR_CAST", OPAQUE), ("rcu_pointer_handoff", Pointer(VOID))):
        yield Entry(word, lambda m, v: numbered(v, 64, True), "v", gives, steps=False)
    for word in (
        "static_branch_likely",
        "static_branch_unlikely",
        "static_key_enabled",
        "static_key_false",
        "static_key_true",
    ):
        yield Entry(word, _switch(word), "p", INT)
    for word, to in (("static_branch_enable", 1), ("static_branch_disable", 0)):
        yield Entry(word, _switched(word, to), "p", VOID, rules=RULES)
    yield Entry("kmem_cache_create", _cache, "…", OPAQUE, rules=RULES)
