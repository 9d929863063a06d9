"""A `Run`: everything that happens in a model, as a first state and one difference a step. Every view shows one.

A state is a flat mapping from a name such as ``refcount[0]`` to a frozen value: a number, a string, a truth value, None, or a
tuple of these; one that is read otherwise than Python writes it (an address, a lock word) brings its own `__str__`. Position 0 of a run is the first state, position k the state after step k.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from tdxkit.card import Card
from tdxkit.kinds import SEAMCALL
from tdxkit.rules import result
from tdxkit.text import Pattern, words

NO_CARD = Card()
STATUS = Pattern(r"\bTDX_[A-Z0-9_]+")
ABSENT = "—"  # what a name holds in a state that does not have it

State = Mapping[str, object]


class Change(NamedTuple):
    """One name of the state, before and after a step; ABSENT where it came or went."""

    key: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.key} {words(self.old)} → {words(self.new)}"


STANDSTILLS = ("deadlock", "livelock")  # what a run breaks where nobody moves any more, or somebody for ever
NO_END = "from here no end can be reached, whoever goes next: fair turns do not help"


class Wait(NamedTuple):
    """An actor that cannot move after a step, who keeps it from moving (None: nobody yet) and why, as a sentence; spins: it looks again and again; what: the
    name of what it waits for."""

    actor: str
    holder: str | None
    why: str
    spins: bool = False
    what: str = ""


class Read(NamedTuple):
    """A name that a step read and another actor had written, and the step in which it did. missed: that store still waited in its CPU's
    buffer, so what was read is the value before it."""

    key: str
    step: int
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A place in one of the run's texts: the text's name and the index of the line in it, from 0."""

    text: str
    index: int


class Text(NamedTuple):
    """The source text that a lane shows: the model itself, as the reader would find it in its file. added: the indexes of the lines that a
    patch adds to it, where it is about one. first: the number of its first line in the file or paste, 0 where lines are not counted."""

    title: str
    lines: tuple[str, ...]
    added: tuple[int, ...] = ()
    first: int = 0


class Track(NamedTuple):
    """A row of the timeline, read from the state.

    kind ``lock``: the state holds the holder's name or None; ``fact``: it holds something true or false; ``value``: what it holds is
    itself shown, as a count or what waits in a store buffer; ``rule``: `key` is the name of a rule, the row turns at the step whose
    `broken` names it.
    """

    name: str
    key: str
    kind: str


def answered(label: str, kind: str, sentence: str) -> str:
    """A step's label, of a SEAMCALL that did not succeed with the status that its sentence names."""
    status = STATUS.search(sentence) if kind == SEAMCALL else None
    return f"{label} = {status[0]}" if status else label


@dataclass(frozen=True, slots=True)
class Step:
    """One atomic step: who did what, in a sentence, and what came of it.

    `line` is where the actor was when it took the step, `next` where it stands now (None: it has finished, or has no text).
    `kind` is load, store, locked, lock, unlock, seamcall, alloc or free, "" for what is none of these; `does` is the operation by its
    kernel or SEAMCALL name; `way`: of functions that call each other the lines down to `line`, it too; `because`: of a broken rule
    why it is, where that is more than the sentence; `reads`: what it read that others had written, locks left out. Label and sentence
    are for people: whoever asks what happened looks at these two.
    """

    actor: str
    label: str
    sentence: str
    changes: tuple[Change, ...] = ()
    line: Line | None = None
    next: Line | None = None
    waits: tuple[Wait, ...] = ()
    broken: tuple[str, ...] = ()
    kind: str = ""
    does: str = ""
    way: tuple[Line, ...] = ()
    because: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[Read, ...] = ()

    def why(self, rule: str) -> str:
        """What there is to say of a rule that this step broke: who waits for whom in a standstill, else what the step did."""
        deadlock, livelock = STANDSTILLS
        if rule == livelock:
            return NO_END
        if rule == deadlock and self.waits:
            return "; ".join(wait.why for wait in self.waits)
        return self.because.get(rule, self.sentence)

    @property
    def answered(self) -> str:
        """The label, of a SEAMCALL that did not succeed with the status that its sentence names."""
        return answered(self.label, self.kind, self.sentence)

    def wrong(self) -> tuple[str, ...]:
        """For each rule that this step broke what is the case, said as a result, and why."""
        return tuple(f"{result(rule)}: {self.why(rule)}" for rule in self.broken)


@dataclass(frozen=True, slots=True)
class Run:
    """A title, the actors in the order of their lanes, the first state and the steps. chapters: of a long run (first step, title) of its parts."""

    title: str
    actors: tuple[str, ...]
    first: State
    steps: tuple[Step, ...]
    subtitle: str = ""
    tracks: tuple[Track, ...] = ()
    texts: Mapping[str, Text] = field(default_factory=dict)
    start: Mapping[str, Line] = field(default_factory=dict)  # where each actor stands at position 0
    card: Card = NO_CARD
    code: str = ""  # the schedule code that makes this run again
    chapters: tuple[tuple[int, str], ...] = ()
    also: "Run | None" = None  # the same steps at the lines of another text, where whoever recorded it knows them
    scenario: object = field(
        default=None, compare=False, repr=False
    )  # what the explorer made it of: from each step others could go on

    def __len__(self) -> int:
        return len(self.steps)

    def states(self) -> Iterator[State]:
        """The state at each position, 0 to len(run)."""
        state = dict(self.first)
        yield MappingProxyType(dict(state))
        for step in self.steps:
            apply(state, step.changes)
            yield MappingProxyType(dict(state))

    def state(self, position: int) -> State:
        """The state after `position` steps."""
        state = dict(self.first)
        for step in self.steps[:position]:
            apply(state, step.changes)
        return MappingProxyType(state)

    def line_at(self, line: Line) -> str:
        """A line of one of the texts, without the blanks around it; a sign before one that a patch adds."""
        text = self.texts[line.text]
        return "+ " * (line.index in text.added) + text.lines[line.index].strip()

    def misled(self, position: int) -> tuple[tuple[int, Read], ...]:
        """What the step to a position rests on: (step, what it read that others had written), of a step that breaks a rule also of the
        latest step before it in which the same actor read such a thing. Nothing for position 0."""
        if not position:
            return ()
        step = self.steps[position - 1]
        found = [(position, read) for read in step.reads]
        if step.broken:
            mine = (k for k in range(position - 1, 0, -1) if self.steps[k - 1].actor == step.actor)
            if earlier := next((k for k in mine if self.steps[k - 1].reads), 0):
                found += [(earlier, read) for read in self.steps[earlier - 1].reads]
        return tuple(found)

    def marks(self) -> tuple[int, ...]:
        """Positions worth a mark on the slider: another actor goes on, or a rule breaks."""
        return tuple(
            k
            for k, step in enumerate(self.steps, 1)
            if step.broken or (k > 1 and step.actor != self.steps[k - 2].actor)
        )

    def __str__(self) -> str:
        return self.told(lambda step: step.answered)

    def told(self, label: Callable[[Step], str], beside: Callable[[Step], str] = lambda step: "") -> str:
        """The run as a table of steps, each by what it is to be called, and with what is to stand beside it."""
        width = max((len(a) for a in self.actors), default=0)
        rows = [self.title, *([self.subtitle] if self.subtitle else [])]
        for k, step in enumerate(self.steps, 1):
            what = "; ".join(str(c) for c in step.changes)
            at = beside(step)
            shown = f"{k:4}  {step.actor:{width}}  {label(step)}" + (f"   [{what}]" if what else "")
            rows.append(shown + (f"   {at}" if at else ""))
            rows += [f"{'':6}!! {wrong}" for wrong in step.wrong()]
        return "\n".join(rows)


def parts(steps: Iterable[Step], of: Callable[[Step], str]) -> tuple[tuple[int, str], ...]:
    """The chapters of a run: (first step, title) of each stretch of steps that `of` gives one title."""
    found: list[tuple[int, str]] = []
    for k, step in enumerate(steps, 1):
        title = of(step)
        if not found or found[-1][1] != title:
            found.append((k, title))
    return tuple(found)


def apply(state: dict[str, object], changes: Iterable[Change]) -> None:
    """Bring a state one step forward, in place."""
    for change in changes:
        if change.new is ABSENT:
            state.pop(change.key, None)
        else:
            state[change.key] = change.new


def diff(before: State, after: State) -> tuple[Change, ...]:
    """What differs between two states: names in the order of `before`, then the new ones."""
    changed = [Change(k, v, after.get(k, ABSENT)) for k, v in before.items() if after.get(k, ABSENT) != v]
    return (*changed, *(Change(k, ABSENT, v) for k, v in after.items() if k not in before))


class Recorder:
    """Builds a run from states: give it the whole state after each step, or only what a step changed; it keeps the difference."""

    def __init__(self, state: State):
        self.first: State = dict(state)
        self.steps: list[Step] = []
        self._last: State = self.first

    def step(self, actor: str, label: str, sentence: str, state: State, **more) -> None:
        """One step and the state after it; `more` goes to Step as it is."""
        self.steps.append(Step(actor, label, sentence, diff(self._last, state), **more))
        self._last = dict(state)

    def change(self, actor: str, label: str, sentence: str, new: State, **more) -> None:
        """One step and the names whose value it set; ABSENT takes a name out."""
        state = {k: v for k, v in {**self._last, **new}.items() if v is not ABSENT}
        self.step(actor, label, sentence, state, **more)

    def run(self, title: str, actors: Iterable[str], **more) -> Run:
        """The finished run; `more` goes to Run as it is."""
        return Run(title, tuple(actors), self.first, tuple(self.steps), **more)
