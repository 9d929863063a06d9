"""Sequence counters and seqlocks: a writer makes the number odd and even again, a reader tries again where it moved [linux-seqlock].

The writer's two increments are a load and a store each: writers exclude each other by a lock of their own, which a seqlock brings. That a
CPU is between the two, or between a reader's two looks, is noted with it: what it does there is meant to race, as KCSAN takes it too [linux-kcsan].
"""

from collections.abc import Iterator

from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.locks import give, of_form, take
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, INTS, VOID
from tdxkit.explore.races import SECTION
from tdxkit.explore.rules import finished
from tdxkit.kinds import load, store

SOURCES = ("linux-kcsan", "linux-seqlock")
SIMPLIFIED = ("that a writer must not be preempted, and that it holds the lock of its seqcount_spinlock_t or its kin, as lockdep would ask, is not asked",)  # fmt: skip
WRAP = 1 << 32
UINT = INTS["unsigned int"]
READS, WRITES = 1, 2  # what a CPU notes in a section


def ended(noted: int) -> bool:
    """Is no write open?"""
    return noted in (0, READS)


RULES = (finished("at the end each write of a sequence counter that began must have ended", SECTION, ended),)


def _begins(does: str, waits: bool):
    """A reader begins: it waits for an even number, or takes what is there."""

    def program(m, p):
        while True:
            yield load(does, cell(m, p))
            number = get(m, p)
            if not (waits and number & 1):
                m.note(SECTION, 1 - (m.note(SECTION) & READS))
                return number & ~1 if does == "raw_seqcount_begin" else number

    return program


def _retries(does: str):
    def program(m, p, began):
        yield load(does, cell(m, p))
        m.note(SECTION, -(m.note(SECTION) & READS))
        return int(get(m, p) != began)

    return program


def _moves(does: str):
    """A writer begins or ends: the number goes on by one."""

    change = WRITES if does.endswith("begin") else -WRITES

    def program(m, p):
        yield load(does, cell(m, p), label=f"{does}: read {cell(m, p)}")
        m.note(SECTION, max(change, 0))
        number = get(m, p)
        yield store(does, cell(m, p), label=f"{does}: write {cell(m, p)}")
        put(m, p, (number + 1) % WRAP)
        m.note(SECTION, min(change, 0))

    return program


def _starts(does: str):
    def program(m, p, *more):
        yield store(does, cell(m, p))
        put(m, p, 0)

    return program


MOVES = _moves("write_seqcount_begin"), _moves("write_seqcount_end")
LOCKS = {form: (take(f"spin_lock{form}"), give(f"spin_unlock{form.replace('save', 'restore')}")) for form in ("", "_irq", "_bh", "_irqsave")}  # fmt: skip


def _locks(form: str):
    def program(m, p, *more):
        yield from LOCKS[form][0](m, (p[0], p[1] + 1))
        yield from MOVES[0](m, p)

    return program


def _unlocks(form: str):
    def program(m, p, *more):
        yield from MOVES[1](m, p)
        yield from LOCKS[form][1](m, (p[0], p[1] + 1), *more)

    return program


def _alone(form: str, half: int):
    """A reader that keeps writers away, and changes no number."""

    def program(m, p, *more):
        yield from LOCKS[form][half](m, (p[0], p[1] + 1), *more)

    return program


def functions() -> Iterator[Entry]:
    """All of them."""
    for word in ("read_seqcount_begin", "raw_read_seqcount_begin", "__read_seqcount_begin", "read_seqbegin"):
        yield Entry(word, _begins(word, True), "p", UINT, rules=RULES)
    for word in ("raw_read_seqcount", "raw_seqcount_begin"):
        yield Entry(word, _begins(word, False), "p", UINT, rules=RULES)
    for word in ("read_seqcount_retry", "__read_seqcount_retry", "read_seqretry"):
        yield Entry(word, _retries(word), "pv", INT, rules=RULES)
    for word in ("write_seqcount_begin", "raw_write_seqcount_begin", "write_seqcount_end", "raw_write_seqcount_end"):
        yield Entry(word, _moves(word), "p", VOID, rules=RULES)
    for form in LOCKS:
        back, rules = form.replace("save", "restore"), of_form(form)
        takes, gives = ("ps", "pv") if form == "_irqsave" else ("p", "p")
        yield Entry(f"write_seqlock{form}", _locks(form), takes, VOID, rules=RULES + rules)
        yield Entry(f"write_sequnlock{back}", _unlocks(form), gives, VOID, rules=RULES + rules)
        yield Entry(f"read_seqlock_excl{form}", _alone(form, 0), takes, VOID, rules=rules)
        yield Entry(f"read_sequnlock_excl{back}", _alone(form, 1), gives, VOID, rules=rules)
    for word in ("seqcount_init", "seqlock_init", "seqcount_spinlock_init"):
        yield Entry(word, _starts(word), "p…", VOID)
