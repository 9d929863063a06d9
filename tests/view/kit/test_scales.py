"""From a value to its place on an axis, and the ticks of that axis, each at its boundaries."""

from math import log10

import pytest

from tdxkit.view.kit import scales


@pytest.mark.parametrize(
    "value, place",
    [
        (1, 100),
        (10, 200),
        (100, 300),
        (0, None),
        (-1, None),
        ("1", None),
        (True, None),
        (float("nan"), None),
        (None, None),
    ],
)
def test_a_power_of_ten_has_its_place(value, place):
    assert scales.Log(0, 2, 100, 300).at(value) == (pytest.approx(place) if place else None)


@pytest.mark.parametrize("value, place", [(0, 300), (5, 200), (10, 100), (-5, 400), (float("inf"), None), ("5", None)])
def test_a_number_has_its_place(value, place):
    assert scales.Linear(0, 10, 300, 100).at(value) == (pytest.approx(place) if place else None)


def test_names_share_their_room_and_bars_begin_at_nothing_or_at_the_foot():
    names = scales.Names(("a", "b", "c", "d"), 100, 300)
    assert (
        [names.at(name) for name in "abcdx"] == [125, 175, 225, 275, None] and names.band == 50 and names.floor == 100
    )
    assert names.ticks() == [(125, "a"), (175, "b"), (225, "c"), (275, "d")] and scales.Names((), 0, 10).band == 10
    assert (
        scales.Linear(-2, 8, 300, 200).floor == 280
        and scales.Linear(2, 8, 300, 200).floor == 300
        and scales.Linear(-8, -2, 300, 200).floor == 200
    )
    assert scales.Log(0, 2, 300, 100).floor == 300


@pytest.mark.parametrize(
    "about, step",
    [(0.011, 0.02), (0.05, 0.05), (0.051, 0.1), (1, 1), (1.1, 2), (2, 2), (2.1, 5), (5.1, 10), (99, 100), (101, 200)],
)
def test_a_step_is_the_next_round_one(about, step):
    assert scales.round_step(about) == step


def test_an_axis_has_a_tick_about_every_80_px_along_and_44_up():
    along, up = scales.Linear(0, 100, 0, 800), scales.Linear(0, 100, 440, 0)
    assert (
        [words for _, words in along.ticks()]
        == [words for _, words in up.ticks()]
        == [f"{k}" for k in range(0, 101, 10)]
    )
    assert len(scales.Linear(0, 100, 0, 799).ticks()) == len(scales.Linear(0, 100, 439, 0).ticks()) == 6
    assert [words for _, words in scales.Linear(0, 10, 0, 10).ticks()] == ["0", "5", "10"], "three at least"


@pytest.mark.parametrize(
    "low, high, ticks",
    [
        (0, 2, [1, 2, 5, 10, 20, 50, 100]),
        (0, 2.1, [1, 10, 100]),
        (-1, 0, [0.1, 0.2, 0.5, 1]),
        (0, 8, [10**k for k in range(9)]),
        (0, 9, [1, 100, 10**4, 10**6, 10**8]),
    ],
)
def test_up_to_two_decades_have_ticks_between_and_no_axis_more_than_nine_powers(low, high, ticks):
    assert scales.log_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    "values, bars, ends",
    [
        ([], False, (0, 1)),
        ([0, -1], True, (0, 1)),
        ([1, 1000], False, (0, 3)),
        ([1, 1000], True, (-0.3, 3)),
        ([1.25, 1000], True, (-0.3, 3)),
        ([1.26, 1000], True, (0, 3)),
        ([5, 6], False, (0, 1)),
        ([10, 10], False, (1, 2)),
    ],
)
def test_powers_hold_all_values_and_the_least_bar_is_seen(values, bars, ends):
    assert scales.log_range(values, bars) == ends
    assert log10(1.25) < 0.1 < log10(1.26)


def test_a_scale_is_what_its_axis_says():
    make = lambda axis, values, bars=False: scales.scale(axis, values, 0, 100, bars)  # noqa: E731
    assert make({"type": "category"}, [1, 2, 1]) == scales.Names(("1", "2"), 0, 100) and make(
        {}, ["a", 1]
    ) == scales.Names(("a", "1"), 0, 100)
    assert make({"type": "category", "categoryarray": ["z", "a"]}, ["a"]) == scales.Names(("z", "a"), 0, 100)
    assert make({"type": "log"}, [1, 10]) == scales.Log(0, 1, 0, 100) and make(
        {"type": "log", "range": [2, 3]}, [1]
    ) == scales.Log(2, 3, 0, 100)
    assert make({}, [2, 7, None]) == scales.Linear(2, 7, 0, 100) and make({}, []) == scales.Linear(0, 1, 0, 100)
    assert make({"rangemode": "tozero"}, [2, 50]) == scales.Linear(0, 52, 0, 100) and make(
        {}, [-50, -2], True
    ) == scales.Linear(-52, 0, 0, 100)
    assert make({}, [4, 4]) == scales.Linear(3.5, 4.5, 0, 100) and make({"range": [1, 9]}, [4]) == scales.Linear(
        1, 9, 0, 100
    )


def test_three_of_one_name_are_told_apart():
    assert scales.told_apart(["a", "a", "a", "a (2)"]) == ["a", "a (2)", "a (3)", "a (2) (2)"]
