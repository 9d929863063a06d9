"""What a leaf is: facts (data/seamcalls.json) compiled into checks in order and an effect; the registries of checks, of the conditions
under which a check is made at all, and of effects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import isgeneratorfunction
from types import MappingProxyType

from tdxkit.errors import ModelError
from tdxkit.seam.leaves.act import DO_IT, Fixed, LeafAct
from tdxkit.seam.pamt import LEVEL_NAMES
from tdxkit.status.codes import code, with_operand

NEEDED = ("leaf", "name", "in", "locks", "transition", "checks", "source")  # of a leaf's facts, in any case
LEVELS = {name: level for level, name in enumerate(LEVEL_NAMES)}


@dataclass(frozen=True, slots=True, eq=False)
class Condition(Fixed):
    """When a check is made at all: `needed(m, call, f)`, and the same in words, to stand after "only if"."""

    test: Callable
    args: tuple
    words: str

    def needed(self, m, call, f) -> bool:
        """Whether the check is made in this call."""
        return self.test(m, call, f, *self.args)


@dataclass(frozen=True, slots=True, eq=False)
class Check(Fixed):
    """One check of a leaf, ready to run: the test and its arguments, the status when it fails, the acts of its steps; the condition
    under which it is made, None where it always is."""

    test: Callable
    args: tuple
    status: int
    acts: tuple[LeafAct, ...]
    steps: bool  # the test is a generator of several atomic steps
    spec: Mapping
    only_if: Condition | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Leaf(Fixed):
    """One SEAMCALL or TDCALL leaf: its facts as in data/seamcalls.json, its checks in order and what it does when all hold."""

    number: int
    name: str
    checks: tuple[Check, ...]
    effect: Callable
    spec: Mapping
    op_states: frozenset[str]
    sept_states: frozenset[str]
    versions: tuple[int, ...]
    plan: tuple[
        tuple[LeafAct | None, Callable, tuple, Check], ...
    ]  # the checks as the engine runs them; None: several steps
    act: LeafAct  # of what it does when every check holds
    effect_steps: bool  # the effect is a generator
    own_version: bool  # it looks at the version itself, among its checks
    guest: bool  # a TDCALL: made by a vCPU in the guest


CHECKS: dict[str, tuple[Callable, tuple[LeafAct, ...]]] = {}
CONDITIONS: dict[str, tuple[Callable, str]] = {}
EFFECTS: dict[str, tuple[Callable, LeafAct]] = {}


def check(*acts: str, kind: str = "load", lock: str = ""):
    """Register a check under its function's name. `acts` say what must hold, "{0}" is the first argument; `kind` and `lock` as for
    `LeafAct`, of those that are given as plain words.

    test(m, call, f, *args) returns Facts to go on; None or Broken when it fails. A generator takes several atomic steps and yields
    an act at the start of each; it gets its acts as a tuple after `f`.
    """
    made = tuple(act if isinstance(act, LeafAct) else LeafAct(act, kind, lock=lock) for act in acts)

    def register(test: Callable) -> Callable:
        CHECKS[test.__name__] = (test, made)
        return test

    return register


def condition(words: str):
    """Register a condition under its function's name: needed(m, call, f, *args) -> whether a check is made at all. `words` stand after
    "only if"; "{0}" is the first argument. A condition looks at what the checks before it have under their locks, and takes no step.
    """

    def register(test: Callable) -> Callable:
        CONDITIONS[test.__name__] = (test, words)
        return test

    return register


def effect(*leaves: str, act: LeafAct = DO_IT):
    """Register what a leaf does once every check holds: effect(m, call, f) -> (details, {register: value}) or just registers.

    `act`: LOOK for a leaf that only reads."""

    def register(run: Callable) -> Callable:
        EFFECTS.update(dict.fromkeys(leaves, (run, act)))
        return run

    return register


def compile_leaf(spec: Mapping) -> Leaf:
    """A leaf out of its facts: looks up the checks and works out the statuses. ModelError for facts or functions that lack."""
    name = spec.get("name", f"number {spec.get('leaf')}")
    lacking = [key for key in NEEDED if key not in spec]
    if lacking:
        raise ModelError(
            f"leaf {name}", f"its facts lack {', '.join(lacking)}", "see the others in data/seamcalls.json"
        )
    modelled = [entry for entry in spec["checks"] if "test" in entry]
    checks = tuple(compile_check(entry, at) for at, entry in enumerate(modelled, 1))
    run, act = registered(EFFECTS, name, f"leaf {name}", "@effect")
    return Leaf(
        number=spec["leaf"],
        name=name,
        checks=checks,
        effect=run,
        spec=MappingProxyType(dict(spec)),
        op_states=frozenset(spec.get("op_states", ())),
        sept_states=frozenset(spec.get("sept_states", ())),
        versions=tuple(spec.get("versions", (0,))),
        plan=tuple((None if c.steps else c.acts[0], c.test, c.args, c) for c in checks),
        act=act,
        effect_steps=isgeneratorfunction(run),
        own_version=any(c.test.__name__ == "version" for c in checks),
        guest=name.startswith("TDG."),
    )


def registered(table: Mapping, name: str, what: str, mark: str):
    """What a table of functions has under a name; ModelError that says what to write where it has nothing."""
    if name not in table:
        raise ModelError(what, "no function is registered for it", f"write one marked {mark} in tdxkit/seam/leaves")
    return table[name]


def compile_check(entry: Mapping, at: int) -> Check:
    """One check out of its facts: "walk RDX 4K shared" is the test `walk` with three arguments; numbers are read here, once.

    at: its line in the leaf's text."""
    name, *words = entry["test"].split()
    test, acts = registered(CHECKS, name, f"check {entry['test']}", "@check")
    operand = entry.get("operand", "")
    acts = tuple(
        LeafAct(act.format(*words, *[""] * 3), act.kind, operand, act.lock, act.part, at, entry["test"]) for act in acts
    )
    args = tuple(int(word, 0) if word[0].isdigit() and word not in LEVELS else word for word in words)
    status = with_operand(entry["status"], operand) if operand else code(entry["status"])
    steps = isgeneratorfunction(test)
    only_if = compile_condition(entry["if"]) if "if" in entry else None
    return Check(test, (acts, *args) if steps else args, status, acts, steps, MappingProxyType(dict(entry)), only_if)


def compile_condition(text: str) -> Condition:
    """A condition out of its facts: "outside RDX" is the function `outside` with one argument."""
    name, *words = text.split()
    test, said = registered(CONDITIONS, name, f"condition {text}", "@condition")
    return Condition(test, tuple(words), said.format(*words))
