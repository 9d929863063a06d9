"""A walk that is kept: what an `XaState` may do a second time, where it says it stands, and what a walk costs."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.xarray import api as x
from tdxkit.linux.xarray import walk
from tdxkit.linux.xarray.marks import xas_set_mark
from tdxkit.linux.xarray.multi import xa_store_order
from tdxkit.linux.xarray.node import EBUSY, XA_RETRY_ENTRY, Slab, XaNode, xa_mk_internal
from tdxkit.linux.xarray.state import xas_alloc, xas_descend, xas_fail, xas_result
from tdxkit.linux.xarray.tree import xa_stat
from tdxkit.units import U64_MAX

A, B = x.xa_mk_value(8), x.xa_mk_value(9)


def array(*indexes, word=A):
    xa = x.XArray()
    for index in indexes:
        x.xa_store(xa, index, word)
    return xa


@pytest.mark.parametrize("index", [0, 5, 63, 64, 4095])
def test_a_second_load_through_one_state_finds_the_same_and_walks_no_more(index):
    xa = array(0, 5, 63, 64, 4095)
    x.xa_store(xa, index, B)
    xas = x.XaState(xa, index)
    assert x.xas_load(xas) == B
    walked = xa.walked
    assert x.xas_load(xas) == B and xa.walked == walked


def test_a_second_load_of_a_sibling_finds_its_entry():
    xa = x.XArray()
    xa_store_order(xa, 8, 2, A)
    xas = x.XaState(xa, 10)
    assert x.xas_load(xas) == A == x.xas_load(xas) and xas.offsets == [8]


def test_a_store_through_a_state_that_has_walked_goes_to_the_same_slot():
    xa = array(1, 70, 5000)
    xas = x.XaState(xa, 70)
    x.xas_load(xas)
    walked = xa.walked
    assert x.xas_store(xas, B) == A and xa.walked == walked
    assert [x.xa_load(xa, i) for i in (1, 70, 5000)] == [A, B, A]
    assert x.xas_store(xas, x.NULL) == B and xa_stat(xa).values == 2


def test_a_store_through_a_state_leaves_a_snapshot_alone():
    xa = array(1, 70, 5000)
    xas = x.XaState(xa, 70)
    x.xas_load(xas)
    held = xa.snapshot()
    x.xas_store(xas, B)
    assert (x.xa_load(held, 70), x.xa_load(xa, 70)) == (A, B)
    xas_set_mark(xas, 1)
    assert x.xa_get_mark(xa, 70, 1) and not x.xa_get_mark(held, 70, 1) and not x.xa_marked(held, 1)


@pytest.mark.parametrize("do", [x.xas_load, lambda xas: x.xas_store(xas, B), lambda xas: walk.xas_find(xas, 99)])
def test_a_state_that_has_failed_finds_and_stores_nothing(do):
    xa = array(1, 70)
    xas = x.XaState(xa, 1)
    xas_fail(xas, EBUSY)
    assert do(xas) == x.NULL and x.xa_err(xas_result(xas, A)) == -EBUSY
    assert x.xa_load(xa, 1) == A


@pytest.mark.parametrize(
    "indexes, index, where",
    [((), 0, "head"), ((), 1, "bounds"), ((0,), 0, "head"), ((0,), 1, "bounds"), ((63,), 64, "bounds"), ((63,), 63, "node"),
     ((63,), 0, "node"), ((4095,), 4095, "node"), ((4095,), 4096, "bounds"), ((U64_MAX,), 0, "node")],
)  # fmt: skip
def test_where_a_walk_ends(indexes, index, where):
    entry, there = x.xa_place(array(*indexes), index)
    assert (entry, there) == (A if index in indexes else x.NULL, where)


@pytest.mark.parametrize("last, height", [(0, 0), (1, 1), (63, 1), (64, 2), (4095, 2), (4096, 3), (U64_MAX, 11)])
def test_a_call_steps_into_as_many_nodes_as_the_tree_is_high(last, height):
    xa = array(last)
    assert xa_stat(xa).height == height
    for call in (
        lambda: x.xa_store(xa, last, B),
        lambda: x.xa_reserve(xa, last),
        lambda: x.xa_set_mark(xa, last, 0),
        lambda: x.xa_erase(xa, last),
    ):
        before = xa.walked
        call()
        assert xa.walked - before == height
    before = xa.walked
    x.xa_load(xa, last)
    assert xa.walked == before  # a reader is not counted: no lock


def test_a_new_node_counts_as_a_step_into_it_and_so_does_the_way_to_the_one_that_is_refused():
    xa = array(1 << 12)
    before = xa.walked
    x.xa_store(xa, 0, B)
    assert xa.walked - before == 3
    before, xa.slab.limit = xa.walked, 1
    assert x.xa_err(x.xa_store(xa, 1 << 17, B)) == -12
    assert xa.walked - before == 2  # the head, and the node that could be had


@pytest.mark.parametrize("order", [0, 3, 6, 9])
def test_calls_count_how_often_the_lock_was_taken(order):
    xa = x.XArray()
    xa_store_order(xa, 1 << 12, order, A)
    assert xa.calls == 1
    for number, call in enumerate((x.xa_erase, x.xa_reserve, x.xa_release), 2):
        call(xa, 5)
        assert xa.calls == number
    x.xa_insert(xa, 5, A)
    x.xa_cmpxchg(xa, 5, A, B)
    assert xa.calls == 6


def test_the_slab_knows_its_peak_and_what_it_refused():
    slab = Slab()
    xa = x.XArray(slab)
    for index in (1 << 12, 1 << 18):
        x.xa_store(xa, index, A)
    top = slab.allocs
    assert slab.peak == top == xa_stat(xa).nodes
    for index in (1 << 12, 1 << 18):
        x.xa_erase(xa, index)
    assert (slab.allocs - slab.frees, slab.peak) == (0, top)
    x.xa_store(xa, 1, A)
    assert slab.peak == top and (slab.blocking, slab.refused) == (0, 0)
    slab.limit = 0
    x.xa_store(xa, 64, A)
    assert (slab.blocking, slab.refused) == (1, 2)  # once without sleeping, once more with


def test_a_limit_counts_down_to_the_refusal():
    slab = Slab()
    slab.limit = 2
    assert [slab.grant(False), slab.grant(True), slab.grant(False)] == [True, True, False]
    assert (slab.limit, slab.allocs, slab.blocking, slab.refused) == (0, 2, 1, 1)


def test_a_node_that_was_got_for_the_next_try_is_taken_without_asking_again():
    xas = x.XaState(x.XArray(), 0)
    xas.spare = 1
    xas.xa.slab.limit = 0
    assert type(xas_alloc(xas, 6)) is XaNode and xas.spare == 0
    assert xas_alloc(xas, 6) is None and (xas.where, xas.errno) == ("error", 12)


def test_a_sibling_of_a_slot_with_a_node_means_look_again():
    node = XaNode(6)
    node.slots[8], node.slots[9] = XaNode(0), xa_mk_internal(8)
    xas = x.XaState(x.XArray(), 9 << 6)
    assert xas_descend(xas, node) == XA_RETRY_ENTRY and xas.offsets == [8]
    assert walk.xas_retry(xas, XA_RETRY_ENTRY) and (xas.where, xas.path) == ("restart", [])


@pytest.mark.parametrize("entry, again", [(XA_RETRY_ENTRY, True), (x.XA_ZERO_ENTRY, True), (x.NULL, False), (A, False)])
def test_which_entries_say_look_again(entry, again):
    xas = x.XaState(array(1), 1)
    x.xas_load(xas)
    assert walk.xas_retry(xas, entry) is again
    assert xas.where == ("restart" if entry == XA_RETRY_ENTRY else "node")


@pytest.mark.parametrize("index", [-1, U64_MAX + 1])
@pytest.mark.parametrize(
    "call",
    [
        lambda xa, i: x.XaState(xa, i),
        lambda xa, i: x.xa_store(xa, i, A),
        lambda xa, i: x.xa_insert(xa, i, A),
        lambda xa, i: x.xa_cmpxchg(xa, i, A, B),
        lambda xa, i: x.xa_get_mark(xa, i, 0),
        lambda xa, i: x.xa_set_mark(xa, i, 0),
        lambda xa, i: x.xa_clear_mark(xa, i, 0),
        lambda xa, i: walk.xa_find(xa, i, 9),
    ],
)
def test_every_call_refuses_what_is_no_unsigned_long(call, index):
    with pytest.raises(InputError, match=r"2\^64"):
        call(array(1), index)


def test_destroying_gives_every_node_back_and_forgets_marks_and_siblings():
    xa = array(1, 5000)
    x.xa_set_mark(xa, 1, 2)
    xa_store_order(xa, 64, 3, A)
    x.xa_destroy(xa)
    assert x.xa_empty(xa) and xa.marks == [False] * 3 and not xa.multi and xa.slab.frees == xa.slab.allocs
    x.xa_destroy(xa)  # of an empty one, or one without nodes, nothing comes back
    x.xa_store(xa, 0, A)
    x.xa_destroy(xa)
    assert x.xa_empty(xa) and xa.slab.frees == xa.slab.allocs


@pytest.mark.parametrize("flags", [{}, {"track_free": True}, {"track_free": True, "zero_busy": True}])
def test_a_snapshot_is_all_of_the_array(flags):
    xa = x.XArray(**flags)
    for index in (1, 70):
        x.xa_store(xa, index, A)
    x.xa_set_mark(xa, 70, 1)
    xa_store_order(xa, 128, 3, A)
    xa.slab.limit = 7
    held = xa.snapshot()
    for name in ("track_free", "zero_busy", "marks", "multi", "calls", "walked"):
        assert getattr(held, name) == getattr(xa, name), name
    for name in ("allocs", "frees", "peak", "limit"):
        assert getattr(held.slab, name) == getattr(xa.slab, name), name
    x.xa_set_mark(xa, 1, 2)
    x.xa_store(xa, 70, B)
    x.xa_erase(xa, 1)
    assert (x.xa_load(held, 70), x.xa_load(held, 1), x.xa_get_mark(held, 1, 2)) == (A, A, False)
    x.xa_erase(held, 70)
    assert x.xa_load(xa, 70) == B
