"""Which types see the same, and of what type a constant or a part of a word is: to the last value and the last bit."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c.bytewise import _cell
from tdxkit.c.harness import value_of
from tdxkit.c.layouts import BITS, is_same, view
from tdxkit.c.literals import type_of_constant
from tdxkit.c.types import INT, INTS, BitField, Pointer, Void
from tdxkit.errors import ModelError

VOID = Void("void")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0, "int"),
        ((1 << 31) - 1, "int"),
        (1 << 31, "unsigned long"),
        (1 << 32, "unsigned long"),
        (-(1 << 31), "int"),
        (-1, "int"),
    ],
)
def test_a_constant_of_the_kernel_is_an_int_as_long_as_it_fits(value, name):
    assert type_of_constant("SOME_NAME", value) is INTS[name]


def test_some_bits_of_a_word_are_not_seen_as_the_word():
    three = BitField(INTS["unsigned int"], 3)
    assert view(three) == view(BitField(INTS["unsigned int"], 3)) != view(INTS["unsigned int"])
    assert view(three)[0].startswith(BITS)
    assert not is_same(three, BitField(INTS["unsigned int"], 4)) and not is_same(three, INTS["unsigned int"])


def test_pointers_to_anything_see_the_same():
    assert is_same(VOID, VOID) and is_same(Pointer(VOID), Pointer(VOID))
    assert not is_same(Pointer(VOID), Pointer(INT)) and not is_same(VOID, INT)


@pytest.mark.parametrize(("value", "gives"), [("7", 7), ("-1", 0xFFFFFFFF), ("(int)0x1ffffffffUL", 0xFFFFFFFF), ("0x80000000", 0x80000000)])  # fmt: skip
def test_a_reference_count_has_32_bits(value, gives):
    text = f"static refcount_t r; unsigned long f(void) {{ refcount_set(&r, {value}); return refcount_read(&r); }}"
    assert value_of(text, "f", ()) == gives
    assert value_of(text.replace("refcount_read(&r)", "refcount_read(&r) > 5"), "f", ()) == (gives > 5)


@pytest.mark.parametrize(("at", "by", "lands"), [(0, 1, (1, False)), (2, 1, (3, False)), (1, 1, None), (0, 4, (1, False)), (1, 4, (2, False))])  # fmt: skip
def test_a_byte_on_is_a_cell_on_only_where_a_cell_is_a_byte(at, by, lands):
    here = Made(cell=at, byte=at, layout=Made(begins=(), sizes=(1, 4), title="n", paths=()))
    if lands:
        assert _cell(here, by, 1) == lands
    else:
        with pytest.raises(ModelError, match="a byte of n"):
            _cell(here, by, 1)
