"""The names and numbers of completion statuses: what RAX holds when a SEAMCALL returns.

A status is 64 bits. The upper half (bits 63:32) says which status it is, the lower half (31:0) carries details whose meaning
depends on it. Numbers are from `data/status_codes.json`; shapes: a status is an int from 0 to 2^64 - 1.
"""

from functools import cache
from types import MappingProxyType

from tdxkit.errors import InputError, printable
from tdxkit.facts import load_json
from tdxkit.text import near

STATUS_MASK = 0xFFFF_FFFF_0000_0000  # the half that Linux compares
DETAILS_MASK = 0x0000_0000_FFFF_FFFF
ERROR, NON_RECOVERABLE = 1 << 63, 1 << 62


def facts() -> dict:
    """`data/status_codes.json`, parsed once."""
    return load_json("status_codes.json")


@cache
def codes() -> MappingProxyType:
    """Name → status with empty details, for every code of the module's header."""
    return MappingProxyType(
        {name: int(half, 16) << 32 for table in facts()["codes"].values() for name, half in table.items()}
    )


@cache
def names() -> MappingProxyType:
    """Status with empty details → name; the other direction of `codes()`."""
    return MappingProxyType({value: name for name, value in codes().items()})


@cache
def operand_ids() -> MappingProxyType:
    """Name → number, for each thing that a status can point at: a register, a TD_PARAMS field, a structure, a lock."""
    return MappingProxyType({name: number for name, (number, _) in facts()["operand_ids"].items()})


@cache
def operand_names() -> MappingProxyType:
    """Number → name, the other direction of `operand_ids()`."""
    return MappingProxyType({number: name for name, number in operand_ids().items()})


@cache
def code(name: str) -> int:
    """The status with this name, details empty. InputError for a name that the module's header does not have.

    >>> hex(code("TDX_MISSING_PAMT_PAGE_PAIR"))
    '0x8000030800000000'
    """
    try:
        return codes()[name]
    except KeyError:
        raise unknown_name(name) from None


@cache
def with_operand(name: str, operand: str | int) -> int:
    """The status with an operand id (or another number of 32 bits) as its details.

    >>> hex(with_operand("TDX_OPERAND_BUSY", "RCX"))
    '0x8000020000000001'
    """
    return code(name) | operand_id(operand)


def operand_id(operand: str | int) -> int:
    """The number of an operand; a number from 0 to 2^32 - 1 is taken as it is."""
    if isinstance(operand, int) and not isinstance(operand, bool) and 0 <= operand <= DETAILS_MASK:
        return operand
    try:
        return operand_ids()[operand]
    except (KeyError, TypeError):
        raise InputError(
            f"operand {printable(operand)}",
            "details are an operand's name or a number from 0 to 2^32 - 1",
            "name one like RCX, R8, TDR or SEPT_TREE",
        ) from None


def unknown_name(name: object) -> InputError:
    """The error for a name that is no status, with the nearest that is."""
    meant = near(str(name)[:80].upper(), codes())
    return InputError(
        f"status {printable(name)}",
        "a status is 0x and up to 16 hex digits, or the name of one of the module's codes",
        f"did you mean {meant}?" if meant else "write it like 0x8000030800000001 or TDX_OPERAND_BUSY|RCX",
    )
