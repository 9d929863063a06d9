"""tdx_pamt_get() and tdx_pamt_put() as posted in v6, May 2026 [tdx-v6].

The last decrement and the lock are one step (atomic_dec_and_lock()), so no get can come between a refcount of zero and REMOVE;
HPA_RANGE_NOT_FREE is therefore just an error.

Fidelity card
  modelled: the posted order of atomics, lock, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  modelled: atomic_dec_and_lock() as the kernel has it: decrement unless one, else lock, decrement and test
  simplified: one 2 MiB region, so the lock is never contended for another region's sake
  simplified: each thread takes, uses and gives back one page at a time, a round being get, use, put
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts, the per-vCPU cache of pages
"""

from tdxkit.kinds import conditional, load, locked, store
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

TITLE = "tdx_pamt_get / tdx_pamt_put as posted in v6"
SOURCES = ("tdx-v6",)


def get(m, region):
    """tdx_pamt_get(pfn, cache): 0, or a negative errno."""
    yield conditional("atomic_inc_not_zero", "refcount")
    if m.refcount[region]:
        m.refcount[region] += 1
        m.tell("The count says that the region has a pair: one user more, no lock needed.")
        return 0
    m.tell("The refcount is 0: the slow path.")
    if not (yield from alloc_pages(m)):
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

    if (yield from tdh_phymem_pamt_add(m, region)):
        yield from spin_unlock(m)
        yield from free_pages(m)
        return EIO

    yield store("atomic_set", "refcount, 1")
    m.refcount[region] = 1
    m.tell("From here on gets take the fast path.")
    yield from spin_unlock(m)
    return 0


def put(m, region):
    """tdx_pamt_put(pfn)"""
    if not (yield from dec_and_lock(m, region)):
        return

    if (yield from tdh_phymem_pamt_remove(m, region)):
        yield store("atomic_set", "refcount, 1")
        m.refcount[region] = 1
        m.tell("The pair is lost to the module; the refcount says so.")
        yield from spin_unlock(m)
        return

    yield from spin_unlock(m)
    yield from free_pages(m)


def dec_and_lock(m, region):
    """atomic_dec_and_lock(refcount, &pamt_lock): true with the lock held when the count came to zero."""
    yield conditional("atomic_add_unless", "refcount, -1, 1")
    if m.refcount[region] != 1:
        m.refcount[region] -= 1
        m.tell("There are other users: one user less, no lock needed.")
        return False
    m.tell("It may be the last user: it will take the lock first, and decrement under it.")
    yield from spin_lock(m)

    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if not m.refcount[region]:
        return True
    m.tell("A get came in between: the pair stays.")
    yield from spin_unlock(m)
    return False
