"""Accounts of a room: what is asked of the machine for each, and whose may be taken away."""

import os
import subprocess
from types import SimpleNamespace

import pytest

from tools import hub_accounts
from tools.placed import Stopped


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine without accounts: `ran` holds what was asked of it, `there` its accounts by name."""
    ran, there = [], {}

    def run(command, given=""):
        ran.append((*command, given))
        if command[0] == "useradd":
            (tmp_path / command[-1]).mkdir(mode=0o755)
            there[command[-1]] = SimpleNamespace(pw_dir=str(tmp_path / command[-1]), pw_gecos=hub_accounts.MADE)

    monkeypatch.setattr(hub_accounts, "_run", run)
    monkeypatch.setattr(hub_accounts, "_account", there.get)
    monkeypatch.setattr(hub_accounts.pwd, "getpwnam", there.__getitem__)
    return SimpleNamespace(ran=ran, there=there, homes=tmp_path)


def test_an_account_is_of_the_group_and_its_home_is_its_own(machine):
    hub_accounts.add(["anna", "ben"], "room")
    assert machine.ran[0][:3] == ("groupadd", "--force", "room"), "one that is there already is meant"
    made = [words for words in machine.ran if words[0] == "useradd"]
    for words, name in zip(made, ("anna", "ben"), strict=True):
        assert words[-2] == name and words[-4:-2] == ("--groups", "room") and "--create-home" in words
        assert os.stat(machine.homes / name).st_mode & 0o777 == 0o700


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
    machine.there["anna"] = SimpleNamespace(pw_gecos=comment)
    hub_accounts.remove(["anna"])
    [(*words, _)] = machine.ran
    assert words[0] == "userdel" and "--remove" in words and words[-1] == "anna"


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
