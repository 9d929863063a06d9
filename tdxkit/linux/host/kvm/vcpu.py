"""A vCPU goes into the guest and comes out: VP.ENTER, which holds the vCPU's and the TD's PAMT entries shared until TD exit."""

from tdxkit.linux.host.host import EBUSY, EIO
from tdxkit.linux.host.kvm.td import RUN, TRIES, Td


def enter(td: Td, vcpu: int = 0) -> int:
    """KVM_RUN up to the guest, which runs until leave(). BUSY is an exit like another: the vCPU thread comes back."""
    if td.dead:
        return EIO
    with td.within(RUN):
        for _ in range(TRIES):
            result, entry = td.host.calls.enter_guest(list(td.vcpus)[vcpu])
            if entry:
                td.inside[vcpu] = entry
                return 0
            if result.name != "TDX_OPERAND_BUSY":
                td.note("TDH.VP.ENTER", result)
                return EIO
    return EBUSY


def leave(td: Td, vcpu: int, why: str) -> bool:
    """TD exit: the module lets go of its locks. Whether the vCPU was in the guest; whoever made it leave keeps its own locks."""
    entry = td.inside.pop(vcpu, None)
    if entry:
        entry.finish()
        td.host.log.step("TD exit", f"vCPU {vcpu} leaves the guest: {why}", RUN.name)
    return entry is not None
