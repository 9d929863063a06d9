"""The crash as libvirt's log tells it: `panic hyper-v: arg1='0x3e', arg2=…`, and the bits in which two parameters differ.

A Windows guest with hv-crash writes P0 to P4 (MSRs 0x40000100 to 0x40000104), then CRASH_CTL; KVM leaves to QEMU, QEMU tells
libvirt. arg1 is P0, the bug check's code; arg2 to arg5 are its four parameters. Source: `cite("win-hack-patch")`, `cite("bugcheck-3e")`.
"""

import re
from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.intake import pasted

SOURCES = ("win-hack-patch", "bugcheck-3e")
POSTED = "panic hyper-v: arg1='0x3e', arg2='0x46d359bbdff', arg3='0x56d359bbdff', arg4='0x0', arg5='0x0'"
# Codes that come up beside MSR 0x3A. 0x20001 is another story: Microsoft's own hypervisor failed.
CODES = {0x3E: "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED", 0x20001: "HYPERVISOR_ERROR"}
_ARG = re.compile(r"\barg([1-5])='?(?:0x)?([0-9a-fA-F]{1,16})'?(?=[\s,;]|$)")


@dataclass(frozen=True, slots=True)
class Panic:
    """A bug check: its code and its four parameters."""

    code: int
    parameters: tuple[int, int, int, int]

    @property
    def name(self) -> str:
        """The code's name, or the code in hex where this workbook does not know it."""
        return CODES.get(self.code, f"bug check {self.code:#x}")

    def __str__(self) -> str:
        return f"{self.name} ({self.code:#x}): " + ", ".join(f"{p:#x}" for p in self.parameters)


def read_panic(line: str) -> Panic:
    """A line of libvirt's domain log; InputError where it does not name arg1 to arg5 of a hyper-v panic, each once."""
    text = pasted(line, 1000).decode()
    found = _ARG.findall(text)
    if "hyper-v" not in text or [n for n, _ in found] != list("12345"):
        raise InputError(
            f"panic line {printable(line)}",
            "it names hyper-v and arg1 to arg5 in order",
            "paste the line as libvirt wrote it",
        )
    code, *parameters = (int(value, 16) for _, value in found)
    return Panic(code, tuple(parameters))


def differing_bits(a: int, b: int) -> tuple[int, ...]:
    """The numbers of the bits in which two values differ, lowest first: their XOR, read off."""
    xor = a ^ b
    return tuple(bit for bit in range(xor.bit_length()) if xor >> bit & 1)
