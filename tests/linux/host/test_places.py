"""Who holds which lock, against lives that are really run, and which SEAMCALLs can then meet: a second writing by hand."""

import pytest

from tdxkit.cli import main
from tdxkit.linux.host.base import BASES, BEFORE, NEWER, ONE_HOOK, POST_POPULATE
from tdxkit.linux.host.host import Host
from tdxkit.linux.host.kvm import places as at
from tdxkit.linux.host.kvm.meeting import meeting
from tdxkit.linux.host.life import live
from tdxkit.linux.refcount.posted import versions
from tdxkit.seam.conflicts import conflict
from tdxkit.seam.conflicts import table as conflicts
from tdxkit.view.series_tables import meetings_table

GUARD = "kvm->lock, every vcpu->mutex, slots_lock"
HELD = [  # written a second time from the sources, not from places.py: (place, old base, new bases)
    (at.TD_CREATE, "kvm->lock, cpus_read_lock, tdx_lock", f"{GUARD}, cpus_read_lock, tdx_lock"),
    (at.KEY_CONFIG, "kvm->lock, cpus_read_lock", f"{GUARD}, cpus_read_lock"),
    (at.TD_INIT, "kvm->lock", GUARD),
    (at.VCPU_INIT, "vcpu->mutex", GUARD),
    (at.VP_INIT, "vcpu->mutex", f"{GUARD}, mmu_lock write"),
    (
        at.PAGE_ADD,
        "vcpu->mutex, slots_lock, filemap_invalidate_lock",
        f"{GUARD}, filemap_invalidate_lock, mmu_lock read",
    ),
    (at.EXTEND, "vcpu->mutex, slots_lock, filemap_invalidate_lock", f"{GUARD}, filemap_invalidate_lock"),
    (at.FINALIZE, "kvm->lock, slots_lock", GUARD),
    (at.FAULT, "vcpu->mutex, mmu_lock read", "vcpu->mutex, mmu_lock read"),
    (at.RELEASE_HKID, "cpus_read_lock, tdx_lock", "cpus_read_lock, tdx_lock"),
    (at.RECLAIM, "", ""),
]


@pytest.mark.parametrize("place, old, new", HELD, ids=lambda p: getattr(p, "what", None))
def test_what_is_held(place, old, new):
    assert ", ".join(place.held(BEFORE)) == old
    assert {", ".join(place.held(base)) for base in (POST_POPULATE, ONE_HOOK, NEWER)} == {new}


@pytest.mark.parametrize("version", versions())
def test_a_life_makes_each_seamcall_where_the_table_says(version):
    base, known = BASES[Host(version, record=False).posted.base], {}
    for place in at.PLACES:
        known.setdefault(place.context(base), set()).update(place.leaves)
    known[at.BUILD_MAP.context(base)] |= (
        set(at.PAGE_ADD.leaves) if base.overhauled else set()
    )  # there it is part of the mapping
    seen = set()
    for context, work in live(version, huge=True, record=True).work.items():
        made = {name for name in work if name.startswith("TDH.")}
        assert made <= known[context] | ({"TDH.MEM.PAGE.PROMOTE"} if context.what == at.SPLIT.what else set()), context
        seen |= made
    assert set().union(*known.values()) - seen == {"TDH.PHYMEM.PAGE.RDMD"}  # no machine check in a life


@pytest.mark.parametrize(
    "a, b, one_old, one_new, two",
    [
        ("MEM.PAGE.AUG", "MEM.SEPT.ADD", True, True, True),
        ("MEM.PAGE.AUG", "VP.ENTER", True, True, True),
        ("MEM.RANGE.BLOCK", "VP.ENTER", True, True, True),
        ("MEM.RANGE.BLOCK", "MEM.PAGE.AUG", False, False, True),
        ("MEM.PAGE.DEMOTE", "MEM.SEPT.ADD", False, False, False),
        ("VP.INIT v1", "MEM.RANGE.BLOCK", True, False, True),  # a BUSY that could bug a VM, closed in October 2025
        ("VP.INIT v1", "MEM.SEPT.ADD", True, False, True),
        ("VP.INIT v1", "VP.INIT v1", True, False, True),  # two vCPUs want the TDR exclusive
        ("VP.INIT", "MEM.RANGE.BLOCK", False, False, False),  # KVM makes version 1 only
        ("VP.ENTER", "VP.FLUSH", False, False, True),  # what they want is one vCPU's, and so is the mutex
        ("VP.ADDCX", "VP.ADDCX", False, False, True),
        ("MR.FINALIZE", "MEM.TRACK", False, False, True),  # before the TD runs nobody is tracked
        ("MR.FINALIZE", "MEM.RANGE.BLOCK", True, True, True),  # a hole is punched meanwhile: no lock in common
        ("MEM.PAGE.AUG 2M", "VP.ENTER", False, False, False),
        ("VP.CREATE", "MEM.RANGE.BLOCK", True, True, True),
        ("VP.CREATE", "MR.EXTEND", True, False, True),
        ("MR.FINALIZE", "VP.INIT v1", True, False, True),
        ("MR.FINALIZE", "MEM.PAGE.ADD", False, False, True),
        ("MEM.PAGE.ADD", "MEM.PAGE.ADD", False, False, True),
        ("MEM.PAGE.ADD", "MEM.RANGE.BLOCK", False, False, True),
        ("VP.ENTER", "MEM.PAGE.ADD", False, False, True),
        ("PHYMEM.PAGE.RECLAIM", "PHYMEM.PAGE.RECLAIM", False, False, True),
        ("MNG.CREATE", "PHYMEM.CACHE.WB", False, False, False),
        ("MNG.CREATE", "MNG.CREATE", False, False, False),
        ("MNG.KEY.CONFIG", "PHYMEM.CACHE.WB", False, False, True),
        ("PHYMEM.PAMT.ADD", "PHYMEM.PAMT.REMOVE", False, False, False),
        ("PHYMEM.PAMT.REMOVE", "MEM.PAGE.AUG", True, True, True),
    ],
)
def test_which_seamcalls_can_meet(a, b, one_old, one_new, two):
    a, b = f"TDH.{a}", f"TDH.{b}"
    for first, second in ((a, b), (b, a)):
        one = [bool(meeting(first, second, base).meets) for base in (BEFORE, POST_POPULATE, ONE_HOOK, NEWER)]
        assert one == [one_old, one_new, one_new, one_new]
        bases = (BEFORE, POST_POPULATE, ONE_HOOK, NEWER)
        assert {bool(meeting(first, second, base, same_td=False).meets) for base in bases} == {two}


def test_only_the_huge_page_series_has_calls_on_2_mib_pages():
    huge = BASES["post-populate with huge pages"]
    assert meeting("TDH.MEM.PAGE.DEMOTE", "TDG.MEM.PAGE.ACCEPT", huge).meets
    assert not meeting("TDH.MEM.PAGE.DEMOTE", "TDH.MEM.SEPT.ADD", huge).meets
    assert meeting("TDH.MEM.PAGE.DEMOTE", "TDG.MEM.PAGE.ACCEPT", ONE_HOOK).why == "this KVM maps no 2 MiB pages"


def test_the_reason_is_the_lock_that_holds_everywhere():
    assert meeting("TDH.MNG.CREATE", "TDH.PHYMEM.CACHE.WB", ONE_HOOK, same_td=False).why == "tdx_lock"
    assert meeting("TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE", BEFORE).why == "pamt_lock"
    assert meeting("TDH.MEM.RANGE.BLOCK", "TDH.MEM.PAGE.AUG", BEFORE).why == "mmu_lock"
    assert "no place that was read" in meeting("TDH.MEM.PAGE.PROMOTE", "TDH.VP.ENTER", BEFORE).why
    assert meeting("TDH.SYS.CONFIG", "TDH.VP.ENTER", BEFORE).why == "TDX starts up before there is a TD"
    assert meeting("TDH.PHYMEM.PAGE.RDMD", "TDH.PHYMEM.PAMT.ADD", ONE_HOOK).meets  # a machine check asks nobody
    assert meeting("TDH.MEM.RANGE.BLOCK", "TDH.MNG.CREATE", BEFORE).why == "the phase of the TD's life"
    assert "vCPUs are kept out" in str(meeting("TDH.MEM.RANGE.BLOCK", "TDG.MEM.PAGE.ACCEPT", BEFORE))


def test_the_command_says_who_can_meet_and_what_keeps_the_rest_apart(capsys):
    assert main(["conflicts", "TDH.VP.INIT", "TDH.MEM.RANGE.BLOCK", "--in-kernel", "v2"]) == 0
    old = capsys.readouterr().out
    assert (
        "vCPU init beside zap" in old and "2 ordered pairs" in old and "2 can meet" in old
    )  # the BUSY that bugged VMs: version 1
    assert main(["conflicts", "TDH.VP.INIT", "TDH.MEM.RANGE.BLOCK", "--in-kernel"]) == 0
    new = capsys.readouterr().out
    assert "0 can meet" in new and "keep 2 apart" in new and "mmu_lock" in new
    assert main(["conflicts", "TDH.VP.ENTER", "--in-kernel", "v9"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.xdist_group("all conflicts")
def test_the_table_counts_each_pair_once():
    table = meetings_table("v6")
    assert sum(row[2] for row in table.rows) == int(table.title.split(" ordered")[0].split()[-1])
    assert not any("machine check" in words and said == "apart" for said, words, _ in table.rows)


@pytest.mark.slow
@pytest.mark.xdist_group("all conflicts")
def test_the_table_has_one_row_for_two_lanes_and_one_for_the_pairs_going_in_and_out():
    """A lane that is only the first place of PAMT.ADD says nothing: under v6 a zap and a vCPU's init do not meet, under v2 VP.INIT does."""
    old, new = ({words: n for said, words, n in meetings_table(v).rows if said == "can meet"} for v in ("v2", "v6"))
    assert "vCPU init beside zap" in old and "vCPU init beside zap" not in new
    assert new["TD init beside zap"] == 4  # MR.FINALIZE and two calls of a zap, in either order: nobody is tracked yet
    assert new["vCPU run beside zap"] == 8 and "zap beside vCPU run" not in new
    assert new["PAMT.ADD or REMOVE beside another call"] > sum(new.values()) / 3


@pytest.mark.slow
@pytest.mark.xdist_group("all conflicts")
def test_a_pair_that_meets_only_under_a_condition_is_in_the_table_too():
    """BLOCK and VP.ENTER collide only where the module suspects zero-stepping."""
    pair = conflict("TDH.MEM.RANGE.BLOCK", "TDH.VP.ENTER")
    assert not pair.met and pair.then
    total = sum(1 for pair in conflicts() if pair.met or pair.then)
    assert sum(row[-1] for row in meetings_table("v6").rows) == total > sum(1 for pair in conflicts() if pair.met)
