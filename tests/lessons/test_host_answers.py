"""Answers about a TD on a host, at their boundaries: what the model finds decides, and what is no answer is said in a line."""

from itertools import count, permutations

import pytest

from tdxkit.errors import TdxkitError
from tdxkit.lessons.checks import host, zap
from tdxkit.linux.host.life import fault_table, points
from tdxkit.linux.refcount.posted import versions

ODD = (
    object(),
    b"\xff",
    -1,
    "x" * 5000,
    [[]],
    [],
    {},
    True,
    ("v6", True, "busy"),
    (None, None, None),
    "\x1b[31m",
    1e300,
    lambda: 0,
    count(),
)


def passes(check, answer, **given):
    """Whether an answer passes, and what is said."""
    try:
        said = check(answer, None, **given)
    except TdxkitError as error:
        return False, str(error)
    return said.passed, said.says


@pytest.mark.parametrize(
    "check, given",
    [(host.failure, {"left": [1, 1, 2]}), (host.patches, {}), (host.lock, {}), (host.memory, {}), (zap.order, {})],
)
def test_what_is_no_answer_is_said_in_a_line(check, given):
    for odd in ODD:
        passed, says = passes(check, odd, **given)
        assert not passed and says and "\n" not in says and "\x1b" not in says and len(says) < 1000


@pytest.mark.slow
def test_one_pair_is_left_by_every_remove_and_by_nothing_else():
    for version in ("v2", "v6"):
        leaks = {
            (row.point, row.how)
            for row in fault_table(version)
            if (row.life.pairs_left, row.life.refs_left, row.life.pages_left) == (1, 1, 2)
        }
        removes = {k for k, point in enumerate(points(version), 1) if point.what == "TDH.PHYMEM.PAMT.REMOVE"}
        assert {point for point, _ in leaks} == removes and len(removes) == 5
        assert all(passes(host.failure, (version, *leak), left=[1, 1, 2])[0] for leak in leaks)


@pytest.mark.slow
def test_a_pair_and_a_page_more_is_no_pair_alone():
    more = next(
        row for row in fault_table("v6") if (row.life.pairs_left, row.life.refs_left, row.life.pages_left) == (1, 1, 3)
    )
    passed, says = passes(host.failure, ("v6", more.point, more.how), left=[1, 1, 2])
    assert not passed and "left: 1 pair, 1 reference, 3 pages" in says
    assert passes(host.failure, ("v6", more.point, more.how), left=[1, 1, 3])[0]


def test_a_point_is_one_of_the_life():
    last = len(points("v6"))
    for point in (0, last + 1, "3", 1.0):
        assert f"points 1 to {last}" in passes(host.failure, ("v6", point, "busy"), left=[1, 1, 2])[1]
    assert passes(host.failure, ("v6", last, "busy"), left=[1, 1, 2])[0]
    assert "it fails with no memory" in passes(host.failure, ("v6", 1, "busy"), left=[1, 1, 2])[1]
    assert "the versions with a fault path" in passes(host.failure, ("v7", 1, "busy"), left=[1, 1, 2])[1]


def test_a_warning_is_a_word():
    assert passes(host.failure, ("v6", 124, "busy"), left=[1, 1, 2], warned=True)[0]
    passed, says = passes(host.failure, ("v6", 124, "busy"), left=[1, 1, 2], warned=False)
    assert not passed and "somebody is told: TDH.PHYMEM.PAMT.REMOVE of region 64 failed" in says


def test_just_these_patches():
    needed = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11}
    assert passes(host.patches, needed)[0] and passes(host.patches, [*needed, 1])[0]
    assert not any(passes(host.patches, needed - {n})[0] for n in needed)
    assert not any(passes(host.patches, needed | {n})[0] for n in (10, 12))
    assert len(host.patches(needed, None).run) > 100, "the life is there to be stepped"
    assert "no pair was ever needed" in passes(host.patches, [1, 2, 3, 4])[1]
    assert passes(host.patches, needed - {9})[1].startswith("The model finds: left: 5 pairs")
    assert "patches 1 to 12" in passes(host.patches, [13])[1] and "goes by its number" in passes(host.patches, ["a"])[1]


def test_one_lock_keeps_vp_init_apart():
    assert [lock for lock in host.LOCKS if passes(host.lock, lock)[0]] == ["mmu_lock write"]
    assert passes(host.lock, " mmu_lock  write ")[0]
    assert "name one of these" in passes(host.lock, "mmu_lock")[1]


@pytest.mark.slow
def test_a_zap_has_two_orders():
    right = [order for order in permutations(zap.OF_A_ZAP) if passes(zap.order, list(order))[0]]
    assert right == [zap.OF_A_ZAP, (*zap.OF_A_ZAP[:4], "put", "write back")]


def test_a_zap_is_whole():
    whole = list(zap.OF_A_ZAP)
    assert "put is missing" in passes(zap.order, whole[:5])[1]
    assert "put is there twice" in passes(zap.order, [*whole, "put"])[1]
    assert "a zap is made of block, track" in passes(zap.order, [*whole[:5], "putt"])[1]


def test_a_hole_inside():
    assert passes(host.memory, "0-2G+4K, 4G-64G")[0] and passes(host.memory, "0-0x80001000;4G-8G")[0]
    assert not passes(host.memory, "0-2G+4K, 2G+8K-64G")[0]  # that page of the array is the second range's
    assert "START-END" in passes(host.memory, "2G")[1]


def test_every_version_can_be_named():
    for version in versions():
        assert passes(host.failure, (version, 1, "no memory"), left=[0, 0, 0])[0]


def test_a_life_is_shown_with_the_picture_of_its_host():
    from tdxkit.view.host_picture import host as picture
    from tdxkit.view.tasks import _picture

    assert _picture(host.failure(("v6", 124, "busy"), None, left=[1, 1, 2])) is picture
    assert _picture(zap.order(["put"], None)) is picture
