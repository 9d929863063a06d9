"""Diffstats row by row: what is one, which tool drew it, and what its bars leave open."""

import pytest

from tdxkit.mail.diffstat import FileStat, added_up, diffstats


def all_of(*lines: str):
    return [*diffstats(lines)]


def only(*lines: str):
    ((_, _, found),) = all_of(*lines)
    return found


def test_where_a_diffstat_stands_in_a_text():
    text = [
        "Why.",
        " a.c | 1 +",
        " b.c | 1 +",
        " 2 files changed, 2 insertions(+)",
        "",
        " 1 file changed",
        " c | 1 +",
        "text",
    ]
    assert [(first, last, len(stat.files)) for first, last, stat in all_of(*text)] == [(1, 3, 2), (5, 5, 0)]
    assert len(only(" a.c | 1 +", "text", " b.c | 1 +", " 2 files changed, 1 insertion(+)").files) == 1
    assert len(only(" a.c | 1 +", " ...", " b.c | 1 +", " 3 files changed, 2 insertions(+)").files) == 2


@pytest.mark.parametrize(
    ("total", "numbers"),
    [
        (" 1 file changed, 2 insertions(+), 3 deletions(-)", (1, 2, 3, 0)),
        (" 2 files changed", (2, 0, 0, 0)),
        ("2 files changed,3 deletions(-)", (2, 0, 3, 0)),
        (" 1 file changed, 1 insertion(+), 1 deletion(-), 4 modifications(!)", (1, 1, 1, 4)),
        (" " * 184 + "1 file changed ", (1, 0, 0, 0)),
        (" " * 185 + "1 file changed ", None),
        (" 1 file changed, more", None),
        (" 1234567890 files changed", None),
    ],
)
def test_totals(total, numbers):
    found = [(s.files_changed, s.insertions, s.deletions, s.modified) for _, _, s in all_of(total)]
    assert found == ([numbers] if numbers else [])


@pytest.mark.parametrize(
    ("row", "path", "changes", "binary"),
    [
        (" a.c | 3 ++-", "a.c", 3, False),
        (" a.c |    3 ++-", "a.c", 3, False),
        (" a | b | 1 +", "a | b", 1, False),
        (" p | Bin 1 -> 2 bytes", "p", 0, True),
        (" p | Bin", "p", 0, True),
        (" p | Unmerged", "p", 0, True),
        (" p | binary", "p", 0, True),
        ("x" * 1995 + " | 0", "x" * 1995, 0, False),
        (" 9 | 0", "9", 0, False),
    ],
)
def test_rows(row, path, changes, binary):
    (file,) = only(row, " 1 file changed").files
    assert (file.path, file.changes, file.binary) == (path, changes, binary)


@pytest.mark.parametrize(
    "row", ["a.c 3 ++-", " | 3 +++", " a | x", " a | 3 -+", "x" * 1997 + " | 0", " a | 1234567890123"]
)
def test_what_is_no_row(row):
    assert only(row, " 1 file changed").files == ()


def bounds(*rows: str, total: str):
    stat = only(*rows, total)
    return [file.added for file in stat.files], [file.removed for file in stat.files], stat.consistent


@pytest.mark.parametrize(
    ("rows", "total", "added", "removed", "consistent"),
    [
        # every bar as long as its number
        ([" a | 3 ++-", " b | 1 -"], "2 files changed, 2 insertions(+), 2 deletions(-)", [(2, 2), (0, 0)], [(1, 1), (1, 1)], True),
        # one sign alone tells all
        ([" a | 100 ++++++++++", " b |  10 -"], "2 files changed, 100 insertions(+), 10 deletions(-)", [(100, 100), (0, 0)], [(0, 0), (10, 10)], True),
        # a bar of another length than git draws
        ([" a | 100 ++++++++++", " b |  10 ---"], "2 files changed, 100 insertions(+), 10 deletions(-)", [(90, 100), (0, 10)], [(0, 10), (0, 10)], False),
        # no bar at all
        ([" a | 100 ++++++++++", " b |  10"], "2 files changed, 104 insertions(+), 6 deletions(-)", [(94, 100), (4, 10)], [(0, 6), (0, 6)], False),
        # only the total bounds what another tool drew
        ([" a |  100 ++++++++++", " b |   10 +"], "2 files changed, 104 insertions(+), 6 deletions(-)", [(94, 100), (4, 10)], [(0, 6), (0, 6)], True),
        # a total that cannot be
        ([" a | 3 ++-"], "1 file changed, 3 insertions(+)", [(2, 2)], [(1, 1)], False),
        ([" a | 3 ++-"], "1 file changed, 1 insertion(+), 2 deletions(-)", [(2, 2)], [(1, 1)], False),
        # a row too few
        ([" a | 3 ++-"], "2 files changed, 2 insertions(+), 1 deletion(-)", [(2, 2)], [(1, 1)], False),
        # rows and totals that do not add up
        ([" a | 3 ++-"], "1 file changed, 2 insertions(+), 2 deletions(-)", [(2, 2)], [(1, 1)], False),
        # a binary row has no lines
        ([" a |   3 ++-", " p | Bin 1 -> 2 bytes"], "2 files changed, 2 insertions(+), 1 deletion(-)", [(2, 2), (0, 0)], [(1, 1), (0, 0)], True),
    ],
)  # fmt: skip
def test_what_bars_leave_open(rows, total, added, removed, consistent):
    assert bounds(*rows, total=total) == (added, removed, consistent)


def test_both_signs_of_a_scaled_bar_bound_both_shares():
    """Drawn 10 wide for 100 lines: a count c has 1 + c * 9 // 100 signs, the smaller share is scaled and the larger the rest."""
    truths = [(a, 40 - a) for a in range(1, 40)]

    def drawn(a: int, r: int) -> str:
        total, less = 1 + (a + r) * 9 // 100, 1 + min(a, r) * 9 // 100
        plus = less if a < r else total - less
        return f" b |  40 {'+' * plus}{'-' * (total - plus)}"

    for a, r in truths:
        stat = only(" a | 100 ++++++++++", drawn(a, r), f" 2 files changed, {100 + a} insertions(+), {r} deletions(-)")
        assert stat.consistent and stat.files[1].added == (a, a), (
            "the first row is exact, and so the total tells the other"
        )
        row = drawn(a, r)
        stat = only(
            " a | 100 ++++++++++",
            row,
            row.replace("b", "c"),
            f" 3 files changed, {100 + 40} insertions(+), 40 deletions(-)",
        )
        alike = [x for x in range(1, 40) if drawn(x, 40 - x) == row and drawn(40 - x, x) == row]
        low, high = stat.files[1].added
        assert not stat.consistent or all(low <= x <= high for x in alike)


@pytest.mark.parametrize(
    ("row", "git"),
    [(" a |   100 +++", False), (" a | 100 +++", True), (" a |  100 +++", False)],
)
def test_columns_tell_whether_git_drew_it(row, git):
    """git takes as many columns as the largest number needs; others take five."""
    added = only(row, " 1 file changed, 60 insertions(+), 40 deletions(-)").files[0].added
    assert added == ((100, 100) if git else (60, 60))


def test_four_digits_look_alike_and_prove_nothing():
    assert only(" a | 1000 +++", " 1 file changed, 600 insertions(+), 400 deletions(-)").files[0].added == (600, 600)
    assert only(" a | 10000 +++", " 1 file changed, 6000 insertions(+), 4000 deletions(-)").files[0].added == (
        10000,
        10000,
    )


def test_exact_listed_and_abbreviated():
    stat = only(" .../a | 3 ++-", " 2 files changed, 2 insertions(+), 1 deletion(-)")
    assert stat.files[0].abbreviated and stat.files[0].exact and not stat.listed
    assert only(" ../a | 1 +", " 1 file changed, 1 insertion(+)").listed
    assert not FileStat("..a", 3, (1, 2), (1, 2)).exact and not FileStat("..a", 3, (1, 2), (1, 2)).abbreviated


@pytest.mark.parametrize(
    ("shown", "path", "before"),
    [
        ('"a" => "b"', "b", "a"),
        ("a =>b", "a =>b", ""),
        ("a (gone)", "a", ""),
        ("a (new +x)", "a", ""),
        ("a (newer)", "a (newer)", ""),
        ("{a => b}", "b", "a"),
        ("...x => y/z}/f}", ".../y/z/f}", ""),
    ],
)
def test_paths_of_renames(shown, path, before):
    (file,) = only(f" {shown} | 0", " 1 file changed").files
    if not shown.startswith("..."):
        assert (file.path, file.renamed_from, file.shown_as) == (path, before, shown)
    else:
        assert file.path == "...y/z/f}" and file.renamed_from == before


def test_counted_files_add_up():
    files = [FileStat("a", 3, (2, 2), (1, 1)), FileStat("b", 1, (1, 1), (0, 0), "shown")]
    stat = added_up(files)
    assert (stat.files_changed, stat.insertions, stat.deletions, stat.consistent, stat.modified) == (2, 3, 1, True, 0)
    assert [file.shown_as for file in stat.files] == ["a", "shown"]
