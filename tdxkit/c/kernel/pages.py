"""Page pairs and the TDX module, in the names that the postings use: allocation, freeing, PAMT.ADD and REMOVE, look-ups, predicates.

The two pages of a pair are one step to get and one to give back, as in the shipped designs; alloc_page() is one page. Such pages are counted with
the CPU that has them in hand and not told from each other. What was never filled holds no pages, so it can neither be freed nor be given to the
module. A region is known by a page frame number or an address in it.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.contexts import may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.heap import RECLAIMS
from tdxkit.c.known import ATOMIC, TAGGED
from tdxkit.c.runtime import COUNTERS, OWN, PAGE, cell, fetch, get, hand, keep, laid, reads, writes
from tdxkit.c.types import INT, ULLONG, VOID, Pointer
from tdxkit.errors import ModelError
from tdxkit.kinds import alloc
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.registry import MOST_REGIONS

SIMPLIFIED = (
    "pages of a pair are counted with the CPU that has them in hand, and not told from each other; getting both and giving both back is one step",
    "a page that is put into a shared variable is in nobody's hand, and in that of who takes it out or writes over it",
)
STATUSES = {
    "TDX_SUCCESS": module.TDX_SUCCESS, "TDX_HPA_RANGE_NOT_FREE": module.TDX_HPA_RANGE_NOT_FREE, "TDX_OPERAND_BUSY": module.TDX_OPERAND_BUSY,
    "TDX_MISSING_PAMT_PAGE_PAIR": module.TDX_MISSING_PAMT_PAGE_PAIR, "TDX_NO_PAMT_PAGE_PAIR": module.TDX_NO_PAMT_PAGE_PAIR,
    "TDX_PAMT_PAGE_NOT_EMPTY": module.TDX_PAMT_PAGE_NOT_EMPTY, "TDX_PAGE_METADATA_INCORRECT": module.TDX_PAGE_METADATA_INCORRECT,
}  # fmt: skip
CONSTANTS: dict[str, object] = {
    **STATUSES, "TDX_SEAMCALL_STATUS_MASK": module.STATUS, "TDX_STATUS_MASK": module.STATUS, "TDX_PS_4K": 0, "TDX_PS_2M": 1, "TDX_PS_1G": 2,
}  # fmt: skip
FRAME, REGION, FRAMES = 12, 21, 512  # bits of a page and a region; page frames of a region
LOOK_UPS = ("tdx_find_pamt_refcount", "tdx_get_pamt_refcount", "tdx_find_dpamt_refcount")
WRAPPERS = ("tdh_phymem_pamt_add", "tdh_phymem_pamt_remove", *LOOK_UPS)  # the model's own, also where a text has them
# What a series says of them too, before it is switched on or from what a module told: around a get and a put Dynamic PAMT is on, a pair is two pages.
PREDICATES = ("tdx_supports_dynamic_pamt", "tdx_dpamt_entry_pages", "tdx_nr_pamt_pages")
OF_REGIONS = "the counters"
OBJECTS = {
    OF_REGIONS: {"refcount": dict.fromkeys(range(MOST_REGIONS), 0)}
}  # where no get and put say how many there are
RESETS = (
    "tdx_quirk_reset_paddr",
    "tdx_quirk_reset_page",
    "reset_tdx_pages",
    "tdx_clflush_page",
    "clear_page",
    "clear_highpage",
)


def region_of(m, place) -> int:
    """The region of a page frame number, or of an address: page frames are those of at most eight regions."""
    if type(place) is not int:
        return 0
    return (place // FRAMES if place < 8 * FRAMES else place >> REGION) % len(m.refcount)


def counter(m, place):
    """The region's counter."""
    return COUNTERS, region_of(m, place)


def _failed(m, failed: bool) -> None:
    """Notes that the scenario made something fail in this run."""
    if failed and m.c_may_fail:
        m.c_failed = True


def one_page(m, flags):
    """One page, counted with its CPU; or NULL."""
    may_fail = m.memory_may_run_out or m.one_by_one
    got = yield alloc("alloc_page", sleeps=bool(flags & RECLAIMS)), ((True, False) if may_fail else (True,))
    may_sleep(m, flags & RECLAIMS)
    m.note(module.IN_HAND if got else module.REFUSED, 1)
    _failed(m, not got)
    return PAGE if got else 0


def alloc_array(m, stack, pages, *more):
    """Two pages into an array, or none: 0, or -ENOMEM."""
    got = yield from module.alloc_pages(m)
    may_sleep(m)
    _failed(m, not got)
    for place in _pair(m, pages, "alloc_pamt_array"):
        if not place[0]:
            stack = laid(stack, place[1], PAGE if got else 0)
        elif got:
            yield writes(m, place)
            hand(m, place, PAGE)
    return (0 if got else module.ENOMEM), stack


def _pair(m, pages, does: str) -> tuple[tuple[str, int], ...]:
    """Where the pages of an array lie. ModelError where CPUs share it and it has numbers for pages."""
    if pages[0] and m.c_paged is not None and pages[0] not in m.c_paged:
        rule = "a page in an integer that CPUs share is not known for one"
        raise ModelError(
            f"{does}() of {pages[0]}", rule, f"declare `struct page *{pages[0]}[2]`, or the array in the function"
        )
    return tuple((pages[0], pages[1] + k) for k in range(module.PAIR))


def alloc_list(m, stack, pages, *more):
    """Two pages onto a list, or none: 0, or -ENOMEM."""
    got = yield from module.alloc_pages(m)
    may_sleep(m)
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
    there = 0
    for place in _pair(m, pages, "free_pamt_array"):
        if place[0]:
            yield reads(m, place)
        there += _given(m, stack, place, "freed") == PAGE
    yield from module.free_pages(m, there)
    return None, stack


def _given(m, stack, place: tuple[str, int], away: str) -> object:
    """What a place of an array holds. Defect where nothing was ever put there: in a kernel that is whatever lay on the stack."""
    held = fetch(m, stack, place)
    if held is None:
        raise Defect(f"what was never filled is {away}")
    return held


def add(m, stack, place, pages):
    """PAMT.ADD of the region: the module's status."""
    if pages[0] == OWN:  # an array, or the head of a list, of this CPU's own
        _given(m, stack, pages, "given to the module")
    status = yield from module.tdh_phymem_pamt_add(m, region_of(m, place))
    _failed(m, status == module.FAULT)
    return status, stack


def remove(m, stack, place, pages):
    """PAMT.REMOVE: the module's status; on success the pages are in the array or on the list."""
    status = yield from module.tdh_phymem_pamt_remove(m, region_of(m, place))
    _failed(m, status == module.FAULT)
    return status, (stack if status else filled(m, stack, pages))


def filled(m, stack, pages):
    """The pair's pages in an array, or on a list."""
    there = get(m, pages, unset=True) if pages[0] else fetch(m, stack, pages)
    if type(there) is tuple and there != PAGE:
        return keep(m, stack, pages, (*there, *(PAGE,) * module.PAIR))
    for k in range(module.PAIR):
        stack = keep(m, stack, (pages[0], pages[1] + k), PAGE)
    return stack


def guarded_count(m, place, lock):
    """The count that a region's lock guards: no step, as nobody but the lock's holder sees it."""
    return m.refcount[_guarded(m, place, lock)]


def set_guarded_count(m, place, lock, count):
    """It is set, likewise."""
    m.refcount[_guarded(m, place, lock)] = count
    return 0


def _guarded(m, place, lock) -> int:
    if not m._holds(cell(m, lock)):
        raise Defect(f"the count that {cell(m, lock)} guards is touched by who does not hold it")
    return region_of(m, place)


def _is(status: int):
    def program(m, answer):
        return int(answer & module.STATUS == status)

    return program


def _to_address(m, page):
    return page << FRAME if type(page) is int else page


def _to_frame(m, address):
    return address >> FRAME if type(address) is int else address


def functions() -> Iterator[Entry]:
    """All of them."""
    for word in LOOK_UPS:
        yield Entry(word, counter, "v", Pointer(ATOMIC), steps=False, needs=OF_REGIONS)
    yield Entry("alloc_page", one_page, "v", Pointer(TAGGED["page"]))
    yield Entry("alloc_pages", one_page, "v-", Pointer(TAGGED["page"]))
    yield Entry("alloc_pamt_array", alloc_array, "p…", INT, stack=True)
    yield Entry("tdx_alloc_pamt_pages", alloc_list, "p…", INT, stack=True)
    yield Entry("free_pamt_array", free_array, "p", VOID, stack=True)
    yield Entry("tdx_free_pamt_pages", free_list, "p", VOID, stack=True)
    yield Entry("tdh_phymem_pamt_add", add, "vp", ULLONG, stack=True)
    yield Entry("tdh_phymem_pamt_remove", remove, "vp", ULLONG, stack=True)
    for name, status in STATUSES.items():
        for word in (f"IS_{name}", name.lower()):
            yield Entry(word, _is(status), "v", INT, steps=False)
    for word in ("TDX_STATUS", "tdx_status"):
        yield Entry(word, lambda m, status: status & module.STATUS, "v", ULLONG, steps=False)
    for word in ("page_to_phys", "PFN_PHYS", "pfn_to_hpa"):
        yield Entry(word, _to_address, "v", ULLONG, steps=False)
    for word in ("phys_to_page", "PHYS_PFN"):
        yield Entry(word, _to_frame, "v", Pointer(TAGGED["page"]) if word[0] == "p" else ULLONG, steps=False)
    for word in ("page_to_pfn", "pfn_to_page"):
        yield Entry(
            word, lambda m, page: page, "v", Pointer(TAGGED["page"]) if word[0:3] == "pfn" else ULLONG, steps=False
        )
    for word in ("tdx_dpamt_entry_pages", "tdx_nr_pamt_pages"):
        yield Entry(word, lambda m: module.PAIR, "…", INT, steps=False)
    for word in RESETS:
        yield Entry(word, lambda m: None, "…", VOID, steps=False)
    yield Entry("tdx_supports_dynamic_pamt", lambda m: 1, "…", INT, steps=False)
    yield Entry("tdx_region_count", guarded_count, "vp", INT, steps=False)
    yield Entry("tdx_region_set_count", set_guarded_count, "vpv", INT, steps=False)
