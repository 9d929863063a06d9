"""Recorded runs: every state holds the whole tree, and a picture can be read from the state alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.memattr.script import Script
from tdxkit.linux.memattr.tree_run import MAX_STEPS, record
from tdxkit.linux.memattr.tree_state import tree_of, tree_text
from tdxkit.linux.xarray.digest import fnv1a
from tdxkit.linux.xarray.node import EMPTY, Content
from tdxkit.text import words

commands = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.integers(0, 5000), st.integers(0, 9)),
        st.tuples(st.sampled_from(["erase", "reserve", "release"]), st.integers(0, 5000)),
        st.tuples(st.sampled_from(["set_mark", "clear_mark"]), st.integers(0, 100), st.integers(0, 2)),
        st.tuples(st.just("set_attrs"), st.integers(0, 70), st.integers(70, 140), st.sampled_from([0, 8])),
    ),
    max_size=8,
)


def text(state):
    """The digest's text, written from a recorded state."""

    def below(node):
        inner = {child.offset: below(child) for child in node.children}
        for low, high, held in node.slots:
            for slot in range(low, high + 1):
                inner.setdefault(slot, f"V{held}" if held.kind == "value" else str(held))
        slots = "".join(f"{slot}:{inner[slot]};" for slot in sorted(inner))
        return f"N{node.shift},{node.offset},{node.count},{node.nr_values},{','.join(f'{bits:x}' for bits in node.marks)}({slots})"

    tree = tree_of(state)
    head = state["head"]
    return below(tree) if tree else "-" if head == EMPTY else f"V{head}" if head.kind == "value" else str(head)


@pytest.mark.slow
@given(commands)
def test_the_digest_can_be_taken_from_any_recorded_state(script):
    run, plain = record(script), Script()
    for command in script:
        plain.do(command)
    state, wanted = run.state(len(run)), plain.state()
    assert f"{fnv1a(('X' + wanted['xm'] + '|' + text(state)).encode()):016x}" == wanted["fnv"]
    for seen in run.states():
        tree = tree_of(seen)
        assert tree_text(seen).count("shift") == seen["nodes"]
        if tree:
            used = sum(high - low + 1 for low, high, _ in tree.slots)
            assert tree.count == used and len(tree.children) <= used


def test_a_range_is_taken_apart_page_by_page():
    run = record([["set_attrs", 62, 66, 8]])
    labels = [step.label for step in run.steps]
    assert labels[:3] == ["mutex_lock(slots_lock)", "kvm_range_has_memory_attributes(62, 66)", "xa_reserve(62)"]
    assert labels[6] == "kvm_pre_set_memory_attributes()" and labels[7] == "xa_store(62, 8)" and len(labels) == 13
    assert [s["nodes"] for s in run.states()] == [0, 0, 0, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3]
    assert run.steps[4].sentence == "allocates 2 nodes; 1 reserved slot more"
    assert run.state(5)["walk"] == ("N6@0", "N0@64")
    cleared = record([["set_attrs", 62, 66, 8], ["set_attrs", 62, 66, 0]])
    assert cleared.state(len(cleared))["head"] == EMPTY and "frees" in cleared.steps[-3].sentence
    assert "modelled" in str(run.card)


def test_slots_are_values_and_read_as_before():
    run = record([["set_attrs", 62, 66, 8]])
    assert run.state(len(run))["N0@0"] == ((62, 63, ("value", 8)),)
    assert run.state(5)["N0@64"] == ((0, 0, Content("reserved")),)
    assert words(run.state(len(run))["N6@0"]) == "0–1: N0" and words(run.first["head"]) == "null"
    marked = record([["store", 5, 8], ["store", 70, 8], ["set_mark", 5, 1], ["clear_mark", 5, 1]])
    assert [words(state["N0@0.marks"]) for state in marked.states() if "N0@0.marks" in state] == ["0, 20, 0"]
    assert [step.sentence for step in marked.steps[-2:]] == ["a mark changes"] * 2


def test_a_failed_allocation_is_told():
    run = record([["nomem", 1], ["store", 4096, 8]])
    assert run.steps[-1].sentence == "it fails with -12; allocates 1 node"
    page = record([["nomem", 3], ["set_attrs", 0, 900, 8]]).steps[-2]
    assert page.label == "xa_reserve(128)" and page.sentence == "it fails with -12"
    assert tree_text(run.state(2)) == "[0] shift 12, indexes 0–262143, count 0, nr_values 0"


@pytest.mark.parametrize(
    "script",
    [
        [["reserve_loop", 0, MAX_STEPS + 1]],
        [["set_attrs", 0, MAX_STEPS + 1, 8]],
        [["store", k << 12, 1] for k in range(500)],
        [["nonsense"]],
        [[]],
        [[5]],
        [["store", "0", 1]],
        [["reserve_loop", 0]],
    ],
)
def test_what_cannot_be_recorded(script):
    with pytest.raises(InputError):
        record(script)
