"""One pass of a fault on private memory: what may sleep is topped up, then S-EPT pages are linked and the leaf is set under mmu_lock.

A pass that is refused says by whom; the TDP MMU drops the errno (passes.py).
"""

from collections.abc import Iterator

from tdxkit.linux.host import pool
from tdxkit.linux.host.allocator import guest_page
from tdxkit.linux.host.host import EBUSY, EIO, ENOMEM, ERRNO
from tdxkit.linux.host.kvm.td import TDX_PS_2M, TDX_PS_4K, Refused, Td
from tdxkit.linux.host.patches import PatchNo
from tdxkit.seam.leaves.call import Answer

SOURCES = ("kvm-tdx-base",)

TOP = 3  # level of the parent entries in the S-EPT root (four levels)
SHIFT = (12, 21, 30, 39)
SOURCE_PAGE = 0x3000  # what PAGE.ADD copies, outside what the host allocates


def top_up(td: Td, vcpu: str) -> int:
    """mmu_topup_memory_caches(), on each pass: may sleep, mmu_lock is not held yet. What was got stays for the next try."""
    host = td.host
    if not _sept_from_pool(td) and not _fill_cache(td, vcpu):
        return ENOMEM
    if host.dynamic and PatchNo.POOLS in host.patches and not pool.top_up(host, vcpu):
        return ENOMEM
    return 0


def map_page(td: Td, gpa: int, level: int, vcpu: str) -> Refused | None:
    """Under mmu_lock: link the S-EPT pages that are missing, then set the leaf. Who refused, or None."""
    if level == TDX_PS_4K and td.leaves.get(gpa >> 21 << 21, (0, TDX_PS_4K))[1] == TDX_PS_2M:
        return _no_split(td, gpa, vcpu)
    for slot in list(_missing(td, gpa, level)):
        refused = _link(td, *slot, vcpu)
        if refused:
            return refused
    return None if gpa in td.leaves else _set_leaf(td, gpa, level, vcpu)


def page_add(td: Td, gpa: int, page: int) -> Refused | None:
    """TDH.MEM.PAGE.ADD of a page whose contents are given. As part of the mapping an error bugs the VM; after it, it does not."""
    result = td.host.calls.make("TDH.MEM.PAGE.ADD", rcx=gpa, rdx=td.tdr, r8=page, r9=SOURCE_PAGE)
    if result.ok or td.base.overhauled:
        return _answered(td, "TDH.MEM.PAGE.ADD", result)
    td.note("TDH.MEM.PAGE.ADD", result)
    return Refused("TDH.MEM.PAGE.ADD", EBUSY if result.name == "TDX_OPERAND_BUSY" else EIO)


def free_spare(td: Td, page: int) -> None:
    """An S-EPT page that was taken and never linked: v5 has counted it at top-up, the others have not."""
    if td.host.posted.sept_early:
        td.host.free_page(page, PatchNo.FAULT_PAGES)
    else:
        td.host.allocator.free(page)


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


def _link(td: Td, parent: int, gpa: int, vcpu: str) -> Refused | None:
    """tdx_sept_link_private_spt(): a page out of the store, its reference, SEPT.ADD."""
    host = td.host
    page = pool.take(host, vcpu, "S-EPT") if _sept_from_pool(td) else host.sept_caches[vcpu].pop()
    if page is None:
        return Refused("the store of S-EPT pages", ENOMEM)
    own_get = PatchNo.FAULT_PAGES in host.patches and not host.posted.sept_early
    refused = _get(td, page, vcpu) if own_get else None
    if not refused:
        result = host.calls.make("TDH.MEM.SEPT.ADD", rcx=gpa | parent, rdx=td.tdr, r8=page)
        refused = _answered(td, "TDH.MEM.SEPT.ADD", result)
        if refused and own_get:
            host.pairs.put(page)
    if refused:
        free_spare(td, page)
    else:
        td.sept[parent, gpa] = page
    return refused


def _set_leaf(td: Td, gpa: int, level: int, vcpu: str) -> Refused | None:
    """tdx_sept_set_private_spte(): AUG when the TD runs; before that PAGE.ADD, or in the older base a note that it is still to come."""
    host = td.host
    page = guest_page(gpa)
    counted = PatchNo.FAULT_PAGES in host.patches and level == TDX_PS_4K
    refused = _get(td, page, vcpu) if counted else None
    if refused:
        return refused
    host.allocator.pages[page] = "guest"
    if td.runnable:
        result = host.calls.make("TDH.MEM.PAGE.AUG", rcx=gpa | level, rdx=td.tdr, r8=page)
        refused = _answered(td, "TDH.MEM.PAGE.AUG", result)
    elif not td.base.overhauled:
        td.premapped.add(gpa)
    else:
        refused = page_add(td, gpa, page)
    if refused:
        del host.allocator.pages[page]
        if counted:
            host.pairs.put(page)
        return refused
    td.leaves[gpa] = page, level
    return None


def _no_split(td: Td, gpa: int, vcpu: str) -> Refused | None:
    """A vCPU that accepts at 4K where another has a 2 MiB leaf: with mmu_lock held for reading nothing is split. The vCPU's wish is
    widened to 2 MiB, and the next pass finds the page mapped [kvm-tdx-base]."""
    large = gpa >> 21 << 21
    if td.widened.get(vcpu) == large:
        return None
    td.widened[vcpu] = large
    return Refused("a split under a shared mmu_lock", EBUSY)


def _get(td: Td, page: int, vcpu: str) -> Refused | None:
    """tdx_pamt_get() out of the vCPU's pool. Up to v6 its errno goes back as it is, the newer text bugs the VM of it."""
    errno = td.host.pairs.get(page, vcpu)
    if errno and td.base.bugs_failed_get:
        td.bug_on("tdx_pamt_get", ERRNO[errno])
    return Refused("tdx_pamt_get", errno) if errno else None


def _answered(td: Td, leaf: str, result: Answer) -> Refused | None:
    """BUSY goes back as -EBUSY; any other error bugs the VM."""
    if result.ok:
        return None
    return Refused(leaf, EBUSY if result.name == "TDX_OPERAND_BUSY" else td.bug(leaf, result))
