"""The files of a diff: where it begins, what each header line tells, which files are whole, and what is counted."""

import pytest

from tdxkit.mail.files import files_of
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.lines import Notes
from tdxkit.mail.patchdiff import PatchFile, counted, diff_start, names_file, read_diff, read_files

HUNK = ["@@ -1 +1 @@", "-a", "+b"]
GIT = "diff --git a/x.c b/x.c"
MADE = Hunk(1, 1, 1, 1, 1, "", ("-a", "+b"))


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        ([], None),
        (["text"], None),
        (["text", GIT], 1),
        (["diff --git a/x"], None),
        (["diff --cc x"], 0),
        (["diff --cc "], 0),
        (["diff --combined x"], 0),
        (["--- a", "+++ b"], 0),
        (["--- a"], None),
        (["--- a", "text"], None),
        (["--- a", MADE], None),
        ([MADE, GIT], 1),
        (["text", "Submodule x 1a2b3c4..5d6e7f8:"], 1),
        (["Submodule x contains modified content"], 0),
        (["Submodule x is new"], None),
    ],
)
def test_where_a_diff_begins(lines, at):
    assert diff_start(lines) == at


def test_a_file_is_named_by_two_lines():
    assert names_file(["--- a", "+++ b"], 0) and not names_file(["--- a"], 0) and not names_file(["x", "+++ b"], 0)


def one(*lines: str) -> PatchFile:
    (file,) = read_files(lines, Notes())
    return file


@pytest.mark.parametrize(
    ("lines", "shape"),
    [
        ([GIT, "new file mode 100644", "index 0000000..e69de29"], ("x.c", "", "new", False, False)),
        ([GIT, "deleted file mode 100644", "index e69de29..0000000"], ("x.c", "", "gone", False, False)),
        ([GIT, "deleted file mode 100644", "index 1111111..0000000"], ("x.c", "", "gone", False, True)),
        ([GIT, "deleted file mode 100644", "index 1111111..0000000", "--- a/x.c", "+++ /dev/null", *HUNK], ("x.c", "", "gone", False, False)),
        (["--- a/x.c", "+++ /dev/null", *HUNK], ("x.c", "", "gone", False, False)),
        (["--- /dev/null", "+++ b/x.c", *HUNK], ("x.c", "", "new", False, False)),
        ([GIT, "index 1111111..2222222", "Binary files a/x.c and b/x.c differ"], ("x.c", "", "change", True, False)),
        ([GIT, "GIT binary patch", "literal 2"], ("x.c", "", "change", True, False)),
        (["Binary files a/x.c and b/x.c differ"], ("x.c", "", "change", True, False)),
        (["diff --git a/x.c b/y.c", "rename from x.c", "rename to y.c"], ("y.c", "x.c", "rename", False, False)),
        (["diff --git a/x.c b/y.c", "copy from my x.c", "copy to my y.c"], ("my y.c", "my x.c", "copy", False, False)),
        (['diff --git "a/\\t" "b/\\n"', 'rename from "\\t"', 'rename to "\\n"'], ("\n", "\t", "rename", False, False)),
        (["diff --combined my x.c"], ("my x.c", "", "change", False, True)),
        (["diff --cc x.c", "--- a/z.c", "+++ b/z.c"], ("x.c", "", "change", False, True)),
        (["Submodule lib 1a2b3c4...5d6e7f8 (rewind):"], ("lib", "", "change", False, True)),
        ([GIT, "--- a/z.c", "+++ b/z.c", *HUNK], ("z.c", "", "change", False, False)),  # these count, as for git
        ([GIT, "new file mode 100644", "--- /dev/null", "+++ b/z.c", *HUNK], ("x.c", "", "new", False, False)),
        ([GIT, "text", "new file mode 100644"], ("x.c", "", "new", False, False)),  # a line of a wrapped heading
        ([GIT, "", "new file mode 100644"], ("x.c", "", "change", False, False)),
        ([GIT, "index 1..2", "text", "new file mode 100644"], ("x.c", "", "change", False, False)),
        ([GIT, "old mode 100644", "new mode 100755", "deleted file mode 1"], ("x.c", "", "gone", False, True)),
    ],
)  # fmt: skip
def test_what_a_header_tells(lines, shape):
    file = one(*lines)
    assert (file.path, file.before, file.what, file.binary, file.hidden) == shape


@pytest.mark.parametrize(
    ("line", "blobs"),
    [
        ("index 1111111..2222222 100644", ("1111111", "2222222")),
        ("index 1111111..2222222", ("1111111", "2222222")),
        ("index 1..2", ("", "")),
        ("index 1111111..2222222x", ("", "")),
    ],
)
def test_what_git_calls_a_file_before_and_after(line, blobs):
    assert one(GIT, line).blobs == blobs and one(GIT).blobs == ("", "")


def test_the_header_of_a_file_ends_at_its_hunks():
    assert one("--- a/x.c", "+++ b/x.c", *HUNK, "new file mode 100644").what == "change"
    assert one(GIT, "--- a/x.c", "+++ b/x.c", *HUNK, "rename from z.c").before == ""
    assert [f.path for f in read_files([GIT, *HUNK, "--- a/y.c", "+++ b/y.c", *HUNK], Notes())] == ["x.c", "y.c"]
    assert [f.path for f in read_files([GIT, "diff -u x y", "--- a/y.c", "+++ b/y.c"], Notes())] == ["x.c", "y.c"]


def test_a_hunk_above_all_files_is_of_one_without_a_name_if_somebody_read_it():
    (file,) = read_files([MADE], Notes())
    assert (file.path, file.hunks) == ("", (MADE,))
    assert read_files(HUNK, Notes()) == []
    assert read_files(["diff -u x y", "text"], Notes()) == []


def test_a_broken_hunk_is_named_by_the_line_at_which_it_breaks():
    notes = Notes()
    (file,) = read_files([*["--- a/x.c", "+++ b/x.c"], "@@ -1,2 +1,2 @@", " a", "odd"], notes)
    assert str(notes) == "line 5: a hunk of the diff does not add up; its remaining lines are not counted"
    assert (file.broken, [hunk.line for hunk in file.hunks]) == (1, [3])
    notes = Notes()
    read_files([GIT, Hunk(7, 1, 1, 1, 1, "", ("-a",), False)], notes, first=100)
    assert str(notes).startswith("line 7:")


def test_a_diff_is_counted_by_path():
    diff = read_diff(
        [GIT, *HUNK, "@@ -9 +9,2 @@", " c", "+d", "diff --cc y.c", "GIT binary patch", GIT, *HUNK], Notes()
    )
    assert [(f.path, f.changes, f.added, f.removed, f.binary) for f in diff.stat.files] == [
        ("x.c", 5, (3, 3), (2, 2), False),
        ("y.c", 0, (0, 0), (0, 0), True),
    ]
    assert (diff.entries, diff.broken, diff.hidden, diff.files, diff.orphans) == (3, 0, {"y.c"}, (), 0)
    assert (diff.stat.files_changed, diff.stat.insertions, diff.stat.deletions) == (2, 3, 2)
    assert len(read_diff([GIT, *HUNK], Notes(), text=True).files) == 1


def test_a_broken_file_is_hidden_and_a_copy_has_no_path_before():
    hunk = Hunk(1, 1, 2, 1, 2, "", ("-a",), False)
    diff = counted(
        [PatchFile("x.c", "", "change", (hunk,)), PatchFile("y.c", "z.c", "copy"), PatchFile("v.c", "w.c", "rename")]
    )
    assert diff.hidden == {"x.c"} and diff.broken == 1
    assert [f.renamed_from for f in diff.stat.files] == ["", "", "w.c"]


def test_equal_prints_mean_equal_lines_wherever_they_moved():
    moved = ["@@ -70 +70 @@ f", "-a", "+b"]
    (first,), (second,), (other,) = (
        read_diff([GIT, *rows], Notes()).prints for rows in (HUNK, moved, [*HUNK[:2], "+c"])
    )
    assert first == second != other and first[0] == "x.c" and len(first[1]) == 16


def test_the_files_of_a_mail():
    lines = ["Hello.", "> " + GIT, *[f"> {line}" for line in HUNK], "+ odd"]
    notes = Notes()
    found = files_of(lines, range(7, 7 + len(lines)), notes)
    assert (found.above, found.signs, found.orphans) == (("Hello.",), "> ", 0)
    assert [(hunk.line, list(hunk.numbers)) for hunk in found.hunks] == [(9, [10, 11])]
    assert files_of(["text"], [1], notes).files == ()


def test_an_empty_line_of_a_hunk_gets_its_blank_back():
    (hunk,) = files_of([GIT, "@@ -1,3 +1,3 @@", " a", "", "-b", "+c"], range(6), Notes()).hunks
    assert hunk.lines == (" a", " ", "-b", "+c")


@pytest.mark.parametrize(
    ("context", "flowed", "taken"),
    [
        (["  a", "  b"], True, True),
        (["  a", "  b"], False, False),
        (["  \ta", "  b"], False, True),  # no kernel code has a blank before a tab
        (["  {", "  b"], False, True),
        (["  }", "  b"], False, True),
        (["  \ta", " b"], False, False),
        (["  a", " b"], True, False),
    ],
)
def test_blanks_of_stuffing(context, flowed, taken):
    notes = Notes()
    lines = [GIT, "@@ -1,3 +1,3 @@", *context, "-b", "+c"]
    (hunk,) = files_of(lines, range(5, 5 + len(lines)), notes, flowed).hunks
    assert hunk.lines[:2] == tuple(row[1:] for row in context) if taken else hunk.lines[:2] == tuple(context)
    assert str(notes) == (
        "line 5: the blank that format=flowed puts before lines of context is taken off" if taken else ""
    )
