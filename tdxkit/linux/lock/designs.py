"""Four ways to lock the counts of page pairs, and what the sections under a lock cost, in microseconds.

Global and with a fast path were posted; hashed locks and a lock for each region are ideas of the threads [tdx-lock-figures, tdx-v2-review].
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tdxkit.errors import InputError, printable
from tdxkit.text import near

SOURCES = ("tdx-lock-figures", "tdx-v2-review")
PAGES = 512  # 4 KiB pages in a region


@dataclass(frozen=True, slots=True)
class Times:
    """A time with posted mean, minimum and maximum, in microseconds."""

    mean: float
    low: float
    high: float

    def draw(self, random: Random) -> float:
        """Minimum plus an exponential tail cut at the maximum: skewed, as the posted figures are."""
        return min(self.high, self.low + random.expovariate(1 / (self.mean - self.low)))


# Four TDs, three rounds, February 2026 (source tdx-lock-figures). The rest of a section is 10 - 4 (wait) - 4 (ADD) for a get.
ADD, REMOVE = Times(4, 2, 18), Times(2, 1, 11)
REST_OF_GET, REST_OF_PUT = 2.0, 1.0
FAULT = 57.0  # between two faults of a vCPU: 10 TDs x 16 GiB from 40 vCPUs in about 60 s (inferred)
ZAP = 1.0  # between two pages that a teardown zaps (inferred: teardown is a loop, not a series of faults)


@dataclass(frozen=True, slots=True)
class Design:
    """Which lock a region has, and whether a get that only counts takes it."""

    name: str
    what: str
    lock_of: Callable[[int], int]
    counts_under_lock: bool = False


def _hashed(bits: int) -> Callable[[int], int]:
    golden = 0x9E3779B97F4A7C15  # Fibonacci hashing: the top bits of a product with 2^64 / the golden ratio
    return lambda region: (region * golden & (1 << 64) - 1) >> (64 - bits)


DESIGNS = {
    d.name: d
    for d in (
        Design(
            "global",
            "one lock, taken by every get and put (v4 to v6 before their optimisation patch, and a text after v6)",
            lambda r: 0,
            True,
        ),
        Design("fast-path", "one lock, taken only when a pair comes or goes (v1 to v6)", lambda r: 0),
        Design("hashed", "64 locks, chosen by a hash of the region (an idea of the threads, never posted)", _hashed(6)),
        Design("per-region", "a lock for each region (an idea of the threads, never posted)", lambda r: r),
    )
}


def design_named(name: str) -> Design:
    """The design of this name; InputError with the known and the near ones otherwise."""
    if name not in DESIGNS:
        meant = near(name, DESIGNS, 0.3)
        raise InputError(
            f"design {printable(name)}",
            "the lock designs are " + ", ".join(DESIGNS),
            f"try {meant}" if meant else "name one of these",
        )
    return DESIGNS[name]
