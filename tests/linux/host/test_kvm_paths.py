"""KVM's paths against the facts: who may sleep, kicks, entropy, when each version adds, counts and frees."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import ALL_PATCHES, EAGAIN, EBUSY, EIO, ENOMEM, Context, Host
from tdxkit.linux.host.kvm import zap as zap_path
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.huge import split
from tdxkit.linux.host.kvm.init import add_page, finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.td import FAULT, TDX_PS_2M, TOPUP, Td
from tdxkit.linux.host.kvm.teardown import teardown
from tdxkit.linux.host.kvm.vcpu import enter
from tdxkit.linux.host.kvm.zap import zap
from tdxkit.linux.host.life import CLEAN, live
from tdxkit.linux.host.pool import take, target, top_up
from tdxkit.linux.refcount.posted import versions
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


@pytest.mark.parametrize("version", ["v3", "v4", "v6"])
@pytest.mark.parametrize("how, errno, bugged", [("busy", EBUSY, False), ("error", EIO, True)])
def test_a_page_add_that_fails_gives_its_reference_back_when_it_is_part_of_the_fault(version, how, errno, bugged):
    td = new(version, until=vcpu_init)
    td.host.points.fault = Fault(leaf="TDH.MEM.PAGE.ADD", how=how)
    assert (add_page(td, 0), td.dead) == (errno, bugged)
    assert td.host.pairs.counters.refcount[64] == (
        1 if version == "v3" else 0
    )  # v3 keeps the note that a page is to come


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


@pytest.mark.parametrize("how, errno", [("busy", EBUSY), ("error", EIO)])
def test_a_vcpu_that_cannot_enter_is_told_and_nothing_is_left(how, errno):
    td = new()
    td.host.points.fault = Fault(leaf="TDH.VP.ENTER", how=how)
    assert enter(td) == errno and not td.inside and not td.dead
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
        ("TDH.MNG.INIT", "TDH.MNG.INIT failed: TDX_PAGE_METADATA_INCORRECT|RCX; TD init ends with -EIO"),
        ("TDH.MR.FINALIZE", "TDH.MR.FINALIZE failed: TDX_PAGE_METADATA_INCORRECT|RCX; KVM_BUG_ON"),
        ("alloc vCPU", "vCPU init ends with -ENOMEM"),
        ("alloc S-EPT", "adding a page ends with -ENOMEM"),
    ],
)
def test_a_life_cut_short_says_where(leaf, ends):
    life = live("v6", fault=Fault(leaf=leaf, how="no memory" if leaf.startswith("alloc") else "error"))
    assert life.result == ends and not life.clean and life.pages_left == life.pairs_left == life.refs_left == 0


@pytest.mark.parametrize("context", [FAULT, Context("x", (), may_sleep=False)])
def test_nobody_waits_for_memory_in_atomic_context(context):
    host = Host("v6")
    host.log.context = context
    with pytest.raises(ModelError, match="may not sleep"):
        host.allocator.alloc("pair")
    assert host.allocator.alloc("pair", atomic=True) is not None


def test_nobody_waits_for_memory_under_pamt_lock():
    host = Host("v6")
    host.log.context = TOPUP
    host.pairs.counters.pamt_lock = True
    with pytest.raises(ModelError, match="may not sleep"):
        host.allocator.alloc("pair")


DRY = {"v1": ("pair", "S-EPT"), "v2": ("pair", "S-EPT"), "v3": (), "v4": ("S-EPT",), "v6": ()}


@pytest.mark.parametrize("version", DRY)
@pytest.mark.parametrize("kind", ["pair", "S-EPT"])
def test_a_dry_pool_has_a_way_out_only_where_the_version_has_one(version, kind):
    host = Host(version)
    host.log.context, host.pools["vCPU 0"] = FAULT, []
    page = take(host, "vCPU 0", kind)
    assert (page is not None) == (kind in DRY[version]) and len(host.log.warnings) == 1


@pytest.mark.parametrize("version, bug", [("v2", True), ("v4", False)])
def test_when_even_gfp_atomic_fails_kvms_cache_bugs_the_kernel(version, bug):
    host = Host(version, fault=Fault(leaf="alloc S-EPT", how="no memory"))
    host.log.context, host.pools["vCPU 0"] = FAULT, []
    assert take(host, "vCPU 0", "S-EPT") is None
    assert any("kernel BUG" in w for w in host.log.warnings) == bug


@pytest.mark.parametrize("version", versions())
def test_a_top_up_that_fails_half_way_keeps_what_it_got(version):
    host = Host(version)
    host.log.context, host.pools["vCPU 0"] = TOPUP, []
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
