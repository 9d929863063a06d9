"""A TD comes into being: __tdx_td_init(), vCPUs, the first pages, MR.FINALIZE."""

from tdxkit.linux.host.host import EAGAIN, EBUSY, EINVAL, EIO, ENOMEM
from tdxkit.linux.host.kvm import places
from tdxkit.linux.host.kvm.mapping import map_page, page_add, top_up
from tdxkit.linux.host.kvm.passes import until_mapped
from tdxkit.linux.host.kvm.td import TDX_PS_4K, Td
from tdxkit.linux.host.patches import PatchNo
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.params import TdParams
from tdxkit.units import PAGE_4K

TD_PARAMS = 0x2000  # a page shared with the module, outside what the host allocates


def td_init(td: Td) -> int:
    """__tdx_td_init(): TDR, key, TDCS pages, MNG.INIT. What the module has by then goes in teardown()."""
    host, version = td.host, td.host.module.platform.version
    with td.within(places.TD_INIT):
        tdr = host.alloc_page("TD", PatchNo.TD_PAGES)
        pages = [host.alloc_page("TD", PatchNo.TD_PAGES) for _ in range(version.tdcx)] if tdr is not None else []
        if tdr is None or None in pages:
            return _undo(td, [tdr, *pages], ENOMEM)
        with td.within(places.TD_CREATE):
            result = host.calls.make("TDH.MNG.CREATE", rcx=tdr, rdx=host.module.platform.private_hkids[1])
        if not result.ok:
            return _undo(td, [tdr, *pages], _failed(td, "TDH.MNG.CREATE", result))
        td.tdr, td.hkid = tdr, True
        with td.within(places.KEY_CONFIG):
            result = host.calls.make("TDH.MNG.KEY.CONFIG", rcx=tdr)
        if not result.ok:
            return _undo(td, pages, td.bug("TDH.MNG.KEY.CONFIG", result))
        for i, page in enumerate(pages):
            result = host.calls.make("TDH.MNG.ADDCX", rcx=page, rdx=tdr)
            if not result.ok:  # pages from here on are ours, those before go through RECLAIM
                return _undo(td, pages[i:], _failed(td, "TDH.MNG.ADDCX", result))
            td.tdcs.append(page)
        host.module.put(TD_PARAMS, TdParams())
        result = host.calls.make("TDH.MNG.INIT", rcx=tdr, rdx=TD_PARAMS)
        if result.name == "TDX_OPERAND_INVALID":
            td.note("TDH.MNG.INIT", result)
            host.log.step(
                "hw_error", "the status goes to user space as a hint: its operands were wrong, nobody is warned"
            )
            return EINVAL
        return 0 if result.ok else _failed(td, "TDH.MNG.INIT", result)


def _failed(td: Td, leaf: str, result: Answer) -> int:
    """A call of TD creation that failed: no entropy may be tried again by user space; the rest is a warning, and since the overhaul a
    dead VM."""
    if result.name == "TDX_RND_NO_ENTROPY":
        td.note(leaf, result)
        return EAGAIN
    return (td.bug if td.base.overhauled else td.warn)(leaf, result)


def vcpu_create(td: Td) -> None:
    """KVM_CREATE_VCPU: the vCPU's pool is set up, or will be at init in versions that do it there."""
    td.host.pools[f"vCPU {len(td.host.pools)}"] = [] if td.host.posted.pool_at_create else None


def vcpu_init(td: Td) -> int:
    """tdx_td_vcpu_init(): TDVPR, its TDCX pages, VP.INIT."""
    host = td.host
    if td.dead:
        return EIO
    with td.within(places.VCPU_INIT):
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
            return _undo(td, [tdvpr, *pages], td.bug("TDH.VP.CREATE", result), PatchNo.VCPU_PAGES)
        td.vcpus[tdvpr] = []
        for i, page in enumerate(pages):
            result = host.calls.make("TDH.VP.ADDCX", rcx=page, rdx=tdvpr)
            if not result.ok:
                return _undo(td, pages[i:], td.bug("TDH.VP.ADDCX", result), PatchNo.VCPU_PAGES)
            td.vcpus[tdvpr].append(page)
        with td.within(places.VP_INIT):
            result = host.calls.make("TDH.VP.INIT", rcx=tdvpr, r8=len(td.vcpus) - 1, v=1)  # with an x2APIC id
        return 0 if result.ok else td.bug("TDH.VP.INIT", result)


def _undo(td: Td, pages: list[int | None], errno: int, patch: PatchNo = PatchNo.TD_PAGES) -> int:
    for page in pages:
        td.host.free_page(page, patch)
    return errno


def add_page(td: Td, gpa: int, measure: bool = False, vcpu: int = 0) -> int:
    """KVM_TDX_INIT_MEM_REGION for one page: map it, PAGE.ADD (since the overhaul part of the mapping), and MR.EXTEND for each 256 bytes
    if it is to be measured. The mapping goes round as a fault does."""
    if td.dead:
        return EIO
    who = f"vCPU {vcpu}"
    with td.within(places.BUILD_TOPUP):
        errno, _ = until_mapped(
            td, lambda: top_up(td, who), lambda: map_page(td, gpa, TDX_PS_4K, who), places.BUILD_MAP
        )
    if not errno and gpa in td.premapped:
        with td.within(places.PAGE_ADD):
            refused = page_add(td, gpa, td.leaves[gpa][0])
        if refused:
            return refused.said
        td.premapped.discard(gpa)
    return errno or (_measure(td, gpa) if measure else 0)


def _measure(td: Td, gpa: int) -> int:
    """The page's contents into the TD's measurement. A failure leaves the page added."""
    with td.within(places.EXTEND):
        for offset in range(0, PAGE_4K, 256):
            result = td.host.calls.make("TDH.MR.EXTEND", rcx=gpa + offset, rdx=td.tdr)
            if not result.ok:
                if td.base.overhauled:
                    return td.bug("TDH.MR.EXTEND", result)
                td.note("TDH.MR.EXTEND", result)
                return EIO
    return 0


def finalize(td: Td) -> int:
    """TDH.MR.FINALIZE: the TD may run. BUSY is told to the VMM, which may ask again; so are pages that still wait for PAGE.ADD."""
    if td.dead:
        return EIO
    if td.premapped:
        return EINVAL
    with td.within(places.FINALIZE):
        result = td.host.calls.make("TDH.MR.FINALIZE", rcx=td.tdr)
        td.runnable = result.ok
        if result.ok:
            return 0
        td.note("TDH.MR.FINALIZE", result)
        return EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug("TDH.MR.FINALIZE", result)
