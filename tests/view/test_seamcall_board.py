"""The board of one SEAMCALL: its buttons, its words and numbers, its list, what it says as text and without a kernel."""

from types import SimpleNamespace

import ipywidgets as w
import pytest

from tdxkit.errors import InputError
from tdxkit.seam.mistakes import LEAVES, rows
from tdxkit.seam.situations import AS_IT_SHOULD, LAST_PAGE
from tdxkit.units import U64_MAX
from tdxkit.view.kit.choices import Choices
from tdxkit.view.operand_field import OWN, parsed
from tdxkit.view.seamcall_board import SeamcallBoard, bar, cells
from tdxkit.view.stepper import Stepper


@pytest.fixture(scope="module")
def board():
    return SeamcallBoard()


def shown(board):
    return next(child for child in board.shown.children if isinstance(child, Stepper))


@pytest.mark.slow
@pytest.mark.parametrize("leaf", LEAVES)
def test_every_button_sets_the_controls_so_that_its_status_comes_back(leaf):
    board = SeamcallBoard(leaf)
    for at, row in enumerate(rows(leaf)):
        more = board.list.rows[at].more
        assert bool(more) == bool(row.setting)
        if not row.setting:
            assert row.why in cells(row)[2]
            continue
        board.list.chosen = -1
        board.list.chosen = at
        assert row.is_from(board.made) and board.list.chosen == at
        assert str(board.made.answer) in board.said.value and (row.status.partition("|<")[0] in more)
        assert shown(board).position == board.made.position
        assert board.setting.operands == {**board.setting.operands, **row.setting.operands}, "the fields say the same"


def test_a_button_keeps_the_version_where_the_status_is_there_and_changes_it_where_it_is_not():
    board = SeamcallBoard("MEM.PAGE.DEMOTE")
    at = {row.status: k for k, row in enumerate(rows("TDH.MEM.PAGE.DEMOTE"))}
    board.version.value = "1.5.28"
    board.list.chosen = at["TDX_TD_FATAL"]
    assert board.version.value == "1.5.28"
    board.list.chosen = at["TDX_INTERRUPTED_RESTARTABLE"]
    assert board.version.value == "2.0.08" and board.made.answer["RCX"] == board.made.given["RCX"]
    board.version.value = "1.5.06"
    assert not board.made.run.first["pair is there"]


def test_a_word_writes_its_number_and_a_number_finds_its_word(board):
    field = board.fields["R8"]
    field.word.value = "the same page as the other"
    assert field.number.value == board.fields["RDX"].number.value == "0x80000000" and board.made.failed == 15
    board.fields["RDX"].number.value = "0x80001000"
    assert (board.fields["RDX"].word.value, field.number.value) == (OWN, "0x80001000"), (
        "what follows another one moves along"
    )
    field.number.value = "3_221_225_472"
    assert (field.word.value, field.number.value) == ("a free page", "0xc0000000") and board.made.answer.ok
    for wrong in ("zz", "-1", "0x1" + "0" * 17, "", "٣"):
        field.number.value = wrong
        assert "a register holds a number" in board.said.value and board.made.answer.ok
    field.number.value = "0xc0000000"
    assert "TDX_SUCCESS" in board.said.value


def test_another_leaf_brings_its_own_registers_words_and_list(live_widgets):
    board = SeamcallBoard()
    before = len(live_widgets(Choices)), len(live_widgets(Stepper))
    for leaf in (*LEAVES[::-1], LEAVES[0]):
        board.leaf.value = leaf
        used = {name for name, field in board.fields.items() if field.layout.display != "none"}
        assert (
            used == set(board.made.given)
            and board.list.title.startswith(leaf)
            and board.situation.value == AS_IT_SHOULD
        )
        assert board.made.answer.ok
    assert (len(live_widgets(Choices)), len(live_widgets(Stepper))) == before


def test_the_list_is_not_made_anew_by_a_press_so_that_the_focus_stays():
    board = SeamcallBoard("PHYMEM.PAMT.REMOVE")
    before = board.list
    board.list.chosen = 2
    board.situation.value = "Dynamic PAMT is off"
    assert board.list is before and before.chosen == 0


@pytest.mark.parametrize(
    "typed, number",
    [
        ("0", 0),
        (" 0x4000_0001 ", 0x40000001),
        ("1,024", 1024),
        (f"{U64_MAX:#x}", U64_MAX),
        ("0x" + "1".zfill(68), 1),
        ("0b" + "1" * 64, U64_MAX),
    ],
)
def test_a_number_is_typed_in_any_form_that_python_knows(typed, number):
    assert parsed(typed, "RCX") == number


@pytest.mark.parametrize("typed", ["", "-1", "x", "١", f"{U64_MAX + 1:#x}", "0x" + "1".zfill(69), "1.5"])
def test_what_no_register_holds_is_refused(typed):
    with pytest.raises(InputError, match="a register holds a number from 0 to 2"):
        parsed(typed, "RCX")


def test_the_hint_is_said_in_words_and_where_there_is_none_too():
    board = SeamcallBoard("MEM.PAGE.RELOCATE", LAST_PAGE)
    assert "bit 62 of RCX is 1" in str(bar(board.made)) and not board.found
    board.fields["R8"].word.value = "free, in the region of the page mapped there"
    assert "No hint: bit 62 of RCX is 0" in str(bar(board.made)) and "went to 2" in board.found


def test_the_question_is_answered_by_two_wrong_operands_and_stays_answered():
    board = SeamcallBoard()
    board.fields["RCX"].word.value = "in no TDMR"
    assert not board.found
    board.fields["R8"].word.value = "not aligned"
    assert "R8 is named" in board.found
    board.leaf.value = "TDH.MEM.PAGE.AUG"
    assert "R8 is named" in board.asked_text and "✓ Found" in str(board)


@pytest.mark.parametrize(
    "asked, leaf, found",
    [(True, "TDH.PHYMEM.PAMT.ADD", "it"), (True, "TDH.MEM.PAGE.AUG", ""), (False, "TDH.PHYMEM.PAMT.ADD", "")],
)
def test_only_a_board_that_asks_answers_and_only_of_a_leaf_that_is_asked_about(asked, leaf, found):
    quest = SimpleNamespace(found=lambda made: "it") if asked else None
    assert (
        SeamcallBoard.answer(SimpleNamespace(_quest=quest, made=SimpleNamespace(leaf=SimpleNamespace(name=leaf))))
        == found
    )


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_check_has_its_number_a_success_a_sign_and_what_nothing_brings_about_a_dash(leaf):
    for row in rows(leaf):
        number, status, when = cells(row)
        assert number == (str(row.number) if row.number else "—" if row.why else "✓") and status == row.status
        assert when == (f"{row.when} ({row.why})" if row.why else row.when)


def test_a_version_that_the_leaf_has_not_fails_before_all_checks():
    leaf = SimpleNamespace(name="TDH.PHYMEM.PAMT.ADD", checks=())
    answer = SimpleNamespace(ok=False, status=0xC000010000000000)
    words = str(bar(SimpleNamespace(answer=answer, leaf=leaf, failed=0)))
    assert "before all checks: the version in RAX is not one of this leaf's" in words
    assert "RAX 0xC000010000000000: the same call cannot succeed." in words


def test_as_text_and_without_a_kernel_it_says_the_same():
    board = SeamcallBoard("PHYMEM.PAMT.ADD")
    board.list.chosen = 13
    text, static = str(board), str(board.static())
    for said in ("TDX_PAGE_NOT_FREE|RDX", "a page of another pair", "bitmap bit already 1", "0xC000030300000002"):
        assert said in text and said in static
    assert "Find: two operands" in text and "RCX: 1G entry shared" in text and static.count("<table") == 2
    assert "RDX: a page of another pair" in static and "SEAMCALL: PHYMEM.PAMT.ADD" in static
    named = [part for part in _all(board) if isinstance(part, w.Dropdown | w.Text)]
    assert all(part.description for part in named) and len({part.description for part in named}) == len(named)


def _all(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)
