"""Whatever a test answers or passes is kept in a file of its own, never in the reader's."""

import pytest

from tdxkit.lessons import progress


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """A file that is not there yet."""
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "kept" / "progress.jsonl"))
    monkeypatch.setattr(progress, "_unwritten", [])
    monkeypatch.setattr(progress, "_said", set())
    monkeypatch.setattr(progress, "_why", "")
    return tmp_path / "kept" / "progress.jsonl"
