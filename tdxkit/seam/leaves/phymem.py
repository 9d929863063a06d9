"""TDH.PHYMEM.*: reading and reclaiming pages, write-back, and PAMT.ADD and PAMT.REMOVE, which give a region its pair and take it out."""

from tdxkit.seam.leaves.act import LOOK, UNDO
from tdxkit.seam.leaves.call import EXCLUSIVE, SHARED, Broken
from tdxkit.seam.leaves.checks import entry_at, is_pamt_page, walked
from tdxkit.seam.leaves.leaf import check, condition, effect
from tdxkit.seam.leaves.metadata import TD_TABLES, drop, forget, page_in_region_used
from tdxkit.seam.locks import exclusive, shared
from tdxkit.seam.pamt import FREE, L2M, L4K, NDA, PT_PAMT, RSVD, SHIFT, SIZE, TDR, Entry


@check("Dynamic PAMT is on")
def dynamic(m, call, f):
    """Chosen at SYS.CONFIG for the life of the module."""
    return f if m.dynamic else None


@check("{0} is a 2 MiB region: level 1, aligned, no HKID bits")
def region(m, call, f, reg):
    """The region's base with level 1 in bits 2:0."""
    value = call.regs[reg]
    return f if value & 0x1FFFFF == L2M and value < call.platform.pa_limit else None


@check("the region's 2M entry is free")
def region_free(m, call, f):
    """The walk ended at 2M and its type is NDA: no pair, no 2M page."""
    at = call.address("RCX")
    return f if walked(f, "RCX").level == L2M and m.pamt_2m[at >> 21].type == NDA else None


@check("the region has a page pair")
def has_pair(m, call, f):
    """The 2M entry is PT_PAMT."""
    return f if walked(f, "RCX").level == L2M and m.pamt_2m[call.address("RCX") >> 21].type == PT_PAMT else None


@check("all 512 entries of the pair are NDA")
def empty(m, call, f):
    """Found by looking at the entries, not at the page count; details name the page of the pair (0 or 1)."""
    used = page_in_region_used(m, call.address("RCX") >> 21)
    return f if used is None else Broken(used >> 8)


@condition("Dynamic PAMT is on and the page in RCX is one of 2M")
def splits(m, call, f):
    """DEMOTE to 4K: the range needs a pair."""
    return m.dynamic and call.level == L2M


@condition("the page in {0} lies outside the region in RCX")
def outside(m, call, f, reg):
    """PAMT.ADD holds its region's 2M entry already."""
    return call.address(reg) >> 21 != call.address("RCX") >> 21


@check("{0} is not in use")
def unused(m, call, f, reg):
    """The leaf over the page, at whatever level it was found, is NDA."""
    return f if entry_at(m, call.address(reg), walked(f, reg).level).type == NDA else None


@check("the bitmap bit of {0} was 0 and is set now", kind="locked", lock="bitmap")
def take_bit(m, call, f, reg):
    """Bit-test-and-set: 1 means the page is a PAMT page already, or reserved. A later failure clears it again."""
    at = call.address(reg)
    if is_pamt_page(m, at):
        return None
    m.bitmap[at >> 21] |= 1 << (at >> 12 & 511)
    return f.hold("bitmap", at >> 12, UNDO, reg)


def clear_bit(m, frame: int) -> None:
    """What take_bit has done, undone; also a pair's page that goes."""
    m.bitmap[frame >> 9] &= ~(1 << (frame & 511))


@effect("TDH.PHYMEM.PAMT.ADD")
def pamt_add(m, call, f):
    """2M entry NDA → PT_PAMT, page count 0. The pages are zeroed, and zero means NDA."""
    at = call.address("RCX") >> 21
    m.pamt_2m[at] = Entry(PT_PAMT, 0, (call.address("RDX"), call.address("R8")))
    m.count[at] = 0
    return {}


@effect("TDH.PHYMEM.PAMT.REMOVE")
def pamt_remove(m, call, f):
    """2M entry PT_PAMT → NDA, bits cleared, the pair handed back."""
    at = call.address("RCX") >> 21
    return dict(zip(("RDX", "R8"), take_pair(m, at, FREE)))


def take_pair(m, region_number: int, entry: Entry) -> tuple[int, ...]:
    """Put `entry` where the pair was, clear its two bitmap bits; the pair's HPAs."""
    pages = m.pamt_2m[region_number].pair
    for page in pages:
        clear_bit(m, page >> 12)
    m.pamt_2m[region_number] = entry
    m.count[region_number] = 0
    return pages


@check("the page is one to reclaim")
def reclaimable(m, call, f):
    """Not NDA (so not in a region without a pair) and not reserved. From here on RCX, RDX and R8 say what it is, whatever comes."""
    entry = entry_at(m, call.address("RCX"), walked(f, "RCX").level)
    if entry.type in (NDA, RSVD):
        return None
    return f._replace(out=(("RCX", int(entry.type)), ("RDX", entry.owner), ("R8", f.level)))


@check("RCX is aligned to the page's own size")
def own_size(m, call, f):
    """A 2M page is named by its first address."""
    return None if call.address("RCX") & SIZE[walked(f, "RCX").level] - 1 else f


@check("the owner TDR's entry shared", kind="lock", lock="lock_4k")
def page_owner(m, call, f):
    """The leaf entry of the owning TDR; a TDR page owns itself and is held already."""
    at = call.address("RCX")
    entry = entry_at(m, at, walked(f, "RCX").level)
    if entry.type == TDR:
        return f._replace(tdr=at)
    if not shared(m.lock_4k, entry.owner >> 12):
        return None
    return f._replace(tdr=entry.owner).hold("lock_4k", entry.owner >> 12, SHARED, "TDR")


@check("no page of the TD is left when its TDR goes")
def no_children(m, call, f):
    """TDR.CHLDCNT is 0, for a TDR page."""
    return None if f.tdr == call.address("RCX") and m.children[f.tdr] else f


@effect("TDH.PHYMEM.PAGE.RECLAIM")
def reclaim(m, call, f):
    """Any page of a torn-down TD → NDA; the hint comes in R9."""
    at, level = call.address("RCX"), f.level
    entry = entry_at(m, at, level)
    if entry.type == TDR:
        forget(m, TD_TABLES, at)
    else:
        m.children[f.tdr] -= 1 << 9 * level
    return {**dict(f.out), "R9": drop(m, at, level)}


@check("{0} is a page address, an HKID in its upper bits")
def wb_form(m, call, f, reg):
    """Aligned and within MAX_PA; the HKID is part of it."""
    value = call.regs[reg]
    return None if value & 0xFFF or value >> call.platform.pa_bits else f


@check("the page is free")
def free_at_any_level(m, call, f):
    """NDA at whatever level the walk ended, so it works after the pair is gone; and no PAMT page."""
    at = call.address("RCX")
    taken = m.dynamic and is_pamt_page(m, at)
    return None if taken or entry_at(m, at, walked(f, "RCX").level).type != NDA else f


@effect("TDH.PHYMEM.PAGE.WBINVD", act=LOOK)
def wbinvd(m, call, f):
    """Caches of the page written back."""
    return {}


@check("the level asked for exists")
def rdmd_level(m, call, f):
    """Bits 2:0 of RCX: 0, with Dynamic PAMT up to 2."""
    return f if call.level <= (2 if m.dynamic else 0) and not call.regs["RCX"] & 0xFF8 else None


@effect("TDH.PHYMEM.PAGE.RDMD", act=LOOK)
def rdmd(m, call, f):
    """What the PAMT says about a page: type, owner, level, BEPOCH; the pair of a PT_PAMT entry."""
    at, level = call.address("RCX"), f.level
    entry = entry_at(m, at, level)
    kind = PT_PAMT if level == L4K and m.dynamic and entry.type == NDA and is_pamt_page(m, at) else entry.type
    regs = {
        "RCX": int(kind),
        "RDX": entry.owner,
        "R8": level,
        "R9": m.bepoch[at >> SHIFT[level] << SHIFT[level] | level],
    }
    if entry.type == PT_PAMT:
        regs |= {"RCX": int(kind) | 1 << 63, "R10": entry.pair[0], "R11": entry.pair[1]}
    return regs


@check("RCX is 0 or 1")
def start_or_resume(m, call, f):
    """0 starts, 1 goes on."""
    return f if call.regs["RCX"] in (0, 1) else None


@check("write-back lock of the package", kind="lock", lock="wb_lock")
def wb_lock(m, call, f):
    """One write-back a package at a time."""
    package = call.platform.package_of(call.lp)
    return f.hold("wb_lock", package, EXCLUSIVE, "WBCACHE") if exclusive(m.wb_lock, package, False) else None


@check("an HKID is flushed")
def hkid_flushed(m, call, f):
    """Some HKID waits for its write-back."""
    return f if any(m.kot[h] == "FLUSHED" for h in call.platform.private_hkids) else None


@check("there is a write-back to resume")
def wb_resumes(m, call, f):
    """RCX 1 goes on with one that was interrupted."""
    package = call.platform.package_of(call.lp)
    return None if call.regs["RCX"] and not m.wb_pending[package] else f


@check("no interrupt is pending")
def wb_interrupt(m, call, f):
    """An interrupt stops the write-back: call again with RCX 1."""
    if "interrupt" not in call.weather:
        return f
    m.wb_pending[call.platform.package_of(call.lp)] = True
    return None


@effect("TDH.PHYMEM.CACHE.WB")
def cache_wb(m, call, f):
    """This package owes no write-back any more, for every flushed HKID."""
    package = call.platform.package_of(call.lp)
    m.wb_pending[package] = False
    for hkid in call.platform.private_hkids:
        if package in m.wb_owed[hkid]:
            m.wb_owed[hkid] = tuple(p for p in m.wb_owed[hkid] if p != package)
    return {}
