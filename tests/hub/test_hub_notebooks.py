"""A learner's notebooks: brought, merged with what is newer, and nothing of theirs lost."""

import importlib.util
import json
from pathlib import Path

import pytest

from tools import hub

pytest.importorskip("nbgitpuller")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start():
    spec = importlib.util.spec_from_file_location("hub_start", ROOT / "deploy" / "hub" / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A checkout with one notebook, and the folder of a hub's state."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "notes.txt").write_text("the instructor's own")
    monkeypatch.setattr(hub, "ROOT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    state = tmp_path / "state"
    state.mkdir()

    def publishes(*cells):
        (tmp_path / "notebooks" / "04.ipynb").write_text(json.dumps(list(cells), indent=1) + "\n")
        return hub.published(state, "main")

    return publishes


def cells(place):
    return json.loads((place / "04.ipynb").read_text())


def test_what_is_newer_is_merged_and_a_learner_s_own_lines_stay(room, start, tmp_path):
    lines = [f"line {k}" for k in range(12)]
    place = tmp_path / "home" / "tdxkit"
    start.bring(room(*lines), "main", place)
    assert cells(place) == lines and not (place / "notes.txt").exists()
    mine = [*lines[:2], "mine", *lines[3:]]
    (place / "04.ipynb").write_text(json.dumps(mine, indent=1) + "\n")
    (place / "own.ipynb").write_text("{}")
    start.bring(room(*lines[:9], "newer", *lines[10:]), "main", place)
    assert cells(place) == [*lines[:2], "mine", *lines[3:9], "newer", *lines[10:]]
    assert (place / "own.ipynb").read_text() == "{}"
    start.bring(room(*lines[:2], "theirs", *lines[3:9], "newer", *lines[10:]), "main", place)
    assert cells(place)[2] == "mine", "where both have changed the same line the learner's stays"


def test_a_repository_is_added_to_only_where_something_has_changed(room, tmp_path):
    import subprocess

    def commits():
        log = ["git", "--git-dir", str(tmp_path / "state" / "notebooks.git"), "log", "--format=%h"]
        return len(subprocess.check_output(log).split())

    assert room("a").startswith("file://") and commits() == 1
    room("a")
    assert commits() == 1
    room("b")
    assert commits() == 2


def test_a_learner_s_server_starts_where_nothing_can_be_brought(start, monkeypatch, tmp_path):
    began = []
    monkeypatch.setenv("TDXKIT_NOTEBOOKS", f"file://{tmp_path}/nothing.git")
    monkeypatch.setenv("TDXKIT_BRANCH", "main")
    monkeypatch.setattr(start.os, "execv", lambda *words: began.append(words))
    start.main()
    assert began and "jupyterhub.singleuser" in began[0][1]
