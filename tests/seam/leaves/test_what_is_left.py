"""What a call leaves behind and hands back, where the module's C says something that is easily got wrong: one test a reading."""

import pytest

from tdxkit.seam.leaves.call import NULL_PA
from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.leaves.mem import NOT_USED
from tdxkit.seam.locks import EXCLUSIVE, READER
from tdxkit.seam.pamt import L2M, REG
from tdxkit.seam.runs import two_tds_run
from tdxkit.seam.scenes import (
    EMPTY,
    GPA_EMPTY_TABLE,
    GPA_FREE_2M,
    GPA_LARGE,
    GPA_SMALL,
    LARGE,
    OWN_PAIRS,
    SMALL,
    world_at,
    world_for,
)
from tdxkit.units import PAGE_2M

BUSY = "TDX_OPERAND_BUSY"


@pytest.mark.parametrize(
    "leaf, table, operand",
    [
        ("TDH.MEM.TRACK", "epoch_lock", "TD_EPOCH"),
        ("TDH.VP.ENTER", "epoch_lock", "TD_EPOCH"),
        ("TDH.MNG.CREATE", "kot_lock", "KOT"),
    ],
)
def test_a_plain_lock_bears_no_mark_of_the_host(leaf, table, operand):
    """epoch_lock and kot.lock are sharex_lock_t, without host priority."""
    world = world_for(leaf)
    words, key = getattr(world.module.m, table), 0 if table == "kot_lock" else world.td.tdr
    for held in {EXCLUSIVE} if leaf == "TDH.VP.ENTER" else {EXCLUSIVE, READER}:
        words[key] = held
        assert str(world.module.call(leaf, **world.operands(leaf))) == f"{BUSY}|{operand}" and words[key] == held


def sept_add(version="2.0.18", v=0, **more):
    """SEPT.ADD where a page exists, R8 in a region without a pair."""
    world = world_at("runnable", version)
    given = {"rcx": GPA_EMPTY_TABLE | L2M, "rdx": world.td.tdr | 1, "r8": EMPTY, **more}
    if v:
        given |= {"r9": NULL_PA, "r10": NULL_PA, "r11": NULL_PA, **more}
    before = world.module.m.snapshot()
    answer = world.module.call("TDH.MEM.SEPT.ADD", v=v, **given)
    return answer, world.module.m.snapshot() == before


@pytest.mark.parametrize("version", ["2.0.08", "2.0.18"])
def test_sept_add_over_an_existing_page_does_not_look_at_the_page_it_was_given(version):
    """process_l1_page: success, the page in R8 untouched; version 1 says so in bit 63 of R8."""
    answer, untouched = sept_add(version)
    assert answer.ok and untouched and dict(answer.regs) == {}
    answer, untouched = sept_add(version, v=1)
    assert answer.ok and untouched and answer["R8"] == EMPTY | NOT_USED and answer["R9"] == NULL_PA


@pytest.mark.parametrize(
    "more, v, said",
    [
        ({"rdx": 0}, 0, "TDX_EPT_ENTRY_STATE_INCORRECT|RCX"),  # bit 0 of RDX clear
        ({"r8": NULL_PA}, 0, "TDX_OPERAND_INVALID|R8"),
        ({"r8": NULL_PA}, 1, "TDX_SUCCESS"),
        ({"rcx": GPA_FREE_2M | L2M, "r8": NULL_PA}, 1, "TDX_EPT_ENTRY_STATE_INCORRECT|RCX"),
        ({"r9": 0}, 1, "TDX_OPERAND_INVALID|R9"),
        ({"r11": 0x5000}, 1, "TDX_OPERAND_INVALID|R11"),
        ({"rcx": GPA_FREE_2M | L2M}, 0, "TDX_MISSING_PAMT_PAGE_PAIR|R8"),
        ({"rcx": GPA_FREE_2M | L2M, "r8": EMPTY | 8}, 0, "TDX_OPERAND_INVALID|R8"),
        ({"r8": EMPTY | 8}, 0, "TDX_SUCCESS"),
    ],
)
def test_the_ways_of_sept_add(more, v, said):
    world = world_at("runnable")
    if more.get("rdx") == 0:
        more = {"rdx": world.td.tdr}
    assert str(sept_add(v=v, **more)[0]) == said


def test_sept_add_ignores_bit_63_of_a_page_and_hands_back_null_for_one_it_took():
    world = world_for("TDH.MEM.SEPT.ADD")
    given = world.operands("TDH.MEM.SEPT.ADD") | {"r9": NULL_PA, "r10": NULL_PA, "r11": NULL_PA}
    answer = world.module.call("TDH.MEM.SEPT.ADD", v=1, **given | {"r8": given["r8"] | NOT_USED})
    assert answer.ok and answer["R8"] == NULL_PA and world.module.m.pamt_4k[given["r8"] >> 12].type.name == "EPT"


def test_reclaim_says_what_the_page_is_on_its_later_errors_too():
    world = world_at("runnable")
    answer = world.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=SMALL + 0x5000)
    assert str(answer) == "TDX_LIFECYCLE_STATE_INCORRECT"
    assert (answer["RCX"], answer["RDX"], answer["R8"]) == (REG, world.td.tdr, 0) and "R9" not in answer.regs
    answer = world.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=LARGE + 0x1000)
    assert str(answer) == "TDX_OPERAND_INVALID|RCX" and (answer["RCX"], answer["R8"]) == (REG, L2M)
    assert not world.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=EMPTY).regs  # NDA: nothing is known


def entries(m, tdr, gpa):
    """(state of the 2M entry, states below it)."""
    from tdxkit.seam.leaves.checks_sept import children, reach

    slot, _ = reach(m, tdr, gpa, 1)
    state, page = m.sept[slot]
    return state, {m.sept[below][0] for below in children(page)} if state.startswith("NL_") else set()


@pytest.mark.parametrize("accepted, state", [(False, "PENDING"), (True, "MAPPED")])
def test_promote_leaves_the_state_of_the_first_and_demote_s_come_out_unblocked(accepted, state):
    """tdh_mem_page_promote.c copies the first entry, tdh_mem_page_demote.c unblocks the one it copies 512 times."""
    world = world_at("runnable")
    if accepted:
        world.arrange("in the guest")
        for at in (GPA_LARGE | 1, *range(GPA_SMALL, GPA_SMALL + PAGE_2M, 4096)):
            assert world.module.call("TDG.MEM.PAGE.ACCEPT", rcx=at, vcpu=world.more["tdvpr"]).ok
    module, td = world.module, world.td
    tdr = {"rdx": td.tdr}
    for gpa in (GPA_LARGE, GPA_SMALL):
        assert module.call("TDH.MEM.RANGE.BLOCK", rcx=gpa | 1, **tdr).ok
    module.m.inside[td.tdr] = ()
    assert module.call("TDH.MEM.TRACK", rcx=td.tdr).ok
    assert entries(module.m, td.tdr, GPA_SMALL) == ("NL_BLOCKED", {state})
    assert entries(module.m, td.tdr, GPA_LARGE)[0] == ("BLOCKED" if accepted else "PENDING_BLOCKED")
    assert module.call("TDH.MEM.PAGE.PROMOTE", rcx=GPA_SMALL | 1, **tdr).ok
    given = {
        "rcx": GPA_LARGE | 1,
        **tdr,
        "r8": world.words()["new page"],
        "r12": OWN_PAIRS + 0x100000,
        "r13": OWN_PAIRS + 0x101000,
    }
    assert module.call("TDH.MEM.PAGE.DEMOTE", **given).ok
    assert entries(module.m, td.tdr, GPA_SMALL) == (state, set())
    assert entries(module.m, td.tdr, GPA_LARGE) == ("NL_MAPPED", {state})


@pytest.mark.parametrize(
    "leaf, version, stops",
    [
        ("DEMOTE", "1.5.28", False),
        ("DEMOTE", "2.0.08", True),
        ("DEMOTE", "2.0.18", False),
        ("PROMOTE", "2.0.08", True),
        ("PROMOTE", "2.0.18", True),
    ],
)
def test_an_interrupt_before_the_commit_changes_nothing_and_the_same_call_can_be_made_again(leaf, version, stops):
    """DEMOTE asks in any case where TDX_FEATURES0 bit 51 is clear, else only for a TD with L2 VMs: 1.5.28 and 2.0.18."""
    name = f"TDH.MEM.PAGE.{leaf}"
    world = world_for(name, version)
    module, given = world.module, world.operands(name)
    before = module.m.snapshot()
    answer = module.call(name, weather=["interrupt"], **given)
    if not stops:
        assert answer.ok
        return
    assert answer.name == "TDX_INTERRUPTED_RESTARTABLE" and module.m.snapshot() == before
    assert (answer["RCX"], answer["RDX"]) == (given["rcx"], given["rdx"])
    assert module.call(
        name, rcx=answer["RCX"], rdx=answer["RDX"], **{r: v for r, v in given.items() if r not in ("rcx", "rdx")}
    ).ok


def test_a_neighbours_pair_page_refuses_a_2m_page():
    """pamt_is_2mb_range_free: a bit of the range in the bitmap; the 2M entry itself is free."""
    world = world_at("runnable")
    module, tdr = world.module, world.td.tdr
    target = EMPTY + 8 * PAGE_2M
    assert module.call("TDH.PHYMEM.PAMT.ADD", rcx=EMPTY | L2M, rdx=target + 0x7000, r8=OWN_PAIRS + 0x100000).ok
    large = {"rcx": GPA_FREE_2M | L2M, "rdx": tdr, "r8": target}
    assert module.m.pamt_2m[target >> 21].type.name == "NDA"
    assert str(module.call("TDH.MEM.PAGE.AUG", **large)) == "TDX_PAGE_METADATA_INCORRECT|R8"
    assert module.call("TDH.PHYMEM.PAMT.REMOVE", rcx=EMPTY | L2M).ok and module.call("TDH.MEM.PAGE.AUG", **large).ok


def test_two_tds_share_a_regions_pair():
    """The PAMT is of the machine: pages of two TDs in one region count together, and the hint comes with the last of both."""
    run = two_tds_run()
    states = list(run.states())
    assert [
        s["page count"] for k, s in enumerate(states) if not k or states[k - 1]["page count"] != s["page count"]
    ] == [0, 1, 2, 1, 0]
    gone = [s["CPU 0 RCX"] for s in states if s["CPU 0 leaf"] == "TDH.MEM.PAGE.REMOVE" and s["CPU 0 RAX"] == 0]
    assert [rcx >> 62 for rcx in dict.fromkeys(gone)] == [0, 1]
    assert len({s["CPU 0 RDX"] for s in states if "CPU 0 RDX" in s}) >= 2


# The C of 2.0.18 by leaf: does it refuse while a non-blocking export is paused, and does it look at the export mode?
EXPORT = {
    "TDH.MEM.SEPT.ADD": (True, True), "TDH.MEM.SEPT.REMOVE": (True, True), "TDH.MEM.PAGE.AUG": (True, True),
    "TDH.MEM.PAGE.REMOVE": (True, True), "TDH.MEM.PAGE.PROMOTE": (True, True), "TDH.MEM.RANGE.UNBLOCK": (True, True),
    "TDH.MEM.PAGE.DEMOTE": (False, True), "TDH.MEM.PAGE.RELOCATE": (False, True), "TDH.MEM.RANGE.BLOCK": (False, True),
    "TDH.VP.ENTER": (False, True),
}  # fmt: skip


def test_checks_of_export_modes_and_of_devices_are_left_out_by_name():
    for name, leaf in leaves().items():
        out = [c["status"] for c in leaf.spec["checks"] if "left_out" in c]
        paused, mode = EXPORT.get(name, (False, False))
        assert ("TDX_OP_STATE_INCORRECT" in out, "TDX_INCOMPATIBLE_EXPORT_MODE_TD_NON_ACCESSIBLE" in out) == (
            paused,
            mode,
        ), name
    devices = {n for n, leaf in leaves().items() if "TDX_IOMMU_IOTLB_TRACKING_NOT_DONE" in str(leaf.spec["checks"])}
    tracked = {n for n, leaf in leaves().items() if any(c.spec["test"] == "tracked" for c in leaf.checks)}
    assert devices == tracked | {"TDH.MEM.TRACK"}
