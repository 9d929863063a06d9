"""Hunks that are not as their heads count, and what is said of each; page heads, separators and digests at their edges."""

import pytest

from tdxkit.mail.fragments import pieces_of
from tdxkit.mail.lines import Notes
from tdxkit.mail.mailbox import read_mails
from tdxkit.mail.mbox import RawMail
from tdxkit.mail.mending import mended
from tests.mail.test_fragments import shapes as pieces
from tests.mail.test_mbox import GIT, HEAD, MARK, cut, shapes


def read(*lines: str):
    """Of each part the text, or of a hunk its line, whether it is whole, and its lines; and what is noted."""
    notes = Notes()
    parts = mended(lines, range(1, len(lines) + 1), notes).parts
    return [part if isinstance(part, str) else (part.line, part.whole, part.lines) for part in parts], str(notes)


@pytest.mark.parametrize(
    ("head", "said"),
    [("-1,3 +0,0", True), ("-0,0 +1,2", True), ("-5,0 +5,0", False), ("-1 +1", True)],
)
def test_a_head_without_its_lines_is_passed_over_and_said_where_it_counts_any(head, said):
    parts, notes = read(f"@@ {head} @@", "Text")
    assert parts == ["Text"]
    assert notes == ("line 1: the head of a hunk without the lines that it counts: passed over" if said else "")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("-a", "+b", "+c"), "here are 1 and 2: there are more"),
        (("-a",), "here are 1 and 0: some are missing"),
        (("-a", "-b"), "here are 2 and 0: some are others"),
        (("-a", "+b", "-c", "+d"), "here are 2 and 2: there are more"),
        ((" a", "+b"), "here are 1 and 2: there are more"),
    ],
)
def test_a_hunk_that_does_not_add_up_says_how(lines, said):
    (hunk,), notes = read("@@ -1 +1 @@", *lines)
    assert hunk == (1, False, lines)
    assert notes == f"line 1: the head of the hunk counts 1 lines before the change and 1 after it, {said}"


def test_what_stands_on_both_sides_of_a_hole_is_not_whole():
    (one, two), _ = read("> @@ -1,2 +1,2 @@", "> -a", "<snip>", "> +b", "> -c", "> +d", "> +e")
    assert one == (1, False, ("-a",)) and two == (3, False, ("+b", "-c", "+d", "+e"))


def test_a_blank_that_quoting_left_behind_is_told_by_the_counts():
    assert read(">@@ -1 +1 @@", "> -a", "> +b") == ([(1, True, ("-a", "+b"))], "")
    both, notes = read(">@@ -1,2 +1,2 @@", ">  a", ">  b")
    assert not both[0][1] or notes == ""


def test_an_index_or_a_name_tells_the_quoting_too():
    assert read("> Index: x.c", "> text", "why?") == (["Index: x.c", "text"], "")
    assert read("no head of anything", "> text") == (["no head of anything", "> text"], "")


def test_a_reply_under_a_blank_line_may_be_its_rest():
    for line, above, whole in (
        ("  rest", "> ", False),
        ("\trest", "> ", False),
        ("rest", "> ", True),
        ("  rest", ">  a", True),
    ):
        (hunk,), notes = read("> @@ -1,2 +1,2 @@", above, line, ">  b")
        assert "not quoted as it is: left out" in notes and hunk[1] == whole, (line, above)


PAGE = "* [PATCH 1/2] a\n@ 2024-01-01 10:00 One\n"
FROM = "From: One @ 2024-01-01 10:00 UTC (permalink / raw)\n"


def test_a_page_that_ends_within_a_head_has_no_mail_there():
    for end in ("* [PATCH] a", PAGE.rstrip("\n"), PAGE, PAGE + FROM.rstrip("\n"), PAGE + FROM + "  To: x"):
        found = [*pieces_of(RawMail(1, end.encode(), "text"), Notes())]
        assert len(found) == 1 and found[0].piece == ("From: One" in end)


def test_a_mail_of_a_page_has_its_subject_sender_and_date():
    ((line, body, data),) = pieces(PAGE + " ` [PATCH 2/2] b\n" + FROM + "  To: x\n  Cc: y\n\ntext\n")
    assert data == "Subject: [PATCH 1/2] a\nFrom: One\nDate: 2024-01-01 10:00 UTC\n\ntext\n" and (line, body) == (
        10,
        17,
    )
    undated = PAGE.replace("2024-01-01 10:00", "someday") + FROM + "\ntext\n"
    assert [data for _, _, data in pieces(undated)] == [undated]


def test_what_looks_like_a_field_and_is_none_ends_nothing():
    two = "Subject: [PATCH 1/2] a\n\ntext\nx: y\nz: w\n\nSubject: [PATCH 2/2] b\n\nmore\n"
    assert [data.count("\n") for _, _, data in pieces(two)] == [5, 3]


B = "From: Two <two@x.org>\nSubject: b\n\ntext b\n"
A = HEAD.format("a") + "text a\n"


def test_a_separator_of_git_is_one_whatever_header_stands_below_it():
    """Also where the line above it is not blank, and no line of the header begins as a separator does."""
    mail = "Subject: b\nFrom: x\n\ntext\n"
    assert [line for line, *_ in shapes(f"{GIT}{A}{GIT}{mail}")] == [2, 7]
    assert [data for _, data, *_ in shapes(f"{GIT}{A}{GIT}{mail}")] == [A, mail]


def test_a_separator_is_told_in_its_first_four_hundred_characters():
    commit = "Author: A <a@x>\n\n    title\n\n"
    for width, mails in ((399, 1), (400, 2)):
        assert len(shapes(f"From nobody\n{A}\n{'From somebody'.ljust(width)}x\n{B}")) == mails
        line = f"commit {'1a' * 20}"
        assert len(shapes(f"{line}\n{commit}{line.ljust(width)}x\n{commit}")) == mails


def test_a_rule_ends_no_mail_but_one_of_a_digest():
    rule = "-" * 30
    plain = f"{MARK}{A}\n{rule}\n\n{B}"
    assert len(shapes(plain)) == 1
    digest = f"Topics\n\n{'-' * 70}\n\nMessage: 1\n{A}\n{rule}\n\nMessage: 2\n{B}"
    assert len(shapes(digest)) == 2
    assert len(shapes(digest.replace(rule + "\n\nMessage: 2", "-" * 29 + "\n\nMessage: 2"))) == 1
    after = f"{digest}\n{MARK}{A}\n{rule}\n\nMessage: 3\n{B}"
    assert len(shapes(after)) == 3, "below a separator of an mbox a digest is over"


def test_lines_are_counted_for_each_header_that_they_stand_above():
    assert cut(f"one\n\n{A}")[1] == "1 lines before the first header of a mail are skipped"
    assert cut(f"one\n{MARK}{A}")[1] != ""
    assert [line for line, *_ in shapes(f"one\n\n{A}\n{MARK}{B}")] == [3, 9], "odd text at the top: separators count"


def test_a_digest_in_mime_is_taken_apart_and_other_mails_are_not():
    one = "From: A <a@x.org>\nSubject: [PATCH {0}/2] t{0}\nMessage-ID: <{0}@x>\n\n---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    part = "--B\nContent-Type: message/rfc822\n\n{}\n"
    head = "From: l@x.org\nSubject: Digest\nMIME-Version: 1.0\nContent-Type: multipart/{}; boundary=B\n\n"
    both = "".join(part.format(one.format(n)) for n in (1, 2)) + "--B--\n"
    posts, box = read_mails((head.format("digest") + both).encode())
    assert [post.subject.n for post in posts] == [1, 2] and box.mails == 2
    assert read_mails((head.format("mixed") + both).encode())[1].mails == 1


def test_a_mail_that_is_none_is_noted_where_the_text_is_kept_too():
    odd = f"{MARK}X-Odd: y\n\nno mail\n\n{MARK}From: A <a@x.org>\nSubject: [PATCH] t\n\n---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    for text in (False, True):
        posts, box = read_mails(odd.encode(), text=text)
        assert len(posts) == 1 and box.mails == 1
        assert "line 2: no mail: neither From, Subject nor Message-ID among its headers" in str(box.notes)
