"""A count that starts at -1 for "no pair", as sketched in the review of the RFC, May 2025 [tdx-rfc-v1-review].

0 then means a pair with one user. The last put finds the count at 0 and takes the lock, but the fast path of a get still moves the
count from 0 to 1 without it, after the put has looked. The mail offers C fragments, as an idea; this is what they say. A get that comes
second to the lock calls ADD all the same, and adds to the count where the pair is there; a put that finds other users under the lock
leaves without giving its reference back; the last one sets -1 whatever REMOVE answered. minus_one_repaired.py is the same idea with the
first two mended.

Fidelity card
  modelled: inc-unless-negative and dec-if-positive, the lock and the second look under it, one atomic step each
  simplified: one 2 MiB region; each thread takes, uses and gives back one page at a time
  simplified: the sketch leaves open when its add function says "added already" and what its increment with two arguments does; read here
    as the module's HPA_RANGE_NOT_FREE, and as an increment
  left out: what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts; declarations and the add function are not in the mail
"""

from tdxkit.explore.rules import always, at_end
from tdxkit.kinds import conditional, load, locked, store
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.module import (
    EIO,
    ENOMEM,
    PAIR,
    STATUS,
    TDX_HPA_RANGE_NOT_FREE,
    alloc_pages,
    free_pages,
    spin_lock,
    spin_unlock,
    tdh_phymem_pamt_add,
    tdh_phymem_pamt_remove,
)
from tdxkit.rules import named

TITLE = "a count that starts at -1 (sketched in review)"
SOURCES = ("tdx-rfc-v1-review",)
FIRST_REFCOUNT = -1
PROPERTIES = (
    *(p for p in module.PROPERTIES if p.name not in (module.NOT_NEGATIVE, module.REFCOUNT_HAS_PAIR)),
    always(named("not-below-minus-one"), lambda m: all(m.refcount[r] >= -1 for r in m.refcount)),
    at_end(module.REFCOUNT_HAS_PAIR, lambda m: all(m.pair[r] for r in m.pair if m.refcount[r] >= 0)),
)


def get(m, region):
    """0, or a negative errno."""
    yield conditional("atomic_inc_unless_negative", "refcount")
    if m.refcount[region] >= 0:
        m.refcount[region] += 1
        m.tell("The count is not negative, so there is a pair: one user more, no lock needed.")
        return 0
    m.tell("The count is -1: no pair, the slow path.")
    if not (yield from alloc_pages(m)):
        return ENOMEM
    yield from spin_lock(m)

    err = yield from tdh_phymem_pamt_add(m, region)
    failed = err and err & STATUS != TDX_HPA_RANGE_NOT_FREE
    if not failed:
        yield locked("atomic_inc", "refcount")
        m.refcount[region] += 1
    yield from spin_unlock(m)
    if err:
        m.tell("Its pages were not taken.")
        yield from free_pages(m)
    return EIO if failed else 0


def put(m, region):
    """A put whose last user finds the count at 0."""
    yield conditional("atomic_dec_if_positive", "refcount")
    if m.refcount[region] > 0:
        m.refcount[region] -= 1
        return
    m.tell("The count is 0: it is the last user.")
    yield from spin_lock(m)

    yield load("atomic_read", "refcount")
    if m.refcount[region] > 0:
        m.tell("A get came in between: the pair stays, and so does this put's reference.")
        yield from spin_unlock(m)
        return
    m.tell("The count is still 0, but a get may move it at any moment: the lock does not keep it away.")

    err = yield from tdh_phymem_pamt_remove(m, region)
    yield store("atomic_set", "refcount, -1")
    m.refcount[region] = -1
    yield from spin_unlock(m)
    yield from free_pages(m, 0 if err else PAIR)
