"""What keeps a hub from starting is a line each, before anything has started."""

import os
import socket
import subprocess
from collections import namedtuple
from dataclasses import replace

import pytest

from tools import hub, hub_accounts, hub_room
from tools.hub_room import Room, obstacles
from tools.placed import Stopped

pytest.importorskip("jupyterhub")


@pytest.fixture
def well(monkeypatch, tmp_path):
    """A room in which nothing is wrong."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(hub_room, "learners", lambda group: ["anna"])
    monkeypatch.setattr(hub_room, "_reached", lambda: True)
    monkeypatch.setattr(hub_room, "taken", lambda ip, port: "")
    monkeypatch.setattr(hub_room, "_of_the_state", lambda room: [])
    monkeypatch.setattr(hub_room, "roots_ports", lambda: 1024)
    monkeypatch.setattr(hub_room, "_unfit", lambda key, cert: "")
    key = tmp_path / "key.pem"
    key.touch()
    return Room(state=str(tmp_path / "state")), str(key)


def test_a_room_in_which_nothing_is_wrong_may_start(well):
    room, key = well
    assert list(obstacles(room)) == []
    assert list(obstacles(replace(room, ip="10.1.2.3", tls_key=key, tls_cert=key, domain="r1.uni-x.example.org"))) == []
    assert list(obstacles(replace(room, ip="::1", port=1021, memory=1024, processes=64, idle=1))) == []


@pytest.mark.parametrize(
    "change, said",
    [
        ({"ip": "0.0.0.0"}, "passwords would go over the network in the clear"),
        ({"ip": "10.1.2.3"}, "passwords would go over the network in the clear"),
        ({"ip": "::"}, "passwords would go over the network in the clear"),
        ({"ip": "localhost"}, "it is no address"),
        ({"port": 1022}, "name one from 1 to 1021"),
        ({"port": 0}, "name one from 1 to 1021"),
        ({"group": "root"}, "--group root: it is a group of the machine's own, with root in it; name another"),
        ({"group": "-x"}, "a group is a to z"),
        ({"domain": "room"}, "--domain room: it is no name such as room.example.org"),
        ({"domain": "https://a.b"}, "it is no name"),
        ({"domain": "-a.b"}, "it is no name"),
        ({"memory": 1023}, "--memory 1023: it is 1024 to 16777216; give another"),
        ({"memory": 1 << 70}, "it is 1024 to 16777216"),
        ({"processes": -1}, "--processes -1: it is 64 to 4194304"),
        ({"idle": 0}, "--idle 0: it is 1 to"),
        ({"tls_key": "KEY"}, "give both"),
        ({"tls_cert": "KEY"}, "give both"),
        ({"tls_key": "/nowhere.pem", "tls_cert": "KEY"}, "--tls-key /nowhere.pem: it cannot be read"),
        ({"tls_key": "KEY", "tls_cert": "/etc"}, "--tls-cert /etc: it cannot be read; name a PEM file"),
    ],
    ids=str,
)
def test_each_thing_that_is_wrong_is_a_line_that_says_what_to_do(change, said, well):
    room, key = well
    [line] = obstacles(replace(room, **{name: key if value == "KEY" else value for name, value in change.items()}))
    assert said in line and "\n" not in line


def test_without_accounts_it_does_not_start(well, monkeypatch):
    monkeypatch.setattr(hub_room, "learners", hub_accounts.learners)
    [line] = obstacles(replace(well[0], group="no-such-group-here"))
    assert "the group no-such-group-here has no accounts; python tools/hub_accounts.py add" in line


def test_only_root_starts_it(well, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    [line] = obstacles(replace(well[0], ip="0.0.0.0"))
    assert line.endswith("sudo")


def test_a_learner_who_cannot_run_its_python_is_told_before_they_meet_it(well, monkeypatch):
    monkeypatch.setattr(hub_room, "_reached", lambda: False)
    [line] = obstacles(well[0])
    assert line.startswith("the learners cannot run ") and "/opt" in line and "make hub PYTHON=" in line


def test_a_disk_with_too_little_room(well, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(hub_room.shutil, "disk_usage", lambda place: usage(0, 0, hub_room.LEAST_FREE - 1))
    lines = list(obstacles(well[0]))
    assert lines and all("MB are free there" in line and line.endswith("make room") for line in lines)
    monkeypatch.setattr(hub_room.shutil, "disk_usage", lambda place: usage(0, 0, hub_room.LEAST_FREE))
    assert list(obstacles(well[0])) == []


def test_a_port_that_is_taken(well, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.undo()
        assert "in use" in hub_room.taken("127.0.0.1", port)
    assert hub_room.taken("127.0.0.1", port) == ""


@pytest.mark.parametrize("broken", [OSError(28, "No space left on device", "/var/x"), Stopped("npm ci: no network")])
def test_what_fails_on_the_way_is_a_line_and_nothing_has_started(broken, well, monkeypatch, capsys):
    def prepared(room):
        raise broken

    monkeypatch.setattr(hub, "prepared", prepared)
    monkeypatch.setattr(hub, "ended", lambda *_, **__: 0)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("it has started"))
    assert hub.main(["--state", well[0].state]) == 2
    err = capsys.readouterr().err
    assert err.startswith("hub: ") and len(err.splitlines()) == 1


@pytest.mark.parametrize("name", ["Anna", "1a", "a b", "../x", "-x", "", "a" * 32, "root"])
def test_an_account_that_is_none_or_somebody_s_is_not_made(name, monkeypatch):
    monkeypatch.setattr(hub_accounts, "_run", lambda *_: pytest.fail("something was made"))
    with pytest.raises(Stopped):
        hub_accounts.add(["anna", name])


def test_an_account_that_was_not_made_here_stays(monkeypatch):
    monkeypatch.setattr(hub_accounts, "_run", lambda *_: pytest.fail("something was removed"))
    with pytest.raises(Stopped, match="root: no account that was made here"):
        hub_accounts.remove(["root"])


def test_where_one_account_cannot_be_made_none_is_left(monkeypatch):
    made, removed, ran = [], [], []

    def run(command, given=""):
        ran.append(command)
        if command[0] == "useradd":
            if command[-1] == "ben-no-such":
                raise Stopped("useradd: no")
            made.append(command[-1])

    account = namedtuple("account", "pw_dir pw_gecos")
    monkeypatch.setattr(hub_accounts, "_run", run)
    monkeypatch.setattr(hub_accounts, "_account", lambda name: account("/x", "") if name in made else None)
    monkeypatch.setattr(hub_accounts.pwd, "getpwnam", lambda name: account("/x", ""))
    monkeypatch.setattr(hub_accounts.os, "chmod", lambda *_: None)
    monkeypatch.setattr(hub_accounts, "remove", removed.extend)
    with pytest.raises(Stopped, match="useradd: no"):
        hub_accounts.add(["anna-no-such", "ben-no-such"], "no-such-group-here")
    assert removed == ["anna-no-such"] and ran[-1] == ["groupdel", "no-such-group-here"]
    monkeypatch.setattr(hub_accounts, "_is_group", lambda name: True)
    made.clear()
    with pytest.raises(Stopped):
        hub_accounts.add(["anna-no-such", "ben-no-such"], "no-such-group-here")
    assert ran[-1][0] == "useradd", "a group that was there stays"


@pytest.mark.parametrize("what", ["add", "remove"])
def test_whose_account_has_to_be_said(what, monkeypatch, capsys):
    monkeypatch.setattr(hub_accounts, "_run", lambda *_: pytest.fail("a group was made"))
    assert hub_accounts.main([what]) == 2
    assert capsys.readouterr().err == f"hub_accounts: {what}: of whom? name one account or more, such as anna\n"


def test_the_command_says_why_in_a_line(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert hub_accounts.main(["add", "anna"]) == 2 and capsys.readouterr().err.count("\n") == 1
    assert hub_accounts.main(["list", "--group", "no-such-group-here"]) == 0
    assert capsys.readouterr().out == "nobody: the group no-such-group-here has no accounts\n"
    monkeypatch.setattr(
        hub_accounts.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", "x: no\n")
    )
    with pytest.raises(Stopped, match="groupadd: x: no"):
        hub_accounts._run(["groupadd", "x"])
