"""A page fault on private memory: top up what may sleep, then map under mmu_lock, again while the module says BUSY."""

from collections.abc import Iterator

from tdxkit.linux import pool
from tdxkit.linux.host import EBUSY, EIO, ENOMEM
from tdxkit.linux.kvm.td import FAULT, TDX_PS_4K, TOPUP, Td

TOP = 3  # level of the parent entries in the S-EPT root (four levels)
TRIES = 3  # how often a fault that meets BUSY is retried here; the kernel goes on until it is done
SHIFT = (12, 21, 30, 39)


def fault(td: Td, gpa: int, level: int = TDX_PS_4K, vcpu: int = 0) -> int:
    """An EPT violation on a private GPA: top up, map what is missing under mmu_lock, again while the module says BUSY."""
    errno = EBUSY
    for _ in range(TRIES):
        if errno != EBUSY or td.dead:
            break
        errno = _top_up(td, gpa, level, f"vCPU {vcpu}")
        if not errno:
            with td.within(FAULT):
                errno = _map(td, gpa, level, f"vCPU {vcpu}")
            if errno in (ENOMEM, EIO) and td.host.version.retries_any_failure:
                errno = EBUSY  # v1 told the MMU to retry whatever phys_prepare() had failed of
    return EIO if td.dead else errno


def _top_up(td: Td, gpa: int, level: int, vcpu: str) -> int:
    """mmu_topup_memory_caches(): may sleep, mmu_lock is not held yet."""
    host = td.host
    with td.within(TOPUP):
        td.spare = []
        for slot in () if _sept_from_pool(td) else _missing(td, gpa, level):
            page = host.alloc_page("S-EPT", 8) if host.version.sept_early else host.alloc("S-EPT")
            if page is None:
                return _drop_spare(td, ENOMEM)
            td.spare.append((slot, page))
        if host.dynamic and 7 in host.patches and not pool.top_up(host, vcpu):
            return _drop_spare(td, ENOMEM)
    return 0


def _sept_from_pool(td: Td) -> bool:
    return td.host.version.pool_holds_sept and td.host.dynamic


def _missing(td: Td, gpa: int, level: int) -> Iterator[tuple[int, int]]:
    """(level of the parent entry, GPA) of each S-EPT page between the root and a leaf of `level` that is not there."""
    for parent in range(TOP, level, -1):
        slot = parent, gpa >> SHIFT[parent] << SHIFT[parent]
        if slot not in td.sept:
            yield slot


def _drop_spare(td: Td, errno: int) -> int:
    """S-EPT pages that were taken for the fault and not linked go back."""
    for _, page in td.spare:
        _free_sept(td, page)
    td.spare = []
    return errno


def _free_sept(td: Td, page: int) -> None:
    if td.host.version.sept_early:
        td.host.pamt_put(page)
    td.host.free(page)


def _map(td: Td, gpa: int, level: int, vcpu: str) -> int:
    """Under mmu_lock: link the S-EPT pages, then set the leaf."""
    for slot in list(_missing(td, gpa, level)):
        page = pool.take(td.host, vcpu, "S-EPT") if _sept_from_pool(td) else td.spare.pop(0)[1]
        errno = ENOMEM if page is None else _link(td, *slot, page, vcpu)
        if errno:
            if page is not None:
                _free_sept(td, page)
            return _drop_spare(td, errno)
        td.sept[slot] = page
    return 0 if gpa in td.leaves else _set_leaf(td, gpa, level, vcpu)


def _link(td: Td, parent: int, gpa: int, page: int, vcpu: str) -> int:
    """tdx_sept_link_private_spt()"""
    host = td.host
    own_get = 8 in host.patches and not host.version.sept_early
    errno = host.pamt_get(page, vcpu) if own_get else 0
    if errno:
        return errno
    result = host.seamcall("TDH.MEM.SEPT.ADD", rcx=gpa | parent, rdx=td.tdr, r8=page)
    if result.ok:
        return 0
    if own_get:
        host.pamt_put(page)
    return EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug("TDH.MEM.SEPT.ADD", result)


def _set_leaf(td: Td, gpa: int, level: int, vcpu: str) -> int:
    """tdx_sept_set_private_spte(): AUG when the TD runs, else noted for PAGE.ADD."""
    host = td.host
    page = host.guest_page(gpa)
    counted = 8 in host.patches and level == TDX_PS_4K
    errno = host.pamt_get(page, vcpu) if counted else 0
    if errno:
        return errno
    host.pages[page] = "guest"
    if not td.runnable:
        td.premapped.add(gpa)
    else:
        result = host.seamcall("TDH.MEM.PAGE.AUG", rcx=gpa | level, rdx=td.tdr, r8=page)
        if not result.ok:
            del host.pages[page]
            if counted:
                host.pamt_put(page)
            return EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug("TDH.MEM.PAGE.AUG", result)
    td.leaves[gpa] = page, level
    return 0
