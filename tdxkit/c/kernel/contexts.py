"""What a CPU has switched off: preemption and softirqs, which are counted, and interrupts, which are off or on; and what does nothing but sleep.

Switching touches nothing that others see: it is noted with the CPU, in one number that has a digit for each, as the kernel's preempt_count. What is
left of interrupts when they are saved is the flag of x86 that lets them come. The forms of locks switch here too; the rest of a spinlock is held,
and under it nobody may sleep anyway [linux-locking]. A softirq that comes in has a digit of its own, from its start; from `SOFTIRQS` on the number
holds one off [linux-softirqs].
"""

from collections.abc import Iterator

from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import READERS
from tdxkit.c.types import LONG, ULONG, VOID
from tdxkit.explore.rules import finished, must
from tdxkit.kinds import Act, sleep

SOURCES = ("linux-locking", "linux-softirqs")
SIMPLIFIED = (
    "with interrupts or preemption off nobody may sleep; with interrupts or softirqs off no softirq comes, where --softirq asks for one: no other interrupt comes",
    "schedule() and what sleeps for a time come back whenever they like: that nobody wakes who sleeps by schedule() and wake_up_process() is not found",
)
OFF = "switched off"  # what this CPU has switched off, a digit for each of:
PREEMPTION, SOFTIRQS, INTERRUPTS = 1, 1 << 8, 1 << 16
IN_SOFTIRQ = 1 << 24  # the digit of who runs in one
INSIDE = 1 << 32  # and of who is in the middle of an instruction
DIGIT = 1 << 8
COME = 0x200  # the flag, saved while interrupts are on
NO_SLEEP_OFF = "nobody may sleep with preemption or interrupts off"
NO_SLEEP_READING = "nobody may sleep who reads under RCU"
BALANCED = "what switches preemption or softirqs on again must have switched them off"
ON_AT_END = "at the end preemption and interrupts must be on"
SLEEPERS = ("might_sleep", "might_fault", "cond_resched", "schedule", "msleep", "ssleep", "usleep_range", "fsleep", "msleep_interruptible",
            "schedule_timeout", "schedule_timeout_interruptible", "schedule_timeout_uninterruptible", "flush_work", "synchronize_irq", "rcu_barrier", "srcu_barrier",
            "init_srcu_struct", "kmem_cache_destroy")  # fmt: skip


def none(count: int) -> bool:
    """Is nothing off, in a softirq or not?"""
    return count % IN_SOFTIRQ == 0


RULES = (must(NO_SLEEP_OFF, OFF), must(BALANCED, OFF), finished(ON_AT_END, OFF, none))


def is_off(m, what: int) -> int:
    """How often this CPU has switched this off."""
    return m.note(OFF) // what % DIGIT


def serving(m) -> bool:
    """Does a softirq run?"""
    return is_off(m, IN_SOFTIRQ) > 0


def holds_spinlock(m) -> bool:
    """Does this CPU hold a lock under which nobody may sleep?"""
    return m._open and any(map(m._holds, m.c_spins))


def may_sleep(m, sleeps: object = True) -> None:
    """A step that sleeps: it may not, where something is switched off, or its CPU reads under RCU. Of spinlocks there is a rule of their own."""
    if sleeps:
        m.must(NO_SLEEP_OFF, none(m.note(OFF)) or holds_spinlock(m))  # of who is in a softirq there is a rule too
        if READERS in m.c_cells:
            m.must(NO_SLEEP_READING, not any(map(m._holds, m.c_cells[READERS][: m.c_cpus])))


def counts(m, what: int, by: int) -> None:
    """Preemption or softirqs off once more (1) or less (-1)."""
    balanced = by > 0 or is_off(m, what) > 0
    m.must(BALANCED, balanced)
    if balanced:
        m.note(OFF, by * what)


def lets_come(m, flags: int) -> None:
    """Interrupts as these flags have them, whatever they were."""
    m.note(OFF, INTERRUPTS * (int(not flags & COME) - is_off(m, INTERRUPTS)))


def saved(m) -> int:
    """The flags, as what saves interrupts keeps them."""
    return 0 if is_off(m, INTERRUPTS) else COME


def inside(m, by: int) -> None:
    """From the first part of an instruction (1) to its last (-1): what its own CPU does comes before or after it."""
    m.note(OFF, by * INSIDE)


def switches_off(m, does: str) -> None:
    """What the form of a lock switches off, by the end of its name."""
    form = does.partition("lock")[2]
    if "_bh" in form:
        counts(m, SOFTIRQS, 1)
    elif "_irq" in form:
        lets_come(m, 0)


def switches_on(m, does: str, flags: int = COME) -> None:
    """What the form of an unlock switches on; `flags`: what it is given."""
    form = does.partition("lock")[2]
    if "_bh" in form:
        counts(m, SOFTIRQS, -1)
    elif "_irq" in form:
        lets_come(m, flags if "restore" in form else COME)


def _counts(does: str, what: int, by: int):
    def program(m, *more):
        yield Act(f"{does}()", "", does)
        counts(m, what, by)

    return program


def _lets_come(does: str, flags: int):
    def program(m, given=flags):
        yield Act(f"{does}()", "", does)
        lets_come(m, given)

    return program


def _sleeps(does: str):
    def program(m, *more):
        yield sleep(does, label=f"{does}()")
        may_sleep(m)
        return 0

    return program


def functions() -> Iterator[Entry]:
    """All of them."""
    for word, what in (("preempt", PREEMPTION), ("local_bh", SOFTIRQS)):
        yield Entry(f"{word}_disable", _counts(f"{word}_disable", what, 1), "…", VOID, rules=RULES)
        yield Entry(f"{word}_enable", _counts(f"{word}_enable", what, -1), "…", VOID, rules=RULES)
    yield Entry("preempt_enable_no_resched", _counts("preempt_enable_no_resched", PREEMPTION, -1), "", VOID, rules=RULES)  # fmt: skip
    for prefix in ("local", "raw_local"):
        for word, takes, flags in (("disable", "", 0), ("enable", "", COME), ("save", "s", 0), ("restore", "v", 0)):
            does = f"{prefix}_irq_{word}"
            yield Entry(does, _lets_come(does, flags), takes, VOID, rules=RULES)
        yield Entry(f"{prefix}_save_flags", lambda m: None, "s", VOID, steps=False)
    yield Entry("the_irq_flags", saved, "", ULONG, steps=False)
    for word in SLEEPERS:
        yield Entry(word, _sleeps(word), "…", LONG if word.startswith("schedule_") else VOID)
