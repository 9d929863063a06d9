"""A button is judged with what the reader sees in the fields, also where the kernel hears of it before the letters."""

import ipywidgets as w
import pytest

from tdxkit.lessons.exercises import exercises
from tdxkit.view.editor import CodeBox
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.upload import Upload
from tdxkit.view.series_board import review_series
from tdxkit.view.tasks import BoxBoard, Task
from tdxkit.view.write_board import write_own


class Page:
    """The one page that shows a board: what its kernel asks of it, and the page's answer."""

    def __init__(self, board):
        self.heard, self.asked, self.told = board._heard, [], []
        self.heard.send = self.asked.append
        self.says({"here": True})

    def says(self, message):
        self.heard._handle_custom_msg(message, [])

    def answers(self, values):
        """Answers the last question: {widget: what stands in it}."""
        self.says({"typed": {one.model_id: value for one, value in values.items()}})


class Kept(Board):
    """A board with one of each field."""

    def __init__(self):
        self.line, self.lines, self.code, self.list = w.Text("a"), w.Textarea("b"), CodeBox("c"), w.Dropdown(options="xy")  # fmt: skip
        super().__init__([self.line, w.HBox([self.lines])], self.code, self.list)

    @property
    def stands(self):
        return self.line.value, self.lines.value, self.code.text


@pytest.fixture
def board():
    return Kept()


def test_where_no_page_shows_it_it_is_done_at_once(board):
    done = []
    board._heard.send = None  # nothing is asked
    board.settled(lambda: done.append(board.stands))
    assert done == [("a", "b", "c")]


def test_the_page_is_asked_for_each_field_and_its_answer_stands_there_first(board):
    page, done = Page(board), []
    board.settled(lambda: done.append(board.stands))
    assert done == [] and len(page.asked) == 1
    fields = {board.line: "value", board.lines: "value", board.code: "text"}
    assert sorted(page.asked[0]["typed"]) == sorted([one.model_id, trait] for one, trait in fields.items())
    page.answers({board.line: "A", board.lines: "B", board.code: "C", board.list: "y"})
    assert done == [("A", "B", "C")] and board.list.value == "x"
    page.answers({board.line: "another page's"})
    assert len(done) == 1 and board.line.value == "A", "it is answered once"


def test_what_a_page_has_is_not_sent_back_to_it(board):
    page, sent = Page(board), []
    for one in (board.line, board.code):
        one._send = lambda message, **_: sent.append(message)
    board.settled(list)
    page.answers({board.line: "A", board.code: "C"})
    assert not any(message["method"] == "update" for message in sent), sent
    board.line.value = "from the kernel"
    assert [message["state"] for message in sent] == [{"value": "from the kernel"}]


def test_only_what_is_there_now_is_asked_for(board):
    page = Page(board)
    board.settled(list)
    page.answers({})
    board._rows = [board.code]
    board.settled(list)
    assert page.asked[-1] == {"typed": [[board.code.model_id, "text"]]}, "no page knows a field that is closed"


@pytest.mark.parametrize("odd", [None, 1, ["A"], {}])
def test_what_is_no_text_leaves_the_field_as_it_is(board, odd):
    page, done = Page(board), []
    board.settled(lambda: done.append(board.stands))
    page.says({"typed": "all"})
    assert done == []
    page.answers({board.line: odd, board.lines: "B"})
    assert done == [("a", "B", "c")]


def test_the_last_press_is_answered_and_a_page_that_is_gone_is_not_asked(board):
    page, done = Page(board), []
    board.settled(lambda: done.append("first"))
    board.settled(lambda: done.append("second"))
    page.answers({})
    page.says({"here": False})
    board.settled(lambda: done.append("third"))
    assert done == ["second", "third"] and len(page.asked) == 2


def _press(board, icon):
    """Presses the button with this icon."""
    found = [one for row in board.children for one in getattr(row, "children", ()) if getattr(one, "icon", "") == icon]
    found[0].click()


def test_mails_are_judged_as_they_are_seen():
    board = review_series()
    page = Page(board)
    _press(board, "gavel")
    assert "nothing in it" not in board.said.value
    page.answers({board.mails: "what is this"})
    assert "there is no mail in it" in board.said.value


def test_the_text_of_a_box_is_judged_as_it_is_seen_and_what_each_cpu_runs():
    board = write_own("int n;\nvoid one(void)\n{\n\tn++;\n}\n", run="one();")
    page = Page(board)
    _press(board, "gavel")
    page.answers({board.code: "int n;\nvoid two(void)\n{\n\tn++;\n\tWARN_ON(n > 1);\n}\n", board.run: "two();"})
    assert board.opinion.verdict == "violation"


def test_a_paste_is_read_as_it_is_seen():
    def job(source):
        return bytes(source)
        yield

    board = Upload(job, lambda found: [])
    page = Page(board)
    _press(board, "play")
    assert board.result is None
    page.answers({board.paste: "of the page"})
    assert board.result == b"of the page"


def test_an_answer_is_checked_as_it_is_seen(monkeypatch):
    board, judged = BoxBoard(Task(next(one for one in exercises() if one.box))), []
    monkeypatch.setattr(board, "judge", judged.append)
    page = Page(board)
    _press(board, "gavel")
    assert judged == []
    page.answers({board.code: "what is seen"})
    assert judged == ["what is seen"]
