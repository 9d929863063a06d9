"""Where each part of the pictures beside a run stands: a region, a host, and who waits for whom."""

import re
from math import cos, hypot, pi, sin

import pytest
from drawn import parts, rooms, size

from tdxkit.linux.host.host import RegionUse, Store
from tdxkit.run import Wait
from tdxkit.view.host_picture import host
from tdxkit.view.region_picture import region
from tdxkit.view.stepper.waits import _edge, waits_picture, waits_text


def box(x, y, wide, high, title, note, role, dashed=False):
    """A box with a title and a note, which stand around its middle, 13 px apart."""
    middle, foot = x + wide // 2, y + high // 2 - 1
    return [
        f"rect {x} {y} {wide}×{high} {role}-bg {role}/1{' dash=4 3' if dashed else ''} rx=5",
        f"text {middle} {foot} '{title}' 11.5/600 middle",
        f"text {middle} {foot + 13} '{note}' soft 10.5/400 middle",
    ]


@pytest.mark.parametrize("pair", [False, True])
def test_a_region_is_symmetric_with_lines_from_the_entry_to_its_pages(pair):
    there = "page pair in place" if pair else "no page pair"
    dash = "" if pair else " dash=4 3"
    expected = [f"text 100 {y} 'the {who}' soft 10.5/400 middle" for y, who in ((9, "kernel"), (67, "module"))]
    expected += box(
        40, 14, 120, 34, "refcount 1", "one reference" if pair else "promises a pair", "free" if pair else "bad"
    )
    expected += box(25, 72, 150, 34, "PAMT_2M entry", there, "pair", not pair)
    expected += [f"path M100 106L100 115L{x} 115L{x} 124 soft/1{dash}" for x in (54, 146)]
    for page, x in enumerate((12, 104)):
        at = "in the module" if pair else "not here"
        expected += box(x, 124, 84, 30, f"page {page}", at, "pair" if pair else "free", not pair)
    expected += ["text 100 178 '1 guest page in use' used 11.5/600 middle"]
    made = region({"refcount[0]": 1, "pair[0]": pair, "users[0]": 1})
    assert parts(made) == expected and size(made) == (200, 196)
    assert "text 100 178 'no guest page in use' soft middle" in parts(region({}))


@pytest.mark.parametrize(
    "count, said", [(0, "no reference"), (1, "one reference"), (2, "2 references"), (-1, "-1 references")]
)
def test_a_count_is_said_in_words(count, said):
    made = region({"refcount[0]": count, "pair[0]": True, "users[0]": 2})
    assert f"text 100 43 '{said}' soft 10.5/400 middle" in parts(made)
    assert f'aria-label="refcount {count}; a page pair; 2 guest pages in use"' in made


def test_a_host_has_a_box_for_each_region_in_use_and_a_row_of_pages_for_each_pool():
    used, idle, wrong = RegionUse(0, 2, 1, True), RegionUse(1, 0, 0, False), RegionUse(2, 0, 1, False)
    state = {
        "may sleep": False,
        "pairs": 1,
        "references": 2,
        "a": used,
        "b": idle,
        "c": wrong,
        "pool": Store("a pool", 3),
    }
    expected = ["text 4 12 'may not sleep' exclusive 11.5/600", "text 232 12 '1 pair, 2 references' soft end"]
    expected += box(4, 22, 228, 42, "other pages (region 0)", str(used), "pair")
    expected += box(4, 72, 228, 42, "other pages (region 2)", str(wrong), "bad", True)
    expected += [
        "text 4 136 'a pool: 3 pages' pair",
        *(f"rect {4 + 14 * k} 142 10×10 pair-bg pair/1 rx=2" for k in range(3)),
    ]
    assert parts(host(state)) == expected and size(host(state)) == (236, 122 + 38 + 4)
    said = "other region 0: refcount 2, 1 page in use, pair; other region 2: refcount 0, 1 page in use, no pair"
    assert f'aria-label="1 pair, 2 references; {said}"' in host(state)


def test_a_host_without_a_pair_says_so():
    made = host({"may sleep": True, "pairs": 0, "references": 0, "pool": Store("p", 0)})
    assert parts(made) == [
        "text 4 12 'may sleep' ok 11.5/600", "text 232 12 '0 pairs, 0 references' soft end",
        "text 118 42 'no region has a pair' soft middle", "text 4 70 'p: 0 pages' pair",
    ]  # fmt: skip
    assert size(made) == (236, 22 + 34 + 38 + 4)


@pytest.mark.parametrize(
    "use, role",
    [((0, 1, 1, True), "pair"), ((0, 2, 1, True), "pair"), ((0, 1, 0, False), "bad"), ((0, 0, 0, True), "bad"), ((0, 1, 2, True), "bad")],
)  # fmt: skip
def test_a_region_is_red_where_count_and_pair_part_or_more_is_in_use_than_counted(use, role):
    made = host({"may sleep": True, "pairs": 1, "references": 1, "a": RegionUse(*use)})
    (frame,) = (part for part in parts(made) if part.startswith("rect"))
    assert f"{role}-bg {role}/1" in frame


def waits(*pairs, what="lock"):
    return [Wait(a, b, f"{a} waits for {b}", what=what) for a, b in pairs]


def edge(picture, at=0):
    """The ends of an arrow and the corners of its head."""
    shafts = [part for part in parts(picture) if part.startswith("path")]
    line, head = (part.partition(" ")[2] for part in shafts[2 * at : 2 * at + 2])
    points = lambda words: [tuple(map(float, pair)) for pair in re.findall(r"([-\d.]+) ([-\d.]+)(?=[Lz ])", words)]  # noqa: E731
    return points(line)[:2], points(head)


def test_two_boxes_stand_at_the_edges_and_an_arrow_goes_from_box_to_box():
    made = waits_picture(("CPU 0", "CPU 1"), waits(("CPU 0", "CPU 1")))
    assert parts(made) == [
        "text 0 12 'Who waits for' soft 11.5/650",
        "path M77.0 41.0L155.0 41.0 ink/1.8", "path M155.0 41.0L147.0 45.0L147.0 37.0z ink", "text 116 36 'lock' 10.5/400 middle",
        "rect 1 28 74×26 a0-bg a0/1 rx=5", "text 38 45 'CPU 0' a0 11.5/650 middle",
        "rect 157 28 74×26 a1-bg a1/1 rx=5", "text 194 45 'CPU 1' a1 11.5/650 middle",
    ]  # fmt: skip
    assert size(made) == (232, 74) and 'aria-label="CPU 0 waits for CPU 1"' in made


def test_two_that_wait_for_each_other_have_an_arrow_each_above_each_other():
    made = waits_picture(
        ("CPU 0", "CPU 1"), waits(("CPU 0", "CPU 1"), ("CPU 1", "CPU 0"), what="a lock of a long name")
    )
    assert parts(made)[:7] == [
        "text 0 12 'Who wait for each other' bad 11.5/650",
        "path M77.0 48.0L155.0 48.0 bad/1.8 dash=5 3", "path M155.0 48.0L147.0 52.0L147.0 44.0z bad",
        "text 116 60 'a lock of a lon…' bad 10.5/400 middle",
        "path M155.0 34.0L77.0 34.0 bad/1.8 dash=5 3", "path M77.0 34.0L85.0 30.0L85.0 38.0z bad",
        "text 116 29 'a lock of a lon…' bad 10.5/400 middle",
    ]  # fmt: skip


def test_one_alone_stands_in_the_middle_and_has_no_arrow():
    made = waits_picture(("CPU 0", "CPU 1"), [Wait("CPU 1", None, "CPU 1 waits for nobody"), Wait("CPU 1", None, "x")])
    assert parts(made)[0] == "text 0 12 'Who wait for' soft 11.5/650"
    assert parts(made)[1:] == ["rect 79 28 74×26 a1-bg a1/1 rx=5", "text 116 45 'CPU 1' a1 11.5/650 middle"]


@pytest.mark.parametrize("count", [3, 4, 5])
def test_three_and_more_stand_around_an_ellipse_and_their_arrows_end_at_their_boxes(count):
    names = [f"CPU {k}" for k in range(count)]
    made = waits_picture(names, waits(*zip(names, names[1:] + names[:1])))
    boxes = [room for room in rooms(made) if room.kind == "rect"]
    for k, room in enumerate(boxes):
        turn = 2 * pi * k / count - pi / 2
        assert room.left == pytest.approx(116 + (116 - 37 - 1) * cos(turn) - 37, abs=0.01)
        assert room.top == pytest.approx(78 + (78 - 22 - 13) * sin(turn) - 13, abs=0.01)
        assert (room.right - room.left, room.foot - room.top) == pytest.approx((74, 26))
    for k in range(count):
        (begin, end), (tip, one, other) = edge(made, k)
        assert tip == end and hypot(one[0] - other[0], one[1] - other[1]) == pytest.approx(8, abs=0.2)
        assert hypot(tip[0] - (one[0] + other[0]) / 2, tip[1] - (one[1] + other[1]) / 2) == pytest.approx(8, abs=0.2)
        (x1, y1), (x2, y2) = (
            ((room.left + room.right) / 2, (room.top + room.foot) / 2) for room in (boxes[k], boxes[(k + 1) % count])
        )
        ux, uy = (x2 - x1) / hypot(x2 - x1, y2 - y1), (y2 - y1) / hypot(x2 - x1, y2 - y1)
        out = 2 + min(part for part in (abs(37 / ux) if ux else 99, abs(13 / uy) if uy else 99))  # 2 px off a box
        assert (*begin, *end) == pytest.approx((x1 + out * ux, y1 + out * uy, x2 - out * ux, y2 - out * uy), abs=0.1)
    assert size(made) == (232, 134)


def test_a_name_that_is_too_long_for_its_box_is_cut_and_whole_on_hover():
    for name, seen in (("eleven ward", "eleven ward"), ("twelve words", "twelve wor…")):
        made = waits_picture((name, "B"), waits((name, "B"), what="x" * (16 if seen == name else 17)))
        told = " ".join(parts(made))
        assert f"'{seen}'" in told and f"<title>{name}</title>" in made
        assert ("'" + "x" * 16 + "'" in told) == (seen == name) and ("'" + "x" * 15 + "…'" in told) == (seen != name)


def test_a_circle_is_told_with_how_many_are_in_it():
    one = waits(("A", "B"))
    assert waits_text(one) == "A waits for B"
    assert waits_text([*one, *waits(("B", "A"), ("C", "A"))]).endswith("C waits for A; 2 actors wait for each other")
    assert waits_text(waits(("A", "A"))) == "A waits for A", "which says it all"


@pytest.mark.parametrize("to, below", [(-10, -5), (0, -5), (10, 12), (100, 12)])
def test_what_is_waited_for_stands_on_the_side_of_its_arrow(to, below):
    told = parts(_edge((0, 0), (to, 100), stuck=True, both=True, what="lock"))
    line, words = told[0], next(part for part in told if "'lock'" in part)
    ends = re.findall(r"[ML]([-\d.]+) ([-\d.]+)", line)
    assert float(words.split()[2]) == pytest.approx(sum(float(at) for _, at in ends) / 2 + below, abs=0.06)
