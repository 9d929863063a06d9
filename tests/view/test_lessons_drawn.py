"""Questions, exercises, progress and words as they are drawn: what stands in the page, what waits in it, and what is heard of it."""

import gzip
import json
import re
from base64 import b64decode

import pytest

from tdxkit.c.memattr import record_set
from tdxkit.errors import InputError
from tdxkit.explore import replay
from tdxkit.lessons import progress as keeping
from tdxkit.lessons.exercises import Said, Unanswered, exercise_named, exercises
from tdxkit.lessons.gates import gate_named, gates
from tdxkit.lessons.notebooks import lessons
from tdxkit.lessons.progress import Event, kept, record
from tdxkit.linux.refcount import scenario
from tdxkit.view import Stepper, answers, exercise, gate, progress, region, static, tasks, words, xarray
from tdxkit.view.kit.svg import esc
from tdxkit.view.kit.tables import table
from tdxkit.view.msr_view import vcpus
from tdxkit.view.questions import Answers
from tdxkit.view.tasks import BoxBoard, ExerciseBoard, Task, _picture

RACE = "v2:2x1:37b4 A10 B15 A3"


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Nothing was done yet, and nobody has been told anything."""
    monkeypatch.setenv(keeping.VARIABLE, str(tmp_path / "progress.jsonl"))
    monkeypatch.setattr(keeping, "_said", set())
    monkeypatch.setattr(keeping, "_why", "")
    monkeypatch.setattr(keeping, "_unwritten", [])


def stepper():
    return Stepper(replay(scenario("v2"), RACE), position=3)


def test_a_vote_has_its_options_as_radios_and_every_reason_waits():
    page, one = str(gate("who-takes-it-back").static()), gate_named("who-takes-it-back")
    assert page.count('type="radio"') == len(one.options) == page.count('class="tdx-gate-why" hidden=""')
    assert 'data-gate="who-takes-it-back"' in page and '<button type="submit">Answer</button>' in page
    assert re.search(r'class="tdx-gate-after tdx-gate-words" hidden=""', page)


def test_a_number_has_a_field_that_says_what_is_asked():
    page = str(gate("fewest-switches").static())
    assert 'aria-label="your answer, a number of switches"' in page and 'type="radio"' not in page


def test_what_is_behind_a_gate_stands_in_the_order_given_and_a_stepper_is_there_in_fog():
    behind = gate("second-look", table(("a",), [("first",)]), stepper(), table(("b",), [("last",)]))
    page = str(behind.static())
    assert page.index("first") < page.index("tdx-gate-fog") < page.index(">last<")
    assert (
        page.count('class="tdx-gate-after" hidden=""') == 2
        and page.count('class="tdx-gate-fog tdx-gate-closed" inert=""') == 1
    )
    assert behind.things[1]._top()["fog"] is True and stepper()._top()["fog"] is False


def test_a_veiled_stepper_is_there_and_cannot_be_read():
    page = str(gate("second-look", stepper(), veiled=True).static())
    assert page.count('class="tdx-gate-fog tdx-gate-closed tdx-gate-veiled" inert=""') == 1
    assert (
        "tdx-gate-veiled" not in str(gate("second-look", stepper()).static()).split("<style>")[-1].split("</style>")[-1]
    )
    assert "blur(" in page


def test_the_answer_that_was_given_is_there_again():
    record(Event("gate", "04", "second-look", "3", True))
    assert '"answered":"3"' in str(gate("second-look").static())
    keeping.reset("04")
    assert '"answered":""' in str(gate("second-look").static())


def test_the_text_of_a_gate_asks_and_does_not_tell():
    one, said = gate_named("second-look"), str(gate("second-look"))
    assert said.startswith("Predict. ") and "  4. A store that" in said
    assert one.after[:40] not in said and not any(option.why in said for option in one.options)
    assert str(gate("fewest-switches")).endswith("  a number of switches")


def test_a_name_that_is_none_is_refused():
    with pytest.raises(InputError, match="there is no such gate"):
        gate("nobody")
    with pytest.raises(InputError, match="there is no such exercise"):
        exercise("nobody", 3)


@pytest.mark.parametrize("answer, right", [("3", True), ("1", False)])
def test_an_answer_of_the_page_is_kept(answer, right):
    Answers(gate_named("second-look"))._heard(None, {"answer": answer}, [])
    assert kept().events == [Event("gate", "04", "second-look", answer, right)]


@pytest.mark.parametrize(
    "message", [None, {}, {"answer": 3}, {"answer": "9"}, {"answer": "<b>" * 99}, ["answer"], {"answer": None}]
)
def test_what_no_page_of_ours_says_is_not_kept(message):
    Answers(gate_named("second-look"))._heard(None, message, [])
    assert kept().events == []


def test_a_disk_that_keeps_nothing_is_said_once(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(keeping.VARIABLE, str(tmp_path))
    for _ in range(2):
        Answers(gate_named("second-look"))._heard(None, {"answer": "1"}, [])
    assert capsys.readouterr().out.count("Progress is not kept: Is a directory") == 1


@pytest.mark.parametrize("number", sorted({one.notebook for one in gates()}))
def test_the_key_has_every_question_with_its_answer(number):
    key, page = answers(number), str(answers(number).static())
    assert page.count("<li>") >= len(gates(number)) and page.count("<details") == 1
    for one in gates(number):
        assert one.right.why in str(key) and one.asks in str(key)


def test_text_of_a_quiz_cannot_become_markup(monkeypatch):
    from tdxkit.lessons import gates as module

    row = {
        "name": "hostile", "asks": "<img src=x onerror=alert(1)> [x](javascript:alert(1)) `</script>`", "after": "</script><script>alert(1)</script>", "source": "own",
        "options": [{"says": f"<b>{k}</b>", "why": "</section><script>", "right": k == 0} for k in range(3)],
    }  # fmt: skip
    monkeypatch.setattr(module, "_gates", lambda: {"hostile": module.made(row, "00")})
    page = str(gate("hostile").static())
    bare = re.sub(r"<script type=\"application/(json|gzip)\".*?</script>", "", page, flags=re.S)
    assert (
        "<img" not in bare and "<b>0" not in bare and "alert(1)</script>" not in bare and 'href="javascript' not in bare
    )
    assert esc("<b>0</b>") in bare


def test_an_exercise_shows_its_hints_one_in_the_other_and_its_solution_folded():
    page, one = str(Task(exercise_named("take-it-back")).static()), exercise_named("take-it-back")
    first, second, last = (page.index(word) for word in ("A hint", "Another hint", "The last hint"))
    assert first < second < last and page[first:last].count("</details>") == 0
    assert page.count('class="tdx-hint"') == 3 and page.count('class="tdx-solution"') == 1
    assert 'open=""' not in page and one.solution in page and "Your turn: break." in page


def test_only_what_runs_a_readers_code_says_what_to_do_when_it_never_ends():
    assert "Kernel, Restart" in str(Task(exercise_named("mend-put")).static())
    assert "Kernel, Restart" in str(Task(exercise_named("mend-the-mask")).static())
    for switches_or_turns in ("take-it-back", "saved-by-firmware", "second-trace"):
        assert "Kernel, Restart" not in str(Task(exercise_named(switches_or_turns)).static())


def test_an_open_exercise_shows_the_task_and_raises_one_line(capsys):
    with pytest.raises(Unanswered, match="exercise take-it-back: it waits for your answer, in the place of"):
        exercise("take-it-back", ...)
    assert "Your turn: break." in capsys.readouterr().out and kept().events == []


def test_in_a_browser_an_exercise_that_waits_stops_no_cell_behind_it(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(tasks, "IN_A_BROWSER", True)
    monkeypatch.setattr(tasks.live, "display", shown.append)
    assert exercise("take-it-back", ...) is None
    assert [one.exercise.name for one in shown] == ["take-it-back"]
    assert capsys.readouterr().out == "exercise take-it-back: it waits for your answer, in the place of ...\n"


def test_a_wrong_answer_is_kept_with_its_run_and_a_right_one_passes():
    board = exercise("take-it-back", "A9 B4 A6")
    assert not board.verdict.passed and str(board).endswith(
        "✗ not yet: TDH.PHYMEM.PAMT.REMOVE is done by CPU 0, and CPU 1 was asked for."
    )
    assert isinstance(board.shown.children[-1], Stepper) and board.shown.children[-1].position == 19
    board = exercise("take-it-back", exercise_named("take-it-back").solution)
    assert board.verdict.passed and "✓ passed" in str(board)
    assert [(one.kind, one.right) for one in kept().events] == [("exercise", False), ("exercise", True)]
    assert "✓ passed before, with <code>" in str(Task(exercise_named("take-it-back")).static())


@pytest.mark.parametrize(
    "answer, said",
    [
        ("A9 <b>", "✓ passed before, with <code>A9 &lt;b&gt;</code></span>"),
        ("x" * 100, f"✓ passed before, with <code>{'x' * 100}</code></span>"),
        ("x" * 101, "✓ passed before</span>"),
        ("int f(void)\n{", "✓ passed before</span>"),
        ("", "✓ passed before</span>"),
    ],
)
def test_what_passed_before_stands_at_the_task_where_it_is_a_line(answer, said):
    record(Event("exercise", "00", "take-it-back", answer, True))
    record(Event("exercise", "00", "take-it-back", "a later slip", False))
    assert said in str(Task(exercise_named("take-it-back")).static())


def test_beside_the_run_of_switches_stand_the_registers_of_the_vcpus():
    board = exercise("locked-before", {"preset": 0x1})
    stepper = board.shown.children[-1]
    assert board.verdict.passed and isinstance(stepper, Stepper) and stepper._picture is vcpus
    assert exercise("take-it-back", "A9 B4 A6").shown.children[-1]._picture is region


def test_several_things_are_one_answer():
    board = exercise("take-it-back", "A9", "B4")
    assert not board.verdict.passed and "a schedule is asked for" in board.verdict.says


def test_an_answer_in_a_box_is_judged_as_often_as_one_likes():
    board = exercise("mend-put")
    assert (
        isinstance(board, BoxBoard) and board.code.text == exercise_named("mend-put").begins and board.verdict is None
    )
    board.check()
    assert board.verdict.says == "It breaks: REMOVE found no pair, after 27 steps."
    board.code.text = exercise_named("mend-put").solution
    board.check()
    assert board.verdict.passed and kept().passed("exercise", "mend-put")
    board.code.text = "   "
    board.check()
    assert "it waits for your answer" in board.said.value
    board.code.text = exercise_named("your-put").begins + "\n".join(f"int more_{k};" for k in range(13))
    board.check()
    assert "lines are new, and 12 are enough" in board.verdict.says


def test_the_line_that_a_verdict_names_is_marked_until_it_is_typed_over():
    board = exercise("mend-count")
    board.check()
    assert [(mark["line"], mark["kind"]) for mark in json.loads(board.code.marks)] == [(21, "broken")]
    board.code.text = board.code.text.replace("users++ == 0)", "users++ == 0")
    assert json.loads(board.code.marks) == []
    board.check()
    slip = json.loads(board.code.marks)[0]
    assert (slip["line"], slip["kind"]) == (15, "slip") and board.verdict.says.startswith(slip["said"][:20])
    board.code.text = exercise_named("mend-count").solution
    board.check()
    assert board.verdict.passed and json.loads(board.code.marks) == []


def test_beside_the_run_of_an_answer_stands_what_it_is_about():
    assert _picture(Said(True, "", replay(scenario("v2"), RACE), scenario("v2"))) is region
    assert _picture(Said(True, "", record_set([(62, 66, 8)]))) is xarray
    assert _picture(Said(True, "")) is None


def test_the_rungs_and_the_costs_stand_beside_a_put():
    board = exercise("your-put", exercise_named("your-put").solution)
    assert board.verdict.passed and next(sheet.title for sheet in board.verdict.sheets) == "The rungs"
    rungs, costs = board.verdict.sheets
    assert [row[3] for row in rungs.rows] == ["✓ holds"] * 8
    assert [row[0] for row in costs.rows] == ["mine", "v6", "after-v6"] and costs.rows[0][1:] == costs.rows[1][1:]


def test_a_cancelled_judge_says_so():
    board = ExerciseBoard(Task(exercise_named("mend-put")))
    assert board.given_up() == ("cancelled after 0 states: no verdict", None) and str(board).endswith("not judged yet")
    assert board.under_way(1200, 0) == "judging: 1,200 states so far"


@pytest.mark.parametrize("one", exercises(), ids=lambda one: one.name)
def test_every_task_can_be_read_without_a_kernel(one):
    page = str(static(Task(one)))
    assert 'class="tdx-task"' in page and str(Task(one)).count("\n  hint ") == 3


def test_progress_counts_what_was_answered_and_passed_and_forgets_a_notebook():
    record(Event("gate", "00", "who-takes-it-back", "1"))
    record(Event("gate", "00", "who-takes-it-back", "3", True))
    record(Event("exercise", "00", "take-it-back", "x"))
    board = progress()
    first = board.rows()[0]
    assert first[2:] == (f"1 of {len(lessons()[0].gates)}", f"0 of {len(lessons()[0].exercises)}")
    record(Event("exercise", "00", "take-it-back", "A9", True))
    board.again.click()
    assert board.rows()[0][3].startswith("1 of ") and "00 · Start here" in str(board)
    board.which.value = "04"
    board.forget.click()
    assert board.rows()[0][3].startswith("1 of ")
    board.which.value = ""
    board.forget.click()
    assert all(row[2].startswith(("0 of", "—")) for row in board.rows())


def test_words_carry_every_meaning_and_no_list_of_their_own():
    page = str(words().static())
    [packed] = re.findall(r'class="tdx-words".*?<script type="application/gzip">([^<]*)<', page, re.S)
    meanings = gzip.decompress(b64decode(packed)).decode()
    assert '"zap"' in meanings and '"B16"' in meanings and '"tdx-v6"' in meanings and "<ul></ul>" in page
