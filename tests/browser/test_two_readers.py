"""Two pages that show one kernel's stepper: each reader has a position of their own, and what Python sets is for both."""

import pytest

from tests.browser.test_hands_on import short
from tools.lab import LabPage

SHOWN = """two = scenario("v2")
step_it = Stepper(replay(two, explore(two).schedule), replay=lambda code: replay(two, code))
step_it"""


@pytest.fixture(scope="module")
def readers(lab, chromium):
    """The page of one who ran it and saved, and of another who opened it after that."""
    import nbformat

    name = "two-readers.ipynb"
    nbformat.write(
        short("04-refcount-races.ipynb", ("tools",), {"shown": SHOWN, "asked": "step_it.position"}), lab.root / name
    )
    one = chromium.open(lab, name)
    one.run("tools")
    one.run("shown")
    one.cell("shown").locator(".tdx-controls").wait_for()
    one.command("docmanager:save")
    other = LabPage(chromium.browser.new_context(viewport={"width": 1400, "height": 1000}).new_page(), lab, name)
    yield one, other
    other.page.context.close()
    one.close()


def stepper(page):
    found = page.cell("shown").locator(".tdx-stepper").last
    found.wait_for(timeout=20_000)
    return found


def at(page, count: int) -> None:
    """Wait until a page's stepper is at a step."""
    page.page.wait_for_function(
        "([all, wanted]) => [...document.querySelectorAll(all)].some(one => one.checkVisibility() && one.textContent.startsWith(wanted))",
        arg=[".tdx-count", f"step {count} of"],
        timeout=15_000,
    )


def test_each_reader_stands_where_they_went_and_python_moves_both(readers):
    one, other = readers
    for page, keys in ((one, 5), (other, 2)):
        stepper(page).locator("[role=slider]").first.focus()
        for _ in range(keys):
            page.page.keyboard.press("ArrowRight")
        page.page.wait_for_timeout(600)  # the kernel has heard of it
    at(one, 5)
    at(other, 2)
    one.run("asked")
    assert one.cell("asked").locator(".jp-OutputArea-output").inner_text().strip() == "2", "the last who moved"
    for position in (7, 0, 7):
        one.write("asked", f"step_it.position = {position}")
        one.run("asked")
        at(one, position)
        at(other, position)
