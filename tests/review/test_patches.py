"""The series as data: needs point backwards, the files are the cover's, the foundation cannot be taken out."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.host.patches import PatchNo
from tdxkit.review.patches import FOUNDATION, file_edges, needs_edges, prefix, series, users_of, without


def test_twelve_patches_in_order_each_needing_only_earlier_ones():
    assert [p.n for p in series()] == list(range(1, 13))
    assert all(needed < n for n, needed in needs_edges())


def test_one_to_four_carry_the_rest():
    assert sorted(FOUNDATION) == [1, 2, 3, 4]


def test_together_they_touch_the_eighteen_files_of_the_cover_letter():
    # The cover compares end states: the header that patch 1 moves stands there under both names.
    assert len({path for _, path in file_edges()}) == 18


@pytest.mark.parametrize("n", sorted(FOUNDATION))
def test_the_foundation_is_refused_and_its_users_named(n):
    with pytest.raises(InputError) as error:
        without(n)
    assert all(str(user) in str(error.value) for user in users_of(n)) and 11 in users_of(n)


@pytest.mark.parametrize("n", range(5, 13))
def test_the_rest_can_be_left_out(n):
    assert without(n) == frozenset(range(1, 13)) - {n}


def test_prefixes_grow_by_one_and_no_prefix_needs_what_it_lacks():
    for n in range(13):
        patches = prefix(n)
        assert len(patches) == n and all(set(series()[k - 1].needs) <= patches for k in patches)


@pytest.mark.parametrize("call", [lambda: prefix(13), lambda: prefix(-1), lambda: without(0), lambda: without(13)])
def test_numbers_outside_the_series(call):
    with pytest.raises(InputError, match="12"):
        call()


def test_the_paths_of_the_kernel_name_the_patches_as_the_data_does():
    assert {p.n: p.name for p in series()} == {p.value: p.name for p in PatchNo}
