"""Bit spinlocks, and waits for a bit [linux-bit-spinlock, linux-wait-bit].

A bit spinlock is a bit of a word, so nobody knows who holds it. What is known is that preemption is off while it is held: who holds one may
not sleep, and who forgets to let go is told at the end. wait_on_bit() sleeps while the bit is set, until wake_up_bit() finds it clear: that looks
first whether anybody sleeps, without a lock, so what clears the bit has to be a full barrier, or to be followed by one.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.bits import place
from tdxkit.c.kernel.contexts import PREEMPTION, RULES, counts, may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.sleepers import TABLE, Sleeper, joins, leaves, sleeps, somebody, wakes_from_table, woken
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, VOID
from tdxkit.kinds import conditional, load, lock, locked, sleep, store, unlock

SOURCES = ("linux-bit-spinlock", "linux-wait-bit")
SIMPLIFIED = ("no signal ends a wait for a bit, and nobody who waits for one wakes up without a reason",)


def _takes(m, number, p):
    word, mask = place(p, number)
    while True:
        yield lock("bit_spin_lock", f"{number}, {cell(m, word)}")
        if not get(m, word) & mask:
            put(m, word, get(m, word) | mask)
            counts(m, PREEMPTION, 1)
            return


def _tries(m, number, p):
    word, mask = place(p, number)
    yield conditional("bit_spin_trylock", f"{number}, {cell(m, word)}")
    if get(m, word) & mask:
        return 0
    put(m, word, get(m, word) | mask)
    counts(m, PREEMPTION, 1)
    return 1


def _let_go(m, does: str, word, mask: int, number: int) -> None:
    if not get(m, word) & mask:
        raise Defect(f"{does}() of bit {number} of {cell(m, word)}, which nobody has taken")
    put(m, word, get(m, word) & ~mask)
    counts(m, PREEMPTION, -1)


def _gives(m, number, p):
    word, mask = place(p, number)
    yield unlock("bit_spin_unlock", f"{number}, {cell(m, word)}")
    _let_go(m, "bit_spin_unlock", word, mask, number)


def _gives_plainly(m, number, p):
    """A load and a store: who holds the bit must be the only one to write the word."""
    word, mask = place(p, number)
    yield load("", cell(m, word), label=f"__bit_spin_unlock: read {cell(m, word)}")
    old = get(m, word)
    if not old & mask:
        raise Defect(f"__bit_spin_unlock() of bit {number} of {cell(m, word)}, which nobody has taken")
    yield store("", cell(m, word), label=f"__bit_spin_unlock: write {cell(m, word)}")
    put(m, word, old & ~mask)
    counts(m, PREEMPTION, -1)


def _is_locked(m, number, p):
    word, mask = place(p, number)
    yield load("test_bit", f"{number}, {cell(m, word)}")
    return int(bool(get(m, word) & mask))


def _waits(does: str, sets: bool = False):
    """Looks at the bit, then queues, and looks and sleeps in turn; sets: it also sets the bit, and is woken alone."""

    def program(m, p, number, *more):
        word, mask = place(p, number)
        yield sleep(does, label=f"{does}()")
        may_sleep(m)
        queued = 0
        while True:
            what = f"{number}, {cell(m, word)}"
            yield locked("test_and_set_bit", what) if sets else load("test_bit_acquire", what)
            was = get(m, word)
            if sets:
                put(m, word, was | mask)
            if not was & mask:
                break
            if queued:
                yield from sleeps(m, (TABLE, 0), queued, does, what=f"bit {number} of {cell(m, word)}")
            else:
                queued = yield from joins(m, (TABLE, 0), Sleeper(0, exclusive=sets, on=(*word, number)))
        if queued:
            yield from leaves(m, (TABLE, 0), queued)
        return 0

    return program


def _wakes(m, p, number):
    word, mask = place(p, number)
    yield wakes_from_table("wake_up_bit", f"{cell(m, word)}, {number}")
    on = *word, number
    if somebody(m, (TABLE, 0), on) and not get(m, word) & mask:  # who waits for another bit has not this word looked at
        woken(m, (TABLE, 0), 1, on=on)


def _clears(tests: bool):
    def program(m, number, p):
        word, mask = place(p, number)
        yield locked("test_and_clear_bit" if tests else "clear_bit_unlock", f"{number}, {cell(m, word)}")
        old = get(m, word)
        put(m, word, old & ~mask)
        if not tests or old & mask:
            yield from _wakes(m, p, number)
        return int(bool(old & mask))

    return program


def functions() -> Iterator[Entry]:
    """All of them."""
    yield Entry("bit_spin_lock", _takes, "vp", VOID, rules=RULES)
    yield Entry("bit_spin_trylock", _tries, "vp", INT, rules=RULES)
    yield Entry("bit_spin_unlock", _gives, "vp", VOID, rules=RULES)
    yield Entry("__bit_spin_unlock", _gives_plainly, "vp", VOID, rules=RULES)
    yield Entry("bit_spin_is_locked", _is_locked, "vp", INT)
    for form in ("", "_io"):
        yield Entry(f"wait_on_bit{form}", _waits(f"wait_on_bit{form}"), "pv-", INT, needs=TABLE)
        yield Entry(f"wait_on_bit_lock{form}", _waits(f"wait_on_bit_lock{form}", sets=True), "pv-", INT, needs=TABLE)
    yield Entry("clear_and_wake_up_bit", _clears(tests=False), "vp", VOID, needs=TABLE)
    yield Entry("test_and_clear_wake_up_bit", _clears(tests=True), "vp", INT, needs=TABLE)
    yield Entry("wake_up_bit", _wakes, "pv", VOID, needs=TABLE)
