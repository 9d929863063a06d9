"""Charts: plotly accepts each, each has its table, none has a colour that only one theme bears."""

import json

import pytest

from tdxkit.view.kit import charts

CHARTS = {
    "lines": charts.lines("Waiting", "vCPUs", "µs", {"v2": [(1, 0.25), (2, 1.5)], "v6": [(2, 0.5), (4, 1000)]}, roles={"v2": "bad"}),
    "log stairs": charts.lines("T", "x", "y", {"s": [(1, 10), (2, 100)]}, steps=True, log="y", height=200),
    "bars": charts.bars("PAMT", "host", "MiB", ["1 TiB", "4 TiB"], {"static": [4096, 16384], "dynamic": [40, 160]}),
    "stacked": charts.bars("PAMT", "host", "MiB", ["a"], {"s": [1], "d": [2]}, stacked=True, xaxis={"tickangle": 0}),
}  # fmt: skip


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_the_table_says_every_number(chart):
    spoken = str(chart).replace(",", "")
    for trace in chart.traces:
        for value in trace["y"]:
            assert f"{value:g}" in spoken.split(), (value, spoken)
    assert len({len(chart.header), *map(len, chart.rows)}) == 1
    html = chart.table_html()
    assert html.count("<tr>") == len(chart.rows) + 1 and html.count("<script") == 1 and "http" not in html


@pytest.mark.slow
def test_plotly_accepts_every_chart():
    for chart in CHARTS.values():
        assert chart.figure().to_plotly_json()["data"]


def test_a_missing_point_is_said():
    assert str(CHARTS["lines"]).splitlines()[-1].split() == ["4", "none", "1,000"]


def test_series_differ_by_more_than_colour():
    a, b = CHARTS["lines"].traces
    assert a["line"]["dash"] != b["line"]["dash"] and a["marker"]["symbol"] != b["marker"]["symbol"]
    a, b = CHARTS["bars"].traces
    assert a["marker"]["pattern"]["shape"] != b["marker"]["pattern"]["shape"]


def test_it_travels_as_json_and_leaves_the_paper_clear():
    for chart in CHARTS.values():
        spec = json.loads(json.dumps(chart.spec()))
        assert spec["layout"]["paper_bgcolor"] == spec["layout"]["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert CHARTS["log stairs"].spec()["layout"]["yaxis"]["type"] == "log"


def test_names_are_text_not_markup():
    bad = "<a href='javascript:alert(1)'>x</a><script>"
    chart = charts.bars(bad, bad, bad, [bad], {bad: [1]})
    assert "<" not in json.dumps(chart.spec()) and chart.static().count("<script") == 1, (
        "ours, which gives the figure its name"
    )


def test_many_points_have_no_markers():
    few, many = (
        charts.lines("T", "x", "y", {"s": [(k, k) for k in range(n)]}) for n in (charts.MARKED, charts.MARKED + 1)
    )
    assert few.traces[0]["mode"] == "lines+markers" and many.traces[0]["mode"] == "lines"


def test_what_is_between_dollars_is_no_formula():
    chart = charts.lines("$x$", "$y$", "z", {"$s$": [(1, 1)]})
    assert "$" not in json.dumps(chart.spec()) and "$x$" in chart.static() and "$s$" in str(chart)


def test_axes_say_what_they_are_and_begin_at_nothing():
    for chart in CHARTS.values():
        layout = chart.spec()["layout"]
        assert layout["xaxis"]["title"]["text"] and layout["yaxis"]["title"]["text"]
        assert layout["yaxis"]["rangemode"] == "tozero" or layout["yaxis"]["type"] == "log"
        assert (layout["legend"]["xanchor"], layout["legend"]["yanchor"]) == ("left", "top")
    log = charts.bars("T", "a wait", "waits", ["a", "b"], {"s": [1, 3200], "none": [0, 0]}, log="y")
    axis = log.spec()["layout"]["yaxis"]
    assert axis["ticktext"] == ["1", "10", "100", "1,000", "10,000"] and axis["range"][0] < 0, "a bar of 1 is seen"
    assert [t["name"] for t in log.traces] == ["s"] and log.rows == (("a", 1, 0), ("b", 3200, 0))
    assert log.spec()["layout"]["xaxis"]["type"] == "category", "bars stand on names, be they numbers or dates"


def test_two_bars_of_one_name_are_two_bars():
    chart = charts.bars("T", "who", "n", ["a", "a"], {"s": [1, 2]})
    assert chart.traces[0]["x"] == ["a", "a (2)"] and [row[0] for row in chart.rows] == ["a", "a"]


def test_one_table_stands_under_the_figure_or_its_drawing():
    chart = CHARTS["lines"]
    live, under = chart.outputs()
    assert charts.MIME in live and "<svg" in live["text/html"] and "<table" not in live["text/html"]
    assert under["text/html"].count("<table") == 1 and "<svg" not in under["text/html"]
    alone = chart.bundle()
    assert alone["text/html"] == str(chart.static()) and alone["text/html"].count("<table") == 1
    assert alone["text/plain"] == str(chart)


def test_a_long_table_is_cut_and_says_so():
    chart = charts.lines("T", "x", "y", {"s": [(k, k) for k in range(1000)]})
    assert chart.table_html().count("<tr>") == charts.ROWS + 1 and "first 200 of 1,000 rows" in chart.table_html()
    assert len(str(chart).splitlines()) == 1002


def test_in_a_notebook_a_chart_is_its_figure_and_below_it_its_table(monkeypatch):
    chart, sent = charts.lines("T", "x", "y", {"s": [(0, 1), (1, 2)]}), []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: sent.append((bundle, raw)))
    chart._ipython_display_()
    assert sent == [(output, True) for output in chart.outputs()] and len(sent) == 2
