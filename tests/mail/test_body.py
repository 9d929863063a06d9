"""The text of a mail out of its bytes: parts, encodings, character sets, stuffing; and where in the bytes it begins."""

import base64
from email.parser import BytesParser

import pytest

from tdxkit.mail.body import (
    NESTING,
    base64_lines,
    is_quoted_printable,
    printable_lines,
    stuffed,
    text_begins,
    text_of,
)
from tdxkit.mail.lines import Notes


def read(data: bytes | str) -> tuple[str, str]:
    """The text of a mail, and what is said of it."""
    data = data if isinstance(data, bytes) else data.encode()
    notes = Notes()
    start = data.index(b"\n\n") + 2
    return text_of(data, BytesParser().parsebytes(data, headersonly=True), start, 7, notes), str(notes)


def begins(data: str) -> str:
    """What stands where the text is said to begin."""
    head = BytesParser().parsebytes(data.encode(), headersonly=True)
    return data.encode()[text_begins(data.encode(), head, data.index("\n\n") + 2) :].decode()


def mixed(*parts: str, kind: str = "mixed") -> str:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f"Subject: x\nContent-Type: multipart/{kind}; boundary=b\n\nfor old programs\n{body}--b--\n"


PLAIN = "Content-Type: text/plain\n\n"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (f"{PLAIN}hello", "hello"),
        ("Content-Type: text/x-patch\n\n+a", "+a"),
        ("Content-Type: text/x-diff\n\n+a", "+a"),
        ("Content-Type: text/x-csrc\n\n+a", "+a"),
        ("Content-Type: application/x-patch\n\n+a", "+a"),
        ("Content-Type: application/octet-stream; name=x.patch\n\n+a", "+a"),
        ("Content-Type: application/octet-stream; name=x.DIFF\n\n+a", "+a"),
        ("Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=x.eml\n\n+a", "+a"),
        ("Content-Type: text/html; name=x.diff\n\n+a", "+a"),
        ("Content-Type: application/octet-stream; name=x.bin\n\n+a", None),
        ("Content-Type: image/png; name=x.patch\n\n+a", None),
        ("Content-Type: text/html\n\n+a", None),
    ],
)
def test_which_parts_are_text(part, text):
    assert read(mixed(part)) == (("", "line 7: no part of the mail is plain text") if text is None else (text, ""))


def test_parts_stand_below_each_other_in_their_order():
    coded = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(b"two").decode()
    assert read(mixed(f"{PLAIN}one", coded, f"{PLAIN}three")) == ("one\ntwo\nthree", "")


@pytest.mark.parametrize(("marks", "apart"), [(30, True), (31, False)])
def test_parts_in_parts_have_a_limit(marks, apart):
    assert NESTING == 30
    empty = "Content-Type: multipart/mixed; boundary=c\n\n--c--"
    data = mixed(f"{PLAIN}hello", *[empty] * (marks - 1))
    text, said = read(data)
    assert (text == "hello") is apart
    assert said == ("" if apart else "line 7: more than 30 nested parts: the mail is read without taking them apart")
    assert apart or text == data.partition("\n\n")[2]
    assert begins(data).startswith("hello" if apart else "for old programs")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("Subject: x\n\nhello", "hello"),
        (mixed(f"{PLAIN}hello"), "hello\n--b--"),
        (mixed("Content-Type: text/html\n\nno", f"{PLAIN}hello"), "hello"),
        (mixed(f"{PLAIN}hello", f"{PLAIN}again"), "hello\n--b\n"),
        (mixed("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\na=3Db"), "a=3Db"),
        (mixed("Content-Type: text/plain\nContent-Transfer-Encoding: BASE64\n\naGVsbG8="), "aGVsbG8="),
        (mixed("Content-Type: image/png\n\nx"), "for old programs"),
    ],
)
def test_where_the_text_begins(data, found):
    assert begins(data).startswith(found)


@pytest.mark.parametrize(
    ("fields", "body", "text", "said"),
    [
        ("", b"a\r\nb", "a\nb", ""),
        ("", b"\xe9", "é", "line 7: its text is not UTF-8: read as Windows-1252"),
        ("Content-Type: text/plain; charset=klingon\n", b"\xe9", "é", "line 7: its text is not klingon: read as Windows-1252"),
        ("Content-Type: text/plain; charset=latin-1\n", b"\xe9", "é", ""),
        ("Content-Type: text/html\n", b"<p>", "<p>", "line 7: the mail is HTML only: it is read as it stands"),
        ("", b"a =3D b", "a = b", "line 7: its text is quoted-printable, though no header says so: it is decoded"),
        ("", b"> @@ -1 +1 @@\n> +a =3D=\n>  b", "> @@ -1 +1 @@\n> +a = b", "line 7: its text is quoted-printable, though no header says so: it is decoded"),
        ("", b"> +a =3D=\n>  b", "> +a =>  b", "line 7: its text is quoted-printable, though no header says so: it is decoded"),
        ("", b"a =3D b = c", "a =3D b = c", ""),
        ("Content-Type: text/plain; format=flowed\n", b" text\n@@ -1 +1 @@\n  a\n+b", "text\n@@ -1 +1 @@\n a\n+b", ""),
        ("Content-Type: text/plain; format=flowed\n", b"@@ -1 +1 @@\n  a\n b", "@@ -1 +1 @@\n  a\n b", ""),
        ("Content-Type: text/plain; format=flowed\n", b"  a\n  b", "  a\n  b", ""),
        ("Content-Type: text/plain\n", b"@@ -1 +1 @@\n  a\n+b", "@@ -1 +1 @@\n  a\n+b", ""),
        ("Content-Transfer-Encoding: base64\n", base64.b64encode(b"hi"), "hi", ""),
    ],
)  # fmt: skip
def test_one_body(fields, body, text, said):
    assert read(f"Subject: x\n{fields}\n".encode() + body) == (text, said)


@pytest.mark.parametrize(
    ("text", "plain", "declared"),
    [
        ("a =3D b", True, True),
        ("a =20", True, True),
        ("a =20 b", False, True),
        ("=E9", False, True),
        ("=C3=A9", True, True),
        ("a=3B", False, True),
        ("a =3D b = c", False, False),
        ("x" * 72 + "=", True, True),
        ("x" * 71 + "=", False, True),
        ("x" * 75 + "=", True, True),
        ("x" * 76 + "=", False, True),
        ("no sign", False, False),
        ("", False, False),
        ("a = b", False, False),
    ],
)
def test_what_is_quoted_printable(text, plain, declared):
    assert (is_quoted_printable(text), is_quoted_printable(text, declared=True)) == (plain, declared)


@pytest.mark.parametrize(
    ("lines", "found", "numbers"),
    [
        (["a=", "b", "c"], ["ab", "c"], [1, 3]),
        (["a=  ", "b=", "c", "d"], ["abc", "d"], [1, 4]),
        (["a="], ["a"], [1]),
        (["a=0Ab", "c"], ["a", "b", "c"], [1, 1, 2]),
        (["> @@ -1 +1 @@", "> a=", "> b", ">c"], ["> @@ -1 +1 @@", "> ab", ">c"], [1, 2, 4]),
        (["> @@ -1 +1 @@", "> a=", "b"], ["> @@ -1 +1 @@", "> ab"], [1, 2]),
        (["> @@ -1 +1 @@", "> a=", "> b=", "c", "> d=", "> e"], ["> @@ -1 +1 @@", "> a> bc", "> d> e"], [1, 2, 5]),
        (["@@ -1 +1 @@", " a=", " b"], ["@@ -1 +1 @@", " a b"], [1, 2]),
        ([], [], []),
    ],
)
def test_quoted_printable_line_by_line(lines, found, numbers):
    assert printable_lines(lines, range(1, len(lines) + 1)) == (found, numbers)


@pytest.mark.parametrize("width", [4, 8, 12, 76])
@pytest.mark.parametrize("below", [[], ["", "-- ", "One"]])
def test_base64_line_by_line(width, below):
    """Where each line of the text begins, counted in bytes: three of them are four letters."""
    text = ["first line;", "", "café = 2;", "the last one, which is longer than the others", ""]
    code = base64.b64encode("\n".join(text).encode()).decode()
    lines = [code[at : at + width] for at in range(0, len(code), width)]
    starts = [len("\n".join([*text[:k], ""]).encode()) for k in range(len(text))]
    starts[0] = 0
    found, numbers = base64_lines([*lines, *below], range(10, 10 + len(lines) + len(below)))
    assert found == [*text, *below]
    places = [10 + min(start * 4 // 3 // width, len(lines) - 1) for start in starts]
    assert numbers == [*places, *range(10 + len(lines), 10 + len(lines) + len(below))]


def test_what_is_no_base64_is_left_and_a_torn_end_is_dropped():
    assert base64_lines(["no code at all!"], [3]) == (["no code at all!"], [3])
    assert base64_lines(["YWJjZ"], [3]) == (["abc"], [3])


@pytest.mark.parametrize(
    ("lines", "found"),
    [(["  a", "  b"], True), (["  a", " b"], False), (["  a", " ", ""], True), ([" ", ""], False), ([], False)],
)
def test_what_is_stuffed(lines, found):
    assert stuffed(lines) is found
