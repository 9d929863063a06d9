"""The counters' memory: the posted formulas, their bugs, and a page-by-page oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.refcount.counters import COUNTER, PFNS_PER_REGION, Range, build, offset_of
from tdxkit.units import GIB, KIB, MIB, PAGE_4K, TIB

PFNS_PER_PAGE = PAGE_4K // COUNTER * PFNS_PER_REGION


def frames(size):
    return size // PAGE_4K


ranges = st.builds(lambda a, n: Range(a, a + n), st.integers(0, 1 << 21), st.integers(1, 1 << 20))
layouts = st.lists(ranges, min_size=1, max_size=4)


@given(layouts)
def test_v4_and_v6_have_a_counter_for_every_page_of_memory(memory):
    for version in ("v4", "v6"):
        assert build(version, memory).holes(memory) == ()


@pytest.mark.slow
@given(layouts)
def test_holes_agree_with_looking_up_every_region(memory):
    for version in ("v1", "v2", "v3", "v4", "v6"):
        counters = build(version, memory)
        if counters.failed:
            continue
        bad = {p for r in memory for p in range(r.start, r.end, 509) if counters.lookup(p) != "ok"}
        told = counters.holes(memory)
        assert bad == {p for r in memory for p in range(r.start, r.end, 509) if any(h.start <= p < h.end for h in told)}


def test_b12_a_range_of_one_page_at_the_start_of_a_counter_page_maps_nothing():
    for version in ("v2", "v3"):
        assert "no bytes" in build(version, [Range(0x80000, 0x80001)]).failed
    assert build("v4", [Range(0x80000, 0x80001)]).lookup(0x80000) == "ok"


def test_b12_a_range_that_ends_just_inside_a_counter_page_misses_it():
    # The second range only keeps B13 (array too short) out of the picture.
    memory = [Range(0x1000, 0x80064), Range(0x100000, 0x110000)]
    assert build("v3", memory).lookup(0x80000) == "no memory behind it"
    assert build("v3", memory).holes(memory) == (Range(0x80000, 0x80064),)
    assert build("v4", memory).lookup(0x80000) == "ok"


def test_b13_the_last_partial_region_has_no_counter_until_v4():
    memory = [Range(0, 3 * PFNS_PER_REGION + 7)]
    last = 3 * PFNS_PER_REGION
    assert build("v2", memory).lookup(last) == "past the end"
    assert build("v4", memory).lookup(last) == build("v6", memory).lookup(last) == "ok"


def test_v4_frees_by_the_old_length_and_leaks_the_page_it_gained():
    memory = [Range(0, PFNS_PER_PAGE + 7)]
    assert build("v4", memory).leaked == PAGE_4K
    assert build("v6", memory).leaked == 0


@given(layouts)
def test_v5_keeps_v4s_counters(memory):
    v4, v5 = build("v4", memory), build("v5", memory)
    assert (v4.length, v4.mapped, v4.freed, v4.failed) == (v5.length, v5.mapped, v5.freed, v5.failed)


def test_b4_v1_populates_the_holes_of_a_tdmr():
    # 64 GiB of a TDMR of 66 GiB are usable; the counters of the rest are populated too.
    memory = [Range(0, frames(GIB)), Range(frames(65 * GIB), frames(66 * GIB))]
    whole = [Range(0, frames(66 * GIB))]
    assert build("v1", memory, tdmrs=whole).bytes == 33 * PAGE_4K
    assert build("v4", memory).bytes == 2 * PAGE_4K


@pytest.mark.parametrize(
    "version, failed", [("v1", "unmaps"), ("v2", "panic"), ("v3", "panic"), ("v4", ""), ("v6", "")]
)
def test_b3_b11_without_dynamic_pamt(version, failed):
    counters = build(version, [Range(0, 512)], dynamic_pamt=False)
    assert failed in counters.failed and bool(counters.failed) == bool(failed) and counters.bytes == 0


def test_b31_flat_counters_follow_max_pfn_not_memory():
    host = frames(256 * GIB)
    assert build("v6", [Range(0, host)]).bytes == 512 * KIB
    top = [Range(0, host // 2), Range(frames(4096 * TIB) - host // 2, frames(4096 * TIB))]
    assert build("v6", top).bytes == 8 * GIB
    assert build("v4", top).bytes == 512 * KIB


def test_two_mebibytes_of_counters_for_each_tebibyte():
    assert build("v6", [Range(0, frames(TIB))]).bytes == 2 * MIB
    assert offset_of(frames(2 * GIB)) == PAGE_4K


@pytest.mark.parametrize("start, end", [(5, 5), (6, 5), (-1, 4), (0, 1 << 41)])
def test_bad_ranges_are_named(start, end):
    with pytest.raises(InputError, match="memory range"):
        Range(start, end)


def test_unknown_version():
    with pytest.raises(InputError, match="v6"):
        build("v77", [])


@given(layouts)
def test_what_is_left_behind_is_the_end_of_what_has_memory(memory):
    for version in ("v1", "v2", "v4"):
        array = build(version, memory)
        stays = array.left_behind
        assert sum(end - start for start, end in stays) == array.leaked
        assert all(any(a <= start < end <= b for a, b in array.mapped) for start, end in stays)
        first = min((start for start, _ in stays), default=array.length + (1 << 30))
        freed = sum(max(0, min(end, first) - start) for start, end in array.mapped)
        assert freed == array.freed


def test_without_dynamic_pamt_nobody_looks_a_counter_up():
    memory = [Range(0, 512)]
    for version in ("v1", "v3", "v4", "v6"):
        array = build(version, memory, dynamic_pamt=False)
        assert not array.used and array.holes(memory) == ()
