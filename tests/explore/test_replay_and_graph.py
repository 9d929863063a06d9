"""A replayed run says everything a view shows; the graph is the same story for every schedule at once."""

import json
import linecache
from dataclasses import asdict, replace

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.dice import stress, walk, walks
from tdxkit.explore.endings import outcomes
from tdxkit.explore.moves import first, moves
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Scenario, Thread
from tdxkit.explore.reachable import graph
from tdxkit.explore.schedule import parse, switches
from tdxkit.explore.search import explore
from tdxkit.explore.shrinking import shrink
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay, replay_steps
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import scenario
from tdxkit.linux.refcount.module import REFCOUNT_HAS_PAIR, REMOVE_FINDS_A_PAIR
from tdxkit.linux.refcount.own import of_programs

V2 = scenario("v2")
CALM = replay(V2, explore(V2, fewest_switches=True).schedule)


def test_a_run_tells_lines_holders_waits_and_the_exact_step_that_breaks():
    assert len(CALM) == 28 and CALM.actors == ("CPU 0", "CPU 1")
    assert [k for k, step in enumerate(CALM.steps, 1) if step.broken] == [28]
    assert CALM.steps[-1].broken == (REMOVE_FINDS_A_PAIR,)
    assert CALM.state(3)["pamt_lock"] == "CPU 0" and CALM.state(7)["pamt_lock"] is None
    assert CALM.state(28) == {"refcount[0]": 0, "pair[0]": False, "users[0]": 0, "pamt_lock": "CPU 0"}
    assert CALM.card.modelled and CALM.code.startswith("v2:2x1:")
    for step in CALM.steps:
        text = CALM.texts[step.line.text].lines[step.line.index]
        assert f'"{step.does}"' in text or "yield from" in text, (
            "a step stands at its own yield, or where a helper is called"
        )


def test_who_waits_for_whom_since_when():
    run = replay_steps(V2, ((1, 0),) * 3 + ((0, 0),) * 2)
    (wait,) = run.steps[-1].waits
    assert (wait.actor, wait.holder) == ("CPU 0", "CPU 1")
    assert wait.why == "CPU 0 waits for pamt_lock, held by CPU 1 since step 3"
    assert not run.steps[3].waits


def test_a_wait_for_a_value_names_the_variable():
    def waits(m):
        while True:
            yield "wait for ready"
            if m.ready:
                return

    def readies(m):
        yield "think"
        yield "set"
        m.ready = True

    run = replay_steps(Scenario("s", {"ready": False}, (Thread(waits), Thread(readies))), ((1, 0), (1, 0), (0, 0)))
    assert [w.why for w in run.steps[0].waits] == ["CPU 0 waits for ready to change"]
    assert run.steps[1].waits == () and run.steps[2].sentence == "wait for ready: yes"


def test_a_finished_actor_stands_nowhere():
    run = replay_steps(V2, ((0, 0),) * 15)
    assert run.steps[-1].next is None and run.steps[-2].next is not None
    assert run.start["CPU 0"].text == "get"


def test_a_put_from_a_notebook_cell_shows_its_source_and_one_without_source_still_runs():
    text = 'def put(m, region):\n    """Mine."""\n    yield "decrement"\n    m.refcount[region] -= 1\n'
    linecache.cache["<cell 7>"] = (len(text), None, text.splitlines(True), "<cell 7>")
    for file, shown in (("<cell 7>", True), ("<nowhere>", False)):
        exec(compile(text, file, "exec"), names := {"__name__": "__main__"})
        mine = of_programs(names["put"], name="cell.put")
        result = explore(mine)
        run = replay(mine, result.schedule)
        assert (result.verdict, "put" in run.texts) == ("violation", shown)
        if shown:
            assert run.texts["put"].lines[2] == '    yield "decrement"'


@pytest.mark.parametrize(("name", "nodes"), [("v6", 210), ("v2", None)])
def test_the_graph_has_every_state_and_every_move(name, nodes):
    made, tables = graph(scenario(name)), Tables(scenario(name))
    assert made.complete and len(made.nodes) == len(made.edges) and (nodes is None or len(made.nodes) == nodes)
    seen, todo = {0: first(tables)}, [0]
    for node in todo:
        sid, lids = seen[node]
        for k in range(2):
            mine = [edge for edge in made.edges[node] if edge.actor == k]
            found = moves(tables, (sid, lids), k)
            assert [e.choice for e in mine] == [m.choice for m in found]
            assert bool(made.nodes[node].waits[k]) == (not found and not made.nodes[node].finished[k])
            for edge, move in zip(mine, found):
                assert seen.setdefault(edge.target, move.state) == move.state
                if edge.target not in todo:
                    todo.append(edge.target)
    assert len(seen) == len(made.nodes)


def test_walking_the_graph_is_replaying():
    made, node = graph(V2), 0
    for position, ((k, choice), step) in enumerate(zip(parse(CALM.code).steps, CALM.steps), 1):
        edge = next(e for e in made.edges[node] if (e.actor, e.choice) == (k, choice))
        node = edge.target
        assert (edge.label, edge.sentence, edge.broken) == (step.label, step.sentence, step.broken)
        assert made.shared[made.nodes[node].shared] == CALM.state(position)
        assert made.nodes[node].lines[k] == step.next
    assert json.loads(json.dumps(asdict(replace(made, cut=()))))["nodes"][0]["finished"] == [False, False]


@pytest.mark.slow
def test_a_graph_over_the_limit_says_where_it_was_cut():
    one = scenario("v6", 3)
    whole, made = graph(one, limit=20_000), graph(one, limit=100)
    assert whole.complete and not made.complete and 90 < len(made.nodes) <= 100
    assert all(bool(made.edges[node]) != (node in made.cut) for node in range(len(made.nodes)))
    there, todo = {0: 0}, [0]
    for node in todo:  # what is not cut has the moves that it has in the whole
        if node in made.cut:
            continue
        assert [replace(e, target=0) for e in made.edges[node]] == [
            replace(e, target=0) for e in whole.edges[there[node]]
        ]
        for mine, full in zip(made.edges[node], whole.edges[there[node]]):
            if mine.target not in there:
                there[mine.target] = full.target
                todo.append(mine.target)
    assert len(there) == len(made.nodes)


def test_a_graph_along_a_schedule_has_all_of_it_whatever_the_limit():
    steps = parse(CALM.code).steps
    for limit in (1, 60, 5000):
        made, node = graph(V2, limit, steps), 0
        assert len(made.path) == len(steps) and made.complete == (limit == 5000)
        for at, (number, step) in enumerate(zip(made.path, steps), 1):
            edge = made.edges[node][number]
            assert (edge.actor, edge.choice) == step
            node = edge.target
            assert made.shared[made.nodes[node].shared] == CALM.state(at)
    assert not made.cut and not graph(V2).path
    with pytest.raises(InputError, match="step 1"):
        graph(V2, 100, ((0, 7),))


def test_ahead_of_a_schedule_comes_before_beside_it():
    one = scenario("v2", 3, 2)
    steps = replay(one, explore(one).schedule).code
    steps = parse(steps).steps[:12]
    found = {ahead: graph(one, 300, steps, ahead) for ahead in (False, True)}
    reach = {ahead: _steps_from_the_end(made) for ahead, made in found.items()}
    assert all(not made.complete and len(made.nodes) <= 300 for made in found.values())
    assert reach[True] > reach[False] + 2


def _steps_from_the_end(made) -> int:
    """How many steps one can go from the last state of the schedule, whatever one does, before the graph is cut."""
    node = 0
    for number in made.path:
        node = made.edges[node][number].target
    front, steps = {node}, 0
    while not front & made.cut:
        front, steps = {e.target for at in front for e in made.edges[at]}, steps + 1
    return steps


def test_states_that_differ_in_a_store_buffer_alone_are_told_apart():
    one = flags().on("tso")
    made = graph(one)
    run = replay(one, explore(one).schedule)
    node = 0
    for position, (k, choice) in enumerate(parse(run.code).steps, 1):
        node = next(e.target for e in made.edges[node] if (e.actor, e.choice) == (k, choice))
        assert made.shared[made.nodes[node].shared] == run.state(position)


def test_what_lies_past_a_cut_is_no_livelock():
    whole, made = graph(scenario("lazy"), limit=5000), graph(scenario("lazy"), limit=60)
    assert made.cut and not any(LIVELOCK in e.broken for edges in made.edges for e in edges)
    assert whole.complete


def test_the_graph_shows_deadlocks_and_raised_errors_as_ends():
    def claims(m):
        yield "claim"
        raise ValueError("bad")

    made = graph(Scenario("s", {"n": 0}, (Thread(claims), Thread(claims))))
    assert [e.broken for e in made.edges[0]] == [("ValueError: bad",)] * 2
    assert made.edges[1] == () and made.nodes[1].finished == (True, False)
    stuck = graph(scenario("per-region"))
    assert any(DEADLOCK in e.broken and not stuck.edges[e.target] for edges in stuck.edges for e in edges)


def test_a_walk_is_its_seed_and_a_real_run():
    one, again, other = walk(V2, 5), walk(V2, 5), walk(V2, 6)
    assert one == again and one.steps != other.steps
    run = replay(V2, one.schedule)
    assert [(k, rule) for k, step in enumerate(run.steps, 1) for rule in step.broken] == list(one.broken)
    assert one.ended and not walk(V2, 5, limit=3).ended


@pytest.mark.slow
def test_walks_see_only_outcomes_that_the_table_has():
    table = {(tuple(row.state.values()), row.broken) for row in outcomes(V2).rows}
    seen, tables = set(), Tables(V2)
    for found in walks(V2, seed=1, count=100):
        final = replay(V2, found.schedule, tables).state(len(found.steps))
        values = tuple(False if k == "pamt_lock" else v for k, v in final.items())
        seen.add((values, tuple(rule for _, rule in found.broken)))
    assert seen == table and len(table) == 2


@pytest.mark.slow
@pytest.mark.parametrize("rule", [REMOVE_FINDS_A_PAIR, REFCOUNT_HAS_PAIR])
def test_shrinking_keeps_the_rule_broken_and_never_grows(rule):
    bad = next(w for w in walks(scenario("v2", 3), seed=2, count=200) if rule in [r for _, r in w.broken])
    small = shrink(scenario("v2", 3), bad.steps, rule)
    assert (switches(small), len(small)) < (switches(bad.steps), len(bad.steps)) and switches(small) <= 6
    assert rule in replay_steps(scenario("v2", 3), small).steps[-1].broken


def test_what_breaks_nothing_cannot_be_shrunk():
    with pytest.raises(InputError, match="it does not break the rule"):
        shrink(V2, ((0, 0),) * 3, REMOVE_FINDS_A_PAIR)


def test_a_stress_test_counts_what_its_walks_break():
    one, runs = stress(V2, runs=200, seed=7), walks(V2, seed=7, count=200)
    bad = [run for run in runs if run.broken]
    assert (one.bad, one.met[REMOVE_FINDS_A_PAIR]) == (len(bad), len(bad)) and one.bad > 5
    assert one.first == runs.index(bad[0]) + 1 and one.schedule == bad[0].schedule
    assert stress(scenario("v6"), runs=200).bad == 0


@pytest.mark.slow
def test_who_is_seldom_overtaken_seldom_meets_the_race():
    often, seldom = (stress(V2, runs=1000, stay=stay) for stay in (0.0, 0.99))
    assert seldom.bad < often.bad / 4
    turns = [switches(run.steps) for run in walks(V2, seed=1, count=50, stay=0.99)]
    assert max(turns) <= 6 < sum(switches(run.steps) for run in walks(V2, seed=1, count=50)) / 50


def test_a_walk_names_a_deadlock_and_a_raised_error():
    stuck = {name for run in walks(scenario("per-region"), seed=1, count=60) for _, name in run.broken}
    assert DEADLOCK in stuck

    def raises(m):
        yield "raise"
        raise ValueError("bad")

    (run,) = walks(Scenario("s", {"n": 0}, (Thread(raises),)), seed=1, count=1)
    assert run.broken == ((1, "ValueError: bad"),) and run.ended


def test_a_counter_that_no_step_changes_has_no_row():
    def program(m):
        yield "count"
        m.count += 1
        yield "read"
        assert m.limit == 9

    one = Scenario("s", {"count": 0, "limit": 9}, (Thread(program),))
    run = replay(one, walk(one, 1).schedule)
    assert [row.key for row in one.counters] == ["count", "limit"] and [row.key for row in run.tracks] == ["count"]
