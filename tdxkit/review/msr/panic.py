"""The crash of a Windows guest as each part of the stack tells it: its bug check's code and four parameters, and the bits in which two differ.

    panic hyper-v: arg1='0x3e', arg2='0x46d359bbdff', …                        libvirt's log, in hex
    {"event": "GUEST_PANICKED", "data": {"info": {"arg1": 62, …}}}             QEMU's event, in libvirt's debug log too: decimal, in any order
    GuestPanicked: '0x3e', '0x46d359bbdff', …                                  a VMI's status in KubeVirt
    hv crash (0x3e 0x46d359bbdff …)                                            KVM, with debugging on
    Synthetic MSR[0x40000100] 0x3e …                                           a line a register: VMware; so does a kvm_msr trace

A Windows guest with hv-crash writes P0 to P4 (MSRs 0x40000100 to 0x40000104), then CRASH_CTL; KVM leaves to QEMU, QEMU tells
libvirt. arg1 is P0, the bug check's code; arg2 to arg5 are its four parameters. A mail's quoting, its broken lines and quoted-printable
are undone. Sources: `cite("win-hack-patch")`, `cite("bugcheck-3e")`, `cite("crash-lines")`.
"""

import re
from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.intake import Source, opened, pasted
from tdxkit.review.pasted import unfolded
from tdxkit.units import U64_MAX
from tdxkit.work import Job

SOURCES = ("win-hack-patch", "bugcheck-3e", "crash-lines")
POSTED = "panic hyper-v: arg1='0x3e', arg2='0x46d359bbdff', arg3='0x56d359bbdff', arg4='0x0', arg5='0x0'"
LIMIT = 4 << 20  # characters of a log that are looked through
# Codes that come up beside MSR 0x3A. 0x20001 is another story: Microsoft's own hypervisor failed.
PROCESSORS_DIFFER = 0x3E
CODES = {PROCESSORS_DIFFER: "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED", 0x20001: "HYPERVISOR_ERROR"}
_NUMBER = r"(?:0x[0-9a-fA-F]{1,16}|[0-9]{1,20}|[0-9a-fA-F]{1,16})(?![\w.])"
_ARG = re.compile(rf"\barg([1-5])\\{{0,3}}[\"']?\s{{0,3}}([:=])\s{{0,3}}\\{{0,3}}[\"']?({_NUMBER})", re.IGNORECASE)
_FIVE = rf"({_NUMBER})[',\s]{{1,6}}({_NUMBER})[',\s]{{1,6}}({_NUMBER})[',\s]{{1,6}}({_NUMBER})[',\s]{{1,6}}({_NUMBER})"
_ROWS = (re.compile(rf"GuestPanicked:\s{{0,3}}'{_FIVE}'"), re.compile(rf"\bhv crash \({_FIVE}\)"))
_REGISTER = re.compile(r"(?:\bMSR\[0x|\bmsr_write )4000010([0-4])\]?[ =]{1,5}(0x[0-9a-fA-F]{1,16})(?![\w.])")
_TYPE = re.compile(
    r"\btype\\{0,3}[\"']?\s{0,3}[:=]\s{0,3}\\{0,3}[\"']?([\w-]{1,20})|\bpanic ([\w-]{1,20}):", re.IGNORECASE
)
_EVENT = re.compile(r"GUEST_PANICKED|GUEST_CRASHLOADED|GuestPanicked|\bpanic [\w-]{1,20}:")


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

    def as_json(self) -> dict:
        """The bug check as data: code and parameters in hex, and the bits in which the first two parameters differ."""
        first, second, *_ = self.parameters
        return {
            "code": f"{self.code:#x}",
            "name": CODES.get(self.code),
            "parameters": [f"{p:#x}" for p in self.parameters],
            "differing_bits": list(differing_bits(first, second)),
        }


def read_panic(text: str) -> Panic:
    """The first crash that a line, an event or a log tells of; InputError where it tells none with all five numbers."""
    plain = unfolded(pasted(text, LIMIT).decode())
    if found := _told(plain):
        return found
    raise _complaint(text, plain)


def tells_of_one(text: str) -> bool:
    """Whether a text has a crash line of any form, complete or not."""
    return bool(
        _EVENT.search(text)
        or _REGISTER.search(text)
        or _ROWS[1].search(text)
        or ("hyper-v" in text and _ARG.search(text))
    )


def panic_job(source: Source) -> Job[Panic]:
    """The same from a file or standard input, as a job."""
    with opened(source, text=True) as stream:
        raw = stream.read(LIMIT)
        yield stream.at
    return read_panic(raw.decode("utf-8", "replace"))


def differing_bits(a: int, b: int) -> tuple[int, ...]:
    """The numbers of the bits in which two values differ, lowest first: their XOR, read off."""
    xor = a ^ b
    return tuple(bit for bit in range(xor.bit_length()) if xor >> bit & 1)


def _told(plain: str) -> Panic | None:
    for form in _ROWS:
        if found := form.search(plain):
            return _panic([_value(digits, "=") for digits in found.groups()])
    args = _ARG.findall(plain) if "hyper-v" in plain.lower() else ()
    if found := _in_order((int(n) - 1, _value(digits, sign)) for n, sign, digits in args):
        return found
    return _in_order((int(n), int(digits, 16)) for n, digits in _REGISTER.findall(plain))


def _in_order(numbers) -> Panic | None:
    """The first five numbers that are there once each; one that comes again begins another crash."""
    held: dict[int, int | None] = {}
    for place, value in numbers:
        if place in held:
            held = {}
        held[place] = value
        if len(held) == 5:
            return _panic([held[k] for k in range(5)])
    return None


def _panic(values: list[int | None]) -> Panic | None:
    if any(value is None for value in values):
        return None
    code, *parameters = values
    return Panic(code, tuple(parameters))


def _value(digits: str, sign: str) -> int | None:
    """A number as its form writes it: JSON's are decimal, libvirt's hex. None where nobody can tell, or for more than 64 bits."""
    if digits.lower().startswith("0x"):
        value = int(digits, 16)
    elif sign == ":" or (digits.isdigit() and len(digits) == 1):
        value = int(digits) if digits.isdigit() else None
    else:
        value = None if digits.isdigit() else int(digits, 16)
    return value if value is not None and value <= U64_MAX else None


def _complaint(text: str, plain: str) -> InputError:
    """Why no crash was read: what it is, or which number is missing."""
    given = f"panic line {printable(str(text).strip())}"
    kind = next((a or b for a, b in _TYPE.findall(plain) if (a or b).lower() != "hyper-v"), "")
    seen = {n for n, _, _ in _ARG.findall(plain)}
    if kind and "hyper-v" not in plain.lower() and _EVENT.search(plain):
        return InputError(
            given,
            f"a panic of type {printable(kind)} has no bug check",
            "give one of type hyper-v: of a Windows guest with hv-crash",
        )
    if seen and "hyper-v" in plain.lower():
        lost = ", ".join(f"arg{n}" for n in "12345" if n not in seen)
        rule = f"it lacks {lost}" if lost else "its numbers are hex with 0x, or decimal in JSON, of 64 bits at most"
        return InputError(given, rule, "paste all of it as libvirt or QEMU wrote it")
    if _EVENT.search(plain):
        return InputError(
            given, "it says that the guest panicked and has no parameters (pvpanic tells none)",
            "give the event of a guest with hv-crash, or libvirt's line with arg1 to arg5",
        )  # fmt: skip
    return InputError(
        given, "it names hyper-v and arg1 to arg5", "paste the line as libvirt wrote it, or QEMU's GUEST_PANICKED event"
    )
