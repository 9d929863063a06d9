"""What an exploration found, as values, as text and as JSON."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tdxkit import rules
from tdxkit.explore.buffers import SC, TSO
from tdxkit.explore.rules import NO_RELOCK
from tdxkit.run import NO_END, STANDSTILLS
from tdxkit.text import many

if TYPE_CHECKING:
    from tdxkit.explore.waiting import Loop

REDUCTIONS = {
    "none": "every thread told apart, every step on its own",
    "sym": "threads that run the same program are interchangeable",
    "all": "also a step that touches nothing shared is taken together with the step before it",
    "movers": "also a lock goes with the step after it, and an unlock with the one before",
}
SPEAKS_OF = {
    SC: "sc, each store is seen by all at once; tso has the store buffers of x86",
    TSO: "tso, that of x86; the kernel's contract is the LKMM, and a compiler may reorder plain accesses",
}
ON_BOUND = (
    "fewer threads or rounds, a higher bound of `explore`, or look for what grows for ever, such as a count in a loop"
)


class Broken(Mapping[str, "str | None"]):
    """Rules, each with the code of a shortest schedule that breaks it, None where the bound comes first. `later` are rules whose schedule is
    looked for, by `find`, when somebody asks for it: most never are."""

    def __init__(self, codes: Mapping[str, str | None], later: Iterable[str], find: Callable[[str], str | None]):
        self._codes = {**codes, **dict.fromkeys(later)}
        self._find = dict.fromkeys(later, find)

    def __getitem__(self, rule: str) -> str | None:
        if rule in self._find:
            self._codes[rule] = self._find[rule](rule)
            del self._find[rule]  # and with the last of them what the search has kept
        return self._codes[rule]

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(frozen=True, slots=True)
class Result:
    """What an exploration found.

    verdict: `ok`, `violation`, `deadlock`, `livelock` (a state from which no end can be reached) or `bounded` (nothing found before
    the bound on states); property: the rule that was broken, "deadlock" or "livelock". states: how many were visited under the
    reduction, complete: was that all of them (then an `ok` that judged every rule says too that an end can be reached from each). steps and switches are those of `schedule` in unfused steps; schedule is a code
    that replays, None where there is nothing to show. exact: no schedule is shorter (or, where asked for, has fewer switches).
    broken: every rule seen to break, with a schedule that is shortest for it (None where the bound came first). seen: each `sometimes` rule and whether it came true. interleavings: the exact number of
    complete runs when it was asked for, None otherwise or when there is no end to them. bounded: the bound on states was reached before
    all were visited. waits: in a deadlock or livelock who waits for whom, since when, a sentence for each thread that has not finished.
    spent: why a search that is bounded stopped before the bound; "" where it was the bound.
    remarks: what is to be said beside the verdict of a reader's own code, a line each; doubt: why an ok of it is no plain one. unrun: lines that no run executed.
    memory: `sc` or `tso`. races: pairs of lines that KCSAN would tell of. orders: of locks, that could meet their opposite, whether a run met it or not.
    spins: in a deadlock somebody looks again and again. stepped: functions of C in which, or below which, a step was taken.
    loop: in a livelock one round of it. ends: it was looked for livelocks, everywhere, and there is none.
    """

    scenario: str
    threads: int
    rounds: int
    reduction: str
    verdict: str
    property: str | None
    complete: bool
    states: int
    steps: int
    switches: int
    schedule: str | None
    interleavings: int | None = None
    exact: bool = True
    broken: Mapping[str, str | None] = field(default_factory=dict)
    seen: dict[str, bool] = field(default_factory=dict)
    bounded: bool = False
    spent: str = ""
    waits: tuple[str, ...] = ()
    loop: Loop | None = None
    ends: bool = False
    remarks: tuple[str, ...] = ()
    unrun: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    memory: str = SC
    races: tuple[str, ...] = ()
    doubt: str = ""
    spins: bool = False
    stepped: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    @builtins.property
    def but(self) -> str:
        """What is to be said behind the verdict: why an ok is no plain one, which lines no run executed; "" where there is nothing."""
        doubt = f", but {self.doubt}" if self.doubt and self.property is None else ""
        return doubt + (f"; never executed: {'; '.join(self.unrun)}" if self.unrun else "")

    def kinds(self) -> frozenset[str]:
        """Every kind of verdict that something speaks for: that of each broken rule and, where the bound was reached, `bounded`. Whoever
        waits for a lock that it holds is in a deadlock too, and in a deadlock whoever looks again and again in a livelock.
        """
        broken = {*self.broken, *([self.property] if self.property else [])}
        found = {rule if rule in STANDSTILLS else "violation" for rule in broken}
        found |= {"deadlock"} if NO_RELOCK in broken else set()
        found |= {"livelock"} if self.spins else set()
        return frozenset(found | ({"bounded"} if self.bounded else set()))

    @builtins.property
    def defect(self) -> str | None:
        """What is the case, said as a result; None where nothing was found."""
        if self.property is None:
            return None
        return rules.verdicts()[self.verdict] if self.property in STANDSTILLS else rules.defect(self.property)

    def as_json(self) -> dict:
        """The form that `explore --json` prints."""
        keys = (
            "scenario",
            "threads",
            "rounds",
            "reduction",
            "verdict",
            "property",
            "complete",
            "states",
            "steps",
            "switches",
            "schedule",
        )
        return {k: getattr(self, k) for k in keys} | {
            "interleavings": None if self.interleavings is None else str(self.interleavings),
            "waits": list(self.waits),
            "loop": self.loop and self.loop.as_json(),
            "defect": self.defect,
            "broken": dict(self.broken),
            "remarks": list(self.remarks),
            "unrun": list(self.unrun),
            "doubt": self.doubt or None,
            "orders": list(self.orders),
            "memory": self.memory,
            "races": list(self.races),
        }

    def __str__(self) -> str:
        whole = (
            "complete" + (", an end can be reached from each" if self.ends and self.verdict == "ok" else "")
            if self.complete
            else "stopped at the first violation"
        )
        if self.bounded:
            whole = f"stopped {self.spent or 'at the bound'}, after {many(self.states, 'state')}"
        verdict = self.verdict if self.property in (None, self.verdict) else f"{self.verdict}, {self.defect}"
        if self.verdict == "bounded":
            verdict = "bounded, nothing found so far"
        size = f"{many(self.threads, 'thread')} × {many(self.rounds, 'round')}"
        rows = [f"{self.scenario}, {size}: {verdict}{self.but}"]
        rows += self.remarks
        if self.property and rules.known(self.property):
            rows.append(f"the rule: {self.property}")
        rows.append(f"{many(self.states, 'state')} ({self.reduction}: {REDUCTIONS[self.reduction]}); {whole}")
        rows.append(f"memory: {SPEAKS_OF[self.memory]}")
        if self.verdict == "bounded" and not self.spent:
            rows.append(f"to go on: {ON_BOUND}")
        if self.schedule:
            rows.append(f"{many(self.steps, 'step')}, {many(self.switches, 'switch')}: {self.schedule}")
        if self.verdict == "livelock":
            rows.append(NO_END)
        rows += self.waits
        if self.loop:
            rows.append(str(self.loop))
        rows += [
            f"also broken: {rules.told(rule)}: {code or 'no schedule within the bound'}"
            for rule, code in self.broken.items()
            if rule != self.property
        ]
        rows += (*self.orders, *self.races)
        if self.interleavings is not None:
            rows.append(f"{self.interleavings:,} interleavings")
        return "\n".join(rows)
