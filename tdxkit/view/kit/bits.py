"""A value bit by bit, with named fields: a completion status, MSR 0x3A, an ioctl number.

    bits(0x4020AED2, [("direction", 31, 30, "write"), ("size", 29, 16, "32 bytes"), …], width=32)
    status_bits(decode("0x8000030800000001"))

Every field has a letter that stands under its bits and again in the list below the rows; a bit that is set is filled and bold.
"""

from collections.abc import Iterable
from textwrap import wrap

from tdxkit.errors import ModelError
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup, drawing, element, group, line, text, visible
from tdxkit.view.kit.theme import ACTORS

CELL, TALL, SIDE, ROW = (
    24,
    28,
    14,
    94,
)  # a bit's width and height, the margin, a row of bits with what stands above and below
PER_ROW = 32
LEGEND, LINE = 19, 790  # height of a line of the list, where it ends at the right
MONO = "var(--jp-code-font-family, ui-monospace, 'DejaVu Sans Mono', monospace)"
Row = tuple[str, int, int, str]  # name, high bit, low bit, what its value means here (may be empty)


def bits(value: int, fields: Iterable[Row], *, width: int = 64, title: str = "") -> Picture:
    """A value of `width` bits as a picture. Fields are (name, high, low, meaning), in any order; bits in no field stay plain.

    ModelError where a field lies outside the value or two share a bit: the picture would lie.
    """
    rows = sorted(((str(n), int(h), int(lo), str(m)) for n, h, lo, m in fields), key=lambda row: -row[1])
    _check(value, rows, width)
    parts = [text(SIDE, 20, title or f"0x{value:0{width // 4}X}", font_size=14, font_weight=700)]
    tops = range(width, 0, -PER_ROW)
    for i, top in enumerate(tops):
        parts.append(_row(value, rows, top, max(top - PER_ROW, 0), 34 + i * ROW))
    legend, below = _legend(value, rows, 34 + len(tops) * ROW + 10)
    twin = _twin(value, rows, width, title)
    wide = PER_ROW * CELL + 2 * SIDE
    return Picture(drawing(wide, below + 6, twin, *parts, *legend), twin)


def status_bits(status) -> Picture:
    """A completion status as `tdxkit.status.decode` gives it."""
    fields = ((f.name, f.high, f.low, f.meaning) for f in status.fields)
    return bits(status.value, fields, title=f"0x{status.value:016X}  {status.name or 'unknown status'}")


def _check(value: int, rows: list[Row], width: int) -> None:
    taken: set[int] = set()
    for name, high, low, _ in rows:
        here = set(range(low, high + 1))
        if not here or min(here) < 0 or max(here) >= width or here & taken:
            raise ModelError(
                f"field {name} ({high}:{low})", f"fields lie inside {width} bits and share none", "correct its bits"
            )
        taken |= here
    if not 0 <= value < 1 << width:
        raise ModelError(f"value {value:#x}", f"it has at most {width} bits", "give more bits or another value")


def _letter(index: int) -> str:
    return chr(ord("A") + index % 26) + (str(index // 26 + 1) if index >= 26 else "")


def _value_of(value: int, high: int, low: int) -> int:
    return value >> low & ((1 << high - low + 1) - 1)


def _span(high: int, low: int) -> str:
    return str(high) if high == low else f"{high}:{low}"


def _row(value: int, rows: list[Row], top: int, bottom: int, y: float) -> Markup:
    """Bits `top` - 1 down to `bottom`: hex digits, bit numbers, cells, and the letters of the fields under them."""

    def x(bit: int) -> float:
        return SIDE + (top - 1 - bit) * CELL

    parts = []
    for nibble in range(bottom, top, 4):
        digit = f"{value >> nibble & 15:X}"
        parts.append(
            text(x(nibble + 3) + 2 * CELL, y + 8, digit, role="soft", anchor="middle", font_family=MONO, font_size=13)
        )
    cells = y + 26
    owner = {bit: i for i, (_, high, low, _) in enumerate(rows) for bit in range(low, high + 1)}
    parts += [_cell(value >> bit & 1, owner.get(bit), x(bit), cells) for bit in range(bottom, top)]
    for i, row in enumerate(rows):
        high, low = min(row[1], top - 1), max(row[2], bottom)
        if high >= low:
            parts.append(_field(value, i, row, x(high), x(low) + CELL, cells))
    return group(*parts)


def _cell(bit: int, field: int | None, x: float, y: float) -> Markup:
    role = "soft" if field is None else ACTORS[field % len(ACTORS)]
    ground = f"var(--tdx-{role}-bg)" if bit and field is not None else "var(--tdx-panel)"
    box = element("rect", x=x, y=y, width=CELL, height=TALL, fill=ground, stroke="var(--tdx-line)", stroke_width=1)
    strong = {"role": role, "font_weight": 700} if bit else {"role": "soft"}
    return group(box, text(x + CELL / 2, y + 19, bit, anchor="middle", font_family=MONO, font_size=13, **strong))


def _field(value: int, index: int, row: Row, left: float, right: float, y: float) -> Markup:
    name, high, low, meaning = row
    role = ACTORS[index % len(ACTORS)]
    colour = f"var(--tdx-{role})"
    said = f"{name}, bits {_span(high, low)} = {_value_of(value, high, low):#x}"
    frame = element(
        "rect", x=left, y=y, width=right - left, height=TALL, fill="transparent", stroke=colour, stroke_width=1.6
    )
    numbers = [text(left + CELL / 2, y - 4, high, role="soft", anchor="middle", font_size=9.5)]
    if right - left > CELL:
        numbers.append(text(right - CELL / 2, y - 4, low, role="soft", anchor="middle", font_size=9.5))
    foot, middle = y + TALL, (left + right) / 2
    bracket = line((left + 3, foot + 4), (left + 3, foot + 8), (right - 3, foot + 8), (right - 3, foot + 4), role=role)
    mark = text(middle, foot + 23, _letter(index), role=role, anchor="middle", font_weight=700, font_size=12.5)
    hover = element("title", said + (f": {meaning}" if meaning else ""))
    return group(hover, frame, *numbers, bracket, mark)


def _legend(value: int, rows: list[Row], y: float) -> tuple[list[Markup], float]:
    """The list of fields from `y` down, and where it ends."""
    values = SIDE + 92 + 8.6 * max((len(row[0]) for row in rows), default=0)
    meanings = values + 20 + 7.5 * max((len(f"{_value_of(value, h, lo):#x}") for _, h, lo, _ in rows), default=0)
    parts = []
    for i, (name, high, low, meaning) in enumerate(rows):
        role = ACTORS[i % len(ACTORS)]
        foot = y + 13
        parts += [
            text(SIDE, foot, _letter(i), role=role, font_weight=700, font_size=12.5),
            text(SIDE + 24, foot, _span(high, low), role="soft", font_family=MONO),
            text(SIDE + 76, foot, name, font_weight=600, font_size=12.5),
            text(values, foot, f"{_value_of(value, high, low):#x}", font_family=MONO, font_size=12.5),
        ]
        for said in wrap(meaning, int((LINE - meanings) / 6.8)) or [""]:
            parts.append(text(meanings, y + 13, said, role="soft", font_size=12.5))
            y += LEGEND
    return parts, y


def _twin(value: int, rows: list[Row], width: int, title: str) -> str:
    said = [title or f"0x{value:0{width // 4}X}"]
    names = max((len(row[0]) for row in rows), default=0)
    for i, (name, high, low, meaning) in enumerate(rows):
        shown = f"{_letter(i)}  {_span(high, low):>5}  {name:{names}}  {_value_of(value, high, low):#x}"
        said.append(f"{shown}  {meaning}".rstrip())
    return visible("\n".join(said))
