"""What the site weighs on disk, and what a visit fetches: the first, the second, the second in a private window."""

import pytest

from tools.lab import CHROMIUM_ARGS, LabPage, find_chromium
from tools.start_page import FETCHED

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("site")]
FIRST = "00-start-here.ipynb"


def test_on_disk(site):
    assert sum(file.stat().st_size for file in site.rglob("*") if file.is_file()) < 65e6


def visit(context, served) -> float:
    """The megabytes that opening 00 and running it fetches."""
    asked = len(served.log)
    page = LabPage(context.new_page(), served, FIRST)
    page.run_all()
    assert page.cell_errors() == []
    page.page.close()
    return served.size(asked)


def test_a_first_visit_and_a_second_in_an_ordinary_profile(chromium, served, tmp_path):
    def visits(name):
        sizes = []
        for _ in range(2):
            context = chromium.playwright.chromium.launch_persistent_context(
                tmp_path / name, executable_path=find_chromium(), headless=True, args=CHROMIUM_ARGS
            )
            sizes.append(visit(context, served))
            context.close()
        return sizes

    sizes = visits("profile")
    if sizes[0] >= FETCHED or sizes[1] >= 1:  # a machine under load asks twice for what came late
        sizes = visits("another")
    assert sizes[0] < FETCHED <= 40 and sizes[1] < 1, sizes  # the start page says it


def test_a_second_visit_in_a_private_window(chromium, served):
    context = chromium.browser.new_context()
    sizes = [visit(context, served) for _ in range(3)]
    context.close()
    assert min(sizes[1:]) < 10, (
        sizes
    )  # all but the WebAssembly stays in the window's memory, where a loaded machine leaves it room
