"""KVM_SET_MEMORY_ATTRIBUTES from the outside: the ioctl's number, its argument, and the trace line of a call."""

import struct
from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.units import U64_MAX

KVM_SET_MEMORY_ATTRIBUTES = 0x4020AED2
KVM_MEMORY_ATTRIBUTE_PRIVATE = 1 << 3


@dataclass(frozen=True, slots=True)
class MemoryAttributes:
    """struct kvm_memory_attributes: four u64. address and size are in bytes, not in pages; flags must be 0."""

    address: int
    size: int
    attributes: int
    flags: int = 0

    def __post_init__(self):
        for name in ("address", "size", "attributes", "flags"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= U64_MAX:
                raise InputError(f"{name} {printable(value)}", "it is a u64", "give 0 to 2^64 - 1")

    def pack(self) -> bytes:
        """The 32 bytes that user space hands to the kernel."""
        return struct.pack("<4Q", self.address, self.size, self.attributes, self.flags)

    @classmethod
    def unpack(cls, data: bytes) -> "MemoryAttributes":
        """The argument from its 32 bytes."""
        if len(data) != 32:
            raise InputError(f"{len(data)} bytes", "the argument has 32 bytes", "give four little-endian u64")
        return cls(*struct.unpack("<4Q", data))


def ioctl_number(direction: int, kind: int, number: int, size: int) -> int:
    """_IOC(): direction (1 = the kernel reads) in bits 30-31, size of the argument in 16-29, type in 8-15, number in 0-7.

    >>> hex(ioctl_number(1, 0xAE, 0xD2, 32))
    '0x4020aed2'
    """
    return direction << 30 | size << 16 | kind << 8 | number


def decode_ioctl(number: int) -> tuple[tuple[str, str], ...]:
    """An ioctl number taken apart, as (field, value) pairs for people."""
    if not 0 <= number < 1 << 32:
        raise InputError(f"ioctl {printable(number)}", "an ioctl number has 32 bits", "give one like 0x4020aed2")
    direction = ("none", "write: the kernel reads the argument", "read: the kernel fills it", "both ways")[number >> 30]
    rows = [
        ("direction", direction),
        ("size", f"{number >> 16 & 0x3FFF} bytes"),
        ("type", f"{number >> 8 & 255:#x}" + (" (KVM)" if number >> 8 & 255 == 0xAE else "")),
        ("number", f"{number & 255:#x}"),
    ]
    if number == KVM_SET_MEMORY_ATTRIBUTES:
        fields = ("address", "size", "attributes", "flags")
        rows += [("call", "KVM_SET_MEMORY_ATTRIBUTES")] + [
            (f"argument +{8 * k}", f"u64 {f}") for k, f in enumerate(fields)
        ]
    return tuple(rows)


def tracepoint(start: int, end: int, attributes: int) -> str:
    """The line of trace event kvm_vm_set_mem_attributes; start and end are GFNs, though the event calls them addresses.

    >>> tracepoint(0x10000000, 0x18000000, 8)
    '0x00000010000000 -- 0x00000018000000 [0x8]'
    """
    return f"0x{start:014x} -- 0x{end:014x} [{attributes:#x}]"
