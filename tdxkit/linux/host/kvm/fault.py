"""An EPT violation on private memory: tdx_handle_ept_violation(), whose loop goes on until the page is there or something ends it."""

from tdxkit.linux.host.host import EIO
from tdxkit.linux.host.kvm.mapping import map_page, top_up
from tdxkit.linux.host.kvm.passes import DELETION, EVENT, until_mapped
from tdxkit.linux.host.kvm.places import TOPUP
from tdxkit.linux.host.kvm.td import TDX_PS_4K, Td
from tdxkit.linux.host.kvm.vcpu import enter, leave


def fault(td: Td, gpa: int, level: int = TDX_PS_4K, vcpu: int = 0) -> int:
    """A vCPU touches a private GPA that is not mapped. One that came out of the guest for it goes back in.

    What ends the loop without an errno, an event or a deletion, lets the vCPU enter the guest: it touches the page again.
    """
    was_inside = leave(td, vcpu, f"EPT violation at GPA {gpa:#x}")
    who = f"vCPU {vcpu}"
    while not td.dead:
        with td.within(TOPUP):
            errno, ended_by = until_mapped(td, lambda: top_up(td, who), lambda: map_page(td, gpa, level, who))
        if ended_by not in (EVENT, DELETION):
            return errno or (enter(td, vcpu) if was_inside else 0)
        errno = was_inside and enter(td, vcpu)
        if errno:
            return errno
        leave(td, vcpu, f"EPT violation at GPA {gpa:#x}, again")
    return EIO
