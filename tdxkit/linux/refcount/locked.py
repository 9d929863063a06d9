"""tdx_pamt_get() and tdx_pamt_put() with everything under pamt_lock: v4 7/16 and v6 5/11, before their optimisation [tdx-v6].

The form to start from when reading the others: the count, the pair and the decision about it change only while the lock is held.

Fidelity card
  modelled: the posted order of lock, count, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: weak memory, BUSY from the module, interrupts, pages from a pool
"""

from tdxkit.kinds import load, locked, store
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

TITLE = "tdx_pamt_get / tdx_pamt_put with everything under pamt_lock"
SOURCES = ("tdx-v4", "tdx-v6")


def get(m, region):
    """tdx_pamt_get(pfn): 0, or a negative errno."""
    if not (yield from alloc_pages(m)):
        return ENOMEM
    yield from spin_lock(m)

    yield load("atomic_read", "refcount")
    if m.refcount[region]:
        yield locked("atomic_inc", "refcount")
        m.refcount[region] += 1
        m.tell("The region has a pair: one user more, the pages are not needed.")
        yield from spin_unlock(m)
        yield from free_pages(m)
        return 0

    if (yield from tdh_phymem_pamt_add(m, region)):
        yield from spin_unlock(m)
        yield from free_pages(m)
        return EIO

    yield store("atomic_set", "refcount, 1")
    m.refcount[region] = 1
    yield from spin_unlock(m)
    return 0


def put(m, region):
    """tdx_pamt_put(pfn)"""
    yield from spin_lock(m)

    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if m.refcount[region]:
        m.tell("There are other users: the pair stays.")
        yield from spin_unlock(m)
        return

    if (yield from tdh_phymem_pamt_remove(m, region)):
        yield store("atomic_set", "refcount, 1")
        m.refcount[region] = 1
        m.tell("The pair stays for good, and so does a reference to it.")
        yield from spin_unlock(m)
        return

    yield from spin_unlock(m)
    yield from free_pages(m)
