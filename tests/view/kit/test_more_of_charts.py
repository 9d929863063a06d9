"""The drawing of a chart at its edges: axes that cover their sums, bars that lie apart, legends with a piece of each, what has no place."""

from itertools import pairwise

import pytest
from drawn import parts, px, size

from tdxkit.view.kit import charts
from tdxkit.view.kit.chart_svg import MARKS, draw

LEFT, RIGHT, TOP, TALL = 78, 736, 64, 240
FOOT = TOP + TALL
ROW = 20  # px of a legend in one row


def drawn(chart):
    spec = chart.spec()
    return draw(chart.title, spec["data"], spec["layout"])


def rects(picture):
    """Bars as (left, top, width, height), in their order."""
    found = []
    for part in parts(picture):
        if part.startswith("rect") and "url(" not in part:
            x, y, area = part.split()[1:4]
            found.append((float(x), float(y), *map(float, area.split("×"))))
    return found


def lying(x, y, **more):
    return {"type": "bar", "orientation": "h", "name": "n", "x": x, "y": y, "marker": {}, **more}


CATEGORIES = {"yaxis": {"type": "category"}}


def test_the_axis_of_a_stack_covers_the_sum_and_a_little_more():
    picture = drawn(charts.bars("T", "x", "y", ["p", "q"], {"a": [1, 2], "b": [3, 4]}, stacked=True))
    one = TALL / (6 * 1.04)
    found = [bar for bar in rects(picture) if bar[2] > 28]
    assert [(y, high) for _, y, _, high in found] == [
        pytest.approx((FOOT + ROW - top * one, value * one), abs=0.02)
        for top, value in ((1, 1), (2, 2), (4, 3), (6, 4))
    ]
    assert "'6' soft end" in " ".join(parts(picture)) and "'7' soft end" not in " ".join(parts(picture))


def test_what_is_no_number_adds_nothing_to_a_stack_s_axis():
    odd = {"a": [None, 2], "b": [float("nan"), 4], "c": [float("inf"), None]}
    picture = drawn(charts.bars("T", "x", "y", ["p", "q"], odd, stacked=True))
    highest = min(y for _, y, wide, _ in rects(picture) if wide > 28)
    assert highest == pytest.approx(FOOT + ROW - TALL / 1.04, abs=0.02), "6 is the highest"


def test_bars_that_are_no_stack_need_no_axis_for_their_sum():
    picture = drawn(charts.bars("T", "x", "y", ["p"], {"a": [4], "b": [4]}))
    tops = [y for _, y, wide, _ in rects(picture) if wide > 28]
    assert tops == pytest.approx([FOOT + ROW - TALL / 1.04] * 2, abs=0.02)


def test_a_lying_stack_covers_its_sum_and_has_a_row_for_each_name_only():
    names = ["one", "two"]
    picture = draw("T", [lying([3, 1], names), lying([5, 1], names)], {**CATEGORIES, "barmode": "stack"})
    left, right, top = 24 + 6.4 * 3, 760 - 24 - 90, 24 + 18 + 20 + 22
    one = (right - left) / (8 * 1.04)
    assert [bar for bar in rects(picture) if bar[2] != 28] == [
        pytest.approx((left + begin * one, y, value * one, 42), abs=0.02)
        for begin, y, value in ((0, top + 69, 3), (0, top + 9, 1), (3, top + 69, 5), (1, top + 9, 1))
    ]
    told = " ".join(parts(picture))
    assert "'8' soft middle" in told and "'9' soft middle" not in told and told.count(" soft end") == 2


@pytest.mark.parametrize("count, tall", [(4, 120), (5, 130), (6, 156)])
def test_lying_bars_have_26_px_each_where_there_are_many(count, tall):
    picture = draw("T", [lying([1] * count, [f"n{k}" for k in range(count)])], CATEGORIES)
    assert size(picture) == (760, TOP + tall + 50)
    assert [bar[3] for bar in rects(picture)] == pytest.approx([tall / count * 0.7] * count, abs=0.01)


@pytest.mark.parametrize("letters, left", [(44, 24 + 6.4 * 44), (45, 310), (80, 310)])
def test_the_names_of_lying_bars_have_310_px_at_most(letters, left):
    picture = draw("T", [lying([1], ["n" * letters])], CATEGORIES)
    assert rects(picture)[0][0] == pytest.approx(left, abs=0.01)
    (name,) = (part for part in parts(picture) if part.endswith("soft end"))
    assert f"'{'n' * 44}'" in name if letters == 44 else f"'{'n' * 43}…'" in name


def test_lying_bars_side_by_side_lie_apart():
    picture = draw("T", [lying([1, 2], ["a", "b"]), lying([3, 4], ["a", "b"])], CATEGORIES)
    found = sorted((y, y + high) for _, y, wide, high in rects(picture) if wide != 28)
    assert len(found) == 4 and all(foot <= y + 0.02 for (_, foot), (y, _) in pairwise(found))


def test_a_chart_without_a_name_at_its_left_has_its_words_there():
    empty = parts(draw("T", [lying([], [])], CATEGORIES))
    assert f"path M24 {TOP + 120}L646 {TOP + 120} edge/1" in empty


@pytest.mark.parametrize(
    "trace, look",
    [({"type": "scatter", "x": [0, 1], "y": [4, 6], "line": {}, "mode": "lines"}, ["4", "6"]), ({"type": "bar", "x": ["a", "b"], "y": [4, 6]}, ["0", "6"])],
)  # fmt: skip
def test_bars_begin_at_nothing_and_lines_where_their_values_are(trace, look):
    ticks = [part.split("'")[1] for part in parts(draw("T", [trace], {})) if part.endswith("soft end")]
    assert [ticks[0], ticks[-1]] == look


def test_bars_on_a_log_axis_stand_on_its_foot():
    picture = drawn(charts.bars("T", "x", "y", ["a", "b"], {"s": [10, 1000]}, log="y"))
    decade = TALL / 2.3  # 10 to 1000, and a third of a decade below, so that the bar of 10 is seen
    assert [(y, y + high) for _, y, _, high in rects(picture)] == [
        pytest.approx((FOOT - decade * 0.3, FOOT), abs=0.02), pytest.approx((TOP, FOOT), abs=0.02),
    ]  # fmt: skip


def test_a_legend_s_bars_are_small_ones_of_their_own_colour_and_hatching():
    picture = drawn(charts.bars("T", "x", "y", ["p"], {"a": [1], "b": [2]}, roles={"a": "ok", "b": "bad"}))
    told = parts(picture)
    assert "rect 12 33 28×12 ok ok/1" in told
    at = 12 + 62 + 6.4
    assert f"rect {px(at)} 33 28×12 bad bad/1" in told
    assert [part.split()[3] for part in told if "url(" in part][:1] == ["28×12"]
    assert [
        part.split()[-2] for part in told if part.startswith("rect") and "28×" not in part and "url" not in part
    ] == ["ok", "bad"]


def test_a_hatching_that_nobody_knows_is_none():
    trace = {"type": "bar", "x": ["a"], "y": [1], "marker": {"color": "#2f7fc6", "pattern": {"shape": "@"}}}
    assert "url(" not in draw("T", [trace], {}) and len(rects(draw("T", [trace], {}))) == 1
    line = {"type": "scatter", "x": [0, 1], "y": [1, 2], "line": {}, "marker": {"pattern": {"shape": "/"}}}
    assert "<pattern" not in draw("T", [line], {})


def test_stairs_have_the_dashes_that_they_have_in_the_live_chart():
    chart = charts.lines("T", "x", "y", {f"s{k}": [(0, k), (1, k)] for k in range(3)}, steps=True)
    dashes = [
        part.partition("dash=")[2] for part in parts(drawn(chart)) if part.startswith("path M78 ") and "/2" in part
    ]
    assert dashes == ["", "5,2", "2 4"]


def test_a_line_of_many_points_has_a_marker_only_where_one_stands_alone():
    points = [(k, k % 7) for k in range(40)]
    points[20], points[22] = (20, None), (22, None)
    picture = drawn(charts.lines("T", "x", "y", {"s": points}))
    marks = [part for part in parts(picture) if part.startswith(f"path {MARKS['circle']}")]
    assert len(marks) == 1 and f"<title>s: 21, {21 % 7}</title>" in picture and picture.count("<title>") == 1
    assert sum(part.startswith("path") and "a0/2" in part for part in parts(picture)) == 2, "before and after"


def test_a_legend_has_markers_only_where_the_line_has_them():
    many = {name: [(k, k) for k in range(31)] for name in ("a", "b")}
    assert MARKS["circle"] not in drawn(charts.lines("T", "x", "y", many))
    few = {name: points[:30] for name, points in many.items()}
    assert drawn(charts.lines("T", "x", "y", few)).count(MARKS["circle"]) == 31


def test_words_over_a_bar_of_nothing_stand_over_the_axis():
    trace = {"type": "bar", "x": ["a", "b"], "y": [0, 4], "text": ["none", ""]}
    told = parts(draw("T", [trace], {}))
    assert f"text {px(LEFT + (RIGHT - LEFT) / 4)} {FOOT - 5} 'none' 11/400 middle" in told


def test_words_at_a_point_without_a_place_are_not_written():
    trace = {"type": "scatter", "mode": "lines", "x": [0, 1, 2], "y": [1, None, 3], "line": {}, "text": ["a", "b", "c"]}
    told = " ".join(parts(draw("T", [trace], {})))
    assert "'a'" in told and "'b'" not in told and "'c'" in told


@pytest.mark.parametrize("letters, rows", [(96, 1), (97, 2)])
def test_a_title_has_96_letters_in_a_row(letters, rows):
    title = f"{'a' * 90} {'b' * (letters - 91)}"
    heads = [part for part in parts(draw(title, [], {})) if "14/700" in part]
    assert len(heads) == rows


def test_two_charts_on_a_page_have_hatchings_of_their_own():
    one, other = (drawn(charts.bars(title, "x", "y", ["p"], {"a": [1], "b": [2]})) for title in "ST")
    ids = [picture.partition('<pattern id="')[2].partition('"')[0] for picture in (one, other)]
    assert ids[0] != ids[1] and all(name.startswith("tdx-hatch-") for name in ids)
