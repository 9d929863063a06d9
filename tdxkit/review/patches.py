"""The twelve patches of v2 as switches: what each brings and needs, what its diffstat says, and which sets of them can be switched on.

The data is `data/patches.toml`, read off the posted mails; what a set of patches does is `tdxkit.linux.host.life`. A switch takes away
what a patch does, not its text: as posted, 8 does not build without 7, nor 9 without 8 (`needs`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from tdxkit.errors import InputError
from tdxkit.facts import load_toml

TOTAL = 12
FOUNDATION = frozenset({1, 2, 3, 4})  # what the others call: the model has nothing to run without them


class FileChange(NamedTuple):
    """A row of a posted diffstat: lines added and removed, counted in the diff; `was` is the old path of a file that moves."""

    path: str
    added: int
    removed: int
    was: str = ""


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch: number, name (as in linux.host.patches), title as posted, what it brings in a sentence, its diffstat.

    needs: the patches that it calls into or changes the code of; after: those that must come first for what it does.
    """

    n: int
    name: str
    title: str
    brings: str
    needs: tuple[int, ...]
    stat: tuple[FileChange, ...]
    after: tuple[int, ...] = ()
    tag: str = ""

    def __str__(self) -> str:
        return f"{self.n:02}/{TOTAL} {self.title}"

    @property
    def files(self) -> tuple[str, ...]:
        """The paths it touches, a file that moves under both its names."""
        return tuple(path for row in self.stat for path in (row.path, row.was) if path)

    @property
    def added(self) -> int:
        """Lines added, as its diffstat sums up."""
        return sum(row.added for row in self.stat)

    @property
    def removed(self) -> int:
        """Lines removed, as its diffstat sums up."""
        return sum(row.removed for row in self.stat)


@cache
def series() -> tuple[Patch, ...]:
    """The patches in order, 1 to 12."""
    return tuple(map(_patch, load_toml("patches.toml")["patch"]))


def _patch(row: dict) -> Patch:
    lists = {key: tuple(row.get(key, ())) for key in ("needs", "after")}
    return Patch(**row | lists | {"stat": tuple(FileChange(*change) for change in row["stat"])})


def users_of(n: int) -> tuple[int, ...]:
    """The patches that come to nothing without patch `n`, directly or through another one."""
    found = {n}
    for patch in series():  # both lists point backwards, so one pass in order reaches all
        if found & {*patch.needs, *patch.after}:
            found.add(patch.n)
    return tuple(sorted(found - {n}))


def prefix(n: int) -> frozenset[int]:
    """The kernel after the first `n` patches, as a bisection would build it; 0 is the kernel before the series."""
    if not 0 <= n <= TOTAL:
        raise InputError(f"--prefix {n}", f"the series has {TOTAL} patches", f"give 0 to {TOTAL}")
    return frozenset(range(1, n + 1))


def without(n: int) -> frozenset[int]:
    """The whole series but patch `n`. InputError for 1 to 4, on which the others are built."""
    if not 1 <= n <= TOTAL:
        raise InputError(f"--without {n}", f"the patches are 1 to {TOTAL}", "give one of these")
    if n in FOUNDATION:
        users = ", ".join(map(str, users_of(n)))
        raise InputError(
            f"--without {n}", f"patches {users} are built on {series()[n - 1]}", "leave out one of 5 to 12"
        )
    return prefix(TOTAL) - {n}


def needs_edges() -> tuple[tuple[int, int], ...]:
    """(patch, patch it needs to build), direct needs only."""
    return tuple((patch.n, needed) for patch in series() for needed in patch.needs)


def after_edges() -> tuple[tuple[int, int], ...]:
    """(patch, patch that must come first for what it does)."""
    return tuple((patch.n, first) for patch in series() for first in patch.after)


def file_edges(patches: Iterable[int] = range(1, TOTAL + 1)) -> tuple[tuple[int, str], ...]:
    """(patch, file it touches) for the given patches."""
    return tuple((n, path) for n in patches for path in series()[n - 1].files)


def totals() -> tuple[tuple[int, int], tuple[int, int], int]:
    """Lines (added, removed) of the twelve added up, of the cover, and how many cancel out between patches.

    The cover shows the header that patch 1 moves as one file gone and one new. Counted as the patches count it, as a move, the cover
    has 35 lines less on both sides.
    """
    cover = load_toml("series.toml")["series"][0]["post"][0]
    moved = next(row for row in series()[0].stat if row.was)
    whole = {path: count for path, count, _ in cover["rows"]}
    kept = whole[moved.was] - moved.removed  # lines of the old file that the new one still has
    summed = sum(p.added for p in series()), sum(p.removed for p in series())
    net = cover["insertions"] - kept, cover["deletions"] - kept
    return summed, net, summed[0] - net[0]
