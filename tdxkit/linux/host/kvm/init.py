"""A TD comes into being: __tdx_td_init(), vCPUs, the first pages, MR.FINALIZE."""

from tdxkit.linux.host.host import EAGAIN, EBUSY, EIO, ENOMEM
from tdxkit.linux.host.kvm.fault import fault, page_add
from tdxkit.linux.host.kvm.td import POPULATE, TD_INIT, VCPU_INIT, Td
from tdxkit.linux.host.patches import PatchNo
from tdxkit.seam.params import TdParams
from tdxkit.units import PAGE_4K

TD_PARAMS = 0x2000  # a page shared with the module, outside what the host allocates


def td_init(td: Td) -> int:
    """__tdx_td_init(): TDR, key, TDCS pages, MNG.INIT."""
    host, version = td.host, td.host.module.platform.version
    with td.within(TD_INIT):
        tdr = host.alloc_page("TD", PatchNo.TD_PAGES)
        pages = [host.alloc_page("TD", PatchNo.TD_PAGES) for _ in range(version.tdcx)] if tdr is not None else []
        if tdr is None or None in pages:
            return _undo(td, [tdr, *pages], ENOMEM)
        result = host.calls.make("TDH.MNG.CREATE", rcx=tdr, rdx=host.module.platform.private_hkids[1])
        if not result.ok:
            td.note("TDH.MNG.CREATE", result)
            return _undo(td, [tdr, *pages], EAGAIN if "ENTROPY" in result.name else EIO)
        td.tdr = tdr
        result = host.calls.make("TDH.MNG.KEY.CONFIG", rcx=tdr)
        if not result.ok:
            td.note("TDH.MNG.KEY.CONFIG", result)
            return _undo(td, pages, EIO)
        td.keyed = True
        for i, page in enumerate(pages):
            result = host.calls.make("TDH.MNG.ADDCX", rcx=page, rdx=tdr)
            if not result.ok:  # pages from here on are ours, those before go through RECLAIM
                td.note("TDH.MNG.ADDCX", result)
                return _undo(td, pages[i:], EAGAIN if "ENTROPY" in result.name else EIO)
            td.tdcs.append(page)
        host.module.put(TD_PARAMS, TdParams())
        result = host.calls.make("TDH.MNG.INIT", rcx=tdr, rdx=TD_PARAMS)
        if result.ok:
            return 0
        td.note("TDH.MNG.INIT", result)  # a warning and teardown: there is no VM yet to be bugged
        return EIO


def vcpu_create(td: Td) -> None:
    """KVM_CREATE_VCPU: the vCPU's pool is set up, or will be at init in versions that do it there."""
    td.host.pools[f"vCPU {len(td.host.pools)}"] = [] if td.host.posted.pool_at_create else None


def vcpu_init(td: Td) -> int:
    """tdx_td_vcpu_init(): TDVPR, its TDCX pages, VP.INIT."""
    host = td.host
    if td.dead:
        return EIO
    with td.within(VCPU_INIT):
        host.pools[f"vCPU {len(td.vcpus)}"] = []
        host.sept_caches[f"vCPU {len(td.vcpus)}"] = []
        tdvpr = host.alloc_page("vCPU", PatchNo.VCPU_PAGES)
        pages = (
            [host.alloc_page("vCPU", PatchNo.VCPU_PAGES) for _ in range(host.module.platform.version.vcpu_extra)]
            if tdvpr is not None
            else []
        )
        if tdvpr is None or None in pages:
            return _undo(td, [tdvpr, *pages], ENOMEM, PatchNo.VCPU_PAGES)
        result = host.calls.make("TDH.VP.CREATE", rcx=tdvpr, rdx=td.tdr)
        if not result.ok:
            _undo(td, [tdvpr, *pages], EIO, PatchNo.VCPU_PAGES)
            return td.bug("TDH.VP.CREATE", result)
        td.vcpus[tdvpr] = []
        for i, page in enumerate(pages):
            result = host.calls.make("TDH.VP.ADDCX", rcx=page, rdx=tdvpr)
            if not result.ok:
                _undo(td, pages[i:], EIO, PatchNo.VCPU_PAGES)
                return td.bug("TDH.VP.ADDCX", result)
            td.vcpus[tdvpr].append(page)
        result = host.calls.make("TDH.VP.INIT", rcx=tdvpr)
        return 0 if result.ok else td.bug("TDH.VP.INIT", result)


def _undo(td: Td, pages: list[int | None], errno: int, patch: PatchNo = PatchNo.TD_PAGES) -> int:
    for page in pages:
        td.host.free_page(page, patch)
    return errno


def add_page(td: Td, gpa: int, measure: bool = False) -> int:
    """KVM_TDX_INIT_MEM_REGION for one page: map it, PAGE.ADD (from v4 on part of the mapping), and MR.EXTEND for each 256 bytes if
    it is to be measured."""
    errno = fault(td, gpa)
    with td.within(POPULATE):
        if not errno and gpa in td.premapped:
            errno = page_add(td, gpa, td.leaves[gpa][0])
            if not errno:
                td.premapped.discard(gpa)
        for offset in range(0, PAGE_4K, 256) if measure and not errno else ():
            result = td.host.calls.make("TDH.MR.EXTEND", rcx=gpa + offset, rdx=td.tdr)
            if not result.ok:
                return td.bug("TDH.MR.EXTEND", result)
    return errno


def finalize(td: Td) -> int:
    """TDH.MR.FINALIZE: the TD may run. BUSY is told to the VMM, which may ask again."""
    if td.dead:
        return EIO
    with td.within(TD_INIT):
        result = td.host.calls.make("TDH.MR.FINALIZE", rcx=td.tdr)
        td.runnable = result.ok
        if result.ok:
            return 0
        td.note("TDH.MR.FINALIZE", result)
        return EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug("TDH.MR.FINALIZE", result)
