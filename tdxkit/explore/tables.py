"""Threads as tables: a generator is resumed once for a (place, values it read) pair, never again.

What a step does depends on where its thread stands and on the shared values it reads, on nothing else. So each place gets a
number and a row: a small tree that asks for the shared values in the order in which the step read them and ends in an outcome.
Only where the tree has no branch yet a generator is resumed, one that stands there suspended (a few are kept in a pool) or one
brought there by the recipe: the values that led there, read again by that thread alone.

A step writes into an overlay, so closing a generator (its `finally:` and `with:`) disturbs nothing.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from tdxkit.errors import ModelError
from tdxkit.explore.buffers import DRAIN, Buffer, always_empty, buffered
from tdxkit.explore.closing import clings, discard
from tdxkit.explore.effects import Ask, Effect, Notes, Place, copied
from tdxkit.explore.holding import Held, held_after, more_than
from tdxkit.explore.overlay import Overlay
from tdxkit.explore.place import lines, place
from tdxkit.explore.program import Scenario
from tdxkit.explore.rules import Step, locked_wrong, mutexes_of, noted_wrong
from tdxkit.explore.running import NO_CHOICE, begin, request, resume, rule_of, settle
from tdxkit.explore.standing import FINISHED, Standing, over
from tdxkit.explore.values import frozen
from tdxkit.kinds import LOAD, LOCK

POOL = 4  # generators kept suspended at one place
AGAIN = 500_000  # steps of a reader's programs that are run once more to come back to a place
KEPT = 500_000  # items of all values of a reader's programs


class Tables(Standing):
    """The rows of all threads of a scenario, filled as a search asks for them.

    States of the shared memory and places are numbers: `shared[sid]` is a tuple of value numbers, `places[lid]` a Place.
    """

    def __init__(self, scenario: Scenario, apart: bool = False):
        super().__init__(scenario, apart)
        self._again = 0
        self.digest: str | None = None  # kept by schedule.py
        names = self.layout.names
        self._mutexes = frozenset(k for k in self.locks if names[k] in scenario.mutexes)
        self._notes = scenario.notes
        self._noted = [rule for rule in scenario.asked if rule.kind in ("each_step", "finished")]
        settle(scenario.threads, self.layout)
        self.memory = Overlay(self.layout, self, self.locks)
        first = tuple(self.number(value, slot) for slot, value in enumerate(self.layout.first))
        self.first_sid = self.sid(first)
        self.first_lids = tuple(self._start(k) for k in range(len(scenario.threads)))

    @property
    def spent(self) -> str:
        """Why a search of a reader's programs should stop here; "" where it need not."""
        if self.strange and self._again > AGAIN:
            return (
                f"at {AGAIN:,} steps taken again: a program comes to each state from its start, and these are long ways"
            )
        return f"at {KEPT:,} items: every value is kept" if self._kept > KEPT else ""

    def step(self, sid: int, lid: int, choice: int) -> tuple[Effect, int] | None:
        """What the step from place `lid` does and the shared state after it; None where it is blocked: nothing would change."""
        effect = self.outcome(sid, lid, choice)
        after = self.apply(sid, effect)
        if after == sid and effect.after == lid and not effect.broken:
            return None
        return effect, after

    @contextmanager
    def aside(self, lid: int) -> Iterator[None]:
        """Steps from place `lid` that are tried and leave no trace: what they bring is forgotten."""
        rows, shared, places = copied(self.places[lid].rows), len(self.shared), len(self.places)
        try:
            yield
        finally:
            self.places[lid].rows = rows
            self.forget(shared)
            for at in self.places[places:]:
                for generator in at.pool:
                    discard(generator, self.scenario.threads[at.start].foreign)
            del self.places[places:]
            self._lids = {key: number for key, number in self._lids.items() if number < places}

    def local(self, lid: int) -> bool:
        """Does the step from this place touch nothing shared? Known once the step has been taken somewhere."""
        rows = self.places[lid].rows
        steps = rows[: len(self.places[lid].choices)]
        return bool(steps) and all(type(row) is Effect and not row.writes and not row.reads for row in steps)

    def outcome(self, sid: int, lid: int, choice: int) -> Effect:
        """What the step from place `lid` does in shared state `sid`, given the value number `choice` it offers."""
        numbers = self.shared[sid]
        at = self.places[lid]
        if not at.rows:
            at.rows = [None] * (len(at.choices) + bool(at.buffer))  # the last is that of the drain, whose index is -1
        node = at.rows[choice]
        while type(node) is Ask:
            node = node.branches.get(numbers[node.slot])
        if node is None:
            node = self._drain(at) if choice == DRAIN else self._take(lid, choice, numbers)
        return node

    def _start(self, k: int) -> int:
        thread = self.scenario.threads[k]
        generator, item = begin(thread, self.memory)
        noted = dict(thread.noted)
        notes = tuple(noted.get(note, 0) for note in self._notes)
        return self._arrive(generator, item, None, over(self.roles[k], k), ((), notes, ()))

    def _arrive(
        self, generator, item, recipe, before: Place, kept: tuple[Held, Notes, Buffer], first: int | None = None
    ) -> int:
        """The number of the place where a generator came to stand; keeps the generator if the pool has room.

        first: of an interrupt the place where it has not begun (0: it has): whatever else it comes to, it has begun there.
        """
        held, notes, buffer = kept
        role, start = before.role, before.start
        if generator.gi_frame is None:
            return self.with_buffer(over(role, start), buffer)
        label, choices = request(item, generator)
        reached = self.layout.outside
        given = choices if choices is NO_CHOICE else frozen(choices, f"the choices of {label}", reached)
        key: tuple = (role, place(generator, reached), label, given, held, notes)
        full = (*key, buffer) if buffer else key
        if first is not None and self._lids.get(full) != first:
            key = (*key, "begun")
            full = (*key, buffer) if buffer else key
        lid = self._lids.get(full)
        if lid is None:
            lid = self._lids[full] = len(self.places)
            made = Place(label, choices, tuple(lines(generator)), held, notes, recipe, role, start, buffer, key)
            self.places.append(made)
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
        if at.buffer and always_empty(at.label):
            return self._grow(at, choice, (), _kept_back(at, lid))
        generator = at.pool.pop() if at.pool else self._rebuild(lid)
        reads, writes = self.memory._on(numbers, dict(zip(self._notes, at.notes)), at.buffer, at.held)
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
        looked = {**noted._own, **reads} if noted._own else reads
        if self.strange:
            for write in writes.items():
                self._origins.setdefault(write, at)
        words = [(s, self.lock_word(s, looked[s]), self.lock_word(s, writes[s])) for s in self.locks & writes.keys()]
        held = held_after(at.held, words) if words else at.held
        kind = at.label.kind_when(bool(writes), bool(looked), len(held) > len(at.held), len(held) < len(at.held))
        buffer: Buffer = ()
        if self.tso:
            after_it = buffered(at.label, kind, tuple(writes.items()), at.buffer)
            if after_it is None:
                discard(generator, self.scenario.threads[at.start].foreign)
                return self._grow(at, choice, seen, _kept_back(at, lid, tuple(looked)))
            buffer = after_it
        changed = tuple((slot, n) for slot, n in writes.items() if looked.get(slot, -1) != n) if not buffer else ()
        notes, first = tuple(noted._notes.values()), self._not_begun(lid, looked, changed)
        after = self._arrive(generator, item, (lid, choice, seen), at, (held, notes, buffer), first)
        if not raised:
            left = held if (ended := self.places[after].over) else ()
            alone = {s for s in at.held if s in looked and not more_than(at.held, s, self.lock_word(s, looked[s]))}
            waits = after == lid and not changed
            step = Step(at.label, at.held, left, looked, alone, words, waits, first is not None)
            broken += self._wrong(step, at.notes, notes, ended)
        if broken and self.scenario.unasked:
            broken = tuple(name for name in broken if name not in self.scenario.unasked)
        return self._grow(
            at, choice, seen, Effect(tuple(looked), changed, after, broken, raised, told, kind, held, notes)
        )

    def _not_begun(self, lid: int, looked: Collection[int], changed: tuple) -> int | None:
        """Of an interrupt: the place where it has not begun, if it has not with this step, else FINISHED; None where it is none."""
        at = self.places[lid]
        if self.scenario.hosts[at.start] is None:
            return None
        masked = self.scenario.threads[at.start].off is not None  # then its first step waits for nothing else
        spins = masked or at.label.kind == LOCK or not self.locks.isdisjoint(looked)
        return lid if lid == self.first_lids[at.start] and not changed and not spins else FINISHED

    def _wrong(self, step: Step, before: Notes, after: Notes, over: bool) -> tuple[str, ...]:
        """The rules about locks, and about what is noted, that a step breaks; `over`: the program has ended with it."""
        broken: tuple[str, ...] = ()
        if step.words or step.label.sleeps or (step.held and (step.waits or over)):
            self._mutexes |= mutexes_of(step.label, step.words)
            broken = locked_wrong(step, self._mutexes)
        if before != after or over:
            now = dict(zip(self._notes, after))
            broken += noted_wrong(self._noted, dict(zip(self._notes, before)), now, over)
        return broken

    def _grow(self, at: Place, choice: int, seen: tuple, outcome: Effect) -> Effect:
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
        return outcome

    def _rebuild(self, lid: int):
        """A generator that stands at `lid`, made by reading once more what led there."""
        path = []
        while (recipe := self.places[lid].recipe) is not None:
            path.append((lid, recipe))
            lid = recipe[0]
        thread = self.scenario.threads[self.places[lid].start]
        generator, _ = begin(thread, self.memory)
        self._again += len(path)
        if path and self.strange and self._again > 2 * AGAIN:  # in steps of one thread that are taken together
            raise ModelError(
                f"{self.scenario.name}, step {self.places[path[0][0]].label}",
                f"a program comes to each state from its start, and that has taken {2 * AGAIN:,} steps",
                "let it count in m and not in a variable of its own, or end sooner",
            )
        for target, (before, choice, seen) in reversed(path):
            stood = self.places[before]
            self.memory._on(dict(seen), dict(zip(self._notes, stood.notes)), stood.buffer, stood.held)
            try:
                item = resume(thread, generator, stood.choices[choice], self.memory, again=True)
            except Exception:
                raise self.fickle(stood.label) from None
            self.memory._off()
            if not isinstance(item, (str, tuple)) or request(item, generator)[0] != self.places[target].label:
                raise self.fickle(stood.label)
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


def _kept_back(at: Place, lid: int, reads: tuple[int, ...] = ()) -> Effect:
    """A step that cannot be taken while the buffer holds something: nothing happens."""
    return Effect(reads, (), lid, (), False, "", LOAD, at.held, at.notes)
