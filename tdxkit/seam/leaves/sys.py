"""TDH.SYS.*: the module is initialised, configured (TDMRs, Dynamic PAMT on or off), keyed, and its TDMRs' PAMT is made.

SYS.CONFIG tries each rule on all TDMRs before the next one; the module goes TDMR by TDMR.
"""

from tdxkit.seam.leaves.call import Broken
from tdxkit.seam.leaves.leaf import check, effect
from tdxkit.seam.locks import exclusive, shared
from tdxkit.seam.pamt import PAIR_ADDRESS_BITS, RESERVED, Area, Tdmr, pamt_bytes
from tdxkit.units import GIB, PAGE_1G, PAGE_2M, PAGE_4K

DYNAMIC_PAMT = 1 << 16  # bit of SYS.CONFIG's R8
STATES = ("SYSINIT_PENDING", "SYSINIT_DONE", "SYSCONFIG_DONE", "SYS_READY", "SYS_SHUTDOWN")
PAGES_PER_CALL = {False: 1024, True: 4096}  # of SYS.TDMR.INIT, static and dynamic


@check("module lock {0}", kind="lock", lock="sys_lock")
def sys_lock(m, call, f, mode):
    """One for the module, plain: no host priority."""
    got = (exclusive if mode == "exclusive" else shared)(m.sys_lock, 0, False)
    return f.hold("sys_lock", 0, mode) if got else None


@check("the module is {0}")
def sys_state(m, call, f, state):
    """Its life: SYSINIT_PENDING, SYSINIT_DONE, SYSCONFIG_DONE, SYS_READY."""
    return f if m.sys_state == state else None


@effect("TDH.SYS.INIT")
def sys_init(m, call, f):
    """SYSINIT_DONE."""
    m.sys_state = "SYSINIT_DONE"
    return {}


@check("this LP is not initialised yet")
def lp_pending(m, call, f):
    """Once on every LP."""
    return None if m.lp_done[call.lp] else f


@effect("TDH.SYS.LP.INIT")
def lp_init(m, call, f):
    """This LP is initialised."""
    m.lp_done[call.lp] = True
    return {}


@check("initialised on every LP, not configured")
def config_pending(m, call, f):
    """SYSINIT_DONE and every LP done."""
    done = m.sys_state == "SYSINIT_DONE" and all(m.lp_done[lp] for lp in range(call.platform.lps))
    return f if done else None


@check("{0} is a shared address, 512-byte aligned")
def array_at(m, call, f, reg):
    """Where the array of TDMR_INFO pointers lies."""
    return None if call.regs[reg] & 511 or call.regs[reg] >= call.platform.pa_limit else f


@check("{0} is from {1} to {2}")
def count(m, call, f, reg, low, high):
    """A number in range."""
    return f if low <= call.regs[reg] <= high else None


@check("R8: a private HKID, known bits")
def config_bits(m, call, f):
    """Bits 15:0 the global HKID; bit 16 asks for Dynamic PAMT where the module has it."""
    known = 0xFFFF | (DYNAMIC_PAMT if call.platform.version.dynamic_pamt else 0)
    value = call.regs["R8"]
    return f if not value & ~known and value & 0xFFFF in call.platform.private_hkids else None


@check("version 1: {0} is 0")
def zero_v1(m, call, f, reg):
    """No feature flag is modelled."""
    return None if call.version and call.regs[reg] else f


@check("Dynamic PAMT: addresses below the HKID bits fit in 48 bits")
def dynamic_bits(m, call, f):
    """A pair's frame number has 36 bits in the 2M entry."""
    asked = call.regs["R8"] & DYNAMIC_PAMT
    return None if asked and call.platform.pa_limit > 1 << PAIR_ADDRESS_BITS else f


def infos(m, call) -> tuple:
    """The TDMR_INFO array."""
    return (m.shared[call.regs["RCX"]] or ())[: call.regs["RDX"]]


@check("every TDMR_INFO pointer is good")
def tdmr_pointers(m, call, f):
    """As many as RDX says, each an aligned address."""
    given = infos(m, call)
    return f if len(given) == call.regs["RDX"] and None not in given else None


def first_wrong(rule, given) -> Broken | None:
    """Details of the first TDMR that breaks a rule; rule(index, tdmr) gives further detail bytes or None."""
    for i, tdmr in enumerate(given):
        more = rule(i, tdmr)
        if more is not None:
            return Broken(i | more << 8)
    return None


@check("every TDMR is whole GiB within MAX_PA")
def tdmr_shape(m, call, f):
    """Aligned, not empty, no overflow."""
    top = call.platform.pa_limit
    wrong = lambda i, t: 0 if t.base % GIB or t.size % GIB or t.size <= 0 or t.base + t.size > top else None  # noqa: E731
    return first_wrong(wrong, infos(m, call)) or f


@check("TDMRs ascend and do not overlap")
def tdmr_order(m, call, f):
    """Each starts where the one before has ended, or later."""
    given = infos(m, call)
    return first_wrong(lambda i, t: 0 if i and t.base < given[i - 1].area.end else None, given) or f


@check("reserved areas are aligned and inside")
def reserved_shape(m, call, f):
    """4K aligned, not empty, within their TDMR."""

    def wrong(i, t):
        bad = (
            k for k, a in enumerate(t.reserved) if a.base % 4096 or a.size % 4096 or a.size <= 0 or not t.area.holds(a)
        )
        return next(bad, None)

    return first_wrong(wrong, infos(m, call)) or f


@check("reserved areas ascend and do not overlap")
def reserved_order(m, call, f):
    """Within each TDMR."""

    def wrong(i, t):
        return next((k for k in range(1, len(t.reserved)) if t.reserved[k].base < t.reserved[k - 1].end), None)

    return first_wrong(wrong, infos(m, call)) or f


def areas(t: Tdmr) -> tuple[Area | None, ...]:
    """The PAMT areas by level number: 4K (the bitmap with Dynamic PAMT), 2M, 1G."""
    return (t.pamt_4k, t.pamt_2m, t.pamt_1g)


@check("PAMT areas are aligned and large enough")
def pamt_area(m, call, f):
    """With Dynamic PAMT the 4K area need only hold the page bitmap."""

    def wrong(i, t):
        need = pamt_bytes(t.size, bool(call.regs["R8"] & DYNAMIC_PAMT))[::-1]
        for level, area in enumerate(areas(t)):
            if area is None or area.base % 4096 or area.end > call.platform.pa_limit or area.size < need[level]:
                return level
        return None

    return first_wrong(wrong, infos(m, call)) or f


@check("PAMT areas overlap no other and no usable memory")
def pamt_overlap(m, call, f):
    """An area may lie in a reserved part of a TDMR."""
    given = infos(m, call)
    placed = [(i, level, a) for i, t in enumerate(given) for level, a in enumerate(areas(t))]
    for n, (i, level, a) in enumerate(placed):
        for j, _, other in placed[:n]:
            if a.overlaps(other):
                return Broken(i | level << 8 | j << 16)
        for j, t in enumerate(given):
            if a.overlaps(t.area) and not any(r.holds(a) for r in t.reserved):
                return Broken(i | level << 8 | j << 16)
    return f


def convertible(call, area: Area) -> bool:
    """Whether one CMR holds it."""
    return any(Area(*cmr).holds(area) for cmr in call.platform.cmrs)


@check("PAMT areas are convertible memory")
def pamt_in_cmr(m, call, f):
    """Each lies in a CMR."""
    wrong = lambda i, t: next((n for n, a in enumerate(areas(t)) if not convertible(call, a)), None)  # noqa: E731
    return first_wrong(wrong, infos(m, call)) or f


@check("usable parts of TDMRs are convertible memory")
def tdmr_in_cmr(m, call, f):
    """What is not reserved lies in a CMR."""

    def wrong(i, t):
        start = t.base
        for a in (*t.reserved, Area(t.area.end, 0)):
            if a.base > start and not convertible(call, Area(start, a.base - start)):
                return 0
            start = a.end
        return None

    return first_wrong(wrong, infos(m, call)) or f


@effect("TDH.SYS.CONFIG")
def config(m, call, f):
    """SYSCONFIG_DONE; Dynamic PAMT is on or off for the life of the module."""
    m.tdmrs, m.dynamic = infos(m, call), bool(call.regs["R8"] & DYNAMIC_PAMT)
    m.kot[call.regs["R8"] & 0xFFFF] = "RESERVED"
    m.sys_state = "SYSCONFIG_DONE"
    for i, t in enumerate(m.tdmrs):
        m.tdmr_next[i] = t.base
    return {}


@check("this package has no global key yet")
def package_unkeyed(m, call, f):
    """Once on each package; informational."""
    return None if m.package_keyed[call.platform.package_of(call.lp)] else f


@effect("TDH.SYS.KEY.CONFIG")
def sys_key_config(m, call, f):
    """The last package makes the module ready."""
    m.package_keyed[call.platform.package_of(call.lp)] = True
    if all(m.package_keyed[p] for p in range(call.platform.packages)):
        m.sys_state = "SYS_READY"
    return {}


def tdmr_index(m, base: int) -> int | None:
    """The TDMR that starts at this address."""
    return next((i for i, t in enumerate(m.tdmrs) if t.base == base), None)


@check("{0} is the base of a TDMR")
def tdmr(m, call, f, reg):
    """As given at SYS.CONFIG."""
    return f if tdmr_index(m, call.regs[reg]) is not None else None


@check("TDMR lock", kind="lock", lock="tdmr_lock")
def tdmr_lock(m, call, f):
    """One call at a time initialises it."""
    i = tdmr_index(m, call.regs["RCX"])
    return f.hold("tdmr_lock", i, "exclusive", "RCX") if exclusive(m.tdmr_lock, i, False) else None


@check("something is left to initialise")
def tdmr_pending(m, call, f):
    """Informational when not."""
    i = tdmr_index(m, call.regs["RCX"])
    return None if m.tdmr_next[i] >= m.tdmrs[i].area.end else f


@effect("TDH.SYS.TDMR.INIT")
def tdmr_init(m, call, f):
    """The next few MiB; a 1 GiB block is usable once it is done. RDX: the next address, rounded down to 1 GiB."""
    i = tdmr_index(m, call.regs["RCX"])
    start = m.tdmr_next[i]
    end = start + PAGES_PER_CALL[m.dynamic] * PAGE_4K
    make_pamt(m, i, start, end)
    return {"RDX": end & ~(PAGE_1G - 1)}


def make_pamt(m, i: int, start: int, end: int) -> None:
    """PAMT of TDMR i from `start` to `end`: all NDA but for reserved pages. Also what a module made ready at once goes through."""
    for area in m.tdmrs[i].reserved:
        for at in range(max(area.base, start), min(area.end, end), PAGE_4K):
            if m.dynamic:
                m.bitmap[at // PAGE_2M] |= 1 << (at // PAGE_4K % 512)
            else:
                m.pamt_4k[at // PAGE_4K] = RESERVED
    m.tdmr_next[i] = end
    for block in range(start // PAGE_1G, end // PAGE_1G):
        m.block[block] = i + 1
