"""What is left out of a paste and named: how many names, how long they may be, and what begins in the middle of a function."""

import pytest

from tdxkit.errors import InputError
from tdxkit.mail.aftertext import Stretch, after_text
from tdxkit.mail.counting import Reader, columns
from tdxkit.mail.hunks import HEAD
from tdxkit.mail.lines import Notes
from tdxkit.mail.mending import mended
from tdxkit.mail.quoting import Quoting


def diff(name: str, *lines: str, head: str = "@@ -1 +1 @@") -> list[str]:
    return [f"diff --git a/{name} b/{name}", f"--- a/{name}", f"+++ b/{name}", head, *(lines or ("-a", "+b"))]


def read(*lines: str):
    return after_text("\n".join(lines))


def remarks(*lines: str) -> list[str]:
    return [*read(*lines).remarks]


def test_five_files_that_are_no_c_are_named():
    def left(count):
        return remarks(*[line for k in range(count) for line in diff(f"{k}.rst")])

    begin = "left out, for a name that does not end in .c or .h: 0.rst, 1.rst, 2.rst, 3.rst, 4.rst"
    assert left(5) == [begin] and left(6) == [f"{begin} and 1 more"] and left(8) == [f"{begin} and 3 more"]


def test_names_are_said_to_some_length():
    assert remarks(*diff("x" * 200)) == [f"left out, for a name that does not end in .c or .h: {'x' * 100}…"]
    name = "x" * 298 + ".c"
    gone = ["deleted file mode 100644", f"--- a/{name}", "+++ /dev/null", "@@ -1 +0,0 @@", "-a"]
    assert remarks(f"diff --git a/{name} b/{name}", *gone) == [
        f"line 5: {'x' * 200}… is deleted: nothing of it is left after the patch"
    ]
    moved = ["similarity index 100%", f"rename from {name}", "rename to y.c"]
    assert remarks(f"diff --git a/{name} b/y.c", *moved) == [
        f"y.c: renamed from {'x' * 200}… without a change, so that its text is not in the paste"
    ]
    copied = ["similarity index 100%", "copy from x.c", "copy to y.c"]
    assert remarks("diff --git a/x.c b/y.c", *copied) == [
        "y.c: copied from x.c without a change, so that its text is not in the paste"
    ]
    assert remarks("diff --git a/x.c b/x.c", "old mode 1", "new mode 2") == ["x.c: no hunk of it is in the paste"]
    assert remarks("diff --git a/x.c b/x.c", "deleted file mode 1") == [
        "x.c is deleted: nothing of it is left after the patch"
    ]


def mails(count: int) -> list[str]:
    return [line for k in range(count) for line in ("From: A <a@x>", "", *diff(f"{k}.c"), "")]


def test_the_places_of_five_mails_are_said():
    said = "{} mails bring hunks, from lines {}: each one's text stands below the one before it"
    assert remarks(*mails(1)) == []
    assert remarks(*mails(2)) == [said.format(2, "1, 10")]
    assert remarks(*mails(5)) == [said.format(5, "1, 10, 19, 28, 37")]
    assert remarks(*mails(6)) == [said.format(6, "1, 10, 19, 28, 37, …")]


def test_a_text_that_is_quoted_in_part_is_left_and_said():
    assert remarks("> int a;", "int b;") == [
        "line 1: 1 line of 2 begin with the sign of a quotation: all is left as it stands"
    ]
    assert remarks("x", "> a", "> b") == [
        "line 2: 2 lines of 3 begin with the sign of a quotation: all is left as it stands"
    ]


def test_a_text_without_a_diff_is_one_stretch():
    found = read("int a;", "int b;", "")
    assert (found.text, found.stretches, found.kind) == ("int a;\nint b;\n", (Stretch(1, 3, True),), "plain")
    quoted = read("> int a;", "> int b;")
    assert (quoted.text, quoted.lines, quoted.kind, quoted.remarks) == ("int a;\nint b;", (1, 2), "quoted", ())


def test_base64_without_a_diff_is_refused():
    with pytest.raises(
        InputError, match="line 3 of what was pasted: the mail is encoded in base64, and there is no diff"
    ):
        read("text", "", "From: A <a@x>", "Content-Transfer-Encoding: base64", "", "YWJj")


def test_a_hunk_that_stands_twice_counts_once_and_apart_from_others():
    found = read(*diff("x.c"), *diff("x.c"), *diff("y.c"))
    assert found.text == "b\n\nb" and found.remarks == ("line 10: the same hunk stands above: left out here",)
    assert [(file.name, file.first, file.last) for file in found.files] == [("x.c", 1, 1), ("y.c", 3, 3)]


BEGUN = "line 4: the hunk begins inside of {}: what stands above is not in the paste"
NAMED = BEGUN.format('"int f(void)", as its head has it, which may name another')
UNNAMED = BEGUN.format("what its head does not name")


@pytest.mark.parametrize(
    ("heading", "rows", "said"),
    [
        ("int f(void)", ["\ta;", "}"], NAMED),
        ("", ["\ta;", "}"], UNNAMED),
        ("int f(void)", ["\ta;"], NAMED),
        ("", ["\ta;"], None),
        ("int f(void)", ["a;"], None),
        ("int f(void)", [" a;"], NAMED),
        ("int f(void)", ["", "\ta;"], NAMED),
        ("int f(void)", ["int g(void)", "{", "\ta;", "}"], None),
        ("int f(void)", ["struct x {", "\ta;", "}"], None),
        ("int f(void)", ["}", "int g(void)", "{", "}"], NAMED),
        ("int f(void)", ["\tif (a) {", "\t}"], NAMED),
        ("int f(void)", ["# x {", "}"], NAMED),
        ("int f(void)", ["/* x {", "}"], NAMED),
        ("int f(void)", ["{", "\ta;"], None),
        ("int f(void)", ["\ta;", "{", "\tb;"], None),
    ],
)
def test_what_begins_inside_of_something(heading, rows, said):
    head = f"@@ -1,0 +1,{len(rows)} @@ {heading}"
    assert remarks(*diff("x.c", *[f"+{row}" for row in rows], head=head)) == ([said] if said else [])


def test_a_heading_is_said_to_eighty_characters():
    (said,) = remarks(*diff("x.c", "+\ta;", head=f"@@ -1,0 +1 @@ {'f' * 90}"))
    assert f'"{"f" * 80}…"' in said


def reader(*lines: str, signs: str = "", loosely: bool = False, stops: bool = True) -> Reader:
    return Reader(lines, Quoting(signs), loosely, stops)


def counted(head: str, *lines: str, signs: str = "", **more):
    found = reader(*lines, signs=signs, **more).counted(0, HEAD.match(head))
    return (
        [text for _, text in found.kept],
        found.left,
        found.right,
        found.whole,
        [(g.kind, g.above, g.first, g.last) for g in found.gaps],
    )


@pytest.mark.parametrize(
    ("head", "lines", "found"),
    [
        ("@@ -1,2 +1,2 @@", [" a", "-b", "+c"], ([" a", "-b", "+c"], 0, 0, True, [])),
        ("@@ -1,2 +1,2 @@", [" a", "-b", "+c", " d"], ([" a", "-b", "+c"], 0, 0, False, [])),  # more of it below
        ("@@ -1,2 +1,2 @@", [" a", "-b", "+c", "text"], ([" a", "-b", "+c"], 0, 0, True, [])),
        ("@@ -1,2 +1,2 @@", [" a", "-b", "+c", "\\ No"], ([" a", "-b", "+c"], 0, 0, True, [])),
        ("@@ -1 +1 @@", ["-b", "+c", "-- ", "x"], (["-b", "+c"], 0, 0, True, [])),
        ("@@ -1 +1 @@", ["-b", "+c", "--- a/x", "+++ b/x"], (["-b", "+c"], 0, 0, True, [])),
        ("@@ -1 +1 @@", ["-b", "+c", "--- a/x", "text"], (["-b", "+c"], 0, 0, False, [])),
        ("@@ -1 +1,2 @@", ["-b", "+c", " d"], (["-b", "+c"], 0, 1, False, [])),
        ("@@ -1,2 +1 @@", ["-b", "+c", " d"], (["-b", "+c"], 1, 0, False, [])),
        ("@@ -1,4 +1,4 @@", ["-b", "+c"], (["-b", "+c"], 3, 3, False, [])),
        ("@@ -1,5 +1,5 @@", ["-b", "+c"], (["-b", "+c"], 4, 4, False, [])),
        ("@@ -1,4 +1,4 @@", ["-b", "+c", "-- ", "2.43"], (["-b", "+c"], 3, 3, True, [])),
        ("@@ -1 +1 @@", ["one", "-b", "+c"], (["-b", "+c"], 0, 0, True, [("heading", 0, 0, 1)])),
        ("@@ -1 +1 @@", ["one", "two", "three", "-b", "+c"], (["-b", "+c"], 0, 0, True, [("heading", 0, 0, 3)])),
        ("@@ -1 +1 @@", ["one", "two", "three", "four", "-b", "+c"], ([], 1, 1, False, [])),
        ("@@ -1 +1 @@", ["[...]", "-b", "+c"], (["-b", "+c"], 0, 0, True, [("snip", 0, 0, 1)])),
        ("@@ -1 +1 @@", ["-b", "odd", "+c"], (["-b", "+c"], 0, 0, True, [("stray", 1, 1, 2)])),
        ("@@ -1 +1 @@", ["-b", "1", "2", "3", "+c"], (["-b", "+c"], 0, 0, True, [("stray", 1, 1, 4)])),
        ("@@ -1 +1 @@", ["-b", "1", "2", "3", "4", "+c"], (["-b"], 0, 1, False, [])),
        ("@@ -1 +1 @@", ["-b", "odd"], (["-b"], 0, 1, False, [])),
    ],
)  # fmt: skip
def test_the_lines_that_a_head_counts(head, lines, found):
    assert counted(head, *lines) == found


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("<snip>", "snip"), ("[...]", "snip"), ("*** CUT ***", "snip"), ("(trimmed)", "snip"), ("...", "snip"),
        ("…", "snip"), ("[skipped]", "snip"), ("✂", "snip"), ("<snipped>", "snip"), (":skip:", "snip"), (".", "stray"), ("some", "stray"),
        ("." * 80, "snip"), ("." * 81, "broken"),
    ],
)  # fmt: skip
def test_who_says_that_he_cut_something(line, kind):
    assert counted("@@ -1 +1 @@", "-b", line, "+c")[4] == [(kind, 1, 1, 2)]


def test_answers_between_quoted_lines():
    assert counted("@@ -1 +1 @@", "> -b", "--- 8< ---", "> +c", signs="> ")[4] == [("snip", 1, 1, 2)]
    assert counted("@@ -1 +1 @@", "> -b", "Why?", "", "> +c", signs="> ")[4] == [("reply", 1, 1, 3)]
    assert counted("@@ -1 +1 @@", "> -b", "> odd", "> +c", signs="> ")[4] == [("stray", 1, 1, 2)]
    assert counted("@@ -1 +1 @@", "> -b", "> @@ -9 +9 @@", "> +c", signs="> ")[0] == ["-b"]


def test_how_wide_a_line_is():
    assert columns("\ta") == 9 and columns("a\tb") == 9 and columns("abc") == 3


def said_of(*lines: str) -> list[str]:
    notes = Notes()
    mended(lines, range(1, len(lines) + 1), notes)
    return str(notes).split("\n") if len(notes) else []


TEXT = "\tregion_account(region, first, last, region->users, REGION_SHARED)"  # 66 characters, 73 columns


@pytest.mark.parametrize(
    ("rest", "joined"),
    [("x" * 6 + ";", True), ("x;", False)],
)
def test_a_line_was_broken_where_its_first_word_did_not_fit(rest, joined):
    """The rest of a line, of which the first word would have made it wider than all the others are."""
    wide = "+" + "y " * 37 + "y"  # 76 columns
    said = said_of("@@ -1,2 +1,3 @@", f" {TEXT}", rest, wide, "-b", "+c")
    assert any("joined to line 2" in line for line in said) == joined
    assert any("line 3: 1 line inside a hunk" in line for line in said) != joined


def test_lines_with_a_plus_below_no_head_are_counted():
    assert said_of("diff --git a/x b/x", "+a") == [
        "line 2: 1 line with a plus, the first one here, below no head of a hunk: left out"
    ]
    assert said_of("diff --git a/x b/x", "+a", "+++ b/x", "+b") == [
        "line 2: 2 lines with a plus, the first one here, below no head of a hunk: left out"
    ]
    assert said_of("+a", "diff --git a/x b/x") == []
    assert said_of("@@ -0,0 +0,0 @@") == []
