"""A read-write lock for each region in place of pamt_lock, an idea of the threads that was never posted [tdx-v3].

ADD walks to the two pages of the pair, which lie in some region of their own, and holds that region's 2M entry shared meanwhile.
So a caller that wants to keep BUSY away takes its own region's lock for writing and the pair's for reading. Two regions whose
pairs lie in each other then lock in opposite orders.

Fidelity card
  modelled: two regions, each hosting the other's pair; one lock a region, writer or readers; v6's order otherwise
  simplified: everything happens under the locks, there is no fast path
  left out: what compilers reorder, memory weaker than x86-TSO, interrupts; never posted, so no error paths to be faithful to
"""

from tdxkit import kinds
from tdxkit.linux.refcount.module import (
    EIO,
    ENOMEM,
    alloc_pages,
    free_pages,
    tdh_phymem_pamt_add,
    tdh_phymem_pamt_remove,
)

TITLE = "a lock for each region, the pair's region locked too (never posted)"
SOURCES = ("tdx-v3",)
REGIONS = 2
LOCKS = ("region_lock",)
SHARED = {"region_lock": {0: 0, 1: 0}}  # readers, or -1 for a writer


def get(m, region):
    """0, or a negative errno."""
    if not (yield from alloc_pages(m)):
        return ENOMEM
    yield from write_lock(m, region)
    if m.refcount[region]:
        m.refcount[region] += 1
        yield from unlock(m, region)
        yield from free_pages(m)
        return 0

    yield from read_lock(m, 1 - region)
    err = yield from tdh_phymem_pamt_add(m, region)
    if not err:
        m.refcount[region] = 1
    yield from unlock(m, 1 - region, "read_unlock")
    yield from unlock(m, region)
    if err:
        yield from free_pages(m)
        return EIO
    return 0


def put(m, region):
    """REMOVE takes no lock on the pair's region, and neither does this."""
    yield from write_lock(m, region)
    m.refcount[region] -= 1
    if m.refcount[region]:
        yield from unlock(m, region)
        return
    err = yield from tdh_phymem_pamt_remove(m, region)
    if err:
        m.refcount[region] = 1
    yield from unlock(m, region)
    if not err:
        yield from free_pages(m)


def write_lock(m, region):
    """write_lock(&lock of the region)"""
    while True:
        yield kinds.lock("write_lock", f"region {region}")
        if not m.region_lock[region]:
            m.region_lock[region] = -1
            return


def read_lock(m, region):
    """read_lock(&lock of the region)"""
    while True:
        yield kinds.lock("read_lock", f"region {region}")
        if m.region_lock[region] >= 0:
            m.region_lock[region] += 1
            return


def unlock(m, region, does="write_unlock"):
    """write_unlock(), a plain store on x86, or read_unlock(), a locked instruction."""
    yield kinds.unlock(does, f"region {region}")
    m.region_lock[region] = max(0, m.region_lock[region] - 1)
