"""Two versions side by side, patch by patch: what each verdict needs, what is alike enough, and what is said of files."""

import pytest

from tdxkit.mail.diffstat import Diffstat, FileStat
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.message import Message
from tdxkit.mail.patchdiff import PatchFile, counted
from tdxkit.mail.people import Person
from tdxkit.mail.post import Post
from tdxkit.mail.subject import subject
from tdxkit.review.compare import PAIRS_TRIED, Pair, compare, lineages
from tdxkit.review.recognise import BY_NAME, KINDS, also, recognise
from tdxkit.review.series import Series

ONE = Person("One", "one@x.org")


def diff(files: dict[str, str]):
    return counted(
        [PatchFile(path, "", "change", (Hunk(1, 1, 1, 1, 1, "", (f"+{row}",)),)) for path, row in files.items()], True
    )


def post(title: str, files: dict[str, str] | None = None, **more) -> Post:
    return Post(subject(title), ONE, ONE, diff=diff(files) if files else None, **more)


def version(
    number: int, *patches, total: int | None = None, cover: str = "", stat: Diffstat | None = None, minor: int = 0
) -> Series:
    """patches: title, or (title, files)."""
    made = {
        n: post(f"[PATCH] {p}") if isinstance(p, str) else post(f"[PATCH] {p[0]}", p[1])
        for n, p in enumerate(patches, 1)
        if p
    }
    head = post(f"[PATCH 0/9] {cover}", message=Message(stat=stat)) if cover else None
    return Series(ONE, number, len(patches) if total is None else total, head, made, minor)


def verdicts(old: Series, new: Series) -> list[tuple]:
    return [(pair.old and pair.old[0], pair.new and pair.new[0], pair.verdict) for pair in compare(old, new).pairs]


A, B, C = ("a: first thing", {"a.c": "1"}), ("b: second matter", {"b.c": "2"}), ("c: third affair", {"c.c": "3"})


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([A, B], [A, B], [(1, 1, "same"), (2, 2, "same")]),
        ([A, B], [B, A], [(2, 1, "same"), (1, 2, "same")]),
        ([A], [("a: first thing", {"a.c": "9"})], [(1, 1, "changed")]),
        ([A], ["a: first thing"], [(1, 1, "kept")]),
        ([A], [A, B], [(1, 1, "same"), (None, 2, "added")]),
        ([A, B], [B], [(1, None, "dropped"), (2, 1, "same")]),
        ([A, B], [A], [(1, 1, "same"), (2, None, "dropped")]),
        ([A, B, C], [A, C], [(1, 1, "same"), (2, None, "dropped"), (3, 2, "same")]),
        ([A], [("z: quite another", {"a.c": "1"})], [(1, 1, "retitled")]),  # the same lines
        (["a: x y z"], ["a: x y w"], [(1, 1, "retitled")]),
        (["a: x y z"], ["b: u v w"], [(None, 1, "added"), (1, None, "dropped")]),
        (["A:  First"], ["[next] a: first"], [(1, 1, "retitled")]),  # spelled otherwise
        (["a: x", "a: x"], ["a: x", "a: x"], [(1, 1, "kept"), (2, 2, "kept")]),
    ],
)
def test_what_became_of_each_patch(old, new, found):
    assert verdicts(version(1, *old), version(2, *new)) == found


def test_titles_and_files_count_half_each():
    """Three words of four alike are 0.75; a file of two alike is 0.5: together 0.62, and none alike 0.37."""
    old, title = ("a: x y z", {"a.c": "1", "b.c": "1"}), "a: x y w"
    for files, same in (({"a.c": "2"}, True), ({"z.c": "2"}, False)):
        found = verdicts(version(1, old), version(2, (title, files)))
        assert ((1, 1, "retitled") in found) == same


def test_where_the_other_version_is_not_known_whole_nobody_says_dropped_or_added():
    assert verdicts(version(1, A, total=2), version(2, A, B)) == [(1, 1, "same"), (None, 2, "alone")]
    assert verdicts(version(1, A, B), version(2, A, total=2)) == [(1, 1, "same"), (2, None, "alone")]
    text = str(compare(version(1, A, total=2), version(2, A, B)))
    assert text.endswith("v1 is not known whole (1 of 2): what stands alone may be in it too")
    assert "not known whole" not in str(compare(version(1, A), version(2, A, B)))
    assert "v2 is not known whole (1 of 2)" in str(compare(version(1, A, B), version(2, A, total=2)))


def test_unlike_titles_are_held_against_each_other_to_some_number(monkeypatch):
    assert PAIRS_TRIED == 20_000
    for tried, found in ((1, "retitled"), (0, "added")):
        monkeypatch.setattr("tdxkit.review.compare.PAIRS_TRIED", tried)
        assert verdicts(version(1, "a: x y z"), version(2, "a: x y w"))[0][2] == found


def test_the_best_match_counts():
    old, new = version(1, "a: w x y", "a: w x z"), version(2, "a: w x z u", "a: v v v")
    assert (2, 1, "retitled") in verdicts(old, new)


def test_a_comparison_in_lines():
    old = version(1, A, ("b: x y z", {"b.c": "2"}), ("gone away at last", {"b.c": "3"}))
    new = version(2, ("a: first thing", {"a.c": "9", "d.c": "1"}), ("b: x y w", {"b.c": "2"}))
    assert str(compare(old, new)).split("\n") == [
        "v1 → v2  a: first thing",
        "   1 →   1  changed   a: first thing  [a.c, d.c]",
        "   2 →   2  retitled  b: x y w  (was: b: x y z)",
        "   3 →   –  dropped   gone away at last",
        "new files: d.c",
    ]


def test_files_are_compared_where_all_are_known():
    found = compare(version(1, A, B), version(2, A, C))
    assert (found.files_added, found.files_dropped) == (("c.c",), ("b.c",))
    partly = compare(version(1, A, "b: no files"), version(2, A, C))
    assert (partly.files_added, partly.files_dropped) == ((), ())
    stat = Diffstat((FileStat("a.c", 1, (1, 1), (0, 0)), FileStat("b.c", 1, (1, 1), (0, 0))), 2, 2, 0)
    by_cover = compare(version(1, A, "b: no files", cover="t", stat=stat), version(2, A, C))
    assert (by_cover.files_added, by_cover.files_dropped) == (("c.c",), ("b.c",))
    for bad in (Diffstat(stat.files, 3, 2, 0), Diffstat((FileStat(".../b.c", 1, (1, 1), (0, 0)),), 1, 1, 0)):
        assert compare(version(1, A, "b: no files", cover="t", stat=bad), version(2, A, C)).files_added == ()
    lost = compare(version(1, A, total=2), version(2, A, C))
    assert (lost.files_added, lost.files_dropped) == ((), ())


def test_a_pair_has_its_verdict():
    one, two = (1, "a"), (1, "b")
    assert (
        Pair(one, None).verdict == "dropped"
        and Pair(None, one).verdict == "added"
        and Pair(one, None, sure=False).verdict == "alone"
    )
    assert (Pair(one, two, ("x",)).verdict, Pair(one, one).verdict, Pair(one, one, ()).verdict, Pair(one, one, ("x",)).verdict) == (
        "retitled", "kept", "same", "changed",
    )  # fmt: skip
    found = compare(version(1, A, B), version(2, A, C))
    assert [pair.new for pair in found.verdict("same")] == [(1, A[0])]


def lines(*series: Series):
    return [[one.label for one in line] for line in lineages(series)]


def test_versions_of_one_series():
    assert lines(version(2, "a", cover="t"), version(1, "b", cover="t")) == [["v1", "v2"]]
    assert lines(version(1, "a", cover="t"), version(2, "b", cover="u")) == [["v1"], ["v2"]]
    assert lines(version(1, "a", "b", cover="t"), version(2, "a", "c", cover="u")) == [["v1", "v2"]], (
        "half of the titles"
    )
    assert lines(version(1, "a", "b", cover="t"), version(2, "a", "c", "d", cover="u")) == [["v1"], ["v2"]], "a third"
    assert lines(version(1, "a", cover="t"), version(1, "b", cover="t")) == [["v1"], ["v1"]], "one version twice"
    assert lines(version(2, "a", cover="t"), version(2, "a", cover="t", minor=1)) == [["v2", "v2.1"]]
    assert lines(version(1, "a", cover="t"), version(2, "b", cover="t"), version(3, "b", cover="u")) == [
        ["v1", "v2", "v3"]
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("From 1a2b to 3c4d\nTOY mailing list update from 1a2b to 3c4d\n", "digest"),
        ("From: a\nSubject: b\n\nTOY mailing list update from 1a2b to 3c4d\n", "mbox"),
        ("From a@b Mon Jan  1 00:00:00 2001\n", "mbox"),
        ("Send kvm mailing list submissions to\n", "mbox"),
        ("From nobody\nSubject: x\n\n", "mbox"),
        ("Message-ID: <1@x>\n\n", "mbox"),
        ("Subject: x\n folded\nTo: y\n\n", "mbox"),
        ("Subject: x\n\nTo: y\n", None),
        ("diff --git a/x b/x\n", "patch"),
        ("--- a\n+++ b\n", "patch"),
        ("Index: x\n===\n", "patch"),
        ("commit 0123456789ab\n", "patch"),
        ("int f(void)\n{\n\treturn 0;\n}\n", "C"),
        ("#include <x.h>\nint a;\n", "C"),
        ("#include <x.h>\n" + "words\n" * 9, None),
        ("0xc000050500000000\n", "status"),
        ("0x0 " * 20, "status"),
        ("0x0 " * 21, None),
        ("[    1.000000] hello\n", "log"),
        ("host kernel: hello\n", "log"),
        ("hello\n", None),
        ("", None),
    ],
)
def test_what_somebody_gives_us(text, name):
    found = recognise(text.encode())
    assert (found.name if found else None) == name


def test_what_else_a_log_has():
    stuck = b"[   48.100000] watchdog: BUG: soft lockup - CPU#8 stuck for 26s! [x:1]\n[   48.1] CPU: 8 PID: 1 Comm: x Not tainted 6.15.0 #1\n[   48.1] RIP: 0010:f+0x1/0x2\n"
    status = b"SEAMCALL (34) failed: 0xc000050500000000\n"
    assert recognise(stuck).name == "report" and also(BY_NAME["report"], stuck) == ()
    assert [kind.name for kind in also(BY_NAME["report"], stuck + status)] == ["log"]
    assert [kind.name for kind in also(BY_NAME["log"], status + stuck)] == ["report"]
    assert also(BY_NAME["mbox"], stuck + status) == ()
    assert [kind.name for kind in KINDS] == [
        "digest",
        "mbox",
        "patch",
        "C",
        "trace",
        "report",
        "panic",
        "status",
        "log",
    ]


def test_of_two_old_patches_the_more_alike_one_is_meant_though_it_comes_first():
    old, new = version(1, "a: w x y z", "a: w x v u"), version(2, "a: w x y q")
    assert verdicts(old, new) == [(1, 1, "retitled"), (2, None, "dropped")]


def test_titles_that_are_just_alike_enough_and_no_more_than_forty_words_of_them():
    """Eleven words of twenty and twenty are 0.55; the words behind the fortieth count neither for nor against."""
    some = " ".join(f"w{n}" for n in range(11))
    one, two = (f"{some} " + " ".join(f"{letter}{n}" for n in range(9)) for letter in "ab")
    assert verdicts(version(1, one), version(2, two)) == [(1, 1, "retitled")]
    less = two.replace("w10", "b10")
    assert verdicts(version(1, one), version(2, less)) == [(None, 1, "added"), (1, None, "dropped")]
    long = [" ".join([f"w{n}" for n in range(22)] + [f"{letter}{n}" for n in range(18)]) for letter in "ab"]
    for old, new in ((long[0] + " more", long[1]), (long[0], long[1] + " more")):
        assert verdicts(version(1, old), version(2, new)) == [(1, 1, "retitled")]


def test_a_series_goes_on_with_that_of_which_it_has_the_most_patches():
    one, two = version(1, "a", "b", "c", cover="one"), version(1, "d", "e", cover="two")
    assert lines(one, two, version(2, "d", "a", "b", cover="three")) == [["v1", "v2"], ["v1"]]
    assert lines(one, two, version(2, "a", "d", "e", cover="three")) == [["v1"], ["v1", "v2"]]
