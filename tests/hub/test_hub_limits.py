"""Limits of a learner: which kind there is, what is written for it, and that a process has them before it becomes the learner."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("jupyterhub")
from tools import hub_spawner
from tools.hub_spawner import Group, LimitedSpawner, MiB, delegated

MEMORY = 2 << 30


@pytest.fixture
def tree(tmp_path):
    """A cgroup v2 tree in files, and what this process is told of its place in it."""
    place = tmp_path / "tree" / "system.slice" / "hub.scope"
    place.mkdir(parents=True)
    (place / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (place / "cgroup.procs").write_text(f"{os.getpid()}\n{os.getppid()}\n")
    (place / "cgroup.subtree_control").touch()
    own = tmp_path / "own"
    own.write_text("1:name=systemd:/elsewhere\n0::/system.slice/hub.scope\n")
    return place, lambda: delegated(tmp_path / "tree", own)


def test_a_part_of_the_tree_that_is_ours_is_taken_and_its_processes_move_into_a_leaf(tree):
    place, found = tree
    assert found() == place
    assert (place / "hub" / "cgroup.procs").read_text() in (f"{os.getpid()}\n", f"{os.getppid()}\n")
    assert set((place / "cgroup.subtree_control").read_text().split()) == {"+memory", "+pids", "+cpu"}


def test_whoever_is_in_it_moves_into_the_leaf_which_may_be_there_already(tree, monkeypatch):
    place, found = tree
    (place / "hub").mkdir()
    moved, write = [], Path.write_text

    def write_text(file, text, **more):
        if file == place / "hub" / "cgroup.procs":
            moved.append(int(text))
        return write(file, text, **more)

    monkeypatch.setattr(Path, "write_text", write_text)
    assert found() == place and moved == [os.getpid(), os.getppid()]


@pytest.mark.parametrize("controllers", ["cpu memory", "cpu pids", "memory pids", ""])
def test_a_part_without_a_controller_is_not(controllers, tree):
    place, found = tree
    (place / "cgroup.controllers").write_text(controllers)
    assert found() is None and not (place / "hub").exists()


@pytest.mark.parametrize("by", ["trusted.delegate", "user.delegate"])  # systemd as root, and for a user
def test_a_part_in_which_somebody_else_runs_is_not_ours_unless_it_is_marked(by, tree, monkeypatch):
    place, found = tree
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (place / "cgroup.procs").write_text(f"{os.getpid()}\n{other.pid}\n")
        assert found() is None and (place / "cgroup.subtree_control").read_text() == ""
        monkeypatch.setattr(hub_spawner, "_mark", lambda place, name: b"0" if name == by else b"")
        assert found() is None
        monkeypatch.setattr(hub_spawner, "_mark", lambda place, name: b"1" if name == by else b"")
        assert found() == place
        other.communicate(b"\n")


@pytest.mark.parametrize("own", ["1:memory:/x\n", "", "0::/not/there\n"])
def test_without_a_cgroup_v2_tree_there_is_none(own, tmp_path):
    (tmp_path / "own").write_text(own)
    assert delegated(tmp_path / "tree", tmp_path / "own") is None
    assert delegated(tmp_path / "tree", tmp_path / "nothing") is None


def test_a_learner_s_group_has_the_limits_of_all_that_they_run(tmp_path):
    group = Group(tmp_path, "anna")
    group.place.mkdir()
    for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.weight", "cgroup.procs"):
        (group.place / name).touch()
    group.make(MEMORY, 256)
    said = {file.name: file.read_text().strip() for file in group.place.iterdir()}
    assert said == {
        "memory.max": str(MEMORY),
        "memory.swap.max": "0",
        "pids.max": "256",
        "cpu.weight": "100",
        "cgroup.procs": "",
    }
    group.enter()
    assert (group.place / "cgroup.procs").read_text().strip() == str(os.getpid())
    group.remove()
    assert group.place.exists(), "one in which something runs stays"


def test_an_empty_group_goes(tmp_path):
    group = Group(tmp_path, "anna")
    group.make(MEMORY, 256)
    group.remove()
    group.remove()
    assert not group.place.exists()


@pytest.fixture
def spawner(tmp_path, monkeypatch):
    """`spawner(**settings)` of one learner; `done` holds in which order things were done in what would be the child."""
    done = []

    async def as_ever(self, **_):
        done.append("as ever")

    become = lambda self, name: lambda: done.append(f"become {name}")  # noqa: E731
    for name, does in (("make_preexec_fn", become), ("start", as_ever), ("stop", as_ever)):
        monkeypatch.setattr(hub_spawner.LocalProcessSpawner, name, does)
    monkeypatch.setattr(hub_spawner.os, "nice", lambda by: done.append(f"nice {by}"))
    monkeypatch.setattr(hub_spawner, "limit", lambda *limits: done.append(f"limit {limits}"))
    monkeypatch.setattr(Group, "enter", lambda group: done.append(f"enter {group.place.name}"))

    def made(**settings):
        one = LimitedSpawner(memory=3000, processes=77, **settings)
        one.user = SimpleNamespace(name="anna")
        return one

    made.done = done
    return made


def test_a_child_has_its_limits_before_it_becomes_the_learner(spawner, tmp_path):
    spawner().make_preexec_fn("anna")()
    assert spawner.done == [f"limit {(3000 * MiB, 77)}", "become anna"]
    spawner.done.clear()
    spawner(cgroup=str(tmp_path)).make_preexec_fn("anna")()
    assert spawner.done == ["enter learner-anna", f"nice {hub_spawner.NICE}", "become anna"]


def test_a_learner_s_group_is_there_while_the_server_is(spawner, tmp_path, monkeypatch):
    limits, one = [], spawner(cgroup=str(tmp_path))
    monkeypatch.setattr(Group, "make", lambda group, *given: (group.place.mkdir(), limits.append((*given, *spawner.done))))  # fmt: skip
    asyncio.run(one.start())
    assert limits == [(3000 * MiB, 77)] and spawner.done == ["as ever"], "it is made first"
    assert (tmp_path / "learner-anna").is_dir()
    asyncio.run(one.stop())
    assert spawner.done == ["as ever"] * 2 and not (tmp_path / "learner-anna").exists()


def test_a_learner_comes_behind_the_hub_that_everybody_waits_for():
    assert hub_spawner.NICE > 0


@pytest.mark.slow
def test_a_process_is_limited_before_it_starts_anything():
    code = (
        "import os, resource\nfrom tools.hub_spawner import limit\n"
        f"limit({MEMORY}, 77)\n"
        "print(resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_NPROC), resource.getrlimit(resource.RLIMIT_CORE), os.nice(0))"
    )
    before = os.nice(0)
    said = subprocess.check_output(
        [sys.executable, "-c", code], text=True, cwd=hub_spawner.__file__.rpartition("/tools/")[0]
    )
    assert said.strip() == f"({MEMORY}, {MEMORY}) (77, 77) (0, 0) {min(before + hub_spawner.NICE, 19)}"
