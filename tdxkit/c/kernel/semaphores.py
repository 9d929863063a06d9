"""Semaphores, and locks of one CPU alone [linux-semaphore, linux-local-lock].

A semaphore counts how many more may come in. Nobody owns it: whoever likes may let one in by up(). down() and its kin may sleep, but
down_trylock(), which returns 0 where it came in. A local_lock_t keeps away what runs on the same CPU, and no other CPU: on a kernel that is
not PREEMPT_RT it switches preemption or interrupts off, and that is what it is here.
"""

from collections.abc import Iterator

from tdxkit.c.kernel.contexts import PREEMPTION, RULES, counts, may_sleep, switches_off, switches_on
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, VOID
from tdxkit.kinds import LOAD, LOCKED, Act, locked, store

SOURCES = ("linux-semaphore", "linux-local-lock")
SIMPLIFIED = (
    "a semaphore that may be interrupted is always had; a local_lock_t keeps no other CPU out, and nobody may sleep under it",
)
ETIME = 62
COMES, TIME_OUT = "may come in", "time is up"
DOWNS = {
    "down": (VOID, False),
    "down_interruptible": (INT, False),
    "down_killable": (INT, False),
    "down_timeout": (INT, True),
}


def _down(does: str, timed: bool):
    def program(m, p, *more):
        name = cell(m, p)
        while True:
            act = Act(f"{does}({name})", LOCKED, does, LOAD, True, name)
            comes = yield act, ((COMES, TIME_OUT) if timed else (COMES,))
            may_sleep(m)
            if get(m, p) > 0:
                put(m, p, get(m, p) - 1)
                return 0
            if comes == TIME_OUT:
                m.tell("The time is up.")
                return -ETIME

    return program


def _tries(m, p):
    yield Act(f"down_trylock({cell(m, p)})", LOCKED, "down_trylock", LOCKED, operand=cell(m, p))
    if get(m, p) <= 0:
        return 1
    put(m, p, get(m, p) - 1)
    return 0


def _up(m, p):
    yield locked("up", cell(m, p))
    put(m, p, get(m, p) + 1)


def _starts(m, p, count):
    yield store("sema_init", f"{cell(m, p)}, {count}")
    put(m, p, count)


def _local(does: str, change: int):
    """A local lock taken (1) or let go (-1)."""

    def program(m, *flags):
        yield Act(f"{does}()", "", does)
        if "_irq" not in does:
            counts(m, PREEMPTION, change)
        elif change > 0:
            switches_off(m, does)
        else:
            switches_on(m, does, *flags)

    return program


def functions() -> Iterator[Entry]:
    """All of them. Of a local_lock_t nothing is looked at: each CPU has its own."""
    for does, (returns, timed) in DOWNS.items():
        yield Entry(does, _down(does, timed), "p-" if timed else "p", returns)
    yield Entry("down_trylock", _tries, "p", INT)
    yield Entry("up", _up, "p", VOID)
    yield Entry("sema_init", _starts, "pv", VOID)
    for form, back, takes, gives in (
        ("", "", "-", "-"),
        ("_irq", "_irq", "-", "-"),
        ("_irqsave", "_irqrestore", "-s", "-v"),
    ):
        yield Entry(f"local_lock{form}", _local(f"local_lock{form}", 1), takes, VOID, rules=RULES)
        yield Entry(f"local_unlock{back}", _local(f"local_unlock{back}", -1), gives, VOID, rules=RULES)
    yield Entry("local_lock_init", lambda m: None, "-", VOID, steps=False)
