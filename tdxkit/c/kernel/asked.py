"""What in_atomic(), in_interrupt(), in_task(), irqs_disabled() and preemptible() say of what the CPU has switched off, of the spinlocks that it
holds, and of whether a softirq runs [linux-softirqs]. No step: only the CPU itself changes any of it.
"""

from collections.abc import Iterator

from tdxkit.c.kernel.contexts import COME, INTERRUPTS, PREEMPTION, SOFTIRQS, holds_spinlock, is_off, serving
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.types import INT

SOURCES = ("linux-softirqs",)
SIMPLIFIED = (
    "a CPU runs one task, which stays on it",
    "in_atomic() counts spinlocks, as kernels do that keep a preempt count; nothing runs in an interrupt but the softirq that --softirq asks for",
)


def _atomic(m) -> int:
    return int(bool(is_off(m, PREEMPTION) or _softirqs(m) or holds_spinlock(m)))


def _softirqs(m) -> int:
    return int(is_off(m, SOFTIRQS) > 0 or serving(m))


def _serving(m) -> int:
    return int(serving(m))


def _task(m) -> int:
    return int(not serving(m))


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
        "in_serving_softirq": _serving,
        "in_task": _task,
        "irqs_disabled": _interrupts,
        "preemptible": _preemptible,
    }
    for word, says in asks.items():
        yield Entry(word, says, "", INT, steps=False)
    for word in ("in_hardirq", "in_irq", "in_nmi"):
        yield Entry(word, lambda m: 0, "", INT, steps=False)
    yield Entry("irqs_disabled_flags", lambda m, flags: int(not flags & COME), "v", INT, steps=False)
