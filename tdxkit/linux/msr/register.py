"""IA32_FEATURE_CONTROL (MSR 0x3A; Linux calls it IA32_FEAT_CTL) bit by bit, and the rules of who writes it and who obeys it.

The register says which of VMX, SGX and local machine checks firmware has switched on, and is locked until reset. Every function here is
one rule: a value and what the CPU offers in, a verdict out. A verdict is a string: empty where the access works, else the fault and why.

Sources: `cite("kvm-feat-ctl")`, `cite("qemu-feat-ctl")`, `cite("linux-feat-ctl")`; the bits from Intel's SDM as edk2 and KVM quote it.

Fidelity card
  modelled: each bit, what makes QEMU set it, what Linux 5.6 and later writes, KVM's rules for a guest's and for the host's
    write, and the conditions of VMXON, ENCLS, MCG_EXT_CTL and the launch-key hashes
  simplified: SENTER bits 8 to 15 are decoded, but KVM offers no SMX leaf functions to a guest, so nobody here sets them
  simplified: Linux is built with KVM_INTEL, X86_SGX and X86_SGX_KVM and not started by tboot, so it never sets bit 1
  left out: AMD's side (there is no such register there), TD guests (OVMF writes through a TDVMCALL), the filtering of MSRs
"""

from dataclasses import dataclass
from typing import NamedTuple

from tdxkit.errors import InputError, printable

SOURCES = ("kvm-feat-ctl", "qemu-feat-ctl", "linux-feat-ctl")
FEATURE_CONTROL = 0x3A
LOCK, VMX_IN_SMX, VMX, SGX_LC, SGX, LMCE = (1 << bit for bit in (0, 1, 2, 17, 18, 20))
HOST_ALLOWED = LOCK | VMX_IN_SMX | VMX | SGX_LC | SGX | LMCE


@dataclass(frozen=True, slots=True)
class Bits:
    """One field of the register: its lowest and highest bit, a short name, what it does and when a CPU has it."""

    low: int
    high: int
    name: str
    meaning: str
    needs: str

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return (1 << self.high + 1) - (1 << self.low)


FIELDS = (
    Bits(0, 0, "lock", "no guest write is taken until reset", "any of the features below"),
    Bits(1, 1, "VMX inside SMX", "VMXON works after a measured launch (TXT)", "CPUID.1:ECX[5] and [6]"),
    Bits(2, 2, "VMX outside SMX", "VMXON works: the ordinary VMX switch", "CPUID.1:ECX[5]"),
    Bits(3, 7, "reserved", "must be 0", ""),
    Bits(8, 14, "SENTER local functions", "one enable for each SENTER function", "CPUID.1:ECX[6]"),
    Bits(15, 15, "SENTER global", "SENTER works at all", "CPUID.1:ECX[6]"),
    Bits(16, 16, "reserved", "must be 0", ""),
    Bits(
        17, 17, "SGX launch control", "the launch-key hashes (MSR 0x8C to 0x8F) may be rewritten", "CPUID.7.0:ECX[30]"
    ),
    Bits(18, 18, "SGX", "ENCLS works: SGX's global enable", "CPUID.7.0:EBX[2]"),
    Bits(19, 19, "reserved", "must be 0", ""),
    Bits(20, 20, "LMCE", "a machine check may go to one CPU only (MCG_EXT_CTL opens)", "MCG_CAP[27]"),
    Bits(21, 63, "reserved", "must be 0", ""),
)


class Event(NamedTuple):
    """A line of a `kvm_msr` trace: a guest's RDMSR or WRMSR. A model knows no pid, CPU or time and leaves them None.

    `time` is in seconds on the trace's clock; `fault` says that the access took #GP (then a read's value is meaningless).
    `name` is the vCPU thread's name and `note` what somebody wrote behind the line: both from outside, unescaped.
    """

    vcpu: int | None
    pid: int | None
    cpu: int | None
    time: float | None
    op: str
    msr: int
    value: int
    fault: bool
    name: str = ""
    note: str = ""

    def as_json(self) -> dict:
        """The eight facts of the access, as `--json` prints them."""
        return dict(zip(JSON_KEYS, self))


JSON_KEYS = Event._fields[:8]


@dataclass(frozen=True, slots=True)
class Cpuid:
    """What a CPU says it has, as far as the register goes: CPUID's VMX, SGX and SGX_LC, and LMCE_P of MCG_CAP."""

    vmx: bool = True
    sgx: bool = True
    sgx_lc: bool = False
    lmce: bool = False


NOTHING = Cpuid(False, False, False, False)


def names(value: int) -> tuple[str, ...]:
    """The fields that are not 0, in words: `0x40005` is lock, VMX outside SMX and SGX."""
    return tuple(f.name if f.name != "reserved" else f"reserved {f.low}…{f.high}" for f in FIELDS if value & f.mask)


def describe(value: int) -> str:
    """The value in hex and in words.

    >>> describe(0x40005)
    '0x40005 = lock + VMX outside SMX + SGX'
    """
    return f"{value:#x} = {' + '.join(names(value)) or 'nothing set, unlocked'}"


def parse_value(text: str, what: str = "MSR value") -> int:
    """A 64-bit register value in hex, with or without 0x; InputError for anything else."""
    digits = str(text).strip().lower().removeprefix("0x")
    if not digits or len(digits) > 16 or any(c not in "0123456789abcdef" for c in digits):
        raise InputError(
            f"{what} {printable(text)}", "a register holds 64 bits, written in hex", "write it like 0x40005"
        )
    return int(digits, 16)


# The writers -----------------------------------------------------------------------------------------------------------


def fw_cfg_value(cpuid: Cpuid) -> int:
    """What QEMU offers firmware as `etc/msr_feature_control`, from CPU 0's CPUID; 0 means that it makes no such file.

    SGX is judged by CPUID alone: `sgx=on` without any EPC still sets bit 18.
    """
    value = VMX * cpuid.vmx | SGX * cpuid.sgx | SGX_LC * cpuid.sgx_lc | LMCE * cpuid.lmce
    return value | LOCK if value else 0


def linux_value(cpuid: Cpuid) -> int:
    """What Linux 5.6 and later writes where it finds the register unlocked: its own choice, whatever was there. Never LMCE."""
    sgx = cpuid.sgx and (cpuid.sgx_lc or cpuid.vmx)  # for its own driver with launch control, or for its guests
    return LOCK | VMX * cpuid.vmx | SGX * sgx | SGX_LC * (sgx and cpuid.sgx_lc)


# KVM, between the writers and the register -----------------------------------------------------------------------------


def guest_allowed(cpuid: Cpuid) -> int:
    """The bits KVM lets this guest set by itself."""
    vmx = (VMX | VMX_IN_SMX) * cpuid.vmx
    return LOCK | vmx | SGX * cpuid.sgx | SGX_LC * cpuid.sgx_lc | LMCE * cpuid.lmce


def guest_write(stored: int, value: int, cpuid: Cpuid) -> str:
    """KVM's verdict on a guest's WRMSR; a refused one shows ` (#GP)` in the trace."""
    if stored & LOCK:
        return f"#GP: the register is locked at {stored:#x}"
    if extra := value & ~guest_allowed(cpuid):
        return f"#GP: {' + '.join(names(extra))} is not offered to this guest"
    return ""


def host_write(value: int) -> str:
    """KVM's verdict on KVM_SET_MSRS: the lock does not count, the guest's CPUID does not count, and no trace line is made."""
    if extra := value & ~HOST_ALLOWED:
        return f"KVM_SET_MSRS stops: {' + '.join(names(extra))} is not in the set KVM knows"
    return ""


# Who obeys it ----------------------------------------------------------------------------------------------------------


def vmxon(value: int, cpuid: Cpuid) -> str:
    """VMXON outside SMX: needs the lock and bit 2."""
    if not cpuid.vmx:
        return "#UD: no VMX in CPUID"
    return "" if value & (LOCK | VMX) == LOCK | VMX else "#GP: needs lock and VMX outside SMX"


def encls(value: int, cpuid: Cpuid) -> str:
    """ENCLS, the supervisor half of SGX: needs the lock and bit 18."""
    if not cpuid.sgx:
        return "#UD: no SGX in CPUID"
    return "" if value & (LOCK | SGX) == LOCK | SGX else "#GP: needs lock and SGX"


def mcg_ext_ctl(value: int) -> str:
    """A guest's access to IA32_MCG_EXT_CTL (0x4D0): needs bit 20; the lock does not matter."""
    return "" if value & LMCE else "#GP: needs LMCE"


def key_hash_write(value: int, cpuid: Cpuid) -> str:
    """A guest's write to IA32_SGXLEPUBKEYHASH0 to 3 (0x8C to 0x8F)."""
    if not cpuid.sgx_lc:
        return "#GP: no SGX launch control in CPUID"
    return "" if not value & LOCK or value & SGX_LC else "#GP: locked without SGX launch control"


def uses(value: int, cpuid: Cpuid) -> dict[str, str]:
    """Each use of the register and the verdict on it: "" where it works."""
    return {
        "VMXON": vmxon(value, cpuid),
        "ENCLS": encls(value, cpuid),
        "MCG_EXT_CTL": mcg_ext_ctl(value),
        "key hashes": key_hash_write(value, cpuid),
    }
