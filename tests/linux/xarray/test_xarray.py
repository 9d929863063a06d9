"""Single-index calls against a dict: results, entries, and after every call the tree that the formula gives."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from xarray_oracle import expected_digest, levels

from tdxkit.errors import InputError
from tdxkit.linux.xarray import api as x
from tdxkit.linux.xarray.digest import digest
from tdxkit.linux.xarray.node import (
    EINVAL,
    NODE_BYTES,
    XA_RETRY_ENTRY,
    entry_text,
    xa_error,
    xa_is_sibling,
    xa_mk_internal,
)
from tdxkit.linux.xarray.tree import runs, xa_stat
from tdxkit.units import U64_MAX

EDGES = [
    0,
    1,
    2,
    62,
    63,
    64,
    65,
    4095,
    4096,
    4097,
    2**18 - 1,
    2**18,
    2**24,
    2**30 - 1,
    2**30,
    2**60,
    U64_MAX - 1,
    U64_MAX,
]
indexes = st.one_of(st.integers(0, 200), st.sampled_from(EDGES), st.integers(0, U64_MAX))
words = st.one_of(st.just(x.NULL), st.sampled_from([8, 0, 1, 2**63 - 1]).map(x.xa_mk_value), st.just(0x1000))
calls = st.lists(
    st.tuples(
        st.sampled_from(["store", "erase", "load", "reserve", "release", "insert", "cmpxchg"]), indexes, words, words
    ),
    max_size=40,
)
Z = x.XA_ZERO_ENTRY


def shown(word):
    return x.NULL if word == Z else word


def on_dict(entries, op, index, word, other):
    """The answer of the call, and what it does, by the documented rules alone."""
    there = entries.get(index, x.NULL)
    after, answer = there, shown(there)
    if op == "store":
        after = word
    elif op == "erase":
        after = x.NULL
    elif op == "reserve":
        after, answer = there or Z, 0
    elif op == "release":
        after, answer = (x.NULL if there == Z else there), None
    elif op == "insert":
        after, answer = (there, -16) if there else (word or Z, 0)
    elif op == "cmpxchg" and there == other:
        after = word
    entries[index] = after
    if not after:
        del entries[index]
    return answer


def on_array(xa, op, index, word, other):
    if op == "cmpxchg":
        return x.xa_cmpxchg(xa, index, other, word)
    function = getattr(x, f"xa_{op}")
    return function(xa, index, word) if op in ("store", "insert") else function(xa, index)


@given(calls)
@example([("reserve", 0, 0, 0), ("store", 1, 17, 0), ("erase", 1, 0, 0)])
@example([("store", 0, 17, 0), ("store", U64_MAX, 17, 0), ("erase", U64_MAX, 0, 0), ("erase", 0, 0, 0)])
def test_every_call_does_what_a_dict_would(script):
    xa, entries = x.XArray(), {}
    for call in script:
        assert on_array(xa, *call) == on_dict(entries, *call)
        stat = xa_stat(xa)
        if set(entries) != {0}:  # there the node depends on history
            assert stat.levels == levels(entries)
            assert stat.height == len(stat.levels)
        assert xa.slab.allocs - xa.slab.frees == stat.nodes and stat.bytes == NODE_BYTES * stat.nodes
        assert stat.values == sum(w & 1 for w in entries.values())
        assert stat.zeros == sum(w == Z for w in entries.values())
        assert x.xa_empty(xa) == (not entries)
    assert {i: x.xa_load(xa, i) for i in entries} == {i: shown(w) for i, w in entries.items()}
    seen = {i: w for first, end, w in runs(xa) if w for i in (range(first, end) if end - first < 1000 else ())}
    assert seen == entries


@pytest.mark.slow
@given(st.dictionaries(indexes, st.sampled_from([17, 19, 1, Z]), min_size=1, max_size=30))
def test_the_digest_is_that_of_the_text_written_out(entries):
    xa = x.XArray()
    for index, word in entries.items():
        x.xa_reserve(xa, index) if word == Z else x.xa_store(xa, index, word)
    if set(entries) != {0}:
        assert digest(xa) == expected_digest(entries)


@given(calls, calls)
@pytest.mark.slow
def test_a_snapshot_never_changes(before, after):
    xa = x.XArray()
    for call in before:
        on_array(xa, *call)
    held, was = xa.snapshot(), digest(xa)
    for call in after:
        on_array(xa, *call)
    assert digest(held) == was
    for call in after:  # and what is done to the snapshot stays there
        now = digest(xa)
        on_array(held, *call)
        assert digest(xa) == now
    assert digest(held) == digest(xa)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "clear", "store", "erase", "reserve"]),
            st.sampled_from(EDGES[:13]),
            st.integers(0, 2),
        )
    )
)
def test_marks_against_a_dict_of_sets(script):
    xa, entries = x.XArray(), {}
    for op, index, mark in script:
        if op in ("store", "reserve"):
            x.xa_store(xa, index, 17) if op == "store" else x.xa_reserve(xa, index)
            entries.setdefault(index, set())
        elif op == "erase":
            x.xa_erase(xa, index)
            entries.pop(index, None)
        elif op == "set":
            x.xa_set_mark(xa, index, mark)
            if index in entries:
                entries[index].add(mark)
        else:
            x.xa_clear_mark(xa, index, mark)
            entries.get(index, set()).discard(mark)
        assert [x.xa_marked(xa, m) for m in range(3)] == [any(m in e for e in entries.values()) for m in range(3)]
        for i in EDGES:
            assert [x.xa_get_mark(xa, i, m) for m in range(3)] == [m in entries.get(i, ()) for m in range(3)]


def test_entries_as_words():
    assert x.xa_mk_value(8) == 0x11 and x.xa_to_value(0x11) == 8
    assert [x.xa_is_value(w) for w in (0, 0x11, Z, 0x1000)] == [False, True, False, False]
    assert [xa_is_sibling(xa_mk_internal(k)) for k in (0, 62, 63, 256)] == [True, True, False, False]
    texts = [entry_text(w) for w in (0, 0x11, Z, XA_RETRY_ENTRY, xa_mk_internal(5), xa_error(12), 0x1000)]
    assert texts == ["null", "8", "Z", "R", "S5", "errno -12", "ptr 0x1000"]
    assert [x.xa_err(xa_error(n)) for n in (1, 12, 4094)] == [-1, -12, -4094]
    assert not any(x.xa_err(w) for w in (0, 0x11, Z, 0x1000, x.xa_mk_value(2**63 - 1)))


def test_what_may_not_be_stored_is_einval():
    xa = x.XArray()
    for word in (XA_RETRY_ENTRY, xa_mk_internal(3)):
        assert (
            x.xa_err(x.xa_store(xa, 1, word))
            == x.xa_err(x.xa_cmpxchg(xa, 1, 0, word))
            == x.xa_insert(xa, 1, word)
            == -EINVAL
        )
    assert x.xa_empty(xa)


@pytest.mark.parametrize("index", [-1, U64_MAX + 1, 1 << 200])
@pytest.mark.parametrize("call", [x.xa_load, x.xa_erase, x.xa_reserve, x.xa_release])
def test_an_index_that_is_no_unsigned_long(call, index):
    with pytest.raises(InputError, match=r"2\^64"):
        call(x.XArray(), index)
    for number in (-1, 1 << 63):
        with pytest.raises(InputError, match=r"2\^63"):
            x.xa_mk_value(number)


def test_allocation_failure_in_mid_walk_leaves_what_was_linked():
    xa = x.XArray()
    xa.slab.limit = 1
    assert x.xa_err(x.xa_store(xa, 4096, 17)) == -12
    assert (xa_stat(xa).levels, x.xa_empty(xa), xa.head.count) == ((0, 0, 1), False, 0)
    x.xa_erase(xa, 4096)
    assert xa_stat(xa).nodes == 1  # nothing was erased, nothing goes
    xa.slab.limit = None
    x.xa_store(xa, 5, 17)
    assert xa_stat(xa).levels == (1, 1, 1)
    x.xa_erase(xa, 5)
    assert x.xa_empty(xa) and (xa.slab.allocs, xa.slab.frees) == (3, 3)


def test_under_pressure_each_node_costs_a_second_try_with_the_lock_dropped():
    xa = x.XArray()
    xa.slab.pressure = True
    assert x.xa_reserve(xa, 1 << 24) == 0
    assert (xa.slab.allocs, xa.slab.blocking, xa.slab.refused, xa.calls) == (5, 5, 5, 6)


@pytest.mark.parametrize("zero_busy", [False, True])
def test_an_allocating_array_keeps_a_free_mark(zero_busy):
    xa = x.XArray(track_free=True, zero_busy=zero_busy)
    assert x.xa_marked(xa, 0) is not zero_busy
    for index in (0, 1, 70):
        x.xa_store(xa, index, 17)
    assert not x.xa_get_mark(xa, 70, 0) and x.xa_get_mark(xa, 71, 0)
    x.xa_erase(xa, 70)
    assert x.xa_load(xa, 70) == x.NULL and x.xa_load(xa, 1) == 17
    x.xa_destroy(xa)
    assert x.xa_empty(xa) and xa.slab.allocs == xa.slab.frees
