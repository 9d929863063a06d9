"""Walks and maps: what a graph to walk begins with, how many states are asked for, where states stand on a map."""

from itertools import pairwise
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from tdxkit.run import Line, Recorder, Text, Track
from tdxkit.view.kit import svg
from tdxkit.view.stepper import graph_data as graphs
from tdxkit.view.stepper import state_map, still, walks
from tdxkit.view.stepper.graph_data import graph_data, in_other_lines
from tdxkit.view.stepper.state_map import places
from tdxkit.view.stepper.walks import taken_over, walk_of


@pytest.fixture
def data(make_graph, make_run):
    """What a page gets of the sample's graph."""
    return graph_data(make_graph(), make_run("", code="sample:2x1:9f3c @later %more A2"))


def test_a_walk_has_not_begun_and_says_what_to_do(data):
    assert (data["total"], data["offset"], data["steps"]) == (0, 0, [])
    assert data["first"] == ["2", "yes", "none", "—"] and data["start"] == [("put", 1), ("put", 1)]
    assert still.said(data, 0) == ("Start", "Nothing has happened yet. Choose who moves first.", False)


def test_a_code_of_a_walk_begins_with_the_scenario_and_ends_with_what_is_no_step(data):
    graph = data["graph"]
    assert (graph["head"], graph["tail"], graph["letters"]) == ("sample:2x1:9f3c", ["@later", "%more"], "AB")


def test_what_is_not_there_is_minus_one(data, make_graph):
    rows, graph = data["graph"]["nodes"], make_graph()
    ended = next(k for k, node in enumerate(graph.nodes) if all(node.finished))
    assert list(rows[ended].lines) == [-1, -1] and rows[ended].over == [1, 1] and rows[ended].waiting == -1
    assert rows[0].whys == [-1, -1]
    lines = in_other_lines(
        {"t": Text("T", ("a", "b"))}, [[Line("t", 1), None], [None, Line("t", 0)], [Line("t", 1)] * 2]
    )
    assert lines["nodes"] == [[0, -1], [-1, 1], [0, 0]] and lines["lines"] == [("t", 1), ("t", 0)]


def test_each_shared_state_of_a_walk_has_its_picture(make_graph, make_run):
    graph = make_graph()
    draw = lambda state: svg.drawing(9, 9, str(state["refcount[0]"]))  # noqa: E731
    data = graph_data(graph, make_run(""), picture=draw)
    assert len(data["pictures"]) == 3, "2, 1 and 0 references"
    shown = [data["pictures"][at] for at in data["pics"]]
    assert [f'aria-label="{state["refcount[0]"]}"' in one for state, one in zip(graph.shared, shown)] == [True] * len(
        shown
    )


@pytest.mark.parametrize("most, there", [(0, True), (-1, False)])
def test_a_graph_has_a_map_up_to_so_many_states(most, there, make_graph, make_run, monkeypatch):
    graph = make_graph()
    monkeypatch.setattr(state_map, "MOST", len(graph.nodes) + most)
    assert bool(graph_data(graph, make_run(""))["graph"]["map"]) == there


@pytest.mark.parametrize("states, there", [(1600, True), (1601, False)])
def test_a_map_has_1600_states_at_most(states, there, monkeypatch):
    monkeypatch.setattr(state_map, "places", lambda edges: [(k, -k) for k in range(len(edges))])
    found = graphs._map(SimpleNamespace(nodes=range(states), edges=[[]] * states))
    assert found == ([[*range(states)], [-k for k in range(states)]] if there else [])


def test_one_state_alone_and_states_in_a_chain_stand_in_the_middle():
    assert places([[]]) == [(0, 0)] and places([[0]]) == [(0, 0)]
    assert places([[1], [2], []]) == [(0, 0), (1, 0), (2, 0)]


def test_a_round_stands_by_the_distance_from_where_one_comes_in():
    edges = [[1], [2, 4], [3], [1], []]
    assert [column for column, _ in places(edges)] == [0, 1, 2, 3, 2]
    later = [[1, 2], [3], [3], [4], [3, 5], []]
    assert [column for column, _ in places(later)] == [0, 1, 1, 2, 3, 4]


def crossings(edges):
    """How many pairs of ways between two columns cross on the map."""
    at = places(edges)
    ways = [(at[a], at[b]) for a, targets in enumerate(edges) for b in targets if at[b][0] == at[a][0] + 1]
    return sum(
        (one[0][1] - other[0][1]) * (one[1][1] - other[1][1]) < 0
        for k, one in enumerate(ways)
        for other in ways[:k]
        if one[0][0] == other[0][0]
    )


@pytest.mark.parametrize(
    "edges",
    [
        [[1, 2], [4], [3], [5], [6], [], []],
        [[1, 2], [3, 5], [4], [], [], []],
        [[1, 2, 3], [5], [4], [4, 6], [], [], []],
        [[1, 2], [3], [4, 3], [5, 6], [5], [], []],
        [[1, 2], [4], [3], [5, 6], [6], [], []],
        [[1, 2], [3, 5], [4], [], [6], [7], [], []],
    ],
)
def test_ways_that_need_not_cross_do_not_over_several_columns(edges):
    assert crossings(edges) == 0
    for column in {column for column, _ in places(edges)}:
        rows = sorted(row for at, row in places(edges) if at == column)
        assert all(b - a == 1 for a, b in pairwise(rows)) and sum(rows) == 0


class Made:
    """A graph that was asked for, and how."""

    def __init__(self, complete=True):
        self.asked, self.complete = [], complete

    def __call__(self, *asked):
        self.asked.append(asked)
        return SimpleNamespace(
            complete=self.complete, nodes=(), shared=({"a": 0, "b": 1, "c": 2}, {"a": 1, "b": 1}), path=(3, 4)
        )


ROWS = (Track("a", "a", "value"), Track("b", "b", "fact"), Track("c", "c", "value"), Track("r", "r", "rule"))
SCENARIO = SimpleNamespace(rows=ROWS, title="", name="named")


@pytest.fixture
def asked(monkeypatch):
    """Walks without the explorer: which graphs are asked for, and what becomes of them."""
    made = Made()
    monkeypatch.setattr(walks, "graph", made)
    monkeypatch.setattr(walks, "walk_in_c", lambda *_: None)
    monkeypatch.setattr(walks, "replay_steps", lambda scenario, steps: Recorder({"a": 0}).run("t", ("A",)))
    monkeypatch.setattr(walks, "parse", lambda code: SimpleNamespace(steps=(code,)))
    monkeypatch.setattr(
        graphs, "graph_data", lambda walked, begin, **more: {"tracks": begin.tracks, "title": "t", "code": ""}
    )
    return made


class Ran(NamedTuple):
    """What is asked of a run that is to be taken over."""

    steps: int
    scenario: object = SCENARIO
    code: str = "code"

    def __len__(self):
        return self.steps


def test_of_few_states_all_travel_along_with_a_run(asked):
    assert taken_over(Ran(3)) == {"tracks": (ROWS[0], ROWS[3]), "path": [3, 4]}, "rows of what changes, and rules"
    assert asked.asked == [(SCENARIO, 1600, ("code",))]


@pytest.mark.parametrize("ahead, most", [(False, 600), (True, 1600)])
def test_of_many_states_those_around_the_run_travel_or_more_that_lie_ahead(ahead, most, asked):
    asked.complete = False
    assert taken_over(Ran(1), ahead=ahead)["path"] == [3, 4]
    assert asked.asked == [(SCENARIO, 1600, ("code",)), (SCENARIO, most, ("code",), ahead)]
    asked.asked.clear()
    taken_over(Ran(1))
    assert asked.asked[1][1:] == (600, ("code",), False)


@pytest.mark.parametrize("steps, taken", [(0, False), (1, True), (2000, True), (2001, False)])
def test_a_run_of_one_to_two_thousand_steps_can_be_taken_over(steps, taken, asked):
    assert bool(taken_over(Ran(steps))) == taken == bool(asked.asked)
    assert taken_over(Ran(min(steps, 1), None)) is None


def test_a_scenario_that_is_too_large_is_refused_by_its_title_or_its_name(asked, monkeypatch):
    told = []
    monkeypatch.setattr(graphs, "check_all_here", lambda graph, title: told.append(title))
    data = walk_of(SCENARIO)
    assert data["path"] == [3, 4] and data["tracks"] == (ROWS[0], ROWS[3]) and "c" not in data
    walk_of(SimpleNamespace(rows=(), title="a title", name="named"), begin=("x",))
    assert told == ["named", "a title"] and [one[1:] for one in asked.asked] == [(5000, ()), (5000, ("x",))]


def test_a_walk_has_its_lines_of_c_where_the_design_has_them(asked, monkeypatch):
    monkeypatch.setattr(walks, "walk_in_c", lambda *_: ({"f": Text("F", ("a",))}, [[Line("f", 0)]]))
    assert walk_of(SCENARIO)["c"]["lines"] == [("f", 0)] == taken_over(Ran(1))["c"]["lines"]
