"""ladder.js, boot.js: the ladder of games, played by keys in a browser without a kernel: won, told, lost, closed and opened again."""

import json
import re

import pytest

from tdxkit.explore import explore
from tdxkit.explore.schedule import parse
from tdxkit.lessons.ladder import best, rungs
from tdxkit.view.ladder_board import ladder

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    file = tmp_path_factory.mktemp("ladder") / "ladder.html"
    file.write_text(f'<!doctype html><meta charset="utf-8"><title>ladder</title>{ladder().static()}', encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def reader(chromium, page_of):
    """A reader's browser: `open()` opens the page, with what was kept there."""
    context, complaints = chromium.new_context(viewport={"width": 1200, "height": 900}), []

    def open_():
        page = context.new_page()
        page.set_default_timeout(5_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(page_of)
        page.wait_for_selector(".tdx-stepper")
        return page

    yield open_
    context.close()
    assert complaints == []


def goal(page) -> str:
    return page.locator(".tdx-goal").inner_text()


def play(page, schedule: str) -> None:
    """The steps of a schedule code, by the buttons."""
    for actor, choice in parse(schedule).steps:
        buttons = page.locator(f".tdx-pick[data-actor='{actor}']")
        words = "leaves" if choice == -1 else None
        button = buttons.filter(has_text=re.compile(words, re.IGNORECASE)) if words else buttons.nth(choice)
        (button.first if words else button).click()


@pytest.mark.slow
@pytest.mark.parametrize("at", [k for k, rung in enumerate(rungs()) if not rung.begin and rung.scenario.memory == "sc"])
def test_each_rung_is_won_in_the_fewest_steps(reader, at):
    page, rung = reader(), rungs()[at]
    page.locator(".tdx-rung").nth(at).click()
    assert goal(page) == f"Goal: {rung.text}"
    play(page, explore(rung.scenario, prop=rung.goal).schedule)
    assert goal(page).startswith("Reached: ") and rung.after in goal(page)
    assert f"You: {best(rung.id).steps} steps" in goal(page)
    assert ("Nothing beats that." in goal(page)) != ("No way is shorter." in goal(page))
    assert "✓ won" in page.locator(".tdx-rung").nth(at).inner_text()


def test_stores_are_let_out_by_hand_on_the_fourth_rung(reader):
    page, rung = reader(), rungs()[3]
    page.locator(".tdx-rung").nth(3).click()
    play(page, explore(rung.scenario, prop=rung.goal).schedule)
    assert (
        goal(page).startswith("Reached: ")
        and "10 steps, 1 switch" in goal(page)
        and "Nothing beats that." in goal(page)
    )


def test_what_waits_in_a_buffer_is_seen_and_let_out_by_a_key(reader):
    page = reader()
    page.locator(".tdx-rung").nth(3).click()
    state = page.locator(".tdx-state")
    page.keyboard.press("1")
    assert "flag[0] = 1" in state.inner_text() and page.locator(".tdx-chip", has_text="store buffer").count() == 1
    assert "WRITE_ONCE" not in page.locator(".tdx-pick[data-actor='0']").nth(1).inner_text()
    page.keyboard.press("Shift+Digit1")
    assert page.locator(".tdx-chip", has_text="flag[0] 0 → 1").count() == 1
    page.keyboard.press("Shift+Digit2")
    assert "CPU 1 has one move here: press 2 alone." in goal(page)
    for key in ("1", "2", "2", "Shift+Digit2", "1", "2", "Shift+Digit1", "Shift+Digit2"):
        page.keyboard.press(key)  # in turns: won, and not by the fewest switches
    said = goal(page)
    assert said.startswith("Reached: ") == ("No way is shorter." in said or "Nothing beats that." in said)


def test_a_second_move_is_taken_by_its_key(reader):
    page = reader()
    page.locator(".tdx-rung").nth(6).click()
    for key in "1" * 12:
        page.keyboard.press(key)
    assert page.locator(".tdx-pick[data-actor='0']").count() == 2
    page.keyboard.press("Shift+Digit1")
    assert "A13/1" in page.locator(".tdx-schedule").inner_text()


def test_the_locks_that_matter_have_rows_and_those_that_nobody_takes_have_none(reader):
    page = reader()
    page.locator(".tdx-rung").nth(1).click()
    rows = page.locator(".tdx-timeline").inner_text()
    assert "region_lock[0]" in rows and "region_lock[1]" in rows and "pamt_lock" not in rows
    page.locator(".tdx-rung").nth(4).click()
    rows = page.locator(".tdx-timeline").inner_text()
    assert "entry_lock[0]" in rows and "pamt_lock" not in rows and "refcount" not in rows


def test_the_last_moment_is_saved_or_lost_by_one_move(reader):
    page = reader()
    page.locator(".tdx-rung").nth(8).click()
    assert page.locator(".tdx-count").inner_text() == "step 20 of 20"
    for key in "us":  # there is nothing before the beginning
        page.keyboard.press(key)
        assert "This is the beginning" in goal(page) and page.locator(".tdx-count").inner_text() == "step 20 of 20"
    for name in ("Undo", "Start over"):
        assert page.get_by_role("button", name=name, disabled=True).count() == 1
    page.keyboard.press("2")
    page.keyboard.press("h")
    assert "From here it cannot be reached any more: undo." in goal(page)
    page.keyboard.press("u")
    for _ in range(2):
        for key in "1" * 20 + "2" * 20:
            page.keyboard.press(key)
    taken = (
        int(re.search(r"step (\d+)", page.locator(".tdx-count").inner_text())[1]) - 20
    )  # what was there before is nobody's score
    assert goal(page).startswith(f"Reached: everybody has finished, and nothing broke. You: {taken} steps, 2 switches.")
    assert page.locator(".tdx-rung").nth(8).locator("small").inner_text().startswith("✓ won: ")


def test_what_is_reached_stays_with_the_reader_and_the_next_rung_is_open(reader):
    page = reader()
    assert page.locator(".tdx-rungs-words").inner_text() == "0 of 10 rungs won."
    page.locator(".tdx-stepper").press("1")
    for key in "22n":
        page.keyboard.press(key)
    assert page.locator("h3").inner_text() == rungs()[1].title
    page.close()
    again = reader()
    assert again.locator(".tdx-rungs-words").inner_text() == "1 of 10 rungs won."
    assert again.locator(".tdx-rung[aria-current]").inner_text().startswith(f"2 {rungs()[1].title}")
    again.get_by_role("button", name="forget what I reached").click()
    assert again.locator(".tdx-won").count() == 0
    again.reload()
    assert again.locator(".tdx-rungs-words").inner_text() == "0 of 10 rungs won."


def test_a_win_that_was_told_is_called_so_until_it_is_won_alone(reader):
    page = reader()
    for _ in range(3):
        for _ in range(3):
            page.locator(".tdx-stepper").press("h")
        page.keyboard.press("1" if "CPU 0 goes next" in goal(page) else "2")
    assert "3 moves told" in goal(page) and "✓ told: " in page.locator(".tdx-rung").first.inner_text()
    page.keyboard.press("s")
    for key in "122":
        page.keyboard.press(key)
    assert (
        "told" not in goal(page)
        and "✓ won: 3 steps, 1 switch, the best" in page.locator(".tdx-rung").first.inner_text()
    )
    page.keyboard.press("s")
    for key in "1112122222222":  # worse, and told nothing: the better score stays
        page.keyboard.press(key)
    assert "3 steps, 1 switch" in page.locator(".tdx-rung").first.inner_text()


def test_an_end_that_is_not_the_goal_is_told_as_an_end(reader):
    page = reader()
    page.locator(".tdx-stepper").press("1")
    for key in "1" * 30 + "2" * 30:
        page.keyboard.press(key)
    assert "The end: everybody has finished, and no rule broke." in goal(page) and "undo" in goal(page)
    assert page.locator(".tdx-onward").is_hidden()


def test_keys_never_go_dead(reader):
    page = reader()
    page.locator(".tdx-stepper").press("9")
    assert "There are 2 here to choose from." in goal(page)
    page.keyboard.press("Space")
    assert "Nothing to play yet" in goal(page)
    page.keyboard.press("1")
    page.get_by_role("button", name="Start over").click()
    page.keyboard.press("2")  # the button that was pressed has nothing left to do, and the keys go on
    assert page.locator(".tdx-count").inner_text() == "step 1 of 1"


@pytest.mark.parametrize(
    "kept", ["{", "[1]", "null", '"x"', '{"count-first": 7}', '{"count-first": {"steps": "<b>", "switches": 1}}']
)
def test_what_the_browser_keeps_is_not_believed(reader, kept):
    page = reader()
    page.evaluate("kept => localStorage.setItem('tdx-ladder', kept)", kept)
    page.reload()
    page.wait_for_selector(".tdx-stepper")
    assert (
        page.locator(".tdx-rungs-words").inner_text() == "0 of 10 rungs won."
        and page.locator(".tdx-rung b").count() == 10
    )
    page.locator(".tdx-stepper").press("1")
    for key in "22":
        page.keyboard.press(key)
    found = json.loads(page.evaluate("localStorage.getItem('tdx-ladder')"))
    assert found["count-first"] == {"steps": 3, "switches": 1, "told": False}


def score(steps, switches, told=False):
    return {"steps": steps, "switches": switches, "told": told}


def kept(page, **scores):
    """The page again, with these scores by rung kept in the browser."""
    page.evaluate("kept => localStorage.setItem('tdx-ladder', JSON.stringify(kept))", scores)
    page.reload()
    page.wait_for_selector(".tdx-stepper")
    return page.locator(".tdx-rung small").all_inner_texts()


def test_a_score_is_told_and_called_the_best_where_both_are(reader):
    page, first = reader(), rungs()[0].id
    assert best(first) == (3, 1)
    for given, said in (
        (score(3, 1), "✓ won: 3 steps, 1 switch, the best"), (score(4, 1), "✓ won: 4 steps, 1 switch"), (score(3, 2), "✓ won: 3 steps, 2 switches"),
        (score(2, 0), "✓ won: 2 steps, 0 switches, the best"), (score(3, 1, True), "✓ told: 3 steps, 1 switch, the best"), ({"steps": 3}, "not yet"), ({"steps": 3.5, "switches": 1}, "not yet"),
    ):  # fmt: skip
        assert kept(page, **{first: given})[:2] == [said, "not yet"]
        won = said != "not yet"
        assert (
            page.locator(".tdx-rungs-words").inner_text() == f"{int(won)} of 10 rungs won."
            and page.locator(".tdx-forget").is_visible() == won
        )
        assert page.locator(".tdx-rung.tdx-won").count() == won
        assert page.locator(".tdx-rung[aria-current=step]").evaluate_all("all => all.map(e => e.textContent[0])") == [
            "2" if won else "1"
        ]
    everything = {rung.id: score(99, 99) for rung in rungs()}
    kept(page, **everything)
    assert page.locator(".tdx-rung[aria-current]").inner_text().startswith("1 ")
    assert page.evaluate("document.activeElement.tagName") == "BODY", "the page takes no focus by itself"
    page.locator(".tdx-rung").nth(9).click()
    assert (
        page.evaluate("document.activeElement.className").startswith("tdx tdx-stepper")
        and page.locator(".tdx-onward").count() == 0
    )
    page.locator(".tdx-rung").nth(8).click()
    assert page.locator(".tdx-onward").count() == 1 and not page.locator(".tdx-onward").is_visible()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (score(9, 0), score(3, 0)), (score(2, 9), score(2, 1)), (score(9, 9, True), score(3, 1)), (score(3, 1, True), score(3, 1)), (score(2, 0), score(2, 0)),
    ],
)  # fmt: skip
def test_of_two_scores_the_least_of_each_is_kept_and_won_alone_stays_so(reader, before, after):
    page, first = reader(), rungs()[0].id
    kept(page, **{first: before})
    page.locator(".tdx-rung").first.click()
    for key in "122":
        page.keyboard.press(key)
    assert json.loads(page.evaluate("localStorage.getItem('tdx-ladder')"))[first] == after
    page.get_by_role("button", name="Next rung: " + rungs()[1].title).click()
    assert page.locator(".tdx-rung[aria-current]").inner_text().startswith("2 ")
    page.locator(".tdx-rung").first.click()
    for key in "hhh1":
        page.keyboard.press(key)
    for key in "22":
        page.keyboard.press(key)
    assert json.loads(page.evaluate("localStorage.getItem('tdx-ladder')"))[first]["told"] is False


def test_a_page_that_may_keep_nothing_says_so_once_there_is_something_to_keep(chromium, page_of):
    page = chromium.new_page()
    page.set_default_timeout(8_000)
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })")
    page.goto(page_of)
    page.wait_for_selector(".tdx-stepper")
    words = page.locator(".tdx-rungs-words")
    assert words.inner_text() == "0 of 10 rungs won."
    page.locator(".tdx-stepper").press("1")
    for key in "22":
        page.keyboard.press(key)
    assert (
        words.inner_text()
        == "1 of 10 rungs won. This page may keep nothing: what you reach is there while it stays open."
    )
    page.get_by_role("button", name="forget what I reached").click()
    assert words.inner_text() == "0 of 10 rungs won."
    page.close()


def test_the_ladder_in_words_has_every_rung_and_what_is_best():
    said = str(ladder())
    for rung in rungs():
        assert rung.title in said and rung.text in said
        assert re.search(
            rf"{re.escape(rung.title)} .*\b{best(rung.id).steps} +{best(rung.id).switches}$", said, re.MULTILINE
        )
