"""A get that counts first and adds the pair if the count was zero: why no version does it [tdx-v3, explained in its log].

Between the increment and ADD the count says that there is a pair when there is none, and the fast path of another CPU believes it.

Fidelity card
  modelled: count first, ADD after; v6's put, so that nothing else is wrong
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts; never posted, so no error paths to be faithful to
"""

from tdxkit.kinds import locked
from tdxkit.linux.refcount.module import (
    EIO,
    ENOMEM,
    alloc_pages,
    free_pages,
    spin_lock,
    spin_unlock,
    tdh_phymem_pamt_add,
)
from tdxkit.linux.refcount.v6 import put

TITLE = "a get that counts first and adds after (never posted)"
SOURCES = ("tdx-v3", "tdx-v4")

__all__ = ["get", "put"]


def get(m, region):
    """0, or a negative errno."""
    yield locked("atomic_inc_return", "refcount")
    m.refcount[region] += 1
    if m.refcount[region] != 1:
        m.tell("The count was not zero, so there is a pair, or so it seems.")
        return 0
    m.tell("The count was zero: the pair is still to be added, but the count already says it is there.")
    if not (yield from alloc_pages(m)):
        yield locked("atomic_dec", "refcount")
        m.refcount[region] -= 1
        return ENOMEM
    yield from spin_lock(m)

    if (yield from tdh_phymem_pamt_add(m, region)):
        yield locked("atomic_dec", "refcount")
        m.refcount[region] -= 1
        yield from spin_unlock(m)
        yield from free_pages(m)
        return EIO
    yield from spin_unlock(m)
    return 0
