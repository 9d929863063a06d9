"""tdx_pamt_get() and tdx_pamt_put() in a text newer than v6 [tdx-after-v6], most likely that of tip's branch x86/tdx [tip-x86-tdx].

What v6's last step brought is gone again: no fast path, no atomic_dec_and_lock(); count and pair move only under one lock, which is
called dpamt_lock there. A get always allocates first, and looks and counts in one operation once it has the lock. No mail that posts it was found; whether a released
kernel has it was not read.

Fidelity card
  modelled: the posted order of lock, count, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts, pages from a pool
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

TITLE = "tdx_pamt_get / tdx_pamt_put in a text newer than v6"
SOURCES = ("tdx-after-v6", "tip-x86-tdx")


def get(m, region):
    """tdx_pamt_get(pfn, cache): 0, or a negative errno."""
    if not (yield from alloc_pages(m)):
        return ENOMEM
    yield from spin_lock(m)

    yield conditional("atomic_inc_not_zero", "refcount")
    if m.refcount[region]:
        m.refcount[region] += 1
        m.tell("The region has a pair: one user more, the pages are not needed.")
        yield from spin_unlock(m)
        yield from free_pages(m)
        return 0

    if (yield from tdh_phymem_pamt_add(m, region)):
        m.tell("ADD failed: -EIO.")
        yield from spin_unlock(m)
        yield from free_pages(m)
        return EIO

    yield store("atomic_set", "refcount, 1")
    m.refcount[region] = 1
    m.tell("The region has a pair and one user.")
    yield from spin_unlock(m)
    return 0


def put(m, region):
    """tdx_pamt_put(pfn)"""
    yield from spin_lock(m)

    yield load("atomic_read", "refcount")
    if m.refcount[region] > 1:
        m.tell("There are other users: one user less, the pair stays.")
        yield locked("atomic_dec", "refcount")
        m.refcount[region] -= 1
        yield from spin_unlock(m)
        return
    m.tell("It is the last user: the count changes only once the pair is out.")

    if (yield from tdh_phymem_pamt_remove(m, region)):
        m.tell("The pair stays with the module, and the count as it was.")
        yield from spin_unlock(m)
        return

    yield store("atomic_set", "refcount, 0")
    m.refcount[region] = 0
    yield from spin_unlock(m)
    yield from free_pages(m)
