"""Programs that wait in loops, for ever or not: the explorer and a small-step interpreter say the same of random ones."""

import random
import sys
from pathlib import Path

import pytest

from tdxkit.explore import schedule
from tdxkit.explore.dice import walk
from tdxkit.explore.endings import outcomes
from tdxkit.explore.engine import run
from tdxkit.explore.program import DEADLOCK, LIVELOCK
from tdxkit.explore.reachable import graph
from tdxkit.explore.schedule import parse, switches
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tests.house import Housed

sys.path.insert(0, str(Path(__file__).parent))
from small_step import Judge, random_threads
from test_engines_agree import RULES, scenario_of

pytestmark = pytest.mark.slow

LARGEST = 600  # states


def compare(seed):
    """One random program, by the judge and by every reduction; its verdict, or "too large"."""
    bodies = random_threads(random.Random(seed), waits=True)
    scenario, judge = scenario_of(bodies, Housed), Judge(bodies)
    known = judge.search(RULES, limit=LARGEST)
    if known is None:
        return "too large"
    length, names, _, _ = known
    into = judge.livelock(RULES)
    expected = "violation" if length is not None else "ok" if into is None else LIVELOCK
    if length is not None and names == {DEADLOCK}:
        expected = DEADLOCK
    for reduction in ("none", "sym", "all"):
        result = explore(scenario, reduction)
        assert result.complete and not result.bounded
        assert (LIVELOCK in result.broken) == (into is not None), reduction
        assert result.verdict == expected or ({DEADLOCK} < names and result.verdict in (DEADLOCK, "violation"))
        assert result.verdict not in ("violation", DEADLOCK) or (result.property in names and result.steps == length)
        if result.verdict == LIVELOCK:
            assert (result.steps, result.exact) == (into, True)
            goes_round(scenario, result)
    alone, deep = explore(scenario, prop=LIVELOCK), judge.livelock(set())
    assert (LIVELOCK in alone.broken) == (deep is not None) and (alone.verdict != LIVELOCK or alone.steps == deep)
    if expected == LIVELOCK:
        calm = explore(scenario, fewest_switches=True)
        assert (
            calm.verdict == LIVELOCK
            and calm.switches <= result.switches
            and calm.switches == switches(parse(calm.schedule).steps)
        )
        marked_elsewhere(scenario, result)
    return expected


def goes_round(scenario, result):
    """On live generators the loop leads from where it begins back to there; who takes no part in it could not move."""
    loop, steps = result.loop, parse(result.loop.schedule).steps
    assert steps[: result.steps] == parse(result.schedule).steps and result.steps < loop.begins <= len(steps)
    before, after = run(scenario, steps[: loop.begins - 1]), run(scenario, steps)
    assert before.state() == after.state()
    going = {scenario.actors[k] for k, _ in steps[loop.begins - 1 :]}
    assert going == set(loop.actors) == {actor for actor, _ in loop.steps}
    values = [run(scenario, steps[:n]).state()[0] for n in range(loop.begins - 1, len(steps) + 1)]
    assert (loop.kind == "spin") == (len(set(values)) == 1)
    unfinished = [actor for k, actor in enumerate(scenario.actors) if not before.finished(k)]
    assert [said.startswith(actor) for said, actor in zip(result.waits, unfinished)] == [True] * len(unfinished)
    for k, actor in enumerate(scenario.actors):
        if actor not in going and not before.finished(k):
            assert not any(before.step(k, c)[0] for c in range(len(before.choices(k))))


def marked_elsewhere(scenario, result):
    """Replay, the outcome table, the graph and a random run name the livelock too, at the same step."""
    told = replay(scenario, result.loop.schedule)
    assert [n for n, step in enumerate(told.steps, 1) if LIVELOCK in step.broken] == [max(result.steps, 1)]
    ends = [row for row in outcomes(scenario).rows if row.ended == LIVELOCK]
    assert min(row.steps for row in ends) == result.steps and all(LIVELOCK in row.broken for row in ends)
    made = graph(scenario)
    if result.steps:
        assert any(LIVELOCK in edge.broken for leaving in made.edges for edge in leaving)
    rolled = walk(scenario, 1, limit=200)
    assert rolled.ended or rolled.broken[-1][1] == LIVELOCK or len(rolled.steps) == 200


def verdicts(seed, count):
    """So many programs compared; how many had each verdict."""
    found = []
    while len(found) < count:
        verdict = compare(seed)
        seed += 1
        if verdict != "too large":
            found.append(verdict)
    return {verdict: found.count(verdict) for verdict in sorted(set(found))}


@pytest.fixture
def short_digests(monkeypatch):
    """The digest of a code runs 2,000 steps of a program without end: nothing that is asked here."""
    monkeypatch.setattr(schedule, "_digest", lambda *_: "0000")


def test_thirty_random_programs_that_wait(short_digests):
    assert set(verdicts(0, 30)) == {"ok", "violation", DEADLOCK, LIVELOCK}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [100_000, 200_000, 300_000, 400_000])
def test_two_thousand_random_programs_that_wait(seed, short_digests, capsys):
    found = verdicts(seed, 500)
    with capsys.disabled():
        print(f"\n{found}")
    assert found[LIVELOCK] >= 100 and found[DEADLOCK] >= 25 and found["ok"] >= 100
