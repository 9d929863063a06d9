"""The strip of an array whose pages partly stay behind: each page is drawn once, as what it is."""

from types import SimpleNamespace

import pytest
from drawn import parts

from tdxkit.view.counter_picture import ARRAY, PER_BYTE, _array

PAGE = 4096


def strip(mapped, stays, pages=8):
    """The pages that are drawn, of counters and of what stays behind, by their numbers."""
    array = SimpleNamespace(
        version="v9", length=pages * PAGE, bytes=PAGE, mapped=mapped, left_behind=stays, failed=""
    )  # fmt: skip
    found = {"pair": [], "exclusive": []}
    for part in [part for made in _array(array, pages * PAGE * PER_BYTE) for part in parts(made)]:
        for role in found:
            if part.startswith("rect") and f" {ARRAY} " in part and f"{role}/1" in part:
                found[role].append(round((float(part.split()[1]) - 6) / 588 * pages))
    return found["pair"], found["exclusive"]


@pytest.mark.parametrize(
    "mapped, stays, drawn",
    [
        ((1, 3), [], ([1, 2], [])),
        ((1, 3), [(0, 1)], ([1, 2], [0])),
        ((1, 3), [(3, 4)], ([1, 2], [3])),
        ((1, 3), [(2, 4)], ([1], [2, 3])),
        ((1, 5), [(3, 4), (4, 6)], ([1, 2], [3, 4, 5])),
    ],
)
def test_what_stays_behind_takes_the_place_of_what_goes_away(mapped, stays, drawn):
    pages = [(start * PAGE, end * PAGE) for start, end in (mapped, *stays)]
    assert strip(pages[:1], pages[1:]) == drawn
