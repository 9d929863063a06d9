"""What the PAMT holds at some places, as a flat state: what a run records and what a picture draws.

    state_of(module.m, [Spot(0x40001000, "new page")])      # of a live module

A state names each entry by its level and address ("2M lock 0x40000000"); a run that shows one region leaves the address out ("2M
lock"). `key` makes both kinds of names. Values: `Entry` for an entry (its pair beside it), `Held` for a lock, `Bit` for a page's
bit in the bitmap, `Hex` for an address, a number or None for a page count.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tdxkit.seam.leaves.checks import is_pamt_page
from tdxkit.seam.locks import held
from tdxkit.seam.pamt import L1G, L2M, L4K, LEVEL_NAMES, PT_PAMT, SHIFT
from tdxkit.units import Hex

TABLE = {L1G: "pamt_1g", L2M: "pamt_2m", L4K: "pamt_4k"}
LOCK = {L1G: "lock_1g", L2M: "lock_2m", L4K: "lock_4k"}
DYNAMIC = "dynamic"  # whether there are pairs at all; True where a state does not say


class Spot(NamedTuple):
    """A place to draw the way to: an HPA, what it is ("new page", "TDVPR"), and the level where the way ends."""

    hpa: int
    label: str = ""
    level: int = L4K


class Bit(NamedTuple):
    """A page's bit in the bitmap: 1 for a page of a pair and for a reserved page."""

    page: Hex
    bit: int

    def __str__(self) -> str:
        return str(self.bit)


def base(hpa: int, level: int) -> int:
    """The first address that the entry over `hpa` at a level speaks of."""
    return hpa >> SHIFT[level] << SHIFT[level]


def key(what: str, at: int | None = None) -> str:
    """The name of a value: "2M lock" where a state shows one region, "2M lock 0x40000000" where it shows several.

    >>> key("2M lock"), key("bitmap", 4096)
    ('2M lock', 'bitmap 0x1000')
    """
    return what if at is None else f"{what} {at:#x}"


def lock_at(m, level: int, hpa: int) -> int:
    """The lock word of the entry over an address."""
    return getattr(m, LOCK[level])[hpa >> SHIFT[level]]


def bit_of(m, page: int) -> dict[str, object]:
    """A page's bit in the bitmap."""
    return {key("bitmap", page): Bit(Hex(page), is_pamt_page(m, page))}


def region_of(m, hpa: int, at: int | None = None) -> dict[str, object]:
    """The 2M entry over an address, its pair and the page count."""
    entry = m.pamt_2m[hpa >> SHIFT[L2M]]
    pair = [Hex(page) for page in entry.pair] if entry.type == PT_PAMT else [None, None]
    return {
        key("2M entry", at): entry._replace(pair=()),
        **{key(f"pair page {i}", at): page for i, page in enumerate(pair)},
        key("page count", at): m.count[hpa >> SHIFT[L2M]] if entry.type == PT_PAMT else None,
    }


def state_of(m, spots: Iterable[Spot]) -> dict[str, object]:
    """The entries on the way to some places, each under its level and address. `m`: see `tdxkit.seam.memory`."""
    state: dict[str, object] = {DYNAMIC: m.dynamic}
    for spot in spots:
        for level in range(L1G, spot.level - 1, -1):
            at = base(spot.hpa, level)
            state[key(f"{LEVEL_NAMES[level]} lock", at)] = held(lock_at(m, level, spot.hpa))
            if level == L2M:
                state |= region_of(m, at, at)
            else:
                state[key(f"{LEVEL_NAMES[level]} entry", at)] = getattr(m, TABLE[level])[spot.hpa >> SHIFT[level]]
        if spot.level == L4K and m.dynamic:
            state |= bit_of(m, base(spot.hpa, L4K))
    return state
