"""Where a CPU inside the kernel may give way to another task: the four preemption models and their points.

A task in the kernel keeps its CPU until it comes to a point where its preemption model lets the scheduler in. Which points a loop
passes is a fact of the loop; which of them count is the model's.

    >>> from tdxkit.linux.memattr.result import Phase
    >>> stops("voluntary", Phase("reserve")), stops("voluntary", Phase("store")), stops("voluntary", Phase("store", resched=1))
    (('might_alloc',), (), ('cond_resched',))

Facts: linux-preempt.

Fidelity card
  modelled: which points each loop of the call passes (mutex_lock() in slots_lock, xa_reserve()'s might_alloc(), xa_unlock() once a
    page, cond_resched() where the patch has put it), and which of them each model makes use of
  simplified: FULL and LAZY differ only in how long a fair task waits, a tick at most; the stopper comes at once in both
  left out: allocations that must sleep, real-time tasks, a preemption model changed while the call runs
"""

from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr.result import Phase

SOURCES = ("linux-preempt",)
POINTS = {
    "might_sleep": "entry of a function that may sleep, such as mutex_lock()",
    "might_alloc": "entry of an allocation that may sleep: xa_reserve() passes it for every page, allocating or not",
    "cond_resched": "an explicit offer to give way",
    "unlock": "a spinlock is let go and nothing else forbids preemption",
    "interrupt": "an interrupt returns into the kernel where nothing forbids preemption",
}


@dataclass(frozen=True, slots=True)
class Preemption:
    """A preemption model: name, how a kernel's report shows it, the points (keys of POINTS) at which it may schedule."""

    name: str
    shown: str
    points: tuple[str, ...]


MODELS = {
    m.name: m
    for m in (
        Preemption("none", "PREEMPT(none)", ("cond_resched",)),
        Preemption("voluntary", "PREEMPT(voluntary)", ("might_sleep", "might_alloc", "cond_resched")),
        Preemption("full", "PREEMPT(full)", ("unlock", "interrupt")),
        Preemption("lazy", "PREEMPT(lazy)", ("unlock", "interrupt")),
    )
}

_PASSED = {
    "slots_lock": ("might_sleep", "interrupt"),
    "check": ("interrupt",),  # inside an RCU reader: cond_resched() would not be legal
    "reserve": ("might_alloc", "unlock", "interrupt"),
    "pre": ("unlock",),  # mmu_lock is held all the way
    "store": ("unlock", "interrupt"),
    "post": ("unlock",),
}


def model_named(name: str) -> Preemption:
    """The preemption model of this name, in any case; InputError with the known ones otherwise."""
    model = MODELS.get(name.lower()) if isinstance(name, str) else None
    if model is None:
        known = ", ".join(MODELS)
        raise InputError(f"preemption model {printable(name)}", f"there are {known}", "name one of these")
    return model


def passed(phase: Phase) -> tuple[str, ...]:
    """The points that a stretch of the call passes, whatever the model."""
    return _PASSED[phase.loop] + (("cond_resched",) if phase.resched else ())


def stops(model: str, phase: Phase) -> tuple[str, ...]:
    """The points of a stretch at which this model may schedule; none: the stretch is unbroken."""
    return tuple(point for point in passed(phase) if point in model_named(model).points)
