"""Series out of mails, and two versions of one compared."""

import json
import random
from dataclasses import replace

import pytest

from tdxkit.cli import main
from tdxkit.facts import data_path
from tdxkit.mail.mailbox import read_mails
from tdxkit.mail.message import Message, Shortlog
from tdxkit.mail.people import Person
from tdxkit.mail.post import Post
from tdxkit.mail.subject import subject
from tdxkit.review.clinic import practice_mbox
from tdxkit.review.compare import compare, lineages
from tdxkit.review.grouping import series_of
from tdxkit.review.series import bare, gaps, spans

ONE = Person("Reviewer One", "one@example.org")


@pytest.fixture(scope="module")
def practice():
    return series_of(read_mails(practice_mbox())[0])


def post(text, ident="", refs=(), who=ONE):
    return Post(subject(text), who, who, message_id=ident, references=tuple(refs))


def shape(series):
    return [(s.version, s.total, s.cover is not None, s.present) for s in series]


def test_practice_series(practice):
    assert shape(practice) == [
        (1, 3, True, (1, 2, 3)),
        (2, 4, True, (2, 3, 4)),
        (1, None, True, ()),
        (1, 1, False, (1,)),
    ]
    v1, v2, pull, lone = practice
    assert v2.missing == (1,) and v2.titles[1] == "region: move the counters to a file of their own"
    assert v1.touched == {"doc/region.md": (3,), "include/region.h": (2,), "mm/region.c": (1, 2)}
    assert v1.gaps() == () and v2.gaps() == ("missing of 4: 1",)
    assert pull.missing == () and pull.gaps() == ("cover: no diff: a pull request names a branch instead",)
    assert lone.gaps() == ("patch 1: no diffstat",)
    assert v1.authors == {ONE: (1, 2, 3)}


def test_json(capsys):
    assert main(["series", str(data_path("practice.mbox")), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["format", "series"]
    v2 = found["series"][1]
    assert list(v2) == ["title", "version", "label", "total", "present", "missing", "patches"]
    assert (v2["version"], v2["total"], v2["present"], v2["missing"]) == (2, 4, [2, 3, 4], [1])
    assert [(p["n"], p["insertions"], p["deletions"]) for p in v2["patches"]] == [(2, 2, 1), (3, 6, 0), (4, 1, 1)]
    assert v2["patches"][0]["link"] == "https://lore.kernel.org/r/20250113.v2-2-one@example.org"


def test_text_says_what_is_missing_and_what_changed(capsys):
    assert main(["series", str(data_path("practice.mbox"))]) == 0
    out = capsys.readouterr().out
    assert "missing of 4: 1" in out and "v1 → v2" in out and "retitled" in out


def test_order_of_the_file_means_nothing(practice):
    posts = list(read_mails(practice_mbox())[0])
    for seed in range(20):
        random.Random(seed).shuffle(posts)
        assert sorted(map(repr, shape(series_of(posts)))) == sorted(map(repr, shape(practice)))


def test_the_same_mail_twice_counts_once(practice):
    posts = read_mails(practice_mbox() * 2)[0]
    assert shape(series_of(posts)) == shape(practice)


def test_two_series_alike_are_told_apart_by_their_threads():
    a = [post(f"[PATCH {n}/2] a{n}", f"<a{n}@x>", ["<a0@x>"] if n else []) for n in range(3)]
    b = [post(f"[PATCH {n}/2] b{n}", f"<b{n}@x>", ["<b0@x>"] if n else []) for n in range(3)]
    mixed = [b[2], a[1], a[0], b[0], a[2], b[1]]
    found = series_of(mixed)
    assert shape(found) == [(1, 2, True, (1, 2))] * 2
    assert [s.patches[1].subject.title for s in found] == ["b1", "a1"]


def test_two_series_alike_are_told_apart_by_their_shortlogs():
    def cover(name):
        log = Shortlog("Reviewer One", 2, (f"{name} 1", f"{name} 2"))
        return replace(post(f"[PATCH 0/2] {name}"), message=Message(shortlog=(log,)))

    mixed = [
        post("[PATCH 2/2] b 2"),
        cover("a"),
        post("[PATCH 1/2] b 1"),
        cover("b"),
        post("[PATCH 1/2] a 1"),
        post("[PATCH 2/2] a 2"),
    ]
    found = {s.cover.subject.title: [p.subject.title for p in s.patches.values()] for s in series_of(mixed)}
    assert found == {"a": ["a 1", "a 2"], "b": ["b 1", "b 2"]}


def test_threads_without_a_cover_and_chains_of_answers():
    headless = [post("[PATCH 2/3] b", "<2@x>", ["<1@x>"]), post("[PATCH 3/3] c", "<3@x>", ["<1@x>"])]
    assert shape(series_of(headless)) == [(1, 3, False, (2, 3))] and series_of(headless)[0].missing == (1,)
    chain = [post(f"[PATCH {n}/3] t{n}", f"<c{n}@x>", [f"<c{n - 1}@x>"] if n else []) for n in range(4)]
    assert shape(series_of(chain)) == [(1, 3, True, (1, 2, 3))]
    head = [post("[PATCH 1/2] t", "<h1@x>"), post("[PATCH 2/2] u", "<h2@x>", ["<h1@x>"])]
    assert shape(series_of(head)) == [(1, 2, False, (1, 2))]
    loose = [post(f"[PATCH {n}/2] t{n}", f"<l{n}@x>") for n in range(3)]
    assert shape(series_of(loose)) == [(1, 2, True, (1, 2))]


def test_a_new_version_in_the_old_thread():
    old = [post(f"[PATCH {n}/1] t", f"<o{n}@x>", ["<o0@x>"] if n else []) for n in range(2)]
    new = [post(f"[PATCH v2 {n}/1] t", f"<n{n}@x>", ["<o0@x>", "<n0@x>"] if n else ["<o0@x>"]) for n in range(2)]
    assert shape(series_of(old + new)) == [(1, 1, True, (1,)), (2, 1, True, (1,))]


def test_a_late_addition_and_lone_patches():
    found = series_of([post("[PATCH 1/1] t", "<1@x>"), post("[PATCH 2/1] late", "<2@x>", ["<1@x>"])])
    assert shape(found) == [(1, 1, False, (1, 2))] and found[0].missing == ()
    assert shape(series_of([post("[PATCH] a"), post("[PATCH] a")])) == [(1, 1, False, (1,))] * 2


@pytest.mark.slow
def test_many_series_alike_stay_linear():
    posts = [post(f"[PATCH {n}/9999] t{k}", f"<{k}-{n}@x>") for k in range(2000) for n in (1, 2)]
    assert sum(len(s.present) for s in series_of(posts)) == len(posts)


def test_compare(practice):
    found = compare(practice[0], practice[1])
    assert [(p.verdict, p.old and p.old[0], p.new and p.new[0]) for p in found.pairs] == [
        ("added", None, 1),
        ("changed", 1, 2),
        ("retitled", 2, 3),
        ("added", None, 4),
        ("dropped", 3, None),
    ]
    assert found.files_dropped == ("doc/region.md", "mm/region.c") and found.files_added == ("mm/count.c",)
    assert "was: region: add a helper" in str(found)
    back = compare(practice[1], practice[0])
    assert {p.verdict for p in back.pairs} == {"added", "changed", "retitled", "dropped"}


def test_a_version_compared_with_itself_is_the_same(practice):
    assert {p.verdict for p in compare(practice[0], practice[0]).pairs} == {"same"}
    titles_only = [replace(p, diff=None) for p in practice[0].patches.values()]
    (bare_series,) = series_of(titles_only)
    assert {p.verdict for p in compare(practice[0], bare_series).pairs} == {"kept"}


def test_a_patch_with_another_title_and_the_same_lines_is_retitled(practice):
    changed = {
        n: replace(p, subject=subject(f"[PATCH v3 {n}/3] all new words {n}")) for n, p in practice[0].patches.items()
    }
    found = compare(practice[0], replace(practice[0], patches=changed, version=3))
    assert [p.verdict for p in found.pairs] == ["retitled"] * 3
    assert [p.files for p in found.pairs] == [()] * 3


@pytest.mark.slow
def test_huge_versions_are_compared_by_title_alone():
    old, new = ([post(f"[PATCH v{v} {n}/400] {word} {n}") for n in range(1, 401)] for v, word in ((1, "a"), (2, "b")))
    found = compare(*series_of([*old, *new]))
    assert len(found.verdict("added")) == len(found.verdict("dropped")) == 400


def test_lineages(practice):
    assert [[s.version for s in line] for line in lineages(practice)] == [[1, 2], [1], [1]]
    other = series_of([post("[PATCH v3 1/1] region: do not count below zero")])
    assert [[s.version for s in line] for line in lineages([*other])] == [[3]]


def test_words():
    assert gaps([], 3) == "1–3" and gaps([1, 2, 3], 3) == "" and gaps([1, 4], 3) == "2–3"
    assert spans([]) == "" and spans([3, 1, 2, 7, 9, 10]) == "1–3, 7, 9–10"
    assert bare("[X] [Y] A  Title") == "a title"
