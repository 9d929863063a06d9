"""Hunks laid over each other, judged by the files that they were cut from: what is known of a file stands in it, line below line."""

import difflib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.mail.hunks import Hunk
from tdxkit.mail.laid import Laid
from tdxkit.mail.lines import Notes
from tdxkit.mail.patchdiff import read_files
from tdxkit.mail.placing import squeezed

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
@given(st.integers(0, 10**9), st.integers(30, 60), st.integers(3, 6), st.data())
def test_of_a_series_with_a_hole_what_is_not_doubted_and_was_seen_after_it_stands_in_the_file(
    seed, size, patches, data
):
    """A patch in between is missing. The lines that a later hunk showed stand below each other in the file as it shows them."""
    files, laid = Files(seed, size, 0.3), Laid()
    hole = data.draw(st.integers(2, patches - 1))
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
