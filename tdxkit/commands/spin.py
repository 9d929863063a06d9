"""SPIN run on an exported model: how many states, which rules broke, and the shortest way to the first.

Two searches: one depth first over everything, for the counts; one breadth first to the first error, for its trail.
"""

import re
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tdxkit.errors import InputError
from tdxkit.explore.moves import able, first, follow
from tdxkit.explore.program import Scenario
from tdxkit.explore.promela import ENDS, MISSING, Model
from tdxkit.explore.schedule import encode
from tdxkit.explore.tables import Tables
from tdxkit.work import Job

TOOLS = ("spin", "gcc")
FLAGS = ("-w", "-DSAFETY", "-DNOREDUCE")  # one process: there is nothing that its reduction could leave out
TOLD = re.compile(r"^tdxkit: rule (\d+)$", re.MULTILINE)
STORED = re.compile(r"^\s*([\d.e+]+) states, stored", re.MULTILINE)
TAKEN = re.compile(r"^\s*\d+:\s*proc\s+0 \(model\).*\[D_STEP(\d+)\]$", re.MULTILINE)
ENDED = re.compile(r"^tdxkit: ended (\d+)$", re.MULTILINE)
STUCK = re.compile(r"pan:\d+: invalid end state")
LARGE = 100_000  # states
POLL = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What SPIN found in a model: the number of its states, the rules that broke, whether some state leads nowhere, the steps as
    (thread, choice) to the first error that it met breadth first (None: there is none) and the rule that breaks there (None: the
    steps end where nobody can move). The last step, the one that breaks it, is not among them."""

    states: int
    broken: tuple[str, ...]
    deadlock: bool
    steps: tuple[tuple[int, int], ...] | None
    rule: str | None


def find_tools() -> None:
    """InputError where SPIN or a compiler is missing."""
    missing = [name for name in TOOLS if not shutil.which(name)]
    if missing:
        raise InputError(
            " and ".join(missing),
            "not found, and SPIN makes a C program of the model",
            "install Debian's spin and gcc, such as apt install spin gcc, or run: tdxkit export NAME --to promela",
        )


def spinning(model: Model, cores: int = 1) -> Job[Confirmed]:
    """Run SPIN on a model: ticks with the seconds so far. InputError where a tool is missing or fails."""
    find_tools()
    with tempfile.TemporaryDirectory(prefix="tdxkit-spin-") as made:
        folder = Path(made)
        (folder / "m.pml").write_text(model.text, encoding="ascii")
        yield from _run(folder, "spin", "-a", "m.pml")
        fast = (
            "-O2" if model.states > LARGE else "-O0"
        )  # compiling is what takes its time where there is little to search
        yield from _run(folder, "gcc", fast, *FLAGS, "-DBFS_PAR" if cores > 1 else "-DBFS", "-o", "pan", "pan.c")
        room = f"-w{max(16, model.states.bit_length() + 4)}" if model.complete else "-w24"
        whole = yield from _run(folder, "./pan", "-c0", *((f"-u{cores}",) if cores > 1 else (room, "-n")))
        counts = STORED.findall(whole)
        if not counts:
            raise InputError("SPIN", f"it ended without a count: {whole.strip()[-120:]!r}", "give it fewer threads")
        found = tuple(dict.fromkeys(int(n) for n in TOLD.findall(whole)))
        broken, stuck = tuple(model.rules[n] for n in found), bool(STUCK.search(whole))
        if MISSING in broken:
            raise InputError(
                model.scenario.name,
                "SPIN came to a step that the tables do not have",
                "give it fewer threads or rounds",
            )
        if not (broken or stuck):
            return Confirmed(_without_ends(int(float(counts[-1])), whole), (), False, None, None)
        if cores > 1:  # on several the first that is found may be no shortest
            yield from _run(folder, "gcc", fast, *FLAGS, "-DBFS", "-o", "pan", "pan.c")
        yield from _run(folder, "./pan", room, "-n")
        trail = yield from _run(folder, "./pan", "-r", "m.pml.trail")
        steps = tuple(model.steps[int(n)] for n in TAKEN.findall(trail) if int(n) in model.steps)
        first = TOLD.search(trail)
        rule = model.rules[int(first[1])] if first else None
        return Confirmed(_without_ends(int(float(counts[-1])), whole), broken, stuck, steps, rule)


def _without_ends(stored: int, said: str) -> int:
    """The states of the scenario among those that SPIN stored: not what a broken rule or the end leads to."""
    return stored - ENDS * len(set(ENDED.findall(said)))


def _run(folder: Path, *words: str) -> Job[str]:
    """What a program prints, all of it together; it is ended where the job is."""
    began = time.monotonic()
    with open(folder / "said", "w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(words, cwd=folder, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            while process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(POLL)
                yield time.monotonic() - began, 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(0)
        text = said.read()
    if process.returncode and words[0] in TOOLS:
        raise InputError(words[0], f"it failed: {text.strip().splitlines()[-1:]}", "report it with the exported model")
    return text


def schedule(scenario: Scenario, found: Confirmed) -> str | None:
    """The code of SPIN's counterexample, its last step put in; None where there is none."""
    if found.steps is None:
        return None
    tables = Tables(scenario)
    state = first(tables)
    for _, _, move in follow(tables, found.steps):
        state = move.state
    last = next(
        (
            (k, move.choice)
            for k, move in able(tables, state)
            if found.rule in (*move.outcome.broken, *tables.false("always", move.state[0]))
        ),
        None,
    )
    return encode(scenario, (*found.steps, *([last] if last else ())), tables)
