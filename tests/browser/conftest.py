"""One Lab server and one Chromium for all browser tests; a fresh page for each that asks."""

from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist writes the groups into the names
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


class Keeper:
    """Holds the one server and the one browser from the first test that asks to the last of this folder.

    Not longer: while Playwright is at work its event loop runs in this thread, and tests elsewhere that use asyncio could not.
    """

    def __init__(self):
        self.stack, self.made = ExitStack(), {}

    def get(self, name: str, make):
        if name not in self.made:
            self.made[name] = self.stack.enter_context(make())
        return self.made[name]

    def close(self) -> None:
        self.made.clear()
        self.stack.pop_all().close()


KEEPER = Keeper()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """After the last test of this folder on this worker, and after its fixtures: server and browser go."""
    try:
        return (yield)
    finally:
        if nextitem is None or HERE not in nextitem.path.parents:
            KEEPER.close()


@pytest.fixture(scope="module")
def lab():
    """JupyterLab over a copy of notebooks/; `lab.root` is that copy, a test may add files to it."""
    from tools.lab import Lab

    return KEEPER.get("lab", lambda: Lab(ROOT / "notebooks"))


@pytest.fixture(scope="module")
def chromium():
    """The browser."""
    from tools.lab import Chromium

    return KEEPER.get("chromium", Chromium)


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
