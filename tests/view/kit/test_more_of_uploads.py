"""Files, pastes and paths: what a page sends is heard, each way of reading leads to the reader, and what cannot be read is said."""

import json

import ipywidgets as w
import pytest

from tdxkit.view.kit import upload
from tdxkit.view.kit.choices import Choices, Row
from tdxkit.view.kit.files import File, Files
from tdxkit.view.kit.heard import Heard
from tdxkit.view.kit.picked import Picked
from tdxkit.view.kit.slider import numbers
from tdxkit.view.kit.svg import element
from tdxkit.view.kit.upload import Upload
from tdxkit.view.kit.work import WorkBoard


@pytest.fixture
def board():
    """An upload that keeps what it was given to read."""
    made, read = None, []

    def job(source):
        read.append(source)
        yield 2048, 4096
        return len(read)

    made = Upload(job, lambda result: [element("p", f"shown {result}")])
    return made, read


def test_a_file_that_is_opened_is_read_and_may_be_opened_again(board):
    made, read = board
    made.path.value = ""
    for k in (1, 2):
        made.file.value = (File("a.mbox", b"abc"), File("other", b"x"))
        assert read == [b"abc"] * k and made.file.value == () and made.result == k
    assert "a.mbox: 4 KiB read" in made.said.value and "shown 2" in made.shown.children[0].value


def test_a_path_is_read_where_it_leads_to_a_file_and_forgotten_where_something_else_is_read(board, tmp_path):
    made, read = board
    file = tmp_path / "trace.txt"
    file.write_text("x", encoding="utf-8")
    made.path.value = str(file)
    assert read == [file] and ": 4 KiB read" not in made.said.value and "4 KiB read" in made.said.value
    made.file.value = (File("a", b"abc"),)
    assert made.path.value == "" and read == [file, b"abc"]
    made.path.value = str(file)
    made.paste.value = "pasted"
    made.read.click()
    assert made.path.value == "" and read[2:] == [file, b"pasted"]


def test_a_path_to_no_file_is_refused_and_one_to_nothing_is_left_to_who_reads(board, tmp_path):
    made, read = board
    made.path.value = str(tmp_path)
    assert read == [] and 'role="alert"' in made.said.value and "it is no file; give the path of a file" in made.words
    made.path.value = str(tmp_path / "nothing")
    assert read == [tmp_path / "nothing"]


@pytest.mark.parametrize("nothing", ["", " \n"])
def test_an_empty_paste_is_refused(board, nothing):
    made, read = board
    made.paste.value = nothing
    made.read.click()
    assert read == [] and made.words == "! the box: there is nothing in it; paste into it, open a file, or give a path"


def test_of_a_paste_five_million_letters_are_read(board, monkeypatch):
    made, read = board
    monkeypatch.setattr(upload, "pasted", lambda text, limit: (text, limit))
    made.paste.value = "abc"
    made.read.click()
    assert read == [("abc", 5_000_000)] and upload.SERVER_LIMIT == "10 MB"


@pytest.mark.parametrize("letters, cut", [(80, False), (81, True)])
def test_the_name_of_a_file_is_said_up_to_eighty_letters(board, letters, cut):
    made, _ = board
    made.begin(b"", "n" * letters)
    assert made.words == f"{'n' * 80}{'…' * cut}: 4 KiB read"


def test_what_has_no_name_is_said_without_one(board):
    made, _ = board
    made.begin(b"")
    assert made.words == "4 KiB read"


def test_a_reading_that_is_cancelled_says_where_it_was(board):
    made, _ = board
    made.at = (2048, 4096)
    assert made.given_up() == ("cancelled at 2 KiB; what was shown stays", None)


def test_a_path_is_read_when_it_is_left_and_not_letter_by_letter(board):
    made, _ = board
    assert made.path.continuous_update is False
    assert made._rows[0].children == (made.file, made.path) and made._rows[1] is made.paste
    assert made.read in made._rows[2].children and made.read.description == "Read the paste"


def test_the_button_tells_the_page_how_much_jupyter_takes_and_takes_a_hundred_files():
    files = Files("Ouvrir été", ".txt")
    assert json.loads(files.look) == {"words": "Ouvrir été", "accept": ".txt", "several": False, "most": 10_000_000}
    assert "été" in files.look, "letters travel as they are"
    for count, taken in ((100, 100), (101, 0)):
        files.value = ()
        files._handle_custom_msg({"names": ["n"] * count}, [b""] * count)
        assert len(files.value) == taken


def test_what_a_page_sends_is_heard():
    files = Files("Open")
    files._handle_custom_msg({"names": ["a"]}, [memoryview(b"1")])
    assert files.value == (File("a", b"1"),)
    heard, sent = Heard(), []
    heard.send = sent.append
    heard._handle_custom_msg({"asked": 4}, [])
    assert sent == [{"heard": 4}]
    found = []
    picked = Picked("pair", lambda row, column: found.append((row, column)))
    picked._handle_custom_msg({"cell": ["a", "b"]}, [])
    assert found == [("a", "b")]


def test_choices_say_what_is_behind_a_button_and_letters_travel_as_they_are():
    made = Choices("Τίτλος", ("a",), [Row(("é\u202e",), "1/2"), Row(("x",))], chosen=1)
    data = json.loads(made.data)
    assert [row["more"] for row in data["rows"]] == ["1/2", ""] and data["header"] == ["a"] and made.chosen == 1
    assert data["rows"][0]["cells"] == [{"text": "é\\u202e", "role": ""}] and '"title": "Τίτλος"' in made.data


def test_a_slider_s_values_have_six_digits_after_the_point():
    assert numbers(0, 1, 1 / 3) == [("0", 0), ("0.333333", 0.333333), ("0.666667", 0.666667), ("1", 1.0)]
    assert numbers(2, 3, 0.5) == [("2", 2.0), ("2.5", 2.5), ("3", 3.0)]


class Plain(WorkBoard):
    """Says how far it is; only its start is looked at here."""


@pytest.mark.parametrize("start", [None, w.Button(description="Go")])
def test_the_row_of_long_work_has_its_start_where_it_has_one(start):
    board = Plain(start=start)
    row = board._rows[-1].children
    assert row == (*([start] if start else []), board.cancel, board.bar, board.said)
    assert start is None or start.button_style == "primary"
