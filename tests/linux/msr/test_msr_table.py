"""The table of all combinations, against counting by hand."""

from collections import defaultdict
from dataclasses import replace

import pytest

from tdxkit.linux.msr.table import TURNS, every_result, outcomes, what_matters

RESULTS = every_result()
MATTERS = what_matters(RESULTS)


def test_the_switches_span_every_scenario():
    found = {r.scenario for r in RESULTS}
    size = 1
    for turns in TURNS.values():
        size *= len(turns)
        assert len({replace(RESULTS[0].scenario, **turn) for turn in turns}) == len(turns)
        for turn in turns:
            assert replace(RESULTS[0].scenario, **turn) in found
    assert size == len(RESULTS) == len(found) == 1728


def test_outcomes_add_up():
    counts = outcomes(RESULTS)
    assert sum(counts.values()) == 1728 and list(counts.values()) == sorted(counts.values(), reverse=True)


def test_an_epc_changes_nothing_and_the_others_do():
    assert MATTERS["epc"] == {"end otherwise": 0, "saves": 0}
    assert all(row["end otherwise"] > 0 for switch, row in MATTERS.items() if switch != "epc")


@pytest.mark.parametrize("switch", TURNS)
def test_a_switch_counted_by_hand(switch):
    """Scenarios that differ in this switch alone make a group: where its ends differ, every one of it can be moved."""
    fields = {name for turn in TURNS[switch] for name in turn}
    groups = defaultdict(list)
    for r in RESULTS:
        rest = tuple(getattr(r.scenario, name) for name in r.scenario.__slots__ if name not in fields)
        groups[rest].append(r.outcome)
    moved = sum(len(ends) for ends in groups.values() if len(set(ends)) > 1)
    saved = sum(ends.count("bugcheck") for ends in groups.values() if set(ends) - {"bugcheck", "smi-fault"})
    assert {len(ends) for ends in groups.values()} == {len(TURNS[switch])}
    assert MATTERS[switch] == {"end otherwise": moved, "saves": saved}
