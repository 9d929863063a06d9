"""Diffstats read backwards, checked against git's rule run forwards; diffs counted, checked against unidiff."""

import pytest
import unidiff
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.mail.agree import mismatches
from tdxkit.mail.diffstat import diffstats
from tdxkit.mail.lines import Notes
from tdxkit.mail.names import unquoted
from tdxkit.mail.patchdiff import diff_start, read_diff


def drawn(rows, width):
    """git's rule forwards: the bar of each (added, removed) when the longest may be `width` long, and the totals."""
    largest = max(a + r for a, r in rows)

    def scale(count):
        return 1 + count * (width - 1) // largest if count else 0

    lines = []
    digits = len(str(largest))
    for k, (added, removed) in enumerate(rows):
        plus, minus = added, removed
        if width <= largest:
            total = scale(added + removed)
            if total < 2 and added and removed:
                total = 2
            if added < removed:
                plus = scale(added)
                minus = total - plus
            else:
                minus = scale(removed)
                plus = total - minus
        lines.append(f" dir/file{k}.c | {added + removed:{digits}} {'+' * plus}{'-' * minus}".rstrip())
    return [*lines, totals(rows)]


def totals(rows):
    a, r = sum(x for x, _ in rows), sum(x for _, x in rows)
    tail = (f", {a} insertions(+)" if a else "") + (f", {r} deletions(-)" if r else "")
    return f" {len(rows)} files changed{tail}"


def applied(rows, width):
    """The rule of `git apply --stat` forwards: five columns a number, both shares rounded, so that a sign may be too few."""
    largest = max(a + r for a, r in rows)
    lines = []
    for k, (added, removed) in enumerate(rows):
        room = min(width, largest)
        both = ((added + removed) * room + largest // 2) // largest
        plus = (added * room + largest // 2) // largest
        lines.append(f" dir/file{k}.c |{added + removed:5} {'+' * plus}{'-' * (both - plus)}")
    return [*lines, totals(rows)]


def only(lines):
    (found,) = list(diffstats(lines))
    return found[2]


counts = st.tuples(st.integers(0, 300), st.integers(0, 300))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([drawn, applied]),
    st.lists(counts, min_size=1, max_size=8).filter(lambda r: any(a + b for a, b in r)),
    st.integers(5, 60),
)
def test_bounds_always_hold_the_truth(tool, rows, width):
    stat = only(tool(rows, width))
    assert stat.consistent or tool is applied
    for file, (added, removed) in zip(stat.files, rows):
        assert file.changes == added + removed
        assert file.added[0] <= added <= file.added[1] and file.removed[0] <= removed <= file.removed[1]
        assert file.added[0] >= 0 and file.removed[0] >= 0


@given(
    st.sampled_from([drawn, applied]),
    st.lists(counts, min_size=1, max_size=4).filter(lambda r: any(a + b for a, b in r)),
)
def test_unscaled_bars_are_exact(tool, rows):
    assert all(f.exact and f.added[0] == a for f, (a, _) in zip(only(tool(rows, 9999)).files, rows))


def test_a_scaled_bar_of_another_tool_bounds_nothing_that_the_total_does_not():
    """Five added lines and one removed are drawn as three plus signs: no minus is no proof."""
    stat = only(applied([(53, 26), (5, 1)], 44))
    assert stat.files[1].shown_as == "dir/file1.c" and applied([(53, 26), (5, 1)], 44)[1].endswith("|    6 +++")
    assert [f.added for f in stat.files] == [(52, 58), (0, 6)]
    assert [f.added for f in only(drawn([(53, 26), (5, 1)], 44)).files] == [(53, 53), (5, 5)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=1, max_size=3).filter(
        lambda r: max(map(sum, r)) > 6
    ),
    st.integers(5, 6),
)
def test_no_tighter_bound_is_true(rows, width):
    """Each end of each bound is reached by some diff that git draws the same: the hull is exact, by brute force."""
    lines = drawn(rows, width)
    stat = only(lines)
    insertions = sum(a for a, _ in rows)
    choices = [list(range(a0 + r0 + 1)) for a0, r0 in rows]
    reached = [set() for _ in rows]
    stack = [()]
    while stack:
        taken = stack.pop()
        if len(taken) == len(rows):
            other = [(a, sum(row) - a) for a, row in zip(taken, rows)]
            if sum(taken) == insertions and drawn(other, width) == lines:
                for seen, a in zip(reached, taken):
                    seen.add(a)
            continue
        k = len(taken)
        lo, hi = stat.files[k].added
        stack += [(*taken, a) for a in choices[k] if lo <= a <= hi]
    for file, seen in zip(stat.files, reached):
        # a bound may be loose where the counts that git draws alike have a hole; never by more than one row's hole
        assert seen and file.added[0] <= min(seen) and max(seen) <= file.added[1]
        if len(rows) == 1:
            assert file.exact


@pytest.mark.parametrize(
    ("shown", "path", "before"),
    [
        ("a/b.c", "a/b.c", ""),
        ("arch/{kvm/vmx => include/asm}/errno.h", "arch/include/asm/errno.h", "arch/kvm/vmx/errno.h"),
        ("dir/{ => sub}/f.c", "dir/sub/f.c", "dir/f.c"),
        ("dir/{sub => }/f.c", "dir/f.c", "dir/sub/f.c"),
        ("old.c => new.c", "new.c", "old.c"),
        ("{old => new}/f.c", "new/f.c", "old/f.c"),
        ('"caf\\303\\251 \\"x\\".c"', 'café "x".c', ""),
        ("new.c (new)", "new.c", ""),
        ("run.sh (mode +x)", "run.sh", ""),
        (".../a/long/path.c", ".../a/long/path.c", ""),
        ("odd | name.c", "odd | name.c", ""),
        ("dir/{=> sub}/f.c", "dir/sub/f.c", "dir/f.c"),
        (".../{vmx => include}/errno.h", ".../include/errno.h", ".../vmx/errno.h"),
        ("...vmx => include/asm}/errno.h", "...include/asm/errno.h", ""),
        (".../asm}/errno.h", ".../asm/errno.h", ""),
    ],
)
def test_paths(shown, path, before):
    file = only([f" {shown} | 2 ++", " 1 file changed, 2 insertions(+)"]).files[0]
    assert (file.path, file.renamed_from, file.abbreviated) == (path, before, shown.startswith("..."))


def test_binary_empty_and_left_out_rows():
    stat = only([" a.bin | Bin 0 -> 12 bytes", " b | 0", " ...", " 3 files changed, 0 insertions(+), 0 deletions(-)"])
    assert [f.binary for f in stat.files] == [True, False] and not stat.consistent


def test_only_a_total_makes_a_diffstat():
    assert not list(diffstats([" Value | 3", " Other | 4 +", "text"]))
    assert [s[2].files_changed for s in diffstats([" 0 files changed"])] == [0]


@pytest.mark.parametrize(
    "rows",
    [
        [" a | 9 +-", " b | 99 ++++++++++++++++++++----------", " c | 4 ++++++++++++++"],
        [" a | 9", " 9 | 1 ++++"],
        [" a | 999999999999 +", " b | 1 -"],
    ],
)
def test_edited_bars_are_bounded_by_their_signs_and_said(rows):
    stat = only([*rows, f" {len(rows)} files changed, 5 insertions(+)"])
    assert not stat.consistent
    assert all(0 <= f.added[0] <= f.added[1] <= f.changes for f in stat.files)


def test_a_row_too_many_or_totals_that_lie_are_said():
    lines = drawn([(30, 4), (5, 9)], 10)
    assert only(lines).consistent
    assert not only([lines[0], *lines]).consistent
    assert not only([*lines[:-1], " 2 files changed, 34 insertions(+), 13 deletions(-)"]).consistent


@given(st.binary(max_size=30))
def test_any_quoted_path_is_unquoted_to_some_text(raw):
    unquoted('"' + raw.decode("latin-1") + '"').encode()


# The last two files are broken or bare; what stands before WHOLE any tool reads.
DIFF = """diff --git a/x/a.c b/x/a.c
index 1..2 100644
--- a/x/a.c
+++ b/x/a.c
@@ -1,3 +1,4 @@ fn
 one
--- two
+++ two
+three
 four
@@ -10 +11,0 @@
-ten
\\ No newline at end of file
diff --git a/old.c b/new.c
similarity index 90%
rename from old.c
rename to new.c
--- a/old.c
+++ b/new.c
@@ -1 +1 @@
-x
+y
diff --git a/pic.png b/pic.png
new file mode 100644
index 0..1
Binary files /dev/null and b/pic.png differ
diff --git a/gone.c b/gone.c
deleted file mode 100644
--- a/gone.c
+++ /dev/null
@@ -1,2 +0,0 @@
-a

diff --git "a/caf\\303\\251.c" "b/caf\\303\\251.c"
old mode 100644
new mode 100755
--
2.43.0
""".splitlines()
WHOLE = DIFF.index("diff --git a/pic.png b/pic.png")


def test_diff_counted_with_traps():
    notes = Notes()
    diff = read_diff(DIFF, notes)
    found = [(f.path, f.added[0], f.removed[0], f.renamed_from, f.binary) for f in diff.stat.files]
    assert found == [
        ("x/a.c", 2, 2, "", False),
        ("new.c", 1, 1, "old.c", False),
        ("pic.png", 0, 0, "", True),
        ("gone.c", 0, 1, "", False),  # its second line was eaten with its minus: the hunk is short
        ("café.c", 0, 0, "", False),
    ]
    assert diff.broken == len(notes) == 1


def test_counts_agree_with_unidiff():
    text = "\n".join(DIFF[:WHOLE]) + "\n"
    theirs = [(f.path, f.added, f.removed) for f in unidiff.PatchSet(text)]
    assert theirs == [(f.path, f.added[0], f.removed[0]) for f in read_diff(DIFF[:WHOLE], Notes()).stat.files]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("ab"), max_size=9), st.lists(st.sampled_from("ab"), max_size=9)),
        min_size=1,
        max_size=4,
    )
)
def test_counts_agree_with_unidiff_on_diffs_of_difflib(files):
    from difflib import unified_diff

    lines = []
    for k, (old, new) in enumerate(files):
        lines += unified_diff(old, new, f"a/f{k}", f"b/f{k}", lineterm="")
    theirs = [(f.path, f.added, f.removed) for f in unidiff.PatchSet("\n".join(lines))]
    assert theirs == [(f.path, f.added[0], f.removed[0]) for f in read_diff(lines, Notes()).stat.files]


def test_an_empty_context_line_may_have_lost_its_space():
    lines = ["diff --git a/a b/a", "--- a/a", "+++ b/a", "@@ -1,3 +1,3 @@", " one", "", "-x", "+y"]
    diff = read_diff(lines, Notes())
    assert diff.broken == 0 and (diff.stat.insertions, diff.stat.deletions) == (1, 1)


def test_a_wrapped_line_is_named_and_counting_goes_on():
    lines = [
        "diff --git a/a b/a",
        "--- a/a",
        "+++ b/a",
        "@@ -1,3 +1,3 @@",
        " one",
        "-two that was",
        "wrapped",
        "+x",
        " y",
    ]
    lines += ["diff --git a/b b/b", "--- a/b", "+++ b/b", "@@ -1 +1 @@", "-1", "+2"]
    notes = Notes()
    diff = read_diff(lines, notes, first=100)
    assert diff.broken == 1 and "line 106" in str(notes)
    assert [(f.path, f.added[0], f.removed[0]) for f in diff.stat.files] == [("a", 0, 1), ("b", 1, 1)]


def test_the_stated_diffstat_is_held_against_the_diff():
    diff = read_diff(DIFF[:WHOLE], Notes())
    honest = only(
        [" x/a.c          | 4 ++--", " old.c => new.c | 2 +-", " 2 files changed, 3 insertions(+), 3 deletions(-)"]
    )
    assert mismatches(honest, diff) == ()
    liar = only([" x/a.c | 5 ++---", " z.c | 1 +", " 2 files changed, 3 insertions(+), 3 deletions(-)"])
    said = " / ".join(mismatches(liar, diff))
    assert (
        "x/a.c: the diffstat has 5" in said
        and "z.c is in the diffstat and not" in said
        and "new.c is in the diff and not" in said
    )
    cut = only([" .../a.c | 4 ++--", " .../new.c | 2 +-", " 2 files changed, 3 insertions(+), 3 deletions(-)"])
    assert mismatches(cut, diff) == ()


def test_where_a_diff_begins():
    assert diff_start(["text", "--- ", "more"]) is None
    assert diff_start(["text", "--- a", "+++ b"]) == 1
    assert diff_start(["diff --git a/x b/x"]) == 0
