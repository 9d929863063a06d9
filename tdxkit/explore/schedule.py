"""Schedule codes: who takes how many steps, short enough to paste, sure to say when they no longer fit.

    v2:2x1:9f3c A10 B15 A3 +c41e07

names the scenario, threads x rounds and a digest of the model; then CPU 0 (A) takes ten steps, CPU 1 (B) fifteen, and so on.
`B4/1` are four steps of B of which the last one, a choice, gets value number 1 (they count from 0, which is left out).

`+c41e07` is the mark of what these very steps did: who, of what kind, what changed, which rules broke; not the words of a label. The
digest of the model looks at two plain runs and may miss a change elsewhere; the mark misses none in the steps of its own code. A code
from before marks has none. `%9f3c1a2b` after it is how the SHA-256 of a reader's own text begins, the file or cell that the model was made
from: with another text the code is refused. `@tso` between the two names a memory other than the sequentially consistent one; there `a2`
lets two stores of CPU 0's buffer reach memory.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from typing import NamedTuple

from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.buffers import DRAIN, MEMORIES, SC
from tdxkit.explore.moves import Move, State, Steps, follow, one_by_one
from tdxkit.explore.program import Scenario
from tdxkit.explore.tables import Tables
from tdxkit.rules import known
from tdxkit.text import Pattern, words

LETTERS = "ABCDEFGHIJKLMNO"
MAX_TEXT = 20_000
MAX_STEPS = 20_000
LONGEST_NAME = 40
HEAD = Pattern(r"([A-Za-z0-9_.+-]{1,40}):([1-9][0-9]?)x([1-9][0-9]?):([0-9a-f]{4})", re.ASCII)
TAIL = Pattern(r"(?:\+([0-9a-f]{6}))?(?:@([a-z]{2,8}))?(?:%([0-9a-f]{4,16}))?", re.ASCII)
MARKS, FOLD = 1 << 24, 1_000_003  # FOLD is odd, so a step that differs is never folded away
TEXT_DIGITS = 8  # of the digest of a reader's text
PART = Pattern(r"([A-O])([1-9][0-9]{0,4})(?:/([1-9][0-9]?))?|([a-o])([1-9][0-9]{0,4})", re.ASCII)


class Code(NamedTuple):
    """A schedule code taken apart. `mark`: what its steps did, "" in a code from before marks; `text`: how the digest of a reader's text
    begins, "" for a model of ours."""

    name: str
    threads: int
    rounds: int
    digest: str
    steps: Steps
    mark: str = ""
    text: str = ""
    memory: str = SC

    @property
    def shape(self) -> str:
        """Scenario, threads and rounds, as the code has them."""
        return f"{self.name}:{self.threads}x{self.rounds}"


def code_name(scenario: Scenario) -> str:
    """The scenario's name as a code has it: what is no letter, figure or one of _.+- becomes an underscore, a - in front too."""
    return re.sub(r"^-|[^A-Za-z0-9_.+-]", "_", scenario.name)[:LONGEST_NAME] or "_"


def shape_of(scenario: Scenario) -> str:
    """Scenario, threads and rounds, as its codes have them."""
    return f"{code_name(scenario)}:{scenario.count}x{scenario.rounds}"


def same_text(scenario: Scenario, code: Code) -> None:
    """InputError where a code was made from another text than a reader's scenario is."""
    now = scenario.own.digest if scenario.own else ""
    if code.text and not now.startswith(code.text):
        source = f"that of {printable(code_name(scenario))} begins {now[: len(code.text)]}" if now else "here is none"
        raise InputError(
            f"schedule code, end %{code.text}",
            f"it was made from a reader's text whose SHA-256 begins so, and {source}",
            "use the file as it was, or explore it again",
        )


def digest(scenario: Scenario, tables: Tables | None = None) -> str:
    """Four hex digits of what the model does: version, threads, rounds, and two plain runs to the end, step by step.

    Made from behaviour, not from words or bytecode: a new label, or another Python, gives the same.
    """
    tables = _all_rules(scenario, tables)
    if tables.digest is None:
        tables.digest = _digest(scenario, tables)
    return tables.digest


def _digest(scenario: Scenario, tables: Tables) -> str:
    text = [scenario.version, code_name(scenario), len(scenario.threads), scenario.rounds]
    for last in (False, True):
        steps = one_by_one(tables, last)
        while (did := _next(tables, steps)) is not None:
            text.append(did)
    return _sha(text).hexdigest()[:4]


def _next(tables: Tables, steps: Iterator[tuple[int, State, Move]]) -> tuple | None:
    """What the next step of a run did; None where the run has ended, or comes to what is not modelled."""
    try:
        step = next(steps, None)
    except ModelError:
        return None
    return step and _did(tables, *step)


def _sha(what: object):
    from hashlib import sha256  # where a search finds nothing no code is made

    return sha256(repr(what).encode())


def _did(tables: Tables, k: int, state: State, move: Move) -> tuple:
    """What a step did: who, with which choice, its kind and operation, what changed, which rules it broke."""
    effect, labels = move.outcome, tables.layout.labels
    changes = tuple((labels[slot], words(tables.values[number])) for slot, number in effect.writes)
    return k, move.choice, effect.kind, tables.places[state[1][k]].label.does, changes, effect.broken


def mark(scenario: Scenario, steps: Steps, tables: Tables | None = None) -> str:
    """Six hex digits of what a schedule's own steps do, one step folded in after the other, as the page's script does it too."""
    tables = _all_rules(scenario, tables)
    number = 0
    for k, _, move in follow(tables, steps):
        number = (number * FOLD + deed(tables, k, move)) % MARKS
    return f"{number:06x}"


def _all_rules(scenario: Scenario, tables: Tables | None) -> Tables:
    """Tables that judge every rule of the scenario: a code does not depend on which of them were asked."""
    if tables is not None and not tables.scenario.unasked:
        return tables
    return Tables(replace(scenario, unasked=frozenset()))


def deed(tables: Tables, k: int, move: Move) -> int:
    """A step in 24 bits: who moves, with which value, the kind of step, what changes, what breaks."""
    labels, effect = tables.layout.labels, move.outcome
    changes = [(labels[slot], words(tables.values[v])) for slot, v in effect.writes]
    rules = [rule.id if (rule := known(name)) else name for name in effect.broken]  # their words may change
    did = k, move.choice, effect.kind, changes, rules
    return int.from_bytes(_sha(did).digest()[:3])


def encode(scenario: Scenario, steps: Steps, tables: Tables | None = None) -> str:
    """The code of a schedule."""
    parts: list[str] = []
    count, last = 0, -1
    for (k, choice), run in groupby(steps):
        many = len(list(run))
        if choice == DRAIN:
            parts += [f"{LETTERS[last]}{count}"] if count else []
            parts.append(f"{LETTERS[k].lower()}{many}")
            count = 0
            continue
        for _ in range(many):
            if k != last and count:
                parts.append(f"{LETTERS[last]}{count}")
                count = 0
            last, count = k, count + 1
            if choice:
                parts.append(f"{LETTERS[k]}{count}/{choice}")
                count = 0
    if count:
        parts.append(f"{LETTERS[last]}{count}")
    tables = _all_rules(scenario, tables)
    head = f"{shape_of(scenario)}:{digest(scenario, tables)}"
    return " ".join([head, *parts, f"+{mark(scenario, steps, tables)}", *tail_marks(scenario)])


def tail_marks(scenario: Scenario) -> tuple[str, ...]:
    """What the codes of a scenario end with: the memory where it is not the plain one, and the digest of a reader's own text."""
    digest = scenario.own.digest if scenario.own else ""
    memory = (f"@{scenario.memory}",) if scenario.memory != SC else ()
    return (*memory, f"%{digest[:TEXT_DIGITS]}") if digest else memory


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
    tail = TAIL.fullmatch("".join(word for word in words[1:] if word[0] in "+@%"))
    if tail is None or (any(word[0] in "+@%" for word in words[1:]) and words[-1][0] not in "+@%"):
        raise InputError(
            f"schedule code {printable(text)}", "its mark stands once and last, such as +c41e07", "copy the whole code"
        )
    memory = tail[2] or SC
    if memory not in MEMORIES:
        raise InputError(
            f"schedule code, end {printable(tail[0], 30)}",
            f"this version runs schedules on {' and '.join(MEMORIES)} memory",
            "replay it with the version that printed it",
        )
    steps: list[tuple[int, int]] = []
    for word in (word for word in words[1:] if word[0] not in "+@%"):
        part = PART.fullmatch(word)
        if part is None or len(steps) + int(part[2] or part[5]) > MAX_STEPS or (part[4] and memory == SC):
            raise InputError(
                f"schedule code, part {printable(word, 20)}",
                f"a part is a thread's letter and a number of steps, such as A10, and all parts make {MAX_STEPS} at most",
                "copy the whole code",
            )
        if part[4]:
            steps += [(LETTERS.index(part[4].upper()), DRAIN)] * int(part[5])
            continue
        k = LETTERS.index(part[1])
        steps += [(k, 0)] * int(part[2])
        if part[3]:
            steps[-1] = (k, int(part[3]))
    return Code(head[1], int(head[2]), int(head[3]), head[4], tuple(steps), tail[1] or "", tail[3] or "", memory)


def switches(steps: Steps) -> int:
    """How often another thread goes on; a drain is nobody's turn."""
    return sum(a != b for a, b in pairwise(k for k, choice in steps if choice != DRAIN))
