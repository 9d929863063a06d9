"""What in_atomic(), in_interrupt() and irqs_disabled() are about: which functions switch preemption, softirqs and interrupts off and on, locks
among them [linux-locking]. How often each is off lies on the CPU's stack, behind its number, in texts that ask (`tdxkit/c/cpus.py`).
"""

import re
from typing import NamedTuple

SOURCES = ("linux-locking",)
SIMPLIFIED = (
    "a CPU runs one task, which stays on it",
    "in_atomic() counts spinlocks, as kernels do that keep a preempt count; nothing runs in an interrupt",
    "interrupts that are switched off twice are on again when they were switched on twice; what a get leaves switched off a put does not know",
)
BOTTOM = (0, 0, 0)  # how often each is switched off, behind the CPU's number
PREEMPTION, SOFTIRQS, INTERRUPTS = 1, 2, 3
ASKS = {"in_atomic": (PREEMPTION, SOFTIRQS), "in_interrupt": (SOFTIRQS,), "irqs_disabled": (INTERRUPTS,)}
SWITCHES = {
    "preempt_disable": (PREEMPTION, 1), "preempt_enable": (PREEMPTION, -1), "preempt_enable_no_resched": (PREEMPTION, -1),
    "local_bh_disable": (SOFTIRQS, 1), "local_bh_enable": (SOFTIRQS, -1), "local_irq_disable": (INTERRUPTS, 1), "local_irq_enable": (INTERRUPTS, -1),
    "local_irq_save": (INTERRUPTS, 1), "local_irq_restore": (INTERRUPTS, -1),
}  # fmt: skip
SPINS = re.compile(
    r"(?:__)?(?:raw_spin|spin|bit_spin|hlist_bl|read|write|xa|local)_(?:seq)?(?P<how>try|un)?lock(?P<form>_bh|_irq\w*|_nested|_nest_lock)?"
    r"|(?:atomic|refcount)_dec_and_(?:raw_)?(?P<if>lock)(?:_irqsave)?"
)
FORMS = {"_bh": SOFTIRQS, "_irq": INTERRUPTS}


class Switched(NamedTuple):
    """What a function of the kernel switches off (`by` 1) or on (-1); `asks`: only where its answer is true."""

    what: tuple[int, ...]
    by: int
    asks: bool = False


def switched(word: str) -> Switched | None:
    """Of a function that is called; None for most."""
    if word in SWITCHES:
        what, by = SWITCHES[word]
        return Switched((what,), by)
    found = SPINS.fullmatch(word)
    if not found:
        return None
    more = tuple(what for form, what in FORMS.items() if form in word.partition("lock")[2])
    return Switched((PREEMPTION, *more), -1 if found["how"] == "un" else 1, found["how"] == "try" or bool(found["if"]))
