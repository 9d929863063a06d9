"""The order of a leaf's checks: each can be broken, of two neighbours broken together the earlier is seen, a swap is noticed."""

from dataclasses import replace
from pathlib import Path

import pytest
from breakers import BREAK, Ground

from tdxkit.errors import ModelError
from tdxkit.facts import load_json
from tdxkit.seam.leaves.engine import leaves, perform
from tdxkit.seam.scenes import world_for

pytestmark = pytest.mark.many

LEAVES = leaves()
ORDER = Path(__file__).parent / "check_order.txt"  # the order of every leaf's checks, written down a second time
PAIRS = [(name, i) for name, leaf in LEAVES.items() for i in range(len(leaf.checks) - 1)]

# Neighbours that cannot be broken together, and why. Neighbours with one status and one operand cannot be told apart.
EXCLUSIVE = {
    ("TDH.MEM.SEPT.ADD", "page_given", "may_exist"): "where no page is given, one that exists is right",
    ("TDH.MEM.SEPT.ADD", "may_exist", "form"): "over a page that exists the one in R8 is not looked at",
    ("TDH.SYS.TDMR.INIT", "tdmr", "tdmr_lock"): "an address that is no TDMR's base has no lock to be busy",
    (
        "TDH.MNG.ADDCX",
        "tdcx_entropy",
        "tdcx_op_state",
    ): "one is about the page that completes the minimum, one about those after it",
    (
        "TDH.MEM.RANGE.BLOCK",
        "sept_state_or_blocked",
        "not_blocked",
    ): "a blocked entry is none of the other wrong states",
}


def name_of(check):
    return check.spec["test"].split()[0]


def ground(leaf, checks):
    """A world in which these checks are broken, in the order given."""
    g = Ground(world_for(leaf.name), leaf)
    for check in checks:
        BREAK[name_of(check)](g, *(check.args[1:] if check.steps else check.args))
    return g


def outcome(leaf, *broken, plan=None):
    """The result of the leaf with these checks broken, or "refused" when the model cannot run the plan it is given."""
    g = ground(leaf, broken)
    given = {r.lower(): v for r, v in g.given.items()}
    call = g.world.module.prepare(leaf.name, v=g.version, weather=g.weather, **given)
    if plan is not None:
        call = replace(call, leaf=replace(leaf, plan=plan))
    steps = perform(g.m, call)
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value
    except (ModelError, KeyError, IndexError, AttributeError, TypeError):
        if plan is None:
            raise
        return "refused"


def is_from(result, check):
    """The status is this check's: exact where details are an operand id, without them where they are a number of their own."""
    if result == "refused":
        return False
    own_details = "operand" not in check.spec or name_of(check) == "params_fields"
    return result.status >> 32 == check.status >> 32 if own_details else result.status == check.status


@pytest.mark.parametrize("name", LEAVES)
def test_every_leaf_succeeds_in_its_world_and_each_check_alone_is_seen(name):
    leaf = LEAVES[name]
    assert outcome(leaf).ok, outcome(leaf)
    assert not [c.spec["test"] for c in leaf.checks if not is_from(outcome(leaf, c), c)]


@pytest.mark.parametrize("name, i", PAIRS, ids=[f"{n}-{i}" for n, i in PAIRS])
def test_of_two_neighbours_broken_together_the_earlier_is_seen_and_a_swap_is_noticed(name, i):
    leaf = LEAVES[name]
    first, second = leaf.checks[i : i + 2]
    swapped = list(leaf.plan)
    swapped[i : i + 2] = swapped[i + 1], swapped[i]
    seen = noticed = False
    for broken in ((first, second), (second, first)):
        if is_from(outcome(leaf, *broken), first):
            after = outcome(leaf, *broken, plan=tuple(swapped))
            seen = True
            noticed |= after == "refused" or (is_from(after, second) and not is_from(after, first))
    if first.status == second.status:
        assert seen
    else:
        assert (seen and noticed) != ((name, name_of(first), name_of(second)) in EXCLUSIVE)


def test_the_order_is_the_one_written_down():
    """Catches the swaps that no status shows, such as two checks of the same operand."""
    written = dict(line.split(": ", 1) for line in ORDER.read_text().splitlines())
    assert {n: ", ".join(map(in_writing, leaf.checks)) for n, leaf in LEAVES.items()} == written


def in_writing(check):
    """A check and the condition under which it is made, as the second writing has it."""
    return check.spec["test"] + (f" if {check.spec['if']}" if "if" in check.spec else "")


def test_every_check_is_modelled_or_says_why_not():
    specs = [c for leaf in load_json("seamcalls.json")["leaves"] for c in leaf["checks"]]
    assert all(c.get("left_out") for c in specs if "test" not in c)
    assert sum("test" in c for c in specs) > 450
