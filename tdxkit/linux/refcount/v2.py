"""tdx_pamt_get() and tdx_pamt_put() as posted in v2, June 2025 [tdx-v2-04].

The decrement stands outside pamt_lock, so a put that has brought the count to zero may be late: a get can adopt the pair it was
about to remove (ADD says HPA_RANGE_NOT_FREE, which the code takes for success) and give it back before the late put has the lock.

Fidelity card
  modelled: the posted order of atomics, lock, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  simplified: one 2 MiB region, so the lock is never contended for another region's sake
  simplified: each thread takes, uses and gives back one page at a time, a round being get, use, put
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts, the pr_err lines
"""

from tdxkit.kinds import conditional, load, locked, store
from tdxkit.linux.refcount.module import (
    EIO,
    ENOMEM,
    STATUS,
    TDX_HPA_RANGE_NOT_FREE,
    alloc_pages,
    free_pages,
    spin_lock,
    spin_unlock,
    tdh_phymem_pamt_add,
    tdh_phymem_pamt_remove,
)

TITLE = "tdx_pamt_get / tdx_pamt_put as posted in v2"
SOURCES = ("tdx-v2-04",)


def get(m, region):
    """tdx_pamt_get(page): 0, or a negative errno."""
    yield conditional("atomic_inc_not_zero", "refcount")
    if m.refcount[region]:
        m.refcount[region] += 1
        m.tell("The count says that the region has a pair: one user more, no lock needed.")
        return 0
    m.tell("The refcount is 0: the slow path.")
    if not (yield from alloc_pages(m)):
        return ENOMEM
    ret = yield from add(m, region)
    if ret:
        yield from free_pages(m)
    return min(ret, 0)


def add(m, region):
    """tdx_pamt_add(refcount, page, pages): 0 when the module took the pages, 1 when the range has a pair without them.

    The lock is a guard: whichever way add_locked returns, it is let go.
    """
    yield from spin_lock(m)
    ret = yield from add_locked(m, region)
    yield from spin_unlock(m)
    return ret


def add_locked(m, region):
    """What tdx_pamt_add() does while it holds pamt_lock."""
    yield load("atomic_read", "refcount")
    if m.refcount[region]:
        m.tell("Another get was faster: the pages are not needed.")
        yield locked("atomic_inc", "refcount")
        m.refcount[region] += 1
        return 1

    err = yield from tdh_phymem_pamt_add(m, region)
    if err and err & STATUS != TDX_HPA_RANGE_NOT_FREE:
        return EIO

    yield store("atomic_set", "refcount, 1")
    m.refcount[region] = 1
    m.tell("From here on gets take the fast path.")
    return 1 if err else 0


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
