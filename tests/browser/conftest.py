"""One Lab server and one Chromium for all browser tests; a fresh page for each that asks."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Everything in this folder needs a browser, and shares one server: one worker runs it all."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let the fixtures know at tear-down how the test went."""
    report = yield
    if report.when == "call":
        item.failed = report.failed
    return report


@pytest.fixture(scope="session")
def lab():
    """JupyterLab over a copy of notebooks/; `lab.root` is that copy, a test may add files to it."""
    from tools.lab import Lab

    with Lab(ROOT / "notebooks") as server:
        yield server


@pytest.fixture(scope="session")
def chromium():
    """The browser."""
    from tools.lab import Chromium

    with Chromium() as browser:
        yield browser


@pytest.fixture
def open_notebook(lab, chromium, request):
    """Open a notebook by name; closed after the test, with a picture left in test-artifacts/ when the test failed."""
    pages = []

    def open_(name: str, **context):
        pages.append(chromium.open(lab, name, **context))
        return pages[-1]

    yield open_
    for number, page in enumerate(pages):
        if getattr(request.node, "failed", False):
            folder = ROOT / "test-artifacts"
            folder.mkdir(exist_ok=True)
            name = "".join(c if c.isalnum() else "-" for c in request.node.name)
            page.page.screenshot(path=folder / f"{name}-{number}.png")
        page.close()
