"""Memory maps as people type them: what is read, what is refused in a line, and machines on which nothing goes wrong yet."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.refcount.counters import VERSIONS, Range, build
from tdxkit.linux.refcount.memory_map import LONGEST, MACHINES, MOST_RANGES, memory_map, place, told

ONE = Range(0, 0x80000)


@pytest.mark.parametrize(
    "text, ranges",
    [
        ("0-2G", [ONE]),
        ("0x0-0x80000000", [ONE]),
        (" 0 – 2 GiB ", [ONE]),
        ("0G-2G", [ONE]),
        ("4G-6G,0-2G", [ONE, Range(0x100000, 0x180000)]),
        ("0-2G;\n4G-6G", [ONE, Range(0x100000, 0x180000)]),
        ("0-2G+4K", [Range(0, 0x80001)]),
        ("0x1000+4K-8K+0x4000", [Range(2, 6)]),
        ("0-2G, 2G-4G", [ONE, Range(0x80000, 0x100000)]),
        ("0-4096T", [Range(0, 1 << 40)]),
    ],
)
def test_maps_that_are_read(text, ranges):
    assert list(memory_map(text)) == ranges


@pytest.mark.parametrize(
    "text, thing",
    [
        ("", "0 memory ranges"), (" , ", "0 memory ranges"), ("4G", "4G"), ("x-2G", "x"), ("2G-1G", "2G-1G"), ("1G-1G", "1G-1G"), ("0-5000T", "0-5000T"),
        ("0-1", "address 1"), ("1K-8K", "address 1K"), ("0-2G+", "address "), ("0-0x", "0x"), ("-1-2G", "address "), ("0-1.5G", "1.5G"), ("0-٣G", "٣G"),
        ("0-2G, 1G-3G", "0 … 2 GiB and 1 GiB … 3 GiB"), ("0-<b>", "<b>"), ("0-0x" + "f" * 17, "0x"), ("0-1G," * (MOST_RANGES + 1), "33 memory ranges"),
        ("0" * (LONGEST + 1), "2,001 characters"), ("0-\x1b[31m", "address"),
    ],
)  # fmt: skip
def test_what_is_no_map_is_said_in_a_line(text, thing):
    with pytest.raises(InputError) as caught:
        memory_map(text)
    assert thing in str(caught.value) and "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


@given(st.text("0123456789abxGKMT+-,; \n", max_size=40))
def test_no_text_does_more_than_be_refused(text):
    try:
        found = memory_map(text)
    except InputError:
        return
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_on_the_machines_of_the_list_nothing_goes_wrong_in_any_version():
    for text in MACHINES.values():
        memory = memory_map(text)
        arrays = [build(version, memory) for version in VERSIONS]
        assert not any(a.failed or a.leaked or a.holes(memory) for a in arrays)


def test_round_addresses_have_a_unit_and_others_are_hexadecimal():
    assert [place(n) for n in (0, 1, 0x80000, 0x80001)] == ["0", "4 KiB", "2 GiB", "0x80001000"]
    assert told(Range(1, 0x80001)) == "4 KiB … 0x80001000"
