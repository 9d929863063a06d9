"""Private memory goes: a leaf is blocked, tracked, removed, written back and its reference given up; conversion to shared."""

from collections.abc import Iterator
from contextlib import contextmanager

from tdxkit.linux.host.host import EIO
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.td import TDX_PS_4K, ZAP, Td
from tdxkit.linux.host.kvm.vcpu import enter, leave
from tdxkit.linux.host.patches import PatchNo
from tdxkit.seam.leaves.call import Answer


@contextmanager
def zapping(td: Td) -> Iterator[None]:
    """With mmu_lock held for writing. vCPUs kicked out meanwhile go back into the guest afterwards."""
    running = list(td.inside)
    with td.within(ZAP):
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


def block(td: Td, gpa: int, level: int) -> int:
    """BLOCK, TRACK, and every vCPU out once (tdx_track()): after this none can use the translation."""
    for leaf, registers in (
        ("TDH.MEM.RANGE.BLOCK", {"rcx": gpa | level, "rdx": td.tdr}),
        ("TDH.MEM.TRACK", {"rcx": td.tdr}),
    ):
        result = no_vcpus(td, leaf, **registers)
        if not result.ok:
            return td.bug(leaf, result)
    kick(td)
    return 0


def zap(td: Td, gpa: int) -> int:
    """A leaf goes: block, track, remove, write back, put."""
    host = td.host
    page, level = td.leaves[gpa]
    with zapping(td):
        if gpa in td.premapped:
            td.premapped.discard(gpa)
            host.log.step("zap", f"GPA {gpa:#x} was mapped but never added: nothing for the module to remove")
        else:
            if block(td, gpa, level):
                return EIO
            result = no_vcpus(td, "TDH.MEM.PAGE.REMOVE", rcx=gpa | level, rdx=td.tdr)
            if not result.ok:
                return td.bug("TDH.MEM.PAGE.REMOVE", result)
            result = host.calls.make("TDH.PHYMEM.PAGE.WBINVD", rcx=page)
            if not result.ok:
                return td.bug("TDH.PHYMEM.PAGE.WBINVD", result)
        if PatchNo.RECLAIM in host.patches and level == TDX_PS_4K:
            host.pairs.put(page)
        del td.leaves[gpa]
        del host.allocator.pages[page]
    return 0


def convert(td: Td, gpa: int, vcpu: int = 0) -> int:
    """The guest turns a page shared (it asks, outside the guest the leaf is zapped) and private again (a fault)."""
    was_inside = leave(td, vcpu, f"it asks for GPA {gpa:#x} to be shared")
    errno = zap(td, gpa) if gpa in td.leaves else 0
    return errno or (was_inside and enter(td, vcpu)) or fault(td, gpa)
