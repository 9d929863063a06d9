"""refcount_t and struct kref: counters that saturate instead of being wrong [linux-refcount].

Counting up from 0, down below it, or down to it by what is not to reach it makes the kernel warn and the counter stay saturated: a defect of the
text. kref_put() calls the text's own function, and is read where calls are.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.atomics import ORDERS, setting
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, INTS, VOID
from tdxkit.c.widths import narrow
from tdxkit.kinds import conditional, load, locked, store

SOURCES = ("linux-refcount",)
MOST = (1 << 31) - 1
UINT = INTS["unsigned int"]


def count(m, p, does: str, by: int, leaves: int) -> int:
    """What the counter is after the operation: at least `leaves`. Defect where it saturates."""
    old = get(m, p)
    new = old + by
    if old <= 0 or new < leaves or new > MOST:
        raise Defect(f"{does}() of {cell(m, p)}, which is {old}: it saturates")
    put(m, p, new)
    return new


def _reading(does: str):
    """One that gives the value: the counter is an int, and what is read of it is unsigned."""

    def program(m, p):
        yield load(does, cell(m, p))
        return narrow(get(m, p), UINT.bits, False)

    return program


def _counted(does: str, by: int, leaves: int):
    def program(m, p, *more):
        yield locked(does, cell(m, p))
        new = count(m, p, does, by, leaves)
        return int(not new)

    return program


def _many(does: str, sign: int):
    def program(m, many, p):
        yield locked(does, f"{many}, {cell(m, p)}")
        return int(not count(m, p, does, sign * many, 0))

    return program


def _if_not(does: str, value: int, by: int):
    """One that does nothing where the count is `value`."""

    def program(m, p):
        yield conditional(does, cell(m, p))
        if get(m, p) == value:
            return 0
        count(m, p, does, by, 1)
        return 1

    return program


def _add_not_zero(m, many, p):
    yield conditional("refcount_add_not_zero", f"{many}, {cell(m, p)}")
    if get(m, p) == 0:
        return 0
    count(m, p, "refcount_add_not_zero", many, 1)
    return 1


def _dec_if_one(m, p):
    yield locked("refcount_dec_if_one", cell(m, p))
    if get(m, p) != 1:
        return 0
    put(m, p, 0)
    return 1


def _first(m, p):
    yield store("kref_init", cell(m, p))
    put(m, p, 1)


def functions() -> Iterator[Entry]:
    """All of them."""
    yield Entry("refcount_read", _reading("refcount_read"), "p", UINT)
    for order in ("", "_release"):
        yield Entry(f"refcount_set{order}", setting(f"refcount_set{order}", 32), "pv", VOID)
    yield Entry("refcount_inc", _counted("refcount_inc", 1, 1), "p", VOID)
    yield Entry("refcount_dec", _counted("refcount_dec", -1, 1), "p", VOID)
    yield Entry("refcount_dec_and_test", _counted("refcount_dec_and_test", -1, 0), "p", INT)
    yield Entry("refcount_add", _many("refcount_add", 1), "vp", VOID)
    yield Entry("refcount_sub_and_test", _many("refcount_sub_and_test", -1), "vp", INT)
    for order in ORDERS[::2]:
        yield Entry(f"refcount_inc_not_zero{order}", _if_not(f"refcount_inc_not_zero{order}", 0, 1), "p", INT)
    yield Entry("refcount_add_not_zero", _add_not_zero, "vp", INT)
    yield Entry("refcount_dec_not_one", _if_not("refcount_dec_not_one", 1, -1), "p", INT)
    yield Entry("refcount_dec_if_one", _dec_if_one, "p", INT)
    yield Entry("kref_init", _first, "p", VOID)
    yield Entry("kref_read", _reading("kref_read"), "p", UINT)
    yield Entry("kref_get", _counted("kref_get", 1, 1), "p", VOID)
    yield Entry("kref_get_unless_zero", _if_not("kref_get_unless_zero", 0, 1), "p", INT)
