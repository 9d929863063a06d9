"""The crash's parameters: one bit apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.review.msr.panic import POSTED, differing_bits, read_panic


def test_the_posted_line():
    panic = read_panic("2025-06-09 10:00:00.000+0000: " + POSTED)
    assert (panic.code, panic.name) == (0x3E, "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED")
    assert panic.parameters == (0x46D359BBDFF, 0x56D359BBDFF, 0, 0)
    assert differing_bits(*panic.parameters[:2]) == (40,)
    assert not panic.parameters[0] >> 40 & 1 and panic.parameters[1] >> 40 & 1


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63)))
def test_flipped_bits_are_found(value, flipped):
    other = value
    for bit in flipped:
        other ^= 1 << bit
    assert differing_bits(value, other) == tuple(sorted(flipped))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "panic",
        POSTED.replace("hyper-v", "s390"),
        POSTED.replace("arg5", "arg4"),
        POSTED.replace("0x3e", "0x" + "1" * 17),
    ],
)
def test_other_lines_are_refused(line):
    with pytest.raises(InputError):
        read_panic(line)


def test_an_unknown_code_keeps_its_number():
    assert read_panic(POSTED.replace("0x3e", "0xd1")).name == "bug check 0xd1"
