"""Where each part of the bit picture stands: 32 cells of 24 × 28 px in a row, what belongs to a bit over and under its cell, the list below."""

from textwrap import wrap

import pytest
from drawn import parts, rooms, size

from tdxkit.view.kit.bits import bits

VALUE = 0x80000001_4020AED2
FIELDS = [("fault", 63, 63, "it failed"), ("middle", 40, 24, ""), ("number", 7, 0, "a word " * 40)]


def left(bit):
    return 14 + 24 * (31 - bit % 32)


def row(bit):
    """The top of the cells in which a bit stands: the upper half of a value first."""
    return 60 if bit > 31 else 154


def cell(bit):
    at = next((k for k, (_, high, low, _) in enumerate(FIELDS) if low <= bit <= high), None)
    on = VALUE >> bit & 1
    role = "soft" if at is None or not on else f"a{at}"
    ground = f"a{at}-bg" if on and at is not None else "panel"
    return [
        f"rect {left(bit)} {row(bit)} 24×28 {ground} line/1",
        f"text {left(bit) + 12} {row(bit) + 19} '{on}' {role} 13/{700 if on else 400} middle",
    ]


def field(at, high, low):
    """A field within a row: its frame, the numbers of its ends over it, a bracket and its letter under it."""
    x, right, y = left(high), left(low) + 24, row(high)
    _, first, last, _ = FIELDS[at]
    numbers = [f"text {x + 12} {y - 4} '{first}' soft 9.5/400 middle"]
    numbers += [f"text {right - 12} {y - 4} '{last}' soft 9.5/400 middle"] * (high > low)
    return [
        f"rect {x} {y} {right - x}×28 transparent a{at}/1.6",
        *numbers,
        f"path M{x + 3} {y + 32}L{x + 3} {y + 36}L{right - 3} {y + 36}L{right - 3} {y + 32} a{at}/1",
        f"text {(x + right) // 2} {y + 51} '{'ABC'[at]}' a{at} 12.5/700 middle",
    ]


def listed(y):
    """The list: letter, bits, name, value, meaning; what does not fit in a row of 790 px goes on in the next."""
    value, meaning = 14 + 92 + 8.6 * len("middle"), 14 + 92 + 8.6 * len("middle") + 20 + 7.5 * len("0x140")
    rows = []
    for at, (name, high, low, words) in enumerate(FIELDS):
        held = VALUE >> low & ((1 << high - low + 1) - 1)
        rows += [
            f"text 14 {y} '{'ABC'[at]}' a{at} 12.5/700",
            f"text 38 {y} '{high if high == low else f'{high}:{low}'}' soft",
            f"text 90 {y} '{name}' 12.5/600",
            f"text {value:g} {y} '{held:#x}' 12.5/400",
        ]
        for said in wrap(words, int((790 - meaning) / 6.8)) or [""]:
            rows.append(f"text {meaning:g} {y} '{said}' soft 12.5/400")
            y += 19
    return rows, y - 13


def test_each_part_stands_at_its_bit():
    picture = bits(VALUE, FIELDS)
    rows, foot = listed(34 + 2 * 94 + 10 + 13)
    digits = [
        f"text {left(bit + 3) + 48} {row(bit) - 18} '{VALUE >> bit & 15:X}' soft 13/400 middle"
        for bit in range(0, 64, 4)
    ]
    cells = [part for bit in range(64) for part in cell(bit)]
    fields = field(0, 63, 63) + field(1, 40, 32) + field(1, 31, 24) + field(2, 7, 0)
    expected = [f"text 14 20 '0x{VALUE:X}' 14/700", *digits, *cells, *fields, *rows]
    assert sorted(parts(picture.svg)) == sorted(expected)
    assert size(picture.svg) == (32 * 24 + 2 * 14, foot + 6)


def test_a_field_lies_over_its_cells_or_they_would_hide_it():
    told = parts(bits(VALUE, FIELDS).svg)
    frame, cells = told.index(field(2, 7, 0)[0]), [told.index(cell(bit)[0]) for bit in range(8)]
    assert frame > max(cells)


@pytest.mark.parametrize("width, digits", [(8, "05"), (32, "00000005"), (64, "0000000000000005")])
def test_a_value_without_a_title_is_called_by_all_its_digits(width, digits):
    picture = bits(5, [], width=width)
    assert picture.text == f"0x{digits}" and f"text 14 20 '0x{digits}' 14/700" in parts(picture.svg)
    assert sum(room.kind == "rect" for room in rooms(picture.svg)) == width


def test_the_twin_lists_fields_from_the_highest_bit_in_columns():
    picture = bits(0x80, [("low", 3, 0, ""), ("long name", 7, 7, "it is set")], width=8, title="A byte")
    assert picture.text.splitlines() == ["A byte", "A      7  long name  0x1  it is set", "B    3:0  low        0x0"]


def test_marks_go_on_after_the_last_letter_with_a_number():
    marks = [row.split()[0] for row in bits(0, [(f"f{k}", k, k, "") for k in range(53)]).text.splitlines()[1:]]
    assert [marks[k] for k in (0, 25, 26, 51, 52)] == ["A", "Z", "A2", "Z2", "A3"]
