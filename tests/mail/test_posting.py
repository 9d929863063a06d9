"""What one mail posts: which lines are its text and which its diff, who wrote it, what is cut off, and what is said of it."""

from email.parser import BytesParser

import pytest

from tdxkit.mail import posting
from tdxkit.mail.lines import Notes
from tdxkit.mail.mailbox import read_mails
from tdxkit.mail.mbox import RawMail
from tdxkit.mail.posting import TEXT_LIMIT, header, headers
from tdxkit.mail.subject import subject

STAT = " a.c | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n"
DIFF = "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
BODY = f"Why.\n\nCc: x\n---\n{STAT}\n{DIFF}-- \n2.43.0\n"
MARK = "From a@x.org Tue Feb 18 18:47:01 2020\n"
BOTH = pytest.mark.parametrize("text", [False, True], ids=["counted", "with its text"])


def read(subject="[PATCH 1/2] t", body=BODY, fields="", text=False):
    posts, box = read_mails(f"From: One <one@x.org>\nSubject: {subject}\n{fields}\n{body}".encode(), text=text)
    return posts, box


def one(*args, **more):
    (post,), box = read(*args, **more)
    return post, str(box.notes)


@BOTH
def test_text_and_diff_are_told_apart(text):
    post, said = one(text=text)
    assert [trailer.value for trailer in post.message.trailers] == ["x"] and post.message.own_stat
    assert (post.diff.stat.insertions, post.diff.broken, post.line, post.body, said) == (1, 0, 1, 4, "")
    assert not post.quoted


@BOTH
def test_a_mail_without_a_diff_is_all_text(text):
    posts, box = read(body="Why.\n\nCc: x\n-- \n2.43\n", text=text)
    assert [t.value for t in posts[0].message.trailers] == ["x"] and posts[0].diff is None
    assert str(box.notes) == "line 1: [PATCH 1/2] t: no diffstat"


def test_the_last_signature_ends_the_text():
    post, _ = one("[PATCH 0/2] t", f"a\n-- \nOne (1):\n  first\n\n{STAT}-- \nCc: y\n")
    assert post.message.shortlog and post.message.stat and not post.message.trailers


@BOTH
@pytest.mark.parametrize(
    ("mark", "cut"),
    [
        ("-- >8 --", True),
        ("--- 8< --- cut here --- 8< ---", True),
        ("- - >% - -", True),
        ("-----8<----- remove everything above ----->8-----", True),
        (">From 1a2b3c4d Mon Sep 17 00:00:00 2001", True),
        ("From 1a2b3c4d Mon Sep 17 00:00:00 2001", True),
        ("From 1a2b3c4d", False),
        ("8<", False),
        ("--" * 60 + "8<", False),
        ("-" * 57 + " >8 " + "-" * 58, True),  # 119 columns
        ("-" * 58 + " >8 " + "-" * 58, False),  # 120
        ("100 % - 8", False),
    ],
)
def test_scissors(mark, cut, text):
    own = "" if text else "Subject: [PATCH] own\n"  # else it would be a piece of its own
    post, _ = one(body=f"Above.\n\n{mark}\nFrom: Two <two@x.org>\n{own}\n{BODY}", text=text)
    assert (post.author.name, post.sender.name) == ("Two" if cut else "One", "One")
    assert post.subject.title == ("own" if cut and own else "t")


@BOTH
def test_scissors_in_a_diff_cut_nothing(text):
    post, _ = one(body=f"Why.\n\n{DIFF}\n-- >8 --\n{DIFF}", text=text)
    assert post.diff.stat.insertions == 2
    post, _ = one(body=f"Why.\n@@ -1 +1 @@\n-- >8 --\n\n{DIFF}", text=False)
    assert post.diff.stat.insertions == 1


@pytest.mark.parametrize(
    ("top", "title", "author"),
    [
        ("From: Two <two@x.org>\n\n", "t", "Two"),
        ("\n\nFrom: Two <two@x.org>\n\n", "t", "Two"),
        ("From: Two\n <two@x.org>\n\n", "t", "Two"),
        ("From: Two, who has no address\n\n", "t", "One"),
        ("Date: x\nFrom: Two <two@x.org>\n\n", "t", "Two"),
        ("From: Two <two@x.org>\nFrom: Three <three@x.org>\n\n", "t", "Two"),
        ("text\nFrom: Two <two@x.org>\n\n", "t", "One"),
        ("From: Two <two@x.org>\n\nFrom: Three <three@x.org>\n", "t", "Two"),
        ("Subject: [PATCH] other\n\n", "t", "One"),  # the mail's own names a patch
        (" From: Two <two@x.org>\n\n", "t", "One"),
    ],
)
def test_lines_that_come_first_speak_of_the_patch(top, title, author):
    post, _ = one(body=top + BODY)
    assert (post.subject.title, post.author.name, post.sender.name) == (title, author, "One")


def test_a_line_that_comes_first_may_name_the_patch_where_the_mail_does_not():
    post, _ = one("a helper", f"Subject: [PATCH v3] other\n\n{BODY}")
    assert (post.subject.title, post.subject.label) == ("other", "v3")


@pytest.mark.parametrize(("lines", "read_all"), [(20, True), (21, False)])
def test_of_a_text_some_lines_are_read(monkeypatch, lines, read_all):
    assert TEXT_LIMIT == 100_000
    monkeypatch.setattr(posting, "TEXT_LIMIT", 20)
    body = "\n".join(["base: begin", *["x"] * (lines - 4), "", "Cc: end"]) + "\n\n" + DIFF
    post, said = one("[PATCH] t", body)
    assert (post.message.base, [t.value for t in post.message.trailers]) == ("begin", ["end"])
    assert ("its text has more than 20 lines: those in the middle are not read" in said) != read_all


def test_the_middle_of_a_long_text_is_left_out(monkeypatch):
    monkeypatch.setattr(posting, "TEXT_LIMIT", 4)
    links = "".join(f"https://x.org/{k}\n" for k in range(6))
    post, _ = one(body=f"{links}{DIFF}")
    assert post.message.links == tuple(f"https://x.org/{k}" for k in (0, 1, 4, 5))


@pytest.mark.parametrize(("size", "whole"), [(256 * 1024, True), (256 * 1024 + 1, False)])
def test_a_header_has_a_limit(size, whole):
    rest = "Subject: x\n"
    field = "X: y\n"
    fill = field * ((size - len(rest) - 1 - 200) // len(field))
    data = f"{fill}Z: {'z' * (size - len(fill) - len(rest) - 1 - 4)}\n{rest}\n"
    assert len(data) == size
    notes = Notes()
    head = headers(RawMail(3, data.encode() + b"body\n"), notes)
    assert str(notes) == ("" if whole else "line 3: headers longer than 256 KiB are cut")
    assert head["Subject"] == "x"  # the blank line alone was too much


def test_of_a_header_that_is_too_long_whole_lines_are_kept():
    data = b"Subject: x\n" + b"A: " + b"b" * (200 * 1024) + b"\nB: " + b"c" * (100 * 1024) + b"\n\n"
    head = headers(RawMail(1, data), Notes())
    assert head["Subject"] == "x" and len(head["A"]) == 200 * 1024 and head["B"] is None


def test_of_two_fields_of_one_name_the_first_counts_whatever_its_case():
    head = headers(RawMail(1, b"sUbJeCt: a\nSubject: b\n\n"), Notes())
    assert (header(head, "subject"), header(head, "From")) == ("a", "")


def test_a_mail_names_what_it_answers_last():
    post, _ = one(fields="Message-ID: <3@x> (odd)\nReferences: <1@x>\n <2@x>\nIn-Reply-To: <2@x>\nDate:  some\n day\n")
    assert (post.message_id, post.references, post.date) == ("<3@x>", ("<1@x>", "<2@x>", "<2@x>"), "some day")


@BOTH
def test_only_a_diffstat_of_its_own_is_held_against_the_diff_of_a_patch(text):
    wrong = STAT.replace("1 insertion(+)", "7 insertions(+)")
    assert "says 7 insertions, the diff has 1" in one(body=f"Why.\n---\n{wrong}\n{DIFF}", text=text)[1]
    assert one(body=f"They had:\n{wrong}\nwhich is odd.\n\n{DIFF}", text=text)[1] == ""
    said = one("[PATCH 0/2] t", f"One (1):\n  t\n\n---\n{wrong}\n{DIFF}", text=text)[1]
    assert said == "", "a cover's is that of all patches"


def test_a_post_without_a_subject_is_named_so():
    assert one("", DIFF)[1] == "line 1: (no subject): no diffstat"


def test_the_flowed_text_of_a_diff_that_has_its_head_was_unstuffed_before():
    body = f"Why.\n\n{DIFF}".replace("\n a\n", "\n  a\n")
    for fields, first in (("Content-Type: text/plain; format=flowed\n", " a"), ("", "  a")):
        post, _ = one(body=body, fields=fields, text=True)
        assert post.diff.files[0].hunks[0].lines[0] == first


def test_quoted_text_makes_an_answer_of_a_mail_that_posts_nothing_of_its_own():
    fields = "In-Reply-To: <1@x>\nMessage-ID: <2@x>\nDate: today\n"
    posts, box = read(body="> Text.\n\nYes.\n", fields=fields)
    (answer,) = box.answers
    assert posts == () and (box.replies, box.others, box.mails) == (1, 0, 1)
    assert (answer.subject.reply, answer.subject.title, answer.sender.name, answer.line) == (True, "t", "One", 1)
    assert (answer.message_id, answer.references, answer.date) == ("<2@x>", ("<1@x>",), "today")
    assert len(read(body=f"> Text.\n\n{BODY}", fields=fields)[0]) == 1, "it brings a diff"
    assert len(read(body=f"> Text.\n\n{STAT}", fields=fields)[0]) == 1, "it has a diffstat"
    assert len(read(body="> Text.\n\nOne (1):\n  t\n", fields=fields)[0]) == 1, "it has a shortlog"
    assert len(read(body="Yes.\n", fields=fields)[0]) == 1, "it quotes nothing"
    assert len(read(body="> Text.\n\nYes.\n")[0]) == 1, "it answers nothing"


@pytest.mark.parametrize(
    ("title", "body", "posts", "replies", "others"),
    [
        ("talk", "text\n", 0, 0, 1),
        ("Re: talk", "text\n", 0, 1, 0),
        ("talk", DIFF, 1, 0, 0),
        ("Re: [PATCH] t", DIFF, 0, 1, 0),
        ("Re: talk", f"-- >8 --\nSubject: [PATCH] own\n\n{DIFF}", 1, 0, 0),
        ("talk", "+++ a\n", 0, 0, 1),
        ("[PATCH] t", "text\n", 1, 0, 0),
    ],
)
def test_what_is_counted_as_what(title, body, posts, replies, others):
    found, box = read(title, body)
    assert (len(found), box.replies, box.others, box.mails) == (posts, replies, others, 1)


def test_what_has_no_usual_header_is_no_mail_and_said():
    posts, box = read_mails(f"{MARK}X: y\n\ntext\n\n{MARK}Subject: [PATCH] t\n\n{BODY}".encode())
    assert len(posts) == box.mails == 1
    assert str(box.notes) == "line 2: no mail: neither From, Subject nor Message-ID among its headers"
    (post,), _ = read_mails(f"{MARK}Odd: y\n\ntext\n{DIFF}".encode())
    assert post.subject == subject("text")


WROTE = "On Mon, May 25, 2026 at 07:35:10PM -0700, Two <two@x.org> wrote:"


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.split("\n"))


def stand_in(body: str, title: str = "Re: [PATCH 2/4] t", fields: str = ""):
    (post,), box = read_mails(f"{MARK}From: a@x.org\nSubject: {title}\n{fields}\n{body}".encode(), text=True)
    return post, str(box.notes)


def test_an_answer_gives_the_patch_that_it_quotes():
    post, said = stand_in(
        f"{WROTE}\n{quoted(BODY)}\nWhy?\n", fields="Message-ID: <9@x>\nReferences: <1@x>\nDate: today\n"
    )
    assert (str(post.author), post.author, post.subject.text) == ("Two <two@x.org>", post.sender, "[PATCH 2/4] t")
    assert (post.line, post.body, post.quoted, post.piece) == (2, 8, True, False)
    assert (post.message_id, post.references, post.date) == ("<9@x>", ("<1@x>",), "today")
    assert post.message.trailers[0].value == "x" and post.diff.stat.insertions == 1
    assert said.endswith("in its place stands the one hunk that this mail quotes")


@pytest.mark.parametrize(
    ("between", "who"),
    [(0, "Two <two@x.org>"), (1998, "Two <two@x.org>"), (1999, "Two <two@x.org>"), (2000, "")],
)
def test_who_is_quoted_is_looked_for_in_two_thousand_lines(between, who):
    assert str(stand_in("x\n" * between + f"{WROTE}\n{quoted(DIFF)}")[0].author) == who


def test_who_wrote_stands_above_the_first_hunk():
    assert str(stand_in(f"{quoted(DIFF)}{WROTE}\n{quoted(DIFF)}")[0].author) == ""


def test_a_quoted_header_names_the_patch_where_the_answer_does_not():
    inner = f"From: Two <two@x.org>\nSubject: [PATCH v2 3/4] inner\n\n{DIFF}"
    post, _ = stand_in(quoted(inner), "Re: look")
    assert (post.subject.label, post.subject.n, str(post.author)) == ("v2", 3, "Two <two@x.org>")
    assert stand_in(quoted(inner))[0].subject.title == "t"


def test_what_a_mail_hands_on_in_quotes_is_said():
    post, said = one("Fwd: [PATCH] t", f"See:\n\n{quoted(BODY)}")
    assert (
        "line 1: its patch is quoted: the signs before its lines are taken off" in said
        and post.diff.stat.insertions == 1
    )
    assert post.message.trailers[0].value == "x"


def test_a_digest_whose_mails_cannot_be_told_apart_is_read_as_one_mail(monkeypatch):
    whole = BytesParser.parsebytes

    def broken(self, data, headersonly=False):
        if not headersonly:
            raise RecursionError
        return whole(self, data, headersonly)

    digest = b"From: a@x.org\nSubject: d\nContent-Type: multipart/digest; boundary=d\n\n--d\n\nFrom: b@x.org\nSubject: [PATCH] t\n\nx\n--d--\n"
    assert read_mails(digest)[1].mails == 1 and [post.subject.title for post in read_mails(digest)[0]] == ["t"]
    monkeypatch.setattr("tdxkit.mail.mailbox.BytesParser.parsebytes", broken)
    posts, box = read_mails(digest)
    assert posts == () and box.mails == 1
    assert "line 1: the mails of this digest cannot be told apart (RecursionError)" in str(box.notes)
