"""KVM's paths against the facts: who may sleep, kicks, entropy, when each version adds, counts and frees."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.linux.host.base import NEWER
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import (
    ALL_PATCHES,
    EAGAIN,
    EBUSY,
    EINTR,
    EINVAL,
    EIO,
    ENOMEM,
    KVM_EXIT_INTERNAL_ERROR,
    Context,
    Host,
)
from tdxkit.linux.host.kvm import zap as zap_path
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.huge import split
from tdxkit.linux.host.kvm.init import add_page, finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.passes import DEATH, DELETION, EVENT, SIGNAL
from tdxkit.linux.host.kvm.places import FAULT, TOPUP
from tdxkit.linux.host.kvm.td import TDX_PS_2M, Td
from tdxkit.linux.host.kvm.teardown import teardown
from tdxkit.linux.host.kvm.vcpu import enter
from tdxkit.linux.host.kvm.zap import zap
from tdxkit.linux.host.life import CLEAN, live
from tdxkit.linux.host.pool import take, target, top_up
from tdxkit.linux.refcount.posted import versions
from tdxkit.status import with_operand
from tdxkit.units import PAGE_2M, PAGE_4K


def new(version="v6", until=finalize, **more):
    """A TD up to and with `until`."""
    td = Td(Host(version, **more))
    for act in (td_init, vcpu_create, vcpu_init, finalize):
        assert not act(td)
        if act is until:
            return td


def labels(td, since=0):
    return [step.label for step in td.host.run("t").steps][since:]


def count(td):
    return len(td.host.run("t"))


@pytest.mark.parametrize("version", versions())
def test_page_add_comes_with_the_reference_from_v4_on_and_later_before(version):
    td = new(version, until=vcpu_init)
    assert not fault(td, 0)
    called, counted = td.host.calls.made["TDH.MEM.PAGE.ADD"], td.host.pairs.counters.refcount[64]
    assert (called, counted, bool(td.premapped)) == ((0, 1, True) if version in ("v1", "v2", "v3") else (1, 1, False))
    teardown(td)
    assert (td.host.pairs.count, td.host.pairs.references, td.host.allocator.pages) == (
        0,
        0,
        {},
    ) and not td.host.log.warnings
    assert ("TDH.MEM.PAGE.REMOVE" in labels(td)) == (version not in ("v1", "v2", "v3"))


@pytest.mark.parametrize(
    "version, how, errno, bugged, calls",
    [
        ("v2", "busy", EBUSY, False, 1),  # told to user space, once
        ("v3", "error", EIO, False, 1),  # an errno for user space, no KVM_BUG_ON
        ("v4", "busy", EINTR, False, 3),  # taken again until a signal comes
        ("v6", "busy", EINTR, False, 3),
        ("v4", "error", EIO, True, 1),
        ("after-v6", "error", EIO, True, 1),
    ],
)
def test_a_page_add_that_fails_is_told_before_the_overhaul_and_retried_or_bugged_since(
    version, how, errno, bugged, calls
):
    td = new(version, until=vcpu_init)
    td.host.points.fault = Fault(leaf="TDH.MEM.PAGE.ADD", how=how)
    assert (add_page(td, 0), td.dead, td.host.calls.made["TDH.MEM.PAGE.ADD"]) == (errno, bugged, calls)
    kept = version in ("v2", "v3")  # the note that a page is to come, with its reference
    assert (td.host.pairs.counters.refcount[64], bool(td.premapped)) == (int(kept), kept)
    if kept:
        assert finalize(td) == EINVAL
        td.host.points.fault = Fault()
        teardown(td)  # BLOCK finds an entry that was never added, and that is all right
        assert (td.host.pairs.references, td.host.allocator.pages, td.dead) == (0, {}, False)


@pytest.mark.parametrize("version, bugged", [("v1", False), ("v3", False), ("v4", True), ("v6", True)])
@pytest.mark.parametrize("leaf", ["TDH.MNG.CREATE", "TDH.MNG.ADDCX", "TDH.MNG.INIT", "TDH.MR.EXTEND"])
def test_failures_of_creation_and_measurement_bug_the_vm_only_since_the_overhaul(version, bugged, leaf):
    td = Td(Host(version, fault=Fault(leaf=leaf)))
    ended = [
        act(td) for act in (td_init, vcpu_create, vcpu_init, lambda td: add_page(td, 0, measure=True)) if not td.first
    ]
    assert (ended[-1], td.dead, td.first[0]) == (EIO, bugged, leaf)


@pytest.mark.parametrize("version", versions())
def test_key_config_bugs_the_vm_in_every_base_and_wrong_operands_of_init_in_none(version):
    td = Td(Host(version, fault=Fault(leaf="TDH.MNG.KEY.CONFIG")))
    assert (td_init(td), td.dead) == (EIO, True)

    class Invalid(Fault):
        """TDX_OPERAND_INVALID, as user space gets it for wrong parameters."""

        status = with_operand("TDX_OPERAND_INVALID", "RCX")

    td = Td(Host(version, fault=Invalid(leaf="TDH.MNG.INIT")))
    assert (td_init(td), td.dead, td.host.log.warnings) == (EINVAL, False, [])
    assert td.first[0] == "TDH.MNG.INIT"
    told = [step.label for step in live(version, fault=Invalid(leaf="TDH.MNG.INIT"), record=True).run.steps]
    assert told.count("hw_error") == 1


@pytest.mark.parametrize("version", versions())
def test_only_v5_counts_secure_ept_pages_when_it_takes_them(version):
    td = new(version)
    fault(td, 0)
    cached = len(td.host.sept_caches["vCPU 0"])
    assert len(td.sept) == 3 and cached == (0 if version in ("v3", "v4") else 2)
    (region,) = {page >> 21 for page in td.sept.values()}
    assert td.host.pairs.counters.refcount[region] == (5 if version == "v5" else 3)
    teardown(td)
    assert (td.host.pairs.count, td.host.pairs.references, td.host.allocator.pages) == (0, 0, {})


@pytest.mark.parametrize("version", versions())
def test_a_zap_kicks_the_vcpu_out_after_track_and_lets_it_back_in(version):
    td = new(version)
    fault(td, 0)
    enter(td)
    before = count(td)
    assert not zap(td, 0)
    order = labels(td, before)
    assert order[:4] == ["TDH.MEM.RANGE.BLOCK", "TDH.MEM.TRACK", "TD exit", "TDH.MEM.PAGE.REMOVE"]
    assert order[-1] == "TDH.VP.ENTER" and list(td.inside) == [0]
    run = td.host.run("t")
    assert run.state(before + 3)["mmu_lock"] == "zap" and run.steps[before + 2].actor == "vCPU run"


def test_a_vcpu_that_nobody_kicked_stays_in_the_guest_and_does_not_enter_twice():
    td = new()
    enter(td)
    before, entry = count(td), td.inside[0]
    with zap_path.zapping(td):
        pass
    assert labels(td, before) == [] and td.inside == {0: entry}


def test_without_the_kick_the_module_says_that_tracking_is_not_done(monkeypatch):
    monkeypatch.setattr(zap_path, "kick", lambda td: None)
    td = new()
    fault(td, 0)
    enter(td)
    assert zap(td, 0) == EIO and td.dead
    assert td.first[0] == "TDH.MEM.PAGE.REMOVE" and td.first[1].name == "TDX_TLB_TRACKING_NOT_DONE"


def test_busy_on_the_zap_side_is_tried_once_more_and_then_bugs_the_vm():
    td = new()
    fault(td, 0)
    enter(td)
    td.host.points.fault, before = Fault(leaf="TDH.MEM.RANGE.BLOCK", how="busy"), count(td)
    assert zap(td, 0) == EIO and td.dead
    assert labels(td, before)[:4] == ["TDH.MEM.RANGE.BLOCK", "kick", "TD exit", "TDH.MEM.RANGE.BLOCK"]
    assert td.host.calls.made["TDH.MEM.RANGE.BLOCK"] == 2


def test_a_vcpu_in_the_guest_keeps_its_own_region_locked():
    td = new()
    enter(td)
    tdvpr = next(iter(td.vcpus))
    said = td.host.calls.make("TDH.PHYMEM.PAMT.REMOVE", rcx=tdvpr >> 21 << 21 | 1)
    assert str(said) == "TDX_OPERAND_BUSY|RCX"  # not PAMT_PAGE_NOT_EMPTY: the lock is looked at first


@pytest.mark.parametrize("how, errno, calls", [("busy", EINTR, 3), ("error", KVM_EXIT_INTERNAL_ERROR, 1)])
def test_a_vcpu_that_cannot_enter_is_told_and_nothing_is_left(how, errno, calls):
    td = new()
    td.host.points.fault = Fault(leaf="TDH.VP.ENTER", how=how)
    assert enter(td) == errno and not td.inside and not td.dead
    assert td.host.calls.made["TDH.VP.ENTER"] == calls and (td.loop is not None) == (how == "busy")
    teardown(td)
    assert (td.host.pairs.count, td.host.pairs.references, td.host.allocator.pages) == (0, 0, {})


def test_no_entropy_is_tried_ten_times():
    once = live("v6", fault=Fault(2 + 9 + 3, "no entropy"))  # a point that is MNG.CREATE: 10 pages, 2 for the pair, ADD
    assert once.result == CLEAN
    td = Td(Host("v6", fault=Fault(leaf="TDH.MNG.CREATE", how="no entropy")))
    assert td_init(td) == EAGAIN and td.host.calls.made["TDH.MNG.CREATE"] == 10
    assert (td.host.pairs.count, td.host.pairs.references, td.host.allocator.pages) == (0, 0, {})
    td = Td(Host("v6", fault=Fault(leaf="TDH.MNG.ADDCX", how="no entropy")))
    assert td_init(td) == EAGAIN
    teardown(td)
    assert (td.host.pairs.count, td.host.pairs.references, td.host.allocator.pages) == (0, 0, {})


def test_cache_wb_that_is_interrupted_goes_on():
    class Twice(Fault):
        """The first two of CACHE.WB are interrupted."""

        left = [0x8000000300000000] * 2

        def hits(self, point, what):
            return what == "TDH.PHYMEM.CACHE.WB" and bool(self.left)

        @property
        def status(self):
            return self.left.pop()

    life = live("v6", fault=Twice())
    assert life.result == CLEAN and life.seamcalls == live("v6").seamcalls + 2


@pytest.mark.parametrize(
    "leaf, ends",
    [
        ("TDH.MNG.INIT", "TDH.MNG.INIT failed: TDX_PAGE_METADATA_INCORRECT|RCX; KVM_BUG_ON"),
        ("TDH.MR.FINALIZE", "TDH.MR.FINALIZE failed: TDX_PAGE_METADATA_INCORRECT|RCX; KVM_BUG_ON"),
        ("alloc vCPU", "vCPU init ends with -ENOMEM"),
        ("alloc S-EPT", "adding a page ends with -ENOMEM"),
    ],
)
def test_a_life_cut_short_says_where(leaf, ends):
    life = live("v6", fault=Fault(leaf=leaf, how="no memory" if leaf.startswith("alloc") else "error"))
    assert life.result == ends and not life.clean and life.pages_left == life.pairs_left == life.refs_left == 0


@pytest.mark.parametrize("context", [FAULT.context(NEWER), Context("x", (), may_sleep=False)])
def test_nobody_waits_for_memory_in_atomic_context(context):
    host = Host("v6")
    host.log.context = context
    with pytest.raises(ModelError, match="may not sleep"):
        host.allocator.alloc("pair")
    assert host.allocator.alloc("pair", atomic=True) is not None


def test_nobody_waits_for_memory_under_pamt_lock():
    host = Host("v6")
    host.log.context = TOPUP.context(NEWER)
    host.pairs.counters.pamt_lock = True
    with pytest.raises(ModelError, match="may not sleep"):
        host.allocator.alloc("pair")


DRY = {"v1": ("pair", "S-EPT"), "v2": ("pair", "S-EPT"), "v3": (), "v4": ("S-EPT",), "v6": ()}


@pytest.mark.parametrize("version", DRY)
@pytest.mark.parametrize("kind", ["pair", "S-EPT"])
def test_a_dry_pool_has_a_way_out_only_where_the_version_has_one(version, kind):
    host = Host(version)
    host.log.context, host.pools["vCPU 0"] = FAULT.context(NEWER), []
    page = take(host, "vCPU 0", kind)
    assert (page is not None) == (kind in DRY[version]) and len(host.log.warnings) == 1


@pytest.mark.parametrize("version, bug", [("v2", True), ("v4", False)])
def test_when_even_gfp_atomic_fails_kvms_cache_bugs_the_kernel(version, bug):
    host = Host(version, fault=Fault(leaf="alloc S-EPT", how="no memory"))
    host.log.context, host.pools["vCPU 0"] = FAULT.context(NEWER), []
    assert take(host, "vCPU 0", "S-EPT") is None
    assert any("kernel BUG" in w for w in host.log.warnings) == bug


@pytest.mark.parametrize("version", versions())
def test_a_top_up_that_fails_half_way_keeps_what_it_got(version):
    host = Host(version)
    host.log.context, host.pools["vCPU 0"] = TOPUP.context(NEWER), []
    host.points.fault = Fault(host.points.count + 4, "no memory")
    assert not top_up(host, "vCPU 0") and len(host.pools["vCPU 0"]) == 3
    assert top_up(host, "vCPU 0") and len(host.pools["vCPU 0"]) == host.posted.pool_pages


def test_with_static_pamt_no_pool_is_filled():
    host = Host("v2", ALL_PATCHES - {11})
    assert (target(host), target(host, tdx=False), target(Host("v2")), target(Host("v1"), tdx=False)) == (0, 0, 10, 0)


def test_a_reclaim_that_meets_busy_is_not_tried_again():
    td = new()
    td.host.points.fault = Fault(leaf="TDH.PHYMEM.PAGE.RECLAIM", how="busy")
    pages = 1 + len(td.tdcs) + 1 + len(next(iter(td.vcpus.values())))
    teardown(td)
    assert td.host.calls.made["TDH.PHYMEM.PAGE.RECLAIM"] == pages == td.host.pairs.references
    assert len(td.host.log.warnings) == pages and not td.dead


def test_a_fault_that_fails_for_memory_can_be_taken_again():
    td = new()
    td.host.points.fault = Fault(td.host.points.count + 3, "no memory")
    assert fault(td, 0) == ENOMEM and not td.leaves
    assert fault(td, 0) == 0 and 0 in td.leaves


def test_a_pass_that_is_refused_once_is_made_again_and_its_pool_filled_again():
    td = new()
    fault(td, 0)
    before = count(td)
    td.host.points.fault = Fault(td.host.points.count + 9, "error")  # three pages, four for pairs, SEPT.ADD, and ADD
    assert fault(td, 4 * PAGE_2M) == 0 and td.loop is None and not td.dead
    told = ("top up", "RET_PF_RETRY", "TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.AUG")
    order = [label for label in labels(td, before) if label in told]
    assert order == ["top up", "top up", told[2], told[1], "top up", "top up", told[2], told[3]]


@pytest.mark.parametrize(
    "end, after, errno, dead",
    [(SIGNAL, 5, EINTR, False), (DEATH, 3, EIO, True), (EVENT, 2, EINTR, False), (DELETION, 1, EINTR, False)],
)
def test_what_ends_a_fault_that_cannot_succeed(end, after, errno, dead):
    td = new("v6")
    fault(td, 0)
    enter(td)
    td.arrivals = [(after, end)]
    td.host.points.fault, before = Fault(leaf="TDH.PHYMEM.PAMT.ADD"), count(td)
    assert (fault(td, 4 * PAGE_2M), td.dead) == (errno, dead)
    assert td.loop.unchanged and str(td.loop.refused) == "tdx_pamt_get says -EIO"
    order = labels(td, before)
    more = 3 if end in (EVENT, DELETION) else 0  # the guest is entered, faults again, and then a signal comes
    assert order.count("RET_PF_RETRY") == after + more and order.count("TDH.VP.ENTER") == bool(more)
    assert td.inside == {} and td.host.pairs.counters.refcount[68] == 0


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_a_memslot_that_is_deleted_ends_the_loop_only_in_newer_bases(version):
    td = new(version)
    td.arrivals, td.host.points.fault = [(1, DELETION)], Fault(leaf="TDH.MEM.SEPT.ADD", how="busy")
    with pytest.raises(InputError, match="signal, event, dead VM"):
        fault(td, 0)


def test_out_of_memory_at_the_top_up_goes_straight_out():
    td = new()
    td.host.points.fault, before = Fault(leaf="alloc pair", how="no memory"), count(td)
    assert fault(td, 0) == ENOMEM and "RET_PF_RETRY" not in labels(td, before)


def test_a_fault_on_a_2_mib_page_takes_no_reference():
    td = new()
    assert not fault(td, 2 * PAGE_2M, TDX_PS_2M)
    assert td.host.pairs.counters.refcount[66] == 0 and not td.host.pairs.has(66)


def test_a_split_that_fails_gives_back_its_secure_ept_page_and_its_pair():
    td = new()
    fault(td, 2 * PAGE_2M, TDX_PS_2M)
    before = dict(td.host.pairs.counters.refcount), dict(td.host.allocator.pages)
    td.host.points.fault = Fault(leaf="TDH.MEM.PAGE.DEMOTE")
    assert split(td, 2 * PAGE_2M) == EIO and td.dead
    assert (dict(td.host.pairs.counters.refcount), td.host.allocator.pages) == before


def test_a_pair_page_in_use_twice_or_freed_twice_is_an_error_of_the_model():
    host = Host("v6")
    page = host.allocator.alloc("pair")
    host.allocator.free(page)
    with pytest.raises(ModelError, match="only an allocated page"):
        host.allocator.free(page)


def test_the_first_reference_adds_and_the_last_one_removes():
    host = Host("v6")
    page = host.allocator.alloc("guest")
    assert [host.pairs.get(page), host.pairs.get(page + PAGE_4K)] == [0, 0]
    assert (host.calls.made["TDH.PHYMEM.PAMT.ADD"], host.pairs.count, host.pairs.references) == (1, 1, 2)
    host.pairs.put(page)
    assert (host.calls.made["TDH.PHYMEM.PAMT.REMOVE"], host.pairs.count) == (0, 1)
    host.pairs.put(page + PAGE_4K)
    assert (host.calls.made["TDH.PHYMEM.PAMT.REMOVE"], host.pairs.count, host.pairs.references) == (1, 0, 0)
    assert host.meminfo_kb is None and Host("v2").meminfo_kb == 0 and Host("v2", ALL_PATCHES - {10}).meminfo_kb is None


def test_a_fault_does_not_split_a_2_mib_page_and_finds_it_mapped_on_the_next_pass():
    td = new()
    fault(td, 2 * PAGE_2M, TDX_PS_2M)
    made, before = td.host.calls.made.total(), count(td)
    assert fault(td, 2 * PAGE_2M + PAGE_4K) == 0 and not td.dead and td.loop is None
    order = labels(td, before)
    assert [label for label in order if label != "top up"] == ["RET_PF_RETRY"] and td.host.calls.made.total() == made
    assert "a split under a shared mmu_lock says -EBUSY" in td.host.run("t").steps[-1].sentence
    assert list(td.leaves) == [2 * PAGE_2M] and td.host.pairs.counters.refcount[66] == 0


def test_a_failed_get_in_a_split_gives_everything_back():
    td = new("v5")
    fault(td, 2 * PAGE_2M, TDX_PS_2M)
    td.host.pairs.counters.refcount[16] = 0  # as if the S-EPT region had no reference yet
    before = set(td.host.allocator.pages)
    td.host.points.fault = Fault(leaf="TDH.PHYMEM.PAMT.ADD")
    assert split(td, 2 * PAGE_2M) == EIO and not td.dead
    gone = before - set(
        td.host.allocator.pages
    )  # the pool's two pages, which the get gave to the allocator; its own are back
    assert len(gone) == 2 and set(td.host.allocator.pages) < before


def test_a_busy_demote_is_made_once_more_with_every_vcpu_out():
    td = new()
    fault(td, 2 * PAGE_2M, TDX_PS_2M)
    enter(td)
    td.host.points.fault, before = Fault(leaf="TDH.MEM.PAGE.DEMOTE", how="busy"), count(td)
    assert split(td, 2 * PAGE_2M) == EIO and td.dead
    order = labels(td, before)
    first, second = (k for k, label in enumerate(order) if label == "TDH.MEM.PAGE.DEMOTE")
    assert td.host.calls.made["TDH.MEM.PAGE.DEMOTE"] == 2 and "TD exit" in order[:first] and not td.inside
    assert second > first


def test_a_vcpu_that_faulted_goes_back_into_the_guest():
    td = new()
    enter(td)
    before = count(td)
    assert fault(td, 0) == 0 and list(td.inside) == [0]
    assert labels(td, before)[0] == "TD exit" and labels(td, before)[-1] == "TDH.VP.ENTER"


@pytest.mark.parametrize("passes, unchanged", [(1, False), (2, False), (3, True), (7, True)])
def test_a_loop_is_called_endless_only_when_a_pass_leaves_the_host_as_it_found_it(passes, unchanged):
    td = new()
    fault(td, 0)
    td.arrivals, td.host.points.fault = [(passes, SIGNAL)], Fault(leaf="TDH.PHYMEM.PAMT.ADD")
    assert fault(td, 4 * PAGE_2M) == EINTR
    # the first pass links an S-EPT page, the second refills its store: from the third on nothing changes
    assert (td.loop.passes, td.loop.unchanged) == (passes, unchanged)


def test_vp_init_is_made_in_version_1_with_the_vcpus_own_id():
    td, made = Td(Host("v6")), []
    real = td.host.module.call
    td.host.module.call = lambda leaf, **given: (
        made.append((leaf, given.get("v"), given.get("r8"))),
        real(leaf, **given),
    )[1]
    for act in (td_init, vcpu_create, vcpu_init, vcpu_create, vcpu_init):
        assert not act(td)
    assert [row[1:] for row in made if row[0] == "TDH.VP.INIT"] == [(1, 0), (1, 1)]


def test_a_failed_track_kicks_the_vcpus_all_the_same():
    td = new()
    fault(td, 0)
    enter(td)
    td.host.points.fault, before = Fault(leaf="TDH.MEM.TRACK"), count(td)
    assert zap(td, 0) == EIO
    assert labels(td, before)[:5] == [
        "TDH.MEM.RANGE.BLOCK",
        "TDH.MEM.TRACK",
        "warning",
        "TD exit",
        "TDH.MEM.PAGE.REMOVE",
    ]


def test_a_failed_vpflushdone_ends_the_release_there():
    td = new()
    td.host.points.fault = Fault(leaf="TDH.MNG.VPFLUSHDONE")
    teardown(td)
    assert td.hkid and not td.host.calls.made["TDH.PHYMEM.CACHE.WB"] and not td.host.calls.made["TDH.MNG.KEY.FREEID"]
