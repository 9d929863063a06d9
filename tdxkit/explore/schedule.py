"""Schedule codes: who takes how many steps, short enough to paste, sure to say when they no longer fit.

    v2:2x1:9f3c A10 B15 A3

names the scenario, threads x rounds and a digest of the model; then CPU 0 (A) takes ten steps, CPU 1 (B) fifteen, and so on.
`B4/1` are four steps of B of which the last one, a choice, gets value number 1 (they count from 0, which is left out).
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby, pairwise

from tdxkit.errors import InputError, printable
from tdxkit.explore.moves import Move, State, Steps, one_by_one
from tdxkit.explore.program import Scenario
from tdxkit.explore.tables import Tables
from tdxkit.text import words

LETTERS = "ABCDEFGHIJKLMNO"
MAX_TEXT = 20_000
MAX_STEPS = 20_000
HEAD = re.compile(r"([A-Za-z0-9_.+-]{1,40}):([1-9][0-9]?)x([1-9][0-9]?):([0-9a-f]{4})", re.ASCII)
PART = re.compile(r"([A-O])([1-9][0-9]{0,4})(?:/([1-9][0-9]?))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Code:
    """A schedule code taken apart."""

    name: str
    threads: int
    rounds: int
    digest: str
    steps: Steps


def digest(scenario: Scenario, tables: Tables | None = None) -> str:
    """Four hex digits of what the model does: version, threads, rounds, and two plain runs to the end, step by step.

    Made from behaviour, not from words or bytecode: a new label, or another Python, gives the same.
    """
    tables = tables or Tables(scenario)
    if tables.digest is None:
        tables.digest = _digest(scenario, tables)
    return tables.digest


def _digest(scenario: Scenario, tables: Tables) -> str:
    text = [scenario.version, scenario.name, len(scenario.threads), scenario.rounds]
    for last in (False, True):
        text += [_did(tables, *step) for step in one_by_one(tables, last)]
    return sha256(repr(text).encode()).hexdigest()[:4]


def _did(tables: Tables, k: int, state: State, move: Move) -> tuple:
    """What a step did: who, with which choice, its kind and operation, what changed, which rules it broke."""
    effect, labels = move.outcome, tables.layout.labels
    changes = tuple((labels[slot], words(tables.values[number])) for slot, number in effect.writes)
    return k, move.choice, effect.kind, tables.places[state[1][k]].label.does, changes, effect.broken


def encode(scenario: Scenario, steps: Steps, tables: Tables | None = None) -> str:
    """The code of a schedule."""
    parts: list[str] = []
    count, last = 0, -1
    for (k, choice), run in groupby(steps):
        for _ in run:
            if k != last and count:
                parts.append(f"{LETTERS[last]}{count}")
                count = 0
            last, count = k, count + 1
            if choice:
                parts.append(f"{LETTERS[k]}{count}/{choice}")
                count = 0
    if count:
        parts.append(f"{LETTERS[last]}{count}")
    head = f"{scenario.name}:{scenario.count}x{scenario.rounds}:{digest(scenario, tables)}"
    return " ".join([head, *parts])


def parse(text: str) -> Code:
    """A code from outside, taken apart; InputError for anything that is not one. Nothing in it is evaluated."""
    words = text.split() if isinstance(text, str) and len(text) <= MAX_TEXT else []
    head = HEAD.fullmatch(words[0]) if words else None
    if head is None:
        raise InputError(
            f"schedule code {printable(text)}",
            "it starts with scenario:THREADSxROUNDS:digest, such as v2:2x1:9f3c",
            "copy the whole code",
        )
    steps: list[tuple[int, int]] = []
    for word in words[1:]:
        part = PART.fullmatch(word)
        if part is None or len(steps) + int(part[2]) > MAX_STEPS:
            raise InputError(
                f"schedule code, part {printable(word, 20)}",
                f"a part is a thread's letter and a number of steps, such as A10, and all parts make {MAX_STEPS} at most",
                "copy the whole code",
            )
        k = LETTERS.index(part[1])
        steps += [(k, 0)] * int(part[2])
        if part[3]:
            steps[-1] = (k, int(part[3]))
    return Code(head[1], int(head[2]), int(head[3]), head[4], tuple(steps))


def switches(steps: Steps) -> int:
    """How often another thread goes on."""
    return sum(a[0] != b[0] for a, b in pairwise(steps))
