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
from tdxkit.explore.running import begin, holds, request, resume, rule_of, settle, speaker
from tdxkit.explore.values import frozen
from tdxkit.kinds import Act

Choice = tuple[int, int]  # which thread, and the index of the value it is given


class World:
    """The threads of a scenario as suspended generators, and the memory they share."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.memory = Memory(scenario.layout)
        settle(scenario.threads, scenario.layout)
        self.threads: list[Program] = []
        self.asks: list[tuple[Act, tuple] | None] = []  # what each is about to do, None once it has finished
        self.held: list[Held] = [() for _ in scenario.threads]
        for thread in scenario.threads:
            generator, item = begin(thread, self.memory)
            self.threads.append(generator)
            self.asks.append(request(item, speaker(generator)) if item else None)
        self.first = self.state()[1]

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
        return any(not self.finished(i) and self.state()[1][i] != self.first[i] for i in bound)

    def step(self, k: int, choice: int = 0) -> tuple[bool, list[str]]:
        """One atomic step of thread k: did anything change, and which rules did it break."""
        before = self.state()
        broken = self.run_step(k, choice)
        return bool(broken) or self.state() != before, broken

    def run_step(self, k: int, choice: int = 0) -> list[str]:
        """Resume thread k up to its next yield; the rules it broke."""
        generator, words = self.threads[k], self.lock_words()
        self.memory._begin()
        try:
            item = resume(self.scenario.threads[k], generator, self.choices(k)[choice], self.memory)
            self.asks[k] = request(item, speaker(generator))
        except StopIteration:
            self.asks[k] = None
        except Exception as error:
            self.asks[k] = None
            return [*self.memory._broken, rule_of(error, generator.__name__)]
        self.held[k] = held_after(self.held[k], ((slot, old, self.memory._load(slot)) for slot, old in words))
        return list(self.memory._broken)

    def choices(self, k: int) -> tuple:
        """The values that thread k may be given next."""
        ask = self.asks[k]
        return ask[1] if ask else ()

    def lock_words(self) -> list[tuple[int, object]]:
        """The lock words, each with its slot."""
        names = self.memory._layout.names
        return [(slot, self.memory._load(slot)) for slot, name in enumerate(names) if name in self.scenario.locks]

    def state(self) -> tuple:
        """Shared values, the place of each thread and what it holds: equal states go on alike."""
        shared = tuple(
            frozen(v, f"shared variable {n}", self.scenario.layout.outside)
            for v, n in zip(self.memory._values, self.memory._layout.labels)
        )
        return shared, tuple(
            None if self.finished(k) else (place(g, self.scenario.layout.outside), self.held[k])
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
    declared = {p.name for p in scenario.properties}

    def false(kind: str, memory: Memory) -> list[str]:
        rules = [p for p in scenario.properties if p.kind == kind and prop in (None, p.name)]
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
                judged = [name for name in broken if prop in (None, name) or name not in declared]
                judged += false("always", after.memory)
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
