"""lanes.js, said.js and state.js: what stands in each lane, in the list of steps, in the sentence and in the state at every position, worked out
a second time from the run."""

import re

import pytest

from tdxkit.run import Recorder
from tdxkit.text import words
from tdxkit.view.stepper import Stepper, still
from tests.view.stepper.chance import ACTORS, TEXTS, by_chance, sent

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
READ = """async upto => {
    const all = (box, what) => [...box.querySelectorAll(what)];
    const text = (box, what) => box.querySelector(what)?.textContent ?? "";
    const root = document.querySelector(".tdx-stepper"), found = [];
    const read = () => ({
        lanes: all(root, ".tdx-lane").map(lane => ({
            name: lane.getAttribute("aria-label"), head: text(lane, ".tdx-lane-head span"), why: text(lane, ".tdx-why"),
            blocked: lane.querySelector(".tdx-why").classList.contains("tdx-blocked"),
            items: all(lane, "li").map(item => [item.matches(".tdx-log *") ? [...item.children].map(e => e.textContent) : item.textContent, item.className,
                item.getAttribute("aria-current")]),
            cut: (() => {
                const code = lane.querySelector("ol"), box = code.getBoundingClientRect();
                const one = code.querySelector(".tdx-now") ?? code.querySelector(".tdx-next") ?? code.querySelector(".tdx-last");
                const here = one?.getBoundingClientRect();
                return Boolean(here && (here.top < box.top - 1 || here.bottom > box.bottom + 1));
            })(),
        })),
        what: text(root, ".tdx-say b"), said: text(root, ".tdx-sentence"), cause: text(root, ".tdx-cause"), chips: all(root, ".tdx-chip").map(e => e.textContent),
        broken: root.querySelector(".tdx-say").classList.contains("tdx-broken"),
        values: all(root, ".tdx-state dd").map(e => [e.textContent, e.classList.contains("tdx-lit")]),
        slider: ["valuenow", "valuemax", "valuemin", "valuetext"].map(name => root.querySelector("[role=slider]").getAttribute(`aria-${name}`)),
    });
    for (let k = 0; k <= upto; k++) {
        found.push(read());
        root.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
    }
    return found;
}"""
TALL, LOW = {"width": 1000, "height": 1000}, {"width": 1000, "height": 700}


def mine(run, actor, position):
    return [k for k in range(1, position + 1) if run.steps[k - 1].actor == actor]


def deed(run, number):
    """What a step did in at most 44 letters, and how much was left out."""
    step, before = run.steps[number - 1], list(run.states())[number - 1]
    told = [f"{c.key} {words(before[c.key])} → {words(c.new)}" for c in step.changes]
    if step.kind == "seamcall" and (status := re.search(r"TDX_\w+", step.sentence)):
        told.insert(0, f"= {status[0]}")
    most = len(told)
    while most and len(", ".join(told[:most])) + (12 if most < len(told) else 0) > 44:
        most -= 1
    # of several, that there are more needs its room while the one after still waits to be told
    shown, left = told[:most], len(told) - most
    return ", ".join([*shown, *([f"and {left} more" if shown else f"{left} changes"] if left else [])])


def lane(run, actor, k):
    """The items of a lane with a text: what each says, its classes, and whether it is the present one."""
    took = mine(run, actor, k)
    latest = run.steps[took[-1] - 1] if took else None
    line, following = (latest.line, latest.next) if latest else (None, run.start.get(actor))
    now = bool(took) and took[-1] == k
    at = (line if now else None) or following or line
    name = at.text if at else "get"
    rows = []
    for i, words_of in enumerate(TEXTS[name].lines):
        here = lambda place, i=i: place is not None and (place.text, place.index) == (name, i)  # noqa: E731
        classes = ["tdx-done"] * any(here(run.steps[n - 1].line) for n in took) + ["tdx-next"] * here(following)
        classes += ["tdx-now" if now else "tdx-last"] * here(line)
        plus = "+" if i in TEXTS[name].added else ""
        rows.append([plus + words_of.strip(), " ".join(classes), "step" if here(line) else None])
    done = not [n for n in range(k + 1, len(run) + 1) if run.steps[n - 1].actor == actor] and following is None
    return rows, "done" if done else {"get": "in get()", "put": "put it"}[name], done


@pytest.mark.parametrize(("seed", "size"), [(1, TALL), (3, LOW), (4, TALL)])
def test_lanes_with_a_text_have_what_ran_what_runs_and_what_comes(show, seed, size):
    run = by_chance(seed)
    page = show(Stepper(run), viewport=size)
    for k, seen in enumerate(page.evaluate(READ, len(run))):
        assert [one["name"] for one in seen["lanes"]] == list(ACTORS)
        for actor, one in zip(ACTORS, seen["lanes"]):
            rows, head, done = lane(run, actor, k)
            assert one["items"] == rows and one["head"] == head, (actor, k)
            waits = k and any(wait.actor == actor for wait in run.steps[k - 1].waits)
            assert one["blocked"] == bool(waits and not done)
            assert not one["cut"], "the line that matters is in sight"
    numbers = (
        page.locator(".tdx-lane")
        .first.locator("li")
        .evaluate_all("all => all.map(e => [e.dataset.number, e.style.getPropertyValue('--in')])")
    )
    first = page.locator(".tdx-lane").first.locator("ol")
    if len(numbers) > 2:
        assert numbers[:2] == [["40", "0"], ["41", "1"]] and "tdx-numbered" in first.get_attribute("class")
        assert first.evaluate("e => e.style.getPropertyValue('--digits')") == "2"


@pytest.mark.parametrize(("seed", "size"), [(1, TALL), (5, LOW)])
def test_without_a_text_two_lanes_have_their_latest_steps_and_the_next(show, seed, size):
    whole = by_chance(seed, False, 30, 5)
    run = whole.__class__(
        **{name: getattr(whole, name) for name in ("title", "first", "steps", "tracks")}, actors=ACTORS[:2]
    )
    page = show(Stepper(run), viewport=size)
    for k, seen in enumerate(page.evaluate(READ, len(run))):
        for actor, one in zip(ACTORS[:2], seen["lanes"], strict=True):
            took = mine(run, actor, k)[-6:]
            later = [n for n in range(k + 1, len(run) + 1) if run.steps[n - 1].actor == actor]
            rows = [(n, f"{n}  step {n}{'  ' * bool(deed(run, n))}{deed(run, n)}") for n in took]
            wanted = [[said, "tdx-now" if n == k else "tdx-done", None] for n, said in rows]
            wanted += [[f"step {later[0]}", "tdx-next", None]] if later else []
            assert one["items"] == [*wanted, *[["", "", None]] * (7 - len(wanted))], (actor, k)
            assert not one["cut"] and one["head"] == ""


@pytest.mark.parametrize(("size", "many", "before"), [(TALL, 12, 7), (LOW, 7, 4)])
def test_without_a_text_three_share_a_list_of_the_steps_around(show, size, many, before):
    run = by_chance(2, False, 40, 5)
    page = show(Stepper(run), viewport=size)
    for k, seen in enumerate(page.evaluate(READ, len(run))):
        (one,) = seen["lanes"]
        top = max(1, min(k - before + 1, len(run) - many + 1))
        wanted = []
        for n in range(top, top + many):
            step = run.steps[n - 1]
            kind = "tdx-now" if n == k else "tdx-next" if n == k + 1 else "tdx-done" if n < k else ""
            wanted.append(
                [[f"{n:3}  {step.actor}", step.label, deed(run, n) if n <= k else ""], kind, "step" if n == k else None]
            )
        assert one["items"] == wanted, k
        waits = [w.why if w.why[-1] in ".!" else f"{w.why}." for w in run.steps[k - 1].waits] if k else []
        assert one["why"] == (" ".join(waits) or ("Nobody waits." if k else "")) and one["blocked"] == bool(waits)
        assert one["name"] == "Steps of chance"


@pytest.mark.parametrize(("seed", "more"), [(1, 0), (2, 6), (3, 7), (6, 12)])
def test_the_sentence_the_changes_and_the_state(show, seed, more):
    run = by_chance(seed, more=more)
    page, data = show(Stepper(run)), sent(run)
    broken = 0
    for k, (seen, state) in enumerate(zip(page.evaluate(READ, len(run)), run.states(), strict=True)):
        what, said, bad = still.said(data, k)
        broken = k if bad else broken
        since = f"  (Broken since step {broken}.)" if broken and not bad else ""
        assert (seen["what"], seen["said"], seen["broken"]) == (what, said + since, bad)
        chips = still.changed(data, k)
        assert seen["chips"] == (chips if len(chips) <= 6 else [*chips[:6], f"and {len(chips) - 6} more"])
        assert seen["cause"] == still.because(data, k)
        old = {c.key: c.old for c in run.steps[k - 1].changes} if k else {}
        assert seen["values"] == [
            [f"{words(old[key])} → {words(value)}" if key in old else words(value), key in old]
            for key, value in state.items()
        ]
        assert seen["slider"] == [str(k), str(len(run)), "0", f"step {k}: {what}, {said}{since}"]
    fold = page.locator("details.tdx-all")
    assert fold.is_visible() == (more > 6) and fold.locator("dl").count() == (more > 6)
    if more > 6:
        assert fold.locator("summary").inner_text() == f"all {4 + more} values" and not fold.get_attribute("open")
        fold.locator("summary").click()
    assert page.locator(".tdx-state .tdx-wide dt").all_inner_texts() == ["said"], "a long value has a line of its own"


def test_what_is_told_of_a_run_of_none_and_of_one_step(show):
    recorder = Recorder({"x": "twelve lette"})
    page = show(Stepper(recorder.run("none", ("CPU 0",))))
    assert page.locator(".tdx-sentence").inner_text() == "Nothing has happened yet."
    assert page.locator(".tdx-wide").count() == 0, "twelve letters have room"
    recorder.step("CPU 0", "a", "b", {"x": "thirteen lett"})
    page = show(Stepper(recorder.run("one", ("CPU 0",))))
    assert page.locator(".tdx-sentence").inner_text() == "Nothing has happened yet. 1 step follows."
    assert page.locator(".tdx-wide").count() == 1
    page = show(Stepper(recorder.run("one", ("CPU 0",)), fog=True))
    assert page.locator(".tdx-sentence").inner_text() == "What comes is not shown yet: press →."
    assert (
        page.locator(".tdx-say").get_attribute("role") == "status"
        and page.locator(".tdx-say").get_attribute("aria-live") == "polite"
    )
