"""What the kernel's macros of numbers give, as plain functions of whole numbers [linux-macros]. Each takes the memory first, and does not look at it."""

from collections.abc import Callable

from tdxkit.c.arithmetic import Defect, divided

SOURCES = ("linux-macros",)
PAGE = 4096
MOST_ERRNO = 4095


def _mask(m, high: int, low: int) -> int:
    if not 0 <= low <= high < 64:
        raise Defect(f"a mask from bit {high} to bit {low}")
    return (1 << high + 1) - (1 << low)


def _bit(m, number: int) -> int:
    if not 0 <= number < 64:
        raise Defect(f"a shift by {number} of 64 bits")
    return 1 << number


def _shift(mask: int) -> int:
    if not mask:
        raise Defect("a field of no bits")
    return (mask & -mask).bit_length() - 1


def _ones(m, value: int) -> int:
    """How many bits of a word are set; of a negative number those of its 64 bits."""
    return (value & (1 << 64) - 1).bit_count()


def _last(m, value: int) -> int:
    if value <= 0:
        raise Defect(f"the highest bit of {value}")
    return value.bit_length() - 1


PLAIN: dict[str, Callable[..., int]] = {
    "min": lambda m, *values: min(values),
    "max": lambda m, *values: max(values),
    "min_not_zero": lambda m, one, other: min(one, other) or max(one, other),
    "clamp": lambda m, value, low, high: max(low, min(value, high)),
    "abs": lambda m, value: abs(value),
    "round_up": lambda m, value, to: ((value - 1) | (to - 1)) + 1,
    "round_down": lambda m, value, to: value & ~(to - 1),
    "ALIGN": lambda m, value, to: (value + to - 1) & ~(to - 1),
    "ALIGN_DOWN": lambda m, value, to: value & ~(to - 1),
    "PAGE_ALIGN": lambda m, value: (value + PAGE - 1) & ~(PAGE - 1),
    "IS_ALIGNED": lambda m, value, to: int(not value & (to - 1)),
    "roundup": lambda m, value, to: divided(value + to - 1, to) * to,
    "rounddown": lambda m, value, to: divided(value, to) * to,
    "DIV_ROUND_UP": lambda m, value, by: divided(value + by - 1, by),
    "DIV_ROUND_UP_ULL": lambda m, value, by: divided(value + by - 1, by),
    "DIV_ROUND_CLOSEST": lambda m, value, by: divided(value + (by // 2 if (value < 0) == (by < 0) else -(by // 2)), by),
    "div64_u64": lambda m, value, by: divided(value, by),
    "div_u64": lambda m, value, by: divided(value, by),
    "GENMASK": _mask,
    "GENMASK_ULL": _mask,
    "BIT": _bit,
    "BIT_ULL": _bit,
    "BIT_MASK": lambda m, number: 1 << number % 64,
    "BIT_WORD": lambda m, number: number // 64,
    "upper_32_bits": lambda m, value: value >> 32 & 0xFFFFFFFF,
    "lower_32_bits": lambda m, value: value & 0xFFFFFFFF,
    "hweight32": lambda m, value: (value & 0xFFFFFFFF).bit_count(),
    "hweight64": _ones,
    "hweight_long": _ones,
    "ilog2": _last,
    "order_base_2": lambda m, value: (value - 1).bit_length() if value > 1 else 0,
    "fls": lambda m, value: (value & 0xFFFFFFFF).bit_length(),
    "ffs": lambda m, value: (value & -value & 0xFFFFFFFF).bit_length(),
    "__ffs": lambda m, value: _shift(value),
    "__fls": _last,
    "is_power_of_2": lambda m, value: int(value != 0 and not value & (value - 1)),
    "roundup_pow_of_two": lambda m, value: 1 << _last(m, value - 1) + 1 if value > 1 else 1,
    "rounddown_pow_of_two": lambda m, value: 1 << _last(m, value),
    "array_index_nospec": lambda m, index, size: index if 0 <= index < size else 0,
    "in_range": lambda m, value, start, many: int(start <= value < start + many),
    "BITS_TO_LONGS": lambda m, bits: -(-bits // 64),
    "FIELD_GET": lambda m, mask, value: (value & mask) >> _shift(mask),
    "FIELD_PREP": lambda m, mask, value: value << _shift(mask) & mask,
    "is_error": lambda m, value: int(-MOST_ERRNO <= value < 0 or value >= (1 << 64) - MOST_ERRNO),
}
