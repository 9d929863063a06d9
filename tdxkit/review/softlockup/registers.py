"""The registers of a soft-lockup report, read: which call it was, which range, how far the walk down the tree had come.

    >>> found = read_registers()
    >>> found.call.address >> 40, found.call.size >> 30, found.guest >> 30
    (1, 1498, 1500)

The argument of the ioctl lies in user memory, which a report does not show. That two user registers still hold its address and size is
an inference, and it is tested: both are page aligned, and together they are the upper RAM of a guest of whole GiB as QEMU lays it out.

Fidelity card
  modelled: system call and ioctl number, the attribute, the range as two registers that fit; node, slab slot, height and shift of the walk
  simplified: which register holds what is read off this one report; another build may use others
  left out: the other lines of the report, which `told` reads
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tdxkit.errors import InputError
from tdxkit.linux.memattr.guest_ram import LOW, guest_ranges
from tdxkit.linux.memattr.ioctl import KVM_MEMORY_ATTRIBUTE_PRIVATE, KVM_SET_MEMORY_ATTRIBUTES, MemoryAttributes
from tdxkit.linux.xarray.node import CHUNK_SHIFT, SLAB_NODES, SLAB_SIZE
from tdxkit.review.softlockup.loops import SYS_IOCTL, call_of
from tdxkit.review.softlockup.reading import read_report
from tdxkit.review.softlockup.report import Report, posted_text
from tdxkit.units import GIB, PAGE_4K, PAGE_SHIFT, TIB, U64_MAX, human

SOURCES = ("snp-lockup-v2", "linux-xarray", "linux-memattr", "qemu-pc-ram")
MAX_ADDRESS = 1 << 52
LEAST_MOVED = 64 * GIB  # a smaller range at 1 TiB is more likely a part that a guest converts
SLOT_BYTES = 584  # a node in its slab: the free pointer stands behind the object


@dataclass(frozen=True, slots=True)
class Reading:
    """What the registers say. call: the argument as it must have been; guest: RAM of the guest in bytes, None where none fits;
    rows: (register, value, what it is), in the order of the argument."""

    call: MemoryAttributes
    guest: int | None
    rows: tuple[tuple[str, str, str], ...]

    @property
    def gfns(self) -> tuple[int, int]:
        """The range of the call as [start, end)."""
        return self.call.address >> PAGE_SHIFT, (self.call.address + self.call.size) >> PAGE_SHIFT

    @property
    def pages(self) -> int:
        """How many 4 KiB pages the call covers."""
        return self.call.size >> PAGE_SHIFT


def registers_in(text: str) -> tuple[dict[str, int], dict[str, int]]:
    """(kernel, user) registers out of a pasted text, of the report that matters. InputError where there are none."""
    found = read_report(text)
    if not found.user:
        raise no_user_registers(found)
    return found.kernel, found.user


def no_user_registers(report: Report) -> InputError:
    """Why a report shows no registers of user space, and what to paste."""
    if report.mixed:
        return InputError(
            "the registers",
            "lines of several CPUs are mixed, and nothing says whose each is",
            "give a log with callers",
        )
    return InputError("the report", "it shows no registers of user space", "paste it down to the R15 after RSP: 002b")


def reading_of(report: Report) -> tuple[Reading | None, str]:
    """Which range was being set, or None and why the registers do not say."""
    if not report.user:
        return None, str(no_user_registers(report))
    try:
        return read_registers((report.kernel, report.user)), ""
    except InputError as error:
        return None, str(error)


def posted() -> tuple[dict[str, int], dict[str, int]]:
    """(kernel, user) registers of the report in the cover letter."""
    return registers_in(posted_text())


def read_registers(registers: tuple[Mapping[str, int], Mapping[str, int]] | None = None) -> Reading:
    """Read (kernel, user) registers, by default the posted ones. InputError where the call was another one."""
    kernel, user = registers or posted()
    if user.get("ORIG_RAX") != SYS_IOCTL or user.get("RSI", 0) & 0xFFFF_FFFF != KVM_SET_MEMORY_ATTRIBUTES:
        raise InputError(
            call_of(dict(user)) or "the registers", "this reads the registers of ioctl KVM_SET_MEMORY_ATTRIBUTES",
            "paste a report of that",
        )  # fmt: skip
    for name in ("RDI", "RDX", "R8", "R9", "R14"):
        if name not in user:
            raise InputError(f"user register {name}", "the reading needs it", "paste all registers of the report")
    call = MemoryAttributes(user["R8"], user["R9"], user["R14"])
    whole = call.size and not call.address % PAGE_4K and not call.size % PAGE_4K and call.address + call.size <= U64_MAX
    if not whole or call.address + call.size > MAX_ADDRESS or call.attributes not in (0, KVM_MEMORY_ATTRIBUTE_PRIVATE):
        raise InputError(
            "R8, R9 and R14", "address and size are whole pages, the attribute is PRIVATE or none",
            "another build keeps them elsewhere: this report does not show the range",
        )  # fmt: skip
    return Reading(call, guest_of(call), (*_user_rows(user, call), *_kernel_rows(kernel, call)))


def guest_of(call: MemoryAttributes) -> int | None:
    """The guest whose upper RAM this range is, in bytes; None where QEMU's layout has none of whole GiB.

    On Intel it begins at 4 GiB. On AMD it begins at 1 TiB where what lies behind the RAM (the PCI hole, memory to be plugged) would reach the
    HyperTransport hole, so guests may be smaller there than their RAM alone would say (qemu-pc-ram).
    """
    size = call.size + LOW
    if size % GIB or size > MAX_ADDRESS:
        return None
    by_ram = [guest_ranges(size, amd=amd)[-1] for amd in (True, False)]
    moved = call.address == TIB and call.size >= LEAST_MOVED
    return size if moved or (call.address >> PAGE_SHIFT, (call.address + call.size) >> PAGE_SHIFT) in by_ram else None


def _user_rows(user: Mapping[str, int], call: MemoryAttributes) -> list[tuple[str, str, str]]:
    first, last = call.address >> PAGE_SHIFT, (call.address + call.size) >> PAGE_SHIFT
    private = " = PRIVATE" if call.attributes == KVM_MEMORY_ATTRIBUTE_PRIVATE else ""
    return [
        ("ORIG_RAX", f"{user['ORIG_RAX']:#x}", "system call 16: ioctl()"),
        ("RDI", f"{user['RDI']:#x}", f"file descriptor {user['RDI']}: the VM"),
        ("RSI", f"{user['RSI']:#x}", "KVM_SET_MEMORY_ATTRIBUTES"),
        ("RDX", f"{user['RDX']:#x}", "pointer to the argument, in user memory"),
        ("R8", f"{call.address:#x}", f"address: {human(call.address)}, GFN {first:#x}"),
        ("R9", f"{call.size:#x}", f"size: {call.size // GIB:,} GiB, {call.size >> PAGE_SHIFT:,} pages, up to GFN {last:#x}"),
        ("R14", f"{call.attributes:#x}", f"attributes{private}"),
    ]  # fmt: skip


def _kernel_rows(kernel: Mapping[str, int], call: MemoryAttributes) -> list[tuple[str, str, str]]:
    """What the kernel's registers say about the walk, where they fit."""
    rows = []
    last = (call.address + call.size - 1) >> PAGE_SHIFT
    if (bits := kernel.get("RDX")) and bits % CHUNK_SHIFT == 0 and last.bit_length() <= bits <= 66:
        what = f"{bits} bits of index: {bits // CHUNK_SHIFT} levels; the last GFN, {last:#x}, needs {last.bit_length()}"
        rows.append(("kernel RDX", f"{bits:#x}", what))
    if (shift := kernel.get("RBP")) is not None and shift % CHUNK_SHIFT == 0 and shift < 64:
        rows.append(("kernel RBP", f"{shift:#x}", f"shift {shift}: the head node, {shift // CHUNK_SHIFT + 1} levels"))
    if (entry := kernel.get("RAX", 0)) & 3 == 2 and entry > 4096:
        node = entry - 2
        place, rest = divmod(node % SLAB_SIZE, SLOT_BYTES)
        where = f", object {place} of {SLAB_NODES} in its slab" if not rest and place < SLAB_NODES else ""
        rows.append(("kernel RAX", f"{entry:#x}", f"an internal entry: the node at {node:#x}{where}"))
    return rows
