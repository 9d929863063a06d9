"""The way to a Chromium: what is tried, in which order, and the one line when nothing helps."""

import pytest

from tools import browser


@pytest.fixture
def machine(monkeypatch):
    """A machine without a browser; `tried` is what was attempted, `works` what would help."""

    class Machine:
        tried, works, root, on_path = [], set(), True, ""

    machine = Machine()
    machine.tried, machine.works = [], set()

    def attempt(*command, **_):
        machine.tried.append(command)
        if "playwright" in command and "playwright" in machine.works:
            machine.works.add("/own/chrome")
            return True
        if "install" in command and "apt" in machine.works:
            machine.on_path = "/usr/bin/chromium"
            return True
        return "update" in command

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "attempt", attempt)
    monkeypatch.setattr(browser, "playwrights_own", lambda: "/own/chrome")
    monkeypatch.setattr(browser, "find_chromium", lambda: machine.on_path)
    monkeypatch.setattr(browser, "runs", lambda path: path == machine.on_path or path in machine.works)
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0 if machine.root else 1000)
    monkeypatch.setattr(browser.shutil, "which", lambda name: "/usr/bin/" + name)
    return machine


def test_one_on_path_needs_nothing(machine, capsys):
    machine.on_path = "/usr/bin/chromium"
    assert browser.main() == 0 and machine.tried == []
    assert capsys.readouterr().out == "/usr/bin/chromium\n"


def test_playwrights_own_is_used_again(machine, capsys):
    machine.works = {"/own/chrome"}
    assert browser.main() == 0 and machine.tried == []


def test_playwrights_own_is_installed_first(machine, capsys):
    machine.works = {"playwright"}
    assert browser.main() == 0 and len(machine.tried) == 1
    assert capsys.readouterr().out == "/own/chrome\n"


def test_then_debians_package_but_only_as_root(machine, capsys):
    machine.works = {"apt"}
    assert browser.main() == 0
    assert [command[0] for command in machine.tried[1:]] == ["apt-get", "apt-get"]
    assert capsys.readouterr().out == "/usr/bin/chromium\n"
    machine.root, machine.on_path, machine.tried = False, "", []
    assert browser.main() == 1
    assert len(machine.tried) == 1


def test_else_one_line_says_how(machine, capsys):
    assert browser.main() == 1
    out, err = capsys.readouterr()
    assert out == "" and "BROWSER=0" in err.splitlines()[-1] and "CHROMIUM=" in err.splitlines()[-1]


def test_the_one_named_must_run(machine, capsys, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/mine")
    machine.works = {"/own/chrome", "playwright"}
    assert browser.main() == 1 and machine.tried == []
    assert "CHROMIUM=/mine does not run" in capsys.readouterr().err


def test_a_browser_without_its_libraries_does_not_run(tmp_path):
    broken = tmp_path / "chrome"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    assert not browser.runs(str(broken)) and not browser.runs(str(tmp_path / "none"))
    broken.write_text("#!/bin/sh\necho Chromium 1\n")
    assert browser.runs(str(broken))
