"""The twelve patches of v2 by name, so that no number stands bare in a path of the kernel. Data: `data/patches.toml`."""

from enum import IntEnum


class PatchNo(IntEnum):
    """What a patch brings, in a word or two; its value is its number in the series."""

    ERRORS = 1
    BITMAP = 2
    COUNTERS = 3
    HELPERS = 4
    TD_PAGES = 5
    VCPU_PAGES = 6
    POOLS = 7
    FAULT_PAGES = 8
    RECLAIM = 9
    MEMINFO = 10
    ENABLE = 11
    DOCUMENTATION = 12


ALL_PATCHES: frozenset[int] = frozenset(PatchNo)
