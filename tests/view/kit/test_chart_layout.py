"""What plotly is told of a chart's looks: the place of title, legend and axes in px, and what lies over it."""

import pytest

from tdxkit.view.kit import charts
from tdxkit.view.kit.theme import BOTH_INK, ROLES

TWO = charts.lines("T", "x", "y", {"a": [(1, 2)], "b": [(1, 3)]})


@pytest.mark.parametrize("title, rows", [("T", 1), ("word " * 20, 2), ("word " * 30, 3)])
def test_the_legend_stands_under_the_title_and_the_plot_under_both(title, rows):
    layout = charts.base_layout(title, height=400)
    above = 40 + 20 * (rows - 1)
    assert (
        layout["margin"] == {"l": 60, "r": 20, "t": above + 32, "b": 48}
        and layout["title"]["text"].count("<br>") == rows - 1
    )
    assert layout["legend"]["y"] == pytest.approx(1 - above / 400) and layout["legend"]["x"] == 0.01
    assert (layout["title"]["x"], layout["title"]["y"], layout["title"]["pad"]) == (0, 1, {"l": 12, "t": 12})


def test_letters_are_15_13_and_13_px_and_figures_are_written_out():
    layout = TWO.spec()["layout"]
    assert (layout["title"]["font"]["size"], layout["font"], layout["xaxis"]["title"]["font"]["size"]) == (
        15,
        {"color": BOTH_INK, "size": 13},
        13,
    )
    for axis in ("xaxis", "yaxis"):
        assert (
            layout[axis]["automargin"] is True
            and layout[axis]["separatethousands"] is True
            and layout[axis]["exponentformat"] == "none"
        )
    assert layout["height"] == 360 and charts.base_layout("")["legend"]["y"] == pytest.approx(1 - 40 / 360)


def test_one_series_needs_no_legend_and_two_do():
    assert TWO.spec()["layout"]["showlegend"] is True
    assert charts.lines("T", "x", "y", {"a": [(1, 2)]}).spec()["layout"]["showlegend"] is False


def test_what_is_given_lies_over_what_was_there_level_by_level():
    assert charts.laid({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 4}}) == {"a": {"b": 1, "c": 4}, "d": 3}
    assert charts.laid(1, {"a": 2}) == {"a": 2} and charts.laid({"a": 1}, 2) == 2
    layout = charts.lines("T", "x", "y", {"a": [(1, 2)]}, xaxis={"dtick": 5}, height=500).spec()["layout"]
    assert layout["xaxis"]["dtick"] == 5 and layout["xaxis"]["title"]["text"] == "x" and layout["height"] == 500


def test_a_line_has_its_looks_by_its_place_and_stairs_have_others():
    six = charts.lines("T", "x", "y", {f"s{k}": [(0, k)] for k in range(7)}).traces
    assert [t["line"]["dash"] for t in six] == [*charts.DASHES, "solid"] and [t["marker"]["symbol"] for t in six] == [
        *charts.SYMBOLS,
        "circle",
    ]
    assert {(t["line"]["width"], t["marker"]["size"], t["line"]["shape"]) for t in six} == {(2, 7, "linear")}
    stairs = charts.lines("T", "x", "y", {f"s{k}": [(0, k)] for k in range(6)}, steps=True).traces
    assert [t["line"]["dash"] for t in stairs] == list(charts.STAIRS) and {t["line"]["shape"] for t in stairs} == {"hv"}
    assert [t["line"]["color"] for t in six] == [ROLES[f"a{k}"].both for k in range(7)]


def test_bars_have_gaps_and_a_hatching_that_lies_over_their_colour():
    chart = charts.bars("T", "x", "y", ["p"], {f"s{k}": [1] for k in range(8)})
    assert [t["marker"]["pattern"]["shape"] for t in chart.traces] == [*charts.HATCHES, ""]
    assert {(t["marker"]["pattern"]["size"], t["marker"]["pattern"]["solidity"]) for t in chart.traces} == {(6, 0.2)}
    assert (chart.layout["barmode"], chart.layout["bargap"]) == ("group", 0.3)
    assert charts.bars("T", "x", "y", ["p"], {"s": [1]}, stacked=True).layout["barmode"] == "stack"


def test_a_series_that_is_zero_everywhere_stays_where_the_axis_is_linear():
    assert [t["name"] for t in charts.bars("T", "x", "y", ["p"], {"s": [0], "t": [1]}).traces] == ["s", "t"]


def test_rows_of_the_table_are_the_places_in_order_and_a_missing_point_is_none():
    chart = charts.lines("T", "x", "y", {"a": [(3, 1), (1, 2)], "b": [(2, 5)]})
    assert chart.header == ("x", "a", "b") and chart.rows == ((1, 2, None), (2, None, 5), (3, 1, None))


def test_a_chart_alone_has_no_mode_bar_and_two_hundred_rows_need_no_word():
    assert TWO.live()[charts.MIME]["config"] == {"displayModeBar": False}
    exact = charts.lines("T", "x", "y", {"s": [(k, k) for k in range(200)]})
    assert "first 200" not in exact.table_html() and exact.table_html().count("<tr>") == 201


@pytest.mark.parametrize(
    "log, kinds", [("", (None, None)), ("x", ("log", None)), ("y", (None, "log")), ("xy", ("log", "log"))]
)
def test_the_axes_that_are_asked_for_are_logarithmic(log, kinds):
    layout = charts.lines("T", "x", "y", {"s": [(1, 1), (10, 10)]}, log=log).layout
    assert (layout["xaxis"].get("type"), layout["yaxis"].get("type")) == kinds
