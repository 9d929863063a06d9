"""Answers about a TD on a host: a failure that leaves so much behind, patches that carry a TD, a lock, a memory map.

Each is lived, or built, on the answer; what is said is what the model finds.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.linux.host.base import BASES
from tdxkit.linux.host.faults import HOWS, Fault
from tdxkit.linux.host.kvm import places
from tdxkit.linux.host.kvm.meeting import apart
from tdxkit.linux.host.life import Life, live, points
from tdxkit.linux.host.patches import PatchNo
from tdxkit.linux.refcount.counters import build
from tdxkit.linux.refcount.memory_map import memory_map, told
from tdxkit.linux.refcount.posted import posted_named
from tdxkit.review.patches import FOUNDATION, series
from tdxkit.text import many

LOCKS = tuple(
    sorted(
        {lock for place in places.PLACES for base in BASES.values() for lock in place.held(base)} | {places.PAMT_LOCK}
    )
)
MOST = 100  # values of a list
VP_INIT = "TDH.VP.INIT v1"
# What VP.INIT of version 1 must not meet: it takes the TDR exclusively, these take it shared.
MEETS = (
    (places.CONVERT, "TDH.MEM.RANGE.BLOCK"),
    (places.ZAP, "TDH.MEM.RANGE.BLOCK"),
    (places.RELEASE, "TDH.MEM.RANGE.BLOCK"),
    (places.BUILD_MAP, "TDH.MEM.SEPT.ADD"),
)


class Left(NamedTuple):
    """What a TD's life leaves."""

    pairs: int
    references: int
    pages: int

    def __str__(self) -> str:
        said = [many(n, what) for n, what in zip(self, ("pair", "reference", "page")) if n]
        return ", ".join(said) or "nothing"


def failure(answer: object, exercise: Exercise, *, left: list[int], warned: bool = True) -> Said:
    """(version, number of a point, how it fails): a life that leaves just so many pairs, references and pages. warned: may a warning be there?"""
    version, point, how = parts(answer, 3, '("v6", 12, "busy")')
    there = points(posted_named(version_name(version)).name)
    if type(point) is not int or not 1 <= point <= len(there):
        raise InputError(
            f"point {printable(point, 40)}",
            f"a life on {version} has the points 1 to {len(there)}",
            "give one of these",
        )
    what, lane = there[point - 1]
    hows = [one for one in HOWS if (one == "no memory") == what.startswith("alloc")]
    if how not in hows:
        raise InputError(
            f"how {printable(how, 40)}", f"point {point} is {what}, in {lane}", f"it fails with {' or '.join(hows)}"
        )
    life = live(version, fault=Fault(point, how), record=True)
    where, found = f"{what} fails at point {point}, in {lane}", left_of(life)
    if found != Left(*left):
        return lived(False, f"{where}: {life.result}", life)
    if life.warnings and not warned:
        return lived(False, f"{where}, and somebody is told: {life.warnings[0]}", life)
    return lived(True, f"{where}. Left: {found}", life)


def patches(answer: object, exercise: Exercise) -> Said:
    """Numbers of patches of v2: as few as can be with which a TD lives on Dynamic PAMT and leaves nothing, and nobody complains."""
    given = frozenset(_numbers(answer))
    if odd := sorted(given - {patch.n for patch in series()}):
        raise InputError(f"patch {odd[0]}", f"v2 has the patches 1 to {len(series())}", "give numbers of these")
    if wrong := _broken_without(given):
        return Said(False, wrong)
    life = live("v2", frozenset(map(PatchNo, given)), record=True)
    if not life.peak_kb:
        return lived(
            False,
            "The life is clean, and no pair was ever needed: with these the host still runs with static PAMT",
            life,
        )
    if not life.clean:
        return lived(False, f"The model finds: {life.result}", life)
    for spare in sorted(given - FOUNDATION, reverse=True):
        fewer = given - {spare}
        if not _broken_without(fewer) and (other := live("v2", frozenset(map(PatchNo, fewer)))).clean and other.peak_kb:
            return lived(False, f"They carry the TD, and so they do without {series()[spare - 1]}", life)
    return lived(True, f"{many(len(given), 'patch')}: nothing is left, and each of them is needed", life)


def lock(answer: object, exercise: Exercise) -> Said:
    """A lock that VP.INIT has to hold beside its own in the older base, so that it meets no zap and no mapping of a first page."""
    if not isinstance(answer, str):
        raise InputError(
            f"answer {printable(answer, 40)}", "one lock is asked for", 'give its name, such as "slots_lock"'
        )
    name = next((lock for lock in LOCKS if _words(lock) == _words(answer)), "")
    if not name:
        known = ", ".join(LOCKS)
        raise InputError(
            f"lock {printable(answer.strip(), 40)}",
            f"the places of KVM hold {known}",
            "name one of these, with its side where it has two",
        )
    base = BASES["before post-populate"]
    with_it = replace(places.VP_INIT, old=(*places.VP_INIT.old, name))
    for place, leaf in MEETS:
        if not apart(with_it, place, VP_INIT, leaf, base):
            held = ", ".join(place.held(base))
            return Said(False, f"With {name} it still meets {leaf} where {place.what}: there {held} are held.")
    return Said(
        True,
        f"{name}: no zap and no mapping of a first page can be under way beside it, and it may not sleep any more.",
    )


def _words(name: str) -> list[str]:
    """The words of a lock's name in any order: its side may stand before it, or in brackets."""
    return sorted(re.findall(r"[\w>-]+", name.casefold()))


def memory(answer: object, exercise: Exercise) -> Said:
    """A memory map on which v2 has a hole inside its array, and v4 has none."""
    if not isinstance(answer, str):
        raise InputError(
            f"answer {printable(answer, 40)}", "a memory map is asked for", 'give it in quotes, such as "0-2G, 4G-64G"'
        )
    machine = memory_map(answer)
    old, new = build("v2", machine), build("v4", machine)
    if old.failed:
        return Said(False, f"v2 does not get that far: {old.failed}.")
    holes = old.holes(machine)
    inside = [hole for hole in holes if old.lookup(hole.start) == "no memory behind it"]
    if not holes:
        return Said(False, "On it every page of memory has its counter in v2.")
    if not inside:
        return Said(
            False, f"The counter of {told(holes[0])} lies past the end of v2's array. A hole inside it is asked for."
        )
    if new.holes(machine):
        return Said(False, f"v2 has a hole at {told(inside[0])}, and v4 has one too.")
    return Said(True, f"In v2 there is nothing behind the counter of {told(inside[0])}, and in v4 there is.")


# What answers are made of.


def several(answer: object) -> list:
    """The values of an answer that has as many as one likes. InputError for what is no list."""
    if isinstance(answer, (str, bytes, dict)) or not isinstance(answer, Iterable):
        raise InputError(f"answer {printable(answer, 40)}", "several are asked for", "give a list of them")
    return list(islice(answer, MOST))  # an answer may go on for ever


def parts(answer: object, wanted: int, such_as: str) -> list:
    """The values of an answer that has so many. InputError for another one."""
    parts = list(answer) if isinstance(answer, (tuple, list)) else []
    if len(parts) != wanted:
        raise InputError(
            f"answer {printable(answer, 40)}", f"{wanted} values are asked for", f"give them such as {such_as}"
        )
    return parts


def version_name(value: object) -> str:
    """A value that may be a version's name. InputError for what is no text."""
    if not isinstance(value, str):
        raise InputError(f"version {printable(value, 40)}", "a version is a name", 'give one, such as "v6"')
    return value


def _numbers(answer: object) -> list[int]:
    given = several(answer)
    if odd := [one for one in given if type(one) is not int]:
        raise InputError(
            f"patch {printable(odd[0], 40)}", "a patch goes by its number", "give numbers, such as [1, 2, 3, 4]"
        )
    return given


# What is done with them.


def left_of(life: Life) -> Left:
    """What this life leaves."""
    return Left(life.pairs_left, life.refs_left, life.pages_left)


def lived(passed: bool, says: str, life: Life) -> Said:
    """What is said of a recorded life, which is opened where it went wrong."""
    return Said(passed, f"{says}.", life.run, at=life.wrong_at or -1)


def _broken_without(given: frozenset[int]) -> str:
    """Why these patches do not build, "" where they do."""
    if missing := sorted(FOUNDATION - given):
        return f"Without patch {missing[0]} nothing runs: patches 1 to 4 are what the others call."
    for patch in series():
        if patch.n in given and (gone := [n for n in patch.needs if n not in given]):
            return f"{patch} does not build without patch {gone[0]}."
    return ""
