"""Pieces of mails below each other: what begins one, what only looks so, and what of it is its text."""

import pytest

from tdxkit.mail import fragments
from tdxkit.mail.fragments import LIMIT, pieces_of
from tdxkit.mail.lines import Notes
from tdxkit.mail.mbox import RawMail


def cut(text: str, bare: str = "text", **more):
    notes = Notes()
    return [*pieces_of(RawMail(10, text.encode(), bare, **more), notes)], str(notes)


def shapes(text: str, **more):
    return [(one.line, one.body, one.data.decode()) for one in cut(text, **more)[0]]


ONE, TWO = "Subject: [PATCH 1/2] a\n\ntext a\n", "Subject: [PATCH 2/2] b\n\ntext b\n"


def test_pieces_know_where_they_stood():
    assert shapes(ONE + "\n" + TWO) == [(10, 12, ONE), (14, 16, TWO)]
    assert all(one.piece and not one.bare for one in cut(ONE + TWO)[0])


def test_what_stands_above_the_first_is_one_too():
    found, _ = cut("above\n" + ONE)
    assert [(one.data.decode(), one.bare, one.piece) for one in found] == [("above\n", "text", True), (ONE, "", True)]
    assert found[1].line == 11 and len(cut(" \n" + ONE)[0]) == 1


@pytest.mark.parametrize("more", [{"marked": True}, {"bare": "commit"}])
def test_what_was_told_apart_before_is_left_as_it_is(more):
    assert [one.data.decode() for one in cut(ONE + TWO, **more)[0]] == [ONE + TWO]


def test_a_mail_with_one_header_at_its_top_is_left_as_it_is():
    (one,), _ = cut(ONE, bare="")
    assert not one.piece and one.data.decode() == ONE
    (one,), _ = cut("text\n" * 3)
    assert not one.piece
    assert cut(ONE)[0][0].piece, "but for what is no mail"
    assert cut(ONE + "^ permalink raw reply\n", bare="")[0][0].data.decode() == ONE


def test_pieces_have_a_limit(monkeypatch):
    assert LIMIT == 20_000
    monkeypatch.setattr(fragments, "LIMIT", 2)
    assert cut(ONE + TWO)[1] == "" and len(cut(ONE + TWO)[0]) == 2
    found, said = cut(ONE + TWO + ONE.replace("1/2", "1/9"))
    assert len(found) == 2 and found[1].data.decode() == TWO
    assert said == "line 16: there are more than 2 mails in one text: what begins here is not read"


@pytest.mark.parametrize(
    ("end", "kept"),
    [
        ("text\n\n\n", "text\n"),
        ("text\n-----\n\n", "text\n"),
        ("text\nFrom 1a2b\n", "text\n"),
        ("text\n----\n", "text\n----\n"),
        ("text\n^ permalink raw reply\t[flat]\nmore\n", "text\n"),
        ("", "\n"),
    ],
)
def test_what_stands_below_the_text_is_none_of_it(end, kept):
    head = "Subject: [PATCH 1/2] a\n\n"
    assert shapes(head + end + TWO)[0][2] == head + kept


@pytest.mark.parametrize(
    ("second", "begins"),
    [
        ("Subject: [PATCH 2/2] b\n\n", True),
        ("subject: [PATCH 2/2] b\n\n", True),
        ("> Subject: [PATCH 2/2] b\n>\n", True),
        ("Subject: [RFC] b\n\n", True),
        ("Subject: [x] b\n\n", False),
        ("Subject: b\n\n", False),
        ("Subject: Re: [PATCH 2/2] b\n\n", True),
        ("From: B <b@x>\nSubject: b\n\n", True),
        ("Date: x\nSubject: b\n\n", True),
        ("Message-ID: <1@x>\nSubject: b\n\n", True),
        ("To: x\nSubject: b\n\n", True),
        ("Cc: x\nSubject: b\n\n", False),
        ("> From: B <b@x>\n> Subject: b\n>\n", False),
        ("Subject: [PATCH 1/2] a\n\n", True),  # a whole piece once more: told apart later
        ("+Subject: [PATCH 2/2] b\n\n", False),
    ],
)
def test_what_begins_a_piece(second, begins):
    found = shapes(f"{ONE}\n{second}text b\n")
    assert [line for line, *_ in found] == ([10, 14] if begins else [10])


@pytest.mark.parametrize(
    ("above", "begins"),
    [("\n", True), ("-- \n", True), ("From x\n", True), ("* x\n", True), ("====\n", True), ("____\n", True), ("text\n", False)],
)  # fmt: skip
def test_a_whole_header_stands_apart(above, begins):
    found = shapes(f"{ONE}more\n{above}From: B <b@x>\nSubject: b\n\ntext b\n")
    assert (len(found) == 2) == begins


@pytest.mark.parametrize(
    ("below", "count"),
    [
        ("From: A <a@x>\nSubject: [PATCH 1/2] a\n\n", 1),  # of the same mail
        ("From: A <a@x>\nSubject: [PATCH] own title\n\n", 1),
        ("From: A <a@x>\nSubject: own title\n\n", 1),
        ("Subject: [PATCH 2/2] b\n\n", 2),
        ("text\n\nSubject: [PATCH] own title\n\n", 2),  # below text it is another one
        ("text\n> Subject: [PATCH 1/2] a\n>\n", 1),  # the header of what an answer quotes
        ("text\n> Subject: [PATCH 2/2] b\n>\n", 2),
        ("text\n> Subject: [PATCH] own title\n>\n", 2),
    ],
)
def test_a_header_in_a_text_may_speak_of_its_mail(below, count):
    assert len(shapes(f"Subject: [PATCH 1/2] a\n\n{below}end\n")) == count


def test_fields_of_a_header_go_with_it_and_trailers_above_do_not():
    found = shapes(f"{ONE}\nAcked-by: A <a@x>\n  folded\nFrom: B <b@x>\nX-Odd: y\nSubject: [PATCH 2/2] b\n folded\nTo: z\n\ntext b\n")  # fmt: skip
    assert [line for line, *_ in found] == [10, 16]
    assert found[0][2] == ONE.rstrip("\n") + "\n\nAcked-by: A <a@x>\n  folded\n"
    assert found[1] == (16, 22, "From: B <b@x>\nX-Odd: y\nSubject: [PATCH 2/2] b\n folded\nTo: z\n\ntext b\n")
    found = shapes(f"{ONE}\nLink: x\nCloses: y\nSubject: [PATCH 2/2] b\n\ntext b\n")
    assert [(line, body) for line, body, _ in found] == [(10, 12), (16, 18)]


def test_a_second_subject_begins_another_header():
    found = shapes("Subject: [PATCH 1/2] a\nSubject: [PATCH 2/2] b\n\ntext\n")
    assert [(line, data.split("\n")[0]) for line, _, data in found] == [
        (10, "Subject: [PATCH 1/2] a"), (11, "Subject: [PATCH 2/2] b"),
    ]  # fmt: skip


def test_a_header_without_a_blank_line_below_it_has_its_text_at_once():
    found = shapes(f"{ONE}\nSubject: [PATCH 2/2] b\n+text\n")
    assert found[1] == (14, 15, "Subject: [PATCH 2/2] b\n\n+text\n")
    assert shapes(f"{ONE}\nSubject: [PATCH 2/2] b")[1] == (14, 15, "Subject: [PATCH 2/2] b\n\n\n")


def test_a_quoted_header_loses_its_signs_and_its_text_keeps_them():
    found = shapes(f"{ONE}\n> Date: x\n> Subject: [PATCH 2/2] b\n>\n> text\n")
    assert found[1] == (14, 17, "Date: x\nSubject: [PATCH 2/2] b\n\n> text\n")


def test_a_mail_of_parts_is_one_piece_to_the_end_of_its_last():
    parts = 'Subject: [PATCH 1/2] a\nContent-Type: multipart/mixed; boundary="bb"\n\n--bb\nSubject: [PATCH 9/9] no\n\nx\n--bb--\n'
    assert [line for line, *_ in shapes(f"{parts}\n{TWO}")] == [10, 19]


PAGE = "* [PATCH 1/2] a\n  2025-01-01 10:00 overview\n@ 2025-01-01 10:00 One\nFrom: One @ 2025-01-01 10:00 UTC (permalink / raw)\n  To: x\n\ntext\n"


def test_a_page_of_lore():
    found = shapes(f"head\n{PAGE}^ permalink raw reply\n{PAGE.replace('1/2', '2/2')}")
    assert found[0][2] == "head\n"
    assert found[1] == (11, 17, "Subject: [PATCH 1/2] a\nFrom: One\nDate: 2025-01-01 10:00 UTC\n\ntext\n")
    assert (found[2][0], found[2][1]) == (19, 25)


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace("  2025-01-01 10:00 overview\n@ 2025-01-01 10:00 One\n", ""),
        PAGE.replace("2025-01-01 10:00 overview", "overview").replace("@ 2025-01-01 10:00 One", "@ One"),
        PAGE.replace("(permalink / raw)", ""),
        "* [PATCH 1/2] a\n  2025-01-01 10:00 overview\n",
    ],
)
def test_what_is_no_page(page):
    (one,), _ = cut(page)
    assert one.data.decode() == page and not one.piece
