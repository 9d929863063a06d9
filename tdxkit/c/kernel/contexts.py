"""Where one may not sleep for another reason than a lock: preemption, interrupts or softirqs switched off; and what does nothing but sleep.

Switching them off touches nothing that others see: it is noted with the CPU. spin_lock_irq() and its kin are plain spinlocks here, under which
nobody may sleep anyway [linux-locking].
"""

from collections.abc import Iterator

from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import READERS
from tdxkit.c.types import LONG, VOID
from tdxkit.explore.rules import finished, must
from tdxkit.kinds import Act, sleep

SOURCES = ("linux-locking",)
SIMPLIFIED = (
    "with interrupts or preemption off nobody may sleep, and that is all: no interrupt comes that was not asked for",
    "schedule() and what sleeps for a time come back whenever they like: that nobody wakes who sleeps by schedule() and wake_up_process() is not found",
)
OFF = "switched off"  # how often this CPU has switched preemption, interrupts or softirqs off
NO_SLEEP_OFF = "nobody may sleep with preemption or interrupts off"
NO_SLEEP_READING = "nobody may sleep who reads under RCU"
BALANCED = "what switches preemption or interrupts on again must have switched them off"
ON_AT_END = "at the end preemption and interrupts must be on"
PAIRS = (
    ("preempt_disable", "preempt_enable"),
    ("local_irq_disable", "local_irq_enable"),
    ("local_irq_save", "local_irq_restore"),
    ("local_bh_disable", "local_bh_enable"),
)
SLEEPERS = ("might_sleep", "might_fault", "cond_resched", "schedule", "msleep", "ssleep", "usleep_range", "fsleep", "msleep_interruptible",
            "schedule_timeout", "schedule_timeout_interruptible", "schedule_timeout_uninterruptible", "flush_work", "synchronize_irq")  # fmt: skip


def none(count: int) -> bool:
    """Is it none?"""
    return count == 0


RULES = (must(NO_SLEEP_OFF, OFF), must(BALANCED, OFF), finished(ON_AT_END, OFF, none))


def may_sleep(m, sleeps: object = True) -> None:
    """A step that sleeps: it may not, where something is switched off, or its CPU reads under RCU."""
    if sleeps:
        m.must(NO_SLEEP_OFF, not m.note(OFF))
        if READERS in m.c_cells:
            m.must(NO_SLEEP_READING, not any(map(m._holds, m.c_cells[READERS][: m.c_cpus])))


def _off(does: str):
    def program(m, *more):
        yield Act(f"{does}()", "", does)
        m.note(OFF, 1)

    return program


def _on(does: str):
    def program(m, *more):
        yield Act(f"{does}()", "", does)
        m.must(BALANCED, m.note(OFF, -1) >= 0)

    return program


def _sleeps(does: str):
    def program(m, *more):
        yield sleep(does, label=f"{does}()")
        may_sleep(m)
        return 0

    return program


def functions() -> Iterator[Entry]:
    """All of them."""
    for off, on in PAIRS:
        yield Entry(off, _off(off), "…", VOID, rules=RULES)
        yield Entry(on, _on(on), "…", VOID, rules=RULES)
    yield Entry("preempt_enable_no_resched", _on("preempt_enable_no_resched"), "", VOID, rules=RULES)
    for word in SLEEPERS:
        yield Entry(word, _sleeps(word), "…", LONG if word.startswith("schedule_") else VOID)
