"""The lazy design, abandoned before the first posting: no counters, a pair is added when a SEAMCALL misses it [tdx-v2-00].

A fault calls AUG; where the pair is missing it adds one and tries again. A zap whose SEAMCALL says that the page was the region's
last (the hint) asks the pair back. Nothing keeps the module's own locks from meeting: ADD and REMOVE want the region's 2M entry
exclusive while AUG of any TD holds it shared, and a hint may be stale before it is acted on.

Fidelity card
  modelled: the 2M entry's lock as AUG, ADD and REMOVE take it, promotion where the pair is missing, the hint, the retry
  modelled: `get` is the fault that maps a page, `put` the zap that unmaps it
  simplified: BUSY lets the fault start again at once; a REMOVE that meets BUSY gives up and leaves the pair
  simplified: the design is known from the cover letters only, so the order of its steps is ours
  left out: what compilers reorder, memory weaker than x86-TSO, the 1G entry, host priority, the S-EPT
"""

from tdxkit.explore.rules import at_end, must, sometimes
from tdxkit.kinds import seamcall
from tdxkit.linux.refcount.module import (
    COMES_INTO_USE,
    HANDS,
    IN_HAND,
    NOTHING_LEFT,
    PAIR,
    R8,
    RCX,
    REMOVE_FINDS_A_PAIR,
    TDX_HPA_RANGE_NOT_FREE,
    TDX_MISSING_PAMT_PAGE_PAIR,
    TDX_SUCCESS,
    alloc_pages,
    free_pages,
)
from tdxkit.rules import named

TITLE = "lazy: add on MISSING, remove on a hint (abandoned before v1)"
SOURCES = ("tdx-v2-00",)
LOCKS = ("entry_lock",)
SHARED = {"entry_lock": {0: 0}}  # the 2M entry's lock: readers, or -1 for a writer
TDX_OPERAND_BUSY = 0x8000020000000000

NOT_BUSY, HINT_HOLDS, ADDED_STAYS = named("no-busy"), named("hint-holds"), named("added-stays")
PROPERTIES = (
    must(NOT_BUSY),
    must(HINT_HOLDS),
    must(ADDED_STAYS),
    must(REMOVE_FINDS_A_PAIR),
    at_end(NOTHING_LEFT, lambda m: not any(m.pair[r] for r in m.pair)),
    *HANDS,
    sometimes(COMES_INTO_USE, lambda m: any(m.users[r] > 0 for r in m.users)),
)


def get(m, region):
    """A fault: the page is mapped, with a pair added for it if need be."""
    added = False
    while True:
        err = yield from aug(m, region)
        if not err:
            return 0
        if err == TDX_OPERAND_BUSY | R8:
            continue
        m.must(ADDED_STAYS, not added)
        if (yield from alloc_pages(m)):
            err = yield from add(m, region)
            added = err != TDX_OPERAND_BUSY | RCX
            if err:
                yield from free_pages(m)


def use(m, region):
    """Nothing between mapping and unmapping: the mapping is the use."""
    return
    yield


def put(m, region):
    """A zap: the page is unmapped, and the pair asked back if the module hints that it was the last."""
    yield seamcall("TDH.MEM.PAGE.REMOVE", "page")
    m.users[region] -= 1
    if m.users[region]:
        return
    m.tell("The module hints: the region's page count is 0 now.")
    if not (yield from remove(m, region)):
        yield from free_pages(m)


def aug(m, region):
    """TDH.MEM.PAGE.AUG, step by step: shared on the 2M entry, or exclusive where there is no pair."""
    yield seamcall("TDH.MEM.PAGE.AUG", "page")
    m.tell("It takes the 2M entry shared.")
    if m.entry_lock[region] < 0:
        return busy(m, R8)
    m.entry_lock[region] += 1
    if not m.pair[region]:
        yield seamcall("promote", label="AUG: promote the 2M entry")
        alone = m.entry_lock[region] == 1
        m.entry_lock[region] -= 1
        if not alone:
            return busy(m, R8)
        m.tell("No pair: TDX_MISSING_PAMT_PAGE_PAIR.")
        return TDX_MISSING_PAMT_PAGE_PAIR | R8
    yield seamcall("map", label="AUG: map the page")
    m.users[region] += 1
    yield seamcall("let go", label="AUG: let go of the 2M entry")
    m.entry_lock[region] -= 1
    return TDX_SUCCESS


def add(m, region):
    """TDH.PHYMEM.PAMT.ADD: exclusive on the 2M entry from first to last."""
    yield seamcall("TDH.PHYMEM.PAMT.ADD", "region")
    m.tell("It takes the 2M entry exclusive.")
    if m.entry_lock[region]:
        return busy(m, RCX)
    m.entry_lock[region] = -1
    yield seamcall("pair in", label="PAMT.ADD: the pair goes in")
    err = TDX_HPA_RANGE_NOT_FREE | RCX if m.pair[region] else TDX_SUCCESS
    m.note(IN_HAND, 0 if err else -PAIR)
    m.pair[region] = True
    m.entry_lock[region] = 0
    return err


def remove(m, region):
    """TDH.PHYMEM.PAMT.REMOVE: exclusive on the 2M entry from first to last; true where the pair stays."""
    yield seamcall("TDH.PHYMEM.PAMT.REMOVE", "region")
    m.tell("It takes the 2M entry exclusive.")
    if m.entry_lock[region]:
        return busy(m, RCX)
    m.entry_lock[region] = -1
    yield seamcall("pair out", label="PAMT.REMOVE: the pair comes out")
    m.entry_lock[region] = 0
    if m.users[region]:
        m.must(HINT_HOLDS, False)
        m.tell("A page came into use since the hint: TDX_PAMT_PAGE_NOT_EMPTY.")
        return True
    if not m.pair[region]:
        m.must(REMOVE_FINDS_A_PAIR, False)
        m.tell("The pair is gone already: TDX_NO_PAMT_PAGE_PAIR.")
        return True
    m.pair[region] = False
    m.note(IN_HAND, PAIR)
    return False


def busy(m, operand):
    """What a try-lock of the module answers when it fails."""
    m.must(NOT_BUSY, False)
    m.tell("The 2M entry is locked in a conflicting mode: TDX_OPERAND_BUSY.")
    return TDX_OPERAND_BUSY | operand
