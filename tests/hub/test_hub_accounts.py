"""Accounts of a room: what is asked of the machine for each, and whose may be taken away."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import hub_accounts
from tools.placed import Stopped


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine without accounts: `ran` holds what was asked of it, `there` its accounts by name, `ended` whose processes were."""
    ran, there, ended = [], {}, []

    def made(name, comment=hub_accounts.MADE, uid=0):
        (tmp_path / name).mkdir(mode=0o755, exist_ok=True)
        home = tmp_path / name
        there[name] = SimpleNamespace(pw_dir=str(home), pw_gecos=comment, pw_uid=uid or home.stat().st_uid)

    def run(command, given=""):
        ran.append((*command, given))
        if command[0] == "useradd":
            made(command[-1])

    monkeypatch.setattr(hub_accounts, "_run", run)
    monkeypatch.setattr(hub_accounts, "_account", there.get)
    monkeypatch.setattr(hub_accounts, "_is_group", lambda name: False)
    monkeypatch.setattr(hub_accounts, "_homes", lambda: tmp_path)
    monkeypatch.setattr(hub_accounts, "_end", lambda name, uid: ended.append((name, uid, len(ran))))
    monkeypatch.setattr(hub_accounts, "FIRST", 0)  # whoever runs the tests is one of the people
    monkeypatch.setattr(hub_accounts, "SHARED", ())
    monkeypatch.setattr(hub_accounts.pwd, "getpwnam", there.__getitem__)
    return SimpleNamespace(ran=ran, there=there, homes=tmp_path, ended=ended, made=made)


def test_an_account_is_of_the_group_and_its_home_is_its_own(machine):
    hub_accounts.add(["anna", "ben"], "room")
    assert machine.ran[0][:3] == ("groupadd", "--force", "room"), "one that is there already is meant"
    made = [words for words in machine.ran if words[0] == "useradd"]
    for words, name in zip(made, ("anna", "ben"), strict=True):
        assert words[-2] == name and words[-4:-2] == ("--groups", "room") and "--create-home" in words
        assert os.stat(machine.homes / name).st_mode & 0o777 == 0o700


@pytest.mark.parametrize("as_link", [True, False])
def test_a_home_that_is_there_is_somebody_s_and_nobody_gets_it(as_link, machine):
    home = machine.homes / "ben"
    home.symlink_to("/nowhere") if as_link else home.mkdir()
    with pytest.raises(Stopped, match="ben: it is there already, and somebody's"):
        hub_accounts.add(["anna", "ben"])
    assert machine.ran == []


@pytest.mark.parametrize("group", ["root", "-x", "", "1234", "Room"])
def test_learners_are_put_into_no_group_of_the_machine_s_own(group, monkeypatch):
    monkeypatch.setattr(hub_accounts, "_run", lambda *_: pytest.fail("something was made"))
    with pytest.raises(Stopped, match="name another"):
        hub_accounts.add(["anna"], group)


def test_a_group_with_an_account_of_the_machine_s_own_in_it_is_one_of_its_own(monkeypatch):
    group = SimpleNamespace(gr_mem=["anna", "daemon"], gr_gid=4000)
    monkeypatch.setattr(hub_accounts.grp, "getgrnam", lambda name: group)
    monkeypatch.setattr(hub_accounts.pwd, "getpwall", list)
    people = {"anna": SimpleNamespace(pw_uid=1000), "daemon": SimpleNamespace(pw_uid=999)}
    monkeypatch.setattr(hub_accounts, "_account", people.get)
    with pytest.raises(Stopped, match="with daemon in it"):
        hub_accounts.may_be("room")
    group.gr_mem.remove("daemon")
    hub_accounts.may_be("room")
    group.gr_gid = 999
    with pytest.raises(Stopped, match="a group of the machine's own; name another"):
        hub_accounts.may_be("room")


@pytest.mark.parametrize("what", ["add", "remove"])
def test_two_who_make_accounts_at_once_do_it_one_after_the_other(what, monkeypatch):
    def alone(names, *_):
        other = os.open("/etc", os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(other)
        return {}

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(hub_accounts, what, alone)
    assert hub_accounts.main([what, "anna"]) == 0
    other = os.open("/etc", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)


def test_a_password_is_long_and_nobody_else_s(machine):
    made = hub_accounts.add([f"a{k}" for k in range(20)])
    assert len(set(made.values())) == 20 and min(map(len, made.values())) >= 12
    given = [words[-1] for words in machine.ran if words[0] == "chpasswd"]
    assert given == [f"{name}:{password}\n" for name, password in made.items()]


def test_a_name_that_stands_there_twice_is_made_not_even_once(machine):
    with pytest.raises(Stopped, match="stands there twice"):
        hub_accounts.add(["anna", "ben", "anna"])
    assert machine.ran == []


@pytest.mark.parametrize("comment", ["tdxkit learner", "tdxkit learner,Room 7,,"])
def test_an_account_goes_with_its_home_also_where_its_learner_has_said_more_of_themselves(comment, machine):
    machine.made("anna", comment)
    hub_accounts.remove(["anna"])
    lock, remove = machine.ran
    assert lock[:4] == ("usermod", "--lock", "--expiredate", "1") and lock[-2] == "anna"
    assert remove[0] == "userdel" and "--remove" in remove and remove[-2] == "anna" and "--force" not in remove
    assert machine.ended == [("anna", os.getuid(), 1)], "after nobody can log in, and before the account goes"


def test_a_home_that_is_another_s_stays_and_so_do_all(machine):
    machine.made("anna")
    machine.made("ben", uid=os.getuid() + 1)
    machine.made("cleo", "somebody")
    for names, said in (
        (["anna", "ben"], "it is not ben's"),
        (["anna", "cleo"], "no account"),
        (["anna", "dora"], "no account"),
    ):
        with pytest.raises(Stopped, match=said):
            hub_accounts.remove(names)
    assert machine.ran == [] and machine.ended == []


def test_who_has_the_group_as_their_first_is_of_it_too(monkeypatch):
    group = SimpleNamespace(gr_mem=["ben", "anna"], gr_gid=77)
    people = [SimpleNamespace(pw_name=name, pw_gid=gid) for name, gid in (("cleo", 77), ("anna", 77), ("dora", 78))]
    monkeypatch.setattr(hub_accounts.grp, "getgrnam", lambda name: group)
    monkeypatch.setattr(hub_accounts.pwd, "getpwall", lambda: people)
    assert hub_accounts.learners("room") == ["anna", "ben", "cleo"]


def test_a_machine_without_these_commands_is_told_what_to_install(monkeypatch):
    def run(*_, **__):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(Stopped, match="useradd: it is not here; install it"):
        hub_accounts._run(["useradd", "anna"])


def test_whose_a_process_is_is_told_also_where_it_hides(tmp_path):
    hides = "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hides], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one:
        one.stdout.readline()
        assert hub_accounts.owner(Path("/proc", str(one.pid))) == os.getuid()
        one.stdin.close()
    assert hub_accounts.owner(Path("/proc/none")) == -1
    for state, whose in (("S (sleeping)", 4321), ("Z (zombie)", -1), ("X (dead)", -1)):
        (tmp_path / "status").write_text(f"Name:\tx: y\nState:\t{state}\nUid:\t4321\t0\t0\t0\n")
        assert hub_accounts.owner(tmp_path) == whose, "its real one, wherever the folder is"


@pytest.mark.slow
def test_an_account_leaves_nothing_behind_that_the_next_one_with_its_number_would_have(tmp_path):
    if os.geteuid() or not shutil.which("useradd"):
        pytest.skip("not root, or no useradd: that nothing is left behind is not tested")
    name, group = f"tdxt-{os.getpid()}-z", f"tdxt-{os.getpid()}-g"
    hub_accounts.add([name], group)
    try:
        account, left = hub_accounts._account(name), Path("/tmp", f"{name}-left")
        code = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(left)!r}, 'w'); time.sleep(300)"
        drop = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}
        with subprocess.Popen(["/usr/bin/env", "python3", "-c", code], **drop) as one:
            end = time.monotonic() + 20
            while not left.exists() and one.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            if not left.exists():
                pytest.skip("accounts can run no Python here")
            hub_accounts.remove([name])
            assert one.wait(10) == -9
        assert not left.exists() and not os.path.exists(account.pw_dir) and not hub_accounts._account(name)
    finally:
        if hub_accounts._account(name):
            hub_accounts.remove([name])
        subprocess.run(["groupdel", group], check=True)
