"""Locks: spinlocks in all forms, mutexes, rwlocks and rwsems; what takes one and waits, what tries, what lets go [linux-locking].

A lock is one word: false or 0 is free, a number counts readers, -1 is a writer. Who holds it the explorer knows. A step that finds it taken has
only looked.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.contexts import RULES, may_sleep, saved, serving, switches_off, switches_on
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.refcounts import count
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, VOID
from tdxkit.explore.rules import must
from tdxkit.explore.sleeping import takes_mutex
from tdxkit.kinds import LOAD, LOCKED, Act, conditional, load, lock, locked, store, unlock

SOURCES = ("linux-locking", "linux-softirqs")
SIMPLIFIED = (
    "readers do not wait behind a writer who waits, as they do in the kernel's fair rwlocks and rwsems",
    "a lock that may be interrupted is always had",
)
FREE, WRITER = 0, -1
NO_MUTEX_IN_IRQ = must("nobody may touch a mutex in an interrupt")
SLEEPING = (
    "",
    "_interruptible",
    "_killable",
    "_nested",
    "_io",
    "_interruptible_nested",
    "_killable_nested",
    "_io_nested",
    "_nest_lock",
)


def of_form(form: str) -> tuple:
    """The rules about what a form of a lock switches off."""
    return RULES if "_irq" in form or "_bh" in form else ()


def take(does: str, into: int = True):
    """One that waits until nobody has it, and for a softirq already with off what its form switches off; `into`: what the word is then."""
    sleeps, masks = takes_mutex(does), bool(of_form(does.partition("lock")[2]))

    def program(m, p, *more):
        name, off = cell(m, p), False
        while True:
            yield lock(does, name)
            may_sleep(m, sleeps)
            free = not get(m, p)
            if masks and not off and (free or m.c_softirqs):
                switches_off(m, does)
                off = m.c_softirqs
            if free:
                put(m, p, into)
                m.tell(f"It takes {name}.")
                return 0

    return program


def give(does: str):
    """One that lets go, of what nobody shares."""

    def program(m, p, *more):
        name = cell(m, p)
        yield unlock(does, name)
        if type(get(m, p)) is int and get(m, p) > 0:
            raise Defect(f"{does}() of {name}, which is held by readers")
        put(m, p, False if get(m, p) is True else FREE)
        switches_on(m, does, *more)
        m.tell(f"It lets go of {name}.")

    return program


def tries(does: str, into: int = True, looks_first: bool = True):
    """One that takes it or leaves it; a kind of lock tries with a locked instruction, without a look before."""

    def program(m, p, *more):
        name = cell(m, p)
        yield Act(f"{does}({name})", LOCKED, does, LOAD if looks_first else LOCKED, operand=name)
        m.must(NO_MUTEX_IN_IRQ.name, does != "mutex_trylock" or not serving(m))
        if get(m, p):
            return 0
        put(m, p, into)
        switches_off(m, does)
        m.tell(f"It takes {name}.")
        return 1

    return program


def _is_locked(does: str):
    def program(m, p):
        yield load(does, cell(m, p))
        return int(bool(get(m, p)))

    return program


def take_shared(does: str):
    """One that waits until no writer has it."""
    sleeps, masks = takes_mutex(does), bool(of_form(does.partition("lock")[2]))

    def program(m, p, *more):
        name, off = cell(m, p), False
        while True:
            yield lock(does, name)
            may_sleep(m, sleeps)
            free = get(m, p) != WRITER
            if masks and not off and (free or m.c_softirqs):
                switches_off(m, does)
                off = m.c_softirqs
            if free:
                put(m, p, get(m, p) + 1)
                m.tell(f"It takes {name}, as a reader.")
                return 0

    return program


def give_shared(does: str):
    """A reader that lets go."""

    def program(m, p, *more):
        name = cell(m, p)
        yield unlock(does, name)
        readers = get(m, p)
        if readers == WRITER:
            raise Defect(f"{does}() of {name}, which is held by a writer")
        put(m, p, max(0, readers - 1))  # where nobody has it the explorer says so
        switches_on(m, does, *more)
        m.tell(f"It lets go of {name}.")

    return program


def _tries_shared(does: str):
    def program(m, p, *more):
        name = cell(m, p)
        yield conditional(does, name)
        if get(m, p) == WRITER:
            return 0
        put(m, p, get(m, p) + 1)
        return 1

    return program


def _downgrade(m, p):
    name = cell(m, p)
    yield locked("downgrade_write", name)
    if get(m, p) != WRITER:
        raise Defect(f"downgrade_write() of {name}, which no writer has")
    put(m, p, 1)


def _dec_and_lock(kind: str, counts: bool):
    """kind: spin, spin_irqsave or mutex; counts: of a refcount_t, which saturates."""

    def program(m, p, held, *more):
        name, flags = cell(m, p), saved(m)
        yield (
            conditional("refcount_dec_not_one", name) if counts else conditional("atomic_add_unless", f"{name}, -1, 1")
        )
        if get(m, p) != 1:
            count(m, p, "refcount_dec_not_one", -1, 1) if counts else put(m, p, get(m, p) - 1)
            return 0
        yield from BY_KIND[kind][0](m, held)
        yield locked("refcount_dec_and_test" if counts else "atomic_dec_and_test", name)
        count(m, p, "refcount_dec_and_test", -1, 0) if counts else put(m, p, get(m, p) - 1)
        if not get(m, p):
            return 1
        yield from BY_KIND[kind][1](m, held, *((flags,) if "save" in kind else ()))
        return 0

    return program


BY_KIND = {
    "spin": (take("spin_lock"), give("spin_unlock")),
    "spin_irqsave": (take("spin_lock_irqsave"), give("spin_unlock_irqrestore")),
    "mutex": (take("mutex_lock"), give("mutex_unlock")),
}


def _held(how: str):
    """Whether this CPU holds a lock, which the explorer knows: no step, but where its program begins with it."""

    def program(m, p):
        if not m._open:
            yield load("lockdep_is_held", cell(m, p))
        mine = m._holds(cell(m, p))
        if mine and how:
            word = get(m, p)
            return int((word is True or word == WRITER) == (how == "_write"))
        return int(mine)

    return program


INITS = (
    "spin_lock_init",
    "raw_spin_lock_init",
    "rwlock_init",
    "mutex_init",
    "__mutex_init",
    "init_rwsem",
    "__init_rwsem",
)


def _starts(does: str):
    """A store to the lock, after which nobody has it; nor had anybody before it, or who has it would be alone no more."""

    def program(m, p, *more):
        name = cell(m, p)
        yield store(does, name)
        if get(m, p):
            raise Defect(f"{does}() of {name}, which is held")

    return program


def _ends(m, p):
    name = cell(m, p)
    yield load("mutex_destroy", name)
    if get(m, p):
        raise Defect(f"mutex_destroy() of {name}, which is held")


def _spinlocks() -> Iterator[Entry]:
    for prefix in ("spin", "raw_spin"):
        for form in ("", "_irq", "_bh", "_irqsave", "_nested", "_irqsave_nested", "_nest_lock"):
            extra = {"_irqsave": "s", "_nested": "-", "_irqsave_nested": "s-", "_nest_lock": "-"}.get(form, "")
            yield Entry(f"{prefix}_lock{form}", take(f"{prefix}_lock{form}"), "p" + extra, VOID, rules=of_form(form))
        for form in ("", "_irq", "_bh", "_irqrestore"):
            word = f"{prefix}_unlock{form}"
            yield Entry(word, give(word), "p" + ("v" if form == "_irqrestore" else ""), VOID, rules=of_form(form))
        for form in ("", "_irq", "_bh", "_irqsave"):
            word = f"{prefix}_trylock{form}"
            yield Entry(word, tries(word), "p" + ("s" if form == "_irqsave" else ""), INT, rules=of_form(form))
        yield Entry(f"{prefix}_is_locked", _is_locked(f"{prefix}_is_locked"), "p", INT)


def _rwlocks() -> Iterator[Entry]:
    for form in ("", "_irq", "_bh", "_irqsave"):
        back, rules = form.replace("save", "restore"), of_form(form)
        takes, gives = ("ps", "pv") if form == "_irqsave" else ("p", "p")
        yield Entry(f"read_lock{form}", take_shared(f"read_lock{form}"), takes, VOID, rules=rules)
        yield Entry(f"read_unlock{back}", give_shared(f"read_unlock{back}"), gives, VOID, rules=rules)
        yield Entry(f"write_lock{form}", take(f"write_lock{form}", WRITER), takes, VOID, rules=rules)
        yield Entry(f"write_unlock{back}", give(f"write_unlock{back}"), gives, VOID, rules=rules)
    yield Entry("read_trylock", _tries_shared("read_trylock"), "p", INT)
    yield Entry("write_trylock", tries("write_trylock", WRITER), "p", INT)


def _sleeping() -> Iterator[Entry]:
    for form in SLEEPING:
        extra = "-" if "_nest" in form else ""
        yield Entry(f"mutex_lock{form}", take(f"mutex_lock{form}"), "p" + extra, INT)
        if not form.startswith("_io"):
            yield Entry(f"down_read{form}", take_shared(f"down_read{form}"), "p" + extra, INT)
            yield Entry(f"down_write{form}", take(f"down_write{form}", WRITER), "p" + extra, INT)
    yield Entry("mutex_unlock", give("mutex_unlock"), "p", VOID)
    yield Entry("mutex_trylock", tries("mutex_trylock"), "p", INT, rules=(NO_MUTEX_IN_IRQ,))
    yield Entry("up_read", give_shared("up_read"), "p", VOID)
    yield Entry("up_write", give("up_write"), "p", VOID)
    yield Entry("down_read_trylock", _tries_shared("down_read_trylock"), "p", INT)
    yield Entry("down_write_trylock", tries("down_write_trylock", WRITER, looks_first=False), "p", INT)
    yield Entry("downgrade_write", _downgrade, "p", VOID)
    for word in ("mutex_is_locked", "rwsem_is_locked"):
        yield Entry(word, _is_locked(word), "p", INT)


def functions() -> Iterator[Entry]:
    """All of them."""
    yield from _spinlocks()
    yield from _rwlocks()
    yield from _sleeping()
    for word in INITS:
        yield Entry(word, _starts(word), "p…", VOID)
    yield Entry("mutex_destroy", _ends, "p", VOID)
    for kind, word in (("spin", "lock"), ("mutex", "mutex_lock")):
        yield Entry(f"atomic_dec_and_{word}", _dec_and_lock(kind, False), "pp", INT)
        yield Entry(f"refcount_dec_and_{word}", _dec_and_lock(kind, True), "pp", INT)
    yield Entry("atomic_dec_and_lock_irqsave", _dec_and_lock("spin_irqsave", False), "pps", INT, rules=RULES)
    yield Entry("refcount_dec_and_lock_irqsave", _dec_and_lock("spin_irqsave", True), "pps", INT, rules=RULES)
    for form in ("", "_write", "_read"):
        yield Entry(f"the_lock_is_held{form}", _held(form), "p", INT)
    yield Entry("lockdep_is_held", _held(""), "p", INT)
