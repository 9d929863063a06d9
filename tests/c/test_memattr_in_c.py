"""The C of the memory-attribute patch is the program of the workbook's model: both run on the same calls, page by page, before and after it.

The model has its checks and the memslots beside the two loops, and the C has the loops and the lock. So what is compared is: the lock first,
the operations on the XArray in order with their pages and results, where the loop may yield, what the call returns, and the whole tree after it.
"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.c.harness import scenario_of_c
from tdxkit.c.kernel.xarrays import Tree
from tdxkit.c.memattr import record_set
from tdxkit.cli import main
from tdxkit.explore.engine import World
from tdxkit.explore.search import explore
from tdxkit.facts import data_path
from tdxkit.linux.memattr.ioctl import page_by_page
from tdxkit.linux.memattr.vm import KernelText, Kvm, kvm_range_has_memory_attributes
from tdxkit.units import U64_MAX

PATCHES = {"before": None, "after": "v2"}
DOES = {
    "slots_lock": "mutex_lock",
    "reserve": "xa_reserve",
    "store": "xa_store",
    "resched": "cond_resched",
    "unlock": "mutex_unlock",
}
CHECK = "kvm_range_has_memory_attributes"
RANGES = [(62, 66), (0, 1), (0, 3), (63, 65), (5, 5), (4095, 4097), (1 << 40, (1 << 40) + 2)]


def path_of(name):
    return Path(data_path(f"designs/memattr-{name}.c"))


def text_of(name):
    return path_of(name).read_text(encoding="utf-8")


class Model:
    """A VM of the model, and what its calls did: the operations, each with its page and result, and where the loop may yield."""

    def __init__(self, name, limit=None):
        self.kvm = Kvm(KernelText(2, PATCHES[name]))
        self.kvm.mem_attr_array.slab.limit = limit
        self.steps = []

    def call(self, start, end, bits):
        """What the call returns; None where the check finds that nothing is to be done, which the C does not ask."""
        if kvm_range_has_memory_attributes(self.kvm, start, end, U64_MAX, bits):
            return None
        call = page_by_page(self.kvm, start, end, bits)
        try:
            while True:
                did = next(call)
                if did.does in DOES:
                    self.steps.append((DOES[did.does], did.gfn if did.does in ("reserve", "store") else None))
        except StopIteration as ended:
            return ended.value.ret


def in_c(name, calls, starved=frozenset()):
    """The same of the C: steps with their pages, what the last call returned, its tree. starved: pages for which there is no memory."""
    run = " ".join(f"r = set_range({start}, {end}, {bits});" for start, end, bits in calls)
    world = World(scenario_of_c(text_of(name) + "\nint r = 7;\n", run=(run,), threads=1, may_fail=("alloc",)))
    steps, broken = [], []
    while not world.finished(0):
        act, choices = world.asks[0]
        page = int(str(act).split(", ")[1].rstrip(")")) if act.does.startswith("xa_") else None
        broken += world.run_step(0, 1 if page in starved and len(choices) > 1 else 0)
        steps += [(act.does, page)] if act.does else []
    memory = dict(zip(world.memory._layout.labels, world.memory._values))
    assert broken == []
    return steps, memory["r"], memory["attributes.xa_head"]


def tree_of(xa):
    """The model's XArray as the C's cell has it."""
    tree = Tree(0)
    tree.xa = xa
    return tree.kept()


@pytest.mark.slow
@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("start,end", RANGES)
@pytest.mark.parametrize("bits", [8, 0])
def test_the_same_operations_pages_yields_results_and_tree(name, start, end, bits):
    """Set and cleared; cleared where something is set in the middle, so that there is something to be done."""
    calls = [(start, end, 8)] if bits else [(start, start + 1, 8), (start, end + 1, 0)]
    model = Model(name)
    returned = [model.call(*call) for call in calls]
    calls = [call for call, ret in zip(calls, returned) if ret is not None]
    steps, r, tree = in_c(name, calls)
    assert steps == model.steps
    assert (r, tree) == (returned[-1] if calls else 7, tree_of(model.kvm.mem_attr_array))
    if end > start:
        assert ("cond_resched", None) in steps or name == "before"


@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("bits", [8, 0])
def test_a_reserve_that_fails_at_each_page_where_one_can(name, bits):
    """130 pages need four nodes: three leaves and one above them. Where k can be had, the reserve that needs one more fails, in both."""
    start, end, failed = 62, 192, []
    before = [(1 << 30, (1 << 30) + 1, 8), (start, end, 8)] if bits else [(start, start + 1, 8), (start, end, 0)]
    for limit in range(4):
        model = Model(name)
        assert model.call(*before[0]) == 0
        allocated = model.kvm.mem_attr_array.slab.allocs
        model.kvm.mem_attr_array.slab.limit = limit
        ret = model.call(*before[1])
        last = model.steps[-2][1]  # the page before the unlock
        if ret == 0:
            continue
        assert (ret, model.steps[-2][0]) == (-12, "xa_reserve")
        steps, r, _ = in_c(name, before, starved={last})
        assert (steps, r) == (model.steps, -12)
        failed.append(last)
        assert model.kvm.mem_attr_array.slab.allocs - allocated == limit
    assert failed and sorted(failed) == failed and {page % 64 for page in failed} <= {62, 0}


@pytest.mark.parametrize("name", PATCHES)
def test_a_page_whose_nodes_are_there_cannot_fail(name):
    calls = [(64, 66, 8), (64, 128, 8)]
    steps, r, tree = in_c(name, calls, starved=set(range(66, 128)))
    model = Model(name)
    assert [model.call(*call) for call in calls] == [0, 0]
    assert (steps, r, tree) == (model.steps, 0, tree_of(model.kvm.mem_attr_array))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 140), st.integers(0, 6), st.sampled_from([0, 8])), max_size=5),
    st.sampled_from(sorted(PATCHES)),
)
@pytest.mark.slow
def test_the_same_after_any_calls(script, name):
    model = Model(name)
    calls = [(start, start + length, bits) for start, length, bits in script]
    returned = [(call, model.call(*call)) for call in calls]
    done = [(call, ret) for call, ret in returned if ret is not None]
    steps, r, tree = in_c(name, [call for call, _ in done])
    assert steps == model.steps and tree == tree_of(model.kvm.mem_attr_array)
    assert r == (done[-1][1] if done else 7)


def test_three_lines_are_the_patch():
    before, after = (text_of(name).split("*/\n", 1)[1].split("\n") for name in ("before", "after"))
    left, added = list(before), []
    for line in after:
        if left and line == left[0]:
            left.pop(0)
        else:
            added.append(line.strip())
    assert (left, sorted(added)) == ([], ["", "cond_resched();", "cond_resched();"])
    steps, _, tree = in_c("after", [(62, 66, 8)])
    assert in_c("before", [(62, 66, 8)]) == ([s for s in steps if s[0] != "cond_resched"], 0, tree)
    assert sum(s[0] == "cond_resched" for s in steps) == 8  # four pages in each of two loops


@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("faults", [(), ("alloc",)])
def test_two_calls_at_once_are_one_after_the_other(name, memory, faults):
    run = ("WARN_ON(set_range(62, 66, 8));", "WARN_ON(set_range(64, 67, 0));")
    result = explore(scenario_of_c(text_of(name), run=run, may_fail=faults), "none", memory=memory)
    assert result.verdict == "ok" and not result.races


def test_a_loop_that_yields_needs_a_lock_under_which_one_may_sleep():
    """What the mutex is for: under a spinlock, with an allocation that does not sleep, the text before runs and the one after it does not."""
    for name, verdict in (("before", "ok"), ("after", "violation")):
        text = text_of(name).replace("DEFINE_MUTEX", "DEFINE_SPINLOCK").replace("mutex", "spinlock")
        text = text.replace("GFP_KERNEL_ACCOUNT", "GFP_NOWAIT")
        result = explore(scenario_of_c(text, run=("set_range(62, 64, 8);",)), "none")
        assert (result.verdict, result.property or "") == (
            verdict,
            "" if verdict == "ok" else "nobody may sleep under a spinlock",
        )


def test_the_command_takes_it(capsys):
    assert main(["explore", str(path_of("after")), "--run", "set_range(62, 64, 8);"]) == 0
    assert "ok" in capsys.readouterr().out


@pytest.mark.parametrize("patch", [None, "v2"])
def test_the_model_s_run_is_told_in_the_lines_of_the_c(patch):
    run = record_set([(62, 66, 8), (62, 66, 8), (62, 66, 0)], patch=patch)
    told = [(step.does, step.line and run.also.line_at(step.line)) for step in run.also.steps]
    lines = {
        "mutex_lock": "guard(mutex)(&slots_lock);\t/* a mutex only, so the loops may yield */",
        "xa_reserve": "err = xa_reserve(&attributes, first++, GFP_KERNEL_ACCOUNT);",
        "xa_store": "void *old = xa_store(&attributes, first++, entry, GFP_KERNEL_ACCOUNT);",
        "cond_resched": "+ cond_resched();",
    }
    lines["mutex_unlock"] = "}"  # where what the guard holds is given back
    idle = next(
        k for k in range(len(told)) if told[k : k + 3] == [("mutex_lock", None), (CHECK, None), ("mutex_unlock", None)]
    )
    busy = told[:idle] + told[idle + 3 :]  # the second call finds all of it done, which the C does not ask
    assert busy == [(does, lines.get(does)) for does, _ in busy]
    assert [does for does, _ in busy].count("cond_resched") == (16 if patch else 0)
    assert {does for does, line in busy if not line} == {
        CHECK,
        "kvm_pre_set_memory_attributes",
        "kvm_arch_post_set_memory_attributes",
    }
    assert [step.does for step in run.steps] == [does for does, _ in told]


def test_a_c_lane_goes_on_from_where_it_stands():
    also = record_set([(62, 64, 8)]).also
    stands = [also.line_at(also.start["CPU 0"]), *(step.next and also.line_at(step.next) for step in also.steps)]
    words = [(stand or "-").split("(")[0] for stand in stands]
    assert words == ["guard", *["err = xa_reserve"] * 3, *["void *old = xa_store"] * 3, "}", "}", "-"]


def test_the_three_added_lines_are_marked_and_no_other():
    texts = record_set([(62, 66, 8)], patch="v2").also.texts
    added = [text.lines[k].strip() for text in texts.values() for k in text.added]
    assert added == ["", "cond_resched();", "cond_resched();"]
    assert not any(text.added for text in record_set([(62, 66, 8)]).also.texts.values())


def test_with_and_without_the_lines_the_rest_is_the_same():
    plain, patched = (record_set([(62, 66, 8)], patch=patch) for patch in (None, "v2"))
    rest = [step for step in patched.steps if step.does != "cond_resched"]
    assert [(s.label, s.changes[-3:]) for s in rest if s.changes] == [
        (s.label, s.changes[-3:]) for s in plain.steps if s.changes
    ]
    assert plain.state(len(plain)) == patched.state(len(patched))


@pytest.mark.parametrize(
    "old,new",
    [
        ("&attributes, first++, entry", "&attributes, first++, NULL"),  # another entry
        ("err = xa_reserve(&attributes, first++,", "err = xa_reserve(&attributes, end - ++first + 62,"),  # other pages
        ("guard(mutex)(&slots_lock);", ""),
        ("return err ? err : store_each", "cond_resched();\n\treturn err ? err : store_each"),  # a step more
        ("while (first < end) {", "while (first + 1 < end) {"),  # a step less
    ],
)
def test_c_that_does_something_else_is_not_shown(old, new, monkeypatch):
    text = text_of("before")
    assert old in text
    monkeypatch.setattr("tdxkit.c.memattr._text", lambda name: text.replace(old, new))
    assert record_set([(62, 65, 8)]).also is None


@pytest.mark.parametrize("calls,patch", [([(62, 66, 8)], "v1"), ([], None), ([(7, 7, 8)], None), ([(5, 9, 0)], "v2")])
def test_a_run_of_which_there_is_no_c(calls, patch):
    assert record_set(calls, patch=patch).also is None
