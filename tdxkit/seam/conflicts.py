"""Which pairs of leaves get in each other's way: each pair really run, one call stopped midway, the other made meanwhile.

For a pair (a, b) both work on one TD, and what b takes by HPA (a new page, a region) lies in the 2 MiB region a works on; where
there are several pages or GPAs to take, b takes another one. At each
point where a has just taken or given up a lock, b is called from beginning to end; it conflicts when it says busy and would not
have said so without a. Worlds: the one in which a succeeds and the one in which b does.
"""

from dataclasses import dataclass
from functools import cache

from tdxkit.seam.leaves.act import IN_GUEST
from tdxkit.seam.leaves.engine import leaves, perform
from tdxkit.seam.memory import LOCKS
from tdxkit.seam.module import Begun, Module
from tdxkit.seam.pamt import L2M
from tdxkit.seam.scenes import (
    CONTROL,
    EMPTY,
    EMPTY_WITH_PAIR,
    FRESH,
    GPA_FREE_2M,
    LARGE,
    SMALL,
    STAGE_OF,
    World,
    world_at,
)  # fmt: skip
from tdxkit.units import PAGE_2M

AUG_2M = "TDH.MEM.PAGE.AUG 2M"  # the one leaf whose locks depend on its level
VCPU = FRESH + 0x18_0000  # a TDVPR page in that other region
OK = "ok"
BUSY = ("TDX_OPERAND_BUSY", "TDX_SYS_BUSY")

# The 2 MiB region a leaf works on; the others work on the TD's control pages and on new pages beside them.
REGION = {
    "TDH.PHYMEM.PAMT.ADD": EMPTY,
    "TDH.PHYMEM.PAMT.REMOVE": EMPTY_WITH_PAIR,
    "TDH.MEM.PAGE.PROMOTE": SMALL,
    "TDH.MEM.PAGE.DEMOTE": LARGE,
    "TDH.PHYMEM.PAGE.RECLAIM": SMALL,
    AUG_2M: EMPTY,
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """What b meets when it is called while a is under way: "ok", or the busy statuses with their operands."""

    a: str
    b: str
    result: str


def names() -> tuple[str, ...]:
    """The calls that are compared: every leaf, and AUG once more at 2M."""
    return (*leaves(), AUG_2M)


def begin(world: World, name: str, region: int, second: bool = False) -> Begun:
    """A call of the pair, at its first step; `second` for b."""
    given = world.operands(name.removesuffix(" 2M"), region, second)
    if name == AUG_2M:
        given |= {"rcx": GPA_FREE_2M + second * PAGE_2M | L2M, "r8": region}
    module = world.module
    return Begun(perform(module.m, module.prepare(name.removesuffix(" 2M"), **given)))


def shared_region(a: str, b: str) -> int:
    """Where the pair meets. A 2M page cannot come where the TD's own control pages lie: for it a's new page, and the vCPU's TDVPR,
    are in another region."""
    return FRESH if b == AUG_2M and a not in REGION else REGION.get(a, CONTROL)


def conflict(a: str, b: str) -> Conflict:
    """Run the pair."""
    region = shared_region(a, b)
    apart = VCPU if region == FRESH else None
    found: list[str] = []
    for stage in dict.fromkeys(STAGE_OF[n.removesuffix(" 2M")] for n in (a, b)):
        alone = begin(world_at(stage, tdvpr=apart), b, region, True).finish()
        if stage != STAGE_OF[a.removesuffix(" 2M")] and not alone.ok:
            continue  # neither would have succeeded: such a world says nothing about the pair
        for point in lock_points(a, stage, region, apart):
            world = world_at(stage, tdvpr=apart)
            under_way = begin(world, a, region)
            for _ in range(point):
                under_way.step()
            met = begin(world, b, region, True).finish()
            if met.name in BUSY and met != alone and str(met) not in found:
                found.append(str(met))
    return Conflict(a, b, ", ".join(found) or OK)


@cache
def lock_points(a: str, stage: str, region: int, apart: int | None) -> tuple[int, ...]:
    """After how many steps of `a` the locks differ from one step before, the end left out; and where the guest runs."""
    world = world_at(stage, tdvpr=apart)
    call, points, before = begin(world, a, region), [], locks(world.module)
    taken = 0
    while call.step():
        taken += 1
        now = locks(world.module)
        if now != before or call.label == IN_GUEST:
            points.append(taken)
        before = now
    return tuple(points)


def locks(module: Module) -> list:
    """Every lock word that is not free."""
    return [(name, key, word) for name in LOCKS for key, word in getattr(module.m, name).items() if word]


def table() -> tuple[Conflict, ...]:
    """Every pair: a is under way, b is called."""
    return tuple(conflict(a, b) for a in names() for b in names())
