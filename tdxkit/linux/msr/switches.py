"""The switches of a hotplug scenario: guest, firmware, CPU, hypervisor and the posted option. What they lead to: `tdxkit.linux.msr.hotplug`.

The posted patch gives QEMU an option whose default is auto. No QEMU tree that was looked at carries the patch, so a scenario's default is
"none": there is no such option. In effect that is "off". Source: `cite("win-hack-patch")`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tdxkit.errors import InputError, printable
from tdxkit.linux.msr import register as msr

SOURCES = ("win-hack-patch",)

WINDOWS = {
    "windows": "Windows Server, release not said",  # the posted trace's: the mail names three and not which of them it was
    "windows-2016": "Windows Server 2016",
    "windows-2019": "Windows Server 2019",
    "windows-2022": "Windows Server 2022",
}
GUESTS = WINDOWS | {"linux": "Linux 5.6 or later", "linux-old": "Linux before 5.6"}
FIRMWARE = ("seabios", "ovmf")
OPTIONS = {
    "none": "QEMU without the posted patch",
    "off": "the posted option off",
    "auto": "the posted option auto, its default",
    "on": "the posted option on",
}
VENDORS = {"intel": "Intel (Xeon E3-1230 v6)", "amd": "AMD"}
FIXED_FROM = 202508  # the first edk2-stable tag whose first SMI handler writes the register


@dataclass(frozen=True, slots=True)
class Setup:
    """The switches. `hyperv` None means: on for Windows, off for Linux. `preset` is what the new vCPU's register holds already."""

    guest: str = "windows"
    firmware: str = "seabios"
    version: int = 202505  # of OVMF: its edk2-stable tag, as a name or as the number in it
    smm: bool = False
    vmx: bool = True
    sgx: bool = True
    sgx_lc: bool = False
    lmce: bool = False
    epc: bool = False
    hyperv: bool | None = None
    vendor: str = "intel"
    option: str = "none"
    preset: int = 0
    vcpus: int = 4

    def __post_init__(self):
        object.__setattr__(self, "version", edk2_version(self.version))
        for name, known in (("guest", GUESTS), ("firmware", FIRMWARE), ("option", OPTIONS), ("vendor", VENDORS)):
            if getattr(self, name) not in known:
                raise InputError(
                    f"{name} {printable(getattr(self, name))}", f"it is one of {', '.join(known)}", "name one"
                )
        if not (isinstance(self.vcpus, int) and 1 <= self.vcpus <= 64):
            raise InputError(
                f"vcpus {printable(self.vcpus)}", "a guest here boots with 1 to 64", "give a number of them"
            )
        if refused := msr.host_write(self.preset):
            raise InputError(f"preset {self.preset:#x}", refused, "use bits 0, 1, 2, 17, 18 and 20 only")

    @property
    def enlightened(self) -> bool:
        """Are Hyper-V enlightenments on?"""
        return self.windows if self.hyperv is None else self.hyperv

    @property
    def windows(self) -> bool:
        """Is the guest a Windows of one release or another?"""
        return self.guest in WINDOWS

    @property
    def cpuid(self) -> msr.Cpuid:
        """What the vCPUs offer: on AMD QEMU takes Intel's features away, the host has none of them."""
        if self.vendor == "amd":
            return msr.NOTHING
        return msr.Cpuid(self.vmx, self.sgx, self.sgx and self.sgx_lc, self.lmce)

    @property
    def smi_writes(self) -> bool:
        """Does this firmware write the register when a vCPU is plugged?"""
        return self.firmware == "ovmf" and self.smm and self.version >= FIXED_FROM

    def __str__(self) -> str:
        firmware = "SeaBIOS" if self.firmware == "seabios" else f"OVMF edk2-stable{self.version}"
        firmware += " with SMM" if self.smm else ""
        flags = [n for n in ("sgx", "epc") if getattr(self, n)] + ["hyper-v"] * self.enlightened
        extra = f", MSR already {self.preset:#x}" if self.preset else ""
        return f"{GUESTS[self.guest]} on {firmware}, {self.vendor}, {' '.join(flags) or 'no sgx'}, {OPTIONS[self.option]}{extra}"


def edk2_version(text: str) -> int:
    """`edk2-stable202508` (or 202508, or a point release 202508.01) to 202508; InputError for anything else."""
    found = re.fullmatch(r"(?:edk2-stable)?(20\d\d(?:0[1-9]|1[0-2]))(?:\.\d{1,2})?", str(text).strip(), re.ASCII)
    if not found:
        raise InputError(
            f"OVMF version {printable(text)}", "a version is the name of an edk2-stable tag", "write edk2-stable202508"
        )
    return int(found[1])


# What the table of all combinations goes through: the releases of Windows behave alike here, and "off" is in effect "none".
DISTINCT_GUESTS = ("windows", "linux", "linux-old")
DISTINCT_OPTIONS = ("none", "auto", "on")


def every_scenario() -> Iterator[Setup]:
    """Every combination of the switches that the thread argues about: 1728 of them. What behaves alike counts once."""
    booleans = (False, True)
    firmware = (("seabios", 202505), ("ovmf", 202505), ("ovmf", FIXED_FROM))
    for guest, (fw, version), smm, sgx, epc, hyperv, vendor, option, preset in product(
        DISTINCT_GUESTS, firmware, booleans, booleans, booleans, booleans, VENDORS, DISTINCT_OPTIONS, (0, 0x40005)
    ):
        yield Setup(
            guest, fw, version, smm, sgx=sgx, epc=epc, hyperv=hyperv, vendor=vendor, option=option, preset=preset
        )
