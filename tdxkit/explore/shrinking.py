"""A long schedule that breaks a rule, made shorter and calmer while it still breaks it."""

from itertools import groupby

from tdxkit.errors import InputError
from tdxkit.explore.moves import Steps, first, moves, pick
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Scenario
from tdxkit.explore.schedule import switches
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import Teller

TRIES = 3000
LONGEST = 20_000  # steps of a run that may go on for ever


def shrink(scenario: Scenario, steps: Steps, rule: str, tables: Tables | None = None) -> Steps:
    """A schedule with fewer switches, then fewer steps, that breaks the same rule; at best a local optimum.

    Steps that do not fit after a cut are left out; for a rule at the end (or a deadlock) the threads are run on to their ends.
    InputError when the schedule does not break the rule.
    """
    shrinker = _Shrinker(scenario, rule, tables or Tables(scenario))
    best = shrinker.run(steps)
    if best is None:
        raise InputError("the schedule to shrink", f"it does not break the rule {rule!r}", "give one that does")
    improved = True
    while improved and shrinker.tries:
        improved = False
        for candidate in _candidates(best):
            shorter = shrinker.run(candidate) if shrinker.tries else None
            if shorter is not None and _cost(shorter) < _cost(best):
                best, improved = shorter, True
                break
    return best


def _cost(steps: Steps) -> tuple[int, int]:
    return switches(steps), len(steps)


def _candidates(steps: Steps):
    """Neighbours of a schedule, large cuts first: without a piece, or with a thread's turn joined to its next or last one."""
    size = len(steps) // 2
    while size:
        for start in range(0, len(steps), size):
            yield steps[:start] + steps[start + size :]
        size //= 2
    blocks = [tuple(run) for _, run in groupby(steps, key=lambda step: step[0])]
    for k in range(len(blocks)):
        for other in range(len(blocks)):
            if other != k and blocks[other][0][0] == blocks[k][0][0]:
                rest = [block for i, block in enumerate(blocks) if i != k]
                at = rest.index(blocks[other]) + (other < k)
                yield sum((*rest[:at], blocks[k], *rest[at:]), ())


class _Shrinker:
    def __init__(self, scenario: Scenario, rule: str, tables: Tables):
        self.rule, self.tables, self.teller = rule, tables, Teller(tables)
        self.to_the_end = rule == DEADLOCK or any(p.name == rule and p.kind == "at_end" for p in scenario.properties)
        self.tries = TRIES

    def run(self, steps: Steps) -> Steps | None:
        """What is taken of a schedule up to where the rule breaks; None where it does not."""
        self.tries -= 1
        tables, state, plan = self.tables, first(self.tables), list(steps)
        taken: list[tuple[int, int]] = []
        while True:
            if self._false(state):
                return tuple(taken)
            step = plan.pop(0) if plan else self._next(state)
            if step is None or len(taken) > LONGEST:
                return None
            move = pick(tables, state, *step)
            if move is None:
                continue
            taken.append(step)
            if self.rule in move.outcome.broken:
                return tuple(taken)
            if move.outcome.raised:
                return None
            state = move.state

    def _false(self, state) -> bool:
        """Does the rule not hold in a state?"""
        return self.teller.endless(state) if self.rule == LIVELOCK else self.rule in self.teller.false_rules(state)

    def _next(self, state) -> tuple[int, int] | None:
        """Where the plan is used up and the rule is one of the end: the first thread that can go on."""
        if self.to_the_end:
            for k in range(len(state[1])):
                for move in moves(self.tables, state, k):
                    return k, move.choice
        return None
