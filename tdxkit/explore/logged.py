"""The memory that a program taken apart runs on: what it does goes into a log, and what the log has is not done again."""

import types
from collections.abc import Callable
from typing import Any, NamedTuple

from tdxkit.errors import ModelError, hush
from tdxkit.explore.aside import tells
from tdxkit.explore.frames import call_of, innermost, line_of, own, program_stack, works_on
from tdxkit.explore.guard import for_nothing
from tdxkit.explore.instruction import Instruction, takes_lock
from tdxkit.explore.memory import Memory
from tdxkit.explore.pieces import NotApart, Piece, Pieces, Where
from tdxkit.explore.values import Reached, frozen
from tdxkit.kinds import LOAD, SEAMCALL, STORE, Act

NOTE, SAY = "note", "say"
SPARE = 100  # looks at the memory of a step that runs for nothing
MOST = 64  # loads and stores of a step that is taken apart


class Enough(BaseException):
    """A step that runs for nothing has run long enough."""


class Part(NamedTuple):
    """What a part of a step has made of loads and stores: the instruction, call or access that they are, and their slots."""

    group: object
    slots: frozenset[int] = frozenset()


class Log:
    """What a step has done so far, and where the instruction under way ends.

    events: (what, slot, value): loads, stores, notes, and sentences and rules, in their order. pausing: what the step does from here on
    leads nowhere, for it will be done again. amid: it goes on with the instruction that a rule's look seemed to stand behind, so that it
    is to be done again at once.

    The looks of a rule (see `aside`) are one moment: that of the access before them, where one of them is at what that has touched and the
    others are too, else a later one. Several rules in a row, and the access after them, may be one moment: what the rules find then they
    would find earlier as well.
    """

    def __init__(self, memory, pieces: Pieces):
        self.memory, self._pieces = memory, pieces
        self.events: list[tuple[str, object, object]] = []
        self.lines: list[tuple[types.CodeType, int]] = []
        self.label = Act("")
        self.pausing = self.amid = False
        self._position = 0
        self._spare = SPARE
        self._scratch: dict[object, object] = {}
        self._over = False  # the events are all that the step does
        self._asides: set[int] = set()  # which of the events are looks of rules
        self._rule: tuple[object, int] = (None, 0)  # the statement that looked last, and its first event
        self._part = Part(None)
        self._within: dict[int, Part] = {}  # rules that look amid an instruction, by their first event
        self._left = Part(None)  # where the step stood before the rule that looks at another moment
        self._says = Instruction(
            Act(""), memory._layout
        )  # what the step's label says it is, where a reader's own function yields it
        self._said = Act("")

    def begin(self, generator: Any) -> None:
        """A step starts where this generator stands."""
        self.events, self._asides, self._within, self._left = [], set(), {}, Part(None)
        frame = innermost(generator)
        label = self._said if own(frame) else Act("")
        if frame and label:
            self._pieces.labelled(Where(frame.f_code, frame.f_lineno), label)
        self._says = Instruction(label, self._pieces.layout, self._pieces.lock_names, self._pieces.one_cpu)
        self.go_on(self.events)

    def says(self, item: object) -> None:
        """What the program yielded: its next step's label."""
        label = item[0] if isinstance(item, tuple) and item else item
        self._said = label if isinstance(label, Act) else Act(str.__str__(label) if isinstance(label, str) else "")

    def go_on(self, events: list, over: bool = False) -> None:
        """The step from its start, its events so far known; `over`: they are all of it."""
        self.events, self._position, self._over, self._part = events, 0, over, Part(None)
        self.pausing = self.amid = False
        self._rule = None, 0

    def rest(self) -> None:
        """A part is over: no frame is kept."""
        for_nothing.clear()
        self._part = Part(None)

    def event(self, what: str, slot: object, do: Callable[[], object], of: "Logged", put: object = None) -> object:
        """Do something, or say what came of it when it was done. `of`: the memory that is asked; `put`: what is stored."""
        if self.pausing:
            return self._for_nothing(what, slot, put)
        if self._over or self._position < len(self.events):
            known, where, value = self.events[self._position] if self._position < len(self.events) else ("", None, None)
            if (known, where) != (what, slot):
                raise ModelError(
                    str(self._said or "a step"),
                    "the program did something else when it was run again on the same values",
                    "a step may depend on m and its own variables only",
                )
            self._position += 1
            return value
        given = None
        if isinstance(slot, int):
            given = self._access(what, slot, of, put)
            if self.pausing:
                return self._for_nothing(what, slot, put)
        value = given[0] if given else do()
        value = put if what == STORE else value
        self.events.append((what, slot, value))
        self._position += 1
        return value

    def _for_nothing(self, what: str, slot: Any, put: object) -> object:
        """Any value that lets the rest of the step run: what it wrote last, or saw, or what was there at first."""
        self._spare -= 1
        if self._spare < 0:
            raise Enough
        if what == STORE:
            self._scratch[slot] = put
        if what in (LOAD, STORE) and self._goes_on(what, slot):
            self._within[len(self.events)] = self._left
            self.amid = True
            raise Enough
        if what != LOAD:
            return 0
        seen = {at: value for known, at, value in self.events if known in (LOAD, STORE)}
        return {**seen, **self._scratch}.get(slot, self.memory._layout.first[slot])

    def _before(self) -> tuple[tuple[str, int], ...]:
        """The loads and stores of the step so far, those of rules left out."""
        return tuple((w, s) for k, (w, s, _) in enumerate(self.events) if isinstance(s, int) and k not in self._asides)

    def _access(self, what: str, slot: int, of: "Logged", put: object) -> tuple[object] | None:
        """A load or store that is to be made now: pause before it where it is no part of the instruction under way. What it gives, where
        the instruction has found that before."""
        stack = program_stack()
        of_readers = own(stack[0])
        call = None if of_readers else call_of(stack)
        where = Where(*line_of(stack if call is None else stack[stack.index(call) + 1 :] or stack))
        if of_readers:
            rule = self._pieces.aside(stack, own, of) if what == LOAD else None
            self._pieces.look(where, what, slot, bool(rule), self._says.label)
            if what == STORE and slot in self._pieces.locks:
                self._pieces.store(where, slot, self.events)
            if rule:
                self._look(rule, where, slot, stack)
                return None
        elif call and not works_on(call, of):
            call = None
        elif what == STORE and takes_lock(self._said):
            self._pieces.worked(where, self._said, slot)
        before, self._rule = self._before(), (None, 0)
        if len(before) >= MOST:
            raise NotApart(
                f"{where}", f"a step with more than {MOST} loads and stores; its parts were not looked at", ""
            )
        group = call or self._instruction(where, what, slot, before) or object()
        part = self._part
        if part.group is None or part.group is group:
            if what == STORE and group is not call and (found := self._found(slot)):
                self._pieces.counted(where, self._says.label, found[0], put)
            again = part.group is None and group is self._left.group
            self._part = Part(group, part.slots | {slot})
            self._left = self._left if again else Part(None)
            return self._found(slot) if again and what == LOAD and (STORE, slot) in before else None
        said = self._says.label if self._says.is_one else None
        piece = Piece(where, what, slot, before, said) if call is None else Piece(where, "", -1, before)
        self._left = Part(None)
        self._pause(piece, call.f_code.co_name if call else "", stack)
        return None

    def _look(self, rule: object, where: Where, slot: int, stack: list[types.FrameType]) -> None:
        """A rule's look that is to be made now: pause before the first of its looks where this one is at something else."""
        here, part, before = len(self.events), self._part, self._before()
        if self._rule[0] is not rule:
            self._rule = rule, here
        first = self._rule[1]
        if first in self._within:
            self._part = self._within[first]
        elif not (
            part.group is None or slot in part.slots or tells(rule) or self._of(LOAD, slot, before) is part.group
        ):
            del self.events[first:]
            self._left = part
            self._pause(Piece(where, LOAD, slot, before, rule=True), "", stack)
            return
        self._asides.add(here)

    def _pause(self, piece: Piece, call: str, stack: list[types.FrameType]) -> None:
        self.label = self._pieces.label(piece, call)
        self.lines = [(f.f_code, f.f_lineno) for f in reversed(stack)]
        self.pausing, self._spare, self._scratch = True, SPARE, {}
        for_nothing.append(self)
        hush()

    def _found(self, slot: int) -> tuple[object] | None:
        """What the step has found or left in a slot."""
        return next(((value,) for _, at, value in reversed(self.events) if at == slot), None)

    def _goes_on(self, what: str, slot: int) -> bool:
        """Does the instruction that a rule's look seemed to stand behind go on here, with more than what it gives back?"""
        before = self._before()
        back = what == LOAD and (STORE, slot) in before
        return self._left.group is not None and not back and self._of(what, slot, before) is self._left.group

    def _of(self, what: str, slot: int, before: tuple) -> object:
        """The instruction that a load or store of this slot is part of."""
        if self._says.label.kind == SEAMCALL:
            inside = self._pieces.inside
            return self._says if not inside or slot in inside else None
        return self._says.part(what, slot, before)

    def _instruction(self, where: Where, what: str, slot: int, before: tuple) -> object:
        """The same, and what is to be told of it."""
        says = self._says
        part = self._of(what, slot, before)
        if part and says.label.kind != SEAMCALL:
            self._pieces.worked(where, says.label, slot)
        elif says.is_one and not says.sure and self._pieces.layout.names[slot] not in says.words:
            self._pieces.unnamed(where, says.label, says.words[0])
        return part

    def checked(self, rule: str) -> None:
        """A rule is checked."""
        self._pieces.checked.add(rule)

    def notes(self, what: str) -> None:
        """Something is noted, by a program or a function that it calls."""
        stack = program_stack()
        if own(stack[0]):
            self._pieces.noted(Where(*line_of(stack)), what)

    def key(self, reached: Reached) -> tuple:
        """What the events so far count for in a state: what was seen, and how far the step has come."""
        seen = (frozen(value, "a shared variable", reached) for what, _, value in self.events if what in (LOAD, NOTE))
        return len(self.events), *seen


class Logged(Memory):
    """The shared memory as a program that is taken apart sees it."""

    __slots__ = ("_log",)

    def __init__(self, log: Log):
        super().__init__(log.memory._layout)
        object.__setattr__(self, "_log", log)

    def _look(self) -> None:
        self._log.memory._look()

    def _load(self, slot: int) -> object:
        return self._log.event(LOAD, slot, lambda: self._log.memory._load(slot), self)

    def _store(self, slot: int, value: object) -> None:
        self._log.event(STORE, slot, lambda: self._log.memory._store(slot, value), self, value)

    def must(self, name: str, condition: object) -> None:
        self._log.event(SAY, name, lambda: self._must(name, condition), self)

    def _must(self, name: str, condition: object) -> None:
        self._log.memory.must(name, condition)
        self._log.checked(name)

    def tell(self, sentence: str) -> None:
        self._log.event(SAY, None, lambda: self._log.memory.tell(sentence), self)

    def note(self, what: str, change: int = 0) -> int:
        if change:
            self._log.notes(what)
        return self._log.event(NOTE, what, lambda: self._log.memory.note(what, change), self)
