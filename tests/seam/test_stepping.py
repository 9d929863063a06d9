"""Zero-step mitigation against a table worked out from the module's C a second time: when an entry is suspected, what it takes, how it ends."""

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.conflicts import OK, conflict, names
from tdxkit.seam.guest import enter_until_suspected, touch
from tdxkit.seam.locks import PRIORITY, describe
from tdxkit.seam.scenes import GPA_PAGE, SECOND, scenes, world_at

ENTER = "TDH.VP.ENTER"
TREE_BUSY = "TDX_OPERAND_BUSY|SEPT_TREE"
# tdh_mem_*.c: in which mode lock_sept_check_and_walk_private_gpa is asked for the tree, by version; None: not at all.
TREE = {
    "TDH.MEM.SEPT.ADD": {"2.0.08": "shared", "2.0.18": "shared"},
    "TDH.MEM.SEPT.REMOVE": {"2.0.08": "exclusive", "2.0.18": "exclusive"},
    "TDH.MEM.PAGE.AUG": {"2.0.08": "shared", "2.0.18": "shared"},
    "TDH.MEM.PAGE.AUG 2M": {"2.0.08": "shared", "2.0.18": "shared"},
    "TDH.MEM.PAGE.REMOVE": {"2.0.08": "shared", "2.0.18": "shared"},
    "TDH.MEM.PAGE.PROMOTE": {"2.0.08": "shared", "2.0.18": "exclusive"},
    "TDH.MEM.PAGE.DEMOTE": {"2.0.08": "shared", "2.0.18": "shared"},
    "TDH.MEM.PAGE.RELOCATE": {"2.0.08": "shared", "2.0.18": "shared"},
    "TDH.MEM.RANGE.BLOCK": {"2.0.08": "exclusive", "2.0.18": "exclusive"},
    "TDH.MEM.RANGE.UNBLOCK": {"2.0.08": "exclusive", "2.0.18": "exclusive"},
    ENTER: {"2.0.08": "exclusive", "2.0.18": "shared"},  # td_entry_stepping_filter
}
OF_ENTER = {ENTER: ("TDX_OPERAND_BUSY|TD_EPOCH",)}
# What VP.ENTER meets, and who meets it, in any case: locks of the TDVPR's path, the TDR, OP_STATE, the epoch (tdh_vp_enter.c, tdh_mem_track.c).
ALWAYS = {
    "TDH.MNG.KEY.CONFIG", "TDH.MNG.ADDCX", "TDH.MNG.INIT", "TDH.MEM.PAGE.ADD", "TDH.MR.EXTEND", "TDH.MR.FINALIZE", "TDH.VP.ADDCX",
    "TDH.VP.INIT", "TDH.VP.FLUSH", "TDH.MNG.VPFLUSHDONE", "TDH.MNG.KEY.FREEID", "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE",
}  # fmt: skip


def tree_meets(a, b, version):
    """Two of the tree's users are in each other's way unless both share it."""
    modes = [TREE.get(name, {}).get(version) for name in (a, b)]
    return None not in modes and modes != ["shared", "shared"]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.0.08", "2.0.18"])
def test_the_row_and_the_column_of_vp_enter_are_those_of_the_c(version):
    for other in names():
        if scenes()[other].guest:
            continue
        for a, b in ((ENTER, other), (other, ENTER)):
            found = conflict(a, b, version)
            assert bool(found.then) == tree_meets(a, b, version), (a, b)
            assert found.result_then == (TREE_BUSY if found.then else "")
            assert ("suspects zero-stepping" in found.only_if) == bool(found.then)
            assert TREE_BUSY not in found.result


@pytest.mark.parametrize("other", sorted(ALWAYS))
def test_what_collides_with_a_running_vcpu_does_so_without_any_suspicion(other):
    assert conflict(ENTER, other).result != OK and not conflict(ENTER, other).then


def test_the_epoch_lock_is_held_only_while_the_vcpu_is_counted():
    """adjust_tlb_tracking_state lets it go before the stepping filter is asked."""
    for a, b in ((ENTER, "TDH.MEM.TRACK"), ("TDH.MEM.TRACK", ENTER)):
        assert conflict(a, b).result == "TDX_OPERAND_BUSY|TD_EPOCH"
    world = world_at("runnable")
    entry = world.module.begin(ENTER, **world.operands(ENTER)).until("let go of TD_EPOCH")
    entry.step()
    assert world.module.m.epoch_lock[world.td.tdr] == 0 and world.module.m.inside[world.td.tdr] == (1,)
    assert world.module.call("TDH.MEM.TRACK", rcx=world.td.tdr).ok


def blocked_world(version="2.0.18"):
    """A vCPU at an instruction that touches a page which the host has blocked."""
    world = world_at("runnable", version)
    page = {"rcx": GPA_PAGE, "rdx": world.td.tdr}
    assert world.module.call("TDH.MEM.RANGE.BLOCK", **page).ok
    touch(world.module, world.more["tdvpr"], GPA_PAGE)
    return world, world.module, world.more["tdvpr"], page


def test_six_faults_at_one_instruction_are_forgiven_and_the_seventh_is_noted():
    """STEPPING_EPF_THRESHOLD 6: td_exit_epf_stepping_log counts to six, then notes the GPA; the eighth entry is the first suspected."""
    _, module, tdvpr, _ = blocked_world()
    seen = []
    for _ in range(8):
        answer = module.call(ENTER, rcx=tdvpr)
        seen.append((module.m.epf_stepping[tdvpr], len(module.m.epf_gpas[tdvpr]), answer["R8"]))
        assert str(answer) == "TDX_SUCCESS, exit: EPT violation" and answer.ok and answer.status == 48
    assert seen == [(n, 0, GPA_PAGE) for n in range(1, 7)] + [(6, 1, GPA_PAGE)] * 2
    fresh = blocked_world()
    assert enter_until_suspected(fresh[1], fresh[2]) == 7


def test_a_suspected_entry_does_not_get_in_while_the_page_is_missing_and_tells_of_a_violation():
    world, module, tdvpr, page = blocked_world()
    enter_until_suspected(module, tdvpr)
    before = module.m.snapshot()
    entry = module.enter(tdvpr)
    assert entry.done and entry.result.status == 48 and entry.result["R8"] == GPA_PAGE and entry.result["RCX"] == 2
    assert module.m.snapshot() == before and not module.m.inside[world.td.tdr]
    assert module.call("TDH.MEM.TRACK", rcx=world.td.tdr).ok and module.call("TDH.MEM.RANGE.UNBLOCK", **page).ok
    entry = module.enter(tdvpr)
    assert not entry.done and not module.m.tree_lock[world.td.tdr], "the tree is let go before the guest runs"
    assert str(entry.finish()) == "TDX_SUCCESS, exit: external interrupt"
    assert not module.m.epf_gpas[tdvpr] and not module.m.epf_stepping[tdvpr]


@pytest.mark.parametrize("version, mode", [("1.5.28", 1), ("2.0.08", 1), ("2.0.18", 4)])
def test_the_mode_of_the_tree_lock_and_what_a_busy_entry_leaves(version, mode):
    world, module, tdvpr, _ = blocked_world(version)
    enter_until_suspected(module, tdvpr)
    m, tdr = module.m, world.td.tdr
    entry = module.begin(ENTER, rcx=tdvpr).until("look whether every GPA that was noted is mapped by now")
    assert m.tree_lock[tdr] == mode, describe(m.tree_lock[tdr])
    other = {"rcx": GPA_PAGE + SECOND, "rdx": tdr}
    assert str(module.call("TDH.MEM.RANGE.BLOCK", **other)) == TREE_BUSY
    assert entry.finish().status == 48
    assert m.tree_lock[tdr] == (PRIORITY if mode == 4 else 0)  # host priority from 2.0.18 on
    zap = module.begin("TDH.MEM.RANGE.BLOCK", **other).until("the Secure-EPT walk reaches the level")
    epoch = m.inside[tdr]
    assert str(module.call(ENTER, rcx=tdvpr)) == TREE_BUSY
    assert m.inside[tdr] == epoch, "the vCPU no longer counts in the epoch"
    assert m.vcpu[tdvpr] == "READY" and m.vcpu_lp[tdvpr] == 0 and zap.finish().ok


def test_an_entry_that_fails_later_leaves_the_vcpu_with_this_lp():
    """check_and_associate_vcpu associates, and nothing takes that back; VP.FLUSH does."""
    world = world_at("runnable")
    module, tdvpr = world.module, world.more["tdvpr"]
    assert module.call("TDH.VP.FLUSH", rcx=tdvpr).ok
    assert module.call(ENTER, rcx=tdvpr, lp=2, weather=["tsc_rollback"]).name == "TDX_TSC_ROLLBACK"
    assert module.m.vcpu_lp[tdvpr] == 2 and module.m.associated[world.td.tdr] == 1
    assert module.call(ENTER, rcx=tdvpr, lp=1).name == "TDX_VCPU_ASSOCIATED"


def test_the_hint_of_bit_52_needs_a_trap_and_comes_before_bit_53():
    world = world_at("runnable")
    given = {"rcx": world.more["tdvpr"] | 1 << 52}
    assert str(world.module.call(ENTER, **given)) == "TDX_OPERAND_INVALID|RCX"
    last = world.module.begin(ENTER, rcx=given["rcx"] | 1 << 53)
    while last.step() and "let go" not in str(last.label):
        at = last.label
    assert at == "bit 52 of RCX fits the last exit"


def test_a_guest_that_gets_on_is_forgiven_and_one_page_is_noted_once():
    """A page that is open at the entry and blocked while the guest is inside is missed, and noted, a second time."""
    world, module, tdvpr, page = blocked_world()
    enter_until_suspected(module, tdvpr)
    assert module.call("TDH.MEM.TRACK", rcx=world.td.tdr).ok and module.call("TDH.MEM.RANGE.UNBLOCK", **page).ok
    inside = module.enter(tdvpr)
    assert module.call("TDH.MEM.RANGE.BLOCK", **page).ok and inside.finish().status == 48
    assert module.m.epf_gpas[tdvpr] == (GPA_PAGE,)
    touch(module, tdvpr)
    assert not module.enter(tdvpr).done
    with pytest.raises(InputError, match="EPT violation"):
        enter_until_suspected(module, tdvpr)
