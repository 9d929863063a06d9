"""What the PAMT costs: bytes for a machine and the guests mapped on it, from the model's entry sizes and never typed.

The charts of the PAMT lesson and the README's figures come from here. How large an entry is, is the module's to say: a host reads it from
the metadata fields `FIELDS` (sources linux-tdx-metadata, tdx-v6), and every function below takes it as `entry`, and the bitmap's bits for a page as `bits`.

Fidelity card
  modelled: the three tables and the bitmap to the byte, one pair for each 2 MiB region in use
  simplified: each guest's pages are taken to fill whole regions, control and Secure-EPT pages likewise; pages spread thinly over
    regions cost a pair each, see `pairs_bytes`; with entries that are not 16 bytes a "pair" is as many pages as 512 of them take, and
    PAMT.ADD has registers for two
"""

from dataclasses import dataclass

from tdxkit.errors import InputError
from tdxkit.seam.pamt import BITMAP_BITS, ENTRY_SIZE, FAN_OUT, PAIR_PAGES
from tdxkit.seam.versions import ModuleVersion, version
from tdxkit.units import PAGE_1G, PAGE_2M, PAGE_4K

SOURCES = ("module-pamt-manager", "linux-tdx-metadata", "tdx-v6")
PAIR_BYTES = PAIR_PAGES * PAGE_4K
# Name in the module: (number of the field, its value in the model), in bytes; the bitmap in bits for a 4K page.
FIELDS = {
    "PAMT_4K_ENTRY_SIZE": (0x9100000100000010, ENTRY_SIZE),
    "PAMT_2M_ENTRY_SIZE": (0x9100000100000011, ENTRY_SIZE),
    "PAMT_1G_ENTRY_SIZE": (0x9100000100000012, ENTRY_SIZE),
    "PAMT_PAGE_BITMAP_ENTRY_BITS": (0x9100000100000013, BITMAP_BITS),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of PAMT for one machine: static mode; Dynamic PAMT's fixed part; its pairs in use."""

    memory: int
    static: int
    fixed: int
    pairs: int

    @property
    def dynamic(self) -> int:
        """All of Dynamic PAMT: the fixed part and the pairs."""
        return self.fixed + self.pairs

    @property
    def saved(self) -> int:
        """What Dynamic PAMT saves; negative when pairs cost more than they spare."""
        return self.static - self.dynamic


def static_bytes(memory: int, entry: int = ENTRY_SIZE) -> int:
    """Static PAMT for `memory` bytes of TDMRs (a multiple of 1 GiB): an entry for each page at each level."""
    return sum(_whole(memory) // size * _good(entry) for size in (PAGE_1G, PAGE_2M, PAGE_4K))


def fixed_bytes(memory: int, entry: int = ENTRY_SIZE, bits: int = BITMAP_BITS) -> int:
    """Dynamic PAMT before any pair: the 1G and 2M entries and the bitmap, which has `bits` bits for a 4K page."""
    upper = sum(_whole(memory) // s * _good(entry) for s in (PAGE_1G, PAGE_2M))
    return upper + memory // PAGE_4K * _good_bits(bits) // 8


def pair_pages(entry: int = ENTRY_SIZE) -> int:
    """How many pages hold the 512 entries of a region: two make it a pair."""
    return -(-FAN_OUT * _good(entry) // PAGE_4K)


def pairs_bytes(regions: int, entry: int = ENTRY_SIZE) -> int:
    """The pairs of this many 2 MiB regions in use: whole pages for 512 entries each."""
    return regions * pair_pages(entry) * PAGE_4K


def shares(entry: int = ENTRY_SIZE, bits: int = BITMAP_BITS) -> dict[str, float]:
    """The three figures people quote, as shares of memory: static, Dynamic PAMT's fixed part, one pair of its 2 MiB."""
    return {
        "static": static_bytes(PAGE_1G, entry) / PAGE_1G,
        "fixed": fixed_bytes(PAGE_1G, entry, bits) / PAGE_1G,
        "pair": pairs_bytes(1, entry) / PAGE_2M,
    }


def sept_pages(size: int, mapped: str) -> int:
    """Secure-EPT pages of a guest of `size` bytes mapped from GPA 0, four levels, the root (a TDCX page) not counted."""
    up = lambda unit: -(-size // unit)  # noqa: E731
    return (up(PAGE_2M) if mapped == "4K" else 0) + up(PAGE_1G) + up(FAN_OUT * PAGE_1G)


def guest_regions(size: int, mapped: str, vcpus: int = 1, module: str | ModuleVersion = "2.0.18") -> int:
    """2 MiB regions that need a pair for one guest: `mapped` is "4K" or "2M"; control and Secure-EPT pages packed together."""
    if mapped not in ("4K", "2M"):
        raise InputError(f"mapping {mapped!r}", "a guest is mapped by 4K or 2M", "give '4K' or '2M'")
    counts = module if isinstance(module, ModuleVersion) else version(module)
    own = sept_pages(size, mapped) + counts.td_pages + vcpus * counts.vcpu_pages
    return -(-own // FAN_OUT) + (-(-size // PAGE_2M) if mapped == "4K" else 0)


def usage(memory: int, guests: int, mapped: str = "4K", each: int | None = None, vcpus: int = 1) -> Usage:
    """PAMT of a machine with `memory` bytes whose guests take `guests` bytes in all, `each` bytes apiece (default: one guest)."""
    if not 0 <= guests <= memory:
        raise InputError(
            f"guests of {guests} bytes", "they fit into the machine's memory", "give less, or a larger machine"
        )
    apiece = min(each or guests, guests)
    regions = 0
    if apiece:
        count, rest = divmod(guests, apiece)
        regions = count * guest_regions(apiece, mapped, vcpus) + (guest_regions(rest, mapped, vcpus) if rest else 0)
    return Usage(memory, static_bytes(memory), fixed_bytes(memory), pairs_bytes(regions))


def _good(entry: int) -> int:
    if not 1 <= entry <= PAGE_4K:
        raise InputError(f"an entry of {entry} bytes", "it has 1 to 4096", "give what the module's metadata field says")
    return entry


def _good_bits(bits: int) -> int:
    if not 1 <= bits <= 64:
        raise InputError(
            f"a bitmap of {bits} bits a page", "it has 1 to 64", "give what the module's metadata field says"
        )
    return bits


def _whole(memory: int) -> int:
    if memory <= 0 or memory % PAGE_1G:
        raise InputError(f"memory of {memory} bytes", "TDMRs are whole GiB", "give a positive multiple of 1 GiB")
    return memory
