"""The memory that a program taken apart runs on: what it does goes into a log, and what the log has is not done again."""

import sys
import types
from collections.abc import Callable
from typing import Any

from tdxkit.errors import ModelError, hush
from tdxkit.explore.memory import Memory
from tdxkit.explore.pieces import Piece, Pieces, Where
from tdxkit.explore.values import Reached, frozen
from tdxkit.explore.whose import of_ours
from tdxkit.kinds import LOAD, LOCK, LOCKED, SEAMCALL, STORE, UNLOCK, Act

ENGINE = "tdxkit.explore."
NOTE, SAY = "note", "say"
SPARE = 1_000  # looks at the memory of a step that runs for nothing


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
        self._own: int | None = None  # the variable of the instruction that the step's label says it is
        self._says = Act("")  # the label of the step, where a function of the reader's own yields it
        self._said = Act("")

    def begin(self, generator: Any) -> None:
        """A step starts where this generator stands."""
        self.events, self._own = [], None
        self._says = self._said if _own(_innermost(generator)) else Act("")
        self.go_on(self.events)

    def says(self, item: object) -> None:
        """What the program yielded: its next step's label."""
        label = item[0] if isinstance(item, tuple) and item else item
        self._said = label if isinstance(label, Act) else Act("")

    def go_on(self, events: list, over: bool = False) -> None:
        """The step from its start, its events so far known; `over`: they are all of it."""
        self.events, self._position, self._over, self.pausing, self._group = events, 0, over, False, None

    def rest(self) -> None:
        """A part is over: no frame is kept."""
        self._group = None

    def event(self, what: str, slot: object, do: Callable[[], object], put: object = None) -> object:
        """Do something, or say what came of it when it was done. `put`: what is stored."""
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
            self._access(what, slot)
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

    def _access(self, what: str, slot: int) -> None:
        """A load or store that is to be made now: pause before it where it is no part of the instruction under way."""
        stack = _stack()
        own = _own(stack[0])
        call = None if own else _call(stack)
        where = _where(stack if call is None else stack[stack.index(call) + 1 :] or stack)
        if own:
            told = self._pieces.judges(where.code, stack[0].f_lineno)
            self._pieces.look(where, what, slot, told)
            if what == STORE and slot in self._pieces.locks:
                self._pieces.store(where, slot, self.events)
            if told:
                return
        group = call or self._instruction(slot) or object()
        if self._group is None or self._group is group:
            self._group = group
            return
        before = tuple((w, s) for w, s, _ in self.events if isinstance(s, int))
        piece = Piece(where, what, slot, before) if call is None else Piece(where, "", -1, before)
        self.label = self._pieces.label(piece, call.f_code.co_name if call else "")
        self.lines = [(f.f_code, f.f_lineno) for f in reversed(stack)]
        self.pausing, self._spare, self._scratch = True, SPARE, {}
        hush()

    def _instruction(self, slot: int) -> object:
        """The instruction that the step's label says it is, where this variable is what it works on."""
        if self._says.kind == SEAMCALL:
            inside = self._pieces.inside
            return self._says if not inside or slot in inside else None
        if self._says.kind not in (LOCKED, LOCK, UNLOCK):
            return None
        if self._own is None:
            self._own = slot
        return self._says if self._own == slot else None

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
        return self._log.event(LOAD, slot, lambda: self._log.memory._load(slot))

    def _store(self, slot: int, value: object) -> None:
        self._log.event(STORE, slot, lambda: self._log.memory._store(slot, value), value)

    def must(self, name: str, condition: object) -> None:
        self._log.event(SAY, name, lambda: self._log.memory.must(name, condition))

    def tell(self, sentence: str) -> None:
        self._log.event(SAY, None, lambda: self._log.memory.tell(sentence))

    def note(self, what: str, change: int = 0) -> int:
        return self._log.event(NOTE, what, lambda: self._log.memory.note(what, change))


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


def _innermost(generator: Any) -> types.FrameType | None:
    """The frame of the generator that yields."""
    while isinstance(generator.gi_yieldfrom, types.GeneratorType):
        generator = generator.gi_yieldfrom
    return generator.gi_frame
