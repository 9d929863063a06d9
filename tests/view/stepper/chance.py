"""Runs made by chance, and their data as the page gets it."""

import json
import random

from tdxkit.run import Line, Read, Recorder, Text, Track, Wait
from tdxkit.view.stepper.payload import packed, run_data

ACTORS = ("CPU 0", "KVM", "the guest")
MANY = tuple(f"line {k}" for k in range(3, 16))
TEXTS = {
    "get": Text("get", ("one", "  two(a, b)", *MANY), added=(1,), first=40),
    "put": Text("put it", ("four", "five")),
}
TRACKS = (Track("lock A", "a", "lock"), Track("lock B", "b", "lock"), Track("users", "n", "value"))
LINES = [Line(name, k) for name, text in TEXTS.items() for k in range(len(text.lines))]
LONG = "a value that is longer than what is told of a step"


def by_chance(seed: int, texts: bool = True, length: int = 24, more: int = 0):
    """A run whose steps take and leave two locks, wait, read, stand at lines and break rules, as it comes; more: names beside the four."""
    dice = random.Random(seed)
    news = {"a": (None, *ACTORS), "b": (None, *ACTORS), "n": range(3), "said": ("yes", "no", LONG)} | {
        f"p{k}": range(3) for k in range(more)
    }
    state = {"a": None, "b": None, "n": 0, "said": "no"} | {f"p{k}": 0 for k in range(more)}
    recorder, place = Recorder(state), lambda: dice.choice([*LINES, None]) if texts else None
    start = dict.fromkeys(ACTORS[:2], LINES[0]) if texts else {}
    at = {actor: start.get(actor) for actor in ACTORS}
    for k in range(1, length + 1):
        actor = dice.choice(ACTORS[: 2 if seed % 2 else 3])
        for key in dice.sample(sorted(state), dice.randrange(4 + more)):
            state = {**state, key: dice.choice(news[key])}
        waits = tuple(
            Wait(who, None, f"{who} waits{dice.choice('.! ')}".strip())
            for who in dice.sample(ACTORS, dice.randrange(2))
        )
        reads = tuple(
            Read(key, dice.randrange(1, k), dice.random() < 0.3) for key in "an" if k > 1 and dice.random() < 0.3
        )
        said, kind = dice.choice(
            [("it goes on", ""), ("it says TDX_OPERAND_BUSY now", "seamcall"), ("TDX_SUCCESS", ""), ("", "seamcall")]
        )
        bad = ("a rule",) if dice.random() < 0.15 else ()
        now, at[actor] = at[actor], place() if k < length - 4 else None
        recorder.step(
            actor, f"step {k}", said, state, line=now, next=at[actor], waits=waits, broken=bad, kind=kind, reads=reads
        )
    return recorder.run("chance", ACTORS, texts=TEXTS if texts else {}, tracks=TRACKS, start=start, subtitle="below")


def sent(run, start=0, stop=None):
    """What travels of a run."""
    return json.loads(packed(run_data(run, None, start, stop)))
