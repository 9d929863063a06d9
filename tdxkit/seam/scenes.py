"""For each leaf a world in which it succeeds: where lessons, tests and the conflict table begin.

One layout for all: 8 GiB of TDMR. Block 0 has the TD's control pages (region `CONTROL`, with a pair), block 1 new pages (region
`FRESH`, with a pair and all free), blocks 2 and 3 a page each for a pair, block 4 an empty region without a pair and one with an
empty pair, block 5 the TD's 2 MiB page, block 6 its 512 contiguous 4K pages. GPAs: see the constants.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from tdxkit.errors import InputError, ModelError, printable
from tdxkit.seam.guest import enter_until_suspected, touch
from tdxkit.seam.leaves.engine import find_leaf, leaves, tdcalls
from tdxkit.seam.leaves.sys import DYNAMIC_PAMT
from tdxkit.seam.module import TDMR_LIST, Module
from tdxkit.seam.pamt import L2M
from tdxkit.seam.td import HostPages, SimpleTd, must
from tdxkit.seam.versions import LATEST
from tdxkit.units import GIB, PAGE_2M, PAGE_4K

CONTROL, FRESH = PAGE_2M, GIB
PAIR = 2 * GIB, 3 * GIB
EMPTY, EMPTY_WITH_PAIR = 4 * GIB, 4 * GIB + PAGE_2M
LARGE, SMALL = 5 * GIB, 6 * GIB
OWN_PAIRS = 7 * GIB  # pages for the pairs of the regions above
GPA_PAGE, GPA_FREE, GPA_LARGE, GPA_SMALL = 0, 0x2000, 0x20_0000, 0x40_0000
GPA_EMPTY_TABLE, GPA_FREE_2M = 0x60_0000, 0x80_0000
SECOND = 0x1000  # the second page, mapped or free, beside a first one

CAN_ENTER = (
    "runnable",
    "blocked and tracked",
)  # stages at which the vCPU gets into the guest and a TD is none the worse for it

# The 2 MiB regions that a leaf may work on, by the words of its facts; the others work on the TD's control pages.
REGIONS = {"empty": EMPTY, "empty with a pair": EMPTY_WITH_PAIR, "512 pages": SMALL, "2M page": LARGE}


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a leaf succeeds, out of its facts: how far the world has come (see `stages`) and what each register holds, in words.

    region: the 2 MiB region it works on, None for the one of the TD's control pages. whole_region: what it takes is all of it.
    also_when: conditions under which it may be met in another way, see `World.arrange`.
    """

    leaf: str
    stage: str
    registers: Mapping[str, str | int]
    region: int | None = None
    whole_region: bool = False
    also_when: tuple[str, ...] = ()

    @property
    def guest(self) -> bool:
        """Whether it is a TDCALL: the vCPU that makes it is in the guest."""
        return self.leaf.startswith("TDG.")


@cache
def scenes() -> Mapping[str, Scene]:
    """A scene for every leaf by its name, SEAMCALLs then TDCALLs; then the other scenes of leaves whose locks depend on an operand
    ("… AUG 2M")."""
    known = leaves() | tdcalls()
    first = {name: _scene(name, leaf.spec.get("scene"), leaf.spec.get("also_when", ())) for name, leaf in known.items()}
    others = {
        f"{name} {what}": _scene(name, facts)
        for name, leaf in leaves().items()
        for what, facts in leaf.spec.get("other_scenes", {}).items()
    }
    return first | others


def scene_of(name: str) -> Scene:
    """The scene with this name, or of the leaf that `find_leaf` finds."""
    known = scenes()
    full = next((n for n in (name, f"TDH.{name}") if n in known), None)
    return known[full or find_leaf(name).name]


def _scene(leaf: str, facts: Mapping | None, also_when: Iterable[str] = ()) -> Scene:
    if not facts or not {"stage", "operands"} <= facts.keys():
        raise ModelError(f"leaf {leaf}", "its facts have no scene", 'give it "scene": {"stage": …, "operands": {…}}')
    where = facts.get("region")
    if where is not None and where not in REGIONS:
        raise ModelError(
            f"scene of {leaf}", f"no region is called {printable(where)}", f"take one of {', '.join(REGIONS)}"
        )
    region, whole = REGIONS[where] if where else None, facts.get("whole_region", False)
    return Scene(leaf, facts["stage"], facts["operands"], region, whole, tuple(also_when))


@dataclass
class World:
    """A module at some stage, with a TD in it from "created" on. `region` is where operands that name a new page point."""

    module: Module
    td: SimpleTd | None = None
    fresh: int = FRESH
    more: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "World":
        """The same world, to go another way from here; its SimpleTd is not driven on."""
        return World(self.module.copy(), self.td, self.fresh, self.more)

    def arrange(self, condition: str) -> "World":
        """Make a condition true in this world, at one of the stages `CAN_ENTER`; "in the guest": its vCPU has entered; "suspected": its
        guest stands at a page that the host had blocked, and was entered again and again. At "runnable" the page is open again by now."""
        module, tdvpr = self.module, self.more["tdvpr"]
        if condition == "in the guest":
            module.enter(tdvpr)
        elif condition == "suspected":
            page = {"rcx": GPA_PAGE, "rdx": self.td.tdr}
            blocked_here = module.call("TDH.MEM.RANGE.BLOCK", **page).ok
            touch(module, tdvpr, GPA_PAGE)
            enter_until_suspected(module, tdvpr)
            if blocked_here:
                must(module, "TDH.MEM.TRACK", rcx=self.td.tdr)
                must(module, "TDH.MEM.RANGE.UNBLOCK", **page)
        else:
            raise ModelError(
                f"condition {printable(condition)}", "it cannot be arranged", 'take "suspected" or "in the guest"'
            )
        return self

    def operands(self, leaf: str, region: int | None = None, second: bool = False) -> dict[str, int]:
        """Registers for a leaf. `region` moves what the leaf takes by HPA (a new page, a page to read, a region) there;
        `second` takes another page, GPA and HKID, for a call beside one with the first."""
        words = self.words(region, second)
        given = {}
        for register, word in scene_of(leaf).registers.items():
            if isinstance(word, str) and word not in words:
                raise ModelError(
                    f"{register} of {leaf}",
                    f"no operand is called {printable(word)}",
                    f"take one of {', '.join(words)}",
                )
            given[register.lower()] = words[word] if isinstance(word, str) else word
        return given

    def words(self, region: int | None = None, second: bool = False) -> dict[str, int]:
        """What a register may hold, by the words of the facts; arguments as for `operands`."""
        step = SECOND if second else 0
        new = self.fresh + 0x7000 if region is None else region + 0x12_C000  # entry 300 of the region
        return {
            "new page": new + step,
            "region": EMPTY if region is None else region,
            "region without a pair": (EMPTY if region is None else region) | L2M,
            "region with a pair": (EMPTY_WITH_PAIR if region is None else region) | L2M,
            "page of the TD": (SMALL if region is None else region) + 0x5000 + step,
            "pair page 0": PAIR[0] + step,
            "pair page 1": PAIR[1] + step,
            "TDR": self.td.tdr if self.td else CONTROL,
            "TDVPR": self.more.get("tdvpr", CONTROL),
            "free HKID": 41 if second else 40,
            "mapped GPA": GPA_PAGE + step,
            "free GPA": GPA_FREE + step,
            "pending GPA": GPA_SMALL + 0x5000 + step,
            "free 2M GPA": GPA_FREE_2M + (PAGE_2M if second else 0) | L2M,
            "GPA of a 2M page": GPA_LARGE | L2M,
            "GPA of 512 pages": GPA_SMALL | L2M,
            "GPA of an empty table": GPA_EMPTY_TABLE | L2M,
            "TD_PARAMS": 0x2000,
            "source page": 0x3000,
            "TDMR list": TDMR_LIST,
            "HKID and Dynamic PAMT": 32 | DYNAMIC_PAMT,
        }


def stages(version: str = LATEST, tdvpr: int | None = None, dynamic: bool = True):
    """Walks a world from a module just loaded to a TD in teardown: yields (stage, world) at each stop; the world goes on changing.
    `tdvpr` puts the vCPU's TDVPR page elsewhere than among the other control pages. dynamic=False: a static PAMT, and no pair anywhere."""
    module = Module([(0, 8 * GIB)], dynamic, version, ready=False)
    module.put(TDMR_LIST, module.tdmr_infos)
    world = World(module)
    yield "loaded", world
    must(module, "TDH.SYS.INIT")
    yield "started", world
    for lp in range(module.platform.lps):
        must(module, "TDH.SYS.LP.INIT", lp=lp)
    yield "started on every LP", world
    must(module, "TDH.SYS.CONFIG", rcx=TDMR_LIST, rdx=1, r8=32 | (DYNAMIC_PAMT if dynamic else 0))
    yield "configured", world
    must(module, "TDH.SYS.KEY.CONFIG")
    yield "keyed", world
    while module.m.tdmr_next[0] < 8 * GIB:
        must(module, "TDH.SYS.TDMR.INIT", rcx=0)
    module.put(TDMR_LIST, None)
    world.td = td = SimpleTd(module, _host(module))
    yield "ready", world
    for stage in _build(td, world, tdvpr):
        yield stage, world


def _host(module: Module) -> HostPages:
    host = HostPages(module, CONTROL, range(OWN_PAIRS, OWN_PAIRS + 64 * PAGE_4K, PAGE_4K))
    _with_pairs(host, FRESH, EMPTY_WITH_PAIR)
    return host


def _with_pairs(host: HostPages, *regions: int) -> None:
    """A pair for each of these regions, where there are pairs."""
    if host.module.m.dynamic:
        for region in regions:
            host.add_pair(region >> 21)


def _build(td: SimpleTd, world: World, tdvpr: int | None):
    """The TD's life, a stop after each thing a leaf may need."""
    module, host = td.module, td.host
    td.tdr = host.page()
    must(module, "TDH.MNG.CREATE", rcx=td.tdr, rdx=33)
    yield "created"
    must(module, "TDH.MNG.KEY.CONFIG", rcx=td.tdr)
    yield "has keys"
    for _ in range(module.platform.version.tdcx):
        must(module, "TDH.MNG.ADDCX", rcx=td.control_page(), rdx=td.tdr)
    yield "has TDCX"
    must(module, "TDH.MNG.INIT", rcx=td.tdr, rdx=0x2000)
    yield "initialised"
    world.more["tdvpr"] = tdvpr = tdvpr or td.control_page()
    must(module, "TDH.VP.CREATE", rcx=tdvpr, rdx=td.tdr)
    yield "has a TDVPR"
    for _ in range(module.platform.version.vcpu_extra):
        must(module, "TDH.VP.ADDCX", rcx=td.control_page(), rdx=tdvpr)
    yield "has vCPU pages"
    must(module, "TDH.VP.INIT", rcx=tdvpr)
    td.vcpus.append(tdvpr)
    td.add(GPA_PAGE)
    td.add(GPA_PAGE + SECOND)
    yield "has a vCPU"
    td.run()
    _map(td)
    yield "runnable"
    for gpa, level in (
        (GPA_PAGE, 0),
        (GPA_PAGE + SECOND, 0),
        (GPA_LARGE, L2M),
        (GPA_SMALL, L2M),
        (GPA_EMPTY_TABLE, L2M),
    ):
        must(module, "TDH.MEM.RANGE.BLOCK", rcx=gpa | level, rdx=td.tdr)
    must(module, "TDH.MEM.TRACK", rcx=td.tdr)
    yield "blocked and tracked"
    must(module, "TDH.VP.FLUSH", rcx=tdvpr)
    yield "flushed"
    must(module, "TDH.MNG.VPFLUSHDONE", rcx=td.tdr)
    yield "flush done"
    must(module, "TDH.PHYMEM.CACHE.WB")
    yield "written back"
    must(module, "TDH.MNG.KEY.FREEID", rcx=td.tdr)
    yield "in teardown"


def _map(td: SimpleTd) -> None:
    """A 2 MiB page, 512 contiguous 4K pages, and a Secure-EPT page that maps nothing."""
    module, host = td.module, td.host
    must(module, "TDH.MEM.PAGE.AUG", rcx=GPA_LARGE | L2M, rdx=td.tdr, r8=LARGE)
    _with_pairs(host, SMALL)
    td.sept(GPA_SMALL, 0)
    for i in range(512):
        must(module, "TDH.MEM.PAGE.AUG", rcx=GPA_SMALL + (i << 12), rdx=td.tdr, r8=SMALL + (i << 12))
    td.sept(GPA_EMPTY_TABLE, 0)


@cache
def _worlds(version: str, tdvpr: int | None, dynamic: bool) -> dict[str, World]:
    return {stage: world.copy() for stage, world in stages(version, tdvpr, dynamic)}


def world_at(stage: str, version: str = LATEST, tdvpr: int | None = None, dynamic: bool = True) -> World:
    """A fresh world at a stage ("loaded" … "in teardown", see `stages`); `tdvpr` and `dynamic` as for `stages`."""
    worlds = _worlds(version, tdvpr, dynamic)
    if stage not in worlds:
        raise InputError(f"stage {stage!r}", "there is no such stage", f"take one of {', '.join(worlds)}")
    return worlds[stage].copy()


def world_for(leaf: str, version: str = LATEST) -> World:
    """A fresh world in which this leaf succeeds with `operands(leaf)`."""
    return world_at(scene_of(leaf).stage, version)
