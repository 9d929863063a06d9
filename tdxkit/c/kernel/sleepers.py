"""Who sleeps on a wait queue: the entries that prepare_to_wait() queues, and what a wake-up makes of them [linux-wait, linux-wait-bit].

A cell holds a `Queue`. Whoever waits is in it under a number of his own from his first prepare_to_wait() to his finish_wait(): asleep until he
is woken, then known to be awake, which in the kernel is the state of his task and no entry. Waiters for bits and variables are in one table
for all of them, each with what he waits for. All that changes a queue is done under its spinlock, so it is one locked instruction here.
"""

from dataclasses import dataclass, replace

from tdxkit.c.runtime import cell, get, put
from tdxkit.kinds import LOAD, LOCKED, Act, locked

SOURCES = ("linux-wait", "linux-wait-bit")
TABLE = "bit_wait_table"
WAKES, TIME_OUT = "is woken", "time is up"


@dataclass(frozen=True, repr=False)
class Sleeper:
    """One who waits. number: his own in this queue; asleep: nobody has woken him yet; exclusive: woken one at a time; interruptible: in
    which state he sleeps; on: what he waits for, in the table."""

    number: int
    asleep: bool = True
    exclusive: bool = False
    interruptible: bool = False
    on: tuple | None = None

    def __repr__(self) -> str:
        how = (
            f"{'interruptible ' * self.interruptible}{'exclusive ' * self.exclusive}sleeper" if self.asleep else "woken"
        )
        return f"{how} {self.number}"


@dataclass(frozen=True, repr=False)
class Queue:
    """Those who wait, in the order in which a wake-up comes to them; those who are awake at the end."""

    sleepers: tuple[Sleeper, ...] = ()

    def __repr__(self) -> str:
        return ", ".join(map(str, self.sleepers)) or "nobody"


def _read(m, p) -> tuple[Sleeper, ...]:
    """Those in a queue; one of zeros, as it is before it is used, is empty."""
    held = get(m, p)
    return held.sleepers if type(held) is Queue else ()


def _write(m, p, sleepers) -> None:
    """A queue with these: those that are woken together, then who is woken alone, first come first, then who is awake."""
    order = sorted(sleepers, key=lambda s: (2, s.number) if not s.asleep else (1, 0) if s.exclusive else (0, s.number))
    put(m, p, Queue(tuple(order)) if order else 0)


def _joined(m, p, like: Sleeper) -> int:
    """The queue with one more, and his number: the first that nobody has."""
    sleepers = _read(m, p)
    taken = {s.number for s in sleepers}
    number = next(n for n in range(1, len(taken) + 2) if n not in taken)
    _write(m, p, (*sleepers, replace(like, number=number)))
    return number


def _became(m, p, number: int, asleep: bool | None) -> None:
    """Who has this number is asleep, at the end of the queue, or awake, or for None gone."""
    sleepers = _read(m, p)
    others = [s for s in sleepers if s.number != number]
    _write(m, p, others + [replace(s, asleep=asleep) for s in sleepers if s.number == number and asleep is not None])


def _asleep(m, p, number: int) -> bool:
    return any(s.asleep for s in _read(m, p) if s.number == number)


def joins(m, p, like: Sleeper):
    """prepare_to_wait(): into the queue, asleep from now on, though the CPU still runs; the number there."""
    yield locked("prepare_to_wait", cell(m, p))
    m.tell(f"It queues on {cell(m, p)}.")
    return _joined(m, p, like)


def sleeps(m, p, number: int, does: str, timed: bool = False, what: str = ""):
    """schedule(), and where he was woken prepare_to_wait() again: did somebody wake him, or was the time up? what: he waits for in the table."""
    act = Act(f"{does}({what or cell(m, p)}): sleep", LOCKED, does, LOAD, True, cell(m, p))
    while True:
        comes = yield act, ((WAKES, TIME_OUT) if timed else (WAKES,))
        if comes == WAKES and _asleep(m, p, number):
            continue
        _became(m, p, number, comes == WAKES)
        m.tell("It was woken." if comes == WAKES else "The time is up.")
        return comes == WAKES


def leaves(m, p, number: int):
    """finish_wait(): out of the queue."""
    yield locked("finish_wait", cell(m, p))
    _became(m, p, number, None)


def woken(m, p, most: int, interruptible: bool = False, on: tuple | None = None) -> int:
    """A wake-up, within a step: everybody who is not exclusive, and of those who are at most so many, all for 0; how many it woke.
    interruptible: only who sleeps so. on: only who waits for this."""
    left, after, count = most, [], 0
    for sleeper in _read(m, p):
        hit = sleeper.asleep and sleeper.on == on and (sleeper.interruptible or not interruptible)
        if hit and not (sleeper.exclusive and most and not left):
            left -= sleeper.exclusive
            count += 1
            sleeper = replace(sleeper, asleep=False)
        after.append(sleeper)
    if count:
        _write(m, p, after)
        m.tell(f"It wakes {count}.")
    return count


def wakes_from_table(does: str, what: str) -> Act:
    """The step of a wake-up from the table: a look without the lock, and a locked instruction only where somebody is there."""
    return Act(f"{does}({what})", LOCKED, does, LOAD)


def somebody(m, p, on: tuple | None = None) -> bool:
    """Is anybody queued who was not woken yet, and waits for this?"""
    return any(sleeper.asleep and sleeper.on == on for sleeper in _read(m, p))
