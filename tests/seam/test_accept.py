"""TDG.MEM.PAGE.ACCEPT: the guest call that locks a Secure-EPT entry, against the host calls that want the same one."""

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.conflicts import OK, conflict, names
from tdxkit.seam.locks import EXCLUSIVE, PRIORITY
from tdxkit.seam.scenes import GPA_FREE, GPA_LARGE, GPA_PAGE, GPA_SMALL, world_at

ACCEPT = "TDG.MEM.PAGE.ACCEPT"
RCX_BUSY = "TDX_OPERAND_BUSY|RCX"
# Who calls sept_lock_acquire_host (tdh_mem_*.c) or sept_lock_acquire_guest (tdg_mem_page_accept.c) on the entry in RCX.
LOCKS_ENTRY = {
    "TDH.MEM.SEPT.ADD", "TDH.MEM.SEPT.REMOVE", "TDH.MEM.PAGE.AUG", "TDH.MEM.PAGE.AUG 2M", "TDH.MEM.PAGE.REMOVE", "TDH.MEM.PAGE.PROMOTE",
    "TDH.MEM.PAGE.DEMOTE", "TDH.MEM.PAGE.RELOCATE", "TDH.MEM.RANGE.BLOCK", "TDH.MEM.RANGE.UNBLOCK", ACCEPT,
}  # fmt: skip


@pytest.fixture
def inside():
    """A TD whose vCPU is in the guest: (module, registers of a TDCALL at a GPA)."""
    world = world_at("runnable").arrange("in the guest")
    return world, world.module, lambda gpa: {"rcx": gpa, "vcpu": world.more["tdvpr"]}


def test_it_meets_whoever_locks_the_same_entry_and_nobody_else():
    for other in names():
        for a, b in ((ACCEPT, other), (other, ACCEPT)):
            found = conflict(a, b)
            assert found.result == (RCX_BUSY if other in LOCKS_ENTRY else OK) and not found.then, (a, b)


@pytest.mark.parametrize(
    "gpa, said",
    [
        (GPA_SMALL, "TDX_SUCCESS"),
        (GPA_LARGE | 1, "TDX_SUCCESS"),
        (GPA_PAGE, "TDX_PAGE_ALREADY_ACCEPTED|0"),
        (GPA_SMALL | 1, "TDX_PAGE_SIZE_MISMATCH|1"),
        (GPA_LARGE, "TDX_SUCCESS, exit: EPT violation"),  # a larger page that waits: no answer, the TD exits
        (GPA_FREE, "TDX_SUCCESS, exit: EPT violation"),
        (GPA_FREE | 1 << 47, "TDX_OPERAND_INVALID|RCX"),
        (GPA_FREE | 2, "TDX_OPERAND_INVALID|RCX"),
    ],
)
def test_what_it_answers(inside, gpa, said):
    _, module, at = inside
    assert str(module.call(ACCEPT, **at(gpa))) == said
    assert not any(module.m.sept_lock.values())


def test_a_page_in_a_larger_one_that_is_mapped_is_accepted_already(inside):
    _, module, at = inside
    assert module.call(ACCEPT, **at(GPA_LARGE | 1)).ok
    assert str(module.call(ACCEPT, **at(GPA_LARGE + 0x3000))) == "TDX_PAGE_ALREADY_ACCEPTED|1"


def test_a_zap_meets_it_and_the_mark_keeps_the_guest_away_until_the_host_had_its_turn(inside):
    world, module, at = inside
    m, zap = module.m, {"rcx": GPA_SMALL, "rdx": world.td.tdr}
    accept = module.begin(ACCEPT, **at(GPA_SMALL)).until("the entry goes from PENDING to MAPPED")
    slot = next(key for key, word in m.sept_lock.items() if word)
    pamt = {name: dict(getattr(m, name)) for name in ("lock_1g", "lock_2m", "lock_4k")}
    assert m.sept_lock[slot] == EXCLUSIVE and m.sept[slot][0] == "PENDING" and not m.tree_lock[world.td.tdr]
    assert str(module.call("TDH.MEM.RANGE.BLOCK", **zap)) == RCX_BUSY
    assert m.sept_lock[slot] == EXCLUSIVE | PRIORITY
    assert accept.finish().ok and m.sept[slot][0] == "MAPPED" and m.sept_lock[slot] == PRIORITY
    assert str(module.call(ACCEPT, **at(GPA_SMALL))) == RCX_BUSY  # free, but marked
    assert module.call("TDH.MEM.RANGE.BLOCK", **zap).ok and not m.sept_lock[slot]
    assert str(module.call(ACCEPT, **at(GPA_SMALL))) == "TDX_SUCCESS, exit: EPT violation"
    assert {name: dict(getattr(m, name)) for name in pamt} == pamt, "a TDCALL takes no PAMT lock"


def test_only_a_vcpu_in_the_guest_can_make_it():
    world = world_at("runnable")
    for vcpu in (0, world.more["tdvpr"]):
        with pytest.raises(InputError, match="made by a vCPU in the guest"):
            world.module.call(ACCEPT, rcx=GPA_SMALL, vcpu=vcpu)
    with pytest.raises(InputError, match="of vCPU 0x0: "):
        world.module.call(ACCEPT, rcx=GPA_SMALL)
