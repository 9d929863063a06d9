"""What in_atomic(), in_interrupt(), irqs_disabled() and preemptible() say of what the CPU has switched off and of the spinlocks that it holds
[linux-locking]. No step: only the CPU itself changes any of it.
"""

from collections.abc import Iterator

from tdxkit.c.kernel.contexts import COME, INTERRUPTS, PREEMPTION, SOFTIRQS, holds_spinlock, is_off
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.types import INT

SOURCES = ("linux-locking",)
SIMPLIFIED = (
    "a CPU runs one task, which stays on it",
    "in_atomic() counts spinlocks, as kernels do that keep a preempt count; nothing runs in an interrupt",
)


def _atomic(m) -> int:
    return int(bool(is_off(m, PREEMPTION) or is_off(m, SOFTIRQS) or holds_spinlock(m)))


def _softirqs(m) -> int:
    return int(is_off(m, SOFTIRQS) > 0)


def _interrupts(m) -> int:
    return is_off(m, INTERRUPTS)


def _preemptible(m) -> int:
    return int(not _atomic(m) and not _interrupts(m))


def functions() -> Iterator[Entry]:
    """All of them."""
    asks = {
        "in_atomic": _atomic,
        "in_interrupt": _softirqs,
        "in_softirq": _softirqs,
        "irqs_disabled": _interrupts,
        "preemptible": _preemptible,
    }
    for word, says in asks.items():
        yield Entry(word, says, "", INT, steps=False)
    yield Entry("irqs_disabled_flags", lambda m, flags: int(not flags & COME), "v", INT, steps=False)
