"""What a file is called: quotes and escapes, dates behind it, prefixes before it, copies kept beside it."""

import pytest

from tdxkit.mail.names import NAME_LIMIT, ending, in_file_line, in_git_line, unquoted, without_prefix


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ('"a b"', "a b"),
        ('"\\303\\251"', "é"),
        (r'"\a\b\t\n\v\f\r\"\\"', '\a\b\t\n\v\f\r"\\'),
        (r'"\400"', "400"),  # no octal of one byte
        (r'"\18"', "18"),
        ('"x\\', '"x\\'),
        ('"', '"'),
        ('""', ""),
        ('"a', '"a'),
        ('a"', 'a"'),
        ("é", "é"),
        ('"é\\001"', "é\x01"),
        ('"\\377"', "\ufffd"),
        ('"a\\"', "a\\"),
        ("'a'", "'a'"),
    ],
)
def test_quotes_and_escapes_of_git(path, name):
    assert unquoted(path) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a/x b/x", ("a/x", "b/x")),
        (" a/x b/x ", ("a/x", "b/x")),
        ("a/my x b/my x", ("a/my x", "b/my x")),
        ("a/x b/x b/x b/x", ("a/x b/x", "b/x b/x")),
        ('"a/\\t" "b/\\t"', ("a/\t", "b/\t")),
        ('"a/\\t" b/x', ("a/\t", "b/x")),
        ('a/x "b/\\t"', ("a/x", "b/\t")),
        ('a/x b "b/\\t"', ("a/x b", "b/\t")),
        ("one", None),
        ("", None),
        ("a/x b/y", ("a/x", "b/y")),
        ("a/one name b/other thing", None),
        ('"b"', ("b", "")),
    ],
)
def test_the_two_names_of_a_git_line(text, names):
    assert in_git_line(text) == names


def test_a_name_is_looked_for_at_a_hundred_blanks():
    def line(blanks):
        name = "x" + " " * blanks + "y"
        return f"a/{name} b/{name}", (f"a/{name}", f"b/{name}")

    assert in_git_line(line(99)[0]) == line(99)[1] and in_git_line(line(100)[0]) is None


def test_of_a_line_that_names_files_four_thousand_characters_are_read():
    assert NAME_LIMIT == 4000
    assert len(in_file_line("x" * 5000)) == 4000 and in_git_line("a/x" + "y" * 4000 + " b") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a/x.c\t2020-01-01 10:00:00", "a/x.c"),
        ("a/x.c  2020-01-01 10:00:00", "a/x.c"),
        ("x.c Tue May 04 10:00:00 2010", "x.c"),
        ("x.c  4 May 2010 10:00", "x.c"),
        ("x.c (revision 7)", "x.c"),
        ("my x.c", "my x.c"),
        ('"a\\tb.c"\tdate', "a\tb.c"),
        ("x.c ", "x.c"),
        ("/dev/null\t1970", "/dev/null"),
    ],
)
def test_the_name_of_a_file_line(text, name):
    assert in_file_line(text) == name


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("a/x.c", "b/x.c", "x.c"),
        ("a/b/x.c", "c/b/x.c", "b/x.c"),
        ("x.c", "x.c", "x.c"),
        ("b/x.c", "x.c", "x.c"),
        ("ax.c", "x.c", ""),
        ("a/", "b/", ""),
        ("a/b/x", "b/b/x", "b/x"),
        ("x/y", "x/z", ""),
        ("", "", ""),
    ],
)
def test_what_two_names_end_in(one, two, alike):
    assert ending(one, two) == ending(two, one) == alike


@pytest.mark.parametrize(
    ("before", "after", "known", "git", "names"),
    [
        ("a/x.c", "b/x.c", (), True, ("x.c", "x.c")),
        ("/dev/null", "b/new.c", (), True, ("new.c", "new.c")),
        ("a/old.c", "/dev/null", (), True, ("old.c", "old.c")),
        ("/dev/null", "z/new.c", (), True, ("z/new.c", "z/new.c")),
        ("/dev/null", "z/new.c", ("y/", "z/"), True, ("new.c", "new.c")),
        ("/dev/null", "z/y/new.c", ("z/", "z/y/"), True, ("new.c", "new.c")),
        ("/dev/null", "b/new.c", ("",), True, ("b/new.c", "b/new.c")),
        ("/dev/null", "b/new.c", ("", "b/"), True, ("new.c", "new.c")),
        ("a/x.c", "b/y.c", (), True, ("x.c", "y.c")),
        ("a/x.c", "b/y.c", ("",), True, ("a/x.c", "b/y.c")),
        ("a/x.c", "a/x.c", (), True, ("a/x.c", "a/x.c")),  # git has no prefix here: a directory
        ("a/x.c", "a/x.c", (), False, ("x.c", "x.c")),
        ("z/x.c", "z/x.c", (), False, ("z/x.c", "z/x.c")),
        ("x.c", "x.c.orig", (), False, ("x.c", "x.c")),
        ("x.c", "x.c~fix", (), False, ("x.c", "x.c")),
        ("x.c", "x.c+fix", (), False, ("x.c", "x.c+fix")),
        ("x.c", "x.c.orig", (), True, ("x.c", "x.c.orig")),
        ("x.c.orig", "x.c", (), False, ("x.c", "x.c")),
        ("x.c.orig", "x.c", (), True, ("x.c.orig", "x.c")),
        ("a/x.c.bak", "b/x.c", (), False, ("x.c", "x.c")),
        ("a/x.c.old", "b/y.c", (), False, ("x.c.old", "y.c")),
        ("1/x.c", "2/y.c", (), True, ("x.c", "y.c")),
    ],
)
def test_prefixes(before, after, known, git, names):
    assert without_prefix(before, after, frozenset(known), git) == names


@pytest.mark.parametrize("prefix", ["a/", "b/", "i/", "w/", "c/", "o/", "1/", "2/"])
def test_every_prefix_that_git_has(prefix):
    assert without_prefix("/dev/null", f"{prefix}d/x.c") == ("d/x.c", "d/x.c")
