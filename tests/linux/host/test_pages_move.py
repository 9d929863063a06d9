"""Huge pages split and put together, pools filled and emptied, what a dead VM still does."""

import pytest

from tdxkit.linux.host.allocator import guest_page
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import Host
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.huge import promote, split
from tdxkit.linux.host.kvm.init import add_page, finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.td import TDX_PS_2M, Td
from tdxkit.linux.host.kvm.teardown import teardown
from tdxkit.linux.host.kvm.vcpu import enter
from tdxkit.linux.host.kvm.zap import convert, zap
from tdxkit.linux.host.pool import take, target, top_up
from tdxkit.linux.refcount.posted import versions
from tdxkit.units import PAGE_2M, PAGE_4K


def new(version="v6", **more):
    td = Td(Host(version, **more))
    for act in (td_init, vcpu_create, vcpu_init, finalize):
        assert not act(td)
    return td


def test_a_split_gives_each_of_512_pages_a_reference_and_a_promotion_takes_them_back():
    td = new("v5")
    gpa = 2 * PAGE_2M
    fault(td, gpa, TDX_PS_2M)
    pages = set(td.host.allocator.pages)
    assert (
        split(td, gpa) == 0
        and td.host.pairs.counters.refcount[66] == 512 == td.host.module.m.count[66]
        and td.host.pairs.has(66)
    )
    assert (
        td.leaves == {gpa + k * PAGE_4K: (guest_page(gpa) + k * PAGE_4K, 0) for k in range(512)} and (1, gpa) in td.sept
    )
    assert {page for page, kind in td.host.allocator.pages.items() if kind == "guest"} == {
        page for page, _ in td.leaves.values()
    }
    assert promote(td, gpa) == 0 and td.leaves == {gpa: (guest_page(gpa), 1)} and (1, gpa) not in td.sept
    assert (
        td.host.pairs.counters.refcount[66] == 0 and not td.host.pairs.has(66) and set(td.host.allocator.pages) == pages
    )
    told = {step.label: step.sentence for step in td.host.run("t").steps}
    assert (
        told["split"] == "512 leaves, 512 references, one pair" and "one leaf, no reference, no pair" in told["promote"]
    )


@pytest.mark.parametrize("counted", [True, False])
def test_the_page_of_the_secure_ept_under_a_split_is_counted_or_not(counted):
    td = new("v5")
    fault(td, 2 * PAGE_2M, TDX_PS_2M)
    before = td.host.pairs.counters.refcount[16]
    assert split(td, 2 * PAGE_2M, count_sept=counted) == 0 and td.host.pairs.counters.refcount[16] == before + counted


@pytest.mark.parametrize("kinds", [("S-EPT", 1), ("pair", 1), ("pair", 2)])
def test_a_split_without_memory_changes_nothing(kinds):
    td = new("v5")
    fault(td, 2 * PAGE_2M, TDX_PS_2M)
    before = dict(td.host.allocator.pages)
    td.host.points.fault = Fault(td.host.points.count + kinds[1] + (kinds[0] == "pair"), "no memory")
    assert split(td, 2 * PAGE_2M) == -12 and td.host.allocator.pages == before and not td.dead


def test_a_zap_of_a_2_mib_page_gives_no_reference_back():
    td = new()
    fault(td, 2 * PAGE_2M, TDX_PS_2M)
    references = td.host.pairs.references
    assert zap(td, 2 * PAGE_2M) == 0 and td.host.pairs.references == references and not td.leaves


def test_a_conversion_of_what_is_not_mapped_is_only_the_fault():
    td = new()
    made = td.host.calls.made
    assert convert(td, 0) == 0 and 0 in td.leaves and not made["TDH.MEM.RANGE.BLOCK"] and not td.inside


@pytest.mark.parametrize("version", versions())
def test_pages_that_a_vcpu_kept_go_with_it(version):
    td = new(version)
    fault(td, 0)
    assert sum(map(len, (*td.host.pools.values(), *td.host.sept_caches.values()))) > 3
    teardown(td)
    assert not any(td.host.pools.values()) and not any(td.host.sept_caches.values()) and not td.host.allocator.pages


def test_a_pool_that_was_never_set_up_is_warned_of():
    td = Td(Host("v3"))
    td_init(td)
    vcpu_create(td)
    teardown(td)
    assert td.host.log.warnings == ["the pool of vCPU 0 is freed but was never set up"]
    other = Td(Host("v6"))
    vcpu_create(other)
    assert other.host.pools == {"vCPU 0": []} and td.host.pools == {"vCPU 0": None}


@pytest.mark.parametrize("act", [vcpu_init, finalize, enter, lambda td: add_page(td, 0), lambda td: fault(td, 0)])
def test_every_entry_of_a_dead_vm_is_eio_and_makes_no_call(act):
    td = new()
    td.dead = True
    before = td.host.calls.made.total()
    assert act(td) == -5 and td.host.calls.made.total() == before


def test_dry_pools_say_what_is_tried():
    for version, tried in (("v2", "GFP_ATOMIC is tried"), ("v6", "-ENOMEM")):
        host = Host(version)
        host.pools["vCPU 0"] = []
        take(host, "vCPU 0")
        assert host.log.warnings == [f"the pool of vCPU 0 is empty: {tried}"]
    host = Host("v2")
    host.pools["vCPU 0"] = [PAGE_2M]
    assert (
        take(host, "vCPU 0", "S-EPT") == PAGE_2M
        and host.allocator.pages[PAGE_2M] == "S-EPT"
        and host.pools["vCPU 0"] == []
    )


def test_a_top_up_says_to_how_many_pages_and_only_where_some_came():
    host = Host("v6")
    host.pools["vCPU 0"] = []
    assert top_up(host, "vCPU 0") and top_up(host, "vCPU 0")
    (step,) = host.run("t").steps
    assert (
        step.sentence == "The pool of vCPU 0 is filled to 10 pages; mmu_lock is not held."
        and len(host.pools["vCPU 0"]) == 10
    )
    assert [target(Host(v), tdx) for v in ("v2", "v6") for tdx in (True, False)] == [10, 10, 10, 0]


def test_a_page_that_is_mapped_already_is_found_mapped():
    td = new()
    assert fault(td, 0) == 0
    before = td.host.calls.made.total(), td.host.pairs.references
    assert fault(td, 0) == 0 and (td.host.calls.made.total(), td.host.pairs.references) == before
