"""What became known of a reader's program while its steps were taken apart: pieces of steps, looks at what only the module knows."""

import types
from dataclasses import dataclass
from typing import NamedTuple

from tdxkit.errors import ModelError, printable
from tdxkit.explore.aside import Aside
from tdxkit.explore.holding import weight, word
from tdxkit.explore.instruction import WORD, saturates, takes_lock
from tdxkit.explore.memory import Layout
from tdxkit.explore.program import Scenario
from tdxkit.explore.reading import functions_of
from tdxkit.explore.rules import Property
from tdxkit.explore.sleeping import in_words
from tdxkit.explore.whose import ours
from tdxkit.kinds import LOAD, LOCK, LOCKED, SEAMCALL, STORE, Act
from tdxkit.rules import known


class NotApart(ModelError):
    """A program that cannot be taken apart."""


class Where(NamedTuple):
    """A line of a function, counted as in its file."""

    code: types.CodeType
    line: int

    def __str__(self) -> str:
        return f"line {self.line} of {self.code.co_name}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a step that is not its first: where it is, what it does (`load`, `store`, or "" for a call), to which slot (-1 for a
    call), what the step did before it, as (what, slot), its label, where that says that it is one instruction, and whether it is the look
    of a rule."""

    where: Where
    what: str
    slot: int
    before: tuple[tuple[str, int], ...]
    said: Act | None = None
    rule: bool = False


class Pieces:
    """Filled while a scenario that was taken apart is run; no part of any state.

    pieces: by the label of the part. peeks: where a function of the reader's own reads a variable that only the module knows.
    sections: where a lock is let go in the same step that took it. told: what else there is to say.
    """

    def __init__(self, scenario: Scenario):
        self.layout: Layout = scenario.layout
        names = self.layout.names
        self.inside = frozenset(slot for slot, name in enumerate(names) if name in scenario.module)
        self.lock_names = frozenset(scenario.locks)
        self.locks = frozenset(slot for slot, name in enumerate(names) if name in scenario.locks)
        self.aside = Aside(functions_of(scenario))
        self.pieces: dict[Act, Piece] = {}
        self.peeks: dict[tuple[Where, str], None] = {}
        self.sections: dict[tuple[Where, str], None] = {}
        self.told: dict[str, None] = {}
        self.checked: set[str] = set()
        self.one_cpu = scenario.count == 1
        self._undeclared: set[str] = set()
        self._scenario = scenario
        self._counted = {note for rule in scenario.properties if _of_the_house(rule) for note in rule.notes}
        self._asked = {note for rule in scenario.properties for note in rule.notes}

    def _as_local(self) -> str:
        return "pieces"

    def label(self, piece: Piece, call: str) -> Act:
        """The label of a part of a step."""
        does = f"{piece.what} {self.layout.labels[piece.slot]}" if piece.what else f"{call}()"
        label = Act(f"{does} for a rule ({piece.where})" if piece.rule else f"{does} ({piece.where})", piece.what)
        self.pieces.setdefault(label, piece)
        return label

    def store(self, where: Where, slot: int, events: list) -> None:
        """A lock's word is written by a function of the reader's own; `events`: what its step did before."""
        if any(
            what == STORE and at == slot and weight(word(self.layout.first[slot], value)) for what, at, value in events
        ):
            self.sections.setdefault((where, self.layout.names[slot]))

    def labelled(self, where: Where, label: Act) -> None:
        """A step of a function of the reader's own starts."""
        if label.kind == SEAMCALL and not self.inside:
            self.told.setdefault(
                f'{where}: {label} is one step with all that it touches: name what only the module knows, module=("…",) in Python'
            )
        if label.kind in (LOCK, LOCKED) and set(WORD.findall(label.operand)) & self.lock_names - set(
            self._scenario.mutexes
        ):
            if in_words(label.does):
                self.told.setdefault(
                    f'{where}: {label}: it may sleep, so {label.operand} counts as a mutex: MUTEXES = ("{label.operand}",) in the file, mutexes= in Python'
                )
            return
        write = "" if label.sleeps else in_words(label.does if label.kind else label)
        if write and not set(WORD.findall(label)) & set(self._scenario.mutexes):
            self.told.setdefault(f"{where}: {label} is words only, and no rule knows that it may sleep: yield {write}")

    def worked(self, where: Where, label: Act, slot: int) -> None:
        """A step works on the variable that its label is about."""
        name = self.layout.names[slot]
        if takes_lock(label) and slot not in self.locks and name not in self._undeclared:
            self._undeclared.add(name)
            self.told.setdefault(
                f"{where}: {label}: {name} is no declared lock, and no rule about locks is judged of it: "
                f'LOCKS = ("{name}",) in the file, locks=("{name}",) in Python'
            )

    def counted(self, where: Where, label: Act, before: object, after: object) -> None:
        """A step that says to be one instruction stores another value."""
        if warns := saturates(label.does, before, after):
            self.told.setdefault(f"{where}: {warns}")

    def noted(self, where: Where, what: str) -> None:
        """A function of the reader's own notes something; ModelError where that is counted for it."""
        if what in self._counted:
            raise ModelError(
                f'{where}: m.note("{what}", …)',
                "the functions of tdxkit count that, and a rule of tdxkit judges it",
                "call take_pages, free_pages, keep_pages, pamt_add and the like, or give what you count another name and a rule",
            )
        if what not in self._asked:
            self.told.setdefault(f'{where}: m.note("{what}", …): no rule asks for it')

    def unchecked(self) -> list[str]:
        """The rules of the reader's own that no run has checked."""
        rules = [r for r in self._scenario.asked if r.kind == "must" and not known(r.name)]
        return [
            f'rule {printable(r.name)}: no run checks it: m.must("{printable(r.name)}", …)'
            for r in rules
            if r.name not in self.checked
        ]

    def unnamed(self, where: Where, label: Act, name: str) -> None:
        """A step touches several variables, and its label, which says that it is one instruction, names none of them."""
        self.told.setdefault(f"{where}: {label} names no shared variable, and is taken for one on {name}: name it")

    def look(self, where: Where, what: str, slot: int, aside: bool, label: Act) -> None:
        """An access by a function of the reader's own, not through a call of the module; ModelError where it writes what is the module's
        and is no call of the module of the reader's own."""
        if slot not in self.inside or (label.kind == SEAMCALL and not self._counted):
            return
        if what == STORE:
            raise ModelError(
                f"{where}: m.{self.layout.labels[slot]} = …",
                "only the TDX module changes that, and the kernel cannot write it",
                "call pamt_add(m, region) or pamt_remove(m, region)",
            )
        if what == LOAD and not aside:
            self.peeks.setdefault((where, self.layout.names[slot]))


def _of_the_house(rule: Property) -> bool:
    return ours(rule.check) if rule.check else known(rule.name) is not None
