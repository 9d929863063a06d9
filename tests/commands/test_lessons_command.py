"""`lessons` and `words`: what the notebooks ask, counted; and what a word means."""

import json

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.lessons import notebooks
from tdxkit.lessons.notebooks import FOLDER, calls, lessons


def test_each_notebook_has_its_line_and_the_sum_is_below(capsys):
    assert main(["lessons"]) == 0
    head, *rows, total = capsys.readouterr().out.splitlines()
    assert head.split() == ["notebook", "minutes", "gates", "exercises"]
    assert [row.split()[0] for row in rows] == sorted(path.stem for path in FOLDER.glob("*.ipynb"))
    sums = [sum(int(row.split()[k]) for row in rows) for k in (1, 2, 3)]
    assert total.split() == ["all", *map(str, sums)]


def test_json_counts_what_the_notebooks_ask(capsys):
    assert main(["lessons", "--json"]) == 0
    rows = {one["name"]: one for one in json.loads(capsys.readouterr().out)["notebooks"]}
    text = (FOLDER / "00-start-here.ipynb").read_text()
    assert rows["00-start-here"]["gates"] == text.count('gate(\\"') and rows["00-start-here"][
        "exercises"
    ] == text.count('exercise(\\"')
    races = (FOLDER / "04-refcount-races.ipynb").read_text(encoding="utf-8")
    assert f"**About {rows['04-refcount-races']['minutes']} minutes**" in races


def test_one_notebook_is_told_section_by_section(capsys):
    assert main(["lessons", "00"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("section") and "adds up to" in head
    assert len(rows) == (FOLDER / "00-start-here.ipynb").read_text().count("minute)") + (
        FOLDER / "00-start-here.ipynb"
    ).read_text().count("minutes)")
    assert main(["lessons", "00-start-here.ipynb", "--json"]) == 0
    assert [one["title"] for one in json.loads(capsys.readouterr().out)["sections"]] == [
        row.split("  ")[0] for row in rows
    ]


@pytest.mark.parametrize(
    ("given", "way_out"), [("44", "give one of 00 to 10"), ("04-refcount-race", "did you mean 04-refcount-races?")]
)
def test_a_notebook_that_is_not_there_is_said(capsys, given, way_out):
    assert main(["lessons", given]) == 2
    assert way_out in capsys.readouterr().err


def test_what_a_cell_asks_is_read_and_not_searched_for():
    text = 'x = 1\ngate("a", Stepper(run))\nprint(exercise("b", ...))\n"gate(\'c\')"\ngate(name)\ngate()\nm.gate("d")\nanswers("04")'
    assert sorted(calls(text)) == [("answers", "04"), ("exercise", "b"), ("gate", "a")]
    nested = 'display(gate("first"))\ngate("second")\nexercise("third", ...)'
    assert [name for _, name in calls(nested)] == ["first", "second", "third"], "in the order of the text, however deep"
    assert list(calls("gate('a'")) == [] and list(calls("await gate('a')")) == [("gate", "a")]


def test_a_folder_without_notebooks_is_said(tmp_path, monkeypatch, capsys):
    with pytest.raises(InputError, match="the notebooks are not there; run it in a checkout"):
        lessons(tmp_path)
    cell = {"cell_type": "markdown", "source": ["# 00 · A\n", "no minutes"]}
    (tmp_path / "00-a.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert lessons.__wrapped__(tmp_path)[0] == notebooks.Lesson("00-a", "00 · A", 0, (), ())


def test_a_word_is_told_with_its_source(capsys):
    assert main(["words", "page", "pairs"]) == 0
    assert capsys.readouterr().out.startswith(
        "page pair: The two 4 KiB pages that hold the 512 PAMT entries of one region"
    )
    assert main(["words", "HPA"]) == 0
    assert capsys.readouterr().out == "HPA: Host physical address, in bytes.\n", (
        "a source that is ourselves is not told"
    )
    assert main(["words", "tdx-v6"]) == 0
    assert capsys.readouterr().out.startswith("tdx-v6: A source: ")
    assert main(["words"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 100


def test_a_word_that_nobody_explains_is_one_line(capsys):
    assert main(["words", "refcuont"]) == 2
    assert capsys.readouterr().err.strip() == "tdxkit: word refcuont: the glossary does not have it; try refcount"
