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

Nothing that a step changes may lie outside `m`: global lists, attributes of functions and classes are watched while the steps run.
"""

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from tdxkit.card import Card
from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.buffers import SC, TSO
from tdxkit.explore.declared import check
from tdxkit.explore.guard import foreign
from tdxkit.explore.memory import DEADLOCK, LIVELOCK, Layout
from tdxkit.explore.outside import Outside
from tdxkit.explore.rules import IRQ_RULES, LOCK_RULES, Property
from tdxkit.rules import known as known_rule
from tdxkit.run import NO_CARD, Track
from tdxkit.work import Job

BOUND = 1_000_000  # states
COUNTERS = 3  # rows of a timeline for numbers that nobody chose
OWN_BOUND = 50_000  # of a reader's model: one that never ends is answered in seconds
Program: TypeAlias = "types.GeneratorType[object, object, object]"  # a program that has been called: yields labels, is sent chosen values


@dataclass(frozen=True)
class Thread:
    """A program and its arguments after `m`. `actor` names its lane, "CPU 0" where empty; `on` makes it an interrupt, which does not begin
    while one whom it interrupts has noted as much as `off` says, a note and a number; `noted`: what it has noted itself when it begins."""

    program: Callable[..., Iterator]
    args: tuple = ()
    actor: str = ""
    on: "Thread | None" = None
    off: tuple[str, int] | None = None
    noted: tuple[tuple[str, int], ...] = ()

    def __post_init__(self):
        if not callable(self.program):
            raise ModelError(
                f"Thread({printable(self.program, 40)})", "it runs a program", "give the function, not a call of it"
            )
        if not isinstance(self.args, tuple):
            raise ModelError(f"arguments {printable(self.args, 40)}", "they are a tuple", "write Thread(program, (1,))")

    @cached_property
    def foreign(self) -> bool:
        """Does it run a function that is not part of tdxkit?"""
        return foreign((self.program, *self.args))


def interrupt(
    program: Callable[..., Iterator], *args, on: Thread, actor: str = "", off: tuple[str, int] | None = None, noted: tuple[tuple[str, int], ...] = ()
) -> Thread:  # fmt: skip
    """A program that suspends thread `on` from its own first step to its last.

    It happens once, at any moment of the other's life, before and after it included; a first step that is blocked has not happened yet, as
    where it waits for interrupts to be on, but for one that waits for a lock: that spins. Of two on one thread the second waits until the
    first has finished; one that may come into it is `on` that. off: ("switched off", 1) holds it off while who runs there has noted 1 or
    more under that name, and nothing else does: it spins where its first step is blocked. noted: what it has noted itself from the start.
    """
    return Thread(program, args, actor, on, off, noted)


@dataclass(frozen=True)
class Own:
    """Where a reader's own scenario comes from.

    text: the file, or the notebook cells, with its code; "" where Python cannot find it. file: the path, "" for a notebook. target: the
    name in the file; options: what else `explore FILE.py:target` needs to make this very scenario. told: what is to be said of the file
    beside every answer. bounded: are its programs another's text, which may never end, although what runs is tdxkit's?
    """

    bounded = in_c = False
    doubt = ""  # what keeps an ok from being a plain one
    text: str
    file: str
    target: str
    options: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the text in hex, as `sha256sum` gives it of the file; "" without a text."""
        from hashlib import sha256

        return sha256(self.text.encode("utf-8", "surrogateescape")).hexdigest() if self.text else ""

    def judged(self, job: Job[Any], lines: bool = False) -> Job[Any]:
        """An exploration of it, with what is to be said beside the answer; of C the lines that never ran too, which others know themselves."""
        result = yield from job
        return replace(result, remarks=(*result.remarks, *self.told), doubt=self.doubt)


@dataclass(frozen=True)
class Scenario:
    """Threads over one shared memory, the rules, and what views need to show a run of it.

    shared: first values; a mapping as a value makes a keyed variable. constants: read as m.NAME, never written and no part of
    the state. locks: shared variables that views show with their holder; they bring the rules about locks. mutexes: those of them
    under which one may sleep. module: shared variables that only the TDX module knows. unasked: names of rules that are not judged (see
    `asking` and `without`). keeps: what threads note that programs ask for themselves. texts: the functions whose source lines the views light. name, threads and rounds are what a schedule code
    names; `version` goes into its digest. memory: a name of `MEMORIES`. own: whence a reader's own one comes. make: the same for other threads and rounds; None where
    it has one size only.
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
    mutexes: tuple[str, ...] = ()
    unasked: frozenset[str] = frozenset()
    keeps: tuple[str, ...] = ()
    module: tuple[str, ...] = ()
    memory: str = SC
    own: Own | None = None
    make: "Callable[..., Scenario] | None" = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        for word, values, kind in (("threads", self.threads, Thread), ("properties", self.properties, Property)):
            values = values if isinstance(values, tuple) else (values,)
            if odd := next((value for value in values if not isinstance(value, kind)), None):
                write = f"Thread({getattr(odd, '__name__', 'program')})"
                one = write if kind is Thread else 'always("it is small", lambda m: m.n < 5)'
                raise ModelError(
                    f"{word} of {printable(self.name)}: {printable(odd, 40)}",
                    f"it is no {kind.__name__}",
                    f"write ({one},)",
                )
            object.__setattr__(self, word, values)
        for word in ("locks", "mutexes", "module"):
            if isinstance(name := getattr(self, word), str):  # one alone, not its letters
                object.__setattr__(self, word, (name,))
        brought = (*(LOCK_RULES if self.locks else ()), *(IRQ_RULES if any(t.on for t in self.threads) else ()))
        more = tuple(rule for rule in brought if rule not in self.properties)
        object.__setattr__(self, "properties", (*self.properties, *more))
        check(self)

    @cached_property
    def asked(self) -> tuple[Property, ...]:
        """The rules that are judged."""
        return tuple(rule for rule in self.properties if rule.name not in self.unasked)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What threads note that a rule needs which is judged, or a program; everything else they note is forgotten."""
        held_off = (thread.off[0] for thread in self.threads if thread.off)
        return tuple(dict.fromkeys((*self.keeps, *held_off, *(n for rule in self.asked for n in rule.notes))))

    def on(self, memory: str) -> "Scenario":
        """The same scenario on this memory: `sc` or `tso`."""
        return self if memory == self.memory else replace(self, memory=memory)

    def asking(self, *names: str) -> "Scenario":
        """The same scenario with these rules judged and no others."""
        asked = {self.rule(name) for name in names}
        return replace(self, unasked=frozenset(rule.name for rule in self.properties if rule.name not in asked))

    def without(self, *names: str) -> "Scenario":
        """The same scenario with these rules not judged."""
        return replace(self, unasked=self.unasked | {self.rule(name) for name in names})

    @cached_property
    def actors(self) -> tuple[str, ...]:
        """The names of the lanes, in the order of the threads."""
        return tuple(map(self._actor, range(len(self.threads))))

    def _actor(self, k: int) -> str:
        thread, host = self.threads[k], self.hosts[k]
        if thread.actor or host is None:
            return thread.actor or f"CPU {k}"
        before = sum(self.hosts[j] == host and not self.threads[j].actor for j in range(k))
        return f"interrupt{f' {before + 1}' if before else ''} on {self._actor(host)}"

    @cached_property
    def count(self) -> int:
        """How many threads there are, interrupts not counted: the number that a schedule code names."""
        return sum(t.on is None for t in self.threads)

    @cached_property
    def bound(self) -> int:
        """How many states a search looks at where nobody says a number: a reader's own model may never end."""
        return OWN_BOUND if (self.own and self.own.bounded) or any(thread.foreign for thread in self.threads) else BOUND

    @cached_property
    def hosts(self) -> tuple[int | None, ...]:
        """For each thread the index of the thread it interrupts, None for an ordinary one."""
        return tuple(None if t.on is None else self._index(t.on) for t in self.threads)

    @cached_property
    def buffers(self) -> dict[int, str]:
        """On a memory with store buffers: for each CPU, by its thread, what views call its buffer."""
        return {k: f"store buffer of {self.actors[k]}" for k in sorted(set(self.cpus))} if self.memory == TSO else {}

    @cached_property
    def rows(self) -> tuple[Track, ...]:
        """The counters, the tracks, and a row for each store buffer."""
        return (*self.counters, *self.tracks, *(Track(name, name, "value") for name in self.buffers.values()))

    @cached_property
    def counters(self) -> tuple[Track, ...]:
        """Rows for the first shared numbers that are no locks, where no track shows a value."""
        if any(track.kind == "value" for track in self.tracks):
            return ()
        shown = {track.key for track in self.tracks}
        cells = (
            (f"{name}[{key}]" if isinstance(values, Mapping) else name, value)
            for name, values in self.shared.items()
            if name not in self.locks
            for key, value in (values.items() if isinstance(values, Mapping) else ((name, values),))
        )
        numbers = [name for name, value in cells if type(value) is int and name not in shown]
        return tuple(Track(name, name, "value") for name in numbers[:COUNTERS])

    @cached_property
    def setting(self) -> str:
        """The subtitle, and the memory where it is not the plain one."""
        return ", ".join(filter(None, (self.subtitle, "x86-TSO memory" if self.memory == TSO else "")))

    @cached_property
    def cpus(self) -> tuple[int, ...]:
        """For each thread the one whose CPU it runs on: itself, or the one that it interrupts in the end."""
        return tuple(list(self._chain(k))[-1] for k in range(len(self.threads)))

    @cached_property
    def beneath(self) -> tuple[tuple[int, ...], ...]:
        """For each interrupt the threads that cannot move while it has begun and not finished: all of its CPU but those that come into it."""
        above = [
            list(self._chain(k)) for k in range(len(self.threads))
        ]  # a thread, whom it interrupts, whom that interrupts …
        return tuple(
            tuple(k for k, chain in enumerate(above) if i not in chain and chain[-1] == above[i][-1])
            if host is not None
            else ()
            for i, host in enumerate(self.hosts)
        )

    def _chain(self, k: int | None) -> Iterator[int]:
        while k is not None:
            yield k
            k = self.hosts[k]

    def _index(self, thread: Thread) -> int:
        """Where a thread stands: the very one, where several are alike."""
        same = [k for k, other in enumerate(self.threads) if other is thread]
        return same[0] if same else self.threads.index(thread)

    @cached_property
    def layout(self) -> Layout:
        """The shared variables in a row."""
        threads = [root for t in self.threads for root in (t.program, *t.args)]
        rules = [p.check for p in self.properties if p.check]
        first = [
            v for value in self.shared.values() for v in (value.values() if isinstance(value, Mapping) else (value,))
        ]
        return Layout(self.shared, self.constants, Outside([*threads, *rules, *self.constants.values()], first))

    def as_json(self) -> dict:
        """An item of `list --json`."""
        return {"name": self.name, "title": self.title, "properties": [p.name for p in self.properties]}

    def rule(self, name: str) -> str:
        """The name of a rule of this scenario (or "deadlock", "livelock"), given by name or id; InputError with the near ones otherwise."""
        known = [*(p.name for p in self.properties), DEADLOCK, LIVELOCK]
        meant = rule.name if (rule := known_rule(name)) else name
        if meant in known:
            return meant
        raise InputError(
            f"property {printable(name)}", f"{self.name} has no such property", "use one of " + ", ".join(known)
        )
