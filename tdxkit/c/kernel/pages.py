"""Page pairs and the TDX module, in the names that the postings use: allocation, freeing, PAMT.ADD and REMOVE, look-ups, predicates.

The two pages of a pair are one step to get and one to give back, as in the shipped designs.
"""

from collections.abc import Iterator

from tdxkit.c.kernel import Entry
from tdxkit.c.known import ATOMIC
from tdxkit.c.runtime import fetch, keep, laid
from tdxkit.c.types import INT, ULLONG, VOID, Pointer
from tdxkit.linux.refcount import module

PAGE = ("page", 0)
CONSTANTS: dict[str, object] = {
    "TDX_SUCCESS": 0, "TDX_HPA_RANGE_NOT_FREE": module.TDX_HPA_RANGE_NOT_FREE, "TDX_SEAMCALL_STATUS_MASK": module.STATUS,
    "TDX_OPERAND_BUSY": module.TDX_OPERAND_BUSY, "ENOMEM": 12, "EIO": 5, "EBUSY": 16, "EINVAL": 22, "EAGAIN": 11, "ENOENT": 2, "EEXIST": 17, "ENODEV": 19,
    "EFAULT": 14, "EPERM": 1, "EINTR": 4, "ENOSPC": 28, "ENOTSUPP": 524, "EOPNOTSUPP": 95, "ETIMEDOUT": 110, "ESRCH": 3, "EALREADY": 114,
    "GFP_KERNEL": 0xCC0, "GFP_KERNEL_ACCOUNT": 0x400CC0, "GFP_ATOMIC": 0x820, "GFP_NOWAIT": 0x800, "__GFP_ZERO": 0x100,
    "PAGE_SHIFT": 12, "PAGE_SIZE": 4096, "PMD_SIZE": 1 << 21, "SZ_2M": 1 << 21, "PTRS_PER_PTE": 512, "TDX_PS_4K": 0, "TDX_PS_2M": 1, "PG_LEVEL_4K": 1, "PG_LEVEL_2M": 2,
    "NULL": 0,
}  # fmt: skip


def region_of(m, pfn: int) -> int:
    """The region of a page frame number: 512 pages each, of those that the scenario has."""
    return (pfn >> 9) % len(m.refcount)


def counter(m, pfn):
    """The region's counter."""
    return "refcount", region_of(m, pfn if type(pfn) is int else 0)


def _many(stack, pages) -> int:
    return sum(1 for k in range(module.PAIR) if stack[pages[1] + k] == PAGE)


def _failed(m, failed: bool) -> None:
    """Notes that the scenario made something fail in this run."""
    if failed and m.c_may_fail:
        m.c_failed = True


def alloc_array(m, stack, pages, *more):
    """Two pages into an array, or none: 0, or -ENOMEM."""
    got = yield from module.alloc_pages(m)
    _failed(m, not got)
    for k in range(module.PAIR):
        stack = laid(stack, pages[1] + k, PAGE if got else 0)
    return (0 if got else module.ENOMEM), stack


def alloc_list(m, stack, pages, *more):
    """Two pages onto a list, or none: 0, or -ENOMEM."""
    got = yield from module.alloc_pages(m)
    _failed(m, not got)
    if got:
        stack = keep(m, stack, pages, (*fetch(m, stack, pages), *(PAGE,) * module.PAIR))
    return (0 if got else module.ENOMEM), stack


def free_list(m, stack, pages, *more):
    """The pages of a list go back."""
    yield from module.free_pages(m, len(fetch(m, stack, pages)))
    return None, keep(m, stack, pages, ())


def free_array(m, stack, pages, *more):
    """The pages of an array go back."""
    yield from module.free_pages(m, _many(stack, pages))
    return None, stack


def add(m, stack, pfn, pages):
    """PAMT.ADD of the region: the module's status."""
    status = yield from module.tdh_phymem_pamt_add(m, region_of(m, pfn if type(pfn) is int else 0))
    _failed(m, status == module.FAULT)
    return status, stack


def remove(m, stack, pfn, pages):
    """PAMT.REMOVE: the module's status; on success the pages are in the array."""
    status = yield from module.tdh_phymem_pamt_remove(m, region_of(m, pfn if type(pfn) is int else 0))
    _failed(m, status == module.FAULT)
    return status, (stack if status else _filled(m, stack, pages))


def _filled(m, stack, pages):
    """The pair's pages in an array, or on a list."""
    if type(fetch(m, stack, pages)) is tuple and fetch(m, stack, pages) != PAGE:
        return keep(m, stack, pages, (*fetch(m, stack, pages), *(PAGE,) * module.PAIR))
    for k in range(module.PAIR):
        stack = keep(m, stack, (pages[0], pages[1] + k), PAGE)
    return stack


def functions() -> Iterator[Entry]:
    """All of them."""
    for word in ("tdx_find_pamt_refcount", "tdx_get_pamt_refcount", "tdx_find_dpamt_refcount"):
        yield Entry(word, counter, "v", Pointer(ATOMIC), steps=False)
    yield Entry("alloc_pamt_array", alloc_array, "p…", INT, stack=True)
    yield Entry("tdx_alloc_pamt_pages", alloc_list, "p…", INT, stack=True)
    yield Entry("free_pamt_array", free_array, "p", VOID, stack=True)
    yield Entry("tdx_free_pamt_pages", free_list, "p", VOID, stack=True)
    yield Entry("tdh_phymem_pamt_add", add, "vp", ULLONG, stack=True)
    yield Entry("tdh_phymem_pamt_remove", remove, "vp", ULLONG, stack=True)
    yield Entry("IS_TDX_SUCCESS", lambda m, status: int(status == 0), "v", INT, steps=False)
    for word in ("IS_TDX_HPA_RANGE_NOT_FREE", "tdx_hpa_range_not_free"):
        yield Entry(word, lambda m, s: int(s & module.STATUS == module.TDX_HPA_RANGE_NOT_FREE), "v", INT, steps=False)
    for word in ("page_to_phys", "page_to_pfn", "phys_to_page", "PFN_PHYS", "PHYS_PFN", "pfn_to_page"):
        yield Entry(word, lambda m, page: page, "v", ULLONG, steps=False)
    yield Entry("ALIGN_DOWN", lambda m, a, b: a // b * b if type(a) is int else a, "vv", ULLONG, steps=False)
    yield Entry("tdx_supports_dynamic_pamt", lambda m: 1, "-", INT, steps=False)
