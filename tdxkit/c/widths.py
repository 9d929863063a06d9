"""Numbers as the integer types have them, while a text runs."""

from tdxkit.c.types import INTS


def narrow(value: int, bits: int, signed: bool) -> int:
    """A value as a type or bit field of so many bits has it."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def numbered(value: object, bits: int, signed: bool) -> object:
    """The same of what may be an address, which stays what it is."""
    return narrow(value, bits, signed) if type(value) is int else value


def i8(value: int) -> int:
    """A value as a signed char has it."""
    return ((value + 0x80) & 0xFF) - 0x80


def i16(value: int) -> int:
    """A value as a short has it."""
    return ((value + 0x8000) & 0xFFFF) - 0x8000


def i32(value: int) -> int:
    """A value as an int has it."""
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def i64(value: int) -> int:
    """A value as a long has it."""
    return ((value + (1 << 63)) & 0xFFFFFFFFFFFFFFFF) - (1 << 63)


def u8(value: int) -> int:
    """A value as an unsigned char has it."""
    return value & 0xFF


def u16(value: int) -> int:
    """A value as an unsigned short has it."""
    return value & 0xFFFF


def u32(value: int) -> int:
    """A value as an unsigned int has it."""
    return value & 0xFFFFFFFF


def u64(value: int) -> int:
    """A value as an unsigned long has it."""
    return value & 0xFFFFFFFFFFFFFFFF


WRAPS = {
    (8, True): "i8",
    (16, True): "i16",
    (32, True): "i32",
    (64, True): "i64",
    (8, False): "u8",
    (16, False): "u16",
    (32, False): "u32",
    (64, False): "u64",
}
assert all((kind.bits, kind.signed) in WRAPS for kind in INTS.values())
