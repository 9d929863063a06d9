"""What the small widgets take and refuse at their boundaries, and what a board of long work shows while it is under way."""

import ipywidgets as w

from tdxkit.view.kit import svg
from tdxkit.view.kit.choices import Choices, Copied, Row
from tdxkit.view.kit.files import MANY, MOST, Files
from tdxkit.view.kit.picked import Picked
from tdxkit.view.kit.slider import Slider, numbers
from tdxkit.view.kit.upload import Upload
from tdxkit.view.kit.work import WorkBoard


def test_a_slider_s_values_come_with_their_unit_and_the_nearest_is_taken():
    assert numbers(0, 2) == [("0", 0), ("1", 1), ("2", 2)] and numbers(0, 1, 0.5, "s") == [
        ("0 s", 0),
        ("0.5 s", 0.5),
        ("1 s", 1),
    ]
    assert numbers(1, 10, 4) == [("1", 1), ("5", 5), ("9", 9)]
    slider = Slider(numbers(0, 10, 2), 4, "n")
    assert (slider.index, slider.value, slider.label) == (2, 4, "4")
    for given, value in ((7.1, 8), (-5, 0), (99, 10), (6, 6)):
        slider.value = given
        assert (slider.value, slider.index) == (value, value // 2)
    for given, index in ((-3, 0), (99, 5), (5, 5)):
        slider.index = given
        assert (slider.index, slider.value) == (index, 2 * index)


def test_files_are_taken_up_to_a_hundred_and_only_as_names_with_contents():
    files = Files("Open", ".c", several=True)
    assert (
        f'"most": {MOST}' in files.look
        and '"several": true' in files.look
        and '"several": false' in Files("Open").look
        and str(files) == "Open"
    )
    for count, taken in ((0, 0), (1, 1), (MANY, MANY), (MANY + 1, 0)):
        files.value = ()
        files._heard(files, {"names": ["n" * 400] * count}, [b"x"] * count)
        assert len(files.value) == taken and all(len(file.name) == 300 and file.content == b"x" for file in files.value)
    for odd in ({"names": ["a", "b"]}, {"names": "a"}, {"names": [1]}, {}, None, ["names"]):
        files.value = ()
        files._heard(files, odd, [b"x"])
        assert files.value == ()


def test_a_cell_that_is_picked_is_two_names_of_a_hundred_letters():
    found = []
    picked = Picked("pair", lambda *names: found.append(names))
    for odd in ({"cell": ["a"]}, {"cell": ["a", "b", "c"]}, {"cell": ["a", 1]}, {"cell": "ab"}, {}, None):
        picked._heard(picked, odd, [])
    assert found == [] and picked.plays == "pair"
    picked._heard(picked, {"cell": ["a" * 101, "b"]}, [])
    assert found == [("a" * 100, "b")]


def test_choices_colour_the_cells_that_say_it_and_hide_nothing():
    made = Choices(
        "T\u202e",
        ("a", "b"),
        [Row(("x", "y"), "more", "bad"), Row(("x", "y"), "", "ok", (0, 1)), Row(("x", "y"), at=0)],
    )
    assert (
        '"text": "x", "role": ""}, {"text": "y", "role": "bad"}' in made.data
        and '"text": "x", "role": "ok"}, {"text": "y", "role": "ok"}' in made.data
    )
    assert made.chosen == -1 and "\\u202e" in str(made) and str(made).splitlines()[1].split() == ["a", "b"]
    copied = Copied("the packet", "a\u202eb")
    assert (copied.text, copied.shown, str(copied)) == ("a\u202eb", "a\\u202eb", "a\\u202eb")


class Reading(WorkBoard):
    def under_way(self, done, total):
        return f"{done}/{total}"

    def finished(self, result):
        return str(result), []

    def given_up(self):
        return "stopped", None


def test_a_bar_and_a_button_to_cancel_are_there_only_while_work_is_under_way():
    board, seen = Reading(start=w.Button()), []
    assert (
        board.cancel.disabled
        and board.bar.layout.display == board.cancel.layout.display == "none"
        and (board.bar.min, board.bar.max) == (0, 1)
    )

    def job():
        for k in range(4):
            seen.append((board.bar.layout.display, board.cancel.layout.display, board.cancel.disabled, board.bar.value))
            yield k, 4
        return "done"

    board.work(job())
    assert (
        seen[-1][:3] == ("", "", False)
        and board.bar.layout.display == board.cancel.layout.display == "none"
        and board.cancel.disabled
    )
    assert "done" in board.said.value and board.children[0].children[0].button_style == "primary"


def test_an_upload_says_what_it_reads_and_how_far_it_is():
    def job(source):
        yield 1, 2
        return source

    board = Upload(job, lambda result: [svg.element("p", result)], what="trace")
    assert board.under_way(2048, 4096) == "2 KiB of 4 KiB" and board.under_way(2048, 0) == "2 KiB"
    assert (
        board.paste.placeholder == "… or paste a trace here"
        and "larger than 10 MB" in board.path.placeholder
        and '"Open a trace"' in board.file.look
    )
    assert (
        Upload(job, list, hint="here").paste.placeholder == "here"
        and str(board) == "nothing read yet: open a file, paste, or give a path"
    )
    board.begin("s", "name")
    assert board.result == "s" and "name: " in board.said.value and str(board) == "s"
