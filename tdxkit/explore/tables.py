"""Threads as tables: a generator is resumed once for a (place, values it read) pair, never again.

What a step does depends on where its thread stands and on the shared values it reads, on nothing else. So each place gets a
number and a row: a small tree that asks for the shared values in the order in which the step read them and ends in an outcome.
Only where the tree has no branch yet a generator is resumed, one that stands there suspended (a few are kept in a pool) or one
brought there by the recipe: the values that led there, read again by that thread alone.

A step writes into an overlay, so closing a generator (its `finally:` and `with:`) disturbs nothing.
"""

from tdxkit.errors import ModelError, printable
from tdxkit.explore.closing import clings, discard
from tdxkit.explore.effects import Ask, Effect, Notes, Place
from tdxkit.explore.holding import Held, held_after, more_than, word
from tdxkit.explore.memory import Memory, View
from tdxkit.explore.overlay import Overlay
from tdxkit.explore.place import lines, place
from tdxkit.explore.program import Scenario
from tdxkit.explore.rules import Step, locked_wrong, mutexes_of, noted_wrong
from tdxkit.explore.running import NO_CHOICE, begin, holds, request, resume, rule_of, settle
from tdxkit.explore.values import frozen, weighed
from tdxkit.kinds import LOCK, Act

FINISHED = 0
POOL = 4  # generators kept suspended at one place
AGAIN = 500_000  # steps of a reader's programs that are run once more to come back to a place
KEPT = 500_000  # items of all values of a reader's programs


class Tables:
    """The rows of all threads of a scenario, filled as a search asks for them.

    States of the shared memory and places are numbers: `shared[sid]` is a tuple of value numbers, `places[lid]` a Place.
    """

    def __init__(self, scenario: Scenario, apart: bool = False):
        self.scenario, self.apart = scenario, apart
        self.layout = scenario.layout
        self.values: list[object] = []
        self.numbers: dict[object, int] = {}
        self.shared: list[tuple[int, ...]] = []
        self._sids: dict[tuple[int, ...], int] = {}
        self.places: list[Place] = [Place(Act(""), (), (), (), (), None, None, -1)]
        self._lids: dict[object, int] = {}
        self.resumed = self.replayed = 0
        self._again = self._kept = 0
        self.digest: str | None = None  # kept by schedule.py
        names = self.layout.names
        self.locks = frozenset(k for k, name in enumerate(names) if name in scenario.locks)
        self._mutexes = frozenset(k for k in self.locks if names[k] in scenario.mutexes)
        self._notes = scenario.notes
        self._noted = [rule for rule in scenario.asked if rule.kind in ("each_step", "finished")]
        self._origins: dict[
            tuple[int, int], Place
        ] = {}  # for a slot and a value the place whose step first wrote it there
        self._false: dict[tuple[str, int], tuple[str, ...]] = {}
        self.strange = any(thread.foreign for thread in scenario.threads)  # what they write may be of any type
        settle(scenario.threads, self.layout)
        self.memory = Overlay(self.layout, self, self.locks)
        first = tuple(self.number(value, slot) for slot, value in enumerate(self.layout.first))
        self.first_sid = self.sid(first)
        self.interrupts = [(i, host) for i, host in enumerate(scenario.hosts) if host is not None]
        bound = {host for _, host in self.interrupts}
        self.roles = [k if apart or k in bound or host is not None else None for k, host in enumerate(scenario.hosts)]
        self.first_lids = tuple(self._start(k) for k in range(len(scenario.threads)))

    def number(self, value: object, slot: int) -> int:
        """The number of a value; equal numbers mean equal values of equal types."""
        key = frozen(value, f"the shared variable {self.layout.labels[slot]}", self.layout.outside)
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.values)
            self.values.append(value)
            if self.strange and type(value) is not int:
                self._kept += weighed(value, "", self.layout.outside)[1]
        return number

    @property
    def spent(self) -> str:
        """Why a search of a reader's programs should stop here; "" where it need not."""
        if self.strange and self._again > AGAIN:
            return (
                f"at {AGAIN:,} steps taken again: a program comes to each state from its start, and these are long ways"
            )
        return f"at {KEPT:,} items: every value is kept" if self._kept > KEPT else ""

    def sid(self, numbers: tuple[int, ...]) -> int:
        """The number of a state of the shared memory."""
        sid = self._sids.get(numbers)
        if sid is None:
            sid = self._sids[numbers] = len(self.shared)
            self.shared.append(numbers)
        return sid

    def state(self, sid: int) -> dict[str, object]:
        """A state of the shared memory as labels and values."""
        return {label: self.values[number] for label, number in zip(self.layout.labels, self.shared[sid])}

    def view(self, sid: int) -> Memory:
        """A state of the shared memory as properties see it: values to look at, changes lead nowhere."""
        return View(self.layout, [self.values[number] for number in self.shared[sid]])

    def false(self, kind: str, sid: int) -> tuple[str, ...]:
        """The rules of a kind that do not hold in a shared state, by name."""
        names = self._false.get((kind, sid))
        if names is None:
            rules = [p for p in self.scenario.asked if p.kind == kind and p.check]
            view = self.view(sid) if rules else None
            names = tuple(p.name for p in rules if view and not holds(p, view, lambda: self._odd(sid)))
            self._false[kind, sid] = names
        return names

    def _odd(self, sid: int) -> str:
        """Where a rule cannot be judged: the shared values of another type than they began with, and which step wrote them."""
        said = []
        for slot, number in enumerate(self.shared[sid]):
            value, at = self.values[number], self._origins.get((slot, number))
            if at is not None and type(value) is not type(self.layout.first[slot]):
                where = f"the step after line {at.lines[-1][1]} of {at.lines[-1][0].co_name}"
                said.append(f"{where} makes {self.layout.labels[slot]} {printable(value, 20)}")
        return ", ".join(said)

    def suspended(self, lids: tuple[int, ...]) -> dict[int, int]:
        """The threads that cannot move because an interrupt of their CPU has started and not finished: thread, interrupt."""
        beneath, first = self.scenario.beneath, self.first_lids
        return {k: i for i, _ in self.interrupts if lids[i] not in (FINISHED, first[i]) for k in beneath[i]}

    def step(self, sid: int, lid: int, choice: int) -> tuple[Effect, int] | None:
        """What the step from place `lid` does and the shared state after it; None where it is blocked: nothing would change."""
        effect = self.outcome(sid, lid, choice)
        after = self.apply(sid, effect)
        if after == sid and effect.after == lid and not effect.broken:
            return None
        return effect, after

    def local(self, lid: int) -> bool:
        """Does the step from this place touch nothing shared? Known once the step has been taken somewhere."""
        rows = self.places[lid].rows
        return bool(rows) and all(type(row) is Effect and not row.writes for row in rows)

    def outcome(self, sid: int, lid: int, choice: int) -> Effect:
        """What the step from place `lid` does in shared state `sid`, given the value number `choice` it offers."""
        numbers = self.shared[sid]
        at = self.places[lid]
        if not at.rows:
            at.rows = [None] * len(at.choices)
        node = at.rows[choice]
        while type(node) is Ask:
            node = node.branches.get(numbers[node.slot])
        if node is None:
            node = self._take(lid, choice, numbers)
        return node

    def apply(self, sid: int, outcome: Effect) -> int:
        """The shared state after an outcome."""
        if not outcome.writes:
            return sid
        numbers = list(self.shared[sid])
        for slot, number in outcome.writes:
            numbers[slot] = number
        return self.sid(tuple(numbers))

    def _start(self, k: int) -> int:
        thread = self.scenario.threads[k]
        generator, item = begin(thread, self.memory)
        return self._arrive(generator, item, None, self.roles[k], k, (), (0,) * len(self._notes))

    def _arrive(self, generator, item, recipe, role, start: int, held: Held, notes: Notes, first=None) -> int:
        """The number of the place where a generator came to stand; keeps the generator if the pool has room.

        first: of an interrupt the place where it has not begun (0: it has): whatever else it comes to, it has begun there.
        """
        if generator.gi_frame is None:
            return FINISHED
        label, choices = request(item, generator)
        reached = self.layout.outside
        kept = choices if choices is NO_CHOICE else frozen(choices, f"the choices of {label}", reached)
        key: tuple = (role, place(generator, reached), label, kept, held, notes)
        if first is not None and self._lids.get(key) != first:
            key = (*key, "begun")
        lid = self._lids.get(key)
        if lid is None:
            lid = self._lids[key] = len(self.places)
            self.places.append(Place(label, choices, tuple(lines(generator)), held, notes, recipe, role, start))
        pool = self.places[lid].pool
        foreign = self.scenario.threads[start].foreign
        if len(pool) < POOL and not (foreign and clings(generator)):
            pool.append(generator)
        else:
            self.memory._off()
            discard(generator, foreign)
        return lid

    def _take(self, lid: int, choice: int, numbers: tuple[int, ...]) -> Effect:
        """Resume a generator that stands at `lid` and note what it did as a new branch of the row."""
        at = self.places[lid]
        generator = at.pool.pop() if at.pool else self._rebuild(lid)
        reads, writes = self.memory._on(numbers, dict(zip(self._notes, at.notes)))
        self.resumed += 1
        item: object = None
        broken: tuple[str, ...] = ()
        raised = False
        try:
            item = resume(self.scenario.threads[at.start], generator, at.choices[choice], self.memory)
        except StopIteration:
            pass
        except Exception as error:
            broken, raised = (rule_of(error, generator.__name__, self.layout),), True
        noted = self.memory
        told, broken = " ".join(noted._told), (*noted._broken, *broken)
        noted._off()
        seen = tuple(reads.items())
        changed = tuple((slot, n) for slot, n in writes.items() if reads.get(slot, -1) != n)
        if self.strange:
            for write in writes.items():
                self._origins.setdefault(write, at)
        words = self._lock_words(reads, writes)
        held = held_after(at.held, words) if words else at.held
        kind = at.label.kind_when(bool(writes), bool(reads), len(held) > len(at.held), len(held) < len(at.held))
        notes = tuple(noted._notes.values())
        first = None
        if self.scenario.hosts[at.start] is not None:
            spins = at.label.kind == LOCK or not self.locks.isdisjoint(reads)
            first = lid if lid == self.first_lids[at.start] and not changed and not spins else FINISHED
        after = self._arrive(generator, item, (lid, choice, seen), at.role, at.start, held, notes, first)
        waits = after == lid and not changed
        irq = first is not None
        if not raised and (words or at.label.sleeps or (at.held and (waits or after == FINISHED))):
            left = held if after == FINISHED else ()
            self._mutexes |= mutexes_of(at.label, words)
            alone = {s for s in at.held if s in reads and not more_than(at.held, s, self.lock_word(s, reads[s]))}
            broken += locked_wrong(Step(at.label, at.held, left, reads, alone, words, waits, irq), self._mutexes)
        if not raised and (notes != at.notes or after == FINISHED):
            now = dict(zip(self._notes, notes))
            broken += noted_wrong(self._noted, dict(zip(self._notes, at.notes)), now, after == FINISHED)
        if broken and self.scenario.unasked:
            broken = tuple(name for name in broken if name not in self.scenario.unasked)
        outcome = Effect(tuple(reads), changed, after, broken, raised, told, kind, held, notes)
        self._grow(at, choice, seen, outcome)
        return outcome

    def _lock_words(self, reads: dict[int, int], writes: dict[int, int]) -> list[tuple[int, object, object]]:
        return [(s, self.lock_word(s, reads[s]), self.lock_word(s, writes[s])) for s in self.locks & writes.keys()]

    def lock_word(self, slot: int, number: int) -> object:
        """What a lock's word says of it: this value in this slot."""
        return word(self.layout.first[slot], self.values[number])

    def _grow(self, at: Place, choice: int, seen: tuple, outcome: Effect) -> None:
        """Put an outcome into a row at the end of the values that were read."""
        rows: list | dict = at.rows
        key = choice
        for slot, number in seen:
            node = rows[key] if isinstance(rows, list) else rows.get(key)
            if node is None:
                node = rows[key] = Ask(slot, {})
            if type(node) is not Ask or node.slot != slot:
                raise self.fickle(at.label)
            rows, key = node.branches, number
        if (rows[key] if isinstance(rows, list) else rows.get(key)) is not None:
            raise self.fickle(at.label)
        rows[key] = outcome

    def _rebuild(self, lid: int):
        """A generator that stands at `lid`, made by reading once more what led there."""
        path = []
        while (recipe := self.places[lid].recipe) is not None:
            path.append((lid, recipe))
            lid = recipe[0]
        thread = self.scenario.threads[self.places[lid].start]
        generator, _ = begin(thread, self.memory)
        self.replayed += 1
        self._again += len(path)
        if path and self.strange and self._again > 2 * AGAIN:  # in steps of one thread that are taken together
            raise ModelError(
                f"{self.scenario.name}, step {self.places[path[0][0]].label}",
                f"a program comes to each state from its start, and that has taken {2 * AGAIN:,} steps",
                "let it count in m and not in a variable of its own, or end sooner",
            )
        for target, (before, choice, seen) in reversed(path):
            self.memory._on(dict(seen), dict(zip(self._notes, self.places[before].notes)))
            try:
                item = resume(thread, generator, self.places[before].choices[choice], self.memory, again=True)
            except Exception:
                raise self.fickle(self.places[before].label) from None
            self.memory._off()
            if not isinstance(item, (str, tuple)) or request(item, generator)[0] != self.places[target].label:
                raise self.fickle(self.places[before].label)
        return generator

    def fickle(self, label: str = "a step") -> ModelError:
        """What to say about a program that does not do the same thing twice."""
        names = ", ".join(self.layout.outside.caches())
        cached = f"{names} is cached, and answers from an earlier step: take the cache away" if names else ""
        return ModelError(
            f"{self.scenario.name}, step {label}",
            "the program did something else when it was run again on the same values",
            cached or "a step may depend on m and its own variables only: no random, clock, input or outside object",
        )
