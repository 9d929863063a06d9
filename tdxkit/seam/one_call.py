"""One SEAMCALL as somebody has set it up: which leaf of which module version, with which operands, in which situation.

    made = make(Setting("TDH.PHYMEM.PAMT.ADD", operands={"R8": "the same page as the other"}))
    str(made.answer), made.failed          # 'TDX_PAGE_NOT_FREE|R8', 15

Fidelity card
  modelled: all that `leaves.engine` has; a call beside it stops where it holds what is wanted, and goes on when this one has returned
  simplified: a version without Dynamic PAMT has a static one here, and no leaf for pairs: the model answers as with Dynamic PAMT off
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from tdxkit.run import Run
from tdxkit.seam.leaves.act import CHECK, EFFECT
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.engine import find_leaf
from tdxkit.seam.leaves.leaf import Leaf
from tdxkit.seam.leaves.metadata import HINT
from tdxkit.seam.operands import numbers
from tdxkit.seam.pamt import PT_PAMT, PageType
from tdxkit.seam.record import InTd, record
from tdxkit.seam.scenes import World
from tdxkit.seam.situations import AS_IT_SHOULD, Beside, situations
from tdxkit.seam.versions import LATEST
from tdxkit.units import PAGE_2M, PAGE_4K

SOURCES = ("module-leaves",)
THIS, OTHER = "CPU 0", "CPU 1"
REGION_LEAVES = ("TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE")


@dataclass(frozen=True)
class Setting:
    """A call to make. v: the version in RAX. operands: by register a word of `operands.choices` or a number, the right one where there is none."""

    leaf: str
    version: str = LATEST
    v: int = 0
    situation: str = AS_IT_SHOULD
    operands: Mapping[str, str | int] = field(default_factory=dict)

    def world(self) -> World:
        """A fresh world for it, prepared."""
        situation = situations(self.leaf)[self.situation]
        world = situation.world(self.leaf, self.version)
        if situation.prepare:
            situation.prepare(world, self.leaf, numbers(self.leaf, world, self.operands))
        return world


class Shown(NamedTuple):
    """What of the PAMT a picture shows: a region, a page of it or None, pages whose bitmap bits are watched."""

    region: int
    page: int | None = None
    watch: tuple[int, ...] = ()


@dataclass(frozen=True)
class Made:
    """A call that was made: its registers before (`given`), its answer, and all of it as a run. `failed`: the number of the check that
    failed, 0 for what stands before all checks, None where all hold. `position`: of the run, just after what decided."""

    setting: Setting
    leaf: Leaf
    given: Mapping[str, int]
    answer: Answer
    shown: Shown
    run: Run

    @cached_property
    def decisive(self) -> int:
        """The index of the step that decided."""
        own = [at for at, step in enumerate(self.run.steps) if step.actor == THIS]
        if self.answer.ok:
            return next(at for at in own if self.run.steps[at].label.part == EFFECT)
        return [at for at in own if self.run.steps[at].label.part == CHECK][-1]

    @property
    def position(self) -> int:
        """The position in the run just after that step."""
        return self.decisive + 1

    @property
    def failed(self) -> int | None:
        """See the class."""
        return None if self.answer.ok else self.run.steps[self.decisive].label.at

    @property
    def hint(self) -> bool | None:
        """Whether the hint is in the answer; None of a leaf that gives none, and where the call failed."""
        register = self.leaf.spec.get("hint")
        return bool(self.answer[register] & HINT) if register and self.answer.ok else None

    @property
    def registers(self) -> tuple[tuple[str, int | None, int | None, str], ...]:
        """Register by register: before the call, after it, and what it is."""
        names = [*self.given, *(name for name in self.answer.regs if name not in self.given)]
        return tuple(
            (name, self.given.get(name), self.answer.regs.get(name), self._what(name))
            for name in sorted(
                names, key=lambda name: ("RCX", "RDX").index(name) if name[1] in "CD" else int(name[1:]) + 1
            )
        )

    def _what(self, name: str) -> str:
        out = name in self.answer.regs
        if out and not self.answer.ok and self.answer.name == "TDX_EPT_WALK_FAILED":
            return "the Secure-EPT entry where the walk stopped" if name == "RCX" else "its level"
        if out and self.answer.name == "TDX_INTERRUPTED_RESTARTABLE":
            return "as it was given, to make the same call again"
        said = _about(self.leaf.spec["out" if out else "in"], name)
        if out and said == "page type":
            return f"{said}: {PageType(self.answer[name])}"
        return said


def _about(words: Mapping[str, str], name: str) -> str:
    """What the facts say of a register: they may have two in one row."""
    return next((said for key, said in words.items() if name in key.split(",")), "")


def make(setting: Setting) -> Made:
    """Make the call, and record it with what stands beside it."""
    leaf = find_leaf(setting.leaf)
    situation, world = situations(leaf.name)[setting.situation], setting.world()
    given = numbers(leaf.name, world, setting.operands)
    low = {name.lower(): value for name, value in given.items()} | {"v": setting.v, "weather": situation.weather}
    calls, schedule = [(THIS, leaf.name, low)], []
    beside = situation.beside(world, given) if situation.beside else None
    if beside:
        other, its, stop = beside
        calls, schedule = [(OTHER, other, its), *calls], [(0, stop), (1, None)]
    answer = _answer(world.copy(), leaf.name, low, beside)
    shown = _shown(leaf, world, given, answer.operand)
    run = record(
        world.module, calls, schedule, region=shown.region, page=shown.page, watch=shown.watch, td=_td(leaf, world, given),
        title=leaf.name.removeprefix("TDH."),
    )  # fmt: skip
    return Made(setting, leaf, given, answer, shown, run)


def _answer(world: World, leaf: str, low: Mapping, beside: Beside | None) -> Answer:
    """What the call answers, while the other stands where it stops."""
    if beside:
        other, its, stop = beside
        begun = world.module.begin(other, **its)
        while not begun.done and not stop(begun.label):
            begun.step()
    return world.module.call(leaf, **low)


def _td(leaf: Leaf, world: World, given: Mapping[str, int]) -> InTd | None:
    """What to show of the TD, of a leaf that names a guest address."""
    if "GPA" not in leaf.spec["in"]["RCX"]:
        return None
    return InTd(world.td.tdr, given["RCX"] & ~0xFFF, world.more.get("tdvpr", 0), given["RCX"] & 3)


def _shown(leaf: Leaf, world: World, given: Mapping[str, int], blamed: str) -> Shown:
    """What the picture of this call is about: where the operand points that a status names, else the page or region it works on."""
    m, mask = world.module.m, world.module.platform.page_mask
    whole = leaf.name in (*REGION_LEAVES, "TDH.MEM.PAGE.DEMOTE", "TDH.MEM.PAGE.PROMOTE")
    if blamed in ("R8", "R12", "R13") and leaf.name not in REGION_LEAVES:
        page, whole = given[blamed] & mask, False
    elif "GPA" in leaf.spec["in"]["RCX"]:
        page = _below(leaf, world, given)
    else:
        page = given["RCX"] & mask
    region = page & ~(PAGE_2M - 1)
    if not whole:
        return Shown(region, page & ~(PAGE_4K - 1))
    entry = m.pamt_2m[region >> 21]
    pair = [given[name] & mask for name in ("RDX", "R8") if name in given] if leaf.name in REGION_LEAVES else []
    pair += [given[name] & mask for name in ("R12", "R13") if name in given]
    return Shown(region, None, entry.pair if entry.type == PT_PAMT else tuple(pair))


def _below(leaf: Leaf, world: World, given: Mapping[str, int]) -> int:
    """The page that a GPA is about: the new one of AUG, of PROMOTE the first of the 512, else the one its entry points to."""
    m, rcx = world.module.m, given["RCX"]
    if leaf.name == "TDH.MEM.PAGE.AUG":
        return given["R8"] & world.module.platform.page_mask
    page = m.sept[reach(m, world.td.tdr, rcx & ~0xFFF, rcx & 7)[0]][1]
    return m.sept[page][1] if leaf.name == "TDH.MEM.PAGE.PROMOTE" and m.sept[page][1] else page
