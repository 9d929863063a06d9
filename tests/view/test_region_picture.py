"""The region's picture says the state, in words and in more than colour."""

from itertools import product
from xml.etree import ElementTree

import pytest

from tdxkit.view.region_picture import region


@pytest.mark.parametrize(("count", "pair", "users"), list(product((0, 1, 2, -1), (False, True), (0, 1, 3))))
def test_every_state_is_told(count, pair, users):
    drawn = region({"refcount[0]": count, "pair[0]": pair, "users[0]": users, "pamt_lock": None})
    words = " ".join(ElementTree.fromstring(drawn).itertext())
    assert f"refcount {count}" in words and ("page pair in place" in words) == pair
    assert ("promises a pair" in words) == (count > 0 and not pair) == ("--tdx-bad" in drawn)
    assert ("stroke-dasharray" in drawn) == (not pair)
    assert (f"{users} guest page" if users else "no guest page") in words


def test_another_region():
    assert "refcount 7" in region({"refcount[a]": 7, "pair[a]": True, "users[a]": 0}, "a")
