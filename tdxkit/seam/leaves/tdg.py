"""TDG.*: what a guest asks of the module, from inside VP.ENTER. The one that is modelled accepts a page (source module-leaves).

A TDCALL names guest addresses and no host address, so it walks the Secure EPT and not the PAMT. TDG.MEM.PAGE.ACCEPT locks the page's
Secure-EPT entry, as a guest: it leaves no mark, and stands back from one that a host call has left. It takes neither the tree lock nor a
PAMT lock; the walk's own pages cannot go while the vCPU is inside its epoch.
"""

from tdxkit.seam.leaves.act import AT_EFFECT, EFFECT, LeafAct
from tdxkit.seam.leaves.call import EPT_VIOLATION, EXCLUSIVE, Broken
from tdxkit.seam.leaves.checks_sept import looked_up, reach
from tdxkit.seam.leaves.leaf import check, effect
from tdxkit.seam.locks import guest_exclusive

SOURCES = ("module-leaves",)

ZERO = LeafAct("the page is filled with zeroes, its entry locked", "store", part=EFFECT, at=AT_EFFECT)
MAP = LeafAct("the entry goes from PENDING to MAPPED", "store", part=EFFECT, at=AT_EFFECT)
GONE = Broken(EPT_VIOLATION)  # no answer for the guest: the TD exits and VP.ENTER tells the host of an EPT violation


@check("no leaf of a larger size is mapped there already")
def accept_walk(m, call, f):
    """The walk goes down to the level in RCX; a larger page that is MAPPED ends it, details are its level."""
    tdr = m.pamt_4k[call.vcpu >> 12].owner
    slot, at = reach(m, tdr, call.gpa, call.level, call.platform.sept_top)
    if at != call.level and m.sept[slot][0] == "MAPPED":
        return Broken(at)
    return f._replace(tdr=tdr, slot=slot, level=at)


@check("the walk reaches the level")
def accept_reach(m, call, f):
    """A table is missing or blocked, or a larger page is not mapped."""
    return f if f.level == call.level else GONE


@check("Secure-EPT entry lock, as a guest", kind="lock", lock="sept_lock")
def guest_slot(m, call, f):
    """The entry's lock bit; the mark of a host call turns a guest away, and the module tells it TDX_OPERAND_BUSY for that, too."""
    slot = looked_up(f).slot
    return None if guest_exclusive(m.sept_lock, slot) else f.hold("sept_lock", slot, EXCLUSIVE, "RCX")


@check("the entry maps a page, not a table")
def accept_size(m, call, f):
    """A table of smaller pages where a 2M page was meant; details are the level."""
    return Broken(call.level) if m.sept[looked_up(f).slot][0].startswith("NL_") else f


@check("the page is not accepted yet")
def not_accepted(m, call, f):
    """MAPPED already; details are the level."""
    return Broken(call.level) if m.sept[looked_up(f).slot][0] == "MAPPED" else f


@check("the page waits to be accepted")
def is_pending(m, call, f):
    """PENDING; a free or blocked entry is an EPT violation."""
    return f if m.sept[looked_up(f).slot][0] in call.leaf.sept_states else GONE


@effect("TDG.MEM.PAGE.ACCEPT")
def page_accept(m, call, f):
    """PENDING → MAPPED, after the page is filled with zeroes; the entry is locked until then."""
    yield ZERO
    yield MAP
    m.sept[f.slot] = ("MAPPED", m.sept[f.slot][1])
    return 0, (), f.held
