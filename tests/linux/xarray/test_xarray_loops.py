"""Loops over ranges that meet at the borders of nodes, done in bulk and one by one: every two in a row, by a grid and not by chance."""

from itertools import product

import pytest
from xarray_oracle import facts, one_by_one

from tdxkit.errors import InputError
from tdxkit.linux.xarray.api import (
    NULL,
    XA_ZERO_ENTRY,
    XArray,
    xa_erase,
    xa_load,
    xa_mk_value,
    xa_reserve,
    xa_set_mark,
    xa_store,
)
from tdxkit.linux.xarray.bulk import MAX_LOOP, erase_loop, reserve_loop, store_loop
from tdxkit.linux.xarray.multi import xa_store_order
from tdxkit.linux.xarray.tree import objects, runs, xa_stat
from tdxkit.units import U64_MAX

A, B = xa_mk_value(8), xa_mk_value(9)
RANGES = [(0, 1), (1, 64), (0, 64), (63, 65), (64, 128), (10, 200), (60, 130), (0, 256), (100, 100)]
KINDS = [("reserve", NULL), ("store", A), ("store", NULL), ("erase", NULL)]
HIGH = (1 << 12) - 128  # where a third level begins, two leaves before


def bulk(xa, kind, start, end, word):
    if kind == "erase":
        return erase_loop(xa, start, end)
    return reserve_loop(xa, start, end) if kind == "reserve" else store_loop(xa, start, end, word)


def agree(quick, slow, kind, start, end, word):
    assert bulk(quick, kind, start, end, word) == one_by_one(slow, kind, start, end, word)
    assert facts(quick) == facts(slow)


@pytest.mark.slow
@pytest.mark.parametrize("base", [0, HIGH])
@pytest.mark.parametrize("first", RANGES, ids=str)
def test_any_loop_after_any_other_in_bulk_is_the_loop_one_by_one(first, base):
    start = XArray()
    store_loop(start, base + first[0], base + first[1], A)
    for second, (kind, word) in product(RANGES, KINDS):
        quick, slow = start.snapshot(), start.snapshot()
        agree(quick, slow, kind, base + second[0], base + second[1], word)
        agree(quick, slow, "erase", base + 1, base + 127, NULL)


@pytest.mark.parametrize("limit", range(8))
@pytest.mark.parametrize("kind, word", KINDS[:2])
def test_a_loop_that_runs_out_of_memory_stops_where_the_single_calls_do(kind, word, limit):
    quick, slow = XArray(), XArray()
    for xa in (quick, slow):
        xa_store(xa, 70, B)
        xa.slab.limit = limit
    agree(quick, slow, kind, HIGH, HIGH + 300, word)
    agree(quick, slow, kind, 0, 200, word)
    agree(quick, slow, "erase", 0, HIGH + 300, word)


@pytest.mark.parametrize("kind, word", KINDS)
@pytest.mark.parametrize("marked", [(0,), (63, 64), (127,), (70, 255, 300), (5, HIGH)])
def test_loops_keep_or_clear_marks_as_single_calls_do(marked, kind, word):
    quick, slow = XArray(), XArray()
    for xa in (quick, slow):
        reserve_loop(xa, 0, 400)
        xa_store(xa, HIGH, B)
        for number, index in enumerate(marked):
            xa_set_mark(xa, index, number % 3)
    for start, end in ((64, 128), (0, 192), (100, 500)):
        agree(quick, slow, kind, start, end, word)


@pytest.mark.parametrize("head", [NULL, A, XA_ZERO_ENTRY])
@pytest.mark.parametrize("start, end", [(0, 0), (0, 1), (0, 5), (1, 5), (7, 3)])
def test_erasing_where_the_head_is_no_node(head, start, end):
    quick, slow = XArray(), XArray()
    for xa in (quick, slow):
        xa_reserve(xa, 0) if head == XA_ZERO_ENTRY else xa_store(xa, 0, head)
        xa.head = head
    agree(quick, slow, "erase", start, end, NULL)


def test_erasing_one_subtree_that_stands_in_many_places_erases_each():
    xa = XArray()
    reserve_loop(xa, 0, 1 << 18)
    assert objects(xa) == 8  # the head, a full one of each level below, and those of the single calls on 0, 64 and 4096
    store_loop(xa, 0, 1 << 18, A)
    erased = erase_loop(xa, 64, (1 << 18) - 64)
    assert erased == (1 << 18) - 128 and xa_stat(xa).values == 128 and objects(xa) == 5
    assert [(a, b) for a, b, word in runs(xa) if word] == [(0, 64), ((1 << 18) - 64, 1 << 18)]


def test_one_word_over_another_where_marks_are_is_filled_slot_by_slot():
    """Filling must not put the common full node in the place of one that bears marks, and need not where there are none."""
    xa = XArray()
    store_loop(xa, 0, 1 << 12, A)
    xa_set_mark(xa, 100, 1)
    store_loop(xa, 0, 1 << 12, B)
    assert xa.marks == [False, True, False] and xa_stat(xa).values == 1 << 12
    assert [*runs(xa, 0, 1 << 12)] == [(0, 1 << 12, B)] and objects(xa) < 8


def test_a_reserving_loop_keeps_what_is_there_and_fills_the_rest():
    xa = XArray()
    store_loop(xa, 60, 70, A)
    assert reserve_loop(xa, 0, 1 << 13) == (0, 1 << 13)
    stat = xa_stat(xa)
    assert (stat.values, stat.zeros, xa_load(xa, 65), xa_load(xa, 71)) == (10, (1 << 13) - 10, A, NULL)


@pytest.mark.parametrize("spoil", ["multi", "pressure", "track_free"])
def test_a_range_too_long_for_single_calls_is_refused_by_every_loop(spoil):
    xa = XArray(track_free=spoil == "track_free")
    if spoil == "multi":
        xa_store_order(xa, 64, 6, A)
    xa.slab.pressure = spoil == "pressure"
    for kind, word in KINDS:
        with pytest.raises(InputError, match=f"{MAX_LOOP + 1} indexes"):
            bulk(xa, kind, 5, 5 + MAX_LOOP + 1, word)
    assert MAX_LOOP == 1 << 20  # a second or so of single calls


@pytest.mark.parametrize("kind, word", KINDS)
def test_an_allocating_array_goes_index_by_index(kind, word):
    quick, slow = XArray(track_free=True), XArray(track_free=True)
    for start, end in ((3, 70), (60, 130)):
        agree(quick, slow, "store", start, end, B)
        agree(quick, slow, kind, start + 1, end - 5, word)


@pytest.mark.parametrize("at", [0, 1, 64, 1 << 12])
def test_one_by_one_too_the_first_failure_ends_the_loop(at):
    xa = XArray()
    xa.slab.pressure, xa.slab.limit = True, 2
    rc, reached = store_loop(xa, at, at + 300, A)
    assert rc == -12 and xa_load(xa, reached) == NULL and (reached == at or xa_load(xa, reached - 1) == A)
    assert bulk(XArray(), "store", at, at + 3, A) == (0, at + 3)


def test_a_reserved_entry_is_no_word_to_store():
    with pytest.raises(InputError, match="reserving"):
        store_loop(XArray(), 0, 5, XA_ZERO_ENTRY)


def test_the_loop_that_clears_says_nothing_of_reserved_entries():
    xa = XArray()
    reserve_loop(xa, 0, 100)
    xa_store(xa, 5, A)
    assert erase_loop(xa, 0, 100) == 1 and xa.head == NULL
    xa_store(xa, 0, A)
    assert erase_loop(xa, 0, U64_MAX + 1) == 1 == xa_erase(xa, 0) + 1
