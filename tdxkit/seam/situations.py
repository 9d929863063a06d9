"""What surrounds a SEAMCALL: how far its TD has come, what was done before, what another CPU is in the middle of.

    situations("TDH.MEM.PAGE.REMOVE")["it is its region's last page"]

Each is there for one check of a leaf, or for its hint, and is made by calls; only a TD that is fatal is said to be so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from tdxkit.seam.leaves.act import LeafAct
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.engine import find_leaf
from tdxkit.seam.pamt import L2M
from tdxkit.seam.scenes import (
    EMPTY_WITH_PAIR,
    GPA_EMPTY_TABLE,
    GPA_PAGE,
    GPA_SMALL,
    SECOND,
    SMALL,
    World,
    scene_of,
    world_at,
)  # fmt: skip
from tdxkit.seam.td import must
from tdxkit.seam.versions import version

SOURCES = ("model",)
AS_IT_SHOULD = "all as it should be"
STATIC, LAST_PAGE, INTERRUPT = "Dynamic PAMT is off", "it is its region's last page", "an interrupt is pending"
FATAL, NOT_BLOCKED, NOT_TRACKED = "the TD is fatal", "nothing is blocked", "blocked, not tracked"
NO_KEYS, NO_TDCX, NO_INIT = "the TD has no keys yet", "the TD has no TDCX pages yet", "the TD is not initialised yet"
ALIVE, ACCEPTING, BLOCKING = (
    "the TD still runs",
    "a guest is accepting a page there",
    "CPU 1 is blocking another range",
)
BELOW, IN_RANGE, AT_TDR = (
    "CPU 1 tries to reclaim the page below",
    "CPU 1 tries to reclaim a page of the range",
    "CPU 1 tries to reclaim the TDR",
)
LONE = EMPTY_WITH_PAIR + 0x9000  # the only page in use of its region

Given = Mapping[str, int]
Beside = tuple[
    str, dict[str, int], Callable[[LeafAct], bool]
]  # a leaf, its registers, and the act that it stops before


def at_page(register: str) -> str:
    """The situation in which another CPU is about the page in a register.

    >>> at_page("R8")
    'CPU 1 tries to reclaim the page in R8'
    """
    return f"CPU 1 tries to reclaim the page in {register}"


@dataclass(frozen=True)
class Situation:
    """`check`: the check that it is for. stage: of the world, "" where it is the leaf's own. prepare: what is done before the call.
    beside: what CPU 1 has begun. weather: what no operand decides."""

    check: str
    stage: str = ""
    dynamic: bool = True
    prepare: Callable[[World, str, Given], object] | None = None
    beside: Callable[[World, Given], Beside] | None = None
    weather: tuple[str, ...] = ()

    def world(self, leaf: str, module: str) -> World:
        """A fresh world, before anything was prepared; where a module version has no Dynamic PAMT it has a static one."""
        dynamic = self.dynamic and version(module).dynamic_pamt
        return world_at(self.stage or scene_of(leaf).stage, module, dynamic=dynamic)


def _call(world: World, leaf: str, **given: int):
    return must(world.module, leaf, rdx=world.td.tdr, **given)


def _block(world: World, rcx: int) -> None:
    _call(world, "TDH.MEM.RANGE.BLOCK", rcx=rcx)


def _block_and_track(world: World, rcx: int) -> None:
    _block(world, rcx)
    must(world.module, "TDH.MEM.TRACK", rcx=world.td.tdr)


def _only_block(world: World, leaf: str, given: Given) -> None:
    world.module.call(
        "TDH.MEM.RANGE.BLOCK", rcx=given["RCX"], rdx=given["RDX"]
    )  # a wrong operand is the next call's to say


def _fatal(world: World, leaf: str, given: Given) -> None:
    world.module.m.fatal[world.td.tdr] = True


def _enter(world: World, leaf: str, given: Given) -> None:
    world.arrange("in the guest")


def _last_data_page(world: World) -> None:
    _call(world, "TDH.MEM.PAGE.RELOCATE", rcx=GPA_PAGE, r8=LONE)
    _block_and_track(world, GPA_PAGE)


def _last_table(world: World) -> None:
    at = GPA_EMPTY_TABLE | L2M
    _call(world, "TDH.MEM.SEPT.REMOVE", rcx=at)
    _call(world, "TDH.MEM.SEPT.ADD", rcx=at, r8=LONE)
    _block_and_track(world, at)


def _last_full_table(world: World) -> None:
    at = GPA_SMALL | L2M
    pair = _call(world, "TDH.MEM.PAGE.PROMOTE", rcx=at)
    _block_and_track(world, at)
    _call(world, "TDH.MEM.PAGE.DEMOTE", rcx=at, r8=LONE, r12=pair["R12"], r13=pair["R13"])
    _block_and_track(world, at)


def _reclaim_the_others(world: World) -> None:
    for page in range(SMALL, SMALL + 512 * SECOND, SECOND):
        if page != SMALL + 0x5000:
            must(world.module, "TDH.PHYMEM.PAGE.RECLAIM", rcx=page)


LAST = {
    "TDH.MEM.PAGE.REMOVE": _last_data_page,
    "TDH.MEM.PAGE.RELOCATE": _last_data_page,
    "TDH.MEM.SEPT.REMOVE": _last_table,
    "TDH.MEM.PAGE.PROMOTE": _last_full_table,
    "TDH.PHYMEM.PAGE.RECLAIM": _reclaim_the_others,
}


def _reclaims(hpa: int) -> Beside:
    """Somebody tries to reclaim a page: the walk holds the leaf's entry exclusive, those above it shared."""
    return "TDH.PHYMEM.PAGE.RECLAIM", {"rcx": hpa}, lambda act: act.test == "reclaimable"


def _at_register(register: str) -> Callable[[World, Given], Beside]:
    return lambda world, given: _reclaims(given[register] & world.module.platform.page_mask)


def _entry(world: World, given: Given) -> int:
    """The page under the entry that RCX names."""
    m, rcx = world.module.m, given["RCX"]
    return m.sept[reach(m, world.td.tdr, rcx & ~0xFFF, rcx & 7)[0]][1]


def _blocks(world: World, given: Given) -> Beside:
    other = {"rcx": GPA_PAGE + SECOND, "rdx": world.td.tdr}
    return "TDH.MEM.RANGE.BLOCK", other, lambda act: act.test == "sept_walk"


def _accepts(world: World, given: Given) -> Beside:
    guest = {"rcx": given["RCX"], "vcpu": world.more["tdvpr"]}
    return "TDG.MEM.PAGE.ACCEPT", guest, lambda act: act.test == "accept_size"


ALL = {
    STATIC: Situation("dynamic", dynamic=False),
    FATAL: Situation("not_fatal", prepare=_fatal),
    NO_KEYS: Situation("keys", "created"),
    NO_TDCX: Situation("tdcs", "has keys"),
    NO_INIT: Situation("op_state", "has TDCX"),
    NOT_BLOCKED: Situation("blocked", "runnable"),
    NOT_TRACKED: Situation("tracked", "runnable", prepare=_only_block),
    ALIVE: Situation("lifecycle", "runnable"),
    INTERRUPT: Situation("restartable", weather=("interrupt",)),
    AT_TDR: Situation("page_owner", beside=lambda world, given: _reclaims(world.td.tdr)),
    BLOCKING: Situation("tree", beside=_blocks),
    ACCEPTING: Situation("lock_slot", prepare=_enter, beside=_accepts),
    BELOW: Situation("lock_page", beside=lambda world, given: _reclaims(_entry(world, given))),
    IN_RANGE: Situation("lock_merged", beside=lambda world, given: _reclaims(SMALL + 0x5000)),
}
SAME_AS = {"tree_to_promote": "tree"}  # a check that another one's situation is for, too


@cache
def situations(leaf: str) -> Mapping[str, Situation]:
    """What may surround a leaf, by its words: first what it succeeds in, then what each of its checks may stumble over."""
    found = find_leaf(leaf)
    tests = [check.spec["test"].split() for check in found.checks]
    own = {SAME_AS.get(name, name) for name, *_ in tests}
    made = {AS_IT_SHOULD: Situation("")}
    if found.name in LAST:
        last = LAST[found.name]
        made[LAST_PAGE] = Situation("hint", prepare=lambda world, leaf, given: last(world))
    if "dynamic" not in own:  # with a static PAMT the others work as well
        made[STATIC] = replace(ALL[STATIC], check="")
    made |= {words: situation for words, situation in ALL.items() if situation.check in own}
    walks = dict.fromkeys(args[0] for name, *args in tests if name == "walk")
    return made | {at_page(register): Situation("walk", beside=_at_register(register)) for register in walks}
