"""Huge pages, from the series on top of v2: a 2 MiB leaf is split into 512, and 512 are promoted to one.

The split is that of the author's tree [kvm-tdx-base]; later postings of the huge page series want a module that does not break DEMOTE off
(TDX_FEATURES0 bit 51) and have no such loop [tdx-v5]. No KVM that we read promotes: that path is what the module offers.
"""

from itertools import count

from tdxkit.linux.host.faults import NO_FAULT
from tdxkit.linux.host.host import ENOMEM
from tdxkit.linux.host.kvm.passes import RESTARTS
from tdxkit.linux.host.kvm.places import SPLIT, TOPUP
from tdxkit.linux.host.kvm.td import TDX_PS_2M, TDX_PS_4K, Loop, Refused, Td
from tdxkit.linux.host.kvm.zap import block, kick, no_vcpus, zapping
from tdxkit.seam.leaves.call import Answer
from tdxkit.units import PAGE_4K

SOURCES = ("kvm-tdx-base", "tdx-v5")

DEMOTE, BROKEN_OFF = "TDH.MEM.PAGE.DEMOTE", "TDX_INTERRUPTED_RESTARTABLE"


def split(td: Td, gpa: int, vcpu: int = 0, count_sept: bool = True) -> int:
    """DEMOTE a 2 MiB leaf: an S-EPT page with its reference, and a pair that goes in with the call.

    `count_sept=False` is the alternative posted for v5 that takes no reference for the S-EPT page (B26).
    """
    host, pool = td.host, f"vCPU {vcpu}"
    with td.within(TOPUP):
        sept, pair = host.allocator.alloc("S-EPT"), [host.allocator.alloc("pair"), host.allocator.alloc("pair")]
    if None in (sept, *pair):
        _free(td, sept, *pair)
        return ENOMEM
    with zapping(td, SPLIT):
        if count_sept and (errno := host.pairs.get(sept, pool)):
            _free(td, sept, *pair)
            return errno
        leaf, result = "TDH.MEM.RANGE.BLOCK", block(td, gpa, TDX_PS_2M)
        if result.ok:
            leaf, result = DEMOTE, _demote(td, rcx=gpa | TDX_PS_2M, rdx=td.tdr, r8=sept, r12=pair[0], r13=pair[1])
        if result.ok:
            _count_split(td, gpa, sept)
            return 0
        if count_sept:
            host.pairs.put(sept)
        _free(td, sept, *pair)
        return td.bug(leaf, result)


def _demote(td: Td, **registers: int) -> Answer:
    """DEMOTE, once more each time an interrupt broke it off: KVM has no limit there, so it is the interrupts that the model has stop.
    BUSY: once more with every vCPU out, and that call is not in the loop."""
    host = td.host
    for calls in count(1):
        result = host.calls.make(DEMOTE, **registers)
        if result.name != BROKEN_OFF:
            break
        host.log.step("interrupted", "an interrupt broke DEMOTE off before it changed anything: it is called again")
        if calls == RESTARTS:
            td.loop = Loop(Refused(DEMOTE, result.name), calls, True, "the interrupts stop; KVM has no limit here")
            host.points.fault = NO_FAULT
    if result.name == "TDX_OPERAND_BUSY":
        kick(td)
        result = host.calls.make(DEMOTE, **registers)
    return result


def _count_split(td: Td, gpa: int, sept: int) -> None:
    """512 leaves with a reference each; the new page of the Secure EPT is in its place."""
    host, (page, _) = td.host, td.leaves.pop(gpa)
    td.sept[1, gpa] = sept
    td.leaves |= {gpa + k * PAGE_4K: (page + k * PAGE_4K, TDX_PS_4K) for k in range(512)}
    host.allocator.pages |= {page + k * PAGE_4K: "guest" for k in range(512)}
    host.pairs.counters.refcount[page >> 21] = 512
    host.log.step("split", "512 leaves, 512 references, one pair")


def _free(td: Td, *pages: int | None) -> None:
    for page in pages:
        if page is not None:
            td.host.allocator.free(page)


def promote(td: Td, gpa: int) -> int:
    """PROMOTE 512 leaves to one: the pair and the S-EPT page come back."""
    host = td.host
    page, _ = td.leaves[gpa]
    with zapping(td, SPLIT):
        result = block(td, gpa, TDX_PS_2M)
        if not result.ok:
            return td.bug("TDH.MEM.RANGE.BLOCK", result)
        result = no_vcpus(td, "TDH.MEM.PAGE.PROMOTE", rcx=gpa | TDX_PS_2M, rdx=td.tdr)
        if not result.ok:
            return td.bug("TDH.MEM.PAGE.PROMOTE", result)
        host.pairs.counters.refcount[page >> 21] = 0
        for k in range(512):
            td.leaves.pop(gpa + k * PAGE_4K)
            host.allocator.pages.pop(page + k * PAGE_4K)
        td.leaves[gpa] = page, TDX_PS_2M
        host.allocator.pages[page] = "guest"
        sept = td.sept.pop((1, gpa))
        host.pairs.put(sept)
        host.allocator.free(sept)
        for pair_page in (result["R12"], result["R13"]):
            host.allocator.free(pair_page, clean=host.posted.clears_pair)
        host.log.step("promote", "one leaf, no reference, no pair: the region is one 2 MiB page")
    return 0
