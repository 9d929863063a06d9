"""What one may put into a register of a SEAMCALL, in words: the right operand first, then the wrong ones, each with its number.

    choices("TDH.PHYMEM.PAMT.ADD", "RDX", world_at("runnable"), given)["the same page as the other"]

The addresses are those of `scenes`. A word that speaks of another register ("next to the other page") is worked out from what
that one holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.pamt import L2M, PT_PAMT
from tdxkit.seam.scenes import (
    EMPTY,
    EMPTY_WITH_PAIR,
    FRESH,
    GPA_EMPTY_TABLE,
    GPA_FREE,
    GPA_FREE_2M,
    GPA_LARGE,
    GPA_PAGE,
    GPA_SMALL,
    LARGE,
    OWN_PAIRS,
    PAIR,
    SMALL,
    World,
    scene_of,
)  # fmt: skip
from tdxkit.units import GIB, PAGE_2M, PAGE_4K

SOURCES = ("model",)
HKID_BIT, NOWHERE = 1 << 50, 1 << 40  # an address with a key's number in it; one that no TDMR has
NO_TABLE, RESERVED_BIT, SHARED_GPA = 1 << 40, 1 << 11, 1 << 47
TD_PAGE, FREE_PAGE, WITHOUT_PAIR = SMALL + 0x5000, FRESH + 0x7000, EMPTY + 0x12_C000
PAIR_REGISTERS = {"RDX": ("R8", 0), "R8": ("RDX", 1), "R12": ("R13", 0), "R13": ("R12", 1)}
NEXT, APART, SAME, INSIDE = (
    "next to the other page",
    "1 GiB after the other page",
    "the same page as the other",
    "inside the region itself",
)


@dataclass(frozen=True)
class Place:
    """A register of a call in a world, and what the registers of the call hold."""

    register: str
    world: World
    given: Mapping[str, int]

    @property
    def tdr(self) -> int:
        """The TD's root page, where there is a TD."""
        return self.world.td.tdr if self.world.td else 0

    @property
    def other(self) -> int:
        """What the register of the pair's other page holds."""
        return self.given.get(PAIR_REGISTERS[self.register][0], 0)

    @property
    def mapped(self) -> int:
        """The page under the Secure-EPT entry that RCX names."""
        rcx = self.given["RCX"]
        return self.world.module.m.sept[reach(self.world.module.m, self.tdr, rcx & ~0xFFF, rcx & 7)[0]][1]


def _not_good(hpa: int) -> dict[str, int]:
    """An address that is none for the module, whatever it is for."""
    return {"in no TDMR": hpa & 0xFFF | NOWHERE, "HKID bits set": hpa | HKID_BIT, "not aligned": hpa + 0x8}


def _pair_of_another(at: Place) -> int:
    entry = at.world.module.m.pamt_2m[EMPTY_WITH_PAIR >> 21]
    return entry.pair[0] if entry.type == PT_PAMT else OWN_PAIRS


def _used(at: Place) -> dict[str, int]:
    """Pages that are somebody's."""
    return {
        "a page of the TD": TD_PAGE,
        "a page of another pair": _pair_of_another(at),
        "inside a 2 MiB page of the TD": LARGE + PAGE_4K,
    }


def _region(at: Place) -> dict[str, int]:
    return {
        "a region without a pair": EMPTY | L2M,
        "a region with a pair, all free": EMPTY_WITH_PAIR | L2M,
        "a region in use, its first page": SMALL | L2M,
        "a region in use, its last page": (at.tdr or PAGE_2M) & ~(PAGE_2M - 1) | L2M,
        "a 2 MiB page of the TD": LARGE | L2M,
        "a region of pages of pairs": OWN_PAIRS | L2M,
        "level 4K": EMPTY,
        **_not_good(EMPTY | L2M),
    }


def _pair_page(at: Place) -> dict[str, int]:
    index, other = PAIR_REGISTERS[at.register][1], at.other
    rcx = at.given["RCX"]
    region = rcx if at.register in ("RDX", "R8") else at.mapped
    return {
        "a free page": PAIR[index],
        NEXT: other ^ PAGE_4K,
        APART: other + GIB,
        SAME: other,
        INSIDE: (region & ~(PAGE_2M - 1)) + index * PAGE_4K,
        "in a region that has a pair": FREE_PAGE + index * PAGE_4K,
        **_used(at),
        **_not_good(PAIR[index]),
    }


def _new_page(at: Place) -> dict[str, int]:
    mapped = at.mapped
    return {
        "a free page": FREE_PAGE,
        "in a region without a pair": WITHOUT_PAIR,
        "free, in the region of the page mapped there": (mapped & ~(PAGE_2M - 1)) + 0xA000,
        "the page mapped there": mapped,
        "all of a region without a pair": EMPTY,
        "all of a region with a pair": EMPTY_WITH_PAIR,
        "all of a region of pages of pairs": OWN_PAIRS,
        **_used(at),
        **_not_good(FREE_PAGE),
    }


def _old_page(at: Place) -> dict[str, int]:
    return {
        "a page of the TD": TD_PAGE,
        "the TDR": at.tdr,
        "a 2 MiB page of the TD": LARGE,
        "inside a 2 MiB page of the TD": LARGE + PAGE_4K,
        "a free page": FREE_PAGE,
        "in a region without a pair": WITHOUT_PAIR,
        "a page of a pair": _pair_of_another(at),
        **_not_good(TD_PAGE),
    }


def _tdr(at: Place) -> dict[str, int]:
    return {
        "the TD's TDR": at.tdr,
        "a page of the TD": TD_PAGE,
        "a free page": FREE_PAGE,
        "a reserved bit set": at.tdr | 2,
        **_not_good(at.tdr),
    }


def _gpa(right: int) -> Callable[[Place], dict[str, int]]:
    kinds = {
        "a 4 KiB page": GPA_PAGE,
        "a 2 MiB page": GPA_LARGE | L2M,
        "a table of 512 pages": GPA_SMALL | L2M,
        "an empty table": GPA_EMPTY_TABLE | L2M,
        "nothing mapped": GPA_FREE,
        "nothing mapped, 2 MiB": GPA_FREE_2M | L2M,
    }
    first = {word: value for word, value in kinds.items() if value == right}
    odd = {
        "no table above it": NO_TABLE | right & 7,
        "a reserved bit set": right | RESERVED_BIT,
        "a shared GPA": right | SHARED_GPA,
    }
    return lambda at: {**first, **kinds, **odd}


KINDS = {
    "region without a pair": _region,
    "region with a pair": lambda at: _first("a region with a pair, all free", _region(at)),
    "pair page 0": _pair_page,
    "pair page 1": _pair_page,
    "new page": _new_page,
    "page of the TD": _old_page,
    "TDR": _tdr,
    "mapped GPA": _gpa(GPA_PAGE),
    "free GPA": _gpa(GPA_FREE),
    "GPA of a 2M page": _gpa(GPA_LARGE | L2M),
    "GPA of 512 pages": _gpa(GPA_SMALL | L2M),
    "GPA of an empty table": _gpa(GPA_EMPTY_TABLE | L2M),
}


def _first(word: str, words: dict[str, int]) -> dict[str, int]:
    return {word: words[word], **words}


def choices(leaf: str, register: str, world: World, given: Mapping[str, int]) -> dict[str, int]:
    """What a register of a leaf may hold: its words with their numbers, the right one first. given: what all registers hold."""
    return KINDS[scene_of(leaf).registers[register]](Place(register, world, given))


def numbers(leaf: str, world: World, wanted: Mapping[str, str | int]) -> dict[str, int]:
    """Every register of a leaf as a number; `wanted`: words or numbers, by register, the right operand where it has none.

    >>> from tdxkit.seam.scenes import world_at
    >>> found = numbers("TDH.PHYMEM.PAMT.ADD", world_at("runnable"), {"RDX": 0x1000, "R8": "next to the other page"})
    >>> found["RDX"], found["R8"]
    (4096, 0)
    """
    given = {register: value for register, value in wanted.items() if not isinstance(value, str)}
    right = {name.upper(): value for name, value in world.operands(leaf).items()}
    for relative in (False, True):  # what speaks of another register comes last
        for register in right:
            word = wanted.get(register)
            if isinstance(word, str) and (word in RELATIVE) == relative:
                given[register] = choices(leaf, register, world, right | given)[word]
    return {register: given.get(register, right[register]) for register in right}


RELATIVE = {NEXT, APART, SAME, INSIDE, "free, in the region of the page mapped there", "the page mapped there"}
