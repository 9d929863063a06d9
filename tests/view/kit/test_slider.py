"""A slider with a name: its values and labels, from both sides."""

import pytest

from tdxkit.view.kit.live import settings
from tdxkit.view.kit.slider import Slider, numbers


def test_numbers_have_their_unit_and_no_tails():
    assert numbers(1, 3) == [("1", 1), ("2", 2), ("3", 3)]
    assert numbers(0, 0.3, 0.1, "s") == [("0 s", 0), ("0.1 s", 0.1), ("0.2 s", 0.2), ("0.3 s", 0.3)]

    assert numbers(0, 15, 20) == [("0", 0)] and numbers(0, 10, 6) == [("0", 0), ("6", 6)], "none is above the last"


def test_value_and_place_follow_each_other_and_the_nearest_is_taken():
    slider, heard = Slider(numbers(0, 4, 0.5, "s"), 2.9, "Phase"), []
    assert (slider.value, slider.index, slider.label) == (3.0, 6, "3 s")
    slider.observe(lambda change: heard.append(change["new"]), "value")
    slider.index = 2
    slider.value = 3.6
    slider.index = 99  # what a page sends
    assert heard == [1.0, 3.5, 4.0] and slider.index == 8


def test_values_may_be_anything_and_the_label_is_text():
    slider = Slider([("<b>", "x"), ("a\u202eb", "y")], "y", "Guest")
    assert slider.value == "y" and slider.label == "a\\u202eb"
    assert "Guest: a\\u202eb" in settings([slider])


@pytest.mark.parametrize("place", [-3, 0, 1])
def test_a_place_that_is_none_is_the_nearest(place):
    slider = Slider(numbers(1, 2), 1, "n")
    slider.index = place
    assert slider.value in (1, 2)
