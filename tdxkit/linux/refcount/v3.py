"""tdx_pamt_get() and tdx_pamt_put() of v3 with its optimisation patch, September 2025 [tdx-v3].

v2's scheme again: the decrement outside the lock. Two more things differ from what v4 and v5 do: the pair is allocated before the fast path is tried, so
every get pays for two pages, and a failed ADD leaves the return value at 0, so the caller is told success (v4 too). And where
the second page cannot be had, the first is lost.

Fidelity card
  modelled: the posted order of atomics, lock, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  modelled: the page that is lost when the second one cannot be had, in the scenario in which pages are taken one by one
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

TITLE = "tdx_pamt_get / tdx_pamt_put as posted in v3, optimised"
SOURCES = ("tdx-v3",)


def get(m, region):
    """tdx_pamt_get(page): 0, or -ENOMEM; a failed ADD is told as 0."""
    if (yield from take_pages(m)) < PAIR:
        return ENOMEM

    yield conditional("atomic_inc_not_zero", "refcount")
    if m.refcount[region]:
        m.refcount[region] += 1
        m.tell("The count says that the region has a pair: one user more, and two pages allocated for nothing.")
        yield from free_pages(m)
        return 0
    m.tell("The refcount is 0: the slow path.")
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
    if not err:
        yield store("atomic_set", "refcount, 1")
        m.refcount[region] = 1
        m.tell("From here on gets take the fast path.")
        yield from spin_unlock(m)
        return 0

    if err & STATUS == TDX_HPA_RANGE_NOT_FREE:
        yield locked("atomic_inc", "refcount")
        m.refcount[region] += 1
        m.tell("The pair was there already, from a put that is late: it is taken over.")
    yield from spin_unlock(m)
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
