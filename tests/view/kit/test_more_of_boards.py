"""What a board is made of, and what it says and shows beyond words: its classes, its kernel, charts, what long work finds."""

import ipywidgets as w
import pytest

from tdxkit.view.kit import charts, live
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.heard import LIVE, SHOWN, Heard
from tdxkit.view.kit.svg import element
from tdxkit.view.kit.tables import table
from tdxkit.view.kit.verdict import asked
from tdxkit.view.kit.work import WorkBoard

VIEW = "application/vnd.jupyter.widget-view+json"
CHART = charts.lines("T", "x", "y", {"s": [(0, 1), (1, 2)]})


class Stepped(w.HTML):
    """What can be stepped, and stands at its third step."""

    position = 3


class Work(WorkBoard):
    """Counts, and looks for the number three."""

    question = "What comes after two?"

    def under_way(self, done, total):
        return f"{done} of {total}"

    def finished(self, result):
        self.result = result
        return f"counted {result}", []

    def given_up(self):
        return "stopped", None

    def answer(self):
        return "three" if getattr(self, "result", 0) == 3 else ""


@pytest.fixture
def sent(monkeypatch):
    """What a notebook is given to show, each with whether it is a bundle as it stands."""
    found = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw=False: found.append((bundle, raw)))
    return found


def test_a_page_s_script_finds_a_board_and_what_is_shown_in_it_by_their_classes():
    board = Board(w.IntText(1))
    assert LIVE in board._dom_classes and SHOWN in board.shown._dom_classes
    assert LIVE not in board.shown._dom_classes


def test_a_board_that_has_said_and_shown_nothing_has_no_words():
    assert str(Board(w.IntText(1))) == ""


def test_the_words_of_a_board_are_those_of_what_it_shows_but_of_markup():
    board = Board()
    board.say("said")
    board.show([element("p", "markup"), table(("a",), [("one",)]), CHART])
    assert str(board) == "\n".join(["said", str(table(("a",), [("one",)])), str(CHART)])


def test_in_a_notebook_a_board_has_a_still_form_before_the_widget_that_needs_the_kernel(sent):
    board = Board(w.IntText(7, description="number"))
    board.say("seven")
    board._ipython_display_()
    (beside, raw), (view, view_raw) = sent
    assert raw is view_raw is True
    assert (
        "tdx-beside" in beside["text/html"] and "number: 7" in beside["text/html"] and beside["text/plain"] == "seven"
    )
    assert view[VIEW]["model_id"] == board.model_id and view["text/plain"] == ""


def test_a_chart_in_a_board_is_an_output_of_its_figure_and_its_table():
    board = Board()
    board.show([CHART, table(("a",), [("one",)])])
    figure, words = board.shown.children
    assert isinstance(figure, w.Output) and [out["output_type"] for out in figure.outputs] == ["display_data"] * 2
    assert [out["data"] for out in figure.outputs] == list(CHART.outputs())
    assert isinstance(words, w.HTML) and ">one<" in words.value


def test_where_the_reader_stands_is_the_place_in_what_can_be_stepped():
    board = Board()
    board.show([element("p", 1), Stepped("x")])
    assert board.reached == 3
    board.show([])
    assert board.reached == 0


def test_the_static_form_of_a_board_has_its_controls_its_words_and_what_it_shows_in_this_order():
    board = Board([w.IntText(5, description="five"), w.Button(description="go")])
    board.say("words")
    board.show([element("p", "picture")])
    page = str(board.static())
    assert page.index("five: 5") < page.index("words") < page.index("picture") and "go" not in page
    assert 'class="tdx tdx-board ' in page


def test_a_view_is_shown_by_its_static_form_before_any_other(sent):
    class Both:
        static = lambda self: element("p", "static")  # noqa: E731
        html = lambda self: element("p", "whole page")  # noqa: E731

    assert live.static(Both()) == "<p>static</p>"
    assert live.static(table(("a",), [("one",)])) == table(("a",), [("one",)]).html()
    assert live.static(element("p", "x")) == "<p>x</p>"


@pytest.mark.parametrize("listener", [w.HTML, Board, Heard])
def test_what_listens_to_a_page_stands_beside_it_and_is_shown_to_the_kernel(listener, sent):
    made = listener()
    live.display_heard(CHART, made)
    (page, raw), (view, view_raw) = sent
    assert "tdx-listened" in page["text/html"] and "<svg" in page["text/html"] and page["text/plain"] == str(CHART)
    assert view[VIEW]["model_id"] == made.model_id and view["text/plain"] == "" and raw is view_raw is True


def test_long_work_answers_the_question_with_what_it_came_to():
    board = Work()
    assert (board.found, board.at) == ("", (0, 0))
    for end, found in ((2, ""), (3, "three"), (1, "three")):
        board.work(count(end))
        assert board.found == found and board.asked.value == str(asked(board.question, found))


def count(end, total=None):
    for k in range(end):
        yield k + 1, end if total is None else total
    return end


def test_the_bar_begins_empty_with_each_work_and_is_full_at_its_end():
    board, seen = Work(), []
    board.work(count(1))
    assert board.bar.value == 1

    def job():
        seen.append((board.bar.value, board.at))
        yield 1, 2
        return 4

    board.work(job())
    assert seen == [(0, (0, 0))] and board.bar.value == 1


@pytest.mark.parametrize("done, total, share", [(1, 4, 0.25), (3, 4, 0.75), (4, 4, 1), (1, 0, 0)])
def test_the_bar_shows_the_share_that_is_done_where_it_is_known(done, total, share):
    board = Work()
    board._tick(done, total)
    assert board.bar.value == share and board.at == (done, total) and board.words == f"{done} of {total}"


def test_the_question_is_asked_with_a_line_for_what_was_found_only_once_it_was():
    before, after = asked("How many?"), asked("How many?", "two")
    assert "<br>" not in before and "<em>" not in before and "<b>Find: </b>How many?" in before
    assert "<b>Find: </b>How many?<br></br><em>✓ Found: two</em>" in after
