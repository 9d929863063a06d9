"""A learner's notebooks: brought, merged with what is newer, and nothing of theirs lost."""

import importlib.util
import json
import os
import subprocess
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
    def commits():
        log = ["git", "--git-dir", str(tmp_path / "state" / "notebooks.git"), "log", "--format=%h"]
        return len(subprocess.check_output(log).split())

    assert room("a").startswith("file://") and commits() == 1
    room("a")
    assert commits() == 1
    room("b")
    assert commits() == 2


@pytest.mark.parametrize("setting", ["commit.gpgsign=true", "core.hooksPath=~/hooks", "init.defaultBranch=other"])
def test_how_root_has_set_up_git_for_themselves_does_not_matter(setting, room, tmp_path):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "hooks" / "pre-commit").chmod(0o755)
    subprocess.run(["git", "config", "--global", *setting.split("=")], check=True)
    place = room("a").removeprefix("file://")
    log = ["git", "--git-dir", place, "log", "-1", "--format=%D"]
    assert subprocess.check_output(log, text=True).endswith("main\n")


def test_a_learner_s_own_git_is_as_they_have_set_it_up(start, monkeypatch, tmp_path):
    (tmp_path / ".gitconfig").write_text("[alias]\n\tmine = log\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    seen = []

    class Puller:
        def __init__(self, *given, **more):
            seen.append((given, more))

        def pull(self):
            config = ["git", "config", "--global", "--includes", "--get-regexp", "alias|safe"]
            seen.append(subprocess.check_output(config, text=True))
            raise OSError("no network")
            yield

    monkeypatch.setattr("nbgitpuller.pull.GitPuller", Puller)
    for before in (None, "/their/own"):
        monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
        if before:
            monkeypatch.setenv("GIT_CONFIG_GLOBAL", before)
        with pytest.raises(OSError, match="no network"):
            start.bring("file:///s/n.git", "b", tmp_path / "place")
        assert os.environ.get("GIT_CONFIG_GLOBAL") == before, "the terminal of their server has what it had"
        assert seen[-2:] == [
            (("file:///s/n.git", str(tmp_path / "place")), {"branch": "b"}),
            "alias.mine log\nsafe.directory /s/n.git\n",
        ]


def test_a_learner_s_server_starts_where_nothing_can_be_brought(start, monkeypatch, tmp_path):
    began = []
    monkeypatch.setenv("TDXKIT_NOTEBOOKS", f"file://{tmp_path}/nothing.git")
    monkeypatch.setenv("TDXKIT_BRANCH", "main")
    monkeypatch.setattr(start.os, "execv", lambda *words: began.append(words))
    monkeypatch.setattr(start.sys, "argv", ["start.py", "--of-the-hub=1"])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", "another")
    start.main()
    [(_, (_, *words))] = began
    assert words[:2] == ["-m", "jupyterhub.singleuser"] and words[-1] == "--of-the-hub=1"
    assert "--KernelManager.transport=ipc" in words and "--LabApp.news_url=None" in words
    assert start.os.environ["JUPYTER_RUNTIME_DIR"] == f"{tmp_path}/.kernels"
    assert (tmp_path / ".kernels").stat().st_mode & 0o777 == 0o700
