"""A vCPU goes into the guest and comes out: VP.ENTER, which holds the vCPU's and the TD's PAMT entries shared until TD exit."""

from tdxkit.linux.host.host import EINTR, EIO, KVM_EXIT_INTERNAL_ERROR
from tdxkit.linux.host.kvm.passes import ENDS, PATIENCE, SIGNAL
from tdxkit.linux.host.kvm.places import RUN
from tdxkit.linux.host.kvm.td import Loop, Refused, Td


def enter(td: Td, vcpu: int = 0) -> int:
    """KVM_RUN up to the guest, which runs until leave(). BUSY, whatever its operand, is a handled exit: the run loop enters again,
    without a limit; the model has a signal come. Any other error ends KVM_RUN with an internal error and does not bug the VM."""
    if td.dead:
        return EIO
    with td.within(RUN):
        for _ in range(PATIENCE):
            result, entry = td.host.calls.enter_guest(list(td.vcpus)[vcpu])
            if entry:
                td.inside[vcpu] = entry
                return 0
            if result.name != "TDX_OPERAND_BUSY":
                td.note("TDH.VP.ENTER", result)
                return KVM_EXIT_INTERNAL_ERROR
        td.loop = Loop(Refused("TDH.VP.ENTER", result.name), PATIENCE, True, SIGNAL)
        td.host.log.step(SIGNAL, ENDS[SIGNAL])
    return EINTR


def leave(td: Td, vcpu: int, why: str) -> bool:
    """TD exit: the module lets go of its locks. Whether the vCPU was in the guest; whoever made it leave keeps its own locks."""
    entry = td.inside.pop(vcpu, None)
    if entry:
        entry.finish()
        td.host.log.step("TD exit", f"vCPU {vcpu} leaves the guest: {why}", RUN.lane)
    return entry is not None
