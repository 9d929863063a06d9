"""scheduler.js and hints.js: what the buttons offer and say, hints worked out a second time, scores, and where the states end."""

import json

import pytest

from tdxkit.linux.refcount import scenario
from tdxkit.view.stepper import Stepper
from tests.view.stepper.test_walk_browser import distances, reaches, taken, walked, wander  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
RULE = "REMOVE must find a pair"
ASKS = ["first question", "second question", "third question"]


@pytest.fixture
def game(make_scheduler):
    """The small race as a game that has questions, a best score and a last word."""

    def open_(begin=0, best=(9, 3), after="That was it.", path=(), **more):
        stepper = make_scheduler(**more)
        view = stepper._walk
        view["game"] = {
            "asks": ASKS,
            "best": {"steps": best[0], "switches": best[1]} if best else None,
            "begin": begin,
            "after": after,
        }
        made = Stepper(_walk={**view, "path": list(path)}, position=len(path))
        made.position = len(path)
        return made

    return open_


def goal(one):
    return one.page.locator(".tdx-goal").inner_text()


def press(one, keys):
    for key in keys:
        one.page.keyboard.press(key)


def count(one):
    return one.page.locator(".tdx-count").inner_text()


def start(widget, stepper):
    one = widget(stepper)
    one.page.locator(".tdx-stepper").focus()
    return one


def test_each_move_has_a_button_with_its_key_and_who_cannot_move_has_the_reason(widget, make_scheduler):
    one = start(widget, make_scheduler())
    picks = one.page.locator(".tdx-pick")
    assert [group.get_attribute("aria-label") for group in one.page.locator(".tdx-pick-group").all()] == [
        "CPU 0",
        "CPU 1",
    ]
    assert [pick.inner_text().split("\n") for pick in picks.all()] == [
        ["CPU 0", "1", "atomic_dec_and_test(refcount)"],
        ["CPU 1", "2", "atomic_dec_and_test(refcount)"],
    ]
    press(one, "112")
    assert picks.last.inner_text().split("\n") == ["CPU 1", "waits for pamt_lock, held by CPU 0"]
    assert picks.last.get_attribute("aria-disabled") == "true" and picks.first.get_attribute("aria-disabled") is None
    press(one, "2")
    assert "CPU 1 cannot move: it waits for pamt_lock, held by CPU 0." in goal(one)
    both = one.page.locator(".tdx-pick[data-actor='0']")
    assert [pick.inner_text().split("\n") for pick in both.all()] == [
        ["CPU 0", "1", "CPU 0 reads 0"],
        ["CPU 0", "⇧1", "CPU 0 reads 1"],
    ], "a choice by what comes of it"
    assert both.first.get_attribute("title") == "CPU 0 reads 0"
    press(one, ["Shift+Digit1", "1"])
    assert count(one) == "step 5 of 5" and "A2 B1 A1/1 A1" in one.page.locator(".tdx-schedule").inner_text()
    assert "has finished" in picks.first.inner_text()
    press(one, "1")
    assert "CPU 0 cannot move: it has finished." in goal(one)
    press(one, ["Shift+Digit2"])
    assert "CPU 1 has one move here: press 2 alone." in goal(one)
    press(one, "3")
    assert "There are 2 here to choose from." in goal(one)
    press(one, ["Numpad2"])
    assert count(one) == "step 6 of 6" and "There are 2" not in goal(one), "what was tried is said once"


def test_the_focus_stays_on_an_actors_button_and_going_back_keeps_it_too(widget, make_scheduler):
    one = start(widget, make_scheduler())
    now = lambda: one.page.evaluate("document.activeElement.dataset.actor ?? document.activeElement.textContent")  # noqa: E731
    for wanted in ("1", "1"):
        one.page.locator(".tdx-pick[data-actor='1']").first.press("Enter")
        assert now() == wanted
    undo, again = (one.page.get_by_role("button", name=name) for name in ("Undo", "Start over"))
    for left in (1, 0):
        undo.press("Enter")
        assert count(one) == f"step {left} of {left}" and now() == "Undo"
    assert undo.get_attribute("aria-disabled") == again.get_attribute("aria-disabled") == "true"
    undo.press("Enter")
    assert "This is the beginning: choose who moves." in goal(one) and count(one) == "step 0 of 0"
    press(one, "1122s")
    assert count(one) == "step 0 of 0"
    press(one, "112")
    assert undo.get_attribute("aria-disabled") == again.get_attribute("aria-disabled") == "false"
    assert [b.get_attribute("title") for b in (undo, again)] == ["Undo (key u)", "Start over (key s)"]
    press(one, "u")
    assert count(one) == "step 2 of 2"


def test_a_game_begins_where_it_begins(widget, game):
    one = start(widget, game(begin=2, path=(0, 0)))
    assert count(one) == "step 2 of 2"
    press(one, "2u")
    assert count(one) == "step 2 of 2" and "beginning" not in goal(one)
    press(one, "u")
    assert "This is the beginning" in goal(one) and count(one) == "step 2 of 2"
    press(one, "112s")
    assert count(one) == "step 2 of 2"


HINT = "one => one.querySelector('.tdx-goal').innerText"


def hinted(one, graph, goal_, away, path, asks=()):
    """The three hints for where a path leads, worked out from the moves."""
    moves, node = taken(one, path)
    way, at = [], node
    while True:
        ends = [
            m
            for m in one.moves[at]
            if (
                reaches(one, goal_, m)
                if away[at] == 1
                else away[m.target] == away[at] - 1 and not (goal_ == "end well" and m.broken)
            )
        ]
        way.append(next((m for m in ends if way and m.actor == way[-1].actor), ends[0]))
        if away[at] == 1:
            break
        at = way[-1].target
    name = graph["actors"][way[0].actor]
    turn = next((k for k, m in enumerate(way) if m.actor != way[0].actor), None)
    if moves and moves[-1].actor != way[0].actor:
        second = "this is a place to switch: who else can move here?"
    elif turn is None:
        second = f"{name} can go on to the goal by itself now."
    else:
        second = f"{name} can go on for {'one step' if turn == 1 else f'{turn} steps'}, and then has to stop: before which of its lines, and why there?"
    third = f"{len(way)} more step{'s' * (len(way) != 1)} at least; {name} goes next."
    return [f"Hint: {second}", f"Hint: {third}", f"Hint: {third}"]


@pytest.mark.parametrize("aim", [RULE, "end well"])
def test_the_first_two_hints_ask_and_the_third_tells(parts, walked, aim):  # noqa: F811
    one = walked["v2"]
    away = distances(one, aim)
    paths = [path for seed in range(12) for n in (0, 3, 7, 15, 22) if away[taken(one, path := wander(one, seed, n))[1]]]
    say = """([data, goal, paths]) => { const base = script.unpackedGraph(data); return paths.map(path => {
        const made = new script.Scheduler(base, { path: () => path, setPath: () => {}, goal });
        made.paint();
        return [1, 2, 3, 4].map(() => { made.ask(); return [...made.says.childNodes].at(-1).textContent; });
    }); }"""
    first = {
        RULE: "What does one CPU take for granted that another can change? Where would it have to stop for that?",
        "end well": "What must not happen any more before somebody else has finished?",
    }[aim]
    for path, said in zip(paths, parts.evaluate(say, [one.data, aim, paths]), strict=True):
        met = next((k for k, move in enumerate(taken(one, path)[0], 1) if reaches(one, aim, move)), 0)
        if not met:
            assert said == [
                f"Hint: {first} (Hint again says more.)",
                *hinted(one, one.data["graph"], aim, away, path),
            ], path
        else:
            assert said[0] == "It is reached already: undo, or start over."


def test_hints_begin_anew_with_each_step(widget, game):
    one = start(widget, game())
    press(one, "h")
    assert "first question (Hint again says more.)" in goal(one)
    press(one, "h")
    assert "question" not in goal(one) and "Hint: " in goal(one)
    press(one, "1")
    assert "Hint: " not in goal(one)
    press(one, "h")
    assert "first question (Hint again says more.)" in goal(one)


def test_questions_by_how_far_one_has_come(parts, game):
    """A third of the way, a question further; who goes back is asked the earlier one again."""
    say = """([data, paths]) => { const base = script.unpackedGraph(data); return paths.map(path => {
        const made = new script.Scheduler(base, { path: () => path, setPath: () => {} });
        made.paint();
        made.ask();
        return [made.away[script.nodeAt(made.graph, path)], made.says.textContent.match(/\\w+ question/)?.[0]];
    }); }"""
    data = json.loads(game().data)["views"][0]
    best = parts.evaluate(
        "data => { const { graph } = script.unpackedGraph(data); const away = script.distances(graph, graph.goal); return script.shortestFrom(graph, graph.goal, away, 0).reduce(([path, node], edge) => [[...path, graph.edges[node].indexOf(edge)], edge.target], [[], 0])[0]; }",
        data,
    )
    assert len(best) == 9
    seen = parts.evaluate(say, [data, [best[:k] for k in range(9)]])
    assert seen == [[9 - k, ASKS[k * 3 // 9]] for k in range(9)]


def test_a_goal_reached_is_told_with_its_score_and_what_is_best(widget, game):
    for best, after, said in (
        ((9, 3), "That was it.", "Best: 9 steps, or 3 switches. Nothing beats that. That was it."), ((8, 3), "", "No way has fewer switches. Step back to see how."),
        ((9, 2), "", "No way is shorter."), ((9, 1), "", "Best: 9 steps, or 1 switch. No way is shorter."), ((8, 2), "x", "Best: 8 steps, or 2 switches. x"), (None, "y", "9 steps, 3 switches. y"),
    ):  # fmt: skip
        one = start(widget, game(best=best, after=after))
        press(one, "112111222")
        words = goal(one)
        assert words.startswith(f"Reached: “{RULE}” is broken. You: 9 steps, 3 switches.") and said in words, words
        assert one.page.locator(".tdx-goal.tdx-met").count() == 1 and "The end" not in words
        press(one, "h")
        assert "It is reached already: undo, or start over." in goal(one)


def test_what_was_told_counts_until_one_starts_over(widget, game):
    one = start(widget, game())
    press(one, "hhhh")
    assert "9 more steps at least; " in goal(one)
    press(one, "1")
    press(one, "hhh")
    press(one, "12111222")
    assert "You: 9 steps, 3 switches, 3 moves told." in goal(one)
    press(one, "s")
    press(one, "hhhu112111222")
    assert "1 move told" in goal(one)
    press(one, "s112111222")
    assert "told" not in goal(one)


def test_without_a_goal_one_plays_freely_and_may_choose_one(widget, make_scheduler):
    one = start(widget, make_scheduler(goal="", goal_text=""))
    hint = one.page.get_by_role("button", name="Hint")
    assert goal(one) == "Free play. Choose who moves next." and not hint.is_visible()
    press(one, "h")
    assert goal(one) == "Free play. Choose who moves next."
    box = one.page.get_by_label("Goal")
    assert box.locator("option").all_inner_texts() == ["no goal", "end well", f"break “{RULE}”"]
    box.select_option(RULE)
    assert goal(one) == f"Goal: break “{RULE}”." and hint.is_visible()
    box.select_option("end well")
    assert goal(one) == "Goal: everybody finishes and nothing breaks."
    box.select_option("")
    one.page.locator(".tdx-stepper").focus()
    press(one, "1111122222")
    assert (
        goal(one).startswith("Free play.\nThe end: everybody has finished, and")
        and one.page.locator(".tdx-goal.tdx-over").count() == 1
    )
    assert one.page.locator(".tdx-goal.tdx-met").count() == 0
    given = start(widget, make_scheduler())
    assert given.page.get_by_label("Goal").count() == 0, "a goal that was given is the goal"
    assert goal(given) == "Goal: Make a CPU remove a pair that is not there."
    assert goal(start(widget, make_scheduler(goal_text=""))) == f"Goal: break “{RULE}”."


def test_where_a_goal_is_lost_it_is_said_when_a_hint_is_asked_for_or_nothing_is_left(widget, make_scheduler):
    lost = "From here it cannot be reached any more: undo."
    one = start(widget, make_scheduler())
    press(one, ["1", "1", "Shift+Digit1", "1", "2"])
    before = goal(one)
    press(one, "h")
    after = goal(one)
    assert lost not in before and (lost in after or "Hint:" in after)
    press(one, ["2", "2", "Shift+Digit2", "2"])
    free = start(widget, make_scheduler(goal="", goal_text=""))
    free.page.get_by_label("Goal").select_option("end well")
    free.page.locator(".tdx-stepper").focus()
    press(free, "112111222")
    assert lost in goal(free), "where it is no game it is said at once: what broke stays broken, whatever comes"
    press(free, "h")
    assert lost in goal(free) and "Hint:" not in goal(free)


def cut(stepper, node):
    """The same with a state beyond which nothing came along."""
    top = json.loads(stepper.data)
    graph = top["views"][0]["graph"]
    graph["cut"], graph["edges"][node] = [node], []
    stepper.data = json.dumps(top)
    return stepper


def test_where_the_states_end_the_rest_is_asked_for_once(widget, make_scheduler):
    edge = make_scheduler()._walk["graph"]["edges"][0][0]
    one = start(widget, cut(make_scheduler(goal="", goal_text=""), edge[2]))
    press(one, "1")
    assert "What came along of the states ends here. The rest is on its way." in goal(one)
    assert one.page.locator(".tdx-pick small").all_inner_texts() == ["not known here"] * 2 and "The end" not in goal(
        one
    )
    assert [m["beyond"].split(" +")[0] for m in one.sent] == ["sample:2x1:9f3c A1"]
    press(one, ["ArrowLeft", "ArrowRight", "f"])
    assert len(one.sent) <= 2


def test_what_is_told_where_no_kernel_has_the_rest(show, make_scheduler):
    edge = make_scheduler()._walk["graph"]["edges"][0][0]
    stepper = make_scheduler(goal="", goal_text="")
    graph = stepper._sent["views"][0]["graph"]
    graph["cut"], graph["edges"][edge[2]] = [edge[2]], []
    page = show(stepper)
    page.locator(".tdx-stepper").press("1")
    assert "Undo, or ask for it where the notebook's kernel runs." in page.locator(".tdx-goal").inner_text()
    page.locator(".tdx-stepper").press("m")
    assert (
        "the " in page.locator(".tdx-map-words").inner_text()
        and "nearest states of more" in page.locator(".tdx-map-words").inner_text()
    )


def test_nothing_is_played_before_somebody_has_moved(widget, make_scheduler):
    one = start(widget, make_scheduler())
    press(one, " ")
    assert "Nothing to play yet: choose who moves first." in goal(one) and one.page.get_by_label("Pause").count() == 0
    press(one, ["1", "Home", " "])
    assert one.page.get_by_label("Pause").count() == 1


def test_the_scenarios_goal_is_reached_by_its_name(widget):
    one = start(widget, Stepper.scheduler(scenario("per-region"), goal="deadlock"))
    assert goal(one) == "Goal: reach a deadlock."
    for _ in range(12):
        press(one, "hhh")
        if "Reached" in goal(one) or "already" in goal(one):
            break
        press(one, "1" if "CPU 0 goes next" in goal(one) else "2")
    assert goal(one).startswith("Reached: a deadlock. You: ")


def test_a_schedulers_keys_do_not_reach_the_notebook_and_others_do(widget, game):
    one = start(widget, game())
    one.page.evaluate("window.keys = []; document.body.onkeydown = e => { keys.push(e.key); }; 0")
    press(one, ["1", "9", "2", "u", "h", "s", "Shift+Digit1"])
    assert [key for key in one.page.evaluate("keys") if key != "Shift"] == []
    press(one, ["n", "0", "x", "Control+u"])
    assert [key for key in one.page.evaluate("keys") if key not in ("Shift", "Control")] == ["n", "0", "x", "u"]
    free = start(widget, game(goal="", goal_text=""))
    free.page.evaluate("window.keys = []; document.body.onkeydown = e => { keys.push(e.key); }; 0")
    press(free, "h")
    assert free.page.evaluate("keys") == ["h"], "without a goal there is no hint"
