"""Which call a line of a log speaks of: a leaf by name, or by its number in each way that logs write it.

    SEAMCALL (34) failed: …      SEAMCALL (0x0000000000000022) failed: …     SEAMCALL failed: leaf 0x1c, error …
    SEAMCALL TDH_SYS_RD failed   tdh_sys_rd() returned …                     … returned by TDH.SYS.RD

A number is hex with 0x, with 16 digits or with a letter among them, else decimal. Bit 63 of it says that P-SEAMLDR was called, not the TDX
module. A call is a leaf's name ("TDH.SYS.RD", "TDG.VM.RD"), "leaf 254" for a number that no table here has, or "P-SEAMLDR call 0x1".
"""

import re
from functools import lru_cache

from tdxkit.errors import InputError
from tdxkit.status.kernel import P_SEAMLDR, families, leaf_name, numbered_leaf

_NAME = r"(?<![A-Za-z])TD[HG](?:[_.][A-Za-z]{1,20}){1,6}"
_NUMBER = r"(?:0x[0-9a-f]{1,16}|-?[0-9]{1,20})(?![\w.])"
_WORD = r"(?:leaf|fn|func|function)(?:[ ]{1,3}(?:number|no\.|nr|id|function|fn)){0,2}"
_CALL = (
    rf"(?P<name>{_NAME})"
    rf"|(?:SEAMCALL|(?P<guest>TDCALL))\s{{0,3}}[(\[#]\s{{0,3}}(?P<inside>{_NUMBER}|[0-9a-f]{{1,16}}(?=[)\]]))"
    rf"|(?:SEAMCALL|(?P<guest2>TDCALL))\s{{1,3}}(?P<bare>{_NUMBER})(?=\W{{1,4}}(?:failed|fails|return|error|err\b|ret\b|status))"
    rf"|(?<!cpuid )\b{_WORD}\s{{0,3}}[:=#(]?\s{{0,3}}(?P<leaf>{_NUMBER}|[0-9a-f]{{1,16}}(?=\)))"
    r"|(?P<loader>(?<![\w/])(?:P-)?SEAMLDR(?![\w/]|\.bin))"
)
_BEGINS = re.compile(r"SEAMCALL|TDCALL|TD[HG][_.]|SEAMLDR|P-SEAMLDR|(?:cpuid )?leaf|\bfn\b|func", re.IGNORECASE)
_ANY_CALL = re.compile(_CALL, re.IGNORECASE)
_OPEN = re.compile(
    rf"(?:{_CALL})(?:[\s,:;=()\[\]-]|failed|returned|returns|error|err|status|code|ret|rax|with|completion)*$",
    re.IGNORECASE,
)
_NAMED_AFTER = re.compile(
    rf"[\s,(]{{1,3}}(?:(?:returned )?(?:from|by|for|of|in)[: (]{{1,3}})?(?P<name>{_NAME})", re.IGNORECASE
)
_OF_GUEST = re.compile(r"TDCALL|TDG[_.]", re.IGNORECASE)
_OF_HOST = re.compile(r"SEAMCALL|TDH[_.]", re.IGNORECASE)
_IS_ONE = re.compile(
    rf"(?:(?:SEAMCALL|TDCALL)\s{{0,3}}[(\[#]\s{{0,3}}|\b{_WORD}\s{{0,3}}[:=#(]?\s{{0,3}})$", re.IGNORECASE
)
_CALLED = re.compile(r"(?:SEAMCALL|TDCALL)\s{1,3}$", re.IGNORECASE)
_FAILED = re.compile(r"\s{1,3}(?:failed|fails|returned|returns)", re.IGNORECASE)
TAIL = 200  # characters in which a line that was broken off names its call


def call_before(text: str) -> str | None:
    """The call that a line names last in front of a status; None where it names none that can be told."""
    begins = _BEGINS.search(text)
    return _last_call(text[begins.start() :]) if begins else None


@lru_cache(4096)  # logs say the same words again and again, with other times in front
def _last_call(text: str) -> str | None:
    for found in reversed(list(_ANY_CALL.finditer(text))):
        if call := _told(found, text):
            return call
    return None


def call_after(text: str) -> str | None:
    """The call that is named right behind a status: `(TDH_SYS_RD)`, `from TDH.SYS.RD`."""
    found = _NAMED_AFTER.match(text)
    return _named(found["name"]) if found else None


def left_open(line: str) -> str | None:
    """The call with which a line ends before it could say its status: the next line goes on. None where it says more, or nothing."""
    line = line[-TAIL:]
    begins = _BEGINS.search(line)
    found = _OPEN.search(line, begins.start()) if begins else None
    return call_before(found[0]) if found else None


def is_number_of_call(before: str, after: str) -> bool:
    """Whether a number that stands between these two texts is the leaf's own, not a status."""
    return bool(_IS_ONE.search(before) or (_CALLED.search(before) and _FAILED.match(after)))


def _told(found: re.Match, text: str) -> str | None:
    if found["name"]:
        return _named(found["name"])
    if found["loader"]:
        return P_SEAMLDR
    digits = found["inside"] or found["bare"] or found["leaf"]
    guest = bool(found["guest"] or found["guest2"])
    if found["leaf"]:
        guest = bool(_OF_GUEST.search(text)) and not _OF_HOST.search(text)
    return numbered_leaf(number(digits), guest)


def number(digits: str) -> int:
    """A leaf's number as the line writes it: see the module."""
    low = digits.lower()
    if low.startswith("0x"):
        return int(low, 16)
    decimal = low.removeprefix("-").isdigit() and len(low) != 16
    return int(low, 10 if decimal else 16) & 0xFFFF_FFFF_FFFF_FFFF


@lru_cache(1000)
def _named(name: str) -> str | None:
    """The leaf of this name; one that no table has too, where its family is known: modules grow, and C functions are called alike."""
    try:
        return leaf_name(name)
    except InputError:
        dotted = name.upper().replace("_", ".")
        return dotted if tuple(dotted.split(".")[:2]) in families() else None
