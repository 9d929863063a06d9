"""Subjects in every form that lists use, and people as headers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.mail.people import Person, person, plain
from tdxkit.mail.subject import subject

# subject: version, n, total, role, title, marks, words
FORMS = {
    "[PATCHv2 00/12] toy: a title": (2, 0, 12, "cover", "patch", ""),
    "[PATCH v2 0/3] toy: a title": (2, 0, 3, "cover", "patch", ""),
    "[PATCH] toy: a title": (1, None, None, "patch", "patch", ""),
    "[PATCH 4/3] toy: a title": (1, 4, 3, "patch", "patch", ""),
    "[RFC PATCH v3 1/2] toy: a title": (3, 1, 2, "patch", "patch rfc", ""),
    "[PATCH RFC v3 01/02] toy: a title": (3, 1, 2, "patch", "patch rfc", ""),
    "[RFC/PATCH 1/2] toy: a title": (1, 1, 2, "patch", "patch rfc", ""),
    "[RFCv2 1/2] toy: a title": (2, 1, 2, "patch", "rfc", ""),
    "[RFC] toy: a title": (1, None, None, "patch", "rfc", ""),
    "[RESEND PATCH v5 7/9] toy: a title": (5, 7, 9, "patch", "patch resend", ""),
    "[PATCH v5 RESEND 7/9] toy: a title": (5, 7, 9, "patch", "patch resend", ""),
    "[PATCH][next] toy: a title": (1, None, None, "patch", "patch", "next"),
    "[PATCH net-next v2 03/10] toy: a title": (2, 3, 10, "patch", "patch", "net-next"),
    "[kvm-unit-tests PATCH v2 1/3] toy: a title": (2, 1, 3, "patch", "patch", "kvm-unit-tests"),
    "[PATCH for-9.2 1/2] toy: a title": (1, 1, 2, "patch", "patch", "for-9.2"),
    "[PATCH-for-9.2 v2] toy: a title": (2, None, None, "patch", "patch", "for-9.2"),
    "[PATCH 6.1 001/200] toy: a title": (1, 1, 200, "patch", "patch", "6.1"),
    "[PATCH 6.12.y] toy: a title": (1, None, None, "patch", "patch", "6.12.y"),
    "[PATCH v2.1 3/5] toy: a title": (2, 3, 5, "patch", "patch", ""),
    "[PATCH -v2] toy: a title": (2, None, None, "patch", "patch", ""),
    "[PATCH, v2] toy: a title": (2, None, None, "patch", "patch", ""),
    "[v3,02/10] toy: a title": (3, 2, 10, "patch", "", ""),
    "[PATCH 2 of 3] toy: a title": (1, 2, 3, "patch", "patch", ""),
    "[GIT PULL] toy: a title": (1, None, None, "cover", "pull", ""),
    "[PULL 00/12] toy: a title": (1, 0, 12, "cover", "pull", ""),
    "[PULL 03/12] toy: a title": (1, 3, 12, "patch", "pull", ""),
    "[Qemu-devel] [PATCH v2 1/3] toy: a title": (2, 1, 3, "patch", "patch", "Qemu-devel"),
    "[PATCH 10/12] [NOT-FOR-UPSTREAM] toy: a title": (1, 10, 12, "patch", "patch", "NOT-FOR-UPSTREAM"),
    "[patch V2 1/2] toy: a title": (2, 1, 2, "patch", "patch", ""),
    "[PATCH v6,19/24] toy: a title": (6, 19, 24, "patch", "patch", ""),
    "[bug#60788] [PATCH v10 1/3] toy: a title": (10, 1, 3, "patch", "patch", "bug#60788"),
    "[PATCH 1/1]: toy: a title": (1, 1, 1, "patch", "patch", ""),
    "[PATCH] - toy: a title": (1, None, None, "patch", "patch", ""),
    "[PATCH (v2) 1/3] toy: a title": (2, 1, 3, "patch", "patch", ""),
    "[PATCH ver2 1/3] toy: a title": (2, 1, 3, "patch", "patch", ""),
    "PATCH v2 1/3: toy: a title": (2, 1, 3, "patch", "patch", ""),
    "[GIT] toy: a title": (1, None, None, "cover", "pull", ""),
    "[GIT PATCHES] toy: a title": (1, None, None, "cover", "pull patch", ""),
    "[GIT PULL for v6.16] toy: a title": (1, None, None, "cover", "pull", "for v6.16"),
    "[net-next, v3] toy: a title": (3, None, None, "patch", "", "net-next"),
    "[PATCH v2] [GIT] toy: a title": (2, None, None, "cover", "patch pull", ""),
}


@pytest.mark.parametrize("text", FORMS)
def test_forms(text):
    version, n, total, role, marks, words = FORMS[text]
    found = subject(text)
    assert (found.version, found.n, found.total, found.role) == (version, n, total, role)
    assert found.title == "toy: a title" and found.text == text
    assert (found.marks, found.words) == (set(marks.split()), tuple(words.split()))
    assert found.posted or not marks


@pytest.mark.parametrize(
    "text", ["Re: [PATCH v2 1/3] toy", "RE: Re: [PATCH] toy", "[list] Re: [PATCH] toy", "AW: [PATCH 1/2] x"]
)
def test_answers_post_nothing(text):
    assert subject(text).reply and not subject(text).posted


@pytest.mark.parametrize(
    "text", ["", "toy: a question", "[ANNOUNCE] toy 1.0", "v2 of what?", "[1/0] x", "[99999/99999] x"]
)
def test_talk_posts_nothing(text):
    assert not subject(text).posted and subject(text).version == 1


def test_folded_and_encoded():
    found = subject("=?utf-8?q?=5BPATCH_v2_1/2=5D_f=C3=BCr?=\n =?utf-8?b?IGFsbGU=?=")
    assert (found.text, found.version, found.n, found.title) == ("[PATCH v2 1/2] für alle", 2, 1, "für alle")
    assert subject("[PATCH v2\n\t1/2] toy:\r\n a title").title == "toy: a title"


@given(st.text(max_size=200))
def test_any_text_is_a_subject(text):
    found = subject(text)
    assert "\n" not in found.text and found.version >= 0 and (found.n is None) == (found.total is None)
    found.text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ('"Reviewer T. One" <one@example.org>', "Reviewer T. One", "one@example.org"),
        ("Reviewer T. One <one@example.org>", "Reviewer T. One", "one@example.org"),
        ('"One, \\"R\\"" <one@example.org>', 'One, "R"', "one@example.org"),
        ('"\\"twice\\"" <one@example.org>', '"twice"', "one@example.org"),  # unquoted once, not again
        ("one@example.org (Reviewer One)", "Reviewer One", "one@example.org"),
        ("one@example.org", "", "one@example.org"),
        ("<one@example.org>", "", "one@example.org"),
        ("Reviewer One", "Reviewer One", ""),
        ("=?utf-8?q?Rev=C3=AFewer_Two?= <two@example.org>", "Revïewer Two", "two@example.org"),
        ('"=?utf-8?q?Rev=C3=AFewer?= Two" <two@example.org>', "Revïewer Two", "two@example.org"),
        ("=?utf-8?q?=22Q=22?= <q@example.org>", '"Q"', "q@example.org"),
        ("<script>alert(1)</script> <x@example.org>", "<script>alert(1)</script>", "x@example.org"),
    ],
)
def test_people(text, name, email):
    assert person(text) == Person(name, email)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?b?w6Q=?= x", "ä x"),
        ("=?utf-8?b?w?= =?utf-8?q?=A4?=", None),  # a character cut in two, badly: anything but an error
        ("=?nowhere?q?caf=E9?=", "café"),
        ("=?unicode_escape?q?=5Cud800?=", None),
        ("=?punycode?q?" + "a-" * 900 + "?=", None),
        ("=?utf-8?q?broken", "=?utf-8?q?broken"),
        ("=?iso-8859-1*en?q?caf=E9?=", "café"),
    ],
)
def test_encoded_words(header, text):
    found = plain(header)
    assert text is None or found == text
    found.encode("utf-8")


def test_a_dot_in_a_version():
    assert (subject("[PATCH v2.1 3/5] t").version, subject("[PATCH v2.1 3/5] t").minor) == (2, 1)
    assert [subject(f"[PATCH {text} 3/5] t").label for text in ("", "v2", "v2.1", "V3.14")] == [
        "v1",
        "v2",
        "v2.1",
        "v3.14",
    ]
    assert subject("[GIT PULL] fixes for v6.16").label == "v1"
