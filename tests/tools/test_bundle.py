"""The zip for a room without a network: what is in it, what pip is asked for, and that half of it is none."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tdxkit import __version__
from tools import bundle

ROOM = f"tdxkit-{__version__}"


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A checkout with a site and a book; what pip was asked for, and its answer in `asked.done`."""

    class Asked(list):
        done = 0, ""

    asked = Asked()
    for name in ("dist/site/index.html", "dist/site/b/deep.js", "dist/book/index.html", "tools/served.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "requirements.txt").write_text("# what a learner installs\n-e .[lab]\njupyterlab==4.5\n")

    def run(command, **_):
        folder = Path(command[command.index("-d") + 1])
        asked.append(Path(command[-1]).read_text(encoding="utf-8"))
        (folder / "jupyterlab-4.5-py3-none-any.whl").touch()
        return subprocess.CompletedProcess(command, asked.done[0], "", asked.done[1])

    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    monkeypatch.setattr(bundle, "own_wheel", lambda folder: (folder / "tdxkit-1-py3-none-any.whl").touch())
    monkeypatch.setattr(bundle, "handout", lambda: "a page for the table")
    monkeypatch.setattr(bundle.subprocess, "run", run)
    return asked


def test_all_that_a_room_needs_is_in_one_folder_of_it(asked, tmp_path, capsys):
    out = tmp_path / "out" / "room.zip"
    assert bundle.main(["--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"bundle: {out}, 0.0 MB")
    with zipfile.ZipFile(out) as room:
        names = [name.removeprefix(f"{ROOM}/") for name in room.namelist()]
        assert names == [
            "READ-ME.txt", "book/index.html", "handout.html", "served.py", "site/b/deep.js", "site/index.html",
            "wheels/jupyterlab-4.5-py3-none-any.whl", "wheels/tdxkit-1-py3-none-any.whl",
        ]  # fmt: skip
        assert room.read(f"{ROOM}/site/index.html") == b"dist/site/index.html"
        assert room.read(f"{ROOM}/handout.html") == b"a page for the table"
        text = room.read(f"{ROOM}/READ-ME.txt").decode()
    assert text.startswith(f"tdxkit {__version__}, for a room") and "{" not in text
    assert [path.name for path in out.parent.iterdir()] == ["room.zip"]


def test_pip_is_asked_for_what_a_learner_installs_but_for_the_checkout_itself(asked, tmp_path):
    bundle.make(tmp_path / "room.zip")
    assert asked == ["# what a learner installs\njupyterlab==4.5"]


def test_without_its_wheels_there_is_no_zip_and_the_old_one_stays(asked, tmp_path, capsys):
    out = tmp_path / "room.zip"
    out.write_text("the old one")
    before = sorted(tmp_path.iterdir())
    asked.done = 1, "WARNING: x is ignored\nERROR: no network\n"
    assert bundle.main(["--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert said == "bundle: wheels: ERROR: no network; is there a network, and an index that has it?\n"
    assert out.read_text() == "the old one" and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("part", ["site", "book"])
def test_each_part_that_is_not_made_yet_is_named(part, asked, tmp_path, capsys):
    (tmp_path / "dist" / part / "index.html").unlink()
    assert bundle.main(["--out", str(tmp_path / "room.zip")]) == 1
    assert capsys.readouterr().err.endswith(f"dist/{part}: it is not there; make {part} first\n") and asked == []
