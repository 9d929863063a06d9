"""Page sizes, HPA and PFN arithmetic, sizes for people. All sizes are in bytes, all page numbers count 4 KiB pages."""

from tdxkit.errors import InputError, printable

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
PAGE_4K, PAGE_2M, PAGE_1G = 4 * KIB, 2 * MIB, GIB
PAGE_SHIFT = 12
U64_MAX = (1 << 64) - 1

_SUFFIXES = {"": 1, "K": KIB, "M": MIB, "G": GIB, "T": TIB}
_DECIMAL = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class Hex(int):
    """An address or a register as a value of a state: a number that people read in hexadecimal.

    >>> str(Hex(4096)), Hex(4096) == 4096
    ('0x1000', True)
    """

    __slots__ = ()

    def __str__(self) -> str:
        return hex(self)


def pfn(hpa: int) -> int:
    """Page frame number of a host physical address."""
    return hpa >> PAGE_SHIFT


def hpa(frame: int) -> int:
    """Host physical address of a page frame number."""
    return frame << PAGE_SHIFT


def region_of(address: int) -> int:
    """Base HPA of the 2 MiB region that `address` lies in."""
    return address & ~(PAGE_2M - 1)


def human(size: int) -> str:
    """A byte count as people write it, in binary units.

    >>> human(8192), human(40976), human(0)
    ('8 KiB', '40.0 KiB', '0 B')
    """
    for suffix, unit in (("TiB", TIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if size >= unit:
            return f"{size // unit} {suffix}" if size % unit == 0 else f"{size / unit:.1f} {suffix}"
    return f"{size} B"


def decimal_unit(text: str) -> str:
    """The unit of a size where it is a power of ten: KB, MB, GB or TB; "" where it is none.

    >>> decimal_unit("940GB"), decimal_unit("940G"), decimal_unit("940 GiB")
    ('GB', '', '')
    """
    unit = str(text).strip().upper()[-2:]
    return unit if unit in _DECIMAL else ""


def parse_size(text: str, what: str = "size") -> int:
    """`'1900G'` to bytes. K, M, G and T are binary, as are KiB to TiB; KB, MB, GB and TB are powers of ten.

    Raises InputError for anything else, for zero and for more than 2^64 - 1 bytes.
    """
    clean = str(text).strip().upper()
    if unit := decimal_unit(clean):
        digits, each = clean[:-2].rstrip(), _DECIMAL[unit]
    else:
        clean = clean.removesuffix("IB").removesuffix("B")
        digits, suffix = (clean[:-1], clean[-1]) if clean[-1:] in ("K", "M", "G", "T") else (clean, "")
        digits, each = digits.rstrip(), _SUFFIXES[suffix]
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20:
        raise InputError(
            f"{what} {printable(text)}", "a size is a whole number with K, M, G or T", "write it like 1900G"
        )
    size = int(digits) * each
    if not 0 < size <= U64_MAX:
        raise InputError(
            f"{what} {printable(text)}", "a size lies between 1 byte and 2^64 - 1 bytes", "give one in that range"
        )
    return size
