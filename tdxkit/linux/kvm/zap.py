"""Private memory goes: a leaf is blocked, tracked, removed, written back and its reference given up; conversion to shared."""

from tdxkit.linux.host import EIO
from tdxkit.linux.kvm.fault import fault
from tdxkit.linux.kvm.td import TDX_PS_4K, ZAP, Td
from tdxkit.seam.call import Result


def no_vcpus(td: Td, leaf: str, **registers: int) -> Result:
    """tdh_do_no_vcpus(): on BUSY kick every vCPU out and call once more."""
    result = td.host.seamcall(leaf, **registers)
    if result.name == "TDX_OPERAND_BUSY":
        td.host.step("kick", "all vCPUs are kicked out of the guest and kept out, then the call is made once more")
        result = td.host.seamcall(leaf, **registers)
    return result


def block(td: Td, gpa: int, level: int) -> int:
    """BLOCK and TRACK: after this no vCPU can use the translation."""
    for leaf, registers in (
        ("TDH.MEM.RANGE.BLOCK", {"rcx": gpa | level, "rdx": td.tdr}),
        ("TDH.MEM.TRACK", {"rcx": td.tdr}),
    ):
        result = no_vcpus(td, leaf, **registers)
        if not result.ok:
            return td.bug(leaf, result)
    return 0


def zap(td: Td, gpa: int) -> int:
    """A leaf goes: block, track, remove, write back, put."""
    host = td.host
    page, level = td.leaves[gpa]
    with td.within(ZAP):
        if gpa in td.premapped:
            td.premapped.discard(gpa)
            host.step("zap", f"GPA {gpa:#x} was mapped but never added: nothing for the module to remove")
        else:
            if block(td, gpa, level):
                return EIO
            result = no_vcpus(td, "TDH.MEM.PAGE.REMOVE", rcx=gpa | level, rdx=td.tdr)
            if not result.ok:
                return td.bug("TDH.MEM.PAGE.REMOVE", result)
            result = host.seamcall("TDH.PHYMEM.PAGE.WBINVD", rcx=page)
            if not result.ok:
                return td.bug("TDH.PHYMEM.PAGE.WBINVD", result)
        if 9 in host.patches and level == TDX_PS_4K:
            host.pamt_put(page)
        del td.leaves[gpa]
        del host.pages[page]
    return 0


def convert(td: Td, gpa: int) -> int:
    """The guest turns a page shared and back: a zap, then a fault."""
    return (zap(td, gpa) if gpa in td.leaves else 0) or fault(td, gpa)
