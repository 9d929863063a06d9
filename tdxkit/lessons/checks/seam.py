"""Answers about the TDX module: operands with which a call answers so, acts one after the other, a lock's word, an entry of the radix tree.

Each answer is tried on the model, and what is told is what the module says to it.
"""

from collections.abc import Mapping

from tdxkit.errors import InputError, printable
from tdxkit.lessons.exercises import Exercise, Said, Sheet
from tdxkit.seam import locks
from tdxkit.seam.one_call import Made, Setting, make
from tdxkit.seam.operands import choices
from tdxkit.seam.pamt import ENTRY_SIZE, FAN_OUT, PT_PAMT
from tdxkit.seam.quests import QUESTS
from tdxkit.seam.scenes import World, world_at
from tdxkit.seam.shared_region import ACTS, MOST, Played, played
from tdxkit.seam.situations import AS_IT_SHOULD
from tdxkit.text import many, near
from tdxkit.units import PAGE_4K, U64_MAX

STALE = "a stale hint"
HALF = FAN_OUT // 2


def call(answer: object, exercise: Exercise, *, leaf: str, wanted: str = "", situation: str = AS_IT_SHOULD) -> Said:
    """Operands of a SEAMCALL, by register as numbers or in the words of its board; the right ones where none is given.

    wanted: the status that has to come back, with its operand; without one, what `quests` asks of this leaf.
    """
    setting = Setting(leaf, situation=situation)
    made = make(Setting(leaf, situation=situation, operands=_operands(answer, leaf, setting.world())))
    said = f"The module answers {made.answer}"
    which = f", at check {made.failed} of {len(made.leaf.checks)}" if made.failed else ""
    if not wanted:
        quest = QUESTS[made.leaf.name]
        found = quest.found(made)
        return _shown(bool(found), f"Found: {found}." if found else f"{said}{which}. {quest.missing(made)}", made)
    if str(made.answer) == wanted:
        return _shown(True, f"{said}{which}.", made)
    name, _, operand = wanted.partition("|")
    near_by = made.answer.name == name and made.answer.operand != operand
    more = f"The status is the one that is wanted, and it has to name {operand}" if near_by else f"Wanted: {wanted}"
    return _shown(False, f"{said}{which}. {more}.", made)


def _shown(passed: bool, says: str, made: Made) -> Said:
    return Said(passed, says, made.run, None, made.position)


def _operands(answer: object, leaf: str, world: World) -> dict[str, int | str]:
    """An answer as what registers hold. InputError for what is none."""
    if not isinstance(answer, Mapping):
        raise InputError(
            f"answer {printable(answer, 40)}",
            "registers are asked for",
            'give them by their names, such as {"R8": 0x1000}',
        )
    right = {name.upper(): value for name, value in world.operands(leaf).items()}
    given: dict[str, int | str] = {}
    for name, value in answer.items():
        register = name.strip().upper() if isinstance(name, str) else ""
        if register not in right:
            raise InputError(f"register {printable(name, 40)}", f"{leaf} takes {', '.join(right)}", "use one of these")
        if isinstance(value, str):
            words = choices(leaf, register, world, right)
            if value not in words:
                raise InputError(
                    f"{register} = {printable(value, 40)}",
                    "its board has no such word",
                    f"try {near(value, words) or 'a number'}",
                )
        elif type(value) is not int or not 0 <= value <= U64_MAX:
            raise InputError(
                f"{register} = {printable(value, 40)}",
                "a register holds 0 to 2^64 - 1",
                "give a whole number, or a word of its board",
            )
        given[register] = value
    return given


def acts(answer: object, exercise: Exercise, *, wanted: str, most: int = 0) -> Said:
    """Acts of the host and of two TDs on one region, in the words of its board. wanted: what the last one has to answer, or `STALE`: a hint after
    which PAMT.REMOVE finds a page; most: how many acts are enough."""
    given = _texts(answer, "acts", f'["{ACTS[0]}", "{ACTS[1]}"]', MOST)
    known = {_bare(act): act for act in ACTS}
    for act in given:
        if _bare(act) not in known:
            raise InputError(
                f"act {printable(act, 40)}", "it is none of this region's", f"take one of {', '.join(ACTS)}"
            )
    found = played([known[_bare(act)] for act in given])
    last, wrong = found.done[-1], _not_yet(found, wanted)
    if not wrong and most and len(given) > most:
        wrong = f"It gets there, in {many(len(given), 'act')}: {most} are enough."
    hint = f"Act {found.stale[0]} gave the hint, and act {found.stale[1]} found a page: " if found.stale else ""
    right = f"{hint}{last.leaf} answers {last.answer}, after {many(len(given), 'act')}."
    return Said(not wrong, wrong or right, sheets=(_done_so(found),))


def _done_so(found: Played) -> Sheet:
    """What was done, act by act."""
    heads = ("", "act", "the module answers", "page count", "hint")
    rows = (
        (k, d.act, d.answer, "no pair" if d.count is None else d.count, "hint" if d.hint else "")
        for k, d in enumerate(found.done, 1)
    )
    return Sheet("What was done", heads, tuple(rows))


def _not_yet(found: Played, wanted: str) -> str:
    """What is missing of what is wanted; "" for nothing."""
    last = found.done[-1]
    if wanted != STALE:
        return (
            ""
            if str(last.answer) == wanted
            else f"{_odd(found)}The last act, {last.act}, ends with {last.answer}. Wanted: {wanted}."
        )
    if found.stale:
        return ""
    if not any(one.hint for one in found.done):
        return f"{_odd(found)}No hint is given: the page count never goes from 1 to 0."
    return f"{_odd(found)}The hint is given by act {next(k for k, one in enumerate(found.done, 1) if one.hint)}, and no PAMT.REMOVE after it finds a page."


def _odd(found: Played) -> str:
    """The first act before the last that fails, in a sentence; "" where none does."""
    at = next((k for k, one in enumerate(found.done[:-1], 1) if not one.answer.ok), 0)
    return f"Act {at}, {found.done[at - 1].act}, is answered by {found.done[at - 1].answer}. " if at else ""


DEEDS = {"shared": locks.shared, "exclusive": locks.exclusive, "promote": locks.promote, "let go": None}


def lock(answer: object, exercise: Exercise, *, word: int, most: int = 0) -> Said:
    """What host calls A, B and C do to one lock, such as ["A shared", "B promote", "A let go"], so that this word is left in it."""
    given = _texts(answer, "deeds", '["A shared", "B exclusive"]', MOST)
    words: dict[object, int] = {"lock": 0}
    holds: dict[str, str] = {}
    for text in given:
        who, _, deed = text.strip().partition(" ")
        deed = " ".join(deed.split()).casefold()
        if who.upper() not in ("A", "B", "C") or deed not in DEEDS:
            raise InputError(
                f"deed {printable(text, 40)}", f"A, B or C, and one of {', '.join(DEEDS)}", 'write it so: "A shared"'
            )
        _done(words, holds, who.upper(), deed)
    left = f"{locks.describe(words['lock'])} (the word is {words['lock']})"
    if words["lock"] != word:
        return Said(False, f"What they leave is {left}; wanted: {locks.describe(word)} ({word}).")
    if most and len(given) > most:
        return Said(False, f"It gets there, with {many(len(given), 'deed')}: {most} are enough.")
    return Said(True, f"What they leave is {left}.")


def _done(words: dict[object, int], holds: dict[str, str], who: str, deed: str) -> None:
    """One deed, and who holds what after it. InputError for one that no call does."""
    mine = holds.get(who, "")
    rule = {
        "let go": ("it holds nothing here", mine),
        "promote": ("it does not hold the lock shared", mine == "shared"),
    }
    why, can = rule.get(deed, (f"it holds the lock {mine} already", not mine))
    if not can:
        raise InputError(f"{who} {deed}", why, "mind what it was told before")
    if deed == "let go":
        (locks.release_shared if mine == "shared" else locks.release_exclusive)(words, "lock")
        del holds[who]
    elif DEEDS[deed](words, "lock"):
        holds[who] = "shared" if deed == "shared" else "exclusive"


def entry(answer: object, exercise: Exercise, *, page: int) -> Said:
    """The HPA of a page's PAMT entry, in a pair of a host with one TD."""
    if type(answer) is not int or not 0 <= answer <= U64_MAX:
        raise InputError(
            f"answer {printable(answer, 40)}", "an address is asked for", "give it as a number, such as 0x1c0000000"
        )
    if said := exercise.belief(answer):
        return Said(False, said)
    m = world_at("runnable").module.m
    found = {pair + k * ENTRY_SIZE: (half, k) for half, pair in enumerate(_pair(m, page)) for k in range(HALF)}
    if answer not in found:
        inside = answer & ~(PAGE_4K - 1) in _pair(m, page)
        return Said(
            False,
            f"No entry begins there: each takes {ENTRY_SIZE} bytes."
            if inside
            else "That lies in neither page of the pair that the 2M entry names.",
        )
    half, k = found[answer]
    index = half * HALF + k
    described = (page >> 21 << 21) + index * PAGE_4K
    begins = f"There begins entry {index} of the region, in page {half} of the pair"
    return Said(
        described == page, f"{begins}{'.' if described == page else f': it is about the page at {described:#x}.'}"
    )


def _pair(m, page: int) -> tuple[int, ...]:
    two = m.pamt_2m[page >> 21]
    if two.type != PT_PAMT:
        raise InputError(f"the region of {page:#x}", "it has no pair here", "name a page of one that has")
    return two.pair


def _texts(answer: object, things: str, such_as: str, most: int) -> list[str]:
    """An answer as a list of texts, at least one. InputError for what is none."""
    if not isinstance(answer, (list, tuple)) or not answer or not all(isinstance(one, str) for one in answer):
        raise InputError(
            f"answer {printable(answer, 40)}", f"a list of {things} is asked for", f"give one, such as {such_as}"
        )
    if len(answer) > most:
        raise InputError(f"{len(answer)} {things}", f"{most} are kept", "look for a shorter way")
    return list(answer)


def _bare(act: str) -> str:
    """An act without its blanks, and without who makes a call of the host's."""
    return "".join(act.split()).casefold().removeprefix("host:")
