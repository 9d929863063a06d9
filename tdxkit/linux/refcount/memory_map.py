"""A machine's usable memory as people type it, and some machines to begin with.

memory_map("0-2G, 4G-6G")         # the end of a range is not in it
memory_map("0x1000-0x80000000")   # or byte addresses, in hexadecimal; 2G+4K is one too
"""

import re
from itertools import pairwise

from tdxkit.errors import InputError, printable
from tdxkit.linux.refcount.counters import Range
from tdxkit.text import many
from tdxkit.units import PAGE_4K, PAGE_SHIFT, human, parse_size

MOST_RANGES, LONGEST = 32, 2000
HOW = "write it like 0-2G, 4G-64G+4K or 0x1000-0x80000000"
ZERO = re.compile(r"0+\s*(?:[KMGT](?:iB)?)?", re.I)  # a size is never 0, an address may be
HEX = re.compile(r"0x[0-9a-f]{1,16}", re.I)
# By what is worth seeing on them. Each is of whole 2 MiB regions: where ends lie otherwise is for the reader to try.
MACHINES = {
    "a small machine": "0-8G",
    "a PCI hole below 4 GiB": "0-2G, 4G-64G",
    "two NUMA nodes, a large gap": "0-128G, 1T-1152G",
    "sparse islands of 1 GiB": "0-1G, 8G-9G, 16G-17G, 24G-25G, 32G-33G, 40G-41G, 48G-49G, 56G-57G",
    "CXL memory, far away": "0-2G, 4G-256G, 16T-16640G",
}


def memory_map(text: str) -> tuple[Range, ...]:
    """The ranges, by address. InputError for what is none, for ranges that overlap or do not begin and end at a 4 KiB page, for none or too many."""
    if len(text) > LONGEST:
        raise InputError(f"a memory map of {len(text):,} characters", f"it has at most {LONGEST:,}", "shorten it")
    parts = list(filter(None, (part.strip() for part in re.split(r"[,;\n]", text))))
    if not 0 < len(parts) <= MOST_RANGES:
        raise InputError(many(len(parts), "memory range"), f"a map has 1 to {MOST_RANGES}", HOW)
    found = sorted(map(_range, parts), key=lambda r: r.start)
    for low, high in pairwise(found):
        if high.start < low.end:
            raise InputError(f"{told(low)} and {told(high)}", "ranges do not overlap", "move an end")
    return tuple(found)


def _range(part: str) -> Range:
    start, sign, end = part.replace("–", "-").partition("-")
    if not sign:
        raise InputError(f"memory range {printable(part)}", "a range is START-END, the end not in it", HOW)
    first, last = _frame(start), _frame(end)
    if not first < last <= 1 << 40:
        raise InputError(f"memory range {printable(part)}", "it ends after it starts, at 4096T at most", HOW)
    return Range(first, last)


def _frame(text: str) -> int:
    """A page frame number from an address: 0, 2G, 0x80000000, 2G+4K."""
    parts = [part.strip() for part in text.split("+")]
    address = sum(map(_bytes, parts))
    if address % PAGE_4K:
        raise InputError(f"address {printable(text.strip())}", "memory begins and ends at a 4 KiB page", "round it")
    return address >> PAGE_SHIFT


def _bytes(text: str) -> int:
    try:
        return 0 if ZERO.fullmatch(text) else int(text, 16) if HEX.fullmatch(text) else parse_size(text)
    except InputError:
        raise InputError(f"address {printable(text)}", "it is a size, or bytes with 0x", HOW) from None


def place(frame: int) -> str:
    """An address for people: 2 GiB, or in hexadecimal where it is no round one.

    >>> place(0x80000), place(0x80001), place(0)
    ('2 GiB', '0x80001000', '0')
    """
    address = frame << PAGE_SHIFT
    said = human(address)
    return "0" if not address else f"{address:#x}" if "." in said else said


def told(one: Range) -> str:
    """A range for people.

    >>> told(Range(0, 0x80000))
    '0 … 2 GiB'
    """
    return f"{place(one.start)} … {place(one.end)}"
