"""A completion status taken apart: its name, its bit fields, what its lower half means, and what KVM does with it.

    >>> print(decode("0x8000030800000001").name, decode("TDX_OPERAND_BUSY|RCX").details.text)
    TDX_MISSING_PAMT_PAGE_PAIR operand RCX (register)

Fidelity card
  modelled: all codes, operand ids and bit fields of module 2.0.18; Linux's own codes and the two values that it has otherwise
  simplified: titles of classes are read off the names of their members, the module's specification was not at hand
  left out: the lower half of statuses whose leaf was not read; it is shown as a number, and said to be not read
"""

import re
from collections import namedtuple
from functools import cache

from tdxkit.errors import InputError, printable
from tdxkit.status import codes as c
from tdxkit.status.kernel import P_SEAMLDR, VMCALL, action, leaf_name
from tdxkit.status.lower import Details, details_of
from tdxkit.units import U64_MAX

SOURCES = ("module-status-2-0-18", "module-status-1-5-06", "module-leaves", "linux-tdx-errno")
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9a-fA-F]{16}")
_SENTINEL = U64_MAX
HOST = "the host (GHCI)"
FOREIGN = (P_SEAMLDR, HOST)


# Named tuples, not dataclasses: those cost a command as much as half an interpreter at its start.
class Field(namedtuple("Field", "name high low value meaning")):
    """Some bits of a value: from `high` down to `low`, what they hold, and what that says (empty: nothing)."""

    __slots__ = ()


class Decoded(namedtuple("Decoded", "value name maker leaf details kernel note", defaults=("",))):
    """A status and what it says. `name` is None where no header has this upper half; `maker` is who makes it:
    ``module``, ``Linux``, one of FOREIGN, whose codes no table here has, or ``""`` for nobody known; `leaf` the SEAMCALL or None; `details` a `Details`, `kernel` an
    `Action`; `note` is a sentence on what is odd about it, or empty."""

    __slots__ = ()

    @property
    def error(self) -> bool:
        """Bit 63."""
        return bool(self.value & c.ERROR)

    @property
    def non_recoverable(self) -> bool:
        """Bit 62."""
        return bool(self.value & c.NON_RECOVERABLE)

    @property
    def recoverable(self) -> bool | None:
        """May the same call succeed when made again? None for success, for what is no error and for what Linux made."""
        if self.class_id == 0xFF or self.maker in FOREIGN:
            return None
        return False if self.non_recoverable else True if self.error else None

    @property
    def class_id(self) -> int:
        """Bits 47:40."""
        return self.value >> 40 & 0xFF

    @property
    def class_name(self) -> str | None:
        """The class in words, None for a number that no code uses."""
        entry = None if self.maker in FOREIGN else c.facts()["classes"].get(str(self.class_id))
        return entry and entry[0]

    @property
    def title(self) -> str:
        """The name, or what it is where it has none."""
        return self.name or (f"a code of {self.maker}" if self.maker in FOREIGN else "unknown status")

    @property
    def fields(self) -> tuple[Field, ...]:
        """All 64 bits from the top, as named fields."""
        return tuple(self._field(*row) for row in c.facts()["fields"])

    def _field(self, name: str, high: int, low: int, meaning: str) -> Field:
        value = self.value >> low & ((1 << high - low + 1) - 1)
        if name == "CLASS":
            said = self.class_name or "no code uses this class"
        elif name == "DETAILS_L1":
            said = self.name or "no code has this number"
        elif name == "DETAILS_L2":
            said = self.details.text
        elif name == "RESERVED":
            said = "must be zero" if value else ""
        else:
            said = meaning if value else ""
        return Field(name, high, low, value, said)

    def as_json(self) -> dict:
        """The form that ``decode --json`` prints."""
        return {
            "value": f"0x{self.value:016X}",
            "name": self.name,
            "class": None if self.maker in FOREIGN else self.class_id,
            "recoverable": self.recoverable,
            "details": {"kind": self.details.kind, "text": self.details.text},
            "kernel": str(self.kernel),
        }

    def __str__(self) -> str:
        again = {True: "recoverable", False: "not recoverable", None: "says nothing about trying again"}[
            self.recoverable
        ]
        if self.maker in FOREIGN:
            return f"0x{self.value:016X}  {self.title}\n  details   {self.details.text}\n  kernel    {self.kernel}"
        rows = [
            f"0x{self.value:016X}  {self.title}",
            f"  class     {self.class_id} {self.class_name or '(unknown)'}, {again}",
        ]
        if self.name is None:
            rows += [f"  {f.name:24} bits {f.high}:{f.low} = {f.value:#x}  {f.meaning}".rstrip() for f in self.fields]
        rows += [f"  details   {self.details.text}"] if self.name else []
        rows += [f"  note      {self.note}"] if self.note else []
        return "\n".join([*rows, f"  kernel    {self.kernel}"])


def decode(value: int | str, leaf: str | int | None = None) -> Decoded:
    """Take a status apart.

    `value` is the 64 bits as an int, as ``0x…`` or 16 hex digits, or a name with or without an operand
    (``TDX_OPERAND_BUSY|RCX``); `leaf` the SEAMCALL that returned it, as ``TDH.MEM.PAGE.AUG``, ``tdh_mem_page_aug`` or its
    number. InputError for anything else. A value that no header has is no error: it is decoded field by field.
    """
    number = parse(value) if isinstance(value, str) else _check(value)
    return _decode(number, None if leaf is None else leaf_name(leaf))


def parse(text: str) -> int:
    """The 64 bits that a text stands for; InputError where it stands for none."""
    clean = text.strip() if len(text) <= 200 else text
    if len(clean) <= 18 and _HEX.fullmatch(clean):
        return int(clean, 16)
    name, bar, operand = (part.strip() for part in clean.partition("|"))
    software = _software().get(name)
    if software is not None and not bar:
        return software
    if not bar:
        return c.code(name)
    return c.with_operand(name, int(operand, 0) if re.fullmatch(r"0x[0-9a-fA-F]{1,8}|[0-9]{1,9}", operand) else operand)


def _check(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= U64_MAX:
        raise InputError(
            f"status {printable(value if isinstance(value, (bool, float)) or value is None else _digits(value))}",
            "a status is a whole number from 0 to 2^64 - 1, or text",
            "write it like 0x8000030800000001",
        )
    return value


def _digits(value: object) -> object:
    return f"{'-' if value < 0 else ''}{abs(value):#x}" if isinstance(value, int) else type(value).__name__


@cache
def _software() -> dict[str, int]:
    return {name: int(digits, 16) for name, digits in c.facts()["linux"]["software"].items()}


@cache
def _by_linux() -> dict[int, str]:
    return {int(half, 16) << 32: name for name, half in c.facts()["linux"]["differs"].items()}


def _decode(value: int, leaf: str | None) -> Decoded:
    name, maker, note = name_of(value)
    theirs = foreign(value, name, leaf)
    if theirs:
        said = Details("foreign", "none of the TDX module's codes; what it means is not known here", False)
        return Decoded(value, None, theirs, leaf, said, action(value, None, leaf), "")
    return Decoded(value, name, maker, leaf, details_of(value, name, leaf), action(value, name, leaf), note)


def returned_by(value: int, call: str | None) -> Decoded:
    """A status as a log has it, with the call that the log names, which need be none of a table here."""
    return _decode(value, call)


def foreign(value: int, name: str | None, leaf: str | None) -> str:
    """Who answered, where it was not the TDX module: P-SEAMLDR, or the host in a TDVMCALL's own result; "" where it was."""
    if leaf is None or value & c.STATUS_MASK == _software()["TDX_SW_ERROR"]:
        return ""
    if leaf.startswith(P_SEAMLDR):
        return P_SEAMLDR
    return HOST if leaf == VMCALL and name is None else ""


def name_of(value: int) -> tuple[str | None, str, str]:
    """Name (None: unknown), maker and note of a status."""
    upper = value & c.STATUS_MASK
    name = c.names().get(upper)
    if name:
        theirs = c.facts()["linux"]["differs"].get(name)
        return name, "module", f"Linux's header has this name as 0x{theirs}00000000" if theirs else _shifted(value)
    if upper in _by_linux():
        name = _by_linux()[upper]
        return name, "Linux", f"only Linux's header has this value; the module returns 0x{c.code(name):016X}"
    if upper == _software()["TDX_SW_ERROR"]:
        exact = {number: made for made, number in _software().items()}
        return exact.get(value, "TDX_SW_ERROR"), "Linux", "made by Linux: the SEAMCALL did not reach the module"
    return None, "", _odd(value)


def _odd(value: int) -> str:
    if value == _SENTINEL:
        return "all ones is a marker inside the module's source, never returned"
    nearest = [code for code in c.codes().values() if code & 0xFFFF << 32 == value & 0xFFFF << 32]
    if nearest:
        code = nearest[0]
        return f"class and number are those of {c.names()[code]}, which is 0x{code:016X}: the flag bits differ"
    return "no header read has this upper half"


def _shifted(value: int) -> str:
    name = c.names().get(value << 32) if 0 < value <= c.DETAILS_MASK else None
    return f"is it {name} shifted right by 32? As a status that is 0x{value << 32:016X}" if name else ""
