"""Designs side by side in tables: which rows there are, what is said once and what in every row, and which rows are lit."""

from types import SimpleNamespace

import pytest

from tdxkit.explore import explore, stress
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.situations import beside
from tdxkit.rules import result
from tdxkit.view.lens_view import (
    changes_table,
    costs_table,
    memory_table,
    outcomes_table,
    partings_table,
    stress_table,
    verdicts_table,
)


def test_a_situation_is_named_in_its_first_row_and_the_rows_of_the_last_design_are_lit():
    made, seen = changes_table(["v2", "v6"]), beside(["v2", "v6"])
    assert made.header == ("situation", "design", "steps", "returns", "count then", "pair then")
    assert [row[0] for row in made.rows if row[0]] == list(seen.paths)
    at = 0
    for situation in seen.paths:
        groups = seen.groups(situation)
        rows = made.rows[at : at + len(groups)]
        assert [row[0] for row in rows] == [situation] + [""] * (len(groups) - 1)
        assert [row[1] for row in rows] == [", ".join(same) for same, _ in groups]
        at += len(groups)
    assert at == len(made.rows)
    assert made.marked == {k for k, row in enumerate(made.rows) if "v6" in row[1].split(", ")}


def test_a_step_that_changes_the_count_says_from_what_to_what():
    rows = {(row[0], row[1]): row[2:] for row in changes_table(["v2", "v6"]).rows}
    assert rows["a get, the pair is there", "v2, v6"] == ("atomic_inc_not_zero 1 → 2", "0", 2, True)
    assert rows["a get, no memory", "v2, v6"] == ("atomic_inc_not_zero, alloc_pair", "-ENOMEM", 0, False)


def test_two_memories_side_by_side_are_lit_where_their_verdicts_differ():
    made = memory_table([scenario("v6", rounds=1), flags(), flags(fence=True)])
    names = [row[0] for row in made.rows]
    assert made.marked == {1} and names == [scenario("v6", rounds=1).name, "two-flags", "two-flags-fenced"]
    assert made.rows[1][1:] == ("nothing", "broken: one CPU must see the other", 28, 113, "", 10)
    assert made.rows[2][1:] == ("nothing", "nothing", 41, 79, "", "")
    assert made.header == (
        "scenario",
        "the model finds",
        "on x86-TSO",
        "states",
        "on x86-TSO",
        "shortest",
        "on x86-TSO",
    )


@pytest.mark.parametrize("steps, stay", [(1, 0.0), (4, 0.75)])
def test_a_cpu_that_is_overtaken_at_one_step_in_four_stays_at_the_other_three(steps, stay):
    one = scenario("v2")
    seen = stress(one, runs=30, seed=1, stay=stay)
    made = stress_table(one, 30, 1, [steps])
    assert made.rows == ((f"one step in {steps}", seen.bad, seen.first or "none", seen.schedule),)
    assert made.title == "Random runs of v2, seed 1" and made.header[1] == "of 30 runs break a rule"


def test_no_bad_run_is_said_as_none_and_thousands_have_a_comma():
    ((at, bad, first, code),) = stress_table(scenario("v6"), 3, 1, [1000]).rows
    assert (at, bad, first) == ("one step in 1,000", 0, "none") and not code


def test_a_design_that_breaks_is_lit_with_its_shortest_and_its_calmest_schedule():
    made = verdicts_table(["v6", "v2"])
    found, calm = explore(scenario("v2"), "none"), explore(scenario("v2"), fewest_switches=True)
    assert made.title == "2 CPUs × 1" and made.broken == {1}
    assert made.rows[0][:4] == ("v6", "nothing", "", "") and made.rows[0][5] == ""
    assert made.rows[1] == ("v2", result(found.property), found.steps, calm.switches, found.states, calm.schedule)


def test_of_all_interleavings_so_many_in_a_hundred_break_a_rule():
    made = outcomes_table(["v6", "v2"])
    assert made.title == "Every interleaving of 2 CPUs" and made.broken == {1} and made.rows[0][2:] == (0, "0.0%")
    name, count, bad, share = made.rows[1]
    assert name == "v2" and 0 < bad < count and share == f"{100 * bad / count:.1f}%"


def test_a_round_has_its_costs_alone_and_where_the_pair_is_there():
    keys = ("steps", "seamcalls", "locked", "pages")
    cost = SimpleNamespace(version="v9", alone=dict(zip(keys, range(1, 5))), shared=dict(zip(keys, range(5, 9))))
    for own, lock in ((False, "pamt_lock"), (True, "a lock")):
        made = costs_table(SimpleNamespace(costs=[cost], own=own))
        assert made.rows == (("v9", 1, 2, 3, 4, 5, 6, 7, 8),) and made.header[3] == f"steps with {lock}"
        assert made.header[5:] == tuple(f"{head}, pair there" for head in made.header[1:5])


def test_two_versions_part_at_a_step_or_never():
    parting = SimpleNamespace(versions=("v1", "v2"), step=7, labels=("a", "b"), why="for")
    never = SimpleNamespace(versions=("v1", "v3"), step=0, labels=("", ""), why="")
    made = partings_table(SimpleNamespace(partings=[parting, never], schedule="s"))
    assert made.rows == (("v1 and v2", 7, "a", "b", "for"), ("v1 and v3", "never", "", "", ""))
    assert made.title == "Held against each other on s"
