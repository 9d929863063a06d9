"""A changed model and the codes of the old one: every one-token mutant of v2, v3 and v6, against an independent comparison step by step."""

from functools import cache

import pytest

from tdxkit.errors import TdxkitError
from tdxkit.explore import explore, replay
from tdxkit.explore.endings import outcomes
from tdxkit.explore.schedule import encode, parse
from tdxkit.explore.telling import compared, replay_steps
from tdxkit.linux.refcount import scenario
from tdxkit.linux.refcount.registry import of_design
from tools.one_token import changes


@cache
def mutants(name: str) -> list[tuple[str, object]]:
    """Every one-token change of a design, as a scenario to explore, with what was changed."""
    return [(f"{c.function} {c.line}: {c.after}", of_design(c.program, name, 2, 1)) for c in changes(name)]


@cache
def codes(name: str) -> tuple[str, ...]:
    """Codes of the design as it is: what a search finds, one CPU after the other, and each of its ends."""
    whole = scenario(name)
    found = explore(whole)
    quiet = encode(whole, ((0, 0),) * 15 + ((1, 0),) * 15)
    ends = [end.schedule for end in outcomes(whole).rows] if hasattr(outcomes(whole), "rows") else []
    return tuple(dict.fromkeys(filter(None, (found.schedule, quiet, *ends))))


def did(run) -> list:
    """What a run's steps did, off the told run: who, of what kind, what changed to what, what broke."""
    return [(s.actor, s.kind, [(c.key, c.new) for c in s.changes], s.broken) for s in run.steps]


def differs(name: str, mutant, code: str) -> bool:
    """Whether any step of the code's own run is another under the mutant, by the told runs."""
    steps = parse(code).steps
    try:
        return did(replay_steps(mutant, steps)) != did(replay_steps(scenario(name), steps))
    except TdxkitError:
        return True


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v2", "v3", "v6"])
def test_a_mutant_is_noticed_wherever_a_step_of_the_code_differs(name):
    noticed = silent = 0
    for what, mutant in mutants(name):
        for code in codes(name):
            expected = differs(name, mutant, code)
            try:
                replay(mutant, code)
                said = compared(mutant, parse(code))
                assert not expected, (what, code)
                assert said.endswith("no others were compared")
                silent += 1
            except TdxkitError as error:
                assert expected, (what, code, str(error))
                noticed += 1
    assert noticed > 20 and silent > 5, (noticed, silent)


def test_an_old_code_replays_and_says_that_it_was_not_checked():
    v2 = scenario("v2")
    old = "v2:2x1:37b4 A10 B15 A3"
    assert compared(v2, parse(old)) == "a code without a mark: that its steps do what they did was not checked"
    assert len(replay(v2, old)) == 28
