"""The count that starts at -1, with what its sketch leaves open repaired by this workbook [tdx-rfc-v1-review].

Beside minus_one.py: a get looks again once it has the lock, and sets the count instead of adding to it; a put that finds other users
under the lock gives its reference back; pages are freed only where REMOVE gave some. What is left is what the idea itself cannot do: the
fast path of a get still moves the count from 0 to 1 without the lock, after the put has looked.

Fidelity card
  modelled: inc-unless-negative and dec-if-positive, the lock and the second look under it, one atomic step each
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts; nobody proposed it in this form
"""

from tdxkit.kinds import conditional, store
from tdxkit.linux.refcount import minus_one
from tdxkit.linux.refcount.module import (
    EIO,
    ENOMEM,
    alloc_pages,
    free_pages,
    spin_lock,
    spin_unlock,
    tdh_phymem_pamt_add,
    tdh_phymem_pamt_remove,
)

TITLE = "a count that starts at -1, repaired by this workbook"
SOURCES = ("tdx-rfc-v1-review",)
FIRST_REFCOUNT = minus_one.FIRST_REFCOUNT
PROPERTIES = minus_one.PROPERTIES


def get(m, region):
    """0, or a negative errno."""
    yield conditional("atomic_inc_unless_negative", "refcount")
    if m.refcount[region] >= 0:
        m.refcount[region] += 1
        m.tell("The count is not negative, so there is a pair: one user more, no lock needed.")
        return 0
    m.tell("The count is -1: no pair, the slow path.")
    if not (yield from alloc_pages(m)):
        return ENOMEM
    yield from spin_lock(m)

    yield conditional("atomic_inc_unless_negative", "refcount")
    if m.refcount[region] >= 0:
        m.refcount[region] += 1
        m.tell("Another get was faster: the pages are not needed.")
        yield from spin_unlock(m)
        yield from free_pages(m)
        return 0

    if (yield from tdh_phymem_pamt_add(m, region)):
        yield from spin_unlock(m)
        yield from free_pages(m)
        return EIO

    yield store("atomic_set", "refcount, 0")
    m.refcount[region] = 0
    yield from spin_unlock(m)
    return 0


def put(m, region):
    """A put whose last user finds the count at 0."""
    yield conditional("atomic_dec_if_positive", "refcount")
    if m.refcount[region] > 0:
        m.refcount[region] -= 1
        return
    m.tell("The count is 0: it is the last user.")
    yield from spin_lock(m)

    yield conditional("atomic_dec_if_positive", "refcount")
    if m.refcount[region] > 0:
        m.refcount[region] -= 1
        m.tell("A get came in between: the pair stays.")
        yield from spin_unlock(m)
        return
    m.tell("The count is still 0, but a get may move it at any moment: the lock does not keep it away.")

    err = yield from tdh_phymem_pamt_remove(m, region)
    yield store("atomic_set", "refcount, -1")
    m.refcount[region] = -1
    yield from spin_unlock(m)
    if not err:
        yield from free_pages(m)
