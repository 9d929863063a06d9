"""Fields beside a text in C at their limits, how far a reader is, what a gate asks for, and hints that are numbered."""

import re
from types import SimpleNamespace

import ipywidgets as w
import pytest

from tdxkit.errors import InputError
from tdxkit.lessons.gates import gate_named
from tdxkit.view import progress_board, tasks
from tdxkit.view.editor.widget import TEXT
from tdxkit.view.fields import check_numbers, columns_of, fields_row, lines_of, number_field, numbers_in, run_field
from tdxkit.view.kit.tables import Table
from tdxkit.view.progress_board import ProgressBoard
from tdxkit.view.questions import GateView, gate
from tdxkit.view.tasks import BoxBoard, Task


@pytest.mark.parametrize(
    "written, found, odd",
    [
        ("a=1, b = -2;c=0x10", {"a": 1, "b": -2, "c": 16}, []),
        ("--stub a=1 --set=b=2", {"a": 1, "b": 2}, []),
        ("a=" + "1" * 39, {"a": int("1" * 39)}, []),
        ("a=" + "1" * 40, {}, ["a=" + "1" * 40]),
        ("a", {}, ["a"]),
        ("=5", {}, ["=5"]),
        ("a= b=2", {}, ["a=b=2"]),
        ("a=x, b=2, c=010", {"b": 2}, ["a=x", "c=010"]),
        (" ,; ", {}, []),
    ],
)
def test_names_with_numbers_are_taken_and_what_is_none_is_told(written, found, odd):
    assert numbers_in(written) == (found, odd)


@pytest.mark.parametrize("blanks, found", [(3997, {"a": 1}), (3998, {})])
def test_of_a_field_four_thousand_letters_are_read(blanks, found):
    taken, odd = numbers_in(" " * blanks + "a=1")
    assert taken == found and odd == ([] if found else ["a="])


@pytest.mark.parametrize(
    "typed, said",
    [
        ("b=1, a=x", '"stubs", a=x: it is NAME=NUMBER, with commas between several; write it like a=0'),
        ("a", '"stubs", a: it is NAME=NUMBER, with commas between several; write it like a=0'),
        ("9=x", '"stubs", 9=x: it is NAME=NUMBER, with commas between several; write it like lookup=0'),
        ("x, 9", '"stubs", x: it is NAME=NUMBER, with commas between several; write it like x=0'),
    ],
)
def test_the_first_part_that_is_no_number_is_said_with_an_example(typed, said):
    field = number_field("stubs:", "lookup=0, charge=-12", {})
    field.value = typed
    with pytest.raises(InputError) as caught:
        check_numbers(field)
    assert str(caught.value) == said
    field.value = "a=1"
    assert check_numbers(field) is None


def test_a_field_begins_with_what_it_is_given_and_has_two_rows():
    field = run_field(("one();", "two();"))
    assert (field.value, field.rows) == ("one();\ntwo();", 2)
    field.value = "one();\n \n\ttwo();"
    assert lines_of(field) == ("one();", "\ttwo();")
    assert number_field("first values:", "", {"a": 1, "b": -2}).value == "a=1, b=-2"


def test_a_row_of_fields_has_its_look_with_it_and_columns_take_one_or_several():
    one, two, three = w.Text(), w.Text(), w.Text()
    row = fields_row(one)
    assert (
        row.children[0] is one and ".tdx-fields" in row.children[1].value and row.children[1].layout.display == "none"
    )
    assert {"tdx", "tdx-fields"} <= set(row._dom_classes)
    columns = columns_of([one, two], three).children
    assert columns[0].children == (one, two) and columns[1] is three


@pytest.fixture
def progress(monkeypatch):
    """`progress(notice)`: the board of two notebooks, of which the second asks nothing; `events` is what was done."""
    lessons = [
        SimpleNamespace(title="A", number="01", minutes=30, gates=("g", "h"), exercises=("e",)),
        SimpleNamespace(title="B", number="02", minutes=20, gates=(), exercises=()),
    ]
    monkeypatch.setattr(progress_board, "lessons", lambda: lessons)
    monkeypatch.setattr(progress_board, "whereabouts", lambda: "kept in /there, and nowhere else")
    events, forgotten = [], []
    monkeypatch.setattr(progress_board, "kept", lambda: SimpleNamespace(since_reset=lambda: events))
    monkeypatch.setattr(progress_board, "reset", lambda number: (forgotten.append(number), events.clear()))

    def made(notice=""):
        monkeypatch.setattr(progress_board, "notice", lambda: notice)
        board = ProgressBoard()
        board.events, board.forgotten = events, forgotten
        return board

    return made


def cells(board):
    return re.findall(r"<td[^>]*>(.*?)</td>", board.shown.children[-1].value)


def done(kind, name, right=True):
    return SimpleNamespace(kind=kind, name=name, right=right)


def test_progress_is_shown_at_once_again_on_a_click_and_anew_when_it_is_forgotten(progress):
    board = progress()
    assert board.words == "kept in /there, and nowhere else" and len(board.shown.children) == 1
    assert cells(board) == ["A", "30", "0 of 2", "0 of 1", "B", "20", "—", "—"]
    board.events += [done("gate", "g"), done("gate", "g"), done("exercise", "e"), done("gate", "e"), done("gate", "x")]
    assert "0 of 2" in cells(board), "nobody looked again"
    board.again.click()
    assert cells(board)[2:4] == ["1 of 2", "1 of 1"]
    board.forget.click()
    assert board.forgotten == ["01"] and cells(board)[2:4] == ["0 of 2", "0 of 1"]
    board.which.value = ""
    board.forget.click()
    assert board.forgotten == ["01", "01", "02"]
    assert [label for label, _ in board.which.options] == ["A", "B", "all of them"]


def test_an_exercise_counts_once_it_is_right_and_a_question_once_it_is_answered(progress):
    board = progress()
    board.events += [done("gate", "h", False), done("exercise", "e", False), done("gate", "e")]
    assert board.rows()[0][2:] == ("1 of 2", "0 of 1")


def test_what_is_wrong_with_the_file_is_said_above_the_table_and_only_then(progress):
    board = progress("Progress is not kept: no disk.")
    above, below = board.shown.children
    assert 'role="alert"' in above.value and "Progress is not kept: no disk." in above.value
    assert "<table" in below.value and 'role="alert"' not in below.value
    assert 'role="alert"' not in progress().shown.children[0].value


def number(unit):
    return SimpleNamespace(
        name="n", number=512, unit=unit, options=(), asks="How many?", after="", why="so", beliefs=(), otherwise="no"
    )


@pytest.mark.parametrize("unit, field, said", [("pages", "pages", "  a number of pages"), ("", "things", "  a number")])
def test_a_number_is_asked_for_with_its_unit_where_it_has_one(unit, field, said):
    view = GateView(number(unit))
    assert f'aria-label="your answer, a number of {field}"' in view._asks()
    assert str(view).splitlines()[-1] == said


def test_each_number_that_people_come_to_has_its_reason_and_any_other_has_one_too():
    one = number("pages")
    one.beliefs = (SimpleNamespace(number=256, why="half"),)
    found = re.findall(r'data-number="(\d*)" hidden="">(.*?)</div>', str(GateView(one)._asks()))
    assert [(n, re.sub("<.*?>", "", why)) for n, why in found] == [("512", "so"), ("256", "half"), ("", "no")]


def test_options_are_numbered_in_the_text_of_a_question_too():
    rows = [row for row in str(gate("second-look")).splitlines() if re.match(r"  \d\. ", row)]
    options = gate_named("second-look").options
    assert [int(row.split(".")[0]) for row in rows] == list(range(1, len(options) + 1))


def asked(**more):
    plain = {
        "name": "n", "notebook": "04", "kind": "mend", "asks": "Mend it.", "hints": ("h", "i"), "solution": "\nint a;\n\n", "why": "so", "runs": False,
        "begins": "int b;\n", "language": "c", "box": True,
    }  # fmt: skip
    return SimpleNamespace(**plain | more)


def test_hints_are_numbered_from_one_and_a_solution_has_no_empty_lines_around_it():
    one = Task(asked())
    assert str(one) == "Your turn: mend. Mend it.\n  hint 1: h\n  hint 2: i"
    assert "<pre>int a;</pre>" in one.static() and 'role="group"' in one.static()


@pytest.mark.parametrize("language, spoken", [("c", "c"), ("code", TEXT)])
def test_a_box_speaks_the_language_of_its_exercise_and_its_button_checks_what_stands_in_it(
    language, spoken, monkeypatch
):
    board = BoxBoard(Task(asked(language=language)))
    assert (board.code.language, board.code.text) == (spoken, "int b;\n")
    checked = []
    monkeypatch.setattr(board, "judge", checked.append)
    button = next(one for one in board._rows[-1].children if one.description == "Check")
    button.click()
    board.code.text = "int c;"
    board.code._heard(board.code, {"judge": True}, [])
    assert checked == ["int b;\n", "int c;"] and (button.icon, button.button_style) == ("gavel", "primary")


@pytest.mark.parametrize("named, column", [("line 2, column 5: no", 5), ("line 2: no", 0)])
def test_a_mark_stands_at_the_column_that_is_named(named, column, monkeypatch):
    monkeypatch.setattr(tasks, "record", lambda event: None)
    monkeypatch.setattr(tasks, "notice", lambda: "")
    board = BoxBoard(Task(asked()))
    board._answer = board.code.text = "a\nb"
    marked = []
    monkeypatch.setattr(board.code, "mark", lambda marks: marked.extend(marks))
    board.finished(tasks.Said(False, named))
    ((line, at, kind, said),) = [(mark.line, mark.column, mark.kind, mark.said) for mark in marked]
    assert (line, at, kind, said) == (2, column, "slip", named)


def test_the_sheets_of_an_answer_stand_under_its_run_and_above_what_is_said_of_the_file(monkeypatch, make_run):
    monkeypatch.setattr(tasks, "record", lambda event: None)
    monkeypatch.setattr(tasks, "notice", lambda: "no disk")
    board = BoxBoard(Task(asked()))
    sheet = SimpleNamespace(heads=("a",), rows=[(1,)], title="S")
    _, (run, table, alert) = board.finished(tasks.Said(True, "yes", make_run("0"), sheets=(sheet,)))
    assert isinstance(table, Table) and (table.title, table.rows, table.header) == ("S", ((1,),), ("a",))
    assert run.position == 1 and "no disk" in alert


def test_the_line_of_a_text_that_is_typed_over_is_no_longer_marked():
    board = BoxBoard(Task(asked()))
    board.code.mark([tasks.Mark(1, 0, "slip", "no")])
    board.code.text = "int d;"
    assert board.code.marks == "[]"
