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
    assert html.count("<tr>") == len(chart.rows) + 1 and "<script" not in html and "http" not in html


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
    assert "<" not in json.dumps(chart.spec()) and "<script" not in chart.table_html()
