"""atomic_t, atomic64_t, atomic_long_t; xchg(), cmpxchg() and try_cmpxchg() of any word; full barriers.

Each operation is one locked instruction, or a plain load or store where x86 has one [linux-atomic]. An operation that may leave things alone
looks first, and is a load where it does; cmpxchg() is a locked instruction either way [x86-tso].
"""

from collections.abc import Iterator

from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, far, get, handed, laid, put
from tdxkit.c.types import INT, INTS, VOID
from tdxkit.c.widths import narrow
from tdxkit.kinds import conditional, load, locked, store

SOURCES = ("linux-atomic", "x86-tso")
ORDERS = ("", "_relaxed", "_acquire", "_release")
SIZES = {
    "atomic": (32, INT),
    "atomic64": (64, INTS["long long"]),
    "atomic_long": (64, INTS["long"]),
}  # bits, what it is read as
AS_IT_IS = 0  # bits of what is stored as it comes
CHANGES = {  # operation: how old and value become new; the value, where it is not an argument; the forms there are
    "inc": ("+", 1, "rft"), "dec": ("+", -1, "rft"), "add": ("+", None, "rfn"), "sub": ("-", None, "rft"),
    "and": ("&", None, "f"), "or": ("|", None, "f"), "xor": ("^", None, "f"), "andnot": ("&~", None, "f"),
}  # fmt: skip
CONDITIONAL = {  # operation: (it is left alone where this holds of old, what is added, what it gives)
    "inc_not_zero": ("zero", 1, "did"),
    "inc_unless_negative": ("negative", 1, "did"),
    "dec_unless_positive": ("positive", -1, "did"),
    "dec_if_positive": ("not positive", -1, "new"),
}


def changed(how: str, old: int, value: int) -> int:
    """What an operation makes of a word."""
    if how in "+-":
        return old + value if how == "+" else old - value
    return {"&": old & value, "|": old | value, "^": old ^ value, "&~": old & ~value}[how]


def _in(bits: int, value):
    """A value as so many bits have it, signed."""
    return narrow(value, bits, True) if bits else value


def reading(does: str):
    """One that gives the value."""

    def program(m, p):
        yield load(does, cell(m, p))
        return get(m, p)

    return program


def setting(does: str, bits: int):
    """One that sets it."""

    def program(m, p, value):
        yield store(does, f"{cell(m, p)}, {value}")
        put(m, p, _in(bits, value))

    return program


def _change(does: str, how: str, by: int | None, gives: str, bits: int):
    """gives: what it returns of old and new."""

    def program(m, *args):
        value, p = (by, args[0]) if by is not None else args
        yield locked(does, cell(m, p) if by is not None else f"{value}, {cell(m, p)}")
        old = get(m, p)
        new = _in(bits, changed(how, old, value))
        put(m, p, new)
        return {"new": new, "old": old, "zero": int(not new), "negative": int(new < 0), "": None}[gives]

    return program


def unless(does: str, stays: str, by: int, bits: int, gives: str):
    """One that leaves the value alone where `stays` holds of it."""

    def program(m, p):
        yield conditional(does, cell(m, p))
        old = get(m, p)
        did = not {"zero": old == 0, "negative": old < 0, "positive": old > 0, "not positive": old <= 0}[stays]
        if did:
            put(m, p, _in(bits, old + by))
        return int(did) if gives == "did" else _in(bits, old + by)

    return program


def _add_unless(does: str, bits: int, gives: str):
    def program(m, p, value, unless):
        yield conditional(does, f"{cell(m, p)}, {value}, {unless}")
        old = get(m, p)
        if old != _in(bits, unless):
            put(m, p, _in(bits, old + value))
        return old if gives == "old" else int(old != _in(bits, unless))

    return program


def _xchg(does: str, bits: int):
    def program(m, p, value):
        yield locked(does, f"{cell(m, p)}, {_said(value)}")
        old = get(m, p)
        put(m, p, _in(bits, value))
        handed(m, old, value)
        return old

    return program


def _cmpxchg(does: str, bits: int):
    def program(m, p, old, new):
        yield locked(does, f"{cell(m, p)}, {_said(old)}, {_said(new)}")
        was = get(m, p)
        if was == _in(bits, old):
            put(m, p, _in(bits, new))
            handed(m, was, new)
        return was

    return program


def _try_cmpxchg(does: str, bits: int):
    """What is expected may lie on the stack, or be shared: then it is a step to look at it, and one to write down what was found."""

    def program(m, stack, p, expected, new):
        if far(expected):
            yield load("", cell(m, expected), label=f"read {cell(m, expected)}")
            old = get(m, expected)
        else:
            old = stack[expected[1]]
        yield locked(does, f"{cell(m, p)}, {_said(old)}, {_said(new)}")
        was = get(m, p)
        if was == old:
            put(m, p, _in(bits, new))
            handed(m, was, new)
            return 1, stack
        if not far(expected):
            return 0, laid(stack, expected[1], was)
        yield store("", cell(m, expected), label=f"write {cell(m, expected)}")
        put(m, expected, was)
        return 0, stack

    return program


def _said(value) -> str:
    """A value in a label."""
    return value[0] if type(value) is tuple else str(value)


def _family(prefix: str) -> Iterator[Entry]:
    """The operations of one of the three sizes."""
    bits, kind = SIZES[prefix]

    def named(op: str, order: str = "") -> str:
        return f"{prefix}_{op}{order}"

    for word in (named("read"), named("read_acquire")):
        yield Entry(word, reading(word), "p", kind)
    for word in (named("set"), named("set_release")):
        yield Entry(word, setting(word, bits), "pv", VOID)
    for op, (how, by, forms) in CHANGES.items():
        takes = "p" if by is not None else "vp"
        yield Entry(named(op), _change(named(op), how, by, "", bits), takes, VOID)
        for order in ORDERS:
            if "r" in forms:
                yield Entry(named(f"{op}_return", order), _change(named(f"{op}_return", order), how, by, "new", bits), takes, kind)  # fmt: skip
            yield Entry(named(f"fetch_{op}", order), _change(named(f"fetch_{op}", order), how, by, "old", bits), takes, kind)  # fmt: skip
            if "n" in forms:
                yield Entry(named("add_negative", order), _change(named("add_negative", order), how, by, "negative", bits), takes, INT)  # fmt: skip
        if "t" in forms:
            yield Entry(named(f"{op}_and_test"), _change(named(f"{op}_and_test"), how, by, "zero", bits), takes, INT)
    for op, (stays, by, gives) in CONDITIONAL.items():
        yield Entry(named(op), unless(named(op), stays, by, bits, gives), "p", kind if gives == "new" else INT)
    yield Entry(named("add_unless"), _add_unless(named("add_unless"), bits, "did"), "pvv", INT)
    yield Entry(named("fetch_add_unless"), _add_unless(named("fetch_add_unless"), bits, "old"), "pvv", kind)
    for order in ORDERS:
        yield Entry(named("xchg", order), _xchg(named("xchg", order), bits), "pv", kind)
        yield Entry(named("cmpxchg", order), _cmpxchg(named("cmpxchg", order), bits), "pvv", kind)
        yield Entry(named("try_cmpxchg", order), _try_cmpxchg(named("try_cmpxchg", order), bits), "ppv", INT, stack=True)  # fmt: skip


def _fence(does: str):
    def program(m):
        yield locked(does, label=f"{does}()")

    return program


def functions() -> Iterator[Entry]:
    """All of them."""
    for prefix in SIZES:
        yield from _family(prefix)
    for size in ("", "64"):
        for order in ORDERS:
            if not size:
                yield Entry(f"xchg{order}", _xchg(f"xchg{order}", AS_IT_IS), "pT", None)
            word = f"cmpxchg{size}{order}"
            yield Entry(word, _cmpxchg(word, AS_IT_IS), "pTT", None)
            yield Entry(f"try_{word}", _try_cmpxchg(f"try_{word}", AS_IT_IS), "ppT", INT, stack=True)
    for fence in ("smp_mb", "mb"):
        yield Entry(fence, _fence(fence), "", VOID)
