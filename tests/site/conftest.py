"""The site, built once for all tests of this folder, a plain server for it, and a browser that can reach nothing else."""

import contextlib

import pytest


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site. Without the two registries that its parts come from there is none, and these tests say so."""
    from tools.lite import make
    from tools.placed import Stopped

    out = tmp_path_factory.mktemp("dist") / "site"
    try:
        make(out)
    except Stopped as why:
        if "is there a network" not in str(why):
            raise
        pytest.skip(f"no site was built, and nothing of it tested: {why}")
    return out


@pytest.fixture(scope="session")
def served(site):
    """The site on loopback, as any static server gives it out."""
    from tools.served import Served

    with Served(site) as served:
        yield served


@pytest.fixture(scope="module")
def chromium():
    """The browser; not longer than a file's tests, since while Playwright is at work no test elsewhere can use asyncio."""
    from tools.lab import Chromium

    with Chromium() as chromium:
        yield chromium


@pytest.fixture
def open_there(served, chromium, request):
    """Open a notebook of the site in a fresh profile; closed after the test."""
    with contextlib.ExitStack() as stack:

        def open_(name: str, **context):
            page = chromium.open(served, name, **context)
            stack.callback(page.close)
            return page

        yield open_
