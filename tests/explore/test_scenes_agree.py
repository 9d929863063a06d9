"""Of random scenarios with everything in them both engines, each reduction and whoever runs a schedule again say the same."""

import sys
from itertools import count, islice
from pathlib import Path

import pytest

from tdxkit.explore.buffers import DRAIN
from tdxkit.explore.dice import walk
from tdxkit.explore.endings import outcomes
from tdxkit.explore.engine import World, explore_readably
from tdxkit.explore.moves import able, first
from tdxkit.explore.program import DEADLOCK, LIVELOCK
from tdxkit.explore.reachable import graph
from tdxkit.explore.schedule import parse
from tdxkit.explore.search import explore
from tdxkit.explore.shrinking import shrink
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay_steps
from tdxkit.explore.values import frozen
from tdxkit.explore.visit import visit

sys.path.insert(0, str(Path(__file__).parent))
from random_scenes import scene

LARGEST = 60  # states: the readable engine runs every schedule again from the start


def small(start, memory, many):
    """So many scenarios with few states, and what the fast engine says of them with every thread told apart."""
    found = ((made, explore(made, "none")) for seed in count(start) for made in [scene(seed, memory)])
    return list(islice(((made, result) for made, result in found if 4 < result.states <= LARGEST), many))


def world_after(scenario, steps):
    """Live generators after a schedule; what the last step broke."""
    world, broken = World(scenario), []
    for k, choice in steps:
        broken = world.run_step(k, choice)
    return world, broken


def breaks(scenario, steps, rule):
    """On live generators, does a schedule end where this rule is broken?"""
    world, broken = world_after(scenario, steps)
    named = {p.name: p for p in scenario.properties}
    if rule == DEADLOCK:
        return not world.over() and not any(step_moves(scenario, steps, step) for step in world.able())
    about = named.get(rule)
    if about and about.check and about.kind in ("always", "at_end"):
        return (about.kind == "always" or world.over()) and not about.check(world.memory)
    return rule in broken


def step_moves(scenario, steps, step):
    """Does a step after a schedule change anything?"""
    world, _ = world_after(scenario, steps)
    return world.step(*step)[0]


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "start"), [("sc", 0), ("sc", 5000), ("tso", 0), ("tso", 5000)])
def test_both_engines_and_all_reductions(memory, start):
    for made, exact in small(start, memory, 6):
        readable = explore_readably(made)
        assert exact.states == readable.states and exact.complete
        length = None if readable.schedule is None else len(readable.schedule)
        for name in ("none", "sym", "all", "movers"):
            result = exact if name == "none" else explore(made, name)
            assert (result.steps if result.verdict not in ("ok", LIVELOCK) else None) == length
            assert (LIVELOCK in result.broken) == (LIVELOCK in exact.broken) and result.complete
            assert result.states <= exact.states
        assert set(exact.broken) == set(explore(made, "all").broken) == set(explore(made, "sym").broken)
        for rule, code in exact.broken.items():
            steps = parse(code).steps
            assert rule == LIVELOCK or breaks(made, steps, rule)
            assert rule == LIVELOCK or not any(breaks(made, steps[:n], rule) for n in range(len(steps)))
        tables = Tables(made, apart=True)
        finals = visit(Space(tables, False), True, 10**6).finals()
        order = made.layout.labels
        assert {tuple(frozen(tables.state(sid)[key], "") for key in order) for sid in finals} == readable.finals


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_a_graph_is_every_state_of_live_generators(memory):
    """Past broken rules too: what live generators can do at each node, and no more."""
    for made, _ in small(900, memory, 4):
        drawn = graph(made)
        assert drawn.complete and drawn.path == ()
        ways = {0: ()}
        for node, leaving in enumerate(drawn.edges):
            world, _ = world_after(made, ways[node])
            can = [step for step in world.able() if step_moves(made, ways[node], step)]
            raised = ways[node] and any(e.broken and "claimed" in e.broken for e in _in(drawn, ways[node]))
            does = [(made.cpus[e.actor] if e.choice == DRAIN else e.actor, e.choice) for e in leaving]
            assert raised or sorted(does) == sorted(can)
            for edge in leaving:
                ways.setdefault(edge.target, (*ways[node], (edge.actor, edge.choice)))
            for k, done in enumerate(drawn.nodes[node].finished):
                assert done == world.finished(k) or world.buffer(k)
        assert len(ways) == len(drawn.nodes)


def _in(drawn, steps):
    """The last edge of a schedule."""
    node, last = 0, []
    for step in steps:
        last = [e for e in drawn.edges[node] if (e.actor, e.choice) == step]
        node = last[0].target
    return last


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_a_random_run_a_replay_and_a_shorter_one_break_what_they_say(memory):
    for seed, (made, _) in enumerate(small(2000, memory, 6)):
        rolled = walk(made, seed, limit=60)
        told = replay_steps(made, rolled.steps)
        seen = [(n, rule) for n, step in enumerate(told.steps, 1) for rule in step.broken if rule != LIVELOCK]
        firsts = {}
        for n, rule in seen:
            firsts.setdefault(rule, n)
        assert firsts == {rule: n for n, rule in rolled.broken if rule != LIVELOCK}
        for rule, n in firsts.items():
            less = shrink(made, rolled.steps[:n], rule)
            assert breaks(made, less, rule) and len(less) <= n


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_outcomes_are_those_of_all_runs(memory):
    """Counted by running every schedule to its end, one by one."""
    for made, exact in small(3000, memory, 6):
        if LIVELOCK in exact.broken:
            continue
        ends, tables = {}, Tables(made)
        found = outcomes(made)
        if not found.counted or found.interleavings > 3000:
            continue
        todo = [(first(tables), frozenset(tables.false("always", tables.first_sid)), False)]
        while todo:
            state, broken, raised = todo.pop()
            moves = [] if raised else able(tables, state)
            for _, move in moves:
                false = () if move.outcome.raised else tables.false("always", move.state[0])
                todo.append((move.state, broken | {*move.outcome.broken, *false}, move.outcome.raised))
            if not moves:
                how = "raised" if raised else DEADLOCK if any(state[1]) else "finished"
                more = () if raised else (DEADLOCK,) if any(state[1]) else tables.false("at_end", state[0])
                key = how, state[0], broken | {*more}
                ends[key] = ends.get(key, 0) + 1
        rows = {(row.ended, str(row.state), frozenset(row.broken)): row.interleavings for row in found.rows}
        by_hand = {}
        for (how, sid, rules), n in ends.items():
            key = how, str(tables.state(sid)), rules
            by_hand[key] = by_hand.get(key, 0) + n
        together = {}
        for row in found.rows:
            key = row.ended, str(row.state), frozenset(row.broken)
            together[key] = together.get(key, 0) + row.interleavings
        assert together == by_hand and len(rows) <= len(found.rows)
