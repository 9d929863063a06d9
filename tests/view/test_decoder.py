"""The decoder for notebooks: the table of finds, the questions, the widgets, hostile text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.status.codes import codes
from tdxkit.status.predicates import answers
from tdxkit.view import decoder
from tdxkit.view.decoder import FINDS_SHOWN, LOG_LIMIT, LogDecoder, StatusDecoder, log_table, questions, status_html
from tdxkit.view.kit.svg import element

LOG = "x\nSEAMCALL TDH_MEM_PAGE_AUG failed: 0x8000020000000001\nRAX: 8000030800000001\n"
EVIL = "<img src=x onerror=alert(1)></style><script>alert(1)</script>\x1b[2J\u202e"


def test_a_log_becomes_a_row_for_each_status():
    table = log_table(LOG)
    assert [row[:4] for row in table.rows] == [
        (2, "0x8000020000000001", "TDX_OPERAND_BUSY", "TDH.MEM.PAGE.AUG"),
        (3, "0x8000030800000001", "TDX_MISSING_PAMT_PAGE_PAIR", "—"),
    ]
    assert "2 statuses found" in str(table) and "TDX_OPERAND_BUSY" in table.html()


@pytest.mark.slow
def test_a_long_log_is_cut_and_says_so():
    line = "TDX 0x8000020000000001\n"
    table = log_table(line * (LOG_LIMIT // len(line) + 100))
    assert len(table.rows) == FINDS_SHOWN and "the first" in table.title and "--scan" in table.title


@pytest.mark.slow
@given(st.text() | st.just(EVIL), st.sampled_from(["", "TDH.VP.ENTER", EVIL]))
def test_hostile_text_stays_text(text, leaf):
    board = StatusDecoder()
    board.value.value = text
    said = [board.said.value, *(part.value for part in board.shown.children)]
    try:
        said.append(status_html(text, leaf))
    except InputError as error:
        said.append(element("p", str(error)))
    for markup in (*said, log_table(f"TDX {text} 0x8000020000000001").html()):
        markup = re.sub(r'<img src="data:image/svg\+xml;base64,[A-Za-z0-9+/=]+"', "", markup)  # a drawing of ours
        assert "<script" not in markup and "<img" not in markup and "\x1b" not in markup and "\u202e" not in markup


def test_the_questions_mark_exactly_where_the_forms_part():
    page_fault = questions(0x8000FF000000000E)
    assert [page_fault.rows[i][0] for i in page_fault.marked] == ["UD"]
    assert "> UD" in str(page_fault) and 'class="tdx-marked"' in page_fault.html()
    assert not questions(codes()["TDX_OPERAND_BUSY"]).marked and "> " not in str(questions(0))


def test_questions_that_every_form_denies_share_a_row():
    made = questions(0x8000FF000000000E)
    asked = answers(0x8000FF000000000E)
    some = [question for question, given in asked.items() if any(a.says for a in given)]
    assert [row[0] for row in made.rows] == [*some, f"the other {len(asked) - len(some)}, where asked"]
    assert made.rows[-1][1:] == ("no",) * 4


def test_the_widgets_follow_what_is_typed():
    board = StatusDecoder()
    (shown,) = board.shown.children
    assert "TDX_MISSING_PAMT_PAGE_PAIR" in shown.value
    board.value.value, board.leaf.value = "TDX_OPERAND_BUSY|RCX", "TDH.MEM.TRACK"
    assert "kick and retry once" in shown.value
    board.value.value = EVIL
    assert "a status is 0x" in board.said.value and "<script" not in board.said.value
    assert "kick and retry once" in shown.value  # the last that was one
    board.value.value = "TDX_SUCCESS"
    assert board.said.value == "" and "TDX_SUCCESS" in shown.value
    logs = LogDecoder()
    assert "0 statuses" in logs.shown.children[0].value
    logs.area.value = LOG
    assert "2 statuses" in logs.shown.children[0].value and "2 statuses" in str(logs)


def test_ten_statuses_leave_no_widget_behind(live_widgets):
    board = StatusDecoder()
    before = len(live_widgets())
    for k in range(10):
        board.value.value = "nonsense" if k == 7 else f"{0x8000020000000001 + k:#x}"
    assert len(live_widgets()) == before and len(board.shown.children) == 1


@pytest.mark.parametrize("name", ["TDX_SUCCESS", "TDX_NON_RECOVERABLE_TD", "TDX_MISSING_PAMT_PAGE_PAIR"])
def test_a_note_and_the_kernel_stand_under_the_picture(name):
    assert "<svg" in status_html(name) and "Linux" in status_html(name)


def test_a_status_is_told_in_words_too_and_for_the_leaf_that_returned_it():
    board = StatusDecoder()
    lines = str(board).splitlines()
    assert lines[0] == "0x8000030800000001  TDX_MISSING_PAMT_PAGE_PAIR" and lines[-1].startswith(
        "Linux depends on the leaf"
    )
    board.leaf.value = board.leaf.options[1][1]
    assert str(board).splitlines()[0] == lines[0] and "depends on the leaf" not in str(board)
    board.value.value = "nonsense"
    assert str(board).startswith("! ") and "nonsense" in str(board)


@pytest.mark.parametrize("finds, said", [(2, "2 statuses found"), (3, "3 statuses found, the first 2 shown")])
def test_of_many_statuses_the_first_are_shown(finds, said, monkeypatch):
    monkeypatch.setattr(decoder, "FINDS_SHOWN", 2)
    made = log_table("TDX 0x8000020000000001\n" * finds)
    assert made.title == said and len(made.rows) == 2


@pytest.mark.parametrize("more, cut", [(0, False), (1, True)])
def test_a_log_is_read_up_to_its_limit(more, cut, monkeypatch):
    line = "TDX 0x8000020000000001"
    monkeypatch.setattr(decoder, "LOG_LIMIT", len(line))
    made = log_table(line + " " * more)
    assert ("in the first 22 characters; for all of it: python -m tdxkit decode --scan FILE" in made.title) == cut
    assert len(made.rows) == 1
