"""A reader's copies at their edges: how an edition may be written, what no notebook is, and a folder with every name taken."""

import json

import pytest

from tdxkit.errors import InputError
from tdxkit.lessons import copies
from tdxkit.lessons.copies import bring, edition_of, fresh, recorded

OPENED = 'opened("04", edition=3)'
FIRST = "00-start-here.ipynb"


def code(*source):
    return {"cell_type": "code", "id": "tools", "source": list(source)}


@pytest.mark.parametrize(
    "line, says",
    [
        (f"await there()\n{OPENED}", ("04", 3)),
        (f"m.{OPENED}\n", ("", 0)),
        ('opened("04", version=3)', ("", 0)),
        ('opened("04", 3, edition=4)', ("", 0)),
        ("opened(number, edition=3)", ("", 0)),
        ('opened("04", edition=n)', ("", 0)),
        (f"# {OPENED}", ("", 0)),
        (f"another()\nprint({OPENED})", ("04", 3)),
        (f"{OPENED}\0", ("", 0)),
        (f"{OPENED}\ud800", ("", 0)),
        (f'another("05", 7)\n{OPENED}', ("04", 3)),
    ],
)
def test_only_a_plain_call_with_a_number_and_an_edition_says_it(line, says):
    assert edition_of({"cells": [code("x = 1"), code(line)]}) == says


def test_a_text_that_only_tells_of_an_edition_says_none():
    told = {"cell_type": "markdown", "source": ['opened("05", edition=9)']}
    assert edition_of({"cells": [told]}) == ("", 0)
    assert edition_of({"cells": [told, code(OPENED)]}) == ("04", 3)


NO_NOTEBOOK = {
    "a list": "[]",
    "no cells": "{}",
    "cells that are none": '{"cells": null}',
    "a cell without a text": '{"cells": [{"cell_type": "code"}]}',
    "a text of numbers": '{"cells": [{"cell_type": "code", "source": [1]}]}',
    "no letters": b"\xff\xfe",
}


@pytest.mark.parametrize("text", NO_NOTEBOOK.values(), ids=NO_NOTEBOOK)
def test_whatever_has_the_name_of_a_notebook_stays_and_says_no_edition(text, tmp_path):
    path = tmp_path / FIRST
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = path.read_bytes()
    first = next(bring(tmp_path))
    assert (first.path, first.new, first.edition) == (path, False, 0) and path.read_bytes() == before


@pytest.mark.parametrize(
    "words", ["-" * 100_000 + "1", "1" + "+1" * 100_000, "not " * 100_000 + "1"], ids=["-", "+", "not"]
)
def test_a_copy_that_nests_without_end_says_no_edition(words, tmp_path):
    cells = {"cells": [code(OPENED, "\n", words)]}
    assert edition_of(cells) == ("", 0)
    for text in (json.dumps(cells), "[" * 100_000):
        (tmp_path / FIRST).write_text(text)
        assert next(bring(tmp_path)).edition == 0


def test_a_folder_with_the_name_of_a_notebook_stays_a_folder(tmp_path):
    (tmp_path / FIRST).mkdir()
    found = list(bring(tmp_path))
    assert (found[0].new, found[0].edition) == (False, 0) and all(one.new for one in found[1:])
    assert (tmp_path / FIRST).is_dir()


def test_a_hundred_copies_are_enough_and_the_last_name_ends_in_100(tmp_path):
    edition = recorded("04")[0]
    names = [f"04-refcount-races-edition-{edition}{more}.ipynb" for more in ("", *(f"-{k}" for k in range(2, 101)))]
    for name in names[:-1]:
        (tmp_path / name).write_text("mine")
    last = fresh("04", tmp_path)
    assert last.name == names[-1]
    last.write_text("mine too")
    with pytest.raises(InputError, match="it has a hundred copies of notebook 04; take some of them away"):
        fresh("04", tmp_path)
    assert len(list(tmp_path.iterdir())) == len(names)


def test_a_place_that_takes_no_fresh_copy_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="no notebook can be written there") as refused:
        fresh("04", tmp_path / "file")
    assert "\n" not in str(refused.value)


def test_a_page_with_a_drive_has_a_place_for_a_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "IN_A_BROWSER", True)
    monkeypatch.setattr(copies, "DRIVE", tmp_path)
    assert fresh("04", tmp_path).is_file()


def test_a_notebook_that_no_list_has_is_recorded_as_none():
    assert recorded("99") == (0, "")
