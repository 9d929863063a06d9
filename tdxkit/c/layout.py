"""Where the members of structs and unions lie, as gcc has it on x86-64: bit-fields, what is packed, aligned, or under a #pragma pack [gcc-layout]."""

from collections.abc import Iterable
from typing import NamedTuple

from tdxkit.c.types import BitField, Struct, Type, is_odd

SOURCES = ("gcc-layout",)


class Packing(NamedTuple):
    """What a text says of a struct, or of a member of one. `align`: in bytes, at least; `most`: how far its members are aligned at most, of a
    #pragma pack; `odd`: something that is not known here."""

    packed: bool = False
    align: int = 0
    most: int = 0
    odd: bool = False


PLAIN = Packing()


class Field(NamedTuple):
    """A member: its name, "" for none, its type, and what is said of it."""

    name: str
    type: Type
    packing: Packing = PLAIN


class _Place(NamedTuple):
    """Where a member lies, and how far its struct is aligned for it; in bits."""

    begins: int
    ends: int
    align: int


def _placed(at: int, field: Field, of: Packing) -> _Place:
    """The place of a member behind what ends at bit `at`."""
    kind, align = field.type, 8 * field.type.align
    packed, most = of.packed or field.packing.packed, 8 * of.most
    ends_row = isinstance(kind, BitField) and not kind.bits
    least = 8 if packed else align
    if isinstance(kind, BitField):
        wanted = 8 * field.packing.align or (1 if kind.bits else align)
        least = min(align, most) if most else least
    else:
        wanted = max(least, 8 * field.packing.align)
    wanted = min(wanted, most) if most and not ends_row else wanted
    at = _up(at, wanted)
    if not isinstance(kind, BitField):
        return _Place(at, at + 8 * kind.size, wanted)
    units = 8 * kind.size // align  # of its alignment, of which it may be in as many as its type is
    if not (packed or most) and -(-(at % align + kind.bits) // align) > units:
        at = _up(at, align)
    return _Place(at, at + kind.bits, max(wanted, least) if field.name else 1)


def _up(at: int, to: int) -> int:
    return -(-at // to) * to


def lay(made: Struct, fields: Iterable[Field | tuple[str, Type]], of: Packing = PLAIN, union: bool = False) -> None:
    """Give a struct its members; to a union their sizes alone, as it is read with one member."""
    fields = [Field(*field) for field in fields]
    at = size = 0
    align, begins = 8 * max(1, of.align), []
    for field in fields:
        place = _placed(0 if union else at, field, of)
        begins.append(place.begins // 8)
        at, size, align = place.ends, max(size, place.ends), max(align, place.align)
    made.size, made.align = _up(size, align) // 8, align // 8
    made.odd = of.odd or any(field.packing.odd or is_odd(field.type) for field in fields)
    if not union:
        made.fill([(field.name, field.type) for field in fields], begins)
