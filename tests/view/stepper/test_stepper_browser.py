"""The stepper's page in real Chromium: keys, buttons, slider, scheduler, both themes, hostile names, and that it says what the run says."""

import random
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.linux.host.life import live
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import scenario
from tdxkit.run import Line, Read, Recorder, Text, Track, Wait, parts
from tdxkit.text import words
from tdxkit.view.kit import svg
from tdxkit.view.stepper import Stepper, still, timeline
from tdxkit.view.stepper.payload import run_data
from tests.view.pages import shape

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
RULE = "REMOVE must find a pair"


def test_two_steppers_on_one_page_do_not_share_ids(show, bad_run):
    find = "() => [...document.querySelectorAll('.tdx-plot [id]')].map(e => e.id)"
    ids = [i for _ in range(3) for i in show(Stepper(bad_run, bad_run)).evaluate(find)]
    assert len(ids) == len(set(ids)) == 12


def count(page):
    return page.locator(".tdx-count").inner_text()


@pytest.mark.parametrize(("width", "height"), [(940, 900), (940, 700), (500, 900)])
def test_script_and_python_draw_the_same_timeline(show, make_run, width, height):
    run = make_run("0100001111", actors=("CPU 0", "a very long name of an actor <i>"))
    tracks = (
        Track("users", "refcount[0]", "value"),
        Track("last", "last", "value"),
        *run.tracks,
        Track("r", "r", "rule"),
    )
    reads = [(), (), (Read("refcount[0]", 2),), *[()] * 5, (Read("pair[0]", 6, missed=True),), ()]
    steps = tuple(replace(step, reads=read) for step, read in zip(run.steps, reads, strict=True))
    run = replace(run, tracks=tracks, steps=steps)
    page, data = show(Stepper(run), viewport={"width": width, "height": height}), run_data(run)
    form = "roomy" if height > 840 else "compact"
    assert page.locator(".tdx-compact").count() == (form == "compact")
    for k in range(len(run) + 1):
        drawn = page.evaluate("() => new XMLSerializer().serializeToString(document.querySelector('.tdx-plot'))")
        root = ElementTree.fromstring(drawn)
        uid = root.find(".//{*}clipPath").attrib["id"].removesuffix("-past")
        assert shape(root) == shape(
            ElementTree.fromstring(timeline.timeline(data, k, int(root.attrib["width"]), uid, form))
        )
        page.keyboard.press("ArrowRight") if k else page.locator(".tdx-timeline").press("ArrowRight")


def test_every_position_says_what_the_run_says(show, bad_run):
    page, states = show(Stepper(bad_run)), list(bad_run.states())
    read = """() => ({
        values: [...document.querySelectorAll('.tdx-state dd')].map(e => e.textContent.split(' → ').pop()),
        lit: [...document.querySelectorAll('.tdx-state dd')].map(e => e.classList.contains('tdx-lit')),
        now: [...document.querySelectorAll('.tdx-lane')].map(l => l.querySelector('.tdx-now')?.textContent.trim() ?? null),
        next: [...document.querySelectorAll('.tdx-lane')].map(l => l.querySelector('.tdx-next')?.textContent.trim() ?? null),
        why: [...document.querySelectorAll('.tdx-why')].map(e => e.textContent),
        said: document.querySelector('.tdx-sentence').textContent, broken: !!document.querySelector('.tdx-broken')})"""
    lines = bad_run.texts["put"].lines
    page.locator(".tdx-timeline").focus()
    for k, state in enumerate(states):
        seen, step = page.evaluate(read), bad_run.steps[k - 1] if k else None
        assert seen["values"] == [words(v) for v in state.values()]
        assert seen["lit"] == [bool(step) and any(c.key == name for c in step.changes) for name in state]
        assert seen["broken"] == bool(step and step.broken)
        if step:
            a = bad_run.actors.index(step.actor)
            assert seen["said"].startswith(step.sentence or step.label), "a name of C has no capital"
            assert seen["now"][a] == lines[step.line.index].strip() and seen["now"][1 - a] is None
            assert seen["next"][a] == (lines[step.next.index].strip() if step.next else None)
            for wait in step.waits:
                assert wait.why in seen["why"][bad_run.actors.index(wait.actor)]
        page.keyboard.press("ArrowRight")
    assert seen["why"][0] == "Finished at step 6." and seen["why"][1] == "Finished at step 10."


def test_keys(show, bad_run):
    page, n = show(Stepper(bad_run)), len(bad_run)
    page.locator(".tdx-timeline").focus()
    marks = bad_run.marks()
    for key, at in [
        ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", n), ("ArrowRight", n), ("Home", 0), ("ArrowLeft", 0),
        ("PageDown", marks[0]), ("PageDown", marks[1]), ("PageUp", marks[0]), ("PageUp", 0), ("b", 0), ("d", 0),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert count(page) == f"step {at} of {n}", key
    slider = page.locator("[role=slider]")
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax") == str(n)
    assert page.locator(".tdx-stepper").get_attribute("data-lm-suppress-shortcuts") == "true"


def test_keys_work_from_a_button_and_tab_reaches_everything(show, bad_run):
    page, reached = show(Stepper(bad_run)), []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
            )
        )
    assert reached[:7] == ["First", "Back", "Play", "Next", "Last", "Speed", "Timeline"] and "Form" in reached
    assert {"copy", "what this model leaves out", "as text"} <= set(reached)
    page.get_by_label("Next", exact=True).press("Enter")
    page.get_by_label("Next", exact=True).press("ArrowRight")
    assert count(page) == "step 2 of 10"


def test_buttons_and_slider(show, bad_run):
    page = show(Stepper(bad_run))
    for name, at in [("Next", 1), ("Last", 10), ("Back", 9), ("First", 0)]:
        page.get_by_label(name, exact=True).click()
        assert count(page) == f"step {at} of 10"
    box = page.locator(".tdx-plot").bounding_box()
    left = 19 * 6.3 + 26  # as wide as the longest name
    step = min((box["width"] - left - 4) / 10, 56)
    for k in (1, 6, 10):
        page.mouse.click(box["x"] + left + (k - 0.5) * step, box["y"] + 30)
        assert count(page) == f"step {k} of 10"
    page.mouse.move(box["x"] + left + 9.5 * step, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + left + 2.5 * step, box["y"] + 30, steps=4)
    page.mouse.up()
    assert count(page) == "step 3 of 10"


def test_it_plays_when_asked_and_stops_at_the_end(show, bad_run):
    page = show(Stepper(bad_run))
    page.get_by_label("Speed").select_option("8")
    page.get_by_label("Play").click()
    assert page.get_by_label("Pause").count() == 1
    page.wait_for_function("() => document.querySelector('.tdx-count').textContent === 'step 10 of 10'")
    page.get_by_label("Play").wait_for()
    page.get_by_label("Speed").select_option("0.5")
    page.get_by_label("Play").click()  # from the end it begins again
    page.get_by_label("Pause").click()
    assert count(page) == "step 0 of 10"
    assert page.locator(".tdx-say").get_attribute("aria-live") == "polite"


def pick(page, actor, choice=0):
    page.locator(f".tdx-pick[data-actor='{actor}']").nth(choice).click()


def told(page):
    """What the hint says that tells all: the first two only ask."""
    for asks in ("Hint again says more", "", "goes next"):
        page.get_by_text("Hint", exact=True).click()
        assert (
            asks in page.locator(".tdx-goal").inner_text()
            or "cannot be reached any more" in page.locator(".tdx-goal").inner_text()
        )
    return page.locator(".tdx-goal").inner_text()


def test_the_reader_breaks_it_by_hand(show, make_scheduler):
    page = show(make_scheduler())
    assert page.locator(".tdx-goal").inner_text().startswith("Goal: Make a CPU remove")
    pick(page, 0), pick(page, 0)
    blocked = page.locator(".tdx-pick[data-actor='1']")
    pick(page, 1)
    assert (
        blocked.get_attribute("aria-disabled") == "true"
        and "waits for pamt_lock, held by CPU 0" in blocked.inner_text()
    )
    blocked.click(force=True)
    assert "CPU 1 cannot move: it waits for pamt_lock, held by CPU 0." in page.locator(".tdx-goal").inner_text()
    assert count(page) == "step 3 of 3" and "waits for pamt_lock" in page.locator(".tdx-why").nth(1).inner_text()
    for key in "00011":  # a choice: the first branch
        pick(page, int(key))
    assert page.locator(".tdx-met").count() == 0
    pick(page, 1)
    assert "is broken" in page.locator(".tdx-met").inner_text() and page.locator(".tdx-say.tdx-broken").count() == 1
    assert page.locator(".tdx-schedule").inner_text().startswith("sample:2x1:9f3c A2 B1 A3 B3 +")
    page.get_by_text("Undo").click()
    assert count(page) == "step 8 of 8" and page.locator(".tdx-met").count() == 0
    page.keyboard.press("ArrowLeft")
    pick(page, 1, 1)  # another future from the middle: the second branch of the choice
    assert count(page) == "step 8 of 8" and page.locator(".tdx-schedule").inner_text().split(" +")[0].endswith(
        "A3 B2/1"
    )
    page.get_by_text("Start over").click()
    assert count(page) == "step 0 of 0"


def test_digits_pick_and_a_hint_leads_there(show, make_scheduler):
    page = show(make_scheduler())
    for _ in range(40):
        if page.locator(".tdx-met").count():
            break
        hint = told(page)
        if "CPU 0 goes next" in hint and page.locator(".tdx-pick[data-actor='0']").count() == 1:
            page.locator(".tdx-stepper").press("1")
        else:
            pick(page, 0 if "CPU 0 goes next" in hint else 1)
    assert page.locator(".tdx-met").count() == 1 and count(page) == "step 9 of 9"  # nine steps are the fewest


@pytest.mark.slow
def test_following_the_hint_is_a_shortest_way(show):
    one = scenario("v2")
    page, left = show(Stepper.scheduler(one, goal=RULE)), []
    while not page.locator(".tdx-met").count():
        said = told(page)
        left.append(int(re.search(r"(\d+) more step", said)[1]))
        pick(page, 0 if "CPU 0 goes next" in said else 1)
    assert left == list(range(explore(one, prop=RULE).steps, 0, -1))
    for _ in range(2):
        page.get_by_text("Undo").click()
    pick(page, 1 - int("CPU 1" in page.locator(".tdx-say b").inner_text()))
    said = told(page)
    assert "more step" in said or "cannot be reached any more" in said


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_is_the_graphs_own_and_its_code_leads_back(show, make_graph, make_scheduler, seed):
    graph, chance = make_graph(), random.Random(seed)
    page, node, length = show(make_scheduler()), 0, 0
    while graph.edges[node]:
        edge = chance.choice(graph.edges[node])
        pick(page, edge.actor, [e for e in graph.edges[node] if e.actor == edge.actor].index(edge))
        node, length = edge.target, length + 1
        shared = graph.shared[graph.nodes[node].shared]
        seen = page.locator(".tdx-state dd").all_inner_texts()
        assert [v.split(" → ")[-1] for v in seen] == [words(v) for v in shared.values()]
        assert page.locator(".tdx-sentence").inner_text().startswith(edge.sentence or "spin")
    code, text = page.locator(".tdx-schedule").inner_text(), page.locator(".tdx-say").inner_text()
    page.get_by_text("Start over").click()
    page.get_by_text("paste a schedule").click()
    page.get_by_label("A schedule code").fill(code)
    page.get_by_text("Run it").click()
    assert count(page) == f"step {length} of {length}" and page.locator(".tdx-say").inner_text() == text
    assert page.locator(".tdx-paste output").inner_text() == f"It fits: {length} steps."


# v3-add-fails has a rule about states that stays broken for many steps, v2-enomem a choice.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seed"), [("v2-enomem", 0), ("v2-enomem", 1), ("v3-add-fails", 6), ("v3-add-fails", 17)]
)
def test_a_walk_in_the_browser_replays_in_python(show, name, seed):
    one, chance = scenario(name), random.Random(seed)
    page = show(Stepper.scheduler(one))
    while (free := page.locator(".tdx-pick:not([aria-disabled])")).count():
        free.nth(chance.randrange(free.count())).click()
    run, n = replay(one, page.locator(".tdx-schedule").inner_text()), page.locator(".tdx-count b").inner_text()
    assert len(run) == int(n) > 10
    page.get_by_role("button", name="as text").click()
    assert page.locator(".tdx-panel pre").inner_text() == str(
        run
    )  # step by step the same: labels, changes, broken rules
    whys = page.locator(".tdx-why").all_inner_texts()
    assert whys == [
        f"Finished at step {max(k for k, s in enumerate(run.steps, 1) if s.actor == a)}." for a in run.actors
    ]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "empty"), ("v9:2x1:0000 A1", "must begin with sample:2x1:9f3c"), ("sample:2x1:9f3c A9", "Step 6: the code stops fitting"),
        ("sample:2x1:9f3c Z1", "letter and a count"), ("sample:2x1:9f3c <script>alert(1)</script>", "letter and a count"),
        ("sample:2x1:9f3c " + "A9999 " * 600, "stops fitting"), ("sample:2x1:9f3c A0", "letter and a count"), ("sample:2x1:9f3c", "It fits: 0 steps"), ("sample:2x1:9f3c A1 +000001", "It fits: 1 step"),
        ("sample:2x1:9f3c A1 +000002", "its mark is of other steps"), ("sample:2x1:9f3c A1 +1", "letter and a count"), ("sample:2x1:9f3c A2 B2", "CPU 1 waits for pamt_lock, held by CPU 0"),
    ],
)  # fmt: skip
def test_codes_that_do_not_fit_are_told_where(show, make_scheduler, code, said):
    page = show(make_scheduler())
    page.get_by_text("paste a schedule").click()
    page.get_by_label("A schedule code").fill(code)
    page.keyboard.press("Enter")
    assert said in page.locator(".tdx-paste output").inner_text()


def test_panels(show, bad_run):
    page = show(Stepper(bad_run))
    page.get_by_role("button", name="as text").click()
    assert page.locator(".tdx-panel pre").inner_text() == str(bad_run)
    page.get_by_role("button", name="what this model leaves out").click()
    for entry in (*bad_run.card.modelled, *bad_run.card.simplified, *bad_run.card.left_out):
        assert entry in page.locator(".tdx-card").inner_text()
    page.get_by_role("button", name="as text").click()
    assert not page.locator(".tdx-panel pre").is_visible()


def test_copy_gives_the_code(show, bad_run):
    page = show(Stepper(bad_run), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="copy").click()
    page.get_by_role("button", name="copied").wait_for()
    assert page.evaluate("() => navigator.clipboard.readText()") == bad_run.code


def test_two_runs_move_together(show, bad_run, make_run):
    page = show(Stepper(bad_run, make_run("01000", title="v6"), title="One schedule"))
    page.locator(".tdx-timeline").first.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    assert [s.inner_text().split("\n")[0] for s in page.locator(".tdx-say b").all()] == [
        "Step 7 · CPU 1",
        "Step 5 · CPU 0",
    ]
    page.locator(".tdx-timeline").nth(1).press("Home")
    assert count(page) == "step 0 of 10"


HOSTILE = ['<script>window.hit=1</script>', '<img src=x onerror="window.hit=1">', '"><svg onload=window.hit=1>', "\u202egpj.exe", "a\0b", "</script><script>window.hit=1//", "'`${window.hit=1}"]  # fmt: skip


def test_hostile_names_are_shown_not_run(show):
    recorder = Recorder({name: name for name in HOSTILE})
    for k, name in enumerate(HOSTILE):
        recorder.step(
            HOSTILE[0], name, name, {n: name + str(k) for n in HOSTILE}, line=Line(HOSTILE[1], 0), broken=(name,)
        )
    texts = {HOSTILE[1]: Text(HOSTILE[1], tuple(HOSTILE))}
    more = {
        "texts": texts,
        "tracks": (Track(HOSTILE[2], HOSTILE[0], "lock"),),
        "code": HOSTILE[2],
        "subtitle": HOSTILE[1],
    }
    run = recorder.run(HOSTILE[0], HOSTILE[:2], start={HOSTILE[1]: Line(HOSTILE[1], 2)}, **more)
    page = show(Stepper(run, picture=lambda s: svg.drawing(9, 9, HOSTILE[1], svg.box(0, 0, 9, 9, s[HOSTILE[0]]))))
    page.locator(".tdx-timeline").focus()
    for _ in HOSTILE:
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="as text").click()
    assert page.evaluate("() => [window.hit ?? null, document.scripts.length, document.images.length]") == [None, 2, 0]
    assert "<script>window.hit=1</script>" in page.locator(".tdx-stepper").inner_text()
    assert "\u202e" not in page.locator("body").inner_text()


SAID = [  # by Lab and by VS Code: is it dark?
    ("data-jp-theme-light", "true", False), ("data-jp-theme-light", "false", True),
    ("data-vscode-theme-kind", "vscode-light", False), ("data-vscode-theme-kind", "vscode-dark", True),
    ("data-vscode-theme-kind", "vscode-high-contrast", True), ("data-vscode-theme-kind", "vscode-high-contrast-light", False),
]  # fmt: skip
PAPER = "() => getComputedStyle(document.querySelector('.tdx-stepper')).backgroundColor"


def test_light_and_dark(show, bad_run):
    light, dark = "rgb(255, 255, 255)", "rgb(17, 20, 24)"
    for scheme, paper in (("light", light), ("dark", dark)):
        page = show(Stepper(bad_run), color_scheme=scheme)
        assert page.evaluate(PAPER) == paper
        for name, told, wanted in SAID:  # what the page says goes before what the system says
            page.evaluate("([name, told]) => document.body.setAttribute(name, told)", [name, told])
            assert page.evaluate(PAPER) == (dark if wanted else light), told
            page.evaluate("name => document.body.removeAttribute(name)", name)


def test_reduced_motion(show, bad_run):
    take = "() => getComputedStyle(document.querySelector('.tdx-code li')).transitionDuration"
    assert show(Stepper(bad_run), reduced_motion="reduce").evaluate(take) == "0s"
    assert show(Stepper(bad_run), reduced_motion="no-preference").evaluate(take) != "0s"


STICKS_OUT = """() => { const box = document.querySelector('.tdx-stepper').getBoundingClientRect(), out = e => e.width && (e.right > box.right + 1 || e.left < box.left - 1);
    return [...document.querySelectorAll('.tdx-stepper :is(button,dl,dd,h3,.tdx-plot,.tdx-lane,select,.tdx-count)')].filter(e => out(e.getBoundingClientRect())).map(e => e.className) }"""


@pytest.mark.parametrize("kind", ["run", "scheduler", "pair"])
def test_nothing_sticks_out_at_any_width(show, make_scheduler, bad_run, make_run, kind):
    made = {
        "run": lambda: Stepper(bad_run, position=9),
        "scheduler": make_scheduler,
        "pair": lambda: Stepper(bad_run, make_run("01")),
    }
    page = show(made[kind]())
    for width in (380, 560, 700, 860, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_timeout(60)  # the timeline is drawn anew for the new width
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), width
        assert page.evaluate(STICKS_OUT) == [], width


@pytest.mark.parametrize("width", [720, 1280])
def test_a_value_of_one_word_stays_on_one_line(show, width):
    """Beside a long name, in the narrow pane, it goes below its name; letter by letter nobody can read it."""
    recorder = Recorder({"entry exclusive": None, "entry": "PENDING", "CPU 0 leaf": "TDH.VP.ENTER"})
    recorder.step("CPU 0", "accept", "x", {"entry exclusive": "CPU 0", "entry": "MAPPED", "CPU 0 leaf": "TDH.VP.ENTER"})
    page = show(Stepper(recorder.run("two words", ("CPU 0",))), viewport={"width": width, "height": 700})
    lines = "() => [...document.querySelectorAll('.tdx-state :is(dt, dd)')].map(e => e.getClientRects().length * e.clientHeight)"
    assert len(set(page.evaluate(lines))) == 1
    page.locator(".tdx-timeline").press("ArrowRight")
    assert page.locator(".tdx-state dd").all_inner_texts() == ["none → CPU 0", "PENDING → MAPPED", "TDH.VP.ENTER"]


def test_the_page_says_its_run_without_a_script(show, bad_run):
    page = show(Stepper(bad_run, position=9), java_script_enabled=False)
    assert page.locator(".tdx-say.tdx-broken").inner_text().startswith(f"Broken here: {RULE}")
    page.locator("summary").click()
    assert page.locator("pre").inner_text() == str(bad_run)


@pytest.mark.slow
def test_a_page_of_a_long_run_shows_its_window(show):
    recorder = Recorder({"lock": "CPU 0"})
    for k in range(30_000):
        recorder.step("CPU 0", f"step {k + 1}", "x" * 120, {"lock": "CPU 0", "x": k + 1})
    run = recorder.run("long", ("CPU 0",), tracks=(Track("lock", "lock", "lock"),))
    stepper = Stepper(run, position=29_000)
    page, first = show(stepper), stepper._span[0]
    page.locator(".tdx-timeline").focus()
    for key, at in (
        ("ArrowRight", 29_001),
        ("End", 30_000),
        ("Home", first),
        ("ArrowLeft", first),
        ("ArrowRight", first + 1),
    ):
        page.keyboard.press(key)
        assert count(page) == f"step {at:,} of 30,000"
        assert page.locator(".tdx-state dd").nth(1).inner_text().endswith(str(at))
    assert page.locator(".tdx-why").inner_text().startswith(f"Holds lock since step {first - 1} or before.")


def test_a_run_without_texts_shows_the_latest_steps(show):
    recorder = Recorder({"msr": 0})
    for k in range(9):
        recorder.step("KVM" if k % 2 else "guest", f"writes {k}", "", {"msr": k})
    page = show(Stepper(recorder.run("no text", ("guest", "KVM"))))
    page.locator(".tdx-timeline").press("End")
    assert page.locator(".tdx-lane").first.locator(".tdx-now").inner_text() == "9  writes 8  msr 7 → 8"
    assert page.locator(".tdx-lane").nth(1).locator(".tdx-done").all_inner_texts() == [
        "2  writes 1  msr 0 → 1",
        "4  writes 3  msr 2 → 3",
        "6  writes 5  msr 4 → 5",
        "8  writes 7  msr 6 → 7",
    ]


def test_many_actors_without_a_text_share_one_list_of_steps(show):
    recorder, actors = Recorder({"n": 0}), ("TD init", "fault <b>", "zap")
    for k in range(30):
        waits = (Wait(actors[2], actors[0], "zap waits for mmu_lock"),) if k == 20 else ()
        recorder.step(actors[k % 3], f"call {k}", f"call {k} is made", {"n": k}, waits=waits)
    page = show(Stepper(recorder.run("a life", actors)), viewport={"width": 940, "height": 900})
    assert page.locator(".tdx-lane").count() == 1
    for position in (0, 1, 15, 21, 30):
        page.evaluate("() => document.querySelector('.tdx-timeline').focus()")
        page.keyboard.press("Home")
        for _ in range(position):
            page.keyboard.press("ArrowRight")
        rows = page.locator(".tdx-log li").all_inner_texts()
        now = page.locator(".tdx-log li[aria-current=step]").all_inner_texts()
        assert len(rows) == 12 and len(now) == (1 if position else 0)
        if position:
            assert (
                now[0].split()[0] == str(position)
                and f"call {position - 1}" in now[0]
                and actors[(position - 1) % 3] in now[0]
            )
        waiting = page.locator(".tdx-log .tdx-why").inner_text()
        assert ("zap waits for mmu_lock." in waiting) == (position == 21)


def test_lanes_in_c_on_a_page_without_a_kernel(show):
    """The page begins as it was written; a key goes to the other language and back; the text is what Python says."""
    two = scenario("v2")
    run = replay(two, explore(two).schedule)
    page = show(Stepper(run, lines="c"))
    code = page.locator(".tdx-lanes")
    assert "atomic_inc_not_zero(users)" in code.inner_text()
    page.get_by_role("button", name="as text").click()
    assert page.locator(".tdx-panel pre").inner_text() == str(Stepper(run, lines="c"))
    page.locator(".tdx-timeline").press("l")
    assert "yield" in code.inner_text() and page.locator(".tdx-panel pre").inner_text() == str(
        Stepper(run, lines="python")
    )
    pressed = page.locator(".tdx-ways [aria-pressed=true]")
    assert pressed.count() == 1 and pressed.inner_text() == "Python"
    pair = show(Stepper(run, run))
    pair.get_by_role("button", name="C", exact=True).click()
    assert pair.locator(".tdx-lanes").last.inner_text().count("spin_lock(&pamt_lock);")
    assert "yield" not in pair.locator(".tdx-views").inner_text()


def test_under_a_fog_the_page_holds_nothing_of_what_comes(show, make_run):
    run = make_run("0100001111")
    page = show(Stepper(run, fog=True))
    page.locator(".tdx-timeline").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    held = page.evaluate("() => document.documentElement.outerHTML")
    assert "step 3" in count(page) and "of" not in count(page)
    later = {step.sentence or step.label for step in run.steps[4:]} - {
        step.sentence or step.label for step in run.steps[:4]
    }
    texts = page.evaluate(
        "() => [...document.querySelectorAll('.tdx-stepper :not(script):not(style)')].map(e => e.textContent).join()"
    )
    assert later and not [words for words in later if words in texts]
    assert "tdx-cross" not in held.split("<script")[0] and page.locator(".tdx-mark-bad").count() == 0
    assert page.locator("script[type='application/json'], script[type='application/gzip']:not(.tdx-code)").count() == 0
    assert "Its turn comes" not in texts and "Moves next" not in texts and page.locator(".tdx-schedule").is_hidden()
    page.get_by_role("button", name="as text").click()
    assert len(page.locator(".tdx-panel pre").inner_text().splitlines()) == 2 + 3
    page.locator(".tdx-timeline").press("Home")
    assert page.locator("[role=slider]").get_attribute("aria-valuemax") == "3"  # what has been seen stays
    page.get_by_role("button", name="show all").click()
    assert count(page).endswith("of 10") and page.locator(".tdx-mark-bad").count() == 1
    assert page.locator(".tdx-fog").count() == 0 and page.locator(".tdx-schedule").is_visible()
    page.keyboard.press("ArrowRight")
    assert count(page) == "step 1 of 10"  # the keys still work


def test_a_slip_of_the_hand_lifts_no_fog(show, bad_run):
    page = show(Stepper(bad_run, fog=True))
    box = page.locator(".tdx-plot").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 8, box["y"] + 30)
    assert count(page) == "step 1"


def test_what_a_step_rests_on_is_drawn_and_said(show):
    one = scenario("v2")
    run = replay(one, explore(one, fewest_switches=True).schedule)
    page = show(Stepper(run, position=len(run)))
    broken = next(k for k, step in enumerate(run.steps, 1) if step.broken)
    page.locator(".tdx-timeline").press("Home")
    for k in range(1, broken + 1):
        page.keyboard.press("ArrowRight")
        assert page.locator(".tdx-causes > g").count() == len(run.misled(k)), k
        assert page.locator(".tdx-cause").inner_text() == still.because(run_data(run), k)
    assert run.misled(broken) and "as CPU" in page.locator(".tdx-cause").inner_text()
    assert page.locator(".tdx-value text").first.text_content() in "0123456789"


def test_a_store_that_waits_misleads_the_other_cpu(show):
    one = flags().on("tso")
    run = replay(one, explore(one).schedule)
    missed = [(k, read) for k, step in enumerate(run.steps, 1) for read in step.reads if read.missed]
    assert missed
    page = show(Stepper(run, position=missed[0][0]))
    assert "had left its buffer" in page.locator(".tdx-cause").inner_text()
    assert page.locator(".tdx-causes path[stroke-dasharray]").count() == 1


def test_who_waits_for_whom_is_drawn_and_a_circle_is_told(show):
    one = scenario("per-region")
    run = replay(one, explore(one).schedule)
    page = show(Stepper(run, position=len(run)))
    picture = page.locator(".tdx-waits svg")
    assert "wait for each other" in picture.text_content() and picture.locator("path[stroke-dasharray]").count() == 2
    page.locator(".tdx-timeline").press("Home")
    assert page.locator(".tdx-waits svg").count() == 0


def long_life():
    recorder = Recorder({"pairs": 0, "lock": None, "msr": 0})
    for k in range(60):
        recorder.step(
            "fault" if k < 30 else "zap", f"call {k}", f"call {k}", {"pairs": k // 10, "lock": None, "msr": k % 2}
        )
    run = recorder.run("a life", ("fault", "zap", "KVM"))
    return replace(run, chapters=parts(run.steps, lambda step: step.actor))


def test_chapters_and_a_filter_in_a_long_run(show):
    page = show(Stepper(long_life()))
    page.get_by_label("Chapter").select_option(label="31: zap")
    assert count(page) == "step 31 of 60" and page.get_by_label("Chapter").input_value() == "31"
    page.get_by_label("Steps that touch").select_option("pairs")
    page.locator(".tdx-timeline").focus()
    for at in (41, 51, 51):
        page.keyboard.press("ArrowRight")
        assert count(page).startswith(f"step {at} of 60")
    rank = page.locator(".tdx-rank")
    assert rank.inner_text() == "5 of 5"
    page.keyboard.press("ArrowLeft")
    assert count(page) == "step 41 of 60" and rank.inner_text() == "4 of 5"
    page.get_by_label("Steps that touch").select_option("")
    page.locator(".tdx-timeline").press("ArrowRight")
    assert count(page) == "step 42 of 60"


def test_forms(show, bad_run):
    page = show(Stepper(bad_run), viewport={"width": 1200, "height": 1000})
    tall = page.locator(".tdx-stepper").bounding_box()["height"]
    page.locator(".tdx-timeline").press("f")
    assert page.locator(".tdx-compact").count() == 1
    assert page.locator(".tdx-stepper").bounding_box()["height"] < tall
    size = "() => parseFloat(getComputedStyle(document.querySelector('.tdx-say')).fontSize)"
    small = page.evaluate(size)
    page.keyboard.press("f")
    assert page.locator(".tdx-projector").count() == 1 and page.evaluate(size) > 1.5 * small
    page.keyboard.press("ArrowRight")
    assert count(page) == "step 1 of 10"
    page.keyboard.press("f")
    assert page.locator(".tdx-compact, .tdx-projector").count() == 0


def test_the_address_names_the_step(show, bad_run, chromium, tmp_path):
    file = tmp_path / "race.html"
    Stepper(bad_run).html(file)
    code = bad_run.code.replace(" ", "%20")
    for end, at in (
        (f"#{code}@7", 7),
        ("#@3", 3),
        ("#nobody:2x1:0000@5", 0),
        ("#%E0%A4%A", 0),
        (f"#{code}@99", 10),
        ("", 0),
    ):
        page = chromium.new_page()
        page.goto(file.as_uri() + end)
        page.wait_for_selector(".tdx-controls")
        assert count(page) == f"step {at} of 10", end
        page.close()


@pytest.mark.parametrize("kind", ["run", "scheduler"])
def test_saved_from_the_page_it_is_the_same(show, chromium, bad_run, make_scheduler, tmp_path, kind):
    page = show(Stepper(bad_run) if kind == "run" else make_scheduler())
    if kind == "run":
        page.locator(".tdx-timeline").press("PageDown")
    else:
        pick(page, 0), pick(page, 1)
    said = page.locator(".tdx-say").inner_text()
    with page.expect_download() as kept:
        page.get_by_role("button", name="save as one file").click()
    file = tmp_path / "saved.html"
    kept.value.save_as(file)
    assert kept.value.suggested_filename.endswith(".html") and "http:" not in file.read_text().replace(
        "http://www.w3.org/2000/svg", ""
    )
    other = chromium.new_page()
    other.goto(file.as_uri())
    other.wait_for_selector(".tdx-controls")
    assert other.locator(".tdx-say").inner_text() == said and count(other) == count(page)
    other.locator(".tdx-timeline").press("Home")
    assert other.locator(".tdx-count b").inner_text() == "0"
    other.close()


def test_a_window_of_a_long_run_tells_the_truth_at_its_edges(show):
    """Nothing of what stands at its first position is told as if the run began there."""
    recorder = Recorder({"l": None, "x": 0})
    for k in range(6000):
        waits = (Wait("B", "A", "B waits for l, held by A"),) if k > 100 else ()
        recorder.step(
            "A", f"step {k + 1}", "x" * 600, {"l": "A", "x": k + 1}, waits=waits, broken=("a rule",) if k == 4 else ()
        )
    run = recorder.run("long", ("A", "B"), tracks=(Track("l", "l", "lock"),))
    stepper = Stepper(run, position=3000)
    first = stepper._span[0]
    assert 5 < first < 3000
    page = show(stepper)
    page.locator(".tdx-timeline").press("Home")
    assert count(page) == f"step {first:,} of 6,000"
    assert page.locator(".tdx-say b").inner_text() == f"Step {first:,} · A"
    assert "(Broken since step 5.)" in page.locator(".tdx-sentence").inner_text()
    assert page.locator(".tdx-chip").inner_text() == f"x {first - 1} → {first}"
    assert page.locator(".tdx-why").nth(1).inner_text().startswith("B waits for l, held by A")


@pytest.mark.parametrize("first", [0, 1])
def test_two_runs_of_unequal_length_at_every_position(show, bad_run, make_run, first):
    pair = (bad_run, make_run("01000", title="v6"))[:: 1 if first else -1]
    stepper = Stepper(*pair, position=10)
    assert "tdx-still" in stepper.still() and stepper.html()
    page = show(stepper)
    for k in range(10, -1, -1):
        heads = page.locator(".tdx-say b").all_inner_texts()
        for run, head in zip(pair, heads):
            at = min(k, len(run))
            step = run.steps[at - 1] if at else None
            assert head.startswith("Start" if not at else "Broken here" if step.broken else f"Step {at} · {step.actor}")
        page.locator(".tdx-timeline").first.press("ArrowLeft")
    rows = [view.locator(".tdx-track-name").all_text_contents() for view in page.locator(".tdx-view").all()]
    assert rows[0] == rows[1]
    tops = [
        [round(box["y"]) for box in (one.bounding_box() for one in page.locator(part).all())]
        for part in (".tdx-say", ".tdx-timeline", ".tdx-lanes")
    ]
    assert all(one == other for one, other in tops)


@pytest.mark.parametrize("width", [700, 940, 1400])
@pytest.mark.parametrize("name", ["race", pytest.param("life", marks=pytest.mark.slow)])
def test_once_seen_no_step_moves_what_stands_below(show, bad_run, name, width):
    run = bad_run if name == "race" else live("v2", record=True).run
    page = show(Stepper(run), viewport={"width": width, "height": 1000})
    height = "() => [...document.querySelectorAll('.tdx-stepper, .tdx-say')].map(e => e.getBoundingClientRect().height)"
    said, keys = set(), ["ArrowRight"] * min(len(run), 120)
    for key in keys:
        page.locator(".tdx-timeline").press(key)
        said.add(page.evaluate(height)[1])
    tall = page.evaluate(height)[0]
    for key in [*(["ArrowLeft"] * len(keys)), "Home", "End"]:
        page.locator(".tdx-timeline").press(key)
        assert page.evaluate(height)[0] >= tall - 0.1
    assert len(said) == 1 or width < 900, "the room for the longest sentence is kept from the start"
    page.set_viewport_size({"width": width + 200, "height": 1000})
    assert page.evaluate(height)[0] <= tall + 40


def test_under_a_fog_a_list_of_steps_says_that_more_comes(show):
    page = show(Stepper(live("v2", record=True).run, fog=True))
    assert page.locator(".tdx-log li").first.inner_text().strip() == "not shown yet: press →"
    for _ in range(30):
        page.locator(".tdx-timeline").press("ArrowRight")
    rows = [row for row in page.locator(".tdx-log li").all_inner_texts() if row.strip()]
    assert len(rows) == 7 and rows[-1].strip() == "not shown yet: press →" and rows[-2].split()[0] == "30"
