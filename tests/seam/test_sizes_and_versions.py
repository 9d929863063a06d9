"""Sizes with another entry and another bitmap, worked out a second time; what the versions part in."""

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.by_version import properties
from tdxkit.seam.sizes import fixed_bytes, pair_pages, pairs_bytes, shares
from tdxkit.seam.versions import VERSIONS
from tdxkit.units import GIB


@pytest.mark.parametrize(("entry", "pages"), [(1, 1), (8, 1), (9, 2), (16, 2), (17, 3), (24, 3), (64, 8)])
def test_pages_that_512_entries_take(entry, pages):
    assert pair_pages(entry) == pages and pairs_bytes(3, entry) == 3 * pages * 4096


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_the_bitmap_grows_with_its_bits_alone(bits):
    assert fixed_bytes(8 * GIB, 16, bits) == 8 * 513 * 16 + 8 * 512 * 512 * bits // 8
    assert (
        shares(16, bits)["fixed"] == fixed_bytes(GIB, 16, bits) / GIB and shares(16, bits)["pair"] == shares()["pair"]
    )


@pytest.mark.parametrize("bits", [0, 65, -1])
def test_a_bitmap_that_is_none_is_refused(bits):
    with pytest.raises(InputError, match="1 to 64"):
        fixed_bytes(GIB, 16, bits)


def test_versions_part_where_their_facts_do():
    known = {name: properties(name) for name in VERSIONS}
    assert {name for name, one in known.items() if one["PAMT.ADD, all right"] == "TDX_SUCCESS"} == {
        "1.5.28",
        "2.0.08",
        "2.0.18",
    }
    interrupted = {name for name, one in known.items() if "RESTARTABLE" in one["DEMOTE, an interrupt pending"]}
    assert interrupted == {name for name, one in VERSIONS.items() if one.demote_interruptible}
    assert (
        known["1.0"]["type of a vCPU's further pages"] == "TDVPX"
        and known["2.0.18"]["control pages of a TD"] == "10 pages, 40 KiB"
    )
    assert all(one.keys() == known["1.0"].keys() for one in known.values())
