"""Locks: spinlocks in all forms, mutexes, rwlocks and rwsems; what takes one and waits, what tries, what lets go."""

from collections.abc import Iterator

from tdxkit.c.kernel import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, VOID
from tdxkit.kinds import conditional, load, lock, locked, unlock

CONSTANTS: dict[str, object] = {}


def _take(does: str):
    def program(m, p, *more):
        name = cell(m, p)
        while True:
            yield lock(does, name)
            if not getattr(m, name):
                setattr(m, name, True)
                m.tell(f"It takes {name}.")
                return 0

    return program


def _give(does: str):
    def program(m, p, *more):
        name = cell(m, p)
        yield unlock(does, name)
        setattr(m, name, False)
        m.tell(f"It lets go of {name}.")

    return program


def _try(does: str):
    def program(m, p):
        name = cell(m, p)
        yield conditional(does, name)
        if getattr(m, name):
            return 0
        setattr(m, name, True)
        return 1

    return program


def _held(does: str):
    def program(m, p):
        yield load(does, cell(m, p))
        return int(bool(getattr(m, cell(m, p))))

    return program


def _read_take(does: str):
    def program(m, p):
        name = cell(m, p)
        while True:
            yield lock(does, name)
            if getattr(m, name) >= 0:
                setattr(m, name, getattr(m, name) + 1)
                return

    return program


def _read_give(does: str):
    def program(m, p):
        name = cell(m, p)
        yield unlock(does, name)
        setattr(m, name, getattr(m, name) - 1)

    return program


def _write_take(does: str):
    def program(m, p):
        name = cell(m, p)
        while True:
            yield lock(does, name)
            if not getattr(m, name):
                setattr(m, name, -1)
                return

    return program


def _write_give(does: str):
    def program(m, p):
        name = cell(m, p)
        yield unlock(does, name)
        setattr(m, name, 0)

    return program


def _dec_and_lock(kind: str):
    def program(m, p, held):
        yield conditional("atomic_add_unless", f"{cell(m, p)}, -1, 1")
        if get(m, p) != 1:
            put(m, p, get(m, p) - 1)
            return 0
        yield from BY_KIND[kind][0](m, held)
        yield locked("atomic_dec_and_test", cell(m, p))
        put(m, p, get(m, p) - 1)
        if not get(m, p):
            return 1
        yield from BY_KIND[kind][1](m, held)
        return 0

    return program


BY_KIND = {
    "spin": (_take("spin_lock"), _give("spin_unlock")),
    "mutex": (_take("mutex_lock"), _give("mutex_unlock")),
}


def functions() -> Iterator[Entry]:
    """All of them."""
    for prefix in ("spin", "raw_spin"):
        for form in ("", "_irq", "_bh", "_irqsave", "_nested"):
            yield Entry(
                f"{prefix}_lock{form}", _take(f"{prefix}_lock{form}"), "p" + ("-" if form == "_nested" else ""), VOID
            )
        for form in ("", "_irq", "_bh", "_irqrestore"):
            yield Entry(
                f"{prefix}_unlock{form}",
                _give(f"{prefix}_unlock{form}"),
                "p" + ("-" if form == "_irqrestore" else ""),
                VOID,
            )
        yield Entry(f"{prefix}_trylock", _try(f"{prefix}_trylock"), "p", INT)
        yield Entry(f"{prefix}_is_locked", _held(f"{prefix}_is_locked"), "p", INT)
    for form in ("", "_nested", "_interruptible", "_killable"):
        yield Entry(f"mutex_lock{form}", _take(f"mutex_lock{form}"), "p" + ("-" if form == "_nested" else ""), INT)
    yield Entry("mutex_unlock", _give("mutex_unlock"), "p", VOID)
    yield Entry("mutex_trylock", _try("mutex_trylock"), "p", INT)
    yield Entry("mutex_is_locked", _held("mutex_is_locked"), "p", INT)
    for form in ("", "_irq", "_bh"):
        yield Entry(f"read_lock{form}", _read_take(f"read_lock{form}"), "p", VOID)
        yield Entry(f"read_unlock{form}", _read_give(f"read_unlock{form}"), "p", VOID)
        yield Entry(f"write_lock{form}", _write_take(f"write_lock{form}"), "p", VOID)
        yield Entry(f"write_unlock{form}", _write_give(f"write_unlock{form}"), "p", VOID)
    yield Entry("down_read", _read_take("down_read"), "p", VOID)
    yield Entry("up_read", _read_give("up_read"), "p", VOID)
    yield Entry("down_write", _write_take("down_write"), "p", VOID)
    yield Entry("up_write", _write_give("up_write"), "p", VOID)
    yield Entry("atomic_dec_and_lock", _dec_and_lock("spin"), "pp", INT)
    yield Entry("refcount_dec_and_lock", _dec_and_lock("spin"), "pp", INT)
    yield Entry("atomic_dec_and_mutex_lock", _dec_and_lock("mutex"), "pp", INT)
    yield Entry("refcount_dec_and_mutex_lock", _dec_and_lock("mutex"), "pp", INT)
