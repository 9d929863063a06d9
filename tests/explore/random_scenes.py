"""Random scenarios of few states with all that the engines have to agree on: locks, choices, notes, interrupts of interrupts, rules of each
kind, errors, waits, steps that touch nothing shared, on either memory."""

from random import Random

from tdxkit.explore.program import Scenario, interrupt
from tdxkit.explore.rules import always, at_end, each_step, finished, must
from tdxkit.kinds import conditional, load, lock, locked, sleep, store, unlock
from tests.house import Housed

SHARED = {"x": 0, "y": 0, "L": False, "R": 0}
PROPERTIES = (
    must("seen"),
    always("not both", lambda m: not (m.x == 2 and m.y == 2)),
    at_end("y in the end", lambda m: m.y != 1),
    each_step("in hand", "pages", lambda n: 0 <= n < 3),
    finished("none lost", "pages", lambda n: n == 0),
)


def run(m, acts):
    """What a thread does, act by act."""
    own = 0
    for act, name, value in acts:
        if act == "store":
            yield store("WRITE_ONCE", name)
            setattr(m, name, value)
        elif act == "load":
            yield load("READ_ONCE", name)
            own = getattr(m, name)
        elif act == "put":
            yield store("WRITE_ONCE", name)
            setattr(m, name, own)
        elif act == "inc":
            yield locked("atomic_inc", name)
            setattr(m, name, (getattr(m, name) + 1) % 3)
        elif act == "cond":
            yield conditional("cmpxchg", name)
            if getattr(m, name) == value:
                setattr(m, name, 2)
        elif act == "take":
            while True:
                yield lock("spin_lock", "L")
                if not m.L:
                    m.L = True
                    break
        elif act == "give":
            yield unlock("spin_unlock", "L")
            m.L = False
        elif act == "read":
            yield lock("down_read", "R")
            m.R = m.R + 1
        elif act == "done":
            yield locked("up_read", "R")
            m.R = m.R - 1
        elif act == "sleep":
            yield sleep("msleep")
        elif act == "fence":
            yield locked("smp_mb", "")
        elif act == "note":
            yield "count"
            m.note("pages", value - 1)
        elif act == "must":
            yield load("READ_ONCE", name)
            m.must("seen", getattr(m, name) != value)
        elif act == "claim":
            yield load("READ_ONCE", name)
            assert getattr(m, name) != value, "claimed"
        elif act == "choose":
            own = yield "choose", (0, value)
        elif act == "wait":
            while True:
                yield load("READ_ONCE", name)
                if getattr(m, name) == value:
                    break
        else:
            yield "think"
            own = own and 1


ACTS = ("store", "store", "load", "put", "inc", "cond", "take", "give", "read", "done", "sleep", "fence", "note", "must", "claim", "choose", "wait", "think")  # fmt: skip


def scene(seed, memory="sc"):
    """The scenario of a seed."""
    die = Random(seed)
    favourites = die.sample(ACTS, 6)

    def thread(most, **more):
        acts = tuple((die.choice(favourites), die.choice("xy"), die.randint(0, 2)) for _ in range(die.randint(1, most)))
        return Housed(run, (acts,), **more)

    threads = [thread(4), thread(3)]
    if die.random() < 0.3:
        threads[1] = Housed(run, threads[0].args)
    if die.random() < 0.6:
        threads.append(thread(2, on=threads[0], off=die.choice((None, None, ("pages", 1)))))
        if die.random() < 0.4:
            threads.append(thread(1, on=threads[die.choice((0, 2))]))
    die.shuffle(threads)
    rules = tuple(rule for rule in PROPERTIES if die.random() < 0.7)
    mutexes = ("R",) if die.random() < 0.5 else ()
    return Scenario("scene", SHARED, tuple(threads), rules, locks=("L", "R"), mutexes=mutexes, memory=memory)


__all__ = ["interrupt", "scene"]
