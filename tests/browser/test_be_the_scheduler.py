"""Notebook 04 in a real Lab, by hand: keys, buttons, the violation of v2 reached step by step, a pasted code, both themes."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from tdxkit.explore.reachable import graph
from tdxkit.explore.schedule import parse, switches
from tdxkit.explore.telling import replay_steps
from tdxkit.linux.refcount.registry import scenario
from tests.browser.gates import open_gates

RULE = "REMOVE must find a pair"
LESSON = Path(__file__).parents[2] / "notebooks" / "04-refcount-races.ipynb"
# One more cell than the lesson has: the shortest bad run, in a stepper that takes codes.
WATCH = "Stepper(replay(two, CODE), replay=lambda code: replay(two, code))"


def shortest() -> tuple[tuple[int, int], ...]:
    """(actor, choice) of each step of a shortest way to break RULE, found in the graph that the browser walks."""
    edges = graph(scenario("v2")).edges
    came, front = {0: ()}, [0]
    for node in front:
        for edge in edges[node]:
            way = (*came[node], (edge.actor, edge.choice))
            if RULE in edge.broken:
                return way
            if edge.target not in came:
                came[edge.target] = way
                front.append(edge.target)
    raise AssertionError("v2 keeps its rule?")


STEPS = shortest()
CODE = replay_steps(scenario("v2"), STEPS).code


@pytest.fixture(scope="module")
def lab_page(lab, chromium):
    nb = nbformat.read(LESSON, as_version=4)
    nb.cells.append(v4.new_code_cell(WATCH.replace("CODE", repr(CODE)), id="watch"))
    nbformat.write(nb, lab.root / "04-and-one-cell.ipynb")
    page = chromium.open(lab, "04-and-one-cell.ipynb")
    page.run_all()
    assert page.cell_errors() == []
    page.page.set_default_timeout(30_000)
    yield page
    page.close()


@pytest.fixture
def quiet(lab_page):
    """Whatever a test does, the console stays silent and nothing is asked outside."""
    yield
    assert lab_page.complaints == [] and lab_page.outside == [] and lab_page.cell_errors() == []


@pytest.fixture
def watch(lab_page, quiet):
    stepper = lab_page.cell("watch").locator(".tdx-stepper")
    stepper.get_by_role("button", name="First", exact=True).click()
    return stepper


@pytest.fixture
def play(lab_page, quiet):
    stepper = lab_page.cell("scheduler").locator(".tdx-stepper")
    again = stepper.get_by_role("button", name="Start over")
    if again.is_enabled():
        again.click()
    return stepper


def at(stepper) -> tuple[int, int]:
    """Position and length, as the reader reads them."""
    here, end = re.search(r"step ([\d,]+) of ([\d,]+)", stepper.locator(".tdx-count").inner_text()).groups()
    return int(here.replace(",", "")), int(end.replace(",", ""))


def settled(lab_page, stepper) -> None:
    """Lab moves cells while it draws those above them: a button that moves under a pressed mouse is not clicked."""
    stepper.scroll_into_view_if_needed()
    places: list[dict] = []
    while len(places) < 4 or any(place != places[-1] for place in places[-4:]):
        assert len(places) < 300, "the page does not come to rest"
        places.append(stepper.bounding_box())
        lab_page.page.wait_for_timeout(100)


def taken(lab_page, stepper, number: int) -> None:
    """The step is there, on a busy machine a moment later."""
    for _ in range(100):
        if at(stepper) == (number, number):
            return
        lab_page.page.wait_for_timeout(100)
    raise AssertionError(f"step {number} was not taken: {stepper.inner_text()[:600]}")


def test_keys_step_and_jump(lab_page, watch):
    keyboard = lab_page.page.keyboard
    watch.locator("[role=slider]").first.focus()
    seen = []
    for key in (
        "ArrowRight",
        "ArrowRight",
        "ArrowLeft",
        "End",
        "ArrowRight",
        "PageUp",
        "Home",
        "ArrowLeft",
        "PageDown",
    ):
        keyboard.press(key)
        seen.append(at(watch)[0])
    n = len(STEPS)
    assert seen[:5] == [1, 2, 1, n, n] and seen[6:8] == [0, 0]
    assert 1 < seen[5] < n and 1 < seen[8] < n, "PageUp and PageDown stop at a mark"


def test_each_step_shows_what_the_run_says(lab_page, watch):
    run = replay_steps(scenario("v2"), STEPS)
    watch.locator("[role=slider]").first.focus()
    for number, step in enumerate(run.steps, 1):
        lab_page.page.keyboard.press("ArrowRight")
        assert at(watch) == (number, len(run))
        assert step.sentence.lower() in watch.locator(".tdx-say").inner_text().lower()
        lit = watch.locator(".tdx-state dd.tdx-lit").count()
        assert bool(lit) == bool(step.changes)
    assert "tdx-broken" in watch.locator(".tdx-say").get_attribute("class")
    assert watch.locator("[role=slider]").first.get_attribute("aria-valuenow") == str(len(run))


def test_labs_shortcuts_sleep_while_the_stepper_has_the_focus(lab_page, watch):
    """b and a would insert a cell, dd and x take one away, m turn it into prose: looked at after each, wherever the focus is."""
    cells = lab_page.page.locator(".jp-Notebook .jp-Cell.jp-CodeCell")
    before = cells.count()
    for control in (
        watch.locator("[role=slider]").first,
        watch.get_by_role("button", name="Next", exact=True),
        watch.get_by_label("Speed"),
    ):
        for key in ("b", "a", "m", "x", "d", "d"):
            control.focus()
            lab_page.page.keyboard.press(key)
            assert cells.count() == before, f"{key} on {control}"


def test_play_moves_by_itself_and_stops_at_the_end(lab_page, watch):
    watch.get_by_label("Speed").select_option(index=watch.get_by_label("Speed").locator("option").count() - 1)
    watch.get_by_role("button", name="Play", exact=True).click()
    watch.get_by_role("button", name="Pause", exact=True).wait_for()
    watch.get_by_role("button", name="Play", exact=True).wait_for(timeout=60_000)
    assert at(watch) == (len(STEPS), len(STEPS))


def test_the_violation_is_reached_by_hand(lab_page, play):
    assert "Goal:" in play.locator(".tdx-goal").inner_text()
    settled(lab_page, play)
    for number, (actor, choice) in enumerate(STEPS):
        assert at(play) == (number, number)
        play.locator(f".tdx-pick[data-actor='{actor}']").nth(choice).click()
        taken(lab_page, play, number + 1)
    assert "tdx-met" in play.locator(".tdx-goal").get_attribute("class")
    assert RULE in play.locator(".tdx-goal").inner_text()
    assert play.locator(".tdx-schedule").inner_text() == CODE
    play.get_by_role("button", name="Undo").click()
    assert "tdx-met" not in play.locator(".tdx-goal").get_attribute("class") and at(play)[0] == len(STEPS) - 1


def test_a_hint_leads_there_too(play):
    """A reader who only does what the hint says arrives in as many steps as the search found."""
    for left in range(len(STEPS), 0, -1):
        for _ in range(3):  # the first two ask
            play.get_by_role("button", name="Hint").click()
        told = re.search(r"(\d+) more steps? at least; (CPU \d) goes next", play.locator(".tdx-goal").inner_text())
        assert int(told[1]) == left
        moves = play.get_by_role("group", name=told[2]).locator("button:not([aria-disabled])")
        if moves.count() > 1:
            pytest.skip("a choice: the hint names the actor only")
        moves.click()
    assert "tdx-met" in play.locator(".tdx-goal").get_attribute("class")


def test_the_calm_counterexample_ends_in_the_broken_rule(lab_page, quiet):
    """What the lesson shows after its search: how many switches it takes is asked and not told; the last step turns the rule."""
    calm = lab_page.cell("fewest-switches")
    assert "2 switches" not in calm.locator(".jp-OutputArea").inner_text()
    open_gates(calm)
    calm.get_by_role("button", name="show all").click()
    calm.get_by_role("button", name="Last", exact=True).click()
    assert "tdx-broken" in calm.locator(".tdx-say").get_attribute("class")
    assert switches(parse(calm.locator(".tdx-schedule").inner_text()).steps) == 2


def test_a_readers_own_put_is_judged(lab_page, quiet):
    """A put that forgets the lock in the lesson's cell: run it, run the judge, and its own counterexample is there; a slip is a line."""
    lab_page.write(
        "judge-put",
        "from tdxkit.linux.refcount.module import pamt_remove\n\n"
        "def put(m, region):\n    yield 'REMOVE at once'\n    pamt_remove(m, region)\n    m.refcount[region] -= 1\n\njudge_own(put)",
    )
    lab_page.run("judge-put")
    judged = lab_page.cell("judge-put")
    judged.locator(".tdx-stepper .tdx-broken").first.wait_for()
    assert "REMOVE at once" in judged.locator(".tdx-stepper").inner_text()
    assert judged.locator(".tdx-opinion h3").inner_text().startswith("✗ violation: ")
    judged.get_by_label("CPUs:").select_option(label="3")
    judged.get_by_text("3 CPUs, 1 × get").first.wait_for()
    lab_page.write("judge-put", "def put(m, region):\n    yield 'a'\n    m.mylock = True\n\njudge_own(put)")
    lab_page.run("judge-put")
    live = judged.locator(".tdx-live")  # its static form goes once it stands
    live.get_by_text("3: m.mylock = True").wait_for()
    assert "Traceback" not in judged.inner_text() and live.locator(".tdx-opinion").count() == 1


def test_who_cannot_move_says_why(play):
    """CPU 0 holds the lock, CPU 1 comes to it: its button is off and names the holder."""
    play.locator(".tdx-pick[data-actor='0']").first.press("Enter")
    for actor in (0, 0, 0, 1, 1, 1, 1):
        move = play.locator(f".tdx-pick[data-actor='{actor}']").first
        if move.get_attribute("aria-disabled"):
            break
        move.click()
    off = play.locator(".tdx-pick[data-actor='1'][aria-disabled]")
    assert "waits for pamt_lock, held by CPU 0" in off.inner_text()
    assert re.search(r"Holds pamt_lock since step \d+", play.locator(".tdx-why").first.inner_text())


@pytest.mark.parametrize("which", ["play", "watch"])
def test_a_pasted_code_is_replayed_or_refused_in_a_line(request, which):
    stepper = request.getfixturevalue(which)
    button = stepper.get_by_role("button", name="paste a schedule")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    box, answer = stepper.locator(".tdx-paste input"), stepper.locator(".tdx-paste output")
    box.fill(CODE)
    box.press("Enter")
    answer.get_by_text(f"{len(STEPS)} steps").wait_for()
    assert at(stepper)[1] == len(STEPS)
    for hostile in (
        "v2",
        "v9:2x1:0000 A1",
        CODE.split()[0] + " A99999999",
        "<img src=x onerror=alert(1)>",
        "A" * 5000,
    ):
        box.fill(hostile)
        box.press("Enter")
        answer.get_by_text("It fits").wait_for(state="detached")
        stepper.page.wait_for_function("o => o.textContent.trim().length > 5", arg=answer.element_handle())
        assert "Traceback" not in answer.inner_text() and answer.locator("img").count() == 0
        assert at(stepper)[1] == len(STEPS), "a refused code leaves the run as it was"
    box.fill(CODE.partition(" +")[0] + " B40")
    box.press("Enter")
    answer.get_by_text(re.compile("[Ss]tep 3[0-9]")).wait_for()  # where it stopped fitting
    button.click()


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_it_reads_in_both_themes(lab_page, watch, theme):
    """In every stepper of the lesson: text against what lies behind it, as the browser computes both, at least 4.5 to 1."""
    lab_page.theme(theme)
    watch.get_by_role("button", name="Last", exact=True).click()
    steppers = lab_page.page.locator(".tdx-stepper")
    assert steppers.count() >= 6  # and one more where the reader's own put breaks a rule
    assert [poor for stepper in steppers.all() for poor in stepper.evaluate(CONTRAST)] == []
    ground = watch.evaluate("e => getComputedStyle(e).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 384) == theme.endswith("Light")


CONTRAST = """root => {
    const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const shine = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = node => {
        for (; node; node = node.parentElement) {
            const ground = rgb(getComputedStyle(node).backgroundColor);
            if (ground.length === 3 || ground[3] === 1) return ground;
        }
        return [255, 255, 255];
    };
    const poor = [];
    for (const node of root.querySelectorAll('*')) {
        const words = [...node.childNodes].filter(c => c.nodeType === 3).map(c => c.textContent.trim()).join('');
        if (!words || node.closest('svg, [hidden], [aria-disabled], :disabled') || !node.getClientRects().length) continue;
        const a = shine(rgb(getComputedStyle(node).color)), b = shine(behind(node));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${node.tagName}.${node.className}: ${words.slice(0, 40)}`);
    }
    return poor;
}"""
