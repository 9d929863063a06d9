"""The text of a patch: its files under whatever prefix, its hunks with their line numbers, and both sides of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.mail.lines import Notes
from tdxkit.mail.mailbox import read_mails
from tdxkit.mail.names import in_file_line, in_git_line, without_prefix
from tdxkit.mail.patchdiff import read_diff, read_files

PARTS = st.text(st.sampled_from("abxyz.- "), min_size=1, max_size=6).filter(lambda s: s == s.strip() and s.strip("."))
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
PREFIXES = st.sampled_from(
    [("a/", "b/"), ("", ""), ("old/", "new/"), ("i/", "w/"), ("linux.orig/", "linux/"), ("x/y/", "z/")]
)


def body(count=1):
    return [
        line
        for k in range(count)
        for line in (f"@@ -{10 * k + 1},2 +{10 * k + 1},3 @@ fn{k}()", " one", "-two", "+2", "+3")
    ]


@given(PATHS, PREFIXES)
def test_any_prefix_is_taken_off(path, prefix):
    before, after = (f"{part}{path}" for part in prefix)
    lines = [f"diff --git {before} {after}", "index 1..2 100644", f"--- {before}", f"+++ {after}", *body()]
    (file,) = read_files(lines, Notes())
    if not (prefix == ("", "") and path[:2] in ("a/", "b/")):
        assert (file.path, file.before, file.what) == (path, "", "change")
    (alone,) = read_files([*lines[:1], "old mode 100644", "new mode 100755"], Notes())
    assert alone.path == path  # no other line names it


@pytest.mark.parametrize(
    ("lines", "path", "before", "what"),
    [
        (["diff --git a/x.c b/y.c", "similarity index 100%", "rename from x.c", "rename to y.c"], "y.c", "x.c", "rename"),
        (["diff --git x.c b/y.c", "similarity index 100%", "copy from x.c", "copy to b/y.c"], "b/y.c", "x.c", "copy"),
        (["diff --git s/n.c d/n.c", "new file mode 100644", "index 0..1", "--- /dev/null", "+++ d/n.c", *body()], "n.c", "", "new"),
        (["diff --git s/g.c d/g.c", "deleted file mode 100644", "index 1..0", "--- s/g.c", "+++ /dev/null", *body()], "g.c", "", "gone"),
        (["diff --git a/long name.c b/long", "name.c", "--- a/long name.c", "+++ b/long name.c", *body()], "long name.c", "", "change"),
        (['diff --git "a/t\\tb.c" "b/t\\tb.c"', "old mode 100644", "new mode 100755"], "t\tb.c", "", "change"),
        (["diff --git a/caf\u00e9 b/caf\u00e9", "index 1..2 160000", "--- a/caf\u00e9", "+++ b/caf\u00e9", *body()], "caf\u00e9", "", "change"),
        (["Index: mm/x.c", "=" * 67, "--- mm/x.c\t(revision 7)", "+++ mm/x.c\t(working copy)", *body()], "mm/x.c", "", "change"),
        (["diff -puN mm/x.c~fix mm/x.c", "--- a/mm/x.c~fix", "+++ a/mm/x.c", *body()], "mm/x.c", "", "change"),
        (["diff -r 1a2b -r 3c4d x.c", "--- a/x.c  Tue May 04 10:00:00 2010 +0100", "+++ b/x.c  Tue May 04 10:01:00 2010 +0100", *body()], "x.c", "", "change"),
        (["--- x.c.orig\t2010-05-04 10:00:00.0 +0100", "+++ x.c\t2010-05-04 10:01:00.0 +0100", *body()], "x.c", "", "change"),
        (["--- linux-6.15.orig/mm/x.c", "+++ linux-6.15/mm/x.c", *body()], "mm/x.c", "", "change"),
        (["diff --git a/d/x.c b/d/x.c", "--- a/d/moved/x.c", "+++ b/d/moved/x.c", *body()], "d/moved/x.c", "", "change"),
        (["diff --cc mm/x.c", "index 1,2..3", "--- a/mm/x.c", "+++ b/mm/x.c", "@@@ -1 -1 +1 @@@", "++x"], "mm/x.c", "", "change"),
        (["Submodule lib/sub 1111111..2222222:", "  > a commit"], "lib/sub", "", "change"),
    ],
)  # fmt: skip
def test_files_as_tools_write_them(lines, path, before, what):
    (file,) = read_files(lines, Notes())
    assert (file.path, file.before, file.what) == (path, before, what)


def test_a_new_file_has_the_prefix_of_the_others():
    lines = ["--- linux.orig/a.c", "+++ linux/a.c", *body(), "--- /dev/null", "+++ linux/new.c", *body()]
    assert [file.path for file in read_files(lines, Notes())] == ["a.c", "new.c"]


def test_a_new_file_has_no_prefix_where_the_others_have_none():
    lines = ["--- mm/a.c", "+++ mm/a.c", *body(), "--- /dev/null", "+++ b/new.c", *body()]
    assert [file.path for file in read_files(lines, Notes())] == ["mm/a.c", "b/new.c"]


def test_a_binary_file_of_diff_r_is_a_file_of_its_own():
    lines = ["--- a/x.c", "+++ b/x.c", *body(), "Binary files old/p.bin and new/p.bin differ"]
    assert [(f.path, f.binary) for f in read_files(lines, Notes())] == [("x.c", False), ("p.bin", True)]


def test_a_change_of_type_is_two_entries_and_one_file():
    lines = [
        "diff --git a/x b/x", "deleted file mode 120000", "--- a/x", "+++ /dev/null", "@@ -1 +0,0 @@", "-../y", "\\ No newline at end of file",
        "diff --git a/x b/x", "new file mode 100644", "--- /dev/null", "+++ b/x", "@@ -0,0 +1 @@", "+text",
    ]  # fmt: skip
    diff = read_diff(lines, Notes(), text=True)
    assert [f.what for f in diff.files] == ["gone", "new"]
    assert [(f.path, f.added[0], f.removed[0]) for f in diff.stat.files] == [("x", 1, 1)] and len(diff.prints) == 1


def test_hunks_with_their_numbers_and_both_sides():
    (file,) = read_files(["--- a/x.c", "+++ b/x.c", *body(2), "\\ No newline at end of file"], Notes(), first=100)
    first, second = file.hunks
    assert (first.line, first.old, first.old_count, first.new, first.new_count) == (102, 1, 2, 1, 3)
    assert (second.line, second.heading, second.whole) == (107, "fn1()", True)
    assert list(second.before()) == [(11, "one"), (12, "two")]
    assert list(second.after()) == [(11, "one"), (12, "2"), (13, "3")]
    assert file.changed == ["-two", "+2", "+3"] * 2


def test_a_mail_gives_its_text_where_it_is_asked_for():
    mail = "From: A <a@x.org>\nSubject: [PATCH v2.1 3/7] t\n\nText.\n---\n\n" + "\n".join(
        ["--- a/x.c", "+++ b/x.c", *body()]
    )
    (post,) = read_mails(mail.encode(), text=True)[0]
    (hunk,) = post.diff.files[0].hunks
    assert mail.split("\n")[hunk.line - 1].startswith("@@ ") and hunk.lines == (" one", "-two", "+2", "+3")
    assert (post.subject.label, post.subject.n, post.author.name) == ("v2.1", 3, "A")
    assert read_mails(mail.encode())[0][0].diff.files == ()


def test_blank_lines_lost_at_the_end_of_a_mail_break_no_hunk():
    lines = ["--- a/x.c", "+++ b/x.c", "@@ -1,4 +1,4 @@", " one", "-two", "+2", "-- ", "2.43.0", ""]
    notes = Notes()
    (file,) = read_files(lines, notes)
    assert not len(notes) and file.changed == ["-two", "+2"] and file.broken == 0
    (file,) = read_files(lines[:6], notes)
    assert not len(notes) and file.broken == 0
    (file,) = read_files([*lines[:5], "garbage", *lines[5:]], notes)
    assert len(notes) == 1 and file.broken == 1


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=60))
def test_any_text_has_some_names_or_none(text, one, two):
    assert in_git_line(text) is None or len(in_git_line(text)) == 2
    in_file_line(text)
    for git in (True, False):
        assert len(without_prefix(one, two, git=git)) == 2
