"""A hunk with its head, its lines and both of its sides; where it ends, and what tells that something is missing."""

import pytest

from tdxkit.mail.hunks import HEAD, Hunk, adds_up, counts, is_signature, read_hunk


def read(*lines: str) -> Hunk:
    return read_hunk(lines, 0, 1, HEAD.match(lines[0]))


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("@@ -1,2 +3,4 @@", (1, 2, 3, 4)),
        ("@@ -1 +3 @@", (1, 1, 3, 1)),
        ("@@ -0,0 +1,0 @@", (0, 0, 1, 0)),
        ("@@ -7 +9,2 @@ int f(void)", (7, 1, 9, 2)),
    ],
)
def test_what_a_head_counts(head, found):
    assert counts(HEAD.match(head)) == found


@pytest.mark.parametrize(
    ("lines", "taken", "whole"),
    [
        (("@@ -1 +1 @@", "-a", "+b"), 2, True),
        (("@@ -1 +1 @@", "-a", "+b", " c"), 2, True),
        (("@@ -1 +1 @@", "-a", "+b", "\\ No newline"), 2, True),
        (("@@ -1 +1 @@", "-a", "\\ No newline", "+b"), 3, True),
        (("@@ -1,2 +1,2 @@", " a", "", "x"), 2, True),
        (("@@ -1,2 +1,2 @@", " a", "\r", "x"), 2, True),
        (("@@ -1,2 +1,2 @@", " a", "odd", " b"), 1, False),
        (("@@ -1 +1,2 @@", "+a", "+b", "+c"), 2, False),  # the line before is missing
        (("@@ -1,2 +1 @@", "-a", "-b", "-c"), 2, False),
        (("@@ -1,2 +1,0 @@", "-a", " b"), 1, False),
        (("@@ -1,0 +1,2 @@", "+a", " b"), 1, False),
        (("@@ -1,0 +1,1 @@", "-a"), 0, False),
        (("@@ -1,1 +1,0 @@", "+a"), 0, False),
        (("@@ -0,0 +0,0 @@", " a"), 0, True),
        (("@@ -1,4 +1,4 @@", "-a", "+b"), 2, True),  # three blank lines of context lost at the end
        (("@@ -1,5 +1,5 @@", "-a", "+b"), 2, False),
        (("@@ -1,4 +1,5 @@", "-a", "+b"), 2, False),
        (("@@ -1,4 +1,4 @@", "-a", "+b", "-- ", "2.43.0"), 2, True),
        (("@@ -1,3 +1,1 @@", "-a", "+b", "-- ", "2.43.0"), 3, False),  # that may be two lines which are taken away
        (("@@ -1,2 +1,1 @@", "-a", "+b", "-- ", "2.43.0"), 3, True),
        (("@@ -1,4 +1,4 @@", "-a", "+b", "-- ", "no version"), 3, False),
    ],
)  # fmt: skip
def test_where_a_hunk_ends(lines, taken, whole):
    found = read(*lines)
    assert (found.lines, found.whole) == (lines[1 : 1 + taken], whole)


def test_a_hunk_knows_where_each_of_its_lines_stood():
    lines = ["text", "@@ -5,2 +7,3 @@ f", " a", "-b", "\\ No newline", "+c", "+d"]
    found = read_hunk(lines, 1, 100, HEAD.match(lines[1]))
    assert (found.line, found.heading, list(found.numbers)) == (101, "f", [102, 103, 104, 105, 106])
    assert list(found.before()) == [(5, "a"), (6, "b")]
    assert list(found.after()) == [(7, "a"), (8, "c"), (9, "d")]
    assert list(found.after_as_read()) == [(102, "a"), (105, "c"), (106, "d")]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["-- ", "2.43.0"], True),
        (["--", "2.43.0", "", ""], True),
        (["-- ", "2.43.0", "", " ", "text"], True),
        (["-- ", "2.43.0", "text"], False),
        (["-- ", "2.43.0", "", "text"], False),
        (["-- ", "One"], False),
        (["-- "], False),
        (["---", "2.43.0"], False),
        ([], False),
    ],
)
def test_the_signature_of_git(lines, found):
    assert is_signature(lines) is found


@pytest.mark.parametrize(
    ("left", "right", "below", "found"),
    [
        (0, 0, ["x"], True),
        (0, 0, [], True),
        (3, 3, [], True),
        (4, 4, [], False),
        (3, 3, ["-- ", "2.43.0"], True),
        (3, 3, ["x"], False),
        (1, 2, [], False),
        (0, 1, ["x"], False),
        (1, 0, ["x"], False),
    ],
)
def test_what_may_be_missing_at_the_end_of_a_mail(left, right, below, found):
    assert adds_up(left, right, below) is found


def test_a_hunk_is_whole_unless_it_is_said_otherwise():
    assert Hunk(1, 1, 1, 1, 1, "", (" a",)).whole
