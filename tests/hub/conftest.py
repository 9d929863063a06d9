"""Hubs for tests; where there can be none, these tests are left out and say why."""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from tests.hub.room import Hub, Unreachable, possible


@pytest.fixture(scope="session")
def open_hub():
    """A hub for a number of learners; what it leaves behind goes with it."""

    @contextlib.contextmanager
    def open_(count: int, **more):
        try:
            possible()
            with tempfile.TemporaryDirectory(prefix="tdxkit-hub-") as folder:
                os.chmod(folder, 0o755)
                with Hub(Path(folder), count, **more) as hub:
                    yield hub
        except Unreachable as why:
            pytest.skip(f"{why}: logins, limits and restarts of the hub are not tested")

    return open_
