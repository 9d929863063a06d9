"""Axes that do not begin at nothing, the limits of a chart's table, title and markers, and where nodes of a forest stand."""

import networkx as nx
import pytest

from tdxkit.errors import ModelError
from tdxkit.view.kit import charts, scales
from tdxkit.view.kit.layout import layered


@pytest.mark.parametrize(
    "low, high, ticks",
    [
        (8, 16, [10**k for k in range(8, 17)]),
        (3, 5, [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]),
        (-5, 0, [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1]),
        (-3, 6, [1e-3, 0.1, 10, 1000, 10**5]),
    ],
)
def test_how_many_powers_have_ticks_is_a_matter_of_their_distance_alone(low, high, ticks):
    assert scales.log_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    "values, ends", [([10, 1000], (0.7, 3)), ([0.01, 1], (-2.3, 0)), ([20, 1000], (1, 3)), ([12, 1000], (0.7, 3))]
)
def test_the_least_bar_is_seen_wherever_the_axis_begins(values, ends):
    assert scales.log_range(values, True) == pytest.approx(ends)


def test_there_is_room_below_the_least_value_for_bars_only():
    assert scales.log_range([1, 1000]) == (0, 3) and scales.log_axis([1, 1000])["range"] == [0, 3]
    assert scales.scale({}, [2, 4], 0, 100) == scales.Linear(2, 4, 0, 100)
    assert scales.scale({"type": "log"}, [1, 10], 0, 100) == scales.Log(0, 1, 0, 100)


def test_names_stay_names_on_an_axis_that_is_called_logarithmic():
    assert scales.scale({"type": "log"}, ["a", "b"], 0, 100) == scales.Names(("a", "b"), 0, 100)


@pytest.mark.parametrize("high, words", [(3, ["0", "2"]), (7, ["0", "5"]), (4, ["0", "2", "4"])])
def test_a_short_axis_is_parted_in_two(high, words):
    assert [said for _, said in scales.Linear(0, high, 0, 10).ticks()] == words


def test_an_axis_that_begins_far_from_nothing_has_as_many_ticks():
    assert [said for _, said in scales.Linear(1000, 1100, 0, 800).ticks()] == [
        "1,000", "1,010", "1,020", "1,030", "1,040", "1,050", "1,060", "1,070", "1,080", "1,090", "1,100",
    ]  # fmt: skip
    assert len(scales.Linear(0, 100, 1000, 1800).ticks()) == len(scales.Linear(0, 100, 1440, 1000).ticks()) == 11


def test_a_step_of_whole_numbers_is_one():
    assert [type(scales.round_step(about)) for about in (0.5, 0.6, 1, 7)] == [float, int, int, int]
    assert all(type(value) is int for value in scales.log_ticks(0, 3)), "figures are written without a point"


def test_a_bar_of_one_name_has_the_whole_room():
    assert scales.Names(("a",), 100, 300).band == 200 and scales.Names(("a",), 100, 300).at("a") == 200


@pytest.mark.parametrize("points, mode", [(30, "lines+markers"), (31, "lines")])
def test_a_line_of_more_than_thirty_points_has_no_markers(points, mode):
    series = {"short": [(0, 1)], "long": [(k, k) for k in range(points)]}
    assert {trace["mode"] for trace in charts.lines("T", "x", "y", series).traces} == {mode}


@pytest.mark.parametrize("letters, rows", [(64, 1), (65, 2)])
def test_a_title_has_64_letters_in_a_row_of_the_figure(letters, rows):
    text = charts.base_layout(f"{'a' * 60} {'b' * (letters - 61)}")["title"]["text"]
    assert text.count("<br>") == rows - 1


@pytest.mark.parametrize("rows, said", [(200, False), (201, True)])
def test_a_table_under_a_chart_has_two_hundred_rows(rows, said):
    page = charts.lines("T", "x", "y", {"s": [(k, k) for k in range(rows)]}).table_html()
    assert page.count("<tr>") == 201 and (f"the first 200 of {rows} rows" in page) == said


def test_an_axis_that_is_given_more_keeps_its_title():
    chart = charts.bars("T", "who", "waits", ["a"], {"s": [1]}, xaxis={"tickangle": 0}, legend={"x": 1})
    layout = chart.spec()["layout"]
    assert layout["xaxis"]["title"] == {"text": "who", "font": {"size": 13}} and layout["xaxis"]["tickangle"] == 0
    assert layout["legend"]["x"] == 1 and layout["legend"]["orientation"] == "h"


def forest(*edges, **layers):
    graph = nx.DiGraph(edges)
    nx.set_node_attributes(graph, layers, "layer")
    return graph


def test_children_stand_fourteen_apart_and_their_parent_over_their_middle():
    graph = forest("ab", "ac", "ad", a=0, b=1, c=1, d=1)
    wide = {"a": 10, "b": 20, "c": 40, "d": 60}
    assert layered(graph, wide.__getitem__) == {"a": (64, 0), "b": (10, 1), "c": (54, 1), "d": (118, 1)}


def test_a_parent_wider_than_its_children_moves_them_and_what_comes_after():
    graph = forest("ab", "cd", "ce", a=0, b=1, c=0, d=1, e=1)
    wide = dict(zip("abcde", (100, 20, 100, 20, 20)))
    found = layered(graph, wide.__getitem__, gap=10)
    assert found == {"a": (50, 0), "b": (50, 1), "c": (160, 0), "d": (145, 1), "e": (175, 1)}


def test_what_follows_a_tree_that_was_moved_stands_beside_where_it_is_now():
    graph = forest("ab", "ac", "xy", a=0, b=1, c=1, x=0, y=1)
    wide = dict(zip("abcxy", (200, 20, 20, 10, 20)))
    found = layered(graph, wide.__getitem__, gap=10)
    assert [found[node][0] for node in "abcxy"] == [100, 85, 115, 215, 215]
    graph = forest("ab", a=0, b=1)
    graph.add_node("c", layer=1)
    wide = dict(zip("abc", (200, 20, 20)))
    found = layered(graph, wide.__getitem__, gap=10)
    assert [found[node][0] for node in "abc"] == [100, 100, 130], "beside b where it was moved to"


@pytest.mark.parametrize("below", [0, -1])
def test_a_child_that_is_not_below_its_parent_is_refused(below):
    with pytest.raises(ModelError, match="children stand below"):
        layered(forest("ab", a=0, b=below), lambda node: 1)
    assert layered(forest("ab", a=0, b=2), lambda node: 1) == {"a": (0.5, 0), "b": (0.5, 2)}


def test_a_forest_of_nothing_has_no_places():
    assert layered(nx.DiGraph(), lambda node: 1) == {}
