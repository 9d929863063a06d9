"""`data/status_codes.json` has the form it must have, and says what the module's header says."""

import re

import pytest

from tdxkit.errors import InputError
from tdxkit.facts import cite
from tdxkit.status import code, with_operand
from tdxkit.status.codes import codes, facts, names, operand_ids, operand_names


def test_how_many_there_are():
    data = facts()
    assert (len(codes()), len(operand_ids()), len(data["classes"])) == (289, 63, 19)
    assert sorted(map(int, data["classes"])) == [*range(18), 255]
    assert (len(data["codes"]["1.5.06"]), len(data["codes"]["2.0.18"])) == (167, 122)
    assert len(data["linux"]["same"]) == 20 and len(data["linux"]["differs"]) == 2


def test_names_and_numbers_are_one_to_one():
    assert len(names()) == len(codes()) and len(operand_names()) == len(operand_ids())
    for name, value in codes().items():
        assert re.fullmatch(r"TDX?_[A-Z0-9_]+", name)
        assert names()[code(name)] == name
        assert value & 0x0FFF_0000_FFFF_FFFF == 0, f"{name}: reserved bits and details of a code are zero"
        assert str(value >> 40 & 0xFF) in facts()["classes"]


def test_every_half_has_eight_digits_and_every_other_table_names_codes():
    data = facts()
    halves = [h for table in (*data["codes"].values(), data["linux"]["differs"]) for h in table.values()]
    assert all(re.fullmatch(r"[0-9A-F]{8}", half) for half in halves)
    named = [name for group in data["details"].values() for name in group]
    assert len(named) == len(set(named))
    assert set(named) | set(data["linux"]["same"]) | set(data["linux"]["differs"]) <= set(codes())
    for name, half in data["linux"]["differs"].items():
        assert int(half, 16) << 32 != code(name)
    for value in data["linux"]["software"].values():
        assert re.fullmatch(r"8000FF00[0-9A-F]{8}", value), "class 255 is Linux's own"


def test_fields_tile_the_64_bits():
    bits = [b for _, high, low, _ in facts()["fields"] for b in range(high, low - 1, -1)]
    assert bits == list(range(63, -1, -1))


def test_sources_are_in_the_list():
    assert all(cite(source) for source in facts()["source"].values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TDX_SUCCESS", 0),
        ("TDX_NON_RECOVERABLE_VCPU", 0x4000000100000000),
        ("TDX_OPERAND_INVALID", 0xC000010000000000),
        ("TDX_OPERAND_BUSY", 0x8000020000000000),
        ("TDX_RND_NO_ENTROPY", 0x8000020300000000),
        ("TDX_PAGE_METADATA_INCORRECT", 0xC000030000000000),
        ("TDX_HPA_RANGE_NOT_FREE", 0xC000030400000000),
        ("TDX_NO_PAMT_PAGE_PAIR", 0xC000030500000000),
        ("TDX_PAMT_PAGE_NOT_EMPTY", 0xC000030600000000),
        ("TDX_MISSING_PAMT_PAGE_PAIR", 0x8000030800000000),
        ("TDX_EPT_ENTRY_STATE_INCORRECT", 0xC0000B0D00000000),
        ("TDX_NON_RECOVERABLE_TD", 0x6000000200000000),
        ("TDX_NON_RECOVERABLE_TD_WRONG_APIC_MODE", 0xE000000700000000),
    ],
)
def test_values_that_the_mails_also_give(name, value):
    assert code(name) == value


def test_operand_ids_that_the_kernel_also_has():
    assert [operand_ids()[o] for o in ("RCX", "TDR", "SEPT_TREE", "TD_EPOCH", "RAX", "R13")] == [
        1,
        0x80,
        0x92,
        0xA9,
        0,
        13,
    ]
    assert with_operand("TDX_OPERAND_BUSY", "SEPT_TREE") == 0x8000020000000092
    assert with_operand("TDX_PAMT_PAGE_NOT_EMPTY", 1) == 0xC000030600000001


@pytest.mark.parametrize("bad", ["TDX_NOPE", "", "tdx_success", "TDX_SUCCESS ", "\x1b[31m", "x" * 10**6])
def test_a_name_that_is_none(bad):
    with pytest.raises(InputError) as caught:
        code(bad)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("bad", ["NOPE", -1, 1 << 32, True, None, 1.0])
def test_an_operand_that_is_none(bad):
    with pytest.raises(InputError):
        with_operand("TDX_OPERAND_BUSY", bad)
