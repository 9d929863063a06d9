"""tdx_pamt_get() and tdx_pamt_put() as posted in the RFC, May 2025 [tdx-rfc-v1].

The decrement stands outside pamt_lock as in v2, so two puts may both come to REMOVE. Here the second one only logs: the count stays
at 0, and 0 is what it should be.

Fidelity card
  modelled: the posted order of atomics, lock, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  modelled: pages of an ADD that failed are freed inside the lock, those of a get that came second after it
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts, phys_prepare() and the pool it draws from
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

TITLE = "tdx_pamt_get / tdx_pamt_put as posted in the RFC (v1)"
SOURCES = ("tdx-rfc-v1",)


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
    if err:
        yield from free_pages(m)
        m.tell("ADD did not take the pages: they are freed, with pamt_lock held.")
        if err & STATUS != TDX_HPA_RANGE_NOT_FREE:
            yield from spin_unlock(m)
            return EIO

    yield store("atomic_set", "refcount, 1")
    m.refcount[region] = 1
    m.tell("From here on gets take the fast path.")
    yield from spin_unlock(m)
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

    err = yield from tdh_phymem_pamt_remove(m, region)
    yield from spin_unlock(m)
    if not err:
        yield from free_pages(m)
