"""Huge pages, from the series on top of v2: a 2 MiB leaf is split into 512, and 512 are promoted to one."""

from tdxkit.linux.host.host import EIO, ENOMEM
from tdxkit.linux.host.kvm.td import TDX_PS_2M, TDX_PS_4K, TOPUP, Td
from tdxkit.linux.host.kvm.zap import block, no_vcpus, zapping
from tdxkit.units import PAGE_4K


def split(td: Td, gpa: int, vcpu: int = 0, count_sept: bool = True) -> int:
    """DEMOTE a 2 MiB leaf: an S-EPT page with its reference, and a pair that goes in with the call.

    `count_sept=False` is the alternative posted for v5 that forgot the S-EPT page's reference (B26).
    """
    host, pool = td.host, f"vCPU {vcpu}"
    page, _ = td.leaves[gpa]
    with td.within(TOPUP):
        sept, pair = host.allocator.alloc("S-EPT"), [host.allocator.alloc("pair"), host.allocator.alloc("pair")]
    if None in (sept, *pair):
        for left in (sept, *pair):
            if left is not None:
                host.allocator.free(left)
        return ENOMEM
    with zapping(td):
        result = None
        if not (count_sept and host.pairs.get(sept, pool)):
            if block(td, gpa, TDX_PS_2M):
                return EIO
            result = no_vcpus(
                td, "TDH.MEM.PAGE.DEMOTE", rcx=gpa | TDX_PS_2M, rdx=td.tdr, r8=sept, r12=pair[0], r13=pair[1]
            )
            if result.ok:
                td.sept[1, gpa] = sept
                del td.leaves[gpa]
                td.leaves |= {gpa + k * PAGE_4K: (page + k * PAGE_4K, TDX_PS_4K) for k in range(512)}
                host.allocator.pages |= {page + k * PAGE_4K: "guest" for k in range(512)}
                host.pairs.counters.refcount[page >> 21] = 512
                host.log.step("split", "512 leaves, 512 references, one pair")
                return 0
            if count_sept:
                host.pairs.put(sept)
        for left in (sept, *pair):
            host.allocator.free(left)
    return ENOMEM if result is None else td.bug("TDH.MEM.PAGE.DEMOTE", result)


def promote(td: Td, gpa: int) -> int:
    """PROMOTE 512 leaves to one: the pair and the S-EPT page come back."""
    host = td.host
    page, _ = td.leaves[gpa]
    with zapping(td):
        if block(td, gpa, TDX_PS_2M):
            return EIO
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
