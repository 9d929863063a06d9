"""Which pairs of leaves get in each other's way: each pair really run, one call stopped midway, the other made meanwhile.

For a pair (a, b) both work on one TD, and what b takes by HPA (a new page, a region) lies in the 2 MiB region a works on; where
there are several pages or GPAs to take, b takes another one. At each
point where a has just taken or given up a lock, b is called from beginning to end; it conflicts when it says busy and would not
have said so without a. Worlds: the one in which a succeeds and the one in which b does.
"""

from dataclasses import dataclass
from functools import cache

from tdxkit.seam.leaves.act import IN_GUEST
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.leaves.engine import perform
from tdxkit.seam.memory import LOCKS
from tdxkit.seam.module import Begun, Module
from tdxkit.seam.scenes import CONTROL, FRESH, World, scene_of, scenes, world_at

VCPU = FRESH + 0x18_0000  # a TDVPR page in that other region
OK = "ok"
BUSY = ("TDX_OPERAND_BUSY", "TDX_SYS_BUSY")


@dataclass(frozen=True, slots=True)
class Conflict:
    """What b meets when it is called while a is under way: every busy answer, none where they go side by side."""

    a: str
    b: str
    met: tuple[Answer, ...] = ()

    @property
    def result(self) -> str:
        """The answers in words, "ok" for none."""
        return ", ".join(map(str, self.met)) or OK

    @property
    def operand(self) -> str:
        """The operand that the one busy answer names; "" where there is none, or several."""
        return self.met[0].operand if len(self.met) == 1 else ""

    def as_json(self) -> dict:
        """A pair of `conflicts --json`."""
        return {"a": self.a, "b": self.b, "result": self.result}


def names() -> tuple[str, ...]:
    """The calls that are compared: every leaf, and AUG once more at 2M."""
    return tuple(scenes())


def begin(world: World, name: str, region: int, second: bool = False) -> Begun:
    """A call of the pair, at its first step; `second` for b."""
    module = world.module
    given = world.operands(name, region, second)
    return Begun(perform(module.m, module.prepare(scene_of(name).leaf, **given)))


def shared_region(a: str, b: str) -> int:
    """Where the pair meets. A 2M page cannot come where the TD's own control pages lie: for it a's new page, and the vCPU's TDVPR,
    are in another region."""
    own = scene_of(a).region
    return own if own is not None else FRESH if scene_of(b).whole_region else CONTROL


def conflict(a: str, b: str) -> Conflict:
    """Run the pair."""
    region = shared_region(a, b)
    apart = VCPU if region == FRESH else None
    found: dict[str, Answer] = {}
    for stage in dict.fromkeys(scene_of(name).stage for name in (a, b)):
        alone = begin(world_at(stage, tdvpr=apart), b, region, True).finish()
        if stage != scene_of(a).stage and not alone.ok:
            continue  # neither would have succeeded: such a world says nothing about the pair
        for point in lock_points(a, stage, region, apart):
            world = world_at(stage, tdvpr=apart)
            under_way = begin(world, a, region)
            for _ in range(point):
                under_way.step()
            met = begin(world, b, region, True).finish()
            if met.name in BUSY and met != alone:
                found.setdefault(str(met), met)
    return Conflict(a, b, tuple(found.values()))


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
