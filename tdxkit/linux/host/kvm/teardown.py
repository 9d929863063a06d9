"""The end of a TD: leaves, the key, S-EPT pages, vCPUs, TDCS pages, the TDR; then the pools."""

from tdxkit.linux.host.kvm.fault import free_spare
from tdxkit.linux.host.kvm.td import SEPT_TEARDOWN, TEARDOWN, Td
from tdxkit.linux.host.kvm.vcpu import leave
from tdxkit.linux.host.kvm.zap import zap
from tdxkit.linux.host.patches import PatchNo

TDX_SEAMCALL_RETRIES = 10_000  # of PHYMEM.CACHE.WB, which is interrupted and goes on where it was


def teardown(td: Td) -> None:
    """Leaves, the key, S-EPT pages, vCPUs, TDCS pages, TDR; then the pools."""
    host = td.host
    for vcpu in list(td.inside):
        leave(td, vcpu, "the VM ends")
    for gpa in list(td.leaves):
        zap(td, gpa)
    with td.within(TEARDOWN):
        if td.tdr is not None:
            _free_key(td)
            with td.within(SEPT_TEARDOWN):
                for page in td.sept.values():
                    _reclaim(td, page)
            for tdvpr, pages in td.vcpus.items():
                for page in (*pages, tdvpr):
                    _reclaim(td, page)
            for page in td.tdcs:
                _reclaim(td, page)
            if _reclaim(td, td.tdr, wbinvd=True):
                td.tdr = None
        for cache in host.sept_caches.values():
            while cache:
                free_spare(td, cache.pop())
        for vcpu, pool in host.pools.items():
            if pool is None:
                host.log.warn(f"the pool of {vcpu} is freed but was never set up")
            while pool:
                host.allocator.free(pool.pop())


def _free_key(td: Td) -> None:
    """vCPUs flushed, caches written back, the HKID given up. A failure leaves the TD's pages where they are."""
    host = td.host
    for tdvpr in td.vcpus:
        if host.module.m.vcpu_lp[tdvpr] is not None:
            result = host.calls.make("TDH.VP.FLUSH", rcx=tdvpr)
            if not result.ok:
                td.bug("TDH.VP.FLUSH", result)
    for leaf, registers in (
        ("TDH.MNG.VPFLUSHDONE", {"rcx": td.tdr}),
        ("TDH.PHYMEM.CACHE.WB", {}),
        ("TDH.MNG.KEY.FREEID", {"rcx": td.tdr}),
    ):
        for _ in range(TDX_SEAMCALL_RETRIES):
            result = host.calls.make(leaf, **registers)
            if result.name != "TDX_INTERRUPTED_RESUMABLE":
                break
        if result.status >> 63:
            td.bug(leaf, result)
            return


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
