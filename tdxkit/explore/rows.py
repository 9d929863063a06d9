"""The program of one thread as a table: at each step, under each value of what it reads, what it changes and where it goes on.

Nothing is explored here: a step is looked at under every value that its variables may have, reachable or not, so that two programs with
the same table do the same in every interleaving. Places that go on alike are one step; steps are numbered by first use, the end included.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from itertools import product
from types import CodeType

from tdxkit.explore.program import Scenario
from tdxkit.explore.tables import FINISHED, Tables

END = "end"
Domain = Callable[[str], tuple]  # the values that a shared variable may have, by its name


@dataclass(frozen=True, slots=True)
class Row:
    """One line: at `step` the program does `does`; given `answer` (of several that may come, else None) and where the variables of
    `when` have one of these values, it makes `changes` (name: "+1", "-1" or "=1"), breaks `breaks` and goes on at `then` (None: the end)."""

    step: int
    does: str
    answer: object
    when: tuple[tuple[str, tuple], ...]
    changes: tuple[tuple[str, str], ...]
    breaks: tuple[str, ...]
    then: int | None


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a step does under one set of values: writes by slot, rules broken, place after it."""

    values: tuple  # of the slots of the step, in order
    writes: tuple[tuple[int, object], ...]
    breaks: tuple[str, ...]
    after: int


class Program:
    """The places of one thread of a scenario, each with what it does under every value of what it reads."""

    def __init__(self, scenario: Scenario, domain: Domain, rules: frozenset[str]):
        # Who holds a lock, and what a rule remembers, is no part of a program: under values that no run reaches it says nothing, and never
        # stops growing.
        plain = scenario.without(*(rule.name for rule in scenario.properties if rule.notes or rule.kind == "lock"))
        self.tables, self.rules = Tables(replace(plain, locks=())), rules
        names = self.tables.layout.names
        self._domains = [domain(name) for name in names]
        self._deeds: dict[tuple[int, int], tuple[tuple[int, ...], list[_Deed]]] = {}
        self.places = list(dict.fromkeys(lid for lid in self.tables.first_lids if lid != FINISHED))
        for lid in self.places:
            for choice in range(len(self.tables.places[lid].choices)):
                _, deeds = self.deeds(lid, choice)
                new = dict.fromkeys(deed.after for deed in deeds if deed.after != FINISHED)
                self.places += [after for after in new if after not in self.places]
        self.classes = self._classes()
        self._numbers: dict[int, int] = {}  # of the classes, the steps of `rows`

    def deeds(self, lid: int, choice: int) -> tuple[tuple[int, ...], list[_Deed]]:
        """The slots that a step reads under some values, and what it does under each."""
        if (lid, choice) not in self._deeds:
            slots = self._slots(lid, choice)
            found = [self._deed(lid, choice, slots, values) for values in self._values(slots)]
            self._deeds[lid, choice] = slots, found
        return self._deeds[lid, choice]

    def _slots(self, lid: int, choice: int) -> tuple[int, ...]:
        """The slots read, found by giving those known so far every value until no new one is read."""
        slots: tuple[int, ...] = ()
        while True:
            read = {slot for values in self._values(slots) for slot in self._outcome(lid, choice, slots, values).reads}
            if read <= set(slots):
                return slots
            slots = tuple(sorted({*slots, *read}))

    def _values(self, slots: tuple[int, ...]):
        return product(*(self._domains[slot] for slot in slots))

    def _outcome(self, lid: int, choice: int, slots: tuple[int, ...], values: tuple):
        numbers = list(self.tables.shared[self.tables.first_sid])
        for slot, value in zip(slots, values):
            numbers[slot] = self.tables.number(value, slot)
        return self.tables.outcome(self.tables.sid(tuple(numbers)), lid, choice)

    def _deed(self, lid: int, choice: int, slots: tuple[int, ...], values: tuple) -> _Deed:
        effect = self._outcome(lid, choice, slots, values)
        writes = tuple((slot, self.tables.values[number]) for slot, number in effect.writes)
        return _Deed(values, writes, tuple(b for b in effect.broken if b in self.rules), effect.after)

    def _classes(self) -> dict[int, int]:
        """The coarsest partition of the places: two are one where they do the same and go on to what is one."""
        classes = dict.fromkeys(self.places, 1) | {FINISHED: 0}
        while True:
            found = {lid: self._signature(lid, classes) for lid in self.places}
            numbers: dict[object, int] = {}
            finer = {lid: numbers.setdefault(found[lid], len(numbers) + 1) for lid in self.places} | {FINISHED: 0}
            if len(set(finer.values())) == len(set(classes.values())):
                return finer
            classes = finer

    def _signature(self, lid: int, classes: Mapping[int, int]) -> object:
        at = self.tables.places[lid]
        ways = []
        for choice, value in enumerate(at.choices):
            slots, deeds = self.deeds(lid, choice)
            ways.append((repr(value), slots, tuple((d.values, d.writes, d.breaks, classes[d.after]) for d in deeds)))
        return at.label.does or str(at.label), tuple(ways)

    def rows(self) -> tuple[Row, ...]:
        """The table."""
        first = self.tables.first_lids[0]
        number, order, rows = {self.classes[first]: 1}, [first], []
        self._numbers = number
        for lid in order:
            at, here = self.tables.places[lid], number[self.classes[lid]]
            for choice, value in enumerate(at.choices):
                answer = value if len(at.choices) > 1 else None
                for when, changes, breaks, after in self._groups(lid, choice):
                    kind = self.classes[after]
                    if kind not in number:
                        number[kind] = len(number) + 1
                        order += [after] if after != FINISHED else []
                    then = None if after == FINISHED else number[kind]
                    rows.append(Row(here, at.label.does or str(at.label), answer, when, changes, breaks, then))
        return tuple(rows)

    def lines(self, codes: Container[CodeType]) -> dict[int, tuple[int, ...]]:
        """By the steps of `rows` the lines at which the program stands there, in the innermost of these functions; not of a step in none."""
        found: dict[int, set[int]] = {}
        for lid in self.places:
            line = next((line for code, line in reversed(self.tables.places[lid].lines) if code in codes), None)
            if line is not None and (step := self._numbers.get(self.classes[lid])):
                found.setdefault(step, set()).add(line)
        return {step: tuple(sorted(lines)) for step, lines in found.items()}

    def _groups(self, lid: int, choice: int):
        """The deeds of a step put together: (when, changes, breaks, place after), in the order in which their first values come."""
        slots, deeds = self.deeds(lid, choice)
        for many in _split(deeds, lambda deed: (deed.breaks, self.classes[deed.after])):
            whole = self._changes(slots, many) is not None
            for group in [many] if whole else _split(many, lambda deed: self._deltas(slots, deed)):
                for alike in self._boxes(slots, group):
                    yield self._when(slots, alike), self._changes(slots, alike) or (), alike[0].breaks, alike[0].after

    def _deltas(self, slots: tuple[int, ...], deed: _Deed) -> tuple:
        """How a deed moves each slot: by how much, or to what."""
        before = dict(zip(slots, deed.values))
        return tuple((slot, _move(before[slot], after) if slot in before else after) for slot, after in deed.writes)

    def _changes(self, slots: tuple[int, ...], deeds: list[_Deed]) -> tuple[tuple[str, str], ...] | None:
        """One description of what all of these deeds change; None where there is none."""
        found = []
        for slot in sorted({slot for deed in deeds for slot, _ in deed.writes}):
            pairs = [(dict(zip(slots, d.values)).get(slot, ...), dict(d.writes)) for d in deeds]
            after = [writes.get(slot, before) for before, writes in pairs]
            moves = {_move(before, now) for (before, _), now in zip(pairs, after)}
            if len(moves) == 1 and (move := moves.pop()):
                found.append((self.tables.layout.labels[slot], move))
            elif len(set(map(repr, after))) == 1:
                found.append((self.tables.layout.labels[slot], f"={after[0]}"))
            else:
                return None
        return tuple(found)

    def _boxes(self, slots: tuple[int, ...], deeds: list[_Deed]):
        """Deeds whose values are all combinations of some values of each slot; cut up where they are not."""
        kept = [tuple(dict.fromkeys(d.values[i] for d in deeds)) for i in range(len(slots))]
        size = 1
        for values in kept:
            size *= len(values)
        if size == len(deeds):
            yield deeds
            return
        at = next(i for i, values in enumerate(kept) if len(values) > 1)
        for part in _split(deeds, lambda deed: deed.values[at]):
            yield from self._boxes(slots, part)

    def _when(self, slots: tuple[int, ...], deeds: list[_Deed]) -> tuple[tuple[str, tuple], ...]:
        """The slots that do not have all their values, with those they have."""
        found = []
        for i, slot in enumerate(slots):
            values = tuple(dict.fromkeys(d.values[i] for d in deeds))
            if len(values) < len(self._domains[slot]):
                found.append((self.tables.layout.labels[slot], values))
        return tuple(found)


def _split(deeds: list[_Deed], key: Callable[[_Deed], object]) -> list[list[_Deed]]:
    """In groups of one key, in the order in which the keys come."""
    groups: dict[object, list[_Deed]] = {}
    for deed in deeds:
        groups.setdefault(repr(key(deed)), []).append(deed)
    return list(groups.values())


def _move(before: object, after: object) -> str:
    """By how much a number moves, as "+1"; "" for what is no number, or was not looked at."""
    if type(before) is int and type(after) is int:
        return f"{after - before:+d}" if after != before else ""
    return ""
