"""trace.js and told.js know of a run at every position what Python knows, worked out here a second time from its steps."""

import pytest

from tdxkit.run import Line
from tdxkit.view.stepper import still
from tests.view.stepper.chance import ACTORS, TEXTS, TRACKS, by_chance, sent

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def told(run, actor: str, position: int, start: int = 0, stop: int | None = None) -> str:
    """Whether and when an actor moves at a position of a run that is shown from `start` to `stop`, in words."""
    stop = len(run) if stop is None else stop
    states, shown = list(run.states()), range(start + 1, stop + 1)
    found = []
    for track in TRACKS[:2]:
        if states[position][track.key] == actor:
            since = position
            while since > start and states[since - 1][track.key] == actor:
                since -= 1
            began = (
                f"since step {since}"
                if since > start
                else f"since step {start} or before"
                if start
                else "from the start"
            )
            found.append(f"Holds {track.name} {began}.")
    mine = [k for k in shown if run.steps[k - 1].actor == actor]
    took, later = [k for k in mine if k <= position], [k for k in mine if k > position]
    before = [k for k in range(1, position + 1) if run.steps[k - 1].actor == actor]
    stands = run.steps[before[-1] - 1].next if before else run.start.get(actor)
    waits = [wait.why for wait in (run.steps[position - 1].waits if position > start else ()) if wait.actor == actor]
    if run.texts and not later and stands is None:
        found.append(f"Finished at step {took[-1]}." if took else "Has nothing to do.")
    elif waits:
        found.append(waits[0] if waits[0][-1] in ".!" else f"{waits[0]}.")
    elif later and later[0] == position + 1:
        found.append(f"Moves next: step {later[0]}.")
    elif later:
        found.append(
            f"Could move. Its turn comes at step {later[0]}."
            if run.texts
            else f"Moves at step {later[0]}: step {later[0]}."
        )
    else:
        found.append("Does not run again here." if position < len(run) else "The run ends here.")
    return " ".join(found)


WHY = """data => {
    const trace = new script.Trace(script.unpackedRun(data));
    return Array.from({ length: trace.length + 1 }, (_, k) => data.actors.map((_, actor) => trace.why(actor, k)));
}"""


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("texts", [True, False])
def test_why_an_actor_can_or_cannot_move_and_since_when_it_holds_what(parts, seed, texts):
    run = by_chance(seed, texts)
    for start, stop in ((0, len(run)), (7, 20)):
        seen = parts.evaluate(WHY, sent(run, start, stop))
        wanted = [[told(run, actor, k, start, stop) for actor in ACTORS] for k in range(start, stop + 1)]
        assert seen == wanted


def test_under_a_fog_nothing_is_said_of_what_comes(parts):
    why = """([data, seen]) => {
        const trace = new script.Trace(script.unpackedRun(data));
        trace.seen = seen;
        return data.actors.map((_, actor) => trace.why(actor, seen).split(". ").at(-1));
    }"""
    run = by_chance(1, False)
    for seen in range(len(run) - 3):
        said = " ".join(parts.evaluate(why, [sent(run), seen]))
        assert "Moves" not in said and "turn comes" not in said and "Can move" not in said
    run = by_chance(1)
    assert any("Can move." in parts.evaluate(why, [sent(run), seen]) for seen in range(6)), "a text says that it can"


@pytest.mark.parametrize("seed", range(6))
def test_a_run_in_words_is_pythons_and_under_a_fog_its_beginning(parts, seed):
    text = """([data, seen, c]) => {
        const trace = new script.Trace(c ? script.inC(script.unpackedRun(data)) : script.unpackedRun(data));
        trace.seen = seen ?? Infinity;
        return script.asText(trace);
    }"""
    run = by_chance(seed)
    data, part = sent(run), sent(run, 5)
    c = {"ours": "in C", "texts": data["texts"], "start": data["start"], "lines": [[s[4], s[5]] for s in data["steps"]]}
    assert parts.evaluate(text, [data, None, False]) == still.as_text(data)
    assert parts.evaluate(text, [part, None, False]) == still.as_text(part)
    assert parts.evaluate(text, [data | {"c": c}, None, True]) == still.as_text(data | {"c": c}, "c")
    whole = still.as_text(data).splitlines()
    seen = next(k for k in range(4, 20) if not run.steps[k].broken and not run.steps[k - 1].broken)
    cut = parts.evaluate(text, [data, seen, False]).splitlines()
    assert cut == whole[: len(cut)] and f"step {seen}" in cut[-1]


@pytest.mark.parametrize("seed", range(6))
def test_what_a_step_rests_on_and_what_it_changed(parts, seed):
    read = """data => {
        const trace = new script.Trace(script.unpackedRun(data));
        return trace.states.map((state, k) => [state, script.because(trace, k), trace.changes(k).map(one => `${one.name} ${one.old} → ${one.now}`)]);
    }"""
    run = by_chance(seed)
    for start in (0, 9):
        data, state = sent(run, start), None
        for k, (values, because, changes) in enumerate(parts.evaluate(read, data)):
            assert (because, changes) == (still.because(data, k), still.changed(data, k))
            state = list(data["first"]) if state is None else state
            for key, value in data["steps"][k - 1][3] if k else ():
                state[key] = value
            assert values == state


@pytest.mark.parametrize("start", [0, 9])
def test_when_a_line_was_first_run_when_a_rule_broke_and_what_a_name_touches(parts, start):
    run = by_chance(3)
    data = sent(run, start)
    read = """data => {
        const trace = new script.Trace(script.unpackedRun(data));
        const positions = trace.states.keys();
        return { first: data.actors.map((_, a) => Object.entries(data.texts).map(([t, [, lines]]) => lines.map((_, i) => trace.firstRun(a, t, i)))),
                 broken: [...positions].map(k => trace.brokenBefore(k)), touches: data.keys.map(key => script.touching(trace, key)) };
    }"""
    seen = parts.evaluate(read, data)
    steps = list(enumerate(run.steps[start:], 1))
    first = lambda a, line: next((k for k, s in steps if s.actor == a and s.line == line), 0)  # noqa: E731
    assert seen["first"] == [
        [[first(a, Line(t, i)) for i in range(len(text.lines))] for t, text in TEXTS.items()] for a in ACTORS
    ]
    broken = [k for k, step in enumerate(run.steps, 1) if step.broken]
    assert len(broken) > 2
    assert seen["broken"] == [max((b for b in broken if b <= k), default=0) for k in range(start, len(run) + 1)]
    touches = lambda key: [k for k, s in steps if any(c.key == key for c in s.changes)]  # noqa: E731
    assert seen["touches"] == [touches(key) for key in data["keys"]]


def test_a_rule_is_called_by_what_is_said_where_it_breaks(parts):
    name = "(data, rule) => new script.Trace(script.unpackedRun(data)).ruleName(rule)"
    data = sent(by_chance(3))
    track = {
        "name": "t",
        "key": "deadlock",
        "kind": "rule",
        "role": "",
        "values": [],
        "broken": "nobody may stand still",
    }
    ask = f"([data, rule]) => ({name})(data, rule)"
    assert parts.evaluate(ask, [data | {"tracks": [track]}, "deadlock"]) == "nobody may stand still"
    assert parts.evaluate(ask, [data | {"tracks": [track, track | {"kind": "fact", "key": "x"}]}, "x"]) == "x"


def test_stretches_are_equal_values_side_by_side(parts):
    stretches = parts.evaluate("script.stretches([9, 1, 1, [0], [0], '1', 1])")
    assert stretches == [[0, 2, 1], [2, 4, [0]], [4, 5, "1"], [5, 6, 1]]
    assert parts.evaluate("[script.stretches([]), script.stretches([3])]") == [[], []]


def test_a_sentence_ends_once_and_a_number_is_cut_between_its_ends(parts):
    assert parts.evaluate("['a', 'a.', 'a!', 'a?'].map(script.ended)") == ["a.", "a.", "a!", "a?"]
    assert parts.evaluate("[-1, 0, 3, 9].map(one => script.clamp(one, 0, 4))") == [0, 0, 3, 4]
    assert parts.evaluate("[1.005, 2.346, 7, -0.5].map(script.round)") == ["1", "2.35", "7", "-0.5"]
