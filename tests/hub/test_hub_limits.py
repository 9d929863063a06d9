"""Limits of a learner: which kind there is, what is written for it, and that a process has them before it becomes the learner."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("jupyterhub")
from tools import hub_spawner
from tools.hub_spawner import Group, delegated

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


@pytest.mark.parametrize("controllers", ["cpu memory", "cpu pids", "memory pids", ""])
def test_a_part_without_a_controller_is_not(controllers, tree):
    place, found = tree
    (place / "cgroup.controllers").write_text(controllers)
    assert found() is None and not (place / "hub").exists()


def test_a_part_in_which_somebody_else_runs_is_not_ours_unless_it_is_marked(tree, monkeypatch):
    place, found = tree
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (place / "cgroup.procs").write_text(f"{os.getpid()}\n{other.pid}\n")
        assert found() is None and (place / "cgroup.subtree_control").read_text() == ""
        monkeypatch.setattr(hub_spawner, "_mark", lambda place, name: b"1" if name == "trusted.delegate" else b"")
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
