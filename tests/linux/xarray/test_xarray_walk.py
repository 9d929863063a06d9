"""Walking through an array, and multi-index entries, against a dict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.xarray import api as x
from tdxkit.linux.xarray import multi, walk
from tdxkit.linux.xarray.node import xa_mk_internal
from tdxkit.linux.xarray.tree import runs, xa_stat
from tdxkit.units import U64_MAX

Z = x.XA_ZERO_ENTRY
EDGES = [0, 1, 63, 64, 4095, 4096, 2**18, 2**30, U64_MAX - 1, U64_MAX]
indexes = st.one_of(st.integers(0, 300), st.sampled_from(EDGES), st.integers(0, U64_MAX))
entries = st.dictionaries(indexes, st.sampled_from([17, 19, Z]), max_size=20)


def build(items):
    xa = x.XArray()
    for index, word in items.items():
        x.xa_reserve(xa, index) if word == Z else x.xa_store(xa, index, word)
    return xa


def first(items, low, high, want):
    return next(((i, items[i]) for i in sorted(items) if low <= i <= high and want(i)), None)


@given(entries, indexes, indexes)
def test_find_and_find_after(items, start, last):
    xa = build(items)
    real = {i: w for i, w in items.items() if w != Z}
    assert walk.xa_find(xa, start, last) == first(real, start, last, lambda i: True)
    assert walk.xa_find_after(xa, start, last) == first(real, start + 1, last, lambda i: True)
    assert [*walk.xa_for_each_range(xa, start, last)] == sorted((i, w) for i, w in real.items() if start <= i <= last)


@given(entries, indexes, indexes, st.sets(indexes))
def test_find_marked(items, start, last, marked):
    xa = build(items)
    marked |= set(list(items)[::2])
    for index in marked:
        x.xa_set_mark(xa, index, 1)
    real = {i: w for i, w in items.items() if w != Z and i in marked}
    assert walk.xa_find(xa, start, last, 1) == first(real, start, last, lambda i: True)
    assert walk.xa_find_after(xa, start, last, 1) == first(real, start + 1, last, lambda i: True)
    assert walk.xa_find(xa, start, last, 2) is None


@given(entries, indexes, indexes)
def test_the_walkers_see_reserved_entries(items, start, last):
    xas = x.XaState(build(items), start)
    seen = [(xas.index, entry) for entry in walk.xas_for_each(xas, last)]
    assert seen == sorted((i, w) for i, w in items.items() if start <= i <= last)


@given(entries, st.one_of(st.integers(0, 300), st.integers(U64_MAX - 300, U64_MAX)), st.integers(1, 150))
def test_next_and_prev_go_to_the_neighbour(items, start, steps):
    xa = build(items)
    for step, sign in ((walk.xas_next, 1), (walk.xas_prev, -1)):
        xas = x.XaState(xa, start)
        for k in range(steps):
            index = start + sign * k
            if not 0 <= index <= U64_MAX:
                break
            entry = step(xas)
            if xas.where == "bounds" and set(items) == {0}:
                break  # past a lone entry in the head, the walk stands still at first
            assert (xas.index, entry) == (index, items.get(index, x.NULL))


blocks = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 1 << 20)), max_size=8)


@given(blocks, st.sampled_from([17, 19]))
def test_aligned_blocks_of_any_order(chosen, word):
    xa, held = x.XArray(), {}
    for order, where in chosen:
        base = where >> order << order
        if any(base < b + (1 << o) and b < base + (1 << order) for b, o in held.items()):
            continue
        assert multi.xa_store_order(xa, where, order, word) == 0
        held[base] = order
    for base, order in held.items():
        for index in {base, base + (1 << order) // 2, base + (1 << order) - 1}:
            assert (x.xa_load(xa, index), multi.xa_get_order(xa, index)) == (word, order)
        for index in (base - 1, base + (1 << order)):
            if index >= 0 and not any(b <= index < b + (1 << o) for b, o in held.items()):
                assert x.xa_load(xa, index) == x.NULL
    assert [i for i, _ in walk.xa_for_each_range(xa, 0, U64_MAX)] == sorted(held)
    for base, order in held.items():
        assert x.xa_erase(xa, base + (1 << order) - 1) == word
    assert x.xa_empty(xa) and xa.slab.allocs == xa.slab.frees


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_a_range_covers_what_it_says_and_nothing_else(a, b):
    start, last = sorted((a, b))
    xa = x.XArray()
    assert multi.xa_store_range(xa, start, last, 17) == x.NULL
    assert [(i, j) for i, j, word in runs(xa) if word == 17] == [(start, last + 1)]
    assert xa_stat(xa).nodes <= 16
    multi.xa_store_range(xa, start, last, x.NULL)
    assert x.xa_empty(xa) and xa.slab.allocs == xa.slab.frees


def test_ranges_that_the_kernel_refuses_and_one_it_never_finishes():
    xa = x.XArray()
    assert x.xa_err(multi.xa_store_range(xa, 5, 4, 17)) == -22
    assert x.xa_err(multi.xa_store_range(xa, 0, 4, xa_mk_internal(3))) == -22
    assert multi.xa_store_range(xa, 1 << 60, U64_MAX, 17) == x.NULL
    assert x.xa_load(xa, U64_MAX) == 17 and x.xa_load(xa, (1 << 60) - 1) == x.NULL
    for call in (
        lambda: multi.xa_store_range(xa, 0, U64_MAX + 1, 17),
        lambda: multi.xa_store_order(xa, 0, 65, 17),
        lambda: multi.xa_store_order(xa, -1, 6, 17),
    ):
        with pytest.raises(InputError):
            call()
