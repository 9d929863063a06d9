"""What a text calls and no model needs: printing, hints to the compiler, look-ups without an access of the shared memory."""

from collections.abc import Iterator

from tdxkit.c.kernel import Entry
from tdxkit.c.types import INT, ULONG, VOID, Pointer

CONSTANTS: dict[str, object] = {"KERN_ERR": 0, "KERN_INFO": 0, "HZ": 250, "true": 1, "false": 0}
PRINTS = [
    "pr_err",
    "pr_warn",
    "pr_info",
    "pr_debug",
    "pr_err_ratelimited",
    "pr_warn_once",
    "pr_err_once",
    "pr_notice",
    "printk",
    "dev_err",
    "dev_warn",
    "dev_info",
    "dev_dbg",
    "pr_tdx_error",
]
NOTHING = [
    "barrier",
    "cpu_relax",
    "smp_rmb",
    "smp_wmb",
    "rmb",
    "wmb",
    "smp_read_barrier_depends",
    "lockdep_init_map",
    "INIT_LIST_HEAD",
    "spin_lock_init",
    "raw_spin_lock_init",
    "mutex_init",
    "init_rwsem",
    "rwlock_init",
    "init_waitqueue_head",
    "smp_mb__before_atomic",
    "smp_mb__after_atomic",
    "smp_mb__after_spinlock",
    "prefetch",
    "might_fault",
]


def functions() -> Iterator[Entry]:
    """All of them."""
    for word in PRINTS:
        yield Entry(word, lambda m: None, "-…", VOID, steps=False)
    for word in NOTHING:
        yield Entry(word, lambda m: None, "-…", VOID, steps=False)
    yield Entry("IS_ERR", lambda m, p: int(type(p) is int and p < 0), "v", INT, steps=False)
    yield Entry("IS_ERR_OR_NULL", lambda m, p: int(type(p) is int and p <= 0), "v", INT, steps=False)
    yield Entry("PTR_ERR", lambda m, p: p if type(p) is int else 1, "v", ULONG, steps=False)
    yield Entry("ERR_PTR", lambda m, v: v, "v", Pointer(VOID), steps=False)
