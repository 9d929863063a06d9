"""The twelve patches of v2 as switches: what each brings and needs, and which sets of them make a kernel that can be built.

The data is `data/patches.toml`; what a set of patches does is `tdxkit.linux.host.life`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tdxkit.errors import InputError
from tdxkit.facts import load_toml

TOTAL = 12
FOUNDATION = frozenset({1, 2, 3, 4})  # what the others call: taking one out does not build


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch: number, name (as in linux.host.patches), title as posted, what it brings in a sentence, the patches it calls into,
    the files it touches."""

    n: int
    name: str
    title: str
    brings: str
    needs: tuple[int, ...]
    files: tuple[str, ...]
    tag: str = ""

    def __str__(self) -> str:
        return f"{self.n:02}/{TOTAL} {self.title}"


@cache
def series() -> tuple[Patch, ...]:
    """The patches in order, 1 to 12."""
    rows = load_toml("patches.toml")["patch"]
    return tuple(Patch(**row | {"needs": tuple(row["needs"]), "files": tuple(row["files"])}) for row in rows)


def users_of(n: int) -> tuple[int, ...]:
    """The patches that need patch `n`, directly or through another one."""
    found = {n}
    for patch in series():  # needs point backwards, so one pass in order reaches all
        if found & set(patch.needs):
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
    """(patch, patch it needs), direct needs only."""
    return tuple((patch.n, needed) for patch in series() for needed in patch.needs)


def file_edges(patches: Iterable[int] = range(1, TOTAL + 1)) -> tuple[tuple[int, str], ...]:
    """(patch, file it touches) for the given patches."""
    return tuple((n, path) for n in patches for path in series()[n - 1].files)
