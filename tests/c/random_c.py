"""Random small concurrent C programs, as a reviewer might write them: locks, atomics, branches, loops, goto, helpers, warnings.

    made = program(7)            # the same for the same seed
    made.text, made.entries      # C, and the function that each CPU runs
    made.verdict                 # what the judge says of it on sequentially consistent memory

What is taken has at most LARGEST states and meets no question that the judge leaves open.
"""

import random
from itertools import count
from typing import NamedTuple

from tests.c.judge import TooLarge, Verdict, judge, parsed
from tests.c.judge_types import Unreadable
from tests.c.random_function import Function

LARGEST, SMALLEST = 3000, 12  # states
TYPES = ("int", "int", "u8", "u16", "u32", "s64", "unsigned long", "bool")
PLOTS = {  # what stands in the functions of a program: a kind of statement, how often
    "any": "store2 bump2 local2 atomic2 bits region attempt if2 loop switch forward back into leave call warn3 wrong",
    "locks": "store bump2 local region2 nest5 attempt2 retreat2 spin6 if leave warn back call wrong",
    "counts": "count5 atomic3 try2 store local if2 warn3 leave call switch bits region forward",
    "flags": "store3 await2 local2 if2 warn2 loop bits forward call stay4 switch announce2",
}


class Made(NamedTuple):
    """A program: its text, the function each CPU runs, and the judge's verdict on it."""

    text: str
    entries: tuple[str, ...]
    verdict: Verdict


def program(seed: int) -> Made:
    """The program of a seed: the first that is small and settled of those that its dice write."""
    for attempt in count():
        text, entries = written(random.Random(f"{seed} {attempt}"))
        try:
            verdict = judge(parsed(text), entries, limit=LARGEST)
        except (TooLarge, Unreadable):
            continue
        if verdict.states >= SMALLEST and not verdict.open:
            return Made(text, entries, verdict)


def written(die: random.Random) -> tuple[str, tuple[str, ...]]:
    """A program's text and entries, whatever it does."""
    shared, lines = _shared(die)
    weights = _weights(die.choice(list(PLOTS)))
    helpers, functions = [], []
    for n in range(die.choice((0, 0, 1, 1, 2))):
        helper = Function(die, f"helper{n}", shared, weights, ())
        functions.append(helper.as_helper(die.choice(("value", "plain", "atomic"))))
        helpers.append(helper)
    cpus = die.choice((2, 2, 2, 2, 3))
    names = die.choice((("run",), ("left", "right", "third")[:cpus]))
    opening = die.random() < 0.2  # on both sides: what store buffers are for
    for name in names:
        function = Function(die, name, shared, weights, tuple(helpers))
        functions.append(function.as_entry(5 - cpus + die.randint(0, 2) - opening, opening))
    entries = names * cpus if len(names) == 1 else names
    return "\n".join([*lines, "", *(line for function in functions for line in [*function, ""])]), entries


def _weights(plot: str) -> dict[str, int]:
    return {w.rstrip("0123456789"): int(w[len(w.rstrip("0123456789")) :] or 1) for w in PLOTS[plot].split()}


def _shared(die: random.Random) -> tuple[dict[str, list], list[str]]:
    """The shared memory: by kind what works on it, and its declarations. Of plain variables (text, type)."""
    shared = {"plain": [], "atomic": [], "refcount": [], "bits": [], "spin": [], "mutex": []}
    lines = []
    for name in "xyzw"[: die.randint(1, 3)]:
        shape, kind, first = (
            die.choice(("scalar",) * 5 + ("array", "struct")),
            die.choice(TYPES),
            die.choice((0, 0, 0, 1)),
        )
        if shape == "scalar":
            lines.append(f"{kind} {name}{f' = {first}' if first else ''};")
            shared["plain"].append((name, kind))
        elif shape == "array":
            lines.append(f"{kind} {name}[2] = {{ {first}, {die.randint(0, 1)} }};")
            shared["plain"] += [(f"{name}[0]", kind), (f"{name}[1]", kind), (f"{name}[t & 1]", kind)]
        else:
            lines.append(f"struct pair_{name} {{ {kind} low; u8 high; }};\nstruct pair_{name} {name};")
            shared["plain"] += [(f"{name}.low", kind), (f"{name}.high", "u8")]
    lines.append(f"atomic_t n = ATOMIC_INIT({die.choice((0, 0, 1, 2))});")
    shared["atomic"].append("&n")
    if die.random() < 0.5:
        lines.append(f"refcount_t users = REFCOUNT_INIT({die.choice((1, 1, 2))});")
        shared["refcount"].append("&users")
    if die.random() < 0.3:
        lines.append("unsigned long bits;")
        shared["bits"].append("&bits")
    lines.append("DEFINE_SPINLOCK(lock);")
    shared["spin"].append("lock")
    if die.random() < 0.8:
        spin = ("spin", "DEFINE_SPINLOCK(other);")
        kind, text = die.choice((spin, spin, ("mutex", "DEFINE_MUTEX(other);")))
        lines.append(text)
        shared[kind].append("other")
    return shared, lines
