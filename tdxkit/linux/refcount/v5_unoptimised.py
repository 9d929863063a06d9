"""tdx_pamt_get() and tdx_pamt_put() of v5 before its optimisation patch, January 2026 [tdx-v5].

v4's form, count and pair under pamt_lock; a failed ADD is now told as -EIO. A failed allocation still goes through the label that frees.

Fidelity card
  modelled: the posted order of lock, count, SEAMCALLs, allocation and freeing, one atomic step each; the error paths
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts, pages from a pool
"""

from tdxkit.kinds import load, locked
from tdxkit.linux.refcount.module import (
    EIO,
    ENOMEM,
    PAIR,
    free_pages,
    spin_lock,
    spin_unlock,
    take_pages,
    tdh_phymem_pamt_add,
    tdh_phymem_pamt_remove,
)

TITLE = "tdx_pamt_get / tdx_pamt_put of v5 before its optimisation patch"
SOURCES = ("tdx-v5",)


def get(m, region):
    """tdx_pamt_get(page): 0, or a negative errno."""
    pages = yield from take_pages(m)
    if pages < PAIR:
        yield from free_pages(m, pages)
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
        m.tell("ADD failed: -EIO.")
        yield from spin_unlock(m)
        yield from free_pages(m)
        return EIO

    yield locked("atomic_inc", "refcount")
    m.refcount[region] += 1
    m.tell("The region has a pair and one user.")
    yield from spin_unlock(m)
    return 0


def put(m, region):
    """tdx_pamt_put(page)"""
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

    yield locked("atomic_dec", "refcount")
    m.refcount[region] -= 1
    yield from spin_unlock(m)
    yield from free_pages(m)
