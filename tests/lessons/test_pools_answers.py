"""Answers about pools and waits, at their boundaries."""

import pytest

from tdxkit.errors import TdxkitError
from tdxkit.lessons.checks import pools
from tdxkit.lessons.patience import patient
from tdxkit.linux.refcount.posted import versions
from tdxkit.work import drive

ODD = (
    object(),
    b"\xff",
    -1,
    "x" * 5000,
    [[]],
    [],
    True,
    (1, 2, 3, 4),
    ("v3", True),
    ("v3", None),
    (None, 2),
    (True, 1, 1),
    ("v3", 1, 1),
)


def passes(check, answer, **given):
    """Whether an answer passes, and what is said."""
    try:
        said = check(answer, None, **given)
        said = drive(patient(said)) if hasattr(said, "send") else said
    except TdxkitError as error:
        return False, str(error)
    return said.passed, said.says


@pytest.mark.parametrize(
    "check, given", [(pools.losing, {}), (pools.whole_pair, {}), (pools.waits, {"fewest": 1, "seconds": 0.1})]
)
def test_what_is_no_answer_is_said_in_a_line(check, given):
    for odd in ODD:
        passed, says = passes(check, odd, **given)
        assert not passed and says and "\n" not in says and len(says) < 1000


@pytest.mark.slow
def test_one_pool_of_one_version_loses_a_page_in_each_pass():
    found = [(v, n) for v in versions() for n in range(pools.LARGEST_POOL + 1) if passes(pools.losing, (v, n))[0]]
    assert found == [("v3", 2)]
    assert (
        "it holds 0 to 20 pages" in passes(pools.losing, ("v3", 21))[1]
        and "0 to 20" in passes(pools.losing, ("v3", -1))[1]
    )
    assert "the VM is bugged" in passes(pools.losing, ("after-v6", 2))[1]


@pytest.mark.parametrize(
    ("version", "pages", "lost"),
    [("v3", 2, "3 pages are lost."), ("v3", 0, "nothing is lost."), ("v6", 1, "nothing is lost.")],
)
def test_what_a_pool_loses_is_told_as_one_or_as_many(version, pages, lost):
    assert passes(pools.losing, (version, pages))[1].endswith(f" {lost}")


def right(take, free):
    first = take()
    if first is None:
        return None
    second = take()
    if second is None:
        free(first)
        return None
    return first, second


def three_at_once(take, free):
    pages = [take(), take(), take()]
    return pages[:2]


def gives_back_what_it_returns(take, free):
    one, two = take(), take()
    free(one)
    return one, two


def the_same_page(take, free):
    one = take()
    return one, one


def never_ends(take, free):
    while True:
        pass


def leaves_python(take, free):
    raise SystemExit


def test_both_pages_or_none():
    assert passes(pools.whole_pair, right)[0]
    assert "left: " in passes(pools.whole_pair, three_at_once)[1]
    for wrong in (
        gives_back_what_it_returns,
        the_same_page,
        lambda take, free: (1, 2),
        lambda take, free: "ab",
        lambda take, free: take,
    ):
        assert "it is two pages that take() gave, or None" in passes(pools.whole_pair, wrong)[1]
    assert "a step must end" in passes(pools.whole_pair, never_ends)[1]
    assert "cannot end the program" in passes(pools.whole_pair, leaves_python)[1]
    assert "it raises ZeroDivisionError" in passes(pools.whole_pair, lambda take, free: 1 / 0)[1]
    assert "it raises TypeError" in passes(pools.whole_pair, lambda: 0)[1]
    assert "what take() gave is given back, once" in passes(pools.whole_pair, lambda take, free: free("x" * 5000))[1]


def only_the_second_is_looked_at(take, free):
    first = take()
    second = take()
    if second is None:
        free(first)
        return None
    return first, second


def the_first_alone_is_freed(take, free):
    first, second = take(), take()
    if first is None or second is None:
        if first is not None:
            free(first)
        return None
    return first, second


def waits_for_the_first(take, free):
    first = None
    while first is None:
        first = take()
    second = take()
    if second is None:
        free(first)
        return None
    return first, second


def believes_the_second_try(take, free):
    first = take()
    if first is None:
        return None
    second = take()
    if second is None:
        free(first)
        first, second = take(), take()
        return (first, second) if first and second else None
    return first, second


def does_not_look_at_the_second_try(take, free):
    first = take()
    if first is None:
        return None
    second = take()
    if second is None:
        free(first)
        first = take()
        second = take()
    return first, second


LOSE = [
    (only_the_second_is_looked_at, "it is two pages that take() gave, or None"),
    (the_first_alone_is_freed, "left: 1 page"),
    (waits_for_the_first, "Where take() gives nothing, then nothing, then nothing, then nothing: take(): nothing comes"),
    (believes_the_second_try, "Where take() gives a page, then nothing, then a page, then nothing: left: 1 page."),
    (does_not_look_at_the_second_try, "it is two pages that take() gave, or None"),
    (lambda take, free: [free(page) for page in (take(), take()) if page] and None, "TD init ends with -ENOMEM"),
]  # fmt: skip


@pytest.mark.parametrize("function, told", LOSE, ids=[one.__name__ for one, _ in LOSE])
def test_each_page_that_comes_is_handed_over_or_given_back(function, told):
    passed, says = passes(pools.whole_pair, function)
    assert not passed and told in says, says


def takes_both_and_frees_what_came(take, free):
    pages = take(), take()
    if None in pages:
        for page in pages:
            if page is not None:
                free(page)
        return None
    return pages


def tries_twice(take, free):
    for _ in range(2):
        if pages := right(take, free):
            return list(pages)
    return None


@pytest.mark.parametrize("function", [right, takes_both_and_frees_what_came, tries_twice])
def test_whoever_loses_none_may_go_about_it_as_he_likes(function):
    assert passes(pools.whole_pair, function)[0]


@pytest.mark.slow
def test_waits_are_counted_and_not_guessed():
    assert passes(pools.waits, (2, 1, 2), fewest=2720, seconds=2.0)[0]
    assert "2,721 are asked for" in passes(pools.waits, (2, 1, 2), fewest=2721, seconds=2.0)[1]
    assert "with hashed locks" in passes(pools.waits, (10, 4, 1), fewest=1, seconds=2.0)[1]
    for answer in ((0, 1, 0), (11, 1, 0), (1, 17, 0), (1, 0, 0), (10, 1, 5), (10, 1, -1), (1, 1, 2), (1.0, 1, 1)):
        assert not passes(pools.waits, answer, fewest=0, seconds=0.1)[0]
