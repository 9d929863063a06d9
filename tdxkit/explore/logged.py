"""The memory that a program taken apart runs on: what it does goes into a log, and what the log has is not done again."""

import sys
import types
from collections.abc import Callable
from typing import Any

from tdxkit.errors import ModelError, hush
from tdxkit.explore.instruction import Instruction
from tdxkit.explore.memory import Memory
from tdxkit.explore.pieces import NotApart, Piece, Pieces, Where
from tdxkit.explore.values import Reached, frozen
from tdxkit.explore.whose import of_ours
from tdxkit.kinds import LOAD, SEAMCALL, STORE, Act

ENGINE = "tdxkit.explore."
NOTE, SAY = "note", "say"
SPARE = 100  # looks at the memory of a step that runs for nothing
MOST = 64  # loads and stores of a step that is taken apart


class Enough(BaseException):
    """A step that runs for nothing has run long enough."""


class Log:
    """What a step has done so far, and where the instruction under way ends.

    events: (what, slot, value): loads, stores, notes, and sentences and rules, in their order. pausing: what the step does from here on
    leads nowhere, for it will be done again.
    """

    def __init__(self, memory, pieces: Pieces):
        self.memory, self._pieces = memory, pieces
        self.events: list[tuple[str, object, object]] = []
        self.lines: list[tuple[types.CodeType, int]] = []
        self.label = Act("")
        self.pausing = False
        self._position = 0
        self._spare = SPARE
        self._scratch: dict[object, object] = {}
        self._over = False  # the events are all that the step does
        self._group: object = None  # what the last access of this part belongs to
        self._says = Instruction(
            Act(""), memory._layout
        )  # what the step's label says it is, where a reader's own function yields it
        self._said = Act("")

    def begin(self, generator: Any) -> None:
        """A step starts where this generator stands."""
        self.events = []
        frame = _innermost(generator)
        label = self._said if _own(frame) else Act("")
        if frame and label:
            self._pieces.labelled(Where(frame.f_code, frame.f_lineno), label)
        self._says = Instruction(label, self._pieces.layout, self._pieces.lock_names)
        self.go_on(self.events)

    def says(self, item: object) -> None:
        """What the program yielded: its next step's label."""
        label = item[0] if isinstance(item, tuple) and item else item
        self._said = label if isinstance(label, Act) else Act(str.__str__(label) if isinstance(label, str) else "")

    def go_on(self, events: list, over: bool = False) -> None:
        """The step from its start, its events so far known; `over`: they are all of it."""
        self.events, self._position, self._over, self.pausing, self._group = events, 0, over, False, None

    def rest(self) -> None:
        """A part is over: no frame is kept."""
        self._group = None

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
        if isinstance(slot, int):
            self._access(what, slot, of)
            if self.pausing:
                return self._for_nothing(what, slot, put)
        value = do()
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
        if what != LOAD:
            return 0
        seen = {at: value for known, at, value in self.events if known in (LOAD, STORE)}
        return {**seen, **self._scratch}.get(slot, self.memory._layout.first[slot])

    def _access(self, what: str, slot: int, of: "Logged") -> None:
        """A load or store that is to be made now: pause before it where it is no part of the instruction under way."""
        stack = _stack()
        own = _own(stack[0])
        call = None if own else _call(stack)
        where = _where(stack if call is None else stack[stack.index(call) + 1 :] or stack)
        if own:
            aside = what == LOAD and self._pieces.aside(stack, _own, of)
            self._pieces.look(where, what, slot, aside)
            if what == STORE and slot in self._pieces.locks:
                self._pieces.store(where, slot, self.events)
            if aside:
                return
        elif call and not _works_on(call, of):
            call = None
        before = tuple((w, s) for w, s, _ in self.events if isinstance(s, int))
        if len(before) >= MOST:
            raise NotApart(
                f"{where}", f"a step with more than {MOST} loads and stores; its parts were not looked at", ""
            )
        group = call or self._instruction(where, what, slot, before) or object()
        if self._group is None or self._group is group:
            self._group = group
            return
        said = self._says.label if self._says.is_one else None
        piece = Piece(where, what, slot, before, said) if call is None else Piece(where, "", -1, before)
        self.label = self._pieces.label(piece, call.f_code.co_name if call else "")
        self.lines = [(f.f_code, f.f_lineno) for f in reversed(stack)]
        self.pausing, self._spare, self._scratch = True, SPARE, {}
        hush()

    def _instruction(self, where: Where, what: str, slot: int, before: tuple) -> object:
        """The instruction that the step's label says it is, where this is part of it."""
        if self._says.label.kind == SEAMCALL:
            inside = self._pieces.inside
            return self._says if not inside or slot in inside else None
        says = self._says
        if part := says.part(what, slot, before):
            self._pieces.worked(where, says.label, slot)
            return part
        if says.is_one and not says.sure and self._pieces.layout.names[slot] not in says.words:
            self._pieces.unnamed(where, says.label, says.words[0])
        return None

    def checked(self, rule: str) -> None:
        """A rule is checked."""
        self._pieces.checked.add(rule)

    def notes(self, what: str) -> None:
        """Something is noted, by a program or a function that it calls."""
        stack = _stack()
        if _own(stack[0]):
            self._pieces.noted(_where(stack), what)

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

    def _look(self) -> bool:
        return self._log.memory._look()

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


def _stack() -> list[types.FrameType]:
    """The frames of the program under way, innermost first: those of the engine above and below it left out."""
    found: list[types.FrameType] = []
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        engine = frame.f_globals.get("__name__", "").startswith(ENGINE) and of_ours(frame.f_globals)
        if engine and found:
            break
        if not engine:
            found.append(frame)
        frame = frame.f_back
    return found


def _where(stack: list[types.FrameType]) -> Where:
    """The line of the innermost frame that has a name."""
    frame = next((f for f in stack if not f.f_code.co_name.startswith("<")), stack[0])
    return Where(frame.f_code, frame.f_lineno)


def _own(frame: types.FrameType | None) -> bool:
    """Is it the frame of a function of the reader's own?"""
    return frame is not None and not of_ours(frame.f_globals)


def _call(stack: list[types.FrameType]) -> types.FrameType:
    """The outermost of the frames of tdxkit that an access comes from: the call that the reader's function made."""
    last = stack[0]
    for frame in stack:
        if _own(frame):
            break
        last = frame
    return last


def _works_on(call: types.FrameType, memory: "Logged") -> bool:
    """Was this function of tdxkit called with the memory, and not with something that hands on looks at it?"""
    code = call.f_code
    return code.co_argcount > 0 and call.f_locals.get(code.co_varnames[0]) is memory


def _innermost(generator: Any) -> types.FrameType | None:
    """The frame of the generator that yields."""
    while isinstance(generator.gi_yieldfrom, types.GeneratorType):
        generator = generator.gi_yieldfrom
    return generator.gi_frame
