"""What is said of a place and of a step in C: the line at which a CPU stands, whether it spins there, why a rule about locks is broken."""

import types
from collections.abc import Mapping

from tdxkit.explore.buffers import DRAIN, DRAINED
from tdxkit.explore.effects import Effect, Place
from tdxkit.explore.frames import in_c
from tdxkit.explore.rules import NO_RELOCK, NO_SLEEP, NO_SLEEP_IN_IRQ
from tdxkit.explore.standing import Standing
from tdxkit.explore.states import States
from tdxkit.kinds import LOCK, UNLOCK
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


def sentence(tables: Standing, sid: int, lid: int, choice: int, effect: Effect) -> str:
    """A step in words: what its program tells of it, else what it does and finds; and whether what it stores waits in the CPU's buffer."""
    if choice == DRAIN:
        return effect.told or str(DRAINED)
    at, after = tables.places[lid], tables.places[effect.after]
    if len(after.buffer) <= len(at.buffer):
        return effect.told or f"{at.label}{_found(tables, sid, at, effect)}"
    if effect.kind == UNLOCK:
        return f"Its unlock of {tables.layout.labels[after.buffer[-1][0]]} waits in the buffer."
    if effect.told:
        return f"{effect.told.rstrip('.')}. The store waits in the buffer."
    return f"{at.label}: the store waits in the buffer"


def _found(tables: States, sid: int, at: Place, effect: Effect) -> str:
    """What a step that works on one variable finds there, and what it makes of it."""
    slots, wrote = {*effect.reads, *dict(effect.writes)}, dict(effect.writes)
    if len(slots) != 1:
        return ""
    (slot,) = slots
    found = (
        *((_value(tables, sid, at, slot),) if effect.reads else ()),
        *((words(tables.values[wrote[slot]]),) if wrote else ()),
    )
    return f": {' → '.join(found)}"


def _value(tables: States, sid: int, at: Place, slot: int) -> str:
    """What a CPU finds in a variable: what its own store buffer has of it last, or the memory."""
    own = [number for stored, number in at.buffer if stored == slot]
    return words(tables.values[own[-1] if own else tables.shared[sid][slot]])


def seen(tables: States, sid: int, at: Place, slot: int) -> str:
    """What a CPU finds in a variable, with its name."""
    return f"{tables.layout.labels[slot]} is {_value(tables, sid, at, slot)}"


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
