"""Bulk ranges against the same loops page by page: tree, digest, nodes, allocations, calls and steps walked."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from xarray_oracle import expected_digest, facts, levels, one_by_one, put

from tdxkit.errors import InputError
from tdxkit.linux.xarray import bulk as xarray_bulk
from tdxkit.linux.xarray.api import NULL, XArray, xa_mk_value, xa_reserve, xa_set_mark, xa_store
from tdxkit.linux.xarray.bulk import MAX_LOOP, erase_loop, reserve_loop, store_loop
from tdxkit.linux.xarray.digest import digest
from tdxkit.linux.xarray.multi import xa_store_order
from tdxkit.linux.xarray.tree import expected_levels, objects, runs, xa_stat
from tdxkit.units import U64_MAX

A, B = xa_mk_value(8), xa_mk_value(9)
starts = st.one_of(
    st.integers(0, 300),
    st.integers(0, 9000),
    st.sampled_from([k << s for s in (6, 12, 18, 24) for k in (1, 2, 63, 64)]).flatmap(
        lambda b: st.integers(max(0, b - 70), b + 70)
    ),
)
lengths = st.one_of(st.integers(0, 80), st.integers(0, 400), st.sampled_from([64, 128, 4096, 4200]))
loops = st.tuples(
    st.sampled_from(["reserve", "store", "store", "erase"]), starts, lengths, st.sampled_from([A, B, NULL])
)


def bulk(xa, kind, start, end, word=NULL):
    if kind == "erase":
        return erase_loop(xa, start, end)
    return reserve_loop(xa, start, end) if kind == "reserve" else store_loop(xa, start, end, word)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.lists(loops, max_size=6))
@example([("store", 0, 1, A), ("store", 0, 64, A), ("erase", 1, 63, A), ("reserve", 0, 200, A)])
@example([("store", 60, 10, A), ("store", 4096, 1, A), ("erase", 4000, 200, A)])
def test_bulk_is_the_loop(script):
    quick, slow, entries = XArray(), XArray(), {}
    for kind, start, length, word in script:
        assert bulk(quick, kind, start, start + length, word) == one_by_one(slow, kind, start, start + length, word)
        put(entries, kind, start, start + length, word)
        assert facts(quick) == facts(slow)
    if entries and set(entries) != {0}:
        assert xa_stat(quick).levels == levels(entries)
        assert digest(quick) == expected_digest(entries)


@pytest.mark.parametrize("kind", ["reserve", "store", "erase"])
def test_marks_below_a_range_that_covers_them(kind):
    quick, slow = XArray(), XArray()
    for xa in (quick, slow):
        bulk(xa, "reserve", 0, 9000)
        bulk(xa, "erase", 100, 110)
        for mark, index in enumerate((70, 4500, 8999)):
            xa_set_mark(xa, index, mark)
    for start, end in ((64, 5000), (0, 9000)):
        bulk(quick, kind, start, end, A)
        one_by_one(slow, kind, start, end, A)
        assert facts(quick) == facts(slow)


@pytest.mark.slow
@settings(max_examples=80)
@given(
    st.lists(loops, min_size=1, max_size=4),
    st.lists(st.tuples(starts, st.sampled_from([A, None, 0, 1, 2])), max_size=8),
)
def test_bulk_and_single_calls_mix_with_marks(script, singles):
    quick, slow = XArray(), XArray()
    for number, (kind, start, length, word) in enumerate(script):
        for index, what in singles[number * 2 : number * 2 + 2]:
            for xa in (quick, slow):
                if what is None:
                    xa_reserve(xa, index)
                elif what == A:
                    xa_store(xa, index, A)
                else:
                    xa_set_mark(xa, index, what)
        bulk(quick, kind, start, start + length, word)
        one_by_one(slow, kind, start, start + length, word)
        assert facts(quick) == facts(slow)


@pytest.mark.slow
@settings(max_examples=120)
@given(st.lists(st.tuples(loops, st.one_of(st.none(), st.integers(0, 12))), min_size=1, max_size=6))
def test_bulk_fails_where_the_loop_fails_and_leaves_the_same(script):
    quick, slow = XArray(), XArray()
    for (kind, start, length, word), limit in script:
        quick.slab.limit = slow.slab.limit = limit
        assert bulk(quick, kind, start, start + length, word) == one_by_one(slow, kind, start, start + length, word)
        assert facts(quick) == facts(slow)


@pytest.mark.parametrize("spoil", ["multi", "pressure"])
def test_where_bulk_cannot_tell_it_goes_page_by_page(spoil):
    quick, slow = XArray(), XArray()
    for xa in (quick, slow):
        if spoil == "multi":
            xa_store_order(xa, 64, 6, A)
        xa.slab.pressure = spoil == "pressure"
    for kind, start, end in (("reserve", 10, 300), ("store", 0, 100), ("erase", 50, 200)):
        assert bulk(quick, kind, start, end, B) == one_by_one(slow, kind, start, end, B)
        assert facts(quick) == facts(slow)
    with pytest.raises(InputError, match="page-by-page"):
        reserve_loop(quick, 0, MAX_LOOP + 1)


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, (1 << 28) - 1000])
def test_bulk_is_the_loop_up_to_two_to_the_eighteen(start):
    quick, slow, end = XArray(), XArray(), start + (1 << 18)
    for kind, low, high, word in (
        ("reserve", start, end, A),
        ("store", start, end, A),
        ("store", start + 777, end - 70000, B),
        ("erase", start + 4096, start + 99999, A),
        ("erase", max(0, start - 99), end + 5, A),
    ):
        assert bulk(quick, kind, low, high, word) == one_by_one(slow, kind, low, high, word)
        assert facts(quick) == facts(slow)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.integers(1, 1 << 40)), min_size=1, max_size=5))
def test_any_size_has_the_nodes_of_the_formula(gaps):
    xa, ranges, at = XArray(), [], 0
    for gap, length in gaps:
        ranges.append((at + gap + 1, at + gap + 1 + length))
        at = ranges[-1][1]
        assert reserve_loop(xa, *ranges[-1]) == (0, at)
        store_loop(xa, *ranges[-1], A)
    stat = xa_stat(xa)
    assert stat.levels == expected_levels(ranges)
    assert stat.values == sum(b - a for a, b in ranges) and xa.slab.allocs == stat.nodes
    assert objects(xa) < 200 * len(ranges)
    assert [(a, b) for a, b, word in runs(xa) if word] == ranges
    for a, b in ranges:
        assert erase_loop(xa, a, b) == b - a
    assert xa.head == NULL and xa.slab.frees == xa.slab.allocs


def test_the_sizes_of_the_facts():
    for ranges, by_level in (
        (((0, 2 << 18), (4 << 18, 942 << 18)), (3850240, 60160, 940, 15, 1)),
        (((0, 2 << 18), (1 << 28, (1 << 28) + (1498 << 18))), (6144000, 96000, 1500, 25, 1)),
        (((0, 2 << 18), (1 << 28, (1 << 28) + (1898 << 18))), (7782400, 121600, 1900, 31, 1)),
    ):
        xa = XArray()
        for a, b in ranges:
            reserve_loop(xa, a, b)
            store_loop(xa, a, b, A)
        assert xa_stat(xa).levels == by_level == expected_levels(list(ranges))
        pages = sum(b - a for a, b in ranges)
        assert xa.calls == 2 * pages and objects(xa) < 40
    assert xa_stat(xa).nodes == 7905932 and xa_stat(xa).slab_bytes == 7905932 // 28 * 16384 + 16384


def test_a_change_inside_a_full_guest_copies_its_path_only():
    xa = XArray()
    store_loop(xa, 0, 1 << 30, A)
    before = objects(xa)
    held = xa.snapshot()
    for index in (12345, 1 << 29, (1 << 30) - 1):
        xa_store(xa, index, B)
    assert objects(xa) <= before + 3 * 5
    assert [w for _, _, w in runs(held, 0, 1 << 30)] == [A]
    assert len([*runs(xa, 0, 1 << 30)]) == 6


def test_the_last_index_and_beyond():
    xa = XArray()
    assert reserve_loop(xa, U64_MAX - 5, U64_MAX + 1) == (0, U64_MAX + 1)
    assert xa_stat(xa).zeros == 6 and xa_stat(xa).height == 11
    assert erase_loop(xa, 0, U64_MAX + 1) == 0 and xa.head == NULL
    for start, end in ((-1, 5), (0, U64_MAX + 2)):
        for kind in ("reserve", "store", "erase"):
            with pytest.raises(InputError):
                bulk(xa, kind, start, end, A)
    assert bulk(xa, "store", 9, 5, A) == (0, 9) and xa.head == NULL


def _thin(fill, shift, original=xarray_bulk._Fill._full):
    node, nodes = original(fill, shift)
    node.count = 63
    return node, nodes


def _cheap(fill, shift, original=xarray_bulk._Fill._full):
    return original(fill, shift)[0], 1


def _longer(erase, old, node, low, high, original=xarray_bulk._Erase._part):
    gone = original(erase, old, node, low, high)
    gone.walked += 1
    return gone


FAULTS = {
    "a full node with a wrong count": (xarray_bulk._Fill, "_full", _thin),
    "a full subtree counted as one node": (xarray_bulk._Fill, "_full", _cheap),
    "a step too many in erasing": (xarray_bulk._Erase, "_part", _longer),
    "a head that does not shrink": (xarray_bulk, "xas_shrink", lambda xas: None),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_does_not_pass(fault, monkeypatch):
    def agree():
        quick, slow = XArray(), XArray()
        for kind, start, end in (("store", 0, 20000), ("erase", 4000, 20000)):
            bulk(quick, kind, start, end, A)
            one_by_one(slow, kind, start, end, A)
            if facts(quick) != facts(slow):
                return False
        return True

    assert agree()
    monkeypatch.setattr(*FAULTS[fault])
    assert not agree()
