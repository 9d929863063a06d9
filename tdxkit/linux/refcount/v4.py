"""tdx_pamt_get() and tdx_pamt_put() as posted in v4, November 2025 [tdx-v4].

The pair is allocated after the fast path again and the count is set where ADD finds a pair. The decrement still stands outside the
lock, and a failed ADD still leaves the return value at 0: the caller goes on without a pair.

Fidelity card
  modelled: the posted order of atomics, lock, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts, pages from a pool
"""

from tdxkit.kinds import conditional, load, locked, store
from tdxkit.linux.refcount.module import (
    ENOMEM,
    PAIR,
    STATUS,
    TDX_HPA_RANGE_NOT_FREE,
    free_pages,
    spin_lock,
    spin_unlock,
    take_pages,
    tdh_phymem_pamt_add,
    tdh_phymem_pamt_remove,
)

TITLE = "tdx_pamt_get / tdx_pamt_put as posted in v4"
SOURCES = ("tdx-v4",)


def get(m, region):
    """tdx_pamt_get(page): 0, or -ENOMEM; a failed ADD is told as 0."""
    yield conditional("atomic_inc_not_zero", "refcount")
    if m.refcount[region]:
        m.refcount[region] += 1
        m.tell("The count says that the region has a pair: one user more, no lock needed.")
        return 0
    m.tell("The refcount is 0: the slow path.")
    pages = yield from take_pages(m)
    if pages < PAIR:
        yield from free_pages(m, pages)
        return ENOMEM
    yield from spin_lock(m)

    yield load("atomic_read", "refcount")
    if m.refcount[region]:
        m.tell("Another get was faster: the pages are not needed.")
        yield locked("atomic_inc", "refcount")
        m.refcount[region] += 1
        yield from spin_unlock(m)
        yield from free_pages(m)
        return 0

    err = yield from tdh_phymem_pamt_add(m, region)
    if not err or err & STATUS == TDX_HPA_RANGE_NOT_FREE:
        yield store("atomic_set", "refcount, 1")
        m.refcount[region] = 1
        m.tell("From here on gets take the fast path.")
    yield from spin_unlock(m)
    if err:
        yield from free_pages(m)
    return 0


def put(m, region):
    """tdx_pamt_put(page)"""
    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if m.refcount[region]:
        return
    m.tell("It was the last user. The refcount is 0, and this CPU does not hold pamt_lock.")
    yield from spin_lock(m)

    yield load("atomic_read", "refcount")
    if m.refcount[region]:
        m.tell("A get came in between: the pair stays.")
        yield from spin_unlock(m)
        return

    if (yield from tdh_phymem_pamt_remove(m, region)):
        yield locked("atomic_inc", "refcount")
        m.refcount[region] += 1
        m.tell("The error path puts the reference back, for a pair that it takes to be still there.")
        yield from spin_unlock(m)
        return

    yield from spin_unlock(m)
    yield from free_pages(m)
