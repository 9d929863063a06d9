"""Marks on entries over several indexes, the free mark, and where a state stands after a store that changed the tree around it."""

import pytest

from tdxkit.linux.xarray import api as x
from tdxkit.linux.xarray.bulk import reserve_loop, store_loop
from tdxkit.linux.xarray.marks import xas_clear_mark, xas_set_mark
from tdxkit.linux.xarray.multi import xa_get_order, xa_store_order, xa_store_range
from tdxkit.linux.xarray.state import XA_FREE_MARK
from tdxkit.linux.xarray.tree import objects, xa_stat
from tdxkit.linux.xarray.walk import xa_find, xa_find_after, xas_find_marked, xas_next, xas_prev
from tdxkit.units import U64_MAX

A, B = x.xa_mk_value(8), x.xa_mk_value(9)
BLOCKS = [(8, 3), (64, 6), (128, 7), (4096, 9)]  # the first index of an entry, and its order


@pytest.mark.parametrize("base, order", BLOCKS)
@pytest.mark.parametrize("at", [0, 1, -1])
def test_a_mark_is_the_whole_entrys_whichever_index_it_was_set_through(base, order, at):
    xa, end = x.XArray(), base + (1 << order)
    for index in (base - 1, end):
        x.xa_store(xa, index, B)
    xa_store_order(xa, base, order, A)
    x.xa_set_mark(xa, range(base, end)[at], 1)
    assert [x.xa_get_mark(xa, i, 1) for i in (base - 1, base, base + 1, end - 1, end)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    for start in (0, base - 1, base):
        assert xa_find(xa, start, U64_MAX, 1) == (base, A)
    # From within, a sibling leads back to the slot with the entry; one slot alone keeps the index, as the kernel's walk does.
    assert xa_find(xa, end - 1, U64_MAX, 1) == (base if order % 6 else end - 1, A)
    assert xa_find(xa, end, U64_MAX, 1) is None
    x.xa_clear_mark(xa, end - 1, 1)
    assert not x.xa_marked(xa, 1) and xa_find(xa, 0, U64_MAX, 1) is None


def test_an_entry_over_marked_ones_bears_their_marks():
    xa = x.XArray()
    for index in range(60, 80):
        x.xa_store(xa, index, B)
    for mark, index in ((0, 66), (1, 71), (2, 72)):
        x.xa_set_mark(xa, index, mark)
    xa_store_order(xa, 64, 3, A)  # indexes 64 to 71
    assert [x.xa_get_mark(xa, 64, m) for m in range(3)] == [True, True, False]
    assert [x.xa_get_mark(xa, 72, m) for m in range(3)] == [False, False, True]
    x.xa_erase(xa, 70)
    assert xa.marks == [False, False, True] and x.xa_load(xa, 64) == x.NULL


@pytest.mark.parametrize("last, found", [(4, None), (5, (5, A)), (69, (5, A)), (U64_MAX, (5, A))])
def test_the_last_index_of_a_search_is_in_it(last, found):
    xa = x.XArray()
    for index in (5, 70, 5000):
        x.xa_store(xa, index, A)
        x.xa_set_mark(xa, index, 2)
    assert xa_find(xa, 0, last, 2) == xa_find(xa, 0, last) == found
    after = [(70, A)] if last >= 70 else [None]
    assert [xa_find_after(xa, 5, last, 2)] == [xa_find_after(xa, 5, last)] == after
    assert xa_find_after(xa, U64_MAX, U64_MAX) is None


@pytest.mark.parametrize("taken", [[], [0], [0, 1, 2], [*range(64)], [*range(130)], [1]])
def test_the_free_mark_leads_to_the_first_index_that_is_free(taken):
    xa = x.XArray(track_free=True)
    for index in taken:
        x.xa_store(xa, index, A)
    xas = x.XaState(xa, 0)
    first = next(i for i in range(200) if i not in taken)
    assert xas_find_marked(xas, U64_MAX, XA_FREE_MARK) == x.NULL and xas.index == first
    assert all(x.xa_get_mark(xa, i, XA_FREE_MARK) == (i not in taken) for i in range(1, 64 * any(taken)))
    again = x.XaState(xa, first + 1)
    xas_find_marked(again, U64_MAX, XA_FREE_MARK)
    assert again.index == next(i for i in range(first + 1, 300) if i not in taken)


@pytest.mark.parametrize("flags", [{}, {"track_free": True}, {"track_free": True, "zero_busy": True}])
def test_storing_null_frees_the_index_of_an_allocating_array_only_by_erasing(flags):
    xa = x.XArray(**flags)
    x.xa_store(xa, 5, A)
    assert x.xa_store(xa, 5, x.NULL) == A and x.xa_load(xa, 5) == x.NULL
    assert x.xa_get_mark(xa, 5, XA_FREE_MARK) is False and x.xa_empty(xa) == (not flags)
    assert x.xa_erase(xa, 5) == x.NULL and x.xa_empty(xa)


def test_a_call_on_an_allocating_array_takes_the_free_mark_away():
    for call in (
        lambda xa: x.xa_insert(xa, 5, A),
        lambda xa: x.xa_cmpxchg(xa, 5, x.NULL, A),
        lambda xa: x.xa_reserve(xa, 5),
        lambda xa: x.xa_store(xa, 5, A),
    ):
        xa = x.XArray(track_free=True)
        assert call(xa) == 0 and [x.xa_get_mark(xa, i, XA_FREE_MARK) for i in (4, 5, 6)] == [True, False, True]


def test_what_an_erase_leaves_free_is_marked_free():
    xa = x.XArray(track_free=True)
    for index in range(64):
        x.xa_store(xa, index, A)
    assert not xa.marks[XA_FREE_MARK]
    x.xa_erase(xa, 9)
    assert xa.marks[XA_FREE_MARK] and xa.head.marks[XA_FREE_MARK] == 1 << 9


def test_a_tree_that_becomes_lower_onto_what_is_full_has_nothing_free_left_in_it():
    xa = x.XArray(track_free=True)
    for index in (*range(64), 64):
        x.xa_store(xa, index, A)
    assert xa.marks[XA_FREE_MARK]  # above index 64
    x.xa_erase(xa, 64)
    assert xa.head.shift == 0 and not xa.marks[XA_FREE_MARK]


def test_an_erase_that_makes_the_tree_lower_leaves_its_state_outside():
    xa = x.XArray()
    for index in (0, 5, 4096):
        x.xa_store(xa, index, A)
    for index, height in ((4096, 1), (5, 0)):
        xas = x.XaState(xa, index)
        assert x.xas_store(xas, x.NULL) == A
        assert (xas.where, xas.path, xa_stat(xa).height) == ("bounds", [], height)
        assert x.xas_load(xas) == x.NULL


def test_an_erase_that_frees_the_last_node_leaves_its_state_outside():
    xa = x.XArray()
    x.xa_store(xa, 70, A)
    xas = x.XaState(xa, 70)
    x.xas_store(xas, x.NULL)
    assert (xas.where, xa.head) == ("bounds", x.NULL) and x.xas_load(xas) == x.NULL


def test_the_shrinking_stops_at_an_entry_over_many_indexes():
    xa = x.XArray()
    xa_store_order(xa, 0, 6, A)
    x.xa_store(xa, 100, B)
    x.xa_erase(xa, 100)
    assert (xa_stat(xa).height, xa_get_order(xa, 30), x.xa_load(xa, 63), x.xa_load(xa, 64)) == (2, 6, A, x.NULL)


@pytest.mark.parametrize("limit, entry, cost", [(None, x.NULL, 2), (0, None, 0), (1, None, 1)])
def test_a_store_goes_on_from_where_its_state_found_nothing(limit, entry, cost):
    xa = x.XArray()
    x.xa_store(xa, 1 << 17, A)
    xas = x.XaState(xa, 70)
    assert x.xas_load(xas) == x.NULL and len(xas.path) == 1
    walked, xa.slab.limit = xa.walked, limit
    x.xas_store(xas, B)
    assert (xas.where == "error") == (entry is None) and xa.walked - walked == cost


def test_a_range_under_memory_pressure_takes_the_lock_once_more_for_each_node():
    quick, slow = x.XArray(), x.XArray()
    slow.slab.pressure = True
    for xa in (quick, slow):
        assert xa_store_range(xa, 100, 5000, A) == x.NULL
    assert quick.calls == 1 and slow.calls == 1 + slow.slab.blocking and slow.slab.blocking == xa_stat(slow).nodes
    assert xa_stat(quick) == xa_stat(slow)


def test_an_order_under_memory_pressure_is_the_same_order():
    xa = x.XArray()
    xa.slab.pressure = True
    assert xa_store_order(xa, 130, 7, A) == 0 and xa_get_order(xa, 255) == 7 and x.xa_load(xa, 127) == x.NULL
    xa.slab.limit = 0
    assert xa_store_order(xa, 1 << 40, 3, A) == -12


def test_reserving_over_a_full_array_keeps_it_small():
    xa = x.XArray()
    store_loop(xa, 0, 1 << 18, A)
    reserve_loop(xa, 0, 1 << 18)
    assert objects(xa) < 20 and xa_stat(xa).values == 1 << 18


def test_neighbours_at_the_ends_of_all_indexes_wrap():
    xa = x.XArray()
    for index in (0, U64_MAX):
        x.xa_store(xa, index, A)
    xas = x.XaState(xa, U64_MAX)
    assert (xas_next(xas), xas.index) == (A, U64_MAX)
    xas_next(xas)
    assert xas.index == 0
    xas = x.XaState(xa, 0)
    assert (xas_prev(xas), xas.index) == (A, 0)
    xas_prev(xas)
    assert xas.index == U64_MAX


def test_marks_through_a_state_stop_where_they_stand_already():
    xa = x.XArray()
    for index in (1, 2, 70):
        x.xa_store(xa, index, A)
        xas = x.XaState(xa, index)
        x.xas_load(xas)
        xas_set_mark(xas, 0)
        xas_set_mark(xas, 0)
    for index, left in ((1, True), (2, True), (70, False)):
        xas = x.XaState(xa, index)
        x.xas_load(xas)
        xas_clear_mark(xas, 0)
        xas_clear_mark(xas, 0)
        assert x.xa_marked(xa, 0) is left and x.xa_get_mark(xa, 2, 0) == (index < 2)
