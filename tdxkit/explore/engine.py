"""The readable engine: a world of real generators, and every interleaving of it by running each schedule again from the start.

Nothing clever happens here, so this is the text to read first and the judge of the fast engine (tables.py, search.py) in the
tests. A generator cannot be copied, so to look at what follows a schedule the world is built anew and the schedule run again:
fine for some thousand states.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.explore.buffers import DRAIN, TSO, needs_empty
from tdxkit.explore.closing import discard
from tdxkit.explore.holding import Held, held_after, more_than, word
from tdxkit.explore.memory import Layout, Memory, View
from tdxkit.explore.place import place
from tdxkit.explore.program import DEADLOCK, Program, Scenario
from tdxkit.explore.rules import Step, locked_wrong, mutexes_of, noted_wrong
from tdxkit.explore.running import begin, holds, request, resume, rule_of, settle
from tdxkit.explore.values import frozen
from tdxkit.kinds import LOCK, Act

Choice = tuple[int, int]  # which thread, and the index of the value it is given


class Watched(Memory):
    """A memory that knows which slots a step has read before it wrote them, and what it wrote; a lock's word is read first, as whether it is
    taken or let go depends on what it was. What a step writes is kept aside until somebody has said where it goes."""

    __slots__ = ("_buffer", "_locks", "_read", "_written")

    def __init__(self, layout: Layout, locks: frozenset[int]):
        for name, value in {"_locks": locks, "_read": set(), "_written": {}, "_buffer": []}.items():
            object.__setattr__(self, name, value)
        super().__init__(layout)

    def _on(self, buffer: list[tuple[int, object]]) -> None:
        """A step starts on a CPU with this buffer."""
        self._begin()
        self._read.clear()
        self._written.clear()
        object.__setattr__(self, "_buffer", buffer)

    def _load(self, slot: int) -> object:
        if slot in self._written:
            return self._written[slot]
        self._read.add(slot)
        return self._before(slot)

    def _written_word(self, slot: int) -> tuple[object, object] | None:
        return (self._before(slot), self._written[slot]) if slot in self._written else None

    def _before(self, slot: int) -> object:
        """What the CPU sees in a slot: the newest entry of its buffer, else memory."""
        return next((value for at, value in reversed(self._buffer) if at == slot), self._values[slot])

    def _store(self, slot: int, value: object) -> None:
        if slot in self._locks:
            self._load(slot)
        self._written[slot] = value


class World:
    """The threads of a scenario as suspended generators, and the memory they share."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        names = scenario.layout.names
        self.locks = frozenset(slot for slot, name in enumerate(names) if name in scenario.locks)
        self.mutexes = frozenset(slot for slot in self.locks if names[slot] in scenario.mutexes)
        self.memory = Watched(scenario.layout, self.locks)
        settle(scenario.threads, scenario.layout)
        self.threads: list[Program] = []
        self.asks: list[tuple[Act, tuple] | None] = []  # what each is about to do, None once it has finished
        self.held: list[Held] = [() for _ in scenario.threads]
        self.noted = [rule for rule in scenario.asked if rule.kind in ("each_step", "finished")]
        self.notes = [dict.fromkeys(scenario.notes, 0) for _ in scenario.threads]
        self.begun = [False] * len(scenario.threads)  # has it taken a step that was not blocked?
        self.tso = scenario.memory == TSO
        self.buffers: list[list[tuple[int, object]]] = [[] for _ in scenario.threads]  # by CPU, the oldest store first
        for thread, notes in zip(scenario.threads, self.notes):
            notes |= {note: number for note, number in thread.noted if note in notes}
            generator, item = begin(thread, self.memory)
            self.threads.append(generator)
            self.asks.append(request(item, generator) if item else None)

    def close(self) -> None:
        """Throw the threads away where they stand."""
        for thread, generator in zip(self.scenario.threads, self.threads):
            discard(generator, thread.foreign)

    def finished(self, k: int) -> bool:
        """Has thread k come to its end?"""
        return self.threads[k].gi_frame is None

    def suspended(self, k: int) -> bool:
        """Is thread k kept by an interrupt that has started and not finished, or an interrupt that is not taken before its CPU's buffer is empty
        and what holds it off is over?"""
        early = self.scenario.hosts[k] is not None and not self.begun[k] and (bool(self.buffer(k)) or self._held_off(k))
        return early or any(
            k in below and self._began(i) and not self.finished(i) for i, below in enumerate(self.scenario.beneath)
        )

    def _held_off(self, k: int) -> bool:
        """Has one whom interrupt k would suspend noted what holds it off?"""
        note, least = self.scenario.threads[k].off or ("", 1)
        return any(self.notes[j].get(note, 0) >= least and not self.finished(j) for j in self.scenario.beneath[k])

    def buffer(self, k: int) -> list[tuple[int, object]]:
        """The store buffer of the CPU that thread k runs on."""
        return self.buffers[self.scenario.cpus[k]]

    def _began(self, k: int) -> bool:
        """Is thread k an interrupt that has begun?"""
        return self.begun[k] and self.scenario.hosts[k] is not None

    def step(self, k: int, choice: int = 0) -> tuple[bool, list[str]]:
        """One atomic step of thread k: did anything change, and which rules did it break."""
        before = self.state()
        broken = self.run_step(k, choice)
        return broken is not None and (bool(broken) or self.state() != before), broken or []

    def run_step(self, k: int, choice: int = 0) -> list[str] | None:
        """Resume thread k up to its next yield; the rules it broke, of those asked for. None where the step has to wait for an empty buffer:
        then this world has gone wrong."""
        if choice == DRAIN:
            slot, value = self.buffer(k).pop(0)
            self.memory._values[slot] = value
            return []
        broken = self._run_step(k, choice)
        return [name for name in broken if name not in self.scenario.unasked] if broken else broken

    def _run_step(self, k: int, choice: int) -> list[str] | None:
        generator, ask = self.threads[k], self.asks[k]
        before = dict(self.notes[k]) if self.noted else self.notes[k]
        own = ask is not None and self.held[k] and ask[0].kind in (LOCK, "")  # it may wait for a lock of its own
        here = self.place(k) if own or self.scenario.hosts[k] is not None else None
        self.memory._on(self.buffer(k))
        object.__setattr__(self.memory, "_notes", self.notes[k])
        object.__setattr__(self.memory, "_held", self.held[k])
        try:
            item = resume(self.scenario.threads[k], generator, self.choices(k)[choice], self.memory)
            self.asks[k] = request(item, generator)
        except StopIteration:
            self.asks[k] = None
        except Exception as error:
            self.asks[k] = None
            assert ask is not None, "a thread that has finished takes no step"
            broken = [*self.memory._broken, rule_of(error, generator.__name__, self.memory._layout)]
            return broken if self._write(k, ask[0], bool(self.memory._read), self.held[k]) else None
        assert ask is not None, "a thread that has finished takes no step"
        read, written, seen = self.memory._read, self.memory._written, self.memory._before
        first = self.memory._layout.first
        words = [(s, word(first[s], seen(s)), word(first[s], new)) for s, new in written.items() if s in self.locks]
        held = self.held[k]
        if words:
            self.held[k] = held_after(held, words)
        same = here is not None and read.issuperset(written) and self.place(k) == here and self.notes[k] == before
        waits = same and all(frozen(new, "") == frozen(seen(slot), "") for slot, new in written.items())
        if not self._write(k, ask[0], bool(read), held):
            return None
        masked = self.scenario.threads[k].off is not None
        self.begun[k] |= not waits or masked or ask[0].kind == LOCK or not self.locks.isdisjoint(read)
        broken = list(self.memory._broken)
        over, irq = self.finished(k), self.scenario.hosts[k] is not None
        if words or ask[0].sleeps or (held and (waits or over)):
            left = self.held[k] if over else ()
            self.mutexes |= mutexes_of(ask[0], words)
            alone = {s for s in held if s in read and not more_than(held, s, word(first[s], seen(s)))}
            broken += locked_wrong(Step(ask[0], held, left, read, alone, words, waits, irq), self.mutexes)
        if self.noted and (self.notes[k] != before or self.asks[k] is None):
            broken += noted_wrong(self.noted, before, self.notes[k], over)
        return broken

    def _write(self, k: int, act: Act, read: bool, held: Held) -> bool:
        """What the step wrote goes to memory, or into the CPU's buffer; False where that has to be empty first."""
        written, buffer = self.memory._written, self.buffer(k)
        if self.tso:
            more, less = len(self.held[k]) > len(held), len(self.held[k]) < len(held)
            kind = act.kind_when(bool(written), read, more, less)
            if needs_empty(act, kind, bool(written)):
                if buffer:
                    return False
            else:
                buffer += written.items()
                return True
        for slot, value in written.items():
            self.memory._values[slot] = value
        return True

    def choices(self, k: int) -> tuple:
        """The values that thread k may be given next."""
        ask = self.asks[k]
        return ask[1] if ask else ()

    def place(self, k: int) -> tuple:
        """Where thread k stands; () once it has finished."""
        return () if self.finished(k) else place(self.threads[k], self.scenario.layout.outside)

    def state(self) -> tuple:
        """Shared values, the place of each thread and what it holds: equal states go on alike."""
        shared = tuple(
            frozen(v, f"shared variable {n}", self.scenario.layout.outside)
            for v, n in zip(self.memory._values, self.memory._layout.labels)
        )
        return (
            shared,
            tuple(
                None
                if self.finished(k)
                else (self.place(k), self.held[k], tuple(self.notes[k].items()), self._began(k))
                for k in range(len(self.threads))
            ),
            tuple(tuple((slot, frozen(value, "")) for slot, value in buffer) for buffer in self.buffers),
        )

    def able(self) -> Iterator[Choice]:
        """What may be tried here: each thread with each value it may be given, and each drain."""
        for k in range(len(self.threads)):
            if not self.finished(k) and not self.suspended(k):
                yield from ((k, choice) for choice in range(len(self.choices(k))))
            if self.buffers[k]:
                yield k, DRAIN

    def over(self) -> bool:
        """Have all threads finished, and all stores reached memory?"""
        return all(map(self.finished, range(len(self.threads)))) and not any(self.buffers)


@dataclass(frozen=True)
class Explored:
    """What the readable engine found: number of states, first violation (rule and schedule), final shared states."""

    states: int
    rule: str | None
    schedule: tuple[Choice, ...] | None
    finals: frozenset


def run(scenario: Scenario, schedule: tuple[Choice, ...]) -> World:
    """A fresh world after a schedule."""
    world = World(scenario)
    for k, choice in schedule:
        world.run_step(k, choice)
    return world


def explore_readably(scenario: Scenario, prop: str | None = None) -> Explored:
    """Every state, breadth first: so the first broken rule has a shortest schedule. A step that breaks a rule is not gone past."""
    scenario = scenario.asking(prop) if prop else scenario

    def false(kind: str, memory: Memory) -> list[str]:
        rules = [p for p in scenario.asked if p.kind == kind and prop in (None, p.name)]
        return [p.name for p in rules if p.check and not holds(p, View(memory._layout, memory._values))]

    seen: set = set()
    finals: set = set()
    found: list[tuple[str, tuple[Choice, ...]]] = [(name, ()) for name in false("always", run(scenario, ()).memory)]
    todo: deque[tuple[Choice, ...]] = deque([()] if not found else [])
    while todo:
        schedule = todo.popleft()
        world = run(scenario, schedule)
        if world.state() in seen:
            continue
        seen.add(world.state())
        moved = False
        for k, choice in world.able():
            after = run(scenario, schedule)
            moves, broken = after.step(k, choice)
            moved |= moves
            judged = broken + false("always", after.memory)
            found += [(name, (*schedule, (k, choice))) for name in judged if moves]
            if moves and not judged:
                todo.append((*schedule, (k, choice)))
        if world.over():
            finals.add(world.state()[0])
            found += [(name, schedule) for name in false("at_end", world.memory)]
        elif not moved and prop in (None, DEADLOCK):
            found.append((DEADLOCK, schedule))
    first: tuple = min(found, key=lambda f: len(f[1]), default=(None, None))
    return Explored(max(len(seen), 1), first[0], first[1], frozenset(finals))
