"""The Physical Address Metadata Table: page types, 16-byte entries at three levels, the bitmap of PAMT pages, TDMRs.

Three levels (1G, 2M, 4K; 512 entries below each). The upper two are arrays; with Dynamic PAMT the lowest hangs on pointers, which makes
a radix tree of it: a 2M entry of type PT_PAMT names the two pages of its pair. Levels are numbered as the module does, 4K = 0.
Layout of entries: source module-pamt-manager.

Fidelity card
  modelled: the three levels, page types, owner, the pair and the page count in a 2M entry, the bitmap (also set for reserved pages)
  simplified: BEPOCH lives beside the entry, not in its second word, which hides nothing a SEAMCALL can see
  left out: page types of TDX Connect (9 to 13) beyond their names; the export fields of BEPOCH
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from tdxkit.errors import InputError
from tdxkit.units import PAGE_1G, PAGE_2M, PAGE_4K, U64_MAX

SOURCES = ("module-pamt-manager",)


L4K, L2M, L1G = 0, 1, 2
SHIFT = (12, 21, 30)
SIZE = (PAGE_4K, PAGE_2M, PAGE_1G)
LEVEL_NAMES = ("4K", "2M", "1G")
FAN_OUT = 512
ENTRY_SIZE = 16  # bytes, at every level, in every module version that was read; a host asks for it, see sizes.FIELDS
PAIR_PAGES = FAN_OUT * ENTRY_SIZE // PAGE_4K  # two pages hold the 512 entries of a region
BITMAP_BITS = 1  # per 4K page
PAIR_ADDRESS_BITS = 48  # a pair page's frame number has 36 bits in the 2M entry


class PageType(IntEnum):
    """What a page is used for, as in bits 20:16 of an entry."""

    NDA = 0
    RSVD = 1
    REG = 3
    TDR = 4
    TDCX = 5
    TDVPR = 6
    TDVPX = 7  # module 1.0 only
    EPT = 8
    PT_PAMT = 15

    def __str__(self) -> str:
        return self.name


NDA, RSVD, REG, TDR, TDCX, TDVPR, TDVPX, EPT, PT_PAMT = PageType


class Entry(NamedTuple):
    """What one PAMT entry says; its lock word, BEPOCH and page count are kept beside it.

    `owner` is the HPA of the owning TD's TDR, 0 for none; `pair` the HPAs of the two pages, for PT_PAMT only.
    """

    type: PageType
    owner: int = 0
    pair: tuple[int, ...] = ()

    def __str__(self) -> str:
        owner = f" of TD {self.owner:#x}" if self.owner else ""
        return f"{self.type}{owner}" + (f" ({self.pair[0]:#x}, {self.pair[1]:#x})" if self.pair else "")


FREE = Entry(NDA)
RESERVED = Entry(RSVD)


def encode(entry: Entry, lock: int = 0, second: int = 0) -> tuple[int, int]:
    """The entry's two 64-bit words; `second` is BEPOCH, or the page count of a PT_PAMT entry."""
    low = (lock & 0xFFFF) | entry.type << 16
    if entry.type == PT_PAMT:
        first, other = entry.pair
        return low | first >> 12 << 28, second | other >> 12 << 28
    return low | entry.owner >> 12 << 24, second


def decode(low: int, high: int) -> tuple[Entry, int, int]:
    """(entry, lock word, second) of two 64-bit words; InputError for a type the module does not use or a word over 64 bits."""
    if not (0 <= low <= U64_MAX and 0 <= high <= U64_MAX):
        raise InputError("PAMT entry", "it is two words of 64 bits", "give two numbers from 0 to 2^64 - 1")
    code = low >> 16 & 31
    if code not in PageType._value2member_map_:
        raise InputError(f"PAMT entry {low:#x}", f"page type {code} is not modelled", "see PageType for those that are")
    if code == PT_PAMT:
        return Entry(PT_PAMT, 0, (low >> 28 << 12, high >> 28 << 12)), low & 0xFFFF, high & 0x3FF
    return Entry(PageType(code), low >> 24 << 12), low & 0xFFFF, high


@dataclass(frozen=True, slots=True)
class Area:
    """A range of host physical memory: base HPA and size in bytes."""

    base: int
    size: int

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.base + self.size

    def overlaps(self, other: "Area") -> bool:
        """Whether the two share a byte."""
        return self.base < other.end and other.base < self.end

    def holds(self, other: "Area") -> bool:
        """Whether the other lies inside."""
        return self.base <= other.base and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Tdmr:
    """TDMR_INFO: the range, its reserved areas (HPAs, ascending) and where its PAMT is to lie.

    With Dynamic PAMT the field `pamt_4k` describes the page bitmap: that is what the module calls it.
    """

    base: int
    size: int
    reserved: tuple[Area, ...] = ()
    pamt_1g: Area | None = None
    pamt_2m: Area | None = None
    pamt_4k: Area | None = None

    @property
    def area(self) -> Area:
        """The range itself."""
        return Area(self.base, self.size)

    def is_reserved(self, hpa: int) -> bool:
        """Whether this page lies in a reserved area."""
        return any(a.base <= hpa < a.end for a in self.reserved)


def pamt_bytes(size: int, dynamic: bool, entry: int = ENTRY_SIZE) -> tuple[int, int, int]:
    """Bytes a TDMR of `size` bytes needs at 1G, 2M and 4K, with entries of `entry` bytes; with Dynamic PAMT the last is the bitmap. Each
    rounded up to a page."""
    entries = [size // s * entry for s in SIZE]
    lowest = size // PAGE_4K * BITMAP_BITS // 8 if dynamic else entries[L4K]
    return tuple(-(-n // PAGE_4K) * PAGE_4K for n in (entries[L1G], entries[L2M], lowest))
