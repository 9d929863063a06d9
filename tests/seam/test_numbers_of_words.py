"""The layout of the scenes as numbers: which address stands behind each word, written down a second time."""

import pytest

from tdxkit.seam.operands import choices, numbers
from tdxkit.seam.scenes import scenes, world_for
from tdxkit.seam.shared_region import PLACES, REGION, A, B, played
from tdxkit.units import GIB, MIB

HKID, NOWHERE, NO_TABLE, SHARED = 1 << 50, 1 << 40, 1 << 40, 1 << 47
EMPTY, WITH_PAIR, LARGE, SMALL, FRESH = 4 * GIB, 4 * GIB + 2 * MIB, 5 * GIB, 6 * GIB, GIB
PAIR_PAGE = 7 * GIB + 61 * 4096  # the third pair that the pool of 64 pages gave: CONTROL, FRESH, and this of WITH_PAIR

WORDS = {
    ("TDH.PHYMEM.PAMT.ADD", "RCX"): {
        "a region without a pair": EMPTY | 1, "a region with a pair, all free": WITH_PAIR | 1, "a region in use, its first page": SMALL | 1,
        "a region in use, its last page": 2 * MIB | 1, "a 2 MiB page of the TD": LARGE | 1, "a region of pages of pairs": 7 * GIB | 1, "level 4K": EMPTY,
        "in no TDMR": NOWHERE | 1, "HKID bits set": HKID | EMPTY | 1, "not aligned": EMPTY | 9,
    },
    ("TDH.PHYMEM.PAMT.ADD", "RDX"): {
        "a free page": 2 * GIB, "next to the other page": 3 * GIB + 4096, "1 GiB after the other page": 4 * GIB, "the same page as the other": 3 * GIB,
        "inside the region itself": EMPTY, "in a region that has a pair": FRESH + 0x7000, "a page of the TD": SMALL + 0x5000, "a page of another pair": PAIR_PAGE,
        "inside a 2 MiB page of the TD": LARGE + 4096, "in no TDMR": NOWHERE, "HKID bits set": HKID | 2 * GIB, "not aligned": 2 * GIB + 8,
    },
    ("TDH.MEM.PAGE.AUG", "RCX"): {
        "nothing mapped": 0x2000, "a 4 KiB page": 0, "a 2 MiB page": 2 * MIB | 1, "a table of 512 pages": 4 * MIB | 1, "an empty table": 6 * MIB | 1,
        "nothing mapped, 2 MiB": 8 * MIB | 1, "no table above it": NO_TABLE, "a reserved bit set": 0x2800, "a shared GPA": SHARED | 0x2000,
    },
    ("TDH.MEM.PAGE.AUG", "RDX"): {
        "the TD's TDR": 2 * MIB, "a page of the TD": SMALL + 0x5000, "a free page": FRESH + 0x7000, "a reserved bit set": 2 * MIB | 2, "in no TDMR": NOWHERE,
        "HKID bits set": HKID | 2 * MIB, "not aligned": 2 * MIB | 8,
    },
    ("TDH.MEM.PAGE.RELOCATE", "R8"): {
        "a free page": FRESH + 0x7000, "in a region without a pair": EMPTY + 0x12_C000, "free, in the region of the page mapped there": 2 * MIB + 0xA000,
        "the page mapped there": 2 * MIB + 19 * 4096, "all of a region without a pair": EMPTY, "all of a region with a pair": WITH_PAIR,
        "all of a region of pages of pairs": 7 * GIB, "a page of the TD": SMALL + 0x5000, "a page of another pair": PAIR_PAGE,
        "inside a 2 MiB page of the TD": LARGE + 4096, "in no TDMR": NOWHERE, "HKID bits set": HKID | FRESH + 0x7000, "not aligned": FRESH + 0x7008,
    },
    ("TDH.PHYMEM.PAGE.RECLAIM", "RCX"): {
        "a page of the TD": SMALL + 0x5000, "the TDR": 2 * MIB, "a 2 MiB page of the TD": LARGE, "inside a 2 MiB page of the TD": LARGE + 4096, "a free page": FRESH + 0x7000,
        "in a region without a pair": EMPTY + 0x12_C000, "a page of a pair": PAIR_PAGE, "in no TDMR": NOWHERE, "HKID bits set": HKID | SMALL + 0x5000,
        "not aligned": SMALL + 0x5008,
    },
}  # fmt: skip


@pytest.mark.parametrize("leaf, register", WORDS)
def test_the_number_of_each_word_and_their_order(leaf, register):
    world = world_for(leaf)
    found = choices(leaf, register, world, numbers(leaf, world, {}))
    assert list(found.items()) == list(WORDS[leaf, register].items())


def test_words_of_the_scenes():
    words = world_for("TDH.PHYMEM.PAMT.ADD").words()
    assert words == {
        "new page": FRESH + 0x7000, "region": EMPTY, "region without a pair": EMPTY | 1, "region with a pair": WITH_PAIR | 1, "page of the TD": SMALL + 0x5000,
        "pair page 0": 2 * GIB, "pair page 1": 3 * GIB, "TDR": 2 * MIB, "TDVPR": 2 * MIB + 10 * 4096, "free HKID": 40, "mapped GPA": 0, "free GPA": 0x2000,
        "pending GPA": 4 * MIB + 0x5000, "free 2M GPA": 8 * MIB | 1, "GPA of a 2M page": 2 * MIB | 1, "GPA of 512 pages": 4 * MIB | 1,
        "GPA of an empty table": 6 * MIB | 1, "TD_PARAMS": 0x2000, "source page": 0x3000, "TDMR list": 0x1000, "HKID and Dynamic PAMT": 32 | 1 << 16,
    }  # fmt: skip


def test_regions_of_the_scenes():
    known = {name: scene.region for name, scene in scenes().items() if scene.region is not None}
    assert known == {
        "TDH.MEM.PAGE.PROMOTE": SMALL, "TDH.MEM.PAGE.DEMOTE": LARGE, "TDH.PHYMEM.PAGE.RECLAIM": SMALL, "TDH.PHYMEM.PAMT.ADD": EMPTY,
        "TDH.PHYMEM.PAMT.REMOVE": WITH_PAIR, "TDH.MEM.PAGE.AUG 2M": EMPTY,
    }  # fmt: skip
    assert [name for name, scene in scenes().items() if scene.whole_region] == ["TDH.MEM.PAGE.AUG 2M"]
    assert [name for name, scene in scenes().items() if scene.also_when] == ["TDH.VP.ENTER"]
    assert [name for name, scene in scenes().items() if scene.guest] == ["TDG.MEM.PAGE.ACCEPT"]


def test_where_the_pages_of_two_tds_lie_in_a_region_and_where_its_pair():
    """TD A's from the beginning, TD B's from the middle, each after the other; the last one goes first."""
    acts = ("host: PAMT.ADD", *(f"{td}: AUG a page" for td in (A, A, B)), f"{A}: remove its page")
    m = played(acts).module.m
    used = [i for i in range(512) if m.pamt_4k[(REGION >> 12) + i].type]
    assert used == [0, 256] and REGION == EMPTY
    last = played(acts).done[-1]
    assert (last.leaf, last.answer["RCX"] & ~(1 << 62), last.count, last.hint) == (
        "MEM.PAGE.REMOVE",
        EMPTY + 4096,
        2,
        False,
    )
    assert played((f"{A}: remove its page",)).done[0].leaf == "MEM.RANGE.BLOCK"
    assert PLACES == {
        "1 GiB apart": (2 * GIB, 3 * GIB), "next to each other": (2 * GIB, 2 * GIB + 4096), "in a region that has a pair": (FRESH + 0x7000, FRESH + 0x8000),
        "inside the region itself": (EMPTY + 510 * 4096, EMPTY + 511 * 4096),
    }  # fmt: skip
