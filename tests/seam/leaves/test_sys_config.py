"""SYS.CONFIG: each rule on its edge, and which TDMR, area or level its answer names."""

import pytest

from tdxkit.seam.leaves.call import Platform
from tdxkit.seam.leaves.sys import DYNAMIC_PAMT
from tdxkit.seam.module import TDMR_LIST, Module
from tdxkit.seam.pamt import Area, Tdmr
from tdxkit.seam.versions import version
from tdxkit.units import GIB, MIB, PAGE_4K

TOP = 1 << 46  # the first address with an HKID bit
STORE = 16 * GIB  # where the PAMT areas lie
NEED = (PAGE_4K, 8 * 1024, 32 * 1024)  # bytes at 1G, 2M and for the bitmap of one GiB


def tdmr(base=0, size=GIB, reserved=(), at=STORE, **areas):
    """A TDMR of one GiB whose areas follow one another."""
    own = {"pamt_1g": Area(at, NEED[0]), "pamt_2m": Area(at + MIB, NEED[1]), "pamt_4k": Area(at + 2 * MIB, NEED[2])}
    return Tdmr(base, size, tuple(Area(*a) for a in reserved), **own | areas)


def two(second, first=None):
    """One that is right, and this one after it."""
    return (first or tdmr(at=STORE + GIB), second)


def config(tdmrs, module=None, **more):
    """What SYS.CONFIG answers: its name and its details."""
    module = module or Module(ready=False)
    if "cmrs" in more or "hkid_bits" in more:
        known = {"version": version("2.0.18"), "cmrs": ((0, 64 * GIB),)}
        module.platform = Platform(**known | {k: more.pop(k) for k in ("cmrs", "hkid_bits") if k in more})
    elif module.platform.cmrs == ((0, 2 * GIB),):
        module.platform = Platform(version("2.0.18"), cmrs=((0, 64 * GIB),))
    m = module.m
    m.sys_state, m.lp_done = "SYSINIT_DONE", dict.fromkeys(range(4), True)
    given = {"rcx": TDMR_LIST, "rdx": len(tdmrs), "r8": 32 | DYNAMIC_PAMT} | more
    module.put(given["rcx"], tdmrs)
    answer = module.call("TDH.SYS.CONFIG", **given)
    return answer.name.removeprefix("TDX_"), answer.status & 0xFFFFFF


def test_what_is_right_is_taken_and_kept():
    module = Module(ready=False)
    infos = two(tdmr(GIB))
    assert config(infos, module, r8=63 | DYNAMIC_PAMT) == ("SUCCESS", 0)
    assert module.m.tdmrs == infos and dict(module.m.kot) == {63: "RESERVED"} and module.m.tdmr_next[1] == GIB


@pytest.mark.parametrize("base, size, good", [
    (GIB, GIB, True), (GIB + PAGE_4K, GIB, False), (GIB, GIB + PAGE_4K, False), (GIB, 0, False), (GIB, -GIB, False), (TOP, GIB, False),
    (TOP - GIB, 2 * GIB, False),
])  # fmt: skip
def test_a_tdmr_is_whole_gib_below_the_hkid_bits(base, size, good):
    assert config(two(tdmr(base, size))) == (("SUCCESS", 0) if good else ("INVALID_TDMR", 1))


def test_the_last_gib_below_the_hkid_bits_has_the_shape_and_no_memory():
    assert config(two(tdmr(TOP - GIB))) == ("TDMR_OUTSIDE_CMRS", 1)


@pytest.mark.parametrize("base, said", [(0, ("NON_ORDERED_TDMR", 1)), (GIB, ("NON_ORDERED_TDMR", 1)), (2 * GIB, ("SUCCESS", 0)), (3 * GIB, ("SUCCESS", 0))])  # fmt: skip
def test_tdmrs_ascend_and_may_touch(base, said):
    first = tdmr(0, 2 * GIB, at=STORE + GIB, pamt_2m=Area(STORE + 2 * GIB, MIB), pamt_4k=Area(STORE + 3 * GIB, MIB))
    assert config(two(tdmr(base), first)) == said


@pytest.mark.parametrize("area, good", [
    ((GIB, PAGE_4K), True), ((2 * GIB - PAGE_4K, PAGE_4K), True), ((GIB, GIB), True), ((GIB - PAGE_4K, PAGE_4K), False), ((2 * GIB - PAGE_4K, 2 * PAGE_4K), False),
    ((GIB + 1, PAGE_4K), False), ((GIB, PAGE_4K + 1), False), ((GIB, 0), False),
])  # fmt: skip
def test_a_reserved_area_is_whole_pages_inside_its_tdmr(area, good):
    """Here it is the first of the second TDMR: byte 1 of the details is 0."""
    assert config(two(tdmr(GIB, reserved=[area]))) == (("SUCCESS", 0) if good else ("INVALID_RESERVED_IN_TDMR", 1))


def test_the_reserved_area_that_is_wrong_is_named():
    areas = [(GIB, PAGE_4K), (GIB + MIB, PAGE_4K), (GIB + 2 * MIB, 1)]
    assert config(two(tdmr(GIB, reserved=areas))) == ("INVALID_RESERVED_IN_TDMR", 1 | 2 << 8)


@pytest.mark.parametrize("third, good", [(2 * MIB, True), (2 * MIB - PAGE_4K, False), (0, False)])
def test_reserved_areas_ascend_and_may_touch(third, good):
    areas = [(GIB, PAGE_4K), (GIB + MIB, MIB), (GIB + third, PAGE_4K)]
    said = ("SUCCESS", 0) if good else ("NON_ORDERED_RESERVED_IN_TDMR", 1 | 2 << 8)
    assert config(two(tdmr(GIB, reserved=areas))) == said


AREAS = [("pamt_4k", 0, NEED[2]), ("pamt_2m", 1, NEED[1]), ("pamt_1g", 2, NEED[0])]


@pytest.mark.parametrize("name, level, need", AREAS)
def test_an_area_is_whole_pages_and_large_enough(name, level, need):
    wrong = ("INVALID_PAMT", 1 | level << 8)
    for area in (None, Area(STORE + 8, need), Area(STORE, need - 1), Area(TOP - PAGE_4K, need + PAGE_4K)):
        assert config(two(tdmr(GIB, **{name: area}))) == wrong
    assert config(two(tdmr(GIB, **{name: Area(TOP - need, need)}))) == ("PAMT_OUTSIDE_CMRS", 1 | level << 8)
    assert config(two(tdmr(GIB, **{name: Area(STORE + 4 * MIB, need)}))) == ("SUCCESS", 0)


def test_without_dynamic_pamt_the_4k_area_holds_every_entry():
    """16 bytes for each page."""
    for size, said in ((4 * MIB, ("SUCCESS", 0)), (4 * MIB - PAGE_4K, ("INVALID_PAMT", 0))):
        assert config((tdmr(pamt_4k=Area(STORE + 4 * MIB, size)),), r8=32) == said


@pytest.mark.parametrize("name, level, need", AREAS)
def test_an_area_overlaps_no_other_and_no_memory_that_is_used(name, level, need):
    first = tdmr(at=STORE + GIB)
    for base, other in (
        (STORE + GIB, 0),
        (GIB - PAGE_4K, 0),
        (2 * GIB - PAGE_4K, 1),
    ):  # an area of the first; a TDMR's last page
        found = config(two(tdmr(GIB, **{name: Area(base, need)}), first))
        assert found == ("PAMT_OVERLAP", 1 | level << 8 | other << 16)
    assert config(two(tdmr(GIB, **{name: Area(2 * GIB, need)}), first)) == ("SUCCESS", 0)
    hole = {"reserved": [(GIB + MIB, need)]}
    assert config(two(tdmr(GIB, **hole, **{name: Area(GIB + MIB, need)}), first)) == ("SUCCESS", 0)
    assert config(two(tdmr(GIB, **hole, **{name: Area(GIB + MIB, need + PAGE_4K)}), first))[0] == "PAMT_OVERLAP"


@pytest.mark.parametrize("name, level, need", AREAS)
def test_an_area_is_convertible_memory(name, level, need):
    """Held by one CMR, to its last byte; two that touch do not hold it together."""
    area = Area(STORE + 8 * MIB, need)
    for end, good in ((area.end, True), (area.end - 1, False)):
        cmrs = ((0, 2 * GIB), (STORE, 4 * MIB), (STORE + 4 * MIB, end - STORE - 4 * MIB), (end, 4 * GIB))
        found = config(two(tdmr(GIB, **{name: area})), cmrs=cmrs)
        assert found == (("SUCCESS", 0) if good else ("PAMT_OUTSIDE_CMRS", 1 | level << 8))


@pytest.mark.parametrize("hole, good", [(GIB + MIB, True), (GIB + MIB + PAGE_4K, False), (GIB + MIB - PAGE_4K, False)])
def test_what_is_reserved_need_not_be_convertible(hole, good):
    """Memory lacks the MiB after the first of the TDMR; its reserved area has to be just that."""
    cmrs = ((0, GIB + MIB), (GIB + 2 * MIB, 64 * GIB))
    found = config(two(tdmr(GIB, reserved=[(hole, MIB)])), cmrs=cmrs)
    assert found == (("SUCCESS", 0) if good else ("TDMR_OUTSIDE_CMRS", 1))


@pytest.mark.parametrize("end, good", [(2 * GIB, True), (2 * GIB - PAGE_4K, False)])
def test_the_last_page_of_a_tdmr_is_memory(end, good):
    found = config(two(tdmr(GIB, reserved=[(GIB, PAGE_4K)])), cmrs=((0, end), (STORE, 2 * GIB)))
    assert found == (("SUCCESS", 0) if good else ("TDMR_OUTSIDE_CMRS", 1))


R8, R9, R10, RCX, RDX, RAX = (("OPERAND_INVALID", n) for n in (8, 9, 10, 1, 2, 0))


@pytest.mark.parametrize("more, said", [
    ({"rdx": 0}, RDX), ({"rdx": 65}, RDX), ({"rdx": 64}, RCX), ({"rdx": 2}, RCX), ({"r8": 31}, R8), ({"r8": 64}, R8), ({"r8": 32 | 1 << 17}, R8),
    ({"r8": 32 | 1 << 63}, R8), ({"r9": 1}, ("SUCCESS", 0)), ({"v": 1}, ("SUCCESS", 0)), ({"v": 1, "r9": 1}, R9), ({"v": 1, "r10": 1}, R10), ({"v": 2, "r9": 1}, RAX),
    ({"rcx": 0x1100}, RCX), ({"rcx": 0x1200}, ("SUCCESS", 0)), ({"rcx": TOP}, RCX), ({"rcx": TOP - 512}, ("SUCCESS", 0)),
])  # fmt: skip
def test_the_registers(more, said):
    assert config((tdmr(),), **more) == said


@pytest.mark.parametrize("hkid_bits, mode, said", [(4, DYNAMIC_PAMT, ("SUCCESS", 0)), (3, DYNAMIC_PAMT, R8), (3, 0, ("INVALID_PAMT", 0))])  # fmt: skip
def test_a_pairs_address_has_48_bits(hkid_bits, mode, said):
    assert config((tdmr(),), hkid_bits=hkid_bits, r8=32 | mode) == said


def test_a_pointer_that_is_missing_is_rcx():
    assert config((tdmr(), None)) == RCX and config((tdmr(), None), rdx=1) == ("SUCCESS", 0)


@pytest.mark.parametrize("lp", [0, 3])
def test_every_lp_has_to_be_initialised_before(lp):
    module = Module(ready=False)
    module.m.sys_state = "SYSINIT_DONE"
    for other in {0, 1, 2, 3} - {lp}:
        module.m.lp_done[other] = True
    assert module.call("TDH.SYS.CONFIG", rcx=TDMR_LIST, rdx=1, r8=32).name == "TDX_SYS_CONFIG_NOT_PENDING"


def test_the_last_package_makes_the_module_ready():
    module = Module(ready=False, packages=2, lps=4)
    module.m.sys_state = "SYSCONFIG_DONE"
    assert module.call("TDH.SYS.KEY.CONFIG", lp=0).ok and module.m.sys_state == "SYSCONFIG_DONE"
    assert module.call("TDH.SYS.KEY.CONFIG", lp=1).name == "TDX_KEY_CONFIGURED"
    assert module.call("TDH.SYS.KEY.CONFIG", lp=2).ok and module.m.sys_state == "SYS_READY"


def test_a_package_has_its_own_locks():
    """KET and write-back are by package: those of the other one are in nobody's way."""
    module = Module(ready=False, packages=2)
    module.m.sys_state = "SYSCONFIG_DONE"
    module.m.ket_lock[1] = 1
    assert module.call("TDH.SYS.KEY.CONFIG", lp=1).ok
    assert str(module.call("TDH.SYS.KEY.CONFIG", lp=2)) == "TDX_OPERAND_BUSY|KET"


@pytest.mark.parametrize("packages, lps, firsts, of", [(1, 4, (0,), (0, 0, 0, 0)), (2, 4, (0, 2), (0, 0, 1, 1)), (3, 4, (0, 2, 3), (0, 0, 1, 2)), (4, 4, (0, 1, 2, 3), (0, 1, 2, 3))])  # fmt: skip
def test_lps_are_spread_over_packages(packages, lps, firsts, of):
    platform = Platform(version("2.0.18"), packages=packages, lps=lps)
    assert platform.one_lp_each() == firsts and tuple(map(platform.package_of, range(lps))) == of


@pytest.mark.parametrize("pa_bits, hkid_bits, limit", [(52, 6, 1 << 46), (46, 3, 1 << 43)])
def test_the_masks_of_a_platform(pa_bits, hkid_bits, limit):
    platform = Platform(version("2.0.18"), pa_bits, hkid_bits)
    assert platform.pa_limit == limit and platform.page_mask == limit - 4096 and platform.not_address == 2**64 - limit


@pytest.mark.parametrize("dynamic, step", [(True, 16 * MIB), (False, 4 * MIB)])
def test_tdmr_init_goes_on_by_4096_or_1024_pages_and_a_block_is_usable_at_its_end(dynamic, step):
    module = Module([(0, 2 * GIB)], dynamic_pamt=dynamic)
    m = module.m
    m.block.clear()
    m.tdmr_next[0] = GIB - step
    answer = module.call("TDH.SYS.TDMR.INIT", rcx=0)
    assert answer["RDX"] == GIB and m.tdmr_next[0] == GIB and not m.block[1]
    m.tdmr_next[0] = 2 * GIB - 2 * step
    assert module.call("TDH.SYS.TDMR.INIT", rcx=0)["RDX"] == GIB and not m.block[1]
    assert module.call("TDH.SYS.TDMR.INIT", rcx=0)["RDX"] == 2 * GIB and m.block[1] == 1
    assert module.call("TDH.SYS.TDMR.INIT", rcx=0).name == "TDX_TDMR_ALREADY_INITIALIZED"
