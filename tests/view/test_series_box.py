"""The box of a series before anything is judged: what it takes and refuses, at its exact limits, and what is said meanwhile."""

from types import SimpleNamespace

import pytest

from tdxkit.review.lens import lens
from tdxkit.review.reviewed import Beside
from tdxkit.view import series_board
from tdxkit.view.kit.files import File
from tdxkit.view.series_board import review_series


@pytest.fixture
def box(monkeypatch):
    """An empty one that only says what it would judge."""
    board = review_series()
    monkeypatch.setattr(series_board, "reviewed_job", lambda *given: given)
    board.asked = []
    monkeypatch.setattr(board, "soon", board.asked.append)
    return board


def test_what_is_pasted_is_heard_letter_by_letter_as_the_click_comes_before_a_box_is_left(box):
    assert box.mails.continuous_update and box.base.continuous_update


def test_its_button_judges_what_is_in_the_box(box):
    box.mails.value = "m"
    controls = [one for row in box.children for one in getattr(row, "children", ())]
    next(one for one in controls if getattr(one, "description", "") == "Judge the series").click()
    assert [given[0] for given in box.asked] == [b"m"]


def test_a_long_blank_paste_is_nothing(box, monkeypatch):
    monkeypatch.setattr(series_board, "PASTE_LIMIT", 5)
    box.mails.value = " " * 6
    box.judge()
    assert "the box: there is nothing in it" in box.said.value


def test_an_empty_box_has_no_base_open_and_sequential_memory(box):
    assert (box.get.value, box.put.value, box.run.value, box.stubs.value, box.memory.value) == ("", "", "", "", "sc")
    assert [row.selected_index for row in box.children if hasattr(row, "selected_index")] == [None]
    told = review_series(base="==> a.c <==\nint a;\n", waits=True)
    assert [row.selected_index for row in told.children if hasattr(row, "selected_index")] == [0]


def test_a_file_that_is_opened_takes_the_place_of_the_paste_and_a_paste_that_of_the_file(box):
    box.mails.value = "pasted"
    box.file.value = (File("a <b>.mbox", b"x" * 2048),)
    assert (box.mails.value, box.file.value) == ("", ()) and "opened: a &lt;b&gt;.mbox, 2 KiB" in box.opened.value
    assert box.asked[-1][0] == b"x" * 2048
    box.mails.value = " \n"
    assert "opened: " in box.opened.value and box._source() == b"x" * 2048
    box.mails.value = "another"
    assert box.opened.value == "" and box._source() == b"another"


@pytest.mark.parametrize("letters, taken", [(5, True), (6, False)])
def test_a_paste_has_a_limit(box, letters, taken, monkeypatch):
    monkeypatch.setattr(series_board, "PASTE_LIMIT", 5)
    box.mails.value = "m" * letters
    box.judge()
    assert (
        len(box.asked) == taken
        and ("the box: it takes 5 characters; save the mails as a file" in box.said.value) != taken
    )


@pytest.mark.parametrize("size, taken", [(3, True), (4, False)])
def test_a_file_before_the_series_has_a_limit(box, size, taken, monkeypatch):
    monkeypatch.setattr(series_board, "MOST_BASE", 3)
    box.files.value = (File("a.c", b"i" * size), File("b.c", b"i"))
    assert (box._files == {"a.c": "i" * size, "b.c": "i"}) == taken and box.files.value == ()
    assert ("files before the series: a.c, b.c; Judge the series" in box.said.value) == taken
    assert ("a.c: a file of C has at most 3 B;" in box.said.value) != taken


@pytest.mark.parametrize(
    "get, put, run, judged",
    [("g", "", "", 0), ("", "p", " ", 0), ("g", "p", "", 1), ("g", "", "f();", 1), ("", "", "", 1)],
)
def test_a_get_needs_its_put_unless_it_is_said_what_the_cpus_run(box, get, put, run, judged):
    box.mails.value, box.get.value, box.put.value, box.run.value = "m", get, put, run
    box.judge()
    assert len(box.asked) == judged and ("one of them is empty; name both, or none" in box.said.value) == (not judged)


def test_how_far_it_is_and_that_it_was_cancelled_is_said(box):
    assert (box.under_way(1234, 50_000), box.under_way(1234, 0)) == ("1,234 of 50,000 at most", "1,234")
    assert box.given_up() == ("cancelled: no verdict; what is shown is older", None)


@pytest.mark.parametrize(
    "name, written", [("a.c", "a.c"), ("-a.c", "./-a.c"), ("a-b.c", "a-b.c"), ("a\u202e.c", "thread.mbox")]
)
def test_a_file_s_name_in_a_command_is_no_option_and_hides_nothing(name, written):
    assert series_board._plain(name) == written


def test_one_table_has_one_chosen_row(box, monkeypatch):
    tables = box._tables = [SimpleNamespace(chosen=k) for k in (0, 1, 2)]
    box.reviewed = SimpleNamespace(found=[SimpleNamespace(patches=["a", "b"])] * 3)
    seen = []
    monkeypatch.setattr(box, "_seen", lambda each, one: seen.append(one) or SimpleNamespace(one=one))
    monkeypatch.setattr(box, "_views", list)
    for row in (-1, 1, 1):
        box._chosen(1, row)
    assert seen == ["b"], "not for none, and once"
    assert [one.chosen for one in tables] == [-1, 1, -1]


def text(views):
    return "".join(view.html() if hasattr(view, "html") else str(view) for view in views)


def test_two_versions_are_held_against_each_other_or_it_is_said_why_not():
    (why,) = series_board._beside(Beside("v1", "v2", why="v1 has no put"))
    assert "! v1 has no put" in why and "v1 and v2, as they stand after their last patches" in why
    seen = lens(["v2", "v6"])
    with_rows, without = (series_board._beside(Beside("v1", "v2", seen, rows)) for rows in (("- a", "+ b"), ()))
    assert len(with_rows) == len(without) + 1 and "- a\n+ b" in text(with_rows[-1:])
    assert "Held against each other on" in text(without) and "What a round costs" in text(without)
    alone = series_board._beside(Beside("v1", "v2", SimpleNamespace(partings=(), schedule="s", paired=False, costs=())))
    assert "What a round costs" not in text(alone)
