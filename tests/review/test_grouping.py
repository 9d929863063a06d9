"""Which mails are one series: several authors, someone else's cover, replies that replace a patch, no identities at all."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.mail.diffstat import added_up
from tdxkit.mail.message import Message, Shortlog
from tdxkit.mail.patchdiff import Diff
from tdxkit.mail.people import Person
from tdxkit.mail.post import Post
from tdxkit.mail.subject import subject
from tdxkit.review.compare import compare, lineages
from tdxkit.review.grouping import _Group, series_of

ONE, TWO = Person("One", "one@example.org"), Person("Two", "two@example.org")
DIFF = Diff(added_up(()))


def post(text, who=ONE, ident="", refs=(), diff=DIFF):
    what = subject(text)
    return Post(what, who, who, diff=None if what.n == 0 else diff, message_id=ident, references=tuple(refs))


def shape(series):
    return [(s.label, s.total, s.cover is not None, s.present) for s in series]


def test_several_authors_without_identities_are_one_series_by_their_order():
    found = series_of([post("[PATCH 0/3] c"), post("[PATCH 1/3] a"), post("[PATCH 2/3] b", TWO), post("[PATCH 3/3] c")])
    assert shape(found) == [("v1", 3, True, (1, 2, 3))] and found[0].authors == {ONE: (1, 3), TWO: (2,)}


def test_two_series_of_two_authors_each_are_told_apart():
    a = [post("[PATCH 1/2] a1"), post("[PATCH 2/2] a2", TWO)]
    b = [post("[PATCH 1/2] b1", TWO), post("[PATCH 2/2] b2")]
    found = series_of(a + b)
    assert [[p.subject.title for p in s.patches.values()] for s in found] == [["a1", "a2"], ["b1", "b2"]]


def test_a_run_with_a_hole_in_it():
    found = series_of([post("[PATCH 1/4] a"), post("[PATCH 3/4] c", TWO), post("[PATCH 4/4] d")])
    assert shape(found) == [("v1", 4, False, (1, 3, 4))] and found[0].missing == (2,)


def test_entries_of_a_digest_are_no_run():
    """They have no identity either, but stand for whole series: a cover, and the first patch of somebody else's."""
    found = series_of([post("[PATCH 0/2] mine"), post("[PATCH 1/2] not mine", TWO, diff=None)])
    assert shape(found) == [("v1", 2, True, ()), ("v1", 2, False, (1,))]


def test_another_version_or_total_ends_a_run():
    found = series_of([post("[PATCH 1/3] a"), post("[PATCH v2 2/3] b", TWO), post("[PATCH 3/4] c", TWO)])
    assert [s.present for s in found] == [(1,), (2,), (3,)]


@pytest.mark.parametrize("thread", [True, False])
def test_a_cover_by_somebody_else(thread):
    log = Message(shortlog=(Shortlog("One", 2, ("a", "b")),))
    cover = replace(post("[PATCH 0/2] all", TWO, "<0@x>"), message=log)
    refs = ["<0@x>"] if thread else []
    found = series_of([post("[PATCH 1/2] a", ONE, "<1@x>", refs), post("[PATCH 2/2] b", ONE, "<2@x>", refs), cover])
    assert shape(found) == [("v1", 2, True, (1, 2))] and found[0].sender == TWO


def threaded(label, total, ident, refs=()):
    mails = [post(f"[PATCH {label} 0/{total}] all", ONE, f"<{ident}0@x>", refs)]
    mails += [
        post(f"[PATCH {label} {n}/{total}] t{n}", ONE, f"<{ident}{n}@x>", [*refs, f"<{ident}0@x>"])
        for n in range(1, total + 1)
    ]
    return mails


def test_v2_1_takes_the_place_of_one_patch_of_v2():
    later = post("[PATCH v2.1 2/3] t2", ONE, "<r@x>", ["<a0@x>", "<a2@x>"])
    for mails in ([*threaded("v2", 3, "a"), later], [later, *threaded("v2", 3, "a")]):
        (one,) = series_of(mails)
        assert shape([one]) == [("v2", 3, True, (1, 2, 3))] and one.patches[2] is later
        assert [p.message_id for p in one.replaced] == [
            "<a2@x>"
        ] and "patch 2: v2.1 takes the place of v2" in one.gaps()


def test_v2_2_comes_after_v2_1():
    mails = threaded("v2", 2, "a")
    mails += [
        post("[PATCH v2.2 1/2] t1", ONE, "<s@x>", ["<a1@x>"]),
        post("[PATCH v2.1 1/2] t1", ONE, "<r@x>", ["<a1@x>"]),
    ]
    (one,) = series_of(mails)
    assert one.patches[1].message_id == "<s@x>" and [p.message_id for p in one.replaced] == ["<a1@x>", "<r@x>"]


def test_an_answer_with_the_same_version_that_brings_a_patch_replaces_it():
    again = post("[PATCH v2 2/3] t2", ONE, "<r@x>", ["<a0@x>", "<a2@x>"])
    (one,) = series_of([*threaded("v2", 3, "a"), again])
    assert one.patches[2] is again and shape([one]) == [("v2", 3, True, (1, 2, 3))]


def test_a_whole_v2_1_is_a_version_of_its_own():
    found = series_of([*threaded("v2", 2, "a"), *threaded("v2.1", 2, "b", ["<a0@x>"])])
    assert shape(found) == [("v2", 2, True, (1, 2)), ("v2.1", 2, True, (1, 2))]
    (line,) = lineages(found)
    assert str(compare(*line)).startswith("v2 → v2.1  all")


def test_a_v2_1_without_its_v2_is_not_at_hand_of_anything():
    (one,) = series_of([post("[PATCH v2.1 2/3] t2", ONE, "<r@x>", ["<a2@x>"])])
    assert shape([one]) == [("v2.1", 3, False, (2,))] and one.missing == (1, 3)


def test_a_series_sent_again_in_its_thread_stays_apart():
    found = series_of([*threaded("v2", 2, "a"), *threaded("v2", 2, "b", ["<a0@x>"])])
    assert shape(found) == [("v2", 2, True, (1, 2))] * 2


def test_an_answer_without_re_and_without_a_diff_is_talk():
    found = series_of([*threaded("v2", 2, "a"), post("[PATCH v2 1/2] t1", TWO, "<r@x>", ["<a1@x>"], diff=None)])
    assert shape(found) == [("v2", 2, True, (1, 2))] and found[0].patches[1].message_id == "<a1@x>"


def test_dropped_and_added_are_said_where_a_cover_lists_all():
    def cover(label, titles):
        what = post(f"[PATCH {label} 0/{len(titles)}] all", ONE, f"<{label}@x>")
        return replace(what, message=Message(shortlog=(Shortlog("One", len(titles), tuple(titles)),)))

    old, new = series_of([cover("v1", ["a", "b"]), cover("v2", ["b", "c d e"])])
    assert [p.verdict for p in compare(old, new).pairs] == ["dropped", "kept", "added"]
    (part,) = series_of([post("[PATCH v2 1/2] b", ONE, "<2@x>")])
    assert [p.verdict for p in compare(old, part).pairs] == ["alone", "kept"]
    assert [p.verdict for p in compare(part, old).pairs] == ["alone", "kept"]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 8), st.sets(st.integers(1, 8)), st.lists(st.sampled_from([ONE, TWO]), min_size=8, max_size=8))
def test_nothing_is_dropped_that_is_only_not_at_hand(total, lost, who):
    """One series and a later version of it: whatever mails are lost, no patch is called dropped or added."""
    both = []
    for label in ("v1", "v2"):
        both += [
            post(f"[PATCH {label} {n}/{total}] t{n}", who[n - 1], f"<{label}-{n}@x>", [f"<{label}-0@x>"])
            for n in range(1, total + 1)
        ]
    left = [p for k, p in enumerate(both) if k + 1 not in lost] or both
    for line in lineages(series_of(left)):
        for old, new in pairwise(line):
            assert not {p.verdict for p in compare(old, new).pairs} & {"dropped", "added", "retitled"}


@pytest.mark.parametrize(("ident", "refs", "lost"), [("", (), True), ("<1@x>", (), False), ("", ("<0@x>",), False), ("<1@x>", ("<0@x>",), False)])  # fmt: skip
def test_mails_are_lost_that_have_neither_a_thread_nor_an_identity(ident, refs, lost):
    one = post("[PATCH 1/2] a", ONE, ident, refs)
    assert _Group(one, patches={1: one}).lost == lost


THREE = Person("Three", "three@example.org")


def titles(found):
    return [[p.subject.title for p in s.patches.values()] for s in found]


def test_the_patches_of_one_sender_go_by_their_numbers_and_not_by_their_order():
    mails = [post("[PATCH 1/2] a1"), post("[PATCH 1/2] b1"), post("[PATCH 2/2] a2"), post("[PATCH 2/2] b2")]
    assert titles(series_of(mails)) == [["a1", "a2"], ["b1", "b2"]]


def test_a_cover_of_a_third_begins_a_run_and_a_patch_without_a_diff_is_none_of_it():
    run = [post("[PATCH 0/2] all", THREE), post("[PATCH 1/2] a"), post("[PATCH 2/2] b", TWO)]
    assert shape(series_of(run)) == [("v1", 2, True, (1, 2))]
    bare = [post("[PATCH 1/2] a"), post("[PATCH 2/2] b", TWO, diff=None)]
    assert [s.present for s in series_of(bare)] == [(1,), (2,)]
    covers = [
        post("[PATCH 0/2] one", THREE),
        post("[PATCH 0/2] two"),
        post("[PATCH 1/2] a", TWO),
        post("[PATCH 2/2] b"),
    ]
    assert [(s.cover and s.cover.subject.title, s.present) for s in series_of(covers)] == [("one", ()), ("two", (1, 2))]


def test_a_number_that_comes_again_begins_another_run():
    found = series_of([post("[PATCH 1/2] a"), post("[PATCH 1/2] b", TWO), post("[PATCH 2/2] c")])
    assert titles(found) == [["a"], ["b", "c"]]


def test_a_later_version_of_every_patch_takes_the_place_of_all():
    old = [post(f"[PATCH v2 {n}/2] t{n}", ONE, f"<a{n}@x>", ["<a0@x>"]) for n in (1, 2)]
    new = [post(f"[PATCH v2.1 {n}/2] t{n}", ONE, f"<b{n}@x>", ["<a0@x>", f"<a{n}@x>"]) for n in (1, 2)]
    (one,) = series_of([*old, *new])
    assert [*one.patches.values()] == new and [*one.replaced] == old


def piece(text, who=ONE, **more):
    return replace(post(text, who, **more), piece=True)


def test_pieces_of_a_later_version_take_their_places_too():
    (one,) = series_of([piece("[PATCH v2 1/2] a"), piece("[PATCH v2 2/2] b"), piece("[PATCH v2.1 2/2] b")])
    assert one.patches[2].subject.minor == 1 and [p.subject.title for p in one.replaced] == ["b"]


def test_a_piece_without_a_number_is_a_patch():
    assert shape(series_of([piece("[PATCH] a")])) == [("v1", 1, False, (1,))]


def test_pieces_go_with_those_of_their_sender_who_may_have_a_name_alone():
    one, two = Person("One", ""), Person("Two", "")
    found = series_of([piece("[PATCH 1/2] a", one), piece("[PATCH 1/2] b", two), piece("[PATCH 2/2] c", two)])
    assert titles(found) == [["a"], ["b", "c"]]
    (joined,) = series_of([piece("[PATCH 1/2] a", one), piece("[PATCH 2/2] c", two)])
    assert joined.present == (1, 2)


def test_two_threads_are_two_series_but_an_answer_that_was_quoted_goes_by_its_number():
    a, b = post("[PATCH 1/2] a", ONE, "<1@x>", ["<x@x>"]), post("[PATCH 2/2] b", ONE, "<2@x>", ["<y@x>"])
    assert [s.present for s in series_of([a, b])] == [(1,), (2,)]
    (one,) = series_of([a, replace(b, sender=TWO, quoted=True)])
    assert one.present == (1, 2)


def test_what_lost_its_headers_goes_to_the_only_one_that_lacks_it():
    cover = post("[PATCH 0/2] all", ONE, "<0@x>")
    first = post("[PATCH 1/2] a", ONE, "<1@x>", ["<0@x>"])
    assert shape(series_of([cover, first, post("[PATCH 2/2] b")])) == [("v1", 2, True, (1, 2))]
    left = [post("[PATCH 1/2] a", ONE, "<1@x>", ["<0@x>"]), post("[PATCH 2/2] b")]
    assert [s.present for s in series_of(left)] == [(1, 2)]


def test_of_two_groups_put_together_cover_and_replaced_ones_stay():
    cover, one, two, old = (post(f"[PATCH {n}/2] t{n}") for n in (0, 1, 2, 1))
    first, second = _Group(one, patches={1: one}), _Group(cover, cover=cover, patches={2: two}, replaced=[old])
    assert first.fits(second) and second.fits(first) and not second.fits(_Group(cover, cover=cover))
    assert not first.fits(_Group(old, patches={1: old}))
    first.join(second)
    assert (first.cover, first.patches, first.replaced) == (cover, {1: one, 2: two}, [old])
    first.join(_Group(cover, patches={}))
    assert first.cover is cover
