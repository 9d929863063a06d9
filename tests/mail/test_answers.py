"""What a mail says that brings no diff: own lines and quoted ones, each where it stands."""

import pytest

from tdxkit.mail.aftertext import Stretch
from tdxkit.mail.answers import said_in


def said(*lines: str):
    return list(said_in("\n".join(lines)))


HEADER = ["From: One <one@x.org>", "Subject: Re: t", ""]


def test_own_lines_and_quoted_ones_stand_where_they_stood():
    own, quoted = said(*HEADER, "A wrote:", "> int a;", ">", "> int b;", "Fine.")
    assert own.text.split("\n") == ["", "", "", "A wrote:", "", "", "", "Fine."]
    assert quoted.text.split("\n") == ["", "", "", "", "int a;", "", "int b;", ""]
    assert own.lines == quoted.lines == tuple(range(1, 9))
    assert (own.kind, own.remarks, own.stretches) == ("plain", ("read as what the mail says",), (Stretch(4, 8, True),))
    assert (quoted.kind, quoted.remarks) == ("quoted", ("read as what the mail quotes",))
    assert quoted.stretches == (Stretch(5, 7, True),) and own.files == quoted.files == ()


@pytest.mark.parametrize(
    ("between", "said_of_it"),
    [
        (["Why?"], ", without 1 line of its own in between"),
        (["Why?", "", "How?"], ", without 2 lines of its own in between"),
        ([""], ""),
    ],
)
def test_own_lines_between_quoted_ones_may_have_been_put_in_place_of_some(between, said_of_it):
    _, quoted = said("They wrote:", "> int a;", *between, "> int b;", "Bye.")
    assert quoted.remarks == (f"read as what the mail quotes{said_of_it}",)
    assert quoted.stretches == (Stretch(2, 3 + len(between), not said_of_it),)


def test_what_is_no_mail_and_quotes_nothing_says_nothing():
    assert said("int a;", "int b;") == []


def test_a_mail_that_quotes_nothing_says_its_own():
    (own,) = said(*HEADER, "int a;", "int b;")
    assert own.stretches == (Stretch(4, 5, True),)


def test_a_mail_without_any_line_stands_at_the_first():
    (own,) = said(*HEADER, "")
    assert own.stretches == (Stretch(1, 1, True),)


def test_a_signature_is_no_part_of_a_mail_but_of_a_text():
    (own,) = said(*HEADER, "int a;", "-- ", "int b;")
    assert own.text.split("\n") == ["", "", "", "int a;", "", ""]
    own, _ = said("int a;", "-- ", "int b;", "> q")
    assert own.text.split("\n")[:3] == ["int a;", "-- ", "int b;"]


def test_each_mail_speaks_for_itself():
    found = said(*HEADER, "one", "", *HEADER, "> two")
    assert [(one.kind, one.text.strip()) for one in found] == [("plain", "one"), ("plain", ""), ("quoted", "two")]
