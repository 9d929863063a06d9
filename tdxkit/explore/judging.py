"""The judge of a reader's own code: no `ok` can be had from it that the same C would not deserve.

What a reader's text gets wrong before it runs is refused (`reading`). Then it is explored as it stands and, where that is ok, with its
steps taken apart into loads and stores (`closer`); the worse of the two is the answer. Whatever else C would not do, and the lines that
no run executed, stand beside it.
"""

from typing import NamedTuple

from tdxkit.explore.given import given_scenario
from tdxkit.explore.program import Scenario
from tdxkit.explore.result import Result
from tdxkit.explore.search import exploring
from tdxkit.explore.whose import ours
from tdxkit.work import Job, drive


class Judged(NamedTuple):
    """The answer about a scenario: the `result` that counts, with its remarks, and the `scenario` that its schedule is one of: the one
    that was asked about or, where its steps had to be taken apart to see it, that."""

    result: Result
    scenario: Scenario

    def as_json(self) -> dict:
        """The form that `explore --json` prints."""
        return self.result.as_json()

    def __str__(self) -> str:
        return str(self.result)


def judge(scenario: Scenario, *, lines: bool = False, **how) -> Judged:
    """What `explore(scenario, **how)` finds, of a reader's own programs the worse of two readings, and what is to be said beside it.

    lines: also of programs that are part of tdxkit say which lines no run executed. ModelError for what cannot be judged.
    """
    return drive(judging(scenario, lines=lines, **how))


def that_counts(scenario: Scenario) -> Scenario:
    """The scenario whose runs are to be shown: a reader's own with its steps taken apart where it breaks only so, else the same."""
    return judge(scenario).scenario if any(thread.foreign for thread in scenario.threads) else scenario


def judging(scenario: Scenario, *, lines: bool = False, **how) -> Job[Judged]:
    """`judge` as a job: it ticks as `exploring` does."""
    given_scenario("judge", scenario)
    of_c = bool(scenario.own and scenario.own.in_c)  # which knows its lines by itself
    if not of_c and (
        lines
        or any(thread.foreign for thread in scenario.threads)
        or not all(ours(rule.check) for rule in scenario.properties if rule.check)
    ):
        from tdxkit.explore.closer import looking  # what reads a reader's text is a third of the explorer

        result, counts = yield from looking(scenario, lines, **how)
        job = _over(result)
    else:
        job, counts = exploring(scenario, **how), scenario
    return Judged((yield from scenario.own.judged(job, lines) if scenario.own else job), counts)


def _over(result: Result) -> Job[Result]:
    """A job that has come to this."""
    yield from ()
    return result
