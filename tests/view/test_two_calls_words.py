"""What the board of two calls says: who can hear BUSY, what is answered to its question, how far it is, which cells cannot be played."""

from types import SimpleNamespace

import pytest

from tdxkit.seam.meeting import CPUS
from tdxkit.seam.two_calls import WHERE
from tdxkit.seam.versions import LATEST
from tdxkit.view.two_calls_board import TwoCallsBoard, bar

BUSY = "TDX_OPERAND_BUSY|RCX"


def end(first, second, *busy, path=(1, 2)):
    return SimpleNamespace(answers=(first, second), busy=busy, path=path)


def met(*ends):
    return SimpleNamespace(ends=ends, graph=SimpleNamespace(nodes=[0] * 7), begin=SimpleNamespace(title="a beside b"))


@pytest.fixture(scope="module")
def board():
    return TwoCallsBoard()


def test_it_begins_with_an_add_beside_a_read_in_one_region(board):
    assert [call.value for call in board.calls] == ["TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAGE.RDMD"]
    assert (board.where.value, board.version.value) == (WHERE[0], LATEST) and board.ends.chosen == -1
    assert [row.selected_index for row in board.children if hasattr(row, "selected_index")] == [None], (
        "operands are folded"
    )


def test_who_hears_busy_is_said_once_and_with_its_operand():
    both = met(end("TDX_SUCCESS", "TDX_SUCCESS"), end(BUSY, "TDX_SUCCESS", CPUS[0]), end(BUSY, "other", CPUS[0]))
    assert str(bar(both)) == f"✗ in each other's way: {CPUS[0]} can hear {BUSY}\n7 states, every order of the two"
    none = met(end("TDX_SUCCESS", "TDX_SUCCESS"))
    assert str(bar(none)).startswith("✓ side by side: neither is ever BUSY because of the other\n7 states")


def test_its_question_is_answered_where_both_are_busy_in_one_order(board, monkeypatch):
    one_each = met(end(BUSY, "x", CPUS[0]), end("x", BUSY, CPUS[1]))
    for found, answer in (
        (None, ""),
        (one_each, ""),
        (met(end("A", "B", *CPUS)), "TDH.PHYMEM.PAMT.ADD: A; TDH.PHYMEM.PAGE.RDMD: B"),
    ):
        monkeypatch.setattr(board, "met", found)
        assert board.answer() == answer
    monkeypatch.setattr(board, "calls", board.calls[:1] * 2)
    assert board.answer() == "", "one call twice is no answer"


def test_parts_are_counted_from_one(board):
    assert board.under_way(0, 4) == "every order of the two: part 1 of 4"
    assert board.given_up() == ("given up: what is shown is of the calls before", None)


def test_a_cell_of_a_call_that_brings_the_module_up_is_refused_and_another_is_played(board, monkeypatch):
    played = []
    monkeypatch.setattr(board, "play", lambda *pair: played.append(pair))
    before = board.said.value
    for row, column in (("SYS.INIT", "PHYMEM.PAMT.ADD"), ("PHYMEM.PAMT.ADD", "SYS.INIT")):
        board._asked_for(row, column)
        assert f"{row} and {column}: a call that brings the module up" in board.said.value and not played
    board._asked_for("VP.ENTER", "PHYMEM.PAMT.ADD")
    assert played == [("TDH.VP.ENTER", "TDH.PHYMEM.PAMT.ADD")]
    board.said.value = before


def test_numbers_that_are_none_are_said_and_nothing_is_worked_out(board, monkeypatch):
    worked = []
    monkeypatch.setattr(board, "soon", lambda job, patience: worked.append(job))
    field = board.fields[1]["RCX"].number
    was, field.value = field.value, "zz"
    assert "RCX zz: a register holds a number" in board.said.value and not worked
    field.value = was
    assert len(worked) == 1
