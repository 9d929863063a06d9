"""A reader's steps taken apart: each load and each store of shared memory an atomic step of its own, in the order in which they are made.

C does not run a statement at once, and one `x -= 1` is a load and a store, unless it is one locked instruction. So what stands under
one `yield` of a reader's own function stays together only where it says that it is one instruction:

    a call of tdxkit's on the memory, such as pamt_remove(m, region), or a step of a program of tdxkit's, such as spin_lock(m)
    what a step of kind `locked`, `lock` or `unlock` names and does (see `instruction`); under `seamcall` what only the TDX module knows
    looks of m.tell(…), and those of m.must(…) and assert at what the access before them has touched; others of theirs are one look, later
    (see `aside`: the program goes on the same)

How: a generator cannot be stopped between two loads, but it can be run again. A step is run on a memory that keeps a log; from the first
access on that is no longer part of the instruction it runs for nothing and is thrown away, and the next step runs it once more from the
start, on what the log says, up to the access after that. Nothing is guessed from the text: helpers, lambdas and aliases are taken apart
alike.
"""

import io
import types
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from typing import Any

from tdxkit.explore.closing import discard
from tdxkit.explore.logged import Log, Logged
from tdxkit.explore.pieces import NotApart, Pieces
from tdxkit.explore.place import lines, place
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.schedule import Code, code_name
from tdxkit.explore.values import frozen

LONGEST = 2_000  # steps that a thread is run again from its start
MARK = "+split"  # behind the name of a scenario whose steps are taken apart


class Parts:
    """A program run in parts. Yields what the program yields, and a label of its own before each further part of a step."""

    def __init__(self, memory, pieces: Pieces, program: Callable[..., Any], args: tuple):
        self._memory, self._pieces = memory, pieces
        self._log = Log(memory, pieces)
        self._logged = Logged(self._log)
        self._make = lambda: program(self._logged, *args)
        self._program = self._make()
        self._at: tuple | None = None  # where the program stands, or stood before the step that is under way
        self._given: object = None
        self._done: list[tuple[object, list]] = []  # what it was sent at each step, and the log of it
        self._under_way = False

    def __iter__(self) -> "Parts":
        return self

    def __next__(self) -> object:
        return self.send(None)

    def send(self, value: object) -> object:
        """The next part of the step, and what stands before the part after it."""
        if self._under_way:
            self._again()
        else:
            self._at = self._standing()
            self._given = value
            self._log.begin(self._program)
        item: object = None
        try:
            item = self._program.send(self._given)
        except KeyboardInterrupt:
            raise
        except BaseException:
            if not self._log.pausing:
                raise
        finally:
            self._log.rest()
        if self._log.pausing:
            self._under_way = True
            discard(self._program, True)
            return self.send(None) if self._log.amid else self._log.label
        self._log.says(item)
        self._under_way = False
        self._done.append((self._given, self._log.events))
        self._at = None
        return item

    def _again(self) -> None:
        """The program once more at the start of the step that is under way, and the log at its first entry."""
        if len(self._done) > LONGEST:
            raise NotApart(
                f"a thread with more than {LONGEST:,} steps", "its steps cannot be taken apart", "give it fewer rounds"
            )
        self._program, events = self._make(), self._log.events
        with redirect_stdout(io.StringIO()):  # what it prints it has printed
            for value, done in self._done:
                self._log.go_on(done, over=True)
                self._program.send(value)
        self._log.go_on(events)

    def _standing(self) -> tuple:
        if not self._done or self._program.gi_frame is None:
            return ()
        return self._at or place(self._program, self._memory._layout.outside)

    def _as_local(self) -> tuple:
        """What it counts for in the state: where the program stands and, in the middle of a step, what it has seen there."""
        if not self._under_way:
            self._at = self._standing()
            return ("at", self._at)
        given = frozen(self._given, "a choice", self._memory._layout.outside)
        return ("in", self._at, given, *self._log.key(self._memory._layout.outside))

    def _lines(self) -> list[tuple[types.CodeType, int]]:
        """As place.lines."""
        return self._log.lines if self._under_way else lines(self._program)

    def close(self) -> None:
        """Throw the program away."""
        discard(self._program, True)


def in_parts(m, *args, pieces: Pieces, program: Callable[..., Iterator]):
    """A program, its steps taken apart."""
    yield from Parts(m, pieces, program, args)


def split(scenario: Scenario, pieces: Pieces) -> Scenario:
    """The scenario with the steps of the reader's own programs taken apart; `pieces` learns what they were."""
    threads = scenario.threads
    apart: dict[int, Thread] = {}

    def of(k: int) -> Thread:
        """A thread, its host first: wherever it stands in the list."""
        if k not in apart:
            one, host = threads[k], scenario.hosts[k]
            on = None if host is None else of(host)
            program = partial(in_parts, pieces=pieces, program=one.program) if one.foreign else one.program
            apart[k] = replace(one, program=program, on=on)
        return apart[k]

    return replace(
        scenario,
        name=_marked(scenario.name),
        threads=tuple(of(k) for k in range(len(threads))),
        make=scenario.make and partial(_another, scenario.make),
        subtitle=f"{scenario.subtitle}{', ' if scenario.subtitle else ''}each load and store a step",
    )


def _marked(name: str) -> str:
    """The name of a scenario taken apart; one that is marked already gets a second mark, so that no two are alike."""
    marks = MARK * (2 if name.endswith(MARK) else 1)
    return name[: 40 - len(marks)] + marks


def _another(make: Callable[..., Scenario], **size) -> Scenario:
    """The same at another size, taken apart."""
    made = make(**size)
    return split(made, Pieces(made))


def meant(scenario: Scenario, code: Code) -> Scenario:
    """The scenario that a schedule code is for: this one, or this one with its steps taken apart, on the memory that the code names."""
    scenario = scenario.on(code.memory)
    apart = code.name == code_name(replace(scenario, name=_marked(scenario.name)))
    return split(scenario, Pieces(scenario)) if apart and any(t.foreign for t in scenario.threads) else scenario
