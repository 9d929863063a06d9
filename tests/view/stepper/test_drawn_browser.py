"""timeline.js, rows.js and dom.js (and view.js, which has them drawn) draw what timeline.py draws, of runs made by chance: every kind of row, width and form, under a fog too."""

import json
import random
from xml.etree import ElementTree

import pytest

from tdxkit.run import Read, Recorder, Track
from tdxkit.view.stepper import Stepper, still, timeline
from tdxkit.view.stepper.payload import packed, run_data
from tests.view.pages import shape

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NAMES = ("CPU 0", "CPU 1", "KVM", "an actor with a long name", "é", "guest", "TD", "zap")
DRAW = """cases => cases.map(([data, position, width, form, seen]) => {
    const run = script.unpackedRun(data);
    const trace = new script.Trace(seen === null ? run : script.fogged(run, seen));
    const drawn = script.drawTimeline(trace.data, width, "u", form);
    drawn.move(position, trace.causes(position));
    return new XMLSerializer().serializeToString(drawn.svg);
})"""


def by_chance(seed: int) -> dict:
    """A run's data with rows of every kind; what stands in them has no sense."""
    dice = random.Random(seed)
    actors = NAMES[: dice.randrange(1, 8)]
    recorder, length = Recorder({"x": 0}), dice.choice((0, 1, 3, 12, 60, 400))
    for k in range(1, length + 1):
        read = Read("x", dice.randrange(1, k), dice.random() < 0.5) if k > 1 and dice.random() < 0.5 else None
        bad = ("a rule",) if dice.random() < 0.1 else ()
        recorder.step(dice.choice(actors), "l", "", {"x": k}, broken=bad, reads=(read,) if read else ())
    kinds = ("value", "value", "value", "lock", "lock", "fact", "fact", "fact", "fact", "rule", "rule", "rule")
    tracks = tuple(Track(f"{kind} {'long ' * dice.randrange(9)}{i}", f"k{i}", kind) for i, kind in enumerate(kinds))
    start = dice.choice((0, 0, length // 3))
    data = json.loads(packed(run_data(recorder.run("by chance", actors, tracks=tracks), None, start, length)))
    holders = [-1, *range(len(actors)), [], [0], [0, len(actors) - 1], "somebody"]
    few = {"fact": [True, False], "rule": [True, False], "lock": holders, "value": ["none", "", "word", "6"]}
    for i, track in enumerate(data["tracks"][: len(kinds)]):
        choices = [str(dice.randrange(-3, 2000)) for _ in range(4)] if i < 2 else few[track["kind"]]
        choices = choices[:1] if dice.random() < 0.2 else choices
        value, values = dice.choice(choices), []
        for _ in range(len(data["steps"]) + 1):
            value = dice.choice(choices) if dice.random() < 0.3 else value
            values.append(value)
        track["values"] = values
    if dice.random() < 0.4:
        data |= {"columns": length + dice.randrange(9), "parts": dice.randrange(length + 1)}
    return data | ({"graph": {}} if dice.random() < 0.2 else {})


def test_script_and_python_draw_alike(parts):
    cases = []
    for seed in range(60):
        data, dice = by_chance(seed), random.Random(-seed)
        length = len(data["steps"])
        seen = dice.choice((None, None, dice.randrange(length + 1)))
        position = dice.randrange((length if seen is None else seen) + 1)
        width = dice.choice((300, 359, 360, 559, 560, 799, 800, 908, 1500))
        cases.append((data, position, width, dice.choice(("roomy", "compact")), seen))
    for (data, position, width, form, seen), drawn in zip(cases, parts.evaluate(DRAW, cases), strict=True):
        shown = data if seen is None else still.fogged(data, seen)
        wanted = timeline.timeline(shown, position, width, "u", form)
        assert shape(ElementTree.fromstring(drawn)) == shape(ElementTree.fromstring(wanted))


def test_a_point_of_the_timeline_is_the_step_that_is_drawn_there(parts):
    """The blocks say where the steps are: their middles lead to them, and what is beside the plot to the ends."""
    where = """([data, width]) => {
        const { at, svg } = script.drawTimeline(script.unpackedRun(data), width, "u", "roomy");
        const starts = [...svg.querySelectorAll(".tdx-future > path[d]")].slice(0, data.actors.length)
            .flatMap(path => [...path.getAttribute("d").matchAll(/M([\\d.]+) \\S+h([\\d.]+)/g)]).map(found => [Number(found[1]), Number(found[2])]);
        return [starts.sort((one, other) => one[0] - other[0]).map(([x, wide]) => at(x + wide / 2)), at(0), at(starts[0][0] - 2), at(width)];
    }"""
    recorder = Recorder({"x": 0})
    for k in range(20):
        recorder.step(f"CPU {k % 3 % 2}", "l", "", {"x": k})
    data = json.loads(packed(run_data(recorder.run("short", ("CPU 0", "CPU 1")))))
    assert parts.evaluate(where, [data, 700]) == [list(range(1, 21)), 0, 0, 20]
    assert parts.evaluate(where, [data | {"columns": 30}, 1000])[3] == 30, "beside a longer run its steps are reached"
    nothing = json.loads(packed(run_data(Recorder({"x": 0}).run("empty", ("CPU 0",)))))
    assert (
        parts.evaluate("data => script.drawTimeline(script.unpackedRun(data), 700, 'u', 'roomy').at(500)", nothing) == 0
    )


def test_under_a_fog_the_timeline_grows_with_what_is_seen(show, bad_run):
    page, data = show(Stepper(bad_run, fog=True)), run_data(bad_run)
    for keys, seen, position in (
        ((), 0, 0),
        (["Right"], 1, 1),
        (["Right"], 2, 2),
        (["Left"], 2, 1),
        (["Right"] * 2, 3, 3),
    ):
        for key in keys:
            page.locator(".tdx-timeline").press(f"Arrow{key}")
        drawn = page.evaluate("() => new XMLSerializer().serializeToString(document.querySelector('.tdx-plot'))")
        root = ElementTree.fromstring(drawn)
        uid = root.find(".//{*}clipPath").attrib["id"].removesuffix("-past")
        wanted = timeline.timeline(still.fogged(data, seen), position, int(root.attrib["width"]), uid, "compact")
        assert shape(root) == shape(ElementTree.fromstring(wanted)), (seen, position)


def test_the_drawn_timeline_is_not_read_out_beside_the_slider_that_it_is(show, bad_run):
    page = show(Stepper(bad_run))
    assert page.locator(".tdx-plot").get_attribute("aria-hidden") == "true"
    assert page.get_by_role("slider").count() == 1
