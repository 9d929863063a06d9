"""The drawing of a chart: what plotly is given, in place and to scale, and nothing hostile gets through."""

import re
from itertools import pairwise
from math import log10
from xml.etree import ElementTree

import pytest

from tdxkit.view.kit import charts, scales
from tdxkit.view.kit.chart_svg import DASHES, MOST, draw, thinned

HOSTILE = ("<b>", "$x$", "a&b", "\u202egnp", "&lt;i&gt;", "]]>", "</svg><script>")


def drawn(chart):
    """The drawing as a tree."""
    spec = chart.spec()
    return ElementTree.fromstring(draw(chart.title, spec["data"], spec["layout"]))


def words(root):
    return [node.text or "" for node in root.iter() if node.tag in ("text", "title")]


def numbers(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"([-\d.]+) ([-\d.]+)", path)]


def heights(root):
    """Bars by what they say: (top, foot)."""
    found = {}
    for node in root.iter("g"):
        title, rect = node.find("title"), node.find("rect")
        if title is not None and rect is not None:
            found[title.text] = (float(rect.get("y")), float(rect.get("y")) + float(rect.get("height")))
    return found


def test_bars_are_as_high_as_their_values():
    bars = heights(drawn(charts.bars("T", "x", "y", ["p", "q"], {"a": [1, 2], "b": [4, -1]})))
    zero = bars["a, p: 1"][1]
    one = zero - bars["a, p: 1"][0]
    for said, value in (("a, q: 2", 2), ("b, p: 4", 4)):
        assert bars[said][1] == pytest.approx(zero) and zero - bars[said][0] == pytest.approx(value * one, abs=0.05)
    assert bars["b, q: -1"][0] == pytest.approx(zero) and bars["b, q: -1"][1] - zero == pytest.approx(one, abs=0.05)


def test_a_stack_stands_on_what_is_below_it():
    bars = heights(drawn(charts.bars("T", "x", "y", ["p"], {"a": [3], "b": [5], "c": [0]}, stacked=True)))
    assert bars["b, p: 5"][1] == pytest.approx(bars["a, p: 3"][0])
    assert bars["b, p: 5"][1] - bars["b, p: 5"][0] == pytest.approx(
        5 / 3 * (bars["a, p: 3"][1] - bars["a, p: 3"][0]), abs=0.05
    )


def test_on_a_log_axis_a_decade_is_a_decade_and_a_zero_has_no_place():
    root = drawn(charts.lines("T", "x", "y", {"s": [(1, 10), (2, 0), (3, 100), (4, 10_000)]}, log="y"))
    ticks = {t.text: float(t.get("y")) for t in root.iter("text") if t.get("text-anchor") == "end"}
    assert list(ticks) == ["10", "100", "1,000", "10,000"]
    assert len({round(a - b, 3) for a, b in pairwise(ticks.values())}) == 1
    (path,) = (p.get("d") for p in root.iter("path") if p.get("stroke-width") == "2")
    (_, y0), (_, y1) = numbers(path)
    assert y0 + 4 == pytest.approx(ticks["100"]) and y1 + 4 == pytest.approx(ticks["10,000"])
    assert "s: 1, 10" in words(root) and "s: 2, 0" not in words(root), (
        "the point before the gap stands alone, with its marker"
    )


def test_stairs_go_along_before_they_go_up():
    root = drawn(charts.lines("T", "x", "y", {"s": [(0, 1), (1, 3), (2, 2)]}, steps=True))
    (path,) = (p.get("d") for p in root.iter("path") if p.get("stroke-width") == "2")
    points = numbers(path)
    assert len(points) == 5
    for (x0, y0), (x1, y1) in pairwise(points):
        assert (x0 == x1) != (y0 == y1)
    assert points[1] == (points[2][0], points[0][1])


def test_series_differ_as_in_the_live_chart():
    chart = charts.lines("T", "x", "y", {f"s{k}": [(0, k), (1, k)] for k in range(6)})
    root = drawn(chart)
    dashes = [p.get("stroke-dasharray") for p in root.iter("path") if p.get("stroke-width") == "2"]
    assert dashes[:6] == dashes[6:] == [DASHES.get(t["line"]["dash"]) for t in chart.traces] and len(set(dashes)) == 6
    bars = drawn(charts.bars("T", "x", "y", ["p"], {f"s{k}": [k + 1] for k in range(7)}))
    patterns = {p.get("id") for p in bars.iter("pattern")}
    used = {r.get("fill")[5:-1] for r in bars.iter("rect") if r.get("fill").startswith("url")}
    assert len(patterns) == 6 and used == patterns
    assert all(
        c.startswith("var(--tdx-")
        for node in root.iter()
        if (c := node.get("stroke") or node.get("fill")) and c != "none"
    )


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_names_are_words(evil):
    charts_of_it = (
        charts.lines(evil, evil, evil, {evil: [(1, 2)], "b": [(1, 1)]}),
        charts.bars(evil, evil, evil, [evil, evil], {evil: [1, 2], "b": [2, 1]}),
    )
    seen = evil.replace("\u202e", "\\u202e")
    for chart in charts_of_it:
        root = drawn(chart)
        assert {node.tag for node in root.iter()} <= {"svg", "g", "text", "title", "path", "rect", "defs", "pattern"}
        assert words(root).count(seen) >= 4, "title, legend, both axes"
        assert seen in str(chart) and "\u202e" not in chart.static() + str(chart)


def test_nothing_and_one_point():
    assert "there is nothing to show" in words(drawn(charts.lines("T", "x", "y", {})))
    assert "there is nothing to show" in words(drawn(charts.bars("T", "x", "y", [], {})))
    drawn(charts.lines("T", "x", "y", {"s": []}, log="xy"))
    drawn(charts.bars("T", "x", "y", ["a"], {"s": [0]}, log="y"))
    assert "s: 5, 7" in words(drawn(charts.lines("T", "x", "y", {"s": [(5, 7)]})))
    nan = charts.lines("T", "x", "y", {"s": [(1, float("nan")), (2, None), (3, float("inf")), (4, 1)]})
    assert "nan" not in draw("T", nan.traces, nan.layout) and "s: 4, 1" in words(drawn(nan))


def test_ten_thousand_points_lose_no_peak_and_no_end():
    points = [(k / 20, 7919 * k % 500) for k in range(10_000)]
    points[4321] = (216.05, 9999)
    kept = thinned(points)
    assert len(kept) <= 1.1 * MOST and {points[0], points[-1], points[4321]} <= set(kept) and kept == sorted(kept)
    chart = charts.lines("T", "x", "y", {"s": [(k, k % 97) for k in range(10_000)]})
    assert len(draw("T", chart.spec()["data"], chart.spec()["layout"])) < 60_000


@pytest.mark.parametrize("count, kept", [(MOST - 1, MOST - 1), (MOST, MOST), (MOST + 1, 2 * 188), (2 * MOST, 2 * 375)])
def test_a_line_is_thinned_only_above_what_a_picture_can_show(count, kept):
    rising = [
        (k, k) for k in range(count)
    ]  # of each column of eight its first and last, which are the least and the most
    assert len(thinned(rising)) == kept and (kept < count or thinned(rising) == rising)


def test_each_column_keeps_its_first_its_last_its_highest_and_its_lowest():
    column = (3, 9, 9, 3, 0, 0, 5, 4)
    points = [(k, column[k % 8]) for k in range(2 * MOST)]
    assert thinned(points) == [point for point in points if point[0] % 8 in (0, 1, 4, 7)]


def test_a_value_that_is_none_has_no_bar_and_what_is_stacked_on_it_stands_where_it_would():
    odd, names = [None, float("nan"), float("inf")], ["p", "q", "r", "s"]
    chart = charts.bars("T", "x", "y", names, {"a": [*odd, 2], "b": [4] * 4}, stacked=True)
    bars = heights(drawn(chart))
    assert set(bars) == {"a, s: 2", *(f"b, {name}: 4" for name in names)}
    foot = bars["a, s: 2"][1]
    assert [bars[f"b, {name}: 4"][1] == pytest.approx(foot, abs=0.02) for name in names] == [True] * 3 + [False]
    side = heights(drawn(charts.bars("T", "x", "y", names, {"a": [*odd, 2]})))
    assert set(side) == {"a, s: 2"}


def test_a_trace_of_another_kind_is_said_to_be_in_the_table():
    assert "in the table" in draw("T", [{"type": "treemap", "labels": ["a"]}], {})


@pytest.mark.parametrize("low, high", [(0, 1), (-2, 0), (0, 6), (0, 40), (1.5, 1.6)])
def test_ticks_of_powers_stand_inside(low, high):
    for value in scales.log_ticks(low, high):
        assert low <= log10(value) + 1e-9 and log10(value) <= high + 1e-9
    assert len(scales.log_ticks(low, high)) <= 12


@pytest.mark.parametrize("low, high", [(0, 1), (-1, 4.1), (0, 1e-6), (0, 3e12), (99.5, 100.5)])
def test_round_ticks_stand_inside(low, high):
    ticks = scales.Linear(low, high, 300, 0).ticks()
    assert 2 <= len(ticks) <= 12 and all(-1e-6 <= at <= 300 + 1e-6 for at, _ in ticks)
    assert len({words for _, words in ticks}) == len(ticks)
