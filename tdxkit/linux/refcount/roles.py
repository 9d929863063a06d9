"""What a CPU does with a get and a put: the whole round, or one half of it.

life   get, use, put: what every posted design is explored with
get    takes a reference for a page that stays in use
put    a reclaimer: gives back a page that was in use, and counted, before the run began
"""

from tdxkit.explore.rules import at_end
from tdxkit.kinds import seamcall
from tdxkit.linux.refcount.module import EIO, ENOMEM, GET_FAILS_FOR_A_REASON, REFUSED, page_in, page_out
from tdxkit.rules import named

ERRNO = {EIO: "-EIO", ENOMEM: "-ENOMEM", -11: "-EAGAIN", -16: "-EBUSY", -22: "-EINVAL"}  # as x86 has them
LIFE, GETS, PUTS = "life", "get", "put"

# What a getter holds nobody gives back, so that no later step would show a reference that was lost.
COUNT_FITS = at_end(named("count-fits"), lambda m: all(m.refcount[r] == m.users[r] for r in m.refcount))


def life(m, region, rounds, get, use, put):
    """So many times take a reference, use a page, give the reference back."""
    for _ in range(rounds):
        err = yield from get(m, region)
        if taken(m, err):
            yield from use(m, region)
            yield from put(m, region)


def getter(m, region, rounds, get, use, put):
    """So many times take a reference for a page that stays."""
    for _ in range(rounds):
        err = yield from get(m, region)
        if taken(m, err):
            yield seamcall("TDH.MEM.PAGE.AUG", "page")
            page_in(m, region)


def reclaimer(m, region, rounds, get, use, put):
    """So many times take a page from the guest and give its reference back."""
    for _ in range(rounds):
        yield seamcall("TDH.MEM.PAGE.REMOVE", "page")
        page_out(m, region)
        yield from put(m, region)


def taken(m, err) -> bool:
    """Did the get succeed? One that fails was made to fail, or breaks the rule."""
    m.must(GET_FAILS_FOR_A_REASON, err == 0 or m.note(REFUSED))
    m.note(REFUSED, -m.note(REFUSED))
    if err != 0:
        m.tell(f"The get returned {ERRNO.get(err, err)}.")
    return err == 0


ROLES = {LIFE: life, GETS: getter, PUTS: reclaimer}


def given_back(roles: tuple[str, ...], rounds: int, regions: int) -> tuple[int, ...]:
    """How many pages of each region are in use before the run: those that reclaimers give back."""
    used = [0] * regions
    for k, role in enumerate(roles):
        used[k % regions] += rounds * (role == PUTS)
    return tuple(used)
