"""What each leaf changes and hands out where it succeeds, to the last key: everything else is as before."""

import pytest
from test_failure_paths import differences

from tdxkit.seam.leaves.checks_sept import children, reach
from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.pamt import EPT, FREE, PT_PAMT, REG, TDCX, TDR, TDVPR, Entry
from tdxkit.seam.scenes import (
    CONTROL,
    EMPTY,
    EMPTY_WITH_PAIR,
    FRESH,
    GPA_EMPTY_TABLE,
    GPA_FREE,
    GPA_FREE_2M,
    GPA_LARGE,
    GPA_PAGE,
    GPA_SMALL,
    LARGE,
    PAIR,
    SMALL,
    world_at,
    world_for,
)
from tdxkit.units import MIB, PAGE_2M

NEW = FRESH + 0x7000
SEPT_FREE = ("FREE", 0)


class Before:
    """A world in which a leaf succeeds, and what its tables hold before the call."""

    def __init__(self, name):
        self.world = world_for(name)
        self.m, self.tdr, self.vcpu = (
            self.world.module.m.copy(),
            self.world.td.tdr if self.world.td else 0,
            self.world.more.get("tdvpr"),
        )

    def slot(self, gpa, level):
        return reach(self.m, self.tdr, gpa, level)[0]

    def under(self, gpa, level=0):
        return self.m.sept[self.slot(gpa, level)][1]

    def comes(self, entry, page=NEW):
        """A 4K page comes into the TD."""
        count = ("count", page >> 21)
        more = {("children", self.tdr): self.m.children[self.tdr] + 1} if entry.owner else {}
        return {("pamt_4k", page >> 12): entry, count: self.m.count[count[1]] + 1, **more}

    def goes(self, page):
        """A blocked 4K page leaves it."""
        return {
            ("pamt_4k", page >> 12): FREE,
            ("count", page >> 21): self.m.count[page >> 21] - 1,
            ("children", self.tdr): self.m.children[self.tdr] - 1,
            ("bepoch", page): 0,
        }

    def gone(self, *pages):
        """The bitmap without these pages' bits, which are those of a pair."""
        bits = {}
        for page in pages:
            key = ("bitmap", page >> 21)
            bits[key] = bits.get(key, self.m.bitmap[page >> 21]) & ~(1 << (page >> 12) % 512)
        return bits


def td(b, **new):
    return {(table, b.tdr): value for table, value in new.items()}


def promoted(b):
    table, pair = b.under(GPA_SMALL, 1), b.m.pamt_2m[SMALL >> 21].pair
    return {
        **b.goes(table),
        **{("pamt_4k", (SMALL >> 12) + i): FREE for i in range(512)},
        **{("sept", slot): SEPT_FREE for slot in children(table)},
        **b.gone(*pair),
        ("pamt_2m", SMALL >> 21): Entry(REG, b.tdr),
        ("count", SMALL >> 21): 0,
        ("sept", b.slot(GPA_SMALL, 1)): ("PENDING", SMALL),
    }


def demoted(b):
    return {
        **b.comes(Entry(EPT, b.tdr)),
        **{("pamt_4k", (LARGE >> 12) + i): Entry(REG, b.tdr) for i in range(512)},
        **{("sept", NEW + 8 * i): ("PENDING", LARGE + i * 4096) for i in range(512)},
        **{("bitmap", page >> 21): 1 for page in PAIR},
        ("bepoch", LARGE | 1): 0,
        ("pamt_2m", LARGE >> 21): Entry(PT_PAMT, 0, PAIR),
        ("count", LARGE >> 21): 512,
        ("sept", b.slot(GPA_LARGE, 1)): ("NL_MAPPED", NEW),
    }


def relocated(b):
    old = b.under(GPA_PAGE)
    leaves_alone = {k: v for k, v in b.goes(old).items() if k[0] != "children"}
    comes = {k: v for k, v in b.comes(Entry(REG, b.tdr)).items() if k[0] != "children"}
    return leaves_alone | comes | {("sept", b.slot(GPA_PAGE, 0)): ("MAPPED", NEW)}


CHANGES = {
    "TDH.SYS.INIT": lambda b: {("sys_state", None): "SYSINIT_DONE"},
    "TDH.SYS.LP.INIT": lambda b: {("lp_done", 0): True},
    "TDH.SYS.CONFIG": lambda b: {
        ("sys_state", None): "SYSCONFIG_DONE",
        ("dynamic", None): True,
        ("tdmrs", None): b.world.module.tdmr_infos,
        ("kot", 32): "RESERVED",
    },
    "TDH.SYS.KEY.CONFIG": lambda b: {("package_keyed", 0): True, ("sys_state", None): "SYS_READY"},
    "TDH.SYS.TDMR.INIT": lambda b: {("tdmr_next", 0): 16 * MIB},
    "TDH.MNG.CREATE": lambda b: {
        **b.comes(Entry(TDR)),
        ("lifecycle", NEW): "HKID_ASSIGNED",
        ("hkid", NEW): 40,
        ("kot", 40): "ASSIGNED",
    },
    "TDH.MNG.KEY.CONFIG": lambda b: td(b, keyed_on=(0,), lifecycle="KEYS_CONFIGURED"),
    "TDH.MNG.ADDCX": lambda b: b.comes(Entry(TDCX, b.tdr)) | td(b, tdcx=(NEW,)),
    "TDH.MNG.INIT": lambda b: td(b, op_state="INITIALIZED", epoch=1, eptp=b.m.tdcx[b.tdr][6], max_vcpus=64),
    "TDH.VP.CREATE": lambda b: b.comes(Entry(TDVPR, b.tdr)) | {("vcpu", NEW): "UNINITIALIZED"},
    "TDH.VP.ADDCX": lambda b: b.comes(Entry(TDCX, b.tdr)) | {("vcpu_pages", b.vcpu): (NEW,)},
    "TDH.VP.INIT": lambda b: {
        ("vcpu", b.vcpu): "READY",
        ("vcpu_lp", b.vcpu): 0,
        **td(b, apic_ids=(0,), vcpus=1, associated=1),
    },
    "TDH.MEM.SEPT.ADD": lambda b: b.comes(Entry(EPT, b.tdr)) | {("sept", b.slot(GPA_FREE_2M, 1)): ("NL_MAPPED", NEW)},
    "TDH.MEM.SEPT.REMOVE": lambda b: (
        b.goes(b.under(GPA_EMPTY_TABLE, 1)) | {("sept", b.slot(GPA_EMPTY_TABLE, 1)): SEPT_FREE}
    ),
    "TDH.MEM.PAGE.ADD": lambda b: {
        **b.comes(Entry(REG, b.tdr)),
        ("sept", b.slot(GPA_FREE, 0)): ("MAPPED", NEW),
        **td(b, mrtd=b.m.mrtd[b.tdr] + 1),
    },
    "TDH.MEM.PAGE.AUG": lambda b: b.comes(Entry(REG, b.tdr)) | {("sept", b.slot(GPA_FREE, 0)): ("PENDING", NEW)},
    "TDH.MEM.PAGE.REMOVE": lambda b: b.goes(b.under(GPA_PAGE)) | {("sept", b.slot(GPA_PAGE, 0)): SEPT_FREE},
    "TDH.MEM.PAGE.PROMOTE": promoted,
    "TDH.MEM.PAGE.DEMOTE": demoted,
    "TDH.MEM.PAGE.RELOCATE": relocated,
    "TDH.MR.EXTEND": lambda b: td(b, mrtd=b.m.mrtd[b.tdr] + 1),
    "TDH.MR.FINALIZE": lambda b: td(b, op_state="RUNNABLE"),
    "TDH.MEM.RANGE.BLOCK": lambda b: {
        ("sept", b.slot(GPA_PAGE, 0)): ("BLOCKED", b.under(GPA_PAGE)),
        ("bepoch", b.under(GPA_PAGE)): 1,
    },
    "TDH.MEM.RANGE.UNBLOCK": lambda b: {("sept", b.slot(GPA_PAGE, 0)): ("MAPPED", b.under(GPA_PAGE))},
    "TDH.MEM.TRACK": lambda b: td(b, epoch=2),
    "TDH.VP.ENTER": lambda b: {},
    "TDH.VP.FLUSH": lambda b: {("vcpu_lp", b.vcpu): None, ("associated", b.tdr): 0},
    "TDH.MNG.VPFLUSHDONE": lambda b: {**td(b, lifecycle="BLOCKED"), ("kot", 33): "FLUSHED", ("wb_owed", 33): (0,)},
    "TDH.PHYMEM.CACHE.WB": lambda b: {("wb_owed", 33): ()},
    "TDH.MNG.KEY.FREEID": lambda b: {**td(b, lifecycle="TEARDOWN", hkid=None), ("kot", 33): "FREE"},
    "TDH.PHYMEM.PAGE.RECLAIM": lambda b: {k: v for k, v in b.goes(SMALL + 0x5000).items() if k[0] != "bepoch"},
    "TDH.PHYMEM.PAGE.WBINVD": lambda b: {},
    "TDH.PHYMEM.PAGE.RDMD": lambda b: {},
    "TDH.PHYMEM.PAMT.ADD": lambda b: {
        ("pamt_2m", EMPTY >> 21): Entry(PT_PAMT, 0, PAIR),
        **{("bitmap", page >> 21): 1 for page in PAIR},
    },
    "TDH.PHYMEM.PAMT.REMOVE": lambda b: {
        ("pamt_2m", EMPTY_WITH_PAIR >> 21): FREE,
        **b.gone(*b.m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair),
    },
}
# What comes back beside the status; the other leaves hand out nothing.
OUT = {
    "TDH.SYS.TDMR.INIT": lambda b: {"RDX": 0},
    "TDH.MEM.SEPT.REMOVE": lambda b: {"RCX": b.under(GPA_EMPTY_TABLE, 1)},
    "TDH.MEM.PAGE.REMOVE": lambda b: {"RCX": b.under(GPA_PAGE)},
    "TDH.MEM.PAGE.RELOCATE": lambda b: {"RCX": b.under(GPA_PAGE)},
    "TDH.MEM.PAGE.PROMOTE": lambda b: dict(
        zip(("RCX", "R12", "R13"), (b.under(GPA_SMALL, 1), *b.m.pamt_2m[SMALL >> 21].pair))
    ),
    "TDH.PHYMEM.PAGE.RECLAIM": lambda b: {"RCX": 3, "RDX": b.tdr, "R8": 0, "R9": 0},
    "TDH.PHYMEM.PAGE.RDMD": lambda b: {"RCX": 0, "RDX": 0, "R8": 0, "R9": 0},
    "TDH.PHYMEM.PAMT.REMOVE": lambda b: dict(zip(("RDX", "R8"), b.m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair)),
}


def test_every_leaf_is_in_the_table():
    assert set(CHANGES) == set(leaves()) and set(OUT) < set(leaves())


@pytest.mark.parametrize("name", CHANGES)
def test_a_leaf_changes_this_and_hands_out_that_and_nothing_else(name):
    b = Before(name)
    answer = b.world.module.call(name, **b.world.operands(name))
    assert answer.ok and dict(answer.regs) == OUT.get(name, lambda b: {})(b)
    found = {key: now for key, (_, now) in differences(b.world.module.m, b.m).items()}
    assert found == CHANGES[name](b)


def test_a_2m_page_comes_and_goes_with_512_children_and_no_page_count():
    world = world_at("runnable")
    module, tdr = world.module, world.td.tdr
    before, given = module.m.copy(), world.operands("TDH.MEM.PAGE.AUG 2M")
    assert given == {"rcx": GPA_FREE_2M | 1, "rdx": tdr, "r8": EMPTY} and module.call("TDH.MEM.PAGE.AUG", **given).ok
    slot = reach(module.m, tdr, GPA_FREE_2M, 1)[0]
    assert {k: now for k, (_, now) in differences(module.m, before).items()} == {
        ("pamt_2m", EMPTY >> 21): Entry(REG, tdr),
        ("children", tdr): before.children[tdr] + 512,
        ("sept", slot): ("PENDING", EMPTY),
    }
    assert module.call("TDH.MEM.RANGE.BLOCK", rcx=GPA_FREE_2M | 1, rdx=tdr).ok
    assert module.m.bepoch[EMPTY | 1] == 1 and module.call("TDH.MEM.TRACK", rcx=tdr).ok
    answer = module.call("TDH.MEM.PAGE.REMOVE", rcx=GPA_FREE_2M | 1, rdx=tdr)
    assert answer.ok and dict(answer.regs) == {"RCX": EMPTY}
    assert {k[0] for k in differences(module.m, before)} == {"epoch"}


def test_reclaim_of_a_2m_page_and_of_a_vcpus_pages():
    """A TDVPR takes what is known of its vCPU along, a root or table what it held."""
    world = world_at("in teardown")
    module, tdr, m = world.module, world.td.tdr, world.module.m
    children_before, region = m.children[tdr], m.count[CONTROL >> 21]
    answer = module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=LARGE)
    assert dict(answer.regs) == {"RCX": REG, "RDX": tdr, "R8": 1, "R9": 0}
    assert m.children[tdr] == children_before - 512 and m.pamt_2m[LARGE >> 21] == FREE and not m.bepoch[LARGE | 1]
    tdvpr, root = world.more["tdvpr"], m.eptp[tdr]
    assert module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=tdvpr)["RCX"] == TDVPR
    assert not m.vcpu[tdvpr] and not m.vcpu_pages[tdvpr] and m.count[CONTROL >> 21] == region - 1
    other = next(page for page in m.tdcx[tdr] if page != root)
    held = {slot: m.sept[slot] for slot in children(root)}
    assert any(entry != SEPT_FREE for entry in held.values())
    assert module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=other)["RCX"] == TDCX
    assert {slot: m.sept[slot] for slot in children(root)} == held, "only the root's own page takes them along"
    assert module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=root).ok
    assert all(m.sept[slot] == SEPT_FREE for slot in children(root))


def test_the_tdr_takes_along_what_was_known_of_the_td():
    world = world_at("in teardown")
    module, tdr, m = world.module, world.td.tdr, world.module.m
    m.children[tdr] = 0
    answer = module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=tdr)
    assert answer.ok and dict(answer.regs) == {"RCX": TDR, "RDX": 0, "R8": 0, "R9": 0}
    kept = [name for name, key in m.snapshot() if key == tdr and name not in ("shared", "sept")]
    assert kept == [] and m.pamt_4k[tdr >> 12] == FREE


def test_rdmd_of_a_page_below_a_2m_page_and_of_its_epoch():
    """The walk stops at the 2M entry; BEPOCH is that of the whole page, at its level."""
    world = world_at("blocked and tracked")
    for rcx in (LARGE | 1, LARGE + PAGE_2M - 0x1000):
        answer = world.module.call("TDH.PHYMEM.PAGE.RDMD", rcx=rcx)
        assert dict(answer.regs) == {"RCX": REG, "RDX": world.td.tdr, "R8": 1, "R9": 1}
    answer = world.module.call("TDH.PHYMEM.PAGE.RDMD", rcx=LARGE | 2)
    assert dict(answer.regs) == {"RCX": 0, "RDX": 0, "R8": 2, "R9": 0}
