"""Boards of SEAMCALLs: registers before and after, what is said where there is no hint, lists with one row lit, operands by word or number."""

from types import SimpleNamespace

import ipywidgets as w
import pytest

from tdxkit.errors import InputError
from tdxkit.seam.mistakes import rows
from tdxkit.seam.one_call import Setting, make
from tdxkit.seam.operands import RELATIVE
from tdxkit.seam.versions import LATEST
from tdxkit.view import seamcall_board, two_calls_board, two_tds_board
from tdxkit.view.operand_field import OWN, OperandField
from tdxkit.view.seamcall_board import bar, hint, list_table, registers, settings
from tdxkit.view.sizes_board import NONE, SizesBoard
from tdxkit.view.two_calls_board import _offer_list, _row, _wanted, stepper_of
from tdxkit.view.two_tds_board import RegionBoard, acts_table

ADD = "TDH.PHYMEM.PAMT.ADD"


@pytest.fixture(scope="module")
def made():
    """A PAMT.ADD as it should be."""
    return make(Setting(ADD))


def test_each_register_has_what_it_held_before_and_holds_after_and_rax_comes_first(made):
    table = registers(made)
    assert table.header == ("register", "before", "after", "what it is")
    assert table.rows[0] == ("RAX", f"{made.leaf.number:#x}", "0x0", "the leaf's number; TDX_SUCCESS")
    word = lambda value: "—" if value is None else f"{value:#x}"  # noqa: E731
    assert table.rows[1:] == tuple((name, word(old), word(new), what) for name, old, new, what in made.registers)
    assert "—" in {cell for row in table.rows for cell in row} and {"RCX", "RDX", "R8"} <= {
        row[0] for row in table.rows
    }


def test_the_version_of_a_leaf_stands_above_its_number(made):
    answer = type("Answer", (), {"status": 5, "__str__": lambda self: "a status"})()
    call = SimpleNamespace(
        leaf=SimpleNamespace(number=58), setting=SimpleNamespace(v=2), answer=answer, registers=(("R9", None, 7, "x"), ("R8", 0, None, "y"))
    )  # fmt: skip
    assert registers(call).rows == (
        ("RAX", "0x2003a", "0x5", "the leaf's number; a status"), ("R9", "—", "0x7", "x"), ("R8", "0x0", "—", "y"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "register, given, said",
    [
        (None, None, "This leaf gives no hint."), ("RCX", False, "No hint: bit 62 of RCX is 0."),
        ("RCX", True, "The hint: bit 62 of RCX is 1, the region's page count went from 1 to 0; PAMT.REMOVE may succeed now."),
    ],
)  # fmt: skip
def test_the_hint_is_a_bit_of_a_register_and_a_leaf_without_one_says_so(register, given, said):
    leaf = SimpleNamespace(spec={"hint": register} if register else {})
    assert hint(SimpleNamespace(leaf=leaf, hint=given)) == said


def failed(status, at):
    checks = [SimpleNamespace(spec={"when": f"when {k}"}) for k in (1, 2, 3)]
    answer = type("Answer", (), {"ok": False, "status": status, "__str__": lambda self: "S"})()
    return SimpleNamespace(answer=answer, failed=at, leaf=SimpleNamespace(name=ADD, checks=checks))


@pytest.mark.parametrize("at, when", [(1, "when 1"), (3, "when 3")])
def test_a_check_that_fails_is_named_by_its_number(at, when):
    assert str(bar(failed(0xC000010000000000, at))).startswith(f"✗ S: check {at}: {when}\nRAX 0xC000010000000000: ")


@pytest.mark.parametrize(
    "status, again",
    [(0x8000020000000001, "may succeed later"), (0xC000010000000001, "cannot succeed")],
)
def test_whether_the_same_call_may_succeed_later_is_said(status, again):
    assert f"RAX 0x{status:016X}: the same call {again}. Linux: " in bar(failed(status, 1)).note


@pytest.mark.parametrize(
    "spec, said",
    [
        ({"transition": "to PT_PAMT", "effects": "x"}, "to PT_PAMT"), ({"transition": "", "effects": "writes"}, "writes"), ({"transition": ""}, "done"),
    ],
)  # fmt: skip
def test_what_a_call_that_succeeded_did_is_its_transition_else_its_effects(spec, said):
    answer = type("Answer", (), {"ok": True, "__str__": lambda self: "TDX_SUCCESS"})()
    call = SimpleNamespace(answer=answer, leaf=SimpleNamespace(spec=spec), hint=None)
    assert str(bar(call)) == f"✓ TDX_SUCCESS: {said}\nThis leaf gives no hint."


def test_the_controls_in_a_line_name_each_operand_by_its_word():
    call = SimpleNamespace(
        setting=Setting(ADD, LATEST, 1, "as it should be", {"RCX": "in no TDMR"}), given={"RCX": 16, "R8": 32}
    )
    assert settings(call) == (
        f"{ADD}, module {LATEST}, version 1 in RAX; as it should be; RCX in no TDMR = 0x10, R8 right = 0x20"
    )


def test_the_row_that_came_back_is_lit_the_first_too():
    assert (
        list_table(ADD).marked == frozenset() and list_table(ADD, 0).marked == {0} and list_table(ADD, 3).marked == {3}
    )
    assert list_table(ADD).title == f"{ADD}: its checks, in this order" and len(list_table(ADD).rows) == len(rows(ADD))


def test_a_row_that_nothing_brings_about_has_no_button_and_says_that_it_is_not_here():
    row = lambda **more: SimpleNamespace(**{"number": 3, "status": "S", "when": "w", "why": "", "setting": "x", **more})  # noqa: E731
    told = [
        seamcall_board._row(row()), seamcall_board._row(row(number=0)), seamcall_board._row(row(setting=None, why="y")), seamcall_board._row(row(number=0, setting=None, why="y")),
    ]  # fmt: skip
    assert [(one.cells, one.more) for one in told] == [
        (("3 S", "w"), "check 3, S"), (("✓ S", "w"), "S, w"), (("3 not here", "S: w (y)"), ""), (("— not here", "S: w (y)"), ""),
    ]  # fmt: skip


def test_the_list_of_a_board_has_its_class_and_no_row_where_none_came_back(monkeypatch):
    monkeypatch.setattr(seamcall_board, "Stepper", lambda *_, **__: w.HTML())
    board = seamcall_board.SeamcallBoard()
    assert "tdx-listed" in board.list_place._dom_classes and board.list_place.children == (board.list,)
    assert board.list.chosen == next(k for k, row in enumerate(rows(ADD)) if row.is_from(board.made))
    monkeypatch.setattr(seamcall_board, "rows", lambda leaf: ())
    board._take(Setting(ADD))
    assert board.list.chosen == -1


WORDS = {"right": 0x1000, "another": 0x2000}


def test_a_field_shows_a_word_with_its_number_and_a_number_with_its_word():
    field, offered = OperandField("RCX"), []
    field.word.observe(lambda change: offered.append(change["new"]), "options")
    field.offer(WORDS, "another")
    assert (field.word.value, field.number.value, field.wanted) == ("another", "0x2000", "another")
    field.offer(dict(WORDS), 0x1000)
    assert (field.word.value, field.wanted) == ("right", "right") and len(offered) == 1, "the list stays as it is"
    field.offer(WORDS, 0x3000)
    assert (field.word.value, field.number.value, field.wanted) == (OWN, "0x3000", 0x3000)
    field.offer({"only": 7}, 7)
    assert field.word.options == ("only", OWN) and field.wanted == "only" and len(offered) == 2


def test_what_is_typed_counts_until_a_word_is_chosen():
    field = OperandField("RCX")
    field.offer(WORDS, "right")
    field.number.value = "0x1000 "
    assert field.wanted == 0x1000, "as it is typed it is a number"
    field.number.value = "zz"
    with pytest.raises(InputError, match="RCX zz"):
        assert field.wanted
    field.offer(WORDS, "right")
    assert field.wanted == "right"


def test_no_number_is_called_by_a_word_that_speaks_of_another_register():
    word = next(iter(RELATIVE))
    field = OperandField("R8")
    field.offer({word: 0x1000, "plain": 0x1000}, 0x1000)
    assert field.word.value == "plain"
    field.offer({word: 0x1000}, 0x1000)
    assert field.word.value == OWN


def test_only_the_fields_that_are_shown_are_asked():
    shown, hidden = (SimpleNamespace(layout=SimpleNamespace(display=display), wanted=1) for display in ("", "none"))
    assert _wanted({"RCX": shown, "R8": hidden}) == {"RCX": 1}


def test_a_list_that_offers_the_same_is_left_as_it_is():
    control, changed = w.Dropdown(options=[("a", "a")], value="a"), []
    control.observe(changed.append, "options")
    _offer_list(control, [("a", "a")], "a")
    assert changed == []
    _offer_list(control, [("a", "a"), ("b", "b")], "b")
    assert len(changed) == 1 and control.value == "b"


def end(*answers, busy=(), path=(1, 2, 3)):
    return SimpleNamespace(answers=answers, busy=busy, path=path)


def test_an_end_has_both_answers_and_how_many_steps_it_takes_with_each_busy_one_in_red():
    first, second = two_calls_board.CPUS
    row = _row(end("A", "B", busy=(second,)))
    assert (row.cells, row.role, row.at) == (("A", "B", "3"), "bad", (1,))
    assert row.more == f"an order in which {first} answers A and {second} B"
    assert _row(end("A", "B", busy=(first, second))).at == (0, 1) and _row(end("A", "B")).at == ()


@pytest.mark.parametrize("busy, goal", [((), ("", "")), (("CPU 0",), (two_calls_board.NOT_BUSY, two_calls_board.GOAL))])
def test_there_is_something_to_reach_where_a_call_can_come_back_busy(busy, goal, monkeypatch):
    walked = lambda graph, begin, *goal, path: (graph, begin, goal, path)  # noqa: E731
    monkeypatch.setattr(two_calls_board, "Stepper", SimpleNamespace(walked=walked))
    met = SimpleNamespace(graph="g", begin="b", ends=[end("A", "B"), end("A", "B", busy=busy)])
    assert stepper_of(met) == ("g", "b", goal, ()) and stepper_of(met, (1,))[3] == (1,)


def done(act, count, hint=False, leaf="MEM.PAGE.REMOVE", ok=True):
    answer = type("Answer", (), {"ok": ok, "__str__": lambda self: "S"})()
    return SimpleNamespace(act=act, count=count, hint=hint, leaf=leaf, answer=answer)


def test_each_act_has_its_number_the_count_and_the_hint_and_a_hint_that_did_not_hold_is_lit():
    acts = [
        done("in", None, leaf="MEM.PAGE.AUG"), done("out", 1), done("out", 0, hint=True), done("in", 1, leaf="MEM.PAGE.AUG"), done("out", 1, ok=False),
        done("remove", 1, leaf="PHYMEM.PAMT.REMOVE", ok=False),
    ]  # fmt: skip
    made = acts_table(SimpleNamespace(done=acts, stale=(3, 6), place="here"))
    assert made.rows == (
        ("1. in", "S of MEM.PAGE.AUG", "no pair", "—"), ("2. out", "S of MEM.PAGE.REMOVE", 1, "no"), ("3. out", "S of MEM.PAGE.REMOVE", 0, "yes"),
        ("4. in", "S of MEM.PAGE.AUG", 1, "—"), ("5. out", "S of MEM.PAGE.REMOVE", 1, "—"), ("6. remove", "S of PHYMEM.PAMT.REMOVE", 1, "—"),
    )  # fmt: skip
    assert made.marked == {2, 5} and made.title == "Done so far; the pair's pages lie here"
    assert not acts_table(SimpleNamespace(done=acts[:3], stale=None, place="here")).marked


def test_before_the_first_act_the_list_says_so_and_a_board_can_begin_with_some():
    made = acts_table(SimpleNamespace(done=(), stale=None, place="here"))
    assert made.rows == (("nothing yet", "—", "no pair", "—"),)
    acts = two_tds_board.ACTS[:2]
    board = RegionBoard(acts)
    assert board.acts == list(acts) and len(board.played.done) == 2 and "act 2, " in str(board)
    assert [spot.level for spot in two_tds_board.SPOTS] == [1, 0, 0]
    assert two_tds_board.SPOTS[2].hpa - two_tds_board.SPOTS[1].hpa == 1 << 20, "page 1 of the pair serves the second TD"


def test_of_a_module_without_dynamic_pamt_only_the_static_one_is_told():
    control = lambda value: SimpleNamespace(value=value)  # noqa: E731
    board = SimpleNamespace(_memory=4 << 30, entry=control(16), bits=control(1), version=control(LATEST))
    whole = SizesBoard.costs(board).rows
    assert not [row for row in whole if NONE in row] and not str(SizesBoard.bar(board)).startswith("…")
    board.version = control("1.5.06")
    rows = SizesBoard.costs(board).rows
    assert rows[0] == whole[0] and len(rows) == 4
    for told, row in zip(whole[1:], rows[1:]):
        assert row == (told[0], NONE, "—", told[3])
    said = "… static only: the 4K table is there as a whole, from the beginning\nModule 1.5.06 has no Dynamic PAMT."
    assert str(SizesBoard.bar(board)) == said


@pytest.mark.parametrize(
    "seen, found",
    [
        ({16}, False),
        ({17}, False),
        ({16, 18}, False),
        ({15, 16}, False),
        ({16, 17}, True),
        ({3, 16, 17, 40}, True),
        ({17, 18}, False),
    ],
)
def test_the_largest_entry_is_known_once_the_next_one_was_tried_too(seen, found):
    words = SizesBoard.answer(SimpleNamespace(_seen=seen))
    assert words == ("16 bytes: 512 entries fill two pages, and one byte more takes a third" if found else "")
