"""walk.js and goals.js: a walk through the states is the explorer's run, its code too; and how far each goal is, worked out a second time."""

import json
import random
from collections import deque
from itertools import pairwise
from types import SimpleNamespace

import pytest

from tdxkit.explore import replay
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import scenario
from tdxkit.view.stepper import Stepper, still
from tdxkit.view.stepper.graph_data import EdgeRow
from tdxkit.view.stepper.payload import packed, run_data

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WELL, DRAIN = "end well", -1
SCENARIOS = {
    "v2": scenario("v2"), "v2-enomem": scenario("v2-enomem"), "v3-add-fails": scenario("v3-add-fails"), "per-region": scenario("per-region"),
    "tso": flags().on("tso"),
}  # fmt: skip
GRAPH = "window.graphs ??= {}; graphs[name] ??= script.unpackedGraph(data);"


@pytest.fixture(scope="module")
def walked():
    """The graph of each scenario as it travels, and its moves by name."""
    made = {}
    for name, one in SCENARIOS.items():
        data = json.loads(packed(Stepper.scheduler(one)._walk))
        graph = data["graph"]
        text = lambda at, words=graph["strings"]: "" if at < 0 else words[at]  # noqa: E731
        moves = [[_move(EdgeRow(*row), text) for row in rows] for rows in graph["edges"]]
        over = [all(node[3]) for node in graph["nodes"]]
        made[name] = SimpleNamespace(data=data, scenario=one, moves=moves, over=over, cut=graph["cut"])
    return made


def _move(row, text):
    told = {
        "label": text(row.label),
        "broken": [text(rule) for rule in row.broken],
        "wrong": [text(said) for said in row.wrong],
    }
    return SimpleNamespace(actor=row.actor, choice=row.choice, target=row.target, **told)


def wander(one, seed: int, length: int = 400) -> list[int]:
    """A path by chance, to an end or so many steps long."""
    dice, node, path = random.Random(seed), 0, []
    while one.moves[node] and len(path) < length:
        number = dice.randrange(len(one.moves[node]))
        path.append(number)
        node = one.moves[node][number].target
    return path


def taken(one, path):
    """The moves of a path, and the node that it ends in."""
    node, found = 0, []
    for number in path:
        found.append(one.moves[node][number])
        node = found[-1].target
    return found, node


def ask(page, one, name, body, *more):
    """What a function body says of a graph: `data` is unpacked, `more` what it is given beside."""
    script = f"([name, data, ...more]) => {{ {GRAPH} const base = graphs[name], graph = base.graph; {body} }}"
    return page.evaluate(script, [name, one.data, *more])


WALK = """const shown = script.walkData(base, more[0]), trace = new script.Trace(shown);
    const { code, marks, tracks, start, over } = shown;
    const why = trace.states.map((_, k) => shown.actors.map((_, a) => trace.wait(a, k)?.why ?? ""));
    const rests = trace.states.map((_, k) => script.because(trace, k));
    const steps = shown.steps.map(({ line, next, broken, wrong }) => [line && [line.text, line.index], next && [next.text, next.index], broken, wrong]);
    return { code, marks, start, over, why, rests, steps, text: script.asText(trace), tracks: Object.fromEntries(tracks.map(t => [t.name, t.values])) };"""


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("seed", range(4))
def test_a_walk_is_the_run_that_its_code_replays(parts, walked, name, seed):
    one = walked[name]
    path = wander(one, seed, (400, 400, 9, 0)[seed])
    seen = ask(parts, one, name, WALK, path)
    run = replay(one.scenario, seen["code"])
    data = json.loads(packed(run_data(run)))
    title = len([word for word in (data["title"], data["subtitle"]) if word])
    assert seen["text"].splitlines()[title:] == still.as_text(data).splitlines()[title:]
    assert seen["marks"] == data["marks"] and seen["rests"] == [still.because(data, k) for k in range(len(run) + 1)]
    assert seen["steps"] == [[s[4], s[5], s[7], s[8]] for s in data["steps"]]
    waits = [{}, *({who: why.split(" since ")[0] for who, _, why in step[6]} for step in data["steps"])]
    assert seen["why"][1:] == [[at.get(a, "") for a in range(len(run.actors))] for at in waits[1:]]
    for track in data["tracks"]:
        if track["name"] in seen["tracks"]:
            assert seen["tracks"][track["name"]] == track["values"]
    assert seen["over"][-1] == [int(place is None) for place in _stands(data)] or name == "tso"


def _stands(data):
    at = list(data["start"])
    for step in data["steps"]:
        at[step[0]] = step[5]
    return at


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_code_leads_back_to_its_path_whole_in_part_and_not_with_another_mark(parts, walked, name):
    one = walked[name]
    path = wander(one, 7)
    code = ask(parts, one, name, WALK, path)["code"]
    of = "return script.pathOf(graph, more[0]);"
    assert ask(parts, one, name, of, f"  {code} ") == {"path": path}
    mark = next(word for word in code.split() if word[0] == "+")
    other = code.replace(mark, "+" + format(int(mark[1:], 16) ^ 1, "06x"))
    assert "its mark is of other steps" in ask(parts, one, name, of, other)["error"]
    whole = [word for word in code.split() if word != mark]
    assert ask(parts, one, name, of, " ".join(whole)) == {"path": path}, "a code needs no mark"
    memory = [word for word in whole if word[0] == "@"]
    assert (
        ask(parts, one, name, of, " ".join([*(word for word in whole if word not in memory), "A9999", *memory]))[
            "path"
        ][: len(path)]
        == path
    )


def test_what_does_not_fit_is_told_by_what_it_is(parts, walked):
    of = "return script.pathOf(graph, more[0]);"
    for name, code, said in (
        ("v2", "@tso", "it must begin with v2:"), ("v2", "HEAD @tso", "@tso is another memory than this scheduler's"),
        ("tso", "HEAD A1", "this scheduler's memory is another"), ("v2", "HEAD A1 %0123abcd", "%0123abcd is another text than this model's"),
        ("v2", "HEAD A1/2", "Step 1: the code stops fitting here, CPU 0 has no such move"), ("v2", "HEAD a1", "Step 1: the code stops fitting"),
        ("v2", "", "it is empty; paste one such as v2:"), ("v2", "HEAD C1", '"C1" is not a CPU\'s letter and a count'),
        ("v2", "HEAD " + "x" * 30, '"' + "x" * 20 + '" is not'),
    ):  # fmt: skip
        one = walked[name]
        head = one.data["graph"]["head"]
        assert said in ask(parts, one, name, of, code.replace("HEAD", head))["error"], code


def test_a_code_without_an_end_is_cut_at_five_thousand_steps(parts):
    made = """words => { const edge = { actor: 0, choice: 0, target: 0, deed: 1 };
        const graph = { head: "x", tail: [], letters: "A", actors: ["CPU 0"], fold: 3, marks: 101, nodes: [{ whys: [""] }], edges: [[edge]] };
        const { path, error } = script.pathOf(graph, words);
        return [path.length, error ?? ""]; }"""
    assert parts.evaluate(made, "x A5000") == [5000, ""]
    assert parts.evaluate(made, "x A5001")[1].startswith("Schedule code: longer than 5,000 steps")
    assert parts.evaluate(made, "x A5000 A1")[1] and parts.evaluate(made, "x " + "A1 " * 1500)[0] < 1500, (
        "4,000 letters are read"
    )


def reaches(one, goal, move):
    return (not move.broken and one.over[move.target]) if goal == WELL else goal in move.broken


def distances(one, goal):
    """Steps to a goal from each node, forward from each by breadth; to end well nothing may break on the way."""
    found = []
    for start in range(len(one.moves)):
        seen, queue, away = {start}, deque([(start, 0)]), None
        while queue and away is None:
            node, steps = queue.popleft()
            for move in one.moves[node]:
                if reaches(one, goal, move):
                    away = steps + 1
                    break
                if move.target not in seen and not (goal == WELL and move.broken):
                    seen.add(move.target)
                    queue.append((move.target, steps + 1))
        found.append(away)
    return found


def leads(one, goal, away, node, move):
    """Is a move the next of a shortest way?"""
    if away[node] == 1:
        return reaches(one, goal, move)
    return away[move.target] == away[node] - 1 and not (goal == WELL and move.broken)


def goals(one):
    rules = list(dict.fromkeys(rule for rows in one.moves for move in rows for rule in move.broken))
    return [*([WELL] if any(reaches(one, WELL, m) for rows in one.moves for m in rows) else []), *rules]


@pytest.mark.parametrize("name", ["v2", "per-region", "tso"])
def test_the_goals_and_how_far_each_is_from_everywhere(parts, walked, name):
    one = walked[name]
    assert ask(parts, one, name, "return script.goalsOf(graph);") == goals(one)
    for goal in goals(one):
        away = ask(
            parts, one, name, "return script.distances(graph, more[0]).map(n => n === Infinity ? null : n);", goal
        )
        assert away == distances(one, goal)
        ways = ask(parts, one, name, """const away = script.distances(graph, more[0]);
            return graph.nodes.map((_, node) => script.shortestFrom(graph, more[0], away, node).map(edge => graph.edges.findIndex(row => row.includes(edge)) + ":" +
                graph.edges.find(row => row.includes(edge)).indexOf(edge)));""", goal)  # fmt: skip
        for node, way in enumerate(ways):
            assert len(way) == (away[node] or 0)
            moves = [one.moves[a][b] for a, b in (map(int, step.split(":")) for step in way)]
            stands = [node, *(move.target for move in moves)]
            assert [int(step.split(":")[0]) for step in way] == stands[:-1], "each begins where the one before ended"
            assert not moves or reaches(one, goal, moves[-1])
            for before, move, at in zip(moves, moves[1:], stands[1:]):
                mine = [m for m in one.moves[at] if m.actor == before.actor]
                ends = [leads(one, goal, away, at, m) for m in mine]
                assert move.actor == before.actor or not any(ends), "another goes on only where it must"


@pytest.mark.parametrize("name", SCENARIOS)
def test_how_a_walk_ended_when_a_goal_was_met_and_how_often_another_went_on(parts, walked, name):
    one = walked[name]
    said = """return more[0].map(path => [script.ending(graph, path), script.switchesIn(graph, path), more[1].map(goal => script.metAt(graph, path, goal)),
        script.nodeAt(graph, path), script.edgesOf(graph, path).map(edge => edge.target)]);"""
    paths = [[], *(wander(one, seed, 400 if seed % 3 else 12) for seed in range(30))]
    for path, (end, switches, met, at, targets) in zip(
        paths, ask(parts, one, name, said, paths, goals(one)), strict=True
    ):
        moves, node = taken(one, path)
        assert (at, targets) == (node, [move.target for move in moves])
        turns = [move.actor for move in moves if move.choice != DRAIN]
        assert switches == sum(a != b for a, b in pairwise(turns))
        for goal, steps in zip(goals(one), met):
            first = next((k for k, move in enumerate(moves, 1) if reaches(one, goal, move)), 0)
            spoilt = goal == WELL and any(move.broken for move in moves[:first])
            assert steps == (0 if spoilt else first)
        wrong = list(dict.fromkeys(words for move in moves for words in move.wrong))
        if one.moves[node]:
            assert end == ""
        elif "deadlock" in moves[-1].broken:
            assert end == f"The end: {wrong[-1]}."
        else:
            assert (
                end
                == f"The end: everybody has finished, {f'and it went wrong: {wrong[0]}' if wrong else 'and no rule broke'}."
            )


def test_a_goal_is_told_as_an_aim_and_as_reached(parts):
    say = parts.evaluate(
        "['end well', 'deadlock', 'livelock', 'a rule'].map(goal => [script.aimed(goal), script.reached(goal)])"
    )
    assert say == [
        ["everybody finishes and nothing breaks", "everybody has finished, and nothing broke."],
        ["reach a deadlock", "a deadlock."],
        ["reach a livelock", "a livelock."],
        ["break “a rule”", "“a rule” is broken."],
    ]


def test_where_the_states_that_came_along_end_no_end_is_told(parts, walked):
    one = walked["v2"]
    path = wander(one, 1)
    cut = "const { graph: whole } = base, here = script.nodeAt(whole, more[0]); return script.ending({ ...whole, cut: [here] }, more[0]);"
    assert (
        ask(parts, one, "v2", "return script.ending(graph, more[0]);", path) and ask(parts, one, "v2", cut, path) == ""
    )


def test_who_waits_before_the_first_step_is_told_and_nobody_else(parts, walked):
    one = walked["v2"]
    why = """const nodes = graph.nodes.map((node, at) => at ? node : { ...node, whys: ["CPU 0 waits from the start", ""] });
        const trace = new script.Trace(script.walkData({ ...base, graph: { ...graph, nodes } }, [0]));
        return [0, 1].map(k => [0, 1].map(actor => trace.wait(actor, k)?.why ?? ""));"""
    assert ask(parts, one, "v2", why) == [["CPU 0 waits from the start", ""], ["", ""]]
