"""Secure EPT: the walk, entry states, entry locks, blocking and TLB tracking, and the checks that Secure-EPT leaves share.

An entry is (state, HPA) under the HPA of its 8 bytes; a page of 512 entries is a PAMT page of type EPT. Levels are the entry's:
0 maps 4K, 1 maps 2M or points to a page of 4K entries, and so on; the root's entries are at level 3 (four levels).
Tracking (source module-1-5-06): blocked at epoch b is tracked when b is two epochs old, or one and no vCPU is left inside.
"""

from tdxkit.errors import ModelError
from tdxkit.seam.leaves.act import LEAF_LOCK
from tdxkit.seam.leaves.call import EXCLUSIVE, LOCK_TABLE, SHARED, Broken, Facts
from tdxkit.seam.leaves.checks import owned
from tdxkit.seam.leaves.leaf import check
from tdxkit.seam.locks import exclusive, shared
from tdxkit.seam.memory import SEPT_FREE
from tdxkit.seam.pamt import FAN_OUT, L4K, SHIFT

SOURCES = ("module-1-5-06",)
TRACKING_STATES = {"RUNNABLE", "LIVE_EXPORT", "LIVE_IMPORT", "START_EXPORT"}
BLOCKED = {"NL_BLOCKED", "BLOCKED", "PENDING_BLOCKED"}
BLOCK_OF = {"NL_MAPPED": "NL_BLOCKED", "MAPPED": "BLOCKED", "PENDING": "PENDING_BLOCKED"}
UNBLOCK_OF = {blocked: open_ for open_, blocked in BLOCK_OF.items()}
LEAVES = {"MAPPED", "BLOCKED", "PENDING", "PENDING_BLOCKED"}
GPA_BITS = 48
SHARED_BIT = 1 << (GPA_BITS - 1)


def reach(m, tdr: int, gpa: int, level: int, top: int = 3) -> tuple[int, int]:
    """(HPA of the entry the walk ended at, its level); the level is higher than asked where the walk failed."""
    page, at = m.eptp[tdr], top
    while True:
        slot = page + (gpa >> 12 + 9 * at & 511) * 8
        if at <= level:
            return slot, at
        state, page = m.sept[slot]
        if state != "NL_MAPPED":
            return slot, at
        at -= 1


def children(page: int) -> range:
    """The HPAs of the 512 entries of a Secure-EPT page."""
    return range(page, page + FAN_OUT * 8, 8)


def looked_up(f: Facts) -> Facts:
    """The facts, if there was a Secure-EPT walk."""
    if f.slot < 0:
        raise ModelError("Secure-EPT entry", "it is read after the walk", "walk the Secure EPT first")
    return f


@check("RCX is a GPA with a level from {0} to {1}")
def gpa_form(m, call, f, low, high):
    """Reserved bits 0, level in range ("top" is the root's), GPA aligned to it."""
    rcx = call.regs["RCX"]
    level, highest = rcx & 7, call.platform.sept_top if high == "top" else high
    if rcx & 0xFF8 or rcx >> 52 or not low <= level <= highest:
        return None
    return None if rcx & ~7 & (1 << 12 + 9 * level) - 1 else f


@check("the GPA is private and not too wide")
def gpa_private(m, call, f):
    """Below the shared bit."""
    return f if call.regs["RCX"] < SHARED_BIT else None


@check("Secure-EPT tree lock {0}", kind="lock", lock="tree_lock")
def tree(m, call, f, mode):
    """One for a TD; with host priority after 2.0.08 (read in 2.0.12 and 2.0.18)."""
    got = (exclusive if mode == EXCLUSIVE else shared)(m.tree_lock, owned(f).tdr, call.platform.version.new_tree)
    return f.hold("tree_lock", f.tdr, mode, "SEPT_TREE") if got else None


@check("Secure-EPT tree lock, to promote", kind="lock", lock="tree_lock")
def tree_to_promote(m, call, f):
    """Exclusive; shared up to 2.0.08."""
    return tree(m, call, f, EXCLUSIVE if call.platform.version.new_tree else SHARED)


@check("Secure-EPT tree lock, to look for what was missing", kind="lock", lock="tree_lock")
def tree_to_enter(m, call, f):
    """Shared (read in 2.0.12); exclusive up to 2.0.08."""
    return tree(m, call, f, SHARED if call.platform.version.new_tree else EXCLUSIVE)


@check("the Secure-EPT walk reaches the level")
def sept_walk(m, call, f):
    """From the root down to the entry at the level in RCX; a failure returns the entry and its level in RCX and RDX."""
    slot, at = reach(m, owned(f).tdr, call.regs["RCX"], call.regs["RCX"] & 7, call.platform.sept_top)
    if at != call.regs["RCX"] & 7:
        return Broken(None, (("RCX", entry_word(m.sept[slot])), ("RDX", at)))
    return tuple.__new__(Facts, (f[0], slot, *f[2:]))


@check("Secure-EPT entry lock", kind="lock", lock="sept_lock")
def lock_slot(m, call, f):
    """The entry's lock bit, with a host-priority bit beside it."""
    slot = looked_up(f).slot
    return f.hold("sept_lock", slot, EXCLUSIVE, "RCX") if exclusive(m.sept_lock, slot) else None


@check("the Secure-EPT entry's state allows this leaf")
def sept_state(m, call, f):
    """The state is in the leaf's list."""
    return f if m.sept[looked_up(f).slot][0] in call.leaf.sept_states else None


@check("{0}: the entry below is exclusive", kind="lock", lock=LEAF_LOCK)
def lock_page(m, call, f, what):
    """The PAMT leaf entry of the page that the Secure-EPT entry points to: only that, no walk."""
    level = call.regs["RCX"] & 7 if what == "leaf" else L4K
    page = m.sept[looked_up(f).slot][1]
    table, key = LOCK_TABLE[level], page >> SHIFT[level]
    if not exclusive(getattr(m, table), key):
        return None
    return tuple.__new__(Facts, (*f[:2], page, *f[3:])).hold(table, key, EXCLUSIVE, "RCX")


@check("the range is blocked, where the TD may run")
def blocked(m, call, f):
    """Needed once vCPUs can run."""
    needed = m.op_state[owned(f).tdr] in TRACKING_STATES
    return None if needed and m.sept[looked_up(f).slot][0] not in BLOCKED else f


@check("TLB tracking is done")
def tracked(m, call, f):
    """BEPOCH is two epochs old, or one epoch and no vCPU of it is inside."""
    tdr = owned(f).tdr
    if m.op_state[tdr] not in TRACKING_STATES:
        return f
    state, page = m.sept[looked_up(f).slot]
    level = 0 if state.startswith("NL_") else call.regs["RCX"] & 7
    then, now = m.bepoch[page | level], m.epoch[tdr]
    return f if then < now - 1 or (then == now - 1 and then not in m.inside[tdr]) else None


def entry_word(entry: tuple[str, int]) -> int:
    """A Secure-EPT entry as a number: its HPA, bits 2:0 set when it is present."""
    state, page = entry
    return page | (7 if state.endswith("MAPPED") else 0)


def set_entry(m, slot: int, state: str, page: int) -> None:
    """Write an entry; FREE drops the page."""
    m.sept[slot] = (state, page) if state != "FREE" else SEPT_FREE
