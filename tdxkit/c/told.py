"""What the explorer and the programs of the kernel are told of a text: its cells and locks, where pages may lie."""

from collections.abc import Mapping

from tdxkit.c.cells import locks_of, spare_readers
from tdxkit.c.known import LIST
from tdxkit.c.places import is_page
from tdxkit.c.program import Program
from tdxkit.c.types import Pointer


def constants_of(made: Program, faults: tuple[str, ...], cpus: int, softirqs: bool) -> dict[str, object]:
    """What programs of the kernel know of the text: its cells, the locks under which nobody sleeps, how many CPUs there are, softirqs counted,
    whether there are softirqs, whether the scenario makes things fail."""
    locks, mutexes = locks_of(made)
    return {
        "c_cells": _cells(made, spare_readers(made, cpus)),
        "c_heap": made.unit.heap,
        "c_counted": made.unit.counted,
        "c_lists": _page_lists(made),
        "c_paged": _paged(made) if made.unit.pages_in_hand else None,
        "c_layouts": made.unit.layouts.all() if made.unit.careful else {},
        "c_spins": tuple(lock for lock in locks if lock not in mutexes),
        "c_cpus": cpus,
        "c_softirqs": softirqs,
        "c_may_fail": bool(faults),
        **({} if faults else {"c_failed": False}),
    }


def _cells(made: Program, spare: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The cells of each shared object; for those that are not there, of readers that there are not, stands another that is."""
    cells = made.unit.cells
    return {word: tuple(spare.get(c, c) for c in cells[word]) for word in cells} if spare else cells


def _page_lists(made: Program) -> tuple[tuple[str, int], ...]:
    """The lists that all CPUs share, where pages are counted."""
    shared = made.unit.objects() if made.unit.pages_in_hand else ()
    return tuple(
        (v.name, at)
        for v in shared
        if v.name not in made.unit.heap
        for at, (_, leaf) in enumerate(v.type.leaves())
        if leaf is LIST
    )


def keeps_pages(made: Program) -> bool:
    """May pages lie in variables that all CPUs share?"""
    return bool(_page_lists(made)) or bool(_paged(made))


def _paged(made: Program) -> tuple[str, ...]:
    """The shared objects in which pointers to pages may lie."""
    return tuple(
        v.name
        for v in made.unit.objects()
        if any(isinstance(leaf, Pointer) and is_page(leaf.to) for _, leaf in v.type.leaves())
    )
