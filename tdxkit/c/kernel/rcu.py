"""RCU: readers who are never kept waiting, and who keep waiting whoever frees [linux-rcu].

Each CPU that reads has a cell of its own, how deep it is inside, held like a lock: whoever reads may not sleep, and leaves before it ends. It takes
the first that nobody has; leaving is a plain store to it, which nobody else writes. synchronize_rcu() waits until nobody reads; kfree_rcu() waits
for nobody, and the memory is gone once nobody reads. rcu_read_lock() is a locked instruction here, and none on a machine. SRCU has such cells in
each domain, and its readers may sleep.
"""

from collections.abc import Iterator

from tdxkit.c.kernel import contexts
from tdxkit.c.kernel.contexts import NO_SLEEP_READING, PREEMPTION, SOFTIRQS, counts, may_sleep
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.heap import gone_with_readers, let_go
from tdxkit.c.known import OF_READERS
from tdxkit.c.runtime import READERS, anybody_reads, cell, get, put
from tdxkit.c.types import INT, VOID
from tdxkit.explore.rules import must
from tdxkit.kinds import LOCKED, Act, load, lock, locked, unlock

SOURCES = ("linux-rcu",)
SIMPLIFIED = (
    "RCU waits until there is no reader at all, of those who called rcu_read_lock(): who holds a spinlock or has preemption off is none here",
    "whether rcu_dereference() and the loops of the _rcu kind stand where somebody reads, as lockdep would ask, is not asked",
    "rcu_read_lock() empties the store buffer, which a machine does not do, and rcu_read_unlock() does not; what call_rcu() frees goes with the last reader, any other callback is called by its CPU, which waits",
)
OBJECTS = {READERS: OF_READERS}
RULES = (must(NO_SLEEP_READING),)
FORMS = ("", "_bh", "_sched")
OFF_INSIDE = {"_bh": SOFTIRQS, "_sched": PREEMPTION}  # what readers of these forms have off


def _at(more) -> tuple[str, int]:
    """The first of the cells: those of a domain of SRCU, or RCU's own."""
    return more[0] if more else (READERS, 0)


def _mine(m, where, free: bool = False):
    """This CPU's cell, in which it reads already, or one that is free; None where there is none."""
    cells = [(where[0], where[1] + k) for k in range(m.c_cpus)]
    held = [p for p in cells if m._holds(cell(m, p))]
    return next(iter(held), None) or next((p for p in cells if free and not get(m, p)), None)


def _enters(does: str, form: str = ""):
    def program(m, *more):
        where = _at(more)
        yield lock(does, where[0], label=f"{does}({cell_of(m, more)})")
        if not more and not anybody_reads(m, where):
            gone_with_readers(m)
        mine = _mine(m, where, free=True)
        put(m, mine, get(m, mine) + 1)
        if form in OFF_INSIDE:
            counts(m, OFF_INSIDE[form], 1)
        return 0

    return program


def cell_of(m, more) -> str:
    """A domain of SRCU as it is called; nothing for RCU's own."""
    return cell(m, more[0]).removesuffix(".readers[0]") if more else ""


def _leaves(does: str, form: str = ""):
    def program(m, *more):
        where = _at(more)
        yield unlock(does, where[0], label=f"{does}({cell_of(m, more)})")
        mine = _mine(m, where)
        put(m, mine or where, get(m, mine) - 1 if mine else 0)  # where it does not read the explorer says so
        if not more and not anybody_reads(m):
            gone_with_readers(m)
        if form in OFF_INSIDE:
            counts(m, OFF_INSIDE[form], -1)

    return program


def _waits(does: str):
    """It is blocked while there are readers, itself included."""

    def program(m, *more):
        where = _at(more)
        while True:
            yield Act(f"{does}({cell_of(m, more)})", LOCKED, does, LOCKED, True, where[0])
            may_sleep(m)
            if not anybody_reads(m, where):
                m.tell("No reader is left.")
                return

    return program


def _callback_waits(m):
    """What call_rcu() waits for; nobody sleeps for it."""
    while True:
        yield locked("call_rcu", READERS)
        if not anybody_reads(m):
            return


def _frees(does: str):
    def program(m, p, *more):
        if not p:
            return
        what, sleeps = p[0] if type(p) is tuple else str(p), does.endswith("mightsleep")
        yield Act(f"{does}({what})", LOCKED, does, LOCKED, sleeps, what)
        may_sleep(m, sleeps)
        let_go(m, p, does, anybody_reads(m))

    return program


def _callback_frees(m, p):
    """call_rcu() of a function that does nothing but free the object in which the head is."""
    yield locked("call_rcu", p[0] if type(p) is tuple else str(p))
    let_go(m, (p[0], 0) if type(p) is tuple else p, "call_rcu", anybody_reads(m))


def _held(m):
    yield load("rcu_read_lock_held", READERS)
    return int(_mine(m, (READERS, 0)) is not None)


def functions() -> Iterator[Entry]:
    """All of them."""
    for form in FORMS:
        rules = RULES if form not in OFF_INSIDE else (*RULES, *contexts.RULES)
        for word, program in (("rcu_read_lock", _enters), ("rcu_read_unlock", _leaves)):
            yield Entry(f"{word}{form}", program(f"{word}{form}", form), "", VOID, needs=READERS, rules=rules)
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
