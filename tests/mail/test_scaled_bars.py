"""What a bar of git's leaves open, held against every pair of counts: git's rule run forwards over all of them says which draw it."""

from collections import defaultdict

import pytest

from tdxkit.mail.diffstat import _bounds, _by_git, _length, _Row, _scale, _unscale, diffstats


def bar(added: int, removed: int, largest: int, width: int) -> tuple[int, int]:
    """git's show_stats(): how many plus and minus it draws."""

    def scaled(count: int) -> int:
        return 1 + count * (width - 1) // largest if count else 0

    total = scaled(added + removed)
    if total < 2 and added and removed:
        total = 2
    if added < removed:
        return scaled(added), total - scaled(added)
    return total - scaled(removed), scaled(removed)


def row(n: int, plus: int, minus: int, binary=False, columns=2) -> _Row:
    return _Row("x", n, plus, minus, binary, columns)


@pytest.mark.parametrize(("largest", "width"), [(30, 2), (30, 3), (30, 7), (31, 10), (36, 20)])
def test_the_bounds_of_a_bar_are_the_least_and_the_most_that_draw_it(largest, width):
    for n in range(largest + 1):
        drawn = defaultdict(list)
        for added in range(n + 1):
            drawn[bar(added, n - added, largest, width)].append(added)
        for signs, added in drawn.items():
            (low, high), by_git = _bounds(row(n, *signs), (largest, width))
            assert by_git and low <= added[0] and added[-1] <= high, (n, signs)
            for edge in (low, high):  # a bound is one that draws it, or stands beside the middle, where the rule turns
                assert edge in added or bar(edge, n - edge, largest, width) != signs
            if 0 in signs:
                assert (low, high) == ((n, n) if signs[0] else (0, 0))
        for signs in [
            (plus, minus)
            for plus in range(width + 1)
            for minus in range(width + 1)
            if plus + minus != _length(n, bool(plus and minus), (largest, width))
        ]:
            if n:
                assert not _bounds(row(n, *signs), (largest, width))[1], (n, signs)


def test_where_the_rule_does_not_turn_the_bounds_are_exact():
    """40 lines on 21 signs: two lines a sign; far from the middle each bar leaves two counts."""
    for added in (3, 4, 5, 6):
        signs = bar(added, 40 - added, 40, 21)
        same = [a for a in range(41) if bar(a, 40 - a, 40, 21) == signs]
        assert _bounds(row(40, *signs), (40, 21)) == ((same[0], same[-1]), True)


@pytest.mark.parametrize(("n", "low", "high"), [(1, 1, 0), (2, 1, 1), (9, 1, 8)])
def test_of_a_bar_that_git_does_not_draw_only_the_signs_are_left(n, low, high):
    assert _bounds(row(n, 5, 5), (9, 9)) == ((low, high), False)
    assert _bounds(row(n, 0, 0), (9, 9)) == ((0, n), False) and _bounds(row(0, 0, 0), (9, 9))[0] == (0, 0)
    assert _bounds(row(n, 2, 1), None) == ((2, 2), True)
    assert _bounds(row(n, 1, 1), (9, 1)) == ((low, high), False), "where the longest bar is one sign none has two"


def test_a_bar_has_a_sign_for_each_share():
    assert [_length(n, False, (100, 11)) for n in (0, 1, 9, 10, 99, 100)] == [0, 1, 1, 2, 10, 11]
    assert [_length(n, True, (100, 11)) for n in (2, 9, 10, 100)] == [2, 2, 2, 11] and _length(5, True, (0, 0)) == 0


@pytest.mark.parametrize(("largest", "width"), [(100, 11), (37, 8), (12, 12)])
def test_counts_of_a_length_are_those_that_have_it(largest, width):
    for signs in range(1, width):
        same = [n for n in range(1, largest + 1) if 1 + n * (width - 1) // largest == signs]
        assert _unscale(signs, largest, width) == (same[0], same[-1])


def test_bars_are_scaled_where_one_is_shorter_than_its_count():
    assert _scale([row(3, 2, 1), row(0, 0, 0)]) is None and _scale([row(3, 2, 1), row(30, 5, 2)]) == (30, 7)


@pytest.mark.parametrize(
    ("rows", "git"),
    [
        ([row(3, 2, 1, columns=2)], True),
        ([row(3, 2, 1, columns=3)], False),
        ([row(3, 2, 1, columns=3), row(10, 5, 5, columns=3)], True),
        ([row(3, 2, 1, columns=4), row(0, 0, 0, binary=True, columns=0)], True),  # as wide as "Bin"
        ([row(3, 2, 1, columns=2), row(0, 0, 0, binary=True, columns=0)], False),
        ([row(3, 2, 1, columns=5), row(0, 0, 0, binary=True, columns=0)], False),
        ([row(1000, 5, 5, columns=5)], False),  # and those of others in five too
        ([row(10000, 5, 5, columns=6)], True),
        ([row(0, 0, 0, binary=True, columns=0)], True),
    ],
)
def test_git_sets_numbers_in_as_many_columns_as_the_largest_needs(rows, git):
    assert _by_git(rows) == git


def test_a_row_that_is_no_longer_than_two_thousand_characters_is_one():
    for width, rows in ((2000, 1), (2001, 0)):
        ((_, _, stat),) = diffstats([f" {'x' * (width - 7)} | 1 +", " 1 file changed, 1 insertion(+)"])
        assert len(stat.files) == rows


def test_a_total_without_rows_stands_alone():
    assert [(first, last) for first, last, _ in diffstats(["", " 1 file changed, 1 insertion(+)"])] == [(1, 1)]
    assert [(first, last) for first, last, _ in diffstats([" a | 1 +", " 1 file changed, 1 insertion(+)"])] == [(0, 1)]


@pytest.mark.parametrize(
    ("shown", "path", "before"),
    [
        ("a => b", "b", "a"),
        ("a=>b", "a=>b", ""),
        ("a{b => c}/d", "ac/d", "ab/d"),
        (".../b => c}/d", "...c/d", ""),
        ('"a\\tb"', "a\tb", ""),
        ("...{a => b}", "...b", "...a"),
    ],
)
def test_paths(shown, path, before):
    ((_, _, stat),) = diffstats([f" {shown} | 1 +", " 1 file changed, 1 insertion(+)"])
    assert (stat.files[0].path, stat.files[0].renamed_from) == (path, before)
