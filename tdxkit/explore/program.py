"""What the explorer runs: threads as generators, the shared memory they see, the rules that must hold.

A program is a generator function whose first argument is the shared memory:

    def put(m, region):
        yield "atomic_dec_and_test(refcount)"     # the START of an atomic step: what follows, up to the next yield,
        m.refcount[region] -= 1                   # happens at once
        if m.refcount[region]:
            return
        yield from spin_lock(m)                   # programs are made of programs
        ok = yield "alloc_page()", (True, False)  # a choice: one branch for each value
        m.must("a pair is there", m.pair[region]) # a rule: breaking it is what the explorer looks for
        m.tell("the pair comes out")              # a sentence about this step, for the views

Shared variables are plain (`m.pamt_lock`) or keyed (`m.refcount[region]`) and hold immutable values. `assert` and `raise` break
a rule too. A step that changes nothing and comes back to the same place is *blocked*: so waiting is `while True: yield …; if
not m.lock: …`, and threads that are all blocked are a deadlock. A state from which no order of steps reaches an end is a livelock.
"""

import os
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from tdxkit.card import Card
from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.guard import foreign, watched
from tdxkit.explore.memory import Layout, Memory
from tdxkit.kinds import Act
from tdxkit.run import NO_CARD, STANDSTILLS, Track

MAX_THREADS = 15
Program: TypeAlias = "types.GeneratorType[object, object, object]"  # a program that has been called: yields labels, is sent chosen values


@dataclass(frozen=True, slots=True)
class Property:
    """A named rule. kind: `always` in every state, `sometimes` in at least one, `at_end` when all threads have finished, or
    `must`, checked by the program itself with m.must(name, condition). `check` gets the memory and returns a truth value."""

    kind: str
    name: str
    check: Callable[..., object] | None = None


def always(name: str, check: Callable) -> Property:
    """`check(m)` holds in every state, the first one included."""
    return Property("always", name, check)


def sometimes(name: str, check: Callable) -> Property:
    """`check(m)` holds in at least one reachable state: keeps "nothing found" from being true of a model that does nothing."""
    return Property("sometimes", name, check)


def at_end(name: str, check: Callable) -> Property:
    """`check(m)` holds whenever every thread has finished."""
    return Property("at_end", name, check)


def must(name: str) -> Property:
    """Declares a rule that programs check with m.must(name, …), so that it can be asked for."""
    return Property("must", name)


DEADLOCK, LIVELOCK = STANDSTILLS


@dataclass(frozen=True)
class Thread:
    """A program and its arguments after `m`. `actor` names its lane, "CPU 0" where empty; `on` makes it an interrupt."""

    program: Callable[..., Iterator]
    args: tuple = ()
    actor: str = ""
    on: "Thread | None" = None

    @cached_property
    def foreign(self) -> bool:
        """Does it run a function that is not part of tdxkit?"""
        return foreign((self.program, *self.args))


def interrupt(program: Callable[..., Iterator], *args, on: Thread, actor: str = "") -> Thread:
    """A program that suspends thread `on` from its own first step to its last.

    It happens once, at any moment of the other's life, before and after it included; a first step that is blocked (interrupts
    off) has not happened yet.
    """
    return Thread(program, args, actor or f"interrupt on {on.actor}", on)


@dataclass(frozen=True)
class Scenario:
    """Threads over one shared memory, the rules, and what views need to show a run of it.

    shared: first values; a mapping as a value makes a keyed variable. constants: read as m.NAME, never written and no part of
    the state. locks: shared variables that views show with their holder. texts: the functions whose source lines the views
    light. name, threads and rounds are what a schedule code names; `version` goes into its digest.
    """

    name: str
    shared: Mapping[str, object]
    threads: tuple[Thread, ...]
    properties: tuple[Property, ...] = ()
    rounds: int = 1
    constants: Mapping[str, object] = field(default_factory=dict)
    locks: tuple[str, ...] = ()
    title: str = ""
    subtitle: str = ""
    texts: tuple[Callable, ...] = ()
    tracks: tuple[Track, ...] = ()
    card: Card = NO_CARD
    version: str = "1"

    def __post_init__(self):
        if not 1 <= len(self.threads) <= MAX_THREADS:
            raise InputError(
                f"{self.name} with {len(self.threads)} threads",
                f"a scenario has 1 to {MAX_THREADS} threads",
                "give another number",
            )
        names = self.actors
        if len(set(names)) < len(names):
            raise ModelError(f"actors {', '.join(names)}", "each thread has a name of its own", "rename one")
        for thread in self.threads:
            if thread.on is not None and thread.on not in self.threads:
                raise ModelError(
                    f"interrupt {thread.actor}", "it suspends a thread of the same scenario", "add that thread"
                )

    @cached_property
    def actors(self) -> tuple[str, ...]:
        """The names of the lanes, in the order of the threads."""
        return tuple(t.actor or f"CPU {k}" for k, t in enumerate(self.threads))

    @cached_property
    def count(self) -> int:
        """How many threads there are, interrupts not counted: the number that a schedule code names."""
        return sum(t.on is None for t in self.threads)

    @cached_property
    def hosts(self) -> tuple[int | None, ...]:
        """For each thread the index of the thread it interrupts, None for an ordinary one."""
        return tuple(None if t.on is None else self.threads.index(t.on) for t in self.threads)

    @cached_property
    def layout(self) -> Layout:
        """The shared variables in a row."""
        return Layout(self.shared, self.constants)

    def as_json(self) -> dict:
        """An item of `list --json`."""
        return {"name": self.name, "title": self.title, "properties": [p.name for p in self.properties]}

    def rule(self, name: str) -> str:
        """`name` if it is a rule of this scenario (or "deadlock", "livelock"); InputError with the near ones otherwise."""
        known = [*(p.name for p in self.properties), DEADLOCK, LIVELOCK]
        if name in known:
            return name
        raise InputError(
            f"property {printable(name)}", f"{self.name} has no such property", "use one of " + ", ".join(known)
        )


def request(item: object, program: str) -> tuple[Act, tuple]:
    """What a program yielded, as (label, values to choose from); ModelError for anything but a label or (label, choices)."""
    label, choices = item if isinstance(item, tuple) and len(item) == 2 else (item, (None,))
    if not isinstance(label, str) or not isinstance(choices, tuple) or not choices:
        raise ModelError(
            f"{program} yields {printable(item, 40)}",
            "a step starts with a label, or with a label and a tuple of values to choose from",
            'write yield "what happens" or yield "what happens", (1, 0)',
        )
    return label if isinstance(label, Act) else Act(label), choices


def resume(thread: Thread, generator: Program, value: object) -> object:
    """Let a thread's generator go on to its next yield; a reader's program is watched for steps that never end."""
    return watched(generator.send, value) if thread.foreign else generator.send(value)


def begin(thread: Thread, memory: Memory) -> tuple[Program, object]:
    """The thread's generator, gone on to its first yield, and what it yielded; it must not touch the memory before that."""
    name = getattr(thread.program, "__name__", "program")
    try:
        generator = thread.program(memory, *thread.args)
    except TypeError as error:
        raise ModelError(f"{name}{thread.args}", printable(str(error), 90), "give it the arguments it takes") from None
    if not isinstance(generator, types.GeneratorType):
        raise ModelError(name, "a program is a generator function", 'start each atomic step with yield "label"')
    object.__setattr__(memory, "_open", False)
    try:
        return generator, resume(thread, generator, None)
    except StopIteration:
        return generator, None
    except ModelError:
        raise
    except Exception as error:
        raise mistake(error, name) from None
    finally:
        object.__setattr__(memory, "_open", True)


HERE = os.path.dirname(begin.__code__.co_filename)
MISTAKES = (NameError, AttributeError, TypeError, ImportError, SyntaxError, RecursionError)


def mistake(error: Exception, program: str) -> ModelError:
    """A slip in the model's own Python, told in one line with its place: the innermost one outside the explorer."""
    where, tb = program, error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if os.path.dirname(code.co_filename) != HERE:
            where = f"line {tb.tb_lineno} of {code.co_name}"
        tb = tb.tb_next
    return ModelError(where, f"{type(error).__name__}: {printable(str(error), 90)}", "correct the model")


def rule_of(error: Exception, program: str) -> str:
    """The name of the rule that an exception broke: the text of an assert, else type and text; ModelError for a slip."""
    if isinstance(error, ModelError):
        raise error
    if isinstance(error, MISTAKES):
        raise mistake(error, program) from None
    text = printable((str(error).splitlines() or [""])[0], 80)
    if isinstance(error, AssertionError):
        return text or "assert"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
