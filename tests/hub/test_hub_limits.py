"""Limits of a learner: which kind there is, what is written for it, and that a process has them before it becomes the learner."""

import asyncio
import os
import socket
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
    (group.place / "cgroup.kill").touch()
    group.remove()
    assert (group.place / "cgroup.kill").read_text() == "1\n", "all that runs in it ends"
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
        return "127.0.0.1", 7

    async def runs(self):
        return None

    for name, does in (("start", as_ever), ("stop", as_ever), ("poll", runs)):
        monkeypatch.setattr(hub_spawner.LocalProcessSpawner, name, does)
    account = SimpleNamespace(pw_uid=1007, pw_gid=1008, pw_dir="/home/anna")
    monkeypatch.setattr(hub_spawner.pwd, "getpwnam", lambda name: account)
    monkeypatch.setattr(hub_spawner, "listener", lambda port: 1007)
    monkeypatch.setattr(hub_spawner.os, "chdir", lambda place: done.append(f"go to {place}"))
    monkeypatch.setattr(hub_spawner.resource, "setrlimit", lambda what, to: done.append(f"files {to}"))
    monkeypatch.setattr(hub_spawner.Path, "write_text", lambda file, text: done.append(f"{file.name} {text}"))
    monkeypatch.setattr(hub_spawner.os, "nice", lambda by: done.append(f"nice {by}"))
    monkeypatch.setattr(hub_spawner, "limit", lambda *limits: done.append(f"limit {limits}"))
    monkeypatch.setattr(Group, "enter", lambda group: done.append(f"enter {group.place.name}"))

    def made(**settings):
        one = LimitedSpawner(memory=3000, processes=77, **settings)
        one.user = SimpleNamespace(name="anna")
        return one

    made.done = done
    return made


FIRST = [f"oom_score_adj {hub_spawner.FIRST_KILLED}", f"files {(hub_spawner.FILES, hub_spawner.FILES)}"]


def test_a_child_has_its_limits_and_stays_root_s_until_it_is_another_program(spawner, tmp_path):
    spawner().make_preexec_fn("anna")()
    assert spawner.done == [*FIRST, f"limit {(3000 * MiB, 77)}", "go to /home/anna"]
    spawner.done.clear()
    spawner(cgroup=str(tmp_path)).make_preexec_fn("anna")()
    assert spawner.done == [*FIRST, "enter learner-anna", f"nice {hub_spawner.NICE}", "go to /home/anna"]


def test_the_program_that_it_is_becomes_the_learner_with_their_groups(spawner):
    one = spawner(command=["python", "start.py"])
    for _ in range(2):
        assert asyncio.run(one.start()) == ("127.0.0.1", 7)
        assert one.cmd == ["setpriv", "--reuid", "1007", "--regid", "1008", "--init-groups", "python", "start.py"]


def test_where_somebody_else_listens_at_the_port_nobody_is_led_there(spawner, monkeypatch):
    one, found = spawner(), [None, None, 1009]
    monkeypatch.setattr(hub_spawner, "listener", lambda port: found.pop(0))
    monkeypatch.setattr(hub_spawner.asyncio, "sleep", lambda seconds: asyncio.wait_for(_nothing(), 1))
    with pytest.raises(RuntimeError, match="port 7 of anna was taken by account 1009"):
        asyncio.run(one.start())
    assert spawner.done == ["as ever", "as ever"] and found == [], "it was waited for, and stopped"


async def _nothing():
    return None


def test_a_server_that_ends_before_it_listens_is_waited_for_no_longer(spawner, monkeypatch):
    async def over(self):
        return 1

    monkeypatch.setattr(hub_spawner.LocalProcessSpawner, "poll", over)
    monkeypatch.setattr(hub_spawner, "listener", lambda port: None)
    assert asyncio.run(spawner().start()) == ("127.0.0.1", 7)


def test_who_listens_is_read_from_the_kernel_s_table():
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        assert hub_spawner.listener(port) == os.getuid()
        with socket.create_connection(("127.0.0.1", port)) as page:
            assert hub_spawner.listener(page.getsockname()[1]) is None, "one that is connected does not listen"
    assert hub_spawner.listener(port) is None


@pytest.mark.parametrize("uid, alive", [(os.getuid(), True), (os.getuid() + 1, False)])
def test_a_number_that_is_another_s_process_by_now_is_told_nothing(uid, alive, monkeypatch):
    asked = []

    async def tell(self, number):
        asked.append(number)
        return True

    monkeypatch.setattr(hub_spawner.LocalProcessSpawner, "_signal", tell)
    monkeypatch.setattr(hub_spawner.pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=uid))
    one = LimitedSpawner()
    one.user, one.pid = SimpleNamespace(name="anna"), os.getpid()
    assert asyncio.run(one._signal(0)) is alive and asked == [0] * alive
    one.pid = 1 << 23  # none has that
    assert asyncio.run(one._signal(0)) is False
    with subprocess.Popen(["true"]) as one.proc:  # this hub's own child
        assert asyncio.run(one._signal(15)) is True


def test_a_learner_s_group_is_there_while_the_server_is(spawner, tmp_path, monkeypatch):
    limits, one = [], spawner(cgroup=str(tmp_path))
    monkeypatch.setattr(Group, "make", lambda group, *given: (group.place.mkdir(), limits.append((*given, *spawner.done))))  # fmt: skip
    asyncio.run(one.start())
    assert limits == [(3000 * MiB, 77)] and spawner.done == ["as ever"], "it is made first"
    assert (tmp_path / "learner-anna").is_dir()
    asyncio.run(one.stop())
    assert spawner.done[:2] == ["as ever"] * 2 and not (tmp_path / "learner-anna").exists()


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
