"""A board says and shows what update() gives, closes what it replaces, and keeps what it had when update() fails."""

import gc

import ipywidgets as w
import pytest

from tdxkit.errors import InputError
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.heard import Heard
from tdxkit.view.kit.svg import Markup, element, esc, framed
from tdxkit.view.kit.verdict import STALE, verdict
from tdxkit.view.stepper import Stepper


def shown(k: int) -> str:
    """The k-th thing as a page gets it."""
    return str(framed(element("p", k)))


class Counting(Board):
    """As many things as its number says; 13 is refused, 14 is a mistake of the author's."""

    def __init__(self, build):
        self.number, self.other, self.build, self.updates = w.IntText(1), w.IntText(0), build, 0
        super().__init__([self.number, self.other])
        self.watch(self.number, self.other)

    def update(self):
        self.updates += 1
        if self.number.value == 13:
            raise InputError("13 <b>", "it brings bad luck", "take another number")
        if self.number.value == 14:
            raise ZeroDivisionError
        self.other.value = -self.number.value
        return f"{self.number.value} <b> things", [self.build(k) for k in range(self.number.value)]


def nested(_k):
    return w.VBox([w.HBox([w.HTML("x"), w.IntSlider()]), w.Accordion([w.VBox([w.Button()])])])


@pytest.mark.parametrize("build", [nested, lambda k: element("p", k), lambda _: w.HTML("own")])
def test_nothing_that_was_shown_before_lives_on(build, live_widgets):
    board = Counting(build)
    before = len(live_widgets())
    for number in [2, 3, 0, 5, 1, 4, 2, 6, 3, 1]:
        board.number.value = number
        assert len(board.shown.children) == number
    assert len(live_widgets()) == before


def test_a_stepper_is_closed_and_the_next_one_lives(make_run, live_widgets):
    board = Counting(lambda k: w.VBox([Stepper(make_run("01"))]))
    before = len(live_widgets()), len(live_widgets(Stepper))
    for k in range(10):
        board.number.value = k
    board.number.value = 1
    assert (len(live_widgets()), len(live_widgets(Stepper))) == before
    assert board.shown.children[0].children[0].comm is not None


def test_what_is_shown_again_or_belongs_to_the_board_is_not_closed(live_widgets):
    kept, layout = w.HTML("kept"), w.Layout()
    board = Counting(lambda k: w.VBox([kept], layout=layout) if k == 0 else w.HTML("x"))
    for number in (2, 3, 1):
        board.number.value = number
        assert kept.comm and kept.layout.comm and layout.comm and board.number.comm
    board.show([w.Label("x", layout=board.children[0].layout)])
    board.show([])
    assert board.children[0].layout.comm and not kept.comm


def test_markup_changes_in_place():
    board = Counting(lambda k: element("p", k))
    (first,) = board.shown.children
    board.number.value = 2
    assert board.shown.children[0] is first and [c.value for c in board.shown.children] == [shown(0), shown(1)]


def test_a_refusal_is_one_line_and_what_was_shown_stays():
    board = Counting(lambda k: element("p", k))
    board.number.value = 3
    children = board.shown.children
    board.number.value = 13
    assert 'role="alert"><b>!</b><span>13 &lt;b&gt;: it brings bad luck; take another number</span>' in board.said.value
    assert STALE in board.shown._dom_classes, "it is older, and looks it"
    assert board.shown.children == children and [c.value for c in children] == [shown(0), shown(1), shown(2)]
    board.number.value = 2
    assert (
        board.said.value == str(framed(element("p", "2 <b> things", role="status"))) and len(board.shown.children) == 2
    )
    assert STALE not in board.shown._dom_classes


def test_a_mistake_is_not_hidden_and_the_board_works_on():
    board = Counting(lambda k: element("p", k))
    with pytest.raises(ZeroDivisionError):
        board.number.value = 14
    board.number.value = 2
    assert len(board.shown.children) == 2


def test_a_change_that_update_makes_is_no_second_update():
    board = Counting(lambda k: element("p", k))
    assert board.updates == 1 and board.other.value == -1
    board.number.value = 5
    assert board.updates == 2 and board.other.value == -5
    board.other.value = 7  # the reader's own change
    assert board.updates == 3 and board.other.value == -5


def test_said_may_stand_in_a_row_and_take_markup():
    said, start = w.HTML(), w.Button()
    board = Board([start, said], said=said)
    board.say("<script>")
    assert board.children[0].children == (start, said) and said not in board.children
    assert said.value == str(framed(element("span", "<script>", role="status")))
    board.say(esc("a < b"))
    assert said.value == str(framed(esc("a < b"))) and isinstance(esc("a"), Markup)


def test_a_board_in_a_board_is_closed_with_all_it_shows(make_run, live_widgets):
    gc.collect()
    outer = Board()
    before = len(live_widgets())
    outer.show([Counting(lambda k: Stepper(make_run("01")))])
    assert len(live_widgets()) > before
    outer.show([])
    assert len(live_widgets()) == before


def test_where_nothing_is_shown_nothing_is_older():
    board = Counting(lambda k: element("p", k))
    board.number.value = 0
    board.number.value = 13
    assert STALE not in board.shown._dom_classes and 'role="alert"' in board.said.value


def test_a_board_answers_its_line_and_nothing_else():
    heard = Heard()
    heard.send = (sent := []).append
    for message in ({"asked": 3}, {"asked": "3"}, {}, "asked", None):
        heard._told(heard, message, [])
    assert sent == [{"heard": 3}] and str(heard) == ""
    assert sum(isinstance(child, Heard) for child in Board(w.Button()).children) == 1


class Asking(Counting):
    """Asks for four things."""

    question = "How many legs <b>?"

    def answer(self):
        return "four & no more" if self.number.value == 4 else ""


def test_a_question_is_answered_by_the_controls_and_stays_answered():
    board = Asking(nested)
    assert (board.found, board.asked_text) == ("", "Find: How many legs <b>?")
    assert "Found" not in str(board.static()) + board.asked.value
    board.number.value = 13  # refused: nothing of it answers
    assert board.found == ""
    board.number.value = 4
    board.number.value = 5
    assert board.asked_text == "Find: How many legs <b>?\n✓ Found: four & no more"
    for page in (board.asked.value, str(board.static())):
        assert "How many legs &lt;b&gt;?" in page and "✓ Found: four &amp; no more" in page
    assert board.asked in board.children


def test_a_board_without_a_question_has_no_line_for_one():
    board = Counting(nested)
    assert board.asked is None and "Find:" not in str(board.static())


@pytest.mark.parametrize(
    "what, role, words",
    [
        ("a <b>", "status", "a <b>"),
        (element("b", "x"), "status", ""),
        (verdict("ok", "it holds", note="n"), "status", "✓ ok: it holds\nn"),
        (InputError("x", "is none", "take y"), "alert", "! x: is none; take y"),
        ("", "status", ""),
    ],
)
def test_what_is_said_is_kept_in_words_and_what_went_wrong_has_a_line_of_its_own(what, role, words):
    board = Board(w.IntText(1))
    board.say("before", "alert")
    board.say(what, role)
    assert board.words == words and board.said.layout.flex == ("1 1 100%" if role == "alert" else None)
    assert str(board) == words and not board.found
