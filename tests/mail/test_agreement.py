"""A note that a diffstat and a diff do not agree: never without proof, whatever tool drew the one and whatever names the other has."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.mail.agree import mismatches
from tdxkit.mail.diffstat import diffstats
from tdxkit.mail.lines import Notes
from tdxkit.mail.mailbox import read_mails
from tdxkit.mail.patchdiff import read_diff

HUNK = ["@@ -1,3 +1,4 @@ fn", " one", "-two", "+three", "+more", " four"]


def diff(*names, git=True):
    """A diff of files that each gain two lines and lose one."""
    lines = []
    for name in names:
        before, after = name if isinstance(name, tuple) else (f"a/{name}", f"b/{name}")
        lines += [f"diff --git {before} {after}"] * git + [f"--- {before}", f"+++ {after}", *HUNK]
    return lines


def said(rows, lines, total=None):
    notes = Notes()
    read = read_diff(lines, notes)
    assert not len(notes)
    text = [*rows, total or f" {len(rows)} files changed, {2 * len(rows)} insertions(+), {len(rows)} deletions(-)"]
    ((_, _, stat),) = diffstats(text)
    return mismatches(stat, read)


AGREE = {
    "git": ([" mm/x.c | 3 ++-", " mm/y.c | 3 ++-"], ["mm/x.c", "mm/y.c"]),
    "leading blank eaten": (["mm/x.c | 3 ++-", "mm/y.c | 3 ++-"], ["mm/x.c", "mm/y.c"]),
    "blanks squeezed in a name": ([" Docs/a b.txt | 3 ++-"], ["Docs/a  b.txt"]),
    "blanks squeezed in a rename": ([" mm/{=> core}/x.c | 3 ++-"], ["mm/core/x.c"]),
    "cut by git at a slash": ([" .../deep/down/x.c | 3 ++-"], ["very/long/way/deep/down/x.c"]),
    "cut by git in a name": ([" ...gname.c | 3 ++-"], ["averylongname.c"]),
    "cut within a rename": ([" .../vmx => inc/asm}/errno.h | 3 ++-"], ["arch/inc/asm/errno.h"]),
    "common directory left out": (
        [" x.c |    3 ++-", " sub/y.c |    3 ++-"],
        ["drivers/net/x.c", "drivers/net/sub/y.c"],
    ),
    "prefix left in": ([" b/mm/x.c |    3 ++-"], ["mm/x.c"]),
    "below a directory of the sender's": ([" kvm/mm/x.c | 3 ++-"], ["mm/x.c"]),
    "name cut without dots": ([" gname.c|    3 ++-"], ["averylongname.c"]),
    "bars of another tool": ([" mm/x.c |    3 ++", " mm/y.c |    3 +++"], ["mm/x.c", "mm/y.c"]),
    "same name in two places": ([" Makefile | 3 ++-", " mm/Makefile | 3 ++-"], ["Makefile", "mm/Makefile"]),
}


@pytest.mark.parametrize("kind", AGREE)
def test_no_false_alarm(kind):
    assert said(*map(list, (AGREE[kind][0], diff(*AGREE[kind][1])))) == ()


def test_rows_of_several_commits_in_one_mail():
    lines = diff("x.c", "x.c", "y.c")
    assert said([" x.c | 3 ++-", " x.c | 3 ++-", " y.c | 3 ++-"], lines) == ()
    assert said([" b/x.c | 3 ++-", " x.c | 3 ++-", " b/y.c | 3 ++-"], lines) == ()
    assert said([" x.c | 6 ++++--", " y.c | 3 ++-"], lines, " 2 files changed, 6 insertions(+), 3 deletions(-)") == ()


def test_modified_lines_are_no_added_ones():
    text = [" x.c |    2 +!"], diff("x.c"), " 1 file changed, 1 insertion(+), 1 modification(!)"
    assert said(*text) == ()


def test_what_is_not_in_the_diff_is_not_held_against_it():
    gone = ["diff --git a/x.c b/x.c", "deleted file mode 100644", "index 1111111..0000000"]  # format-patch -D
    assert said([" x.c | 9 ---------"], gone, " 1 file changed, 9 deletions(-)") == ()
    log = ["Submodule lib 1111111..2222222:", "  > a commit", *diff("x.c")]
    assert said([" lib | 2 +-", " x.c | 3 ++-"], log, " 2 files changed, 3 insertions(+), 2 deletions(-)") == ()
    merge = ["diff --cc x.c", "index 1,2..3", "--- a/x.c", "+++ b/x.c", "@@@ -1,1 -1,1 +1,2 @@@", "++x"]
    assert said([" x.c | 5 ++++-"], merge, " 1 file changed, 4 insertions(+), 1 deletion(-)") == ()
    binary = [
        "diff --git a/p.bin b/p.bin",
        "index 1..2 100644",
        "GIT binary patch",
        "literal 2",
        "Jc",
        "",
        *diff("x.c"),
    ]
    assert (
        said(
            [" p.bin | Bin 142 -> 2 bytes", " x.c | 3 ++-"], binary, " 2 files changed, 2 insertions(+), 1 deletion(-)"
        )
        == ()
    )


def test_a_file_without_lines_need_not_be_listed():
    lines = ["diff --git a/run.sh b/run.sh", "old mode 100644", "new mode 100755", *diff("x.c")]
    assert said([" x.c |    3 ++-"], lines) == ()
    assert said([" run.sh | 0", " x.c | 3 ++-"], lines, " 2 files changed, 2 insertions(+), 1 deletion(-)") == ()
    empty = ["diff --git a/new b/new", "new file mode 100644", "index 0000000..e69de29"]
    assert said([" new | 0"], empty, " 1 file changed, 0 insertions(+), 0 deletions(-)") == ()


WRONG = {
    "a line more": ([" x.c | 4 +++-"], "1 file changed, 3 insertions(+), 1 deletion(-)", "x.c: the diffstat has 4 changed lines, the diff 3"),
    "another file": ([" z.c | 3 ++-"], "1 file changed, 2 insertions(+), 1 deletion(-)", "z.c is in the diffstat and not in the diff"),
    "a file more": ([" x.c | 3 ++-", " z.c | 1 +"], "2 files changed, 3 insertions(+), 1 deletion(-)", "the diffstat says 2 files changed, the diff has 1"),
    "a total that lies": ([" x.c | 3 ++-"], "1 file changed, 5 insertions(+), 1 deletion(-)", "the diffstat says 5 insertions, the diff has 2"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_proved_is_said(kind):
    rows, total, sentence = WRONG[kind]
    assert sentence in said(rows, diff("x.c"), f" {total}")


def test_a_file_in_the_diff_alone_is_said_only_where_all_rows_are_there():
    lines = diff("x.c", "y.c")
    total = " 1 file changed, 2 insertions(+), 1 deletion(-)"
    assert "y.c is in the diff and not in the diffstat" in said([" x.c | 3 ++-"], lines, total)
    cut = said([" x.c | 3 ++-"], lines, " 2 files changed, 4 insertions(+), 2 deletions(-)")  # --stat-count
    assert cut == ()


MAIL = "From: One <one@example.org>\nSubject: {}\n\n{}\n\n{}\n"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("[PATCH] toy: revert", "This reverts the merge that said\n\n big.c | 900 +++\n 1 file changed, 900 insertions(+)\n\nfor a reason."),
        ("[PATCH 0/2] toy: a cover with what changed since", "All:\n\n x.c | 9 +++++++++\n 1 file changed, 9 insertions(+)\n"),
    ],
)  # fmt: skip
def test_a_quoted_diffstat_is_not_that_of_the_diff(subject, text):
    _, box = read_mails(MAIL.format(subject, text, "\n".join(diff("x.c"))).encode())
    assert not [note for note in box.notes if "diffstat says" in note.what or "in the diff" in note.what]


def test_a_broken_hunk_is_named_and_nothing_is_concluded_from_it():
    text = "---\n x.c | 3 ++-\n 1 file changed, 2 insertions(+), 1 deletion(-)\n"
    lines = [*diff("x.c")[:-2], "wrapped", "+more", " four"]
    _, box = read_mails(MAIL.format("[PATCH] x", text, "\n".join(lines)).encode())
    assert len(box.notes) == 1 and "does not add up" in str(box.notes)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=5, unique=True),
    st.sampled_from(["", "b/", "tree/", "cut"]),
    st.integers(0, 5),
    st.booleans(),
)
def test_any_cut_of_any_names_agrees_and_one_line_more_never_does(names, head, depth, foreign):
    paths = ["/".join(["dir"] * depth + [f"{name}.c"]) for name in names]
    shown = [f"...{p[p.index('/') :]}" if head == "cut" and "/" in p else f"{head * (head != 'cut')}{p}" for p in paths]
    rows = [f" {s} |{'    3 ++' if foreign else ' 3 ++-'}" for s in shown]
    assert said(rows, diff(*paths)) == ()
    more = f" {len(rows)} files changed, {2 * len(rows) + 1} insertions(+), {len(rows)} deletions(-)"
    assert said(rows, diff(*paths), more)


@pytest.mark.slow
def test_ten_thousand_files_of_one_name_cost_no_square():
    names = [f"d{k}/Makefile" for k in range(10_000)]
    rows = [f" {'x' * (k % 7)}/Makefile | 3 ++-" for k in range(10_000)]
    assert said(rows, diff(*names)) == ()
