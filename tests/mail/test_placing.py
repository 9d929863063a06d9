"""Where a hunk fits: by its lines, by its numbers, by its heading; how many of each are enough, to the exact one."""

import pytest

from tdxkit.mail.hunks import Hunk
from tdxkit.mail.laid import Laid
from tdxkit.mail.placing import (
    FEW,
    MANY,
    NAMED,
    SURE,
    TELLING,
    Change,
    Chunk,
    Doubt,
    Known,
    Place,
    Row,
    by_heading,
    chosen,
    is_named,
    squeezed,
    telling,
)


def chunk(first: int, *lines: str) -> Chunk:
    return Chunk(first, [Row(line, 0, first + k, squeezed(line)) for k, line in enumerate(lines)])


def change(*lines: str, old: int = 1, heading: str = "", patch: int = 1, new: int | None = None) -> Change:
    before, after = sum(line[:1] != "+" for line in lines), sum(line[:1] != "-" for line in lines)
    begins = old + (not before) - (not after)  # as diff counts where one side has no lines
    hunk = Hunk(7, old, before, begins if new is None else new, after, heading, lines, True, range(8, 8 + len(lines)))
    return Change(hunk, patch)


def places(one: Change, *chunks: Chunk, exact=True, complete=False):
    return [(p.at, p.known, p.drift, p.context) for p in Known(chunks).places(one, exact, complete)]


def test_the_numbers():
    assert (TELLING, SURE, FEW, MANY, NAMED) == (10, 3, 20, 2000, 60)
    assert telling("x" * 10) and not telling("x" * 9) and squeezed(" a \t b ") == "a b"


def test_a_chunk_has_lines_and_an_end():
    one = chunk(5, "a", " b")
    assert (one.keys, one.stop, one.text) == (["a", "b"], 7, "a\n b")


def test_context_at_the_ends_of_a_change_may_be_unknown():
    assert [(c.top, c.bottom) for c in (change(" a", "-b", " c", " d"), change("-b"), change("+a"), change(" a"), change(" a", "+b", " c"))] == [
        (1, 2), (0, 0), (0, 0), (0, 0), (1, 1),
    ]  # fmt: skip
    one = change(" a  b", "-c", "+d", "\\ No newline")
    assert one.lines == [(" ", "a b", "a  b", 8), ("-", "c", "c", 9), ("+", "d", "d", 10)] and one.before == [
        "a b",
        "c",
    ]
    assert change("", "-b").lines[0][:2] == (" ", "")


@pytest.mark.parametrize(
    ("lines", "at", "found"),
    [
        (("a", "b", "c"), 0, (0, 3, 0, True)),
        (("x", "a", "b", "c"), 1, (1, 3, -1, True)),
        (("b", "c"), -1, (-1, 2, 1, True)),  # its first line is context, and unknown
        (("a", "b"), 0, (0, 2, 0, True)),
        (("c",), -2, (-2, 1, 2, False)),  # what it takes away is unknown
        (("a",), 0, (0, 1, 0, False)),
        (("a", "x", "c"), 0, None),
        (("a", "b", "c"), 3, None),
        (("a", "b", "c"), -3, None),
    ],
)
def test_a_place_is_where_all_known_lines_agree(lines, at, found):
    place = change(" a", "-b", " c").place(chunk(1, *lines), at)
    assert (place and (place.at, place.known, place.drift, place.context)) == found


def test_what_stays_of_the_old_rows_is_kept():
    one, old = change(" a", "-b", "+c", " d"), chunk(1, "a", "b").rows
    rows = [*one.rows([*old, None])]
    assert rows[0] is old[0] and [(row.text, row.patch, row.line, row.added) for row in rows[1:]] == [
        ("c", 1, 10, True),
        ("d", 1, 11, False),
    ]


def test_lines_are_looked_up_by_what_they_say_and_by_their_number():
    known = Known([chunk(20, "int other_function(void)", "a"), chunk(1, "a", "int some_function(void)")])
    assert [row.line for row in known.rows("a")] == [1, 21] and known.rows("z") == []
    assert [row.line for row in known.named("int some_function(void)")] == [2] and known.named(
        "int some_functions"
    ) == []
    assert known.named("a") == [], "that is met everywhere"
    assert [row.line for row in known.between(2, 21)] == [2, 20] and [row.line for row in known.between(1, 2)] == [1]
    assert known.between(3, 20) == [] and [row.line for row in known.between(1, 99)] == [1, 2, 20, 21]
    long = Known([chunk(1, "x" * 80)])
    assert long.named("x" * 70) and not long.named("x" * 60 + "y") and not long.named("x" * 10)


@pytest.mark.parametrize(
    ("old", "exact", "complete", "found"),
    [
        (1, True, False, [1]), (2, True, False, [2]), (0, True, False, []), (3, True, False, []),
        (0, True, True, [0]), (3, True, True, [3]), (4, True, True, []), (1, False, True, []), (1, False, False, []),
    ],
)  # fmt: skip
def test_an_insertion_without_context_lies_by_its_number_alone(old, exact, complete, found):
    """Inside of what is known; at its ends where that is the whole file."""
    assert [
        at for at, *_ in places(change("+x", old=old), chunk(1, "a", "b", "c"), exact=exact, complete=complete)
    ] == found
    assert all(
        p[1:3] == (0, 0) for p in places(change("+x", old=old), chunk(1, "a", "b", "c"), exact=exact, complete=complete)
    )


def test_a_line_that_is_met_often_is_looked_for_at_some_places():
    one = change(" a", "-b", old=900)
    few, many = chunk(1, *["a", "b"] * 20), chunk(1, *["a", "b"] * 2001)
    assert len(places(one, few)) == 20 and len(places(one, many)) <= 1, "by its number alone"
    assert len(places(one, chunk(1, *["a", "b"] * 2000))) == 2000


UNIQUE = "\tunique_line();"


@pytest.mark.parametrize(
    ("rows", "lines", "heading", "sure"),
    [
        ((UNIQUE, "b", "c"), (" " + UNIQUE, "-b", " c"), "", True),
        ((UNIQUE, "b"), (" " + UNIQUE, "-b"), "", False),  # two lines are too few
        (("a", "b", "c"), (" a", "-b", " c"), "", False),  # none that is met nowhere else
        ((UNIQUE, "b", "c", UNIQUE), (" " + UNIQUE, "-b", " c"), "", False),  # met twice
        (("int f(void)", UNIQUE, "b", "c"), (" " + UNIQUE, "-b", " c"), "int f(void)", True),
        (("int f(void)", UNIQUE, "b", "c"), (" " + UNIQUE, "-b", " c"), "int g(void)", False),
        (("int f(void)", UNIQUE, "b", "c"), (" " + UNIQUE, "-b", " c"), "", True),
        (("\tint f;", UNIQUE, "b", "c"), (" " + UNIQUE, "-b", " c"), "int g(void)", True),  # no heading is known
        (("out:", UNIQUE, "b", "c"), (" " + UNIQUE, "-b", " c"), "int g(void)", True),  # a label is none
    ],
)
def test_how_many_lines_are_enough_without_numbers(rows, lines, heading, sure):
    known = Known([chunk(1, *rows)])
    one = change(*lines, old=500, heading=heading)
    place = next(p for p in known.places(one, True, False) if p.known)
    assert known.sure(one, place) is sure


def test_what_lies_beyond_a_chunk_must_be_context_to_be_sure():
    rows = (UNIQUE, "b", "c")
    for last, sure in ((" d", True), ("-d", False)):
        one = change(" " + UNIQUE, "-b", " c", last, old=500)
        known = Known([chunk(1, *rows)])
        (place,) = known.places(one, True, False)
        assert known.sure(one, place) is sure


def test_a_heading_tells_which_of_two_places_is_meant():
    rows = chunk(1, "int f(void)", "a", "b", "c", "int g(void)", "a", "b", "c")
    one = change(" a", "-b", " c", old=500, heading="int g(void)")
    found = Known([rows]).places(one, True, False)
    assert {place.at for place in found} == {1, 5}
    assert [place.at for place in by_heading(one, found)] == [5]
    none = change(" a", "-b", " c", old=500, heading="int h(void)")
    assert len(by_heading(none, found)) == 2 and not any(is_named(none, place) for place in found)
    assert not any(is_named(change(" a", "-b", " c", old=500), place) for place in found), (
        "without a heading none is named"
    )
    short = change(" a", "-b", old=500, heading="int g(void)")
    assert not any(is_named(short, place) for place in Known([rows]).places(short, True, False)), (
        "two lines are too few"
    )


def test_the_one_place_that_is_meant():
    here, there = chunk(1, "a"), chunk(9, "a")
    one, two, more = Place(here, 0, 1, 0), Place(there, 0, 1, 5), Place(there, 0, 2, 0)
    assert chosen([one], {7}) is one and chosen([], {0}) is None
    assert chosen([one, two], {0}) is one and chosen([one, two], {5}) is two and chosen([one, two], {0, 5}) is None
    assert chosen([one, two], {3}) is None and chosen([one, more], {0}) is more


def laid(*lines: str, first: int = 1, exact: bool = True, complete: bool = False) -> Laid:
    return Laid([chunk(first, *lines)], complete, exact)


def doubted(one: Laid) -> list[str]:
    return [row.text for part in one.chunks for row in part.rows if row.doubt]


LONG = ["int f(void)", "a long line;", "b long line;", "c long line;"]


@pytest.mark.parametrize(
    ("exact", "lines", "old", "heading", "marked"),
    [
        (True, (" x long line;", "-y long line;"), 2, "", LONG[1:3]),  # the lines that its numbers count
        (True, (" x long line;", "-y long line;"), 50, "", []),
        (True, ("+new;",), 50, "", []),
        (True, (" x;", "-b long line;"), 50, "int f(void)", ["b long line;"]),  # where the heading is known
        (True, (" x;", "-b long line;"), 50, "", []),
        (False, (" x;", "-b long line;"), 50, "", ["b long line;"]),
        (False, (" a long line;", "-y;"), 50, "", []),  # one line of context may stand anywhere
        (False, (" a long line;", " b long line;", "-y;"), 50, "", LONG[1:3]),
        (False, (" a long line;", "-y;"), 50, "int f(void)", ["a long line;"]),
        (False, (" a long line;", "-c long line;", "-y;"), 50, "", ["a long line;", "c long line;"]),
        (False, (" a long line;", " b long line;", "-y;"), 50, "int f(void)", LONG[:3]),
    ],
)
def test_which_lines_a_hunk_that_does_not_fit_may_be_about(exact, lines, old, heading, marked):
    one = laid(*LONG, exact=exact)
    doubts = one.lay([change(*lines, old=old, heading=heading).hunk], 3)
    assert doubted(one) == marked and bool(doubts) == bool(marked)
    assert all(doubt == Doubt(3, 7, "it does not fit what stands there") for doubt in doubts)


def test_a_hunk_with_holes_is_not_laid_and_says_so():
    one = laid(*LONG)
    hunk = Hunk(7, 2, 2, 2, 1, "", (" a long line;", "-b long line;"), False, (8, 9))
    assert one.lay([hunk], 3) == [Doubt(3, 7, "lines of it are missing")]
    assert doubted(one) == LONG[1:3] and len(one.chunks) == 1


def test_a_hunk_that_fits_at_several_places_is_laid_at_none():
    twice = ["int f(void)", "a long line;", "b;", "c;", "int g(void)", "a long line;", "b;", "c;"]
    one = laid(*twice, complete=True)
    (doubt,) = one.lay([change(" a long line;", "-b;", " c;", old=50).hunk], 3)
    assert (
        doubt.why in ("it fits at 2 places", "it does not fit what stands there")
        and [row.text for row in one.chunks[0].rows] == twice
    )


def test_all_that_is_known_may_be_doubted():
    one, doubt = laid("a", "b"), Doubt(1, 0, "x")
    assert one.doubt_all(doubt) == [doubt] and doubted(one) == ["a", "b"] and Laid().doubt_all(doubt) == []


def test_a_file_fits_a_hunk_all_of_whose_lines_it_has():
    one = laid(*LONG)
    assert one.takes(change(" a long line;", "-b long line;", old=2).hunk) and one.takes(
        change("-b long line;", old=3).hunk
    )
    assert not one.takes(change(" a long line;", "-z long line;", old=2).hunk)
    assert not one.takes(change("+new;", old=2).hunk) and not one.takes(change(" c long line;", "-z;", old=4).hunk)


def test_numbers_follow_the_patches():
    one = Laid([chunk(1, "a one;", "b two;"), chunk(20, "c three;"), chunk(40, "d four;")])
    assert (
        one.lay(
            [change(" a one;", "+new;", "+more;", " b two;", old=1).hunk, change("-c three;", old=20, new=21).hunk], 2
        )
        == []
    )
    assert [(part.first, part.text) for part in one.chunks if part.rows] == [
        (1, "a one;\nnew;\nmore;\nb two;"),
        (41, "d four;"),
    ] and one.exact


def test_a_new_file_is_known_whole():
    one = Laid()
    hunk = Hunk(7, 0, 0, 1, 2, "", ("+a", "+b"), True, (8, 9))
    assert one.lay([hunk], 1) == [] and one.complete and [row.text for row in one.chunks[0].rows] == ["a", "b"]
    assert (
        Laid.of_text("a\nb\n").chunks[0].text == Laid.of_text("a\nb").chunks[0].text == "a\nb"
        and Laid.of_text("a").complete
    )
