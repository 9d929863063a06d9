"""What a recorded run says at each step: label, sentence, the way down, the line of the model; and how long it may be."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.memattr import tree_run
from tdxkit.linux.memattr.script import Script
from tdxkit.linux.memattr.tree_run import ACTOR, record
from tdxkit.linux.memattr.tree_state import MAX_NODES, Marks, Slots, flat, node_key, nodes_of, tree_of, tree_text
from tdxkit.linux.xarray.api import XArray, xa_mk_value, xa_reserve, xa_set_mark, xa_store
from tdxkit.linux.xarray.bulk import store_loop
from tdxkit.linux.xarray.node import Content, content
from tdxkit.units import U64_MAX

A = xa_mk_value(8)
SAID = [  # commands that come before, the command, its label, its sentence
    ([], ["store", 0, 8], "xa_store(0, 8)", "1 value more"),
    ([["store", 0, 8]], ["store", 0, 9], "xa_store(0, 9)", "a slot changes"),
    ([["store", 0, 8]], ["store", 0, None], "xa_store(0, NULL)", "1 value less"),
    ([["store", 5, 8]], ["store", 5, 9], "xa_store(5, 9)", "a slot changes"),
    ([["store", 5, 8]], ["store", 5, 8], "xa_store(5, 8)", "the tree stays as it is"),
    ([["store", 5, 8]], ["load", 5], "xa_load(5)", "the tree stays as it is"),
    ([["reserve", 5]], ["store", 5, 8], "xa_store(5, 8)", "1 value more; 1 reserved slot less"),
    ([["reserve", 5]], ["release", 5], "xa_release(5)", "frees 1 node; 1 reserved slot less"),
    ([], ["reserve", 4096], "xa_reserve(4096)", "allocates 3 nodes; 1 reserved slot more"),
    ([["store", 4096, 8]], ["erase", 4096], "xa_erase(4096)", "frees 3 nodes; 1 value less"),
    ([["store", 4096, 8]], ["store_range", 64, 127, "null"], "xa_store_range(64, 127, NULL)", "the tree stays as it is"),
    ([], ["store_order", 64, 3, 8], "xas_store(64, 3, 8)", "allocates 2 nodes; 1 value more"),
    ([], ["insert", 9, 8], "xa_insert(9, 8)", "allocates 1 node; 1 value more"),
    ([["store", 9, 8]], ["cmpxchg", 9, 8, 7], "xa_cmpxchg(9, 8, 7)", "a slot changes"),
    ([["store", 9, 8]], ["set_mark", 9, 2], "xa_set_mark(9, 2)", "a mark changes"),
    ([["store", 9, 8]], ["set_mark", 8, 2], "xa_set_mark(8, 2)", "the tree stays as it is"),
    ([["store", 9, 8], ["set_mark", 9, 2]], ["clear_mark", 9, 2], "xa_clear_mark(9, 2)", "a mark changes"),
    ([["store", 9, 8], ["nomem", 1]], ["store", 9999, 8], "xa_store(9999, 8)", "it fails with -12; allocates 1 node"),
    ([["store", 0, 1], ["store", 64, 1]], ["destroy"], "destroy()", "frees 3 nodes; 2 values less"),
    ([], ["stat"], "stat()", "the tree stays as it is"),
]  # fmt: skip


@pytest.mark.parametrize("before, command, label, sentence", SAID, ids=lambda x: x if isinstance(x, str) else "")
def test_what_a_call_says(before, command, label, sentence):
    step = record([*before, command]).steps[-1]
    assert (step.actor, step.label, step.sentence) == (ACTOR, label, sentence)


@pytest.mark.parametrize(
    "command, at",
    [
        (["store", 70, 8], 70),
        (["erase", 70], 70),
        (["load", 5], 5),
        (["store_range", 70, 90, 8], 70),
        (["stat"], None),
        (["find", 70, 90], None),
    ],
)
def test_a_call_on_an_index_shows_the_way_down_to_it(command, at):
    run = record([["store", 5, 8], ["store", 65, 8], command])
    state = run.state(len(run))
    assert state["at"] == at and state["walk"] == (() if at is None else ("N6@0", f"N0@{at & ~63}"))


def test_a_loop_is_recorded_index_by_index():
    run = record([["reserve_loop", 62, 66], ["store_loop", 63, 65, 9], ["erase_loop", 64, 66], ["store_loop", 5, 5, 1]])
    assert [step.label for step in run.steps] == [
        "xa_reserve(62)", "xa_reserve(63)", "xa_reserve(64)", "xa_reserve(65)", "xa_store(63, 9)", "xa_store(64, 9)", "xa_erase(64)", "xa_erase(65)",
    ]  # fmt: skip
    cleared = record([["store_loop", 5, 7, None], ["reserve_loop", 5, 5]])
    assert [step.label for step in cleared.steps] == ["xa_store(5, NULL)", "xa_store(6, NULL)"]
    same = Script()
    for command in (["reserve_loop", 62, 66], ["store_loop", 63, 65, 9], ["erase_loop", 64, 66]):
        same.do(command)
    assert run.state(len(run)) == flat(same.xa, 65)


@pytest.mark.parametrize("patch, a_page", [(None, 2), ("v1", 2), ("v2", 4)])
def test_a_run_has_room_for_so_many_steps(patch, a_page, monkeypatch):
    assert tree_run.MAX_STEPS == 2000
    monkeypatch.setattr(tree_run, "MAX_STEPS", 45)
    pages = 40 // a_page
    for first in (0, 5000):
        assert len(record([["set_attrs", first, first + pages, 8]], patch=patch)) == 45
        with pytest.raises(InputError, match="at most 45"):
            record([["set_attrs", first, first + pages + 1, 8]], patch=patch)


@pytest.mark.parametrize("extra, fits", [(0, True), (1, False)])
def test_commands_and_loops_count_together(extra, fits, monkeypatch):
    monkeypatch.setattr(tree_run, "MAX_STEPS", 45)
    script = [["load", 1]] * (20 + extra) + [["reserve_loop", 100, 125]]
    if fits:
        assert len(record(script)) == 45
    else:
        with pytest.raises(InputError, match="46 steps"):
            record(script)


@pytest.mark.parametrize("patch", [None, "v2"])
def test_each_step_of_a_call_stands_at_the_line_that_takes_it(patch):
    run = record([["set_attrs", 62, 65, 8], ["set_attrs", 62, 65, 0]], patch=patch)
    for step, after in zip(run.steps, [*run.steps[1:], None]):
        assert step.next == (after.line if after else None)
        text = run.texts[step.line.text]
        line = text.lines[step.line.index]
        assert "yield" in line or "each_page" in line, line
        assert (step.line.text == "each_page") == (step.does in ("xa_reserve", "xa_store", "cond_resched"))
    assert run.start == {ACTOR: run.steps[0].line}
    assert set(run.texts) == {"run", "change", "each_page"}
    source = {name: text.lines for name, text in run.texts.items()}
    assert all(lines[0].strip().startswith(f"def {name}(") for name, lines in source.items())
    assert {step.does: source[step.line.text][step.line.index].strip() for step in run.steps if step.line.text != "each_page"} == {
        "mutex_lock": 'yield self.did("slots_lock")', "kvm_range_has_memory_attributes": 'yield self.did("check", looked)',
        "kvm_pre_set_memory_attributes": 'yield self.over_slots("pre", self.pre)',
        "kvm_arch_post_set_memory_attributes": 'yield self.over_slots("post", self.post)', "mutex_unlock": 'yield Did("unlock")',
    }  # fmt: skip


@pytest.mark.parametrize(
    "script", [[], [["store", 1, 8]], [["store", 1, 8], ["set_attrs", 0, 5, 8]], [["set_attrs", 0, 5, 8], ["load", 1]]]
)
def test_a_run_that_is_not_all_one_call_has_no_lines(script):
    run = record(script)
    assert not run.texts and not run.start and all(step.line is step.next is None for step in run.steps)
    assert list(run.actors) == [ACTOR] and run.title == "An XArray, call by call"


def test_with_the_merged_patch_others_may_run_after_each_page():
    run = record([["set_attrs", 5, 7, 8]], patch="v2")
    labels = [step.label for step in run.steps]
    assert labels[2:6] == ["xa_reserve(5)", "cond_resched()", "xa_reserve(6)", "cond_resched()"]
    assert labels[7:11] == ["xa_store(5, 8)", "cond_resched()", "xa_store(6, 8)", "cond_resched()"]
    assert {step.sentence for step in run.steps if step.label == "cond_resched()"} == {
        "others may run here, the mutex is kept; the tree stays as it is"
    }
    assert "xa_store(5, NULL)" in [
        step.label for step in record([["set_attrs", 5, 7, 8], ["set_attrs", 5, 7, 0]]).steps
    ]


def test_a_flat_state_counts_what_the_array_holds():
    xa = XArray()
    store_loop(xa, 0, 70, A)
    xa_reserve(xa, 100)
    state = flat(xa)
    assert {k: state[k] for k in ("head", "nodes", "bytes", "values", "reserved", "allocs", "frees", "at", "walk")} == {
        "head": Content("node", 6), "nodes": 3, "bytes": 3 * 576, "values": 70, "reserved": 1, "allocs": 3, "frees": 0, "at": None, "walk": (),
    }  # fmt: skip
    assert state["N0@64"] == (Slots(0, 5, content(A)), Slots(36, 36, Content("reserved"))) and (
        state["N0@64.count"],
        state["N0@64.nr_values"],
    ) == (7, 6)
    assert "N0@64.marks" not in state
    xa_set_mark(xa, 66, 1)
    assert flat(xa)["N0@64.marks"] == (0, 4, 0) and str(Marks(255)) == "ff"


@pytest.mark.parametrize("nodes, fits", [(MAX_NODES, True), (MAX_NODES + 1, False)])
def test_a_tree_to_be_drawn_has_so_many_nodes_at_most(nodes, fits):
    xa = XArray()
    for leaf in range(nodes - 5):  # four nodes of the second level and the head are on top
        xa_store(xa, leaf << 6, A)
    if fits:
        assert flat(xa)["nodes"] == nodes == len(nodes_of(flat(xa)))
    else:
        with pytest.raises(InputError, match=f"tree of {nodes} nodes.*at most {MAX_NODES}"):
            flat(xa)


@pytest.mark.parametrize("index, walk", [(0, ("N12@0", "N6@0", "N0@0")), (4096, ("N12@0", "N6@4096")), (8191, ("N12@0", "N6@4096", "N0@8128")),
                                         (12288, ("N12@0",)), ((1 << 18) - 1, ("N12@0",)), (1 << 18, ()), (U64_MAX, ())])  # fmt: skip
def test_the_way_down_ends_where_no_node_is(index, walk):
    xa = XArray()
    for at in (0, 5, 8191):
        xa_store(xa, at, A)
    assert flat(xa, index)["walk"] == walk


@pytest.mark.parametrize(
    "shift, index, key",
    [
        (0, 0, "N0@0"),
        (0, 63, "N0@0"),
        (0, 64, "N0@64"),
        (6, 4095, "N6@0"),
        (6, 4096, "N6@4096"),
        (60, U64_MAX, "N60@0"),
    ],
)
def test_a_node_is_named_by_its_first_index(shift, index, key):
    assert node_key(shift, index) == key


def test_the_tree_that_is_read_back_covers_what_its_nodes_cover():
    xa = XArray()
    for at in (3, 70, 8191):
        xa_store(xa, at, A)
    tree = tree_of(flat(xa))
    assert [(n.key, n.first, n.last, n.offset, n.count) for n in tree.all()] == [
        ("N12@0", 0, (1 << 18) - 1, 0, 2), ("N6@0", 0, 4095, 0, 2), ("N0@0", 0, 63, 0, 1), ("N0@64", 64, 127, 1, 1), ("N6@4096", 4096, 8191, 1, 1),
        ("N0@8128", 8128, 8191, 63, 1),
    ]  # fmt: skip
    assert tree_text(flat(xa)).splitlines() == [
        "[0] shift 12, indexes 0–262143, count 2, nr_values 0",
        "  [0] shift 6, indexes 0–4095, count 2, nr_values 0",
        "    [0] shift 0, indexes 0–63, count 1, nr_values 1   3: 8",
        "    [1] shift 0, indexes 64–127, count 1, nr_values 1   6: 8",
        "  [1] shift 6, indexes 4096–8191, count 1, nr_values 0",
        "    [63] shift 0, indexes 8128–8191, count 1, nr_values 1   63: 8",
    ]


@pytest.mark.parametrize("command, text", [(["stat"], "head: null"), (["store", 0, 7], "head: 7")])
def test_without_a_node_the_text_is_the_head(command, text):
    state = record([command]).state(1)
    assert tree_text(state) == text and tree_of(state) is None and nodes_of(state) == {}
