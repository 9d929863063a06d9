"""The wheels that pip brings: once for the same pins, anew for others; tdxkit's own the same each time; names as their authors write them."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.tools.test_wheels import wheel
from tools import wheels
from tools.placed import Stopped


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """What pip was asked for; each time it lays a wheel, and a note beside it, into the folder that it is given."""
    asked = []

    def run(command, **more):
        asked.append((list(map(str, command)), more))
        folder = Path(command[command.index("-d" if "-d" in command else "-w") + 1])
        (folder / f"wheel-{len(asked)}.whl").touch()
        (folder / "note.txt").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(wheels, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(wheels.subprocess, "run", run)
    return asked


def test_the_same_pins_are_fetched_once_and_others_anew(pip, tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("one==1\n")
    first = wheels.wheels(pins)
    assert [path.name for path in first] == ["wheel-1.whl"] and wheels.wheels(pins) == first and len(pip) == 1
    assert pip[0][0][-2:] == ["-r", str(pins)] and "--no-deps" in pip[0][0]
    pins.write_text("one==2\n")
    second = wheels.wheels(pins)
    assert [path.name for path in second] == ["wheel-2.whl"] and first[0].exists() and len(pip) == 2
    assert sorted(wheels.CACHE.iterdir()) == sorted({first[0].parent, second[0].parent})


def test_tdxkits_own_wheel_is_built_at_a_time_that_is_always_the_same(pip, tmp_path, monkeypatch):
    assert wheels.own_wheel(tmp_path).name == "wheel-1.whl"
    (_, more) = pip[0]
    assert more["env"]["SOURCE_DATE_EPOCH"].isdecimal() and "PATH" in more["env"]
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: no backend\n")
    monkeypatch.setattr(wheels.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(Stopped, match=r"^tdxkit: its wheel cannot be built \(ERROR: no backend\)$"):
        wheels.own_wheel(tmp_path)


def test_what_a_package_does_not_name_is_added_and_what_the_kernel_stands_in_for_is_not_needed(tmp_path):
    found = [
        wheel(tmp_path, "ipywidgets", needs=["widgetsnbextension~=4.0", "Jupyter_Like>=1"]),
        wheel(tmp_path, "jupyter_like"),
        wheel(tmp_path, "plotly"),
        wheel(tmp_path, "nbformat"),
        wheel(tmp_path, "anywidget"),
    ]
    packages = wheels.locked(found, {})["packages"]
    assert packages["ipywidgets"]["depends"] == ["jupyter-like"]
    assert packages["plotly"]["depends"] == ["anywidget", "nbformat"]
    with pytest.raises(Stopped, match="plotly needs nbformat"):
        wheels.locked([found[2], found[4]], {})


def test_a_wheel_that_is_lean_already_keeps_even_what_only_its_archive_says(tmp_path):
    whole = wheel(tmp_path, "one")
    with zipfile.ZipFile(whole, "a") as made:
        made.comment = b"as it was fetched"
    (tmp_path / "out").mkdir()
    assert wheels.lean(whole, tmp_path / "out").read_bytes() == whole.read_bytes()
