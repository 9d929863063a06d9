"""Private memory goes: a leaf is blocked, tracked, removed, written back and its reference given up; conversion to shared."""

from collections.abc import Iterator
from contextlib import contextmanager

from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.places import CONVERT, ZAP, Place
from tdxkit.linux.host.kvm.td import TDX_PS_4K, Td
from tdxkit.linux.host.kvm.vcpu import enter, leave
from tdxkit.linux.host.patches import PatchNo
from tdxkit.seam.leaves.call import Answer

PREMAPPED = "TDX_EPT_ENTRY_STATE_INCORRECT|RCX"  # what BLOCK says of a page that was mapped and never added


@contextmanager
def zapping(td: Td, place: Place = ZAP) -> Iterator[None]:
    """With mmu_lock held for writing. vCPUs kicked out meanwhile go back into the guest afterwards."""
    running = list(td.inside)
    with td.within(place):
        yield
    for vcpu in running:
        if vcpu not in td.inside and not td.dead:
            enter(td, vcpu)


def kick(td: Td) -> None:
    """KVM_REQ_OUTSIDE_GUEST_MODE for every vCPU, and wait until none is inside."""
    for vcpu in list(td.inside):
        leave(td, vcpu, "it is kicked out")


def no_vcpus(td: Td, leaf: str, **registers: int) -> Answer:
    """tdh_do_no_vcpus(): on BUSY kick every vCPU out, keep it out, and call once more."""
    result = td.host.calls.make(leaf, **registers)
    if result.name == "TDX_OPERAND_BUSY":
        td.host.log.step("kick", "all vCPUs are kicked out of the guest and kept out, then the call is made once more")
        kick(td)
        result = td.host.calls.make(leaf, **registers)
    return result


def block(td: Td, gpa: int, level: int) -> Answer:
    """RANGE.BLOCK, then every vCPU out once (tdx_track())."""
    result = no_vcpus(td, "TDH.MEM.RANGE.BLOCK", rcx=gpa | level, rdx=td.tdr)
    if result.ok:
        track(td)
    return result


def track(td: Td) -> None:
    """tdx_track(): no vCPU can use the translation afterwards. It returns nothing: after a failed TRACK, which bugs the VM, the vCPUs
    are kicked all the same and the caller goes on. Before the TD runs there is nobody to track."""
    if not td.runnable:
        return
    result = no_vcpus(td, "TDH.MEM.TRACK", rcx=td.tdr)
    if not result.ok:
        td.bug("TDH.MEM.TRACK", result)
    kick(td)


def zap(td: Td, gpa: int, place: Place = ZAP) -> int:
    """A leaf goes: block, track, remove, write back, put. The mirror forgets it first: what then fails leaks the page."""
    host = td.host
    page, level = td.leaves.pop(gpa)
    with zapping(td, place):
        result = block(td, gpa, level)
        if gpa in td.premapped and str(result) == PREMAPPED:
            td.premapped.discard(gpa)
            host.log.step("zap", f"GPA {gpa:#x} was mapped but never added: nothing for the module to remove")
        elif not result.ok:
            return td.bug("TDH.MEM.RANGE.BLOCK", result)
        elif errno := _drop(td, gpa, level, page):
            return errno
        if PatchNo.RECLAIM in host.patches and level == TDX_PS_4K:
            host.pairs.put(page)
        del host.allocator.pages[page]
    return 0


def _drop(td: Td, gpa: int, level: int, page: int) -> int:
    """tdx_sept_drop_private_spte(): out of the TD, its lines written back."""
    result = no_vcpus(td, "TDH.MEM.PAGE.REMOVE", rcx=gpa | level, rdx=td.tdr)
    if not result.ok:
        return td.bug("TDH.MEM.PAGE.REMOVE", result)
    result = td.host.calls.make("TDH.PHYMEM.PAGE.WBINVD", rcx=page)
    return 0 if result.ok else td.bug("TDH.PHYMEM.PAGE.WBINVD", result)


def convert(td: Td, gpa: int, vcpu: int = 0) -> int:
    """The guest turns a page shared (it asks, outside the guest the leaf is zapped) and private again (a fault)."""
    was_inside = leave(td, vcpu, f"it asks for GPA {gpa:#x} to be shared")
    errno = zap(td, gpa, CONVERT) if gpa in td.leaves else 0
    return errno or (was_inside and enter(td, vcpu)) or fault(td, gpa)
