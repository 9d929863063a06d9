"""tdx_pamt_get() and tdx_pamt_put() of v3 before its optimisation patch, September 2025 [tdx-v3].

Meant as the simple form with everything under pamt_lock, but the count does not count: a get that finds one leaves it as it is, and
a put that finds one takes the pair away. The review found it; v4 has the form that was meant (see v4_unoptimised.py). A failed
ADD, that of a pair which is there included, is told as success.

Fidelity card
  modelled: the posted order of lock, SEAMCALLs and the count, one atomic step each; the error paths
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts, pages from a pool
"""

from tdxkit.kinds import load, locked
from tdxkit.linux.refcount.module import (
    ENOMEM,
    PAIR,
    free_pages,
    spin_lock,
    spin_unlock,
    take_pages,
    tdh_phymem_pamt_add,
    tdh_phymem_pamt_remove,
)

TITLE = "tdx_pamt_get / tdx_pamt_put of v3 before its optimisation patch"
SOURCES = ("tdx-v3",)


def get(m, region):
    """tdx_pamt_get(page): 0, or -ENOMEM; a failed ADD is told as 0."""
    if (yield from take_pages(m)) < PAIR:
        return ENOMEM
    yield from spin_lock(m)

    yield load("atomic_read", "refcount")
    if m.refcount[region]:
        m.tell("The region has a pair. The count stays as it is: this user is not in it.")
        yield from spin_unlock(m)
        yield from free_pages(m)
        return 0

    if (yield from tdh_phymem_pamt_add(m, region)):
        m.tell("ADD failed, whatever the reason: the return value is still 0.")
        yield from spin_unlock(m)
        yield from free_pages(m)
        return 0

    yield locked("atomic_inc", "refcount")
    m.refcount[region] += 1
    yield from spin_unlock(m)
    return 0


def put(m, region):
    """tdx_pamt_put(page)"""
    yield from spin_lock(m)

    yield load("atomic_read", "refcount")
    if not m.refcount[region]:
        m.tell("Nobody holds the pair: nothing to do.")
        yield from spin_unlock(m)
        return
    m.tell("There is a count, so the pair goes, whoever else uses it.")

    if (yield from tdh_phymem_pamt_remove(m, region)):
        yield from spin_unlock(m)
        return

    yield locked("atomic_dec", "refcount")
    m.refcount[region] -= 1
    yield from spin_unlock(m)
    yield from free_pages(m)
