"""SEAMCALLs of texts that say themselves what each CPU runs: the module with its own lock on the region's 2M entry [module-leaves].

As in the model of the lazy design: AUG holds the entry shared, PAMT.ADD and REMOVE exclusive, and whoever meets a conflicting holder gets
TDX_OPERAND_BUSY. There is one region, and it is the caller who keeps the page's mapping in use.
"""

from collections.abc import Iterator

from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.pages import filled
from tdxkit.c.types import INT, ULLONG
from tdxkit.explore.rules import must
from tdxkit.kinds import seamcall
from tdxkit.linux.refcount import lazy, module

SOURCES = ("module-leaves",)
SIMPLIFIED = (
    "the TDX module is the model of the lazy design: one region, and a lock on its 2M entry that answers BUSY",
)
ADDED = "pairs added since the page missed one"
RULES = (*(rule for rule in lazy.PROPERTIES if rule.name != lazy.ADDED_STAYS), must(lazy.ADDED_STAYS, ADDED))
MODULE = "the TDX module"
OBJECTS = {MODULE: {"pair": {0: False}, "users": {0: 0}, **lazy.SHARED}}


def aug(m, place, *more):
    """TDH.MEM.PAGE.AUG: the module's status."""
    status = yield from lazy.aug(m, module.REGION)
    if status == module.TDX_MISSING_PAMT_PAGE_PAIR | module.R8:
        m.must(lazy.ADDED_STAYS, not m.note(ADDED))
    if not status:
        m.note(ADDED, -m.note(ADDED))
    return status


def unmap(m, place, *more):
    """TDH.MEM.PAGE.REMOVE: 1 where the module hints that no page of the region is in use now."""
    yield seamcall("TDH.MEM.PAGE.REMOVE", "page")
    m.users[module.REGION] -= 1
    return int(not m.users[module.REGION])


def add(m, stack, place, pages):
    """TDH.PHYMEM.PAMT.ADD: the module's status."""
    status = yield from lazy.add(m, module.REGION)
    if status != module.TDX_OPERAND_BUSY | module.RCX and not m.note(ADDED):
        m.note(ADDED, 1)
    return status, stack


def remove(m, stack, place, pages):
    """TDH.PHYMEM.PAMT.REMOVE: the module's status; on success the pages are in the array or on the list."""
    stays = yield from lazy.remove(m, module.REGION)
    if stays is True:
        return module.TDX_PAMT_PAGE_NOT_EMPTY, stack
    return (stays, stack) if stays else (0, filled(m, stack, pages))


def functions() -> Iterator[Entry]:
    """All of them; they stand in the place of those that a get and a put call."""
    yield Entry("tdh_mem_page_aug", aug, "v…", ULLONG, needs=MODULE, rules=RULES)
    yield Entry("tdh_mem_page_remove", unmap, "v…", INT, needs=MODULE, rules=RULES)
    yield Entry("tdh_phymem_pamt_add", add, "vp", ULLONG, stack=True, needs=MODULE, rules=RULES)
    yield Entry("tdh_phymem_pamt_remove", remove, "vp", ULLONG, stack=True, needs=MODULE, rules=RULES)
