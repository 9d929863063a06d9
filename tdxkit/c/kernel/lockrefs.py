"""struct lockref: a count and a spinlock in one word, so that the count changes without the lock where nobody has it [linux-lockref].

A change is one locked instruction where the lock is free; where it is taken it waits, as it then takes the lock itself. lockref_put_return()
does not wait: it returns -1.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, VOID
from tdxkit.kinds import LOAD, LOCKED, Act, lock, store

SOURCES = ("linux-lockref",)
DEAD = -128
COUNT = 1  # the cell after the lock
UNLESS = {  # a change, by how much, and of which counts it leaves alone
    "lockref_get": (1, None), "lockref_get_not_zero": (1, 0), "lockref_get_not_dead": (1, -1), "lockref_put_not_zero": (-1, 1),
}  # fmt: skip


def _changes(does: str, by: int, stays: int | None):
    """stays: a count of at most this stays as it is."""

    def program(m, p):
        where = p[0], p[1] + COUNT
        while True:
            yield Act(f"{does}({cell(m, where)})", LOCKED, does, LOAD, operand=cell(m, where))
            if get(m, p):
                continue
            count = get(m, where)
            if stays is not None and count <= stays:
                return 0
            put(m, where, count + by)
            return 1

    return program


def _put_return(m, p):
    where = p[0], p[1] + COUNT
    yield Act(f"lockref_put_return({cell(m, where)})", LOCKED, "lockref_put_return", LOAD, operand=cell(m, where))
    if get(m, p) or get(m, where) <= 0:
        return -1
    put(m, where, get(m, where) - 1)
    return get(m, where)


def _put_or_lock(m, p):
    """1 where the count went down; 0 where it is the last: then the lock is taken."""
    where = p[0], p[1] + COUNT
    while True:
        yield lock("lockref_put_or_lock", cell(m, p))
        if get(m, p):
            continue
        if get(m, where) > 1:
            put(m, where, get(m, where) - 1)
            return 1
        put(m, p, True)
        return 0


def _dead(m, p):
    where = p[0], p[1] + COUNT
    yield store("lockref_mark_dead", cell(m, where))
    if not m._holds(cell(m, p)):
        raise Defect(f"lockref_mark_dead() of {cell(m, where)}, whose lock its CPU does not hold")
    put(m, where, DEAD)


def functions() -> Iterator[Entry]:
    """All of them."""
    for does, (by, stays) in UNLESS.items():
        yield Entry(does, _changes(does, by, stays), "p", VOID if does == "lockref_get" else INT)
    yield Entry("lockref_put_return", _put_return, "p", INT)
    yield Entry("lockref_put_or_lock", _put_or_lock, "p", INT)
    yield Entry("lockref_mark_dead", _dead, "p", VOID)
