"""The end of a TD, in KVM's order: leaves, the key, vCPUs with their pools, S-EPT pages, TDCS pages, and the TDR last.

The module wants the TDR reclaimed after every other page of the TD, and nothing reclaimed before the key id is free, which needs every
vCPU flushed [kvm-tdx-base]. A key id that is stuck therefore leaks the whole TD: nothing more is tried.
"""

from tdxkit.linux.host.kvm.mapping import free_spare
from tdxkit.linux.host.kvm.places import FLUSH, RECLAIM, RELEASE, RELEASE_HKID, SEPT_RECLAIM
from tdxkit.linux.host.kvm.td import Td
from tdxkit.linux.host.kvm.vcpu import leave
from tdxkit.linux.host.kvm.zap import zap
from tdxkit.linux.host.patches import PatchNo
from tdxkit.seam.leaves.call import Answer

SOURCES = ("kvm-tdx-base",)

TDX_SEAMCALL_RETRIES = 10_000  # of PHYMEM.CACHE.WB, which is interrupted and goes on where it was


def teardown(td: Td) -> None:
    """From the closing of guest_memfd to tdx_vm_destroy()."""
    for vcpu in list(td.inside):
        leave(td, vcpu, "the VM ends")
    for gpa in list(td.leaves):
        zap(td, gpa, RELEASE)
    if td.hkid:
        _release_hkid(td)
    with td.within(RECLAIM):
        if not td.hkid:
            for tdvpr, pages in td.vcpus.items():
                for page in (*pages, tdvpr):
                    _reclaim(td, page)
        _free_stores(td)
    with td.within(SEPT_RECLAIM):
        _free_sept(td)
    with td.within(RECLAIM):
        if td.tdr is not None and not td.hkid:
            _free_td(td)


def _release_hkid(td: Td) -> None:
    """tdx_mmu_release_hkid(): vCPUs flushed, caches written back, the key id given up."""
    with td.within(FLUSH):
        for tdvpr in td.vcpus:
            if td.host.module.m.vcpu_lp[tdvpr] is not None:
                result = td.host.calls.make("TDH.VP.FLUSH", rcx=tdvpr)
                if not result.ok:
                    td.bug("TDH.VP.FLUSH", result)
    with td.within(RELEASE_HKID):
        result = td.host.calls.make("TDH.MNG.VPFLUSHDONE", rcx=td.tdr)
        if result.name == "TDX_FLUSHVP_NOT_DONE":  # a vCPU is still associated: quietly out
            td.note("TDH.MNG.VPFLUSHDONE", result)
            return
        if not result.ok:
            td.bug("TDH.MNG.VPFLUSHDONE", result)
            return
        result = _write_back(td)
        if result.status >> 63:  # a warning, and on: KEY.FREEID says no where it matters
            td.warn("TDH.PHYMEM.CACHE.WB", result)
        result = td.host.calls.make("TDH.MNG.KEY.FREEID", rcx=td.tdr)
        if result.ok:
            td.hkid = False
        else:
            td.bug("TDH.MNG.KEY.FREEID", result)


def _write_back(td: Td) -> Answer:
    for _ in range(TDX_SEAMCALL_RETRIES):
        result = td.host.calls.make("TDH.PHYMEM.CACHE.WB")
        if result.name != "TDX_INTERRUPTED_RESUMABLE":
            break
    return result


def _free_stores(td: Td) -> None:
    """What vCPUs kept for their faults goes with them."""
    host = td.host
    for cache in host.sept_caches.values():
        while cache:
            free_spare(td, cache.pop())
    for vcpu, pool in host.pools.items():
        if pool is None:
            host.log.warn(f"the pool of {vcpu} is freed but was never set up")
        while pool:
            host.allocator.free(pool.pop())


def _free_sept(td: Td) -> None:
    """tdx_sept_free_private_spt() for each page of the Secure EPT; with the key id still assigned none is touched."""
    for page in td.sept.values():
        if td.hkid:
            td.bug_on("tdx_sept_free_private_spt", "that the key id is still assigned")
            return
        _reclaim(td, page)


def _free_td(td: Td) -> None:
    for page in td.tdcs:
        _reclaim(td, page)
    if _reclaim(td, td.tdr, wbinvd=True):
        td.tdr = None


def _reclaim(td: Td, page: int, wbinvd: bool = False) -> bool:
    """tdx_reclaim_page(): RECLAIM has no BUSY handling, a failure warns and leaks the page with its reference."""
    host = td.host
    result = host.calls.make("TDH.PHYMEM.PAGE.RECLAIM", rcx=page)
    if not result.ok:
        td.note("TDH.PHYMEM.PAGE.RECLAIM", result)
        host.log.warn(f"page {page:#x} is leaked: {result}")
        return False
    if wbinvd:
        result = host.calls.make("TDH.PHYMEM.PAGE.WBINVD", rcx=page)
        if not result.ok:
            td.bug("TDH.PHYMEM.PAGE.WBINVD", result)
            return False
    host.free_page(page, PatchNo.RECLAIM)
    return True
