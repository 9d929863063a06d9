"""The signs of a quotation: which they are, and what a line is without them."""

import pytest

from tdxkit.mail.quoting import Quoting, begins_hunk_or_file, quoting_of, signs_of, unquoted_text


@pytest.mark.parametrize(
    ("line", "signs"),
    [("> x", "> "), (">> x", ">> "), ("> | x", "> | "), ("  > x", "  > "), ("x", ""), ("", ""), ("    x", "    ")],
)
def test_signs(line, signs):
    assert signs_of(line) == signs


@pytest.mark.parametrize(
    ("signs", "line", "exact", "loose"),
    [
        ("> ", "> +x", "+x", "+x"),
        ("> ", ">+x", "+x", "+x"),
        ("> ", ">  x", " x", " x"),
        (">", "> x", " x", " x"),
        (">", "> +x", " +x", "+x"),
        (">", "> ", " ", ""),
        ("> > ", ">> +x", "+x", "+x"),
        ("> > ", "> +x", None, None),
        ("> ", "> x", "x", " x"),
        ("> ", "Why?", None, None),
        ("> ", "> Why?", "Why?", " Why?"),
        ("> ", "", None, None),
        ("    ", "    x", "x", None),
        ("    ", "  ", "", ""),
        ("    ", "x", None, None),
        ("> ", ">\t\\ No", "\\ No", "\\ No"),
        ("> ", ">\tx", "\tx", "\tx"),
    ],
)
def test_a_line_without_its_signs(signs, line, exact, loose):
    assert (Quoting(signs).off(line), Quoting(signs).off(line, loosely=True)) == (exact, loose)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("@@ -1 +1 @@", True),
        ("> > @@ -1,2 +1 @@ f", True),
        ("> diff --git a/x b/x", True),
        ("diff --cc x", True),
        ("> @@ -1 @@", False),
        ("x @@ -1 +1 @@", False),
        ("diff --git", False),
        ("--- a/x", False),
    ],
)
def test_heads_that_nothing_can_be_mistaken_for(line, found):
    assert begins_hunk_or_file(line) is found


@pytest.mark.parametrize(
    ("line", "signs", "is_hunk"),
    [
        ("> @@ -1 +1 @@", "> ", True),
        ("@@ -1 +1 @@", "", True),
        (">> --- a/x", ">> ", False),
        ("> diff --git a/x b/x", "> ", False),
        ("> Index: x", "> ", False),
    ],
)
def test_what_stands_before_a_head(line, signs, is_hunk):
    quoting, hunk = quoting_of(["text", line], 1)
    assert (quoting.signs, hunk) == (signs, is_hunk)


@pytest.mark.parametrize("line", ["text", "> @@ -1 odd", "> ---", "", "> @@ -1,2 +x @@"])
def test_what_is_no_head(line):
    assert quoting_of([line], 0) is None


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["> a", ">  b"], ["a", " b"]),
        ([">a", "> b"], ["a", " b"]),
        ([">> a", "> b"], ["> a", "b"]),
        ([">> a", ">> b"], ["a", "b"]),
        (["> a", "", "> b"], ["a", "", "b"]),
        (["> a", "b"], None),
        (["", " "], None),
        ([], None),
        ([">"], [""]),
    ],
)
def test_a_text_all_of_which_is_quoted(lines, found):
    assert unquoted_text(lines) == found
