"""over.js: taking a run over, in a browser without a kernel: by keys and buttons, to a good end and a bad one, back again, and with the map open."""

import pytest

from tdxkit.explore import explore, replay, replay_steps
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import scenario
from tdxkit.view.stepper import Stepper

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
V2 = scenario("v2")
RACE = replay(V2, explore(V2).schedule)
MIDDLE = 10  # CPU 1 has counted up and used its page; CPU 0 stands between its look and the lock


def goal(page) -> str:
    return page.locator(".tdx-goal").inner_text()


def count(page) -> str:
    return page.locator(".tdx-count").inner_text()


def test_the_race_is_taken_over_in_its_middle_and_ends_well(show):
    page = show(Stepper(RACE, position=MIDDLE))
    page.locator(".tdx-stepper").press("o")
    assert count(page) == f"step {MIDDLE} of {MIDDLE}" and "everybody finishes and nothing breaks" in goal(page)
    assert "the run goes on with CPU 0; CPU 1 could have moved too" in goal(page)
    assert "as in the run" in page.locator(".tdx-pick-group[aria-label='CPU 0']").inner_text()
    for key in "2" * 20:  # CPU 1 to its end: it takes the pair back while CPU 0 has none yet
        page.keyboard.press(key)
    assert "CPU 1 cannot move: it has finished." in goal(page)
    for _ in range(30):
        page.keyboard.press("1")
    assert goal(page).startswith("Reached: everybody has finished, and nothing broke. You: ")
    assert page.locator(".tdx-goal.tdx-met").count() == 1 and page.locator(".tdx-broken").count() == 0
    code = page.locator(".tdx-schedule").inner_text()
    assert not [step for step in replay(V2, code).steps if step.broken]
    page.get_by_role("button", name="back to the run").click()
    assert count(page) == f"step {MIDDLE} of {len(RACE)}" and page.locator(".tdx-picks").count() == 0
    page.keyboard.press("End")
    assert page.locator(".tdx-say.tdx-broken").count() == 1


def test_a_run_taken_over_can_go_on_as_it_did_and_says_so_when_it_ends_badly(show):
    page = show(Stepper(RACE, position=MIDDLE))
    page.get_by_role("button", name="take over from here").click()
    while page.locator(".tdx-pick i").count():
        page.locator(".tdx-pick:has(i)").click()
    assert count(page) == f"step {len(RACE)} of {len(RACE)}"
    assert page.locator(".tdx-schedule").inner_text() == RACE.code
    page.get_by_label("Goal").select_option(label="break “REMOVE must find a pair”")
    assert goal(page).startswith("Reached: “REMOVE must find a pair” is broken.")
    page.get_by_label("Goal").select_option(label="no goal")
    for _ in range(9):
        for key in "12":
            page.keyboard.press(key)
    assert "The end: everybody has finished, and it went wrong: REMOVE found no pair" in goal(page)
    page.get_by_label("Goal").select_option(label="end well")
    assert "Reached" not in goal(page)


@pytest.mark.parametrize("name", ["v1", "v2"])  # after v1's race nothing is left, and yet it did not end well
def test_what_was_broken_on_the_way_is_no_good_end(show, name):
    one = scenario(name)
    page = show(Stepper(replay(one, explore(one).schedule), position=20))
    page.locator(".tdx-stepper").press("o")
    assert "From here it cannot be reached any more: undo." in goal(page)
    for key in ("1" * 9 + "2" * 9) * 3:
        page.keyboard.press(key)
    assert "The end: everybody has finished, and it went wrong" in goal(page) and "Reached" not in goal(page)


def test_under_a_fog_the_runs_own_way_is_not_told(show):
    page = show(Stepper(RACE, position=MIDDLE, fog=True))
    page.locator(".tdx-stepper").press("o")
    assert "goes on with" not in goal(page) and "CPU 0 and CPU 1 can move" in goal(page)
    assert page.locator(".tdx-pick i").count() == 0 and not page.get_by_role("button", name="show all").is_visible()
    page.keyboard.press("1")
    page.keyboard.press("o")
    page.keyboard.press("ArrowRight")
    assert count(page) == f"step {MIDDLE + 1}" and page.get_by_role("button", name="show all").is_visible()


def test_of_two_runs_the_first_that_can_be_is_taken_over(show):
    six = scenario("v6")
    page = show(Stepper(RACE, replay_steps(six, ((0, 0),) * 5), position=3))
    page.locator(".tdx-stepper").press("o")
    assert page.locator(".tdx-view:visible").count() == 1 and count(page) == "step 3 of 3"
    page.keyboard.press("o")
    assert page.locator(".tdx-view:visible").count() == 2 and count(page) == f"step 3 of {len(RACE)}"


def test_a_code_is_pasted_into_any_explored_run(show):
    page = show(Stepper(RACE))
    page.get_by_role("button", name="paste a schedule").click()
    calm = explore(V2, fewest_switches=True).schedule
    page.get_by_label("A schedule code").fill(calm)
    page.get_by_role("button", name="Run it").click()
    assert "It fits: 28 steps." in page.locator(".tdx-panel:visible").inner_text()
    assert page.locator(".tdx-schedule").inner_text() == calm and page.locator(".tdx-taken").count() == 1


def test_the_map_says_where_one_stands_and_what_can_still_be_reached(show):
    page = show(Stepper(RACE, position=MIDDLE))
    page.locator(".tdx-stepper").press("m")
    words = page.locator(".tdx-map-words")
    assert words.inner_text() == (
        "You stand 10 steps from the beginning, in one of 244 states. 5 are reached by breaking a rule; the nearest is 17 steps from here."
    )
    page.keyboard.press("ArrowRight")
    assert "11 steps from the beginning" in words.inner_text() and "16 steps from here" in words.inner_text()
    page.keyboard.press("o")
    page.keyboard.press("2")
    assert "12 steps from the beginning" in words.inner_text()
    assert page.locator(".tdx-map svg [class=tdx-map-bad]").count() > 0


def test_the_map_of_what_is_hidden_keeps_the_bad_states_to_itself_until_asked(show):
    page = show(Stepper(RACE, fog=True))
    page.locator(".tdx-stepper").press("m")
    assert "rule" not in page.locator(".tdx-map-words").inner_text()
    assert page.locator(".tdx-map-room .tdx-map-bad").get_attribute("d") == ""
    page.get_by_role("button", name="show what is good").click()
    assert "5 are reached by breaking a rule" in page.locator(".tdx-map-words").inner_text()
    assert page.locator(".tdx-map-room .tdx-map-bad").get_attribute("d") != ""
    assert page.locator(".tdx-map-room .tdx-map-lost").get_attribute("d") != ""
    page.get_by_role("button", name="hide what is good").click()
    assert page.locator(".tdx-map-room .tdx-map-lost").get_attribute("d") == ""
    assert "rule" not in page.locator(".tdx-map-words").inner_text()


def test_the_map_says_where_everybody_stands_under_the_pointer(show):
    page = show(Stepper(RACE))
    page.locator(".tdx-stepper").press("m")
    box = page.locator(".tdx-map-room svg").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
    first = RACE.steps[0].label
    assert page.locator(".tdx-map-pointed").inner_text() == f"CPU 0: {first} · CPU 1: {first}"
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    assert "has finished" in page.locator(".tdx-map-pointed").inner_text()


def test_a_run_that_is_lost_by_then_says_so_when_it_is_taken_over(show):
    page = show(Stepper(RACE, position=19))
    page.locator(".tdx-stepper").press("o")
    assert "cannot be reached any more" not in goal(page)
    page.keyboard.press("1")
    assert "From here it cannot be reached any more: undo." in goal(page)
    page.locator(".tdx-stepper").press("m")
    assert "From here nothing ends well any more." in page.locator(".tdx-map-words").inner_text()


def test_a_run_on_x86s_memory_keeps_its_buffers_when_it_is_taken_over(show):
    flags_on_x86 = flags().on("tso")
    page = show(Stepper(replay(flags_on_x86, explore(flags_on_x86).schedule), position=5))
    before = page.locator(".tdx-state").inner_text()
    rows = page.locator(".tdx-timeline").inner_text()
    page.locator(".tdx-stepper").press("o")
    assert "flag[0] = 1" in before and page.locator(".tdx-state").inner_text() == before
    assert set(rows.split()) <= set(page.locator(".tdx-timeline").inner_text().split())


def test_what_was_taken_over_is_saved_as_it_stands(show, chromium, tmp_path):
    page = show(Stepper(RACE, position=MIDDLE))
    page.locator(".tdx-stepper").press("o")
    page.keyboard.press("2")
    code = page.locator(".tdx-schedule").inner_text()
    with page.expect_download() as saved:
        page.get_by_role("button", name="save as one file").click()
    file = tmp_path / "saved.html"
    saved.value.save_as(file)
    other = chromium.new_page()
    other.goto(file.as_uri())
    assert other.locator(".tdx-schedule").inner_text() == code and other.locator(".tdx-picks").count() == 1
    other.locator(".tdx-stepper").press("2")
    assert count(other) == "step 12 of 12"
    other.close()
