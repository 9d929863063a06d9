"""The controls of two calls: each change asks once, what does not belong to the calls is not offered, and what was typed for others is forgotten."""

from math import inf
from types import SimpleNamespace

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.two_calls import WHERE, TwoCalls
from tdxkit.seam.versions import VERSIONS
from tdxkit.view.two_calls_board import TwoCallsBoard

ADD, RDMD, ENTER, BLOCK = "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAGE.RDMD", "TDH.VP.ENTER", "TDH.MEM.RANGE.BLOCK"


class Quiet(TwoCallsBoard):
    """One in which nothing is worked out: `jobs` has each pair with the patience for it."""

    jobs = ()

    def _job(self, chosen):
        return chosen

    def soon(self, job, patience=None):
        self.jobs = [*self.jobs, (job, patience)]


@pytest.fixture
def board():
    return Quiet(ADD, RDMD)


def asked(board):
    """What was asked since the last time."""
    found, board.jobs = board.jobs, []
    return found


def test_what_a_cell_shows_is_waited_for_and_a_bar_comes_soon_after_a_click(board):
    ((first, patience),) = asked(board)
    assert (first.first, first.second, first.where, patience) == (ADD, RDMD, WHERE[0], inf)
    board.where.value = WHERE[1]
    ((second, patience),) = asked(board)
    assert (second.where, patience) == (WHERE[1], 0.1)


def test_each_control_asks_once_however_many_others_follow_it(board):
    asked(board)
    for control, value in (
        (board.calls[0], ENTER),
        (board.calls[1], BLOCK),
        (board.where, WHERE[2]),
        (board.version, "2.0.08"),
    ):
        control.value = value
        ((one, _),) = asked(board)
    assert (one.first, one.second, one.where, one.version) == (ENTER, BLOCK, WHERE[2], "2.0.08")
    board.condition.value = "suspected"
    ((one, _),) = asked(board)
    assert one.condition == "suspected" and one.stage == board.stage.value


def test_another_stage_of_the_td_is_asked_for_as_it_is_called():
    board = Quiet(ADD, "TDH.MEM.PAGE.DEMOTE")
    ((one, _),) = asked(board)
    assert board.stage.value == one.fitting_stage and [name for name, _ in board.stage.options] == list(one.stages)
    board.stage.value = other = next(name for name in one.stages if name != one.fitting_stage)
    ((one, _),) = asked(board)
    assert one.stage == board.stage.value == other


def test_a_condition_is_offered_where_there_is_one_and_is_nothing_special_at_first(board):
    assert board.condition.layout.display == "none" and len(board.condition.options) == 1
    board.play(ENTER, BLOCK)
    assert board.condition.layout.display == "" and board.condition.options[0] == ("nothing special", "")
    board.play(ADD, RDMD)
    assert board.condition.layout.display == "none"


def test_only_versions_with_dynamic_pamt_are_offered(board):
    assert list(board.version.options) == [name for name, one in VERSIONS.items() if one.dynamic_pamt]
    assert 0 < len(board.version.options) < len(VERSIONS)


def test_swapping_asks_once_and_keeps_where_they_meet(board):
    board.where.value = WHERE[1]
    asked(board)
    (swap,) = (one for one in board._rows[-1].children if getattr(one, "description", "") == "Swap the two")
    swap.click()
    ((one, _),) = asked(board)
    assert (one.first, one.second, one.where) == (RDMD, ADD, WHERE[1])
    assert [call.value for call in board.calls] == [RDMD, ADD]
    board.where.value = WHERE[0]
    assert len(asked(board)) == 1, "what comes after it is heard"


def test_what_was_typed_is_the_operand_until_there_are_other_calls(board):
    asked(board)
    board.fields[1]["RCX"].number.value = "0x123000"
    ((one, _),) = asked(board)
    assert one.wanted[1] == {"RCX": 0x123000} and set(one.wanted[0]) == {"RCX", "RDX", "R8"}
    assert board.chosen.wanted[1] == {"RCX": 0x123000} and board.fields[1]["RCX"].number.value == "0x123000"
    board.calls[1].value = ENTER
    assert board.chosen.wanted[1].get("RCX") != 0x123000
    board.fields[0]["R8"].number.value = "zz"
    with pytest.raises(InputError, match="R8 zz"):
        assert board.chosen


def test_a_call_shows_the_fields_of_its_registers_alone(board):
    shown = [[name for name, field in fields.items() if field.layout.display == ""] for fields in board.fields]
    assert shown == [["RCX", "RDX", "R8"], ["RCX"]]
    words = TwoCalls(ADD, RDMD).words(TwoCalls(ADD, RDMD).world(), True)["RCX"]
    field = board.fields[1]["RCX"]
    assert field.word.options[:-1] == tuple(words) and field.word.value == next(iter(words))
    assert field.number.value == f"{words[field.word.value]:#x}"


def test_a_pair_that_cannot_be_is_refused_before_anything_changes(board):
    asked(board)
    for pair in (("TDH.SYS.INIT", ADD), (ADD, "TDH.SYS.INIT")):
        with pytest.raises(InputError, match="under way at once"):
            board.play(*pair)
    assert asked(board) == [] and [call.value for call in board.calls] == [ADD, RDMD]


def test_an_end_is_shown_by_its_own_way_and_the_list_stays_folded(board, monkeypatch):
    walked = []
    monkeypatch.setattr("tdxkit.view.two_calls_board.stepper_of", lambda met, path=(): walked.append(path))
    ends = [SimpleNamespace(answers=("A", f"B{k}"), busy=(), path=(k,) * k) for k in (1, 2)]
    met = SimpleNamespace(ends=ends, graph=SimpleNamespace(nodes=[0]), begin=None)
    _, (folded, _) = board.finished(met)
    assert folded.selected_index is None and folded.children == (board.ends,) and board.met is met
    monkeypatch.setattr(board, "show", lambda things: None)
    board.ends.chosen = 1
    assert walked == [(), (2, 2)]
    assert [row.cells for row in board.ends.rows] == [("A", "B1", "1"), ("A", "B2", "2")]
