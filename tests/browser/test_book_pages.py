"""The book, made and opened from the disk: it steps, asks, and asks nobody outside."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe import violations
from gates import open_gates

ROOT = Path(__file__).parents[2]
LARGEST = 30_000_000  # bytes
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
DEAD = """() => [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute("href").slice(1))
  .filter(id => id && !document.getElementById(decodeURIComponent(id)))"""
pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    out = tmp_path_factory.mktemp("book") / "html"
    made = subprocess.run(
        [sys.executable, "tools/book.py", "--out", out],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    assert re.search(r"book: .*index.html, [\d.]+ MB, \d+ s", made.stdout)
    return out


@pytest.fixture
def opened(book, chromium):
    """`opened(name)`: a page of the book; afterwards nobody outside was asked, and nothing complained."""
    context = chromium.browser.new_context(viewport={"width": 1400, "height": 1000})
    wrong = []

    def open_(name, scheme="light"):
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(15_000)
        page.on(
            "request", lambda one: None if one.url.startswith(("file:", "data:", "blob:")) else wrong.append(one.url)
        )
        page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: wrong.append(str(one)))
        page.on("requestfailed", lambda one: wrong.append(one.url))
        page.goto((book / f"{name}.html").as_uri())
        return page

    yield open_
    context.close()
    assert wrong == []


def test_it_is_not_too_large_and_has_no_chart_script_where_there_is_no_chart(book):
    files = [file for file in book.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < LARGEST
    plotted = [file.stem for file in book.glob("*.html") if "tdx-plotly" in file.read_text(encoding="utf-8")]
    asks = [file.stem for file in book.glob("*.html") if "plotly.min.js" in file.read_text(encoding="utf-8")]
    assert plotted == asks and (book / "_static" / "plotly.min.js").exists() == bool(plotted)


@pytest.mark.parametrize("name", LESSONS)
def test_each_lesson_steps_and_its_links_lead_somewhere(opened, name):
    page = opened(name)
    page.locator(".tdx-gate form").first.wait_for()
    open_gates(page)
    for stepper in page.locator(".tdx-stepper:visible").all():
        slider, picks = stepper.get_by_role("slider").first, stepper.locator(".tdx-pick:not([disabled])")
        if picks.count():  # a game, where the reader chooses who moves
            picks.first.click()
        else:
            stepper.get_by_role("button", name="First", exact=True).click()
            stepper.get_by_role("button", name="Next", exact=True).click()
        assert slider.get_attribute("aria-valuenow") == "1"
    assert page.evaluate(DEAD) == []


def test_a_gate_waits_and_opens(opened):
    page = opened("00-start-here")
    gate = page.locator('.tdx-gate[data-gate="who-takes-it-back"]')
    assert not gate.locator(".tdx-gate-words").is_visible()
    gate.get_by_role("radio").nth(2).check()
    gate.get_by_role("button", name="Answer").click()
    gate.locator(".tdx-gate-said", has_text="✓ right").wait_for()
    assert gate.locator(".tdx-gate-words").is_visible()


def test_a_link_between_lessons_leads_to_the_cell(opened):
    page = opened("00-start-here")
    page.get_by_role("link", name="04, one schedule, two versions").click()
    page.wait_for_url("**/04-refcount-races.html#cell-id=v2-and-v6")
    assert page.evaluate("document.getElementById('cell-id=v2-and-v6') !== null")


def test_a_board_says_where_it_lives_and_an_answer_key_is_printed(opened):
    page = opened("04-refcount-races")
    assert page.get_by_text("It computes in the lab").count() >= 3
    page.emulate_media(media="print")
    assert page.locator(".tdx-key li").first.is_visible()


def test_the_guide_and_the_pages_can_be_used_by_everybody(opened):
    for name in ("index", "teaching"):
        assert violations(opened(name), ("article",)) == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [one for one in LESSONS if one[:2] in ("00", "04", "05", "08")])
def test_what_cells_show_can_be_read_in_the_light_and_in_the_dark(opened, name, scheme):
    page = opened(name, scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.wait_for_timeout(300)
    assert violations(page, ("article",)) == []
