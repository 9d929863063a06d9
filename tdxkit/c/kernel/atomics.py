"""atomic_t, atomic64_t, atomic_long_t, refcount_t, kref; xchg(), cmpxchg(); bit operations; full barriers.

Each operation is one locked instruction, or a plain load or store where x86 has one [linux-atomic]. A refcount_t saturates: an increment of
zero, and a decrement to or below it by what is not to reach it, are defects.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel import Entry
from tdxkit.c.runtime import cell, get, laid, narrow, put
from tdxkit.c.types import INT, INTS, VOID, Int
from tdxkit.kinds import conditional, load, locked, store

SOURCES = ("linux-atomic",)
CONSTANTS: dict[str, object] = {}
ORDERS = ("", "_relaxed", "_acquire", "_release")
WIDTHS = {"atomic": 32, "atomic64": 64, "atomic_long": 64}  # bits
AS_IT_IS = 0  # bits of what is stored as it comes
RETURNS = {"atomic": INT, "atomic64": INTS["long long"], "atomic_long": INTS["long"]}


def _in(bits: int, value):
    """A value as so many bits have it, signed."""
    return narrow(value, bits, True) if bits else value


def _read(does: str):
    def program(m, p):
        yield load(does, cell(m, p))
        return get(m, p)

    return program


def _set(does: str, bits: int):
    def program(m, p, value):
        yield store(does, f"{cell(m, p)}, {value}")
        put(m, p, _in(bits, value))

    return program


def _change(does: str, by: str, gives: str, bits: int, sign: int = 1):
    """by: "v" an argument, else a number; gives: what it returns of old and new; sign: -1 takes away what is given."""
    fixed = int(by) if by != "v" else None

    def program(m, *args):
        value, p = (fixed, args[0]) if fixed is not None else args
        yield locked(does, cell(m, p) if fixed is not None else f"{abs(value)}, {cell(m, p)}")
        old = get(m, p)
        new = _in(bits, old + sign * value)
        put(m, p, new)
        return {"new": new, "old": old, "zero": int(not new), "negative": int(new < 0), "": None}[gives]

    return program


def _bits(does: str, how: str, gives: bool, bits: int):
    def program(m, value, p):
        yield locked(does, f"{value:#x}, {cell(m, p)}")
        old = get(m, p)
        put(m, p, _in(bits, {"and": old & value, "or": old | value, "xor": old ^ value, "andnot": old & ~value}[how]))
        return old if gives else None

    return program


def _unless(does: str, stays: str, by: int, bits: int, gives: str = "did"):
    def program(m, p):
        yield conditional(does, cell(m, p))
        old = get(m, p)
        did = not {"zero": old == 0, "negative": old < 0, "positive": old > 0, "not positive": old <= 0}[stays]
        if did:
            put(m, p, _in(bits, old + by))
        return int(did) if gives == "did" else _in(bits, old + by)

    return program


def _add_unless(does: str, bits, gives: str):
    def program(m, p, value, unless):
        yield conditional(does, f"{cell(m, p)}, {value}, {unless}")
        old = get(m, p)
        if old != _in(bits, unless):
            put(m, p, _in(bits, old + value))
        return old if gives == "old" else int(old != _in(bits, unless))

    return program


def _xchg(does: str, bits: int):
    def program(m, p, value):
        yield locked(does, cell(m, p))
        old = get(m, p)
        put(m, p, _in(bits, value))
        return old

    return program


def _cmpxchg(does: str, bits: int):
    def program(m, p, old, new):
        yield conditional(does, f"{cell(m, p)}, {old}, {new}")
        was = get(m, p)
        if was == _in(bits, old):
            put(m, p, _in(bits, new))
        return was

    return program


def _try_cmpxchg(does: str, bits: int):
    def program(m, stack, p, expected, new):
        yield conditional(does, cell(m, p))
        was, old = get(m, p), stack[expected[1]] if not expected[0] else get(m, expected)
        if was == old:
            put(m, p, _in(bits, new))
            return 1, stack
        return 0, laid(stack, expected[1], was)

    return program


def _family(prefix: str) -> Iterator[Entry]:
    """The operations of one of the three sizes."""
    bits, kind = WIDTHS[prefix], RETURNS[prefix]
    name = lambda op, order="": f"{prefix}_{op}{order}"  # noqa: E731
    yield Entry(name("read"), _read(name("read")), "p", kind)
    yield Entry(name("read_acquire"), _read(name("read_acquire")), "p", kind)
    yield Entry(name("set"), _set(name("set"), bits), "pv", VOID)
    yield Entry(name("set_release"), _set(name("set_release"), bits), "pv", VOID)
    for op, by in (("inc", "1"), ("dec", "-1"), ("add", "v"), ("sub", "v")):
        takes, sign = "p" if by != "v" else "vp", -1 if op == "sub" else 1
        for suffix, gives, returns in (("", "", VOID), ("_return", "new", kind), ("fetch_", "old", kind)):
            for order in ORDERS if gives else ("",):
                word = name(f"fetch_{op}" if suffix == "fetch_" else op + suffix, order)
                yield Entry(word, _change(word, by, gives, bits, sign), takes, returns)
        word = name(f"{op}_and_test")
        if op != "add":
            yield Entry(word, _change(word, by, "zero", bits, sign), takes, INT)
    yield Entry(name("add_negative"), _change(name("add_negative"), "v", "negative", bits), "vp", INT)
    for op in ("and", "or", "xor", "andnot"):
        yield Entry(name(op), _bits(name(op), op, False, bits), "vp", VOID)
        for order in ORDERS:
            yield Entry(name(f"fetch_{op}", order), _bits(name(f"fetch_{op}", order), op, True, bits), "vp", kind)
    yield Entry(name("inc_not_zero"), _unless(name("inc_not_zero"), "zero", 1, bits), "p", INT)
    yield Entry(name("inc_unless_negative"), _unless(name("inc_unless_negative"), "negative", 1, bits), "p", INT)
    yield Entry(name("dec_unless_positive"), _unless(name("dec_unless_positive"), "positive", -1, bits), "p", INT)
    yield Entry(name("dec_if_positive"), _unless(name("dec_if_positive"), "not positive", -1, bits, "new"), "p", kind)
    yield Entry(name("add_unless"), _add_unless(name("add_unless"), bits, ""), "pvv", INT)
    yield Entry(name("fetch_add_unless"), _add_unless(name("fetch_add_unless"), bits, "old"), "pvv", kind)
    for order in ORDERS:
        yield Entry(name("xchg", order), _xchg(name("xchg", order), bits), "pv", kind)
        yield Entry(name("cmpxchg", order), _cmpxchg(name("cmpxchg", order), bits), "pvv", kind)
        yield Entry(name("try_cmpxchg", order), _try_cmpxchg(name("try_cmpxchg", order), bits), "ppv", INT, stack=True)


def _counted(does: str, by: int, least: int, gives: bool):
    """least: the least count of which it may be done."""

    def program(m, p, *more):
        yield locked(does, cell(m, p))
        old = get(m, p)
        if old < least:
            raise Defect(f"{does}() of {cell(m, p)}, which is {old}: the refcount saturates")
        put(m, p, old + by)
        return int(old + by == 0) if gives else None

    return program


def _refcounts() -> Iterator[Entry]:
    yield Entry("refcount_read", _read("refcount_read"), "p", INTS["unsigned int"])
    yield Entry("refcount_set", _set("refcount_set", 32), "pv", VOID)
    yield Entry("refcount_inc", _counted("refcount_inc", 1, 1, False), "p", VOID)
    yield Entry("refcount_dec", _counted("refcount_dec", -1, 2, False), "p", VOID)
    yield Entry("refcount_dec_and_test", _counted("refcount_dec_and_test", -1, 1, True), "p", INT)
    yield Entry("refcount_inc_not_zero", _unless("refcount_inc_not_zero", "zero", 1, 32), "p", INT)
    yield Entry("kref_init", _set_one, "p", VOID)
    yield Entry("kref_read", _read("kref_read"), "p", INTS["unsigned int"])
    yield Entry("kref_get", _counted("kref_get", 1, 1, False), "p", VOID)
    yield Entry("kref_get_unless_zero", _unless("kref_get_unless_zero", "zero", 1, 32), "p", INT)


def _set_one(m, p):
    yield store("kref_init", cell(m, p))
    put(m, p, 1)


def _fence(does: str):
    def program(m):
        yield locked(does)

    return program


def _bit(does: str, how: str, atomic: bool, gives: bool):
    def program(m, number, p):
        p = p[0], p[1] + (number >> 6)
        yield (locked if atomic else load if how == "test" else store)(does, f"{number}, {cell(m, p)}")
        old, mask = get(m, p), 1 << (number & 63)
        new = {"set": old | mask, "clear": old & ~mask, "change": old ^ mask, "test": old}[how]
        if new != old or how != "test":
            put(m, p, new)
        return int(bool(old & mask)) if gives else None

    return program


def _bit_operations() -> Iterator[Entry]:
    for how in ("set", "clear", "change"):
        yield Entry(f"{how}_bit", _bit(f"{how}_bit", how, True, False), "vp", VOID)
        for order in ("", "_lock") if how == "set" else ("",):
            yield Entry(f"test_and_{how}_bit{order}", _bit(f"test_and_{how}_bit{order}", how, True, True), "vp", INT)
    yield Entry("clear_bit_unlock", _bit("clear_bit_unlock", "clear", True, False), "vp", VOID)
    yield Entry("test_bit", _bit("test_bit", "test", False, True), "vp", INT)


def functions() -> Iterator[Entry]:
    """All of them."""
    for prefix in WIDTHS:
        yield from _family(prefix)
    yield from _refcounts()
    yield from _bit_operations()
    for order in ORDERS:
        yield Entry(f"xchg{order}", _xchg(f"xchg{order}", AS_IT_IS), "pT", None)
        yield Entry(f"cmpxchg{order}", _cmpxchg(f"cmpxchg{order}", AS_IT_IS), "pTT", None)
        yield Entry(f"try_cmpxchg{order}", _try_cmpxchg(f"try_cmpxchg{order}", AS_IT_IS), "ppT", INT, stack=True)
    for fence in ("smp_mb", "mb", "smp_mb__before_atomic", "smp_mb__after_atomic", "smp_mb__after_spinlock"):
        if fence in ("smp_mb", "mb"):
            yield Entry(fence, _fence(fence), "", VOID)


__all__ = ["CONSTANTS", "Int", "functions"]
