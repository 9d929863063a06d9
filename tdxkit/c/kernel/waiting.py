"""Completions and wait queues [linux-completion].

A completion counts how often it was completed and not waited for; complete_all() makes that more than anybody can use up. A wait queue holds
nobody here: whoever waits looks at the condition again and again, and sleeps while it does not hold, so waking is a look at the queue's head.
The waits for a condition are read where calls are.
"""

from collections.abc import Iterator

from tdxkit.c.kernel.contexts import may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, LONG, ULONG, VOID
from tdxkit.kinds import LOAD, LOCKED, Act, conditional, load, locked, sleep, store

SOURCES = ("linux-completion",)
SIMPLIFIED = (
    "who waits looks at the condition again and again, so a wake-up that is forgotten is not found; no signal ends a wait",
)
ALL = (1 << 32) - 1  # what complete_all() leaves, and what no wait uses up
COMES, TIME_OUT = "is completed", "time is up"
WAITS = {  # what waits for a completion: what it returns, and whether it may be out of time
    "wait_for_completion": (VOID, False), "wait_for_completion_io": (VOID, False), "wait_for_completion_interruptible": (INT, False),
    "wait_for_completion_killable": (INT, False), "wait_for_completion_state": (INT, False), "wait_for_completion_timeout": (ULONG, True),
    "wait_for_completion_interruptible_timeout": (LONG, True), "wait_for_completion_killable_timeout": (LONG, True),
}  # fmt: skip
WAKES = ("wake_up", "wake_up_all", "wake_up_nr", "wake_up_interruptible", "wake_up_interruptible_all", "wake_up_interruptible_sync", "wake_up_sync",
         "wake_up_process", "wake_up_locked", "wake_up_poll", "swake_up_one", "swake_up_all")  # fmt: skip


def _used(m, p) -> bool:
    """Uses up one completion, if there is one."""
    done = get(m, p)
    if done and done != ALL:
        put(m, p, done - 1)
    return bool(done)


def _waits(does: str, timed: bool):
    def program(m, p, *more):
        name = cell(m, p)
        while True:
            act = Act(f"{does}({name})", LOCKED, does, LOAD, True, name)
            comes = yield act, ((COMES, TIME_OUT) if timed else (COMES,))
            may_sleep(m)
            if _used(m, p):
                return int(timed)
            if comes == TIME_OUT:
                m.tell("The time is up.")
                return 0

    return program


def _tries(m, p):
    yield conditional("try_wait_for_completion", cell(m, p))
    return int(_used(m, p))


def _done(m, p):
    yield load("completion_done", cell(m, p))
    return int(bool(get(m, p)))


def _completes(does: str):
    def program(m, p):
        yield locked(does, cell(m, p))
        put(m, p, ALL if does == "complete_all" else min(get(m, p) + 1, ALL))

    return program


def _starts(does: str):
    def program(m, p):
        yield store(does, cell(m, p))
        put(m, p, 0)

    return program


def _wakes(does: str):
    def program(m, p, *more):
        yield locked(does, cell(m, p))
        get(m, p)

    return program


def _queue_looked_at(does: str, sleeps: int):
    """Before the first look at a condition: the queue's head is there, and one may sleep."""

    def program(m, p):
        yield Act(f"{does}({cell(m, p)})", LOAD, does, LOAD, bool(sleeps), cell(m, p))
        may_sleep(m, sleeps)
        get(m, p)
        return 0

    return program


def _asleep(does: str):
    """Before the first look at a condition on a variable: the variable itself is not looked at."""

    def program(m, p):
        yield sleep(does, label=f"{does}()")
        may_sleep(m)

    return program


def functions() -> Iterator[Entry]:
    """All of them."""
    for word, (returns, timed) in WAITS.items():
        yield Entry(word, _waits(word, timed), "p…", returns)
    yield Entry("try_wait_for_completion", _tries, "p", INT)
    yield Entry("completion_done", _done, "p", INT)
    for word in ("complete", "complete_all"):
        yield Entry(word, _completes(word), "p", VOID)
    for word in ("init_completion", "reinit_completion", "init_waitqueue_head", "init_swait_queue_head"):
        yield Entry(word, _starts(word), "p", VOID)
    for word in WAKES:
        yield Entry(word, _wakes(word), "p…", INT)
    for word in ("waitqueue_active", "wq_has_sleeper"):
        yield Entry(word, _queue_looked_at(word, 0), "p", INT)
    for word in WAIT_EVENTS:
        looks = _asleep(word) if word.startswith("wait_var_event") else _queue_looked_at(word, 1)
        yield Entry(word, looks, "p", VOID)


WAIT_EVENTS = {  # macros that wait for a condition: what they return where it holds, and whether the time may be up
    "wait_event": (VOID, False), "wait_event_interruptible": (INT, False), "wait_event_killable": (INT, False), "wait_event_idle": (VOID, False),
    "wait_event_freezable": (INT, False), "wait_event_interruptible_exclusive": (INT, False), "io_wait_event": (VOID, False),
    "swait_event_exclusive": (VOID, False), "swait_event_interruptible_exclusive": (INT, False), "wait_event_timeout": (LONG, True),
    "wait_event_interruptible_timeout": (LONG, True), "wait_event_killable_timeout": (LONG, True), "wait_event_idle_timeout": (LONG, True),
    "wait_var_event": (VOID, False), "wait_var_event_killable": (INT, False), "wait_var_event_interruptible": (INT, False),
    "wait_var_event_timeout": (LONG, True),
}  # fmt: skip
