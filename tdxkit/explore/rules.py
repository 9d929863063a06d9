"""The rules that a scenario can ask for.

    always("small", lambda m: m.n < 5)            in every state
    sometimes("busy", lambda m: m.users)          in at least one
    at_end("all back", lambda m: not m.users)     when every thread has finished
    must("REMOVE must find a pair")               where a program says m.must(name, condition)
    each_step("in hand", "pages", lambda n: n >= 0)    of what a thread has noted with m.note("pages", +2)
    finished("none lost", "pages", lambda n: not n)    of the same, when that thread has finished

What a thread notes is kept with the thread and is part of its place as long as a rule that needs it is asked: two ways into one state of the
memory must not hide that on one of them pages were lost. The rules about locks come with the locks of a scenario.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from tdxkit.errors import ModelError, printable
from tdxkit.explore.holding import Held, Words, weight
from tdxkit.explore.sleeping import takes_at_once, takes_mutex
from tdxkit.kinds import LOCK, Act
from tdxkit.rules import named

BY_PROGRAMS = ("must", "lock")  # kinds of rules that are checked while programs run


@dataclass(frozen=True, slots=True)
class Property:
    """A named rule. `check` gets the memory, or what the thread has noted, and returns a truth value; a `must` has none. `notes`: what
    threads note that this rule needs. `foreseen`: of an `at_end`, gets the memory and the texts that programs still have in their variables, and
    says whether it is known already that the rule will be broken."""

    kind: str
    name: str
    check: Callable[..., object] | None = None
    notes: tuple[str, ...] = ()
    foreseen: Callable[..., object] | None = None

    def __post_init__(self):
        if self.kind not in BY_PROGRAMS and not callable(self.check):
            raise ModelError(
                f"rule {printable(self.name)}",
                f"its check is {printable(self.check, 40)}, not a function",
                f'write {self.kind}("{printable(self.name, 40)}", …, lambda …: …)'
                if self.notes
                else f'write {self.kind}("{printable(self.name, 40)}", lambda m: …)',
            )


def always(name: str, check: Callable) -> Property:
    """`check(m)` holds in every state, the first one included."""
    return Property("always", name, check)


def sometimes(name: str, check: Callable) -> Property:
    """`check(m)` holds in at least one reachable state: keeps "nothing found" from being true of a model that does nothing."""
    return Property("sometimes", name, check)


def at_end(name: str, check: Callable, foreseen: Callable | None = None) -> Property:
    """`check(m)` holds whenever every thread has finished; `foreseen` as of Property."""
    return Property("at_end", name, check, (), foreseen)


def must(name: str, *notes: str) -> Property:
    """Declares a rule that programs check with m.must(name, …), so that it can be asked for; `notes`: what they look up for it."""
    return Property("must", name, None, notes)


def each_step(name: str, note: str, check: Callable) -> Property:
    """`check(n)` holds after each step of a thread that changes n, what the thread has noted under `note`."""
    return Property("each_step", name, check, (note,))


def finished(name: str, note: str, check: Callable) -> Property:
    """`check(n)` holds when a thread has finished, n being what it has noted under `note`."""
    return Property("finished", name, check, (note,))


UNLOCK_BY_HOLDER, NO_RELOCK, NO_STEAL = map(named, ("unlock-by-holder", "no-relock", "no-steal"))
NO_LEFT, NO_SLEEP, NO_SLEEP_IN_IRQ = map(named, ("no-lock-left", "no-sleep-locked", "no-sleep-in-irq"))
LOCK_RULES = tuple(Property("lock", name) for name in (UNLOCK_BY_HOLDER, NO_RELOCK, NO_STEAL, NO_LEFT, NO_SLEEP))
IRQ_RULES = (Property("lock", NO_SLEEP_IN_IRQ),)


def noted_wrong(
    rules: Iterable[Property], before: dict[str, int], after: dict[str, int], over: bool
) -> tuple[str, ...]:
    """The rules that a thread's notes break after a step; `over`: the thread has finished with it."""
    return tuple(
        rule.name
        for rule in rules
        if rule.check
        and (over if rule.kind == "finished" else after[rule.notes[0]] != before[rule.notes[0]])
        and not rule.check(after[rule.notes[0]])
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What the rules about locks ask of a step.

    held: the locks that the thread held before it; left: those that it still holds where it has finished with it. looked: the slots it
    read; alone: of those it holds the locks that nobody else does. words: the lock words it wrote, as (slot, before, after). waits: it changed nothing and stands where it stood. irq: it is an
    interrupt's.
    """

    label: Act
    held: Held
    left: Held
    looked: Collection[int]
    alone: Collection[int]
    words: Words
    waits: bool
    irq: bool


def mutexes_of(label: Act, words: Words) -> frozenset[int]:
    """The locks that a step takes by the name of what takes a mutex: under them one may sleep, whatever was declared."""
    return frozenset(slot for slot, old, new in words if weight(new) > weight(old) and takes_mutex(label.does))


def locked_wrong(step: Step, mutexes: frozenset[int]) -> tuple[str, ...]:
    """The lock rules that a step breaks; mutexes: the locks under which one may sleep."""
    broken = []
    label, held, words, looked = step.label, step.held, step.words, step.looked
    same = [
        slot for slot, old, new in words if weight(old) and weight(new) == weight(old)
    ]  # written over a lock that is taken
    if any(slot not in held and (not weight(new) or weight(new) < weight(old)) for slot, old, new in words):
        broken.append(UNLOCK_BY_HOLDER)
    waits = (
        step.waits
        and bool(own := set(looked) & set(step.alone))
        and (label.kind == LOCK or (not label.kind and own == set(looked)))
    )
    if waits or any(
        slot in held and old == new for slot, old, new in words if weight(new)
    ):  # a reader may become the writer
        broken.append(NO_RELOCK)
    if not step.waits and any(slot not in held for slot in same):  # who comes back for it has seen that it was taken
        broken.append(NO_STEAL)
    if step.left:
        broken.append(NO_LEFT)
    waits = not takes_at_once(label.does)
    sleeps = label.sleeps or any(slot in mutexes and weight(new) > weight(old) and waits for slot, old, new in words)
    if sleeps and set(held) - mutexes:
        broken.append(NO_SLEEP)
    if sleeps and step.irq:
        broken.append(NO_SLEEP_IN_IRQ)
    return tuple(broken)
