"""A leaf and its steps in words: its checks as the text of a lane, and each step of a call in a sentence."""

import textwrap

from tdxkit.run import Text
from tdxkit.seam.leaves.act import DO_IT, EFFECT, IN_GUEST, WAY_BACK, LeafAct
from tdxkit.seam.leaves.describe import status_of
from tdxkit.seam.leaves.leaf import Leaf
from tdxkit.text import Pattern

CLAUSE = Pattern(r" ?[;,(/]|(?<!,) or ")  # where a clause of a check ends
SAYS_ENOUGH, NARROW = 8, 40  # letters: of a check's name in a lane at least, and at most
OPERAND = 12  # letters: what stands before a colon is an operand up to here
NO_OPERANDS = ("v0", "v1", "2M")  # these say when a check is made


def said(leaf: Leaf, act: LeafAct, ends: object = None) -> str:
    """A step of a call in a sentence, and which of its checks it belongs to. ends: what the call ends with, where its check failed in this
    step; only then the whole of the check is told, which says when it fails."""
    is_lock = act.kind == "lock"
    if ends is not None:
        what = f"Not to be had: {act}." if is_lock else f"Is it so that {act}? No."
        return f"{what} The call ends with {ends}.{_which(leaf, act, whole=True)}"
    if act.part == WAY_BACK or act.kind == "unlock":
        return f"The call gives up what it holds: {act}."
    if act == IN_GUEST:
        return "The guest has run until something made it exit; the locks on the vCPU's pages were held all the time."
    if act.part == EFFECT and leaf.effect_steps:
        return f"{act[0].upper()}{act[1:]}."
    if act.part == EFFECT:
        return f"Every check holds. {leaf.spec['transition'] or leaf.spec.get('effects', 'Done')}."
    holds = f"Taken: {act}." if is_lock else f"{act[0].upper()}{act[1:]}: yes."
    return holds + _which(leaf, act)


def _which(leaf: Leaf, act: LeafAct, whole: bool = False) -> str:
    """The number of an act's check, or the `whole` of it; "" where it belongs to none."""
    if not 1 <= act.at <= len(leaf.checks):
        return ""
    text = f": {leaf.checks[act.at - 1].spec['when']}" if whole else ""
    return f" Check {act.at} of {len(leaf.checks)}{text}."


def _noun(when: str) -> str:
    """What a check is about, for a narrow lane: the operand that it names, else its first clause, and more of them where that says little.

    >>> _noun("TDVPR: PAMT walk could not take 1G shared, 2M shared or 4K exclusive"), _noun("bitmap bit already 1 (PAMT page of another region)")
    ('TDVPR', 'bitmap bit already 1')
    >>> _noun("1G or 2M lock, shared"), _noun("v1: wider than 32 bits")
    ('1G or 2M lock', 'v1: wider than 32 bits')
    """
    operand, colon, _ = when.partition(": ")
    if colon and len(operand) < OPERAND and operand not in NO_OPERANDS:
        return operand
    end = CLAUSE.search(when, SAYS_ENOUGH)
    return textwrap.shorten(when[: end.start()] if end else when, NARROW, placeholder=" …")


def text_of(leaf: Leaf) -> Text:
    """A leaf's checks as the text of a lane: one short line a check (the sentence of a step in which it fails says the rest), then what it does, then letting go."""
    rows = [f"{k:2} {status_of(c.spec)}: {_noun(c.spec['when'])}" for k, c in enumerate(leaf.checks, 1)]
    return Text(leaf.name, ("   the module's state, RAX", *rows, f"   {DO_IT}", "   let go of the locks"))


def lines(leaf: Leaf) -> int:
    """How many lines `text_of` gives; an act's `at` counts along them, from the end where it is negative."""
    return len(leaf.checks) + 3
