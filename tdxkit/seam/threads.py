"""SEAMCALLs as threads of the explorer: the same generators, on the explorer's tracked memory.

    adds = [("TDH.PHYMEM.PAMT.ADD", {"rcx": …}), ("TDH.PHYMEM.PAMT.ADD", {"rcx": …})]
    explore(together(module, adds, at_end("one succeeds", …)))

A module's memory is large and mostly untouched. The keys that the calls can write become shared variables; every other key keeps
the value it has in `module` and is read there. A write to a key that was not declared is a ModelError, so none goes unseen.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations

from tdxkit.card import card_of
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import Property
from tdxkit.seam.leaves import engine
from tdxkit.seam.leaves.act import Fixed
from tdxkit.seam.leaves.call import Call
from tdxkit.seam.leaves.engine import perform
from tdxkit.seam.memory import KEYED, PLAIN, Memory, Table
from tdxkit.seam.module import Module

MAX_CALLS = 5


class Half:
    """One keyed variable: declared keys are the explorer's, the others those of the module at rest."""

    __slots__ = ("base", "keys", "name", "tracked")

    def __init__(self, name: str, tracked: Mapping | None, keys: frozenset, base: Table):
        self.name, self.tracked, self.keys, self.base = name, tracked, keys, base

    def __getitem__(self, key: object) -> object:
        return self.tracked[key] if key in self.keys else self.base[key]

    def __setitem__(self, key: object, value: object) -> None:
        if key in self.keys:
            self.tracked[key] = value
        elif self.base[key] != value:
            raise ModelError(
                f"m.{self.name}[{key}]", "the calls change it only when they overlap", "declare the key as shared"
            )


class Window:
    """The module's memory as a thread sees it."""

    __slots__ = (*KEYED, *PLAIN)

    def __init__(self, m, base: Memory, shared: Mapping[str, Mapping]):
        put = object.__setattr__
        for name in PLAIN:
            put(self, name, getattr(base, name))
        for name in KEYED:
            tracked = getattr(m, name) if name in shared else None
            put(self, name, Half(name, tracked, frozenset(shared.get(name, ())), getattr(base, name)))

    def __setattr__(self, name: str, value: object) -> None:
        raise ModelError(
            f"m.{name} = …", "a leaf that brings the module up is no thread", "run SYS leaves with Module.call"
        )

    def as_local(self) -> str:
        """Nothing of a thread's own."""
        return "m"


def together(module: Module, calls: Sequence[tuple[str, Mapping[str, int]]], *rules: Property) -> Scenario:
    """A scenario in which each CPU makes one of these calls, given as (leaf, registers), on the module as it is now."""
    shared, programs = threads(module, [module.prepare(name, **given) for name, given in calls])
    title = "Beside each other: " + ", ".join(name for name, _ in calls)
    return Scenario("seamcalls", shared, tuple(map(Thread, programs)), rules, title=title, card=card_of(engine))


def threads(module: Module, calls: Sequence[Call]) -> tuple[dict[str, dict], tuple[Callable, ...]]:
    """(shared variables with their first values, a program for each call); a program returns the call's Result."""
    if not 1 <= len(calls) <= MAX_CALLS:
        raise InputError(f"{len(calls)} calls", f"1 to {MAX_CALLS} calls run at once", "give fewer")
    base = module.m.copy()
    shared: dict[str, dict] = {}
    for name, key in sorted(written(module, calls), key=str):
        shared.setdefault(name, {})[key] = getattr(base, name)[key]
    return shared, tuple(_program(_Start(call, base, shared)) for call in calls)


class _Start(Fixed):
    """What a program closes over: the call and the memory at rest."""

    __slots__ = ("base", "call", "shared")

    def __init__(self, call: Call, base: Memory, shared: Mapping[str, Mapping]):
        self.call, self.base, self.shared = call, base, shared


def _program(start: _Start) -> Callable:
    def seamcall(m):
        return (yield from perform(Window(m, start.base, start.shared), start.call))

    return seamcall


class _Noted(Table):
    """A table that notes which of its keys are written."""

    __slots__ = ("notes",)

    notes: set

    def __setitem__(self, key: object, value: object) -> None:
        self.notes.add(key)
        super().__setitem__(key, value)


def written(module: Module, calls: Sequence[Call]) -> set[tuple[str, object]]:
    """(variable, key) of all that these calls write, one after the other in any order."""
    found: set[tuple[str, object]] = set()
    for order in permutations(calls):
        m = module.m.copy()
        for name in KEYED:
            table = _Noted(KEYED[name], getattr(m, name))
            table.notes = set()
            setattr(m, name, table)
        for call in order:
            for _ in perform(m, call):
                pass
        found |= {(name, key) for name in KEYED for key in getattr(m, name).notes}
    return found
