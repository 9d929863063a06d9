"""The ladder of games: what is called best is best, by the explorer and by playing; every rung can be won, and none by its first move."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import explore, replay_steps
from tdxkit.explore.schedule import switches
from tdxkit.facts import cite
from tdxkit.lessons.ladder import WELL, Score, best, reaches, rungs, ways

RULES = [rung for rung in rungs() if rung.goal != WELL]


@pytest.mark.slow
@pytest.mark.parametrize("rung", RULES, ids=lambda rung: rung.id)
def test_what_is_best_is_what_the_explorer_finds(rung):
    shortest = explore(rung.scenario, prop=rung.goal)
    calmest = explore(rung.scenario, prop=rung.goal, fewest_switches=True)
    assert best(rung.id) == Score(shortest.steps, calmest.switches)


def test_the_rung_that_is_to_end_well_is_one_move_from_being_lost():
    rung = next(rung for rung in rungs() if rung.goal == WELL)
    whole, node = ways(rung), 0
    for number in whole.path:
        node = whole.edges[node][number].target
    good, grown = set(), True
    while grown:  # nodes from which a good end can be reached
        more = {
            at
            for at, edges in enumerate(whole.edges)
            if any(reaches(whole, WELL, e) or (e.target in good and not e.broken) for e in edges)
        }
        grown, good = more != good, more
    moves = {edge.actor: edge.target in good for edge in whole.edges[node]}
    assert node in good and sorted(moves.values()) == [False, True]
    run = replay_steps(rung.scenario, rung.begin)
    assert len(run) == 20 and not any(step.broken for step in run.steps)
    taken, last = [], node
    while True:  # played greedily for the fewest steps, it is as short as is said
        edge = min(
            (e for e in whole.edges[last] if not e.broken and (e.target in good or reaches(whole, WELL, e))),
            key=lambda e: _left(whole, good, e),
        )
        taken.append((edge.actor, edge.choice))
        if reaches(whole, WELL, edge):
            break
        last = edge.target
    assert len(taken) == best(rung.id).steps
    # CPU 1 moved last and must not be next; CPU 0 is, and CPU 1 has to finish as well: two switches at least
    assert switches((rung.begin[-1], *taken)) >= best(rung.id).switches == 2


def _left(whole, good, edge) -> int:
    """How many steps a good end is away after an edge, by breadth."""
    front, steps, seen = {edge.target}, 0, set()
    if reaches(whole, WELL, edge):
        return 0
    while True:
        steps += 1
        edges = [e for node in front for e in whole.edges[node] if not e.broken]
        if any(reaches(whole, WELL, e) for e in edges):
            return steps
        seen |= front
        front = {e.target for e in edges if e.target in good} - seen


@pytest.mark.slow
def test_rungs_get_no_easier_than_the_first_and_are_not_won_by_chance():
    scores = [best(rung.id) for rung in rungs()]
    assert len(rungs()) >= 8 and min(scores) == scores[0] and all(score.steps > 2 for score in scores)
    assert len({rung.scenario.name for rung in rungs()}) >= 8
    assert {rung.scenario.memory for rung in rungs()} == {"sc", "tso"}


@pytest.mark.parametrize("rung", rungs(), ids=lambda rung: rung.id)
def test_each_rung_asks_before_it_tells_and_says_what_it_showed(rung):
    assert rung.asks and all(ask.endswith(("?", ".")) for ask in rung.asks) and any("?" in ask for ask in rung.asks)
    assert len(rung.after) > 40 and rung.text.endswith(".") and cite(rung.source)


def test_a_goal_to_which_no_way_leads_is_refused(monkeypatch):
    first = rungs()[0]._replace(id="none", goal="REMOVE must find a pair")
    monkeypatch.setattr("tdxkit.lessons.ladder.rungs", lambda: (first,))
    with pytest.raises(ModelError, match="no way leads to it"):
        best("none")
