"""Bit operations on words and bitmaps: atomic ones are a locked instruction each, those with two underscores a load and a store [linux-bitops]."""

from collections.abc import Iterator

from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, ULONG, VOID
from tdxkit.kinds import load, locked, store

SOURCES = ("linux-bitops",)
WORD = 6  # a word has 1 << 6 bits


def place(p, number: int):
    """The word of a bitmap that a bit is in, and the bit in it."""
    return (p[0], p[1] + (number >> WORD)), 1 << (number & 63)


def _new(how: str, old: int, mask: int) -> int:
    return {"set": old | mask, "clear": old & ~mask, "change": old ^ mask}[how]


def _atomic(does: str, how: str):
    def program(m, number, p):
        word, mask = place(p, number)
        yield locked(does, f"{number}, {cell(m, word)}")
        old = get(m, word)
        put(m, word, _new(how, old, mask))
        return int(bool(old & mask))

    return program


def _plain(does: str, how: str):
    def program(m, number, p):
        word, mask = place(p, number)
        yield load("", cell(m, word), label=f"{does}: read {cell(m, word)}")
        old = get(m, word)
        yield store("", cell(m, word), label=f"{does}: write {cell(m, word)}")
        put(m, word, _new(how, old, mask))
        return int(bool(old & mask))

    return program


def _test(does: str):
    def program(m, number, p):
        word, mask = place(p, number)
        yield load(does, f"{number}, {cell(m, word)}")
        return int(bool(get(m, word) & mask))

    return program


def _assign(does: str, atomic: bool):
    def program(m, number, p, value):
        word, mask = place(p, number)
        how = "set" if value else "clear"
        if atomic:
            yield locked(f"{how}_bit", f"{number}, {cell(m, word)}")
            put(m, word, _new(how, get(m, word), mask))
            return
        yield load("", cell(m, word), label=f"{does}: read {cell(m, word)}")
        old = get(m, word)
        yield store("", cell(m, word), label=f"{does}: write {cell(m, word)}")
        put(m, word, _new(how, old, mask))

    return program


def _find(does: str, wanted: int):
    """The first bit of this value, from `start` on, or `size`: a look at each word."""

    def program(m, p, size, start=0):
        number = start
        while number < size:
            word, _ = place(p, number)
            yield load(does, cell(m, word))
            value = get(m, word)
            for at in range(number, min(size, (number >> WORD) + 1 << WORD)):
                if value >> (at & 63) & 1 == wanted:
                    return at
            number = (number >> WORD) + 1 << WORD
        return size

    return program


def _zero(m, p, size):
    for number in range(0, size, 1 << WORD):
        word, _ = place(p, number)
        yield store("", cell(m, word), label=f"bitmap_zero: write {cell(m, word)}")
        put(m, word, 0)


def functions() -> Iterator[Entry]:
    """All of them."""
    for how in ("set", "clear", "change"):
        yield Entry(f"{how}_bit", _atomic(f"{how}_bit", how), "vp", VOID)
        yield Entry(f"test_and_{how}_bit", _atomic(f"test_and_{how}_bit", how), "vp", INT)
        yield Entry(f"__{how}_bit", _plain(f"__{how}_bit", how), "vp", VOID)
        yield Entry(f"__test_and_{how}_bit", _plain(f"__test_and_{how}_bit", how), "vp", INT)
    yield Entry("test_and_set_bit_lock", _atomic("test_and_set_bit_lock", "set"), "vp", INT)
    yield Entry("clear_bit_unlock", _atomic("clear_bit_unlock", "clear"), "vp", VOID)
    yield Entry("__clear_bit_unlock", _plain("__clear_bit_unlock", "clear"), "vp", VOID)
    for word in ("test_bit", "test_bit_acquire"):
        yield Entry(word, _test(word), "vp", INT)
    yield Entry("assign_bit", _assign("assign_bit", True), "vpv", VOID)
    yield Entry("__assign_bit", _assign("__assign_bit", False), "vpv", VOID)
    for wanted, word in ((1, "bit"), (0, "zero_bit")):
        yield Entry(f"find_first_{word}", _find(f"find_first_{word}", wanted), "pv", ULONG)
        yield Entry(f"find_next_{word}", _find(f"find_next_{word}", wanted), "pvv", ULONG)
    yield Entry("bitmap_zero", _zero, "pv", VOID)
