"""A sentence that is wrong: the text in which a reader says so."""

import json
from hashlib import sha256

import pytest

import tdxkit
from tdxkit.errors import InputError
from tdxkit.lessons import notebooks
from tdxkit.lessons.mistakes import FIRST_WORDS, note_on
from tdxkit.lessons.notebooks import lesson_of
from tdxkit.view import static, this_is_wrong

CELLS = (
    ("markdown", "title", "# 00 · Title\n\n**About 5 minutes.** A hook."),
    ("code", "tools", "import a"),
    (
        "markdown",
        "first",
        "## First (2 minutes)\nText.\n## Second (1 minute)\nMore text <b>{mark}</b>. <!-- source: own -->",
    ),
    ("code", "run", "x" * 200),
)


@pytest.fixture
def note(tmp_path, monkeypatch):
    cells = [{"cell_type": kind, "id": id, "source": text, "metadata": {}} for kind, id, text in CELLS]
    (tmp_path / "00-title.ipynb").write_text(json.dumps({"cells": cells}))
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    return note_on(notebooks._lesson(tmp_path / "00-title.ipynb"))


def test_each_cell_can_be_named_with_the_section_that_it_begins_in(note):
    assert [(one.cell, one.section) for one in note.places] == [
        ("title", "00 · Title"), ("tools", "00 · Title"), ("first", "First (2 minutes)"), ("run", "Second (1 minute)"),
    ]  # fmt: skip
    assert note.places[0].begins == "00 · Title About 5 minutes. A hook."
    assert "source" not in note.places[2].begins and len(note.places[3].begins) <= FIRST_WORDS + 2


def test_the_mail_names_version_notebook_cell_and_the_text_that_was_read(note):
    text = note.text("first", "  Text \n here. ", " v2:2x1:37b4 A10 ")
    assert text.startswith(f"Subject: tdxkit {tdxkit.__version__}, notebook 00, cell first: this sentence is wrong\n")
    assert "\n> Text here.\n" in text and "\nv2:2x1:37b4 A10\n" in text
    assert f"cell first, its text begins with SHA-256 {sha256(CELLS[2][2].encode()).hexdigest()[:8]}\n" in text
    assert '00 · Title, section "First (2 minutes)"' in text


def test_what_a_reader_writes_is_not_filled_in_again(note):
    assert "> {mark} {section}\n" in note.text("run", "{mark} {section}")


def test_an_unknown_cell_is_said(note):
    with pytest.raises(InputError, match="cell nowhere: notebook 00 has none of that name; take one of its list"):
        note.text("nowhere")


def test_every_cell_of_a_notebook_is_in_the_form_and_its_text_is_escaped():
    page, note = str(static(this_is_wrong("04"))), note_on(lesson_of("04"))
    assert page.count("<option ") == len(note.places) == len(lesson_of("04").read()["cells"])
    assert "<b>" not in page.partition("<select>")[2].partition("</select>")[0]


def test_the_text_twin_is_the_text_with_its_holes():
    assert str(this_is_wrong("04")) == note_on(lesson_of("04")).text("title")
