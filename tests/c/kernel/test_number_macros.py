"""Macros of numbers beside a second reckoning: their values, their types, and where they have none."""

import pytest

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.numbers import PLAIN
from tests.c.kernel.alone import alone

SOME = [*range(-20, 21), 63, 64, 65, 4095, 4096, 4097, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 64) - 1]
WHOLE = [value for value in SOME if value >= 0]
POWERS = [1, 2, 4, 8, 64, 4096]


def ones(value):
    return [at for at in range(64) if value >> at & 1]


def nearest(value, by):
    """The whole number next to value / by, of two the one further from 0."""
    return min(range(-50, 51), key=lambda n: (abs(2 * n * by - 2 * value), -abs(n)))


@pytest.mark.parametrize(
    "word, other",
    [
        ("hweight32", lambda v: len(ones(v & 0xFFFFFFFF))), ("hweight64", lambda v: len(ones(v))), ("hweight_long", lambda v: len(ones(v))),
        ("ffs", lambda v: min(ones(v & 0xFFFFFFFF), default=-1) + 1), ("fls", lambda v: max(ones(v & 0xFFFFFFFF), default=-1) + 1),
        ("upper_32_bits", lambda v: v // 2**32), ("lower_32_bits", lambda v: v % 2**32), ("is_power_of_2", lambda v: len(ones(v)) == 1),
        ("PAGE_ALIGN", lambda v: -(-v // 4096) * 4096), ("BIT_MASK", lambda v: 2 ** (v % 64)), ("BIT_WORD", lambda v: v // 64),
        ("BITS_TO_LONGS", lambda v: (v + 63) // 64), ("order_base_2", lambda v: next(n for n in range(65) if 2**n >= v)),
        ("roundup_pow_of_two", lambda v: next(2**n for n in range(65) if 2**n >= v)), ("abs", lambda v: v),
        ("is_error", lambda v: v > 2**64 - 1 - 4095),
    ],
)  # fmt: skip
def test_of_one_number(word, other):
    assert [PLAIN[word](None, value) for value in WHOLE] == [other(value) for value in WHOLE]


@pytest.mark.parametrize("word, other", [("ilog2", max), ("__fls", max), ("__ffs", min), ("rounddown_pow_of_two", lambda b: 2 ** max(b))])  # fmt: skip
def test_of_one_number_that_is_not_0(word, other):
    assert [PLAIN[word](None, value) for value in WHOLE[1:]] == [other(ones(value)) for value in WHOLE[1:]]
    with pytest.raises(Defect):
        PLAIN[word](None, 0)


def test_numbers_of_errors():
    asked = (-4097, -4096, -4095, -1, 0, 1, 2**64 - 4096, 2**64 - 4095)
    assert [PLAIN["is_error"](None, value) for value in asked] == [0, 0, 1, 1, 0, 0, 0, 1]
    assert PLAIN["abs"](None, -7) == 7


@pytest.mark.parametrize("to", POWERS)
def test_to_a_power_of_two(to):
    for value in range(0, 3 * to + 2):
        up, down = -(-value // to) * to, value // to * to
        assert [PLAIN[word](None, value, to) for word in ("round_up", "ALIGN")] == [up, up]
        assert [PLAIN[word](None, value, to) for word in ("round_down", "ALIGN_DOWN")] == [down, down]
        assert PLAIN["IS_ALIGNED"](None, value, to) == (value % to == 0)


@pytest.mark.parametrize("by", [1, 2, 3, 7, 8])
def test_divisions(by):
    for value in range(30):
        up, down = -(-value // by), value // by
        assert PLAIN["DIV_ROUND_UP"](None, value, by) == PLAIN["DIV_ROUND_UP_ULL"](None, value, by) == up
        assert PLAIN["div64_u64"](None, value, by) == PLAIN["div_u64"](None, value, by) == down
        assert (PLAIN["roundup"](None, value, by), PLAIN["rounddown"](None, value, by)) == (up * by, down * by)
    for value in range(-30, 31):
        assert PLAIN["DIV_ROUND_CLOSEST"](None, value, by) == nearest(value, by)


@pytest.mark.parametrize("word", ["DIV_ROUND_UP", "DIV_ROUND_UP_ULL", "DIV_ROUND_CLOSEST", "div64_u64", "div_u64", "roundup", "rounddown"])  # fmt: skip
def test_nobody_divides_by_zero(word):
    with pytest.raises(Defect, match="division by zero"):
        PLAIN[word](None, 3, 0)


def test_masks_and_bits():
    for high in range(64):
        for low in range(high + 1):
            mask = sum(1 << at for at in range(low, high + 1))
            assert PLAIN["GENMASK"](None, high, low) == PLAIN["GENMASK_ULL"](None, high, low) == mask
    assert [PLAIN["BIT"](None, at) for at in (0, 1, 63)] == [1, 2, 1 << 63]
    for word, *given in (("GENMASK", 64, 0), ("GENMASK", 3, 4), ("GENMASK", 3, -1), ("BIT", 64), ("BIT_ULL", -1), ("FIELD_PREP", 0, 1), ("FIELD_GET", 0, 1)):  # fmt: skip
        with pytest.raises(Defect):
            PLAIN[word](None, *given)
    assert (PLAIN["FIELD_GET"](None, 0xF0, 0x123), PLAIN["FIELD_PREP"](None, 0xF0, 0x12)) == (2, 0x20)


def test_the_least_and_the_greatest():
    assert (PLAIN["min"](None, 3, 1, 2), PLAIN["max"](None, 1, 3, 2)) == (1, 3)
    assert [PLAIN["min_not_zero"](None, *two) for two in ((0, 5), (5, 0), (3, 5), (5, 3), (0, 0))] == [5, 5, 3, 3, 0]
    assert [PLAIN["clamp"](None, value, 2, 4) for value in (1, 2, 3, 4, 5)] == [2, 2, 3, 4, 4]
    assert [PLAIN["array_index_nospec"](None, at, 4) for at in (-1, 0, 3, 4)] == [0, 0, 3, 0]
    assert [PLAIN["in_range"](None, at, 3, 2) for at in (2, 3, 4, 5)] == [0, 1, 1, 0]


# What -1 less than it says: a type without a sign takes -1 for the greatest it has; sizeof says how wide it is.
TYPES = [
    ("GENMASK(3, 0)", "ul"), ("GENMASK_ULL(3, 0)", "ul"), ("BIT(3)", "ul"), ("BIT_ULL(3)", "ul"), ("BIT_MASK(3)", "ul"), ("BIT_WORD(64)", "ul"),
    ("BITS_TO_LONGS(64)", "ul"), ("roundup_pow_of_two(3)", "ul"), ("rounddown_pow_of_two(3)", "ul"), ("__ffs(4)", "ul"), ("__fls(4)", "ul"),
    ("PAGE_ALIGN(3)", "ul"), ("DIV_ROUND_UP_ULL(3, 2)", "ul"), ("div64_u64(3, 2)", "ul"), ("div_u64(3, 2)", "ul"), ("hweight64(3)", "ul"),
    ("hweight_long(3)", "ul"), ("IS_ALIGNED(4, 2)", "i"), ("in_range(3, 3, 1)", "i"), ("ilog2(4)", "i"), ("fls(4)", "i"), ("ffs(4)", "i"),
    ("is_power_of_2(4)", "i"), ("order_base_2(4)", "i"), ("upper_32_bits(~0UL)", "u"), ("lower_32_bits(4)", "u"), ("hweight32(4)", "u"),
    ("ARRAY_SIZE(a)", "ul"), ("IS_ERR_VALUE(-1UL)", "i"), ("sizeof_field(struct s, b)", "ul"), ("typecheck(int, 1)", "i"),
    ("min(c, 3)", "i"), ("min(3, 4L)", "l"), ("max(3u, 4)", "u"), ("min3(1, 2u, 3)", "u"), ("max3(1, 2, 3L)", "l"), ("umin(3, 4)", "ul"),
    ("umax(c, 4)", "ul"), ("clamp(3, 1L, 5)", "l"), ("clamp_val(3, 1L, 5)", "i"), ("min_t(u32, 3, 4)", "u"), ("max_t(s64, 3, 4)", "l"),
    ("min_not_zero(3u, 4u)", "u"), ("round_up(c, 4)", "i"), ("ALIGN(3UL, 4)", "ul"), ("ALIGN(3, 4UL)", "i"), ("DIV_ROUND_UP(3, 2)", "i"),
    ("DIV_ROUND_UP(3, 2UL)", "ul"), ("roundup(3, 2u)", "u"), ("rounddown(3, 2L)", "l"), ("DIV_ROUND_CLOSEST(3L, 2)", "l"), ("abs(-3)", "i"),
    ("abs(-3L)", "l"), ("FIELD_GET(0xf0, 0x30UL)", "ul"), ("FIELD_PREP(0xf0UL, 3)", "ul"),
]  # fmt: skip
SAID = {"i": (1, 4), "u": (0, 4), "l": (1, 8), "ul": (0, 8)}


def test_the_type_of_each():
    text = "struct s { int a; char b; }; int a[3]; u8 c = 7; long r[200];"
    said = "".join(
        f"r[{2 * k}] = -1 < {asked}; r[{2 * k + 1}] = sizeof({asked}); " for k, (asked, _) in enumerate(TYPES)
    )
    memory = alone(text, said).memory
    found = {asked: (memory[f"r[{2 * k}]"], memory[f"r[{2 * k + 1}]"]) for k, (asked, _) in enumerate(TYPES)}
    assert found == {asked: SAID[kind] for asked, kind in TYPES}
