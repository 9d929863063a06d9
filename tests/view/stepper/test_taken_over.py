"""At any step of an explored run the reader becomes the scheduler, sees what else could have moved, and comes back; with a map of the states."""

import json

import pytest

from tdxkit.explore import explore, replay, replay_steps
from tdxkit.explore.schedule import parse
from tdxkit.linux.refcount import scenario
from tdxkit.seam.runs import pamt_add_run
from tdxkit.view.stepper import Stepper
from tdxkit.view.stepper.state_map import places
from tdxkit.view.stepper.walks import NEAREST, taken_over

V2 = scenario("v2")
RACE = replay(V2, explore(V2).schedule)


def test_the_states_around_a_run_travel_with_its_own_way_in_them():
    ways = taken_over(RACE)
    graph, node = ways["graph"], 0
    for step, at in zip(RACE.steps, ways["path"], strict=True):
        edge = dict(zip(graph["slots"]["edge"], graph["edges"][node][at]))
        assert (RACE.actors[edge["actor"]], graph["strings"][edge["label"]]) == (step.actor, step.label)
        node = edge["target"]
    assert graph["cut"] == [] and len(graph["map"][0]) == len(graph["nodes"]) == 244


@pytest.mark.slow
def test_of_many_states_the_nearest_travel_and_python_has_the_rest():
    many = scenario("v2", 3, 2)
    run = replay(many, explore(many).schedule)
    ways = taken_over(run)
    assert ways["graph"]["cut"] and len(run) < len(ways["graph"]["nodes"]) <= NEAREST
    assert Stepper(run).needs_kernel and not Stepper(RACE).needs_kernel
    shown, sent = Stepper(run), []
    shown.send = sent.append
    shown._heard(shown, {"beyond": replay_steps(many, parse(run.code).steps[:5]).code}, [])
    assert len(sent.pop()["beyond"]["path"]) == 5
    shown._heard(shown, {"beyond": RACE.code}, [])  # another scenario's
    shown._heard(shown, {"beyond": "<script>"}, [])
    assert sent == []


def test_what_the_explorer_did_not_make_cannot_be_taken_over(make_run):
    assert taken_over(pamt_add_run()) is None and taken_over(make_run("0100001111")) is None
    assert "ways" not in json.loads(Stepper(pamt_add_run()).data)["views"][0]


@pytest.mark.parametrize(
    ("edges", "columns"),
    [
        ([[1, 2], [3], [3], []], [0, 1, 1, 2]),
        ([[1, 2], [2], []], [0, 1, 2]),  # the longer way counts
        ([[1], [2], [1, 3], []], [0, 1, 2, 3]),  # round and round
        ([[0, 1], []], [0, 1]),
    ],
)
def test_the_columns_of_a_map_go_on_with_each_step(edges, columns):
    assert [column for column, _ in places(edges)] == columns


def test_the_rows_of_a_map_are_apart_and_around_its_middle():
    found = places([[1, 2, 3], [4], [4], [4], []])
    assert sorted(row for column, row in found if column == 1) == [-1, 0, 1] and found[4] == (2, 0)


def test_ways_that_need_not_cross_do_not():
    edges = [[1, 2, 3], [6], [4], [5], [], [], []]
    rows = [row for _, row in places(edges)]
    order = sorted((1, 2, 3), key=lambda node: rows[node])
    assert [edges[node][0] for node in order] == sorted((4, 5, 6), key=lambda node: rows[node])
