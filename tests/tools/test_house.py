"""`tools/venv.py` and `tools/find-python` on made-up checkouts: what is made anew, what is kept, what is said."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import venv

ROOT = Path(__file__).parents[2]
NAMES = [*(f"requirements{kind}.txt" for kind in ("", "-test", "-book", "-site", "-hub")), "pyproject.toml"]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make and sh are not there")


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A checkout whose commands are written down; making an environment lays a Python and an activate script."""
    for name in NAMES:
        shutil.copy(ROOT / name, tmp_path)
    house = venv.House(tmp_path)
    house.ran = []

    def run(command, **_):
        words = [str(word) for word in command]
        house.ran.append(words)
        if "venv" in words:
            lay(house)
        return True

    monkeypatch.setattr(venv, "run", run)
    monkeypatch.setattr(venv, "uv", lambda: None)
    return house


def lay(house, place=None):
    (house.venv / "bin").mkdir(parents=True, exist_ok=True)
    house.python.unlink(missing_ok=True)
    house.python.symlink_to(sys.executable)
    (house.venv / "bin/activate").write_text(f"VIRTUAL_ENV={place or house.venv}\n")


def made_and_installed(house):
    made = sum("venv" in words for words in house.ran)
    installed = sum("install" in words for words in house.ran)
    house.ran.clear()
    return made, installed


def test_made_once_then_nothing_is_run(house):
    house.make("test")
    assert made_and_installed(house) == (1, 1)
    house.make("test")
    house.make("lab")
    assert made_and_installed(house) == (0, 0)


def test_test_comes_on_top_of_lab_and_lab_does_not_take_it_away(house):
    house.make("lab")
    assert made_and_installed(house) == (1, 1)
    house.make("test")
    assert made_and_installed(house) == (0, 1)
    house.make("lab")
    assert made_and_installed(house) == (0, 0) and house.ready("test")


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_changed_requirement_is_installed(house, name):
    house.make("test")
    with (house.root / name).open("a") as file:
        file.write("six==1.17.0\n")
    made_and_installed(house)
    house.make("test")
    assert made_and_installed(house) == (0, 1)


def test_of_pyproject_only_what_is_installed_counts(house):
    house.make("lab")
    made_and_installed(house)
    project = house.root / "pyproject.toml"
    project.write_text(project.read_text().replace("line-length = 120", "line-length = 100"))
    assert house.ready("lab")
    project.write_text(project.read_text().replace("simpy>=4.1", "simpy>=4.0"))
    assert not house.ready("lab")


def test_a_moved_checkout_makes_its_own(house, tmp_path_factory):
    house.make("lab")
    moved = tmp_path_factory.mktemp("other") / "with space"
    shutil.copytree(house.root, moved, symlinks=True)
    there = venv.House(moved)
    assert not there.ready("lab") and there.why_anew() == "it was made in another folder"


def test_an_environment_made_by_hand_is_kept_unless_it_is_another_folders(house):
    lay(house)
    house.make("lab")
    assert made_and_installed(house) == (0, 1)
    house.stamp.unlink()
    lay(house, place="/elsewhere/.venv")
    house.make("lab")
    assert made_and_installed(house) == (1, 1)


@pytest.mark.parametrize("fails_at", ["venv", "install"])
def test_what_was_left_half_made_is_made_anew(house, monkeypatch, fails_at):
    whole = venv.run

    def break_off(command, **more):
        if fails_at in map(str, command):
            lay(house)
            raise KeyboardInterrupt
        return whole(command, **more)

    monkeypatch.setattr(venv, "run", break_off)
    with pytest.raises(KeyboardInterrupt):
        house.make("lab")
    assert not house.ready("lab") and house.why_anew() == "it was left half-made"
    monkeypatch.setattr(venv, "run", whole)
    made_and_installed(house)
    house.make("lab")
    assert made_and_installed(house) == (1, 1) and house.ready("lab")


def test_a_dead_python_and_a_broken_stamp(house):
    house.make("lab")
    house.python.unlink()
    house.python.symlink_to("/nowhere/python3")
    assert not house.ready("lab") and house.why_anew() == "it has no Python"
    lay(house)
    for text in ("", "[]", "{", '{"place": 3}'):
        house.stamp.write_text(text)
        assert not house.ready("lab")


def test_a_python_asked_for_by_name_is_the_one_that_is_used(house, monkeypatch):
    house.make("lab")
    made_and_installed(house)
    house.make("lab", asked=True)
    assert made_and_installed(house) == (0, 0)
    monkeypatch.setattr(venv, "here", lambda: "3.99")
    house.make("lab")
    assert made_and_installed(house) == (0, 0), "a python3 that changed by itself is no reason"
    house.make("lab", asked=True)
    assert made_and_installed(house) == (1, 1)


def test_uv_where_it_is_and_pip_where_uv_cannot(house, monkeypatch):
    monkeypatch.setattr(venv, "uv", lambda: "/bin/uv")
    house.make("lab")
    assert [words[0] for words in house.ran] == ["/bin/uv", "/bin/uv"]
    whole = venv.run
    monkeypatch.setattr(venv, "run", lambda command, **m: whole(command, **m) and command[0] != "/bin/uv")
    house.ran.clear()
    house.make("test")
    assert [words[0] for words in house.ran] == ["/bin/uv", str(house.python)]


def test_failures_are_one_line(house, monkeypatch):
    monkeypatch.setattr(venv, "run", lambda *_, **__: False)
    with pytest.raises(SystemExit, match="install its venv module") as stopped:
        house.make("lab")
    assert "\n" not in str(stopped.value)


def find_python(*names, path="/usr/bin:/bin"):
    return subprocess.run(
        ["/bin/sh", ROOT / "tools/find-python", *names], capture_output=True, text=True, env={"PATH": str(path)}
    )


def fake(folder, name, code):
    (folder / name).write_text(f"#!/bin/sh\nexit {code}\n")
    (folder / name).chmod(0o755)


def test_find_python_runs_what_it_finds(tmp_path):
    fake(tmp_path, "python3", 1)  # too old
    fake(tmp_path, "python3.13", 127)  # a shim with nothing behind it
    fake(tmp_path, "python3.12", 0)
    assert find_python(path=tmp_path).stdout == "python3.12\n"
    none = find_python("python3", path=tmp_path)
    assert none.returncode == 1 and none.stdout == "" and len(none.stderr.splitlines()) == 1 and "3.11" in none.stderr


def test_find_python_takes_the_one_named():
    assert find_python(sys.executable).stdout.strip() == sys.executable


def test_find_python_takes_a_name_with_a_space(tmp_path):
    (tmp_path / "my python").symlink_to(sys.executable)
    assert find_python(str(tmp_path / "my python")).stdout.strip() == str(tmp_path / "my python")


def test_the_stamp_names_the_place(house):
    house.make("test")
    assert json.loads(house.stamp.read_text()) == {
        "place": str(house.root),
        "lab": house.wanted("lab"),
        "test": house.wanted("test"),
    }


def says(kind, house, capsys, asked=False):
    """What a call prints, and the line it stops with."""
    capsys.readouterr()
    try:
        house.make(kind, asked)
        return capsys.readouterr().out, ""
    except SystemExit as stopped:
        return capsys.readouterr().out, str(stopped)


def no_network(house, monkeypatch, works=True):
    whole = venv.run
    monkeypatch.setattr(venv, "run", lambda command, **m: whole(command, **m) and "install" not in map(str, command))
    monkeypatch.setattr(house, "works", lambda: works)


def test_an_update_that_fails_leaves_what_worked(house, monkeypatch, capsys):
    house.make("lab")
    before, wanted = house.stamped(), (house.root / "requirements.txt").read_text()
    (house.root / "requirements.txt").write_text(wanted + "# a comment\n")
    no_network(house, monkeypatch)
    out, stopped = says("lab", house, capsys)
    assert not stopped and "going on with what is installed" in out and house.stamped() == before
    (house.root / "requirements.txt").write_text(wanted)
    assert house.ready("lab"), "going back is enough"


def test_an_update_that_fails_and_leaves_ruins_is_no_start(house, monkeypatch, capsys):
    house.make("lab")
    (house.root / "requirements.txt").write_text("six\n")
    no_network(house, monkeypatch, works=False)
    assert "mend that and repeat" in says("lab", house, capsys)[1]
    assert not house.ready("lab")


def test_what_was_never_installed_is_not_gone_on_with(house, monkeypatch, capsys):
    house.make("lab")
    no_network(house, monkeypatch)
    assert "mend that and repeat" in says("test", house, capsys)[1]


def test_an_update_broken_off_is_repeated_even_after_going_back(house, monkeypatch):
    house.make("lab")
    wanted, whole = (house.root / "requirements.txt").read_text(), venv.run

    def broken_off(command, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(venv, "run", broken_off)
    (house.root / "requirements.txt").write_text(wanted + "six\n")
    with pytest.raises(KeyboardInterrupt):
        house.make("lab")
    (house.root / "requirements.txt").write_text(wanted)
    assert not house.ready("lab"), "some packages may be of one list and some of the other"
    monkeypatch.setattr(venv, "run", whole)
    made_and_installed(house)
    house.make("lab")
    assert made_and_installed(house) == (0, 1) and house.ready("lab")


@pytest.mark.parametrize("fails_at", ["venv", "install"])
@pytest.mark.parametrize("how", ["fails", "is broken off"])
def test_another_python_that_cannot_be_had_leaves_the_first(house, monkeypatch, capsys, fails_at, how):
    house.make("lab")
    (house.venv / "kept").touch()
    monkeypatch.setattr(venv, "here", lambda: "3.99")
    whole = venv.run

    def run(command, **more):
        if fails_at in map(str, command):
            if how == "fails":
                return False
            raise KeyboardInterrupt
        return whole(command, **more)

    monkeypatch.setattr(venv, "run", run)
    if how == "fails":
        assert says("lab", house, capsys, asked=True)[1]
    else:
        with pytest.raises(KeyboardInterrupt):
            house.make("lab", asked=True)
        assert not house.ready("lab")
        house.make("lab")  # nothing is installed: what stepped aside is whole
    assert house.ready("lab") and (house.venv / "kept").exists() and not house.before.exists()


def test_another_python_takes_the_place_of_the_first(house, monkeypatch):
    house.make("lab")
    (house.venv / "kept").touch()
    monkeypatch.setattr(venv, "here", lambda: "3.99")
    house.make("lab", asked=True)
    assert not (house.venv / "kept").exists() and not house.before.exists() and house.ready("lab")


def test_where_no_environment_can_be_the_line_says_why(house, capsys, tmp_path_factory):
    house.venv.write_text("a file")
    assert "is a file" in says("lab", house, capsys)[1] and house.venv.read_text() == "a file"
    house.venv.unlink()
    house.venv.symlink_to("/nowhere")
    assert "is a link" in says("lab", house, capsys)[1] and house.venv.is_symlink()
    colon = tmp_path_factory.mktemp("a:b")
    for name in NAMES:
        shutil.copy(ROOT / name, colon)
    there = venv.House(colon)
    assert "':' in its path" in says("lab", there, capsys)[1] and not there.making.exists()
    assert not made_and_installed(house)[0]


def venv_script(root, *words):
    return subprocess.run([sys.executable, root / "tools/venv.py", *words], capture_output=True, text=True)


@pytest.mark.slow
def test_the_script_takes_each_kind_that_make_asks_for(tmp_path):
    makefile = (ROOT / "Makefile").read_text()
    asked = {line.split("$(MAKE_ENV) ")[1].split()[0] for line in makefile.splitlines() if "$(MAKE_ENV) " in line}
    assert asked == set(venv.FILES)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/venv.py", tmp_path / "tools")
    for name in NAMES:
        shutil.copy(ROOT / name, tmp_path)
    house = venv.House(tmp_path)
    lay(house)
    house.note({"place": str(tmp_path), **{kind: house.wanted(kind) for kind in venv.FILES}})
    for kind in asked:
        done = venv_script(tmp_path, kind)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for words in ((), ("tests",), ("lab", "--ask")):
        done = venv_script(tmp_path, *words)
        assert done.returncode == 1 and done.stderr.startswith(".venv: usage") and len(done.stderr.splitlines()) == 1


def test_a_checkout_that_cannot_be_written_to_is_one_line(tmp_path):
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/venv.py", tmp_path / "tools")
    for name in NAMES:
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv.making").symlink_to("/proc/nowhere")  # root may write to any folder but this
    done = venv_script(tmp_path, "lab")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "take a copy of the checkout" in done.stderr
