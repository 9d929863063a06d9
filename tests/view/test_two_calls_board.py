"""Two calls of the reader's choice: what is chosen is what is run, the list of ends leads there, and wrong operands are said in a line."""

import json

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.conflicts import call_of, conflict, pair_world, shared_region, stages
from tdxkit.seam.meeting import CPUS
from tdxkit.seam.two_calls import APART, SAME_PAGE, SAME_REGION, TwoCalls, leaves, telling
from tdxkit.seam.versions import LATEST
from tdxkit.view.kit.verdict import STALE
from tdxkit.view.two_calls_board import TwoCallsBoard, bar

ADD, RDMD, CREATE, DEMOTE = "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAGE.RDMD", "TDH.VP.CREATE", "TDH.MEM.PAGE.DEMOTE"
PROMOTE = "TDH.MEM.PAGE.PROMOTE"


def stepper(board):
    return board.shown.children[-1]


def test_the_operands_are_those_of_the_conflicts():
    for a, b in ((ADD, RDMD), ("TDG.MEM.PAGE.ACCEPT", "TDH.MEM.RANGE.BLOCK"), (DEMOTE, ADD)):
        world = pair_world(next(stages(a, b, "")), LATEST, a, b, "")
        expected = [call_of(world, a, b, shared_region(a, b), second) for second in (False, True)]
        assert TwoCalls(a, b).made()[1] == expected


def test_where_two_meet_changes_what_the_second_takes():
    found = {where: TwoCalls(CREATE, CREATE, where).made()[1] for where in (SAME_REGION, SAME_PAGE, APART)}
    pages = {where: [given["rcx"] for _, given in calls] for where, calls in found.items()}
    assert pages[SAME_PAGE][0] == pages[SAME_PAGE][1] and pages[SAME_REGION][0] >> 21 == pages[SAME_REGION][1] >> 21
    assert pages[SAME_REGION][0] != pages[SAME_REGION][1] and pages[APART][0] >> 21 != pages[SAME_REGION][0] >> 21


def test_words_and_numbers_go_into_the_registers():
    one = TwoCalls(CREATE, CREATE, wanted=({}, {"RCX": SAME_PAGE, "RDX": 0x1234}))
    (_, first), (_, second) = one.made()[1]
    assert second == {"rcx": first["rcx"], "rdx": 0x1234}


@pytest.mark.parametrize("pair", [("TDH.SYS.INIT", ADD), (ADD, "<nonsense>")])
def test_calls_that_cannot_be_under_way_are_refused(pair):
    with pytest.raises(InputError, match="under way at once"):
        TwoCallsBoard(*pair)
    assert not any(name.startswith("TDH.SYS") for name in leaves())


@pytest.mark.slow
def test_the_board_says_who_can_hear_busy_with_its_operand():
    board = TwoCallsBoard(ADD, RDMD)
    assert str(bar(board.met)).startswith(
        "✗ in each other's way: CPU 0 can hear TDX_OPERAND_BUSY|RCX; CPU 1 can hear TDX_OPERAND_BUSY|RCX"
    )
    board.play("TDH.VP.ENTER", "TDH.MEM.PAGE.AUG")
    assert str(bar(board.met)).startswith("✓ side by side")
    assert json.loads(stepper(board).data)["views"][0]["graph"]["goal"] == ""


@pytest.mark.slow
def test_a_pair_that_is_busy_only_under_a_condition_is_played_under_it():
    board = TwoCallsBoard(ADD, RDMD)
    for first, second in (("TDH.VP.ENTER", "TDH.MEM.RANGE.BLOCK"), ("TDH.MEM.RANGE.BLOCK", "TDH.VP.ENTER")):
        board.play(first, second)
        assert board.condition.value == "suspected" and "SEPT_TREE" in str(bar(board.met))
        assert any(end.busy == CPUS[1:] for end in board.met.ends)
    board.play("TDH.VP.ENTER", "TDH.MEM.PAGE.AUG")  # it is never BUSY: as most calls are
    assert (board.condition.value, telling("TDH.VP.ENTER", "TDH.PHYMEM.PAMT.REMOVE").condition) == ("", "")


@pytest.mark.slow
def test_a_pair_is_played_at_a_stage_and_a_place_at_which_it_is_busy():
    board = TwoCallsBoard(ADD, RDMD)
    board.where.value = APART
    for first, second in (("TDH.MNG.CREATE", "TDH.VP.FLUSH"), ("TDH.MNG.INIT", "TDH.VP.ENTER"), (ADD, RDMD)):
        board.play(first, second)
        assert {str(met) for met in conflict(first, second).met} <= {end.answers[1] for end in board.met.ends}
    assert board.where.value == SAME_REGION


@pytest.mark.slow
def test_every_busy_answer_of_an_end_is_red_and_the_title_has_the_chosen_names():
    board = TwoCallsBoard(ADD, RDMD)
    board.play(DEMOTE, "TDH.MEM.PAGE.AUG 2M")
    rows = json.loads(board.ends.data)["rows"]
    red = [[k for k, cell in enumerate(row["cells"]) if cell["role"] == "bad"] for row in rows]
    assert red == [[k for k, cpu in enumerate(CPUS) if cpu in end.busy] for end in board.met.ends]
    assert board.met.begin.title == f"{DEMOTE} beside TDH.MEM.PAGE.AUG 2M"
    board.play(ADD, ADD)
    both = next(at for at, end in enumerate(board.met.ends) if end.busy == CPUS)
    cells = json.loads(board.ends.data)["rows"][both]["cells"]
    assert [cell["role"] for cell in cells] == ["bad", "bad", ""]


def test_an_end_of_the_list_is_shown_by_a_shortest_way():
    board = TwoCallsBoard(ADD, RDMD)
    for k, end in enumerate(board.met.ends):
        board.ends.chosen = k
        sent = json.loads(stepper(board).data)["views"][0]
        assert tuple(sent["path"]) == end.path and stepper(board).position == len(end.path)
    assert board.ends in board.shown.children[0].children  # the list is the same one, and where it was


@pytest.mark.slow
def test_its_question_is_answered_by_two_different_calls():
    board = TwoCallsBoard(ADD, ADD)
    assert (
        any(end.busy == CPUS for end in board.met.ends) and board.found == ""
    )  # both are BUSY, but it is one call twice
    board.play(ADD, RDMD)
    assert board.found == ""
    board.play(DEMOTE, ADD)
    assert board.found == f"{DEMOTE}: TDX_OPERAND_BUSY|R8; {ADD}: TDX_OPERAND_BUSY|RCX" and board.found in str(board)


@pytest.mark.slow
def test_the_controls_offer_what_fits_the_calls():
    board = TwoCallsBoard(ADD, RDMD)
    shown = [[r for r, field in fields.items() if field.layout.display != "none"] for fields in board.fields]
    assert shown == [["RCX", "RDX", "R8"], ["RCX"]]
    board.calls[0].value, board.calls[1].value = "TDH.VP.ENTER", "TDH.MEM.RANGE.BLOCK"
    assert [value for _, value in board.condition.options] == ["", "suspected"] and board.condition.value == ""
    side_by_side = str(bar(board.met))
    board.condition.value = "suspected"
    assert str(bar(board.met)) != side_by_side and "SEPT_TREE" in str(bar(board.met))
    assert board.stage.value in board.chosen.stages


@pytest.mark.slow
def test_a_wrong_operand_is_said_and_what_is_shown_is_older():
    board = TwoCallsBoard(CREATE, CREATE)
    before = board.met
    board.fields[1]["RCX"].number.value = "zz"
    assert "RCX zz: a register holds a number" in board.said.value and STALE in board.shown._dom_classes
    assert board.met is before and board.said.layout.flex == "1 1 100%", "an error has a line of its own"
    board.fields[1]["RCX"].number.value = "0x123"
    assert board.said.layout.flex is None
    assert board.met.ends[0].answers[1] == "TDX_OPERAND_INVALID|RCX" and STALE not in board.shown._dom_classes


def test_the_world_is_one_in_which_both_can_succeed():
    assert TwoCalls(ADD, DEMOTE).fitting_stage == TwoCalls(DEMOTE, ADD).fitting_stage == "blocked and tracked"
    assert TwoCalls(ADD, DEMOTE).stages[0] != "blocked and tracked"


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [(PROMOTE, "TDH.VP.ENTER"), (PROMOTE, ADD), (DEMOTE, PROMOTE)])
def test_calls_that_write_whole_tables_are_played_too(a, b):
    board = TwoCallsBoard(ADD, RDMD)
    board.play(a, b)
    assert 'role="alert"' not in board.said.value and board.met.begin.title == f"{a} beside {b}"
    assert len(stepper(board).data) < 400_000


def test_swapping_the_two_moves_where_they_meet():
    board = TwoCallsBoard(ADD, RDMD)  # in a region without a pair
    assert {end.answers[0] for end in board.met.ends} == {"TDX_SUCCESS", "TDX_OPERAND_BUSY|RCX"}
    swap = next(
        w
        for row in board.children
        for w in getattr(row, "children", ())
        if getattr(w, "description", "") == "Swap the two"
    )
    swap.click()
    assert [call.value for call in board.calls] == [RDMD, ADD]  # in a region with one: there it is too late to add
    assert {end.answers[1] for end in board.met.ends} == {"TDX_HPA_RANGE_NOT_FREE|RCX", "TDX_OPERAND_BUSY|RCX"}


@pytest.mark.slow
def test_a_cell_of_the_grid_is_played_and_one_that_cannot_be_is_refused():
    board = TwoCallsBoard(ADD, RDMD)
    picked = next(child for row in board.children for child in getattr(row, "children", ()) if hasattr(child, "plays"))
    picked._heard(picked, {"cell": ["MEM.PAGE.DEMOTE", "PHYMEM.PAMT.ADD"]}, [])
    assert [call.value for call in board.calls] == [DEMOTE, ADD]
    before = board.met
    for cell in (["SYS.INIT", "PHYMEM.PAMT.ADD"], ["<b>" * 99, ""], ["x"], "xy", None, [1, 2]):
        picked._heard(picked, {"cell": cell}, [])
    picked._heard(picked, "cell", [])
    assert board.met is before and "<b><b>" not in board.said.value and "choose another cell" in board.said.value


def test_its_words_and_its_static_form_have_every_end():
    board = TwoCallsBoard(ADD, RDMD)
    for form in (str(board), str(board.static())):
        for end in board.met.ends:
            assert all(answer in form for answer in end.answers)
    assert "tdx-run" in str(board.static())  # the stepper plays without a kernel
