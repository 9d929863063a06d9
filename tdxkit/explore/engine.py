"""The readable engine: a world of real generators, and every interleaving of it by running each schedule again from the start.

Nothing clever happens here, so this is the text to read first and the judge of the fast engine (tables.py, search.py) in the
tests. A generator cannot be copied, so to look at what follows a schedule the world is built anew and the schedule run again:
fine for some thousand states.
"""

from collections import deque
from dataclasses import dataclass

from tdxkit.explore.closing import discard
from tdxkit.explore.holding import Held, held_after
from tdxkit.explore.memory import Memory, View
from tdxkit.explore.place import place
from tdxkit.explore.program import DEADLOCK, Program, Scenario
from tdxkit.explore.rules import locked_wrong, noted_wrong
from tdxkit.explore.running import begin, holds, request, resume, rule_of, settle, speaker
from tdxkit.explore.values import frozen
from tdxkit.kinds import Act

Choice = tuple[int, int]  # which thread, and the index of the value it is given


class Watched(Memory):
    """A memory that knows which slots a step has read before it wrote them, and what stood in those it wrote."""

    __slots__ = ("_read", "_written")

    def _begin(self) -> None:
        super()._begin()
        object.__setattr__(self, "_read", set())
        object.__setattr__(self, "_written", {})

    def _load(self, slot: int) -> object:
        if slot not in self._written:
            self._read.add(slot)
        return self._values[slot]

    def _store(self, slot: int, value: object) -> None:
        self._written.setdefault(slot, self._values[slot])
        self._values[slot] = value


class World:
    """The threads of a scenario as suspended generators, and the memory they share."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.memory = Watched(scenario.layout)
        settle(scenario.threads, scenario.layout)
        self.threads: list[Program] = []
        self.asks: list[tuple[Act, tuple] | None] = []  # what each is about to do, None once it has finished
        self.held: list[Held] = [() for _ in scenario.threads]
        self.noted = [rule for rule in scenario.asked if rule.kind in ("each_step", "finished")]
        self.notes = [dict.fromkeys(scenario.notes, 0) for _ in scenario.threads]
        self.begun = [False] * len(scenario.threads)  # has it taken a step that was not blocked?
        for thread in scenario.threads:
            generator, item = begin(thread, self.memory)
            self.threads.append(generator)
            self.asks.append(request(item, speaker(generator)) if item else None)

    def close(self) -> None:
        """Throw the threads away where they stand."""
        for thread, generator in zip(self.scenario.threads, self.threads):
            discard(generator, thread.foreign)

    def finished(self, k: int) -> bool:
        """Has thread k come to its end?"""
        return self.threads[k].gi_frame is None

    def suspended(self, k: int) -> bool:
        """Is thread k kept by an interrupt that has started and not finished?"""
        bound = [i for i, host in enumerate(self.scenario.hosts) if host == k]
        return any(not self.finished(i) and self._began(i) for i in bound)

    def _began(self, k: int) -> bool:
        """Is thread k an interrupt that has begun?"""
        return self.begun[k] and self.scenario.hosts[k] is not None

    def step(self, k: int, choice: int = 0) -> tuple[bool, list[str]]:
        """One atomic step of thread k: did anything change, and which rules did it break."""
        before = self.state()
        broken = self.run_step(k, choice)
        return bool(broken) or self.state() != before, broken

    def run_step(self, k: int, choice: int = 0) -> list[str]:
        """Resume thread k up to its next yield; the rules it broke, of those asked for."""
        return [name for name in self._run_step(k, choice) if name not in self.scenario.unasked]

    def _run_step(self, k: int, choice: int) -> list[str]:
        generator, ask, here, before = self.threads[k], self.asks[k], self.state(), dict(self.notes[k])
        self.memory._begin()
        object.__setattr__(self.memory, "_notes", self.notes[k])
        try:
            item = resume(self.scenario.threads[k], generator, self.choices(k)[choice], self.memory)
            self.asks[k] = request(item, speaker(generator))
        except StopIteration:
            self.asks[k] = None
        except Exception as error:
            self.asks[k] = None
            return [*self.memory._broken, rule_of(error, generator.__name__)]
        read, written = set(self.memory._read), dict(self.memory._written)
        words = [
            (slot, old, self.memory._values[slot])
            for slot, old in written.items()
            if slot in self.slots(self.scenario.locks)
        ]
        held, self.held[k] = self.held[k], held_after(self.held[k], words)
        mutexes = frozenset(self.slots(self.scenario.mutexes))
        looked = read | {slot for slot, _, _ in words}
        changed = [slot for slot, old in written.items() if slot not in looked or self.memory._values[slot] is not old]
        assert ask is not None, "a thread that has finished takes no step"
        waits = self.state() == here and not changed
        self.begun[k] |= not waits
        locks = locked_wrong(ask[0], held, looked, words, waits, mutexes)
        return [*self.memory._broken, *locks, *noted_wrong(self.noted, before, self.notes[k], self.finished(k))]

    def choices(self, k: int) -> tuple:
        """The values that thread k may be given next."""
        ask = self.asks[k]
        return ask[1] if ask else ()

    def slots(self, names: tuple[str, ...]) -> list[int]:
        """The slots of these shared variables."""
        return [slot for slot, name in enumerate(self.memory._layout.names) if name in names]

    def state(self) -> tuple:
        """Shared values, the place of each thread and what it holds: equal states go on alike."""
        shared = tuple(
            frozen(v, f"shared variable {n}", self.scenario.layout.outside)
            for v, n in zip(self.memory._values, self.memory._layout.labels)
        )
        return shared, tuple(
            None
            if self.finished(k)
            else (place(g, self.scenario.layout.outside), self.held[k], tuple(self.notes[k].items()), self._began(k))
            for k, g in enumerate(self.threads)
        )


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
        for k in range(len(world.threads)):
            if world.finished(k) or world.suspended(k):
                continue
            for choice in range(len(world.choices(k))):
                after = run(scenario, schedule)
                moves, broken = after.step(k, choice)
                moved |= moves
                judged = broken + false("always", after.memory)
                found += [(name, (*schedule, (k, choice))) for name in judged if moves]
                if moves and not judged:
                    todo.append((*schedule, (k, choice)))
        if all(world.finished(k) for k in range(len(world.threads))):
            finals.add(world.state()[0])
            found += [(name, schedule) for name in false("at_end", world.memory)]
        elif not moved and prop in (None, DEADLOCK):
            found.append((DEADLOCK, schedule))
    first: tuple = min(found, key=lambda f: len(f[1]), default=(None, None))
    return Explored(max(len(seen), 1), first[0], first[1], frozenset(finals))
