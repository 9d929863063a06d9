"""The lens: counts that add up, versions that part where they must, costs that can be counted by hand."""

import json

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.explore.endings import outcomes
from tdxkit.explore.schedule import encode, parse
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.lens import lens
from tdxkit.review.situations import SITUATIONS
from tdxkit.view.lens_view import changes_table


def test_v2_and_v6_outcomes_with_exact_counts():
    seen = lens(["v2", "v6"])
    counts = {(r.version, r.bad): r.interleavings for r in seen.rows}
    assert counts == {("v2", False): 36_912, ("v2", True): 28_152, ("v6", False): 40_556}
    for row in seen.rows:
        run = replay(scenario(row.version), row.schedule)
        assert any(step.broken for step in run.steps) == row.bad


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v1", "v3", "v4", "v5", "after-v6", "minus-one", "inc-first", "v3-unoptimised"])
def test_outcomes_of_a_version_sum_to_all_its_interleavings(name):
    assert sum(r.interleavings for r in lens([name]).rows) == outcomes(scenario(name)).interleavings


def test_v2_and_v6_part_at_the_decrement():
    (parting,) = lens(["v2", "v6"]).partings
    assert parting.labels == ("atomic_dec_and_test(refcount)", "atomic_add_unless(refcount, -1, 1)")
    assert parting.step == 10


def test_on_store_buffers_versions_end_alike_in_more_ways_and_a_code_brings_its_memory():
    flat, seen = lens(["v2", "v6"]), lens(["v2", "v6"], memory="tso")
    assert [(r.version, r.outcome) for r in seen.rows] == [(r.version, r.outcome) for r in flat.rows]
    assert all(there.interleavings > here.interleavings for here, there in zip(flat.rows, seen.rows))
    assert seen.memory == "tso" == seen.as_json()["memory"] and seen.schedule.endswith("@tso")
    assert "memory tso" in str(seen).splitlines()[0] and seen.costs == flat.costs
    assert lens(["v2", "v6"], code=seen.schedule).memory == "tso"
    assert seen.partings[0].labels == flat.partings[0].labels


def test_v1_and_v2_part_where_the_pages_of_a_get_that_met_a_pair_are_freed():
    """Every way to a second REMOVE leads through such a get; v1 frees its pages before it lets go of the lock."""
    v2 = scenario("v2")
    found = parse(explore(v2, fewest_switches=True).schedule).steps
    for code in (None, encode(v2, (*found, (0, 0)))):
        (parting,) = lens(["v2", "v1"], code=code).partings
        assert parting.labels == ("atomic_set(refcount, 1)", "__free_page() twice")
    assert (parting.step, lens(["v1", "v2"]).partings[0].step) == (16, 16)


def test_the_default_schedule_runs_on_past_the_broken_rule_to_what_it_leads_to():
    ends = {name: run.state(len(run)) for name, run in lens(["v1"]).runs.items()}
    assert (ends["v1"]["refcount[0]"], ends["v1"]["pair[0]"]) == (0, False)
    ends = {name: run.state(len(run)) for name, run in lens(["v2"]).runs.items()}
    assert ends["v2"]["refcount[0]"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lazy", "per-region", "v5-softirq", "v3-not-zeroed"])
def test_what_loops_deadlocks_or_has_other_variables_is_held_against_v6_all_the_same(name):
    (parting,) = lens([name, "v6"]).partings
    assert parting.step in (1, 2, 4, 5) and "—" not in parting.why


def test_where_no_rule_breaks_one_cpu_after_the_other_is_the_schedule():
    seen = lens(["v6", "after-v6", "v5-unoptimised"])
    assert " A15 B15 +" in seen.schedule and [p.step for p in seen.partings] == [1, 1]


def test_the_table_of_changes_says_a_situation_once_and_lights_the_last_design():
    seen = changes_table(["v2", "v4", "v6"])
    situations = [row[0] for row in seen.rows if row[0]]
    assert situations == [s.name for s in SITUATIONS] and len(seen.rows) > len(situations)
    assert {k for k, row in enumerate(seen.rows) if "v6" in row[1]} == seen.marked
    assert ("a get, ADD fails", "v2, v6", "-EIO") in [(*row[:2], row[3]) for row in seen.rows]


def test_a_schedule_means_the_same_in_the_same_version():
    seen = lens(["v4", "v5"])
    assert [p.step for p in seen.partings] == [None]


def test_costs_by_hand():
    costs = {c.version: c for c in lens(["v2", "v6", "after-v6", "v3"]).costs}
    # get: inc_not_zero, alloc, lock, read, ADD, set, unlock; use: 2; put: dec, lock, read, REMOVE, unlock, free
    assert costs["v2"].alone == {"steps": 15, "seamcalls": 2, "locked": 7, "pages": 2}
    assert costs["v6"].shared == {"steps": 4, "seamcalls": 0, "locked": 0, "pages": 0}
    assert costs["after-v6"].shared["locked"] == 5 and costs["after-v6"].shared["pages"] == 2
    assert costs["v3"].shared["pages"] == 2  # B20: a pair allocated and freed on the fast path


def test_the_lazy_design_loops_so_its_counts_are_endless_and_its_calls_are_counted():
    seen = lens(["lazy"])
    assert all(r.interleavings is None for r in seen.rows) and seen.costs[0].alone["seamcalls"] == 2


@pytest.mark.parametrize("names", [[], ["v2", "v2"], ["v77"], ["v2"] * 13])
def test_bad_names(names):
    with pytest.raises(InputError):
        lens(names)


def test_a_schedule_of_a_version_that_is_not_compared():
    with pytest.raises(InputError, match="add that version"):
        lens(["v6"], code="v2:2x1:37b4 A1")


def test_command(capsys):
    assert main(["lens", "v2", "v6", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"format", "memory", "outcomes", "parting", "cost"}
    assert {"version", "outcome", "interleavings", "schedule"} == set(answer["outcomes"][0])
    assert "28152" in {o["interleavings"] for o in answer["outcomes"]}
    assert main(["lens", "v2", "v6"]) == 0
    assert "28,152 of 65,064" in capsys.readouterr().out


@pytest.mark.parametrize("args", [["v9"], ["v2", "--threads", "9"], ["v2", "--schedule", "rm -rf"], []])
def test_command_says_bad_input_in_one_line(args, capsys):
    assert main(["lens", *args]) == 2
    assert capsys.readouterr().err.count("\n") == 1
