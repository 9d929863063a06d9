"""The least host there can be: which pages it gives, when a region's pair comes and goes, what a TD's calls leave with it."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import FREE, L2M, PT_PAMT, Entry
from tdxkit.seam.td import HostPages, SimpleTd, must
from tdxkit.units import GIB, MIB, PAGE_2M, PAGE_4K

FIRST, PAIRS = 2 * MIB, 4 * MIB


def host_of(**given):
    module = Module([(0, GIB)], **given)
    return module, HostPages(module)


def test_pages_come_in_order_from_2_mib_on_and_the_first_of_a_region_brings_its_pair():
    module, host = host_of()
    assert [host.page() for _ in range(3)] == [FIRST, FIRST + PAGE_4K, FIRST + 2 * PAGE_4K]
    assert module.m.pamt_2m == {FIRST >> 21: Entry(PT_PAMT, 0, (PAIRS, PAIRS + PAGE_4K))} and host.lent == {1: 3}


def test_after_512_pages_the_next_chunk_is_cut_and_has_a_pair_of_its_own():
    module, host = host_of()
    pages = [host.page() for _ in range(513)]
    assert pages[:512] == list(range(FIRST, FIRST + PAGE_2M, PAGE_4K))
    assert pages[512] == 6 * MIB, "the chunk after that of the pairs"
    assert host.lent == {1: 512, 3: 1} and module.m.pamt_2m[3].pair == (PAIRS + 2 * PAGE_4K, PAIRS + 3 * PAGE_4K)


def test_the_pair_goes_with_the_last_page_and_is_used_again():
    module, host = host_of()
    one, two = host.page(), host.page()
    host.take_back(one)
    assert module.m.pamt_2m[1].type == PT_PAMT and host.lent[1] == 1
    host.take_back(two)
    assert module.m.pamt_2m[1] == FREE and not host.lent[1] and not any(module.m.bitmap.values())
    assert {host.page(), host.page()} == {one, two}, "what came back is given first"
    assert set(module.m.pamt_2m[1].pair) == {PAIRS, PAIRS + PAGE_4K}


def test_a_static_pamt_has_no_pairs_to_give():
    module, host = host_of(dynamic_pamt=False)
    page = host.page()
    host.take_back(page)
    assert not module.m.pamt_2m and not host.lent[1] and host.chunk() == 4 * MIB


def test_a_large_page_comes_back_whole():
    _module, host = host_of()
    chunk = host.chunk()
    host.take_back(chunk, L2M)
    assert host.chunk() == chunk and host.chunk() == chunk + PAGE_2M and not host.lent


def test_pairs_come_from_the_pool_first():
    module = Module([(0, GIB)])
    host = HostPages(module, pair_pages=[64 * MIB, 65 * MIB])
    host.add_pair(9)
    assert module.m.pamt_2m[9].pair == (65 * MIB, 64 * MIB) and host.pair() == (FIRST, FIRST + PAGE_4K)
    host.pair_back((7 * MIB, 8 * MIB))
    assert host.pair() == (8 * MIB, 7 * MIB)


def test_a_call_that_cannot_fail_says_what_it_was_when_it_does():
    with pytest.raises(ModelError) as error:
        must(Module([(0, GIB)]), "TDH.PHYMEM.PAMT.REMOVE", rcx=2 * MIB | 1, weather=["interrupt"])
    for part in ("PAMT.REMOVE(rcx=0x200001)", "TDX_NO_PAMT_PAGE_PAIR|RCX", "the host drives it wrongly"):
        assert part in str(error.value)


def test_an_answer_that_only_informs_is_no_failure():
    module = Module([(0, GIB)])
    assert must(module, "TDH.SYS.TDMR.INIT", rcx=0).name == "TDX_TDMR_ALREADY_INITIALIZED"


@pytest.fixture
def td():
    module, host = host_of()
    return SimpleTd(module, host, max_vcpus=3).build(vcpus=2)


def test_a_td_is_built_out_of_its_control_pages(td):
    m = td.m
    assert m.op_state[td.tdr] == "INITIALIZED" and m.lifecycle[td.tdr] == "KEYS_CONFIGURED" and m.max_vcpus[td.tdr] == 3
    assert m.vcpus[td.tdr] == 2 and len(td.vcpus) == 2 and [m.vcpu[v] for v in td.vcpus] == ["READY"] * 2
    assert len(m.tdcx[td.tdr]) == 9 and [len(m.vcpu_pages[v]) for v in td.vcpus] == [5, 5]
    assert td.host.lent == {1: 1 + 9 + 2 * 6} and m.children[td.tdr] == 9 + 2 * 6
    assert not any(m.shared.values()), "TD_PARAMS are taken away"


def test_each_td_takes_the_next_free_hkid_or_the_one_it_is_given(td):
    module = td.module
    other = SimpleTd(module, td.host).build()
    third = SimpleTd(module, td.host).build(vcpus=0, hkid=60)
    assert [module.m.hkid[one.tdr] for one in (td, other, third)] == [33, 34, 60]
    assert len(other.vcpus) == 1 and not third.vcpus and module.m.max_vcpus[other.tdr] == 64


def test_a_vcpu_belongs_to_the_lp_it_was_added_on(td):
    assert td.m.vcpu_lp[td.add_vcpu(lp=2)] == 2 and td.m.vcpu_lp[td.vcpus[0]] == 0


def test_a_page_that_is_added_is_measured_mapped_and_the_hosts_to_know(td):
    page = td.add(0x5000)
    assert td.m.sept[reach(td.m, td.tdr, 0x5000, 0)[0]] == ("MAPPED", page) and td.m.mrtd[td.tdr] == 1


@pytest.mark.parametrize("level, tables", [(0, 3), (1, 2)])
def test_a_td_grows_with_the_tables_that_are_missing_and_no_more(td, level, tables):
    td.run()
    lent, children = td.host.lent.total(), td.m.children[td.tdr]
    page = td.grow(PAGE_2M, level)
    assert td.m.sept[reach(td.m, td.tdr, PAGE_2M, level)[0]] == ("PENDING", page)
    assert td.m.children[td.tdr] == children + tables + (512 if level else 1)
    assert td.host.lent.total() == lent + tables + (not level)
    td.grow(2 * PAGE_2M, level)
    assert td.m.children[td.tdr] == children + tables + 2 * (512 if level else 1) + (not level)


def test_a_split_brings_a_pair_and_a_table_and_a_promotion_takes_both_away(td):
    td.run()
    page, lent = td.grow(0, 1), td.host.lent.total()
    td.split(0)
    assert td.m.pamt_2m[page >> 21].type == PT_PAMT and td.host.lent[page >> 21] == 512
    assert td.host.lent.total() == lent + 512 + 1
    pair = td.m.pamt_2m[page >> 21].pair
    td.promote(0)
    assert td.m.pamt_2m[page >> 21].type.name == "REG" and td.host.lent[page >> 21] == 0
    assert td.host.lent.total() == lent and set(td.host.pair()) == set(pair)


def test_a_page_that_is_removed_is_the_hosts_again(td):
    td.run()
    page = td.grow(0x1000)
    answer = td.remove(0x1000)
    assert answer.ok and answer["RCX"] & ~(1 << 62) == page and td.host.page() == page
    large = td.grow(PAGE_2M, 1)
    assert td.remove(PAGE_2M, 1)["RCX"] == large and td.host.chunk() == large


def test_what_is_mapped_is_told_with_each_table_after_what_it_maps(td):
    td.run()
    small, large = td.grow(0), td.grow(PAGE_2M, 1)
    found, tables = list(td.mapped()), [reach(td.m, td.tdr, 0, level)[0] & ~0xFFF for level in (0, 1, 2)]
    assert found == [(small, 0), (tables[0], 0), (large, 1), (tables[1], 0), (tables[2], 0)]


def test_a_td_stops_once_each_vcpu_is_flushed_where_it_is(td):
    td.run()
    must(td.module, "TDH.VP.FLUSH", rcx=td.vcpus[0])
    td.stop()
    assert td.m.lifecycle[td.tdr] == "TEARDOWN" and td.m.hkid[td.tdr] is None and td.m.kot[33] == "FREE"


def test_what_is_gone_is_not_reclaimed_again(td):
    td.run()
    page = td.grow(0)
    td.stop()
    must(td.module, "TDH.PHYMEM.PAGE.RECLAIM", rcx=page)
    td.host.take_back(page)
    td.reclaim_rest(gone=[page])
    assert not td.host.lent.total() and td.vcpus == [] and not any(td.m.pamt_4k[f].type for f in td.m.pamt_4k)


@pytest.mark.parametrize("packages", [1, 2, 4])
def test_every_package_is_keyed_and_written_back(packages):
    module = Module([(0, GIB)], packages=packages)
    before = module.m.snapshot()
    td = SimpleTd(module, HostPages(module)).build()
    assert module.m.keyed_on[td.tdr] == tuple(range(packages))
    td.run().tear_down()
    assert module.m.snapshot() == before
