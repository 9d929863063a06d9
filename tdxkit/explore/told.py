"""What is said of a place and of a step in C: the line at which a CPU stands, whether it spins there, why a rule about locks is broken."""

import types
from collections.abc import Mapping

from tdxkit.explore.effects import Effect, Place
from tdxkit.explore.frames import in_c
from tdxkit.explore.rules import NO_RELOCK, NO_SLEEP, NO_SLEEP_IN_IRQ
from tdxkit.explore.standing import Standing
from tdxkit.explore.states import States
from tdxkit.kinds import LOCK
from tdxkit.text import Pattern, words

SPINNERS = Pattern(r"\w*seq(count|lock)?_?begin\w*")  # calls that look again and again, whoever called them
SLEEPERS = ("wait_", "wait(")  # in a line whose looks are those of one that sleeps between them


def stands(at: Place) -> str:
    """ " in line 12 of take", where a CPU runs C; else nothing."""
    code, line = _innermost(at)
    return f" in line {line} of {code.co_name}" if code else ""


def spins(at: Place, text: str) -> bool:
    """Does a CPU that gets no further here look again and again? text: the line."""
    code, _ = _innermost(at)
    if code is None or at.label.kind == LOCK:
        return False
    looks = at.lines[-1][0] is code and not any(word in text for word in SLEEPERS)
    return looks or SPINNERS.fullmatch(at.label.does) is not None


def _innermost(at: Place) -> tuple[types.CodeType | None, int]:
    """The innermost line of C at a place."""
    return next(((code, line) for code, line in reversed(at.lines) if in_c(code)), (None, 0))


def seen(tables: States, sid: int, at: Place, slot: int) -> str:
    """What a CPU finds in a variable: what its own store buffer has of it last, or the memory."""
    own = [number for stored, number in at.buffer if stored == slot]
    value = tables.values[own[-1] if own else tables.shared[sid][slot]]
    return f"{tables.layout.labels[slot]} is {words(value)}"


def because(tables: Standing, lid: int, effect: Effect, since: Mapping[int, int]) -> dict[str, str]:
    """For each rule about locks that a step from a place breaks what there is to say of it. since: which step took each lock."""
    at, labels = tables.places[lid], tables.layout.labels
    locks = {slot: labels[slot] + (f", taken in step {since[slot]}" if slot in since else "") for slot in at.held}
    said = {
        NO_SLEEP: f"{at.label} may sleep, and it holds {' and '.join(locks.values())}",
        NO_SLEEP_IN_IRQ: f"{at.label} may sleep",
    }
    if own := [locks[slot] for slot in effect.reads if slot in locks]:
        said[NO_RELOCK] = f"{at.label} waits for {own[0]}"
    return {rule: why for rule, why in said.items() if rule in effect.broken}
