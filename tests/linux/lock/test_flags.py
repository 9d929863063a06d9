"""Two flags: what one CPU may miss, on which memory, and how the shortest miss goes, step by step."""

import pytest

from tdxkit.explore import explore, outcomes, replay
from tdxkit.explore.engine import explore_readably
from tdxkit.linux.lock.flags import SEES, flags

STEPS = [
    ("CPU 0", "WRITE_ONCE(flag[0], 1)", {"store buffer of CPU 0": ("flag[0] = 1",)}),
    ("CPU 0", "READ_ONCE(flag[1])", {}),
    ("CPU 0", "WRITE_ONCE(saw[0], 0)", {"store buffer of CPU 0": ("flag[0] = 1", "saw[0] = 0")}),
    ("CPU 1", "WRITE_ONCE(flag[1], 1)", {"store buffer of CPU 1": ("flag[1] = 1",)}),
    ("CPU 1", "READ_ONCE(flag[0])", {}),
]


@pytest.mark.parametrize(
    "fence, memory, rule, ends",
    [
        (False, "sc", None, {(0, 1), (1, 0), (1, 1)}),
        (False, "tso", SEES.name, {(0, 0), (0, 1), (1, 0), (1, 1)}),
        (True, "sc", None, {(0, 1), (1, 0), (1, 1)}),
        (True, "tso", None, {(0, 1), (1, 0), (1, 1)}),
    ],
)
def test_what_two_cpus_may_see_of_each_other(fence, memory, rule, ends):
    one = flags(fence).on(memory)
    assert explore(one).property == explore_readably(one).rule == rule
    assert {(row.state["saw[0]"], row.state["saw[1]"]) for row in outcomes(one).rows} == ends


def test_both_loads_come_before_either_store_is_out():
    one = flags().on("tso")
    found = explore(one)
    run = replay(one, found.schedule)
    seen = [(step.actor, step.label) for step in run.steps]
    assert found.steps == 10 and seen[:5] == [step[:2] for step in STEPS]
    assert [{c.key: c.new for c in step.changes} for step in run.steps[:5]] == [changes for *_, changes in STEPS]
    assert [step.kind for step in run.steps].count("drain") == 4 and found.schedule.endswith("@tso")
    assert run.card.left_out and run.card.simplified
