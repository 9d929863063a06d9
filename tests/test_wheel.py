"""The wheel in an empty environment: data is inside, the commands run from anywhere, nothing of the lab is needed."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(*command, cwd=None, code=0):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"PYTHONPATH": ""},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "-q", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The Python of an environment that holds the wheel and nothing else, not even pip."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "-q", "install", "--no-deps", "--no-index", wheel)
    return python


def test_the_wheel_holds_the_package_its_data_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = (
        run("git", "ls-files", "data", "notebooks", "tdxkit", cwd=ROOT).split()
        if (ROOT / ".git").exists()
        else ["data/sources.toml"]
    )
    assert {f"tdxkit/{name}" if name.startswith(("data/", "notebooks/")) else name for name in tracked} <= names
    assert {name.split("/")[0] for name in names} == {
        "tdxkit",
        next(n for n in names if "dist-info" in n).split("/")[0],
    }
    assert "tdxkit/data/requirements.txt" in names


def test_commands_run_from_another_folder(python, tmp_path):
    assert run(python, "-m", "tdxkit", "--version", cwd=tmp_path).startswith("tdxkit ")
    assert run(python.parent / "tdxkit", "--help", cwd=tmp_path).startswith("usage")
    cited = "from tdxkit.facts import cite; print(cite('tdx-v6'))"
    assert "2026" in run(python, "-c", cited, cwd=tmp_path)


def test_sources_are_listed_there_those_of_the_notebooks_too(python, tmp_path):
    said = run(python, "-m", "tdxkit", "sources", cwd=tmp_path)
    assert "\ndata/bugs.toml B1 " in said and "\ntdxkit/linux/refcount/v2.py " in said
    assert "\nnotebooks/04-refcount-races harm-story 1 " in said and said.splitlines()[-1].endswith("11 notebooks read")


def test_the_notebooks_are_there_and_brought_where_there_is_a_lab(python, tmp_path):
    bring = "from pathlib import Path; from tdxkit.lessons.copies import bring; print(len(list(bring(Path('nb')))))"
    assert run(python, "-c", bring, cwd=tmp_path) == "11\n"
    assert (tmp_path / "nb/04-refcount-races.ipynb").read_bytes() == (
        ROOT / "notebooks/04-refcount-races.ipynb"
    ).read_bytes()
    lessons = json.loads(run(python, "-m", "tdxkit", "lessons", "--json", cwd=tmp_path))
    assert len(lessons["notebooks"]) == 11


def test_without_the_extra_the_lab_is_one_line(python, tmp_path):
    done = subprocess.run([python, "-m", "tdxkit", "lab"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "pip install 'tdxkit[lab]'" in done.stderr and list(tmp_path.iterdir()) == []


def test_explore_runs_there(python, tmp_path):
    answer = json.loads(run(python, "-m", "tdxkit", "explore", "v6", "--json", cwd=tmp_path))
    assert answer["verdict"] == "ok" and answer["complete"] is True


def test_the_doctor_says_that_the_lab_is_missing(python, tmp_path):
    answer = json.loads(run(python, "-m", "tdxkit", "doctor", "--json", cwd=tmp_path, code=1))
    found = {check["name"]: check["state"] for check in answer["checks"]}
    assert found["package data"] == found["Python"] == "ok" and answer["ok"] is False
    assert {found[name] for name in ("jupyterlab", "anywidget", "simpy", "kernel python3")} == {"missing"}
