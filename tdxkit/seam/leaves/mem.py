"""TDH.MEM.*: pages and Secure-EPT pages in and out, blocking and tracking, promote, demote, relocate.

What was blocked is open again afterwards: PROMOTE leaves the state of the first of the 512, DEMOTE's 512 come out unblocked, and so
does the page that RELOCATE moved (source module-leaves).
"""

from tdxkit.seam.leaves.act import LEAF_LOCK
from tdxkit.seam.leaves.call import EXCLUSIVE, NULL_PA, Broken
from tdxkit.seam.leaves.checks import walked
from tdxkit.seam.leaves.checks_sept import BLOCK_OF, BLOCKED, UNBLOCK_OF, children, looked_up, set_entry
from tdxkit.seam.leaves.leaf import check, condition, effect
from tdxkit.seam.leaves.metadata import drop, new_entry, take
from tdxkit.seam.leaves.phymem import splits, take_pair
from tdxkit.seam.locks import exclusive, shared
from tdxkit.seam.memory import SEPT_FREE
from tdxkit.seam.pamt import EPT, FAN_OUT, FREE, L2M, L4K, NDA, PT_PAMT, REG, SHIFT, SIZE, Entry

SOURCES = ("module-leaves",)

OPEN_LEAF = {"MAPPED": "MAPPED", "BLOCKED": "MAPPED", "PENDING": "PENDING", "PENDING_BLOCKED": "PENDING"}


NOT_USED = 1 << 63  # in R8 of a version 1 answer: the page that was given is still the caller's


@condition("a new page is given and the entry is free")
def adds_page(m, call, f):
    """SEPT.ADD: over a page that exists (bit 0 of RDX allows that) the page in R8 is not looked at."""
    return call.regs["R8"] != NULL_PA and m.sept[looked_up(f).slot] == SEPT_FREE


@condition("version 1")
def version_1(m, call, f):
    """Version 1 takes L2 pages in R9 to R11."""
    return call.version >= 1


@check("version 0: {0} is a page")
def page_given(m, call, f, reg):
    """Only version 1 may leave the page out (NULL_PA)."""
    return None if call.regs[reg] == NULL_PA and not call.version else f


@check("the entry is free, or the call may find a page there")
def may_exist(m, call, f):
    """A page that exists is fine when bit 0 of RDX allows it, or when no new one is given; without either there must be none."""
    exists = m.sept[looked_up(f).slot] != SEPT_FREE
    return f if exists == (call.regs["R8"] == NULL_PA) or (exists and call.regs["RDX"] & 1) else None


@check("{0} is no L2 page")
def no_l2(m, call, f, reg):
    """This TD has no L2 VM, so only NULL_PA is right here."""
    return f if call.regs[reg] == NULL_PA else None


@effect("TDH.MEM.SEPT.ADD")
def sept_add(m, call, f):
    """A page of 512 free entries under the entry in RCX. Version 1 says in R8 to R11 which pages it has not used."""
    page, given = call.address("R8"), call.regs["R8"]
    left = {"R9": NULL_PA, "R10": NULL_PA, "R11": NULL_PA} if call.version else {}
    if not adds_page(m, call, f):
        return {"R8": given | NOT_USED, **left} if call.version else {}
    take(m, page, EPT, f.tdr)
    m.children[f.tdr] += 1
    set_entry(m, f.slot, "NL_MAPPED", page)
    return {"R8": NULL_PA, **left} if call.version else {}


@check("all entries of the Secure-EPT page are free")
def sept_empty(m, call, f):
    """The page that goes maps nothing."""
    return f if all(m.sept[slot] == SEPT_FREE for slot in children(f.page)) else None


@effect("TDH.MEM.SEPT.REMOVE")
def sept_remove(m, call, f):
    """EPT → NDA; the page with the hint in RCX."""
    set_entry(m, f.slot, "FREE", 0)
    m.children[f.tdr] -= 1
    return {"RCX": f.page | drop(m, f.page)}


@check("the source page {0} is shared and aligned")
def source(m, call, f, reg):
    """Where PAGE.ADD copies from."""
    value = call.regs[reg]
    return None if value & 0xFFF or value >= call.platform.pa_limit else f


@effect("TDH.MEM.PAGE.ADD")
def page_add(m, call, f):
    """A measured page before the TD runs."""
    page_in(m, f, call.address("R8"), L4K, "MAPPED")
    m.mrtd[f.tdr] += 1
    return {}


@effect("TDH.MEM.PAGE.AUG")
def page_aug(m, call, f):
    """A page of zeroes, pending until the guest accepts it; 4K or 2M."""
    page_in(m, f, call.address("R8"), f.level, "PENDING")
    return {}


def page_in(m, f, page: int, level: int, state: str) -> None:
    """NDA → REG, and the Secure-EPT entry points to it."""
    take(m, page, REG, f.tdr, level)
    m.children[f.tdr] += 1 << 9 * level
    m.sept[f.slot] = (state, page)


@check("a 2M page's range is all free")
def free_2m(m, call, f):
    """The 2M entry is NDA (a page pair there refuses the page) and neither a 4K entry nor a bitmap bit of the range is set."""
    region = call.address("R8") >> 21
    if walked(f, "R8").target != L2M:
        return f
    if m.pamt_2m[region].type != NDA:
        return None
    if m.dynamic:
        return None if m.bitmap[region] else f
    return f if all(m.pamt_4k[(region << 9) + i].type == NDA for i in range(FAN_OUT)) else None


@effect("TDH.MEM.PAGE.REMOVE")
def page_remove(m, call, f):
    """REG → NDA; the page with the hint in RCX."""
    level = call.level
    set_entry(m, f.slot, "FREE", 0)
    m.children[f.tdr] -= 1 << 9 * level
    return {"RCX": f.page | drop(m, f.page, level)}


@effect("TDH.MEM.RANGE.BLOCK")
def range_block(m, call, f):
    """The entry is blocked; BEPOCH of its page is the TD's epoch, written without a PAMT lock."""
    state, page = m.sept[f.slot]
    m.sept[f.slot] = (BLOCK_OF[state], page)
    m.bepoch[page | (L4K if state == "NL_MAPPED" else call.level)] = m.epoch[f.tdr]
    return {}


@check("the Secure-EPT entry's state allows this leaf")
def sept_state_or_blocked(m, call, f):
    """In the leaf's list, or blocked (which has a status of its own)."""
    state = m.sept[looked_up(f).slot][0]
    return f if state in call.leaf.sept_states or state in BLOCKED else None


@check("the range is not blocked already")
def not_blocked(m, call, f):
    """Blocking twice is only informational."""
    return None if m.sept[looked_up(f).slot][0] in BLOCKED else f


@effect("TDH.MEM.RANGE.UNBLOCK")
def range_unblock(m, call, f):
    """Back to what it was before it was blocked."""
    state, page = m.sept[f.slot]
    m.sept[f.slot] = (UNBLOCK_OF[state], page)
    return {}


@check("TD_EPOCH lock {0}", kind="lock", lock="epoch_lock")
def epoch_lock(m, call, f, mode):
    """The lock of the epoch counters: a plain lock, without host priority."""
    got = (exclusive if mode == EXCLUSIVE else shared)(m.epoch_lock, f.tdr, False)
    return f.hold("epoch_lock", f.tdr, mode, "TD_EPOCH") if got else None


@check("no vCPU of the epoch before is inside")
def previous_epoch(m, call, f):
    """Those that entered before the last TRACK have left."""
    return None if any(epoch < m.epoch[f.tdr] for epoch in m.inside[f.tdr]) else f


@effect("TDH.MEM.TRACK")
def track(m, call, f):
    """The next epoch begins."""
    m.epoch[f.tdr] += 1
    return {}


@check("512 entries of one kind, contiguous and aligned")
def children_match(m, call, f):
    """What PROMOTE merges: all MAPPED or all PENDING, at consecutive addresses from an aligned one."""
    entries = [m.sept[slot] for slot in children(f.page)]
    (state, first), below = entries[0], call.level - 1
    if state not in ("MAPPED", "PENDING") or first & SIZE[call.level] - 1:
        return None
    return f if all(entry == (state, first + i * SIZE[below]) for i, entry in enumerate(entries)) else None


@condition("the module looks for an interrupt without L2 VMs too: TDX_FEATURES0 bit 51 is clear")
def interruptible(m, call, f):
    """Then DEMOTE looks for an interrupt in any case, else only for a TD with L2 VMs, and this one has none."""
    return call.platform.version.demote_interruptible


@check("no interrupt is pending before the commit")
def restartable(m, call, f):
    """Nothing is committed: RCX and RDX come back as they were given, to make the same call again."""
    if "interrupt" not in call.weather:
        return f
    return Broken(None, (("RCX", call.regs["RCX"]), ("RDX", call.regs["RDX"])))


@check("the merged page's entry exclusive", kind="lock", lock=LEAF_LOCK)
def lock_merged(m, call, f):
    """The 2M (or 1G) entry, alone: whoever walks below it is in the way."""
    first, level = m.sept[f.page][1], call.level
    table = "lock_2m" if level == L2M else "lock_1g"
    got = exclusive(getattr(m, table), first >> SHIFT[level])
    return f.hold(table, first >> SHIFT[level], EXCLUSIVE, "RCX") if got else None


@effect("TDH.MEM.PAGE.PROMOTE")
def page_promote(m, call, f):
    """512 pages become one; the Secure-EPT page goes, with Dynamic PAMT a 4K range's pair comes back in R12 and R13."""
    state, first = m.sept[f.page]
    level, entry, regs = call.level, new_entry(REG, f.tdr), {}
    below, shift = (m.pamt_4k if level == L2M else m.pamt_2m), SHIFT[level - 1]
    for i in range(FAN_OUT):
        below[(first >> shift) + i] = FREE
        if m.bepoch[first + (i << shift) | level - 1]:
            m.bepoch[first + (i << shift) | level - 1] = 0
    if level == L2M and m.pamt_2m[first >> 21].type == PT_PAMT:
        regs = dict(zip(("R12", "R13"), take_pair(m, first >> 21, entry)))
    else:
        (m.pamt_2m if level == L2M else m.pamt_1g)[first >> SHIFT[level]] = entry
    m.sept[f.slot] = (state, first)
    m.children[f.tdr] -= 1
    return {"RCX": f.page | drop(m, f.page), **regs}


@effect("TDH.MEM.PAGE.DEMOTE")
def page_demote(m, call, f):
    """One page becomes 512 under a new Secure-EPT page; with Dynamic PAMT a 2M page brings its pair in R12 and R13."""
    state, _ = m.sept[f.slot]
    page, level, entry = call.address("R8"), call.level, new_entry(REG, f.tdr)
    below, shift = (m.pamt_4k if level == L2M else m.pamt_2m), SHIFT[level - 1]
    for i in range(FAN_OUT):
        below[(f.page >> shift) + i] = entry
    for i, slot in enumerate(children(page)):
        m.sept[slot] = (OPEN_LEAF[state], f.page + (i << shift))
    if m.bepoch[f.page | level]:
        m.bepoch[f.page | level] = 0
    if splits(m, call, f):
        m.pamt_2m[f.page >> 21] = Entry(PT_PAMT, 0, (call.address("R12"), call.address("R13")))
        m.count[f.page >> 21] = FAN_OUT
    else:
        (m.pamt_2m if level == L2M else m.pamt_1g)[f.page >> SHIFT[level]] = FREE
    take(m, page, EPT, f.tdr)
    m.children[f.tdr] += 1
    m.sept[f.slot] = ("NL_MAPPED", page)
    return {}


@check("R8 is not the page mapped now")
def target_differs(m, call, f):
    """Moving a page onto itself."""
    return None if m.sept[looked_up(f).slot][1] == call.regs["R8"] else f


@effect("TDH.MEM.PAGE.RELOCATE")
def page_relocate(m, call, f):
    """The content moves to R8's page; the old one, with its hint, comes back in RCX."""
    page = call.address("R8")
    take(m, page, REG, f.tdr)
    m.sept[f.slot] = (OPEN_LEAF[m.sept[f.slot][0]], page)
    return {"RCX": f.page | drop(m, f.page)}
