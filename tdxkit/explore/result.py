"""What an exploration found, as values, as text and as JSON."""

from dataclasses import dataclass, field

from tdxkit.text import many

REDUCTIONS = {
    "none": "every thread told apart, every step on its own",
    "sym": "threads that run the same program are interchangeable",
    "all": "also a step that touches nothing shared is taken together with the step before it",
}
BOUND = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """What an exploration found.

    verdict: `ok`, `violation` or `deadlock`; property: the rule that was broken. states: how many were visited under the
    reduction, complete: was that all of them. steps and switches are those of `schedule` in unfused steps; schedule is a code
    that replays, None where there is nothing to show. exact: no schedule is shorter (or, where asked for, has fewer switches).
    broken: every rule seen to break. seen: each `sometimes` rule and whether it came true. interleavings: the exact number of
    complete runs when it was asked for, None otherwise or when there is no end to them. bounded: the bound on states was reached.
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
    broken: tuple[str, ...] = ()
    seen: dict[str, bool] = field(default_factory=dict)
    bounded: bool = False

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
            "interleavings": None if self.interleavings is None else str(self.interleavings)
        }

    def __str__(self) -> str:
        whole = "complete" if self.complete else "stopped at the first violation"
        if self.bounded:
            whole = f"bounded: stopped after {many(self.states, 'state')}"
        verdict = self.verdict if self.property in (None, self.verdict) else f"{self.verdict}, {self.property}"
        if self.verdict == "ok" and self.bounded:
            verdict = "nothing found so far"
        rows = [f"{self.scenario}, {many(self.threads, 'thread')} × {many(self.rounds, 'round')}: {verdict}"]
        rows.append(f"{many(self.states, 'state')} ({self.reduction}: {REDUCTIONS[self.reduction]}); {whole}")
        if self.schedule:
            rows.append(f"{many(self.steps, 'step')}, {many(self.switches, 'switch')}: {self.schedule}")
        if self.interleavings is not None:
            rows.append(f"{self.interleavings:,} interleavings")
        return "\n".join(rows)
