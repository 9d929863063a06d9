"""Find every completion status in a log: dmesg, a trace, a register dump, a mail.

A number is taken for a status when its upper half is one that a header has. Where the line speaks of TDX before the number
(SEAMCALL, TDX, TDH…, TDG…) that is enough, and an unknown status with the error bit is found too; elsewhere it must also be an
error (so it has all 16 digits), and its lower half must be one that this status can have: page table entries and addresses
are 64 bits as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from tdxkit.errors import InputError
from tdxkit.intake import Source, opened
from tdxkit.status import codes as c
from tdxkit.status.decoding import Decoded, decode, name_of
from tdxkit.status.kernel import SW_ERROR, leaf_name, leaf_numbers
from tdxkit.status.lower import details_of
from tdxkit.work import Job

# Begins with what no search can skip over faster: a status has bits 59:48 clear. What stands before it is looked at in `finds`.
_NUMBER = re.compile(
    r"(?:0[xX](0|[0-9a-fA-F]{9,16})|([4689cCeE]000[0-9a-fA-F]{12}|0000[0-9a-fA-F]{12}))(?![\w-])", re.ASCII
)
_SUBJECT = re.compile(r"seamcall|tdcall|tdx|tdh[_.]|tdg[_.]", re.IGNORECASE)
_LEAF = re.compile(r"(?<![A-Za-z])TDH(?:[_.][A-Za-z]+)+", re.IGNORECASE)
_LEAF_NUMBER = re.compile(r"SEAMCALL\s*\(?\s*(?:0x)?([0-9a-fA-F]{1,16})\)", re.IGNORECASE)
_MASK16 = 0x0FFF << 48
LINE_SHOWN = 300  # characters of a line that a find keeps
LIMIT = 256 << 20  # bytes of a log
_BLOCK = 1 << 18  # bytes looked through between two ticks
_LONGEST = 1 << 24  # bytes of a line; what is longer is taken for two


@dataclass(frozen=True, slots=True)
class Found:
    """A status in a text: its line (from 1) and column (from 0), the line's text (cut), the value and the leaf named before it."""

    line: int
    column: int
    text: str
    value: int
    leaf: str | None

    @property
    def status(self) -> Decoded:
        """The status taken apart."""
        return decode(self.value, self.leaf)

    def as_json(self) -> dict:
        """An item of `decode --scan --json`."""
        return {**self.status.as_json(), "line": self.line, "leaf": self.leaf}


def scan_job(source: Source) -> Job[tuple[Found, ...]]:
    """Every status in a log, in order, whole lines at a time. InputError where it cannot be read, is binary or longer than LIMIT."""
    found: list[Found] = []
    line, size = 1, 0
    with opened(source, text=True) as stream:
        while block := stream.read(_BLOCK):
            block += b"" if block.endswith(b"\n") else stream.readline(_LONGEST)
            size += len(block)
            if size > LIMIT:
                raise InputError(stream.title, f"a log has at most {LIMIT >> 20} MiB", "cut out the part that matters")
            found += finds(block.decode("utf-8", "replace"), line)
            line += block.count(b"\n")
            yield stream.at
    return tuple(found)


def scan(text: str) -> tuple[Found, ...]:
    """Every status in `text`, in order. Time is linear in its length; nothing in it can fail."""
    return tuple(finds(text))


def finds(text: str, line: int = 1) -> Iterator[Found]:
    """The finds of `scan`, one by one, in a text whose first line has this number."""
    start, end = 0, -1
    for match in _NUMBER.finditer(text):
        at = match.start()
        value = int(match[match.lastindex or 0], 16)
        if not _could_be(value) or (at and (text[at - 1].isalnum() or text[at - 1] in "_.-")):
            continue
        if at > end:  # a new line: count those passed since the last one
            begin = text.rfind("\n", start, at) + 1 or start
            line += text.count("\n", start, begin)
            start, end = begin, _end_of_line(text, at)
        before = text[max(start, at - LINE_SHOWN) : at]
        if _is_status(value, before):
            yield Found(line, at - start, text[start : min(end, start + LINE_SHOWN)], value, _leaf(before))


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _could_be(value: int) -> bool:
    return not value & _MASK16 and (value >> 63 == 1 or value >> 40 <= 0x11 or value >> 62 == 1)


def _is_status(value: int, before: str) -> bool:
    known = value & c.STATUS_MASK in _known()
    told = _SUBJECT.search(before)
    if value & c.STATUS_MASK == 0:  # success: only a plain zero that is given as a result
        return bool(
            told and value == 0 and re.search(r"[:=]\s*\W?$|(?:returned|returns|ret|rax)\W*$", before, re.IGNORECASE)
        )
    if told:
        return known or bool(value >> 63 and value >> 40 & 0xFF in (*range(18), 255))
    return bool(known and value >> 62 and details_of(value, name_of(value)[0]).plausible)


@cache
def _known() -> frozenset[int]:
    """The upper halves that some header has."""
    theirs = (int(half, 16) << 32 for half in c.facts()["linux"]["differs"].values())
    return frozenset((*c.names(), *theirs, SW_ERROR))


def _leaf(before: str) -> str | None:
    named = _LEAF.findall(before)
    if named:
        return _leaf_named(named[-1])
    number = _LEAF_NUMBER.search(before)
    return leaf_numbers().get(int(number[1], 16) & 0xFFFF) if number else None


@lru_cache(1000)
def _leaf_named(name: str) -> str | None:
    try:
        return leaf_name(name)
    except InputError:
        return None
