"""Pictures at their exact edges: the last pixel at which a label fits, a page has its border, a scale changes its step, or a name is cut."""

import re
from types import SimpleNamespace

import networkx as nx
import pytest
from drawn import parts

from tdxkit.linux.refcount.counters import Range
from tdxkit.linux.softlockup.watchdog import SECOND
from tdxkit.view.counter_picture import _block, _memory, _pages
from tdxkit.view.lockup_picture import _ages, _bar, _others, _scale
from tdxkit.view.tree_drawing import draw
from tdxkit.view.version_lines import side_by_side

ONE = 588  # page frames of a machine on which each is a pixel wide


def texts(marks):
    return [part for mark in marks for part in parts(mark) if part.startswith("text")]


@pytest.mark.parametrize("wide, shown", [(41, True), (40, False)])
def test_a_label_is_drawn_where_it_has_six_pixels_a_letter_and_a_margin(wide, shown):
    made = parts(_block(0, wide, ONE, 26, "used", "5 GiB"))
    assert made[0] == f"rect 6 26 {wide}×30 used-bg used/1" and (made[1:] == ["text 26.5 45 '5 GiB' middle"]) == shown
    assert len(parts(_block(0, ONE, ONE, 26, "used"))) == 1


@pytest.mark.parametrize(
    "start, end, x, wide", [(0, 4, "6", 5), (0, 6, "6", 6), (587, 588, "589", 5), (586, 588, "589", 5)]
)
def test_what_is_narrower_than_five_pixels_is_drawn_five_wide_and_inside(start, end, x, wide):
    (made,) = parts(_block(start, end, ONE, 26, "bad", dashed=True))
    assert made == f"rect {x} 26 {wide}×30 bad-bg bad/1 dash=4 3"


@pytest.mark.parametrize(
    "hole, x, anchor",
    [((292, 294), "294", ""), ((293, 295), "305", " end"), ((0, 2), "6", ""), ((4, 8), "7", ""), ((586, 588), "594", " end"), ((580, 584), "593", " end")],
)  # fmt: skip
def test_what_has_no_counter_is_named_towards_the_middle_of_the_picture(hole, x, anchor):
    (said,) = [part for part in texts(_memory([Range(0, ONE)], [Range(*hole)], ONE)) if "no counter" in part]
    assert said.startswith(f"text {x} 71 '") and said.endswith(f" bad 11.5/600{anchor}")
    assert said.split("'")[1].startswith("✗ ") == (not anchor) and said.split("'")[1].endswith(" ✗") == bool(anchor)


@pytest.mark.parametrize("pixels, drawn", [(9.1, 2), (8.9, 1)])
def test_a_page_of_counters_has_its_own_border_from_nine_pixels_on(pixels, drawn):
    top = int(588 * 4096 * 128 / pixels)
    made = list(_pages(4096, 3 * 4096, top))
    assert len(made) == drawn and made[0][0] == 4096 * 128 and made[-1][1] == 3 * 4096 * 128
    assert {label for *_, label in made} == ({"4 KiB"} if drawn == 2 else {"8 KiB"})


@pytest.mark.parametrize(
    "seconds, step",
    [(1, 1), (12, 1), (13, 4), (48, 4), (49, 10), (120, 10), (121, 20), (240, 20), (241, 60), (600, 60)],
)
def test_a_timeline_s_scale_takes_a_larger_step_beyond_twelve_of_them(seconds, step):
    told = [part.split("'")[1] for part in texts(_scale(lambda at: at / SECOND, seconds * SECOND))]
    assert told == [f"{at} s" for at in range(0, seconds + 1, step)]


def sample(at, age, who="timer", stamp=0, stuck=None):
    return SimpleNamespace(at=at * SECOND, age=age, who=who, stamp=stamp, stuck=stuck)


@pytest.mark.parametrize(
    "oldest, figures",
    [(16, {0, 16, 20}), (17, {0, 20}), (23, {0, 20}), (24, {0, 20, 24}), (4, {0, 4, 20}), (3, {0, 20})],
)
def test_the_oldest_age_is_a_figure_of_its_own_where_no_other_stands_in_its_way(oldest, figures):
    made = _ages(lambda at: 118, SimpleNamespace(), [sample(4, oldest), sample(8, 2)], 9 * SECOND)
    told = [part for mark in made for part in parts(mark) if part.startswith("text 112 ")]
    assert sorted(int(part.split("'")[1]) for part in told) == sorted(figures)


def test_without_a_sample_there_is_a_threshold_and_no_saw():
    made = _ages(lambda at: 118, SimpleNamespace(), [], 9 * SECOND)
    told = [part for mark in made for part in parts(mark)]
    assert not [part for part in told if "ink/1.6" in part or part.startswith("circle")]
    assert {part.split("'")[1] for part in told if part.startswith("text 112 ")} == {"20", "0"}


def stretch(start, end, stops=("unlock",), loop="store"):
    return SimpleNamespace(
        start=start * SECOND, end=end * SECOND, stops=stops, loop=loop, pages=7000, seconds=float(end - start)
    )


def test_other_tasks_have_their_share_where_it_is_two_pixels_wide_and_before_the_end():
    judged = SimpleNamespace(others=3, stretches=[stretch(0, 1), stretch(1, 3), stretch(3, 6, ()), stretch(90, 99)])
    told = [part for mark in _others(lambda at: at / SECOND, judged, 90 * SECOND) for part in parts(mark)]
    assert told == ["rect 1 146 2×18 a4-bg a4/1 dash=5 3 rx=2", "path M7 155L7 155 bad/2 dash=2 4"]
    judged.stretches = [stretch(0, 149), stretch(200, 348)]
    told = [part for mark in _others(lambda at: at / SECOND, judged, 900 * SECOND) for part in parts(mark)]
    assert [part for part in told if part.startswith("text")] == [
        "text 74.5 159 '3 of 4 parts of the time' a4 10.5/400 middle"
    ]


def test_a_loop_s_words_are_shortened_and_then_left_out_where_they_do_not_fit():
    words = []
    for pixels in (187, 186, 75, 68):
        one = stretch(0, pixels)
        words.append([part.split("'")[1] for part in texts([_bar(lambda at: at / SECOND, one)])])
    long = "store 187.0 s, gives way at unlock"
    assert len(long) * 6.2 > 187 and words[:2] == [["store 187 s"], ["store 186 s"]]
    assert words[2:] == [["store 75 s"], ["store 68 s"]]
    assert texts([_bar(lambda at: at / SECOND / 2, stretch(0, 100))]) == []
    whole = texts([_bar(lambda at: at / SECOND, stretch(0, 250, ()))])
    assert [part.split("'")[1] for part in whole] == ["store 250.0 s, unbroken"]


@pytest.mark.parametrize("wide, roomy", [(316, False), (317, True)])
def test_a_tree_of_more_than_320_pixels_says_that_it_is_wide(wide, roomy):
    graph = nx.DiGraph()
    node = {"title": "t", "at": None, "label": "", "content": "c", "lock": None, "role": "free", "absent": False}
    graph.add_node(0, layer=0, wide=wide, **node)
    assert ('data-wide="yes"' in draw(graph, "label")) == roomy


def pair(n, old=True, new=True):
    side = (n, f"title {n}")
    return SimpleNamespace(old=side if old else None, new=side if new else None, verdict="same", files=())


@pytest.mark.parametrize("left, right, rows", [(61, 3, 60), (3, 61, 60), (2, 3, 3), (0, 0, 1)])
def test_each_side_has_sixty_rows_at_most_and_the_longer_one_says_how_high_it_is(left, right, rows):
    pairs = [pair(n, n <= left, n <= right) for n in range(1, max(left, right) + 1)]
    of = SimpleNamespace(label="v1", title="t")
    picture = side_by_side(SimpleNamespace(pairs=pairs, old=of, new=of, verdict=lambda word: []))
    told = parts(picture.svg)
    assert sum(" · " in part and " end" in part for part in told) == min(left, 60)
    assert sum(" · " in part and " end" not in part for part in told) == min(right, 60)
    assert re.search(r'viewBox="0 0 1000 (\d+)"', picture.svg)[1] == str(62 + 26 * rows + 14)
    assert sum(part.startswith("circle") for part in told) == min(left, right)
