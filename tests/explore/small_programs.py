"""Programs of a few steps, of which the tests of the explorer make their scenarios."""

from tdxkit.explore.program import Scenario
from tdxkit.kinds import lock, locked, store
from tests.house import Housed


def one(*threads, shared=None, **more):
    """A scenario of these threads; one number is shared where nothing else is said."""
    return Scenario("one", shared or {"n": 0}, threads, **more)


def steps(m, many, name="n"):
    """So many plain stores, of 0, 1, 2 and so on."""
    for number in range(many):
        yield store("WRITE_ONCE", name, label=f"write {number}")
        m.n = number


def counts(m, many, name="n"):
    """So many increments."""
    for _ in range(many):
        yield locked("atomic_inc", name)
        setattr(m, name, getattr(m, name) + 1)


def chooses(m):
    """One of three numbers, by a choice."""
    m.n = yield "roll", (4, 5, 6)


def spin(m, *locks):
    """Takes these locks one after the other, and keeps them."""
    for name in locks:
        while True:
            yield lock("spin_lock", name)
            if not getattr(m, name):
                setattr(m, name, True)
                break


PLAIN = one(Housed(steps, (2,)), Housed(steps, (2,)))
