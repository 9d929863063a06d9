"""Checks that many leaves share: addresses, the PAMT walk, page types, the TD's state, locks that are not on pages.

The walk (source module-pamt-manager): the 1G entry shared, the 2M entry shared, the leaf in the asked mode. A leaf
found at 1G or 2M that is wanted exclusive is promoted. Any failure lets go of what the walk took.
"""

from tdxkit.errors import ModelError
from tdxkit.facts import load_json
from tdxkit.seam.leaves.act import LeafAct, let_go
from tdxkit.seam.leaves.call import EXCLUSIVE, SHARED, Broken, Call, Facts
from tdxkit.seam.leaves.leaf import LEVELS, check
from tdxkit.seam.locks import exclusive, promote, release_shared, shared
from tdxkit.seam.pamt import FREE, L1G, L2M, L4K, NDA, PT_PAMT, SHIFT, SIZE, PageType

SOURCES = ("module-pamt-manager",)
LEVEL = {**LEVELS, "any": L4K}  # "any": the leaf, wherever the walk meets it


def op_state_number(name: str) -> int:
    """What OP_STATE_INCORRECT has in its details."""
    return load_json("seamcalls.json")["op_states"][name]


def level_of(call: Call, word: str) -> int:
    """The level an argument of a check means: a name, or "leaf" for the level in RCX."""
    return call.level if word == "leaf" else LEVEL[word]


@check("{0} is a page address below the HKID bits")
def form(m, call, f, reg, flags=0, level="4K"):
    """Aligned (bits of `flags` may be set), no HKID bits, below MAX_PA."""
    wrong = (SIZE[level_of(call, level)] - 1 | call.platform.not_address) & ~flags
    return None if call.regs[reg] & wrong else f


@check("{0} lies in a TDMR whose 1 GiB block is initialised")
def in_tdmr(m, call, f, reg):
    """In a TDMR and its 1 GiB block is done."""
    return f if m.block[call.address(reg) >> 30] else None


def walking(last: str) -> tuple[LeafAct, ...]:
    """The acts of a walk, in the order in which `walk` unpacks them; `last` says how the 4K entry is taken."""
    return (
        LeafAct("{0}: 1G entry shared", "lock", lock="lock_1g"),
        LeafAct("{0}: promote to exclusive", "lock", lock="lock_1g"),
        LeafAct("{0}: 2M entry shared", "lock", lock="lock_2m"),
        LeafAct("{0}: promote to exclusive", "lock", lock="lock_2m"),
        LeafAct("{0}: 4K entry " + last, "lock", lock="lock_4k"),
        let_go("lock_2m", "{0}"),
        let_go("lock_1g", "{0}"),
    )


@check(*walking("{2}"))
def walk(m, call, f, acts, reg, target, mode):
    """Down to `target`, or to the leaf before it; remembers where it ended."""
    take_1g, promote_1g, take_2m, promote_2m, take_4k, drop_2m, drop_1g = acts
    at, want = call.address(reg), level_of(call, target)
    block, region = at >> 30, at >> 21
    if not m.block[block]:
        raise ModelError(f"walk of {reg}", "a walk starts in an initialised block", "check the range first")
    yield take_1g
    if not shared(m.lock_1g, block):
        return None
    if m.pamt_1g[block].type or want == L1G:
        if mode == EXCLUSIVE:
            yield promote_1g
            if not promote(m.lock_1g, block):
                yield drop_1g
                release_shared(m.lock_1g, block)
                return None
        return tuple.__new__(Facts, (*f[:3], L1G, want, reg, (*f.held, ("lock_1g", block, mode, reg)), f[7]))
    yield take_2m
    if not shared(m.lock_2m, region):
        yield drop_1g
        release_shared(m.lock_1g, block)
        return None
    kind = m.pamt_2m[region].type
    if want == L2M or (kind != PT_PAMT if m.dynamic else kind != NDA):
        if mode == EXCLUSIVE:
            yield promote_2m
            if not promote(m.lock_2m, region):
                yield drop_2m
                release_shared(m.lock_2m, region)
                yield drop_1g
                release_shared(m.lock_1g, block)
                return None
        held = (("lock_1g", block, SHARED, reg), ("lock_2m", region, mode, reg))
        return tuple.__new__(Facts, (*f[:3], L2M, want, reg, f.held + held, f[7]))
    yield take_4k
    if not (exclusive if mode == EXCLUSIVE else shared)(m.lock_4k, at >> 12):
        yield drop_2m
        release_shared(m.lock_2m, region)
        yield drop_1g
        release_shared(m.lock_1g, block)
        return None
    held = (
        ("lock_1g", block, SHARED, reg),
        ("lock_2m", region, SHARED, reg),
        ("lock_4k", at >> 12, mode, reg),
    )
    return tuple.__new__(Facts, (*f[:3], L4K, want, reg, f.held + held, f[7]))


def entry_at(m, hpa: int, level: int):
    """The PAMT entry for an address at a level."""
    table = m.pamt_4k if level == L4K else m.pamt_2m if level == L2M else m.pamt_1g
    return table[hpa >> SHIFT[level]]


def is_pamt_page(m, hpa: int) -> int:
    """The bitmap bit of a page: 1 for a page of a pair and for a reserved page."""
    return m.bitmap[hpa >> 21] >> (hpa >> 12 & 511) & 1


def walked(f: Facts, reg: str) -> Facts:
    """The facts, if the last walk was to this register's page; a leaf whose checks are out of order ends here."""
    if f.walked != reg:
        raise ModelError(f"metadata of {reg}", "an entry is read under its lock", "walk to the page first")
    return f


# "is" is a word of Python, so the check of a known page's type is called page_is.
@check("{0} is a {1} page")
def page_is(m, call, f, reg, kind):
    """A page in use by a TD, at 4K and of this type."""
    at = call.address(reg)
    if walked(f, reg).level != L4K or m.pamt_4k[at >> 12].type != PageType[kind]:
        return None
    return tuple.__new__(Facts, (at, *f[1:])) if kind == "TDR" else f


@check("{0}: its region has a page pair")
def pair(m, call, f, reg):
    """Dynamic PAMT: the walk did not end at a 2M entry that is NDA."""
    ended_high = walked(f, reg).level == L2M and f.target == L4K
    return None if m.dynamic and ended_high and m.pamt_2m[call.address(reg) >> 21].type == NDA else f


@check("{0} is free")
def free(m, call, f, reg):
    """The walk reached its target; a 4K page is NDA and no PAMT page."""
    if walked(f, reg).level != f.target:
        return None
    if f.level != L4K:
        return f
    at = call.address(reg)
    return None if m.pamt_4k[at >> 12] != FREE or (m.dynamic and is_pamt_page(m, at)) else f


@check("the owner TDR's entry {0}", kind="lock", lock="lock_4k")
def owner(m, call, f, mode, reg="RCX"):
    """The TDR that owns the page just walked to: its leaf entry only, no walk. `mode` v1 is exclusive in version 1."""
    tdr = entry_at(m, call.address(reg), walked(f, reg).level).owner
    how = (EXCLUSIVE if call.version else SHARED) if mode == "v1" else mode
    if not (exclusive if how == EXCLUSIVE else shared)(m.lock_4k, tdr >> 12):
        return None
    return f._replace(tdr=tdr).hold("lock_4k", tdr >> 12, how, "TDR")


def owned(f: Facts) -> Facts:
    """The facts, if the TD is known by now."""
    if f.tdr < 0:
        raise ModelError("TD state", "it is read once the TDR is known and locked", "look up the TDR first")
    return f


@check("the TD is not fatal")
def not_fatal(m, call, f):
    """TDR.FATAL is clear."""
    return None if m.fatal[owned(f).tdr] else f


@check("the TD's keys are configured")
def keys(m, call, f):
    """Life-cycle state KEYS_CONFIGURED."""
    return f if m.lifecycle[owned(f).tdr] == "KEYS_CONFIGURED" else None


@check("the TD has its TDCX pages")
def tdcs(m, call, f):
    """At least the minimum number."""
    return f if len(m.tdcx[owned(f).tdr]) >= call.platform.version.tdcx else None


@check("OP_STATE lock shared", kind="lock", lock="op_lock")
def op_lock(m, call, f):
    """The lock of TDCS.OP_STATE."""
    return f.hold("op_lock", f.tdr, SHARED, "OP_STATE") if shared(m.op_lock, owned(f).tdr) else None


@check("OP_STATE allows this leaf")
def op_state(m, call, f):
    """The state is in the leaf's list; details are its number."""
    now = m.op_state[owned(f).tdr]
    return f if now in call.leaf.op_states else Broken(op_state_number(now))


@check("life cycle is {0} {1}")
def lifecycle(m, call, f, *allowed):
    """The TD's life-cycle state is one of these."""
    return f if m.lifecycle[owned(f).tdr] in allowed else None


@check("KOT lock {0}", kind="lock", lock="kot_lock")
def kot(m, call, f, mode):
    """The key ownership table, one for the module; a plain lock, without host priority."""
    got = (exclusive if mode == EXCLUSIVE else shared)(m.kot_lock, 0, False)
    return f.hold("kot_lock", 0, mode, "KOT") if got else None


@check("KET lock exclusive", kind="lock", lock="ket_lock")
def ket(m, call, f):
    """The key engine of the package."""
    package = call.platform.package_of(call.lp)
    return f.hold("ket_lock", package, EXCLUSIVE, "KET") if exclusive(m.ket_lock, package, False) else None


@check("version {0} or less")
def version(m, call, f, highest):
    """The version in RAX bits 23:16."""
    return f if call.version <= highest else None


@check("nothing on the platform is in the way: {0}")
def weather(m, call, f, name, details=None):
    """Something that no operand decides did not happen in this call."""
    return f if name not in call.weather else Broken(details)


@check("reserved bits of {0} are 0")
def flags(m, call, f, reg, reserved):
    """None of these bits is set."""
    return None if call.regs[reg] & reserved else f
