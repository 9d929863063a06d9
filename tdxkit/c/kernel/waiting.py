"""Completions and wait queues [linux-completion, linux-wait].

A completion counts how often it was completed and not waited for, under its own lock; complete_all() makes that more than anybody can use up. A
wait queue holds who sleeps there: wait_event() looks at its condition, and where that does not hold it queues, looks again, and sleeps until
somebody wakes it. The waits for a condition are read where calls are; here are the steps around the looks.
"""

from collections.abc import Iterator
from dataclasses import replace

from tdxkit.c.kernel.contexts import may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.sleepers import TABLE, Sleeper, joins, leaves, sleeps, somebody, wakes_from_table, woken
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, LONG, ULONG, VOID, Kernels
from tdxkit.kinds import LOAD, LOCKED, Act, conditional, load, locked, sleep, store

SOURCES = ("linux-completion", "linux-wait", "linux-wait-bit")
SIMPLIFIED = (
    "who is asleep is woken by a wake-up alone: no signal ends a wait, and nobody wakes up without a reason; a wait that may be out of time may be so at any moment",
    "a queue is changed under its lock, which empties the store buffer on x86 also where wake_up() finds nobody; the kernel promises a barrier only where it wakes somebody",
)
OBJECTS = {TABLE: Kernels(TABLE)}  # of queues for bits and variables
ALL = (1 << 32) - 1  # what complete_all() leaves, and what no wait uses up
COMES, TIME_OUT = "is completed", "time is up"
WAITS = {  # what waits for a completion: what it returns, and whether it may be out of time
    "wait_for_completion": (VOID, False), "wait_for_completion_io": (VOID, False), "wait_for_completion_interruptible": (INT, False),
    "wait_for_completion_killable": (INT, False), "wait_for_completion_state": (INT, False), "wait_for_completion_timeout": (ULONG, True),
    "wait_for_completion_interruptible_timeout": (LONG, True), "wait_for_completion_killable_timeout": (LONG, True),
}  # fmt: skip
WAKES = {  # how many exclusive waiters a wake-up wakes (0: all), and whether only those who sleep interruptibly
    "wake_up": (1, False), "wake_up_all": (0, False), "wake_up_locked": (1, False), "wake_up_all_locked": (0, False), "wake_up_sync": (1, False), "wake_up_poll": (1, False),
    "wake_up_locked_poll": (1, False), "wake_up_interruptible": (1, True), "wake_up_interruptible_all": (0, True), "wake_up_interruptible_sync": (1, True),
    "wake_up_interruptible_poll": (1, True), "wake_up_interruptible_sync_poll": (1, True), "swake_up_one": (1, False), "swake_up_all": (0, False),
    "swake_up_locked": (1, False),
}  # fmt: skip
ACTIVE = {
    "waitqueue_active": False,
    "swait_active": False,
    "wq_has_sleeper": True,
    "swq_has_sleeper": True,
}  # is there a barrier before it?


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


def _wakes(does: str, most: int, interruptible: bool):
    def program(m, p, *more):
        yield locked(does, cell(m, p))
        return woken(m, p, most, interruptible)

    return program


def _wakes_so_many(does: str, interruptible: bool):
    def program(m, p, most):
        yield locked(does, cell(m, p))
        return woken(m, p, most, interruptible)

    return program


def _wakes_who_waits_for(m, p):
    """wake_up_var(): a look at the table without its lock, and a wake-up where somebody is there."""
    yield wakes_from_table("wake_up_var", cell(m, p))
    woken(m, (TABLE, 0), 1, on=p)


def _active(does: str, fenced: bool):
    """Whether somebody sleeps there. Without a barrier it is a plain look, which the store buffer lets go before a store."""

    def program(m, p):
        yield locked(does, cell(m, p)) if fenced else load(does, cell(m, p))
        return int(somebody(m, p))

    return program


def _looks_at_task(m, p, *more):
    """wake_up_process(): who sleeps by schedule() alone does so no longer than he likes, so nobody need be woken."""
    yield locked("wake_up_process", cell(m, p))
    get(m, p)
    return 0


def _begins(does: str):
    """Before the first look at a condition: one may sleep here."""

    def program(m, p):
        yield sleep(does, label=f"{does}()")
        may_sleep(m)

    return program


def _goes_on(does: str, like: Sleeper, timed: bool):
    """After a look at a condition that does not hold. number: 0 before one has queued, then one's own, negative when the time is up; it gives
    the number after it, 0 where one gives up."""

    def program(m, p, number):
        where, mine = ((TABLE, 0), replace(like, on=p)) if _on_variable(does) else (p, like)
        if not number:
            return (yield from joins(m, where, mine))
        if number > 0:
            in_time = yield from sleeps(m, where, number, does, timed, cell(m, p))
            return number if in_time else -number
        yield from leaves(m, where, -number)
        return 0

    return program


def _is_over(does: str):
    """After the look at which the condition holds: out of the queue, if one has joined it."""

    def program(m, p, number):
        if number:
            yield from leaves(m, (TABLE, 0) if _on_variable(does) else p, abs(number))

    return program


def _on_variable(does: str) -> bool:
    return does.startswith("wait_var_event")


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
    for word, (most, interruptible) in WAKES.items():
        yield Entry(word, _wakes(word, most, interruptible), "p-" if "_poll" in word else "p", INT)
    for word, interruptible in (("wake_up_nr", False), ("wake_up_interruptible_nr", True)):
        yield Entry(word, _wakes_so_many(word, interruptible), "pv", INT)
    yield Entry("wake_up_process", _looks_at_task, "p…", INT)
    yield Entry("wake_up_var", _wakes_who_waits_for, "p", VOID, needs=TABLE)
    for word, fenced in ACTIVE.items():
        yield Entry(word, _active(word, fenced), "p", INT)
    for word, (_, timed, like) in WAIT_EVENTS.items():
        table = TABLE if _on_variable(word) else ""
        yield Entry(word, _begins(word), "p", VOID)
        yield Entry(f"{GOES_ON}{word}", _goes_on(word, like, timed), "pv", INT, needs=table)
        yield Entry(f"{IS_OVER}{word}", _is_over(word), "pv", VOID, needs=table)


GOES_ON, IS_OVER = "the_steps_of_", "the_end_of_"  # what a wait is made of
TOGETHER, ALONE = Sleeper(0), Sleeper(0, exclusive=True)
LIGHTLY, LIGHTLY_ALONE = Sleeper(0, interruptible=True), Sleeper(0, exclusive=True, interruptible=True)
WAIT_EVENTS = {  # macros that wait for a condition: what they return where it holds, whether the time may be up, how one sleeps
    "wait_event": (VOID, False, TOGETHER), "wait_event_interruptible": (INT, False, LIGHTLY), "wait_event_killable": (INT, False, TOGETHER),
    "wait_event_idle": (VOID, False, TOGETHER), "wait_event_freezable": (INT, False, LIGHTLY), "io_wait_event": (VOID, False, TOGETHER),
    "wait_event_interruptible_exclusive": (INT, False, LIGHTLY_ALONE), "wait_event_killable_exclusive": (INT, False, ALONE),
    "wait_event_idle_exclusive": (VOID, False, ALONE), "swait_event_exclusive": (VOID, False, ALONE),
    "swait_event_interruptible_exclusive": (INT, False, LIGHTLY_ALONE), "swait_event_idle_exclusive": (VOID, False, ALONE),
    "wait_event_timeout": (LONG, True, TOGETHER), "wait_event_interruptible_timeout": (LONG, True, LIGHTLY),
    "wait_event_killable_timeout": (LONG, True, TOGETHER), "wait_event_idle_timeout": (LONG, True, TOGETHER),
    "wait_event_freezable_timeout": (LONG, True, LIGHTLY), "swait_event_timeout_exclusive": (LONG, True, ALONE),
    "swait_event_interruptible_timeout_exclusive": (LONG, True, LIGHTLY_ALONE),
    "wait_var_event": (VOID, False, TOGETHER), "wait_var_event_killable": (INT, False, TOGETHER),
    "wait_var_event_interruptible": (INT, False, LIGHTLY), "wait_var_event_timeout": (LONG, True, TOGETHER),
}  # fmt: skip
