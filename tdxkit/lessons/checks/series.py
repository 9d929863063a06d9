"""Answers about the practice series of page pairs: its mails are read and each patch is judged as those of a pasted thread are.

The mails are data/practice-pairs*.mbox. What stands after a patch is what the workbook's reader lays out of them, and a verdict is a search.
"""

from collections.abc import Iterator
from functools import cache

from tdxkit.errors import InputError, printable
from tdxkit.explore.telling import replay
from tdxkit.lessons.checks import runs
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.review.clinic import practice_pairs
from tdxkit.review.reviewed import judged
from tdxkit.review.series import spans
from tdxkit.review.verdict import Verdict, Verdicts
from tdxkit.text import many


@cache
def practised(version: int) -> Verdicts:
    """The verdicts on a version of the practice series."""
    return judged(practice_pairs(version)).found[0]


def after(version: int, n: int) -> Verdict:
    """What is known after patch n of it."""
    return next(one for one in practised(version).patches if one.n == n)


def standing(version: int, n: int) -> Verdict | None:
    """What was judged last when patch n is in: a patch that touches nothing raced leaves all as it was. None before the first."""
    return next((one for one in reversed(practised(version).judged) if one.n <= n), None)


def first_broken(answer: object, exercise: Exercise, *, version: int) -> Said:
    """The number of the patch after which a rule breaks first."""
    found = practised(version)
    numbers = [one.n for one in found.patches]
    if type(answer) is not int or answer not in numbers:
        raise InputError(
            f"answer {printable(answer, 40)}", f"the patches are {spans(numbers)}", "give the number of one"
        )
    one, first = after(version, answer), found.breaks
    assert first is not None
    if one is first:
        return _bad(True, one, f"After {one.label}: {one.defect}.")
    if one.judged is None:
        return Said(False, f"{one.label} changes nothing that is raced.")
    if not one.bad:
        result = one.judged.result
        return Said(
            False, f"After {one.label} no rule breaks, in any of {many(result.states, 'state')}: it comes later."
        )
    return _bad(False, one, f"A rule breaks after {one.label}, but it is not the first after which one does.")


def folded(answer: object, exercise: Exercise, *, version: int) -> Said:
    """The patches in groups, each to become one patch, so that no rule breaks after any group; as few patches folded as can be."""
    groups = list(_groups(answer))
    numbers = [one.n for one in practised(version).patches]
    if [n for group in groups for n in group] != numbers:
        raise InputError(
            f"answer {printable(answer, 60)}",
            f"it has to hold the patches {spans(numbers)}, each once and in their order",
            "give lists in a list, such as [[1], [2], …]",
        )
    for k, group in enumerate(groups, 1):
        one = standing(version, group[-1])
        if one and one.bad:
            return _bad(False, one, f"After group {k}, with patch {group[-1]} in, a rule breaks: {one.defect}.")
    for group in groups:
        for n in group[:-1]:
            one = standing(version, n)
            if not (one and one.bad):
                return Said(False, f"No rule breaks, but less is enough: the tree is good after patch {n} already.")
    return Said(True, f"{many(len(groups), 'patch')} are left, and no rule breaks after any of them.")


def order(answer: object, exercise: Exercise, *, version: int, n: int, **how) -> Said:
    """A schedule of what stands after patch n, as `runs.schedule` takes one."""
    return runs.schedule(answer, exercise, scenario=after(version, n).scenario, **how)


def _groups(answer: object) -> Iterator[list[int]]:
    """The groups of an answer; a number by itself is a group of one."""
    for group in answer if isinstance(answer, (list, tuple)) else [None]:
        inside = [group] if type(group) is int else group
        if not isinstance(inside, (list, tuple)) or not inside or any(type(n) is not int for n in inside):
            raise InputError(f"answer {printable(answer, 60)}", "groups of numbers are asked for", "give [[1], [2], …]")
        yield list(inside)


def _bad(passed: bool, one: Verdict, says: str) -> Said:
    """What is said of a patch after which a rule breaks, with its shortest schedule."""
    return Said(passed, says, replay(one.scenario, one.judged.result.schedule), one.scenario)
