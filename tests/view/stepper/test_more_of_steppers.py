"""The stepper as a widget beyond the common way: fog, files, two runs in a stretch, codes that are pasted, what lies beyond, what it is made from."""

import json
from dataclasses import replace

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.program import Scenario
from tdxkit.linux.refcount import scenario
from tdxkit.run import Recorder
from tdxkit.view.stepper import Stepper, scripts, still
from tdxkit.view.stepper import widget as module
from tdxkit.view.stepper.timeline import timeline

RULE = "REMOVE must find a pair"


def counted(steps, title="counted", wide=1, **more):
    recorder = Recorder({"x": 0})
    for k in range(steps):
        recorder.step("CPU 0", f"step {k}", "s" * wide, {"x": k + 1})
    return recorder.run(title, ("CPU 0",), **more)


def views(stepper):
    return json.loads(stepper.data)["views"]


@pytest.fixture
def ways(monkeypatch):
    """States around a run without the explorer: what is asked, by the title of the run; a run called "none" has none."""
    asked = []

    def taken_over(run, picture, ahead=False):
        asked.append((run.title, ahead))
        return None if run.title == "none" else {"graph": {"cut": [1] if run.title == "cut" else []}, "of": run.title}

    monkeypatch.setattr(module, "taken_over", taken_over)
    return asked


def test_a_stepper_begins_at_its_start_without_fog_and_asks_nobody():
    stepper = Stepper(counted(3))
    assert (stepper.position, stepper.asks, stepper.needs_kernel) == (0, False, False)
    assert json.loads(stepper.data)["fog"] is views(stepper)[0]["fog"] is False
    assert "at step 0" in stepper.drawing() and "<b>Start</b>" in stepper.still()


def test_in_fog_a_stepper_says_so_to_its_page_and_stays_where_it_was():
    stepper = Stepper(counted(3), position=2)
    assert stepper.in_fog() is stepper and stepper.position == 2
    assert json.loads(stepper.data)["fog"] is views(stepper)[0]["fog"] is True
    assert "the whole run as text" in stepper.still() and Stepper(counted(3), fog=True).data == stepper.data


def test_a_drawing_is_the_timeline_at_the_present_position_with_its_style():
    stepper = Stepper(counted(5), position=4)
    made = stepper.drawing()
    assert made.startswith("<svg xmlns=") or 'xmlns="http://www.w3.org/2000/svg"' in made.partition(">")[0]
    inner = str(timeline(views(stepper)[0], 4))
    assert inner.partition(">")[2] in made and still.PLOT in made and "prefers-color-scheme" in made


def test_of_a_stretch_the_drawing_and_the_still_are_at_the_reader_s_place_in_it(monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 10_000)
    stepper = Stepper(counted(300, wide=40), position=150)
    offset = json.loads(stepper.data)["offset"]
    assert 0 < offset < 150 and f"at step {150 - offset}" in stepper.drawing()
    assert "Step 150 · CPU 0" in stepper.still() and stepper.needs_kernel


def test_of_two_runs_the_shorter_keeps_its_last_step_in_a_stretch_beyond_it(monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 10_000)
    stepper = Stepper(counted(150, "long", 40), counted(20, "short", 40), position=150)
    long, short = views(stepper)
    assert long["offset"] > 20 and (short["offset"], len(short["steps"]), short["total"]) == (19, 1, 20)
    assert short["first"] == ["19"] and short["tracks"] == long["tracks"] == []


def test_of_two_runs_with_nothing_in_one_there_is_nothing_to_step_in_it():
    long, empty = views(Stepper(counted(3), counted(0, "empty")))
    assert (len(long["steps"]), len(empty["steps"]), empty["offset"], empty["name"]) == (3, 0, 0, "empty")


def test_a_pasted_code_replaces_the_first_of_two_runs_and_its_states(ways):
    stepper = Stepper(counted(3, "one"), counted(4, "other"), replay=lambda code: counted(2, code))
    assert [view["ways"]["of"] for view in views(stepper)] == ["one", "other"]
    assert stepper.paste("pasted") == "It fits: 2 steps."
    assert [(view["title"], view["ways"]["of"]) for view in views(stepper)] == [("pasted",) * 2, ("other",) * 2]
    assert [len(view["steps"]) for view in views(stepper)] == [2, 4]
    assert stepper.paste("none") and ["ways" in view for view in views(stepper)] == [False, True]


@pytest.mark.parametrize("title, needs", [("cut", True), ("whole", False), ("none", False)])
def test_the_kernel_is_needed_where_not_all_states_travel_along(title, needs, ways):
    assert Stepper(counted(2, title)).needs_kernel == needs
    assert Stepper(counted(2, "none"), counted(2, title)).needs_kernel == needs


def test_what_lies_beyond_is_sent_of_the_run_that_has_a_scenario(ways, monkeypatch):
    replayed, sent = [], []
    monkeypatch.setattr(
        module, "replay", lambda scenario, code: replayed.append((scenario, code)) or counted(1, code[:9])
    )
    stepper = Stepper(counted(1), replace(counted(1), scenario="a scenario"))
    stepper.send = sent.append
    ways.clear()
    stepper._handle_custom_msg({"beyond": "c" * 5000}, [])
    assert replayed == [("a scenario", "c" * 4000)] and ways == [("c" * 9, True)], "further ahead"
    assert sent == [{"beyond": {"graph": {"cut": []}, "of": "c" * 9}}]
    monkeypatch.setattr(module, "replay", lambda scenario, code: counted(1, "none"))
    stepper._heard(stepper, {"beyond": "c"}, [])
    assert len(sent) == 1, "there is nothing beyond"


@pytest.mark.parametrize("message", [{"beyond": 7}, {"ask": None}, {"ask": 3}, {}, {"more": None}])
def test_where_codes_are_replayed_only_a_code_is(message):
    asked, sent = [], []
    stepper = Stepper(counted(2), replay=lambda code: asked.append(code) or counted(3))
    stepper.send = sent.append
    stepper._heard(stepper, message, [])
    assert asked == sent == []
    stepper._handle_custom_msg({"ask": "a code"}, [])
    assert asked == ["a code"] and sent == [{"answer": "It fits: 3 steps."}]


def test_of_a_code_as_much_is_read_as_a_page_may_send():
    asked = []
    Stepper(counted(2), replay=lambda code: asked.append(code) or counted(3)).paste("c" * 4001)
    assert asked == ["c" * 4000]


def test_a_code_where_nothing_replays_is_not_answered():
    stepper, sent = Stepper(counted(2)), []
    stepper.send = sent.append
    stepper._heard(stepper, {"ask": "a code"}, [])
    assert sent == [] and stepper.position == 0


def test_in_a_walk_there_is_no_place_to_ask_for(make_scheduler):
    stepper, answers = make_scheduler(), []
    sent, stepper.send = stepper.data, answers.append
    for place in (0, 1):
        stepper._heard(stepper, {"more": place}, [])
    assert (stepper.position, stepper.data, answers) == (0, sent, [])


def test_in_a_walk_a_reader_stands_as_far_as_they_have_gone(make_scheduler):
    stepper = make_scheduler()
    for said, stands in ((7, 7), (module.LONGEST_CODE, module.LONGEST_CODE), (module.LONGEST_CODE + 1, module.LONGEST_CODE), (0, 0)):  # fmt: skip
        stepper._heard(stepper, {"at": said}, [])
        assert stepper.position == stands


def test_a_walk_that_has_been_gone_stands_at_its_end(make_graph, make_run):
    stepper = Stepper.walked(make_graph(), make_run(""), path=(0, 1, 0), title="T")
    assert stepper.position == 3 and views(stepper)[0]["path"] == [0, 1, 0]
    assert json.loads(stepper.data)["title"] == "T" and views(stepper)[0]["graph"]["goal"] == ""
    goal = Stepper.walked(make_graph(), make_run(""), RULE, "Break it.")
    assert (goal.position, views(goal)[0]["graph"]["goal"]) == (0, RULE)
    assert f"Goal: break the rule “{RULE}”. Break it." in str(goal)


def test_a_walk_in_words_begins_with_what_each_can_do_first(make_scheduler):
    rows = str(make_scheduler(goal="")).splitlines()
    assert rows[3:] == [f"  CPU {k} can begin with atomic_dec_and_test(refcount)" for k in (0, 1)]


def test_a_walk_without_c_has_no_lines_of_c(make_graph, make_run):
    with pytest.raises(InputError, match="no C beside it"):
        Stepper.walked(make_graph(), make_run(""), lines="c")


@pytest.mark.parametrize("goal, name", [("remove-finds-a-pair", RULE), (RULE, RULE), ("my own", "my own"), ("", "")])
def test_a_goal_is_named_by_its_rule_or_the_rule_s_id(goal, name, monkeypatch):
    class Asked(Exception):
        pass

    def walk_of(*asked):
        raise Asked(*asked)

    monkeypatch.setattr(module, "walk_of", walk_of)
    with pytest.raises(Asked) as told:
        Stepper.scheduler(scenario("v2"), goal=goal, goal_text="words")
    meant, *rest = told.value.args
    assert isinstance(meant, Scenario) and rest == [name, "words", None]


def test_a_run_that_has_its_c_beside_it_shows_that_and_asks_for_no_other(monkeypatch):
    asked = []
    monkeypatch.setattr("tdxkit.c.designs.in_c", lambda run: asked.append(run.title))
    c = counted(2, "in C")
    both, lone, coded = counted(2, also=c, code="x:1 A2"), counted(2), counted(2, "coded", code="x:1 A2")
    assert [module._in_c(run) for run in (both, lone, coded)] == [c, None, None] and asked == ["coded"]


def test_only_one_of_two_runs_may_have_c_beside_it():
    c = counted(2, "in C")
    stepper = Stepper(counted(2), replace(counted(2), also=c), lines="c")
    assert ["c" in view for view in views(stepper)] == [False, True] and stepper.lines == "c"


def test_a_widget_joins_its_page_once_it_is_made_and_asked_for():
    stepper = Stepper(counted(1))
    assert stepper.comm is None
    assert stepper.model_id and stepper.comm is not None


def test_an_author_s_script_is_watched_from_its_folder_and_begins_once(monkeypatch):
    begun = []
    monkeypatch.setattr(scripts.Live, "watch_in_thread", lambda self: begun.append((self._path, self._build())))
    live = scripts.Live(lambda: "a script")
    assert begun == [(scripts.PAGE, "a script")] and str(live) == "a script"
    built = []
    live = scripts.Live(lambda: built.append(1) or "made")
    built.clear()
    assert str(live) == str(live) == "made" and built == [1], "it is built when it is asked for, once"


def test_a_script_is_live_for_authors_only(monkeypatch):
    monkeypatch.setattr(scripts.Live, "watch_in_thread", lambda self: None)
    for author in (True, False):
        monkeypatch.setattr(scripts, "_should_start_thread", lambda folder, author=author: author)
        assert isinstance(scripts.given.__wrapped__(lambda: "x"), scripts.Live) == author
