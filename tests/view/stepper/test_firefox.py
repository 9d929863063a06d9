"""The stepper's page in Debian's Firefox, where that is installed: it mounts, steps by keys, fits, and says the same."""

import json
import sys
from pathlib import Path

import pytest

from tdxkit.view.kit import svg
from tdxkit.view.stepper import Stepper, still
from tdxkit.view.stepper.payload import run_data

sys.path.insert(0, str(Path(__file__).parent))
firefox = pytest.importorskip("firefox")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not firefox.PATH, reason="no Firefox is installed"),
]
SAID = "document.querySelector('.tdx-say b').textContent"
WIDE = "document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture(scope="module")
def browser():
    with firefox.Firefox() as opened:
        yield opened


@pytest.fixture
def show(browser, tmp_path):
    def open_(stepper, **size):
        file = tmp_path / "page.html"
        stepper.html(file)
        browser.open(file.as_uri(), **size)
        browser.js("document.querySelector('.tdx-timeline').focus()")
        return browser

    return open_


def test_every_position_says_what_the_run_says(show, bad_run):
    page, data = show(Stepper(bad_run)), run_data(bad_run)
    for k in range(len(bad_run) + 1):
        assert page.js(SAID) == still.said(data, k)[0]
        page.press("ArrowRight")
    assert page.js("document.querySelectorAll('.tdx-cross').length") == 2


def test_two_runs_stand_at_one_height_and_nothing_sticks_out(show, bad_run, make_run):
    page = show(Stepper(bad_run, make_run("01000", title="v6")))
    page.press("End")
    tops = "JSON.stringify(['.tdx-say', '.tdx-timeline', '.tdx-mid'].map(part => [...document.querySelectorAll(part)].map(one => Math.round(one.getBoundingClientRect().top))))"
    assert all(one == other for one, other in json.loads(page.js(tops)))
    for width in (380, 700, 1280):
        page = show(Stepper(bad_run, make_run("01000", title="v6")), width=width)
        assert page.js(WIDE), width


def test_a_walk_by_keys(show, make_scheduler):
    page = show(make_scheduler())
    page.press("1", "1", "2")
    assert page.js("document.querySelector('.tdx-count').textContent") == "step 3 of 3"
    assert "waits for pamt_lock" in page.js("document.querySelectorAll('.tdx-why')[1].textContent")


def test_a_fog_over_a_run_that_travels_packed(show, bad_run):
    stepper = Stepper(bad_run, picture=lambda state: svg.drawing(9, 9, f"{state} " * 300), fog=True)
    assert "application/gzip" in stepper.html()
    page = show(stepper)
    page.press("ArrowRight", "ArrowRight")
    assert page.js("document.querySelector('.tdx-count').textContent") == "step 2"
