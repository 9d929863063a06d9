"""The numbers of the posted programs that do not depend on how a model is written, under the six rules that they were worked out with."""

import json
from pathlib import Path

import pytest

from tdxkit.explore.endings import outcomes
from tdxkit.explore.rows import Program
from tdxkit.explore.search import explore
from tdxkit.explore.space import Space
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import Variant, of_design
from tdxkit.review.program import RULES, domain
from tdxkit.rules import named

ROWS = json.loads((Path(__file__).parents[2] / "data" / "posted" / "pins.json").read_text())["rows"]
SIX = {
    module.REMOVE_FINDS_A_PAIR,
    module.REMOVE_FINDS_NO_USER,
    module.USE_HAS_PAIR,
    module.NOTHING_LEFT,
    module.REFCOUNT_HAS_PAIR,
    module.NOT_NEGATIVE,
}
FAULTS = {"": {}, **{fault: {fault: True} for fault in ("memory_may_run_out", "add_may_fail", "remove_may_fail")}}
SIZES = [(2, 1), (3, 1), (2, 2)]
SHAPES = [pytest.param(k, id=f"{n}x{r}", marks=[pytest.mark.slow] * (k > 0)) for k, (n, r) in enumerate(SIZES)]
# A sketch, read as its card says: its numbers are those of that reading, and of no posted text.
SKETCH = {"design": "minus-one", "fault": "", "none": [255, 3810, 1194], "sym": [132, 731, 609], "steps": [14] * 3, "switches": [1] * 3,
          "rule": [module.USE_HAS_PAIR] * 3, "ends": [7, 31592, 18320],
          "broken": [module.USE_HAS_PAIR, module.REMOVE_FINDS_NO_USER, module.REMOVE_FINDS_A_PAIR, module.NOTHING_LEFT]}  # fmt: skip


def asked(name: str, fault: str, size: int):
    """A design under the six rules, or as many of its own."""
    code = DESIGNS[name].code
    one = of_design(code, name, *SIZES[size], Variant("", **FAULTS[fault]))
    kept = [p.name for p in one.properties if p.name in {*SIX, named("not-below-minus-one")}]
    assert len(kept) == len(SIX)
    return one.asking(*kept)


def counted(scenario) -> tuple[int, int]:
    """States with places that go on alike counted once: threads told apart, and not."""
    program = Program(scenario, domain, RULES)
    space = Space(program.tables, fuse=False)
    todo = [(program.tables.first_sid, program.tables.first_lids)]
    seen = set(todo)
    for sid, lids in todo:
        for k, lid in enumerate(lids):
            for edge in space.row(sid, lid)[0] if lid else ():
                after = edge[1], (*lids[:k], edge[2], *lids[k + 1 :])
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
    apart = {(sid, tuple(program.classes[lid] for lid in lids)) for sid, lids in seen}
    return len(apart), len({(sid, tuple(sorted(classes))) for sid, classes in apart})


def test_every_posted_design_is_pinned_under_every_fault():
    posted = {name for name, design in DESIGNS.items() if design.posted}
    pinned = [(row["design"], row["fault"]) for row in ROWS]
    assert set(pinned) == {(name, fault) for name in posted for fault in FAULTS} and len(pinned) == 44


@pytest.mark.slow
@pytest.mark.parametrize("row", [*ROWS, SKETCH], ids=lambda row: f"{row['design']}-{row['fault'] or 'none'}")
@pytest.mark.parametrize("size", SHAPES)
def test_states_rule_and_lengths(row, size):
    one = asked(row["design"], row["fault"], size)
    assert counted(one) == (row["none"][size], row["sym"][size])
    found, calm = explore(one, "none"), explore(one, "none", fewest_switches=True)
    assert (found.complete, found.property) == (True, row["rule"][size])
    assert (found.steps, found.switches) == (row["steps"][size], row["switches"][size])
    if "fewest" in row:
        assert [calm.switches, calm.steps] == row["fewest"][size]


@pytest.mark.slow
@pytest.mark.parametrize("row", [*ROWS, SKETCH], ids=lambda row: f"{row['design']}-{row['fault'] or 'none'}")
def test_endings(row):
    ends = outcomes(asked(row["design"], row["fault"], 0))
    bad = sum(o.interleavings for o in ends.rows if o.broken)
    assert [len(ends.rows), ends.interleavings, bad] == row["ends"]
    assert set(explore(asked(row["design"], row["fault"], 0), "none").broken) == set(row["broken"])
