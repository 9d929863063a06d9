"""The table of all combinations, against counting by hand."""

from dataclasses import replace

import pytest

from tdxkit.linux.msr.hotplug import hotplug
from tdxkit.linux.msr.table import TURNS, every_result, outcomes, what_matters

RESULTS = every_result()


def test_the_switches_span_every_scenario():
    found = {r.scenario for r in RESULTS}
    size = 1
    for turns in TURNS.values():
        size *= len(turns)
        for turn in turns:
            assert replace(RESULTS[0].scenario, **turn) in found
    assert size == len(RESULTS) == len(found) == 1728


def test_outcomes_add_up():
    counts = outcomes(RESULTS)
    assert sum(counts.values()) == 1728 and list(counts.values()) == sorted(counts.values(), reverse=True)


def test_an_epc_changes_nothing_and_the_others_do():
    found = what_matters(RESULTS)
    assert found["epc"] == {"end otherwise": 0, "saves": 0}
    assert all(row["end otherwise"] > 0 for switch, row in found.items() if switch != "epc")


@pytest.mark.slow
def test_one_switch_counted_the_long_way():
    ends = saved = 0
    for r in RESULTS:
        other = hotplug(replace(r.scenario, sgx=not r.scenario.sgx)).outcome
        ends += other != r.outcome
        saved += r.bugcheck is not None and other not in ("bugcheck", "smi-fault")
    assert what_matters(RESULTS)["sgx"] == {"end otherwise": ends, "saves": saved}
