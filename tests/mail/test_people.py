"""People and headers at their limits, and senders behind a list."""

import pytest

from tdxkit.mail.people import HEADER_LIMIT, Person, person, plain, sender_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One <one@x.org> (a remark)", Person("One", "one@x.org")),
        ("<one@x.org> (One)", Person("One", "one@x.org")),
        ("One <o n e@x.org>", Person("One", "one@x.org")),
        ("one@x.org (One)", Person("One", "one@x.org")),
        ("A <B <one@x.org>", Person("A <B", "one@x.org")),
        ("two words@x.org", Person("two words@x.org", "")),
        ("one>", Person("one>", "")),
        ("one)", Person("one)", "")),
        ('"', Person('"', "")),
        ('""', Person("", "")),
        ("  One  <one@x.org>  ", Person("One", "one@x.org")),
        ("one at x.org", Person("", "one@x.org")),
        ("<one at x.org>", Person("", "one@x.org")),
        ("look at nothing", Person("look at nothing", "")),
        ("", Person("", "")),
    ],
)
def test_forms_of_a_person(text, found):
    assert person(text) == found


def test_a_person_in_words_and_as_data():
    assert str(Person("One", "one@x.org")) == "One <one@x.org>" and str(Person("One", "")) == "One"
    assert Person("One", "one@x.org").as_json() == {"name": "One", "email": "one@x.org"}


def test_of_a_header_4096_characters_are_read():
    assert HEADER_LIMIT == 4096
    assert len(plain("x" * 5000)) == 4096 and len(person("x" * 5000).name) == 4096


def test_a_word_that_cannot_be_decoded_stays_as_it_is():
    assert plain("=?utf-8?b?A?= x") == "=?utf-8?b?A?= x"


ONE = Person("One", "one@x.org")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (("One via L <l@x.org>", "One <one@x.org>"), ONE),
        (("One via L <l@x.org>", "<one@x.org>"), ONE),
        (("One via L <l@x.org>", "One <one@x.org>, L <l@x.org>"), ONE),
        (("One via L <l@x.org>", "one@x.org"), ONE),
        (("'One' via L <l@x.org>", "<one@x.org>"), ONE),
        (('"One via L" <l@x.org>', "", "One <one@x.org>"), ONE),
        (("Two via L <l@x.org>", "No <no@x.org>", "One <one@x.org>"), ONE),
        (("One via L <l@x.org>", "nobody"), Person("One via L", "l@x.org")),
        (("One via L <l@x.org>", "a b@c d"), Person("One", "l@x.org")),
        (("One <one@x.org>", "Two <two@x.org>"), ONE),
        (("One <one@x.org>",), ONE),
    ],
)
def test_the_sender_behind_a_list(fields, found):
    assert sender_of(*fields) == found
