"""Looking at a whole array: runs of a part of it, sizes, the formula for levels, what an entry is, digests again and again."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xarray_oracle import levels

from tdxkit.errors import InputError
from tdxkit.linux.xarray import api as x
from tdxkit.linux.xarray.bulk import reserve_loop, store_loop
from tdxkit.linux.xarray.digest import Digests, digest
from tdxkit.linux.xarray.multi import xa_store_order
from tdxkit.linux.xarray.node import SLAB_BYTES, SLAB_SIZE, Content, XaNode, content, xa_error, xa_mk_internal
from tdxkit.linux.xarray.tree import Uniform, count_nodes, expected_levels, objects, runs, xa_stat
from tdxkit.units import U64_MAX

A, B, Z = x.xa_mk_value(8), x.xa_mk_value(9), x.XA_ZERO_ENTRY
pieces = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 300), st.sampled_from([A, B, Z, x.NULL])), max_size=4)


@settings(max_examples=40)
@given(pieces, st.integers(0, 600), st.integers(0, 600))
def test_runs_of_a_part_are_the_longest_stretches_of_one_word(filled, start, end):
    xa, words = x.XArray(), [x.NULL] * 1000
    for first, length, word in filled:
        if word == Z:
            reserve_loop(xa, first, first + length)
            words[first : first + length] = [w or Z for w in words[first : first + length]]
        else:
            store_loop(xa, first, first + length, word)
            words[first : first + length] = [word] * length
    found = [*runs(xa, start, end)]
    assert [w for a, b, w in found for _ in range(a, b)] == words[start:end]
    assert [b for _, b, _ in found[:-1]] == [a for a, _, _ in found[1:]]
    assert all(one[2] != other[2] for one, other in pairwise(found))


def test_runs_of_odd_arrays():
    assert [*runs(x.XArray())] == [(0, 1 << 64, x.NULL)] and [*runs(x.XArray(), 5, 5)] == []
    xa = x.XArray()
    x.xa_store(xa, 0, A)
    assert [*runs(xa, 0, 3)] == [(0, 1, A), (1, 3, x.NULL)] and [*runs(xa, 1, 3)] == [(1, 3, x.NULL)]
    x.xa_store(xa, U64_MAX, A)
    assert [*runs(xa, U64_MAX - 1)] == [(U64_MAX - 1, U64_MAX, x.NULL), (U64_MAX, 1 << 64, A)]
    xa_store_order(xa, 1 << 13, 13, B)
    assert [*runs(xa, 8190, 20_000)] == [(8190, 8192, x.NULL), (8192, 16384, B), (16384, 20_000, x.NULL)]
    assert [*runs(xa, 10_000, 10_002)] == [(10_000, 10_002, B)]


@pytest.mark.parametrize("odd", [0, 63, 64, 4095])
def test_one_slot_that_differs_makes_a_subtree_two_words(odd):
    xa = x.XArray()
    store_loop(xa, 0, 4096, A)
    assert Uniform().word(xa.head) == A
    x.xa_store(xa, odd, B)
    assert Uniform().word(xa.head) is None
    assert [*runs(xa, 0, 4096)] == [
        row for row in [(0, odd, A), (odd, odd + 1, B), (odd + 1, 4096, A)] if row[0] < row[1]
    ]


def test_equal_subtrees_that_are_two_objects_are_one_word_all_the_same():
    xa = x.XArray()
    for index in range(4096):
        x.xa_store(xa, index, A)
    assert objects(xa) == 65 and Uniform().word(xa.head) == A


@pytest.mark.parametrize(
    "ranges",
    [[(0, 1), (5, 6)], [(0, 64)], [(0, 65)], [(63, 65)], [(1, 2)], [(64, 4096)], [(4095, 4097)], [(0, 10), (20, 70)],
     [(3, 5), (60, 64), (64, 66)], [(100, 5000)], [(10, 12), (4090, 4100), (9000, 9001)], [(1, 3), (3, 5)]],
)  # fmt: skip
def test_the_formula_counts_distinct_prefixes(ranges):
    assert expected_levels(ranges) == levels({i for a, b in ranges for i in range(a, b)})


@pytest.mark.parametrize("ranges", [[(5, 5)], [(5, 4)], [(0, 5), (4, 9)], [(5, 9), (0, 2)], [(0, 5), (3, 4)]])
def test_ranges_that_do_not_ascend_have_no_levels(ranges):
    with pytest.raises(InputError, match="ascend"):
        expected_levels(ranges)
    assert expected_levels([]) == ()


@pytest.mark.parametrize(
    "head, stat",
    [(x.NULL, ("null", 0, (), 0, 0, 0)), (A, ("value", 0, (), 1, 0, 0)), (Z, ("zero", 0, (), 0, 1, 0)), (0x1000, ("pointer", 0, (), 0, 0, 0))],
)  # fmt: skip
def test_what_an_array_without_nodes_holds(head, stat):
    xa = x.XArray()
    x.xa_reserve(xa, 0) if head == Z else x.xa_store(xa, 0, head)
    xa.head = head
    found = xa_stat(xa)
    assert (found.head, found.height, found.levels, found.values, found.zeros, found.sibs) == stat
    assert found.nodes == found.bytes == found.slab_bytes == objects(xa) == 0


def test_slots_are_counted_by_what_they_hold():
    xa = x.XArray()
    store_loop(xa, 0, 3, A)
    reserve_loop(xa, 3, 5)
    x.xa_store(xa, 200, 0x1000)
    xa_store_order(xa, 64, 3, B)
    stat = xa_stat(xa)
    assert (stat.head, stat.height, stat.levels, stat.values, stat.zeros, stat.sibs) == ("node", 2, (3, 1), 4, 2, 7)
    assert (stat.nodes, stat.bytes, count_nodes(xa.head)) == (4, 4 * 576, 4)
    reserve_loop(xa, 0, 64 * 28)  # 28 leaves and the head
    assert xa_stat(xa).nodes == 29 and xa_stat(xa).slab_bytes == 2 * SLAB_SIZE


def test_a_slab_is_full_of_nodes():
    assert SLAB_SIZE == 16384 and SLAB_SIZE // SLAB_BYTES == 28  # a 29th would not fit


@pytest.mark.parametrize(
    "entry, kind, number, text",
    [(x.NULL, "null", 0, "null"), (A, "value", 8, "8"), (Z, "reserved", 0, "Z"), (xa_mk_internal(256), "retry", 0, "R"),
     (xa_mk_internal(0), "sibling", 0, "S0"), (xa_mk_internal(62), "sibling", 62, "S62"), (xa_error(1), "error", -1, "errno -1"),
     (xa_error(4095), "error", -4095, "errno -4095"), (0x1000, "pointer", 0x1000, "ptr 0x1000"), (XaNode(6), "node", 6, "N6"),
     (xa_mk_internal(63), "pointer", 254, "ptr 0xfe")],
)  # fmt: skip
def test_what_an_entry_is(entry, kind, number, text):
    assert content(entry) == Content(kind, number) and x.entry_text(entry) == text
    assert x.xa_is_value(entry) == (kind == "value")


@pytest.mark.parametrize("number", [256, 257, 0, 62])
def test_what_the_array_keeps_for_itself_may_not_be_stored_and_other_internal_words_may(number):
    refused = number != 257  # a reserved entry is what reserving stores
    for call in (x.xa_store, x.xa_insert, lambda xa, i, w: x.xa_cmpxchg(xa, i, x.NULL, w)):
        xa = x.XArray()
        call(xa, 1, xa_mk_internal(number))
        assert x.xa_empty(xa) == refused


@pytest.mark.parametrize("pointer", [0x1000, 4])
def test_a_pointer_is_stored_as_it_is(pointer):
    xa = x.XArray()
    for index in (0, 7):
        assert x.xa_store(xa, index, pointer) == 0 and x.xa_insert(xa, index, A) == -16
        assert x.xa_cmpxchg(xa, index, pointer, A) == pointer and x.xa_erase(xa, index) == A


def test_reserving_and_erasing_never_show_a_reserved_entry():
    for index in (0, 9):
        xa = x.XArray()
        assert x.xa_reserve(xa, index) == 0
        assert x.xa_load(xa, index) == x.xa_cmpxchg(xa, index, A, A) == x.NULL
        assert x.xa_store(xa, index, x.NULL) == x.NULL and x.xa_empty(xa)
        x.xa_reserve(xa, index)
        assert x.xa_erase(xa, index) == x.NULL and x.xa_empty(xa)


@pytest.mark.parametrize("most", [0, 1, 1 << 17])
def test_digests_that_forget_are_the_same_digests(most):
    known, xa = Digests(), x.XArray()
    known.MAX_KNOWN = most
    for index in (0, 70, 5000, 1 << 20):
        store_loop(xa, index, index + 200, A)
        assert known.of(xa) == digest(xa)
        assert known.of(xa) == digest(xa.snapshot()) and len(known.known) <= most + 50
        if not most:
            assert len(known.known) < 20  # nothing is kept from one time to the next


def test_marks_are_in_the_digest():
    xa = x.XArray()
    x.xa_store(xa, 0, A)
    x.xa_store(xa, 70, A)
    seen = {digest(xa)}
    for mark in range(3):
        for index in (0, 70):
            x.xa_set_mark(xa, index, mark)
            seen.add(digest(xa))
    assert len(seen) == 7
