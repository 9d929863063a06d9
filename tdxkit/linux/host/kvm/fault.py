"""A page fault on private memory: top up what may sleep, then map under mmu_lock, again while the module says BUSY."""

from collections.abc import Iterator

from tdxkit.linux.host import pool
from tdxkit.linux.host.allocator import guest_page
from tdxkit.linux.host.host import EBUSY, EIO, ENOMEM
from tdxkit.linux.host.kvm.td import FAULT, TDX_PS_4K, TOPUP, TRIES, Td
from tdxkit.linux.host.kvm.vcpu import enter, leave
from tdxkit.linux.host.patches import PatchNo

TOP = 3  # level of the parent entries in the S-EPT root (four levels)
SHIFT = (12, 21, 30, 39)
SOURCE_PAGE = 0x3000  # what PAGE.ADD copies, outside what the host allocates


def fault(td: Td, gpa: int, level: int = TDX_PS_4K, vcpu: int = 0) -> int:
    """An EPT violation on a private GPA: top up, map what is missing under mmu_lock, again while the module says BUSY. A vCPU that
    came out of the guest for it goes back in."""
    was_inside = leave(td, vcpu, f"EPT violation at GPA {gpa:#x}")
    errno = EBUSY
    for _ in range(TRIES):
        if errno != EBUSY or td.dead:
            break
        errno = _top_up(td, f"vCPU {vcpu}")
        if not errno:
            with td.within(FAULT):
                errno = _map(td, gpa, level, f"vCPU {vcpu}")
            if errno in (ENOMEM, EIO) and td.host.posted.retries_any_failure:
                errno = EBUSY  # v1 told the MMU to retry whatever phys_prepare() had failed of
    if td.dead:
        return EIO
    return errno or (enter(td, vcpu) if was_inside else 0)


def _top_up(td: Td, vcpu: str) -> int:
    """mmu_topup_memory_caches(): may sleep, mmu_lock is not held yet. What was got stays for the next try."""
    host = td.host
    with td.within(TOPUP):
        if not _sept_from_pool(td) and not _fill_cache(td, vcpu):
            return ENOMEM
        if host.dynamic and PatchNo.POOLS in host.patches and not pool.top_up(host, vcpu):
            return ENOMEM
    return 0


def _fill_cache(td: Td, vcpu: str) -> bool:
    host, cache = td.host, td.host.sept_caches[vcpu]
    before = len(cache)
    while len(cache) < pool.PT64_ROOT_MAX_LEVEL:
        page = (
            host.alloc_page("S-EPT", PatchNo.FAULT_PAGES) if host.posted.sept_early else host.allocator.alloc("S-EPT")
        )
        if page is None:
            return False
        cache.append(page)
    if len(cache) > before:
        host.log.step("top up", f"{vcpu} has {len(cache)} pages for the Secure EPT in store; mmu_lock is not held.")
    return True


def _sept_from_pool(td: Td) -> bool:
    return td.host.posted.pool_holds_sept and td.host.dynamic


def _missing(td: Td, gpa: int, level: int) -> Iterator[tuple[int, int]]:
    """(level of the parent entry, GPA) of each S-EPT page between the root and a leaf of `level` that is not there."""
    for parent in range(TOP, level, -1):
        slot = parent, gpa >> SHIFT[parent] << SHIFT[parent]
        if slot not in td.sept:
            yield slot


def free_spare(td: Td, page: int) -> None:
    """An S-EPT page that was taken and never linked: v5 has counted it at top-up, the others have not."""
    if td.host.posted.sept_early:
        td.host.free_page(page, PatchNo.FAULT_PAGES)
    else:
        td.host.allocator.free(page)


def _map(td: Td, gpa: int, level: int, vcpu: str) -> int:
    """Under mmu_lock: link the S-EPT pages, then set the leaf."""
    host = td.host
    for slot in list(_missing(td, gpa, level)):
        page = pool.take(host, vcpu, "S-EPT") if _sept_from_pool(td) else host.sept_caches[vcpu].pop()
        errno = ENOMEM if page is None else _link(td, *slot, page, vcpu)
        if errno:
            if page is not None:
                free_spare(td, page)
            return errno
        td.sept[slot] = page
    return 0 if gpa in td.leaves else _set_leaf(td, gpa, level, vcpu)


def _link(td: Td, parent: int, gpa: int, page: int, vcpu: str) -> int:
    """tdx_sept_link_private_spt()"""
    host = td.host
    own_get = PatchNo.FAULT_PAGES in host.patches and not host.posted.sept_early
    errno = host.pairs.get(page, vcpu) if own_get else 0
    if errno:
        return errno
    result = host.calls.make("TDH.MEM.SEPT.ADD", rcx=gpa | parent, rdx=td.tdr, r8=page)
    if result.ok:
        return 0
    if own_get:
        host.pairs.put(page)
    return EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug("TDH.MEM.SEPT.ADD", result)


def _set_leaf(td: Td, gpa: int, level: int, vcpu: str) -> int:
    """tdx_sept_set_private_spte(): AUG when the TD runs; before that PAGE.ADD, or up to v3 a note that it is still to come."""
    host = td.host
    page = guest_page(gpa)
    counted = PatchNo.FAULT_PAGES in host.patches and level == TDX_PS_4K
    errno = host.pairs.get(page, vcpu) if counted else 0
    if errno:
        return errno
    host.allocator.pages[page] = "guest"
    if td.runnable:
        errno = _page_aug(td, gpa, level, page)
    elif host.posted.premaps:
        td.premapped.add(gpa)
    else:
        errno = page_add(td, gpa, page)
    if errno:
        del host.allocator.pages[page]
        if counted:
            host.pairs.put(page)
        return errno
    td.leaves[gpa] = page, level
    return 0


def _page_aug(td: Td, gpa: int, level: int, page: int) -> int:
    result = td.host.calls.make("TDH.MEM.PAGE.AUG", rcx=gpa | level, rdx=td.tdr, r8=page)
    if result.ok:
        return 0
    return EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug("TDH.MEM.PAGE.AUG", result)


def page_add(td: Td, gpa: int, page: int) -> int:
    """TDH.MEM.PAGE.ADD of a page whose contents are given."""
    result = td.host.calls.make("TDH.MEM.PAGE.ADD", rcx=gpa, rdx=td.tdr, r8=page, r9=SOURCE_PAGE)
    if result.ok:
        return 0
    return EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug("TDH.MEM.PAGE.ADD", result)
