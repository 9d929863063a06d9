"""A file cut into mails: what separates them, what stands before the first, and how much of one is kept."""

import pytest

from tdxkit.intake import opened
from tdxkit.mail import mbox
from tdxkit.mail.lines import Notes
from tdxkit.mail.mbox import MAIL_LIMIT, RawMail, raw_mails

MARK = "From one@x.org Tue Feb 18 18:47:01 2020\n"
GIT = f"From {'1a' * 20} Mon Sep 17 00:00:00 2001\n"
HEAD = "From: One <one@x.org>\nSubject: {}\n\n"


def cut(text: str | bytes, keep: bool = False):
    notes = Notes()
    with opened(text if isinstance(text, bytes) else text.encode()) as stream:
        mails = [mail for mail in raw_mails(stream, notes, keep) if isinstance(mail, RawMail)]
    return mails, str(notes)


def shapes(text, keep=False):
    return [(mail.line, mail.data.decode(), mail.bare, mail.marked) for mail in cut(text, keep)[0]]


A, B = HEAD.format("a") + "text a\n", HEAD.format("b") + "text b\n"


@pytest.mark.parametrize("mark", [MARK, GIT, "From nobody\n", "From one@x.org\n", "From a at x.org  Tue Feb 18 18:47:01 2020\n"])  # fmt: skip
def test_separators(mark):
    assert shapes(f"{mark}{A}\n{mark}{B}") == [(2, A + "\n", "", True), (8, B, "", True)]


@pytest.mark.parametrize(
    "line",
    ["From here on it is clear.", "From one Mon Sep 17 00:00:00 2001", "From x", "-" * 70, "-" * 30, "commit 1a2b3c4"],
)
def test_what_cuts_no_mail(line):
    """Prose, and separators below which no header stands."""
    text = f"{MARK}{A}\n{line}\n\nmore text\n"
    assert shapes(text) == [(2, text[len(MARK) :], "", True)]


def test_a_file_that_begins_with_a_header_has_no_separators():
    text = f"{A}\n{MARK}{B}"
    assert shapes(text) == [(1, text, "", False)]


def test_a_separator_of_git_needs_no_blank_line_above():
    assert [line for line, *_ in shapes(f"{GIT}{A}{GIT}{B}")] == [2, 7]
    assert [line for line, *_ in shapes(f"{MARK}{A}{MARK}{B}")] == [2]  # another one does


def test_a_separator_without_a_date_counts_only_where_the_file_begins_with_one():
    assert len(shapes(f"{MARK}{A}\nFrom nobody\n{B}")) == 1
    assert len(shapes(f"From nobody\n{A}\nFrom somebody\n{B}")) == 2
    assert len(shapes(f"From nobody\n{A}\n{MARK}{B}\nFrom somebody\n{A}")) == 3


def test_a_digest_is_cut_at_its_rules():
    rule = "-" * 30 + "\n\n"
    text = "Send list submissions to\n\n" + "-" * 70 + "\n\n" + f"Message: 1\n{A}\n{rule}Message: 2\n{B}\n{rule}End of Digest\n"  # fmt: skip
    found = shapes(text)
    assert [(line, data.split("\n")[0], marked) for line, data, _, marked in found] == [(5, "Message: 1", True), (13, "Message: 2", True)]  # fmt: skip
    assert "lines before the first header" in cut(text)[1]


def test_a_digest_that_is_a_mail_is_cut_too_and_an_answer_to_it_is_not():
    inner = "\n" + "-" * 70 + f"\n\nMessage: 1\n{A}"
    head = "From: l@x.org\nSubject: {} Digest, Vol 1, Issue 2\n\nTopics\n"
    assert len(shapes(head.format("Kvm") + inner)) == 2
    assert len(shapes(head.format("Re: Kvm") + inner)) == 1
    assert len(shapes(head.format("Kvm") + inner.replace("\n\nMessage", "\nMessage"))) == 1


@pytest.mark.parametrize("below", ["Author: A <a@x>", "AuthorDate: x", "Merge: 1 2", "tree 1a2b"])
def test_git_log_is_cut_at_its_commits(below):
    one = f"{below}\n\n    title\n\n"
    first, second = f"commit {'1a' * 20}\n", f"commit {'2b' * 20} (HEAD -> main)\n"
    assert shapes(first + one + second + one) == [(1, one, "commit", True), (6, one, "commit", True)]


def test_a_line_that_begins_with_commit_is_one_only_above_an_author():
    one = "Author: A <a@x>\n\n    title\n\n"
    text = f"commit {'1a' * 20}\n{one}commit {'2b' * 20}\nis bad\n"
    assert len(shapes(text)) == 1
    assert len(shapes(f"{MARK}{A}\ncommit {'1a' * 20}\n{one}")) == 1


@pytest.mark.parametrize(
    "first",
    ["diff --git a/x b/x", "diff --cc x", "diff -u x y", "--- a/x", "Index: x", "Submodule x 1a2b3c4..5d6e7f8:"],
)
def test_a_bare_diff_is_no_mail_and_given_with_what_stands_above(first):
    assert shapes(f"{first}\n+a\n") == [(1, f"{first}\n+a\n", "text", False)]
    assert shapes(f"A title\n\n{first}\n+a\n") == [(1, f"A title\n\n{first}\n+a\n", "text", False)]
    assert cut(f"A title\n\n{first}\n+a\n")[1] == ""


def test_mails_below_a_bare_diff_are_told():
    diff = "--- a/x\n+++ b/x\n\n"
    assert [(line, bare) for line, _, bare, _ in shapes(f"{diff}{MARK}{A}")] == [(1, "text"), (5, "")]


def test_what_stands_before_the_first_header_is_skipped_and_counted_or_kept():
    text = f"one\n\ntwo\n{A}"
    assert shapes(text) == [(4, A, "", False)] and cut(text)[1] == "2 lines before the first header of a mail are skipped"  # fmt: skip
    assert shapes(text, keep=True) == [(1, text, "text", False)] and cut(text, keep=True)[1] == ""
    assert shapes("\n" + A) == [(2, A, "", False)] and cut("\n" + A)[1] == ""
    assert shapes("only\ntext\n") == [] and cut("only\ntext\n")[1].startswith("2 lines before")
    assert shapes("only\ntext\n", keep=True) == [(1, "only\ntext\n", "text", False)]
    assert shapes("", keep=True) == []


def test_below_other_text_a_header_is_a_usual_one():
    assert shapes("x: y\ntext\n") == [(1, "x: y\ntext\n", "", False)]
    assert shapes("text\nx: y\nmore\n") == []
    assert [line for line, *_ in shapes("text\nx: y\nSubject: z\n")] == [3]


def test_a_file_with_odd_text_at_its_top_is_cut_at_separators():
    assert [line for line, *_ in shapes(f"text\n\n{MARK}{A}\n{MARK}{B}")] == [4, 10]
    assert [line for line, *_ in shapes(f"Odd: y\n{A}\n{MARK}{B}")] == [1, 8]


def test_blank_lines_and_what_may_be_a_separator_belong_to_the_mail():
    text = f"{A}\n\n\nFrom me\n\n\n"
    assert shapes(MARK + text) == [(2, text, "", True)]
    assert shapes(f"{MARK}{A}\n{MARK}") == [(2, f"{A}\n{MARK}", "", True)]
    assert shapes(f"{MARK}{A}\n{MARK}{MARK}") == [(2, f"{A}\n{MARK}{MARK}", "", True)]


def test_carriage_returns_separate_as_well():
    text = f"{MARK}{A}\n{MARK}{B}".replace("\n", "\r\n")
    assert [(line, marked) for line, _, _, marked in shapes(text)] == [(2, True), (8, True)]


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("rest", ["y\n", "\n", "From x\n", "z\n\nz\n"])
def test_of_a_mail_eight_mebibytes_are_kept(monkeypatch, more, rest):
    """To the line that passes the limit, which is said once."""
    assert MAIL_LIMIT == 8 * 1024 * 1024
    monkeypatch.setattr(mbox, "MAIL_LIMIT", 1000)
    text = A + ("x" * 9 + "\n") * ((1000 - len(A)) // 10)
    text += "x" * (999 - len(text) + more) + "\n"
    assert len(text) == 1000 + more
    (mail, other), notes = cut(f"{MARK}{text}{rest * 3}\n{MARK}{B}")
    assert other.data.decode() == B and mail.data.decode().startswith(text)
    kept = mail.data.decode()[len(text) :]
    over = len(text + kept) > 1000
    assert not kept.strip() or not more
    assert notes.count("the mail that begins at line 2 is longer than 0 MiB; its rest is skipped") == over
    assert len(kept) <= (0 if more else len(rest.split("\n")[0]) + 1)
    if more:
        assert notes.startswith(f"line {text.count(chr(10)) + 1}: the mail that begins at line 2")


def test_the_limit_of_a_mail_is_said_in_mebibytes(monkeypatch):
    monkeypatch.setattr(mbox, "MAIL_LIMIT", 3 << 20)
    assert cut(f"{MARK}{A}" + ("x" * 1023 + "\n") * 3073)[1].endswith("is longer than 3 MiB; its rest is skipped")


def test_what_is_before_any_mail_is_not_called_a_mail_that_is_too_long(monkeypatch):
    monkeypatch.setattr(mbox, "MAIL_LIMIT", 100)
    assert cut("x\n" * 500)[1] == "500 lines before the first header of a mail are skipped"
