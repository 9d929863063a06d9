"""A reader's own code in a box: what the controls offer, what is judged and how it is asked for, and which line a complaint is about."""

import json
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from tdxkit.c.harness import MAY_FAIL
from tdxkit.errors import InputError
from tdxkit.facts import data_path
from tdxkit.review.own import Opinion
from tdxkit.view import own_board, write_board
from tdxkit.view.editor import Mark
from tdxkit.view.own_board import OwnBoard, judge_own, opinion_box
from tdxkit.view.region_picture import region
from tdxkit.view.write_board import WriteBoard, _marks, _slip, write_own


class Board(OwnBoard):
    """One in which nothing is judged: `judgings` is how often it was to be."""

    judgings = 0

    def judge(self, _change=None):
        self.judgings += 1


class Box(WriteBoard):
    """One in which nothing is judged."""

    def judge(self, _change=None):
        self._tell_language()
        self._judged = self._stands()


def made(fault="", memory="sc", threads=2):
    return Board(lambda **size: size, (), threads, 1, fault, False, memory)


@pytest.fixture
def box():
    return Box("int a;\n  int b;", ("one();", "other();"), {"s": 0}, {"a": 1}, 2, 1, "", "sc")


def test_every_choice_stands_in_its_list_once():
    board = made()
    assert [label for label, _ in board.memory.options] == ["sequentially consistent", "x86-TSO"]
    assert [label for label, _ in board.faults.options] == ["nothing", "memory", "ADD", "REMOVE"]
    assert (board.threads.options, board.rounds.options) == ((1, 2, 3, 4), (1, 2, 3))
    more = made("add-fails,enomem", "pso", threads=3)
    assert (more.faults.options[4:], more.memory.options[2:]) == ((("add-fails,enomem",) * 2,), (("pso", "pso"),))
    assert (more.faults.value, more.memory.value, more.threads.options) == ("add-fails,enomem", "pso", (1, 2, 3, 4))


def test_a_board_judges_at_once_on_its_button_and_on_each_choice():
    board = made()
    assert board.judgings == 1
    (button,) = (one for one in board._rows[-1].children if one.description == "Judge again")
    button.click()
    assert board.judgings == 2 and button.icon == "gavel"
    for control, value in ((board.threads, 3), (board.rounds, 2), (board.faults, "enomem"), (board.memory, "tso")):
        before, control.value = board.judgings, value
        assert board.judgings == before + 1, control.description


@pytest.mark.parametrize("shared, picture", [(("refcount",), region), (("users",), None)])
def test_beside_a_run_stands_the_region_where_there_are_refcounts(shared, picture, monkeypatch, make_run):
    board, placed = made(), {}
    run = make_run("010")
    monkeypatch.setattr(own_board, "replay", lambda one, code: run if code == "s:1" else code)
    monkeypatch.setattr(own_board, "Stepper", lambda run, **how: placed.update(how, run=run) or "stepper")
    monkeypatch.setattr(board, "boxed", lambda opinion: "box")
    one = SimpleNamespace(
        scenario=SimpleNamespace(shared=shared), result=SimpleNamespace(schedule="s:1", verdict="violation")
    )
    assert board.finished(one) == ("judged", ["box", "stepper"])
    assert (placed["picture"], placed["position"], placed["run"], board.ran) == (picture, 3, run, run)
    assert placed["replay"]("another") == "another"


def test_what_was_not_judged_is_said_so_and_what_holds_has_no_run(monkeypatch):
    board = made()
    monkeypatch.setattr(board, "boxed", lambda opinion: "box")
    board.ran = "older"
    assert board.finished(SimpleNamespace(result=None, scenario=None)) == ("not judged", ["box"]) and board.ran is None
    calm = SimpleNamespace(result=SimpleNamespace(schedule=""), scenario=SimpleNamespace(shared=()))
    assert board.finished(calm) == ("judged", ["box"])


@pytest.mark.parametrize(
    "roles, threads, fixed", [("", 2, False), ((), 2, False), ("get", 1, True), ("get,put", 2, True)]
)
def test_roles_that_name_nobody_fix_nothing(roles, threads, fixed):
    board = judge_own("nothing.py:put", roles=roles)
    assert (board.threads.value, board.threads.disabled, board.rounds.value) == (threads, fixed, 1)


def test_a_complaint_without_a_text_has_a_box_without_a_source():
    opinion = Opinion(None, None, error=InputError("put", "is none", "mend it"))
    shown = opinion_box(opinion)
    assert "<details" not in shown and "<b>! not judged</b>: put: is none; mend it</h3>" in shown
    assert "<b>a head</b>: of mine</h3>" in opinion_box(opinion, head="a head: of mine")


def test_what_is_typed_over_is_stale_until_it_is_as_it_was(box):
    box.judge()
    box.code.text = "int a;\nint c;"
    assert "tdx-stale" in box.shown._dom_classes
    for field in (box.run, box.stubs, box.sets, box.language):
        box.code.text = "int a;\n  int b;"
        assert "tdx-stale" not in box.shown._dom_classes
        was, field.value = field.value, {box.language: "c"}.get(field, "z=1")
        assert "tdx-stale" in box.shown._dom_classes, field.description
        field.value = was


def test_the_scenario_has_the_text_with_an_end_of_line_and_all_that_goes_with_it(box, monkeypatch):
    asked = []
    monkeypatch.setattr(write_board, "scenario_of", lambda *given, **more: asked.append((given, more)))
    box._scenario(3, 2, "enomem,remove-fails")
    box.run.value, box._softirq, box.code.text = "one();", "two();", "int a;\n"
    box._scenario(3, 2, "")
    (given, more), words = asked[0], {fault: word for word, fault in MAY_FAIL.items()}
    assert given == ("int a;\n  int b;\n", None, 2), "each line of what runs is a CPU"
    assert more["run"] == ("one();", "other();") and set(more["may_fail"]) == {words["enomem"], words["remove-fails"]}
    assert (more["stubs"], more["sets"], more["softirq"]) == ({"s": 0}, {"a": 1}, "")
    given, more = asked[-1]
    assert given == ("int a;\n", 3, 2) and (more["run"], more["may_fail"]) == (("one();",), ())
    assert more["softirq"] == "two();"


def test_what_was_changed_is_told_with_how_to_judge_it(box, monkeypatch):
    monkeypatch.setattr(write_board, "scenario_of", lambda *given, **more: None)
    box.judge()
    box.code.text = "int c;"
    assert box.words == "changed since it was judged; Judge, or Ctrl+Enter in the box"
    box.code.text = "int a;\n  int b;"
    assert box.words == ""
    box.stubs.value = "what"
    assert box.words.startswith('! "stubs", what: it is NAME=NUMBER')


def test_nothing_in_the_box_is_no_slip_and_cannot_be_judged(box):
    box.code.text = " \n"
    assert box._slips() == ()
    for language in ("c", "python"):
        box.language.value = language
        with pytest.raises(InputError, match="the box: there is nothing in it"):
            box._scenario(2, 1, "")


def test_python_is_read_as_python_and_nothing_of_the_fields_goes_with_it(box, monkeypatch):
    asked = []
    monkeypatch.setattr(write_board, "of_python", lambda *given, **more: asked.append((given, more)))
    box.code.text = "def put(m, region):\n    yield 'a'"
    box._scenario(3, 2, "enomem")
    assert asked == [((f"{box.code.text}\n", 3, 2), {"faults": "enomem"})]
    box.language.value = "c"
    with pytest.raises(InputError, match="the text: it is Python, and read as C"):
        box._scenario(3, 2, "")


def test_fields_are_asked_of_c_alone(box):
    box.stubs.value = "what"
    with pytest.raises(InputError, match='"stubs", what'):
        box._scenario(2, 1, "")
    box.language.value = "python"
    assert box._check_fields() is None


ERROR = InputError("line 2, column 3: `b`", "it is none", "mend it")


def test_a_complaint_is_about_the_line_of_the_box_that_it_names(box):
    box._judged = box._stands()
    box.finished(Opinion(None, None, error=ERROR))
    assert box.opinion.line == "2: int b;"
    shown = box.boxed(box.opinion)
    assert "line 2, column 3, see above" in shown and "<dt>your line" not in shown
    assert [mark["line"] for mark in json.loads(box.code.marks)] == [2]


def test_a_long_line_is_cut_and_one_that_was_told_already_is_left_as_it_is(box):
    box.code.text = "int a;\nint " + "b" * 300 + ";"
    box._judged = box._stands()
    box.finished(Opinion(None, None, error=ERROR))
    assert box.opinion.line == "2: int " + "b" * 196 + "…"
    box.finished(Opinion(None, None, error=ERROR, line="7: as it was"))
    assert box.opinion.line == "7: as it was"


def test_while_it_is_judged_nothing_is_marked_and_the_language_is_kept_in_mind(box, monkeypatch):
    begun = []
    monkeypatch.setattr(OwnBoard, "judge", lambda self, change=None: begun.append(json.loads(self.code.marks)))
    for language, in_c in (("c", True), ("python", False)):
        box.language.value = language
        box.code.mark([Mark(1, 0, "slip", "no")])
        WriteBoard.judge(box)
        assert box._in_c == in_c and box._judged == box._stands()
    assert begun == [[], []]


@pytest.mark.parametrize("error", [ERROR, InputError("put", "it is none", "mend it")])
def test_what_was_judged_stands_in_the_box_above_and_not_below_it_again(box, error):
    box._judged = box._stands()
    opinion = Opinion(SimpleNamespace(own=SimpleNamespace(text="int a;")), None, error=error, line="2: int b;")
    assert opinion.source and "the source that was judged" in opinion_box(opinion)
    shown = box.boxed(opinion)
    assert "the source that was judged" not in shown and ("<dt>your line" in shown) == (error is not ERROR)


def test_what_keeps_a_text_from_being_read_is_marked_where_the_complaint_names_no_line(box, monkeypatch):
    monkeypatch.setattr(box, "_slips", lambda: (Mark(2, 3, "slip", "of the text"),))
    monkeypatch.setattr(box, "boxed", lambda opinion: "box")
    box._judged = box._stands()
    box.finished(Opinion(None, None, error=InputError("put", "it is none", "mend it")))
    assert [mark["said"] for mark in json.loads(box.code.marks)] == ["of the text"]
    box.finished(Opinion(None, None, error=ERROR))
    assert [mark["said"] for mark in json.loads(box.code.marks)] == ["column 3: `b`: it is none; mend it"]
    box.finished(Opinion(None, Judged(())))
    assert json.loads(box.code.marks) == []


@dataclass
class Judged:
    """A result with something to say beside it."""

    remarks: tuple
    schedule: str = ""
    verdict: str = "ok"
    defect: str = ""


def test_what_is_said_beside_a_verdict_names_the_fields_of_the_box(box, monkeypatch):
    monkeypatch.setattr(box, "boxed", lambda opinion: "box")
    box._judged = box._stands()
    said, _ = box.finished(Opinion(None, Judged(("give --stub a=0", "plain"))))
    assert said == "judged" and box.opinion.result.remarks == ('write a=0 under "stubs"', "plain")
    assert box.opinion.in_c and json.loads(box.code.marks) == []
    box.finished(Opinion(None, None, error=InputError("f", "is none", "give --stub f=0")))
    assert box.opinion.error.action == 'write f=0 under "stubs"'


def test_a_complaint_about_no_line_is_said_whole(box):
    box._judged = box._stands()
    box.finished(Opinion(None, None, error=InputError("put", "it is none", "mend it")))
    assert box.opinion.line == "" and "put: it is none; mend it" in box.boxed(box.opinion)
    assert "see above" not in box.boxed(box.opinion)


@pytest.mark.parametrize(
    "thing, rule, line, column, said",
    [
        ("line 2", "it is none", 2, 0, "it is none; mend it"),
        ("line 2: `b`", "it is none", 2, 0, "`b`: it is none; mend it"),
        ("line 2, column 1", "it is none", 2, 1, "column 1: it is none; mend it"),
        ("`b`", "line 1 has it already", 1, 0, "`b`: line 1 has it already; mend it"),
        ("`b`", "line 1, column 4 has it", 1, 4, "column 4: `b`: line 1, column 4 has it; mend it"),
    ],
)
def test_a_mark_says_what_is_wrong_without_its_place_where_the_thing_is_the_place(thing, rule, line, column, said):
    mark = _slip(InputError(thing, rule, "mend it"), "a\nb")
    assert (mark.line, mark.column, mark.kind, mark.said) == (line, column, "slip", said)


def test_a_line_that_only_its_number_names_is_marked_with_all_that_is_said():
    error = InputError("put", "is none", "mend it")
    (mark,) = _marks(SimpleNamespace(error=error, line="3: x"), "a\nb\nc", None)
    assert (mark.line, mark.column, mark.said) == (3, 0, str(error))
    assert _marks(SimpleNamespace(error=error, line="x: 3"), "a", None) == ()


def test_a_box_is_asked_for_with_what_goes_with_it(monkeypatch):
    asked = []
    monkeypatch.setattr(write_board, "WriteBoard", lambda *given: asked.append(given))
    write_own()
    begin = data_path("write-your-own.c").read_text(encoding="utf-8")
    assert asked.pop() == (begin, (), {}, {}, 2, 1, "", "sc", "")
    word = next(iter(MAY_FAIL))
    write_own("t", run="one();", may_fail=word, faults="x", stubs={"s": 0}, sets={"a": 1}, memory="tso", softirq="f();")
    assert asked.pop() == ("t", ("one();",), {"s": 0}, {"a": 1}, 2, 1, f"x,{MAY_FAIL[word]}", "tso", "f();")
    write_own("t", run=["a();", "b();"], may_fail=list(MAY_FAIL), threads=3, rounds=2)
    assert asked.pop()[1:7] == (("a();", "b();"), {}, {}, 3, 2, ",".join(MAY_FAIL.values()))
