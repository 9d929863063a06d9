"""Where a guest's RAM lies in its address space, as QEMU lays it out for a confidential guest.

2 GiB at 0, the rest from 4 GiB. On AMD, where that would reach the HyperTransport hole below 1 TiB, the rest starts at 1 TiB.
QEMU looks at the end of the 64-bit PCI hole behind the RAM, and so moves guests that are somewhat smaller too; here it is the RAM that
decides. (QEMU's limit for the low part depends on the machine type; here it is always 2 GiB.)
"""

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr.ioctl import KVM_MEMORY_ATTRIBUTE_PRIVATE, Kvm, kvm_set_memory_attributes
from tdxkit.linux.memattr.result import SetResult
from tdxkit.units import GIB, MIB, PAGE_4K, PAGE_SHIFT, TIB, decimal_unit, human, parse_size

SOURCES = ("qemu-pc-ram",)
LOW, HIGH = 2 * GIB, 4 * GIB
_POWER = {"KB": "³", "MB": "⁶", "GB": "⁹", "TB": "¹²"}
HT_HOLE = 0xFD_0000_0000  # up to 1 TiB


def guest_size(text: str, what: str = "guest") -> tuple[int, str]:
    """RAM as people write it: bytes, and a line about the unit where that is a power of ten; then it is rounded down to whole MiB.

    >>> guest_size("940G")
    (1009317314560, '')
    >>> guest_size("940GB")[1]
    '940GB is 940 × 10⁹ bytes, 875.4 GiB; 940 GiB is written 940G'
    """
    size = parse_size(text, what)
    unit = decimal_unit(text)
    if not unit:
        return size, ""
    number = str(text).strip()[:-2].strip()
    said = f"{number} × 10{_POWER[unit]} bytes"
    written = f"{number} {unit[0]}iB is written {number}{unit[0]}"
    return max(size - size % MIB, PAGE_4K), f"{number}{unit} is {said}, {size / GIB:,.1f} GiB; {written}"


def guest_ranges(size: int, *, amd: bool = True) -> tuple[tuple[int, int], ...]:
    """RAM of `size` bytes as half-open GFN ranges, the low one first.

    >>> [(hex(a), hex(b)) for a, b in guest_ranges(1500 << 30)]
    [('0x0', '0x80000'), ('0x10000000', '0x27680000')]
    """
    if size < PAGE_4K or size % PAGE_4K or size > 1 << 52:
        raise InputError(
            f"guest of {printable(size)} bytes", "RAM is whole 4 KiB pages, up to 4 PiB", "give such a size"
        )
    low, rest = min(size, LOW), max(0, size - LOW)
    base = TIB if amd and rest and HIGH + rest > HT_HOLE else HIGH
    ranges = ((0, low), (base, base + rest))
    return tuple((start >> PAGE_SHIFT, end >> PAGE_SHIFT) for start, end in ranges if start < end)


def set_guest(
    kvm: Kvm, size: int, attributes: int = KVM_MEMORY_ATTRIBUTE_PRIVATE, *, amd: bool = True
) -> tuple[SetResult, ...]:
    """Set the attributes of a whole guest, one ioctl a range as QEMU does it; stops at a call that fails."""
    results: list[SetResult] = []
    for start, end in guest_ranges(size, amd=amd):
        results.append(kvm_set_memory_attributes(kvm, start << PAGE_SHIFT, end - start << PAGE_SHIFT, attributes))
        if results[-1].ret:
            break
    return tuple(results)


def layout_text(size: int, *, amd: bool = True) -> str:
    """The layout in words."""
    ranges = guest_ranges(size, amd=amd)
    return ", ".join(f"{human(end - start << PAGE_SHIFT)} at {human(start << PAGE_SHIFT)}" for start, end in ranges)
