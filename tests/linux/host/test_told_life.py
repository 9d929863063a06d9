"""What a life says, step by step: who leaves the guest for what, which pages lie where, what is allocated and given back."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.kinds import ALLOC, FREE
from tdxkit.linux.host.allocator import BASES, guest_page, kind_of
from tdxkit.linux.host.base import BASES as KVMS
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import Host, RegionUse, Store
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.init import add_page, finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.meeting import meeting, tally
from tdxkit.linux.host.kvm.td import TDX_PS_2M, Td
from tdxkit.linux.host.life import live
from tdxkit.linux.refcount.posted import versions
from tdxkit.units import PAGE_2M, PAGE_4K


def new(version="v6", **more):
    td = Td(Host(version, **more))
    for act in (td_init, vcpu_create, vcpu_init, finalize):
        assert not act(td)
    return td


def test_the_vcpu_leaves_the_guest_for_what_the_story_says():
    run = live("v6", huge=True, record=True).run
    left = [step.sentence.removeprefix("vCPU 0 leaves the guest: ") for step in run.steps if step.label == "TD exit"]
    violation = "EPT violation at GPA {:#x}".format
    assert left == [
        violation(2 * PAGE_4K), violation(PAGE_2M), violation(PAGE_2M + PAGE_4K), f"it asks for GPA {PAGE_2M:#x} to be shared", violation(PAGE_2M),
        "it is kicked out", violation(2 * PAGE_2M), violation(2 * PAGE_2M + PAGE_4K), "it is kicked out", "it is kicked out", "the VM ends",
    ]  # fmt: skip
    assert all(step.actor == "vCPU run" for step in run.steps if step.label == "TD exit")
    assert run.title == "A TD's life on v6" and run.subtitle == "creation, faults, conversion, teardown"


def test_each_seamcall_is_made_as_often_as_the_story_needs():
    life = live("v6", huge=True, record=True)
    made = [
        step.does for step in life.run.steps if step.kind == "seamcall" and not step.does.startswith("TDH.PHYMEM.PAMT")
    ]
    times = {
        "TDH.MNG.CREATE": 1, "TDH.MNG.KEY.CONFIG": 1, "TDH.MNG.INIT": 1, "TDH.VP.CREATE": 1, "TDH.VP.INIT": 1, "TDH.MEM.PAGE.ADD": 2, "TDH.MR.EXTEND": 16,
        "TDH.MR.FINALIZE": 1, "TDH.MEM.PAGE.AUG": 5, "TDH.MEM.PAGE.DEMOTE": 1, "TDH.MEM.PAGE.PROMOTE": 1, "TDH.MNG.VPFLUSHDONE": 1, "TDH.PHYMEM.CACHE.WB": 1,
        "TDH.MNG.KEY.FREEID": 1, "TDH.VP.FLUSH": 1,
    }  # fmt: skip
    assert {leaf: made.count(leaf) for leaf in times} == times
    gone = made.count("TDH.MEM.PAGE.REMOVE")  # two while the TD runs, the rest when guest_memfd is closed
    assert gone == 2 + 5 and made.count("TDH.MEM.RANGE.BLOCK") == gone + 2 == made.count("TDH.MEM.TRACK")
    assert made.count("TDH.PHYMEM.PAGE.WBINVD") == gone + 1  # of each page, and of the TDR
    assert life.seamcalls == sum(step.kind == "seamcall" for step in life.run.steps)


@pytest.mark.parametrize("kind", BASES)
def test_pages_of_a_kind_come_from_regions_of_their_own_and_freed_ones_first(kind):
    host = Host("v6")
    first, second = host.allocator.alloc(kind), host.allocator.alloc(kind)
    assert (first, second) == (BASES[kind] * PAGE_2M, BASES[kind] * PAGE_2M + PAGE_4K)
    assert kind_of(first >> 21) == kind_of((first >> 21) + 1) == kind and host.allocator.pages == {
        first: kind,
        second: kind,
    }
    host.allocator.free(first)
    assert host.allocator.alloc(kind) == first and kind_of(BASES["TD"] - 1) == "other"
    assert guest_page(PAGE_4K) == 64 * PAGE_2M + PAGE_4K


@pytest.mark.parametrize("version, dirty", [("v1", 2), ("v2", 2), ("v3", 0), ("v6", 0)])
def test_the_pages_of_a_pair_go_back_cleared_or_not(version, dirty):
    host = Host(version)
    page = host.allocator.alloc("guest")
    host.pairs.get(page)
    host.pairs.put(page)
    assert host.allocator.dirty_frees == dirty and list(host.allocator.pages) == [page]


def test_an_allocation_that_fails_is_a_step_and_where_it_goes_wrong():
    host = Host("v6", fault=Fault(2, "no memory"))
    assert host.allocator.alloc("TD") and host.allocator.alloc("TD") is None
    (step,) = host.run("t").steps
    assert (step.label, step.sentence, step.kind, host.log.wrong_at) == (
        "alloc_page",
        "No memory for a page (TD)",
        ALLOC,
        1,
    )


def test_get_and_put_say_what_became_of_the_count():
    host = Host("v6")
    page = host.allocator.alloc("guest")
    for act in (host.pairs.get, host.pairs.get, host.pairs.put, host.pairs.put):
        act(page)
    told = [s.sentence for s in host.run("t").steps if s.does.startswith("tdx_pamt")]
    assert [s.split("refcount ")[1] for s in told] == ["0 → 1", "1 → 2", "2 → 1", "1 → 0"]
    assert (
        "one user more, no lock needed" in told[1] and "lets go of pamt_lock" in told[0] and "one user less" in told[2]
    )
    state = host.state()
    assert state["region 64"] == RegionUse(64, 0, 0, False) and "region 8" not in state
    assert str(RegionUse(64, 2, 1, True)) == "kernel 2 · module 1 · pair" and str(Store("x", 3)) == "3"


def test_a_failed_get_says_its_errno():
    host = Host("v6", fault=Fault(leaf="TDH.PHYMEM.PAMT.ADD"))
    assert host.pairs.get(host.allocator.alloc("guest")) == -5 and host.run("t").steps[-1].sentence.endswith(
        "refcount 0 → 0, returns -5"
    )
    assert host.pairs.references == host.pairs.count == 0 and len(host.allocator.pages) == 1


@pytest.mark.parametrize(
    "gpa, sept",
    [
        (0, [(3, 0), (2, 0), (1, 0)]),
        (PAGE_2M, [(3, 0), (2, 0), (1, PAGE_2M)]),
        (5 * PAGE_2M, [(3, 0), (2, 0), (1, 5 * PAGE_2M)]),
    ],
)
def test_a_page_needs_the_secure_ept_above_it(gpa, sept):
    td = new()
    assert (
        fault(td, gpa + PAGE_4K) == 0
        and list(td.sept) == sept
        and td.leaves[gpa + PAGE_4K] == (guest_page(gpa + PAGE_4K), 0)
    )
    assert fault(td, gpa) == 0 and list(td.sept) == sept  # the next one finds it there
    assert td.host.calls.made["TDH.MEM.SEPT.ADD"] == 3 and td.host.pairs.counters.refcount[guest_page(gpa) >> 21] == 2


def test_a_2_mib_page_needs_one_level_less():
    td = new()
    assert (
        fault(td, 3 * PAGE_2M, TDX_PS_2M) == 0
        and list(td.sept) == [(3, 0), (2, 0)]
        and td.leaves == {3 * PAGE_2M: (guest_page(3 * PAGE_2M), 1)}
    )


def test_a_page_is_measured_256_bytes_at_a_time_and_only_where_asked():
    td = Td(Host("v6"))
    for act in (td_init, vcpu_create, vcpu_init):
        act(td)
    offsets, real = [], td.host.module.call
    td.host.module.call = lambda leaf, **given: (
        leaf == "TDH.MR.EXTEND" and offsets.append(given["rcx"]),
        real(leaf, **given),
    )[1]
    assert add_page(td, 0) == 0 and not offsets
    assert add_page(td, PAGE_4K, measure=True) == 0 and offsets == [*range(PAGE_4K, 2 * PAGE_4K, 256)]


def test_two_vcpus_have_pools_and_control_pages_of_their_own():
    td = Td(Host("v6"))
    for act in (td_init, vcpu_create, vcpu_init, vcpu_create, vcpu_init, finalize):
        assert not act(td)
    assert list(td.host.pools) == list(td.host.sept_caches) == ["vCPU 0", "vCPU 1"] and len(td.vcpus) == 2
    assert fault(td, 0, vcpu=1) == 0 and (len(td.host.pools["vCPU 0"]), len(td.host.sept_caches["vCPU 0"])) == (0, 0)
    assert len(td.host.sept_caches["vCPU 1"]) == 2 and td.host.state()["S-EPT pages of vCPU 1"] == Store(
        "S-EPT pages of vCPU 1", 2
    )


@pytest.mark.parametrize("version", versions())
def test_control_pages_say_that_they_are_counted_and_that_they_go_back(version):
    takes, gives = versions()[version].helpers
    steps = live(version, record=True).run.steps
    for does, kind, said in ((takes, ALLOC, "ready to be given to the module"), (gives, FREE, "then page")):
        found = [s for s in steps if s.does == does]
        assert found and all(
            s.kind == kind and said in s.sentence and s.sentence.startswith(f"{does}(): ") for s in found
        )


REMARKS = [
    ("TDH.MNG.KEY.CONFIG", "TDH.MNG.KEY.CONFIG", False, "first CPU that is online"), ("TDH.MEM.PAGE.AUG", "TDH.MEM.SEPT.ADD", True, "not for the same entry"),
    ("TDH.MEM.RANGE.BLOCK", "TDH.VP.ENTER", True, "the first try; on BUSY"), ("TDH.PHYMEM.PAMT.REMOVE", "TDH.MEM.PAGE.AUG", True, "not for a region in use"),
    ("TDH.MEM.PAGE.AUG", "TDH.VP.ENTER", True, ""), ("TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE", True, ""), ("TDH.MEM.PAGE.AUG", "TDH.MEM.PAGE.AUG", False, ""),
]  # fmt: skip


@pytest.mark.parametrize("a, b, same, remark", REMARKS)
def test_what_no_lock_says_stands_beside_the_answer(a, b, same, remark):
    for first, second in ((a, b), (b, a)):
        found = meeting(first, second, KVMS["one hook"], same_td=same)
        assert (remark in found.remark) if remark else found.remark == ""
        assert str(found).startswith("yes: " if found.meets else "no: ") and str(found).endswith(
            f" ({found.remark})" if found.remark else found.why
        )
        assert found.as_json() == {"meets": bool(found.meets), "why": found.why, "remark": found.remark or None}


def test_reasons_are_counted_and_mixed_ones_together():
    base = KVMS["before post-populate"]
    leaves = ["TDH.MEM.RANGE.BLOCK", "TDH.MEM.PAGE.AUG", "TDH.PHYMEM.PAMT.ADD", "TDH.VP.ENTER", "TDH.MR.FINALIZE"]
    found = [meeting(a, b, base) for a in leaves for b in leaves]
    counted = tally(found)
    assert sum(counted.values()) == sum(not m.meets for m in found) and not any(" or " in why for why in counted)
    assert counted["mmu_lock"] == 3  # BLOCK beside AUG, either way, and beside itself


def test_who_may_not_sleep_is_named_in_the_models_own_error():
    host = Host("v6")
    host.pairs.counters.pamt_lock = True
    with pytest.raises(ModelError, match="boot may not sleep here"):
        host.allocator.alloc("pair")
