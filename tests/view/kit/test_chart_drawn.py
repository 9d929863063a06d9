"""Where each part of a chart's drawing stands: 760 px wide, axes with room for their words, every value to scale."""

import pytest
from drawn import parts, px, rooms, size

from tdxkit.view.kit import charts
from tdxkit.view.kit.chart_svg import MARKS, draw


def drawn(chart):
    spec = chart.spec()
    return draw(chart.title, spec["data"], spec["layout"])


def of(chart, *signs):
    """The parts in which all of these stand."""
    return [part for part in parts(drawn(chart)) if all(sign in part for sign in signs)]


ONE = charts.lines("T", "the x", "the y", {"s": [(0, 1), (10, 3)]}, roles={"s": "bad"})


def test_one_line_fills_the_place_between_its_axes():
    left, right, top = 78, 736, 24 + 18 + 22
    foot = top + 240  # of a figure of 360
    x = lambda value: left + value / 10 * (right - left)  # noqa: E731
    y = lambda value: foot - value / (3 * 1.04) * (foot - top)  # noqa: E731  a little room above the highest
    expected = ["text 12 20 'T' 14/700"]
    for value in range(4):
        expected += [
            f"path M{left} {px(y(value))}L{right} {px(y(value))} line/1",
            f"text {left - 8} {px(y(value) + 4)} '{value:g}' soft end",
        ]
    for value in (0, 2, 4, 6, 8, 10):
        expected += [
            f"path M{px(x(value))} {foot}L{px(x(value))} {foot + 4} edge/1",
            f"text {px(x(value))} {foot + 18} '{value}' soft middle",
        ]
    expected += [
        f"path M{left} {foot}L{right} {foot} edge/1",
        f"text {(left + right) // 2} {foot + 38} 'the x' 12.5/400 middle",
        f"text 12 {top - 12} 'the y' 12.5/400",
    ]
    expected += [f"path M{left} {px(y(1))}L{right} {px(y(3))} bad/2"]
    expected += [f"path {MARKS['circle']} bad at=translate({x(a):.1f} {y(b):.1f})" for a, b in ((0, 1), (10, 3))]
    assert parts(drawn(ONE)) == expected
    assert size(drawn(ONE)) == (760, foot + 22 + 22 + 6)


def test_a_legend_has_a_piece_of_each_series_and_goes_on_in_a_new_row():
    names = ["a", "b" * 40, "c" * 60, "d"]
    chart = charts.lines("T", "x", "y", {name: [(0, 1), (1, 2)] for name in names})
    places = [(12, 42), (12 + 62 + 6.4, 42), (12, 62), (12 + 62 + 6.4 * 60, 62)]
    assert of(chart, "12/400") == [f"text {px(x + 34)} {y + 1} '{name}' 12/400" for name, (x, y) in zip(names, places)]
    dashes = ["", " dash=8 5", " dash=2 4", " dash=8 4 2 4"]
    samples = [f"path M{px(x)} {y - 3}L{px(x + 28)} {y - 3} a{k}/2{dashes[k]}" for k, (x, y) in enumerate(places)]
    told = parts(drawn(chart))
    assert all(sample in told for sample in samples)
    marks = [f"at=translate({x + 14:.1f} {y - 3:.1f})" for x, y in places]
    assert [sum(mark in part for part in told) for mark in marks] == [1] * 4
    assert told[-1].startswith("path") and f"text 12 {24 + 18 + 40 + 22 - 12} 'y' 12.5/400" in told
    assert not of(ONE, "12/400"), "one series needs no legend"


def test_a_legend_that_just_fits_a_row_stays_in_it():
    for letters, rows in ((98, 1), (99, 2)):  # 12 + 2 · 62 + 6.4 · (1 + letters) against 760
        chart = charts.lines("T", "x", "y", {"a": [(0, 1), (1, 2)], "b" * (letters - 4): [(0, 1)]})
        fits = 12 + 62 * 2 + 6.4 * (1 + letters - 4) <= 760
        assert (len({part.split()[2] for part in of(chart, "12/400")}) == 1) == fits, rows


@pytest.mark.parametrize("count", [1, 2])
def test_bars_stand_side_by_side_on_seven_tenths_of_their_room(count):
    chart = charts.bars("T", "x", "y", ["p", "q"], {f"s{k}": [k + 1, -1] for k in range(count)})
    left, band = 78, (736 - 78) / 2
    thick = band * 0.7 / count
    told = [
        part
        for part in parts(drawn(chart))
        if part.startswith("rect") and not part.endswith(")") and f" {px(round(thick, 2))}×" in part
    ]
    lefts = sorted(float(part.split()[1]) for part in told)
    assert lefts == pytest.approx(
        sorted(left + band * (name + 0.5) - band * 0.35 + k * thick for name in (0, 1) for k in range(count)), abs=0.01
    )
    zero = next(float(part.split()[2]) - 4 for part in of(chart, "'0' soft end"))
    up = [part for part in told if float(part.split()[2]) < zero - 0.1]
    assert len(up) == count and all(
        float(part.split()[2]) + float(part.split("×")[1].split()[0]) == pytest.approx(zero, abs=0.02) for part in up
    )
    assert f"path M78 {px(round(zero, 2))}L736 {px(round(zero, 2))} edge/1" in parts(drawn(chart)), (
        "the line at nothing"
    )


def test_a_stack_has_one_bar_a_name_whose_top_is_the_sum():
    chart = charts.bars("T", "x", "y", ["p", "q"], {"a": [1, 2], "b": [3, 4]}, stacked=True)
    tops = {float(part.split("'")[1]): float(part.split()[2]) - 4 for part in of(chart, "' soft end")}
    one = (tops[0] - tops[2]) / 2
    wide = px(round((736 - 78) / 2 * 0.7, 2))
    bars = sorted(
        (float(p.split()[1]), float(p.split()[2]), float(p.split("×")[1].split()[0]))
        for p in of(chart, "rect", f" {wide}×")
        if "url" not in p
    )
    low = [(x, y, high) for x, y, high in bars]
    assert [high / one for _, _, high in low] == pytest.approx([3, 1, 4, 2], abs=0.01)
    assert [(tops[0] - y) / one for _, y, _ in low] == pytest.approx([4, 1, 6, 2], abs=0.01)
    assert [x for x, _, _ in low] == pytest.approx([78 + 329 * (k + 0.5) - 329 * 0.35 for k in (0, 0, 1, 1)], abs=0.01)


LYING = {
    "type": "bar", "orientation": "h", "name": "n", "x": [4, 2], "y": ["first", "the second"], "text": ["four", ""], "textposition": "outside",
    "marker": {"color": "#2f7fc6", "pattern": {"shape": "/"}},
}  # fmt: skip
LAYOUT = {
    "xaxis": {"title": {"text": "x"}},
    "yaxis": {"type": "category", "autorange": "reversed", "categoryarray": ["first", "the second"]},
    "barmode": "stack",
}


def test_lying_bars_have_their_names_at_the_left_and_their_words_at_their_ends():
    made = draw("T", [LYING], LAYOUT)
    left, right, top = 24 + 6.4 * len("the second"), 760 - 24 - 90, 64
    told = parts(made)
    assert [part for part in told if "soft end" in part] == [
        f"text {left - 8:g} {top + 34} 'first' soft end",
        f"text {left - 8:g} {top + 94} 'the second' soft end",
    ]
    scale = (right - left) / (4 * 1.04)
    bars = [
        f"rect {left:g} {top + 60 * k + 30 - 21} {px(round(value * scale, 2))}×42" for k, value in enumerate((4, 2))
    ]
    hatching = next(part.split()[-1] for part in told if part.startswith("rect") and "url(" in part)
    assert [part for part in told if part.startswith("rect")] == [
        f"{one} {look}" for one in bars for look in ("a0 a0/1", hatching)
    ]
    assert [part for part in told if "11/400" in part] == [f"text {px(left + 4 * scale + 6)} {top + 34} 'four' 11/400"]
    assert "<title>n, first: four</title>" in made and "<title>n, the second: 2</title>" in made
    assert size(made)[1] == top + 120 + 22 + 22 + 6
    grid = [part for part in told if part.endswith(" line/1")]
    assert grid and all(f" {top}L" in part and part.endswith(f" {top + 120} line/1") for part in grid), (
        "values have the grid"
    )


@pytest.mark.parametrize("letters, cut", [(44, False), (45, True)])
def test_long_names_are_slanted_and_cut_and_given_the_room_they_need(letters, cut):
    chart = charts.bars("T", "x", "y", ["n" * letters, "m", "o"], {"s": [1, 2, 3]})
    foot, at = 64 + 240, 78 + 658 / 6
    below = 44 * 6.4 * 0.6 + 22
    name = "n" * 43 + "…" if cut else "n" * 44
    assert (
        of(chart, "rotate(-35")[0]
        == f"text {px(at)} {foot + 14} '{name}' soft end at=rotate(-35 {at:.1f} {foot + 14:.1f})"
    )
    assert of(chart, "'x' 12.5/400 middle") == [f"text 407 {px(foot + below + 16)} 'x' 12.5/400 middle"]
    assert size(drawn(chart))[1] == pytest.approx(foot + below + 22 + 6, abs=0.01)


def test_names_are_slanted_as_soon_as_one_is_wider_than_its_room():
    band = (736 - 78) / 10
    for letters in (9, 10):
        chart = charts.bars("T", "x", "y", [f"{k}" * letters for k in range(10)], {"s": [1] * 10})
        assert bool(of(chart, "rotate(-35")) == (6.4 * letters > band - 8)
        assert bool(of(chart, f"text {px(78 + band / 2)} {304 + 18} ")) != bool(of(chart, "rotate(-35"))


@pytest.mark.parametrize("height, tall", [(100, 160), (300, 180), (360, 240), (420, 300), (900, 300)])
def test_the_figure_s_height_is_followed_within_bounds(height, tall):
    chart = charts.lines("T", "x", "y", {"s": [(0, 1), (1, 2)]}, height=height)
    assert size(drawn(chart))[1] == 64 + tall + 50


def test_a_long_title_takes_a_row_more_and_what_is_not_drawn_is_said():
    long = "word " * 30
    heads = [part for part in parts(draw(long, [], {})) if "14/700" in part]
    assert [part.split()[1:3] for part in heads] == [["12", "20"], ["12", "38"]]
    nothing = draw("T", [], {})
    assert "text 86 296 'there is nothing to show' soft" in parts(nothing)
    other = draw("T", [{"type": "pie", "x": [], "y": []}], {})
    assert "text 86 296 'what is not drawn here is in the table' soft" in parts(other)


def test_words_at_points_and_bars_stand_over_them():
    trace = {
        "type": "scatter",
        "mode": "lines+text",
        "x": [0, 1],
        "y": [0, 1],
        "line": {},
        "text": ["", "here"],
        "name": "s",
    }
    told = parts(draw("T", [trace], {}))
    assert "text 736 56 'here' a0 11.5/700 end" in told
    chart = charts.bars("T", "x", "y", ["p"], {"s": [2]})
    bar = {**chart.traces[0], "text": ["two"]}
    (rect,) = (room for room in rooms(draw("T", [bar], chart.layout)) if room.kind == "rect")
    assert f"text 407 {px(rect.top - 5)} 'two' 11/400 middle" in parts(draw("T", [bar], chart.layout))
    hidden = parts(draw("T", [{**bar, "textposition": "none"}], chart.layout))
    assert not [part for part in hidden if "'two'" in part]
    below = parts(draw("T", [{**bar, "y": [-2]}], chart.layout))
    foot = next(room.foot for room in rooms(draw("T", [{**bar, "y": [-2]}], chart.layout)) if room.kind == "rect")
    assert f"text 407 {px(foot + 13)} 'two' 11/400 middle" in below


def test_a_cross_is_drawn_by_its_lines_and_a_dot_hatching_thicker():
    assert of(charts.lines("T", "x", "y", {f"s{k}": [(0, k)] for k in range(6)}), "-4-4L4 4", "a5/2.2")
    chart = charts.bars("T", "x", "y", ["p"], {f"s{k}": [1] for k in range(7)})
    assert sorted(part.split()[-1] for part in of(chart, "paper/")) == ["paper/1.4"] * 5 + ["paper/2"]
    assert drawn(chart).count('width="8" height="8" patternUnits="userSpaceOnUse"') == 6
