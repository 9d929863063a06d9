"""What every posted design shares: the TDX module's side of a 2 MiB region, the page allocator, the spinlock, a page's use.

The module is two fields a region, `pair` (a page pair is there) and `users` (its own count of 4K pages in use); the kernel's
`refcount` stands beside them. The calls are plain functions of the memory that return a completion status with its details, as
the module's code gives it [module-leaves, module-status-2-0-18]; each is one atomic step of whoever calls it.

Fidelity card
  modelled: PAMT.ADD, PAMT.REMOVE, a 4K page coming into use and going out, with the module's statuses, operand included
  simplified: a region is two fields, so a page pair lies outside every region and pages come and go last in, first out
  simplified: a page is used and released by the thread that took the reference, as a guest page or an S-EPT page would be
  left out: BUSY (the kernel's lock keeps it away in these designs), HKID and alignment checks, 2M leaves, the bitmap
"""

from tdxkit.explore.rules import always, at_end, each_step, finished, must, sometimes
from tdxkit.kinds import alloc, free, load, lock, seamcall, store, unlock
from tdxkit.rules import named

SOURCES = ("module-leaves", "module-status-2-0-18")
TDX_SUCCESS = 0
RCX, R8 = 1, 8  # operand ids, the low half of a status
TDX_OPERAND_BUSY = 0x8000020000000000
TDX_HPA_RANGE_NOT_FREE = 0xC000030400000000
TDX_NO_PAMT_PAGE_PAIR = 0xC000030500000000
TDX_PAMT_PAGE_NOT_EMPTY = 0xC000030600000000
TDX_MISSING_PAMT_PAGE_PAIR = 0x8000030800000000
TDX_PAGE_METADATA_INCORRECT = 0xC000030000000000
STATUS = 0xFFFFFFFF00000000  # the upper half tells the status, the lower its details
ENOMEM, EIO = -12, -5
REGION = 0  # the one that a scenario with one region has
LEAVES_THAT_MAY_FAIL = ("TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE")
PAIR = 2  # pages
INSIDE = ("pair", "users")  # shared variables that only the module knows: the kernel has its answers

REMOVE_FINDS_A_PAIR, REMOVE_FINDS_NO_USER = named("remove-finds-a-pair"), named("remove-finds-no-user")
USE_HAS_PAIR, REFCOUNT_HAS_PAIR = named("use-has-pair"), named("refcount-has-pair")
NOTHING_LEFT, NOT_NEGATIVE = named("nothing-left"), named("not-negative")
# Asked where a REMOVE may be refused: then a pair is left, and nobody can help that.
LEFT_IS_COUNTED = at_end(named("left-is-counted"), lambda m: all(m.refcount[r] for r in m.pair if m.pair[r]))
GET_FAILS_FOR_A_REASON, COMES_INTO_USE = named("get-fails-for-a-reason"), named("comes-into-use")
NO_PAGE_LOST, PAGE_IN_HAND = named("no-page-lost"), named("page-in-hand")

# What a CPU notes: pages it has in hand, between the page allocator and the module; and how often it was refused on purpose.
IN_HAND, REFUSED = "pages in hand", "refusals"
HANDS = (
    each_step(PAGE_IN_HAND, IN_HAND, lambda pages: pages >= 0),
    finished(NO_PAGE_LOST, IN_HAND, lambda pages: pages <= 0),
)

PROPERTIES = (
    must(REMOVE_FINDS_A_PAIR),
    must(REMOVE_FINDS_NO_USER),
    must(USE_HAS_PAIR),
    always(NOT_NEGATIVE, lambda m: all(m.refcount[r] >= 0 for r in m.refcount)),
    at_end(REFCOUNT_HAS_PAIR, lambda m: all(m.pair[r] for r in m.pair if m.refcount[r])),
    at_end(NOTHING_LEFT, lambda m: not any(m.pair[r] and not m.users[r] for r in m.pair)),
    must(GET_FAILS_FOR_A_REASON, REFUSED),
    *HANDS,
    sometimes(COMES_INTO_USE, lambda m: any(m.users[r] > 0 for r in m.users)),
)


def pamt_add(m, region) -> int:
    """TDH.PHYMEM.PAMT.ADD: the region gets a pair; HPA_RANGE_NOT_FREE, operand RCX, where it has one."""
    if m.pair[region]:
        m.tell("The region has a page pair already: the module answers TDX_HPA_RANGE_NOT_FREE.")
        return TDX_HPA_RANGE_NOT_FREE | RCX
    m.pair[region] = True
    m.note(IN_HAND, -PAIR)
    m.tell("The module takes two pages and keeps the region's PAMT_4K entries in them.")
    return TDX_SUCCESS


def pamt_remove(m, region) -> int:
    """TDH.PHYMEM.PAMT.REMOVE: the pair comes back; NO_PAMT_PAGE_PAIR without one, PAMT_PAGE_NOT_EMPTY while a page is used."""
    if not m.pair[region]:
        m.must(REMOVE_FINDS_A_PAIR, False)
        m.tell("The kernel asks for the pair of a region that has none: TDX_NO_PAMT_PAGE_PAIR.")
        return TDX_NO_PAMT_PAGE_PAIR | RCX
    if m.users[region]:
        m.must(REMOVE_FINDS_NO_USER, False)
        m.tell("A page of the region is still in use: TDX_PAMT_PAGE_NOT_EMPTY.")
        return TDX_PAMT_PAGE_NOT_EMPTY  # details: the pair's page that is not empty, 0 as pages fill up from the first
    m.pair[region] = False
    m.note(IN_HAND, PAIR)
    m.tell("The module gives the two pages back; the region has no pair.")
    return TDX_SUCCESS


def page_in(m, region) -> int:
    """TDH.MEM.PAGE.AUG of a 4K page in the region: MISSING_PAMT_PAGE_PAIR, operand R8, without a pair."""
    if not m.pair[region]:
        m.must(USE_HAS_PAIR, False)
        m.tell("The guest's page has no PAMT entry to live in: TDX_MISSING_PAMT_PAGE_PAIR.")
        return TDX_MISSING_PAMT_PAGE_PAIR | R8
    m.users[region] += 1
    m.tell("The page is mapped for the guest; its PAMT_4K entry lies in the pair.")
    return TDX_SUCCESS


def page_out(m, region) -> int:
    """TDH.MEM.PAGE.REMOVE of a 4K page in use; PAGE_METADATA_INCORRECT, operand RCX, where none is."""
    if not m.users[region]:
        return TDX_PAGE_METADATA_INCORRECT | RCX
    m.users[region] -= 1
    m.tell("The page is taken from the guest.")
    return TDX_SUCCESS


def use(m, region):
    """What the reference is for: a guest page mapped and, some time later, unmapped."""
    yield seamcall("TDH.MEM.PAGE.AUG", "page")
    if page_in(m, region):
        return
    yield seamcall("TDH.MEM.PAGE.REMOVE", "page")
    page_out(m, region)


def spin_lock(m, name="pamt_lock"):
    """spin_lock(&pamt_lock), or another spinlock by name."""
    while True:
        yield lock("spin_lock", name)
        if not getattr(m, name):
            setattr(m, name, True)
            m.tell(f"It takes {name}.")
            return


def spin_unlock(m, name="pamt_lock"):
    """spin_unlock(&pamt_lock), or of another spinlock."""
    yield unlock("spin_unlock", name)
    setattr(m, name, False)
    m.tell(f"It lets go of {name}.")


def take_pages(m):
    """alloc_page() twice: how many pages could be had. Two, unless the scenario lets memory run out, or lets it run out in between."""
    if m.one_by_one:
        return (yield from take_one_by_one(m))
    got = yield alloc("alloc_pair", label="alloc_page() twice"), (True, False) if m.memory_may_run_out else (True,)
    m.note(IN_HAND if got else REFUSED, PAIR if got else 1)
    m.tell("It has two pages in hand." if got else "There is no memory: -ENOMEM.")
    return PAIR if got else 0


def take_one_by_one(m):
    """The two allocations as steps of their own, each of which may be the one that fails."""
    for got in range(PAIR):
        found = yield alloc("alloc_page"), (True, False)
        if not found:
            m.note(REFUSED, 1)
            m.tell(f"There is no memory, and {got or 'no'} page is in hand: -ENOMEM.")
            return got
        m.note(IN_HAND, 1)
        m.tell("One page more is in hand.")
    return PAIR


def alloc_pages(m):
    """Two pages or none: whether the pair could be had. Of a pair that could not, the page that was got goes back."""
    got = yield from take_pages(m)
    if got == 1:
        yield from free_pages(m, got)
    return got == PAIR


def free_pages(m, many=PAIR):
    """__free_page() of the pair, or of as many pages as there are in hand."""
    yield free("free_pair", label=("__free_page() of nothing", "__free_page() once", "__free_page() twice")[many])
    m.note(IN_HAND, -many)
    m.tell(
        (
            "No page is in hand, so none goes back.",
            "The one page in hand goes back to the page allocator.",
            "The two pages go back to the page allocator.",
        )[many]
    )


STAYS_AS_SEEN = "a cache of pages must be as it was seen when it is written"


def keep_pages(m, name, many=PAIR):
    """Pages in hand put into a cache of the reader's own, `m.NAME` pages: a load and a store, so somebody must hold a lock over them."""
    yield load("READ_ONCE", name)
    kept = getattr(m, name)
    yield store("WRITE_ONCE", name)
    m.must(STAYS_AS_SEEN, getattr(m, name) == kept)
    setattr(m, name, kept + many)
    m.note(IN_HAND, -many)
    m.tell(f"{many} pages go from its hands into {name}.")


def take_kept(m, name, many=PAIR):
    """Pages taken out of such a cache, likewise: whether it had as many."""
    yield load("READ_ONCE", name)
    kept = getattr(m, name)
    if kept < many:
        return False
    yield store("WRITE_ONCE", name)
    m.must(STAYS_AS_SEEN, getattr(m, name) == kept)
    setattr(m, name, kept - many)
    m.note(IN_HAND, many)
    m.tell(f"It takes {many} pages out of {name}.")
    return True


# What a call answers in scenarios that let it fail: some other SEAMCALL holds the 2M entry.
FAULT = TDX_OPERAND_BUSY | RCX
BUSY_SAID = "Another SEAMCALL holds the 2M entry: the module answers TDX_OPERAND_BUSY."


def tdh_phymem_pamt_add(m, region):
    """The kernel's wrapper of PAMT.ADD: one atomic step, its completion status. Whoever runs the step may answer for the module."""
    answer = yield seamcall("TDH.PHYMEM.PAMT.ADD", "region"), (None, FAULT) if m.add_may_fail else (None,)
    if answer is None:
        return pamt_add(m, region)
    m.note(REFUSED, 1)
    m.tell(BUSY_SAID)
    return answer


def tdh_phymem_pamt_remove(m, region):
    """The kernel's wrapper of PAMT.REMOVE, likewise."""
    answer = yield seamcall("TDH.PHYMEM.PAMT.REMOVE", "region"), (None, FAULT) if m.remove_may_fail else (None,)
    if answer is None:
        return pamt_remove(m, region)
    m.tell(BUSY_SAID)
    return answer
