"""Hunks laid over each other, judged by the files that they were cut from: what is known of a file stands in it, line below line."""

import difflib
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdxkit.mail.hunks import Hunk
from tdxkit.mail.laid import Laid
from tdxkit.mail.lines import Notes
from tdxkit.mail.patchdiff import read_files
from tdxkit.mail.placing import Chunk, Doubt, Row, squeezed

COMMON = ("", "}", "{", "\treturn 0;", "\tspin_lock(&lock);", "\tif (err)", "\tgoto out;")


def hunks(old: list[str], new: list[str], context: int = 3) -> tuple[Hunk, ...]:
    """The hunks of a change."""
    rows = list(difflib.unified_diff(old, new, "a/x.c", "b/x.c", n=context, lineterm=""))
    files = read_files(rows, Notes())
    return files[0].hunks if files else ()


def known(laid: Laid) -> list[list[str]]:
    """The lines of each chunk."""
    return [[row.text for row in chunk.rows] for chunk in laid.chunks]


def stands_in(some: list[str], file: list[str]) -> bool:
    """Is it a stretch of the file?"""
    return any(file[at : at + len(some)] == some for at in range(len(file) - len(some) + 1))


class Files:
    """A file and what a random series makes of it; lines that are met everywhere among them."""

    def __init__(self, seed: int, size: int, common: float):
        self.random, self.common, self.made = random.Random(seed), common, 0
        self.versions = [[self.line() for _ in range(size)]]

    def line(self) -> str:
        self.made += 1
        return self.random.choice(COMMON) if self.random.random() < self.common else f"\tline_{self.made}(a);"

    def change(self) -> None:
        new = list(self.versions[-1])
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randrange(len(new) + 1)
            new[at : at + self.random.choice((0, 0, 1, 2, 6))] = [
                self.line() for _ in range(self.random.choice((0, 1, 2, 8)))
            ]
        self.versions.append(new or ["int x;"])


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10**9),
    st.integers(5, 80),
    st.sampled_from((0.1, 0.5, 0.8)),
    st.integers(1, 6),
    st.sampled_from((1, 2, 3, 8)),
)
def test_what_is_known_stands_in_the_file(seed, size, common, patches, context):
    files, laid = Files(seed, size, common), Laid()
    for n in range(1, patches + 1):
        files.change()
        old, new = files.versions[-2:]
        doubts = laid.lay(hunks(old, new, context), n)
        assert doubts == []
        assert all(stands_in(some, new) for some in known(laid)), (known(laid), new)
        for chunk in laid.chunks:
            assert chunk.text.split("\n") == new[chunk.first - 1 : chunk.stop - 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 60), st.sampled_from((0.1, 0.8)), st.integers(1, 6))
def test_of_a_file_that_is_known_all_is_known(seed, size, common, patches):
    files = Files(seed, size, common)
    laid = Laid.of_text("\n".join([*files.versions[0], ""]))
    for n in range(1, patches + 1):
        files.change()
        assert laid.lay(hunks(*files.versions[-2:]), n) == []
        assert known(laid) == [files.versions[-1]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(30, 60), st.integers(3, 6), st.integers(0, 11))
@example(78918423, 55, 5, 1)  # two chunks have one number, and the later hunk is about the upper one
def test_of_a_series_with_a_hole_what_is_not_doubted_and_was_seen_after_it_stands_in_the_file(
    seed, size, patches, which
):
    """A patch in between is missing. The lines that a later hunk showed stand below each other in the file as it shows them."""
    files, laid = Files(seed, size, 0.3), Laid()
    hole = 2 + which % (patches - 2)
    for n in range(1, patches + 1):
        files.change()
        if n == hole:
            continue
        some = hunks(*files.versions[-2:])
        laid.lay(some, n)
        for hunk in some:
            after = [text for _, text in hunk.after()]
            assert any(stands_in(after, rows) for rows in known(laid)) or any(
                row.doubt for c in laid.chunks for row in c.rows
            )


def one(text: str) -> tuple[Hunk, ...]:
    return read_files(["--- a/x.c", "+++ b/x.c", *text.split("\n")], Notes())[0].hunks


FIRST = one(
    "@@ -10,0 +11,6 @@ int above(void)\n+void take(struct dev *d)\n+{\n+\tspin_lock(&d->lock);\n+\td->users++;\n+\tspin_unlock(&d->lock);\n+}"
)


@pytest.mark.parametrize(
    ("damaged", "marked"),
    [
        # a line that is taken away is not there
        ("@@ -12,3 +12,3 @@ void take(struct dev *d)\n {\n-\tmutex_lock(&d->lock);\n+\tmutex_lock(&d->other);\n \td->users++;", True),
        # far below, in another function with the same lines
        ("@@ -112,3 +112,3 @@ void drop(struct dev *d)\n {\n-\tmutex_lock(&d->lock);\n+\tmutex_lock(&d->other);\n \td->users++;", False),
        # lines of the hunk are missing
        ("@@ -12,5 +12,5 @@ void take(struct dev *d)\n {\n-\tspin_lock(&d->lock);\n", True),
    ],
)  # fmt: skip
def test_a_hunk_that_does_not_fit_is_doubted_where_it_would_lie(damaged, marked):
    laid = Laid()
    assert laid.lay(FIRST, 1) == []
    doubts = laid.lay(one(damaged), 2)
    rows = [row for chunk in laid.chunks for row in chunk.rows if row.patch == 1]
    assert bool(doubts) == marked == any(row.doubt for row in rows)
    assert next(row.text for row in rows) == "void take(struct dev *d)"


def test_a_hunk_that_two_chunks_share_makes_them_one():
    lines = [f"line number {n};" for n in range(1, 31)]
    middle = [*lines[:14], "new;", *lines[14:]]
    laid = Laid()
    first = [*lines[:8], "A;", *lines[9:20], "B;", *lines[21:]]
    laid.lay(hunks(lines, first), 1)
    assert [len(rows) for rows in known(laid)] == [7, 7]
    second = [*first[:14], "new;", *first[14:]]
    laid.lay(hunks(first, second), 2)
    assert known(laid) == [second[5:25]], middle


def test_each_line_knows_the_patch_that_brought_it_and_its_place():
    old = ["a one;", "b two;", "c three;"]
    laid = Laid()
    laid.lay(hunks(old, new := ["a one;", "b new;", "c three;"]), 1)
    laid.lay(hunks(new, ["a one;", "b new;", "d four;", "c three;"]), 2)
    assert [(row.text, row.patch, row.line) for row in laid.chunks[0].rows] == [
        ("a one;", 1, 4), ("b new;", 1, 6), ("d four;", 2, 6), ("c three;", 1, 7),
    ]  # fmt: skip


def test_white_space_that_a_mail_program_changed_does_not_matter():
    old = ["\tif (a)", "\t\tb();", "\tc();", ""]
    laid = Laid()
    laid.lay(hunks(old, new := ["\tif (a)", "\t\tb();", "\td();", ""]), 1)
    spaced = [line.expandtabs(8) for line in new]
    assert laid.lay(hunks(spaced, ["        if (a)", "                e();", *spaced[2:]]), 2) == []
    assert [squeezed(text) for text in known(laid)[0]] == ["if (a)", "e();", "d();", ""]


TWINS = "".join(
    f"void {name}(void)\n{{\n\tspin_lock(&lock);\n\tusers++;\n\tspin_unlock(&lock);\n}}\n\n"
    for name in ("alt_get", "dev_get")
)
IN_TWIN = "@@ -{at},5 +{at},3 @@ void {name}(void)\n {{\n-\tspin_lock(&lock);\n \tusers++;\n-\tspin_unlock(&lock);\n }}"


@pytest.mark.parametrize(
    ("at", "name", "changed"),
    [
        (2, "alt_get", 0),
        (9, "dev_get", 1),
        (2, "dev_get", 1),  # the numbers lead to the other function, and the heading does not
        (5, "dev_get", 1),
        (5, "other_get", None),  # two functions have these lines, and nothing tells which is meant
    ],
)
def test_two_functions_with_the_same_lines(at, name, changed):
    laid = Laid.of_text(TWINS)
    doubts = laid.lay(one(IN_TWIN.format(at=at, name=name)), 1)
    lines = [row.text for row in laid.chunks[0].rows]
    left = [
        "\tspin_lock(&lock);" in some
        for some in (lines[: lines.index("void dev_get(void)")], lines[lines.index("void dev_get(void)") :])
    ]
    assert left == [k != changed for k in range(2)]
    assert bool(doubts) == (changed is None)


FEW = "void f(void)\n{\n\tunique_line_one();\n\tgoto out;\n}\n"


@pytest.mark.parametrize(
    ("hunk", "laid_"),
    [
        # all of it, one line that is met nowhere else, its numbers off by ten
        ("@@ -12,4 +12,5 @@ void f(void)\n {\n \tunique_line_one();\n+\tnew();\n \tgoto out;\n }", True),
        # the same in a function of another name
        ("@@ -12,4 +12,5 @@ void g(void)\n {\n \tunique_line_one();\n+\tnew();\n \tgoto out;\n }", False),
        # two lines are too few
        ("@@ -14,2 +14,3 @@ void other(void)\n \tgoto out;\n+\tnew();\n }", False),
        # two lines with no heading, one of them met nowhere else: too few
        ("@@ -14,2 +14,3 @@\n \tunique_line_one();\n+\tnew();\n \tgoto out;", False),
        # three lines, at one place alone, and none of them is met nowhere else
        ("@@ -31,3 +31,4 @@\n \ttwice_as_long();\n+\tnew();\n \tgoto out;\n }", False),
        # three lines, and one is not there
        ("@@ -21,3 +21,4 @@\n {\n+\tnew();\n \tunique_line_two();\n \tgoto out;", False),
    ],
)  # fmt: skip
def test_a_hunk_whose_numbers_are_off_is_laid_where_its_lines_are_enough(hunk, laid_):
    laid = Laid.of_text(
        FEW
        + "void g1(void)\n{\n\ttwice_as_long();\n\tgoto out;\n}\nvoid g2(void)\n{\n\ttwice_as_long();\n\treturn;\n}\n"
    )
    laid.lay(one(hunk), 1)
    assert laid.exact != laid_, "and then its numbers are trusted no more"
    assert ("\tnew();" in [row.text for row in laid.chunks[0].rows]) == laid_


def test_beyond_what_is_known_there_may_be_context_alone_where_the_numbers_are_off():
    part = [Chunk(1, [Row(text, 0, n, squeezed(text)) for n, text in enumerate(FEW.splitlines(), 1)])]
    lines = " {\n \tunique_line_one();\n \tgoto out;\n }\n"
    for below, fits in ((" int behind;\n+int new;", True), ("-int behind;\n+int new;", False)):
        laid = Laid([Chunk(1, list(part[0].rows))])
        laid.lay(one(f"@@ -32,5 +32,{6 if fits else 5} @@ void f(void)\n{lines}{below}"), 1)
        assert (len(laid.chunks) == 1) == fits


def test_the_same_hunk_twice_counts_once_and_two_over_the_same_lines_are_not_laid():
    hunk = "@@ -3,2 +3,3 @@ void f(void)\n \tunique_line_one();\n+\tnew();\n \tgoto out;"
    laid = Laid.of_text(FEW)
    assert laid.lay([*one(hunk), *one(hunk)], 1) == []
    assert [row.text for row in laid.chunks[0].rows].count("\tnew();") == 1
    laid = Laid.of_text(FEW)
    [doubt] = laid.lay([*one(hunk), *one("@@ -4,2 +5,1 @@ void f(void)\n-\tgoto out;\n }")], 1)
    assert doubt.why == "it changes lines that another hunk of the patch shows"
    laid = Laid.of_text(FEW)
    laid.lay([*one("@@ -4,2 +4,1 @@\n-\tgoto out;\n }"), *one("@@ -5 +4 @@\n-}\n+} /* end */")], 1)
    assert any(row.doubt for row in laid.chunks[0].rows), "and no traceback"


@pytest.mark.parametrize(
    ("head", "lost"), [("@@ -3,2 +3,3 @@", False), ("@@ -3,2 +1,3 @@", True), ("@@ -3,2 +5,3 @@", True)]
)
def test_numbers_tell_that_a_hunk_above_is_missing(head, lost):
    laid = Laid.of_text(FEW)
    doubts = laid.lay(one(f"{head} void f(void)\n \tunique_line_one();\n+\tnew();\n \tgoto out;"), 1)
    assert [doubt.why for doubt in doubts] == ["by its numbers a hunk above it is missing"] * lost
    assert all(bool(row.doubt) == lost for row in laid.chunks[0].rows if not row.patch)


def test_a_hunk_that_does_not_fit_a_file_that_is_known_doubts_the_function_in_its_heading():
    laid = Laid.of_text(FEW)
    [doubt] = laid.lay(one("@@ -40,2 +40,2 @@ void f(void)\n-\tgone_line_here();\n+\tx();\n \tgoto out;"), 1)
    assert [row.text for row in laid.chunks[0].rows if row.doubt] == ["void f(void)"] and doubt.line == 3


def test_a_doubt_stays_where_two_chunks_become_one():
    laid = Laid(
        [
            Chunk(1, [Row("a one;", 1, 1, "a one;")]),
            Chunk(3, [Row("c three;", 1, 3, "c three;", True, Doubt(1, 9, "x"))]),
        ]
    )
    laid.lay(one("@@ -1,3 +1,4 @@\n a one;\n b two;\n+new;\n c three;"), 2)
    assert [row.text for row in laid.chunks[0].rows] == ["a one;", "b two;", "new;", "c three;"]
    assert [bool(row.doubt) for row in laid.chunks[0].rows] == [False, False, False, True]
    assert len(laid.chunks) == 1


def test_where_numbers_were_off_chunks_that_only_touch_stay_two():
    for exact, count in ((True, 1), (False, 2)):
        laid = Laid([Chunk(1, [Row("a one;", 1, 1, "a one;")]), Chunk(2, [Row("b two;", 1, 2, "b two;")])], exact=exact)
        laid.lay(one("@@ -40,2 +40,3 @@\n x forty;\n+new;\n y more;"), 2)
        assert len(laid.chunks) == count + 1
