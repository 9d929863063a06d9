"""RCU: readers who are never kept waiting, and who keep waiting whoever frees [linux-rcu].

How many readers there are is one number, held like a lock: whoever reads may not sleep, and leaves before it ends. synchronize_rcu() waits until
there is no reader; kfree_rcu() waits for nobody, and the memory goes when the last reader leaves. rcu_read_lock() is a locked instruction here,
and none on a machine. SRCU has a number for each domain, and its readers may sleep.
"""

from collections.abc import Iterator

from tdxkit.c.kernel.contexts import NO_SLEEP_READING, READERS, may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.heap import freed_by_readers, let_go
from tdxkit.c.runtime import cell, get, put
from tdxkit.c.types import INT, VOID, Lock
from tdxkit.explore.rules import must
from tdxkit.kinds import LOCKED, Act, load, lock, locked, unlock

SOURCES = ("linux-rcu",)
SIMPLIFIED = (
    "RCU waits until there is no reader at all, of those who called rcu_read_lock(): who holds a spinlock or has preemption off is none here",
    "rcu_read_lock() empties the store buffer, which a machine does not do; what call_rcu() frees goes with the last reader, any other callback is called by its CPU, which waits",
)
OBJECTS = {READERS: Lock(READERS, sleeps=True, shared=True)}  # that a reader may not sleep is a rule of its own
RULES = (must(NO_SLEEP_READING),)
FORMS = ("", "_bh", "_sched")


def _enters(does: str):
    def program(m, *more):
        where = more[0] if more else (READERS, 0)
        yield lock(does, cell(m, where), label=f"{does}({cell(m, where) if more else ''})")
        put(m, where, get(m, where) + 1)
        return 0

    return program


def _leaves(does: str):
    def program(m, *more):
        where = more[0] if more else (READERS, 0)
        yield unlock(does, cell(m, where), label=f"{does}({cell(m, where) if more else ''})")
        left = max(0, get(m, where) - 1)  # where nobody reads the explorer says so
        put(m, where, left)
        if not more and not left:
            freed_by_readers(m)

    return program


def _waits(does: str):
    """It is blocked while there are readers, itself included."""

    def program(m, *more):
        where = more[0] if more else (READERS, 0)
        while True:
            yield Act(f"{does}({cell(m, where) if more else ''})", LOCKED, does, LOCKED, True, cell(m, where))
            may_sleep(m)
            if not get(m, where):
                m.tell("No reader is left.")
                return

    return program


def _callback_waits(m):
    """What call_rcu() waits for; nobody sleeps for it."""
    while True:
        yield locked("call_rcu", READERS)
        if not get(m, (READERS, 0)):
            return


def _frees(does: str):
    def program(m, p, *more):
        if not p:
            return
        yield locked(does, p[0] if type(p) is tuple else str(p))
        let_go(m, p, does, bool(get(m, (READERS, 0))))

    return program


def _callback_frees(m, p):
    """call_rcu() of a function that does nothing but free the object in which the head is."""
    yield locked("call_rcu", p[0] if type(p) is tuple else str(p))
    let_go(m, (p[0], 0) if type(p) is tuple else p, "call_rcu", bool(get(m, (READERS, 0))))


def _held(m):
    yield load("rcu_read_lock_held", READERS)
    return int(bool(get(m, (READERS, 0))))


def functions() -> Iterator[Entry]:
    """All of them."""
    for form in FORMS:
        yield Entry(f"rcu_read_lock{form}", _enters(f"rcu_read_lock{form}"), "", VOID, needs=READERS, rules=RULES)
        yield Entry(f"rcu_read_unlock{form}", _leaves(f"rcu_read_unlock{form}"), "", VOID, needs=READERS)
    for word in ("synchronize_rcu", "synchronize_rcu_expedited", "synchronize_net", "cond_synchronize_rcu"):
        yield Entry(word, _waits(word), "…" if word.startswith("cond") else "", VOID, needs=READERS)
    for word in ("kfree_rcu", "kvfree_rcu", "kfree_rcu_mightsleep", "kvfree_rcu_mightsleep"):
        yield Entry(word, _frees(word), "p…", VOID, needs=READERS)
    yield Entry("call_rcu", _callback_waits, "", VOID, needs=READERS)
    yield Entry("call_rcu_frees", _callback_frees, "p", VOID, needs=READERS)
    yield Entry("rcu_read_lock_held", _held, "", INT, needs=READERS)
    yield Entry("srcu_read_lock", _enters("srcu_read_lock"), "p", INT)
    yield Entry("srcu_read_unlock", _leaves("srcu_read_unlock"), "p…", VOID)
    for word in ("synchronize_srcu", "synchronize_srcu_expedited"):
        yield Entry(word, _waits(word), "p", VOID)
