"""What steps do, as the tables keep it: a place where a thread stands, its rows, and an effect at the end of each.

A row asks for shared values in the order in which the step read them; each answer leads on, to the next question or to the effect.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tdxkit.explore.buffers import DRAIN, Buffer
from tdxkit.explore.holding import Held
from tdxkit.kinds import Act

Notes = tuple[int, ...]  # one for each of the scenario's notes


@dataclass(slots=True)
class Effect:
    """What a step does: slots it reads and what it writes (value numbers), where the thread stands then, rules broken, words; its
    kind, the locks that the thread holds after it, and what it has noted."""

    reads: tuple[int, ...]
    writes: tuple[tuple[int, int], ...]
    after: int
    broken: tuple[str, ...]
    raised: bool
    told: str
    kind: str
    held: Held
    notes: Notes


@dataclass(slots=True)
class Ask:
    """A branching of a row: read this slot, go on by the number of its value."""

    slot: int
    branches: dict


@dataclass(slots=True)
class Place:
    """A numbered place: what the thread does next, holds and has noted, how it is reached (its recipe), generators that stand there."""

    label: Act
    choices: tuple
    lines: tuple
    held: Held
    notes: Notes
    recipe: tuple | None  # (place before, index of the choice, values read), None for a thread's start
    role: object  # the thread, where threads are not interchangeable
    start: int  # the thread whose program leads here
    buffer: Buffer = ()  # its CPU's stores that have not reached memory
    key: tuple = ()  # what the place is, but for the buffer
    rows: list = field(default_factory=list)
    pool: list = field(default_factory=list)

    @property
    def options(self) -> Iterable[int]:
        """What the thread may be given here: the index of a choice, or the sign that lets a store out of the buffer."""
        return (*range(len(self.choices)), DRAIN) if self.buffer else range(len(self.choices))

    @property
    def over(self) -> bool:
        """Has the program ended? A thread has finished once its buffer is empty too."""
        return not self.choices


def copied(rows: list) -> list:
    """Rows that can grow without the ones they were copied from."""
    return [_copied(row) for row in rows]


def _copied(row):
    return Ask(row.slot, {n: _copied(after) for n, after in row.branches.items()}) if type(row) is Ask else row


def ways(rows: Iterable) -> Iterator[tuple[int, dict[int, int], Effect]]:
    """The same, each with the index of the value that the step was given and what it read: slots and value numbers."""
    todo: list[tuple[int, dict[int, int], object]] = [(choice, {}, row) for choice, row in enumerate(rows) if row]
    while todo:
        choice, seen, row = todo.pop()
        if isinstance(row, Ask):
            todo += [(choice, {**seen, row.slot: number}, after) for number, after in row.branches.items()]
        elif isinstance(row, Effect):
            yield choice, seen, row


def effects(rows: Iterable) -> Iterator[Effect]:
    """Everything that a step is known to do, in no order that means anything."""
    todo = [row for row in rows if row is not None]
    while todo:
        row = todo.pop()
        if type(row) is Ask:
            todo += row.branches.values()
        else:
            yield row
