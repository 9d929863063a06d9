"""What a series says of itself: titles, gaps, files, authors, and its mails as data."""

import pytest

from tdxkit.mail.hunks import Hunk
from tdxkit.mail.message import Message, Shortlog
from tdxkit.mail.patchdiff import PatchFile, counted
from tdxkit.mail.people import Person
from tdxkit.mail.post import Post
from tdxkit.mail.subject import subject
from tdxkit.review.grouping import chained, series_of
from tdxkit.review.series import Series, bare, gaps, spans
from tdxkit.review.trailers import MEANINGS, meaning

ONE, TWO = Person("One", "one@x.org"), Person("Two", "two@x.org")


def diff(*paths: str, rows: tuple[str, ...] = ("-a", "+b"), blobs=("", ""), before=""):
    hunk = Hunk(1, 1, 1, 1, 1, "", rows)
    return counted([PatchFile(path, before, "change", (hunk,), blobs=blobs) for path in paths], True)


def post(title: str, *paths: str, who=ONE, log=(), **more) -> Post:
    return Post(subject(title), who, who, Message(shortlog=tuple(log)), diff(*paths) if paths else None, **more)


def series(*numbers: int, total: int | None = 4, cover: Post | None = None, **more) -> Series:
    return Series(
        ONE, 2, total, cover, {n: post(f"[PATCH v2 {n}/4] title {n}", f"{n}.c", "all.c") for n in numbers}, **more
    )


def covered(*titles: str, more=()) -> Post:
    return post("[PATCH v2 0/4] the cover", log=[Shortlog("One", len(titles), titles), *more])


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((3,), "3"), ((1, 2), "1–2"), ((5, 1, 3, 2), "1–3, 5"), ((1, 3, 5), "1, 3, 5")],
)
def test_numbers_in_words(numbers, text):
    assert spans(numbers) == text


@pytest.mark.parametrize(
    ("present", "total", "text"),
    [((), 3, "1–3"), ((1, 2, 3), 3, ""), ((2,), 3, "1, 3"), ((1, 9), 4, "2–4"), ((4,), 4, "1–3"), ((1,), 2, "2")],
)
def test_gaps_in_words(present, total, text):
    assert gaps(present, total) == text


def test_a_title_for_comparison():
    assert bare("[next][v2]  A  Title") == "a title" and bare("[a] X [y] Z") == "x [y] z"


def test_what_is_at_hand_and_what_is_not():
    one = series(3, 1)
    assert (one.present, one.missing, one.title, one.label) == ((1, 3), (2, 4), "title 1", "v2")
    assert series(1, minor=3).label == "v2.3" and series(1, cover=covered()).title == "the cover"
    assert series(1, total=None).missing == () and list(series(3, 1).titles) == [1, 3]
    assert series(2, 1).touched == {"1.c": (1,), "2.c": (2,), "all.c": (1, 2)}


def test_who_wrote_which():
    patches = {1: post("[PATCH 1/3] a", who=TWO), 2: post("[PATCH 2/3] b"), 3: post("[PATCH 3/3] c", who=TWO)}
    assert Series(ONE, 1, 3, None, patches).authors == {TWO: (1, 3), ONE: (2,)}


@pytest.mark.parametrize(
    ("titles", "more", "known"),
    [
        (("title 1", "b", "title 3", "d"), (), {2: "b", 4: "d"}),
        (("title 1", "b", "title 3"), (), {}),  # one too few
        (("title 1", "b", "title 3", "d", "e"), (), {}),
        (("Title  1", "b", "[x] title 3", "d"), (), {2: "b", 4: "d"}),
        (("title 1", "b", "d"), (Shortlog("Two", 1, ("title 3",)),), {2: "b", 4: "d"}),
        (("title 1", "b"), (Shortlog("Two", 2, ("title 3", "d")),), {}),  # two authors: in which order?
    ],
)
def test_titles_of_what_is_missing_are_told_where_there_is_no_doubt(titles, more, known):
    one = series(1, 3, cover=covered(*titles, more=more))
    assert one.titles == dict(sorted({1: "title 1", 3: "title 3", **known}.items()))
    assert one.known == bool(known)


def test_all_titles_are_known_where_all_patches_are_at_hand():
    assert series(1, 2, 3, 4).known and not series(1, 2, 3).known and not series(1, 2, total=None).known
    assert not series(1, 2, 3, 5).known, "a fifth of four is none of them"


def test_what_is_said_of_gaps():
    nothing = ["cover: no diffstat of the whole"]
    stats = [f"patch {n}: no diffstat" for n in (1, 2, 3, 4)]
    assert series(1, 2, 3, 4).gaps() == ("no cover", *stats)
    assert series(1, 2, 3, 4, cover=covered("a")).gaps() == (*nothing, *stats)
    assert series(2, 3, cover=covered("a")).gaps() == ("missing of 4: 1, 4", *nothing, *stats[1:3])
    lone = Series(ONE, 1, 1, None, {1: post("[PATCH] a")})
    assert lone.gaps() == ("patch 1: no diffstat",)
    old = post("[PATCH v2 2/4] title 2")
    newer = series(1, 2, 3, 4, cover=covered("a"), replaced=(old,))
    newer.patches[2] = post("[PATCH v2.1 2/4] title 2")
    assert newer.gaps()[0] == "patch 2: v2.1 takes the place of v2"
    assert series(1, 2, 3, 5, cover=covered("a")).gaps()[0] == "missing of 4: 4"


def test_a_series_as_data():
    one = Series(ONE, 2, 2, None, {2: post("[PATCH v2 2/2] b", "x.c", "y.c", message_id="<2@x.org>")}, 1)
    assert one.as_json() == {
        "title": "b", "version": 2, "label": "v2.1", "total": 2, "present": [2], "missing": [1],
        "patches": [{
            "n": 2, "title": "b", "author": {"name": "One", "email": "one@x.org"}, "files": ["x.c", "y.c"], "insertions": 2, "deletions": 2,
            "message_id": "2@x.org", "link": "https://lore.kernel.org/r/2@x.org",
        }],
    }  # fmt: skip
    empty = Series(ONE, 1, 1, None, {1: post("[PATCH] a")}).as_json()["patches"][0]
    assert (empty["insertions"], empty["deletions"], empty["link"]) == (0, 0, "")


def shapes(*posts: Post):
    return [(one.label, one.total, one.cover is not None, one.present) for one in series_of(posts)]


def test_of_a_mail_that_comes_twice_the_one_with_more_changes_counts():
    small, large = post("[PATCH] a", "x.c", message_id="<1@x>"), post("[PATCH] a", "x.c", "y.c", message_id="<1@x>")
    for order in ((small, large), (large, small)):
        (one,) = series_of(order)
        assert one.patches[1] is large
    empty = post("[PATCH] a", message_id="<1@x>")
    assert series_of([empty, small])[0].patches[1] is small
    assert len(series_of([post("[PATCH] a"), post("[PATCH] a")])) == 2, "without an identity they are two"


def test_a_lone_patch_a_pull_and_a_pull_with_patches():
    assert shapes(post("[PATCH] a")) == [("v1", 1, False, (1,))]
    assert shapes(post("[GIT PULL] a")) == [("v1", None, True, ())]
    assert shapes(post("[PULL 0/1] a"), post("[PULL 1/1] b")) == [("v1", 1, True, (1,))]


def test_series_come_in_the_order_of_their_first_mails():
    a, b = post("[PATCH 2/2] a2", message_id="<2@x>", references=("<a@x>",)), post("[PATCH] b", message_id="<b@x>")
    cover = post("[PATCH 0/2] a", message_id="<a@x>")
    assert [one.title for one in series_of([b, a, cover])] == ["b", "a"]
    assert [one.title for one in series_of([a, b, cover])] == ["a", "b"]


def test_numbers_alone_keep_what_belongs_together():
    def numbered(n, total=2, version="", who=ONE, **more):
        return post(f"[PATCH{version} {n}/{total}] {who.name} {n}", who=who, **more)

    assert shapes(numbered(1), numbered(2)) == [("v1", 2, False, (1, 2))]
    assert shapes(numbered(1), numbered(2, 3)) == [("v1", 2, False, (1,)), ("v1", 3, False, (2,))]
    assert shapes(numbered(1), numbered(2, version=" v2")) == [("v1", 2, False, (1,)), ("v2", 2, False, (2,))]
    assert shapes(numbered(1), numbered(1)) == [("v1", 2, False, (1,))] * 2
    assert len(shapes(numbered(1, message_id="<1@x>"), numbered(2, who=TWO, message_id="<2@x>"))) == 2


def test_a_piece_goes_with_what_lacks_its_number_its_senders_first():
    def piece(n, who=ONE, total=2):
        return post(f"[PATCH {n}/{total}] {who.name} {n}", who=who, piece=True)

    nobody = Person("", "")
    assert shapes(piece(1), piece(2, nobody)) == [("v1", 2, False, (1, 2))]
    assert shapes(piece(1, ONE), piece(1, TWO), piece(2, TWO), piece(2, ONE)) == [("v1", 2, False, (1, 2))] * 2
    found = series_of([piece(1, ONE), piece(1, TWO), piece(2, TWO), piece(2, ONE)])
    assert all(len(one.authors) == 1 for one in found)
    assert len(shapes(piece(1), piece(2, total=3))) == 2


def test_patches_without_numbers_are_chained_by_what_git_calls_their_files():
    def lone(before: str, after: str, title="[PATCH] t"):
        return Series(ONE, 1, 1, None, {1: Post(subject(title), ONE, ONE, diff=diff("x.c", blobs=(before, after)))})

    first, second, third = lone("", "1111111"), lone("1111111", "2222222"), lone("2222222", "3333333")
    (one,) = chained([first, second, third])
    assert (one.total, one.present) == (3, (1, 2, 3)) and one.patches[3].diff.files[0].blobs[1] == "3333333"
    assert len(chained([first, third])) == 2 and len(chained([first, lone("", "4444444")])) == 2
    assert len(chained([first, lone("1111111", "2222222", "[PATCH 1/1] t")])) == 2, "it has a number"
    assert len(chained([first, Series(ONE, 1, 2, None, second.patches)])) == 2


@pytest.mark.parametrize(
    ("value", "since"),
    [
        ("stable@vger.kernel.org", "the stable trees"),
        ("<stable@vger.kernel.org> # 6.12.x", "each stable tree from 6.12 on"),
        ("<stable@vger.kernel.org> # v5.4+", "each stable tree from 5.4 on"),
        ("stable@vger.kernel.org # whatever", "the stable trees"),
    ],
)
def test_a_stable_tag_asks(value, since):
    assert meaning("Cc", value) == f"asks the stable team to take it, once it is in mainline, into {since}"


def test_other_trailers():
    assert meaning("Cc", "one@x.org") == "who is to see it" == MEANINGS["Cc"] and meaning("X-By", "a") == ""
    assert meaning("Fixes", "stable@vger.kernel.org").startswith("the commit that brought the problem")
