"""States of the shared memory as numbers: values, tuples of values, and which rules hold in them."""

from tdxkit.errors import printable
from tdxkit.explore.effects import Effect, Place
from tdxkit.explore.frames import step_at
from tdxkit.explore.holding import weight, word
from tdxkit.explore.memory import Layout, Memory, View
from tdxkit.explore.program import Scenario
from tdxkit.explore.running import holds
from tdxkit.explore.values import frozen, weighed
from tdxkit.text import words


class States:
    """Every value that a shared variable has held, and every state of them all, numbered as they are met.

    `values[number]` is a value, `shared[sid]` a tuple of value numbers in the order of the slots.
    """

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.layout = scenario.layout
        self.values: list[object] = []
        self.numbers: dict[object, int] = {}
        self.shared: list[tuple[int, ...]] = []
        self._sids: dict[tuple[int, ...], int] = {}
        self._kept = 0
        self.judged: dict[int, None] = {}  # the slots that rules about states have looked at
        names = self.layout.names
        self.locks = frozenset(k for k, name in enumerate(names) if name in scenario.locks)
        # for a slot and a value the place whose step first wrote it there
        self._origins: dict[tuple[int, int], Place] = {}
        self._false: dict[tuple[str, int], tuple[str, ...]] = {}
        self.strange = any(thread.foreign for thread in scenario.threads)  # what they write may be of any type

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

    def sid(self, numbers: tuple[int, ...]) -> int:
        """The number of a state of the shared memory."""
        sid = self._sids.get(numbers)
        if sid is None:
            sid = self._sids[numbers] = len(self.shared)
            self.shared.append(numbers)
        return sid

    def forget(self, many: int) -> None:
        """Leave the first so many states, as if the others had never been met."""
        for numbers in self.shared[many:]:
            del self._sids[numbers]
        del self.shared[many:]
        self._false = {key: names for key, names in self._false.items() if key[1] < many}

    def state(self, sid: int) -> dict[str, object]:
        """A state of the shared memory as labels and values."""
        return {label: self.values[number] for label, number in zip(self.layout.labels, self.shared[sid])}

    def lock_word(self, slot: int, number: int) -> object:
        """What a lock's word says of it: this value in this slot."""
        return word(self.layout.first[slot], self.values[number])

    def said(self, slot: int, number: int) -> str:
        """A store in words: the variable and its value."""
        free = slot in self.locks and not weight(self.lock_word(slot, number))
        value = "free" if free else words(self.values[number])
        return f"{self.layout.labels[slot]} = {value}"

    def view(self, sid: int) -> Memory:
        """A state of the shared memory as properties see it: values to look at, changes lead nowhere."""
        return View(self.layout, [self.values[number] for number in self.shared[sid]])

    def false(self, kind: str, sid: int) -> tuple[str, ...]:
        """The rules of a kind that do not hold in a shared state, by name."""
        names = self._false.get((kind, sid))
        if names is None:
            rules = [p for p in self.scenario.asked if p.kind == kind and p.check]
            view = Judged(self.layout, [self.values[n] for n in self.shared[sid]], self.judged) if rules else None
            names = tuple(p.name for p in rules if view and not holds(p, view, lambda: self._odd(sid)))
            self._false[kind, sid] = names
        return names

    def _odd(self, sid: int) -> str:
        """Where a rule cannot be judged: the shared values of another type than they began with, and which step wrote them."""
        said = []
        for slot, number in enumerate(self.shared[sid]):
            value, at = self.values[number], self._origins.get((slot, number))
            if at is not None and type(value) is not type(self.layout.first[slot]):
                where = step_at(at.lines)
                said.append(f"{where} makes {self.layout.labels[slot]} {printable(value, 20)}")
        return ", ".join(said)

    def apply(self, sid: int, outcome: Effect) -> int:
        """The shared state after an outcome."""
        if not outcome.writes:
            return sid
        numbers = list(self.shared[sid])
        for slot, number in outcome.writes:
            numbers[slot] = number
        return self.sid(tuple(numbers))


class Judged(View):
    """A state as a rule sees it, and the slots that it has looked at."""

    __slots__ = ("_looked",)

    def __init__(self, layout: Layout, values: list[object], looked: dict[int, None]):
        super().__init__(layout, values)
        object.__setattr__(self, "_looked", looked)

    def _load(self, slot: int) -> object:
        self._looked[slot] = None
        return self._values[slot]
