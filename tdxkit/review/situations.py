"""What get and put do in each situation that their authors had to think of, for several designs side by side.

A situation is a state to begin with, what answers come, and what another CPU has done by the time the lock is taken. A design's own get
or put is run in it, once, alone: no search, so what is shown is a path that the text has.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.tables import FINISHED, Place, Tables
from tdxkit.kinds import ALLOC, LOCK
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import Variant, of_design
from tdxkit.review.program import design_named
from tdxkit.text import columns

COUNT = f"refcount[{module.REGION}]"
MOST = 14  # designs side by side
FAILS = {"TDH.PHYMEM.PAMT.ADD": module.FAULT, "TDH.PHYMEM.PAMT.REMOVE": module.FAULT}
ERRNO = {0: "0", module.ENOMEM: "-ENOMEM", module.EIO: "-EIO"}


@dataclass(frozen=True, slots=True)
class Situation:
    """`call` is get or put; `users`: how many others the count has counted; `pair`: is there one; `meanwhile`: what somebody else does
    to the count just before the lock is taken, with the pair going in where there was none; `fails`: the step that fails."""

    name: str
    call: str
    users: int = 0
    pair: bool = False
    meanwhile: int = 0
    fails: str = ""


SITUATIONS = (
    Situation("a get, the pair is there", "get", users=1, pair=True),
    Situation("the first get", "get"),
    Situation("a get that comes second to the lock", "get", meanwhile=1),
    Situation("a get, ADD answers HPA_RANGE_NOT_FREE", "get", pair=True),
    Situation("a get, ADD fails", "get", fails="TDH.PHYMEM.PAMT.ADD"),
    Situation("a get, no memory", "get", fails="alloc_pair"),
    Situation("a put, others use the region", "put", users=2, pair=True),
    Situation("the last put", "put", users=1, pair=True),
    Situation("the last put, a get comes before the lock", "put", users=1, pair=True, meanwhile=1),
    Situation("the last put, REMOVE fails", "put", users=1, pair=True, fails="TDH.PHYMEM.PAMT.REMOVE"),
)


@dataclass(frozen=True, slots=True)
class Path:
    """What a design did: its steps as (operation, change of the count or ""), what it returned, the state it left."""

    steps: tuple[tuple[str, str], ...]
    returned: str
    refcount: int
    pair: bool

    def __str__(self) -> str:
        steps = ", ".join(f"{does} {change}".rstrip() for does, change in self.steps)
        end = f"; returns {self.returned}" if self.returned else ""
        return f"{steps}{end}; count {self.refcount}, {'pair' if self.pair else 'no pair'}"


@dataclass(frozen=True, slots=True)
class Beside:
    """Several designs: for each situation what each did, in the order in which they were named."""

    names: tuple[str, ...]
    paths: dict[str, dict[str, Path]]

    def groups(self, situation: str) -> list[tuple[tuple[str, ...], Path]]:
        """Designs that do the same put together, in their order."""
        found: dict[Path, list[str]] = {}
        for name in self.names:
            found.setdefault(self.paths[situation][name], []).append(name)
        return [(tuple(names), path) for path, names in found.items()]

    def as_json(self) -> dict:
        """The form that `program` with several names prints."""
        return {
            "situations": [
                {"situation": s, "paths": [{"names": list(names), **_json(path)} for names, path in self.groups(s)]}
                for s in self.paths
            ]
        }

    def __str__(self) -> str:
        blocks = []
        for situation in self.paths:
            rows = [(", ".join(names), str(path)) for names, path in self.groups(situation)]
            blocks.append("\n".join([situation, *(f"  {line}" for line in columns(("", ""), rows)[1:])]))
        return "\n\n".join(blocks)


def _json(path: Path) -> dict:
    return {
        "steps": [list(step) for step in path.steps],
        "returned": path.returned,
        "refcount": path.refcount,
        "pair": path.pair,
    }


def beside(names: Iterable[str]) -> Beside:
    """Put designs side by side; InputError for a name that is no design, or one whose count is not on one region."""
    names = tuple(names)
    if not 1 <= len(names) <= MOST:
        raise InputError(f"{len(names)} designs", f"1 to {MOST} go side by side", "name fewer")
    known = [name for name, design in DESIGNS.items() if _counts_from_zero(design.code)]
    for name in names:
        if design_named(name).name not in known:
            raise InputError(
                f"design {printable(name)}",
                "side by side go those with a count from 0 and one region",
                "take some of " + ", ".join(known),
            )
    return Beside(names, {s.name: {name: walk(DESIGNS[name].code, s) for name in names} for s in SITUATIONS})


def _counts_from_zero(design) -> bool:
    """Has it a get and put on one region? Those that count otherwise bring rules of their own."""
    return hasattr(design, "get") and not hasattr(design, "PROPERTIES") and not hasattr(design, "REGIONS")


def walk(design, situation: Situation) -> Path:
    """Run a design's get or put in a situation."""
    tables = Tables(_alone(design, situation))
    sid, lid, steps = tables.first_sid, tables.first_lids[0], []
    while lid != FINISHED:
        at = tables.places[lid]
        if at.label.kind == LOCK and situation.meanwhile:
            sid = _moved(tables, sid, situation.meanwhile)
        effect = tables.outcome(sid, lid, at.choices.index(_answer(at, situation)))
        before, sid, lid = tables.state(sid)[COUNT], tables.apply(sid, effect), effect.after
        after = tables.state(sid)[COUNT]
        steps.append((at.label.does, f"{before} → {after}" if after != before else ""))
    end = tables.state(sid)
    return Path(tuple(steps), end["returned"], end[COUNT], end[f"pair[{module.REGION}]"])


def _alone(design, situation: Situation) -> Scenario:
    """One CPU that calls get or put once, in the state that a situation begins with; what it returns is a variable of its own."""
    faults = Variant("", memory_may_run_out=True, add_may_fail=True, remove_may_fail=True)
    plain = of_design(design, "one", 1, 1, faults)
    in_use = situation.users - (situation.call == "put")  # the page of this put has been taken from the guest
    first = {
        "refcount": {module.REGION: situation.users},
        "pair": {module.REGION: situation.pair},
        "users": {module.REGION: max(in_use, 0)},
        "returned": "",
    }

    def program(m):
        answer = yield from getattr(design, situation.call)(m, module.REGION)
        if situation.call == "get":
            m.returned = ERRNO.get(answer, str(answer))

    return Scenario("one", {**plain.shared, **first}, (Thread(program),), constants=plain.constants)


def _moved(tables: Tables, sid: int, by: int) -> int:
    """The state once somebody else has moved the count and put a pair in."""
    state = tables.state(sid)
    state |= {COUNT: state[COUNT] + by, f"pair[{module.REGION}]": True}
    return tables.sid(tuple(tables.number(state[name], slot) for slot, name in enumerate(tables.layout.labels)))


def _answer(at: Place, situation: Situation) -> object:
    """What a step is answered: the failure of this situation, else that all goes well."""
    if at.label.does == situation.fails:
        return False if at.label.kind == ALLOC else FAILS[at.label.does]
    return at.choices[0]
