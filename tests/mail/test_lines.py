"""Lines of a file: how long one may be, what is dropped from them and said, and in which character set they are read."""

import pytest

from tdxkit.intake import STRIDE, opened
from tdxkit.mail import lines
from tdxkit.mail.lines import ENDLESS, LINE_LIMIT, NOTES_KEPT, Note, Notes, decoded, numbered


def read(data: bytes):
    notes = Notes()
    with opened(data) as stream:
        found = [(number, line) for number, line in numbered(stream, notes) if number]
    return found, notes


def test_the_limits():
    assert (LINE_LIMIT, ENDLESS, NOTES_KEPT) == (65_536, 256 * 1024 * 1024, 100)


@pytest.mark.parametrize(
    ("length", "more"),
    [
        (65_534, 0),
        (65_535, 0),  # with its newline as long as may be
        (65_536, 1),  # the newline alone is skipped
        (65_537, 2),
        (65_536 + (1 << 20), (1 << 20) + 1),
        (65_536 + 3 * (1 << 20), 3 * (1 << 20) + 1),
    ],
)
def test_how_long_a_line_may_be(length, more):
    found, notes = read(b"x" * length + b"\nnext\n")
    assert found == [(1, b"x" * min(length, 65_536) + b"\n"), (2, b"next\n")]
    assert str(notes) == (f"line 1: longer than 65536 bytes: {more} more are skipped" if more else "")


def test_a_line_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(lines, "ENDLESS", 2 << 20)
    assert "longer than" in str(read(b"x" * (65_536 + (2 << 20)))[1])
    found, notes = read(b"a\n" + b"x" * (65_536 + (2 << 20) + 1))
    assert found == [(1, b"a\n")]
    assert str(notes) == "line 3: the file ends early (line 2 has no end)"


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_goes_from_the_first_line_alone(mark):
    assert read(mark + b"a\n" + mark + b"b\n")[0] == [(1, b"a\n"), (2, mark + b"b\n")]


def test_nul_bytes_are_dropped_and_counted():
    found, notes = read(b"a\n\0b\0\nc\n")
    assert found[1] == (2, b"b\n") and str(notes) == "line 2: 2 NUL bytes are dropped"


def test_a_tick_comes_after_each_stride_and_at_the_end():
    with opened(b"x" * 63 + b"\n") as stream:
        assert [n for n, _ in numbered(stream, Notes())] == [1, 0]
    count = STRIDE // 64
    with opened((b"x" * 63 + b"\n") * (2 * count + 1)) as stream:
        ticks = [k for k, (number, _) in enumerate(numbered(stream, Notes())) if not number]
    assert ticks == [count, 2 * count + 1, 2 * count + 3]


@pytest.mark.parametrize(
    ("raw", "charset", "text", "clean"),
    [
        ("é".encode(), "", "é", True),
        ("é".encode(), "us-ascii", "é", True),
        (b"\xe9", "", "é", False),
        (b"\xe9", "latin-1", "é", True),
        (b"\xe9", "klingon", "é", False),
        (b"\x93", "cp1252", "“", True),
        (b"a-", "punycode", "a-", False),  # none that mail uses
        (b"\xed\xa0\x80", "", "í\xa0€", False),
        (b"\x81", "", "\ufffd", False),
        ("я".encode("koi8-r"), "koi8-r", "я", True),
        ("字".encode("gb2312"), "gb2312", "字", True),
        ("字".encode("big5"), "big5", "字", True),
        ("字".encode("euc-jp"), "euc-jp", "字", True),
        ("字".encode("shift_jis"), "shift_jis", "字", True),
        ("字".encode("iso-2022-jp"), "iso-2022-jp", "字", True),
        ("é".encode("utf-16"), "utf-16", "é", True),
    ],
)
def test_character_sets(raw, charset, text, clean):
    assert decoded(raw, charset) == (text, clean)


def test_notes_keep_a_hundred_and_count_all():
    notes, more = Notes(), Notes()
    for k in range(99):
        notes.add(k, "x")
    assert len(notes) == 99 and str(notes).count("\n") == 98
    for k in range(102):
        more.add(k, "y")
    notes.take(more)
    assert (len(notes), len(notes.kept)) == (99 + 102, 100)
    assert str(notes).endswith("line 98: x\ny\n… and 101 more")
    assert [note.what for note in notes][-1] == "y"


def test_a_note_says_its_line_and_is_printable():
    notes = Notes()
    notes.add(0, "all")
    notes.add(7, "a\x1bb")
    notes.add(8, "x" * 400)
    assert str(Note(0, "all")) == "all" and str(notes).startswith("all\nline 7: a")
    assert "\x1b" not in str(notes) and notes.kept[2].what == "x" * 300 + "…"
