"""map.js: where each state stands, which are bad, good and lost, what is hidden, and the words beside; worked out from the moves a second time."""

import json
import re

import pytest

from tdxkit.explore import explore, replay, replay_steps
from tdxkit.linux.refcount import scenario
from tdxkit.view.stepper import Stepper
from tests.view.stepper.test_walk_browser import WELL, distances, taken, walked, wander  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MADE = """([data, secret, path, cut]) => {
    const { graph } = script.unpackedGraph(data);
    const map = new script.StateMap({ ...graph, cut: cut ?? [] }, secret);
    map.paint(path);
    const d = name => map.marks.querySelector(`.tdx-map-${name}`).getAttribute("d");
    const here = map.marks.querySelector("circle");
    return { words: map.words.textContent, here: [here.getAttribute("cx"), here.getAttribute("cy")].map(Number), reveal: map.reveal.textContent,
        ways: map.svg.querySelector(".tdx-map-ways").getAttribute("d"), states: map.svg.querySelector(".tdx-map-states").getAttribute("d"),
        path: d("path"), good: d("good"), bad: d("bad"), lost: d("lost"), size: [map.wide, map.high], dot: map.dot, view: map.svg.getAttribute("viewBox") };
}"""


def starts(d: str) -> list[tuple[float, float]]:
    """Where the strokes of a path begin."""
    return [tuple(map(float, found)) for found in re.findall(r"M(-?[\d.e-]+),(-?[\d.e-]+)", d)]


def places(one):
    """Where each state is drawn: columns at most 26 apart on 1100, rows at most 11 on 220, 12 beside them."""
    columns, rows = one.data["graph"]["map"]
    far = min(26, (1100 - 24) / max(*columns, 1))
    near = min(11, (220 - 24) / 2 / max(*map(abs, rows), 1))
    return [
        (12 + column * far, 12 + (max(*map(abs, rows), 1) + row) * near) for column, row in zip(columns, rows)
    ], near


@pytest.mark.parametrize("name", ["v2", "per-region", "tso"])
def test_what_is_drawn_of_each_state(parts, walked, name):  # noqa: F811
    one = walked[name]
    at, near = places(one)
    path = wander(one, 3, 9)
    seen = parts.evaluate(MADE, [one.data, False, path, None])
    dot = max(1.1, min(2.2, near * 0.45))
    about = lambda points: [pytest.approx(point, abs=1e-6) for point in points]  # noqa: E731
    bad = {move.target for rows in one.moves for move in rows if move.broken}
    good = [node for node in range(len(at)) if one.over[node] and node not in bad]
    away = distances(one, WELL)
    lost = [node for node in range(len(at)) if away[node] is None and one.moves[node]]
    square = lambda node, more=0, down=True: (at[node][0] - dot - more, at[node][1] - (dot + more if down else 0))  # noqa: E731
    most = max(*map(abs, one.data["graph"]["map"][1]), 1)
    assert seen["dot"] == pytest.approx(dot)
    assert seen["size"] == pytest.approx([max(x for x, _ in at) + 12, 24 + 2 * most * near])
    assert starts(seen["states"]) == about(square(node) for node in range(len(at)))
    assert starts(seen["lost"]) == about(square(node) for node in lost)
    assert sorted(starts(seen["bad"])) == about(sorted(square(node, 2) for node in bad))
    assert starts(seen["good"]) == about(square(node, 2.5, False) for node in good)
    ways = [tuple(map(float, pair)) for pair in re.findall(r"M([\d.e-]+),([\d.e-]+)L", seen["ways"])]
    assert ways == about(at[node] for node, rows in enumerate(one.moves) for _ in rows)
    moves, node = taken(one, path)
    visited = [0, *(move.target for move in moves)]
    points = [tuple(map(float, pair)) for pair in re.findall(r"[ML](-?[\d.e-]+),(-?[\d.e-]+)", seen["path"])]
    assert points == about(at[v] for v in visited) and seen["here"] == pytest.approx(list(at[node]))
    left, top, wide, high = map(float, seen["view"].split())
    assert (left, top) == (0, 0) and all(11 < x < wide - 11 and 11 < y < high - 11 for x, y in at), (
        "all of it is in the picture"
    )


@pytest.mark.parametrize("name", ["v2", "per-region", "tso"])
def test_the_map_in_words(parts, walked, name):  # noqa: F811
    one = walked[name]
    bad = {move.target for rows in one.moves for move in rows if move.broken}
    rules = {rule for rows in one.moves for move in rows for rule in move.broken}
    away = [distances(one, rule) for rule in rules]
    lost = distances(one, WELL)
    paths = [[], *(wander(one, seed, n) for seed in range(6) for n in (1, 5, 12, 17, 400))]
    say = """([data, paths]) => {
        const { graph } = script.unpackedGraph(data);
        const maps = [false, true].map(secret => new script.StateMap(graph, secret));
        return paths.map(path => maps.flatMap(map => { map.paint(path); return [map.words.textContent, map.reveal.textContent]; }));
    }"""
    for path, (words, hide, little, show) in zip(paths, parts.evaluate(say, [one.data, paths]), strict=True):
        _, node = taken(one, path)
        steps = f"{len(path)} step{'s' * (len(path) != 1)}"
        first = f"You stand {steps} from the beginning, in one of {len(one.moves)} states."
        near = min((a[node] for a in away if a[node]), default=None)
        ahead = "none can be reached from here"
        if near is not None:
            ahead = f"the nearest is {near} step{'s' * (near != 1)} from here"
        end = " From here nothing ends well any more." if lost[node] is None and one.moves[node] else ""
        rest = (
            f" {len(bad)} are reached by breaking a rule; {ahead}.{end}"
            if bad
            else " In none of them a rule is broken."
        )
        assert (words, little) == (first + rest, first)
        assert hide.startswith("hide what") and show.startswith("show what")


def test_what_is_hidden_is_shown_where_one_has_been(parts, walked):  # noqa: F811
    one = walked["v2"]
    bad = {move.target for rows in one.moves for move in rows if move.broken}
    paths = [wander(one, seed) for seed in range(40)]
    path = next(path for path in paths if any(move.broken for move in taken(one, path)[0]))
    visited = {0, *(move.target for move in taken(one, path)[0])}
    seen = parts.evaluate(MADE, [one.data, True, path, None])
    assert seen["bad"].count("M") == len(bad & visited) > 0 and seen["lost"] == ""
    assert parts.evaluate(MADE, [one.data, True, [], None])["bad"] == ""


def test_of_states_that_did_not_all_come_along_nothing_is_called_lost(parts, walked):  # noqa: F811
    one = walked["v2"]
    seen = parts.evaluate(MADE, [one.data, False, [], [5]])
    assert seen["lost"] == "" and "in one of the 244 nearest states of more." in seen["words"]
    assert parts.evaluate(MADE, [one.data, False, [], []])["lost"] != ""


def test_no_rule_is_broken_anywhere(parts):
    data = json.loads(Stepper.scheduler(scenario("v6")).data)["views"][0]
    assert parts.evaluate(MADE, [data, False, [], None])["words"].endswith("In none of them a rule is broken.")


def test_the_map_opens_by_its_key_follows_and_is_pointed_at(show):
    v2 = scenario("v2")
    page = show(Stepper.scheduler(v2), viewport={"width": 1300, "height": 1000})
    page.locator(".tdx-stepper").press("m")
    button = page.get_by_role("button", name="map of the states")
    assert button.get_attribute("aria-expanded") == "true" and button.get_attribute("title") == "key m"
    words, pointed = page.locator(".tdx-map-words"), page.locator(".tdx-map-pointed")
    assert words.get_attribute("role") == "status" and pointed.inner_text().startswith("Rest the pointer")
    assert (
        page.locator(".tdx-map-legend").inner_text().split("  ")[1:]
        or "a good end" in page.locator(".tdx-map-legend").inner_text()
    )
    room = page.locator(".tdx-map-room")
    assert (
        room.get_attribute("tabindex") == "0"
        and page.locator(".tdx-map-room svg").get_attribute("aria-label") == "map of the states"
    )
    page.locator(".tdx-stepper").press("1")
    assert "1 step from" in words.inner_text()
    here = page.locator(".tdx-map-room circle").bounding_box()
    page.mouse.move(here["x"] + here["width"] / 2, here["y"] + here["height"] / 2)
    run = replay(v2, "v2:" + page.locator(".tdx-schedule").inner_text().split(":", 1)[1])
    assert pointed.inner_text().startswith("CPU 0: ") and " · CPU 1: " in pointed.inner_text() and len(run) == 1
    page.get_by_role("button", name="hide what is good").click()
    assert words.inner_text().endswith("states.")
    page.get_by_role("button", name="show what is good").click()
    assert "breaking a rule" in words.inner_text()
    page.locator(".tdx-stepper").press("m")
    assert not page.locator(".tdx-map").is_visible()
    game = show(Stepper.scheduler(v2, goal="REMOVE must find a pair"))
    game.locator(".tdx-stepper").press("m")
    assert "rule" not in game.locator(".tdx-map-words").inner_text(), "finding out is part of it"


RACE = replay(scenario("v2"), explore(scenario("v2")).schedule)


@pytest.fixture
def over(show):
    """`over(position)` opens the race there, and takes it over."""

    def open_(position, **more):
        page = show(Stepper(RACE, position=position, **more))
        page.locator(".tdx-stepper").press("o")
        return page

    return open_


class TestOver:
    """over.js: what is said, what comes back, what is left behind."""

    def test_it_is_said_who_goes_on_and_who_else_could(self, over, show, walked):  # noqa: F811
        actor, other = RACE.steps[3].actor, "CPU 1" if RACE.steps[3].actor == "CPU 0" else "CPU 0"
        said = f"Taken over at step 3: the run goes on with {actor}; {other} could have moved too."
        assert said in over(3).locator(".tdx-goal").inner_text()
        node, steps = 0, []
        while moves := walked["v2"].moves[node]:  # CPU 0 to its end, then CPU 1
            steps.append((moves[0].actor, moves[0].choice))
            node = moves[0].target
        alone = steps.index((1, 0)) + 1
        assert (0, 0) not in steps[alone:]
        ended = replay(scenario("per-region"), explore(scenario("per-region")).schedule)
        for run, position, words in (
            (ended, len(ended), f"at step {len(ended)}, where the run ends: step back and choose."),
            (
                replay_steps(scenario("v2"), tuple(steps)),
                alone,
                "the run goes on with CPU 1; nobody else could have moved.",
            ),
        ):
            page = show(Stepper(run, position=position))
            page.locator(".tdx-stepper").press("o")
            assert words in page.locator(".tdx-goal").inner_text()

    def test_back_in_the_run_what_was_seen_under_the_fog_is_seen_and_no_more(self, show):
        page = show(Stepper(RACE, fog=True))
        for _ in range(6):
            page.locator(".tdx-timeline").press("ArrowRight")
        for _ in range(2):
            page.locator(".tdx-timeline").press("ArrowLeft")
        page.keyboard.press("o")
        for key in "121":
            page.keyboard.press(key)
        page.keyboard.press("o")
        assert page.locator(".tdx-count").inner_text() == "step 4"
        assert page.locator("[role=slider]").get_attribute("aria-valuemax") == "6"

    def test_the_buttons_say_which_way_and_what_belongs_to_the_run_gives_way(self, over):
        page = over(8)
        button = page.locator(".tdx-over")
        assert (
            button.inner_text() == "back to the run"
            and page.locator(".tdx-taken").count() == 1
            and page.locator(".tdx-picks").count() == 1
        )
        page.keyboard.press("o")
        assert button.inner_text() == "take over from here" and page.locator(".tdx-taken, .tdx-picks").count() == 0
        assert page.locator(
            ".tdx-count"
        ).inner_text() == f"step 8 of {len(RACE)}" and "(key o)" in button.get_attribute("title")
        assert page.locator(".tdx-schedule").inner_text() == RACE.code
        page.keyboard.press("1")
        assert page.locator(".tdx-count").inner_text() == f"step 8 of {len(RACE)}", "nobody chooses in a run"

    def test_a_stretch_of_a_run_is_taken_over_at_its_own_step(self, widget):
        stepper = Stepper(RACE)
        stepper.data = json.dumps(stepper._top(10, 20))
        one = widget(stepper, position=14)
        one.page.locator(".tdx-stepper").focus()
        one.page.keyboard.press("o")
        one.page.keyboard.press("ArrowLeft")
        assert one.page.locator(".tdx-say b").inner_text() == f"Step 13 · {RACE.steps[12].actor}"
        assert one.page.locator(".tdx-count").inner_text() == "step 13 of 14"
        one.page.keyboard.press("Home")
        assert one.sent == [] and one.page.locator(".tdx-say b").inner_text() == "Start"
        one.page.keyboard.press("o")
        assert one.page.locator(".tdx-count").inner_text() == f"step 14 of {len(RACE)}"

    def test_more_states_from_the_kernel_are_gone_on_with(self, widget):
        stepper = Stepper(RACE, position=9)
        ways = json.loads(stepper.data)["views"][0]["ways"]
        one = widget(stepper)
        one.page.locator(".tdx-stepper").focus()
        one.hears("msg:custom", {"beyond": ways})
        assert one.page.locator(".tdx-picks").count() == 0, "nobody has taken it over"
        one.page.keyboard.press("o")
        one.page.get_by_label("Goal").select_option(label="end well")
        one.page.locator(".tdx-stepper").focus()
        one.page.keyboard.press("1")
        one.hears("msg:custom", {"beyond": ways})
        assert (
            one.page.locator(".tdx-count").inner_text() == "step 10 of 10"
            and one.page.locator(".tdx-picks").count() == 1
        )
        assert one.page.get_by_label("Goal").input_value() == "end well"
        one.page.keyboard.press("u")
        assert one.page.locator(".tdx-pick:has(i)").count() == 1
        one.gets("position", 3)
        one.page.keyboard.press("o")
        assert one.page.locator(".tdx-count").inner_text() == f"step 9 of {len(RACE)}"

    def test_another_run_from_the_kernel_takes_the_place_of_one_that_was_taken_over(self, widget, bad_run):
        one = widget(Stepper(RACE, position=9))
        one.focus()
        one.press("o", "1")
        one.page.evaluate("model.values.position = 4")
        one.gets("data", Stepper(bad_run).data)
        assert one.count() == f"step 4 of {len(bad_run)}" and one.page.locator(".tdx-picks").count() == 0
        assert one.page.locator(".tdx-taken").count() == 0

    def test_the_kernel_is_not_told_where_one_walks_by_oneself(self, widget, timed):
        one = widget(Stepper(RACE, position=9), page=timed)
        one.focus()
        one.press("o", "1", "2", "ArrowLeft")
        timed.clock.run_for(500)
        assert one.sent == one.saved == [] and one.page.evaluate("model.values.position") == 9
        one.press("o", "ArrowRight")
        timed.clock.run_for(500)
        assert one.sent == [{"at": 10}] and one.saved == []
