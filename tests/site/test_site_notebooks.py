"""Each notebook in a browser alone: from a plain server, with every other host unreachable, top to bottom without an error."""

from pathlib import Path

import pytest

from benchmarks.bench_site import memory

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("site")]
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))
# The site has no icon of its own, and a browser asks for one.
SILENT = ("favicon.ico",)
LARGEST = 600  # MB of a page with its kernel


def settled(page, chromium) -> float:
    """The memory of a page in MB, when it has had a moment to give up what it needs no more."""
    for _ in range(5):
        if (size := memory(chromium)) < LARGEST:
            break
        page.page.wait_for_timeout(2_000)
    return size


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_there_and_asks_nobody_else(path, open_there, served, chromium):
    asked = len(served.log)
    page = open_there(path.name)
    page.run_all()
    assert page.cell_errors() == []
    assert page.outside == []
    assert settled(page, chromium) < LARGEST
    assert [one for one in served.log[asked:] if one.status >= 400 and not one.path.endswith(SILENT)] == []
    assert [said for said in page.complaints if "404" not in said] == []
    assert page.page.locator(".tdx-stepper").count() or path.name[:2] not in ("00", "02", "04", "10")
