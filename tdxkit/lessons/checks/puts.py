"""Answers that are code: a get and a put in Python or C. What breaks is shown by the answer's own shortest schedule.

A put goes up rungs, each a question more (data/put_rungs.toml): `climbing` says how far one comes.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from difflib import unified_diff
from functools import cache
from typing import NamedTuple

from tdxkit.c.kernel.pages import LOOK_UPS
from tdxkit.c.naming import scenario_of
from tdxkit.c.paste import language_of
from tdxkit.errors import InputError, printable
from tdxkit.explore.program import Scenario
from tdxkit.explore.telling import replay
from tdxkit.facts import load_toml
from tdxkit.lessons.checks.walks import held_up, walked
from tdxkit.lessons.exercises import Exercise, Said, Sheet
from tdxkit.linux.refcount.module import LEFT_IS_COUNTED, NOTHING_LEFT
from tdxkit.linux.refcount.own import of_programs
from tdxkit.linux.refcount.own_file import of_python
from tdxkit.review.lens import Cost
from tdxkit.review.own import Opinion, answering
from tdxkit.text import many
from tdxkit.work import Job

MOST_LINES = 12  # of an answer to "fix"
FAULT_OF = {"alloc": "enomem", "add": "add-fails", "remove": "remove-fails"}  # what Python calls what may fail
COUNTS = re.compile(
    rf"\b({'|'.join((*LOOK_UPS, 'tdx_region_count'))})\b"
)  # by which a text in C comes to the region's count
IN_C = "From here on it is asked in C: Python has no spin_lock_bh() here. Write what you have in C."


class Rung(NamedTuple):
    """A question about a put. size and around: what makes its scenario; may_fail: of alloc, add and remove; cheapest: are costs asked, and no search?"""

    id: str
    title: str
    asks: str
    threads: int = 2
    rounds: int = 1
    memory: str = ""
    may_fail: tuple[str, ...] = ()
    softirq: bool = False
    cheapest: bool = False
    source: str = "model"


# What a get and a put that are mended are asked, and what is said before what breaks; roles of CPUs the first of which keeps the pair there.
ASKED = {
    "": Rung("two", "", ""),
    "with three CPUs, two rounds each, ": Rung("three", "", "", 3, 2),
    "where an allocation, ADD or REMOVE fails ": Rung("failing", "", "", 3, 2, may_fail=tuple(FAULT_OF)),
}
KEPT = ("get", "life", "life")


class Climb(NamedTuple):
    """How far a put comes. passed: the rungs below the first that it does not hold; stopped: that one, None at the top; opinion: of it; costs: its own, v6's, after-v6's."""

    passed: tuple[Rung, ...]
    stopped: Rung | None
    opinion: Opinion | None
    costs: tuple[Cost, ...]
    why: str = ""


@cache
def put_rungs() -> tuple[Rung, ...]:
    """Every rung, the lowest first."""
    rows = load_toml("put_rungs.toml")["rung"]
    return tuple(Rung(**row | {"may_fail": tuple(row.get("may_fail", ()))}) for row in rows)


def climbing(answer: object, most: int = 0) -> Job[Climb]:
    """How far an answer comes: a put in Python, a (put, get), or a text in C or Python with both; at most to rung number `most`, from 1 on."""
    passed: list[Rung] = []
    costs: tuple[Cost, ...] = ()
    for rung in put_rungs()[: most or None]:
        if rung.softirq and not _is_c(answer):
            return Climb(tuple(passed), rung, None, costs, IN_C)
        if rung.cheapest:
            if why := dearer(costs):
                return Climb(tuple(passed), rung, None, costs, why)
        else:
            opinion = yield from answering(on_rung(answer, rung))
            costs = costs or opinion.costs
            if opinion.verdict != "ok":
                return Climb(tuple(passed), rung, opinion, costs)
        passed.append(rung)
    return Climb(tuple(passed), None, None, costs)


def on_rung(answer: object, rung: Rung) -> Scenario:
    """The scenario that a rung asks an answer. InputError and ModelError for what is none."""
    size: dict[str, object] = {"threads": rung.threads, "rounds": rung.rounds}
    if _is_c(answer):
        more = {"may_fail": rung.may_fail, "softirq": "put" if rung.softirq else ""}
        one = scenario_of(_lines(answer), label="mine", **size, **more)
    else:
        more = {"faults": tuple(map(FAULT_OF.get, rung.may_fail))}
        one = (
            of_python(answer, **size, **more)
            if isinstance(answer, str)
            else of_programs(*_pair(answer), **size, **more)
        )
    one = one.on(rung.memory) if rung.memory else one
    return _left(one, answer) if "remove" in rung.may_fail else one


def _left(one: Scenario, answer: object) -> Scenario:
    """The same where a REMOVE may be refused: a pair may be left at the end, and the region's count, where the answer uses that, has to tell of it."""
    counted = not _is_c(answer) or COUNTS.search(str(answer))
    more = (LEFT_IS_COUNTED,) if counted else ()
    return replace(one, properties=(*one.properties, *more)).without(NOTHING_LEFT)


def dearer(costs: tuple[Cost, ...]) -> str:
    """Why the first of these costs is more than v6's, the second, in a sentence; "" where it is not."""
    mine, least = costs[:2]
    for when, held in (("alone", "alone"), ("shared", "where the pair is there")):
        for key, value in getattr(mine, when).items():
            if value > getattr(least, when)[key]:
                what = {"locked": "steps with a lock", "seamcalls": "SEAMCALLs"}.get(key, key)
                return f"{what} of a round {held}: {value}, and {getattr(least, when)[key]} in {least.version}."
    return ""


def climbed(answer: object, exercise: Exercise, *, most: int = 0) -> Job[Said]:
    """A put that holds up to a rung."""
    found = yield from climbing(answer, most)
    beside = sheets(found)
    if found.stopped is None:
        last = put_rungs()[most - 1] if most else put_rungs()[-1]
        return Said(True, f"It holds on every rung up to this one: {last.title}.", sheets=beside)
    below = f"It holds on {many(len(found.passed), 'rung')}. " if found.passed else ""
    if found.opinion is None:
        return Said(False, f"{below}{found.stopped.title}: {found.why}", sheets=beside)
    return said_of(found.opinion, f"{below}On the rung “{found.stopped.title}” ")._replace(sheets=beside)


def sheets(found: Climb) -> tuple[Sheet, ...]:
    """The rungs, and how a put stands on each; what it costs beside v6 and after-v6, where that is known."""
    held = {rung.id: "✓ holds" for rung in found.passed} | ({found.stopped.id: "✗ not yet"} if found.stopped else {})
    rungs = [(k, rung.title, rung.asks, held.get(rung.id, "—")) for k, rung in enumerate(put_rungs(), 1)]
    sheet = Sheet("The rungs", ("rung", "", "what it asks", "yours"), tuple(rungs))
    if not found.costs:
        return (sheet,)
    rows = [(one.version, *(f"{alone} / {one.shared[key]}" for key, alone in one.alone.items())) for one in found.costs]
    heads = ("version", "steps", "SEAMCALLs", "steps with a lock", "pages")
    return sheet, Sheet("What a round costs a CPU, alone / where the pair is there", heads, tuple(rows))


def judged(answer: object, exercise: Exercise, *, fast: bool = False) -> Job[Said]:
    """A get and a put in C, of which at most MOST_LINES lines may be other than those that the box begins with. fast: where the pair is there a round may take no lock."""
    if not _is_c(answer):
        raise InputError(f"answer {printable(answer, 40)}", "C is asked for", "write it into the box")
    small_change(exercise.begins, answer)
    held = 0
    for before, rung in ASKED.items():
        opinion = yield from answering(on_rung(answer, rung))
        if opinion.verdict != "ok":
            return said_of(opinion, before)
        held = held or next((cost.shared["locked"] for cost in opinion.costs), 0)
    if fast and held:
        return Said(
            False,
            f"It holds, but the fast path is gone: where the pair is there a round holds the lock during {many(held, 'step')}.",
        )
    if fast:
        walk = yield from walked(scenario_of(_lines(answer), label="mine", roles=KEPT), before=(0,))
        if found := held_up(walk):
            waits = f"the pair is there and stays there, and {found[0]} has to wait for another CPU"
            return Said(False, f"It holds, but the fast path is gone: {waits}.", found[1])
    return said_of(opinion)


def said_of(opinion: Opinion, before: str = "") -> Said:
    """What an opinion is to a learner: passed, or the first thing that breaks, with the schedule that breaks it."""
    if opinion.result is None:
        where = f" Your line {opinion.line}" if opinion.line else ""
        return Said(False, f"{opinion.error}.{where}")
    if opinion.verdict == "ok":
        return Said(True, f"No order of the CPUs breaks it: {many(opinion.result.states, 'state')}.")
    told = f"{before}it breaks: {opinion.result.defect or opinion.verdict}"
    said = f"{told[0].upper()}{told[1:]}, after {many(opinion.result.steps or 0, 'step')}."
    run = replay(opinion.scenario, opinion.result.schedule) if opinion.scenario and opinion.result.schedule else None
    return Said(False, said, run, opinion.scenario)


def small_change(before: str, after: object) -> None:
    """InputError for more than MOST_LINES new lines."""
    rows = unified_diff(before.splitlines(), str(after).splitlines(), n=0, lineterm="")
    new = sum(row[0] == "+" and row[:3] != "+++" and bool(row[1:].strip()) for row in rows)
    if new > MOST_LINES:
        raise InputError(
            "the answer", f"{new} of its lines are new, and {MOST_LINES} are enough", "look for a smaller change"
        )


def _is_c(answer: object) -> bool:
    return isinstance(answer, str) and language_of(answer) != "python"


def _lines(text: str) -> str:
    """A text that is taken as one, though it had one line."""
    return text if "\n" in text else text + "\n"


def _pair(answer: object) -> tuple[Callable, Callable | None]:
    """A put, and a get where there is one."""
    put, get = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
    for one in filter(None, (put, get)):
        if not callable(one):
            raise InputError(f"answer {printable(one, 40)}", "a put is asked for", "give a function, or a text in C")
    return put, get
