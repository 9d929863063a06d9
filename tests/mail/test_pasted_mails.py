"""A paste within its bounds, each to the last character; the mails in it, and what their headers say of their text."""

import pytest

from tdxkit.errors import InputError
from tdxkit.mail import pasted
from tdxkit.mail.lines import Notes
from tdxkit.mail.pasted import heads_in, mails_in, pasted_lines


def lines_of(paste: str):
    notes = Notes()
    return pasted_lines(paste, notes), str(notes)


def mails(*lines: str):
    notes = Notes()
    return [*mails_in(lines, notes)], str(notes)


def test_the_bounds():
    assert (pasted.SIZE_LIMIT, pasted.LINES_LIMIT, pasted.HUNKS_LIMIT) == (8 * 1024 * 1024, 300_000, 20_000)


@pytest.mark.parametrize(
    ("limit", "fits", "over", "says"),
    [
        ("SIZE_LIMIT", "x" * 50, "x" * 51, "what was pasted: it has 51 characters, and may have 50; paste the mails one by one"),
        ("LINES_LIMIT", "\n" * 49, "\n" * 50, "what was pasted: it has 51 lines, and may have 50; paste the mails one by one"),
        ("LINE_LIMIT", "a\n" + "x" * 50, "a\n" + "x" * 51, "line 2 of what was pasted: it has 51 characters, and may have 50; leave it out, or break it"),
    ],
)  # fmt: skip
def test_a_paste_is_bounded(monkeypatch, limit, fits, over, says):
    monkeypatch.setattr(pasted, limit, 50)
    assert lines_of(fits)[0] == fits.split("\n")
    with pytest.raises(InputError) as caught:
        lines_of(over)
    assert str(caught.value) == says


def test_a_nul_is_no_text():
    with pytest.raises(InputError, match="line 2 of what was pasted: it has a NUL"):
        lines_of("a\nb\0\n")


def test_carriage_returns_and_marks_go():
    assert lines_of("\ufeffa\r\nb\rc\r\r\nd") == (
        ["a", "b c", "d"],
        "line 2: a carriage return inside the line is read as a blank",
    )
    assert lines_of("a\ud800")[0] == ["a?"]


HEAD = "@@ -1,2 +3,4 @@"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([HEAD], True),
        (["> " + HEAD], True),
        (["diff --git a/x b/x"], True),
        (["x " + HEAD], False),
        (["diff --git"], False),
        (["@@ -1 odd"], False),
        (["--- a/x", "+++ b/x"], False),
        ([], False),
    ],
)
def test_whether_there_is_a_diff(lines, found):
    assert heads_in(mails(*lines)[0]) is found


def refused(*lines: str) -> str:
    with pytest.raises(InputError) as caught:
        heads_in(mails(*lines)[0])
    return str(caught.value)


@pytest.mark.parametrize("line", ["@@@ -1 -1 +1 @@@", "diff --cc x", "diff --combined x", "> diff --cc x"])
def test_a_combined_diff_is_refused(line):
    says = refused("a", line)
    assert says.startswith("line 2 of what was pasted: this is a combined diff") and "git diff COMMIT^1 COMMIT" in says
    assert not heads_in(mails("    " + line.lstrip("> "))[0]) or line.startswith("> ")


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("@@ -1,300000 +1,300000 @@", None),
        ("@@ -999999999,1 +999999999,1 @@", None),
        ("@@ -300001 +300001 @@", None),
        ("@@ -1,300001 +1 @@", "300001"),
        ("@@ -1 +1,300001 @@", "300001"),
        ("@@ -1000000000,1 +1 @@", "1000000000"),
        ("@@ -1 +1000000000,1 @@", "1000000000"),
        (f"@@ -{'9' * 18} +1 @@", "9" * 18),
        (f"@@ -{'9' * 19} +1 @@", "a number of 19 digits"),
    ],
)
def test_a_hunk_that_counts_more_than_any_paste_has(head, says):
    if says is None:
        assert heads_in(mails(head)[0])
        assert heads_in(mails("    " + head)[0])
    else:
        assert refused("a", head).startswith(
            f"line 2 of what was pasted: the head of a hunk says {says}, and a hunk has at most 300,000 lines"
        )
        heads_in(mails("    " + head)[0])  # blanks may stand before what is a line of a hunk


def test_hunks_are_bounded(monkeypatch):
    monkeypatch.setattr(pasted, "HUNKS_LIMIT", 3)
    assert heads_in(mails(*[HEAD] * 3)[0])
    assert refused(*[HEAD] * 4) == "what was pasted: there are more than 3 hunks in it; paste the mails one by one"


FROM = "From: One <one@x.org>"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], [(1, [], [])]),
        (["a", "b"], [(1, ["a", "b"], [1, 2])]),
        ([FROM, "", "a"], [(1, ["a"], [3])]),
        (["a", "", FROM, "", "b"], [(1, ["a", ""], [1, 2]), (3, ["b"], [5])]),
        ([FROM, "", "a", "", FROM, "", "b"], [(1, ["a", ""], [3, 4]), (5, ["b"], [7])]),
        (["a", FROM, "", "b"], [(1, ["a", FROM, "", "b"], [1, 2, 3, 4])]),  # no blank line above it
        (["From x", FROM, "", "b"], [(1, ["From x"], [1]), (2, ["b"], [4])]),
        (["--b", FROM, "", "b"], [(1, ["--b"], [1]), (2, ["b"], [4])]),
        ([FROM, "text", "a"], [(1, [FROM, "text", "a"], [1, 2, 3])]),  # no blank line below it
        ([FROM], [(1, [], [])]),
        (["X-Odd: y", "", "a"], [(1, ["X-Odd: y", "", "a"], [1, 2, 3])]),  # no field of a mail's own
        (["X-Odd: y", FROM, "", "a"], [(1, ["a"], [4])]),
        (["X-Odd: y", "\tfolded", FROM, "  folded", "", "a"], [(1, ["a"], [6])]),
        ([" " + FROM, "", "a"], [(1, [" " + FROM, "", "a"], [1, 2, 3])]),
    ],
)
def test_the_mails_of_a_paste(lines, found):
    assert [(mail.line, list(mail.lines), list(mail.numbers)) for mail in mails(*lines)[0]] == found


def test_what_a_header_says_of_the_text():
    (mail,), _ = mails(FROM, "Content-Type: text/html; format=Flowed", "Content-Transfer-Encoding: 8BIT ", "", "a")
    assert (mail.html, mail.flowed, mail.encoding) == (True, True, "8bit")
    (mail,), _ = mails(FROM, "", "a")
    assert (mail.html, mail.flowed, mail.encoding) == (False, False, "")


@pytest.mark.parametrize(
    ("fields", "lines", "text", "said"),
    [
        ([], ["a =3D b", "c"], ["a = b", "c"], "line 1: the text from here on is quoted-printable: it is decoded"),
        ([], ["a =3D b = c"], ["a =3D b = c"], ""),
        ([], ["--b=", "a =3D b"], ["--ba = b"], "line 1: the text from here on is quoted-printable: it is decoded"),
        ([], ["a=3B"], ["a=3B"], ""),
        (["Content-Transfer-Encoding: quoted-printable"], ["a=3B=0D"], ["a;"], "line 1: the text from here on is quoted-printable: it is decoded"),
        (["Content-Transfer-Encoding: base64"], ["YTsKYg=="], ["a;", "b"], "line 1: the text from here on is base64: it is decoded"),
        (["Content-Transfer-Encoding: base64"], ["AAA="], [], "line 1: what begins here is base64 and no text: not read"),
        ([], ["a", "b\xa0c", "\xa0"], ["a", "b c", " "], "line {1}: blanks that do not break are read as blanks, in 2 lines from here on"),
        ([], ["b\xa0c"], ["b c"], "line {0}: blanks that do not break are read as blanks, in 1 line from here on"),
    ],
)  # fmt: skip
def test_encodings_are_undone_and_said(fields, lines, text, said):
    (mail,), notes = mails(FROM, *fields, "", *lines)
    above = len(fields) + 3
    assert list(mail.lines) == text and notes == said.format(above, above + 1)


def test_what_an_encoding_hides_is_bounded_too(monkeypatch):
    monkeypatch.setattr(pasted, "LINES_LIMIT", 8)
    mails(FROM, "Content-Transfer-Encoding: quoted-printable", "", "a=0A" * 7)
    with pytest.raises(InputError, match="it has 9 lines, and may have 8"):
        mails(FROM, "Content-Transfer-Encoding: quoted-printable", "", "a=0A" * 8)
