"""The C of the memory-attribute patch is the program of the workbook's model: both run on the same calls, page by page, before and after it.

The model has its checks and the memslots beside the two loops, and the C has the loops and the lock. So what is compared is: the lock first,
the operations on the XArray in order with their pages and results, where the loop may yield, what the call returns, and the whole tree after it.
"""

from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.c.harness import scenario_of_c
from tdxkit.c.kernel.xarrays import Tree
from tdxkit.cli import main
from tdxkit.explore.engine import World
from tdxkit.explore.search import explore
from tdxkit.facts import data_path
from tdxkit.linux.memattr.ioctl import kvm_vm_set_mem_attributes
from tdxkit.linux.memattr.vm import KernelText, Kvm, kvm_range_has_memory_attributes
from tdxkit.units import U64_MAX

PATCHES = {"before": None, "after": "v2"}
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
        seen = []
        result = kvm_vm_set_mem_attributes(self.kvm, start, end, bits, lambda *what: seen.append(what))
        self.steps.append(("mutex_lock", None))
        for loop, pages in groupby((what for what in seen if what[1] is not None), key=lambda what: what[0]):
            pages = list(pages)
            yields = result.total(loop, "resched")
            assert yields in (0, sum(not rc for _, _, rc in pages))  # after each page that was done, or never
            for _, page, rc in pages:
                self.steps.append((f"xa_{loop}", page))
                self.steps += [("cond_resched", None)] if yields and not rc else []
        self.steps.append(("mutex_unlock", None))
        return result.ret


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
