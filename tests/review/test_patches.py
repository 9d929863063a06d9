"""The series as data: needs point backwards, the files are the cover's, the foundation cannot be taken out."""

import pytest

from tdxkit.errors import InputError
from tdxkit.facts import load_toml
from tdxkit.linux.host.patches import PatchNo
from tdxkit.review.patches import (
    FOUNDATION,
    after_edges,
    file_edges,
    needs_edges,
    prefix,
    series,
    totals,
    users_of,
    without,
)


def test_twelve_patches_in_order_each_needing_only_earlier_ones():
    assert [p.n for p in series()] == list(range(1, 13))
    assert all(needed < n for n, needed in (*needs_edges(), *after_edges()))


def test_needs_are_what_the_posted_diffs_call():
    """7 makes a function of 4 public, 9 calls what only 8 makes public, 11 changes the test that 2 brings and nothing else."""
    assert [(p.n, p.needs) for p in series() if p.needs] == [
        (3, (2,)), (4, (1, 2, 3)), (5, (4,)), (6, (4,)), (7, (4,)), (8, (4, 7)), (9, (4, 8)), (10, (4,)), (11, (2,))
    ]  # fmt: skip
    assert {p.n: p.after for p in series() if p.after} == {11: (3, 4, 5, 6, 7, 8, 9)}


def test_each_diffstat_sums_up_as_its_mail_says():
    posted = [
        (63, 43),
        (31, 1),
        (111, 1),
        (216, 0),
        (6, 10),
        (6, 7),
        (13, 1),
        (55, 11),
        (12, 3),
        (44, 3),
        (13, 4),
        (108, 0),
    ]
    assert [(p.added, p.removed) for p in series()] == posted


def test_file_by_file_the_twelve_come_to_the_cover():
    """Between the ends of the series a file never changes by more lines than its patches touch, and what cancels out does so in pairs."""
    cover = {path: count for path, count, _ in load_toml("series.toml")["series"][0]["post"][0]["rows"]}
    touched = dict.fromkeys(cover, 0)
    for row in (row for p in series() for row in p.stat):
        touched[row.path] += row.added + row.removed
        if row.was:  # the cover shows the move as a file gone and a new one
            touched[row.was] += cover[row.was]
            touched[row.path] += cover[row.was] - 2 * row.removed
    assert {path: touched[path] - cover[path] for path in cover if touched[path] != cover[path]} == {
        "arch/x86/include/asm/tdx.h": 4, "arch/x86/virt/vmx/tdx/tdx.c": 18
    }  # fmt: skip
    assert totals() == ((678, 84), (667, 73), 11)


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
