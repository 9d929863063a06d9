"""Which pairs of leaves get in each other's way: each pair really run, one call stopped midway, the other made meanwhile.

For a pair (a, b) both work on one TD, and what b takes by HPA (a new page, a region) lies in the 2 MiB region a works on; where
there are several pages or GPAs to take, b takes another one. At each
point where a has just taken or given up a lock, b is called from beginning to end; it conflicts when it says busy and would not
have said so without a. Worlds: the one in which a succeeds and the one in which b does.

A leaf may take a lock only under a condition (VP.ENTER takes the Secure-EPT tree lock when it suspects zero-stepping). Such a pair is
run twice: as most calls are, and with the condition true. A TDCALL is made from inside the guest, and on the very page the other works on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tdxkit.errors import InputError
from tdxkit.seam.leaves.act import IN_GUEST
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.leaves.engine import perform
from tdxkit.seam.leaves.leaf import compile_condition
from tdxkit.seam.memory import LOCKS
from tdxkit.seam.module import Begun, Module
from tdxkit.seam.scenes import CAN_ENTER, CONTROL, FRESH, World, scene_of, scenes, world_at
from tdxkit.seam.versions import LATEST
from tdxkit.seam.versions import version as version_named
from tdxkit.work import Job, drive

VCPU = FRESH + 0x18_0000  # a TDVPR page in that other region
OK = "ok"
BUSY = ("TDX_OPERAND_BUSY", "TDX_SYS_BUSY")
ALWAYS = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """What b meets when it is called while a is under way: every busy answer, none where they go side by side; `only_if` the condition
    in words under which it may also meet those of `then`, "" where there is none."""

    a: str
    b: str
    met: tuple[Answer, ...] = ()
    only_if: str = ALWAYS
    then: tuple[Answer, ...] = ()

    @property
    def result(self) -> str:
        """The answers that it meets in any case, in words; "ok" for none."""
        return in_words(self.met)

    @property
    def result_then(self) -> str:
        """The answers that it may also meet under the condition, "" where there are none."""
        return in_words(self.then) if self.then else ""

    @property
    def operand(self) -> str:
        """The operand that the one busy answer names, under a condition or not; "" where there is none, or several."""
        both = self.met + self.then
        return both[0].operand if len(both) == 1 else ""

    def __str__(self) -> str:
        then = f"; only if {self.only_if}: {self.result_then}" if self.then else ""
        return self.result + then

    def as_json(self) -> dict:
        """A pair of `conflicts --json`."""
        then = {"only_if": self.only_if or None, "result_then": self.result_then or None}
        return {"a": self.a, "b": self.b, "result": self.result, **then}


def in_words(answers: tuple[Answer, ...]) -> str:
    """Busy answers, "ok" for none."""
    return ", ".join(map(str, answers)) or OK


def names() -> tuple[str, ...]:
    """The calls that are compared: every SEAMCALL leaf, the TDCALL, AUG once more at 2M and VP.INIT in version 1."""
    return tuple(scenes())


def begin(world: World, a: str, b: str, region: int, second: bool = False) -> Begun:
    """A call of the pair, at its first step: a, or b as the `second`."""
    name, given = call_of(world, a, b, region, second)
    return Begun(perform(world.module.m, world.module.prepare(name, **given)))


def call_of(
    world: World, a: str, b: str, region: int | None, second: bool = False, same: bool = False
) -> tuple[str, dict[str, int]]:
    """(leaf, registers) of a call of the pair: of a, or of b as the `second`, which takes another page unless it is to be the `same`."""
    name, other = (b, a) if second else (a, b)
    scene, partner = scene_of(name), scene_of(other)
    given = world.operands(name, region, second and not (same or scene.guest or partner.guest))
    if scene.guest:
        given["vcpu"] = world.more["tdvpr"]
        if "GPA" in str(partner.registers.get("RCX")):
            given["rcx"] = world.operands(other, region)["rcx"]
    return scene.leaf, given


def shared_region(a: str, b: str) -> int:
    """Where the pair meets. A 2M page cannot come where the TD's own control pages lie: for it a's new page, and the vCPU's TDVPR,
    are in another region."""
    own = scene_of(a).region
    return own if own is not None else FRESH if scene_of(b).whole_region else CONTROL


def conflict(a: str, b: str, version: str = LATEST) -> Conflict:
    """Run the pair on this module version; InputError for one without Dynamic PAMT."""
    if not version_named(version).dynamic_pamt:
        raise InputError(
            f"conflicts of module {version}", "its leaves are set up with Dynamic PAMT", "take 1.5.28 or later"
        )
    met = busy(a, b, version, ALWAYS)
    for condition in conditions(a, b):
        more = busy(a, b, version, condition)
        then = tuple(answer for text, answer in more.items() if text not in met)
        if then:
            return Conflict(a, b, tuple(met.values()), compile_condition(condition).words, then)
    return Conflict(a, b, tuple(met.values()))


def conditions(a: str, b: str) -> tuple[str, ...]:
    """Under which conditions the pair may meet in another way. A TDCALL's vCPU is in the guest already and is not entered."""
    if scene_of(a).guest or scene_of(b).guest:
        return ()
    return tuple(dict.fromkeys((*scene_of(a).also_when, *scene_of(b).also_when)))


def busy(a: str, b: str, version: str, condition: str) -> dict[str, Answer]:
    """The busy answers of b, by their words, with the condition true."""
    found: dict[str, Answer] = {}
    for stage in stages(a, b, condition):
        found |= {text: met for text, met in busy_at(stage, a, b, version, condition).items() if text not in found}
    return found


def busy_at(stage: str, a: str, b: str, version: str, condition: str) -> dict[str, Answer]:
    """The same at one stage of the world."""
    region = shared_region(a, b)
    found: dict[str, Answer] = {}
    alone = begin(pair_world(stage, version, a, b, condition), a, b, region, True).finish()
    if stage != scene_of(a).stage and not alone.ok:
        return found  # neither would have succeeded: such a world says nothing about the pair
    for point in lock_points(a, b, stage, version, condition):
        world = pair_world(stage, version, a, b, condition)
        under_way = begin(world, a, b, region)
        for _ in range(point):
            under_way.step()
        met = begin(world, a, b, region, True).finish()
        if met.name in BUSY and met != alone:
            found.setdefault(str(met), met)
    return found


def stages(a: str, b: str, condition: str) -> Iterator[str]:
    """The stages at which a or b succeeds; where a vCPU has to get into the guest, those at which it can."""
    enters = condition or scene_of(a).guest or scene_of(b).guest
    for stage in dict.fromkeys(scene_of(name).stage for name in (a, b)):
        if not enters or stage in CAN_ENTER:
            yield stage


def pair_world(stage: str, version: str, a: str, b: str, condition: str) -> World:
    """A fresh world for the pair."""
    apart = VCPU if shared_region(a, b) == FRESH else None
    guest = "in the guest" if scene_of(a).guest or scene_of(b).guest else ""
    return _arranged(stage, version, apart, condition or guest).copy()


@cache
def _arranged(stage: str, version: str, apart: int | None, condition: str) -> World:
    world = world_at(stage, version, apart)
    return world.arrange(condition) if condition else world


def lock_points(a: str, b: str, stage: str, version: str, condition: str) -> tuple[int, ...]:
    """After how many steps of `a` the locks differ from one step before, the end left out; and where the guest runs."""
    region = shared_region(a, b)
    world = pair_world(stage, version, a, b, condition)
    call, points, before = begin(world, a, b, region), [], locks(world.module)
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


def table(version: str = LATEST) -> tuple[Conflict, ...]:
    """Every pair: a is under way, b is called."""
    return drive(table_job(version))


def table_job(version: str = LATEST) -> Job[tuple[Conflict, ...]]:
    """The same as work in slices: ticks are pairs. What was found once is known."""
    if version not in _TABLES:
        pairs = [(a, b) for a in names() for b in names()]
        found = []
        for k, (a, b) in enumerate(pairs, 1):
            found.append(conflict(a, b, version))
            yield k, len(pairs)
        _TABLES[version] = tuple(found)
    return _TABLES[version]


_TABLES: dict[str, tuple[Conflict, ...]] = {}
