"""The lower half of a status: an operand's id, a state, an index, an exit reason; which one depends on the upper half."""

from collections import namedtuple
from functools import cache

from tdxkit.status import codes as c

# VMX basic exit reasons that a TD exit often carries; numbers as in the processor's manual.
EXIT_REASONS = {
    0: "exception or NMI", 1: "external interrupt", 2: "triple fault", 3: "INIT", 4: "SIPI", 5: "I/O SMI", 6: "other SMI",
    7: "interrupt window", 8: "NMI window", 10: "CPUID", 12: "HLT", 30: "I/O instruction", 31: "RDMSR", 32: "WRMSR",
    33: "entry failed: guest state", 41: "entry failed: machine check", 48: "EPT violation", 49: "EPT misconfiguration",
    52: "preemption timer", 54: "WBINVD", 74: "bus lock", 75: "notify window", 76: "SEAMCALL", 77: "TDCALL",
}  # fmt: skip
VECTORS = {
    0x6: "#UD: the CPU is not in VMX operation",
    0xD: "#GP: the BIOS has not enabled TDX",
    0xFFFF0000: "VMfailInvalid: no TDX module is loaded",
}


class Details(namedtuple("Details", "kind text plausible", defaults=(True,))):
    """What the lower half holds: `kind` is one word, `text` says it; `plausible` is False where no module would say it."""

    __slots__ = ()


@cache
def _kinds() -> dict[str, str]:
    return {name: kind for kind, group in c.facts()["details"].items() for name in group}


def details_of(value: int, name: str | None, leaf: str | None = None) -> Details:
    """The lower half of a status that has this name (None: unknown) and came from this leaf (None: not said)."""
    low = value & c.DETAILS_MASK
    if name is None:
        return Details("unknown", f"{low:#x}; what it means depends on the status, which is unknown", False)
    if value & c.STATUS_MASK == 0x8000FF00 << 32:
        said = VECTORS.get(low)
        if leaf and leaf.startswith("P-SEAMLDR") and low == 0xFFFF0000:
            said = "VMfailInvalid: P-SEAMLDR did not answer"
        return Details(
            "software", said or f"{low:#x}, a vector or a mark that Linux put here", said is not None or low < 32
        )
    if leaf == "TDH.VP.ENTER" and not value & c.ERROR:
        return _exit_reason(low)
    kind = _kinds().get(name)
    if kind:
        return _READERS[kind](low)
    if low == 0:
        return Details("none", "nothing")
    if not value & c.ERROR:
        reason = _exit_reason(low).text
        return Details("exit_reason", f"{low:#x}; after TDH.VP.ENTER it would be the {reason}", low < 0x10000)
    operand = c.operand_names().get(low)
    guess = f"; as an operand id it would be {operand}" if operand else ""
    return Details("unread", f"{low:#x}; what it means for this status was not read{guess}", low < 0x10000)


def _exit_reason(low: int) -> Details:
    said = EXIT_REASONS.get(low & 0xFFFF, "a reason not listed here")
    return Details("exit_reason", f"exit reason {low & 0xFFFF}: {said}", low & 0xFFFF in EXIT_REASONS)


def _operand(low: int) -> Details:
    name = c.operand_names().get(low)
    if name is None:
        return Details("operand", f"operand id {low:#x}, which no header has", False)
    return Details("operand", f"operand {name} ({c.facts()['operand_ids'][name][1]})")


def _pair_page(low: int) -> Details:
    if low > 1:
        return Details("pair_page", f"{low:#x}; a pair has pages 0 and 1", False)
    half = "0..255" if low == 0 else "256..511"
    return Details(
        "pair_page", f"page {low} of the pair has an entry in use, one of {half}; an index, not an operand id"
    )


def _state(kind: str, table: str):
    def read(low: int) -> Details:
        name = c.facts()[table].get(str(low))
        return Details(
            kind, f"state {low}: {name}" if name else f"{low:#x}, a state that no header has", name is not None
        )

    return read


def _tdmr(second: str):
    def read(low: int) -> Details:
        tdmr, index, other = low & 0xFF, low >> 8 & 0xFF, low >> 16 & 0xFF
        more = f", other TDMR {other}" if second == "level" and other else ""
        return Details("tdmr", f"TDMR {tdmr}, {second} {index}{more}", low >> 24 == 0)

    return read


_READERS = {
    "operand": _operand,
    "pair_page": _pair_page,
    "list_entry": lambda low: Details("list_entry", f"entry {low} of the list lacks its pair", low < 512),
    "op_state": _state("op_state", "op_states"),
    "vcpu_state": _state("vcpu_state", "vcpu_states"),
    "x2apic_id": lambda low: Details("x2apic_id", f"x2APIC id {low:#x}"),
    "msr": lambda low: Details("msr", f"MSR {low:#x}"),
    "tdmr": _tdmr("level"),
    "tdmr_area": _tdmr("reserved area"),
    "vm_level": lambda low: Details("vm_level", f"{low:#x}: an L2 VM and a level, in halves not told apart here"),
}
