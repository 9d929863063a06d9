"""A TD's life in its details: epochs and tracking, association and flush, packages, Secure-EPT states, parameters."""

import pytest

from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import EPT, PT_PAMT, REG, Entry
from tdxkit.seam.params import TdParams
from tdxkit.seam.scenes import FRESH, LARGE, SMALL, world_at, world_for
from tdxkit.seam.td import HostPages, SimpleTd
from tdxkit.status import with_operand
from tdxkit.units import GIB, MIB


@pytest.fixture
def td():
    module = Module([(0, GIB)], packages=2)
    td = SimpleTd(module, HostPages(module)).build(vcpus=2).run()
    td.grow(0)
    return td


def call(td, name, **given):
    return str(td.module.call(f"TDH.{name}", **given))


def remove(td):
    return call(td, "MEM.PAGE.REMOVE", rcx=0, rdx=td.tdr)


def test_nothing_leaves_a_running_td_before_block_track_and_kick(td):
    first = td.module.enter(td.vcpus[0])
    assert remove(td) == "TDX_GPA_RANGE_NOT_BLOCKED|RCX"
    assert call(td, "MEM.RANGE.BLOCK", rcx=0, rdx=td.tdr) == "TDX_SUCCESS"
    assert remove(td) == "TDX_TLB_TRACKING_NOT_DONE|RCX"
    assert call(td, "MEM.TRACK", rcx=td.tdr) == "TDX_SUCCESS" and td.m.epoch[td.tdr] == 2
    assert remove(td) == "TDX_TLB_TRACKING_NOT_DONE|RCX"  # the vCPU of the old epoch is still inside
    assert call(td, "MEM.TRACK", rcx=td.tdr) == "TDX_PREVIOUS_TLB_EPOCH_BUSY"
    second = td.module.enter(td.vcpus[1])  # enters in the new epoch and is in nobody's way
    assert td.m.inside[td.tdr] == (1, 2)
    first.finish()
    assert td.m.inside[td.tdr] == (2,)
    assert remove(td) == "TDX_SUCCESS"
    second.finish()
    assert td.m.inside[td.tdr] == ()


def test_two_epochs_later_nobody_needs_to_be_asked(td):
    td.block(0)
    assert call(td, "MEM.TRACK", rcx=td.tdr) == "TDX_SUCCESS" and td.m.epoch[td.tdr] == 3
    td.module.enter(td.vcpus[0])
    assert remove(td) == "TDX_SUCCESS"


def test_block_unblock_and_twice(td):
    slot = reach(td.m, td.tdr, 0, 0)[0]
    assert call(td, "MEM.RANGE.BLOCK", rcx=0, rdx=td.tdr) == "TDX_SUCCESS" and td.m.sept[slot][0] == "PENDING_BLOCKED"
    assert call(td, "MEM.RANGE.BLOCK", rcx=0, rdx=td.tdr) == "TDX_GPA_RANGE_ALREADY_BLOCKED|RCX"
    call(td, "MEM.TRACK", rcx=td.tdr)
    assert call(td, "MEM.RANGE.UNBLOCK", rcx=0, rdx=td.tdr) == "TDX_SUCCESS" and td.m.sept[slot][0] == "PENDING"
    assert call(td, "MEM.RANGE.UNBLOCK", rcx=0, rdx=td.tdr) == "TDX_EPT_ENTRY_STATE_INCORRECT|RCX"


def test_a_vcpu_belongs_to_one_lp_until_it_is_flushed(td):
    vcpu = td.vcpus[0]
    assert td.m.associated[td.tdr] == 2  # by VP.INIT
    assert call(td, "VP.ENTER", rcx=vcpu, lp=1) == "TDX_VCPU_ASSOCIATED"
    assert call(td, "VP.FLUSH", rcx=vcpu, lp=1) == "TDX_VCPU_NOT_ASSOCIATED"
    assert call(td, "VP.FLUSH", rcx=vcpu) == "TDX_SUCCESS" and td.m.associated[td.tdr] == 1
    assert td.module.call("TDH.VP.ENTER", rcx=vcpu, lp=1).ok and td.m.associated[td.tdr] == 2
    assert call(td, "VP.FLUSH", rcx=td.vcpus[1]) == "TDX_SUCCESS"
    assert call(td, "MNG.VPFLUSHDONE", rcx=td.tdr) == "TDX_FLUSHVP_NOT_DONE"
    assert call(td, "VP.FLUSH", rcx=vcpu, lp=1) == "TDX_SUCCESS"
    assert call(td, "MNG.VPFLUSHDONE", rcx=td.tdr) == "TDX_SUCCESS"


def test_the_exit_reason_is_in_the_status(td):
    result = td.module.call("TDH.VP.ENTER", rcx=td.vcpus[0])
    assert result.ok and result.status == 1 and result.operand == ""


def test_every_package_has_its_key_and_its_write_back():
    module = Module([(0, GIB)], packages=2)
    host = HostPages(module)
    tdr = host.page()
    module.call("TDH.MNG.CREATE", rcx=tdr, rdx=40)
    assert module.m.kot[40] == "ASSIGNED" and module.call("TDH.MNG.KEY.CONFIG", rcx=tdr, lp=0).ok
    assert str(module.call("TDH.MNG.KEY.CONFIG", rcx=tdr, lp=1)) == "TDX_KEY_CONFIGURED"  # the same package
    assert str(module.call("TDH.MNG.ADDCX", rcx=host.page(), rdx=tdr)) == "TDX_TD_KEYS_NOT_CONFIGURED"
    assert module.call("TDH.MNG.KEY.CONFIG", rcx=tdr, lp=2).ok and module.m.lifecycle[tdr] == "KEYS_CONFIGURED"
    assert module.call("TDH.MNG.VPFLUSHDONE", rcx=tdr).ok and module.m.kot[40] == "FLUSHED"
    assert str(module.call("TDH.PHYMEM.CACHE.WB", rcx=1)) == "TDX_WBCACHE_RESUME_ERROR"
    assert str(module.call("TDH.PHYMEM.CACHE.WB", weather=["interrupt"])) == "TDX_INTERRUPTED_RESUMABLE"
    assert module.call("TDH.PHYMEM.CACHE.WB", rcx=1).ok and module.m.wb_owed[40] == (1,)
    assert str(module.call("TDH.MNG.KEY.FREEID", rcx=tdr)) == "TDX_WBCACHE_NOT_COMPLETE"
    assert module.call("TDH.PHYMEM.CACHE.WB", lp=3).ok and module.call("TDH.MNG.KEY.FREEID", rcx=tdr).ok
    assert module.m.kot[40] == "FREE" and module.m.lifecycle[tdr] == "TEARDOWN"
    assert str(module.call("TDH.PHYMEM.CACHE.WB")) == "TDX_NO_HKID_READY_TO_WBCACHE"
    assert module.call("TDH.MNG.CREATE", rcx=host.page(), rdx=40).ok


def test_a_td_may_go_before_it_has_keys():
    world = world_at("created")
    assert world.module.call("TDH.MNG.VPFLUSHDONE", rcx=world.td.tdr).ok


def test_the_tdr_goes_last():
    world = world_at("in teardown")
    assert str(world.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=world.td.tdr)) == "TDX_TD_ASSOCIATED_PAGES_EXIST"
    large = world.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=LARGE)
    assert large.ok and (large["RCX"], large["R8"], large["R9"]) == (REG, 1, 0)
    assert str(world.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=SMALL + 4096)) == "TDX_SUCCESS"


def test_rdmd_tells_what_the_pamt_holds():
    world = world_at("runnable")
    m, tdr = world.module.m, world.td.tdr
    r = world.module.call("TDH.PHYMEM.PAGE.RDMD", rcx=FRESH | 1)
    assert r["RCX"] == PT_PAMT | 1 << 63 and (r["R10"], r["R11"]) == m.pamt_2m[FRESH >> 21].pair and r["R8"] == 1
    r = world.module.call("TDH.PHYMEM.PAGE.RDMD", rcx=LARGE + 0x1000)
    assert (r["RCX"], r["RDX"], r["R8"]) == (REG, tdr, 1)
    page = m.sept[reach(m, tdr, 0, 1)[0]][1]
    assert world.module.call("TDH.PHYMEM.PAGE.RDMD", rcx=page)["RCX"] == EPT
    world.module.call("TDH.MEM.RANGE.BLOCK", rcx=0, rdx=tdr)
    page = m.sept[reach(m, tdr, 0, 0)[0]][1]
    assert world.module.call("TDH.PHYMEM.PAGE.RDMD", rcx=page)["R9"] == m.epoch[tdr] == 1


def test_sept_add_over_an_existing_page():
    world = world_at("runnable")
    given = {"rcx": 1, "rdx": world.td.tdr, "r8": FRESH + 0x9000}
    assert str(world.module.call("TDH.MEM.SEPT.ADD", **given)) == "TDX_EPT_ENTRY_STATE_INCORRECT|RCX"
    before = world.module.m.snapshot()
    assert world.module.call("TDH.MEM.SEPT.ADD", **given | {"rdx": world.td.tdr | 1}).ok
    assert world.module.m.snapshot() == before


def test_a_failed_walk_says_where_it_ended():
    world = world_at("runnable")
    r = world.module.call("TDH.MEM.PAGE.AUG", rcx=100 * GIB, rdx=world.td.tdr, r8=FRESH + 0x9000)
    assert str(r) == "TDX_EPT_WALK_FAILED|RCX" and (r["RCX"], r["RDX"]) == (0, 2)


@pytest.mark.parametrize("state, moved", [("MAPPED", "MAPPED"), ("PENDING", "PENDING")])
def test_relocate_keeps_whether_the_guest_has_accepted(state, moved):
    world = world_for("TDH.MEM.PAGE.RELOCATE")
    m, tdr = world.module.m, world.td.tdr
    slot = reach(m, tdr, 0, 0)[0]
    old = m.sept[slot][1]
    m.sept[slot] = (state if state == "MAPPED" else "PENDING_BLOCKED", old) if state == "PENDING" else ("BLOCKED", old)
    r = world.module.call("TDH.MEM.PAGE.RELOCATE", **world.operands("TDH.MEM.PAGE.RELOCATE"))
    assert r["RCX"] & ~(1 << 62) == old and m.sept[slot] == (moved, FRESH + 0x7000)
    assert m.pamt_4k[old >> 12].type == 0 and m.pamt_4k[(FRESH + 0x7000) >> 12] == Entry(REG, tdr)


@pytest.mark.parametrize("i, entry", [(0, ("MAPPED", SMALL)), (3, ("PENDING", SMALL + 0x4000)), (511, ("FREE", 0)), (7, ("PENDING_BLOCKED", SMALL + 0x7000))])  # fmt: skip
def test_promote_wants_512_alike(i, entry):
    world = world_for("TDH.MEM.PAGE.PROMOTE")
    m = world.module.m
    table = m.sept[reach(m, world.td.tdr, 4 * MIB, 1)[0]][1]
    m.sept[table + 8 * i] = entry
    r = world.module.call("TDH.MEM.PAGE.PROMOTE", **world.operands("TDH.MEM.PAGE.PROMOTE"))
    assert r.status == with_operand("TDX_EPT_INVALID_PROMOTE_CONDITIONS", "RCX")


def test_promote_wants_an_aligned_start():
    world = world_for("TDH.MEM.PAGE.PROMOTE")
    m = world.module.m
    table = m.sept[reach(m, world.td.tdr, 4 * MIB, 1)[0]][1]
    for i in range(512):
        m.sept[table + 8 * i] = ("MAPPED", SMALL + 0x1000 + i * 0x1000)
    r = world.module.call("TDH.MEM.PAGE.PROMOTE", **world.operands("TDH.MEM.PAGE.PROMOTE"))
    assert r.status == with_operand("TDX_EPT_INVALID_PROMOTE_CONDITIONS", "RCX")


@pytest.mark.parametrize("version, word", [("2.0.08", 1), ("2.0.18", 1 | 2 | 4)])
def test_the_tree_lock_has_host_priority_from_2_0_18_on(version, word):
    world = world_for("TDH.MEM.PAGE.AUG", version)
    world.module.m.tree_lock[world.td.tdr] = 1
    r = world.module.call("TDH.MEM.PAGE.AUG", **world.operands("TDH.MEM.PAGE.AUG"))
    assert r.status == with_operand("TDX_OPERAND_BUSY", "SEPT_TREE") and world.module.m.tree_lock[world.td.tdr] == word


@pytest.mark.parametrize("v, table", [(0, 4), (1, 1)])
def test_vp_init_holds_the_tdr_shared_or_in_version_1_exclusive(v, table):
    world = world_for("TDH.VP.INIT")
    begun = world.module.begin("TDH.VP.INIT", v=v, **world.operands("TDH.VP.INIT")).until("all checks hold: do it")
    assert world.module.m.lock_4k[world.td.tdr >> 12] == table
    assert begun.finish().ok


@pytest.mark.parametrize("version, root", [("1.5.28", 3), ("2.0.08", 6), ("2.0.18", 6)])
def test_which_tdcx_page_is_the_secure_ept_root_depends_on_the_version(version, root):
    """SEPT_ROOT_PAGE_INDEX of td_control_structures.h: 3 in 1.5, 6 in 2.0, counted from 0."""
    world = world_at("has keys", version)
    m, tdr, given = world.module.m, world.td.tdr, [FRESH + i * 0x1000 for i in (5, 9, 7, 8, 20, 11, 30, 31, 2)]
    for page in given[: world.module.platform.version.tdcx]:
        assert world.module.call("TDH.MNG.ADDCX", rcx=page, rdx=tdr).ok
    assert not m.eptp[tdr]
    assert world.module.call("TDH.MNG.INIT", rcx=tdr, rdx=0x2000).ok
    assert reach(m, tdr, 0, 3)[0] == m.eptp[tdr] == given[root]


def test_tdmr_init_says_the_next_gib():
    world = world_for("TDH.SYS.TDMR.INIT")
    said = [world.module.call("TDH.SYS.TDMR.INIT", rcx=0)["RDX"] for _ in range(65)]
    assert said == [0] * 63 + [GIB, GIB] and world.module.m.block[0] and not world.module.m.block[1]


@pytest.mark.parametrize(
    "field, value, operand",
    [("xfam", 0, "XFAM"), ("max_vcpus", 0, "MAX_VCPUS"), ("attributes", 1 << 40, "ATTRIBUTES"), ("tsc_frequency", 1, "TSC_FREQUENCY"),
     ("eptp_controls", 0, "EPTP_CONTROLS"), ("exec_controls", 8, "EXEC_CONTROLS")],
)  # fmt: skip
def test_td_params_field_by_field(field, value, operand):
    world = world_for("TDH.MNG.INIT")
    world.module.put(0x2000, TdParams(**{field: value}))
    r = world.module.call("TDH.MNG.INIT", **world.operands("TDH.MNG.INIT"))
    assert r.status == with_operand("TDX_OPERAND_INVALID", operand)


def test_no_more_vcpus_than_the_params_allow():
    module = Module([(0, GIB)])
    td = SimpleTd(module, HostPages(module), max_vcpus=1).build(vcpus=1)
    with pytest.raises(Exception, match="MAX_VCPUS_EXCEEDED"):
        td.add_vcpu()
