"""The bit picture: what it draws is the value, its text twin says the same, and hostile names stay text."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import ModelError
from tdxkit.status import decode
from tdxkit.status.codes import codes
from tdxkit.view.kit.bits import bits, status_bits

IOCTL = [("direction", 31, 30, "write"), ("size", 29, 16, "32 bytes"), ("type", 15, 8, "KVM"), ("number", 7, 0, "")]


def digits(picture):
    """The bits as drawn: the one-character texts 0 and 1 in the cells, from the left, row by row."""
    cells = [
        t
        for t in ElementTree.fromstring(picture.svg).iter("text")
        if t.text in ("0", "1") and t.get("font-size") == "13"
    ]
    rows = {}
    for cell in cells:
        rows.setdefault(float(cell.get("y")), []).append((float(cell.get("x")), cell.text))
    return "".join(bit for y in sorted(rows) for _, bit in sorted(rows[y]) if len(rows[y]) == 32)


@given(st.integers(0, (1 << 64) - 1))
@pytest.mark.slow
def test_the_bits_drawn_are_the_value(value):
    picture = status_bits(decode(value))
    assert int(digits(picture), 2) == value
    assert sum(int(v, 16) << int(low) for low, v in fields_of(picture)) == value


def fields_of(picture):
    return re.findall(r"^[A-Z]\d*\s+(?:\d+:)?(\d+)\s+\S+\s+(0x[0-9a-f]+)", picture.text, re.MULTILINE)


@pytest.mark.parametrize("name", list(codes())[::17])
def test_every_field_and_meaning_is_in_the_picture_and_in_the_text(name):
    one = decode(name)
    picture = status_bits(one)
    drawn = " ".join(t.text or "" for t in ElementTree.fromstring(picture.svg).iter("text"))
    for field in one.fields:
        assert field.name in drawn and field.name in picture.text
        assert all(word in drawn for word in field.meaning.split())
    assert name in drawn and name in picture.text and str(picture) == picture.text


def test_one_row_for_32_bits_and_plain_bits_outside_fields():
    picture = bits(0x4020AED2, IOCTL, width=32)
    assert int(digits(picture), 2) == 0x4020AED2 and len(digits(picture)) == 32
    alone = bits(5, [("lock", 0, 0, "locked")], title="MSR 0x3A")
    assert int(digits(alone), 2) == 5 and alone.text.startswith("MSR 0x3A") and len(fields_of(alone)) == 1


def test_hover_says_what_the_list_says():
    titles = [t.text for t in ElementTree.fromstring(bits(0x4020AED2, IOCTL, width=32).svg).iter("title")]
    assert titles == [
        "direction, bits 31:30 = 0x1: write", "size, bits 29:16 = 0x20: 32 bytes", "type, bits 15:8 = 0xae: KVM",
        "number, bits 7:0 = 0xd2",
    ]  # fmt: skip


def test_many_fields_have_different_marks():
    picture = bits(0, [(f"f{i}", i, i, "") for i in range(64)])
    marks = re.findall(r"^([A-Z]\d*) ", picture.text, re.MULTILINE)
    assert len(marks) == len(set(marks)) == 64


@pytest.mark.parametrize(
    "fields", [[("a", 64, 60, "")], [("a", 3, 0, ""), ("b", 3, 3, "")], [("a", 0, 1, "")], [("a", 1, -1, "")]]
)
def test_fields_that_do_not_fit_are_refused(fields):
    with pytest.raises(ModelError):
        bits(0, fields)


@pytest.mark.parametrize("value", [-1, 1 << 64])
def test_values_that_do_not_fit_are_refused(value):
    with pytest.raises(ModelError):
        bits(value, [])


def test_hostile_names_stay_text():
    evil = "</text><script>alert(1)</script>\x1b[2J\u202e\"'&"
    picture = bits(1, [(evil, 0, 0, evil)], title=evil)
    root = ElementTree.fromstring(picture.svg)
    assert not list(root.iter("script")) and "\x1b" not in picture.svg and "\u202e" not in picture.svg
    assert "\x1b" not in picture.text and "<script" not in picture.html() and "<script" not in picture.file()


def test_a_notebook_gets_markup_and_words_and_a_file_is_whole_svg():
    picture = bits(0x4020AED2, IOCTL, width=32)
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"} and bundle["text/plain"] == picture.text
    root = ElementTree.fromstring(picture.file())
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and "prefers-color-scheme" in picture.file()
    used = set(re.findall(r"var\((--tdx-[a-z0-9-]+)", picture.file()))
    assert used <= set(re.findall(r"(--tdx-[a-z0-9-]+):", picture.file()))
