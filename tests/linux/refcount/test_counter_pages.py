"""Which pages of the counters have memory, page by page and by hand; and where maps of memory end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.refcount.counters import VERSIONS, CounterArray, Range, build, offset_of, tdmrs_for
from tdxkit.linux.refcount.memory_map import LONGEST, MOST_RANGES, memory_map, place
from tdxkit.units import GIB, PAGE_4K

PAGE = PAGE_4K // 4 * 512  # page frames whose counters fill one page
edges = st.sampled_from(
    [0, 1, 511, 512, 513, PAGE - 1, PAGE, PAGE + 1, PAGE + 512, 2 * PAGE, 3 * PAGE - 512, 5 * PAGE + 7]
)
memories = st.lists(
    st.tuples(edges, edges).filter(lambda r: r[0] < r[1]).map(lambda r: Range(*r)), min_size=1, max_size=3
)


def pages(array):
    return {page for start, end in array.mapped for page in range(start // PAGE_4K, -(-end // PAGE_4K))}


def counters(memory):
    """The byte offsets of the counters of some memory: one for each region that it touches."""
    return {4 * region for r in memory for region in range(r.start // 512, (r.end - 1) // 512 + 1)}


@settings(max_examples=60)
@given(memories)
def test_from_v4_on_each_page_with_a_counter_has_memory_and_no_other(memory):
    wanted = {at // PAGE_4K for at in counters(memory)}
    top = max(r.end for r in memory)
    for version in ("v4", "v5"):
        array = build(version, memory)
        assert pages(array) == wanted and array.length == -(-4 * -(-top // 512) // PAGE_4K) * PAGE_4K
        assert array.bytes == PAGE_4K * len(wanted) and array.used and not array.failed
        old = -(-4 * (top // 512) // PAGE_4K)  # pages that are walked when it is freed
        assert array.freed == PAGE_4K * len({p for p in wanted if p < old})
    flat = build("v6", memory)
    assert flat.mapped == ((0, flat.length),) and flat.freed == flat.length == build("v4", memory).length


@settings(max_examples=60)
@given(memories)
def test_v2_and_v3_take_the_counter_of_one_past_the_end(memory):
    spans = [(offset_of(r.start) // PAGE_4K, -(-offset_of(r.end + 1) // PAGE_4K)) for r in memory]
    top = max(r.end for r in memory)
    for version, rounded in (("v2", 1), ("v3", PAGE_4K)):
        array = build(version, memory)
        assert array.length == -(-(top // 512 * 4) // rounded) * rounded
        if any(a >= b for a, b in spans):
            assert "no bytes" in array.failed and array.mapped == ()
        else:
            assert pages(array) == {page for a, b in spans for page in range(a, b)} and not array.failed


@pytest.mark.parametrize("ranges, tdmrs", [([(0, 1)], [(0, 1)]), ([(0, 1 << 18)], [(0, 1)]), ([((1 << 18) - 1, (1 << 18) + 1)], [(0, 2)]),
                                           ([(5, 6), (3 << 18, (3 << 18) + 1)], [(0, 1), (3, 4)]), ([(0, 9), ((1 << 18) + 5, (1 << 18) + 6)], [(0, 2)])])  # fmt: skip
def test_tdmrs_are_whole_gibibytes(ranges, tdmrs):
    gib = GIB // PAGE_4K
    found = tdmrs_for([Range(*r) for r in ranges])
    assert [(r.start // gib, r.end // gib) for r in found] == tdmrs and all(
        r.start % gib == r.end % gib == 0 for r in found
    )
    memory = [Range(*r) for r in ranges]
    assert build("v1", memory).mapped == build("v1", memory, tdmrs=found).mapped


def test_what_is_looked_up_at_the_ends_of_the_array():
    array = CounterArray("x", 12, ((0, 4), (8, 12)))
    assert [array.lookup(512 * k) for k in range(4)] == ["ok", "no memory behind it", "ok", "past the end"]
    assert array.lookup(511) == "ok" and array.bytes == 8 and array.leaked == 8
    assert array.holes([Range(0, 3 * 512)]) == (Range(512, 1024),) and array.holes([Range(0, 512)]) == ()
    assert array.holes([Range(100, 700), Range(1600, 1700)]) == (Range(512, 700), Range(1600, 1700))
    assert (
        CounterArray("x", 12, ((0, 4), (8, 12)), freed=3).left_behind == ((3, 4), (8, 12))
        and CounterArray("x", 4, ((0, 4),), freed=4).left_behind == ()
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_no_memory_needs_no_counters(version):
    array = build(version, [])
    assert (array.length, array.mapped, array.failed, array.version) == (0, (), "", version)
    off = build(version, [], dynamic_pamt=False)
    assert bool(off.failed) == (version == "v1") and not off.used and off.length == 0


@pytest.mark.parametrize(
    "start, end, fits", [(0, 1, True), (0, 1 << 40, True), (0, (1 << 40) + 1, False), (0, 0, False), (-1, 1, False)]
)
def test_a_range_of_frames_ends_within_52_bits_of_addresses(start, end, fits):
    if fits:
        assert Range(start, end)
    else:
        with pytest.raises(InputError, match="0 <= start < end"):
            Range(start, end)


def test_a_map_has_so_many_ranges_and_characters_and_no_more():
    text = ",".join(f"{2 * k}G-{2 * k + 1}G" for k in range(MOST_RANGES))
    assert len(memory_map(text)) == MOST_RANGES == 32
    with pytest.raises(InputError, match="33 memory ranges"):
        memory_map(text + ",100G-101G")
    assert memory_map("0-1G" + " " * (LONGEST - 4)) == (Range(0, 1 << 18),) and LONGEST == 2000
    with pytest.raises(InputError, match="2,001 characters"):
        memory_map("0-1G" + " " * (LONGEST - 3))


@pytest.mark.parametrize("text", ["0x" + "f" * 16 + "-0x1", "0x0-0x10000000001000000"])
def test_addresses_in_hexadecimal_have_16_digits(text):
    with pytest.raises(InputError):
        memory_map(text)
    assert memory_map("0x000000000000f000-0X10000") == (Range(15, 16),) and place(1 << 28) == "1 TiB"
