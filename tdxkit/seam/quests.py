"""What a reader may look for with one SEAMCALL in hand, and what says that it was found: no row of the list of statuses gives it away.

QUESTS["TDH.PHYMEM.PAMT.ADD"].found(made)
"""

from collections.abc import Callable
from typing import NamedTuple

from tdxkit.seam.leaves.metadata import HINT
from tdxkit.seam.one_call import Made, Setting, make
from tdxkit.seam.scenes import EMPTY_WITH_PAIR
from tdxkit.seam.situations import AS_IT_SHOULD, LAST_PAGE
from tdxkit.units import PAGE_2M

SOURCES = ("model",)


class Quest(NamedTuple):
    """A question, what was found of it by a call that was made, "" for nothing, and what of it that call is still short of, in a sentence."""

    question: str
    found: Callable[[Made], str]
    missing: Callable[[Made], str]


def _named_second(made: Made) -> str:
    """Two operands are wrong, each by itself, and the status names the one that stands later."""
    if made.answer.ok or made.setting.situation != AS_IT_SHOULD or made.setting.v:
        return ""
    alone, wrong = _each_alone(made)
    named = made.answer.operand
    if len(wrong) < 2 or named not in wrong[1:]:
        return ""
    first = wrong[0]
    return (
        f"{first} alone gives {alone[first].answer} (check {alone[first].failed}), and here {named} is named: its check, "
        f"number {made.failed}, comes before"
    )


def _each_alone(made: Made) -> tuple[dict[str, Made], list[str]]:
    """The call with each of its operands as it is and the others right; and those operands with which alone it fails."""
    alone = {name: make(_alone(made, name)) for name in made.given}
    return alone, [name for name, one in alone.items() if not one.answer.ok]


def _first_is_named(made: Made) -> str:
    """Why a call of PAMT.ADD is not one whose status names the later of two."""
    wrong = _each_alone(made)[1]
    if len(wrong) < 2:
        return f"By itself {wrong[0] if wrong else 'none of its operands'} is wrong; two have to be."
    return f"Wrong by themselves are {' and '.join(wrong)}, and the first of them is named."


def _alone(made: Made, name: str) -> Setting:
    """The same call with only this operand as it is, the others right."""
    setting = made.setting
    return Setting(setting.leaf, setting.version, operands={name: made.given[name]})


def _last_without_hint(made: Made) -> str:
    """The region's only page went, and another of the same region came."""
    gone = made.answer["RCX"] & ~HINT & ~(PAGE_2M - 1)
    same = made.setting.situation == LAST_PAGE and gone == made.given["R8"] & ~(PAGE_2M - 1) == EMPTY_WITH_PAIR
    if made.hint is not False or not same or not made.run.first["pair is there"]:
        return ""
    return "the new page lies in the region of the old one: its page count went to 2 before it fell to 1, never to 0"


def _hint_or_not(made: Made) -> str:
    """Why a call of RELOCATE is not one that takes a region's last page and gives no hint."""
    if not made.answer.ok:
        return "It has to succeed."
    return (
        "There is the hint." if made.hint else "There is no hint, and what it takes away is not its region's only page."
    )


QUESTS = {
    "TDH.PHYMEM.PAMT.ADD": Quest(
        "two operands that are wrong, each by itself, where the status does not name the first of them (in the order RCX, RDX, R8).",
        _named_second,
        _first_is_named,
    ),
    "TDH.MEM.PAGE.RELOCATE": Quest(
        "a RELOCATE that takes away the only page that its region had, succeeds, and gives no hint.",
        _last_without_hint,
        _hint_or_not,
    ),
}
