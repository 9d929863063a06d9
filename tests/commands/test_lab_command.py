"""`lab`: what it brings, what it says, what it starts, and what it refuses before it starts anything."""

import sys

import pytest

from tdxkit.cli import main
from tdxkit.commands import lab

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there it is a process of its own")


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The commands that would have taken this process's place."""
    monkeypatch.chdir(tmp_path)
    calls = []
    monkeypatch.setattr(lab.os, "execv", lambda program, command: calls.append(command))
    return calls


def test_it_brings_the_notebooks_and_starts_a_quiet_lab_on_the_first(started, tmp_path, capsys):
    assert main(["lab"]) == 0
    [command] = started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"] and command[-1] == "tdxkit-notebooks"
    assert "--LabApp.news_url=None" in command and "--LabApp.default_url=/lab/tree/00-start-here.ipynb" in command
    assert "--no-browser" not in command and not any("port" in word for word in command)
    assert capsys.readouterr().out == "11 notebooks brought to tdxkit-notebooks; what you write there stays yours\n"
    assert main(["lab"]) == 0 and capsys.readouterr().out == "", "the second time there is nothing to say"


def test_options_go_to_the_lab(started):
    assert main(["lab", "here", "--no-browser", "--port", "9123", '--lab-args=--A.b="c d" -x']) == 0
    [command] = started
    assert (
        command[-3:] == ["--A.b=c d", "-x", "here"] and "--no-browser" in command and "--ServerApp.port=9123" in command
    )


def test_an_old_copy_is_named_and_stays(started, tmp_path, capsys):
    main(["lab", "my notes"])
    mine = tmp_path / "my notes" / "04-refcount-races.ipynb"
    text = mine.read_text(encoding="utf-8").replace("edition=", "edition=-")
    mine.write_text(text.replace("edition=-", "edition=0*"), encoding="utf-8")
    capsys.readouterr()
    assert main(["lab", "my notes"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("04-refcount-races.ipynb: yours is edition unknown") and "lab 'my notes' --reset 04" in said
    assert len(said.splitlines()) == 1 and "edition=0*" in mine.read_text(encoding="utf-8")


def test_reset_starts_nothing(started, tmp_path, capsys):
    (tmp_path / "nb").mkdir()
    assert main(["lab", "nb", "--reset", "04", "--reset", "06"]) == 0
    assert started == [] and len(capsys.readouterr().out.splitlines()) == 2
    assert len(list((tmp_path / "nb").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lab", "nb", "--port", "0"], "a port is a whole number from 1 to 65535"),
        (["lab", "nb", '--lab-args="a'], "a quoting mark is open"),
        (["lab", "nb", "--reset", "44"], "none of that number or name"),
        (["lab", "a file"], "no notebook can be written there"),
        (["lab", "a", "b"], "unrecognized"),
    ],
)
def test_what_is_refused_is_one_line_and_starts_nothing(started, tmp_path, capsys, words, said):
    (tmp_path / "a file").touch()
    (tmp_path / "nb").mkdir()
    assert main(words) == 2
    err = capsys.readouterr().err
    assert said in err and len(err.splitlines()) == 1 and started == []


def test_without_jupyterlab_it_says_what_to_install(started, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    assert main(["lab", "nb"]) == 2
    assert "pip install 'tdxkit[lab]'" in capsys.readouterr().err
    assert not (tmp_path / "nb").exists(), "nothing starts half"
