"""What is numbered, kept and said of questions and exercises: from one on, up to a limit, and at the step that is meant."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tdxkit.lessons.exercises import Said, exercises
from tdxkit.lessons.gates import gate_named, gates
from tdxkit.linux.host.life import live
from tdxkit.seam.runs import pamt_add_run
from tdxkit.view import questions, tasks
from tdxkit.view.host_picture import host
from tdxkit.view.kit.verdict import SIGNS
from tdxkit.view.pamt_picture import picture_of
from tdxkit.view.questions import Answers, answers, gate
from tdxkit.view.stepper import Stepper
from tdxkit.view.tasks import BoxBoard, ExerciseBoard, Task


@pytest.fixture
def kept(monkeypatch):
    """What would be written to the reader's disk."""
    events = []
    for module in (questions, tasks):
        monkeypatch.setattr(module, "record", events.append)
        monkeypatch.setattr(module, "notice", lambda: "")
    return events


def test_options_and_questions_are_counted_from_one():
    options = gate_named("who-takes-it-back").options
    page = str(gate("who-takes-it-back").static())
    assert re.findall(r'type="radio"[^>]* value="(\d+)"', page) == [str(k) for k in range(1, len(options) + 1)]
    key = str(answers("00"))
    assert re.findall(r"^(\d+)\. ", key, re.MULTILINE)[: len(gates("00"))] == [
        str(k) for k in range(1, len(gates("00")) + 1)
    ]


@pytest.mark.parametrize("letters, taken", [(39, 39), (40, 40), (41, 40)])
def test_an_answer_is_kept_up_to_forty_letters(letters, taken, kept):
    listener = Answers(gate_named("second-look"))
    listener._gate = SimpleNamespace(
        name="n", notebook="04", judged=lambda answer: SimpleNamespace(right=len(answer) == taken)
    )
    listener._heard(None, {"answer": "x" * letters}, [])
    assert [(event.answer, event.right) for event in kept] == [("x" * taken, True)]


@pytest.mark.parametrize(
    "count, heads",
    [(0, []), (1, ["A hint"]), (2, ["A hint", "The last hint"]), (3, ["A hint", "Another hint", "The last hint"])],
)
def test_hints_lie_in_each_other_and_the_last_is_called_so(count, heads):
    made = str(tasks._hints(tuple(f"hint {k}" for k in range(count))))
    assert re.findall("<summary>(.*?)</summary>", made) == heads
    assert [made.index(f"hint {k}") for k in range(count)] == sorted(made.index(f"hint {k}") for k in range(count))
    assert not made.partition("</details>")[2].replace("</details>", ""), "each in the one before"


@pytest.fixture
def board(kept):
    made = ExerciseBoard(Task(next(one for one in exercises() if not one.box)))
    made._answer = 14
    return made


@pytest.mark.parametrize("at, position", [(-1, 3), (0, 0), (2, 2)])
def test_the_run_of_an_answer_is_opened_where_it_is_meant_or_at_its_end(at, position, board, make_run):
    board._conclude(lambda: board.finished(Said(False, "no", make_run("010"), at=at)))
    (stepper,) = board.shown.children
    assert isinstance(stepper, Stepper) and stepper.position == position


@pytest.mark.parametrize("passed, word, sign", [(True, "passed", SIGNS["ok"]), (False, "not yet", SIGNS["violation"])])
def test_what_is_said_of_an_answer_is_kept_with_it(passed, word, sign, board, kept):
    assert str(board).endswith("not judged yet")
    board._conclude(lambda: board.finished(Said(passed, "so it is")))
    one = board.task.exercise
    assert f"<b>{sign} {word}</b>" in board.said.value and "so it is" in board.said.value
    assert str(board).endswith(f"{sign} {word}: so it is")
    assert [(e.kind, e.notebook, e.name, e.answer, e.right) for e in kept] == [
        ("exercise", one.notebook, one.name, "14", passed)
    ]


def test_a_disk_that_keeps_nothing_is_said_below(board, monkeypatch):
    monkeypatch.setattr(tasks, "notice", lambda: "Progress is not kept")
    board._conclude(lambda: board.finished(Said(True, "yes")))
    assert 'role="alert"' in board.shown.children[-1].value and "Progress is not kept" in board.shown.children[-1].value


def test_how_far_the_judge_is_and_that_it_was_cancelled(board):
    board.at = (1234, 0)
    assert board.under_way(1234, 0) == "judging: 1,234 states so far"
    assert board.given_up() == ("cancelled after 1,234 states: no verdict", None)


@pytest.mark.parametrize(
    "answer, kept",
    [
        ("a", "a"),
        (["a", ("b", 3)], "a, b, 3"),
        (sorted, "sorted"),
        (2.5, "2.5"),
        (int("1" * 200), "1" * 200),
        (int("1" * 201), "1" * 200 + "…"),
    ],
    ids=range(6),
)
def test_an_answer_is_kept_as_text(answer, kept):
    assert tasks._as_text(answer) == kept


@pytest.mark.parametrize("line, marked", [(1, True), (3, True), (4, False)])
def test_a_line_that_is_named_is_marked_where_it_is_there(line, marked, kept, make_run):
    made = BoxBoard(Task(next(one for one in exercises() if one.box)))
    made.code.text = made._answer = "a\nb\nc"
    for run, kind in ((None, "slip"), (make_run("0"), "broken")):
        made.finished(Said(False, f"line {line}, column 2: no", run))
        assert (f'"line": {line}' in made.code.marks and kind in made.code.marks) == marked
    made.code.mark(())
    made.finished(Said(True, f"line {line}: yes"))
    made._answer = "older"
    made.finished(Said(False, f"line {line}: no"))
    assert made.code.marks == "[]"


def test_beside_the_run_of_a_host_or_of_the_module_stands_its_own_picture():
    assert tasks._picture(Said(True, "", live("v6", record=True).run)) is host
    pamt = pamt_add_run()
    drawn = tasks._picture(Said(True, "", pamt))
    assert drawn(pamt.state(len(pamt))) == picture_of()(pamt.state(len(pamt))) != picture_of()(pamt.first)


def test_an_older_verdict_is_not_told_while_another_answer_is_judged(board, monkeypatch):
    board._conclude(lambda: board.finished(Said(True, "yes")))
    told = []
    monkeypatch.setattr(board, "soon", lambda job: told.append(str(board)))
    board.judge(15)
    assert told[0].endswith("not judged yet") and board.verdict is None


def test_what_is_hidden_in_a_task_or_a_verdict_is_told_in_the_open(board):
    board.task.exercise = replace(board.task.exercise, asks="left\u202eright")
    board._conclude(lambda: board.finished(Said(False, "up\u200bdown")))
    assert "left\\u202eright" in str(board) and str(board).endswith("up\\u200bdown")


def test_a_task_is_found_by_its_name_in_a_page(board):
    assert f'data-exercise="{board.task.exercise.name}"' in str(board.task.static())
