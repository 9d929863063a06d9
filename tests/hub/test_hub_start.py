"""What a start lays down and what an end takes away, without a hub: modes, the proxy's files, processes, ports."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections import namedtuple
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tools import hub
from tools.hub import Room
from tools.placed import Stopped

pytest.importorskip("jupyterhub")


@pytest.fixture
def room(tmp_path):
    return Room(state=str(tmp_path / "state"))


@pytest.fixture
def prepared(monkeypatch):
    """What a start has laid into the folder of a room's state, where a proxy and a repository are there already."""
    monkeypatch.setattr(hub, "proxy", lambda state: ["node", "proxy"])
    monkeypatch.setattr(hub, "published", lambda state, branch: f"file:///{branch}.git")
    monkeypatch.setattr("tools.hub_spawner.delegated", lambda: None)
    return lambda room: json.loads(hub.prepared(room).read_text())


def mode(place):
    return place.stat().st_mode & 0o777


@pytest.mark.parametrize("umask", [0o077, 0o000])
@pytest.mark.parametrize("before", [None, 0o700, 0o755, 0o777])
def test_learners_reach_the_state_and_none_its_secrets_whatever_was_there(umask, before, room, prepared, tmp_path):
    state = tmp_path / "state"
    if before is not None:
        (state / "secret").mkdir(parents=True)
        for place in (state, state / "secret"):
            place.chmod(before)
    was = os.umask(umask)
    try:
        prepared(room)
    finally:
        os.umask(was)
    assert (mode(state), mode(state / "secret")) == (0o755, 0o700)
    assert [one.name for one in state.iterdir()] == ["secret"]


def test_a_room_s_settings_are_what_was_said_and_what_was_found(room, prepared, monkeypatch):
    assert prepared(replace(room, branch="b", memory=3000)) == {
        **hub.asdict(room), "branch": "b", "memory": 3000,
        "proxy": ["node", "proxy"], "cgroup": "", "notebooks": "file:///b.git",
    }  # fmt: skip
    monkeypatch.setattr("tools.hub_spawner.delegated", lambda: "/sys/fs/cgroup/hub")
    assert prepared(room)["cgroup"] == "/sys/fs/cgroup/hub"


def test_the_notebooks_of_another_address_are_no_copy_of_these(room, prepared, monkeypatch):
    monkeypatch.setattr(hub, "published", lambda *_: pytest.fail("these were published"))
    assert prepared(replace(room, notebooks="https://example.org/n.git"))["notebooks"] == "https://example.org/n.git"


@pytest.fixture
def npm(monkeypatch, tmp_path):
    """A checkout with the pins of a proxy, and an npm that counts how often it is called."""
    monkeypatch.setattr(hub, "ROOT", tmp_path)
    pins = tmp_path / "deploy" / "hub"
    pins.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        (pins / name).write_text("one")
    said = SimpleNamespace(calls=[], fails=0, lock=pins / "package-lock.json")

    def run(command, **more):
        said.calls.append(command)
        assert (more["cwd"] / "package-lock.json").read_text() == said.lock.read_text()
        return subprocess.CompletedProcess(command, said.fails, "", "npm error: no answer\n")

    monkeypatch.setattr(hub.shutil, "which", lambda name, path: f"/env/bin/{name}")
    monkeypatch.setattr(hub.subprocess, "run", run)
    return said


def test_a_proxy_is_fetched_once_and_again_where_its_versions_have_changed(npm, tmp_path):
    node, script = hub.proxy(tmp_path)
    assert node == "/env/bin/node" and script == f"{tmp_path}/proxy/node_modules/.bin/configurable-http-proxy"
    assert hub.proxy(tmp_path) == [node, script] and len(npm.calls) == 1
    npm.lock.write_text("two")
    hub.proxy(tmp_path)
    assert len(npm.calls) == 2 and (tmp_path / "proxy" / "package-lock.json").read_text() == "two"


def test_a_proxy_that_cannot_be_fetched_is_said_and_none_is_left(npm, tmp_path, monkeypatch):
    npm.fails = 1
    with pytest.raises(Stopped, match=r"npm ci: npm error: no answer; is there a network"):
        hub.proxy(tmp_path)
    assert not (tmp_path / "proxy").exists()
    monkeypatch.setattr(hub.shutil, "which", lambda name, path: None if name == "npm" else "/env/bin/node")
    with pytest.raises(Stopped, match="make env-hub installs it"):
        hub.proxy(tmp_path)


@pytest.fixture
def processes(monkeypatch, tmp_path, room):
    """`processes(*words, env="")` is one of a list that stands for /proc; `told` holds who was told to end, `slow` how
    long that takes."""
    made, told, slow = tmp_path / "proc", [], []
    made.mkdir()

    def kill(pid, number):
        assert number == signal.SIGTERM
        told.append(pid)
        if not slow:
            shutil.rmtree(made / str(pid))

    def sleep(_seconds):
        if not slow or not slow.pop():
            for one in list(made.iterdir()):
                shutil.rmtree(one)

    def process(*words, env=""):
        pid = len(list(made.iterdir())) + 11
        (made / str(pid)).mkdir()
        (made / str(pid) / "cmdline").write_text("".join(f"{word}\0" for word in words))
        (made / str(pid) / "environ").write_text(f"A=b\0{env}\0")
        return pid

    monkeypatch.setattr(hub, "Path", lambda place: made if place == "/proc" else pytest.fail(place))
    monkeypatch.setattr(hub.os, "kill", kill)
    monkeypatch.setattr(hub.time, "sleep", sleep)
    monkeypatch.setattr(hub, "learners", lambda group: ["anna"] if group == room.group else [])
    monkeypatch.setattr(hub.pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=os.getuid()))
    process.told, process.slow = told, slow
    return process


SERVER = ("python", "-m", "jupyterhub.singleuser")
CULLER = ("python", "-m", "jupyterhub_idle_culler")


def test_what_a_hub_has_left_is_ended_and_nothing_else(processes, room):
    server, culler = processes(*SERVER), processes(*CULLER, env="JUPYTERHUB_API_URL=http://127.0.0.1:8001/hub/api")
    proxy = processes("node", f"{room.state}/proxy/node_modules/.bin/configurable-http-proxy", "--ip", "")
    processes(*CULLER, env="JUPYTERHUB_API_URL=http://127.0.0.1:9001/hub/api")
    processes("node", f"{room.state}-2/proxy/node_modules/.bin/configurable-http-proxy")
    processes("less", "-N", f"{room.state}/proxy/package.json")
    processes("python", "-m", "jupyterlab")
    processes()
    assert hub.ended(room, servers=False) == 2 and sorted(processes.told) == [culler, proxy]
    processes.told.clear()
    assert hub.ended(room) == 1 and processes.told == [server]


def test_the_server_of_somebody_of_another_room_goes_on(processes, room, monkeypatch):
    processes(*SERVER)
    assert hub.ended(replace(room, group="another")) == 0
    monkeypatch.setattr(hub.pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=os.getuid() + 1))
    assert hub.ended(room) == 0 and processes.told == []


def test_it_is_over_once_they_have_ended_and_nobody_waits_for_ever(processes, room, monkeypatch):
    processes(*SERVER)
    processes.slow.extend([False, True, True])
    assert hub.ended(room) == 1 and processes.slow == [], "it has waited"
    monkeypatch.setattr(hub, "PATIENCE", 0)
    processes(*SERVER)
    processes.slow.append(True)
    assert hub.ended(room) == 1 and processes.slow == [True]


def test_all_three_ports_are_looked_at_where_they_will_be_listened_on(monkeypatch):
    asked = []
    monkeypatch.setattr(hub, "_taken", lambda ip, port: asked.append((ip, port)) or "it is taken")
    lines = list(hub._of_the_address(Room(ip="127.0.0.2", port=8100)))
    assert asked == [("127.0.0.2", 8100), ("127.0.0.1", 8101), ("127.0.0.1", 8102)]
    assert lines[2] == "port 8102 on 127.0.0.1: it is taken; name another with --port"


def test_a_port_is_free_as_soon_as_a_hub_has_ended_whose_pages_were_open():
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as page:
            one.accept()[0].close()
            assert page.recv(1) == b""
    assert hub._taken("127.0.0.1", port) == ""


def test_an_address_of_six_is_one_too():
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
            port = one.getsockname()[1]
    except OSError:
        pytest.skip("no IPv6 here: such an address is not tried")
    assert hub._taken("::1", port) == ""


def test_the_disk_of_the_homes_is_looked_at_too(monkeypatch, room, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(hub.os.path, "expanduser", lambda name: f"{tmp_path}/homes/{name[1:]}")
    (tmp_path / "homes").mkdir()
    low = lambda place: usage(0, 0, 1e6 if str(place) == f"{tmp_path}/homes" else 1e12)  # noqa: E731
    monkeypatch.setattr(hub.shutil, "disk_usage", low)
    assert [line.partition(":")[0] for line in hub._of_the_disk(room, ["anna", "ben"])] == [f"{tmp_path}/homes"]


@pytest.mark.parametrize("code", [0, 1])
def test_whether_a_learner_runs_its_python_is_tried_as_that_learner_and_not_here(code, monkeypatch):
    ran = []
    monkeypatch.setattr(
        hub.subprocess, "run", lambda words, **more: ran.append((words, more)) or SimpleNamespace(returncode=code)
    )
    assert hub._reached("anna") is (code == 0)
    [(words, more)] = ran
    assert words[:4] == ["runuser", "-u", "anna", "--"] and more["cwd"] == "/", "a folder of root's is no help"


def test_a_folder_is_the_same_wherever_it_is_named_from(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "ended", lambda *_, **__: 0)
    monkeypatch.setattr(hub, "obstacles", lambda room: [f"state {room.state}"])
    assert hub.main(["--state", "here"]) == 2 and capsys.readouterr().err == f"hub: state {tmp_path}/here\n"


@pytest.mark.parametrize("why, told", [("", [False]), ("it is taken", [])])
def test_a_start_ends_what_a_killed_hub_has_left_but_no_learner_s_server(why, told, monkeypatch):
    ended = []
    monkeypatch.setattr(hub, "_taken", lambda ip, port: why if (ip, port) == ("127.0.0.1", 8101) else "another")
    monkeypatch.setattr(hub, "ended", lambda room, servers=True: ended.append(servers))
    monkeypatch.setattr(hub, "obstacles", lambda room: ["something"])
    assert hub.main(["--port", "8100"]) == 2 and ended == told


def test_an_end_that_is_asked_for_ends_servers_too_and_starts_nothing(monkeypatch, capsys):
    monkeypatch.setattr(hub, "ended", lambda room, servers=True: 3 if servers else 1)
    monkeypatch.setattr(hub, "obstacles", lambda room: pytest.fail("it would start"))
    assert hub.main(["--end"]) == 0 and capsys.readouterr().out == "hub: 3 processes were told to end\n"
