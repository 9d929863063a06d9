"""A reader's copies of the notebooks: what is brought, what is left alone, what is said of an edition."""

import json
import os
import shutil
import sys

import pytest

from tdxkit.errors import InputError
from tdxkit.lessons import copies
from tdxkit.lessons.copies import bring, digest_of, edition_of, fresh, recorded
from tdxkit.lessons.notebooks import FOLDER, lessons
from tools.nbrules.asks import explains_its_words


def older(path, edition=0):
    """A copy as an earlier workbook left it, with something of its reader's."""
    text = path.read_text(encoding="utf-8")
    now = edition_of(json.loads(text))[1]
    path.write_text(text.replace(f"edition={now})", f"edition={edition})"), encoding="utf-8")


def test_every_notebook_says_its_edition_and_the_list_agrees():
    for one in lessons():
        notebook = one.read()
        number, edition = edition_of(notebook)
        assert number == one.number and edition >= 1
        assert recorded(number) == (edition, digest_of(notebook))


def test_they_are_brought_once_and_never_written_over(tmp_path):
    folder = tmp_path / "a new" / "folder"
    assert all(one.new and one.edition == one.newest for one in bring(folder))
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in FOLDER.glob("*.ipynb"))
    mine, gone = folder / "04-refcount-races.ipynb", folder / "05-fault-path-pools.ipynb"
    older(mine)
    before = mine.read_bytes()
    gone.unlink()
    (folder / "06-status-codes.ipynb").write_text("no notebook")
    found = {one.path.name[:2]: one for one in bring(folder)}
    assert [number for number, one in found.items() if one.new] == ["05"]
    assert mine.read_bytes() == before and (found["04"].edition, found["06"].edition) == (0, 0)
    assert (folder / "06-status-codes.ipynb").read_text() == "no notebook"
    assert found["07"].edition == found["07"].newest


def test_a_fresh_copy_takes_a_name_that_is_free(tmp_path):
    first = fresh("04", tmp_path)
    edition = edition_of(json.loads(first.read_bytes()))[1]
    assert first.name == f"04-refcount-races-edition-{edition}.ipynb"
    assert first.read_bytes() == (FOLDER / "04-refcount-races.ipynb").read_bytes()
    assert fresh("04", tmp_path) == first, "one that nobody has touched is fresh"
    first.write_text("mine now")
    second = fresh("04", tmp_path)
    assert second.name == f"04-refcount-races-edition-{edition}-2.ipynb" and first.read_text() == "mine now"
    with pytest.raises(InputError, match="none of that number"):
        fresh("99", tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder of Linux")
def test_a_folder_that_takes_nothing_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/nowhere"):
        with pytest.raises(InputError, match="no notebook can be written there") as refused:
            list(bring(type(tmp_path)(folder)))
        assert "\n" not in str(refused.value)


def test_a_full_disk_leaves_no_half_of_a_notebook(tmp_path, monkeypatch):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    whole = open

    class Full:
        def __init__(self, path, mode):
            self.file = whole(path, mode)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, text):
            self.file.write(text[:100])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "open", Full, raising=False)
    with pytest.raises(InputError, match="No space left"):
        list(bring(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('opened("04", edition=3)', ("04", 3)),
        ('opened("04", 3)', ("04", 3)),
        ("opened(4, edition=3)", ("", 0)),
        ('opened("04")', ("", 0)),
        ('opened("04", edition="3")', ("", 0)),
        ('opened("04", edition=', ("", 0)),
        ("words()", ("", 0)),
    ],
)
def test_an_edition_is_read_without_running_anything(line, says):
    cell = {"cell_type": "code", "id": "tools", "source": [f"import x\n{line}"]}
    assert edition_of({"cells": [{"cell_type": "markdown", "source": [line]}, cell]}) == says


def test_a_notebook_that_changes_and_keeps_its_edition_is_found():
    notebook = next(one for one in lessons() if one.number == "06").read()
    assert list(explains_its_words(notebook)) == []
    notebook["cells"][2]["source"] = ["another text"]
    [(_, said)] = explains_its_words(notebook)
    assert "it has changed since edition" in said and "make editions" in said
    notebook = next(one for one in lessons() if one.number == "06").read()
    tools = next(cell for cell in notebook["cells"] if cell["id"] == "tools")
    tools["source"] = "".join(tools["source"]).replace("edition=", "edition=1")
    assert [said for _, said in explains_its_words(notebook) if "has changed" in said]


def test_the_tool_raises_what_has_changed_and_nothing_else(tmp_path, monkeypatch):
    from tools import editions

    (tmp_path / "data").mkdir()
    shutil.copytree(FOLDER, tmp_path / "notebooks")
    monkeypatch.setattr(editions, "ROOT", tmp_path)
    assert editions.main() == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "notebooks").iterdir()}
    assert before == {path.name: path.read_bytes() for path in FOLDER.glob("*.ipynb")}
    changed = tmp_path / "notebooks" / "06-status-codes.ipynb"
    changed.write_text(
        changed.read_text(encoding="utf-8").replace("completion status", "completion code", 1), encoding="utf-8"
    )
    was = recorded("06")[0]
    assert editions.main() == 0
    assert edition_of(json.loads(changed.read_bytes()))[1] == was + 1
    assert sum(before[path.name] != path.read_bytes() for path in (tmp_path / "notebooks").iterdir()) == 1
    assert f'["06"]\nedition = {was + 1}\n' in (tmp_path / "data/editions.toml").read_text()


def test_a_page_without_a_drive_has_no_place_for_a_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "IN_A_BROWSER", True)
    monkeypatch.setattr(copies, "DRIVE", tmp_path / "drive")
    with pytest.raises(InputError, match=r"^this page: it has no drive to put a copy on; open it from https:// or 127"):
        copies.fresh("04", tmp_path)
    assert list(tmp_path.iterdir()) == []
