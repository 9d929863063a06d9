"""Which two calls meet, and where: two leaves by name, the region and page that they meet on, the stage of the world, operands of one's own.

    one = TwoCalls("TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.DEMOTE", where=SAME_REGION)
    module, calls = one.made()          # for tdxkit.seam.meeting

Worlds and operands are those of `conflicts`: each call succeeds by itself, and what the second takes by HPA lies where the first works.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tdxkit.errors import InputError, printable
from tdxkit.seam.conflicts import busy_at, call_of, conditions, conflict, names, pair_world, shared_region, stages
from tdxkit.seam.leaves.leaf import compile_condition
from tdxkit.seam.module import Module
from tdxkit.seam.scenes import World, scene_of
from tdxkit.seam.versions import LATEST
from tdxkit.text import near

SOURCES = ("model",)
SAME_REGION, SAME_PAGE, APART = (
    "in CPU 0's region, on two pages",
    "on the very same page",
    "each where its own scene lies",
)
WHERE = (SAME_REGION, SAME_PAGE, APART)
MOST_CALLS = ""  # no condition


def leaves() -> tuple[str, ...]:
    """The calls that can be under way at once: all that do not bring the module up."""
    return tuple(name for name in names() if not name.startswith("TDH.SYS."))


def call_named(name: str) -> str:
    """One of `leaves()` by its name, with or without TDH. before it, in any case. InputError for another."""
    upper = name.strip().upper().replace(" V1", " v1")
    found = next((one for one in leaves() if upper in (one, one.removeprefix("TDH."))), None)
    if found is None:
        meant = near(upper, [one.removeprefix("TDH.") for one in leaves()], 0.5)
        raise InputError(
            f"call {printable(name)}",
            "it is not one of those that can be under way at once",
            f"did you mean {meant}?" if meant else "name one of those in `conflicts`, none of SYS",
        )
    return found


@dataclass(frozen=True)
class TwoCalls:
    """first, second: names of `leaves()`. stage: of the world, "" for the `fitting_stage`; condition: one of
    `conditions(first, second)`. wanted: for each of the two what its registers hold, by upper-case name: one of its `words`, or a number."""

    first: str
    second: str
    where: str = SAME_REGION
    stage: str = ""
    condition: str = MOST_CALLS
    version: str = LATEST
    wanted: tuple[Mapping[str, str | int], Mapping[str, str | int]] = field(default=({}, {}))

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages of the world at which one of the two succeeds."""
        return tuple(stages(self.first, self.second, self.condition))

    @property
    def conditions(self) -> tuple[str, ...]:
        """What may be arranged before, beside nothing."""
        return (MOST_CALLS, *conditions(self.first, self.second))

    def world(self) -> World:
        """A fresh world for the two. InputError for what cannot be."""
        for name in (self.first, self.second):
            if name not in leaves():
                raise InputError(
                    f"call {printable(name)}", "it is not one of those that can be under way at once", "choose another"
                )
        if not self.stages:
            raise InputError(
                f"{self.first} and {self.second}",
                "there is no stage at which both can be made",
                "choose another condition",
            )
        stage = self.stage if self.stage in self.stages else self.fitting_stage
        return self._world(stage)

    @property
    def fitting_stage(self) -> str:
        """The first of the stages at which the most succeeds: each call by itself, where they meet and where its own scene lies."""
        return max(self.stages, key=self._succeeding)

    def _world(self, stage: str) -> World:
        return pair_world(stage, self.version, self.first, self.second, self.condition)

    def _succeeding(self, stage: str) -> int:
        found = 0
        for at, name in enumerate((self.first, self.second)):
            for where in (self.where, APART):
                world = self._world(stage)
                found += world.module.call(scene_of(name).leaf, **self._registers(world, where, bool(at))).ok
        return found

    def words(self, world: World, second: bool) -> dict[str, dict[str, int]]:
        """For each register of a call what it may hold, in words: as the place of meeting has it first."""
        found: dict[str, dict[str, int]] = {}
        order = (self.where, *(where for where in WHERE if where != self.where))
        for where in order:
            for register, number in self._registers(world, where, second).items():
                if register != "vcpu":
                    words = found.setdefault(register.upper(), {})
                    if number not in words.values():
                        words[where] = number
        return found

    def _registers(self, world: World, where: str, second: bool) -> dict[str, int]:
        region = None if where == APART else shared_region(self.first, self.second)
        return call_of(world, self.first, self.second, region, second, same=where == SAME_PAGE)[1]

    def made(self) -> tuple[Module, list[tuple[str, dict[str, int]]]]:
        """The module, and (leaf, registers) of the two calls."""
        world, calls = self.world(), []
        for at, name in enumerate((self.first, self.second)):
            given, words = self._registers(world, self.where, bool(at)), self.words(world, bool(at))
            for register, value in self.wanted[at].items():
                given[register.lower()] = words[register][value] if isinstance(value, str) else value
            calls.append((scene_of(name).leaf, given))
        return world.module, calls


def telling(first: str, second: str, version: str = LATEST) -> TwoCalls:
    """The two as `conflicts` has them: at a stage, and under a condition where it takes one, at which the second is BUSY while the first is
    under way; for two that go side by side, as most calls are.

    >>> telling("TDH.VP.ENTER", "TDH.MEM.RANGE.BLOCK").condition, telling("TDH.MNG.CREATE", "TDH.VP.FLUSH").stage
    ('suspected', 'ready')
    """
    found = conflict(first, second, version)
    one = TwoCalls(first, second, version=version)
    if found.then and not found.met:
        words = found.only_if
        one = replace(
            one, condition=next(name for name in one.conditions if name and compile_condition(name).words == words)
        )
    order = sorted(one.stages, key=one.fitting_stage.__ne__)  # the most fitting first
    stage = next((s for s in order if busy_at(s, first, second, version, one.condition)), "")
    return replace(one, stage=stage)
