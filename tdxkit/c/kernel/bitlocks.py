"""Bit spinlocks, and waits for a bit [linux-bit-spinlock, linux-wait-bit].

A bit spinlock is a bit of a word, so nobody knows who holds it. What is known is that preemption is off while it is held: who holds one may
not sleep, and who forgets to let go is told at the end. wait_on_bit() looks at the bit again and again; wake_up_bit() touches nothing.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.bits import place
from tdxkit.c.kernel.contexts import OFF, RULES, may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, VOID
from tdxkit.kinds import LOAD, LOCKED, Act, conditional, load, lock, locked, store, unlock

SOURCES = ("linux-bit-spinlock", "linux-wait-bit")
SIMPLIFIED = ("who waits for a bit looks at it again and again, so a wake_up_bit() that is forgotten is not found",)


def _takes(m, number, p):
    word, mask = place(p, number)
    while True:
        yield lock("bit_spin_lock", f"{number}, {cell(m, word)}")
        if not get(m, word) & mask:
            put(m, word, get(m, word) | mask)
            m.note(OFF, 1)
            return


def _tries(m, number, p):
    word, mask = place(p, number)
    yield conditional("bit_spin_trylock", f"{number}, {cell(m, word)}")
    if get(m, word) & mask:
        return 0
    put(m, word, get(m, word) | mask)
    m.note(OFF, 1)
    return 1


def _let_go(m, does: str, word, mask: int, number: int) -> None:
    if not get(m, word) & mask:
        raise Defect(f"{does}() of bit {number} of {cell(m, word)}, which nobody has taken")
    put(m, word, get(m, word) & ~mask)
    m.note(OFF, -1)


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
    m.note(OFF, -1)


def _is_locked(m, number, p):
    word, mask = place(p, number)
    yield load("test_bit", f"{number}, {cell(m, word)}")
    return int(bool(get(m, word) & mask))


def _waits(does: str):
    def program(m, p, number, *more):
        word, mask = place(p, number)
        while True:
            yield Act(f"{does}({cell(m, word)}, {number})", LOAD, does, LOAD, True, cell(m, word))
            may_sleep(m)
            if not get(m, word) & mask:
                return 0

    return program


def _waits_to_set(does: str):
    def program(m, p, number, *more):
        word, mask = place(p, number)
        while True:
            yield Act(f"{does}({cell(m, word)}, {number})", LOCKED, does, LOAD, True, cell(m, word))
            may_sleep(m)
            if not get(m, word) & mask:
                put(m, word, get(m, word) | mask)
                return 0

    return program


def _clears(does: str):
    def program(m, number, p):
        word, mask = place(p, number)
        yield locked(does, f"{number}, {cell(m, word)}")
        old = get(m, word)
        put(m, word, old & ~mask)
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
        yield Entry(f"wait_on_bit{form}", _waits(f"wait_on_bit{form}"), "pv-", INT)
        yield Entry(f"wait_on_bit_lock{form}", _waits_to_set(f"wait_on_bit_lock{form}"), "pv-", INT)
    yield Entry("clear_and_wake_up_bit", _clears("clear_and_wake_up_bit"), "vp", VOID)
    yield Entry("test_and_clear_wake_up_bit", _clears("test_and_clear_wake_up_bit"), "vp", INT)
    for word in ("wake_up_bit", "wake_up_var"):
        yield Entry(word, lambda m: None, "…", VOID, steps=False)
