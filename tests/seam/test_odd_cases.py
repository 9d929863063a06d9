"""Each odd case its exact status; who can miss a pair; where the removal hint appears, and where not."""

import pytest

from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.locks import describe
from tdxkit.seam.pamt import NDA, PT_PAMT, REG, Entry
from tdxkit.seam.scenes import (
    CONTROL,
    EMPTY,
    EMPTY_WITH_PAIR,
    FRESH,
    GPA_FREE_2M,
    LARGE,
    PAIR,
    SMALL,
    world_at,
    world_for,
)
from tdxkit.status import code, with_operand
from tdxkit.units import GIB, PAGE_2M

HINT = 1 << 62
ADD, REMOVE = "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE"

# What the cover letter lists, and the ninth that the code has.
MISSING = {
    "TDH.MNG.CREATE": "RCX", "TDH.MNG.ADDCX": "RCX", "TDH.VP.CREATE": "RCX", "TDH.VP.ADDCX": "RCX", "TDH.MEM.PAGE.ADD": "R8",
    "TDH.MEM.PAGE.AUG": "R8", "TDH.MEM.PAGE.DEMOTE": "R8", "TDH.MEM.PAGE.RELOCATE": "R8", "TDH.MEM.SEPT.ADD": "R8",
}  # fmt: skip


@pytest.mark.parametrize("name", MISSING)
def test_a_new_page_in_a_region_without_a_pair_is_refused_and_nothing_changes(name):
    world = world_for(name)
    before = world.module.m.snapshot()
    result = world.module.call(name, **world.operands(name, region=EMPTY))
    assert result.status == with_operand("TDX_MISSING_PAMT_PAGE_PAIR", MISSING[name])
    assert world.module.m.snapshot() == before


def test_no_other_leaf_answers_missing_pair():
    able = {
        n for n, leaf in leaves().items() if any(c.spec["status"] == "TDX_MISSING_PAMT_PAGE_PAIR" for c in leaf.checks)
    }
    assert able == set(MISSING)
    for name in set(leaves()) - able:
        world = world_for(name)
        assert "MISSING" not in world.module.call(name, **world.operands(name, region=EMPTY)).name


def test_static_mode_needs_no_pair_and_refuses_pamt_leaves():
    from tdxkit.seam.module import Module
    from tdxkit.seam.td import HostPages, SimpleTd

    module = Module([(0, 2 * GIB)], dynamic_pamt=False)
    td = SimpleTd(module, HostPages(module)).build().run()
    page = td.grow(0)
    assert module.m.pamt_2m[page >> 21].type == NDA and module.m.pamt_4k[page >> 12] == Entry(REG, td.tdr)
    for name in (ADD, REMOVE):
        assert module.call(name, rcx=GIB | 1, rdx=0x1000, r8=0x2000).status == with_operand(
            "TDX_OPERAND_INVALID", "RAX"
        )


def test_wbinvd_works_without_a_pair_and_reclaim_does_not_find_a_page():
    module = world_at("runnable").module
    assert module.call("TDH.PHYMEM.PAGE.WBINVD", rcx=EMPTY + 0x3000).ok
    found = module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=EMPTY + 0x3000)
    assert found.status == with_operand("TDX_PAGE_METADATA_INCORRECT", "RCX")


HINTS = {
    "TDH.MEM.SEPT.REMOVE": "RCX", "TDH.MEM.PAGE.REMOVE": "RCX", "TDH.MEM.PAGE.PROMOTE": "RCX", "TDH.MEM.PAGE.RELOCATE": "RCX",
    "TDH.PHYMEM.PAGE.RECLAIM": "R9",
}  # fmt: skip


@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("name", HINTS)
def test_the_hint_is_bit_62_when_the_count_goes_to_zero_and_only_then(name, others):
    """The count is set beforehand, as if `others` more pages of the region were in use."""
    world = world_for(name)
    given, m = world.operands(name), world.module.m
    page = {
        "TDH.MEM.SEPT.REMOVE": m.sept[_slot(world, 0x60_0000, 1)][1],
        "TDH.MEM.PAGE.PROMOTE": m.sept[_slot(world, 0x40_0000, 1)][1],
        "TDH.PHYMEM.PAGE.RECLAIM": given["rcx"],
    }.get(name, m.sept[_slot(world, 0, 0)][1])
    m.count[page >> 21] = 1 + others
    result = world.module.call(name, **given)
    assert result.ok and m.count[page >> 21] == others
    assert leaves()[name].spec["hint"] == HINTS[name]
    assert [r for r, v in result.regs.items() if v & HINT] == ([HINTS[name]] if others == 0 else [])
    if name != "TDH.PHYMEM.PAGE.RECLAIM":
        assert result["RCX"] & ~HINT == page


def _slot(world, gpa, level):
    from tdxkit.seam.leaves.checks_sept import reach

    return reach(world.module.m, world.td.tdr, gpa, level)[0]


def test_exactly_five_leaves_hint():
    assert {n for n, leaf in leaves().items() if leaf.spec.get("hint")} == set(HINTS)


def test_pair_pages_inside_their_own_region_are_taken():
    module = world_at("ready").module
    assert module.call(ADD, rcx=EMPTY | 1, rdx=EMPTY + 0x1000, r8=EMPTY + 0x2000).ok
    assert module.m.bitmap[EMPTY >> 21] == 0b110
    # they are PAMT pages now: no TD gets them, and RDMD says so
    taken = module.call("TDH.MNG.CREATE", rcx=EMPTY + 0x1000, rdx=40)
    assert taken.status == with_operand("TDX_PAGE_METADATA_INCORRECT", "RCX")
    assert module.call("TDH.PHYMEM.PAGE.RDMD", rcx=EMPTY + 0x2000)["RCX"] == PT_PAMT
    out = module.call(REMOVE, rcx=EMPTY | 1)
    assert out.ok and (out["RDX"], out["R8"]) == (EMPTY + 0x1000, EMPTY + 0x2000)
    assert not module.m.bitmap[EMPTY >> 21]


def test_one_page_twice_fails_at_the_second_and_leaves_no_bit_set():
    module = world_at("ready").module
    result = module.call(ADD, rcx=EMPTY | 1, rdx=PAIR[0], r8=PAIR[0])
    assert result.status == with_operand("TDX_PAGE_NOT_FREE", "R8")
    assert not module.m.bitmap[PAIR[0] >> 21] and module.m.pamt_2m[EMPTY >> 21].type == NDA


@pytest.mark.parametrize("reg", ["rdx", "r8"])
def test_a_page_of_another_pair_is_not_free(reg):
    module = world_at("ready").module
    other = module.m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair[0]
    given = {"rcx": EMPTY | 1, "rdx": PAIR[0], "r8": PAIR[1]} | {reg: other}
    assert module.call(ADD, **given).status == with_operand("TDX_PAGE_NOT_FREE", reg.upper())
    assert not module.m.bitmap[PAIR[0] >> 21]


def test_a_page_in_use_is_no_pair_page():
    world = world_at("runnable")
    result = world.module.call(ADD, rcx=EMPTY | 1, rdx=world.td.tdr, r8=PAIR[1])
    assert result.status == with_operand("TDX_PAGE_NOT_FREE", "RDX")


@pytest.mark.parametrize("region", [EMPTY_WITH_PAIR, LARGE, SMALL])
def test_add_where_there_is_a_pair_or_a_2m_page(region):
    module = world_at("runnable").module
    result = module.call(ADD, rcx=region | 1, rdx=PAIR[0], r8=PAIR[1])
    assert result.status == with_operand("TDX_HPA_RANGE_NOT_FREE", "RCX")


@pytest.mark.parametrize(
    "region, expected",
    [(EMPTY, with_operand("TDX_NO_PAMT_PAGE_PAIR", "RCX")), (LARGE, with_operand("TDX_NO_PAMT_PAGE_PAIR", "RCX")),
     (SMALL, code("TDX_PAMT_PAGE_NOT_EMPTY")), (CONTROL, code("TDX_PAMT_PAGE_NOT_EMPTY"))],
)  # fmt: skip
def test_remove_of_a_used_or_pairless_region(region, expected):
    assert world_at("runnable").module.call(REMOVE, rcx=region | 1).status == expected


def test_not_empty_names_the_page_of_the_pair():
    world = world_at("runnable")
    assert world.module.call("TDH.MEM.PAGE.AUG", rcx=0x2000, rdx=world.td.tdr, r8=FRESH + 256 * 4096).ok
    answer = world.module.call(REMOVE, rcx=FRESH | 1)
    assert answer.status == code("TDX_PAMT_PAGE_NOT_EMPTY") | 1
    assert str(answer) == "TDX_PAMT_PAGE_NOT_EMPTY|1"  # the second page of the pair, not RCX


def test_2m_aug_refuses_a_pair_and_takes_none():
    world = world_at("runnable")
    given = {"rcx": GPA_FREE_2M | 1, "rdx": world.td.tdr}
    refused = world.module.call("TDH.MEM.PAGE.AUG", **given, r8=EMPTY_WITH_PAIR)
    assert refused.status == with_operand("TDX_PAGE_METADATA_INCORRECT", "R8")
    assert world.module.call(REMOVE, rcx=EMPTY_WITH_PAIR | 1).ok
    assert world.module.call("TDH.MEM.PAGE.AUG", **given, r8=EMPTY_WITH_PAIR).ok
    assert world.module.m.pamt_2m[EMPTY_WITH_PAIR >> 21] == Entry(REG, world.td.tdr)


def test_demote_takes_the_pair_in_r12_r13_and_promote_gives_it_back():
    world = world_at("blocked and tracked")
    module, m, td = world.module, world.module.m, world.td
    assert module.call("TDH.MEM.PAGE.DEMOTE", **world.operands("TDH.MEM.PAGE.DEMOTE")).ok
    assert m.pamt_2m[LARGE >> 21] == Entry(PT_PAMT, 0, PAIR) and m.count[LARGE >> 21] == 512
    assert all(m.pamt_4k[(LARGE >> 12) + i] == Entry(REG, td.tdr) for i in range(512))
    assert [m.bitmap[p >> 21] for p in PAIR] == [1, 1]
    module.call("TDH.MEM.RANGE.BLOCK", rcx=0x20_0001, rdx=td.tdr)
    module.call("TDH.MEM.TRACK", rcx=td.tdr)
    back = module.call("TDH.MEM.PAGE.PROMOTE", rcx=0x20_0001, rdx=td.tdr)
    assert back.ok and (back["R12"], back["R13"]) == PAIR and not m.count[LARGE >> 21]
    assert m.pamt_2m[LARGE >> 21] == Entry(REG, td.tdr) and [m.bitmap[p >> 21] for p in PAIR] == [0, 0]
    assert module.call(REMOVE, rcx=LARGE | 1).status == with_operand("TDX_NO_PAMT_PAGE_PAIR", "RCX")


@pytest.mark.parametrize(
    "pair, expected",
    [((LARGE, PAIR[1]), "TDX_OPERAND_BUSY|R12"), ((PAIR[0], LARGE + 0x1000), "TDX_OPERAND_BUSY|R13"),
     ((PAIR[0], PAIR[0]), "TDX_PAGE_NOT_FREE|R13"), ((SMALL, PAIR[1]), "TDX_PAGE_NOT_FREE|R12")],
)  # fmt: skip
def test_demote_with_a_pair_it_cannot_take(pair, expected):
    world = world_at("blocked and tracked")
    given = world.operands("TDH.MEM.PAGE.DEMOTE") | {"r12": pair[0], "r13": pair[1]}
    before = {k: v for k, v in world.module.m.snapshot().items() if not k[0].startswith("lock")}
    name, operand = expected.split("|")
    assert world.module.call("TDH.MEM.PAGE.DEMOTE", **given).status == with_operand(name, operand)
    after = {k: v for k, v in world.module.m.snapshot().items() if not k[0].startswith("lock")}
    assert after == before


def test_one_gib_page_needs_no_pair():
    """512 pages of 2M promoted to 1G and split again: R12 and R13 are not looked at."""
    from tdxkit.seam.module import Module
    from tdxkit.seam.td import HostPages, SimpleTd

    module = Module([(0, 4 * GIB)])
    td = SimpleTd(module, HostPages(module)).build().run()
    for i in range(512):
        td.sept(i * PAGE_2M, 1)
        assert module.call("TDH.MEM.PAGE.AUG", rcx=i * PAGE_2M | 1, rdx=td.tdr, r8=2 * GIB + i * PAGE_2M).ok
    td.block(0, 2)
    assert module.call("TDH.MEM.PAGE.PROMOTE", rcx=2, rdx=td.tdr).ok
    assert module.m.pamt_1g[2] == Entry(REG, td.tdr) and module.m.pamt_2m[2 * 512].type == NDA
    assert module.call(ADD, rcx=2 * GIB | 1, rdx=0x1000, r8=0x2000).status == with_operand(
        "TDX_HPA_RANGE_NOT_FREE", "RCX"
    )
    td.block(0, 2)
    assert module.call("TDH.MEM.PAGE.DEMOTE", rcx=2, rdx=td.tdr, r8=td.host.page(), r12=1, r13=1).ok
    assert module.m.pamt_1g[2].type == NDA and module.m.pamt_2m[2 * 512 + 511] == Entry(REG, td.tdr)


def test_a_racing_loser_sees_busy_not_missing_pair():
    world = world_at("runnable")
    first = world.module.begin("TDH.MEM.PAGE.AUG", **world.operands("TDH.MEM.PAGE.AUG", region=EMPTY))
    first.until("R8: its region has a page pair")
    second = world.module.call("TDH.PHYMEM.PAGE.RDMD", rcx=EMPTY)
    assert second.status == with_operand("TDX_OPERAND_BUSY", "RCX")
    assert first.finish().status == with_operand("TDX_MISSING_PAMT_PAGE_PAIR", "R8")
    assert describe(world.module.m.lock_2m[EMPTY >> 21]) == "free, host priority"


def test_a_running_vcpu_hides_not_empty_behind_busy():
    world = world_at("runnable")
    running = world.module.enter(world.more["tdvpr"])
    assert world.module.call(REMOVE, rcx=CONTROL | 1).status == with_operand("TDX_OPERAND_BUSY", "RCX")
    assert running.finish().ok and not world.module.m.inside[world.td.tdr]
    assert world.module.call(REMOVE, rcx=CONTROL | 1).name == "TDX_PAMT_PAGE_NOT_EMPTY"
