"""What the reader and the explorer say of a random program, in the judge's words, so that the two can be held together."""

import re

from tdxkit.c.harness import scenario_of_c
from tdxkit.explore import rules
from tdxkit.explore.buffers import needs_empty
from tdxkit.explore.frames import OF_C
from tdxkit.explore.program import Scenario
from tdxkit.explore.search import explore
from tdxkit.explore.tables import Tables
from tests.c.judge import coarsest
from tests.c.random_c import Made
from tests.c.same import every_state

SLEEPS = "nobody may sleep under a spinlock"
WITHOUT_LINE = {rules.UNLOCK_BY_HOLDER: "unlock", rules.NO_RELOCK: "relock", rules.NO_LEFT: "left", SLEEPS: "sleep"}
BY_WORDS = {
    "BUG": "bug",
    "saturates": "refcount",
    "division": "divide",
    "shift": "shift",
    "before it has": "uninitialised",
}


def said(made: Made, memory: str) -> dict:
    """verdict, defects, steps of the shortest run, states with places that go on alike counted as one."""
    scenario = scenario_of_c(made.text, run=tuple(f"{entry}();" for entry in made.entries))
    found = explore(scenario, "none", memory=memory)
    defects = {kind_of(rule) for rule in found.broken}
    return {"verdict": found.verdict, "defects": defects, "steps": found.steps, "states": states(scenario.on(memory))}


def judged(verdict) -> dict:
    """The same of the judge's verdict."""
    defects = {
        kind if kind in (*WITHOUT_LINE.values(), "deadlock", "livelock") else (kind, line)
        for kind, line in verdict.lengths
    }
    lengths = {kind: steps for (kind, _), steps in sorted(verdict.lengths.items(), key=lambda item: -item[1])}
    steps = min((n for kind, n in lengths.items() if kind not in ("deadlock", "livelock")), default=0)
    steps = lengths.get(verdict.verdict, steps)
    return {"verdict": verdict.verdict, "defects": defects, "steps": steps, "states": verdict.states}


def kind_of(rule: str):
    """A broken rule as the judge names it: its kind, and its line where the rule has one."""
    if warned := re.match(r"(WARN|BUG)\w*\(\) of line (\d+) never fires", rule):
        return warned[1].lower(), int(warned[2])
    if at := re.match(r"line (\d+): (.*)", rule):
        return next((kind for words, kind in BY_WORDS.items() if words in at[2]), at[2]), int(at[1])
    return WITHOUT_LINE.get(rule, rule)


def states(scenario: Scenario) -> int:
    """How many states there are if places that go on alike under every value of the word they look at count as one."""
    tables = Tables(scenario, apart=True)
    seen = every_state(tables, lambda outcome: outcome.broken)
    values = [sorted({tables.shared[sid][slot] for sid, _ in seen}) for slot in range(len(tables.layout.labels))]
    found = Places(tables, values)
    shown = {
        (tables.shared[sid], tuple(map(found.number, lids)), tuple(tables.places[lid].buffer for lid in lids))
        for sid, lids in seen
    }
    kinds = found.classes()
    return len({(numbers, tuple(kinds[n] for n in places), buffers) for numbers, places, buffers in shown})


class Places:
    """The places of a scenario's CPUs with empty buffers, numbered as they are met."""

    def __init__(self, tables: Tables, values: list[list[int]]):
        self.tables, self.values, self.lids = tables, values, []

    def number(self, lid: int) -> int:
        """The number of a place, whatever waits in its buffer."""
        at = self.tables.places[lid]
        bare = self.tables.with_buffer(at, ()) if at.buffer else lid
        if bare not in self.lids:
            self.lids.append(bare)
        return self.lids.index(bare)

    def classes(self) -> list[int]:
        """The class of each place."""
        rows = []
        for lid in self.lids:  # more are met on the way
            rows.append(self._row(lid) if self.tables.places[lid].choices else (("ended",), ()))
        return coarsest(rows)

    def _row(self, lid: int) -> tuple:
        """The word that a place looks at, what its step makes of each value and where it leads."""
        slot = self._slot(lid)
        does, after = [], []
        for old in (None,) if slot is None else self.values[slot]:
            numbers = list(self.tables.shared[self.tables.first_sid])
            if slot is not None:
                numbers[slot] = old
            effect = self.tables.outcome(self.tables.sid(tuple(numbers)), lid, 0)
            stored = (*effect.writes, *self.tables.places[effect.after].buffer)
            new = None if effect.broken else dict(stored).get(slot, old)
            broken = frozenset(
                (rule, self._line(lid) if rule in WITHOUT_LINE and rule != rules.NO_LEFT else 0)
                for rule in effect.broken
            )
            alone = self.tables.tso and needs_empty(self.tables.places[lid].label, effect.kind, bool(stored))
            does.append((new, alone, broken))
            after.append(None if effect.broken else self.number(effect.after))
        wrong = [at for at in does if {rule for rule, _ in at[2]} & {rules.NO_RELOCK, rules.UNLOCK_BY_HOLDER}]
        if wrong:  # by what the CPU holds, whatever the word may be elsewhere
            return (slot, (wrong[0],) * len(does)), (None,) * len(does)
        return (slot, tuple(does)), tuple(after)

    def _slot(self, lid: int) -> int | None:
        """The one word that the step from a place looks at or writes; None where it is a fence."""
        effect = self.tables.outcome(self.tables.first_sid, lid, 0)
        slots = {*effect.reads, *(s for s, _ in (*effect.writes, *self.tables.places[effect.after].buffer))}
        assert len(slots) < 2, f"{self.tables.places[lid].label} looks at {len(slots)} words"
        return next(iter(slots), None)

    def _line(self, lid: int) -> int:
        return [line for code, line in self.tables.places[lid].lines if code.co_filename.startswith(OF_C)][-1]
