"""What is no mail but brings a patch gets a header: who wrote it, when, and its title, as far as it says so."""

import pytest

from tdxkit.mail.bare import as_mail
from tdxkit.mail.mbox import RawMail

DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"


def mail(text: str, bare: str = "text", hunks: bool = False, **more):
    made = as_mail(RawMail(10, text.encode(), bare, **more), hunks)
    head, _, body = made.data.decode().partition("\n\n")
    return head.split("\n"), body, made


def test_an_entry_of_git_log_loses_its_indent_and_keeps_its_places():
    entry = f"Author: A <a@x>\nDate:   today\n\n    The title\n\n    Text.\n\n{DIFF}"
    head, body, made = mail(entry, "commit")
    assert head == ["Subject: The title", "From: A <a@x>", "Date: today"]
    assert body == f"The title\n\nText.\n\n{DIFF}"
    assert (made.body, made.line, made.bare) == (14, 10, "commit")  # commit 10, Author 11, Date 12, blank 13


@pytest.mark.parametrize(
    ("above", "head"),
    [
        ("", ["Subject: a diff without a title"]),
        ("A title\n\n", ["Subject: A title"]),
        ("\n\n  \nA title\nmore\n", ["Subject: A title"]),
        ("Author: A <a@x>\nA title\n", ["Subject: A title", "From: A <a@x>"]),
        ("From: A <a@x>\nDate: today\nSubject: A title\n", ["Subject: A title", "From: A <a@x>", "Date: today"]),
        ("Description: A title\nProse\n", ["Subject: A title"]),
        ("# a remark\nIndented:\n\tcode\nA title\n", ["Subject: A title"]),
        ("From 1a2b3c4d5e\nA title\n", ["Subject: A title"]),
        ("x" * 300 + "\n", ["Subject: " + "x" * 200]),
        ("A title\nOne one at x.org\n", ["Subject: A title", "From: One <one@x.org>"]),
        ("A title\nFrom: B <b@x>\nOne one at x.org\n", ["Subject: A title", "From: B <b@x>"]),
        ("AuthorDate: then\nA title\n", ["Subject: A title", "Date: then"]),
        ("From: " + "a" * 300 + "\nA title\n", ["Subject: A title", "From: " + "a" * 200]),
    ],
)
def test_a_diff_with_what_stands_above_it(above, head):
    found, body, made = mail(above + DIFF)
    assert found == head and body == above + DIFF
    assert (made.body, made.bare) == (10, "text")


def test_what_stands_in_the_diff_is_no_title():
    assert mail(f"{DIFF}Subject: no\nAuthor: no\n")[0] == ["Subject: a diff without a title"]
    hunk = "@@ -1 +1 @@\n-a\n+b\nSubject: no\n"
    assert mail(hunk, hunks=True)[0] == ["Subject: a diff without a title"]
    assert mail(f"> {DIFF}Subject: no\n", hunks=True)[0] == ["Subject: a diff without a title"]
    assert mail(hunk)[0] == ["Subject: no"]


def test_a_title_and_an_author_are_looked_for_in_64_kilobytes():
    fill = "#" * 63 + "\n"
    assert mail(fill * 1023 + "Subject: " + "y" * 54 + "\n" + DIFF)[0] == ["Subject: " + "y" * 54]
    assert mail(fill * 1024 + f"Subject: t\n{DIFF}")[0] == ["Subject: a diff without a title"]


def test_a_page_names_its_author_in_its_first_four_thousand_bytes():
    fill = "#" * 99 + "\n"
    assert mail(fill * 39 + f"One one at x.org\n{DIFF}")[0][1:] == ["From: One <one@x.org>"]
    assert mail(fill * 40 + f"One one at x.org\n{DIFF}")[0][1:] == []


def test_a_mail_that_was_read_once_keeps_its_place():
    assert mail("t\n" + DIFF, body=17)[2].body == 17 and mail(DIFF, bare="")[2].bare == "text"


def test_carriage_returns_are_no_part_of_a_header():
    assert mail(f"From: A <a@x>\r\nA title\r\n{DIFF}")[0] == ["Subject: A title", "From: A <a@x>"]
