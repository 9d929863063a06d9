"""The practice series of page pairs: git's own numbers hold for its texts, and which patch breaks, which heals, how long the race is."""

import re
from hashlib import sha1
from itertools import pairwise

import pytest

from tdxkit.errors import InputError
from tdxkit.mail.mailbox import read_mails
from tdxkit.review.applied import Tree
from tdxkit.review.clinic import practice_pairs
from tdxkit.review.compare import compare
from tdxkit.review.grouping import series_of
from tdxkit.review.racing import Racing
from tdxkit.review.reviewed import MOST_STATES, given_files, judged, reviewed_job
from tdxkit.review.verdicts_text import by_shell, summary, worst
from tdxkit.work import drive

C = "arch/x86/virt/vmx/tdx/pairs.c"


def series(version):
    (one,) = series_of(read_mails(practice_pairs(version).encode(), text=True)[0])
    return one


@pytest.fixture(scope="module")
def reviewed():
    return drive(reviewed_job((practice_pairs(1) + practice_pairs(2)).encode(), Racing()))


def blob(text):
    return sha1(b"blob %d\0" % len(text.encode()) + text.encode()).hexdigest()


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_text_after_each_patch_is_the_blob_that_its_mail_names(version):
    tree, mails = Tree(), practice_pairs(version)
    named = re.findall(rf"^diff --git a/{C} .*\n(?:new file.*\n)?index (\w+)\.\.(\w+)", mails, re.MULTILINE)
    assert len(named) == {1: 4, 2: 4, 3: 3}[version] and all(old == new for (_, old), (new, _) in pairwise(named))
    seen = []
    for n, post in series(version).patches.items():
        assert tree.lay(post.diff.files, n) == []
        seen += [blob("".join(f"{row.text}\n" for row in tree.files[C].chunks[0].rows))] if C in tree.files else []
    assert [one[:7] for one in seen] == [new for _, new in named]


@pytest.mark.parametrize("version", [1, 2])
def test_it_is_spread_as_posted_series_are(version):
    one = series(version)
    assert one.total == 5 and one.missing == () and one.gaps() == ()
    assert [len(post.diff.files) for post in one.patches.values()] == [1, 2, 1, 1, 1]
    whole = [
        n
        for n, post in one.patches.items()
        if "page_pair_get(" in (text := str(post.diff.files[0].hunks)) and "page_pair_put(" in text
    ]
    assert 5 not in whole
    assert {str(post.author) for post in one.patches.values()} == {"Reviewer One <one@example.org>"}


def test_two_versions_differ_in_their_last_patch():
    assert [pair.verdict for pair in compare(series(1), series(2)).pairs] == ["same"] * 4 + ["changed"]
    with pytest.raises(InputError, match="version 4"):
        practice_pairs(4)


def test_version_3_breaks_with_a_patch_that_has_not_changed():
    """What its cover does not name stands in 2/4, whose lock hides it; the cover's diffstat was made before."""
    pairs = compare(series(2), series(3)).pairs
    assert [pair.verdict for pair in pairs] == ["same", "changed", "dropped", "same", "same"]
    (found,) = judged(practice_pairs(3)).found
    assert [(one.label, one.verdict) for one in found.patches] == [("1/4", None), ("2/4", "ok"), ("3/4", "violation"), ("4/4", "violation")]  # fmt: skip
    assert found.breaks.label == "3/4" and found.breaks.defect == "a page came into use without a pair"
    net = [
        sum(getattr(post.stat, way) for post in found.series.patches.values()) for way in ("insertions", "deletions")
    ]
    assert found.series.cover.stat.insertions - found.series.cover.stat.deletions == net[0] - net[1] - 1


def test_which_patch_breaks_and_which_heals(reviewed):
    v1, v2 = reviewed.found
    rows = [
        (one.label, one.verdict, one.judged and (one.judged.result.steps, one.judged.result.switches))
        for one in v1.patches
    ]
    assert rows == [("1/5", None, None), ("2/5", "violation", (7, 1)), ("3/5", "ok", (0, 0)), ("4/5", "ok", (0, 0)), ("5/5", "violation", (17, 1))]  # fmt: skip
    assert [one.verdict for one in v2.patches] == [None, "violation", "ok", "ok", "ok"]
    assert [line.partition(":")[0] for line in summary(v1)] == [
        "first broken by 2/5",
        "healed by 3/5",
        "broken again by 5/5",
    ]
    assert [one.functions for one in v1.judged] == [("page_pair_get", "page_pair_put")] * 2 + [
        ("page_pair_get",),
        ("page_pair_put",),
    ]


def test_what_is_stepped_first_is_what_is_bad_in_the_end(reviewed):
    each, one = reviewed.worst
    assert (each.series.label, one.label) == ("v1", "5/5") and worst(reviewed.found[1]).label == "2/5"
    put = next(f.shown for f in one.scenario.texts if f.__name__ == "page_pair_put")
    assert [put.lines[k].strip() for k in put.added] == ["return;", "", "spin_lock(&pair_lock);", "if (atomic_read(users))", "goto unlock;\t/* somebody came in between */"]  # fmt: skip
    code = one.judged.result.schedule
    said = by_shell(one, ["my thread.mbox"], "v1:5", ["a.c"])
    assert said == (
        "python -m tdxkit series 'my thread.mbox' --explore --base a.c --get page_pair_get --put page_pair_put --after v1:5 > v1-after-5.c; "
        f"python -m tdxkit replay v1-after-5.c --get page_pair_get --put page_pair_put '{code}'"
    )


def test_the_lens_parts_the_two_versions_where_the_count_becomes_0(reviewed):
    (beside,) = reviewed.beside
    (parting,) = beside.seen.partings
    assert (beside.old, beside.new, parting.step) == ("v1-after-5", "v2-after-5", 10)
    assert {row.version for row in beside.seen.rows if row.bad} == {"v1-after-5"}
    assert any(row.startswith("- ") and "atomic_read" in row for row in beside.rows)
    assert beside.why == "" and max(beside.seen.states.values()) < MOST_STATES


def test_files_before_the_series_are_named_or_told_by_their_hunks():
    one = series_of(read_mails(BASED.encode(), text=True)[0])[0]
    assert given_files("int x;\nint b;\n", one) == {"m/b.c": "int x;\nint b;\n"}
    assert given_files(text := "==> m/a.c <==\nint a;\n==> b.h <==\nint b;\n", one) == {
        "m/a.c": "int a;\n",
        "b.h": "int b;\n",
    }
    assert text and given_files(" \n", one) == {}
    with pytest.raises(InputError, match=r"the files before the series: it may be m/a\.c, m/b\.c"):
        given_files("int other;\n", one)
    with pytest.raises(InputError, match="the series makes all its files of C itself"):
        given_files("int other;\n", series(1))


BASED = """From: Reviewer One <one@example.org>
Subject: [PATCH] two files
Message-ID: <two@example.org>

diff --git a/m/a.c b/m/a.c
--- a/m/a.c
+++ b/m/a.c
@@ -1 +1,2 @@
 int a;
+int aa;
diff --git a/m/b.c b/m/b.c
--- a/m/b.c
+++ b/m/b.c
@@ -1,2 +1,3 @@
 int x;
 int b;
+int bb;
"""
